//! What is wrong with how an Exim file is written, as far as the text alone shows it: what the
//! daemon passes over in silence, or takes for something else. Must not know what macros or other
//! files make of it.

mod values;

use std::sync::Arc;

use crate::findings::{Finding, Severity};
use crate::mta::tree::{Branch, STRAY, Tree};
use crate::text::{Edit, Place, Source, Span};

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

    /// Has the last finding mended so, as was most likely meant.
    fn mend(&mut self, changes: impl IntoIterator<Item = (Span, String)>) {
        let edits = changes.into_iter().map(|(span, text)| Edit {
            place: Place::new(&self.source, span),
            text,
        });
        let edits = edits.collect();
        if let Some(last) = self.findings.pop() {
            self.findings.push(last.unsafe_fix(edits));
        }
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
                if behind == Some('\t') {
                    let end = word.span().end;
                    self.mend([(Span::new(end, end + 1), " ".to_owned())]);
                }
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
        let end = word.span().end;
        let at = |at: usize| Span::new(at, at + 1);
        match behind {
            Some('\r') => {
                let ends = self.source.text().match_indices("\r\n");
                let ends: Vec<_> = ends.map(|(end, _)| (at(end), String::new())).collect();
                self.mend(ends);
            }
            Some('\t') => self.mend([(at(end), " ".to_owned())]),
            _ => {}
        }
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
            let start = ignored.span().start;
            let before = self.source.slice(Span::new(0, start)).trim_end().len();
            self.mend([(Span::new(before, start), "\n  ".to_owned())]);
        }
    }

    fn stray(&mut self, node: Branch<'_>) {
        let text = node.text().trim();
        let blanks = node.text().len() - node.text().trim_start().len();
        let start = node.span().start + blanks;
        let span = Span::new(start, start + text.len());
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::exim::syntax::parse;

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
