//! Any bytes as a file of the kind exim-conf.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::reading::read("exim-conf", bytes));
