//! One line a finding: `file:line:col: severity[rule] message`. For editors and `grep`.

use std::fmt::Write;

use crate::findings::Finding;
use crate::text::one_line;

/// The findings, each on one line with a line end.
pub fn concise(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        if let Some(label) = finding.labels.first() {
            let source = &label.place.source;
            let at = source.position(label.place.span.start);
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{}:{}:{}: ",
                one_line(source.name()),
                at.line,
                at.column
            );
        }
        let _ = write!(
            text,
            "{}[{}] {}",
            finding.severity.word(),
            finding.rule,
            one_line(&finding.message)
        );
        if !finding.help.is_empty() {
            let _ = write!(text, " ({})", one_line(&finding.help));
        }
        text.push('\n');
    }
    text
}
