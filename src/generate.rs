//! From a description to the files of one server. Must not know where the files go.

use crate::description::{self, Description};
use crate::findings::Finding;
use crate::mta::{Generated, Heading, Target};

/// The files that make a server of kind `target` do what `description` says.
///
/// # Errors
/// Why this server cannot do it, each reason at the place of the description that asks for it.
pub fn generate(description: &Description, target: Target) -> Result<Generated, Vec<Finding>> {
    let heading = Heading {
        version: env!("CARGO_PKG_VERSION"),
        hash: description.hash(),
    };
    target.generate(&description::lower(description), &heading)
}
