//! Remarks that allow a finding: `# smtpconf: allow RULE: reason`, above the line that it is about,
//! or `allow RULE in this file: reason` anywhere. Must not know what any rule looks for.

use std::cell::Cell;
use std::sync::Arc;

use super::levels::Selector;
use crate::findings::{Finding, Severity};
use crate::mta::{Branch, Dialect};
use crate::text::{Source, Span};

/// What begins such a remark, behind the sign that begins every one.
const SIGN: &str = "smtpconf:";

/// A finding that a file allows.
#[derive(Debug)]
struct Allowed {
    /// Which rules.
    selector: Selector,
    /// The characters that name them.
    span: Span,
    /// The bytes where they may be; `None` for the whole file.
    extent: Option<Span>,
    is_used: Cell<bool>,
}

/// What the remarks of a file allow.
#[derive(Debug)]
pub struct Suppressions {
    source: Arc<Source>,
    allowed: Vec<Allowed>,
    faults: Vec<Finding>,
}

impl Suppressions {
    /// Reads the remarks of a server's file, or, without a dialect, of a description.
    pub fn read(source: &Arc<Source>, dialect: Option<&Dialect>) -> Self {
        let mut read = Self {
            source: Arc::clone(source),
            allowed: Vec::new(),
            faults: Vec::new(),
        };
        if !source.text().contains(SIGN) {
            return read;
        }
        let remark = dialect.map_or("#", |dialect| dialect.remark);
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let text = line.trim_start();
            let front = line.len() - text.len();
            if let Some(rest) = text.strip_prefix(remark)
                && let Some(words) = rest.trim_start().strip_prefix(SIGN)
            {
                let at = start + front + text.len() - words.len();
                let target = target(source, start + line.len(), remark, dialect);
                read.remark(at, words.trim_end(), target);
            }
            start += line.len();
        }
        read
    }

    /// Reads what stands behind the sign, at the byte `at`.
    fn remark(&mut self, at: usize, words: &str, target: Span) {
        let front = words.len() - words.trim_start().len();
        let span = Span::new(at + front, at + words.len());
        let Some((names, reason)) = words
            .trim_start()
            .strip_prefix("allow ")
            .and_then(|rest| rest.split_once(':'))
            .filter(|(_, reason)| !reason.trim().is_empty())
        else {
            let message = "this remark allows nothing: it does not say what and why";
            self.fault(span, message.to_owned());
            return;
        };
        let _ = reason;
        let here = names.trim_end().strip_suffix("in this file");
        let extent = here.is_none().then_some(target);
        let mut begin = span.start + "allow ".len();
        for name in here.unwrap_or(names).split(',') {
            let front = name.len() - name.trim_start().len();
            let span = Span::new(begin + front, begin + front + name.trim().len());
            begin += name.len() + 1;
            match Selector::parse(name.trim()) {
                Ok(selector) => self.allowed.push(Allowed {
                    selector,
                    span,
                    extent,
                    is_used: Cell::new(false),
                }),
                Err(reason) => self.fault(span, reason),
            }
        }
    }

    fn fault(&mut self, span: Span, message: String) {
        self.faults.push(
            Finding::new(Severity::Error, "bad-suppression", &self.source, span, message)
                .help("write `smtpconf: allow RULE: reason` above the line, or `allow RULE in this file: reason`"),
        );
    }

    /// Whether the file allows this finding, which is then noted.
    pub fn allows(&self, finding: &Finding) -> bool {
        let Some(place) = finding.labels.first().map(|label| &label.place) else {
            return false;
        };
        if place.source.name() != self.source.name() {
            return false;
        }
        let mut is_allowed = false;
        for allowed in &self.allowed {
            let is_here = allowed.extent.is_none_or(|extent| {
                (extent.start..extent.end.max(extent.start + 1)).contains(&place.span.start)
            });
            if is_here && allowed.selector.holds(finding.rule) {
                allowed.is_used.set(true);
                is_allowed = true;
            }
        }
        is_allowed
    }

    /// What is wrong with the remarks themselves, once every finding was shown to them.
    pub fn faults(self) -> Vec<Finding> {
        let unused = self.allowed.iter().filter(|allowed| !allowed.is_used.get());
        let unused = unused.map(|allowed| {
            let name = self.source.slice(allowed.span);
            let message = format!("nothing here is `{name}`: there is nothing to allow");
            let rule = "unused-suppression";
            Finding::new(Severity::Warning, rule, &self.source, allowed.span, message)
                .help("take the remark out")
        });
        let mut faults: Vec<Finding> = unused.collect();
        faults.extend(self.faults);
        faults
    }
}

/// What a remark is about that ends at the byte `from`: the next line that is no remark and not
/// empty, and what goes on from it on further lines.
fn target(source: &Source, from: usize, remark: &str, dialect: Option<&Dialect>) -> Span {
    let rest = source.text().get(from..).unwrap_or_default();
    let mut start = from;
    for line in rest.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() && !text.starts_with(remark) {
            let tree = dialect.map(|dialect| (dialect.parse)(&Source::new("", source.text())));
            let begins = start..start + line.len();
            let item = tree.as_ref().and_then(|tree| {
                let mut nodes = tree.branches().skip(1).map(Branch::span);
                nodes.find(|span| begins.contains(&span.start))
            });
            let end = begins.end.max(item.map_or(0, |span| span.end));
            return Span::new(start, end);
        }
        start += line.len();
    }
    Span::new(from, from)
}
