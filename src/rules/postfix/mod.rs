//! The rules that only Postfix has. Each is a row here, a page, and a function where it takes one.

use super::rule::Rule;

/// The rows.
pub static RULES: &[Rule] = &[];
