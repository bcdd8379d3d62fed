//! Entries of the access map, and words of class R. Must not know how mail is routed.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Entry, Files, instead, part};

/// Tags that answers of the access map belong to.
pub(super) const MAIL: &[&str] = &["", "connect", "from", "to"];

/// Every tag, and the feature without which nothing looks for it.
const TAGS: &[(&str, &str)] = &[
    ("authinfo", ""),
    ("bcc", "bcc"),
    ("certissuer", ""),
    ("certsubject", ""),
    ("clientconn", "conncontrol"),
    ("clientrate", "ratecontrol"),
    ("clt_features", ""),
    ("compat", "compat_check"),
    ("connect", ""),
    ("from", ""),
    ("greetpause", "greet_pause"),
    ("qgrp", "queuegroup"),
    ("spam", "delay_checks"),
    ("srv_features", ""),
    ("sts", "sts"),
    ("tls_clt", ""),
    ("tls_clt_features", "tls_session_features"),
    ("tls_rcpt", ""),
    ("tls_srv", ""),
    ("tls_srv_features", "tls_session_features"),
    ("to", ""),
    ("try_tls", ""),
    ("xconnect", ""),
];

pub(super) fn entries<'f>(files: &'f Files<'_>) -> &'f [Entry] {
    files.table("access").unwrap_or_default()
}

/// The word of an answer, in capitals.
pub(super) fn word(value: &str) -> String {
    let first = value.split([':', ' ', '\t']).next().unwrap_or_default();
    first.to_ascii_uppercase()
}

/// Whether a word of the access map's options is given.
pub(super) fn has_option(files: &Files<'_>, option: &str) -> bool {
    let access = files.feature("access_db");
    access.is_some_and(|access| {
        access
            .args
            .iter()
            .any(|arg| arg.eq_ignore_ascii_case(option))
    }) || files.feature(option).is_some()
}

/// Entries that nothing looks up.
pub fn inert_entry(files: &Files<'_>) -> Vec<Finding> {
    // Which rules a sendmail.cf has is not always told.
    let asked =
        |feature: &str| files.resolved.reading.is_none() || files.feature(feature).is_some();
    let mut found = Vec::new();
    for entry in entries(files) {
        let (tag, key) = entry.tagged();
        let value = word(&entry.value);
        let mut edits = Vec::new();
        let row = TAGS.iter().find(|(known, _)| *known == tag);
        let refuses = ["REJECT", "ERROR", "DISCARD"].contains(&value.as_str());
        let (why, help) = if tag.is_empty() {
            continue;
        } else if row.is_none() {
            let near = crate::catalogue::nearest(tag, TAGS.iter().map(|(known, _)| *known));
            let Some(near) = near else { continue };
            let written = entry.key_place.source.slice(entry.key_place.span);
            edits = instead(&entry.key_place, &written[..tag.len()], near);
            (
                format!("no rule looks for the tag `{tag}`"),
                format!("did you mean `{near}:`?"),
            )
        } else if let Some((_, feature)) =
            row.filter(|(_, feature)| !feature.is_empty() && !asked(feature))
        {
            (
                format!("nothing looks for it without `FEATURE({feature})`"),
                "ask for the feature, or remove the entry".to_owned(),
            )
        } else if key.is_empty() && ["connect", "from", "to", "greetpause", "spam"].contains(&tag) {
            (
                format!(
                    "no rule looks for `{tag}:` alone: there is no entry for everybody under this tag"
                ),
                "name the hosts, domains or networks".to_owned(),
            )
        } else if tag == "to"
            && refuses
            && !asked("blocklist_recipients")
            && !asked("blacklist_recipients")
        {
            (
                "recipients are looked up for refusals only with `FEATURE(blocklist_recipients)`"
                    .to_owned(),
                "ask for the feature behind `access_db`".to_owned(),
            )
        } else if tag == "from" && value == "RELAY" && !asked("relay_mail_from") {
            (
                "a sender does not let anybody relay; it only passes the checks of senders, which anybody can claim"
                    .to_owned(),
                "relay by `Connect:` or AUTH".to_owned(),
            )
        } else if tag == "connect" && value == "RELAY" && key.starts_with('[') {
            (
                "a name in brackets is that of a client without a name, and such a one may not relay by its name"
                    .to_owned(),
                "write the address without brackets".to_owned(),
            )
        } else {
            continue;
        };
        let message = format!("this entry does nothing: {why}");
        found.push(
            files
                .say(
                    Severity::Warning,
                    "inert-entry",
                    Some(&entry.key_place),
                    message,
                )
                .help(help)
                .unsafe_fix(edits),
        );
    }
    found
}

/// Entries without a tag.
pub fn untagged_key(files: &Files<'_>) -> Vec<Finding> {
    let entries = entries(files);
    let untagged = entries.iter().filter(|entry| {
        entry.tagged().0.is_empty()
            && ["RELAY", "REJECT", "OK", "DISCARD"].contains(&word(&entry.value).as_str())
    });
    // One says it for all of them.
    let first = untagged.take(1).map(|entry| {
        let message = format!(
            "`{}` has no tag and counts for clients, senders and recipients at once",
            entry.key
        );
        files
            .say(
                Severity::Note,
                "untagged-key",
                Some(&entry.key_place),
                message,
            )
            .help("write `Connect:`, `From:` or `To:` before it, whichever is meant")
    });
    first.collect()
}

