//! What a run reads beside the file it was given: each file once, and only where it may. Must not
//! know what the files hold.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::base::lexical;
use super::files::{ReadError, read};
use super::source::Source;

/// Where a configuration's own paths lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Into this folder and what lies below it; absolute paths are not followed.
    Below(PathBuf),
    /// Into this machine: absolute paths as they are.
    Host,
    /// Into a copy of a machine's files: absolute paths are taken below this folder, whose path has
    /// no links in it.
    Root(PathBuf),
}

/// Why a file of the configuration was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It lies where this run may not look.
    Outside,
    /// There is none.
    Missing,
    /// The reason in words: no regular file, too large, no permission.
    Failed(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("outside of what is read here"),
            Self::Missing => f.write_str("no such file"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// What the disk says of a file, whose text is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Who may do what with it: the lowest twelve bits, as chmod(1) takes them.
    pub mode: u32,
    /// The number of the user that it belongs to.
    pub owner: u32,
    /// When its text was last changed.
    pub modified: SystemTime,
}

impl Default for Stat {
    /// A file of root's that everybody may read.
    fn default() -> Self {
        Self {
            mode: 0o644,
            owner: 0,
            modified: SystemTime::UNIX_EPOCH,
        }
    }
}

type Known<T> = RefCell<BTreeMap<PathBuf, Result<T, Unread>>>;

/// The files as they were when they were first asked for.
#[derive(Debug)]
pub struct Snapshot {
    scope: Scope,
    /// A folder of the machine, and the one that stands for it here.
    home: Option<(PathBuf, PathBuf)>,
    /// Texts that stand for files on the disk, by where these are.
    texts: BTreeMap<PathBuf, Arc<Source>>,
    known: Known<Arc<Source>>,
    stats: Known<Stat>,
}

impl Snapshot {
    /// A snapshot that reads within `scope`.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            home: None,
            texts: BTreeMap::new(),
            known: Known::default(),
            stats: Known::default(),
        }
    }

    /// The same, where `here` stands for the folder `there` of the machine: a repository keeps in
    /// a folder of any name what will be /etc/postfix. If `here` itself ends in `there`, what
    /// stands before it is a copy of the whole machine. This counts where absolute paths are not
    /// followed otherwise.
    #[must_use]
    pub fn with_home(mut self, there: &Path, here: &Path) -> Self {
        let relative = there.strip_prefix("/").unwrap_or(there);
        let above = here
            .ends_with(relative)
            .then(|| here.ancestors().nth(relative.components().count()));
        self.home = Some(match above.flatten() {
            Some(root) => (PathBuf::from("/"), root.to_path_buf()),
            None => (there.to_path_buf(), here.to_path_buf()),
        });
        self
    }

    /// The same, with these texts in place of what the files at their paths hold.
    #[must_use]
    pub fn with_texts(mut self, texts: &BTreeMap<PathBuf, Arc<Source>>) -> Self {
        self.texts.clone_from(texts);
        self
    }

    /// A snapshot of these files alone, by their paths; the disk is not touched. All are as old as
    /// each other, and readable for everybody.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let known = files
            .iter()
            .map(|(name, text)| (PathBuf::from(name), Ok(Source::new(*name, *text))))
            .collect();
        let stats = files
            .iter()
            .map(|(name, _)| (PathBuf::from(name), Ok(Stat::default())))
            .collect();
        Self {
            // Nothing lies below a folder without a name.
            scope: Scope::Below(PathBuf::from("\0")),
            home: None,
            texts: BTreeMap::new(),
            known: RefCell::new(known),
            stats: RefCell::new(stats),
        }
    }

    /// The same, where there is no file `path`.
    #[must_use]
    pub fn without(self, path: &str) -> Self {
        let named = lexical(Path::new(path));
        self.stats
            .borrow_mut()
            .insert(named.clone(), Err(Unread::Missing));
        self.known.borrow_mut().insert(named, Err(Unread::Missing));
        self
    }

    /// The same, where the disk says this of the file `path`.
    #[must_use]
    pub fn with_stat(self, path: &str, stat: Stat) -> Self {
        let named = lexical(Path::new(path));
        self.stats.borrow_mut().insert(named, Ok(stat));
        self
    }

    /// The file that a configuration calls `path`, a relative path being one from `folder`.
    ///
    /// # Errors
    /// Why it was not read.
    pub fn read(&self, path: &str, folder: &Path) -> Result<Arc<Source>, Unread> {
        let named = lexical(&folder.join(path));
        if let Some(known) = self.recall(&self.known, &named) {
            return known;
        }
        let found = self.place(&named).and_then(|place| {
            if let Some(text) = self.texts.get(&place) {
                return Ok(Arc::clone(text));
            }
            let bytes = read(&place)?;
            // A file of the machine is known by its path there, every other one by where it is.
            let shown = if self.at_home(&named).is_some() {
                &place
            } else {
                &named
            };
            Ok(Source::from_bytes(shown.display().to_string(), bytes))
        });
        self.known.borrow_mut().insert(named, found.clone());
        found
    }

    /// What the disk says of the file or folder that a configuration calls `path`.
    ///
    /// Nothing of what lies in a repository: modes and ages there are those of the checkout, not
    /// those that the machine will have.
    ///
    /// # Errors
    /// Why it was not looked at.
    pub fn stat(&self, path: &str, folder: &Path) -> Result<Stat, Unread> {
        let named = lexical(&folder.join(path));
        if let Some(known) = self.recall(&self.stats, &named) {
            return known;
        }
        let found = self.place(&named).and_then(|place| {
            if matches!(self.scope, Scope::Below(_)) {
                return Err(Unread::Outside);
            }
            let seen = fs::metadata(place).map_err(ReadError::Io)?;
            Ok(Stat {
                mode: seen.mode() & 0o7777,
                owner: seen.uid(),
                modified: seen.modified().map_err(ReadError::Io)?,
            })
        });
        self.stats.borrow_mut().insert(named, found.clone());
        found
    }

    /// The names of the files in the folder that a configuration calls `path`, sorted by bytes.
    ///
    /// # Errors
    /// Why it was not read.
    pub fn list(&self, path: &str, folder: &Path) -> Result<Vec<String>, Unread> {
        let whole = lexical(&folder.join(path));
        // Of files that were given, those below the folder are there.
        if matches!(&self.scope, Scope::Below(root) if root.as_os_str() == "\0") {
            let given: Vec<String> = self
                .known
                .borrow()
                .iter()
                .filter(|(path, text)| text.is_ok() && path.parent() == Some(whole.as_path()))
                .filter_map(|(path, _)| Some(path.file_name()?.to_str()?.to_owned()))
                .collect();
            if !given.is_empty() {
                return Ok(given);
            }
        }
        let place = self.place(&whole)?;
        let entries = fs::read_dir(place).map_err(ReadError::Io)?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Every file whose text was asked for, there or not: whole paths, without links where the file
    /// is there.
    pub fn asked(&self) -> impl Iterator<Item = PathBuf> {
        let known = self.known.borrow();
        let asked: Vec<PathBuf> = known.keys().cloned().collect();
        asked.into_iter().map(|named| {
            let place = self.place(&named).and_then(|place| real(&place));
            place.unwrap_or_else(|_| std::path::absolute(&named).unwrap_or(named))
        })
    }

    /// The files that are there and were not read, with the reasons: no regular file, too large, no
    /// permission.
    pub fn failed(&self) -> Vec<(PathBuf, String)> {
        let known = self.known.borrow();
        let failed = known.iter().filter_map(|(path, read)| match read {
            Err(Unread::Failed(reason)) => Some((path.clone(), reason.clone())),
            _ => None,
        });
        failed.collect()
    }

    /// The path that the machine itself has for `path`: below a root without the root.
    pub fn path_there(&self, path: &Path) -> PathBuf {
        self.inner(path).unwrap_or_else(|| path.to_path_buf())
    }

    /// The path within the root of a file or folder that lies there.
    fn inner(&self, path: &Path) -> Option<PathBuf> {
        let Scope::Root(root) = &self.scope else {
            return None;
        };
        let path = std::path::absolute(path).ok()?;
        // The file itself may be a link, and may not be there.
        let real = path.ancestors().skip(1).find_map(|folder| {
            let rest = path.strip_prefix(folder).ok()?;
            Some(real(folder).ok()?.join(rest))
        })?;
        Some(Path::new("/").join(real.strip_prefix(root).ok()?))
    }

    /// What is known already of a file, or of the one that stands here for it.
    fn recall<T: Clone>(&self, known: &Known<T>, named: &Path) -> Option<Result<T, Unread>> {
        let known = known.borrow();
        let of_home = || {
            let (there, here) = self.home.as_ref()?;
            known.get(&here.join(named.strip_prefix(there).ok()?))
        };
        known.get(named).or_else(of_home).cloned()
    }

    /// The file that stands here for one of the machine, if there is one.
    fn at_home(&self, named: &Path) -> Option<PathBuf> {
        let (there, here) = self.home.as_ref()?;
        // Every path begins with the empty one, which is the folder that smtpconf runs in.
        let is_here = !here.as_os_str().is_empty() && named.starts_with(here);
        let is_followed = !matches!(self.scope, Scope::Below(_)) || is_here;
        let inner = named.strip_prefix(there).ok().filter(|_| !is_followed)?;
        let place = here.join(inner);
        place.exists().then_some(place)
    }

    /// Where on this machine the path `named` is looked for.
    fn place(&self, named: &Path) -> Result<PathBuf, Unread> {
        let place = match &self.scope {
            Scope::Root(root) => match named.strip_prefix("/") {
                // The file that the user named may be called by its path below the root already.
                Ok(inner) if self.inner(named).is_none() => root.join(inner),
                _ => named.to_path_buf(),
            },
            Scope::Below(_) if let Some(here) = self.at_home(named) => here,
            // Whether a path outside exists is not looked up either.
            Scope::Below(root) if leads_out(named, root) => return Err(Unread::Outside),
            Scope::Below(_) | Scope::Host => named.to_path_buf(),
        };
        let real = real(&place)?;
        let is_inside = match &self.scope {
            Scope::Host => true,
            Scope::Root(root) => real.starts_with(root),
            Scope::Below(root) => {
                real.starts_with(fs::canonicalize(root).map_err(|_| Unread::Outside)?)
            }
        };
        let is_special = ["/proc", "/dev", "/sys"]
            .iter()
            .any(|no| real.starts_with(no));
        if !is_inside || is_special {
            return Err(Unread::Outside);
        }
        Ok(place)
    }
}

