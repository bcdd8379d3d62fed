//! From findings to mended texts. Must not know what is mended, nor write anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::findings::Finding;
use crate::text::{Edit, Source};

/// The files with the edits of these findings made, as far as those do not touch each other: the
/// next round makes the rest. With `unsafe_too` also those that change what the server does.
pub fn mend(findings: &[Finding], unsafe_too: bool) -> Vec<(Arc<Source>, String)> {
    let mut files: BTreeMap<&str, (&Arc<Source>, Vec<&Edit>)> = BTreeMap::new();
    let proposed = findings.iter().filter_map(|finding| finding.fix.as_ref());
    for fix in proposed.filter(|fix| fix.is_safe || unsafe_too) {
        // All edits of a fix are made, or none.
        let is_free = fix.edits.iter().all(|edit| {
            let source = &edit.place.source;
            files
                .get(source.name())
                .is_none_or(|(_, edits)| !edits.iter().any(|made| touches(made, edit)))
        });
        if is_free {
            for edit in &fix.edits {
                let source = &edit.place.source;
                let (_, edits) = files
                    .entry(source.name())
                    .or_insert_with(|| (source, Vec::new()));
                edits.push(edit);
            }
        }
    }
    let mended = files.into_values().map(|(source, mut edits)| {
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span));
        let mut text = source.text().to_owned();
        for edit in edits {
            let span = edit.place.span;
            text.replace_range(span.start..span.end, &edit.text);
        }
        (Arc::clone(source), text)
    });
    mended.collect()
}

/// Whether two edits of one file overlap, or put text in at the same place.
fn touches(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.place.span, b.place.span);
    a.start < b.end && b.start < a.end || a.start == b.start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Severity;
    use crate::text::{Place, Span};

    #[test]
    fn edits_that_touch_wait_for_the_next_round() {
        let source = Source::new("a", "one two three");
        let finding = |spans: &[(usize, usize)], text: &str| {
            let edits = spans.iter().map(|&(start, end)| Edit {
                place: Place::new(&source, Span::new(start, end)),
                text: text.to_owned(),
            });
            Finding::new(Severity::Note, "x", &source, Span::new(0, 1), "")
                .safe_fix(edits.collect())
        };
        let findings = [
            finding(&[(0, 3)], "1"),
            finding(&[(2, 5), (8, 13)], "lost"),
            finding(&[(8, 13)], "3"),
        ];
        let mended = mend(&findings, false);
        assert_eq!(mended.len(), 1);
        assert_eq!(mended[0].1, "1 two 3");
        let risky = finding(&[(0, 3)], "1");
        let risky = Finding {
            fix: risky.fix.map(|fix| {
                Box::new(crate::findings::Fix {
                    is_safe: false,
                    edits: fix.edits,
                })
            }),
            ..risky
        };
        assert!(mend(std::slice::from_ref(&risky), false).is_empty());
        assert_eq!(mend(&[risky], true).len(), 1);
    }
}
