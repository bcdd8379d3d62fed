//! Any findings in every format.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::reporting::report(bytes));
