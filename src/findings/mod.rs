//! What smtpconf has to say: findings, each with a rule's name and the places it speaks of.
//! Must not know how findings are printed or which rules exist.

use std::sync::Arc;

use crate::text::{Place, Source, Span};

/// How bad a finding is. Ordered: `Note < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing has to change.
    Note,
    /// Probably a mistake.
    Warning,
    /// Wrong: it will not work, or it is dangerous.
    Error,
}

impl Severity {
    /// The word printed for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place with the words printed under it.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A few words; empty for none.
    pub text: String,
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's name, in kebab-case.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and why it matters: one sentence.
    pub message: String,
    /// Where: the first place is the one to mend, the others explain it.
    pub labels: Vec<Label>,
    /// What to write instead; empty for none.
    pub help: String,
}

impl Finding {
    /// A finding at `span` of `source`.
    pub fn new(
        severity: Severity,
        rule: &'static str,
        source: &Arc<Source>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            message: short(message.into()),
            labels: vec![Label {
                place: Place::new(source, span),
                text: String::new(),
            }],
            help: String::new(),
        }
    }

    /// The same finding with one more place that explains it.
    #[must_use]
    pub fn and(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            place,
            text: text.into(),
        });
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = text.into();
        self
    }
}

/// The message; of one that quotes a text without end, the front.
fn short(mut message: String) -> String {
    const LONGEST: usize = 1000;
    if message.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&at| message.is_char_boundary(at));
        message.truncate(end.unwrap_or_default());
        message.push('…');
    }
    message
}

/// Puts findings into the order of reports: by source, then by place, then by rule.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
}

/// Whether two findings say the same of the same place.
pub fn same(a: &Finding, b: &Finding) -> bool {
    key(a) == key(b)
}

fn key(finding: &Finding) -> (Option<(&str, Span)>, &str, &str) {
    let place = finding.labels.first().map(|label| &label.place);
    let at = place.map(|place| (place.source.name(), place.span));
    (at, finding.rule, &finding.message)
}
