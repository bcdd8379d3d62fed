//! What a file is called in a report that is read elsewhere: its path below a folder that the reader
//! knows too. Must not know what such reports look like.

use std::path::{Component, Path, PathBuf};

/// A folder from which files are named, whatever folder the program runs in.
#[derive(Clone, Debug)]
pub struct Base {
    /// Where the names of sources start from.
    here: PathBuf,
    folder: PathBuf,
}

impl Base {
    /// Names of sources that are written from the folder `here` are told from `folder`; both are
    /// whole paths.
    pub fn new(here: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self {
            here: here.into(),
            folder: folder.into(),
        }
    }

    /// The repository that `here` is in, or `here` itself where there is none.
    pub fn of_repository(here: &Path) -> Self {
        Self::new(here, repository(here))
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path below the folder of a source with this name, with `/` between its parts. What lies
    /// outside of it keeps its whole path, and what is no file (`<stdin>`) its name.
    pub fn name(&self, name: &str) -> String {
        if name.starts_with('<') {
            return name.to_owned();
        }
        let whole = lexical(&self.here.join(name));
        let below = whole.strip_prefix(&self.folder).unwrap_or(&whole);
        below.display().to_string()
    }
}

/// The repository that a folder is in, or the folder itself where there is none.
pub fn repository(folder: &Path) -> &Path {
    let mut above = folder.ancestors();
    above
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(folder)
}

/// The path without `.` and `..`, by its letters alone: links are not followed.
pub fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_wherever_the_program_runs() {
        let top = Base::new("/repo", "/repo");
        let below = Base::new("/repo/servers/mx", "/repo");
        for (base, name) in [
            (&top, "servers/mx/main.cf"),
            (&top, "./servers/../servers/mx/main.cf"),
            (&top, "/repo/servers/mx/main.cf"),
            (&below, "main.cf"),
            (&below, "../mx/main.cf"),
        ] {
            assert_eq!(base.name(name), "servers/mx/main.cf");
        }
        assert_eq!(below.name("/etc/main.cf"), "/etc/main.cf");
        assert_eq!(below.name("../../../etc/main.cf"), "/etc/main.cf");
        assert_eq!(below.name("<stdin>"), "<stdin>");
    }
}
