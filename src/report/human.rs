//! Pictures of findings for people, drawn by miette.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{Look, Report, summary, visible};
use crate::findings::{Certainty, Finding, Label, Severity};
use crate::text::{Source, Span, one_line};

/// So many pictures of one rule are drawn; who wants to see the others asks for a line each.
const PICTURES: usize = 10;

/// The findings as pictures, and at the end what they come to and what to type next.
pub fn human(report: &Report<'_>) -> String {
    let handler = GraphicalReportHandler::new_themed(theme(report.look))
        .with_links(false)
        .with_context_lines(1)
        .with_width(report.look.width);
    let mut text = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left_out: BTreeMap<&str, (Severity, usize)> = BTreeMap::new();
    for finding in report.findings {
        let count = counts.entry(finding.rule).or_default();
        *count += 1;
        if *count <= PICTURES {
            // Writing to a String cannot fail.
            let _ = handler.render_report(&mut text, &Picture::of(finding));
            text.push('\n');
        } else {
            let (worst, more) = left_out
                .entry(finding.rule)
                .or_insert((finding.severity, 0));
            *worst = finding.severity.max(*worst);
            *more += 1;
        }
    }
    text + &rest(&left_out) + &summary(report) + &mends(report.findings) + "\n" + &next(report)
}

/// What was not drawn, the worst and most first.
fn rest(left_out: &BTreeMap<&str, (Severity, usize)>) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut rules: Vec<_> = left_out.iter().collect();
    rules.sort_by_key(|(_, rest)| std::cmp::Reverse(**rest));
    let mut text = format!(
        "not drawn, for there are more than {PICTURES} of each (--format concise lists all):\n"
    );
    for (rule, (severity, count)) in rules {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{count:>7} {}[{rule}]", severity.word());
    }
    text + "\n"
}

/// Colours are the terminal's own, so that they can be read on whatever ground it has.
fn theme(look: Look) -> GraphicalTheme {
    GraphicalTheme {
        characters: if look.unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        },
        styles: if look.color {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    }
}

/// How many findings can be mended, and by which option.
fn mends(findings: &[Finding]) -> String {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    let (safe, others): (Vec<_>, Vec<_>) = fixes.partition(|fix| fix.is_safe);
    let mends = [
        (safe.len(), "--fix mends"),
        (others.len(), "--unsafe-fixes what was most likely meant in"),
    ];
    let mut text = String::new();
    for (number, how) in mends.into_iter().filter(|(number, _)| *number > 0) {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {how} {number}");
    }
    text
}

/// Where to read on: the page of the first of the worst findings.
fn next(report: &Report<'_>) -> String {
    let known = report.findings.iter().rev();
    let known = known.filter(|finding| (report.help)(finding.rule).is_some());
    // Of equals this takes the last, which is the first in the order of the report.
    known
        .max_by_key(|finding| finding.severity)
        .map_or_else(String::new, |finding| {
            format!("more about a rule: smtpconf explain {}\n", finding.rule)
        })
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
        // The picture is headed by the place that is to be mended, whatever stands above it.
        if let Some(first) = groups
            .first_mut()
            .and_then(|(_, labels)| labels.first_mut())
        {
            let text = first.label().map(str::to_owned);
            *first = LabeledSpan::new_primary_with_span(text, *first.inner());
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
            name: one_line(source.name()),
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
    use crate::text::{Base, Place};

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
        let text = human(&Report {
            findings: &[finding],
            files: &["main.cf"],
            base: &Base::new("/", "/"),
            help: |_| None,
            gate: Severity::Error,
            look: Look::PLAIN,
        });
        for part in [
            "error[drift]",
            "[main.cf:1:16]",
            "[smtpconf.yaml:2:3]",
            "from this",
            "write it anew",
            "1 file: 1 error\n",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
    }
}
