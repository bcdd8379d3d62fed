//! A file of any kind is read without loss, panic or end, whatever its bytes.

use smtpconf::cli;
use smtpconf::mta::{Branch, Dialect, World};
use smtpconf::text::{Snapshot, Source};

use super::folder::point_inside;

/// Reads `bytes` as a file of the kind called `kind`, and shows its settings.
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
    point_inside(&(dialect.syntax)(&tree));
    let config = (dialect.resolve)(&source, &world);
    point_inside(&config.findings);
    for setting in &config.settings {
        let shown = cli::setting(setting);
        assert_eq!(shown.lines().count(), 2, "{shown:?}");
        cli::setting_object(setting);
    }
}
