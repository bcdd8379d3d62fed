//! What is wrong with how an Exim file is written, as far as the text alone shows it: what the
//! daemon passes over in silence, or takes for something else. Must not know what macros or other
//! files make of it.

use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;

use super::written::{Holds, Value, is_condition, of_acl, of_option};
use crate::findings::{Finding, Severity};
use crate::mta::tree::{Branch, STRAY, Tree};
use crate::text::{Source, Span};

/// Every trap.
pub fn find(tree: &Tree) -> Vec<Finding> {
    let mut traps = Traps {
        source: Arc::clone(tree.source()),
        section: String::new(),
        findings: Vec::new(),
    };
    let of_rules = ["/conf.d/retry/", "/conf.d/rewrite/"]
        .iter()
        .any(|folder| tree.source().name().contains(folder));
    for node in tree.root().children() {
        match node.kind() {
            "begin" => traps.begin(node),
            "conditional" => traps.conditional(node),
            "label" => traps.label(node),
            "list" | "option" | "verb" => traps.setting(node),
            STRAY if !of_rules => traps.stray(node),
            _ => {}
        }
        for inner in node.below().filter(|inner| inner.kind() == "conditional") {
            traps.conditional(inner);
        }
    }
    traps.findings
}

struct Traps {
    source: Arc<Source>,
    section: String,
    findings: Vec<Finding>,
}

impl Traps {
    fn say(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Span,
        message: String,
        help: &str,
    ) {
        self.findings
            .push(Finding::new(severity, rule, &self.source, span, message).help(help));
    }

    fn begin(&mut self, node: Branch<'_>) {
        let name = node.child("section").map_or("", Branch::text);
        let name = name.to_ascii_lowercase();
        name.trim_end_matches('s').clone_into(&mut self.section);
        if let Some(word) = node.child("begin_word") {
            let behind = self.source.text()[word.span().end..].chars().next();
            if behind != Some(' ') {
                self.say(
                    Severity::Error,
                    "begin-with-tab",
                    word.span(),
                    "no blank follows `begin` but another character, so Exim takes it for an option and does not start".to_owned(),
                    "put one blank between `begin` and the section's name",
                );
            }
        }
    }

    fn conditional(&mut self, node: Branch<'_>) {
        let Some(word) = node.child("directive") else {
            return;
        };
        let behind = self.source.text()[word.span().end..].chars().next();
        let (rule, what, help) = match behind {
            Some('\r') => (
                "swallowed-conditional",
                "a carriage return",
                "end the file's lines with line feeds alone",
            ),
            Some(c) if c != ' ' && c != '\n' => (
                "swallowed-conditional",
                "a tab",
                "put a blank between the directive and the macro's name",
            ),
            _ => return,
        };
        self.say(
            Severity::Error,
            rule,
            word.span(),
            format!(
                "{what} follows `{}`, and Exim passes over the whole line in silence",
                word.text()
            ),
            help,
        );
    }

    fn label(&mut self, node: Branch<'_>) {
        if let Some(ignored) = node.child("ignored").filter(|_| self.section == "acl") {
            self.say(
                Severity::Error,
                "text-after-acl-name",
                ignored.span(),
                format!(
                    "`{}` stands behind the name of an ACL, where Exim does not read it",
                    ignored.text()
                ),
                "write it in a line of its own below the name",
            );
        }
    }

