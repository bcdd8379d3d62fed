//! What becomes of macros, and what conditionals ask for. Must not know how macros are replaced.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use super::names::near;
use super::tell::{error, note, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Files, is_option, is_word, predefined};
use crate::text::{Place, Span};

/// The macros that a conditional asks for, with their places.
fn words(line: &Place) -> Vec<(String, Place)> {
    let text = line.source.slice(line.span);
    let begin = text.find("def").map_or(text.len(), |at| at + 3);
    let mut words = Vec::new();
    let mut at = begin;
    let is_between = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    for part in text[begin..].split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        if word
            .trim_start_matches('_')
            .starts_with(|c: char| c.is_ascii_uppercase())
        {
            let start = line.span.start + at;
            let span = Span::new(start, start + word.len());
            words.push((word.to_owned(), Place::new(&line.source, span)));
        }
        at += part.len();
    }
    words
}

/// Macros that are replaced within longer words.
pub fn macro_in_word(files: &Files<'_>) -> Vec<Finding> {
    let found = files.read.macros.iter().filter_map(|(name, _, defined, became)| {
        let place = became.in_words.first()?;
        // A part of Debian's own names, or of a predefined one.
        if files.is_debian() {
            return None;
        }
        let message = format!("`{name}` is replaced in the midst of a longer word here: Exim looks for the letters, not for words");
        Some(
            warning("macro-in-word", place, message)
                .certainty(Certainty::Likely)
                .and(defined.clone(), "the macro")
                .help("give the macro a name that stands in no other word, such as one with a prefix of your own"),
        )
    });
    found.collect()
}

/// Macros that are never replaced.
pub fn unused_macro(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_whole || files.is_debian() {
        return Vec::new();
    }
    let defined: BTreeSet<&str> = files
        .read
        .macros
        .iter()
        .map(|(name, ..)| name.as_str())
        .collect();
    let asked: Vec<String> = files
        .read
        .asked
        .iter()
        .flat_map(|asked| words(&asked.place))
        .map(|(word, _)| word)
        .filter(|word| !defined.contains(word.as_str()))
        .collect();
    let unused = files
        .read
        .macros
        .iter()
        .filter(|(.., became)| became.count == 0);
    let found = unused.map(|(name, _, place, _)| {
        let message = format!("the macro `{name}` is never replaced");
        let finding = note("unused-macro", place, message);
        match near(name, asked.iter().map(String::as_str)) {
            Some(near) => finding.help(format!(
                "did you mean `{near}`, which a conditional asks for?"
            )),
            None => finding.help("use it, or take it out"),
        }
    });
    found.collect()
}

/// Conditionals that hold since a shorter name is a part of the one that they ask for.
pub fn guard_of_shorter_name(files: &Files<'_>) -> Vec<Finding> {
    let known = LazyCell::new(|| {
        let predefined = predefined(files.version()).into_iter();
        predefined.map(|(name, _)| name).collect::<BTreeSet<_>>()
    });
    let mut found = Vec::new();
    for asked in &files.read.asked {
        for (word, place) in words(&asked.place) {
            let shorter = asked
                .by
                .iter()
                .find(|by| word.contains(by.as_str()) && **by != word);
            let Some(shorter) = shorter else { continue };
            let mut defined = files.read.macros.iter();
            if defined.any(|(name, ..)| *name == word) || known.contains(&word) {
                continue;
            }
            let message = format!(
                "this holds since the macro `{shorter}` is a part of `{word}`, which is not defined"
            );
            let finding = if word.starts_with("_OPT_") {
                error("guard-of-shorter-name", &place, message)
            } else {
                warning("guard-of-shorter-name", &place, message)
            };
            found.push(
                finding.help("ask for a macro of the same release whose name holds no other one"),
            );
        }
    }
    found
}

/// Conditionals that ask for what is defined nowhere, or only behind them.
pub fn undefined_macro(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for asked in files.read.asked.iter().filter(|asked| asked.by.is_empty()) {
        for (word, place) in words(&asked.place) {
            let later = files.read.macros.iter().find(|(name, _, defined, _)| {
                *name == word
                    && defined.source.name() == place.source.name()
                    && defined.span.start > place.span.start
            });
            // What defines it only where it is missing comes later by its nature.
            let is_default = place.source.slice(asked.place.span).contains("ndef");
            if let Some((_, _, defined, _)) = later.filter(|_| !is_default) {
                let message =
                    format!("`{word}` is defined only behind this line, so here it is not");
                found.push(
                    warning("undefined-macro", &place, message)
                        .and(defined.clone(), "it is defined here")
                        .help("define it before"),
                );
            } else if word.starts_with('_') && !is_default && !exists(&word) {
                let message =
                    format!("no release of Exim predefines `{word}`, so this never holds");
                found.push(
                    warning("undefined-macro", &place, message)
                        .help("`exim -bP macros` lists them"),
                );
            }
        }
    }
    found
}

/// Whether a release or build may predefine a macro.
fn exists(word: &str) -> bool {
    let depends = [
        "_HAVE_",
        "_DRIVER_",
        "_CRYPTO_",
        "_LOG_",
        "_DKIM_",
        "_OPT_OPENSSL_",
    ];
    // The names of options and words stand at the end of such macros.
    let plain = word.to_ascii_lowercase();
    let ends = plain.match_indices('_').map(|(at, _)| &plain[at + 1..]);
    depends.iter().any(|start| word.starts_with(start))
        || ends
            .into_iter()
            .any(|end| is_option(end) || is_expansion_word(end))
}

/// Whether expansions or ACLs have such a word.
fn is_expansion_word(word: &str) -> bool {
    [
        "acl_condition",
        "acl_modifier",
        "condition",
        "item",
        "operator",
        "variable",
    ]
    .iter()
    .any(|kind| is_word(kind, word))
}
