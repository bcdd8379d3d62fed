//! What stands in the lookup tables of a configuration: keys that never match, lines that are
//! ignored, values that mean something else. Must not know how tables are opened.

use std::collections::HashMap;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::lists;
use crate::mta::postfix::{Files, Joined, Table, Word, is_white};
use crate::net::Network;
use crate::text::{Place, Span};

/// Lines that do not say what they seem to: keys that stand twice, and comments that are none.
pub fn lines(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = comments(files);
    for table in files.read_tables().iter().filter(|table| table.is_keyed()) {
        let mut seen: HashMap<String, &Joined> = HashMap::new();
        for (key, _) in &table.entries {
            let lower = key.text.to_lowercase();
            let Some(first) = seen.get(&lower) else {
                seen.insert(lower, key);
                continue;
            };
            let is_text = table
                .asked
                .parts()
                .is_some_and(|(kind, _)| kind == "texthash");
            let (severity, why) = if is_text {
                let why =
                    "no program opens such a table: every look-up in it fails, and mail is put off";
                (Severity::Error, why)
            } else {
                (
                    Severity::Warning,
                    "the first one counts: this line is ignored",
                )
            };
            let message = format!("`{}` stands in this table already, and {why}", key.text);
            findings.push(
                files
                    .finding(severity, "duplicate-key", Some(table.at(key)), message)
                    .help("keep one of them")
                    .and(table.at(first), "the first one"),
            );
        }
    }
    findings
}

/// Text that looks like a comment and is part of a value.
fn comments(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in files.read_tables().iter().filter(|table| table.is_keyed()) {
        for (_, value) in &table.entries {
            let text = &value.text;
            let comment = text
                .match_indices('#')
                .map(|(at, _)| at)
                .find(|&at| text[..at].ends_with(is_white));
            let Some(at) = comment.filter(|_| !text.contains('"')) else {
                continue;
            };
            let place = Place::new(&table.source, value.span(at..text.len()));
            let message = "this is no comment: it is part of the value (Postfix has comments only \
             on lines of their own)";
            findings.push(
                files
                    .finding(Severity::Warning, "inline-comment", Some(place), message)
                    .help("put it on a line of its own"),
            );
        }
    }
    findings
}

/// Keys that are never looked up.
pub fn dead_keys(files: &Files<'_>) -> Vec<Finding> {
    let has_parents = files
        .words("parent_domain_matches_subdomains", None)
        .iter()
        .any(|word| word.text == "smtpd_access_maps");
    let mut findings = Vec::new();
    for table in files.read_tables().iter().filter(|table| table.is_keyed()) {
        let by = table.asked.by.as_str();
        let of_clients = [
            "check_client_access",
            "mynetworks",
            "smtpd_client_restrictions",
        ]
        .contains(&by);
        let routes = by.contains("transport")
            || by.contains("policy_maps")
            || by.contains("per_site")
            || by.contains("relayhost");
        for (key, _) in &table.entries {
            let text = key.text.as_str();
            let is_network =
                text.contains('/') && Network::parse(&text.replace(['[', ']'], "")).is_ok();
            let (why, help) = if is_network && of_clients {
                (
                    "networks are not looked up in a table of keys, but the address and what \
             stands before its dots",
                    "use a `cidr:` table",
                )
            } else if text.starts_with("*.") || text == "*" && !routes {
                (
                    "`*` is an ordinary character in a key",
                    "write each name, or use a `regexp:` table",
                )
            } else if text.starts_with('.')
                && table.is_access()
                && has_parents
                && by != "check_recipient_maps"
            {
                (
                    "access tables are asked for `x.y` here and not for `.x.y` \
             (`parent_domain_matches_subdomains`)",
                    "take the dot out: the name holds for what is below it too",
                )
            } else {
                continue;
            };
            let message = format!("the key `{text}` never matches in `{by}`: {why}");
            findings.push(
                files
                    .finding(Severity::Warning, "dead-key", Some(table.at(key)), message)
                    .help(help),
            );
        }
    }
    findings
}

/// Expressions that Postfix leaves out.
pub fn expressions(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in files.read_tables() {
        let Some(kind) = table
            .asked
            .parts()
            .map(|(kind, _)| kind)
            .filter(|kind| ["regexp", "pcre"].contains(kind))
        else {
            continue;
        };
        let mut depth = 0_usize;
        let mut at = 0;
        for line in table.source.text().split_inclusive('\n') {
            let place = || {
                Some(Place::new(
                    &table.source,
                    Span::new(at, at + line.trim_end().len()),
                ))
            };
            let word = line
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if word == "if" || word.starts_with("if/") || word.starts_with("if!") {
                depth += 1;
            } else if word == "endif" {
                depth = depth.saturating_sub(1);
            } else if line.starts_with(['/', '!']) && !is_closed(line) {
                let message = format!(
                    "no second `/` ends the expression of this line: Postfix leaves the line \
             out of the `{kind}` table"
                );
                findings.push(
                    files
                        .finding(Severity::Warning, "bad-expression", place(), message)
                        .help("write `/expression/flags result`"),
                );
            }
            at += line.len();
        }
        if depth > 0 {
            let end = table.source.text().len();
            let place = Place::new(&table.source, Span::new(end, end));
            let message = "an `if` of this table has no `endif`: Postfix logs a warning, and the \
             rest of the table hangs on the condition";
            findings.push(
                files
                    .finding(Severity::Warning, "bad-expression", Some(place), message)
                    .help("add `endif`"),
            );
        }
    }
    findings
}

