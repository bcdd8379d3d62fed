//! Names that one place gives and another uses. Must not know how either is read.

use std::collections::BTreeSet;

use super::tell::{error, note};
use crate::findings::Finding;
use crate::mta::exim::{Class, Files, Kind, Mapped, Owner, VERBS};
use crate::text::Place;

/// The options whose value is the name of a transport.
const TRANSPORTS: &[&str] = &[
    "directory_transport",
    "file_transport",
    "pipe_transport",
    "reply_transport",
    "shadow_transport",
    "system_filter_directory_transport",
    "system_filter_file_transport",
    "system_filter_pipe_transport",
    "system_filter_reply_transport",
    "transport",
];

/// The one of `names` that was likely meant: it differs in two characters at most.
pub fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let same = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let back = |text: &str| text.chars().rev().collect::<String>();
    let alike = |other: &str| same(name, other) + same(&back(name), &back(other));
    let long = |other: &str| name.len().max(other.len());
    names
        .filter(|other| alike(other) + 2 >= long(other) && long(other) > 3)
        .max_by_key(|other| alike(other))
}

fn undefined(what: &str, name: &str, place: &Place, then: &str, near: Option<&str>) -> Finding {
    let finding = error(
        "undefined-name",
        place,
        format!("there is no {what} `{name}`, so {then}"),
    );
    match near {
        Some(near) => finding
            .help(format!("did you mean `{near}`?"))
            .instead_of(name, near.trim_start_matches('+')),
        None => finding,
    }
}

/// Names that nothing has.
pub fn undefined_name(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if !files.is_whole {
        return found;
    }
    found.extend(lists(files));
    let transports: BTreeSet<&str> = files
        .drivers(Class::Transport)
        .map(|t| t.name.as_str())
        .collect();
    let acls: BTreeSet<&str> = files
        .read
        .running
        .acls
        .iter()
        .map(|acl| acl.name.as_str())
        .collect();
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    for text in files.texts() {
        let value = text.written.text();
        let Some(place) = text.whole() else { continue };
        if TRANSPORTS.contains(&text.name)
            && !transports.is_empty()
            && is_name(value)
            && !transports.contains(value)
        {
            let near = near(value, transports.iter().copied());
            found.push(undefined(
                "transport",
                value,
                &place,
                "every address that comes here is deferred",
                near,
            ));
        }
        let called = match text.of {
            Owner::Main if text.name.starts_with("acl_") => value.trim(),
            Owner::Acl(_, part) if part.name == "acl" => {
                value.split_whitespace().next().unwrap_or_default()
            }
            _ => continue,
        };
        if !acls.is_empty() && is_name(called) && !acls.contains(called) && !VERBS.contains(&called)
        {
            let near = near(called, acls.iter().copied());
            let start = value.find(called).unwrap_or_default();
            let place = text.place(start..start + called.len()).unwrap_or(place);
            found.push(undefined(
                "ACL",
                called,
                &place,
                "everybody who comes here gets 451",
                near,
            ));
        }
    }
    found
}

fn lists(files: &Files<'_>) -> Vec<Finding> {
    const SIGNS: &[&str] = &[
        "caseful",
        "defer_ok",
        "defer_unknown",
        "exclude_unknown",
        "ignore_defer",
        "ignore_unknown",
        "include_defer",
        "include_unknown",
    ];
    let mut found = Vec::new();
    for list in files.lists() {
        for item in list.items.iter().filter(|item| !item.is_made) {
            let Some(name) = item.named() else { continue };
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if SIGNS.contains(&name) || !is_name || files.named(list.kind, name).is_some() {
                continue;
            }
            let Some(place) = list.text.place(item.range.clone()) else {
                continue;
            };
            let of_kind = files
                .read
                .running
                .lists
                .iter()
                .filter(|other| other.kind == list.kind.word());
            let near = near(name, of_kind.map(|other| other.name.as_str()));
            let near = near.map(|near| format!("+{near}"));
            let then = match list.text.of {
                Owner::Acl(..) => "the condition cannot be told and clients get 451",
                _ => "whether something is in the list cannot be told",
            };
            let finding = undefined(list.kind.word(), name, &place, then, near.as_deref());
            let other = [Kind::Host, Kind::Domain, Kind::LocalPart, Kind::Address]
                .into_iter()
                .find_map(|kind| files.named(kind, name));
            found.push(match other {
                Some(other) => finding.and(
                    other.place.clone(),
                    "this list has the name, and is of another kind",
                ),
                None => finding,
            });
        }
    }
    found
}

