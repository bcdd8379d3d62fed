//! `smtpconf schema`: the JSON schema of a description.

use super::{Failure, Outcome, print};
use crate::description;

/// Prints the schema.
pub fn run() -> Result<Outcome, Failure> {
    print::out(description::SCHEMA)?;
    Ok(Outcome::Good)
}
