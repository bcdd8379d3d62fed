//! How a sendmail.mc is written: what m4 makes of it that nobody meant. Must not know what the
//! settings do.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::mta::{Branch, Tree};
use crate::text::{Edit, Place, Span};

use sendmail::{Files, calls, catalogue, part, with_dnl};

/// Macros of the library that are called, never defined.
const CALLABLE: &[&str] = &[
    "CLIENT_OPTIONS",
    "DAEMON_OPTIONS",
    "DOMAIN",
    "EXPOSED_USER",
    "FEATURE",
    "GENERICS_DOMAIN",
    "HACK",
    "INPUT_MAIL_FILTER",
    "LOCAL_DOMAIN",
    "LOCAL_USER",
    "MAILER",
    "MAIL_FILTER",
    "MASQUERADE_AS",
    "MASQUERADE_DOMAIN",
    "MASQUERADE_EXCEPTION",
    "MODIFY_MAILER_FLAGS",
    "OSTYPE",
    "QUEUE_GROUP",
    "RELAY_DOMAIN",
    "TRUST_AUTH_MECH",
    "VERSIONID",
    "VIRTUSER_DOMAIN",
];

/// Macros that are carried out without a parenthesis too.
const LIVE: &[&str] = &[
    "DOMAIN",
    "HACK",
    "MAILER",
    "OSTYPE",
    "changecom",
    "changequote",
    "divert",
    "lower",
    "undivert",
];

/// The tree of a sendmail.mc.
fn tree(files: &Files<'_>) -> Option<Rc<Tree>> {
    files.resolved.reading.as_ref()?;
    Some(files.tree())
}

fn callee(call: Branch<'_>) -> &str {
    call.child("callee").map_or("", Branch::text)
}

/// The arguments of a call, without their outer quotes.
fn arguments(call: Branch<'_>) -> Vec<(Span, &str)> {
    let arguments = call.children().filter(|node| node.kind() == "argument");
    let bare = arguments.map(|node| {
        let text = node.text().trim();
        let inner = text.strip_prefix('`').and_then(|t| t.strip_suffix('\''));
        (node.span(), inner.unwrap_or(text))
    });
    bare.collect()
}

/// A definition of a macro of the library that is to be called.
pub fn defined_call(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let found = calls(&tree).filter(|call| callee(*call) == "define");
    let found = found.filter_map(|call| {
        let given = arguments(call);
        let (_, name) = given.first().filter(|(_, name)| CALLABLE.contains(name))?;
        let place = Place::new(&files.source, call.span());
        let message = format!(
            "this replaces the macro `{name}` by a text instead of calling it: it sets nothing, and later calls do \
             nothing either"
        );
        let value = given.get(1).map_or("", |(_, value)| value);
        let right = format!("{name}(`{value}')");
        let edit = Edit {
            place: place.clone(),
            text: right.clone(),
        };
        Some(
            files
                .say(Severity::Error, "defined-call", Some(&place), message)
                .help(format!("write `` {right} ``"))
                .unsafe_fix(vec![edit]),
        )
    });
    found.collect()
}

/// Two definitions of one macro that differ.
pub fn conflicting_define(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let mut known: BTreeMap<String, (String, Span)> = BTreeMap::new();
    let mut found = Vec::new();
    for call in calls(&tree) {
        let given = arguments(call);
        let Some((_, name)) = given.first() else {
            continue;
        };
        if callee(call) == "undefine" {
            known.remove(*name);
        }
        if callee(call) != "define" || catalogue::macros().get(name).is_none() {
            continue;
        }
        let value = given.get(1).map_or("", |(_, value)| value);
        let before = known.insert((*name).to_owned(), (value.to_owned(), call.span()));
        // One that is made from what was there adds to it.
        let grows = value.contains("defn(") || value.contains(name);
        // `True` and `true` are the same to the daemon.
        let differs = |(other, _): &(String, Span)| !other.eq_ignore_ascii_case(value);
        if let Some((other, span)) = before.filter(|before| differs(before) && !grows) {
            let place = Place::new(&files.source, call.span());
            let message = format!(
                "`{name}` was defined as `{other}` before: that value is thrown, since the last one counts"
            );
            let finding = files
                .say(
                    Severity::Warning,
                    "conflicting-define",
                    Some(&place),
                    message,
                )
                .and(Place::new(&files.source, span), "defined here first")
                .help("keep one of the two");
            // These are looked at when all is read, others when a mailer is made.
            found.push(if name.starts_with("conf") {
                let place = Place::new(&files.source, with_dnl(&files.source, span));
                let text = String::new();
                finding.safe_fix(vec![Edit { place, text }])
            } else {
                finding
            });
        }
    }
    found
}

