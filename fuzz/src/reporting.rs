//! Every format of reports is what its readers take, for any finding.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use serde_json::Value;
use smtpconf::findings::{Certainty, Finding, Fix, Severity};
use smtpconf::report::{self, FORMATS, Help, Look, Report};
use smtpconf::rules;
use smtpconf::text::{Base, Edit, Place, Source, Span};

use super::folder::{boundary, seed};
use super::readers::{Schema, gitlab_schema, is_github, is_junit, rdjson_schema, sarif_schema};

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

/// The findings in a format, as they look to this reader.
///
/// # Panics
/// When there is no such format.
pub fn printed(format: &str, findings: &[Finding], look: Look) -> String {
    let known = FORMATS.iter().find(|one| one.name == format);
    let format = known.unwrap_or_else(|| panic!("no format is called {format}"));
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

fn text(random: &mut Rng, words: &[&str]) -> String {
    let pieces = (0..random.usize(0..8)).map(|_| words[random.usize(0..words.len())]);
    pieces.collect()
}

fn span(random: &mut Rng, source: &Source) -> Span {
    let text = source.text();
    let mut cut = || boundary(text, random.usize(0..=text.len()));
    let (a, b) = (cut(), cut());
    Span::new(a.min(b), a.max(b))
}

/// Findings such as no rule would report, and the sources that they speak of.
fn any(random: &mut Rng, words: &[&str]) -> Vec<Finding> {
    let mut sources: Vec<Arc<Source>> = (0..3)
        .map(|_| Source::new(text(random, words), text(random, words)))
        .collect();
    sources.push(Source::from_bytes(
        "latin1",
        b"caf\xe9\nna\xefve\r\n".to_vec(),
    ));
    let names: Vec<&str> = rules::all().map(|rule| rule.name).collect();
    let place = |random: &mut Rng| {
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
        let mut finding = Finding::new(severity, rule, &at.source, at.span, text(random, words))
            .certainty(certainty[random.usize(0..3)])
            .help(text(random, words));
        for _ in 0..random.usize(0..3) {
            finding = finding.and(place(random), text(random, words));
        }
        if random.bool() {
            let is_safe = random.bool();
            let edits = (0..random.usize(1..3)).map(|_| Edit {
                place: place(random),
                text: text(random, words),
            });
            let edits = edits.collect();
            finding.fix = Some(Box::new(Fix { is_safe, edits }));
        }
        findings.push(finding);
    }
    findings
}

/// What holds what comes out.
struct Readers {
    ours: Schema,
    sarif: Schema,
    gitlab: Schema,
    rdjson: Schema,
}

static READERS: LazyLock<Readers> = LazyLock::new(|| Readers {
    ours: Schema::of(serde_json::from_str(report::SCHEMA).unwrap_or_default()),
    sarif: sarif_schema(),
    gitlab: gitlab_schema(),
    rdjson: rdjson_schema(),
});

/// Prints findings in every format: the first eight bytes choose them, and the lines of the others
/// are words in them.
///
/// # Panics
/// When the readers of a format do not take it.
pub fn report(bytes: &[u8]) {
    let (seed, rest) = seed(bytes);
    let more = String::from_utf8_lossy(rest);
    let words: Vec<&str> = HOSTILE.iter().copied().chain(more.lines()).collect();
    let findings = any(&mut Rng::with_seed(seed), &words);
    for format in &FORMATS {
        let text = print(format.name, &findings);
        assert_eq!(text, print(format.name, &findings), "{}", format.name);
        let raw = |c: char| c.is_control() && !"\n\r\t".contains(c) || c == '\u{202e}';
        assert!(!text.contains(raw), "{} {text:?}", format.name);
        let value =
            || serde_json::from_str::<Value>(&text).unwrap_or_else(|e| panic!("{e} {text}"));
        match format.name {
            "human" => {}
            "concise" => assert_eq!(text.lines().count(), findings.len(), "{text:?}"),
            "json" => READERS.ours.fits(&value()),
            "sarif" => READERS.sarif.fits(&value()),
            "github" => is_github(&findings, &text),
            "gitlab" => {
                let value = value();
                READERS.gitlab.fits(&value);
                let prints: BTreeSet<&str> = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|one| one["fingerprint"].as_str())
                    .collect();
                assert_eq!(prints.len(), findings.len());
            }
            "junit" => is_junit(&findings, &text),
            "rdjson" => READERS.rdjson.fits(&value()),
            other => panic!("{other} is not tested"),
        }
    }
}
