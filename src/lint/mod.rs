//! Checking one file. Must not know how findings are printed or what the exit code is.

use std::sync::Arc;

use crate::description;
use crate::findings::Finding;
use crate::text::Source;

/// All findings about a description, in the order of its text.
pub fn lint(source: &Arc<Source>) -> Vec<Finding> {
    description::read(source).1
}
