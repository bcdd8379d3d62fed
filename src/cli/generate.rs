//! `smtpconf generate`: from a description to a server's files.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::print::Stream;
use super::{Failure, Outcome, Reporting, input, print};
use crate::description::{self, Description};
use crate::findings::{self, Finding};
use crate::generate;
use crate::lint::{self, Found};
use crate::mta::{File, Server, Target};
use crate::text;

const EXAMPLES: &str = "\
Examples:
  smtpconf generate
      write the files of each server in `targets` into its folder
  smtpconf generate --check .
      say whether the targets of each smtpconf.yaml here are up to date
  smtpconf generate --target postfix --file main.cf
      print one file
  smtpconf generate --target exim@4.98.2 --out /srv/exim --diff
      show what would change for a certain version of a server";

/// Arguments of `generate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Generate {
    /// The description; `-` for standard input; without --target also a folder, for every
    /// smtpconf.yaml below it that has targets [default: smtpconf.yaml here or above]
    #[arg(value_name = "DESCRIPTION")]
    description: Option<PathBuf>,
    /// The server to generate for: postfix, exim or sendmail, also with a version as postfix@3.5.25,
    /// or all [default: the description's targets, each in its folder]
    #[arg(long, value_name = "SERVER[@VERSION]", value_parser = target)]
    target: Option<String>,
    /// The server's version
    #[arg(long, value_name = "VERSION", requires = "target")]
    mta_version: Option<String>,
    /// Write the files below this folder; without it they are printed
    #[arg(long, value_name = "DIR", requires = "target")]
    out: Option<PathBuf>,
    /// Print this file alone
    #[arg(long, value_name = "NAME", conflicts_with = "out", requires = "target")]
    file: Option<String>,
    /// Overwrite files that differ
    #[arg(long)]
    force: bool,
    /// Show what would change in the folder, and write nothing
    #[arg(long, conflicts_with = "force")]
    diff: bool,
    /// Say whether the folder is what the description gives, and write nothing
    #[arg(long, conflicts_with_all = ["force", "diff"])]
    check: bool,
    #[command(flatten)]
    reporting: Reporting,
}

/// A server with the folder of its files below the one that they are written to.
type Place = (Target, Option<String>);

impl Generate {
    /// Generates, and prints, writes or compares the files.
    pub fn run(&self) -> Result<Outcome, Failure> {
        if self.target.is_some() && self.out.is_none() && (self.force || self.diff || self.check) {
            return Err(Failure(
                "with --target, --force, --diff and --check need --out with the folder".into(),
            ));
        }
        let paths = match (&self.description, &self.target) {
            (Some(folder), None) if folder.is_dir() => described(folder)?,
            (path, _) => return self.from(path.as_deref()),
        };
        let mut outcome = Outcome::Good;
        let mut failures = Vec::new();
        for path in paths {
            match self.from(Some(&path)) {
                Ok(Outcome::Good) => {}
                Ok(Outcome::Bad) => outcome = Outcome::Bad,
                Err(Failure(message)) => failures.push(message),
            }
        }
        if failures.is_empty() {
            return Ok(outcome);
        }
        Err(Failure(failures.join("\nsmtpconf: ")))
    }

