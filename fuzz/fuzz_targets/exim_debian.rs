//! Any bytes as a file of the kind exim-debian.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::reading::read("exim-debian", bytes));
