//! Those who read reports: SARIF's official schema, and what GitHub, GitLab, Jenkins and reviewdog
//! document of what they take.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use smtpconf::findings::{Finding, Severity};
use smtpconf::report;

/// A JSON schema.
pub struct Schema {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    /// Takes the schema apart.
    pub fn of(value: Value) -> Self {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("schema.json", value).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// Fails with where the value does not fit.
    pub fn fits(&self, value: &Value) {
        if let Err(error) = self.schemas.validate(value, self.index) {
            panic!("{error:#}\n{value:#}");
        }
    }

    /// Whether the value fits.
    pub fn takes(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

/// The official schema, with its one pattern mended that no reader of patterns takes: the brackets
/// in it do not pair.
pub fn sarif_schema() -> Schema {
    let text = include_str!("../../tests/fixtures/schemas/sarif-2.1.0.json");
    let broken = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert_eq!(text.matches(broken).count(), 2);
    let text = text.replace(broken, "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    Schema::of(serde_json::from_str(&text).unwrap())
}

/// The table of keys in docs.gitlab.com, "Code Quality": each is required.
pub fn gitlab_schema() -> Schema {
    let text = json!({ "type": "string", "minLength": 1 });
    Schema::of(json!({
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
pub fn rdjson_schema() -> Schema {
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
    Schema::of(object(
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

/// Fails unless GitHub reads an annotation for each finding.
pub fn is_github(findings: &[Finding], printed: &str) {
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

/// Fails unless this is a document as Jenkins takes it, with a case for each finding of which those
/// from a warning up have failed.
pub fn is_junit(findings: &[Finding], printed: &str) {
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
