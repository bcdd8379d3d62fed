//! The formats of reports: each is what its readers take, for any finding.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use smtpconf::findings::{Certainty, Finding, Fix, Severity};
use smtpconf::report::{self, FORMATS, Help, Look, Report};
use smtpconf::rules;
use smtpconf::text::{Base, Edit, Place, Source, Span};

use crate::readers::{Schema, gitlab_schema, is_github, is_junit, rdjson_schema, sarif_schema};

fn help(name: &str) -> Option<Help> {
    rules::named(name).map(|rule| Help {
        group: rule.group.name(),
        severity: rule.severity,
        summary: rule.summary(),
        page: rule.page,
    })
}

/// The findings in a format, as they look to whoever sees colours, Unicode and 80 columns.
pub fn print(format: &str, findings: &[Finding]) -> String {
    printed(format, findings, Look::PLAIN)
}

fn printed(format: &str, findings: &[Finding], look: Look) -> String {
    let format = FORMATS.iter().find(|one| one.name == format).unwrap();
    let names: BTreeSet<&str> = findings.iter().filter_map(files).collect();
    let files: Vec<&str> = names.into_iter().collect();
    (format.print)(&Report {
        findings,
        files: &files,
        base: &Base::new("/repo", "/repo"),
        help,
        gate: Severity::Warning,
        look,
    })
}

fn files(finding: &Finding) -> Option<&str> {
    let label = finding.labels.first();
    label.map(|label| label.place.source.name())
}

/// Texts that mean something to one of the formats, or to a terminal.
const HOSTILE: &[&str] = &[
    "::error file=x::y",
    "\n",
    "\r\n",
    "%0A",
    "%",
    ",",
    ":",
    "=",
    "\u{1b}[31m",
    "\u{9b}2J",
    "\0",
    "]]>",
    "<!--",
    "&amp;",
    "\"",
    "'",
    "\\",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffe}",
    "é",
    "😀",
    "{0}",
    "[x](1)",
    "##[error]",
    " ",
    "mynetworks",
];

fn text(random: &mut fastrand::Rng) -> String {
    let pieces = (0..random.usize(0..8)).map(|_| HOSTILE[random.usize(0..HOSTILE.len())]);
    pieces.collect()
}

fn span(random: &mut fastrand::Rng, source: &Source) -> Span {
    let text = source.text();
    let mut cut = || {
        let at = random.usize(0..=text.len());
        (0..=at)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap()
    };
    let (a, b) = (cut(), cut());
    Span::new(a.min(b), a.max(b))
}

/// Findings such as no rule would report, and the sources that they speak of.
fn any(random: &mut fastrand::Rng) -> Vec<Finding> {
    let mut sources: Vec<Arc<Source>> = (0..3)
        .map(|_| Source::new(text(random), text(random)))
        .collect();
    sources.push(Source::from_bytes(
        "latin1",
        b"caf\xe9\nna\xefve\r\n".to_vec(),
    ));
    let names: Vec<&str> = rules::all().map(|rule| rule.name).collect();
    let place = |random: &mut fastrand::Rng| {
        let source = &sources[random.usize(0..sources.len())];
        Place::new(source, span(random, source))
    };
    let mut findings = Vec::new();
    for _ in 0..random.usize(0..6) {
        let severity = [Severity::Error, Severity::Warning, Severity::Note];
        let certainty = [Certainty::Proved, Certainty::Conditional, Certainty::Likely];
        let rule = match random.usize(0..4) {
            0 => "made-up",
            _ => names[random.usize(0..names.len())],
        };
        let at = place(random);
        let severity = severity[random.usize(0..3)];
        let mut finding = Finding::new(severity, rule, &at.source, at.span, text(random))
            .certainty(certainty[random.usize(0..3)])
            .help(text(random));
        for _ in 0..random.usize(0..3) {
            finding = finding.and(place(random), text(random));
        }
        if random.bool() {
            let is_safe = random.bool();
            let edits = (0..random.usize(1..3)).map(|_| Edit {
                place: place(random),
                text: text(random),
            });
            let edits = edits.collect();
            finding.fix = Some(Box::new(Fix { is_safe, edits }));
        }
        findings.push(finding);
    }
    findings
}

#[test]
fn every_format_takes_any_finding() {
    let ours = Schema::of(serde_json::from_str(report::SCHEMA).unwrap());
    let (sarif, gitlab, rdjson) = (sarif_schema(), gitlab_schema(), rdjson_schema());
    for seed in 0..300 {
        let findings = any(&mut fastrand::Rng::with_seed(seed));
        for format in &FORMATS {
            let text = print(format.name, &findings);
            assert_eq!(text, print(format.name, &findings), "{}", format.name);
            let raw = |c: char| c.is_control() && !"\n\r\t".contains(c) || c == '\u{202e}';
            assert!(!text.contains(raw), "{} {text:?}", format.name);
            let value = || serde_json::from_str::<Value>(&text).unwrap();
            match format.name {
                "human" => {}
                "concise" => assert_eq!(text.lines().count(), findings.len(), "{text:?}"),
                "json" => ours.fits(&value()),
                "sarif" => sarif.fits(&value()),
                "github" => is_github(&findings, &text),
                "gitlab" => {
                    let value = value();
                    gitlab.fits(&value);
                    let objects = value.as_array().unwrap();
                    let prints: BTreeSet<&str> = objects
                        .iter()
                        .map(|one| one["fingerprint"].as_str().unwrap())
                        .collect();
                    assert_eq!(prints.len(), findings.len());
                }
                "junit" => is_junit(&findings, &text),
                "rdjson" => rdjson.fits(&value()),
                other => panic!("{other} is not tested"),
            }
        }
    }
}

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
