//! Reading ACLs. Must not know what a condition asks.

use super::catalogue;
use super::macros::{LONGEST_NAME, is_white};
use super::mapped::Mapped;
use super::reader::Line;
use super::running::{Acl, Part, Statement};
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::text::Place;

/// The verbs.
pub(crate) const VERBS: &[&str] = &[
    "accept", "defer", "deny", "discard", "drop", "require", "warn",
];

/// The name at the start of a text and where what follows it begins, blanks passed over.
pub(crate) fn name(text: &str) -> (&str, usize) {
    let length = if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count()
    } else {
        0
    };
    let rest = text[length..].trim_start_matches(is_white);
    (&text[..length], text.len() - rest.len())
}

/// Whether a line ends the ACL before it: a name with a colon, or the definition of a macro.
pub(crate) fn ends(text: &str) -> bool {
    let text = text.trim_start_matches('!').trim_start_matches(is_white);
    let (name, rest) = name(text);
    text[rest..].starts_with(':')
        || name.starts_with(|c: char| c.is_ascii_uppercase()) && text[rest..].starts_with('=')
}

/// Adds a line to an ACL.
///
/// # Errors
/// What the daemon refuses.
pub(crate) fn add(acl: &mut Acl, line: &Line, version: Version) -> Result<(), Finding> {
    let text = line.text.text();
    let error = |rule: &'static str, range: std::ops::Range<usize>, message: String| {
        let place = line.place(range);
        Finding::new(Severity::Error, rule, &place.source, place.span, message)
    };
    let mut at = 0;
    let mut negated = negation(text, &mut at);
    let (mut word, next) = name(&text[at..]);
    if word.len() > LONGEST_NAME {
        return Err(error(
            "long-name",
            0..word.len(),
            format!("`{word}` is longer than {LONGEST_NAME} characters"),
        ));
    }
    if let Some(verb) = VERBS.iter().find(|verb| **verb == word) {
        if negated {
            return Err(error(
                "stray-negation",
                0..text.len(),
                format!("`!` stands before the verb `{verb}`, where it cannot stand"),
            ));
        }
        acl.statements.push(Statement {
            verb,
            parts: Vec::new(),
            place: line.whole(),
        });
        at += next;
        if at == text.len() {
            return Ok(());
        }
        negated = negation(text, &mut at);
        (word, _) = name(&text[at..]);
    }
    let Some(statement) = acl.statements.last_mut() else {
        return Err(error(
            "unknown-acl-word",
            at..at + word.len().max(1),
            format!(
                "`{word}` is no verb, and there is no statement before it that it could belong to"
            ),
        ));
    };
    let part = part(line, at, negated, statement.verb, version)?;
    statement.parts.push(part);
    Ok(())
}

/// The ACL that is written in the place of a name; `None` where the daemon would refuse it.
pub(crate) fn inline(text: &str, place: &Place, version: Version) -> Option<Acl> {
    let mut acl = Acl {
        name: String::new(),
        statements: Vec::new(),
        place: place.clone(),
    };
    for line in text.lines().map(|line| line.trim_matches(is_white)) {
        let line = Line {
            text: Mapped::made(line.to_owned(), place),
            last: place.clone(),
        };
        add(&mut acl, &line, version).ok()?;
    }
    Some(acl)
}

/// The condition or modifier that begins at `at` in a line.
fn part(
    line: &Line,
    mut at: usize,
    negated: bool,
    verb: &str,
    version: Version,
) -> Result<Part, Finding> {
    let text = line.text.text();
    let error = |rule: &'static str, range: std::ops::Range<usize>, message: String| {
        let place = line.place(range);
        Finding::new(Severity::Error, rule, &place.source, place.span, message)
    };
    let (word, next) = name(&text[at..]);
    let start = at;
    let kind = ["acl_condition", "acl_modifier"]
        .into_iter()
        .find(|kind| catalogue::word(kind, word, version));
    let Some(kind) = kind else {
        let lower = word.to_ascii_lowercase();
        let mut finding = error(
            "unknown-acl-word",
            start..start + word.len().max(1),
            format!(
                "Exim {version} has no ACL condition or modifier `{word}`, so it does not start"
            ),
        );
        if VERBS.contains(&lower.as_str()) {
            finding = finding
                .help(format!("verbs are written in lower case: `{lower}`"))
                .instead_of(word, &lower);
        } else if let Some(near) = catalogue::nearest_word("acl_condition", word) {
            finding = finding.meant(word, near);
        }
        return Err(finding);
    };
    at += next;
    let word = word.to_owned();
    if negated && kind == "acl_modifier" {
        return Err(error(
            "stray-negation",
            0..text.len(),
            format!("`{word}` is no condition, so `!` cannot stand before it"),
        ));
    }
    if word == "endpass" && !matches!(verb, "accept" | "discard") {
        return Err(error(
            "faulty-acl-line",
            start..start + word.len(),
            format!("`endpass` can stand in `accept` and `discard` only, not in `{verb}`"),
        ));
    }
    let mut variable = None;
    if word == "set" {
        let length = variable_length(&text[at..], version)
            .map_err(|message| error("faulty-acl-line", at..text.len(), message))?;
        variable = Some(text[at..at + length].to_owned());
        at += length;
        at = text.len() - text[at..].trim_start_matches(is_white).len();
    }
    let mut argument = None;
    if word != "endpass" {
        if !text[at..].starts_with('=') {
            return Err(error(
                "missing-equals",
                start..text.len(),
                format!("`{word}` has no `=` behind it, so Exim does not start"),
            ));
        }
        let begin = text.len() - text[at + 1..].trim_start_matches(is_white).len();
        let mut written = Mapped::default();
        written.append(&line.text, begin..text.len());
        argument = Some(written);
    }
    Ok(Part {
        name: word,
        negated,
        variable,
        argument,
        place: line.whole(),
    })
}

fn negation(text: &str, at: &mut usize) -> bool {
    let Some(rest) = text[*at..].strip_prefix('!') else {
        return false;
    };
    *at = text.len() - rest.trim_start_matches(is_white).len();
    true
}

/// How long the variable's name behind `set` is.
fn variable_length(text: &str, version: Version) -> Result<usize, String> {
    let end = text.find(|c| c == '=' || is_white(c)).unwrap_or(text.len());
    let name = &text[..end];
    if ["dkim_verify_status", "dkim_verify_reason"].contains(&name) && version.is_at_least(&[4, 91])
    {
        return Ok(end);
    }
    let Some(rest) = name
        .strip_prefix("acl_c")
        .or_else(|| name.strip_prefix("acl_m"))
    else {
        return Err(format!(
            "`set` sets variables that begin with `acl_c` or `acl_m`, and `{name}` does not"
        ));
    };
    if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '_') {
        return Err(format!(
            "a digit or `_` has to follow `acl_c` or `acl_m`, not so in `{name}`"
        ));
    }
    if !rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(format!(
            "`{name}` holds a character that a variable's name cannot hold"
        ));
    }
    Ok(end)
}
