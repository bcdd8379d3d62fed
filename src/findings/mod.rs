//! What smtpconf has to say: findings, each with a rule's name and the places it speaks of.
//! Must not know how findings are printed or which rules exist.

mod fingerprint;

pub use fingerprint::{fingerprint, fingerprints};

use std::sync::Arc;

use crate::text::{Edit, Place, Source, Span};

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

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Certainty {
    /// It follows from the files.
    #[default]
    Proved,
    /// It is so if what cannot be seen here is as the finding says.
    Conditional,
    /// It is so on nearly every server that is written like this.
    Likely,
}

impl Certainty {
    /// The word printed for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Conditional => "conditional",
            Self::Likely => "likely",
        }
    }
}

/// What mends a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// Whether what the server does with every session stays the same.
    pub is_safe: bool,
    /// The changes; no two touch the same bytes.
    pub edits: Vec<Edit>,
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
    /// How sure it is.
    pub certainty: Certainty,
    /// Whether it is told only on request, though others of its rule are told always.
    pub is_pedantic: bool,
    /// What is wrong and why it matters: one sentence.
    pub message: String,
    /// Where: the first place is the one to mend, the others explain it.
    pub labels: Vec<Label>,
    /// What to write instead; empty for none.
    pub help: String,
    /// What mends it, where that can be written down.
    pub fix: Option<Box<Fix>>,
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
            certainty: Certainty::Proved,
            is_pedantic: false,
            message: short(message.into()),
            labels: vec![Label {
                place: Place::new(source, span),
                text: String::new(),
            }],
            help: String::new(),
            fix: None,
        }
    }

    /// The same finding, less sure.
    #[must_use]
    pub fn certainty(mut self, certainty: Certainty) -> Self {
        self.certainty = certainty;
        self
    }

    /// The same finding, told only on request: a matter of taste.
    #[must_use]
    pub fn pedantic(mut self) -> Self {
        self.is_pedantic = true;
        self
    }

    /// The same finding with an edit that leaves what the server does as it is.
    #[must_use]
    pub fn safe_fix(self, edits: Vec<Edit>) -> Self {
        self.with_fix(true, edits)
    }

    /// The same finding with an edit that changes what the server does, as was most likely meant.
    #[must_use]
    pub fn unsafe_fix(self, edits: Vec<Edit>) -> Self {
        self.with_fix(false, edits)
    }

    /// The same finding with the edit that writes `text` in place of `word`, where that stands at
    /// its place once: what a macro made is not written there.
    #[must_use]
    pub fn instead_of(self, word: &str, text: &str) -> Self {
        let place = &self.labels[0].place;
        let written = place.source.slice(place.span);
        let mut found = written.match_indices(word);
        let (Some((at, _)), None) = (found.next(), found.next()) else {
            return self;
        };
        let start = place.span.start + at;
        let place = Place::new(&place.source, Span::new(start, start + word.len()));
        let text = text.to_owned();
        self.unsafe_fix(vec![Edit { place, text }])
    }

    /// The same finding with the name that was most likely meant in place of `word`.
    #[must_use]
    pub fn meant(self, word: &str, near: &str) -> Self {
        self.help(format!("did you mean `{near}`?"))
            .instead_of(word, near)
    }

    fn with_fix(mut self, is_safe: bool, edits: Vec<Edit>) -> Self {
        // What cannot be written down mends nothing.
        self.fix = (!edits.is_empty()).then(|| Box::new(Fix { is_safe, edits }));
        self
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

/// Whether two findings say something of the same rule at the same place, perhaps in other words.
pub fn alike(a: &Finding, b: &Finding) -> bool {
    let (a, b) = (key(a), key(b));
    (a.0, a.1) == (b.0, b.1)
}

fn key(finding: &Finding) -> (Option<(&str, Span)>, &str, &str) {
    let place = finding.labels.first().map(|label| &label.place);
    let at = place.map(|place| (place.source.name(), place.span));
    (at, finding.rule, &finding.message)
}
