//! The rules that are the same for every server, or for a description. Each is a row here and a
//! page; what finds it is in `lint`, `description` or with the server.

use super::rule::Rule;

/// The rows.
pub static RULES: &[Rule] = &[];
