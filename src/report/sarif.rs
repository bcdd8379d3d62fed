//! SARIF 2.1.0, the OASIS standard for the results of linters, within the limits of GitHub's code
//! scanning. Source: docs.oasis-open.org/sarif/sarif/v2.1.0; docs.github.com, "SARIF support for
//! code scanning".

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Report, laid_out, sentences};
use crate::findings::{Finding, Fix, Severity, fingerprints};
use crate::text::{Place, Source};

/// So many results of a run are taken by GitHub; a file with more is refused.
const RESULTS: usize = 25_000;

/// So many places of a result are shown by GitHub.
const PLACES: usize = 100;

/// What is escaped in the path of a URI (RFC 3986 §3.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The report as a log with one run.
pub fn sarif(report: &Report<'_>) -> String {
    let prints = fingerprints(report.findings, report.base);
    let mut findings: Vec<(&Finding, String)> = report.findings.iter().zip(prints).collect();
    // Should some have to be left out, these are the mildest.
    findings.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    let left_out = findings.len().saturating_sub(RESULTS);
    findings.truncate(RESULTS);
    let mut names: Vec<&str> = findings.iter().map(|(finding, _)| finding.rule).collect();
    names.sort_unstable();
    names.dedup();
    let rules: Vec<Value> = names.iter().map(|name| rule(report, name)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|(finding, print)| result(report, &names, finding, print))
        .collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": "smtpconf",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "originalUriBaseIds": { "SRCROOT": {
            "description": { "text": "The root of the repository, or the folder that smtpconf ran in." },
        } },
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    if left_out > 0 {
        let text = format!("{left_out} more findings are not listed here");
        run["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{ "level": "warning", "message": { "text": text } }],
        }]);
    }
    laid_out(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }))
}

/// What a rule is about. The summary stands twice, since GitHub demands both.
fn rule(report: &Report<'_>, name: &str) -> Value {
    let Some(help) = (report.help)(name) else {
        return json!({ "id": name, "shortDescription": { "text": name } });
    };
    json!({
        "id": name,
        "shortDescription": { "text": help.summary },
        "fullDescription": { "text": help.summary },
        "help": { "text": help.page, "markdown": help.page },
        "defaultConfiguration": { "level": level(help.severity) },
        "properties": { "tags": [help.group] },
    })
}

fn result(report: &Report<'_>, names: &[&str], finding: &Finding, print: &str) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": names.binary_search(&finding.rule).ok(),
        "level": level(finding.severity),
        "message": { "text": sentences(finding) },
        "partialFingerprints": { "primaryLocationLineHash": print },
        "properties": { "certainty": finding.certainty.word() },
    });
    if let Some((first, others)) = finding.labels.split_first() {
        result["locations"] = json!([location(report, &first.place)]);
        let related = others
            .iter()
            .take(PLACES)
            .enumerate()
            .map(|(index, label)| {
                let mut related = location(report, &label.place);
                related["id"] = (index + 1).into();
                if !label.text.is_empty() {
                    related["message"] = json!({ "text": label.text });
                }
                related
            });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([changes(report, finding, fix)]);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    // The words of the standard happen to be ours.
    severity.word()
}

fn location(report: &Report<'_>, place: &Place) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": artifact(report, &place.source),
        "region": region(place),
    } })
}

/// Where a file is: below the base, so that it is found wherever the repository lies.
fn artifact(report: &Report<'_>, source: &Source) -> Value {
    let name = report.base.name(source.name());
    let path = utf8_percent_encode(&name, ESCAPED);
    if name.starts_with('/') {
        json!({ "uri": format!("file://{path}") })
    } else {
        json!({ "uri": path.to_string(), "uriBaseId": "SRCROOT" })
    }
}

fn region(place: &Place) -> Value {
    let start = place.source.position(place.span.start);
    let end = place.source.position(place.span.end);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn changes(report: &Report<'_>, finding: &Finding, fix: &Fix) -> Value {
    let mut files: BTreeMap<&str, (Value, Vec<Value>)> = BTreeMap::new();
    for edit in &fix.edits {
        let source = &edit.place.source;
        let file = files
            .entry(source.name())
            .or_insert_with(|| (artifact(report, source), Vec::new()));
        file.1.push(json!({
            "deletedRegion": region(&edit.place),
            "insertedContent": { "text": edit.text },
        }));
    }
    let changes = files.into_values().map(|(artifact, replacements)| {
        json!({ "artifactLocation": artifact, "replacements": replacements })
    });
    let mut fix = json!({ "artifactChanges": changes.collect::<Vec<_>>() });
    if !finding.help.is_empty() {
        fix["description"] = json!({ "text": finding.help });
    }
    fix
}
