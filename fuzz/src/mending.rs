//! Mending ends, and what is safe leaves what the server does and what was remarked as it was.

use std::collections::BTreeSet;

use smtpconf::findings::{Finding, Severity};
use smtpconf::lint;
use smtpconf::policy::{Policy, compare};

use super::folder::{Files, cut, findings, policy};

/// Mends the files of the input where that is safe, and then everything.
///
/// # Panics
/// When mending does not come to an end, when it brings errors, or when a safe fix changes what
/// the server does.
pub fn mend(bytes: &[u8]) {
    let files = cut("", bytes);
    let after = fixed(&files, false, findings);
    if after != files {
        let kept = keeps_meaning(&files, &after, policy);
        assert!(kept.is_ok(), "{kept:?}\n{files:?}\n{after:?}");
        let (before, now) = (errors(&files), errors(&after));
        assert!(
            now.is_subset(&before),
            "{:?} are new\n{files:?}\n{after:?}",
            now.difference(&before)
        );
    }
    fixed(&files, true, findings);
}

/// The rules that find errors.
fn errors(files: &Files) -> BTreeSet<&'static str> {
    let found = findings(files).into_iter();
    let errors = found.filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.rule).collect()
}

/// The files as the fixes of what `found` finds leave them.
///
/// # Panics
/// When mending does not come to an end.
pub fn fixed(files: &Files, unsafe_too: bool, found: impl Fn(&Files) -> Vec<Finding>) -> Files {
    let mut files = files.clone();
    for round in 0.. {
        assert!(round < 10, "fixes do not come to an end: {files:?}");
        let mended = lint::mend(&found(&files), unsafe_too);
        if mended.is_empty() {
            break;
        }
        for (source, text) in mended {
            // A name may stand there twice; the last one counts.
            let mut known = files.iter_mut().rev();
            let file = known.find(|(name, _)| name == source.name());
            let (_, old) = file.unwrap_or_else(|| panic!("{} is none of the files", source.name()));
            *old = text;
        }
    }
    files
}

/// Law 7: what is mended safely does the same, and every remark is in its place.
///
/// # Errors
/// What is not so.
pub fn keeps_meaning(
    before: &Files,
    after: &Files,
    policy: impl Fn(&Files) -> Option<Policy>,
) -> Result<(), String> {
    if let (Some(before), Some(now)) = (policy(before), policy(after)) {
        let drift = compare(&before, &now);
        if !drift.is_empty() {
            return Err(format!(
                "a safe fix changes what the server does: {drift:?}"
            ));
        }
    }
    let lines = |files: &Files| -> Vec<String> {
        let lines = files.iter().flat_map(|(_, text)| text.lines());
        lines.map(str::to_owned).collect()
    };
    let (before, after) = (lines(before), lines(after));
    let is_remark = |line: &&String| line.starts_with('#') || line.starts_with("dnl ");
    // Something may come behind it: in a sendmail.mc the rest of such a line is no comment.
    let is_there = |remark: &String| after.iter().any(|line| line.starts_with(remark));
    if !before.iter().filter(is_remark).all(is_there) {
        return Err("a safe fix takes a comment away".to_owned());
    }
    Ok(())
}
