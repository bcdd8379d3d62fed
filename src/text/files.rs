//! Reading one file within bounds, and writing a set of files so that none is ever half there.
//! Must not know what the files hold.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes: 64 MiB.
const LARGEST: u64 = 64 << 20;

/// Why a file could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The operating system's reason.
    Io(io::Error),
    /// A folder, device, socket or FIFO.
    NotAFile,
    /// More bytes than the bound of 64 MiB.
    TooLarge,
}

impl ReadError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotAFile => f.write_str("not a regular file"),
            Self::TooLarge => f.write_str("larger than 64 MiB"),
        }
    }
}

/// The bytes of the regular file at `path`, up to 64 MiB.
///
/// # Errors
/// When it cannot be opened, is no regular file, or is larger.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    // The kind is looked at before opening: to open a FIFO would wait for its writer.
    if !fs::metadata(path).map_err(ReadError::Io)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(ReadError::Io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ReadError::TooLarge);
    }
    Ok(bytes)
}

/// A new folder that goes away with this value.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes one where this machine keeps such folders.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn new() -> io::Result<Self> {
        tempfile::tempdir().map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Why files were not written.
#[derive(Debug)]
pub enum WriteError {
    /// These paths exist already and differ, and overwriting was not asked for.
    Exists(Vec<PathBuf>),
    /// The file at this path changed since it was read.
    Changed(PathBuf),
    /// The operating system refused at this path.
    Io(PathBuf, io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(paths) => {
                f.write_str("already there, and not overwritten:")?;
                paths
                    .iter()
                    .try_for_each(|path| write!(f, "\n  {}", path.display()))
            }
            Self::Changed(path) => write!(
                f,
                "{}: changed while it was read; nothing was written to it",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

/// Writes every `(path below folder, text)`. All texts are on disk in temporary files before the
/// first one takes its place by a rename, so that each file is whole, old or new, at any moment.
/// A file that holds the text already is left alone.
///
/// # Errors
/// When a file with another text exists and `overwrite` is false (nothing is written then), or
/// when the operating system refuses.
pub fn write_all<P: AsRef<Path>>(
    folder: &Path,
    files: &[(P, &str)],
    overwrite: bool,
) -> Result<(), WriteError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| WriteError::Io(path, error)
    };
    let mut wanted = Vec::new();
    let mut in_the_way = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        match read(&path) {
            Ok(found) if found == text.as_bytes() => {}
            Err(error) if error.is_missing() => wanted.push((path, text)),
            _ => {
                in_the_way.push(path.clone());
                wanted.push((path, text));
            }
        }
    }
    if !overwrite && !in_the_way.is_empty() {
        return Err(WriteError::Exists(in_the_way));
    }
    let mut ready = Vec::new();
    for (path, text) in wanted {
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(at(parent))?;
        let mut file = tempfile::Builder::new()
            .prefix(".smtpconf-")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(parent)
            .map_err(at(parent))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.as_file().sync_all())
            .map_err(at(&path))?;
        ready.push((file, path));
    }
    for (file, path) in ready {
        file.persist(&path)
            .map_err(|error| WriteError::Io(path, error.error))?;
    }
    Ok(())
}

/// Writes a text to `path` so that the file is whole at any moment; what is no file (a terminal, a
/// pipe) is written to as it is.
///
/// # Errors
/// When the operating system refuses.
pub fn write(path: &Path, text: &str) -> Result<(), WriteError> {
    match fs::metadata(path) {
        Ok(about) if !about.is_file() => {
            fs::write(path, text).map_err(|error| WriteError::Io(path.to_path_buf(), error))
        }
        _ => write_all(Path::new(""), &[(path, text)], true),
    }
}

/// Puts `now` in place of `before` in the file at `path`, by a rename, so that the file is whole at
/// any moment; its mode and owner stay. Where the path is a link, the file that it leads to changes.
///
/// # Errors
/// When the file no longer holds `before`, or the operating system refuses.
pub fn replace(path: &Path, before: &[u8], now: &[u8]) -> Result<(), WriteError> {
    let at = |error| WriteError::Io(path.to_path_buf(), error);
    let real = fs::canonicalize(path).map_err(at)?;
    let about = fs::metadata(&real).map_err(at)?;
    let found = read(&real);
    if found.map_or(true, |found| found != before) {
        return Err(WriteError::Changed(path.to_path_buf()));
    }
    let mut file = tempfile::Builder::new()
        .prefix(".smtpconf-")
        .tempfile_in(real.parent().unwrap_or(Path::new("/")))
        .map_err(at)?;
    let own = file.as_file().metadata().map_err(at)?;
    if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
        chown(file.path(), Some(about.uid()), Some(about.gid())).map_err(at)?;
    }
    file.write_all(now).map_err(at)?;
    // Only now may others read it who could read the old one.
    fs::set_permissions(file.path(), about.permissions()).map_err(at)?;
    file.as_file().sync_all().map_err(at)?;
    file.persist(&real).map_err(|error| at(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_when_one_file_is_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), &[("a", "1"), ("d/b", "2")], false).unwrap();
        let again = write_all(
            folder.path(),
            &[("a", "1"), ("d/b", "3"), ("c", "4")],
            false,
        );
        assert!(matches!(again, Err(WriteError::Exists(paths)) if paths.len() == 1));
        assert!(!folder.path().join("c").exists());
        write_all(folder.path(), &[("d/b", "3")], true).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("d/b")).unwrap(), "3");
        let mode = fs::metadata(folder.path().join("d/b"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("l"));
        fs::write(&file, "1").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a", &link).unwrap();
        replace(&link, b"1", b"2").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "2");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let changed = replace(&file, b"1", b"3");
        assert!(matches!(changed, Err(WriteError::Changed(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_and_a_device_are_not_read() {
        assert!(matches!(read(Path::new("/")), Err(ReadError::NotAFile)));
        assert!(matches!(
            read(Path::new("/dev/zero")),
            Err(ReadError::NotAFile)
        ));
    }
}
