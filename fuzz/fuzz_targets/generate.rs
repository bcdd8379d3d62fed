//! Any description that is right, on every server.
#![no_main]

use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> Corpus {
    if smtpconf_fuzz::generating::generate(bytes) {
        Corpus::Keep
    } else {
        Corpus::Reject
    }
});
