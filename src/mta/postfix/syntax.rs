//! Reading Postfix's files without loss. Must not know what a parameter means.

use std::ops::Range;

use crate::mta::grammar::{Bracket, grammar};
use crate::mta::tree::{Branch, Tree};
use crate::text::Span;

grammar!(
    main,
    "../grammars/postfix_main.pest",
    [setting],
    super::bracket
);
grammar!(
    master,
    "../grammars/postfix_master.pest",
    [service],
    super::bracket
);
grammar!(table, "../grammars/postfix_table.pest", [entry], |_| None);

pub use main::parse as parse_main;
pub use master::parse as parse_master;
pub use table::parse as parse_table;

fn bracket(kind: &str) -> Option<Bracket> {
    match kind {
        "macro_open" | "open" => Some(Bracket::Open("braces")),
        "close" => Some(Bracket::Close("braces")),
        "parens_open" => Some(Bracket::Open("parens")),
        "parens_close" => Some(Bracket::Close("parens")),
        _ => None,
    }
}

/// Text as the daemon reads it, put together from pieces of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The text.
    pub text: String,
    /// Where each piece begins: in the text, and in the file.
    pieces: Vec<(usize, usize)>,
    /// The place in the file where the text stands, or would if it is empty.
    span: Span,
}

impl Joined {
    /// The leaves of these nodes without line ends, comments and blank lines, and without white
    /// space at the ends. `empty` is where the text would stand if there is none.
    fn of<'t>(nodes: impl Iterator<Item = Branch<'t>>, empty: usize) -> Self {
        let mut joined = Self {
            span: Span::new(empty, empty),
            ..Self::default()
        };
        for leaf in nodes.filter(|node| node.is_leaf()) {
            // The daemon deletes the line end and keeps the blanks of the next line.
            if !matches!(leaf.kind(), "line_end" | "comment" | "blank") {
                joined.pieces.push((joined.text.len(), leaf.span().start));
                joined.text += leaf.text();
            }
        }
        joined.trim()
    }

    fn trim(self) -> Self {
        let start = self.text.len() - self.text.trim_start_matches(is_white).len();
        let end = self.text.trim_end_matches(is_white).len().max(start);
        if start == end {
            return Self {
                text: String::new(),
                pieces: Vec::new(),
                ..self
            };
        }
        self.part(start..end)
    }

    /// A part of it.
    pub fn part(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let first = self
            .pieces
            .partition_point(|&(at, _)| at <= range.start)
            .saturating_sub(1);
        let pieces = self.pieces[first.min(self.pieces.len())..]
            .iter()
            .take_while(|&&(at, _)| at < range.end)
            .map(|&(at, file)| match range.start.checked_sub(at) {
                Some(into) => (0, file + into),
                None => (at - range.start, file),
            })
            .collect();
        Self {
            text,
            pieces,
            span: self.span(range),
        }
    }

    /// Where in the file these bytes of the text stand.
    pub fn span(&self, range: Range<usize>) -> Span {
        let place = |at: usize| {
            let index = self.pieces.partition_point(|&(start, _)| start <= at);
            let (start, file) = *self.pieces.get(index.checked_sub(1)?)?;
            Some(file + at - start)
        };
        let start = place(range.start);
        let end = range.end.checked_sub(1).and_then(place);
        match (start, end) {
            (Some(start), Some(end)) if end >= start => Span::new(start, end + 1),
            (Some(start), _) => Span::new(start, start),
            _ => self.span,
        }
    }

    /// Where in the file all of it stands.
    pub fn place(&self) -> Span {
        if self.text.is_empty() {
            return self.span;
        }
        self.span(0..self.text.len())
    }
}

/// A setting of main.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The parameter.
    pub name: String,
    /// The characters of the name.
    pub name_span: Span,
    /// Its value as written, lines joined; nothing is expanded.
    pub value: Joined,
}

/// The settings of a main.cf, in order. Lines that are none are left out.
pub fn settings(tree: &Tree) -> Vec<Written> {
    tree.root()
        .children()
        .filter(|node| node.kind() == "setting")
        .filter_map(|setting| {
            let name = setting.child("name")?;
            let equals = setting.child("equals")?.span().end;
            Some(Written {
                name: name.text().to_owned(),
                name_span: name.span(),
                value: Joined::of(
                    setting.below().filter(|node| node.span().start >= equals),
                    equals,
                ),
            })
        })
        .collect()
}

/// The fields of a service of master.cf: what stands between blanks, braces counting as one.
pub fn fields(service: Branch<'_>) -> Vec<Joined> {
    let mut fields = Vec::new();
    let mut field: Vec<Branch<'_>> = Vec::new();
    let mut flush = |field: &mut Vec<Branch<'_>>| {
        if let Some(first) = field.first() {
            let leaves = field.iter().flat_map(|node| node.all());
            fields.push(Joined::of(leaves, first.span().start));
        }
        field.clear();
    };
    for node in service.children() {
        match node.kind() {
            "separator" | "line_end" | "comment" | "blank" => flush(&mut field),
            _ => field.push(node),
        }
    }
    flush(&mut field);
    fields
}

/// The keys and values of a lookup table, in order.
pub fn entries(tree: &Tree) -> Vec<(Joined, Joined)> {
    tree.root()
        .children()
        .filter(|node| node.kind() == "entry")
        .filter_map(|entry| {
            let key = entry
                .children()
                .find(|node| matches!(node.kind(), "key" | "quoted" | "pattern"))?;
            let end = key.span().end;
            let value = entry
                .below()
                .filter(|node| node.span().start >= end && node.kind() != "colon");
            Some((Joined::of(key.all(), end), Joined::of(value, end)))
        })
        .collect()
}

/// White space as the daemon has it.
pub fn is_white(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{0b}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn logical_lines_are_joined_as_the_daemon_does() {
        let text = "# c\nmyhostname = a\n# c\n\n   b = c\nx=1\r\n  y  =  # not a comment  \nz =\n\u{feff}k = 1\n=\n";
        let tree = parse_main(&Source::new("main.cf", text));
        let read: Vec<(String, String)> = settings(&tree)
            .into_iter()
            .map(|s| (s.name, s.value.text))
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
        assert_eq!(settings(&tree)[0].value.text, "${b?{c} :{e}} }f");
    }

    #[test]
    fn an_entry_has_its_key_and_value() {
        let text =
            "/a (.+)\\/b/i\n  REPLACE x (y $1) ${2}z\nuser@x: a, \"|cmd b\"\nif /x/\nendif\nkey\n";
        let tree = parse_table(&Source::new("t.pcre", text));
        let read: Vec<_> = entries(&tree)
            .into_iter()
            .map(|(key, value)| (key.text, value.text))
            .collect();
        let wanted = [
            ("/a (.+)\\/b/i", "REPLACE x (y $1) ${2}z"),
            ("user@x", "a, \"|cmd b\""),
        ];
        assert_eq!(
            read,
            wanted.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        assert_eq!(
            tree.strays().map(Branch::text).collect::<Vec<_>>(),
            ["key\n"]
        );
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
