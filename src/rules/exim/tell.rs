//! Findings at a place, in few words. Must not know any rule.

use crate::findings::{Finding, Severity};
use crate::text::Place;

/// An error.
pub fn error(rule: &'static str, place: &Place, message: impl Into<String>) -> Finding {
    Finding::new(Severity::Error, rule, &place.source, place.span, message)
}

/// A warning.
pub fn warning(rule: &'static str, place: &Place, message: impl Into<String>) -> Finding {
    Finding::new(Severity::Warning, rule, &place.source, place.span, message)
}

/// A note.
pub fn note(rule: &'static str, place: &Place, message: impl Into<String>) -> Finding {
    Finding::new(Severity::Note, rule, &place.source, place.span, message)
}
