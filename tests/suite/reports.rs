//! The formats of reports: each is what its readers take, for any finding.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use smtpconf::findings::{Certainty, Finding, Fix, Severity};
use smtpconf::report::{self, FORMATS, Help, Look, Report};
use smtpconf::rules;
use smtpconf::text::{Base, Edit, Place, Source, Span};

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

/// Says where a value does not fit a schema.
fn fits(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}\n{value:#}", errors.join("\n"));
}

fn schema(value: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(value).unwrap()
}

/// The official schema, with its one pattern mended that no reader of patterns takes: the brackets
/// in it do not pair.
fn sarif_schema() -> jsonschema::Validator {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/schemas/sarif-2.1.0.json"
    );
    let text = fs::read_to_string(path).unwrap();
    let broken = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert_eq!(text.matches(broken).count(), 2);
    let text = text.replace(broken, "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    schema(&serde_json::from_str(&text).unwrap())
}

/// The table of keys in docs.gitlab.com, "Code Quality": each is required.
fn gitlab_schema() -> jsonschema::Validator {
    let text = json!({ "type": "string", "minLength": 1 });
    schema(&json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": { "type": "string" },
                "check_name": text,
                "fingerprint": text,
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "not": { "pattern": "^\\./" } },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": { "type": "integer", "minimum": 1 } },
                        },
                    },
                },
            },
        },
    }))
}

/// The messages of `reviewdog.proto`, with no key but theirs.
fn rdjson_schema() -> jsonschema::Validator {
    let object = |required: &[&str], properties: Value| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": properties,
        })
    };
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 1 });
    let point = object(
        &["line", "column"],
        json!({ "line": count, "column": count }),
    );
    let range = object(&["start", "end"], json!({ "start": point, "end": point }));
    let location = object(&["path", "range"], json!({ "path": text, "range": range }));
    let related = object(
        &["message", "location"],
        json!({ "message": text, "location": location }),
    );
    let suggestion = object(&["range", "text"], json!({ "range": range, "text": text }));
    let diagnostic = object(
        &["message", "location", "severity", "code"],
        json!({
            "message": text,
            "location": location,
            "severity": { "enum": ["ERROR", "WARNING", "INFO"] },
            "code": object(&["value"], json!({ "value": text })),
            "suggestions": { "type": "array", "items": suggestion },
            "related_locations": { "type": "array", "items": related },
        }),
    );
    schema(&object(
        &["source", "diagnostics"],
        json!({
            "source": object(&["name"], json!({ "name": text })),
            "diagnostics": { "type": "array", "items": diagnostic },
        }),
    ))
}

/// A workflow command as the runner takes a line apart: level, properties, message.
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (level, properties) = head.split_once(' ').unwrap();
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let property = |text: &str| {
        let text = data(text).replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let properties = properties.split(',').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), property(value))
    });
    (
        level.to_owned(),
        properties.collect(),
        data(message).replace("%25", "%"),
    )
}

fn is_github(findings: &[Finding], printed: &str) {
    let lines: Vec<&str> = printed.split('\n').collect();
    // One each, the line that counts, and the end of that line.
    assert_eq!(lines.len(), findings.len() + 2, "{printed:?}");
    let mut worst_first: Vec<&Finding> = findings.iter().collect();
    worst_first.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for (finding, line) in worst_first.into_iter().zip(lines) {
        let (level, properties, message) = command(line);
        assert!(["error", "warning", "notice"].contains(&level.as_str()));
        assert!(
            message.starts_with(&*report::visible(&finding.message)),
            "{line:?}"
        );
        assert_eq!(properties[0], ("title".to_owned(), finding.rule.to_owned()));
        assert_eq!(properties[1].0, "file", "{line:?}");
        let known = ["title", "file", "line", "col", "endLine", "endColumn"];
        assert!(
            properties
                .iter()
                .all(|(name, _)| known.contains(&name.as_str())),
            "{line:?}"
        );
    }
}

/// What Jenkins' `junit-10.xsd` has of what we write: an element, what it stands in, the attributes
/// that it needs and those that it may have besides.
const JUNIT: &[(&str, &str, &[&str], &[&str])] = &[
    ("testsuites", "", &[], &["name"]),
    (
        "testsuite",
        "testsuites",
        &["name", "tests", "failures", "errors"],
        &["skipped"],
    ),
    ("testcase", "testsuite", &["name"], &["classname"]),
    ("failure", "testcase", &[], &["type", "message"]),
    ("skipped", "testcase", &[], &["type", "message"]),
];

