//! Any bytes as a file of the kind sendmail-class.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtpconf_fuzz::reading::read("sendmail-class", bytes));
