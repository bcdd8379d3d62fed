//! What mends a finding of a sendmail.mc, told by its rule and the call that it stands at. Must not
//! look for mistakes itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::catalogue;
use super::super::edits::{calls, with_dnl};
use super::words::{LIKENESSES, callee};
use crate::findings::Finding;
use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Source, Span};

/// The findings, those with an edit that can be mended by one.
pub fn with_fixes(findings: Vec<Finding>, tree: &Tree) -> Vec<Finding> {
    let source = tree.source();
    let calls = calls(tree).map(|call| (call.span().start, call));
    let calls: BTreeMap<usize, Branch<'_>> = calls.collect();
    let with_fix = |finding: Finding| {
        let Some(place) = finding.labels.first().map(|label| label.place.clone()) else {
            return finding;
        };
        // Another file that this one includes has no tree here.
        if !Arc::ptr_eq(&place.source, source) || finding.fix.is_some() {
            return finding;
        }
        let mut mend = Mend {
            source,
            calls: &calls,
            edits: Vec::new(),
        };
        let is_safe = mend.write(finding.rule, place.span);
        if is_safe {
            finding.safe_fix(mend.edits)
        } else {
            finding.unsafe_fix(mend.edits)
        }
    };
    findings.into_iter().map(with_fix).collect()
}

/// Edits that are being written.
struct Mend<'t> {
    source: &'t Arc<Source>,
    /// The calls of the file, by where they begin.
    calls: &'t BTreeMap<usize, Branch<'t>>,
    edits: Vec<Edit>,
}

impl<'t> Mend<'t> {
    /// Writes the edits; says whether they leave what the server does as it is.
    fn write(&mut self, rule: &str, at: Span) -> bool {
        let call = self.calls.get(&at.start).copied();
        match (rule, call) {
            ("hash-dnl", _) => self.put(Span::new(at.start, at.start + 1), ""),
            ("live-remark", _) => self.put(Span::new(at.start, at.start), "dnl "),
            ("trailing-text", _) => {
                let before = self.source.text()[..at.start].trim_end_matches([' ', '\t']);
                self.put(Span::new(before.len(), at.start), "dnl ");
            }
            ("blank-before-dnl", _) => self.put(at, ""),
            ("space-before-parenthesis", _) => self.unblank(at.end),
            ("continues-nothing", _) => self.unblank(at.start),
            ("typographic-character", _) => self.plain(at),
            ("duplicate-mailer", Some(call)) => {
                self.put(self.line(call), "");
                return true;
            }
            ("duplicate-ostype", Some(call)) => self.put(self.line(call), ""),
            ("straight-quotes", _) => {
                let before = self.calls.range(..at.end).next_back();
                let around = before.filter(|(_, call)| at.start < call.span().end);
                if let Some((_, &call)) = around {
                    self.quote(call);
                }
            }
            ("excess-arguments", Some(call)) => self.join(call),
            ("feature-after-mailer" | "feature-order" | "define-too-late", Some(call)) => {
                self.before_mailers(call);
            }
            ("obsolete-macro", Some(call)) => return self.obsolete(call),
            ("no-smtp-mailer", _) => {
                if let Some(last) = self.mailers().last() {
                    let end = self.line(last).end;
                    self.put(Span::new(end, end), "MAILER(`smtp')dnl\n");
                }
            }
            (_, Some(call)) => self.rename(rule, call),
            _ => {}
        }
        false
    }

    fn put(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push(Edit {
            place: Place::new(self.source, span),
            text: text.into(),
        });
    }

