//! Where a router is run (Exim's specification, chapter 15). Must not know what it does then.

use std::sync::Arc;

use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{Answer, all, any, constant};
use super::scene::{Scene, Subject, opaque};
use crate::mta::exim::running::Driver;
use crate::mta::exim::values;
use crate::policy::{Expression, Field, Guard, Patterns};

/// Where a router is run, and the scene inside it.
pub fn preconditions<'a>(router: &Driver, scene: &Scene<'a>) -> (Answer, Scene<'a>) {
    let mut inside = scene.clone();
    let value = |name: &str| router.option(name).map(|option| option.value.as_str());
    let mut answer = Answer::of(true);
    for (affix, optional, prefix) in [
        ("local_part_prefix", "local_part_prefix_optional", true),
        ("local_part_suffix", "local_part_suffix_optional", false),
    ] {
        let needed = router
            .option(optional)
            .is_none_or(|option| option.value == "false");
        if let Some(list) = value(affix)
            && needed
        {
            answer = answer.and_then(Answer::when(affixed(list, prefix, scene)));
        }
    }
    if let Some(domains) = value("domains") {
        inside.literal = is_literal(domains);
        answer = answer.and_then(lists::of_option(Kind::Domain, domains, &inside));
    }
    if let Some(parts) = value("local_parts") {
        answer = answer.and_then(lists::of_option(Kind::LocalPart, parts, &inside));
    }
    if value("check_local_user") == Some("true") {
        let known = scene.known.clone().unwrap_or(Guard::Always);
        answer = answer.and_then(Answer::when(known));
    }
    if let Some(senders) = value("senders") {
        answer = answer.and_then(lists::of_option(Kind::Address, senders, &inside));
    }
    if let Some(files) = value("require_files").filter(|files| !files.is_empty()) {
        let hit = format!("`require_files = {files}` is met");
        let reason = "it is asked of the disk";
        let guard = opaque("file", files, hit, reason, None, None);
        answer = answer.and_then(Answer::when(guard));
    }
    if let Some(text) = value("condition") {
        answer = answer.and_then(Answer::when(condition(text, &inside)));
    }
    (answer, inside)
}

/// Whether a list is one expression that takes an address literal out of its brackets.
fn is_literal(domains: &str) -> bool {
    let plain = domains.trim().replace("\\N", "").replace("\\\\", "\\");
    [
        r"^\[(.+)]",
        r"^\[(.+)]$",
        r"^\[(.+)\]",
        r"^\[(.+)\]$",
        r"^\[(.*)\]$",
    ]
    .contains(&plain.as_str())
}

/// Whether the local part has one of these affixes.
fn affixed(list: &str, prefix: bool, scene: &Scene<'_>) -> Guard {
    let quoted = values::items(list, ':');
    let expressions = quoted.iter().filter_map(|affix| {
        let mut pattern = String::new();
        for c in affix.chars() {
            match c {
                '*' => pattern.push_str(".*"),
                c if c.is_alphanumeric() => pattern.push(c),
                c => pattern.extend(['\\', c]),
            }
        }
        let pattern = if prefix {
            format!("^{pattern}.")
        } else {
            format!(".{pattern}$")
        };
        Expression::new(&pattern, true, None).ok()
    });
    let patterns = Arc::new(Patterns {
        expressions: expressions.collect(),
        ..Patterns::default()
    });
    let field = match &scene.subject {
        Subject::Fixed(local, _) => return constant(patterns.holds(local)),
        Subject::Sender => Field::SenderLocal,
        Subject::Recipient => Field::RecipientLocal,
    };
    Guard::Matches(field, patterns)
}

/// Where the condition of a router is true: anything but nothing, 0, no and false.
pub fn condition(text: &str, scene: &Scene<'_>) -> Guard {
    let cases = expand(text, scene).into_iter();
    any(cases.map(|(guard, value)| {
        let inner = match value {
            Value::Text(text) => {
                let text = text.trim().to_ascii_lowercase();
                constant(!["", "0", "no", "false"].contains(&text.as_str()))
            }
            Value::ForcedFail | Value::Fails => Guard::never(),
            Value::Some if scene.known.is_some() => Guard::Always,
            _ => opaque(
                "expansion",
                text,
                format!("`{text}` is true"),
                "it is not evaluated here",
                None,
                None,
            ),
        };
        all([guard, inner])
    }))
}
