//! `smtpconf lint`: check descriptions.

use std::path::PathBuf;

use clap::Args;

use super::print::Stream;
use super::{Failure, Outcome, Reporting, input, print};
use crate::lint::lint;

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Descriptions: files, folders that hold smtpconf.yaml, or `-` for standard input
    /// [default: smtpconf.yaml here or above]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reporting: Reporting,
}

impl Lint {
    /// Reports the findings of every path.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut findings = Vec::new();
        let mut failures = Vec::new();
        let paths: Vec<_> = if self.paths.is_empty() {
            vec![None]
        } else {
            self.paths.iter().map(|path| Some(path.as_path())).collect()
        };
        for path in paths {
            match input::description(path) {
                Ok(Ok(source)) => findings.extend(lint(&source)),
                Ok(Err(finding)) => findings.push(finding),
                Err(Failure(message)) => failures.push(message),
            }
        }
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
}
