//! `smtpconf baseline`: what an old repository lives with for now, so that `lint` tells what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::checking::{Checked, Texts};
use super::{Failure, Outcome, print};
use crate::findings;
use crate::report;
use crate::text::{self, Base};

/// The version of the file's form.
const VERSION: u32 = 1;

const EXAMPLES: &str = "\
Examples:
  smtpconf baseline .
      write down what there is to report in this folder now
  smtpconf lint --baseline smtpconf-baseline.json .
      report what has come since";

/// Arguments of `baseline`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Baseline {
    /// The file to write, for `lint --baseline`; one that `baseline` wrote before is replaced
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "smtpconf-baseline.json"
    )]
    output: PathBuf,
    #[command(flatten)]
    asked: Asked,
}

/// The file: findings that are known.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// A finding that is known; the fingerprint tells it, the rest is for readers.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    file: String,
    rule: String,
    message: String,
    fingerprint: String,
}

/// What a baseline lists.
#[derive(Debug)]
pub struct Known {
    base: Base,
    /// The files of the findings, by their fingerprints.
    files: BTreeMap<String, String>,
}

impl Baseline {
    /// Writes what there is to report now.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let before = if self.output.exists() {
            Some(Known::read(&self.output)?)
        } else {
            None
        };
        let checked = self.asked.checking()?.run(&self.asked.paths, &Texts::new());
        checked.whole()?;
        let base = base(&self.output)?;
        let prints = findings::fingerprints(&checked.findings, &base);
        let entries = checked.findings.iter().zip(prints);
        let entries = entries.map(|(finding, fingerprint)| Entry {
            file: file(finding, &base),
            rule: finding.rule.to_owned(),
            message: finding.message.clone(),
            fingerprint,
        });
        let entries: Vec<Entry> = entries.collect();
        let is_new = |entry: &&Entry| {
            let known = before.as_ref();
            known.is_some_and(|known| !known.files.contains_key(&entry.fingerprint))
        };
        let new = entries.iter().filter(is_new).count();
        let count = entries.len();
        let mut said = format!(
            "{count} finding{} in {}",
            if count == 1 { "" } else { "s" },
            text::shown(&self.output)
        );
        if let Some(before) = before {
            let gone = before.files.len() + new - count;
            // Writing to a String cannot fail.
            let _ = write!(said, ": {new} new, {gone} gone");
        }
        let file = File {
            version: VERSION,
            findings: entries,
        };
        let json = serde_json::to_string_pretty(&file)
            .map_err(|error| Failure(format!("{}: {error}", text::shown(&self.output))))?;
        let json = report::escaped(&(json + "\n"));
        text::write(&self.output, &json).map_err(|error| Failure(error.to_string()))?;
        print::err(&(said + "\n"))?;
        Ok(Outcome::Good)
    }
}

impl Known {
    /// Reads the baseline at `path`.
    ///
    /// # Errors
    /// When it is none, or one of a later smtpconf.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure(format!("{}: {why}", text::shown(path)));
        let bytes = text::read(path).map_err(|error| wrong(error.to_string()))?;
        let file: File = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("no file of `smtpconf baseline`: {error}")))?;
        if file.version != VERSION {
            return Err(wrong(format!(
                "a baseline of version {}; this smtpconf knows version {VERSION}",
                file.version
            )));
        }
        let entries = file.findings.into_iter();
        Ok(Self {
            base: base(path)?,
            files: entries.map(|one| (one.fingerprint, one.file)).collect(),
        })
    }

    /// Takes out of the findings what is known. Returns how many known ones are no longer there, of
    /// the files that were checked.
    pub fn leave_out(&self, checked: &mut Checked) -> usize {
        let names = checked
            .sources
            .values()
            .map(|source| self.base.name(source.name()));
        let names: BTreeSet<String> = names.collect();
        let expected = self
            .files
            .values()
            .filter(|file| names.contains(*file))
            .count();
        let prints = findings::fingerprints(&checked.findings, &self.base);
        let mut found = 0;
        let mut prints = prints.iter();
        checked.findings.retain(|finding| {
            let is_known = prints
                .next()
                .is_some_and(|print| self.files.contains_key(print));
            found += usize::from(is_known && names.contains(&file(finding, &self.base)));
            !is_known
        });
        expected - found
    }
}

/// The name of the file that a finding speaks of, as seen from the baseline.
fn file(finding: &findings::Finding, base: &Base) -> String {
    let label = finding.labels.first();
    label.map_or_else(String::new, |label| base.name(label.place.source.name()))
}

/// The folder of a baseline, from which it names files.
fn base(path: &Path) -> Result<Base, Failure> {
    let here = std::env::current_dir().map_err(|error| Failure(format!("this folder: {error}")))?;
    let whole = text::lexical(&here.join(path));
    let folder = whole.parent().unwrap_or(&here).to_path_buf();
    Ok(Base::new(&here, folder))
}
