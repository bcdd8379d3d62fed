//! What a finding is known by from one run to the next, also when lines above it came or went.
//! Must not know who remembers it.

use std::collections::HashMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Finding;
use crate::text::Base;

/// The SHA-256, in hexadecimal, of the finding's rule, its file's name, its message and the line
/// that it speaks of, without the blanks around it. Messages name no lines, so it stays the same
/// when the line moves.
pub fn fingerprint(finding: &Finding, relative_name: &str) -> String {
    let line = finding.labels.first().map_or("", |label| {
        let source = &label.place.source;
        let index = source.line_index(label.place.span.start);
        source.slice(source.line_span(index)).trim()
    });
    let mut hash = Sha256::new();
    for part in [finding.rule, relative_name, &finding.message, line] {
        hash.update(part);
        // So that no two lists of parts run into the same text.
        hash.update([0]);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The fingerprint of each finding, with files named from `base`. No two are equal: of findings
/// that nothing else tells apart, the second ends in `:2`, and so on.
pub fn fingerprints(findings: &[Finding], base: &Base) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let one = |finding: &Finding| {
        let source = finding.labels.first().map(|label| &label.place.source);
        let name = source.map_or_else(String::new, |source| base.name(source.name()));
        let print = fingerprint(finding, &name);
        let count = seen.entry(print.clone()).or_default();
        *count += 1;
        match count {
            1 => print,
            more => format!("{print}:{more}"),
        }
    };
    findings.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Severity;
    use crate::text::{Source, Span};

    fn found(text: &str, wanted: &str) -> Vec<Finding> {
        let source = Source::new("main.cf", text);
        let at = text.match_indices(wanted);
        at.map(|(at, _)| {
            let span = Span::new(at, at + wanted.len());
            Finding::new(Severity::Error, "bad", &source, span, "it is bad")
        })
        .collect()
    }

    #[test]
    fn a_moved_line_keeps_its_fingerprint_and_another_has_its_own() {
        let base = Base::new("/r", "/r");
        let before = fingerprints(&found("a = bad\nb = bad\n", "bad"), &base);
        let after = fingerprints(&found("# new\n\nb = bad\n  a = bad \n", "bad"), &base);
        assert_eq!(before, [after[1].clone(), after[0].clone()]);
        assert_ne!(before[0], before[1]);
        let elsewhere = Base::new("/r/sub", "/r");
        let moved = fingerprints(&found("a = bad\n", "bad"), &elsewhere);
        assert_ne!(moved[0], before[0], "another file");
    }

    #[test]
    fn equal_findings_are_counted() {
        let base = Base::new("/r", "/r");
        let prints = fingerprints(&found("a = bad\na = bad\n", "bad"), &base);
        assert_eq!(prints[1], format!("{}:2", prints[0]));
        assert_eq!(prints[0].len(), 64);
    }
}
