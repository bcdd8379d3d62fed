//! What every fuzz target holds: a file of any kind is read without loss, panic or end, whatever
//! its bytes.

use smtpconf::mta::{Branch, Dialect, World};
use smtpconf::text::{Snapshot, Source};

/// Reads `bytes` as a file of the kind called `kind`.
///
/// # Panics
/// When the leaves of its tree are not the input, or anything else goes wrong.
pub fn read(kind: &str, bytes: &[u8]) {
    let dialect =
        Dialect::by_word(kind).unwrap_or_else(|| panic!("no kind of file is called {kind}"));
    let source = Source::from_bytes("fuzzed", bytes.to_vec());
    let tree = (dialect.parse)(&source);
    let mut at = 0;
    for leaf in tree.leaves() {
        assert_eq!(leaf.span().start, at, "a byte stands in no leaf, or in two");
        at = leaf.span().end;
    }
    let joined: String = tree.leaves().map(Branch::text).collect();
    assert_eq!(&*source.bytes(&joined), bytes);
    let files = Snapshot::of(&[]);
    let world = World::new(&files, dialect.server.newest());
    let mut findings = (dialect.syntax)(&tree);
    findings.extend((dialect.resolve)(&source, &world).findings);
    for label in findings.iter().flat_map(|finding| &finding.labels) {
        let (place, text) = (label.place.span, label.place.source.text());
        assert!(
            text.get(place.start..place.end).is_some(),
            "{kind}: a finding points past the text {text:?}: {place:?} {findings:?}"
        );
    }
}
