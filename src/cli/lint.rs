//! `smtpconf lint`: check descriptions and servers' files.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::print::Stream;
use super::reading::Reading;
use super::{Failure, Outcome, Reporting, input, print};
use crate::findings::{self, Finding};
use crate::lint::{self, Asking, Found};
use crate::mta::{Told, World};

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
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

impl Lint {
    /// Reports the findings of every path.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut findings = Vec::new();
        let mut failures = Vec::new();
        if self.paths.is_empty() {
            description(None, &mut findings, &mut failures);
        }
        for path in &self.paths {
            let is_description = lint::is_description(path);
            let what = ["a folder", "a description"][usize::from(is_description)];
            if (path.is_dir() || is_description)
                && let Err(Failure(message)) = self.reading.not_of(path, what)
            {
                failures.push(message);
            } else if path.is_dir() {
                self.folder(path, &mut findings, &mut failures);
            } else if is_description || (path == Path::new("-") && !self.reading.names_a_kind()) {
                description(Some(path), &mut findings, &mut failures);
            } else {
                self.configuration(path, &mut findings, &mut failures);
            }
        }
        // A file is reached by its own path and as a neighbour of another.
        findings::sort(&mut findings);
        findings.dedup_by(|a, b| findings::same(a, b));
        print::findings(&findings, &self.reporting, Stream::Out)?;
        if !failures.is_empty() {
            return Err(Failure(failures.join("\nsmtpconf: ")));
        }
        Ok(if self.reporting.fails(&findings) {
            Outcome::Bad
        } else {
            Outcome::Good
        })
    }

    fn folder(&self, folder: &Path, findings: &mut Vec<Finding>, failures: &mut Vec<String>) {
        let found = lint::discover(folder);
        if found.is_empty() {
            failures.push(format!(
                "{}: neither {} nor a mail server's configuration in this folder",
                folder.display(),
                lint::DESCRIPTION
            ));
        }
        for file in found {
            match file {
                Found::Description(path) => description(Some(&path), findings, failures),
                Found::Configuration(path, _) => self.configuration(&path, findings, failures),
            }
        }
    }

    fn configuration(&self, path: &Path, findings: &mut Vec<Finding>, failures: &mut Vec<String>) {
        let checked = self.reading.source(path).and_then(|source| {
            let (dialect, told) = self.reading.dialect(&source);
            if told == Told::Guessed {
                return Err(Failure(format!(
                    "{}: neither its name nor its content tells what kind of file it is; --as names the kind",
                    path.display()
                )));
            }
            let files = self.reading.snapshot(path, dialect)?;
            let wanted = match (&self.against, dialect.lift) {
                (_, None) => None,
                (Some(description), _) => match input::description(Some(description))? {
                    Ok(source) => match lint::wanted(&source) {
                        Ok(wanted) => Some(wanted),
                        Err(faults) => return Ok(faults),
                    },
                    Err(fault) => return Ok(vec![fault]),
                },
                (None, _) => lint::paired(path, dialect),
            };
            let target = wanted.as_ref().and_then(|wanted| wanted.target);
            let world = World {
                files: &files,
                version: match target.filter(|_| !self.reading.names_a_version()) {
                    Some(target) => target.version,
                    None => self.reading.version(dialect.server)?,
                },
                known: self.reading.known(),
                defaults: false,
            };
            let mut asking = Asking {
                environment: self.reading.environment(),
                ..Asking::default()
            };
            if let Some(wanted) = wanted {
                asking.surroundings = wanted.surroundings;
                asking.wanted = Some(wanted.policy);
            }
            asking.surroundings.gateways.extend(&self.behind_nat);
            Ok(lint::configuration(&source, dialect, &world, &asking))
        });
        match checked {
            Ok(found) => findings.extend(found),
            Err(Failure(message)) => failures.push(message),
        }
    }
}

fn description(path: Option<&Path>, findings: &mut Vec<Finding>, failures: &mut Vec<String>) {
    match input::description(path) {
        Ok(Ok(source)) => findings.extend(lint::description(&source)),
        Ok(Err(finding)) => findings.push(finding),
        Err(Failure(message)) => failures.push(message),
    }
}
