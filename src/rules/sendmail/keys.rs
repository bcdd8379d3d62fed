//! Keys of the access map and words of class R that are of no form that is compared. Must not know
//! what their entries say.

use std::net::IpAddr;

use super::access::{MAIL, entries, has_option, word};
use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Files, instead, part};

/// Keys and words that nothing can match.
pub fn key_never_matches(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in entries(files) {
        let (tag, key) = entry.tagged();
        if !MAIL.contains(&tag) || key.is_empty() {
            continue;
        }
        let dotted = has_option(files, "lookupdotdomain") || files.resolved.reading.is_none();
        let whole = has_option(files, "relaytofulladdress") || files.resolved.reading.is_none();
        let is_relayed = word(&entry.value) == "RELAY";
        let why = if let Some(why) = address_never(key, true) {
            why
        } else if key.starts_with('.') && !dotted {
            "a key that begins with a dot is looked up only with `lookupdotdomain`; a domain's key holds for its \
             subdomains anyhow"
        } else if is_relayed && tag == "to" && key.contains('@') && !whole {
            "who may be relayed to is looked up by domain: a whole address only with `relaytofulladdress`"
        } else {
            continue;
        };
        found.push(never(files, &entry.key_place, key, why));
    }
    for name in ["R"] {
        for word in files.class(name) {
            let text = word.text.to_lowercase();
            let why = if let Some(why) = address_never(&text, false) {
                why
            } else if text.contains('@') {
                "the class holds domains and networks, no addresses of mail"
            } else {
                continue;
            };
            found.push(never(files, &word.place, &word.text, why));
        }
    }
    found
}

/// Why a text that is meant for networks or domains is none that is compared so.
fn address_never(key: &str, is_map: bool) -> Option<&'static str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let quads = |text: &str| text.split('.').filter(|part| !part.is_empty()).all(digits);
    let bare = key.trim_end_matches('.');
    if let Some((network, _)) = key.split_once('/')
        && (quads(network) || network.contains(':'))
    {
        return Some(
            "networks are written as the octets that their addresses begin with, never with a mask",
        );
    }
    if key.contains('*') {
        return Some(
            "`*` is no wildcard here: a domain's name holds for its subdomains, leading octets for a network",
        );
    }
    if key.contains('-') && key.split('-').all(quads) {
        return Some("there are no ranges of addresses: only whole octets are left away");
    }
    if is_map && quads(bare) && key.ends_with('.') && bare.contains('.') {
        return Some("a key of the map must not end in a dot: the rules ask for whole octets");
    }
    if quads(bare) && bare.ends_with(".0") && bare.matches('.').count() == 3 {
        return Some("the last octet `0` makes it one address, not the network");
    }
    if let Some(rest) = key.strip_prefix("ipv6:") {
        let padded = rest
            .split(':')
            .any(|group| group.len() > 1 && group.starts_with('0'));
        return (rest.contains("::") || padded).then_some(
            "addresses of IPv6 are compared with all their groups, without `::` and leading zeros",
        );
    }
    let groups = key.split(':').collect::<Vec<_>>();
    let is_hex = |part: &&str| part.bytes().all(|b| b.is_ascii_hexdigit());
    if groups.len() > 2 && groups.iter().all(is_hex) {
        return Some("an address of IPv6 needs `IPv6:` before it");
    }
    if !is_map && key.starts_with('[') {
        return Some("an address stands here without brackets");
    }
    None
}

fn never(files: &Files<'_>, place: &Place, key: &str, why: &str) -> Finding {
    let place = part(place, key);
    let message = format!("`{key}` never matches: {why}");
    let finding = files.say(
        Severity::Warning,
        "key-never-matches",
        Some(&place),
        message,
    );
    match right(key) {
        Some(right) => finding
            .help(format!("write `{right}`"))
            .unsafe_fix(instead(&place, place.source.slice(place.span), &right)),
        None => finding.help("write leading octets such as `192.0.2`, groups such as `IPv6:2001:db8:0:1`, or a domain"),
    }
}

/// What was meant, where that can be said.
fn right(key: &str) -> Option<String> {
    if let Some((network, length)) = key.split_once('/') {
        let address: std::net::Ipv4Addr = network.parse().ok()?;
        let octets = match length {
            "8" => 1,
            "16" => 2,
            "24" => 3,
            "32" => 4,
            _ => return None,
        };
        let parts: Vec<String> = address.octets()[..octets]
            .iter()
            .map(ToString::to_string)
            .collect();
        return Some(parts.join("."));
    }
    let plain = key.strip_prefix("ipv6:").unwrap_or(key);
    if let Ok(IpAddr::V6(address)) = plain.parse() {
        let groups: Vec<String> = address
            .segments()
            .iter()
            .map(|part| format!("{part:x}"))
            .collect();
        return Some(format!("IPv6:{}", groups.join(":")));
    }
    if let Some(rest) = key.strip_prefix("*.") {
        return Some(rest.to_owned());
    }
    let inner = key
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner {
        return Some(inner.to_owned());
    }
    key.strip_suffix(".*")
        .or_else(|| key.strip_suffix(".0"))
        .or_else(|| key.strip_suffix('.'))
        .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        .map(str::to_owned)
}
