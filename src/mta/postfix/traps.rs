//! What is wrong with how Postfix's files are written, whatever it means: lines that fit nothing,
//! and text that the daemon takes in silence for something else. Must not know any value's meaning.

use super::mending::cut;
use super::parameters::Parameter;
use super::services::options;
use super::syntax::{self, Joined, is_white};
use crate::findings::{Finding, Severity};
use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Span};

/// Of a main.cf.
pub fn main(tree: &Tree) -> Vec<Finding> {
    let help = "write `name = value`; a line that goes on the one before begins with a blank";
    let mut findings = strays(
        tree,
        "a line without `name =`: every Postfix program dies at it",
        help,
    );
    for setting in tree
        .root()
        .children()
        .filter(|node| node.kind() == "setting")
    {
        findings.extend(glued(tree, setting));
    }
    for setting in syntax::settings(tree) {
        // As UTF-8, and as ISO 8859-1 where the rest of the file is none.
        let mark = ["\u{feff}", "\u{ef}\u{bb}\u{bf}"]
            .into_iter()
            .find(|mark| setting.name.starts_with(mark));
        if let Some(mark) = mark {
            findings.push(
                finding(
                    tree,
                    "byte-order-mark",
                    Span::new(setting.name_span.start, setting.name_span.start + mark.len()),
                    "a byte order mark: it becomes part of the first name, so that setting does nothing",
                )
                .help("save the file without it")
                .unsafe_fix(cut(tree.source(), Span::new(setting.name_span.start, setting.name_span.start + mark.len()))),
            );
        }
        findings.extend(value(tree, &setting.name, &setting.value));
    }
    findings
}

/// Of a master.cf.
pub fn master(tree: &Tree) -> Vec<Finding> {
    let help = "a service has seven fields and a command: service type private unpriv chroot wakeup maxproc command";
    let mut findings = strays(
        tree,
        "fewer than eight fields: Postfix does not start",
        help,
    );
    for service in tree
        .root()
        .children()
        .filter(|node| node.kind() == "service")
    {
        findings.extend(arguments(tree, service));
    }
    findings
}

/// Of a lookup table.
pub fn table(tree: &Tree) -> Vec<Finding> {
    let help = "write the key, a blank, and the value";
    let mut findings = strays(tree, "a key without a value: the line is ignored", help);
    for finding in &mut findings {
        finding.severity = Severity::Warning;
    }
    findings
}

fn finding(tree: &Tree, rule: &'static str, span: Span, message: impl Into<String>) -> Finding {
    Finding::new(Severity::Warning, rule, tree.source(), span, message)
}

fn strays(tree: &Tree, message: &str, help: &str) -> Vec<Finding> {
    tree.strays()
        .map(|stray| {
            let text = stray.text();
            let indented = text.starts_with(is_white);
            let front = text.len() - text.trim_start_matches(is_white).len();
            let line = text[front..]
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end_matches(is_white)
                .len();
            let span = Span::new(
                stray.span().start + front,
                stray.span().start + front + line,
            );
            if indented {
                return finding(
                    tree,
                    "stray-line",
                    span,
                    "an indented line with nothing before it: it is dropped",
                )
                .help("take the blanks at its front out, or the line")
                .unsafe_fix(cut(tree.source(), blanks(tree, span.start)));
            }
            let mut found = finding(tree, "stray-line", span, message).help(help);
            found.severity = Severity::Error;
            found
        })
        .collect()
}

/// The blanks between the start of a line and `at`.
fn blanks(tree: &Tree, at: usize) -> Span {
    let front = &tree.source().text()[..at];
    Span::new(front.trim_end_matches(is_white).len(), at)
}

/// A comment behind a value, moved to a line of its own before the setting; nothing where it does
/// not end its line.
fn own_line(tree: &Tree, comment: Span) -> Vec<Edit> {
    let text = tree.source().text();
    let line = text[..comment.start].rfind('\n').map_or(0, |at| at + 1);
    if text[comment.start..comment.end].contains('\n') || text[line..].starts_with(is_white) {
        return Vec::new();
    }
    let mut edits = cut(
        tree.source(),
        Span::new(blanks(tree, comment.start).start, comment.end),
    );
    edits.push(Edit {
        place: Place::new(tree.source(), Span::new(line, line)),
        text: format!("{}\n", &text[comment.start..comment.end]),
    });
    edits
}

/// A value without the quotes around it.
fn unquoted(tree: &Tree, value: Span) -> Vec<Edit> {
    let mut edits = cut(tree.source(), Span::new(value.start, value.start + 1));
    edits.extend(cut(tree.source(), Span::new(value.end - 1, value.end)));
    edits
}