/// Names that let a client relay.
pub fn relay_by_name(files: &Files<'_>) -> Vec<Finding> {
    let entries = entries(files);
    let named = entries.iter().filter(|entry| {
        let (tag, key) = entry.tagged();
        let is_address = key.bytes().all(|b| b.is_ascii_digit() || b == b'.') || key.contains(':');
        tag == "connect"
            && word(&entry.value) == "RELAY"
            && !is_address
            && !key.is_empty()
            && key != "localhost"
            && !key.starts_with('[')
            && !key.starts_with("localhost.")
    });
    let found = named.map(|entry| {
        let message = "who may relay depends on DNS here: whoever owns the client's reverse zone and this name decides, \
                       and while DNS fails nobody may";
        files
            .say(Severity::Note, "relay-by-name", Some(&entry.key_place), message)
            .help("name the client's address instead")
    });
    found.collect()
}

/// Entries that let mail vanish.
pub fn discards_mail(files: &Files<'_>) -> Vec<Finding> {
    let entries = entries(files);
    let discarding = entries.iter().filter(|entry| {
        MAIL.contains(&entry.tagged().0)
            && word(&entry.value) == "DISCARD"
            && !entry.key.contains('@')
    });
    let found = discarding.map(|entry| {
        let message = format!(
            "all mail that `{}` holds for is accepted and thrown away: neither side learns of it",
            entry.key
        );
        files
            .say(
                Severity::Note,
                "discards-mail",
                Some(&entry.value_place),
                message,
            )
            .help("write `REJECT`, so that senders of wanted mail see that it did not arrive")
    });
    found.collect()
}

/// Senders that pass the lists of clients.
pub fn sender_passes_checks(files: &Files<'_>) -> Vec<Finding> {
    let lists = files.feature("dnsbl").or_else(|| files.feature("enhdnsbl"));
    if lists.is_none() || files.feature("delay_checks").is_none() {
        return Vec::new();
    }
    let entries = entries(files);
    let passing = entries.iter().filter(|entry| {
        entry.tagged().0 == "from" && ["OK", "RELAY"].contains(&word(&entry.value).as_str())
    });
    let found = passing.map(|entry| {
        let message = format!(
            "whoever says that it is `{}` passes the DNS lists: with `delay_checks` a sender that is let through ends \
             all checks",
            entry.tagged().1
        );
        files
            .say(Severity::Warning, "sender-passes-checks", Some(&entry.key_place), message)
            .help("let the client pass with `Connect:`, which cannot be claimed")
    });
    found.collect()
}

/// Letters of `Srv_Features` that let malformed line ends or NUL in.
pub fn smuggling_allowed(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in entries(files) {
        let (tag, key) = entry.tagged();
        if tag != "srv_features" {
            continue;
        }
        let letter = entry
            .value
            .split_whitespace()
            .find(|word| ["F", "G", "O", "U"].contains(word));
        if let Some(letter) = letter {
            let whom = if key.is_empty() { "every client" } else { key };
            let message = format!(
                "`{letter}` lets {whom} end lines and messages in ways that other servers read otherwise: mails can be \
                 smuggled in with a sender that was never checked (CVE-2023-51765)"
            );
            let severity = if key.is_empty() {
                Severity::Error
            } else {
                Severity::Warning
            };
            found.push(
                files
                    .say(
                        severity,
                        "smtp-smuggling",
                        Some(&part(&entry.value_place, letter)),
                        message,
                    )
                    .help("remove it, or write `g2 u2` for the one client that needs it"),
            );
        }
    }
    if let Some(line) = files.option("RejectNUL")
        && let Some(value) = &line.value
        && line.place.is_some()
        && !value.is_empty()
        && !value.starts_with(['t', 'T', 'y', 'Y'])
    {
        let message = "bytes of value 0 are let in: readers that stop at them see another message than this server checked";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "smtp-smuggling",
                    line.place.as_ref(),
                    message,
                )
                .help("write `True`"),
        );
    }
    found
}

/// Demands on the TLS of a domain's mail that are looked up by the host's name.
pub fn tls_demand_by_host(files: &Files<'_>) -> Vec<Finding> {
    let entries = entries(files);
    let has = |key: &str| entries.iter().any(|entry| entry.key == key);
    let found = entries.iter().filter(|entry| entry.tagged().0 == "tls_srv").filter_map(|entry| {
        let key = entry.tagged().1;
        let is_domain = key.matches('.').count() == 1 && !key.starts_with('[');
        if !is_domain || has(&format!("tls_rcpt:{key}")) {
            return None;
        }
        let message = format!(
            "`TLS_Srv:` looks at the name of the host that takes the mail: hosts of `{key}` that have other names may \
             be spoken to in clear"
        );
        Some(
            files
                .say(Severity::Note, "tls-demand-by-host", Some(&entry.key_place), message)
                .certainty(Certainty::Likely)
                .help("write `TLS_Rcpt:`, which looks at the recipient's domain"),
        )
    });
    found.collect()
}
