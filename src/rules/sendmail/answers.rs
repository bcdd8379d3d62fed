//! What entries of the access map answer. Must not know which of them are looked up.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;

use super::access::{MAIL, entries, has_option, word};
use sendmail::{Files, instead};

/// Answers that the rules know by themselves (cf/README, `access_db`).
const ANSWERS: &[&str] = &["OK", "RELAY", "REJECT", "DISCARD"];

/// What is taken for an answer by who knows other servers.
const MEANT: &[(&str, &str)] = &[
    ("ALLOW", "OK"),
    ("PERMIT", "OK"),
    ("ACCEPT", "OK"),
    ("DUNNO", "SKIP"),
    ("DENY", "REJECT"),
    ("DROP", "DISCARD"),
    ("BLOCK", "REJECT"),
];

/// Values that are no answer.
pub fn unknown_answer(files: &Files<'_>) -> Vec<Finding> {
    // Of a sendmail.cf it is not known whether `skip` was asked for.
    let skips = has_option(files, "skip") || files.resolved.reading.is_none();
    let mut found = Vec::new();
    for entry in entries(files) {
        if !MAIL.contains(&entry.tagged().0) {
            continue;
        }
        let word = word(&entry.value);
        let mut say = |message: String, help: &str, right: Option<&str>| {
            let finding = files
                .say(
                    Severity::Error,
                    "unknown-answer",
                    Some(&entry.value_place),
                    message,
                )
                .help(help);
            found.push(match right {
                Some(right) => finding.unsafe_fix(instead(&entry.value_place, &entry.value, right)),
                None => finding,
            });
        };
        if ANSWERS.contains(&word.as_str()) {
            if entry.value.len() > word.len() && !entry.value.contains('#') {
                let message = format!(
                    "`{}` is more than `{word}`: the whole becomes the text of a refusal",
                    entry.value
                );
                say(message, "write the word alone", Some(&word));
            }
        } else if word == "SKIP" {
            if !skips {
                let message = "`SKIP` is no answer here: without `skip` in `FEATURE(access_db)` it refuses, as any \
                               unknown text does"
                    .to_owned();
                say(
                    message,
                    "write `` FEATURE(`access_db', `', `skip')dnl ``",
                    None,
                );
            }
        } else if word == "ERROR" {
            let rest = entry.value[5..].trim_start_matches(':');
            if let Some(told) = code(rest) {
                say(
                    told,
                    "write as `ERROR:4.2.2:450 text` or `ERROR:5.7.1:550 text`",
                    None,
                );
            }
        } else if word.chars().all(|c| c.is_ascii_alphabetic())
            && !word.is_empty()
            && !["QUARANTINE", "FRIEND", "HATER"].contains(&word.as_str())
            && entry.value.len() == word.len()
        {
            let meant = MEANT.iter().find(|(known, _)| *known == word);
            let near = || crate::catalogue::nearest(&word, ANSWERS.iter().copied());
            let right = meant.map(|(_, right)| *right).or_else(near);
            let message = format!(
                "`{}` is no answer that the rules know: they refuse the mail with it as their text",
                entry.value
            );
            let help = right.map_or_else(
                || "write OK, RELAY, REJECT, DISCARD or ERROR:D.S.N:nnn text".to_owned(),
                |right| format!("write `{right}`"),
            );
            say(
                message,
                &help,
                right.filter(|right| ANSWERS.contains(right)),
            );
        }
    }
    found
}

/// What is wrong with the codes of an ERROR answer.
fn code(rest: &str) -> Option<String> {
    let rest = rest.trim_matches('"');
    let (status, text) = match rest.split_once(':') {
        Some((status, text)) if status.contains('.') => (Some(status), text),
        _ => (None, rest),
    };
    let reply = text
        .trim_start_matches('"')
        .chars()
        .next()
        .filter(char::is_ascii_digit)?;
    match status.and_then(|status| status.chars().next()) {
        Some(class) if class != reply => Some(format!(
            "the status `{}` and the reply code that begins with `{reply}` contradict each other",
            status.unwrap_or_default()
        )),
        None if reply == '4' => Some(
            "without a status of its own the answer says 5.0.0 beside a temporary reply code: clients may take it for \
             good"
                .to_owned(),
        ),
        _ => None,
    }
}
