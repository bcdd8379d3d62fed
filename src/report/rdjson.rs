//! Reviewdog's Diagnostic Format: comments on a pull request, wherever it is hosted, with what can
//! be taken over by a click. Columns count bytes. Source: `proto/rdf/reviewdog.proto` in
//! github.com/reviewdog/reviewdog.

use serde_json::{Value, json};

use super::{Report, laid_out, sentences};
use crate::findings::{Finding, Label, Severity};
use crate::text::{Place, Source};

/// The report as a `DiagnosticResult`.
pub fn rdjson(report: &Report<'_>) -> String {
    let findings = report.findings.iter();
    let diagnostics: Vec<Value> = findings.map(|one| diagnostic(report, one)).collect();
    laid_out(&json!({ "source": { "name": "smtpconf" }, "diagnostics": diagnostics }))
}

fn diagnostic(report: &Report<'_>, finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Note => "INFO",
    };
    let mut value = json!({
        "message": sentences(finding),
        "severity": severity,
        "code": { "value": finding.rule },
    });
    if let Some((first, others)) = finding.labels.split_first() {
        value["location"] = location(report, &first.place);
        value["related_locations"] = others.iter().map(|label| related(report, label)).collect();
        value["suggestions"] = suggestions(finding, &first.place).into();
    }
    value
}

fn related(report: &Report<'_>, label: &Label) -> Value {
    json!({ "message": label.text, "location": location(report, &label.place) })
}

/// What mends the finding. Each suggestion is taken over by itself and in the file of the finding,
/// so a fix of several edits, or of another file, is none.
fn suggestions(finding: &Finding, place: &Place) -> Vec<Value> {
    let edits = finding.fix.as_ref().map_or(&[][..], |fix| &fix.edits);
    let [edit] = edits else {
        return Vec::new();
    };
    if edit.place.source.name() != place.source.name() {
        return Vec::new();
    }
    vec![json!({ "range": range(&edit.place), "text": edit.text })]
}

fn location(report: &Report<'_>, place: &Place) -> Value {
    json!({ "path": report.base.name(place.source.name()), "range": range(place) })
}

fn range(place: &Place) -> Value {
    let point = |offset| point(&place.source, offset);
    json!({ "start": point(place.span.start), "end": point(place.span.end) })
}

fn point(source: &Source, offset: usize) -> Value {
    let index = source.line_index(offset);
    let start = source.line_span(index).start;
    json!({ "line": index + 1, "column": source.byte(offset) - source.byte(start) + 1 })
}
