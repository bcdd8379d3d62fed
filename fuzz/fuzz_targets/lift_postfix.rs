//! Any bytes as a folder of Postfix's files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::lifting::lift("main.cf", bytes));
