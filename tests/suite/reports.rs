//! The formats of reports: each is what its readers take, and shows what they need.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use smtpconf::findings::{Finding, Severity};
use smtpconf::report::{self, Look};
use smtpconf::rules;
use smtpconf::text::{Edit, Place, Source, Span};

use crate::fuzz::readers::{Schema, gitlab_schema, rdjson_schema, sarif_schema};
use crate::fuzz::reporting::{print, printed};

fn main_cf(text: &str) -> Arc<Source> {
    Source::new("./postfix/main.cf", text)
}

/// A finding at the first `bad` of the source, which a safe fix takes out.
fn bad(source: &Arc<Source>) -> Finding {
    let at = source.text().find("bad").unwrap();
    let span = Span::new(at, at + 3);
    Finding::new(Severity::Error, "inline-comment", source, span, "it is bad")
        .help("leave it out")
        .safe_fix(vec![Edit {
            place: Place::new(source, span),
            text: String::new(),
        }])
}

#[test]
fn what_is_wrong_does_not_fit_a_schema() {
    let findings = [bad(&main_cf("bad\n"))];
    let ours = Schema::of(serde_json::from_str(report::SCHEMA).unwrap());
    for (schema, format, key) in [
        (&ours, "json", "/findings/0/severity"),
        (&sarif_schema(), "sarif", "/runs/0/results/0/level"),
        (&gitlab_schema(), "gitlab", "/0/severity"),
        (&rdjson_schema(), "rdjson", "/diagnostics/0/severity"),
    ] {
        let mut value: Value = serde_json::from_str(&print(format, &findings)).unwrap();
        schema.fits(&value);
        *value.pointer_mut(key).unwrap() = "dreadful".into();
        assert!(!schema.takes(&value), "{format}");
    }
}

#[test]
fn sarif_tells_what_code_scanning_needs() {
    let source = main_cf("# é\né = bad\n");
    let other = Source::new("/etc/a b", "x\n");
    let finding = bad(&source).and(Place::new(&other, Span::new(0, 1)), "see here");
    let value: Value = serde_json::from_str(&print("sarif", &[finding])).unwrap();
    let run = &value["runs"][0];
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "inline-comment");
    assert_eq!(rule["properties"]["tags"], json!(["syntax"]));
    let page = rules::named("inline-comment").unwrap().page;
    assert_eq!(rule["help"]["markdown"], page);
    let result = &run["results"][0];
    assert_eq!(result["ruleIndex"], 0);
    assert_eq!(result["message"]["text"], "it is bad\nleave it out");
    let region = json!({ "startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 8 });
    assert_eq!(
        result["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "postfix/main.cf", "uriBaseId": "SRCROOT" },
            "region": region,
        })
    );
    let related = &result["relatedLocations"][0];
    assert_eq!(related["message"]["text"], "see here");
    let file = &related["physicalLocation"]["artifactLocation"];
    assert_eq!(*file, json!({ "uri": "file:///etc/a%20b" }));
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"][0]["deletedRegion"], region);
}

/// GitHub takes as the same alert what has the same fingerprint.
#[test]
fn a_moved_line_has_the_same_fingerprint_in_every_format() {
    let fingerprint = |format: &str, path: &str, text: &str| {
        let printed = print(format, &[bad(&main_cf(text))]);
        let value: Value = serde_json::from_str(&printed).unwrap();
        value.pointer(path).unwrap().as_str().unwrap().to_owned()
    };
    let mut prints = BTreeSet::new();
    for (format, path) in [
        ("json", "/findings/0/fingerprint"),
        ("gitlab", "/0/fingerprint"),
        (
            "sarif",
            "/runs/0/results/0/partialFingerprints/primaryLocationLineHash",
        ),
    ] {
        prints.insert(fingerprint(format, path, "a = bad\n"));
        prints.insert(fingerprint(format, path, "\n# new\n\n  a = bad\n"));
    }
    assert_eq!(prints.len(), 1, "{prints:?}");
}

#[test]
fn a_summary_of_a_rule_fits_github_and_no_message_names_a_line() {
    for rule in rules::all() {
        // "The maximum length is 1024 characters" (SARIF support for code scanning).
        assert!(rule.summary().chars().count() <= 1024, "{}", rule.name);
        for line in rule
            .page
            .lines()
            .filter(|line| line.contains(&format!("[{}]", rule.name)))
        {
            let message = line.split_once("] ").map_or("", |(_, message)| message);
            let mut words = message.split(' ');
            let names_a_line = words.any(|word| word == "line")
                && words
                    .next()
                    .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!names_a_line, "its fingerprint would change: {line}");
        }
    }
}

#[test]
fn a_run_for_github_has_no_more_results_than_it_takes() {
    let source = main_cf("bad\n");
    let mut findings = vec![bad(&source); 25_000];
    for finding in &mut findings {
        finding.severity = Severity::Note;
        finding.fix = None;
    }
    findings.push(bad(&source));
    let value: Value = serde_json::from_str(&print("sarif", &findings)).unwrap();
    let run = &value["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    assert_eq!(run["results"][0]["level"], "error");
    let notice = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(*notice, "1 more findings are not listed here");
}

#[test]
fn columns_of_reviewdog_and_bytes_of_ours_are_those_of_the_file() {
    for (source, column, byte) in [
        (Source::new("main.cf", "#\né = bad\n"), 6, 7),
        (
            Source::from_bytes("main.cf", b"#\n\xe9 = bad\n".to_vec()),
            5,
            6,
        ),
    ] {
        let findings = [bad(&source)];
        let value: Value = serde_json::from_str(&print("rdjson", &findings)).unwrap();
        let diagnostic = &value["diagnostics"][0];
        let start = &diagnostic["location"]["range"]["start"];
        assert_eq!(*start, json!({ "line": 2, "column": column }));
        assert_eq!(diagnostic["suggestions"][0]["range"]["start"], *start);
        let value: Value = serde_json::from_str(&print("json", &findings)).unwrap();
        let start = &value["findings"][0]["places"][0]["start"];
        assert_eq!(*start, json!({ "line": 2, "column": 5, "byte": byte }));
    }
}

#[test]
fn many_findings_of_a_rule_are_drawn_ten_times_and_counted() {
    let source = main_cf("bad\n");
    let text = print("human", &vec![bad(&source); 25]);
    assert_eq!(text.matches("it is bad").count(), 10);
    assert!(
        text.contains(":\n     15 error[inline-comment]\n\n"),
        "{text}"
    );
    assert!(text.ends_with(
        "1 file: 25 errors; --fix mends 25\nmore about a rule: smtpconf explain inline-comment\n"
    ));
    assert!(!print("human", &vec![bad(&source); 10]).contains("not drawn"));
}

#[test]
fn pictures_can_do_without_colours_and_unicode() {
    let source = main_cf("a = bad\n");
    let findings = [bad(&source).and(Place::new(&source, Span::new(0, 1)), "this")];
    let ascii = Look {
        unicode: false,
        ..Look::PLAIN
    };
    let text = printed("human", &findings, ascii);
    assert!(text.is_ascii(), "{text}");
    let color = Look {
        color: true,
        ..Look::PLAIN
    };
    let text = printed("human", &findings, color);
    assert!(text.contains("\u{1b}["), "{text}");
    // The sixteen colours that a terminal's user has chosen, and no others.
    assert!(
        !text.contains("38;2;") && !text.contains("38;5;"),
        "{text:?}"
    );
}
