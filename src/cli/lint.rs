//! `smtpconf lint`: check descriptions and servers' files, and mend what can be mended.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::checking::{Checked, Checking, Texts};
use super::print::Stream;
use super::reading::Reading;
use super::{Failure, Outcome, Reporting, print};
use crate::findings::Finding;
use crate::lint::{self, Level, Levels, Selector};
use crate::policy::Surroundings;
use crate::text::{self, Source};

/// So many rounds of mending are enough for fixes that make way for others.
const ROUNDS: usize = 10;

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Descriptions, servers' files, folders with either, or `-` for standard input
    /// [default: smtpconf.yaml here or above]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Report every difference from what this description demands
    /// [default: the description whose `targets` name the file's folder]
    #[arg(long, value_name = "DESCRIPTION")]
    against: Option<PathBuf>,
    /// The address under which every client from outside appears: of a NAT, of a container's
    /// gateway, of a load balancer
    #[arg(long, value_name = "IP")]
    behind_nat: Vec<IpAddr>,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    fixing: Fixing,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

/// Which rules report, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules, by their names or groups (`smtpconf rules` lists them)")]
struct Rules {
    /// Report these alone
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Selector::parse)]
    select: Vec<Selector>,
    /// Leave these out
    #[arg(long, visible_alias = "allow", value_name = "RULE", value_delimiter = ',', value_parser = Selector::parse)]
    ignore: Vec<Selector>,
    /// Report these as errors
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Selector::parse)]
    deny: Vec<Selector>,
    /// Report these as warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Selector::parse)]
    warn: Vec<Selector>,
    /// Report matters of taste too
    #[arg(long)]
    pedantic: bool,
}

/// What is mended.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Mending")]
struct Fixing {
    /// Mend what can be mended without a change of what the server does
    #[arg(long)]
    fix: bool,
    /// Mend what was most likely meant, too: the server will do something else
    #[arg(long)]
    unsafe_fixes: bool,
    /// Show what would be mended, and write nothing
    #[arg(long)]
    diff: bool,
}

impl Rules {
    /// The levels: where one rule is named twice, deny wins over warn, and warn over ignore.
    fn levels(&self) -> Levels {
        let ignored = self.ignore.iter().map(|&one| (one, Level::Allow));
        let warned = self.warn.iter().map(|&one| (one, Level::Warn));
        let denied = self.deny.iter().map(|&one| (one, Level::Deny));
        Levels {
            pedantic: self.pedantic,
            only: self.select.clone(),
            set: ignored.chain(warned).chain(denied).collect(),
        }
    }
}

impl Lint {
    /// Reports the findings of every path.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let checking = Checking {
            reading: &self.reading,
            against: self.against.as_deref(),
            surroundings: Surroundings {
                gateways: self.behind_nat.clone(),
            },
            levels: self.rules.levels(),
        };
        let mut checked = checking.run(&self.paths, &Texts::new());
        let mut outcome = Outcome::Good;
        if self.fixing.fix || self.fixing.unsafe_fixes || self.fixing.diff {
            let before = checked.sources.clone();
            let mut texts = Texts::new();
            for _ in 0..ROUNDS {
                let mended = self.mended(&checked);
                if mended.is_empty() {
                    break;
                }
                texts.extend(mended);
                checked = checking.run(&self.paths, &texts);
            }
            if self.fixing.diff {
                return show(&before, &texts, &checked.failures);
            }
            outcome = write(&before, &texts)?;
        }
        let files: Vec<String> = checked
            .sources
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        print::findings(&checked.findings, &files, &self.reporting, Stream::Out)?;
        if !checked.failures.is_empty() {
            return Err(Failure(checked.failures.join("\nsmtpconf: ")));
        }
        if self.reporting.fails(&checked.findings) {
            outcome = Outcome::Bad;
        }
        Ok(outcome)
    }

    /// The checked files that fixes change: other files are read, and not written.
    fn mended(&self, checked: &Checked) -> Texts {
        let is_checked = |finding: &&Finding| {
            let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
            edits
                .map(|edit| edit.place.source.name())
                .all(|name| checked.sources.contains_key(Path::new(name)) && name != STDIN)
        };
        let findings: Vec<Finding> = checked
            .findings
            .iter()
            .filter(is_checked)
            .cloned()
            .collect();
        let mended = lint::mend(&findings, self.fixing.unsafe_fixes).into_iter();
        mended
            .map(|(source, text)| (PathBuf::from(source.name()), source.with_text(text)))
            .collect()
    }
}

/// The name of standard input, which cannot be mended.
const STDIN: &str = "<stdin>";

/// Writes what fixes changed, and says so.
fn write(before: &Texts, texts: &Texts) -> Result<Outcome, Failure> {
    for (path, now) in texts {
        let bytes = |source: &Source| source.bytes(source.text()).into_owned();
        let Some(old) = before.get(path) else {
            continue;
        };
        text::replace(path, &bytes(old), &bytes(now))
            .map_err(|error| Failure(error.to_string()))?;
        print::err(&format!(
            "mended {}\n",
            print::plain(&path.display().to_string())
        ))?;
    }
    Ok(Outcome::Good)
}

/// Shows what fixes would change.
fn show(before: &Texts, texts: &Texts, failures: &[String]) -> Result<Outcome, Failure> {
    for (path, now) in texts {
        if let Some(old) = before.get(path) {
            let shown = print::plain(&path.display().to_string());
            let diff = print::diff(&shown, &shown, old.text(), now.text());
            print::out(&print::plain(&diff))?;
        }
    }
    if !failures.is_empty() {
        return Err(Failure(failures.join("\nsmtpconf: ")));
    }
    Ok(if texts.is_empty() {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}