/// A call without `dnl` behind it.
pub fn missing_dnl(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let nodes: Vec<_> = tree.root().children().collect();
    let bare = nodes.windows(2).find(|pair| {
        pair[0].kind() == "call"
            && matches!(callee(pair[0]), "define" | "FEATURE" | "DAEMON_OPTIONS")
            && pair[1].kind() == "line_end"
    });
    let bare = bare.map(|pair| {
        let place = Place::new(&files.source, pair[0].span());
        let end = Span::new(pair[0].span().end, pair[0].span().end);
        let edit = Edit {
            place: Place::new(&files.source, end),
            text: "dnl".to_owned(),
        };
        let message =
            "nothing deletes the line end behind this call: an empty line comes into sendmail.cf";
        files
            .say(Severity::Note, "missing-dnl", Some(&place), message)
            .help("write `dnl` right behind it")
            .safe_fix(vec![edit])
    });
    bare.into_iter().collect()
}

/// A last line without an end.
pub fn no_final_newline(files: &Files<'_>) -> Vec<Finding> {
    let text = files.source.text();
    if files.resolved.reading.is_none() || text.is_empty() || text.ends_with('\n') {
        return Vec::new();
    }
    let end = Place::new(&files.source, Span::new(text.len(), text.len()));
    let edit = Edit {
        place: end.clone(),
        text: "\n".to_owned(),
    };
    let message = "the last line has no end: m4 warns of it, and what is added behind it later becomes part of it";
    let finding = files
        .say(Severity::Note, "no-final-newline", Some(&end), message)
        .help("end the line")
        .safe_fix(vec![edit]);
    vec![finding]
}

/// A definition whose text has parts that m4 takes for its own parameters.
pub fn dollar_in_define(files: &Files<'_>) -> Vec<Finding> {
    let Some(reading) = &files.resolved.reading else {
        return Vec::new();
    };
    let own = reading
        .defined
        .iter()
        .filter(|(name, _)| name.starts_with("conf") || catalogue::macros().get(name).is_some());
    let found = own.filter_map(|(name, defined)| {
        let parameter = defined.value.match_indices('$').find_map(|(at, _)| {
            let next = defined.value[at + 1..].chars().next()?;
            (next.is_ascii_digit() || "*@#".contains(next)).then(|| format!("${next}"))
        })?;
        let message = format!(
            "m4 puts an argument of the call in the place of `{parameter}`, and `{name}` is called without any: it is \
             lost"
        );
        Some(
            files
                .say(Severity::Warning, "dollar-in-define", Some(&part(&defined.place, &parameter)), message)
                .help("write rules behind `LOCAL_RULESETS`; no text of a macro can hold these"),
        )
    });
    found.collect()
}

/// An apostrophe in a quoted text, which ends the quote.
pub fn apostrophe_in_text(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let arguments = tree.branches().filter(|node| node.kind() == "argument");
    let found = arguments.filter_map(|argument| {
        let children: Vec<_> = argument.children().collect();
        let quote = children.iter().find(|node| node.kind() == "quote")?;
        let end = quote.span().end;
        let rest = &files.source.text()[end..argument.span().end];
        let runs_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !runs_on || !rest.contains('\'') || rest.contains('`') {
            return None;
        }
        let place = Place::new(&files.source, Span::new(end - 1, end));
        let message = "this apostrophe ends the quote in the middle of the text: what follows is read as macros and \
                       loses its apostrophe";
        Some(
            files
                .say(Severity::Warning, "apostrophe-in-text", Some(&place), message)
                .help("say it without an apostrophe: no quoted text can hold one"),
        )
    });
    found.collect()
}