/// Lists, ACLs and transports that nothing uses.
pub fn unused_name(files: &Files<'_>) -> Vec<Finding> {
    // Debian's own files hold what answers may choose.
    if !files.is_whole || files.is_debian() {
        return Vec::new();
    }
    let texts = files.texts();
    let is_in = |name: &str, but: &Place| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        texts.iter().any(|text| {
            let mut words = text.written.text().split(|c| !is_part(c));
            let own = matches!(text.of, Owner::List(list) if list.place.span == but.span);
            !own && words.any(|word| word == name)
        })
    };
    let mut found = Vec::new();
    let mut say = |what: &str, name: &str, place: &Place| {
        if !is_in(name, place) {
            let message = format!("nothing uses the {what} `{name}`");
            found.push(note("unused-name", place, message).help("use it, or take it out"));
        }
    };
    for list in &files.read.running.lists {
        say(list.kind, &list.name, &list.place);
    }
    for acl in &files.read.running.acls {
        say("ACL", &acl.name, &acl.place);
    }
    for transport in files.drivers(Class::Transport) {
        say("transport", &transport.name, &transport.place);
    }
    found
}

/// Variables of ACLs that are read and set nowhere.
pub fn unset_acl_variable(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_whole {
        return Vec::new();
    }
    let set: BTreeSet<&str> = files
        .parts()
        .filter_map(|(_, _, part)| part.variable.as_deref())
        .collect();
    let mut found = Vec::new();
    for text in files.texts() {
        for (name, range) in variables(text.written) {
            let is_acl = name.starts_with("acl_m") || name.starts_with("acl_c");
            if !is_acl || set.contains(name) {
                continue;
            }
            let Some(place) = text.place(range) else {
                continue;
            };
            let strict = files.value("strict_acl_vars") == Some("true");
            let then = if strict {
                "and the expansion fails"
            } else {
                "so it is always empty"
            };
            let finding = super::tell::warning(
                "unset-acl-variable",
                &place,
                format!("nothing sets `${name}`, {then}"),
            );
            found.push(match near(name, set.iter().copied()) {
                Some(near) => finding
                    .help(format!("did you mean `${near}`?"))
                    .instead_of(name, near),
                None => finding.help("set it, or take it out"),
            });
        }
    }
    found
}

/// The variables in a text, each with its place there.
pub fn variables(written: &Mapped) -> Vec<(&str, std::ops::Range<usize>)> {
    let text = written.text();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].find(['$', '\\']) {
        let start = at + dollar;
        at = start + 1;
        if text[start..].starts_with("\\N") {
            at = text[start + 2..]
                .find("\\N")
                .map_or(text.len(), |end| start + 4 + end);
            continue;
        }
        if text[start..].starts_with('\\') {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
            continue;
        }
        let braced = text[at..].starts_with('{');
        let begin = at + usize::from(braced);
        let length = text[begin..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let end = begin + length;
        let is_variable = length > 0 && (!braced || text[end..].starts_with('}'));
        if is_variable {
            found.push((&text[begin..end], start..end + usize::from(braced)));
            at = end;
        }
    }
    for (def, _) in text.match_indices("def:") {
        let begin = def + 4;
        let length = text[begin..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        found.push((&text[begin..begin + length], begin..begin + length));
    }
    found
}

/// Variables that are only kept for old configurations.
pub fn old_variable(files: &Files<'_>) -> Vec<Finding> {
    const OLD: &[(&str, &str)] = &[
        ("interface_address", "received_ip_address"),
        ("interface_port", "received_port"),
        ("tls_bits", "tls_in_bits"),
        ("tls_certificate_verified", "tls_in_certificate_verified"),
        ("tls_cipher", "tls_in_cipher"),
        ("tls_peerdn", "tls_in_peerdn"),
        ("tls_sni", "tls_in_sni"),
    ];
    let mut found = Vec::new();
    for text in files.texts() {
        // In a transport they speak of the other side.
        if matches!(text.of, Owner::Driver(driver) if driver.class == Class::Transport) {
            continue;
        }
        let in_authenticator = matches!(text.of, Owner::Driver(driver) if driver.class == Class::Authenticator)
            && text.name.starts_with("server_");
        for (name, range) in variables(text.written) {
            let numbered = in_authenticator
                && matches!(name, "1" | "2" | "3")
                && !text.written.text().contains("match{");
            let new = OLD
                .iter()
                .find(|(old, _)| *old == name)
                .map(|(_, new)| (*new).to_owned());
            let new = new.or_else(|| numbered.then(|| format!("auth{name}")));
            let (Some(new), Some(place)) = (new, text.place(range)) else {
                continue;
            };
            let message = format!(
                "`${name}` is the old name of `${new}`, and means other things in other places"
            );
            let finding = note("old-variable", &place, message).help(format!("write `${new}`"));
            let written = place.source.slice(place.span);
            let is_here = written.contains(name);
            let text = written.replace(name, &new);
            found.push(if is_here {
                finding.unsafe_fix(vec![crate::text::Edit { place, text }])
            } else {
                finding
            });
        }
    }
    found
}