fn is_junit(findings: &[Finding], printed: &str) {
    // What no XML document may hold (XML 1.0 §2.2).
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(printed.chars().all(is_char), "{printed:?}");
    let mut reader = Reader::from_str(printed);
    let mut stands_in: Vec<String> = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(element) | Event::Empty(element) = &event {
            let name = element.name().as_ref().to_owned();
            let parent = stands_in.last().map_or("", String::as_str);
            let row = JUNIT.iter().find(|row| row.0 == name && row.1 == parent);
            let (_, _, needed, more) =
                row.unwrap_or_else(|| panic!("{name} in {parent}: {printed}"));
            let mut has = BTreeSet::new();
            for attribute in element.attributes() {
                let attribute = attribute.unwrap();
                let key = attribute.key.as_ref().to_owned();
                assert!(
                    needed.contains(&&*key) || more.contains(&&*key),
                    "{name} {key}"
                );
                let value = attribute.value.into_owned();
                if let ("testsuite", Ok(count)) = (name.as_str(), value.parse::<usize>()) {
                    *told.entry(key.clone()).or_default() += count;
                }
                has.insert(key);
            }
            assert!(
                needed.iter().all(|key| has.contains(*key)),
                "{name}: {printed}"
            );
            *counts.entry(name.clone()).or_default() += 1;
            if matches!(event, Event::Start(_)) {
                stands_in.push(name);
            }
        } else if let Event::End(_) = event {
            stands_in.pop();
        } else if let Event::Eof = event {
            break;
        }
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    let failures = findings
        .iter()
        .filter(|one| one.severity >= Severity::Warning);
    assert_eq!(count("failure"), failures.count(), "{printed}");
    assert_eq!(count("failure") + count("skipped"), findings.len());
    assert_eq!(told["tests"], count("testcase"));
    assert_eq!(told["failures"], count("failure"));
    assert_eq!(told["skipped"], count("skipped"));
}

