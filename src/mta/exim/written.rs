//! A line's value as it is written, in tokens, and what kind of value it is. Must not know what is
//! wrong with it.

use super::catalogue;
use crate::mta::tree::Branch;
use crate::text::Span;

/// What a value is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A list of hosts.
    Hosts,
    /// A list of something else, or a word.
    List,
    /// Anything.
    Text,
}

/// Whether there is an ACL condition or modifier of this name.
pub(crate) fn is_condition(name: &str) -> bool {
    catalogue::word_ever("acl_condition", name) || catalogue::word_ever("acl_modifier", name)
}

/// What the argument of a condition is.
pub(crate) fn of_acl(name: &str) -> Holds {
    match name {
        "hosts" => Holds::Hosts,
        "acl" | "authenticated" | "control" | "dnslists" | "domains" | "encrypted"
        | "local_parts" | "recipients" | "sender_domains" | "senders" | "verify" => Holds::List,
        _ => Holds::Text,
    }
}

/// What the value of an option or named list is.
pub(crate) fn of_option(name: &str, kind: &str) -> Holds {
    if kind == "list" {
        return if name.starts_with("hostlist") {
            Holds::Hosts
        } else {
            Holds::List
        };
    }
    if matches!(name, "local_interfaces" | "extra_local_interfaces") {
        return Holds::Hosts;
    }
    match catalogue::holds(name) {
        Some(holds) if holds.starts_with("host list") => Holds::Hosts,
        Some(holds)
            if holds.starts_with("domain list")
                || holds.starts_with("address list")
                || holds.starts_with("local part list") =>
        {
            Holds::List
        }
        _ => Holds::Text,
    }
}

/// A value's tokens outside of braces.
pub(crate) struct Value<'t> {
    /// The tokens, from the first that is no blank.
    pub leaves: Vec<Branch<'t>>,
    /// Whether it begins with a change of the separator.
    pub changed: bool,
    /// What blanks separate, with its place; without what holds an expansion.
    pub chunks: Vec<(String, Span)>,
}

impl<'t> Value<'t> {
    /// Whether all of it before the next line's end stands in `line`.
    pub fn starts_in(&self, line: Span) -> bool {
        let first = self.leaves.first();
        first.is_some_and(|leaf| leaf.span().start >= line.start)
    }

    /// The value of a line, whose text begins at `from`.
    pub fn of(node: Branch<'t>, from: usize) -> Self {
        let tokens: Vec<Branch<'t>> = node
            .children()
            .filter(|child| child.span().start >= from)
            .filter(|child| {
                !matches!(
                    child.kind(),
                    "line_end" | "comment" | "conditional" | "include"
                )
            })
            .collect();
        let changed = tokens
            .iter()
            .find(|token| !matches!(token.kind(), "space" | "join_mark"))
            .is_some_and(|token| token.kind() == "separator_change");
        let mut chunks = Vec::new();
        let mut chunk = (String::new(), Span::default());
        let mut plain = true;
        for token in &tokens {
            if matches!(token.kind(), "space" | "join_mark") {
                if !chunk.0.is_empty() && plain {
                    chunks.push(chunk);
                }
                chunk = (String::new(), Span::default());
                plain = true;
            } else {
                if chunk.0.is_empty() {
                    chunk.1 = token.span();
                }
                chunk.1.end = token.span().end;
                chunk.0.push_str(token.text());
                plain &= !matches!(token.kind(), "braces" | "variable" | "verbatim" | "escape");
            }
        }
        if !chunk.0.is_empty() && plain {
            chunks.push(chunk);
        }
        let leaves = tokens
            .into_iter()
            .skip_while(|token| matches!(token.kind(), "space" | "join_mark"))
            .collect();
        Self {
            leaves,
            changed,
            chunks,
        }
    }
}
