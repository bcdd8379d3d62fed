//! `smtpconf schema`: the JSON schema of a description, or of a report.

use clap::{Args, ValueEnum};

use super::{Failure, Outcome, print};
use crate::description;
use crate::report;

const EXAMPLES: &str = "\
Examples:
  smtpconf schema > smtpconf.schema.json
      for editors with a YAML language server: they complete and check
      smtpconf.yaml if its first line is
      # yaml-language-server: $schema=smtpconf.schema.json
  smtpconf schema report
      for programs that read `--format json`";

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Schema {
    /// What the schema is of
    #[arg(value_enum, default_value_t = What::Description, value_name = "WHAT")]
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// smtpconf.yaml, for editors
    Description,
    /// What `--format json` prints
    Report,
}

impl Schema {
    /// Prints it.
    pub fn run(&self) -> Result<Outcome, Failure> {
        print::out(match self.what {
            What::Description => description::SCHEMA,
            What::Report => report::SCHEMA,
        })?;
        Ok(Outcome::Good)
    }
}
