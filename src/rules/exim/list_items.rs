//! What the items of lists say that is not meant: patterns of other servers, expressions that
//! expansion takes apart, names of files and lookups. Must not know how lists are read.

use std::path::Path;

use super::tell::{error, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Files, Item, Kind, List, Owner, is_lookup};
use crate::text::{Edit, Place, Unread};

/// Asks `ask` about every item of every list.
pub(super) fn each<'f>(
    files: &'f Files<'_>,
    ask: impl Fn(&List<'f>, &Item, &Place) -> Option<Finding>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for list in files.lists() {
        for item in list.items.iter().filter(|item| !item.is_made) {
            let place = list.text.place(item.range.clone());
            found.extend(place.and_then(|place| ask(&list, item, &place)));
        }
    }
    found
}

/// The edit that writes `text` in place of an item, its `!` kept.
pub(super) fn instead(item: &Item, place: &Place, text: &str) -> Option<Vec<Edit>> {
    let written = place.source.slice(place.span);
    let bare = written.trim_start_matches('!').trim_start();
    // What a macro made is not written here.
    (bare == item.text).then(|| {
        let mut place = place.clone();
        place.span.start += written.len() - bare.len();
        vec![Edit {
            place,
            text: text.to_owned(),
        }]
    })
}

pub(super) fn mended(finding: Finding, item: &Item, place: &Place, text: &str) -> Finding {
    let finding = finding.help(format!("write `{text}`"));
    match instead(item, place, text) {
        Some(edits) => finding.unsafe_fix(edits),
        None => finding,
    }
}

/// Items that are the name of a list without its `+`.
pub fn missing_plus(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let text = item.text.as_str();
        let word = list.kind.word();
        files.named(list.kind, text)?;
        let finding = warning(
            "missing-plus",
            place,
            format!("`{text}` is compared as a word; the {word} of this name is `+{text}`"),
        );
        Some(mended(
            finding.certainty(Certainty::Likely),
            item,
            place,
            &format!("+{text}"),
        ))
    })
}

/// `*example.org`
pub fn suffix_without_dot(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let rest = item.text.strip_prefix('*')?;
        let is_domain = rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            && rest.contains('.')
            && !rest.contains(['@', ';', '/', '*']);
        let of_domains = matches!(list.kind, Kind::Host | Kind::Domain);
        (is_domain && of_domains).then(|| {
            let finding = warning(
                "suffix-without-dot",
                place,
                format!("`*{rest}` matches every name that ends so, `bad{rest}` too"),
            )
            .certainty(Certainty::Likely);
            let mut written = list.text.written.text().trim_start().chars();
            let separator = match (written.next(), written.next()) {
                (Some('<'), Some(separator)) => separator,
                _ => ':',
            };
            let both = format!("{rest} {separator} *.{rest}");
            if item.negated {
                finding.help(format!("write `{both}`, each with its `!`"))
            } else {
                mended(finding, item, place, &both)
            }
        })
    })
}

/// `.example.org`
pub fn leading_dot(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let rest = item.text.strip_prefix('.')?;
        let is_domain = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let of_domains = matches!(list.kind, Kind::Host | Kind::Domain);
        (is_domain && of_domains).then(|| {
            let finding = error(
                "leading-dot",
                place,
                format!("`.{rest}` matches nothing: a dot at the start is no wildcard in Exim"),
            );
            mended(finding, item, place, &format!("*.{rest}"))
        })
    })
}

/// Expressions whose backslashes the expansion takes away.
pub fn unprotected_regex(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        if !item.text.starts_with('^') || !list.text.is_expanded() {
            return None;
        }
        let raw = &list.text.written.text()[item.range.clone()];
        if list.text.written.text().starts_with('"') {
            return None;
        }
        let lost = lost_escape(raw)?;
        let bare = raw.trim_start_matches('!').trim_start();
        let protected = format!("\\N{}\\N", bare.replace("\\$", "$").replace("\\\\", "\\"));
        let message = format!(
            "the list is expanded first, which makes `{lost}` of `\\{lost}`: the expression is another one than is written"
        );
        // A dot still matches the dot, and all else besides.
        let finding = if lost.is_ascii_alphanumeric() {
            error("unprotected-regex", place, message)
        } else {
            warning("unprotected-regex", place, message)
        };
        Some(match instead(item, place, &protected) {
            Some(edits) => finding
                .help(format!("write `{protected}`"))
                .unsafe_fix(edits),
            None => finding.help("write it between `\\N` and `\\N`"),
        })
    })
}

