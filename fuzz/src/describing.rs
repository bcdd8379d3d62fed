//! Any bytes give findings or a description, and a description can be said again.

use smtpconf::description::{self, Description};
use smtpconf::findings::Severity;
use smtpconf::lint;
use smtpconf::policy::compare;
use smtpconf::text::Source;

use super::folder::point_inside;
use super::reporting::print;

/// Reads `bytes` as a description, and what it demands once more from what is raised from it.
///
/// # Panics
/// When there is neither an error nor a description, when a finding points past the text, or when
/// something else is demanded the second time.
pub fn describe(bytes: &[u8]) {
    let source = Source::from_bytes("smtpconf.yaml", bytes.to_vec());
    let (description, findings) = description::read(&source);
    let is_faulty = findings.iter().any(|one| one.severity == Severity::Error);
    assert_ne!(description.is_some(), is_faulty, "{findings:?}");
    point_inside(&findings);
    print("human", &findings);
    assert_eq!(print("concise", &findings).lines().count(), findings.len());
    point_inside(&lint::description(&source));
    if let Some(description) = description {
        comes_back(&description);
    }
}

/// Holds that what is demanded can be raised to a description, which demands the same.
///
/// # Panics
/// When it does not.
pub fn comes_back(description: &Description) {
    let wanted = description::lower(description);
    let raised = description::raise(&wanted);
    let (again, findings) = description::read(&Source::new("raised", raised.as_str()));
    let again = again.unwrap_or_else(|| panic!("{raised}\n{findings:?}"));
    let lowered = description::lower(&again);
    let drift = compare(&wanted, &lowered);
    assert!(drift.is_empty(), "{raised}\n{drift:?}");
}
