//! Findings at a place, in few words. Must not know any rule.

use crate::findings::{Finding, Severity};
use crate::mta::exim::Driver;
use crate::text::{Edit, Place, Span};

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

/// Where the value of an option stands, or the driver.
pub fn place(driver: &Driver, option: &str) -> Place {
    let written = driver.option(option).map(|option| &option.written);
    let place = written.and_then(|written| written.place(0..written.text().len()));
    place.unwrap_or_else(|| driver.place.clone())
}

/// The finding with the edit that gives a driver more options, below the line that names its kind;
/// without one where a macro wrote that line.
pub fn with_more(finding: Finding, driver: &Driver, options: &[&str]) -> Finding {
    let place = driver.option("driver").map(|option| &option.place);
    let place = place.filter(|place| {
        let written = place.source.slice(place.span);
        written.trim_start().starts_with("driver") && !written.contains('\n')
    });
    match place {
        Some(place) => finding.unsafe_fix(vec![below(place, options)]),
        None => finding,
    }
}

/// The edit that puts `lines` below the line of `place`, as far to the right as that.
fn below(place: &Place, lines: &[&str]) -> Edit {
    let source = &place.source;
    let line = source.line_span(source.line_index(place.span.start));
    let written = source.slice(line);
    let indent = written.len() - written.trim_start().len();
    let mut text = String::new();
    for more in lines {
        text.push('\n');
        text.push_str(&written[..indent]);
        text.push_str(more);
    }
    let end = line.start + written.trim_end_matches(['\n', '\r']).len();
    Edit {
        place: Place::new(source, Span::new(end, end)),
        text,
    }
}