/// The first character behind a backslash that the expansion takes away and the expression needs.
fn lost_escape(raw: &str) -> Option<char> {
    let mut dot = None;
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let behind = &rest[at + 1..];
        if let Some(verbatim) = behind.strip_prefix('N') {
            rest = verbatim.split_once("\\N").map_or("", |(_, rest)| rest);
            continue;
        }
        let c = behind.chars().next()?;
        if c.is_ascii_alphanumeric() {
            return Some(c);
        }
        if !matches!(c, '\\' | '$' | '{' | '}') {
            dot = dot.or(Some(c));
        }
        rest = &behind[c.len_utf8()..];
    }
    dot
}

/// Files of lists that are not there, or are none.
pub fn faulty_list_file(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let text = item.text.as_str();
        if text.starts_with('/') {
            let read = files.world.files.read(text, Path::new("/"));
            return match read {
                Err(Unread::Missing) => Some(
                    error(
                        "faulty-list-file",
                        place,
                        format!(
                            "there is no file `{text}`: the process that looks at this list dies"
                        ),
                    )
                    .certainty(Certainty::Likely)
                    .help("put it there, if need be an empty one"),
                ),
                Ok(source) => {
                    let named = source.text().lines().find(|line| line.starts_with('+'))?;
                    Some(
                        error(
                            "faulty-list-file",
                            place,
                            format!("`{named}` stands in `{text}`, and in a file it is no named list but a word"),
                        )
                        .help("name the list here, beside the file"),
                    )
                }
                Err(_) => None,
            };
        }
        let is_file = [".txt", ".list", ".lst", ".conf", ".db"]
            .iter()
            .any(|end| text.ends_with(end));
        (is_file && !text.contains([';', '/', '^', '*'])).then(|| {
            error(
                "faulty-list-file",
                place,
                format!(
                    "`{text}` is taken for a {}, not for a file: a file's path begins with `/`",
                    what(list.kind)
                ),
            )
            .certainty(Certainty::Likely)
            .help(format!("write the whole path, such as `/etc/exim4/{text}`"))
        })
    })
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Host => "host's name",
        Kind::Domain => "domain",
        Kind::LocalPart => "local part",
        Kind::Address => "domain of an address",
    }
}

/// `@mx_any` where it gives rights.
pub fn mx_any_relay(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let is_mx = ["@mx_any", "@mx_primary", "@mx_secondary"]
            .iter()
            .any(|word| item.text.starts_with(word));
        let in_acl = match list.text.of {
            Owner::Acl(..) => true,
            Owner::List(named) => named.name.contains("relay"),
            _ => false,
        };
        (is_mx && in_acl && !item.negated).then(|| {
            warning(
                "mx-any-relay",
                place,
                format!("`{}` holds every domain whose owner points an MX record here, so strangers choose for whom this server relays", item.text),
            )
            .help("name the domains")
        })
    })
}

/// Lookups of a type that there is not, or without the whole path of their file.
pub fn unknown_lookup(files: &Files<'_>) -> Vec<Finding> {
    each(files, |_, item, place| {
        let (kind, file) = item.text.split_once(';')?;
        let fault = lookup_fault(kind, file, files)?;
        Some(error("unknown-table-type", place, fault))
    })
}

/// What is wrong with a lookup.
fn lookup_fault(kind: &str, file: &str, files: &Files<'_>) -> Option<String> {
    const QUERIES: &[&str] = &[
        "dnsdb", "ibase", "ldap", "ldapdn", "ldapm", "mysql", "nisplus", "oracle", "passwd",
        "pgsql", "redis", "spf", "sqlite", "testdb", "whoson", "nis", "nis0",
    ];
    let kind = kind.split(',').next()?.trim();
    let bare = kind.split('*').next()?;
    let bare = match bare.strip_prefix("net") {
        Some(rest) => rest
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .strip_prefix('-')?,
        None => bare,
    };
    let plain = match bare.strip_prefix("partial") {
        Some(rest) => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = rest.split_once(')').map_or(rest, |(_, rest)| rest);
            rest.trim_start_matches('-')
        }
        None => bare,
    };
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    if !is_lookup(plain) {
        return Some(format!(
            "Exim has no lookup `{plain}`, so this fails when it is needed"
        ));
    }
    if QUERIES.contains(&plain) {
        return (plain.len() < kind.len()).then(|| {
            format!("`{plain}` is asked with a query, so `partial` and `*` cannot stand with it")
        });
    }
    let file = file.trim();
    let is_relative = file.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    let _ = files;
    is_relative.then(|| format!("the path `{file}` of this lookup does not begin with `/`, so it fails when it is needed"))
}
