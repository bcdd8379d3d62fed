//! The description that the user writes: read, checked, and lowered to a Policy. Must not know
//! any server.

mod auth;
mod content;
mod domains;
mod draft;
mod endpoint;
mod limits;
mod lint;
mod listeners;
mod lower;
mod model;
mod path;
mod provider;
mod raise;
mod raw;
mod smarthost;
mod surroundings;
mod validate;
mod yaml;

pub use draft::Draft;
pub use lint::{LintPath, LintSection, lint_section};
pub use lower::lower;
pub use model::{Description, Listener, Output, Spanned};
pub use provider::{Provider, providers};
pub use raise::raise;
pub use raw::Level;

use std::sync::Arc;

use crate::findings::{self, Finding, Severity};
use crate::text::Source;

/// The JSON schema of a description, for editors.
pub const SCHEMA: &str = include_str!("../../schemas/description.schema.json");

/// The rule that a file is no description where it is used as one.
pub const LINTER_ALONE: &str = "no-description";

/// Reads a description. All findings come at once, in the order of the file; the description is
/// there when none of them is an error. That the file holds the linter's section alone is one.
pub fn read(source: &Arc<Source>) -> (Option<Description>, Vec<Finding>) {
    let (root, mut findings) = yaml::read::<yaml::Node<raw::Raw>>(source);
    let raw = root.as_ref().and_then(|root| root.value.as_ref());
    let lint = raw.filter(|raw| raw.is_for_the_linter_alone());
    if let Some(lint) = lint.and_then(|raw| raw.lint.as_ref()) {
        let message = "nothing but settings of the linter stands here: no server is described";
        let severity = Severity::Error;
        findings.push(Finding::new(
            severity,
            LINTER_ALONE,
            source,
            lint.span,
            message,
        ));
        return (None, findings);
    }
    let description = root.and_then(|root| validate::validate(source, &root, &mut findings));
    hide_passwords(source, &mut findings);
    findings::sort(&mut findings);
    (description, findings)
}

/// Reports show the lines around a finding, and logs keep reports: what was found to be a password
/// is shown as asterisks in all of them.
fn hide_passwords(source: &Arc<Source>, findings: &mut [Finding]) {
    let mut text = source.text().to_owned();
    for finding in findings
        .iter()
        .filter(|finding| finding.rule == yaml::PASSWORD)
    {
        for label in &finding.labels {
            let range = label.place.span.start..label.place.span.end;
            text.replace_range(range.clone(), &"*".repeat(range.len()));
        }
    }
    if text == source.text() {
        return;
    }
    let hidden = Source::new(source.name(), text);
    for label in findings.iter_mut().flat_map(|finding| &mut finding.labels) {
        label.place.source = Arc::clone(&hidden);
    }
}
