//! Any bytes as a folder of Exim's files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::lifting::lift("exim.conf", bytes));
