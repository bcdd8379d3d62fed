//! Networks and certificates that take in more of the world than was meant. Must not know how they
//! are compared.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::Files;

/// Networks of one octet, or one group.
pub fn broad_network(files: &Files<'_>) -> Vec<Finding> {
    let mut written: Vec<(String, Place)> = files
        .class("R")
        .into_iter()
        .map(|word| (word.text.to_lowercase(), word.place))
        .collect();
    for entry in files.table("access").unwrap_or_default() {
        let (tag, key) = entry.tagged();
        if ["connect", ""].contains(&tag) && entry.value.eq_ignore_ascii_case("RELAY") {
            written.push((key.to_owned(), entry.key_place.clone()));
        }
    }
    let found = written.into_iter().filter_map(|(word, place)| {
        let bare = word.trim_end_matches(['.', ':']);
        let octet = bare.parse::<u8>().is_ok_and(|octet| ![10, 127].contains(&octet));
        let group = bare.strip_prefix("ipv6:").is_some_and(|rest| {
            !rest.is_empty() && !rest.contains(':') && !rest.starts_with(['f', 'F'])
        });
        if !octet && !group {
            return None;
        }
        let message = format!("`{word}` is every address that begins so, most of them strangers': all of them may relay");
        let help = if bare == "172" {
            "the private ones are `172.16` to `172.31`, each a word of its own"
        } else {
            "write as many octets or groups as are yours"
        };
        Some(files.say(Severity::Error, "broad-network", Some(&place), message).help(help))
    });
    found.collect()
}

/// Certificates that any public authority issues, and that let relay.
pub fn public_certificate(files: &Files<'_>) -> Vec<Finding> {
    let bundles = ["ca-certificates.crt", "ca-bundle.crt", "cert.pem"];
    let is_bundle = |option: &str| {
        let value = files.value(option).unwrap_or_default();
        bundles.iter().any(|name| value.ends_with(name)) && value.contains("/certs")
            || value.trim_end_matches('/') == "/etc/ssl/certs"
    };
    if !is_bundle("CACertFile") && !is_bundle("CACertPath") {
        return Vec::new();
    }
    let words = files.class("TrustAuthMech").into_iter();
    let word = words.filter(|word| word.text.eq_ignore_ascii_case("EXTERNAL"));
    let found = word.map(|word| {
        let message = "whoever has a certificate of any public authority may relay: `EXTERNAL` is trusted, and the system's \
                       authorities are those that count";
        files
            .say(Severity::Warning, "public-certificate", Some(&word.place), message)
            .certainty(Certainty::Conditional)
            .help("name a file with your own authority in `confCACERT` and an own folder in `confCACERT_PATH`")
    });
    found.collect()
}
