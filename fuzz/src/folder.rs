//! An input as the files of a folder, and what is common to reading them. Must not know what they
//! are read for.

use std::path::Path;
use std::sync::Arc;

use smtpconf::findings::{self, Finding};
use smtpconf::lint::{self, Asking, Suppressions};
use smtpconf::mta::{Dialect, World};
use smtpconf::policy::Policy;
use smtpconf::text::{Snapshot, Source};

/// The names and texts of files.
pub type Files = Vec<(String, String)>;

/// Cuts an input at its lines `==> NAME <==`, as the pages of the rules are cut. What stands
/// before the first one is the file `first`.
pub fn cut(first: &str, bytes: &[u8]) -> Files {
    let source = Source::from_bytes(first, bytes.to_vec());
    let mut files = vec![(first.to_owned(), String::new())];
    for line in source.text().split_inclusive('\n') {
        let name = line
            .strip_prefix("==> ")
            .and_then(|rest| rest.trim_end().strip_suffix(" <=="));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    files
}

/// The files as they lie on a disk, in a folder that stands for that of the first server's.
pub fn snapshot(files: &Files) -> Snapshot {
    let pairs: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let snapshot = Snapshot::of(&pairs);
    let kind = files.iter().find_map(|(name, _)| kind(name));
    match kind {
        Some(dialect) => snapshot.with_home(Path::new(dialect.server.folder()), Path::new("")),
        None => snapshot,
    }
}

fn kind(name: &str) -> Option<&'static Dialect> {
    Dialect::by_name(Path::new(name))
}

/// Calls `visit` with each file that is a server's.
pub fn each(files: &Files, mut visit: impl FnMut(&'static Dialect, &Arc<Source>, &World<'_>)) {
    let snapshot = snapshot(files);
    for (name, _) in files {
        if let (Some(dialect), Ok(source)) = (kind(name), snapshot.read(name, Path::new(""))) {
            let world = World::new(&snapshot, dialect.server.newest());
            visit(dialect, &source, &world);
        }
    }
}

/// The findings about a file that its remarks leave, and those about the remarks.
pub fn linted(dialect: &'static Dialect, source: &Arc<Source>, world: &World<'_>) -> Vec<Finding> {
    let mut found = lint::configuration(source, dialect, world, &Asking::default());
    let remarks = Suppressions::read(source, Some(dialect));
    found.retain(|finding| !remarks.allows(finding));
    found.extend(remarks.faults());
    found
}

/// All findings about the files.
pub fn findings(files: &Files) -> Vec<Finding> {
    let mut found = Vec::new();
    each(files, |dialect, source, world| {
        found.extend(linted(dialect, source, world));
    });
    findings::sort(&mut found);
    found.dedup_by(|a, b| findings::same(a, b));
    found
}

/// What the first of the files does that does something by itself.
pub fn policy(files: &Files) -> Option<Policy> {
    let mut policy = None;
    each(files, |dialect, source, world| {
        if policy.is_none() {
            policy = dialect.policy(source, world).map(|lifted| lifted.policy);
        }
    });
    policy
}

/// Holds that every finding points at a part of a text.
///
/// # Panics
/// When one does not.
pub fn point_inside(findings: &[Finding]) {
    for label in findings.iter().flat_map(|finding| &finding.labels) {
        let (span, text) = (label.place.span, label.place.source.text());
        assert!(
            text.get(span.start..span.end).is_some(),
            "a finding points past the text {text:?}: {span:?} {findings:?}"
        );
    }
}

/// The text with the changes that `choices` say, four bytes each: somewhere one of the `pieces`
/// comes in, or a few characters go.
pub fn spoiled(text: &str, choices: &[u8], pieces: &[&str]) -> String {
    let mut text = text.to_owned();
    for change in choices.chunks_exact(4) {
        let [high, low, piece, kind] = [0, 1, 2, 3].map(|at| usize::from(change[at]));
        let near = (high * 256 + low) % (text.len() + 1);
        let at = boundary(&text, near);
        if kind < 128 {
            text.insert_str(at, pieces[piece % pieces.len()]);
        } else {
            let end = boundary(&text, (at + piece % 12).min(text.len()));
            text.replace_range(at..end, "");
        }
    }
    text
}

/// The number that the first eight bytes of an input are, and the bytes behind them.
pub fn seed(bytes: &[u8]) -> (u64, &[u8]) {
    let (seed, rest) = bytes.split_at(bytes.len().min(8));
    (
        seed.iter().fold(0, |all, &one| all << 8 | u64::from(one)),
        rest,
    )
}

/// The border of characters at this byte or the last one before it.
pub fn boundary(text: &str, at: usize) -> usize {
    let mut places = (0..=at).rev();
    places
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}
