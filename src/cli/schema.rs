//! `smtpconf schema`: the JSON schema of a description.

use super::{Failure, Outcome, print};
use crate::description;

/// What stands below the help.
pub const EXAMPLES: &str = "\
Examples:
  smtpconf schema > smtpconf.schema.json
      for editors with a YAML language server: they complete and check
      smtpconf.yaml if its first line is
      # yaml-language-server: $schema=smtpconf.schema.json";

/// Prints the schema.
pub fn run() -> Result<Outcome, Failure> {
    print::out(description::SCHEMA)?;
    Ok(Outcome::Good)
}