    fn mailers(&self) -> impl Iterator<Item = Branch<'t>> {
        self.calls
            .values()
            .copied()
            .filter(|call| callee(*call) == "MAILER")
    }

    /// A call with the rest of its line.
    fn line(&self, call: Branch<'_>) -> Span {
        with_dnl(self.source, call.span())
    }

    /// Takes the blanks away that stand there.
    fn unblank(&mut self, at: usize) {
        let rest = &self.source.text()[at..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if blanks > 0 {
            self.put(Span::new(at, at + blanks), "");
        }
    }

    /// Plain characters in place of those that only look like them, to the end of the line.
    fn plain(&mut self, at: Span) {
        let rest = self.source.text()[at.start..].lines().next();
        for (index, c) in rest.unwrap_or_default().char_indices() {
            let plain = match c {
                '\u{2018}' | '\u{201c}' => "`",
                '\u{2019}' | '\u{201d}' => "'",
                '\u{a0}' => " ",
                _ => "",
            };
            if LIKENESSES.contains(&c) {
                let start = at.start + index;
                self.put(Span::new(start, start + c.len_utf8()), plain);
            }
        }
    }

    /// m4's quotes around the arguments that others stand around.
    fn quote(&mut self, call: Branch<'_>) {
        for argument in call.children().filter(|node| node.kind() == "argument") {
            let text = argument.text().trim();
            let inner = ['\'', '"']
                .into_iter()
                .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
            if let Some(inner) = inner {
                let blanks = argument.text().len() - argument.text().trim_start().len();
                let start = argument.span().start + blanks;
                self.put(Span::new(start, start + text.len()), format!("`{inner}'"));
            }
        }
    }

    /// One argument of those that are too many.
    fn join(&mut self, call: Branch<'_>) {
        let arguments: Vec<_> = call
            .children()
            .filter(|node| node.kind() == "argument")
            .collect();
        let (known, between) = match callee(call) {
            "define" | "INPUT_MAIL_FILTER" | "MAIL_FILTER" | "QUEUE_GROUP" => (1, ", "),
            "DAEMON_OPTIONS" | "CLIENT_OPTIONS" => (0, ", "),
            _ => (0, " "),
        };
        let Some(joined) = arguments.get(known..).filter(|joined| joined.len() > 1) else {
            return;
        };
        let bare = joined.iter().map(|argument| {
            let text = argument.text().trim();
            text.strip_prefix('`')
                .and_then(|text| text.strip_suffix('\''))
                .unwrap_or(text)
        });
        let text = bare.collect::<Vec<_>>().join(between);
        let first = joined[0].text();
        let start = joined[0].span().start + first.len() - first.trim_start().len();
        let end = joined[joined.len() - 1].span().end;
        self.put(Span::new(start, end), format!("`{text}'"));
    }

    /// The call before the first `MAILER`.
    fn before_mailers(&mut self, call: Branch<'_>) {
        let first = self.mailers().next().map(|mailer| mailer.span().start);
        let Some(first) = first.filter(|first| *first < call.span().start) else {
            return;
        };
        let whole = self.line(call);
        self.put(Span::new(first, first), format!("{}dnl\n", call.text()));
        self.put(whole, "");
    }

    fn obsolete(&mut self, call: Branch<'_>) -> bool {
        let arguments: Vec<_> = call
            .children()
            .filter(|node| node.kind() == "argument")
            .collect();
        let name = arguments.first().map_or("", |name| name.text());
        let value = arguments.get(1).map_or("", |value| value.text().trim());
        match name.trim_matches(['`', '\'']) {
            "confAUTO_REBUILD" => {
                self.put(self.line(call), "");
                return true;
            }
            "confDAEMON_OPTIONS" => self.put(call.span(), format!("DAEMON_OPTIONS({value})")),
            "confCLIENT_OPTIONS" => self.put(call.span(), format!("CLIENT_OPTIONS({value})")),
            _ => {}
        }
        false
    }

    /// The name that is nearest to an unknown one.
    fn rename(&mut self, rule: &str, call: Branch<'_>) {
        let known = match rule {
            "unknown-feature" => catalogue::features(),
            "unknown-mailer" => catalogue::mailers(),
            "unknown-ostype" => catalogue::ostypes(),
            "unknown-macro" => catalogue::macros(),
            _ => return,
        };
        let Some(argument) = call.child("argument") else {
            return;
        };
        let name = argument.text().trim().trim_matches(['`', '\'']);
        let Some(at) = argument.text().find(name).filter(|_| !name.is_empty()) else {
            return;
        };
        if let Some(near) = known.nearest(name).filter(|near| *near != name) {
            let start = argument.span().start + at;
            self.put(Span::new(start, start + name.len()), near);
        }
    }
}
