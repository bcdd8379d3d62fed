//! All that is known of the findings, for programs. `schemas/report.schema.json` describes it; a
//! change that a reader could trip over takes another version.

use serde_json::{Value, json};

use super::{Report, count, laid_out};
use crate::findings::{Finding, Fix, Label, Severity, fingerprints};
use crate::text::{Place, Source};

/// The version of the shape.
const VERSION: u32 = 1;

/// The report as a JSON object.
pub fn json(report: &Report<'_>) -> String {
    let prints = fingerprints(report.findings, report.base);
    let findings: Vec<Value> = report
        .findings
        .iter()
        .zip(prints)
        .map(|(finding, print)| object(report, finding, &print))
        .collect();
    laid_out(&json!({
        "version": VERSION,
        "smtpconf": env!("CARGO_PKG_VERSION"),
        "findings": findings,
        "summary": {
            "files": report.files.len(),
            "errors": count(report.findings, Severity::Error),
            "warnings": count(report.findings, Severity::Warning),
            "notes": count(report.findings, Severity::Note),
        },
    }))
}

fn object(report: &Report<'_>, finding: &Finding, print: &str) -> Value {
    json!({
        "rule": finding.rule,
        "group": (report.help)(finding.rule).map(|help| help.group),
        "severity": finding.severity.word(),
        "certainty": finding.certainty.word(),
        "message": finding.message,
        "help": finding.help,
        "fingerprint": print,
        "places": finding.labels.iter().map(label).collect::<Vec<_>>(),
        "fix": finding.fix.as_deref().map(fix),
    })
}

fn label(label: &Label) -> Value {
    let mut value = place(&label.place);
    value["label"] = label.text.as_str().into();
    value
}

fn fix(fix: &Fix) -> Value {
    let edits = fix.edits.iter().map(|edit| {
        let mut value = place(&edit.place);
        value["text"] = edit.text.as_str().into();
        value
    });
    json!({ "safe": fix.is_safe, "edits": edits.collect::<Vec<_>>() })
}

fn place(place: &Place) -> Value {
    let source = &place.source;
    json!({
        "file": source.name(),
        "start": point(source, place.span.start),
        "end": point(source, place.span.end),
    })
}

fn point(source: &Source, offset: usize) -> Value {
    let at = source.position(offset);
    json!({ "line": at.line, "column": at.column, "byte": source.byte(offset) })
}
