//! Traps of maps as text and of class files. Must not know what the keys mean.

use std::collections::HashSet;

use crate::findings::{Finding, Severity};
use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Span};

/// Findings of a map.
pub fn syntax(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |severity, rule, span: Span, message: String, help: &str| {
        let finding = Finding::new(severity, rule, tree.source(), span, message).help(help);
        let gone = |part: std::ops::Range<usize>| {
            vec![Edit {
                place: Place::new(tree.source(), span.part(part)),
                text: String::new(),
            }]
        };
        let text = tree.source().slice(span);
        found.push(match rule {
            "duplicate-key" => {
                let rest = &tree.source().text()[span.start..];
                let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
                let span = Span::new(span.start, span.start + end);
                finding.safe_fix(vec![Edit {
                    place: Place::new(tree.source(), span),
                    text: String::new(),
                }])
            }
            "indented-line" => finding.unsafe_fix(gone(0..text.len() - text.trim_start().len())),
            "carriage-return" => finding.unsafe_fix(gone(text.len() - 1..text.len())),
            _ => finding,
        });
    };
    let mut keys: HashSet<String> = HashSet::new();
    for node in tree.root().children() {
        if node.kind() == "stray" {
            let line = node
                .span()
                .part(0..node.text().trim_end_matches(['\n', '\r']).len());
            if node.text().starts_with([' ', '\t']) {
                let message = "makemap refuses a line that begins with a blank: the entry is missing from the map";
                say(
                    Severity::Warning,
                    "indented-line",
                    line,
                    message.to_owned(),
                    "write the key from the first column",
                );
            } else {
                let message =
                    "makemap refuses a key without a value: the entry is missing from the map";
                say(
                    Severity::Warning,
                    "key-without-value",
                    line,
                    message.to_owned(),
                    "",
                );
            }
        }
        if node.kind() != "entry" {
            continue;
        }
        if let Some(value) = node.child("value") {
            let text = value.text();
            if text.ends_with('\r') {
                let message = "the carriage return at the end of this line becomes part of the value, which then is no \
                               known word";
                say(
                    Severity::Warning,
                    "carriage-return",
                    value.span(),
                    message.to_owned(),
                    "end lines with a line feed alone",
                );
            }
            if let Some(at) = text.find(" #").or_else(|| text.find("\t#")) {
                let message = "`#` begins a remark only at the start of a line: here it becomes part of the value";
                let span = value.span().part(at + 1..text.len());
                say(
                    Severity::Warning,
                    "hash-in-value",
                    span,
                    message.to_owned(),
                    "put the remark on a line of its own",
                );
            }
        }
        let key = node.child("key").or_else(|| node.child("bare"));
        if let Some(key) = key
            && !keys.insert(key.text().to_lowercase())
        {
            let message = format!(
                "`{}` stands here twice: makemap keeps the first and refuses this one",
                key.text()
            );
            say(Severity::Warning, "duplicate-key", key.span(), message, "");
        }
    }
    found
}

/// Findings of a class's file.
pub fn class(tree: &Tree) -> Vec<Finding> {
    let lines = tree.root().children().filter(|node| node.kind() == "line");
    let found = lines.filter_map(|line| {
        let mut words = line.children().filter(|node| node.kind() == "word");
        let (first, second) = (words.next()?, words.next());
        let say = |node: Branch<'_>, rule, message: &str, begin: usize, between: &str| {
            let span = Span::new(begin, node.span().start);
            let edit = Edit {
                place: Place::new(tree.source(), span),
                text: between.to_owned(),
            };
            Finding::new(Severity::Warning, rule, tree.source(), node.span(), message)
                .unsafe_fix(vec![edit])
        };
        if first.text().starts_with('#') {
            let message = "`#` begins a remark only in the first column: here it becomes a word of the class";
            return Some(say(first, "indented-hash", message, line.span().start, ""));
        }
        second.map(|second| {
            let message = "only the first word of each line is read, unless the file is opened with a format of its own";
            say(second, "second-word", message, first.span().end, "\n")
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::syntax::{parse_class, parse_table};
    use super::*;
    use crate::text::Source;

    #[test]
    fn maps_have_their_traps() {
        let text = "Connect:1.2 RELAY\r\nTo:a RELAY # b\n x y\nlone\nto:A OK\n# c\n";
        let tree = parse_table(&Source::new("access", text));
        let rules: Vec<_> = syntax(&tree)
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(
            rules,
            [
                "carriage-return",
                "hash-in-value",
                "indented-line",
                "key-without-value",
                "duplicate-key"
            ]
        );
        let tree = parse_class(&Source::new("local-host-names", "a\nb c\n # d\n# e\n"));
        let rules: Vec<_> = class(&tree)
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(rules, ["second-word", "indented-hash"]);
    }
}