/// Lines that look like settings of their own, but are indented and so belong to the one before.
fn glued(tree: &Tree, setting: Branch<'_>) -> Vec<Finding> {
    let name = setting.child("name").map_or("", Branch::text);
    let mut findings = Vec::new();
    let mut at_start = false;
    for leaf in setting.below().filter(|node| node.is_leaf()) {
        if leaf.kind() == "word" && at_start {
            let rest = &tree.source().text()[leaf.span().start..setting.span().end];
            let line = rest.lines().next().unwrap_or_default();
            if let Some((inner, _)) = line.split_once('=') {
                let inner = inner.trim_end_matches(is_white);
                if Parameter::named(inner).is_some() {
                    let span = Span::new(leaf.span().start, leaf.span().start + inner.len());
                    let message = format!(
                        "this line is indented, so it is part of the value of `{name}`, not a setting of `{inner}`"
                    );
                    findings.push(
                        finding(tree, "glued-line", span, message)
                            .help("take the blanks at its front out")
                            .unsafe_fix(cut(tree.source(), blanks(tree, span.start))),
                    );
                }
            }
        }
        at_start = match leaf.kind() {
            "line_end" | "blank" | "comment" => true,
            "separator" => at_start,
            _ => false,
        };
    }
    findings
}

/// Text in a value that other formats would read as something else.
fn value(tree: &Tree, name: &str, value: &Joined) -> Vec<Finding> {
    let text = &value.text;
    let mut findings = Vec::new();
    if let Some(at) = text
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|&at| text[..at].ends_with(is_white))
    {
        let message = format!(
            "this is no comment: it is part of the value of `{name}` (Postfix has comments only on lines of their own)"
        );
        findings.push(
            finding(tree, "inline-comment", value.span(at..text.len()), message)
                .help("put it on a line of its own")
                .unsafe_fix(own_line(tree, value.span(at..text.len()))),
        );
    }
    // Quotes within are for whom the value is for, as are those of a value that is left to its
    // program.
    let is_quoted = ['"', '\''].into_iter().any(|quote| {
        let inner = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains(quote))
    });
    if is_quoted && !Parameter::named(name).is_some_and(Parameter::is_raw) {
        let message = format!("the quotes are part of the value of `{name}`: Postfix has none");
        findings.push(
            finding(tree, "quoted-value", value.place(), message)
                .help("take the quotes out")
                .unsafe_fix(unquoted(tree, value.place())),
        );
    }
    let mut at = value.place().start;
    for line in tree.source().slice(value.place()).split_inclusive('\n') {
        let written = line.trim_end_matches(is_white);
        if written.ends_with('\\') && !written.trim_start_matches(is_white).starts_with('#') {
            let message = "the backslash is part of the value: a line goes on where the next one begins with a blank";
            let end = at + written.len();
            let all = written.trim_end_matches(|c| c == '\\' || is_white(c));
            let all = Span::new(at + all.len(), end);
            findings.push(
                finding(
                    tree,
                    "backslash-at-line-end",
                    Span::new(end - 1, end),
                    message,
                )
                .help("take it out, and indent the next line if it belongs to this value")
                .unsafe_fix(cut(tree.source(), all)),
            );
        }
        at += line.len();
    }
    if let Some(at) = text.find('\0') {
        let message = "a NUL byte: what stands behind it may be ignored";
        let all = text
            .match_indices('\0')
            .map(|(at, _)| value.span(at..at + 1));
        let edits = all.flat_map(|one| cut(tree.source(), one)).collect();
        findings.push(
            finding(tree, "nul-byte", value.span(at..at + 1), message)
                .help("take it out")
                .unsafe_fix(edits),
        );
    }
    findings
}

/// An argument that ends the options of a service before their time.
fn arguments(tree: &Tree, service: Branch<'_>) -> Option<Finding> {
    let fields = syntax::fields(service);
    let command = fields[7].text.as_str();
    let argument = options(&fields[8..]).1.first()?;
    let text = argument.text.as_str();
    if text.starts_with('#') {
        let message = "this is no comment: it and what follows are arguments of the program";
        return Some(
            finding(tree, "inline-comment", argument.place(), message)
                .help("put it on a line of its own"),
        );
    }
    // The programs that take words of their own (pipe(8), spawn(8), smtp(8)).
    let takes_words =
        matches!(command, "pipe" | "spawn" | "smtp" | "lmtp") || command.contains('/');
    // A lone `=` follows a name without its value, which is a finding of its own.
    if takes_words || text == "=" {
        return None;
    }
    let message = format!(
        "`{text}` is an argument that `{command}` does not take: it dies on use, and every `-o` behind it is ignored"
    );
    let mut found = finding(tree, "stray-argument", argument.place(), message).help(
        "a value with blanks stands in braces: `-o { name = value with blanks }`; else write it without blanks",
    );
    found.severity = Severity::Error;
    Some(found)
}
