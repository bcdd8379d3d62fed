//! An option line: its name, looked up, and its value. Must not know in which section it stands.

use super::catalogue::{self, Known};
use super::macros::is_white;
use super::reader::Line;
use super::running::Opt;
use super::values;
use crate::findings::{Finding, Severity};
use crate::mta::Version;

/// Where options are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contexts<'c> {
    /// The contexts, in order.
    pub names: &'c [&'static str],
    /// What owns the option, for messages: `main section`, `router a`.
    pub owner: &'c str,
    /// The version.
    pub version: Version,
}

/// An option's name at the start of a line, with what stands around it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The name as written, without `hide`.
    pub name: String,
    /// Where in the line the name begins.
    pub start: usize,
    /// Where the name ends.
    pub end: usize,
    /// Where what follows begins: `=`, the end, or text that must not be there.
    pub rest: usize,
}

/// The name at the start of a line; `None` if there is none.
pub(crate) fn head(text: &str) -> Option<Head> {
    let mut start = 0;
    // `hide` stands once.
    loop {
        let word = &text[start..];
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) && start == 0 {
            return None;
        }
        let length = word
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let rest = text.len() - word[length..].trim_start_matches(is_white).len();
        if &word[..length] != "hide" || start > 0 {
            return Some(Head {
                name: word[..length].to_owned(),
                start,
                end: start + length,
                rest,
            });
        }
        start = rest;
        if start == text.len() {
            return None;
        }
    }
}

/// Reads an option line into `set`.
///
/// # Errors
/// What the daemon refuses.
pub(crate) fn read(line: &Line, contexts: Contexts<'_>, set: &mut Vec<Opt>) -> Result<(), Finding> {
    let text = line.text.text();
    let error = |rule: &'static str, range: std::ops::Range<usize>, message: String| {
        let place = line.place(range);
        Finding::new(Severity::Error, rule, &place.source, place.span, message)
    };
    let Some(head) = head(text) else {
        return Err(error(
            "stray-line",
            0..text.len(),
            format!(
                "an option is expected here, in the {}, and this is none",
                contexts.owner
            ),
        ));
    };
    let at = head.start..head.end;
    let bare = head
        .name
        .strip_prefix("not_")
        .or_else(|| head.name.strip_prefix("no_"));
    // Of `not_x`, the daemon takes only `not_` away, and of `no_x` only `no_`.
    let (name, negated) = bare.map_or((head.name.as_str(), false), |bare| (bare, true));
    let found = contexts
        .names
        .iter()
        .find_map(|context| catalogue::option(context, name, contexts.version));
    let Some(known) = found else {
        return Err(unknown(
            name,
            contexts,
            error("unknown-option", at, String::new()),
        ));
    };
    let repeats = matches!(name, "condition" | "headers_add" | "headers_remove" | "set")
        && contexts.names != ["main"];
    let before = set
        .iter()
        .position(|option| option.by_name && option.known.name() == name);
    if let (Some(before), false) = (before, repeats) {
        let first = set[before].place.clone();
        return Err(error(
            "repeated-option",
            at,
            format!(
                "`{name}` is set a second time in the {}, so Exim does not start",
                contexts.owner
            ),
        )
        .and(first, "set here first"));
    }
    let rest = &text[head.rest..];
    let value =
        values::read(known.kind(contexts.version), negated, rest).map_err(|(rule, message)| {
            error(rule, head.start..text.len(), format!("`{name}` {message}"))
        })?;
    let begin = rest.strip_prefix('=').map_or(text.len(), |value| {
        text.len() - value.trim_start_matches(is_white).len()
    });
    let mut written = super::mapped::Mapped::default();
    written.append(&line.text, begin..text.len());
    if let Some(index) = before {
        set[index].value = values::added(name, Some(&set[index].value), &value);
        set[index].written = written;
        return Ok(());
    }
    let value = if repeats {
        values::added(name, None, &value)
    } else {
        value
    };
    // `verify` and `fail_verify` each stand for two options, other names for one.
    let others: Vec<Known> = if known.kind(contexts.version) == "bool_verify" {
        ["sender", "recipient"]
            .into_iter()
            .filter_map(|whose| {
                catalogue::option("routers", &format!("{name}_{whose}"), contexts.version)
            })
            .collect()
    } else {
        let context = contexts.names[0];
        catalogue::option(context, known.same(), contexts.version)
            .into_iter()
            .collect()
    };
    for target in others.into_iter().chain([known]) {
        set.retain(|option| option.known.name() != target.name());
        set.push(Opt {
            known: target,
            value: value.clone(),
            written: written.clone(),
            by_name: target.name() == name,
            place: line.whole(),
        });
    }
    Ok(())
}

fn unknown(name: &str, contexts: Contexts<'_>, mut finding: Finding) -> Finding {
    let Contexts {
        names,
        owner,
        version,
    } = contexts;
    finding.message =
        format!("the {owner} has no option `{name}` in Exim {version}, so it does not start");
    let other = names
        .iter()
        .find_map(|context| catalogue::ever(context, name));
    if let Some(known) = other {
        let removed = Version::parse(known.removed()).is_some_and(|removed| version >= removed);
        let early = Version::parse(known.introduced()).is_some_and(|since| version < since);
        return finding.help(if removed {
            format!("`{name}` was removed in Exim {}", known.removed())
        } else if early {
            format!("`{name}` exists since Exim {}", known.introduced())
        } else {
            format!("`{name}` has to be built in, which Debian does not do")
        });
    }
    let owners = catalogue::owners(name);
    if !owners.is_empty() {
        return finding.help(format!("`{name}` is an option of {}", owners.join(", ")));
    }
    match names
        .iter()
        .find_map(|context| catalogue::nearest(context, name))
    {
        Some(near) => finding.meant(name, near),
        None => finding,
    }
}