    fn stray(&mut self, node: Branch<'_>) {
        let text = node.text().trim();
        let span = Span::new(
            node.span().start,
            node.span().start + node.text().trim_end().len(),
        );
        let word = text.split(char::is_whitespace).next().unwrap_or_default();
        if word.starts_with('.') {
            self.say(
                Severity::Error,
                "unknown-directive",
                span,
                format!("Exim has no directive `{word}`, and takes the line for an option"),
                "the directives are `.ifdef`, `.ifndef`, `.elifdef`, `.elifndef`, `.else`, `.endif`, `.include` and `.include_if_exists`",
            );
            return;
        }
        // Where a macro stands, the line may become anything.
        let macros = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| {
                word.len() > 1
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            });
        let (severity, may) = if macros {
            (Severity::Warning, ", unless a macro gives it one")
        } else {
            (Severity::Error, "")
        };
        self.say(
            severity,
            "stray-line",
            span,
            format!("this line has no form that Exim knows{may}"),
            "a value goes on in the next line only behind a backslash",
        );
    }

    /// A line with a value.
    fn setting(&mut self, node: Branch<'_>) {
        let name = match node.kind() {
            "list" => node.child("list_type"),
            _ => node.child("name"),
        };
        let (Some(name), Some(equals)) = (name, node.child("equals")) else {
            return;
        };
        let value = Value::of(node, equals.span().end);
        let acl = self.section == "acl" || node.kind() == "verb";
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
            self.second(&value);
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
            }
        } else {
            self.say(
                Severity::Error,
                "quoted-argument",
                quote.span(),
                format!("quotes mean nothing in an ACL: they are a part of the argument, so `{name}` matches nothing that is meant"),
                "leave the quotes out",
            );
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
        }
    }

    fn second(&mut self, value: &Value<'_>) {
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
            }
        }
    }

    fn commas(&mut self, value: &Value<'_>) {
        let comma = value.chunks.iter().find(|(chunk, _)| {
            let bare = chunk.trim_end_matches(',');
            let address = bare.split('/').next().unwrap_or_default();
            bare.len() < chunk.len()
                && (bare.starts_with('+') || std::net::IpAddr::from_str(address).is_ok())
        });
        if let Some((_, span)) = comma {
            self.say(
                Severity::Error,
                "comma-in-list",
                *span,
                "commas do not separate the items of a list, so this and what follows is one item"
                    .to_owned(),
                "separate the items by colons",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::parse;
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let tree = parse(&Source::new("exim.conf", text));
        find(&tree)
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn traps_are_found() {
        for (text, wanted) in [
            ("begin\tacl\n", "begin-with-tab"),
            (".ifdef\tX\n", "swallowed-conditional"),
            (".endif\r\n", "swallowed-conditional"),
            (".if X\n", "unknown-directive"),
            ("}\n", "stray-line"),
            ("begin acl\na: accept\n", "text-after-acl-name"),
            (
                "begin acl\na:\n accept hosts = \"10.0.0.0/8\"\n",
                "quoted-argument",
            ),
            ("begin acl\na:\n deny message = \"no\"\n", "quoted-argument"),
            (
                "begin acl\na:\n accept hosts = 10.0.0.1 # lan\n",
                "trailing-comment",
            ),
            (
                "begin acl\na:\n accept domains = +a hosts = +b\n",
                "second-condition",
            ),
            (
                "begin acl\na:\n accept\n  domains = a hosts=+b\n",
                "second-condition",
            ),
            ("hostlist a = 10.0.0.0/8 : <; ::1\n", "late-separator"),
            ("hostlist a = 127.0.0.1 : ::1\n", "undoubled-colons"),
            ("local_interfaces = 2001:db8::1\n", "undoubled-colons"),
            ("hostlist a = 10.0.0.0/8, 192.168.0.0/16\n", "comma-in-list"),
            ("hostlist a = b : \\\n  c # d\n", "trailing-comment"),
        ] {
            assert!(rules(text).contains(&wanted), "{text}: {:?}", rules(text));
        }
    }

    #[test]
    fn what_is_well_is_left_alone() {
        let text = "hostlist a = <; ::1 ; 2001:db8::/32\nhostlist b = 127.0.0.1 : ::::1 : 2001::db8::::/32\n.ifdef X\n.else\n.endif\n\
            smtp_banner = a # b\nbegin acl\na:\n  accept hosts = : +a\n  message = say # it = \"well\"\n  condition = ${if eq{a}{b} {hosts = a}}\n\
            deny domains = a : hosts = b\n  X_MACRO\nbegin retry\n* * F,1h,5m\nbegin routers\na:\n  headers_add = \"x\"\n";
        assert_eq!(rules(text), [""; 0]);
    }
}