impl From<ReadError> for Unread {
    fn from(error: ReadError) -> Self {
        if error.is_missing() {
            return Self::Missing;
        }
        Self::Failed(error.to_string())
    }
}

/// Whether a path does not lie below `root`, by its letters alone. Given files have no root.
fn leads_out(path: &Path, root: &Path) -> bool {
    if path.is_relative() && root.is_relative() {
        return false;
    }
    let whole = |path| std::path::absolute(path).map(|path| lexical(&path));
    match (whole(path), whole(root)) {
        (Ok(path), Ok(root)) => !path.starts_with(root),
        _ => true,
    }
}

/// The path as it is on the disk, links followed.
fn real(path: &Path) -> Result<PathBuf, Unread> {
    Ok(fs::canonicalize(path).map_err(ReadError::Io)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/a"), "a").unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("etc/link")).unwrap();
        let files = Snapshot::new(Scope::Below(root.clone()));
        let etc = root.join("etc");
        assert_eq!(files.read("a", &etc).unwrap().text(), "a");
        assert_eq!(files.read("../etc/a", &etc).unwrap().text(), "a");
        assert_eq!(files.read("b", &etc).unwrap_err(), Unread::Missing);
        for outside in [
            "link",
            "../../secret",
            "../../no-such",
            "/etc/passwd",
            "/no/such",
        ] {
            assert_eq!(
                files.read(outside, &etc).unwrap_err(),
                Unread::Outside,
                "{outside}"
            );
        }
    }

    #[test]
    fn a_root_stands_for_the_machine() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/a"), "a").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("etc/link")).unwrap();
        let files = Snapshot::new(Scope::Root(root.path().to_path_buf()));
        let folder = root.path().join("etc");
        assert_eq!(files.read("/etc/a", &folder).unwrap().text(), "a");
        assert_eq!(files.read("a", &folder).unwrap().text(), "a");
        assert_eq!(
            files.read("/etc/link", &folder).unwrap_err(),
            Unread::Outside
        );
        assert_eq!(files.list("/etc", &folder).unwrap(), ["a", "link"]);
    }

    #[test]
    fn a_folder_stands_for_one_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let there = Path::new("/etc/postfix");
        for (here, others) in [("mx1", false), ("copy/etc/postfix", true)] {
            let here = root.join(here);
            fs::create_dir_all(&here).unwrap();
            fs::write(here.join("a"), "a").unwrap();
            if others {
                fs::write(root.join("copy/etc/aliases"), "b").unwrap();
            }
            let files = Snapshot::new(Scope::Below(root.clone())).with_home(there, &here);
            let read = files.read("/etc/postfix/a", &here).unwrap();
            assert_eq!(read.name(), here.join("a").display().to_string());
            // What is not here may be on the machine.
            for (path, is_read) in [("/etc/postfix/b", false), ("/etc/aliases", others)] {
                assert_eq!(files.read(path, &here).is_ok(), is_read, "{path}");
            }
            assert_eq!(
                files.read("/etc/postfix/b", &here).unwrap_err(),
                Unread::Outside
            );
        }
    }

    #[test]
    fn what_the_disk_says_of_a_file() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let secret = root.path().join("secret");
        fs::write(&secret, "s").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let host = Snapshot::new(Scope::Host);
        let stat = host.stat("secret", root.path()).unwrap();
        assert_eq!(stat.mode, 0o600);
        assert_eq!(
            stat.modified,
            secret.metadata().unwrap().modified().unwrap()
        );
        assert_eq!(host.stat("none", root.path()), Err(Unread::Missing));
        let checkout = Snapshot::new(Scope::Below(root.path().to_path_buf()));
        assert_eq!(checkout.stat("secret", root.path()), Err(Unread::Outside));
        let given = Snapshot::of(&[("main.cf", "")]).with_stat(
            "/etc/key",
            Stat {
                mode: 0o640,
                ..Stat::default()
            },
        );
        assert_eq!(given.stat("main.cf", Path::new("")).unwrap().mode, 0o644);
        assert_eq!(given.stat("/etc/key", Path::new("x")).unwrap().mode, 0o640);
    }

    #[test]
    fn a_file_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        let files = Snapshot::new(Scope::Host);
        let first = files.read("a", folder.path()).unwrap();
        fs::write(folder.path().join("a"), "2").unwrap();
        assert_eq!(files.read("a", folder.path()).unwrap().text(), first.text());
    }
}