    /// Generates from one description.
    fn from(&self, path: Option<&Path>) -> Result<Outcome, Failure> {
        let (description, mut findings) = match input::description(path)? {
            Ok(source) => description::read(&source),
            Err(finding) => (None, vec![finding]),
        };
        let folder = match (&self.target, &self.out, &description) {
            (Some(_), out, _) => out.clone(),
            (None, _, Some(description)) => Some(input::folder(description.source.name())),
            (None, _, None) => None,
        };
        let generated = match description {
            Some(description) => self.generate(&description, &mut findings)?,
            None => None,
        };
        print::findings(&findings, &[], &self.reporting, Stream::Err)?;
        let Some((files, steps)) = generated.filter(|_| !self.reporting.fails(&findings)) else {
            return Ok(Outcome::Bad);
        };
        match folder {
            None => {
                self.print(&files)?;
                self.tell(&steps)?;
                Ok(Outcome::Good)
            }
            Some(folder) if self.check || self.diff => self.compare(&folder, &files),
            Some(folder) => {
                let pairs: Vec<(&str, &str)> = files
                    .iter()
                    .map(|f| (f.name.as_str(), f.text.as_str()))
                    .collect();
                text::write_all(&folder, &pairs, self.force).map_err(|error| {
                    let hint = match error {
                        text::WriteError::Exists(_) => {
                            "\nlook at the changes with --diff, or overwrite with --force"
                        }
                        _ => "",
                    };
                    Failure(format!("{error}{hint}"))
                })?;
                self.tell(&steps)?;
                Ok(Outcome::Good)
            }
        }
    }

