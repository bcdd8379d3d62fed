//! The manual pages of rules, cut into their examples. Must not know what becomes of them.
//!
//! An example is a fenced block. Behind the fence stand the file's name, `fires`, `clean` or
//! `fixed`, and for the first two the items of `tests/fixtures/catalogue.tsv` that it is an example
//! of, and options:
//!
//! - `version=3.5` of the server, `pedantic`, `generate` (what is said where a description is used)
//! - `missing:FILE=yes`: the file is not there
//! - `mode:FILE=0600`, `owner:FILE=0`, `age:FILE=DAYS`: what the disk says of a file, which need
//!   not be one of the example (without them: 0644, root's, all of one age)
//! - `behind-nat=172.17.0.1`: every client appears with this address
//! - any other `name=value` is what `--assume` says of the machine.
//!
//! A line `==> NAME <==` begins another file, in the server's folder if no other is named. A `smtpconf.yaml` is checked for itself, and the
//! servers' files beside it are compared with it, as `--against` does. Behind a block that fires
//! come those with `report` (what smtpconf says), `FILE fixed` (what the fixes of the page's rule make of it)
//! and `says COMMAND` (lines that the server's own tool prints; `session ADDRESS PORT LINE…` is one
//! with a running Postfix, whose client has this address).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use smtpconf::mta::Dialect;
use smtpconf::text::{Snapshot, Source};

/// Options without a value.
const FLAGS: [&str; 2] = ["pedantic", "generate"];

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The rule fires.
    Fires,
    /// The rule does not, and nothing else is an error.
    Clean,
}

/// An example with what belongs to it.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it is.
    pub kind: Kind,
    /// The files: name and text.
    pub files: Vec<(String, String)>,
    /// The items of the catalogue that it shows.
    pub items: Vec<String>,
    /// `version=3.5`, `pedantic` …; but not `known`.
    pub options: BTreeMap<String, String>,
    /// What is said of the machine.
    pub known: Vec<(String, String)>,
    /// What smtpconf says.
    pub report: String,
    /// The files as fixes leave them.
    pub fixed: Vec<(String, String)>,
    /// Commands of the server, and lines that they print.
    pub says: Vec<(String, Vec<String>)>,
    /// The lines of the page, from 0, behind which the report and the fixed files belong.
    pub end: usize,
    /// The lines that the report and the fixed files take now.
    pub written: std::ops::Range<usize>,
}

/// The examples of a page.
pub fn examples(page: &str) -> Vec<Example> {
    let lines: Vec<&str> = page.lines().collect();
    let mut examples: Vec<Example> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let fence: String = lines[at].chars().take_while(|&c| c == '`').collect();
        if fence.len() < 3 {
            at += 1;
            continue;
        }
        let begin = at;
        let head = lines[at][fence.len()..].trim();
        let body: Vec<&str> = lines[at + 1..]
            .iter()
            .take_while(|line| **line != fence)
            .copied()
            .collect();
        at += body.len() + 2;
        let mut words = head.split_whitespace();
        let first = words.next().unwrap_or_default();
        match (first, words.next()) {
            ("report", _) => {
                let example = examples.last_mut().expect("a report behind an example");
                example.report = body.iter().flat_map(|line| [line, "\n"]).collect();
                example.written.end = at;
            }
            ("says", Some(_)) => {
                let example = examples.last_mut().expect("says behind an example");
                let command = head.trim_start_matches("says").trim().to_owned();
                let said = body.iter().map(|line| (*line).to_owned()).collect();
                example.says.push((command, said));
            }
            (name, Some("fixed")) => {
                let example = examples.last_mut().expect("fixed behind an example");
                example.fixed = files(name, &body);
                example.written.end = at;
            }
            (name, Some(word @ ("fires" | "clean"))) => {
                let (options, items): (Vec<&str>, Vec<&str>) =
                    words.partition(|word| word.contains('=') || FLAGS.contains(word));
                let option = |word: &str| {
                    let (name, value) = word.split_once('=').unwrap_or((word, ""));
                    (name.to_owned(), value.to_owned())
                };
                let (options, known): (Vec<_>, Vec<_>) = options
                    .into_iter()
                    .map(option)
                    .partition(|(name, _)| is_ours(name));
                examples.push(Example {
                    kind: if word == "fires" {
                        Kind::Fires
                    } else {
                        Kind::Clean
                    },
                    files: files(name, &body),
                    items: items.into_iter().map(str::to_owned).collect(),
                    options: options.into_iter().collect(),
                    known,
                    report: String::new(),
                    fixed: Vec::new(),
                    says: Vec::new(),
                    end: at,
                    written: at..at,
                });
            }
            _ => {}
        }
        assert!(at > begin);
    }
    examples
}

