//! Traps in values: quotes, comments, separators that are none. Must not know of sections.

use std::net::Ipv6Addr;
use std::str::FromStr;

use super::Traps;
use crate::findings::Severity;
use crate::mta::exim::written::{Holds, Value, is_condition, of_acl, of_option};
use crate::mta::tree::Branch;
use crate::text::Span;

impl Traps {
    /// A line with a value.
    pub(super) fn setting(&mut self, node: Branch<'_>) {
        let name = match node.kind() {
            "list" => node.child("list_type"),
            _ => node.child("name"),
        };
        let (Some(name), Some(equals)) = (name, node.child("equals")) else {
            return;
        };
        let value = Value::of(node, equals.span().end);
        let acl = self.section == "acl" || node.kind() == "verb";
        let start = name.span().start;
        let name = name.text();
        let holds = if acl {
            of_acl(name)
        } else {
            of_option(name, node.kind())
        };
        if acl {
            self.quotes(name, &value, holds);
        }
        if holds == Holds::Text {
            return;
        }
        self.comment(&value);
        if acl {
            self.second(&value, start);
        }
        if !value.changed {
            self.late_change(&value);
            if holds == Holds::Hosts {
                self.colons(&value);
            }
        }
        if holds == Holds::Hosts {
            self.commas(&value);
        }
    }

    fn quotes(&mut self, name: &str, value: &Value<'_>, holds: Holds) {
        let Some(quote) = value.leaves.first().filter(|leaf| leaf.kind() == "quote") else {
            return;
        };
        if holds == Holds::Text {
            if matches!(name, "message" | "log_message" | "logwrite") {
                self.say(
                    Severity::Warning,
                    "quoted-argument",
                    quote.span(),
                    format!(
                        "quotes mean nothing in an ACL, so they are a part of what `{name}` says"
                    ),
                    "leave the quotes out",
                );
                self.unquote(value);
            }
        } else {
            self.say(
                Severity::Error,
                "quoted-argument",
                quote.span(),
                format!("quotes mean nothing in an ACL: they are a part of the argument, so `{name}` matches nothing that is meant"),
                "leave the quotes out",
            );
            self.unquote(value);
        }
    }

    /// Takes away the quotes around a value that holds no other.
    fn unquote(&mut self, value: &Value<'_>) {
        let quotes: Vec<Span> = value
            .leaves
            .iter()
            .filter(|leaf| leaf.kind() == "quote")
            .map(|leaf| leaf.span())
            .collect();
        let ends = value.leaves.iter().rfind(|leaf| leaf.kind() != "space");
        if quotes.len() == 2 && ends.is_some_and(|leaf| leaf.kind() == "quote") {
            self.mend(quotes.into_iter().map(|quote| (quote, String::new())));
        }
    }

    fn comment(&mut self, value: &Value<'_>) {
        let sign = value
            .leaves
            .windows(2)
            .find(|pair| pair[0].kind() == "space" && pair[1].text().starts_with('#'));
        if let Some(sign) = sign {
            self.say(
                Severity::Error,
                "trailing-comment",
                sign[1].span(),
                "a `#` begins a comment only at the start of a line; here it and what follows are part of the value".to_owned(),
                "write the comment in a line of its own",
            );
            let line = self
                .source
                .line_span(self.source.line_index(sign[0].span().start));
            let written = self.source.slice(line).trim_end_matches(['\n', '\r']);
            let indent = &written[..written.len() - written.trim_start().len()];
            let end = line.start + written.len();
            // In the midst of a value no comment can stand.
            let is_one_line = value.starts_in(line) && !written.ends_with('\\');
            if is_one_line {
                let comment = format!(
                    "{indent}{}\n",
                    self.source.slice(Span::new(sign[1].span().start, end))
                );
                self.mend([
                    (Span::new(line.start, line.start), comment),
                    (Span::new(sign[0].span().start, end), String::new()),
                ]);
            }
        }
    }

    fn second(&mut self, value: &Value<'_>, start: usize) {
        let leaves = &value.leaves;
        for (index, leaf) in leaves.iter().enumerate() {
            let (name, assigned) = leaf.text().split_once('=').unwrap_or((leaf.text(), ""));
            let known = leaf.kind() == "word"
                && index > 1
                && leaves[index - 1].kind() == "space"
                && leaves[index - 2].kind() != "separator"
                && is_condition(name);
            let equals = leaf.text().contains('=')
                || leaves
                    .get(index + 1..)
                    .unwrap_or_default()
                    .iter()
                    .find(|leaf| leaf.kind() != "space")
                    .is_some_and(|leaf| leaf.text().starts_with('='));
            if known && equals && !assigned.starts_with('=') {
                self.say(
                    Severity::Error,
                    "second-condition",
                    leaf.span(),
                    format!("a line of an ACL holds one condition; `{name}` and what follows belong to the argument before it"),
                    "write each condition in a line of its own",
                );
                let line = self
                    .source
                    .line_span(self.source.line_index(leaf.span().start));
                if value.starts_in(line) {
                    let indent = " ".repeat(start.saturating_sub(line.start));
                    self.mend([(leaves[index - 1].span(), format!("\n{indent}"))]);
                }
                return;
            }
        }
    }

    fn late_change(&mut self, value: &Value<'_>) {
        let late = value.chunks.iter().skip(1).find(|(chunk, _)| {
            chunk.strip_prefix('<').is_some_and(|rest| {
                rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_punctuation())
            })
        });
        if let Some((chunk, span)) = late {
            self.say(
                Severity::Error,
                "late-separator",
                *span,
                format!("`{chunk}` changes the separator only at the very start of a list; here it is an item"),
                "put it first, and that separator between all items",
            );
        }
    }

    fn colons(&mut self, value: &Value<'_>) {
        for (chunk, span) in &value.chunks {
            let bare = chunk.trim_start_matches('!');
            let address = bare.split('/').next().unwrap_or_default();
            if Ipv6Addr::from_str(address).is_ok() {
                self.say(
                    Severity::Error,
                    "undoubled-colons",
                    *span,
                    format!("colons separate the items of this list, so `{chunk}` is no address but several items"),
                    &format!("begin the list with `<;` and separate its items by `;`, or write `{}`", chunk.replace(':', "::")),
                );
                self.mend([(*span, chunk.replace(':', "::"))]);
            }
        }
    }

    fn commas(&mut self, value: &Value<'_>) {
        let has_comma = |(chunk, _): &&(String, Span)| {
            let bare = chunk.trim_end_matches(',');
            let address = bare.split('/').next().unwrap_or_default();
            bare.len() < chunk.len()
                && (bare.starts_with('+') || std::net::IpAddr::from_str(address).is_ok())
        };
        let mut all = value.chunks.iter().filter(has_comma);
        if let Some((_, span)) = all.next() {
            self.say(
                Severity::Error,
                "comma-in-list",
                *span,
                "commas do not separate the items of a list, so this and what follows is one item"
                    .to_owned(),
                "separate the items by colons",
            );
            let ends = all.map(|(_, span)| span).chain([span]);
            let comma = |span: &Span| (Span::new(span.end - 1, span.end), " :".to_owned());
            self.mend(ends.map(comma).collect::<Vec<_>>());
        }
    }
}