/// An option at the top of sendmail.cf that the library's own lines set again.
pub fn overwritten_option(files: &Files<'_>) -> Vec<Finding> {
    let Some(reading) = &files.resolved.reading else {
        return Vec::new();
    };
    let Some(top) = reading.source.text().find("\nV10/Berkeley") else {
        return Vec::new();
    };
    let model = &files.resolved.model;
    let named: Vec<_> = model.named(files.world.version).collect();
    let found = named.iter().filter(|named| named.line.span.start < top).filter_map(|early| {
        let again = named
            .iter()
            .find(|late| late.name == early.name && late.line.span.start > top)?;
        if matches!(early.name.as_str(), "DaemonPortOptions" | "ClientPortOptions") {
            return None;
        }
        let place = early.line.place.as_ref()?;
        let message = format!(
            "this line comes to stand at the top of sendmail.cf, and `{}={}` further down takes its place",
            early.name,
            again.line.value.as_deref().unwrap_or_default()
        );
        Some(
            files
                .say(Severity::Warning, "overwritten-option", Some(place), message)
                .help("define the `conf…` macro of the option instead"),
        )
    });
    found.collect()
}

/// Whether a line is one of sendmail.cf.
fn is_raw(line: &str) -> bool {
    let upper = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase());
    match line.as_bytes() {
        [b'O', b' ', ..] => upper(&line[2..]),
        [b'C' | b'D' | b'F', b'{', ..] => line.contains('}'),
        [b'R', b'$', ..] => line.contains('\t'),
        [b'K', b'a'..=b'z', ..] => line.split_whitespace().count() > 2,
        _ => false,
    }
}

/// A raw line that begins with a blank and so belongs to the one before.
pub fn swallowed_line(files: &Files<'_>) -> Vec<Finding> {
    let Some(reading) = &files.resolved.reading else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (mut at, mut goes_on) = (0, false);
    for line in reading.source.text().split_inclusive('\n') {
        let text = line.trim();
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        if goes_on && line.starts_with([' ', '\t']) && is_raw(text) {
            let Some(place) = reading.place(Span::new(start, start + text.len())) else {
                continue;
            };
            let message = "this line begins with a blank in sendmail.cf, which makes it part of the line before: it is \
                           not read as one of its own";
            found.push(
                files
                    .say(Severity::Warning, "swallowed-line", Some(&place), message)
                    .help("write it from the first column"),
            );
        }
        goes_on = !text.is_empty();
    }
    found
}

/// Raw lines behind a `divert(-1)` that nothing ends.
pub fn divert_open(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let switches = |node: &Branch<'_>| {
        let name = if node.kind() == "call" {
            callee(*node)
        } else {
            node.text()
        };
        matches!(name, "divert" | "undivert" | "MAILER_DEFINITIONS") || name.starts_with("LOCAL_")
    };
    let last = tree.root().children().filter(switches).last();
    let Some(last) = last.filter(|last| {
        last.kind() == "call" && callee(*last) == "divert" && last.text().contains("-1")
    }) else {
        return Vec::new();
    };
    let text = &files.source.text()[last.span().end..];
    let Some(thrown) = text.lines().find(|line| is_raw(line)) else {
        return Vec::new();
    };
    let start = last.span().end + (thrown.as_ptr() as usize - text.as_ptr() as usize);
    let place = Place::new(&files.source, Span::new(start, start + thrown.len()));
    let message = "`divert(-1)` is still on here: this line is thrown away";
    let finding = files
        .say(Severity::Warning, "divert-open", Some(&place), message)
        .and(Place::new(&files.source, last.span()), "on since here")
        .help("write `divert(0)` before it");
    vec![finding]
}

/// The name of a macro in a sentence.
pub fn live_word(files: &Files<'_>) -> Vec<Finding> {
    let Some(tree) = tree(files) else {
        return Vec::new();
    };
    let loaded = files.source.text().find("m4/cf.m4").unwrap_or(0);
    let nodes: Vec<_> = tree.root().children().collect();
    let found = nodes.windows(3).filter_map(|nodes| {
        let [before, blank, word] = nodes else {
            return None;
        };
        let in_sentence = matches!(before.kind(), "word" | "text") && blank.kind() == "blank";
        let is_live = word.kind() == "word" && LIVE.contains(&word.text());
        if !in_sentence || !is_live || word.span().start < loaded {
            return None;
        }
        let place = Place::new(&files.source, word.span());
        let message = format!(
            "m4 carries `{}` out although this is a sentence: it is a macro that needs no parenthesis",
            word.text()
        );
        Some(
            files
                .say(Severity::Warning, "live-word", Some(&place), message)
                .help("begin remarks with `dnl`, which deletes the line"),
        )
    });
    found.collect()
}
