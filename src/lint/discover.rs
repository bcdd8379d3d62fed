//! Finding the files to check below a folder. Must not know what is in them but for their kind.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::walk;
use crate::mta::{Dialect, Told};
use crate::text::{self, Source};

/// The name of a description's file.
pub const DESCRIPTION: &str = "smtpconf.yaml";

/// Files without a telling name are looked into up to this many bytes.
const LARGEST: u64 = 1 << 20;

/// So many marks of a kind make a file without a telling name one of that kind.
const MARKS: usize = 3;

/// Of so many parts one may fit nothing in a file that is taken for one of a kind by its content.
const STRAYS: usize = 4;

/// A file to check.
#[derive(Clone, Debug)]
pub enum Found {
    /// A description.
    Description(PathBuf),
    /// A server's file, of this kind.
    Configuration(PathBuf, &'static Dialect),
    /// A folder that cannot be looked into, and why.
    Closed(PathBuf, String),
}

/// Whether a file of this name is a description.
pub fn is_description(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "yaml" || end == "yml")
}

/// What there is to check below `folder`, in the order of the paths. What git ignores is left out.
pub fn discover(folder: &Path) -> Vec<Found> {
    let (mut paths, closed) = walk::files(folder);
    paths.sort();
    let found: Vec<Found> = paths.into_par_iter().filter_map(found).collect();
    let closed = closed.into_iter();
    let closed = closed.map(|(path, error)| Found::Closed(path, error.to_string()));
    closed.chain(found).collect()
}

/// What the file at `path` is when it is come upon in a folder; none for what is no mail server's.
pub fn found(path: PathBuf) -> Option<Found> {
    if path.file_name()? == DESCRIPTION {
        return Some(Found::Description(path));
    }
    if let Some(dialect) = Dialect::by_name(&path) {
        return Some(Found::Configuration(path, dialect));
    }
    let may_be_one = match path.extension().and_then(|end| end.to_str()) {
        None => true,
        Some(end) => ["cf", "conf", "mc"].contains(&end),
    };
    if !may_be_one || path.metadata().ok()?.len() > LARGEST {
        return None;
    }
    let source = Source::from_bytes(path.display().to_string(), text::read(&path).ok()?);
    // Scripts are full of what looks like settings.
    if source.text().starts_with("#!") {
        return None;
    }
    match Dialect::of(&source) {
        (dialect, Told::ByContent) if (dialect.marks)(source.text()) >= MARKS => {
            let tree = (dialect.parse)(&source);
            let fits = tree.strays().count() * STRAYS <= tree.root().children().count();
            fits.then_some(Found::Configuration(path, dialect))
        }
        _ => None,
    }
}