#[test]
fn every_format_takes_any_finding() {
    let ours = schema(&serde_json::from_str(report::SCHEMA).unwrap());
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
                "json" => fits(&ours, &value()),
                "sarif" => fits(&sarif, &value()),
                "github" => is_github(&findings, &text),
                "gitlab" => {
                    let value = value();
                    fits(&gitlab, &value);
                    let objects = value.as_array().unwrap();
                    let prints: BTreeSet<&str> = objects
                        .iter()
                        .map(|one| one["fingerprint"].as_str().unwrap())
                        .collect();
                    assert_eq!(prints.len(), findings.len());
                }
                "junit" => is_junit(&findings, &text),
                "rdjson" => fits(&rdjson, &value()),
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
        text.contains(": 15 inline-comment (--format concise lists all)\n"),
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

fn smtpconf(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smtpconf"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn words(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A repository with one clean file and one with an error and a warning.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let postfix = folder.path().join("mx/postfix");
    fs::create_dir_all(&postfix).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(
        postfix.join("main.cf"),
        "mynetworks = 0.0.0.0/0 # all\nsmtpd_banner_ = x\n",
    )
    .unwrap();
    fs::write(postfix.join("virtual"), "a@example.com b\n").unwrap();
    folder
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let folder = repository();
    for format in &FORMATS {
        let arguments = ["lint", "--format", format.name, "mx"];
        let output = smtpconf(folder.path(), &arguments);
        assert_eq!(
            (code(&output), words(&output.stderr)),
            (1, ""),
            "{}",
            format.name
        );
        let arguments = [
            "lint",
            "--select",
            "inline-comment",
            "--format",
            format.name,
            "mx",
        ];
        let output = smtpconf(folder.path(), &arguments);
        assert_eq!(
            (code(&output), words(&output.stderr)),
            (0, ""),
            "{}",
            format.name
        );
    }
    let clean = [
        "lint",
        "--as",
        "postfix-table",
        "mx/postfix/virtual",
        "--format",
    ];
    for format in &FORMATS {
        let output = smtpconf(folder.path(), &[&clean[..], &[format.name]].concat());
        assert_eq!(code(&output), 0, "{}", words(&output.stdout));
        match format.name {
            "human" => assert_eq!(words(&output.stdout), "1 file: no findings\n"),
            "concise" => assert_eq!(words(&output.stdout), ""),
            _ => assert!(!output.stdout.is_empty()),
        }
    }
}

#[test]
fn reports_for_elsewhere_name_files_from_the_repository() {
    let folder = repository();
    let inside = folder.path().join("mx/postfix");
    for format in ["sarif", "github", "gitlab", "junit", "rdjson"] {
        let output = smtpconf(&inside, &["lint", "--format", format, "main.cf"]);
        let text = words(&output.stdout);
        assert!(text.contains("mx/postfix/main.cf"), "{format}: {text}");
        assert!(
            !text.contains(folder.path().to_str().unwrap()),
            "{format}: {text}"
        );
    }
    for format in ["concise", "json"] {
        let output = smtpconf(&inside, &["lint", "--format", format, "main.cf"]);
        assert!(
            !words(&output.stdout).contains("mx/"),
            "as the user names it"
        );
    }
}

#[test]
fn a_report_goes_into_a_file() {
    let folder = repository();
    let arguments = [
        "lint",
        "--format",
        "sarif",
        "--output",
        "reports/a.sarif",
        "mx",
    ];
    let output = smtpconf(folder.path(), &arguments);
    assert_eq!((code(&output), words(&output.stdout)), (1, ""));
    let told = words(&output.stderr);
    assert!(told.ends_with(", written to reports/a.sarif\n"), "{told}");
    let text = fs::read_to_string(folder.path().join("reports/a.sarif")).unwrap();
    let direct = smtpconf(folder.path(), &["lint", "--format", "sarif", "mx"]);
    assert_eq!(text, words(&direct.stdout));
    // A device stays one.
    let device = [
        "lint",
        "--format",
        "gitlab",
        "--output",
        "/dev/stdout",
        "mx",
    ];
    let output = smtpconf(folder.path(), &device);
    assert!(words(&output.stdout).starts_with('['));
    let nowhere = ["lint", "--output", "/proc/nowhere/a", "mx"];
    assert_eq!(code(&smtpconf(folder.path(), &nowhere)), 2);
    // What was wrong does not stay in the file of a run in which nothing was.
    fs::write(
        folder.path().join("smtpconf.yaml"),
        "hostname: mail.example.com\nports: [25]\n",
    )
    .unwrap();
    let trace = ["trace", "--format", "gitlab", "--output", "reports/a.sarif"];
    let session = [
        ".",
        "--client",
        "192.0.2.1",
        "--from",
        "a@b.example",
        "--to",
        "c@d.example",
    ];
    let output = smtpconf(folder.path(), &[&trace[..], &session].concat());
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    let text = fs::read_to_string(folder.path().join("reports/a.sarif")).unwrap();
    assert_eq!(text, "[]\n");
}

#[test]
fn beside_an_answer_a_report_for_programs_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("smtpconf.yaml"),
        "hostname: mail.example.com\nports: [25]\n",
    )
    .unwrap();
    let arguments = ["generate", "--target", "postfix", "--format", "json"];
    let output = smtpconf(folder.path(), &arguments);
    let value: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(value["summary"]["notes"], 1);
    assert!(words(&output.stdout).starts_with("==> main.cf"));
    let human = smtpconf(folder.path(), &["generate", "--target", "postfix"]);
    assert!(words(&human.stderr).contains("afterwards on the server"));
}

#[test]
fn both_descriptions_of_a_comparison_are_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml"] {
        fs::write(folder.path().join(name), "hostname: x\nports: [25]\n").unwrap();
    }
    let output = smtpconf(
        folder.path(),
        &["diff", "--format", "concise", "a.yaml", "b.yaml"],
    );
    let told = words(&output.stderr);
    assert!(
        told.contains("a.yaml:1:11") && told.contains("b.yaml:1:11"),
        "{told}"
    );
}

#[test]
fn colours_follow_the_conventions() {
    let folder = repository();
    let colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
            .args([&["lint", "mx"][..], arguments].concat())
            .current_dir(folder.path())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        words(&output.stdout).contains('\u{1b}')
    };
    assert!(!colored(&[], &[]), "a pipe");
    assert!(colored(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(colored(&[("NO_COLOR", "1")], &["--color", "always"]));
}

#[test]
fn the_width_is_that_of_the_reader() {
    let folder = repository();
    for width in [60, 100] {
        let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
            .args(["lint", "mx"])
            .current_dir(folder.path())
            .env("COLUMNS", width.to_string())
            .output()
            .unwrap();
        let text = words(&output.stdout);
        let pictures = text.lines().filter(|line| line.starts_with("  "));
        let longest = pictures.map(|line| line.chars().count()).max().unwrap();
        assert!((width - 20..=width).contains(&longest), "{longest}: {text}");
    }
}
