//! The files below a folder, without hidden ones and those that git ignores. Must not know which of
//! them are checked.
//!
//! Links are not followed, and a `.gitignore` is read within bounds and only where it is a regular
//! file: whoever filled the folder may have put a device or a FIFO there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text;

/// A list of what is ignored has at most so many bytes.
const LARGEST: u64 = 1 << 20;

/// What is ignored in a folder.
struct Ignored {
    /// By its own list.
    own: Gitignore,
    /// By those of the folders above it, which count less.
    above: Option<Arc<Ignored>>,
}

impl Ignored {
    fn new(own: Gitignore, above: Option<Arc<Self>>) -> Option<Arc<Self>> {
        if own.is_empty() {
            return above;
        }
        Some(Arc::new(Self { own, above }))
    }
}

/// The regular files below `folder`, in no order, and the folders that could not be looked into. What
/// goes away meanwhile is not there.
pub fn files(folder: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
    let (mut files, mut closed) = (Vec::new(), Vec::new());
    let real = match fs::canonicalize(folder) {
        Ok(real) => real,
        Err(error) => return (files, vec![(folder.to_path_buf(), error)]),
    };
    let above = above(&real);
    let mut left = vec![(folder.to_path_buf(), real, above)];
    while let Some((folder, real, above)) = left.pop() {
        let ignored = Ignored::new(list(&real, &real.join(".gitignore")), above);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                closed.push((folder, error));
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let name = entry.file_name();
            let inner = real.join(&name);
            if name.as_encoded_bytes().starts_with(b".")
                || is_ignored(ignored.as_deref(), &inner, kind.is_dir())
            {
                continue;
            }
            if kind.is_dir() {
                left.push((entry.path(), inner, ignored.clone()));
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    (files, closed)
}

/// What is ignored by the user, by the repository that holds `folder`, and by the folders between.
fn above(folder: &Path) -> Option<Arc<Ignored>> {
    let top = text::repository(folder);
    let mut ignored = Ignored::new(Gitignore::global().0, None);
    ignored = Ignored::new(list(top, &top.join(".git/info/exclude")), ignored);
    let mut between: Vec<&Path> = folder.ancestors().skip(1).collect();
    between.retain(|above| above.starts_with(top));
    for above in between.into_iter().rev() {
        ignored = Ignored::new(list(above, &above.join(".gitignore")), ignored);
    }
    ignored
}

/// The list at `path`, which counts from `folder` on. Faulty patterns match nothing.
fn list(folder: &Path, path: &Path) -> Gitignore {
    let is_one = fs::symlink_metadata(path).is_ok_and(|a| a.is_file() && a.len() <= LARGEST);
    let bytes = is_one.then(|| text::read(path).ok()).flatten();
    let mut builder = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&bytes.unwrap_or_default()).lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Whether the nearest list that names the path ignores it.
fn is_ignored(mut ignored: Option<&Ignored>, path: &Path, is_folder: bool) -> bool {
    while let Some(one) = ignored {
        match one.own.matched(path, is_folder) {
            Match::None => ignored = one.above.as_deref(),
            found => return found.is_ignore(),
        }
    }
    false
}
