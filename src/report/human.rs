//! Pictures of findings for people, drawn by miette.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use super::visible;
use crate::findings::{Certainty, Finding, Label, Severity};
use crate::text::{Source, Span};

/// The findings as pictures, with a line that counts them at the end. `width` is in columns.
pub fn human(findings: &[Finding], color: bool, width: usize) -> String {
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_context_lines(1)
        .with_width(width);
    let mut text = String::new();
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = handler.render_report(&mut text, &Picture::of(finding));
        text.push('\n');
    }
    text + &summary(findings)
}

/// How many findings of each severity, as `2 errors, 1 warning`; empty for none.
fn summary(findings: &[Finding]) -> String {
    let count = |severity: Severity| {
        let number = findings.iter().filter(|f| f.severity == severity).count();
        let plural = if number == 1 { "" } else { "s" };
        (number > 0).then(|| format!("{number} {}{plural}", severity.word()))
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(count)
        .collect();
    if counts.is_empty() {
        return String::new();
    }
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    let (safe, others): (Vec<_>, Vec<_>) = fixes.partition(|fix| fix.is_safe);
    let mends = [
        (safe.len(), "--fix mends"),
        (others.len(), "--unsafe-fixes what was most likely meant in"),
    ];
    let mut text = counts.join(", ");
    for (number, how) in mends.into_iter().filter(|(number, _)| *number > 0) {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {how} {number}");
    }
    text + "\n"
}

/// A finding, or what it says about one further source, as miette wants it.
#[derive(Debug)]
struct Picture<'a> {
    finding: &'a Finding,
    message: Cow<'a, str>,
    text: Option<Text<'a>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Picture<'a>>,
}

impl<'a> Picture<'a> {
    /// One picture a source: the first with the message, the others below it.
    fn of(finding: &'a Finding) -> Self {
        let mut groups: Vec<(&Arc<Source>, Vec<LabeledSpan>)> = Vec::new();
        for label in &finding.labels {
            let source = &label.place.source;
            match groups
                .iter_mut()
                .find(|(known, _)| Arc::ptr_eq(known, source))
            {
                Some((_, labels)) => labels.push(labeled(label)),
                None => groups.push((source, vec![labeled(label)])),
            }
        }
        let mut pictures = groups.into_iter().map(|(source, labels)| Self {
            finding,
            message: Cow::Borrowed("because of this"),
            text: Some(Text::of(source)),
            labels,
            related: Vec::new(),
        });
        let mut first = pictures.next().unwrap_or(Self {
            finding,
            message: Cow::Borrowed(""),
            text: None,
            labels: Vec::new(),
            related: Vec::new(),
        });
        first.message = visible(&finding.message);
        first.related = pictures.collect();
        first
    }

    fn is_first(&self) -> bool {
        self.message == visible(&self.finding.message)
    }
}

fn labeled(label: &Label) -> LabeledSpan {
    let span = label.place.span;
    let text = (!label.text.is_empty()).then(|| visible(&label.text).into_owned());
    LabeledSpan::new(text, span.start, span.end - span.start)
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Picture<'_> {}

impl Diagnostic for Picture<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let code = || {
            let Finding {
                severity,
                rule,
                certainty,
                ..
            } = self.finding;
            let sure = match certainty {
                Certainty::Proved => String::new(),
                less => format!(" {}", less.word()),
            };
            format!("{}[{rule}]{sure}", severity.word())
        };
        self.is_first()
            .then(|| Box::new(code()) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            _ if !self.is_first() => miette::Severity::Advice,
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = visible(&self.finding.help);
        (self.is_first() && !help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        Some(Box::new(self.related.iter().map(|p| p as &dyn Diagnostic)))
    }
}

/// A source whose lines are found by its line table; miette's own sources search from the start
/// of the text for every label.
#[derive(Debug)]
struct Text<'a> {
    source: &'a Source,
    name: String,
    shown: Cow<'a, str>,
}

impl<'a> Text<'a> {
    fn of(source: &'a Source) -> Self {
        Self {
            source,
            name: visible(source.name()).replace('\n', " "),
            shown: visible(source.text()),
        }
    }
}

impl SourceCode for Text<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let end = span.offset() + span.len();
        let first = self.source.line_index(span.offset()).saturating_sub(before);
        let last = self
            .source
            .line_index(end.saturating_sub(1).max(span.offset()))
            + after;
        let start = if before == 0 {
            span.offset()
        } else {
            self.source.line_span(first).start
        };
        let window = Span::new(start, self.source.line_span(last).end.max(end));
        let data = self
            .shown
            .get(window.start..window.end)
            .ok_or(MietteError::OutOfBounds)?;
        let at = self.source.position(window.start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data.as_bytes(),
            (window.start, data.len()).into(),
            at.line - 1,
            at.column - 1,
            last - first + 1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Place;

    #[test]
    fn one_picture_shows_both_files_and_columns_count_characters() {
        let main = Source::new("main.cf", "mynetworks = é 0.0.0.0/0\n");
        let yaml = Source::new("smtpconf.yaml", "relay:\n  networks: []\n");
        let finding = Finding::new(
            Severity::Error,
            "drift",
            &main,
            Span::new(16, 25),
            "it differs",
        )
        .and(Place::new(&yaml, Span::new(9, 21)), "from this")
        .help("write it anew");
        let text = human(&[finding], false, 80);
        for part in [
            "error[drift]",
            "[main.cf:1:16]",
            "[smtpconf.yaml:2:3]",
            "from this",
            "write it anew",
            "1 error\n",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
    }
}