/// Whether the expression that begins a line ends on it.
fn is_closed(line: &str) -> bool {
    let mut rest = line.trim_start_matches('!').chars();
    let Some(delimiter) = rest.next() else {
        return false;
    };
    let mut is_escaped = false;
    for c in rest {
        if c == delimiter && !is_escaped {
            return true;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    false
}

/// Actions that access(5) does not have.
pub fn results(files: &Files<'_>) -> Vec<Finding> {
    const ALONE: [&str; 8] = [
        "ok",
        "relay",
        "reject",
        "dunno",
        "defer",
        "defer_if_permit",
        "defer_if_reject",
        "discard",
    ];
    const OTHERS: [&str; 8] = [
        "hold", "info", "warn", "hangup", "prepend", "redirect", "bcc", "filter",
    ];
    let classes = files.dictionary.classes(None);
    let mut findings = Vec::new();
    for table in files.read_tables().iter().filter(|table| table.is_access()) {
        for (key, value) in &table.entries {
            let (first, rest) = value.text.split_once(is_white).unwrap_or((&value.text, ""));
            let lower = first.to_ascii_lowercase();
            let word = first.trim_end_matches(',');
            let is_code = first.len() > 2 && first.as_bytes()[..3].iter().all(u8::is_ascii_digit);
            let is_number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
            let needs = ["filter", "redirect"].contains(&lower.as_str());
            let is_known = ALONE.contains(&lower.as_str())
                || OTHERS.contains(&lower.as_str())
                || is_code
                || is_number
                || lists::known(&word.to_ascii_lowercase()).is_some()
                || classes.contains(word)
                || files.dictionary.set(first).is_some();
            if is_known && !needs {
                continue;
            }
            let (severity, why, help) = if first.is_empty() {
                (
                    Severity::Warning,
                    "nothing is said, and Postfix takes that for `OK`".to_owned(),
                    "write an action, as `OK` or `REJECT`",
                )
            } else if lower == "filter" && !rest.contains(':') {
                (
                    Severity::Error,
                    "`FILTER` needs `transport:destination`".to_owned(),
                    "write `FILTER smtp:[127.0.0.1]:10024`",
                )
            } else if lower == "redirect" && !rest.contains('@') {
                (
                    Severity::Error,
                    "`REDIRECT` needs an address".to_owned(),
                    "write `REDIRECT user@example.org`",
                )
            } else if needs {
                continue;
            } else if value.text.contains(':') && !value.text.contains(' ') {
                (
                    Severity::Error,
                    format!("`{first}` is a table, and tables within tables are refused"),
                    "name a restriction class, and the table in it",
                )
            } else {
                (
                    Severity::Error,
                    format!("`{first}` is no action and no restriction"),
                    "the actions stand in access(5)",
                )
            };
            let part = if first.is_empty() { key } else { value };
            let effect = if severity == Severity::Error {
                ": what matches is put off with 451 4.3.5"
            } else {
                ""
            };
            let finding = files.finding(
                severity,
                "bad-table-action",
                Some(table.at(part)),
                format!("{why}{effect}"),
            );
            findings.push(finding.certainty(Certainty::Likely).help(help));
        }
    }
    findings
}

/// Addresses that take whatever comes.
pub fn catch_all(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let told = |place: Option<Place>, what: String| {
        files
            .finding(
                Severity::Warning,
                "catch-all",
                place,
                format!(
                    "{what} takes mail for every name of its domain: none is refused as \
             unknown, and all spam for made-up names arrives"
                ),
            )
            .certainty(Certainty::Likely)
            .help("list the addresses that exist")
    };
    if files.has("luser_relay", None) && files.is_empty("local_recipient_maps", None) {
        findings.push(told(
            files.place("luser_relay", None),
            "`luser_relay`".to_owned(),
        ));
    }
    for table in files
        .read_tables()
        .iter()
        .filter(|table| table.asked.by == "virtual_alias_maps")
    {
        for (key, value) in &table.entries {
            // A domain that is taken for another is as strict as that one.
            if key.text.starts_with('@') && !value.text.starts_with('@') {
                findings.push(told(Some(table.at(key)), format!("`{}`", key.text)));
            }
        }
    }
    findings
}

/// The address that everybody may write to.
pub fn postmaster(files: &Files<'_>) -> Vec<Finding> {
    let words: Vec<Word> = files.words("alias_maps", None);
    let [word] = words.as_slice() else {
        return Vec::new();
    };
    let Table::Keys(entries) = files.table(word) else {
        return Vec::new();
    };
    if word.origin.is_none() || entries.iter().any(|entry| entry.key == "postmaster") {
        return Vec::new();
    }
    let message = format!(
        "`{}` has no `postmaster`: mail about trouble with this server goes to an \
             account of that name, or comes back",
        word.text
    );
    vec![
        files
            .finding(
                Severity::Note,
                "no-postmaster",
                word.origin.clone(),
                message,
            )
            .help(
                "add `postmaster: root`, and `root:` with an address that is read (RFC \
             5321 §4.5.1)",
            )
            .pedantic(),
    ]
}