/// Whether an option is for the harness, and says nothing of the machine.
fn is_ours(name: &str) -> bool {
    let of_file = ["mode:", "owner:", "age:", "missing:"];
    matches!(name, "version" | "behind-nat")
        || FLAGS.contains(&name)
        || of_file.iter().any(|front| name.starts_with(front))
}

impl Example {
    /// The kind of the first file that is a server's.
    pub fn dialect(&self) -> Option<&'static Dialect> {
        let mut files = self.files.iter();
        files.find_map(|(name, _)| Dialect::by_name(Path::new(name)))
    }

    /// The files, as they lie on the disk.
    pub fn snapshot(&self, files: &[(String, String)]) -> Snapshot {
        let pairs: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let mut pairs = pairs;
        // Sendmail takes a file of domains that is missing for an empty one.
        let name = "relay-domains";
        if !files.iter().any(|(file, _)| file.ends_with(name)) {
            pairs.push((name, ""));
        }
        let mut snapshot = Snapshot::of(&pairs);
        let dialects = files
            .iter()
            .map(|(name, _)| Dialect::by_name(Path::new(name)));
        if let Some(dialect) = dialects.flatten().next() {
            let folder = Path::new(dialect.server.folder());
            snapshot = snapshot.with_home(folder, Path::new(""));
        }
        for (option, value) in &self.options {
            let Some((what, path)) = option.split_once(':') else {
                continue;
            };
            if what == "missing" {
                snapshot = snapshot.without(path);
                continue;
            }
            let mut stat = snapshot.stat(path, Path::new("")).unwrap_or_default();
            match what {
                "mode" => stat.mode = u32::from_str_radix(value, 8).expect("an octal number"),
                "owner" => stat.owner = value.parse().expect("a number"),
                _ => {
                    let days: u64 = value.parse().expect("days");
                    stat.modified = SystemTime::UNIX_EPOCH - Duration::from_secs(days * 86400);
                }
            }
            snapshot = snapshot.with_stat(path, stat);
        }
        snapshot
    }
}

/// The files of a block.
fn files(name: &str, body: &[&str]) -> Vec<(String, String)> {
    let mut files = vec![(name.to_owned(), String::new())];
    for line in body {
        let other = line
            .strip_prefix("==> ")
            .and_then(|rest| rest.strip_suffix(" <=="));
        match (other, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    // What cannot be written in a page stands between two signs that no file has.
    for (_, text) in &mut files {
        for (sign, meant) in [
            ("⟨tab⟩", "\t"),
            ("⟨cr⟩", "\r"),
            ("⟨nul⟩", "\0"),
            ("⟨bom⟩", "\u{feff}"),
            ("⟨space⟩", " "),
        ] {
            *text = text.replace(sign, meant);
        }
        if let Some(open) = text.strip_suffix("⟨end⟩\n") {
            *text = open.to_owned();
        }
    }
    files
}

/// A file, with the bytes that no page can hold.
pub fn source(snapshot: &Snapshot, name: &str) -> Arc<Source> {
    let source = snapshot
        .read(name, Path::new(""))
        .expect("a file of the example");
    let mut parts = source.text().split("⟨xe9⟩");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(0xe9);
        bytes.extend(part.as_bytes());
    }
    Source::from_bytes(name, bytes)
}
