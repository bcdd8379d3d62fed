//! Any bytes as a description.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::describing::describe(bytes));