    /// The servers to generate for; none, with findings, when the description names unknown ones.
    fn places(
        &self,
        description: &Description,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Vec<Place>>, Failure> {
        let platform = generate::platform(description);
        let Some(name) = &self.target else {
            return match generate::outputs(description) {
                Ok(outputs) if outputs.is_empty() => Err(Failure(
                    "no server is named: say --target, or list `targets` in the description".into(),
                )),
                Ok(outputs) => Ok(Some(
                    outputs
                        .into_iter()
                        .map(|(target, into)| (target, Some(into)))
                        .collect(),
                )),
                Err(unknown) => {
                    findings.extend(unknown);
                    Ok(None)
                }
            };
        };
        if name == "all" {
            if self.mta_version.is_some() {
                return Err(Failure(
                    "--mta-version is of one server; with `--target all` there are three".into(),
                ));
            }
            let all = Server::ALL.map(|server| {
                let version = server.version_on(platform);
                (Target { server, version }, Some(server.name().to_owned()))
            });
            return Ok(Some(all.to_vec()));
        }
        let name = match &self.mta_version {
            None => name.clone(),
            Some(_) if name.contains('@') => {
                return Err(Failure(
                    "the version stands twice: in --target and in --mta-version".into(),
                ));
            }
            Some(version) => format!("{name}@{version}"),
        };
        let target = Target::parse(&name, platform)
            .map_err(|message| Failure(format!("--target: {message}")))?;
        Ok(Some(vec![(target, None)]))
    }

    /// The files of every target and what to do with them; nothing, with findings, when one
    /// refuses.
    fn generate(
        &self,
        description: &Description,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<(Vec<File>, String)>, Failure> {
        let Some(places) = self.places(description, findings)? else {
            return Ok(None);
        };
        let mut files = Vec::new();
        let mut steps = String::new();
        let mut refused = false;
        for (target, folder) in places {
            match generate::generate(description, target) {
                Ok(generated) => {
                    // Writing to a String cannot fail.
                    let _ = writeln!(steps, "{target}, afterwards on the server:");
                    for step in &generated.steps {
                        let _ = writeln!(steps, "  {step}");
                    }
                    files.extend(generated.files.into_iter().map(|file| match &folder {
                        Some(folder) => File {
                            name: format!("{folder}/{}", file.name),
                            ..file
                        },
                        None => file,
                    }));
                }
                Err(reasons) => {
                    refused = true;
                    findings.extend(reasons);
                }
            }
        }
        findings::sort(findings);
        Ok((!refused).then_some((files, steps)))
    }

    fn print(&self, files: &[File]) -> Result<(), Failure> {
        if let Some(name) = &self.file {
            let file = files
                .iter()
                .find(|file| file.name == *name)
                .ok_or_else(|| {
                    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                    Failure(format!(
                        "`{}` is not one of the files: {}",
                        text::one_line(name),
                        names.join(", ")
                    ))
                })?;
            return print::exactly(file.text.as_bytes());
        }
        let mut text = String::new();
        for (index, file) in files.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            // Writing to a String cannot fail.
            let _ = write!(text, "{gap}==> {} <==\n{}", file.name, file.text);
        }
        print::exactly(text.as_bytes())
    }

    /// Says what is left to do, unless a program reads what is printed there.
    fn tell(&self, steps: &str) -> Result<(), Failure> {
        if self.reporting.is_for_programs() {
            return Ok(());
        }
        print::err(steps)
    }

    fn compare(&self, folder: &Path, files: &[File]) -> Result<Outcome, Failure> {
        let mut report = String::new();
        let mut headings = 0;
        for file in files {
            let path = folder.join(&file.name);
            let (found, missing) = match text::read(&path) {
                Ok(bytes) => (String::from_utf8_lossy(&bytes).into_owned(), false),
                Err(error) if error.is_missing() => (String::new(), true),
                Err(error) => return Err(Failure(format!("{}: {error}", text::shown(&path)))),
            };
            if !missing && without_version(&found) == without_version(&file.text) {
                continue;
            }
            let shown = text::shown(&path);
            if self.diff && !missing && without_heading(&found) == without_heading(&file.text) {
                headings += 1;
            } else if self.diff {
                let before = if missing {
                    "/dev/null".into()
                } else {
                    shown.clone()
                };
                report += &print::diff(&before, &shown, &found, &file.text);
            } else if missing {
                // Writing to a String cannot fail.
                let _ = writeln!(report, "{shown}: missing");
            } else {
                let _ = writeln!(report, "{shown}: not what the description gives");
            }
        }
        if headings > 0 {
            let s = if headings == 1 { "" } else { "s" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                report,
                "{headings} file{s} with another heading alone: the description changed"
            );
        }
        if report.is_empty() {
            return Ok(Outcome::Good);
        }
        if self.check {
            report += "see the differences with --diff, and write them with --force\n";
        }
        print::changes(&report, &self.reporting)?;
        Ok(Outcome::Bad)
    }
}

/// Refuses a server that is none at once: its version depends on the description, its name does not.
fn target(text: &str) -> Result<String, String> {
    let name = text.split('@').next().unwrap_or_default();
    if name == "all" {
        return Ok(text.to_owned());
    }
    Target::parse(name, generate::USUAL_PLATFORM).map(|_| text.to_owned())
}

/// The descriptions below a folder that name targets, and those of which faults hide whether they do.
///
/// # Errors
/// When there is none.
fn described(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let has_targets = |path: &PathBuf| match input::description(Some(path)) {
        Ok(Ok(source)) => match description::read(&source) {
            (Some(description), _) => !description.outputs.is_empty(),
            (None, faults) => faults
                .iter()
                .all(|fault| fault.rule != description::LINTER_ALONE),
        },
        _ => true,
    };
    let mut paths = Vec::new();
    for found in lint::discover(folder) {
        match found {
            Found::Description(path) if has_targets(&path) => paths.push(path),
            Found::Description(_) | Found::Configuration(..) => {}
            Found::Closed(path, reason) => {
                return Err(Failure(format!("{}: {reason}", text::shown(&path))));
            }
        }
    }
    if paths.is_empty() {
        let folder = text::shown(folder);
        let name = lint::DESCRIPTION;
        return Err(Failure(format!(
            "{folder}: no {name} with `targets` in this folder or below it"
        )));
    }
    Ok(paths)
}

/// The lines but for the one that names smtpconf's version: a new version alone is no difference.
fn without_version(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.contains(VERSION_LINE))
        .collect()
}

/// The lines but for those of the heading that name smtpconf's version and the description's hash.
fn without_heading(text: &str) -> Vec<&str> {
    let mut lines = without_version(text);
    lines.retain(|line| !line.contains(HASH_LINE));
    lines
}

/// What the heading's line with the hash begins with, behind the comment sign.
const HASH_LINE: &str = "Description: sha256 ";

/// What the heading's version line begins with, behind the comment sign.
const VERSION_LINE: &str = "Generated by smtpconf ";
