//! `smtpconf lint`: check descriptions and servers' files, and mend what can be mended.

use std::path::{Path, PathBuf};

use clap::Args;

use super::asked::Asked;
use super::baseline::Known;
use super::checking::{Checked, Texts};
use super::print::Stream;
use super::{Failure, Outcome, Reporting, print};
use crate::findings::Finding;
use crate::lint;
use crate::text::{self, Source};

/// So many rounds of mending are enough for fixes that make way for others.
const ROUNDS: usize = 10;

const EXAMPLES: &str = "\
Examples:
  smtpconf lint
      check smtpconf.yaml here or above
  smtpconf lint .
      check every description and configuration in this folder
  smtpconf lint /etc/postfix --mta-version debian-12,debian-13
      check a server's own files, and tell what an upgrade changes
  smtpconf lint --fix --diff postfix
      show what can be mended without a change of what the server does
  smtpconf lint --select security --fail-on warning .
      report one group of rules alone, and fail for its warnings too";

/// Arguments of `lint`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Lint {
    #[command(flatten)]
    asked: Asked,
    /// Leave out what this file of `smtpconf baseline` lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    fixing: Fixing,
    #[command(flatten)]
    reporting: Reporting,
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

impl Lint {
    /// Reports the findings of every path.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let checking = self.asked.checking()?;
        let known = self.baseline.as_deref().map(Known::read).transpose()?;
        let mut checked = checking.run(&self.asked.paths, &Texts::new());
        if self.fixing.fix || self.fixing.unsafe_fixes || self.fixing.diff {
            let before = checked.sources.clone();
            let mut texts = Texts::new();
            for _ in 0..ROUNDS {
                let mended = self.mended(&checked);
                if mended.is_empty() {
                    break;
                }
                texts.extend(mended);
                checked = checking.run(&self.asked.paths, &texts);
            }
            if self.fixing.diff {
                show(&before, &texts, &self.reporting)?;
                checked.whole()?;
                return Ok(if texts.is_empty() {
                    Outcome::Good
                } else {
                    Outcome::Bad
                });
            }
            write(&before, &texts)?;
        }
        if let Some(known) = &known {
            let gone = known.leave_out(&mut checked);
            if gone > 0 {
                print::err(&format!(
                    "{gone} of the baseline's findings are gone: `smtpconf baseline` forgets them\n"
                ))?;
            }
        }
        let files: Vec<String> = checked
            .sources
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        // What could not be looked at has no findings, and that is no good news.
        if checked.failures.is_empty() || !checked.findings.is_empty() {
            print::findings(&checked.findings, &files, &self.reporting, Stream::Out)?;
        }
        checked.whole()?;
        Ok(if self.reporting.fails(&checked.findings) {
            Outcome::Bad
        } else {
            Outcome::Good
        })
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
fn write(before: &Texts, texts: &Texts) -> Result<(), Failure> {
    for (path, now) in texts {
        let bytes = |source: &Source| source.bytes(source.text()).into_owned();
        let Some(old) = before.get(path) else {
            continue;
        };
        text::replace(path, &bytes(old), &bytes(now))
            .map_err(|error| Failure(error.to_string()))?;
        print::err(&format!("mended {}\n", text::shown(path)))?;
    }
    Ok(())
}

/// Shows what fixes would change.
fn show(before: &Texts, texts: &Texts, reporting: &Reporting) -> Result<(), Failure> {
    for (path, now) in texts {
        if let Some(old) = before.get(path) {
            let shown = text::shown(path);
            let diff = print::diff(&shown, &shown, old.text(), now.text());
            print::changes(&diff, reporting)?;
        }
    }
    Ok(())
}
