//! Workflow commands of GitHub Actions: each becomes an annotation at its line. Of a step GitHub
//! shows ten errors and ten warnings, so the worst come first; all stand in the job's log.
//! Source: docs.github.com, "Workflow commands for GitHub Actions"; what is escaped, and how:
//! `@actions/core`, command.ts.

use std::fmt::Write;

use super::{Report, place, sentences, summary, visible};
use crate::findings::{Finding, Severity};

/// The findings as commands, and a line that counts them.
pub fn github(report: &Report<'_>) -> String {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut text = String::new();
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "::{level} {}::{}",
            properties(report, finding),
            data(&sentences(finding))
        );
    }
    text + &summary(report) + "\n"
}

fn properties(report: &Report<'_>, finding: &Finding) -> String {
    let mut text = format!("title={}", property(finding.rule));
    let Some(place) = place(finding) else {
        return text;
    };
    let source = &place.source;
    let start = source.position(place.span.start);
    let end = source.position(place.span.end);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        ",file={},line={},col={},endLine={}",
        property(&report.base.name(source.name())),
        start.line,
        start.column,
        end.line
    );
    // Columns are told within one line only.
    if start.line == end.line {
        let _ = write!(text, ",endColumn={}", end.column);
    }
    text
}

fn data(text: &str) -> String {
    visible(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
