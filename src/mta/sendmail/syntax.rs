//! Reading the daemon's files without loss. Must not know what a setting means.

use std::sync::Arc;

use crate::mta::grammar::{Bracket, Event, grammar, walk};
use crate::mta::tree::{Builder, STRAY, Tree};
use crate::text::{Source, Span};

/// The tokens of m4.
mod mc {
    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammars/sendmail_mc.pest"]
    pub struct Mc;
}

grammar!(
    cf,
    "../grammars/sendmail_cf.pest",
    [rule | ruleset | r#macro | class | class_file | mailer | option | map],
    super::bracket
);
grammar!(table, "../grammars/sendmail_table.pest", [entry], |_| None);
grammar!(class, "../grammars/sendmail_class.pest", [line], |_| None);

pub use cf::parse as parse_cf;
pub use class::parse as parse_class;
pub use table::parse as parse_table;

fn bracket(kind: &str) -> Option<Bracket> {
    match kind {
        "map_open" => Some(Bracket::Open("lookup")),
        "map_close" => Some(Bracket::Close("lookup")),
        "host_open" => Some(Bracket::Open("canonical")),
        "host_close" => Some(Bracket::Close("canonical")),
        "if_open" => Some(Bracket::Open("conditional")),
        "if_close" => Some(Bracket::Close("conditional")),
        _ => None,
    }
}

/// Quotes and calls deeper than this stay tokens beside each other.
const DEEPEST: usize = 200;

/// The tree of a sendmail.mc as it is written: `quote` nodes, `call` nodes with an `argument` node
/// for each argument, `group` nodes for other parentheses, `dnl` with what it deletes, remarks.
pub fn parse_mc(source: &Arc<Source>) -> Tree {
    let text = source.text();
    let mut nest = Nest {
        tree: Builder::new(source, "file"),
        open: Vec::new(),
        remarks: loads_later(text),
    };
    let mut passed = 0;
    let is_word = |rule| rule == mc::Rule::word;
    let read = walk::<mc::Mc, _>(text, mc::Rule::file, is_word, |event| match event {
        Event::Leaf(rule, span) if span.start >= passed && span.start < span.end => {
            passed = nest.token(rule, span, text);
        }
        _ => {}
    });
    if let Err(at) = read {
        nest.tree.leaf(STRAY, Span::new(at, text.len()));
    }
    nest.tree.finish()
}

/// Whether the text itself loads the library of m4 macros; what stands before that is m4 as it is
/// without it, where `#` begins a remark.
pub fn loads_later(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        line.contains("include(") && line.contains("m4/cf.m4") && !line.starts_with("dnl")
    })
}

struct Nest {
    tree: Builder,
    /// What is open, from the outside, with whether each is a quote.
    open: Vec<Level>,
    /// Whether `#` still begins a remark.
    remarks: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Quote,
    Call,
    Group,
}

impl Nest {
    fn quoted(&self) -> bool {
        self.open.contains(&Level::Quote)
    }

    /// Puts a token into the tree; up to where the text is done with.
    fn token(&mut self, rule: mc::Rule, span: Span, text: &str) -> usize {
        let next = text[span.end..].bytes().next();
        let line = || {
            text[span.end..]
                .find('\n')
                .map_or(text.len(), |at| span.end + at + 1)
        };
        let kind = match rule {
            mc::Rule::word if &text[span.start..span.end] == "dnl" && !self.quoted() => {
                self.tree.leaf("dnl", Span::new(span.start, line()));
                return line();
            }
            mc::Rule::hash if self.remarks && self.open.is_empty() => {
                self.tree.leaf("comment", Span::new(span.start, line()));
                return line();
            }
            mc::Rule::word if next == Some(b'(') && self.open.len() < DEEPEST => {
                self.tree.open("call", span.start);
                self.tree.leaf("callee", span);
                self.tree.leaf("open", Span::new(span.end, span.end + 1));
                self.tree.open("argument", span.end + 1);
                self.open.push(Level::Call);
                return span.end + 1;
            }
            mc::Rule::open if self.open.len() < DEEPEST => {
                self.tree.open("group", span.start);
                self.open.push(Level::Group);
                "open"
            }
            mc::Rule::quote_open if self.open.len() < DEEPEST => {
                self.tree.open("quote", span.start);
                self.open.push(Level::Quote);
                "quote_open"
            }
            mc::Rule::quote_close if self.quoted() => {
                while self.open.last() != Some(&Level::Quote) {
                    self.close(span.start);
                }
                self.tree.leaf("quote_close", span);
                self.close(span.end);
                return span.end;
            }
            mc::Rule::close if matches!(self.open.last(), Some(Level::Call | Level::Group)) => {
                if self.open.last() == Some(&Level::Call) {
                    self.tree.close(span.start);
                    self.tree.leaf("close", span);
                    self.open.pop();
                    self.tree.close(span.end);
                } else {
                    self.tree.leaf("close", span);
                    self.close(span.end);
                }
                if self.remarks && self.open.is_empty() {
                    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
                    self.remarks = !text[start..span.start].contains("m4/cf.m4");
                }
                return span.end;
            }
            mc::Rule::comma if self.open.last() == Some(&Level::Call) => {
                self.tree.close(span.start);
                self.tree.leaf("comma", span);
                self.tree.open("argument", span.end);
                return span.end;
            }
            mc::Rule::word => "word",
            mc::Rule::quote_open => "quote_open",
            mc::Rule::quote_close => "quote_close",
            mc::Rule::open => "open",
            mc::Rule::close => "close",
            mc::Rule::comma => "comma",
            mc::Rule::hash => "hash",
            mc::Rule::blank => "blank",
            mc::Rule::line_end => "line_end",
            _ => "text",
        };
        self.tree.leaf(kind, span);
        span.end
    }

