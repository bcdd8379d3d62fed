//! How findings are printed. Must not know the rules, nor where the text goes. A format is a file
//! here and a row in [`FORMATS`].

mod concise;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod rdjson;
mod sarif;

pub use crate::text::visible;
pub use concise::concise;

use std::fmt::Write;

use serde_json::Value;

use crate::findings::{Finding, Severity};
use crate::text::{Base, Place, is_hidden};

/// The JSON schema of the format `json`.
pub const SCHEMA: &str = include_str!("../../schemas/report.schema.json");

/// What is reported.
#[derive(Debug)]
pub struct Report<'a> {
    /// The findings, in the order of reports.
    pub findings: &'a [Finding],
    /// The files that were looked at, by the names of their sources.
    pub files: &'a [&'a str],
    /// Where readers elsewhere name files from.
    pub base: &'a Base,
    /// What is known of the rule with this name.
    pub help: fn(&str) -> Option<Help>,
    /// The lowest severity that is held to be a failure.
    pub gate: Severity,
    /// What the reader's terminal can show.
    pub look: Look,
}

/// What a report tells of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// The name of its group.
    pub group: &'static str,
    /// The worst that it reports.
    pub severity: Severity,
    /// What it is about, in a paragraph.
    pub summary: String,
    /// Its manual page, in Markdown.
    pub page: &'static str,
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether colours are used.
    pub color: bool,
    /// Whether lines may be drawn with characters outside of ASCII.
    pub unicode: bool,
    /// Its columns.
    pub width: usize,
}

impl Look {
    /// What every reader of a file can show.
    pub const PLAIN: Self = Self {
        color: false,
        unicode: true,
        width: 80,
    };
}

/// A way to print findings.
#[derive(Debug)]
pub struct Format {
    /// The name that users choose it by.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Whether people read it, so that there is nothing to print where nothing was found.
    pub is_for_people: bool,
    /// The report in it, whole.
    pub print: fn(&Report<'_>) -> String,
}

impl Format {
    const fn new(
        name: &'static str,
        about: &'static str,
        print: fn(&Report<'_>) -> String,
    ) -> Self {
        Self {
            name,
            about,
            is_for_people: false,
            print,
        }
    }

    const fn for_people(mut self) -> Self {
        self.is_for_people = true;
        self
    }
}

/// Every format; the first is the usual one.
pub static FORMATS: [Format; 8] = [
    Format::new("human", "Pictures with the lines concerned", human::human).for_people(),
    Format::new(
        "concise",
        "`file:line:col: severity[rule] message`, one a line",
        |report| concise(report.findings),
    )
    .for_people(),
    Format::new(
        "json",
        "All that is known, for programs; `smtpconf schema report` describes it",
        json::json,
    ),
    Format::new("sarif", "SARIF 2.1.0, for code scanning", sarif::sarif),
    Format::new("github", "Annotations of a GitHub workflow", github::github),
    Format::new("gitlab", "GitLab's code quality report", gitlab::gitlab),
    Format::new(
        "junit",
        "JUnit's XML, a test suite for each file",
        junit::junit,
    ),
    Format::new("rdjson", "Reviewdog's diagnostics", rdjson::rdjson),
];

/// How many files were looked at and how many findings of each severity there are, as
/// `3 files: 2 errors, 1 warning`.
pub fn summary(report: &Report<'_>) -> String {
    let counted = |count: usize, word: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {word}{plural}")
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(report.findings, severity), severity.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    let counts = if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    };
    match report.files.len() {
        0 => counts,
        files => format!("{}: {counts}", counted(files, "file")),
    }
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    let of_it = |finding: &&Finding| finding.severity == severity;
    findings.iter().filter(of_it).count()
}

/// Where a finding is to be mended.
fn place(finding: &Finding) -> Option<&Place> {
    finding.labels.first().map(|label| &label.place)
}

/// What is wrong and, on a line of its own, what to write instead.
fn sentences(finding: &Finding) -> String {
    match finding.help.as_str() {
        "" => finding.message.clone(),
        help => format!("{}\n{help}", finding.message),
    }
}

/// JSON, laid out, with every such character escaped: nothing in it reaches a terminal raw.
pub fn laid_out(value: &Value) -> String {
    escaped(&format!("{value:#}\n"))
}

/// JSON with every character escaped that could steer a terminal, or hide text from a reader.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}
