//! Reading Postfix's files without loss. Must not know what a parameter means.

use std::sync::{Arc, LazyLock};

use crate::mta::grammar::{Bracket, Grammar, Kinds};
use crate::mta::tree::{Branch, Tree};
use crate::text::{Source, Span};

/// main.cf and what is read by its rules.
pub mod main {
    use super::{Grammar, Kinds, LazyLock, bracket};
    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammars/postfix_main.pest"]
    pub struct MainCf;

    static KINDS: LazyLock<Kinds> =
        LazyLock::new(|| Kinds::new(Rule::all_rules(), |rule| rule as usize));

    pub const GRAMMAR: Grammar<Rule> = Grammar {
        file: Rule::file,
        kind: |rule| KINDS.word(rule as usize),
        bracket,
    };
}

/// master.cf.
pub mod master {
    use super::{Grammar, Kinds, LazyLock, bracket};
    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammars/postfix_master.pest"]
    pub struct MasterCf;

    static KINDS: LazyLock<Kinds> =
        LazyLock::new(|| Kinds::new(Rule::all_rules(), |rule| rule as usize));

    pub const GRAMMAR: Grammar<Rule> = Grammar {
        file: Rule::file,
        kind: |rule| KINDS.word(rule as usize),
        bracket,
    };
}

/// Lookup tables.
pub mod table {
    use super::{Grammar, Kinds, LazyLock};
    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammars/postfix_table.pest"]
    pub struct Table;

    static KINDS: LazyLock<Kinds> =
        LazyLock::new(|| Kinds::new(Rule::all_rules(), |rule| rule as usize));

    pub const GRAMMAR: Grammar<Rule> = Grammar {
        file: Rule::file,
        kind: |rule| KINDS.word(rule as usize),
        bracket: |_| None,
    };
}

fn bracket(kind: &str) -> Option<Bracket> {
    match kind {
        "macro_open" | "open" => Some(Bracket::Open("braces")),
        "close" => Some(Bracket::Close("braces")),
        "parens_open" => Some(Bracket::Open("parens")),
        "parens_close" => Some(Bracket::Close("parens")),
        _ => None,
    }
}

/// The tree of a main.cf.
pub fn parse_main(source: &Arc<Source>) -> Tree {
    main::GRAMMAR.parse::<main::MainCf>(source)
}

/// The tree of a master.cf.
pub fn parse_master(source: &Arc<Source>) -> Tree {
    master::GRAMMAR.parse::<master::MasterCf>(source)
}

/// The tree of a lookup table.
pub fn parse_table(source: &Arc<Source>) -> Tree {
    table::GRAMMAR.parse::<table::Table>(source)
}

/// A setting of main.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The parameter.
    pub name: String,
    /// Its value as written, lines joined, without blanks at its ends; nothing is expanded.
    pub value: String,
    /// The characters of the name.
    pub name_span: Span,
    /// From the first character of the value to its last, as they stand in the file; where the
    /// value is empty, the end of the line.
    pub value_span: Span,
}

/// The settings of a main.cf, in order. Lines that are none are left out.
pub fn settings(tree: &Tree) -> Vec<Written> {
    tree.root()
        .children()
        .filter(|node| node.kind() == "setting")
        .filter_map(written)
        .collect()
}

fn written(setting: Branch<'_>) -> Option<Written> {
    let name = setting.child("name")?;
    let equals = setting.child("equals")?.span().end;
    let mut value = String::new();
    let mut span = Span::new(equals, equals);
    for leaf in setting.below().filter(|node| node.is_leaf()) {
        let ours =
            leaf.span().start >= equals && !matches!(leaf.kind(), "line_end" | "comment" | "blank");
        if ours {
            // The daemon deletes the line end and keeps the blanks of the next line.
            value += leaf.text();
            if !leaf.text().trim_matches(is_white).is_empty() {
                let blanks = leaf.text().len() - leaf.text().trim_start_matches(is_white).len();
                if span.start == span.end {
                    span.start = leaf.span().start + blanks;
                }
                span.end = leaf.span().start + leaf.text().trim_end_matches(is_white).len();
            }
        }
    }
    Some(Written {
        name: name.text().to_owned(),
        value: value.trim_matches(is_white).to_owned(),
        name_span: name.span(),
        value_span: span,
    })
}

/// White space as the daemon has it.
pub fn is_white(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{0b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_lines_are_joined_as_the_daemon_does() {
        let text = "# c\nmyhostname = a\n# c\n\n   b = c\nx=1\r\n  y  =  # not a comment  \nz =\n\u{feff}k = 1\n=\n";
        let tree = parse_main(&Source::new("main.cf", text));
        let read: Vec<(String, String)> = settings(&tree)
            .into_iter()
            .map(|s| (s.name, s.value))
            .collect();
        let wanted = [
            ("myhostname", "a   b = c"),
            ("x", "1\r  y  =  # not a comment"),
            ("z", ""),
            ("\u{feff}k", "1"),
        ];
        assert_eq!(
            read,
            wanted.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(tree.strays().map(Branch::text).collect::<Vec<_>>(), ["=\n"]);
    }

    #[test]
    fn braces_hold_what_they_enclose_even_over_lines() {
        let text = "a = ${b?{c}\n# d\n :{e}} }f\n";
        let tree = parse_main(&Source::new("main.cf", text));
        let group = tree
            .root()
            .child("setting")
            .unwrap()
            .child("braces")
            .unwrap();
        assert_eq!(group.text(), "${b?{c}\n# d\n :{e}}");
        assert!(group.child("comment").is_some());
        assert_eq!(settings(&tree)[0].value, "${b?{c} :{e}} }f");
    }

    #[test]
    fn a_service_has_its_fields_and_overrides() {
        let text =
            "smtp inet n - y - - smtpd\n  -o a=b{c d}\n# x\n  -o { e = f g } -v\nshort unix\n";
        let tree = parse_master(&Source::new("master.cf", text));
        let service = tree.root().child("service").unwrap();
        let kinds: Vec<_> = service
            .children()
            .map(Branch::kind)
            .filter(|k| *k != "separator")
            .collect();
        assert_eq!(
            kinds,
            [
                "name",
                "type",
                "private",
                "unprivileged",
                "chroot",
                "wakeup",
                "process_limit",
                "command",
                "line_end",
                "option",
                "parameter",
                "assign",
                "word",
                "braces",
                "line_end",
                "comment",
                "option",
                "braces",
                "word",
                "line_end"
            ]
        );
        assert_eq!(
            tree.strays().map(Branch::text).collect::<Vec<_>>(),
            ["short unix\n"]
        );
    }
}
