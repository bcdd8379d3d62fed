//! Any bytes as a folder of files that are mended.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::mending::mend(bytes));
