//! What the conditions and modifiers of ACLs take, and where they may stand. Must not know how ACLs
//! are read.

use super::acl_lines::{argument, text};
use super::names::near;
use super::tell::error;
use crate::findings::Finding;
use crate::mta::exim::{Files, is_time, is_word, words_of};

/// Arguments that no condition or modifier takes.
pub fn faulty_acl_argument(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, _, part) in files.parts() {
        let text = text(part);
        if text.contains('$') {
            continue;
        }
        let Some((fault, help)) = argument_fault(&part.name, text) else {
            continue;
        };
        let message = format!("{fault}, so everybody who comes here gets 451, also with `warn`");
        found.push(error("faulty-acl-argument", &argument(part), message).help(help));
    }
    found
}

fn argument_fault(name: &str, text: &str) -> Option<(String, String)> {
    let unknown = |kind: &str, word: &str| {
        let help = near(word, words_of(kind).into_iter())
            .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        (!is_word(kind, word)).then(|| (format!("there is no `{kind} = {word}`"), help))
    };
    match name {
        "control" => unknown("control", text.split(['/', '=']).next()?.trim()),
        "verify" => {
            let word = text.split(['/', '=', ' ']).next()?.trim();
            if let Some(fault) = unknown("verify", word) {
                return Some(fault);
            }
            let takes = [
                "callout",
                "defer_ok",
                "no_details",
                "success_on_redirect",
                "quota",
            ];
            let options = text.split('/').skip(1).map(str::trim);
            let mut options =
                options.map(|option| option.split(['=', ',']).next().unwrap_or_default().trim());
            let is_checked = matches!(word, "sender" | "recipient");
            let odd = options.find(|option| is_checked && !takes.contains(option))?;
            Some((
                format!("`verify = {word}` has no option `{odd}`"),
                format!(
                    "its options are {}",
                    takes.map(|option| format!("`{option}`")).join(", ")
                ),
            ))
        }
        "delay" => {
            let time = text.split('/').next()?.trim();
            (!is_time(time)).then(|| {
                (
                    format!("`{time}` is no time"),
                    "a time needs a unit: `5s`".to_owned(),
                )
            })
        }
        "ratelimit" => {
            let mut parts = text.split('/').map(str::trim);
            let limit = parts.next()?;
            let digits = limit.trim_end_matches(['K', 'M', 'G', 'k', 'm', 'g']);
            let help = "write a number and a time: `10 / 1h / strict`".to_owned();
            if digits.parse::<f64>().is_err() {
                return Some((format!("`{limit}` is no limit"), help));
            }
            match parts.next() {
                None => Some(("no period stands behind the limit".to_owned(), help)),
                Some(period) if !is_time(period) => Some((format!("`{period}` is no time"), help)),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// By which options an ACL may be reached that has a condition or control.
fn allowed(name: &str, text: &str, files: &Files<'_>) -> Option<Vec<&'static str>> {
    const TO_DATA: &[&str] = &[
        "acl_smtp_mail",
        "acl_smtp_rcpt",
        "acl_smtp_predata",
        "acl_smtp_data",
        "acl_smtp_data_prdr",
        "acl_smtp_mime",
        "acl_smtp_dkim",
    ];
    const LOCAL: &[&str] = &["acl_not_smtp", "acl_not_smtp_mime", "acl_not_smtp_start"];
    const EARLY: &[&str] = &[
        "acl_smtp_auth",
        "acl_smtp_helo",
        "acl_smtp_starttls",
        "acl_smtp_etrn",
        "acl_smtp_expn",
        "acl_smtp_vrfy",
        "acl_smtp_quit",
        "acl_smtp_notquit",
        "acl_smtp_mailauth",
    ];
    let join = |parts: &[&[&'static str]]| parts.concat();
    let new = |release: &[u16]| files.is_at_least(release);
    let first = text.split(['/', '=', ' ']).next().unwrap_or_default();
    Some(match (name, first) {
        ("domains" | "local_parts", _) => {
            vec!["acl_smtp_rcpt", "acl_smtp_vrfy", "acl_smtp_data_prdr"]
        }
        ("recipients", _) | ("verify", "recipient") => vec!["acl_smtp_rcpt"],
        ("senders" | "sender_domains", _) => join(&[TO_DATA, LOCAL]),
        ("authenticated", _) => {
            let but = ["acl_smtp_helo"];
            let early: Vec<_> = EARLY
                .iter()
                .copied()
                .filter(|one| !but.contains(one))
                .collect();
            join(&[TO_DATA, &early])
        }
        ("encrypted", _) if new(&[4, 97]) => join(&[TO_DATA, EARLY]),
        ("regex", _) => vec![
            "acl_smtp_data",
            "acl_smtp_data_prdr",
            "acl_not_smtp",
            "acl_smtp_mime",
            "acl_not_smtp_mime",
        ],
        ("mime_regex" | "decode", _) => vec!["acl_smtp_mime", "acl_not_smtp_mime"],
        ("dkim_status", _) if new(&[4, 98]) => {
            vec![
                "acl_smtp_dkim",
                "acl_smtp_data",
                "acl_smtp_mime",
                "acl_smtp_data_prdr",
            ]
        }
        ("dkim_status" | "dkim_signers", _) => vec!["acl_smtp_dkim"],
        ("dmarc_status", _) => vec!["acl_smtp_data"],
        ("control", "submission") => vec!["acl_smtp_mail", "acl_smtp_rcpt", "acl_smtp_predata"],
        ("spam" | "malware", _)
        | ("verify", "header_syntax" | "header_sender" | "not_blind" | "header_names_ascii") => {
            vec!["acl_smtp_data", "acl_smtp_data_prdr", "acl_not_smtp"]
        }
        _ => return None,
    })
}

/// Conditions in ACLs where they cannot be asked.
pub fn misplaced_condition(files: &Files<'_>) -> Vec<Finding> {
    let phases = files.phases();
    let mut found = Vec::new();
    for (acl, _, part) in files.parts() {
        let Some(reached) = phases.get(acl) else {
            continue;
        };
        let Some(allowed) = allowed(&part.name, text(part), files) else {
            continue;
        };
        // One that is reached in several ways may ask first in which it was.
        let wrong = reached.iter().all(|phase| !allowed.contains(phase));
        let what = match part.name.as_str() {
            "control" | "verify" => format!("{} = {}", part.name, text(part)),
            name => name.to_owned(),
        };
        if let (true, Some(phase)) = (wrong, reached.first()) {
            found.push(
                error(
                    "misplaced-condition",
                    &part.place,
                    format!("`{what}` cannot be used in an ACL of `{phase}`, so everybody who comes here gets 451"),
                )
                .help(format!("it can be in {}", allowed.join(", "))),
            );
        }
    }
    found
}