    fn close(&mut self, end: usize) {
        if self.open.pop() == Some(Level::Call) {
            self.tree.close(end);
        }
        self.tree.close(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::tree::Branch;

    fn joined(tree: &Tree) -> String {
        tree.leaves().map(Branch::text).collect()
    }

    fn kinds(tree: &Tree) -> Vec<&'static str> {
        tree.root().children().map(Branch::kind).collect()
    }

    #[test]
    fn calls_hold_their_arguments_and_quotes_what_they_enclose() {
        let text = "define(`a', `b(c, `d')')dnl x (\n# FEATURE(`y')\nFEATURE (`z')\n";
        let tree = parse_mc(&Source::new("x.mc", text));
        assert_eq!(joined(&tree), text);
        let call = tree.root().child("call").unwrap();
        let arguments: Vec<_> = call
            .children()
            .filter(|node| node.kind() == "argument")
            .map(Branch::text)
            .collect();
        assert_eq!(arguments, ["`a'", " `b(c, `d')'"]);
        assert_eq!(call.text(), "define(`a', `b(c, `d')')");
        let calls: Vec<_> = tree
            .branches()
            .filter(|node| node.kind() == "callee")
            .map(Branch::text)
            .collect();
        assert_eq!(calls, ["define", "b", "FEATURE"]);
        assert!(kinds(&tree).contains(&"dnl") && kinds(&tree).contains(&"group"));
    }

    #[test]
    fn before_the_library_is_loaded_a_hash_begins_a_remark() {
        let text = "# it's\ninclude(`/usr/m4/cf.m4')\n# FEATURE(`x')\n";
        let tree = parse_mc(&Source::new("x.mc", text));
        assert_eq!(kinds(&tree)[0], "comment");
        let calls = tree.root().children().filter(|n| n.kind() == "call");
        assert_eq!(calls.count(), 2);
    }

    #[test]
    fn a_line_of_sendmail_cf_is_told_by_its_first_character() {
        let text = "V10/Berkeley\n# c\n more c\nO LogLevel=9\nOL9\nCw a b\n\tc # r\nDj$w.x\nFw-o /a %[^\\#]\nSfoo=3\n\
                    R$* < $+ >\t$: $(m $1 $: $2 $) $#error $: x\tnote\nMlocal, P=/a, F=x,\n\tA=b $u\nKm hash -o /x\n\
                    H?D?Date: $a\nXa, S=inet:1@h, F=T\nEA=b\nPx=0\nTroot\nQq, P=/x\nZ what\n";
        let tree = parse_cf(&Source::new("x.cf", text));
        assert_eq!(joined(&tree), text);
        let wanted = [
            "version",
            "comment",
            "option",
            "option",
            "class",
            "macro",
            "class_file",
            "ruleset",
            "rule",
            "mailer",
            "map",
            "header",
            "filter",
            "environment",
            "priority",
            "trusted",
            "queue_group",
            "stray",
        ];
        assert_eq!(kinds(&tree), wanted);
        let rule = tree.root().child("rule").unwrap();
        assert_eq!(rule.child("left").unwrap().text(), "$* < $+ >");
        let lookup = rule.child("right").unwrap().child("lookup").unwrap();
        assert_eq!(lookup.text(), "$(m $1 $: $2 $)");
        assert_eq!(rule.child("note").unwrap().text(), "note");
        let mailer = tree.root().child("mailer").unwrap();
        assert_eq!(
            mailer.children().filter(|n| n.kind() == "equate").count(),
            3
        );
    }

    #[test]
    fn maps_are_keys_and_values() {
        let text = "# c\nConnect:1.2 RELAY # x\n  indented x\nlone\nTLS_Clt:\tENCR\nroot: a,\n b\n";
        let tree = parse_table(&Source::new("access", text));
        assert_eq!(joined(&tree), text);
        assert_eq!(
            kinds(&tree),
            ["comment", "entry", "stray", "stray", "entry", "entry"]
        );
    }

    #[test]
    fn no_byte_is_lost() {
        let pieces = [
            "`",
            "'",
            "(",
            ")",
            ",",
            "dnl",
            " ",
            "\t",
            "\n",
            "\r",
            "\n ",
            "\n\t",
            "#",
            "$",
            "$(",
            "$)",
            "$[",
            "$?x",
            "$|",
            "$.",
            "{",
            "}",
            "\"",
            "\\",
            "R",
            "S",
            "D",
            "C",
            "O ",
            "M",
            "K",
            "H",
            "F",
            "X",
            "V",
            "E",
            "T",
            "P",
            "Q",
            "=",
            ":",
            "?",
            "/",
            "define(",
            "include(`m4/cf.m4')",
            "x",
            "é",
            "0",
            "\u{0}",
            "A=",
            "P=",
            "Name: ",
        ];
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..20_000 {
            let text: String = (0..random.usize(0..24))
                .map(|_| *random.choice(&pieces).unwrap())
                .collect();
            let source = Source::new("t", text);
            for parse in [parse_mc, parse_cf, parse_table, parse_class] {
                assert_eq!(joined(&parse(&source)), source.text());
            }
        }
    }
}
