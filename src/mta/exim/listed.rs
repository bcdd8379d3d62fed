//! The items of a list as they are written, each with its place (Exim's specification, chapters 6
//! and 10). Must not know what an item matches.

use std::ops::Range;

use super::macros::is_white;
use super::mapped::Mapped;

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Clients.
    Host,
    /// Domains.
    Domain,
    /// Local parts.
    LocalPart,
    /// Addresses.
    Address,
}

impl Kind {
    /// The kind of a list that the manual describes so, or that this word defines.
    pub fn of(holds: &str) -> Option<Self> {
        let kinds = [
            (Self::Host, "host list"),
            (Self::Domain, "domain list"),
            (Self::LocalPart, "local part list"),
            (Self::Address, "address list"),
        ];
        kinds
            .into_iter()
            .find(|(kind, words)| holds.starts_with(words) || holds == kind.word())
            .map(|(kind, _)| kind)
    }

    /// The word that defines a list of this kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "hostlist",
            Self::Domain => "domainlist",
            Self::LocalPart => "localpartlist",
            Self::Address => "addresslist",
        }
    }
}

/// An item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its text without `!`, doubled separators made single.
    pub text: String,
    /// Whether `!` stands before it.
    pub negated: bool,
    /// Where it stands in the list, `!` included.
    pub range: Range<usize>,
    /// Whether it is made only when the list is needed.
    pub is_made: bool,
}

impl Item {
    /// The name behind `+`.
    pub fn named(&self) -> Option<&str> {
        self.text.strip_prefix('+')
    }
}

/// The items of a list. What stands between braces is not split.
pub(crate) fn items(written: &Mapped) -> Vec<Item> {
    let text = written.text();
    let (mut at, end) = if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        (1, text.len() - 1)
    } else {
        (0, text.len())
    };
    let text = &text[..end];
    let skip = |at: usize| end - text[at..].trim_start_matches(is_white).len();
    at = skip(at);
    let mut separator = ':';
    if let Some(c) = text[at..]
        .strip_prefix('<')
        .and_then(|rest| rest.chars().next())
        && c.is_ascii_punctuation()
    {
        separator = c;
        at = skip(at + 2);
    }
    let mut items = Vec::new();
    while at < end {
        let start = skip(at);
        let stop = item_end(text, start, separator);
        let written = text[start..stop].trim_end_matches(is_white);
        let range = start..start + written.len();
        let negated = written.starts_with('!');
        let bare = written.trim_start_matches('!').trim_start_matches(is_white);
        let doubled = format!("{separator}{separator}");
        items.push(Item {
            text: bare.replace(&doubled, &separator.to_string()),
            negated,
            range,
            is_made: is_made(bare),
        });
        at = (stop + 1).min(end);
    }
    items
}

/// Whether an item holds what the expansion puts in.
fn is_made(item: &str) -> bool {
    if item.contains("\\N") {
        return false;
    }
    let begins = |at: usize| {
        let behind = item[at + 1..].chars().next();
        !item[..at].ends_with('\\') && behind.is_some_and(|c| c.is_ascii_alphanumeric() || c == '{')
    };
    item.match_indices('$').any(|(at, _)| begins(at))
}

/// Where the item that begins at `start` ends.
fn item_end(text: &str, start: usize, separator: char) -> usize {
    let mut depth = 0_usize;
    let mut chars = text[start..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                if chars.peek().is_none_or(|(_, next)| *next != separator) {
                    return start + at;
                }
                chars.next();
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, Span};

    #[test]
    fn items_are_split_as_the_daemon_splits_them() {
        let split = |text: &str| -> Vec<String> {
            let source = Source::new("f", text);
            let written = Mapped::of(&source, Span::new(0, text.len()));
            let sign = |item: &Item| if item.negated { "!" } else { "" };
            let items = items(&written).into_iter();
            items
                .map(|item| format!("{}{}", sign(&item), item.text))
                .collect()
        };
        assert_eq!(
            split("a : !b : ${if eq{a}{b}{c:d}} :"),
            ["a", "!b", "${if eq{a}{b}{c:d}}"]
        );
        assert_eq!(split("<; ::1 ; a;;b"), ["::1", "a;b"]);
        assert_eq!(split("a : : 2001::db8::::/32"), ["a", "", "2001:db8::/32"]);
        assert_eq!(split("! a : ! +b"), ["!a", "!+b"]);
    }
}
