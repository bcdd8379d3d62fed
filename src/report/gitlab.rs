//! GitLab's code quality report, which a merge request shows beside the lines that it changes.
//! Source: docs.gitlab.com, "Code Quality", the table of the report's format: every key here is
//! required, and fingerprints are unique.

use serde_json::{Value, json};

use super::{Report, laid_out, place, sentences};
use crate::findings::{Finding, Severity, fingerprints};

/// The findings as a JSON array.
pub fn gitlab(report: &Report<'_>) -> String {
    let prints = fingerprints(report.findings, report.base);
    let findings = report.findings.iter().zip(prints);
    let objects = findings.map(|(finding, print)| object(report, finding, &print));
    laid_out(&Value::Array(objects.collect()))
}

fn object(report: &Report<'_>, finding: &Finding, print: &str) -> Value {
    let severity = match finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    let (path, line) = place(finding).map_or((String::new(), 1), |place| {
        let line = place.source.position(place.span.start).line;
        (report.base.name(place.source.name()), line)
    });
    json!({
        "description": sentences(finding),
        "check_name": finding.rule,
        "fingerprint": print,
        "severity": severity,
        "location": { "path": path, "lines": { "begin": line } },
    })
}
