//! Any bytes as a file of the kind postfix-master.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::reading::read("postfix-master", bytes));
