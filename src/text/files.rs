//! Reading one file within bounds, and writing a set of files so that none is ever half there.
//! Must not know what the files hold.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::base::repository;
use super::shown::shown;

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
    /// A link that leads elsewhere, which nobody asked for.
    LeadsOut,
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
            Self::LeadsOut => f.write_str(
                "a link that leads out of its repository or folder; name the file itself",
            ),
        }
    }
}

/// The bytes of the regular file at `path`, up to 64 MiB.
///
/// # Errors
/// When it cannot be opened, is no regular file, or is larger.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    // The kind is looked at before opening, for that alone does something to a device.
    let about = fs::metadata(path).map_err(ReadError::Io)?;
    is_readable(&about)?;
    // What was a file may be a FIFO by now: without the flag, this would wait for its writer.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(ReadError::Io)?;
    is_readable(&file.metadata().map_err(ReadError::Io)?)?;
    read_from(file)
}

fn is_readable(about: &fs::Metadata) -> Result<(), ReadError> {
    if !about.is_file() {
        return Err(ReadError::NotAFile);
    }
    if about.len() > LARGEST {
        return Err(ReadError::TooLarge);
    }
    Ok(())
}

/// The bytes of the regular file at `path`, which nobody named: it was come upon. A link is followed
/// only within the file's repository, or without one within its folder.
///
/// # Errors
/// As of [`read`], and when it leads elsewhere.
pub fn read_found(path: &Path) -> Result<Vec<u8>, ReadError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).map_err(ReadError::Io)?;
    let real = fs::canonicalize(path).map_err(ReadError::Io)?;
    if !real.starts_with(repository(&folder)) {
        return Err(ReadError::LeadsOut);
    }
    read(path)
}

/// What there is to read to the end, up to 64 MiB.
///
/// # Errors
/// When reading fails, or there is more.
pub fn read_from(from: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = from.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(ReadError::Io)?;
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
    /// A folder, device, socket or FIFO stands at this path.
    NotAFile(PathBuf),
    /// At this path a link leads out of the folder that is written to.
    LeadsOut(PathBuf),
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
                    .try_for_each(|path| write!(f, "\n  {}", shown(path)))
            }
            Self::NotAFile(path) => write!(
                f,
                "{}: not a regular file, so it is not overwritten; nothing was written",
                shown(path)
            ),
            Self::LeadsOut(path) => write!(
                f,
                "{}: a link on the way leads out of the folder that is written to; nothing was written",
                shown(path)
            ),
            Self::Changed(path) => write!(
                f,
                "{}: changed while it was read; nothing was written to it",
                shown(path)
            ),
            Self::Io(path, error) => write!(f, "{}: {error}", shown(path)),
        }
    }
}

/// Turns the operating system's reason into one with the path.
fn at(path: &Path) -> impl Fn(io::Error) -> WriteError {
    move |error| WriteError::Io(path.to_path_buf(), error)
}

/// Writes every `(path below folder, text)`. All texts are on disk in temporary files before the
/// first one takes its place by a rename, so that each file is whole, old or new, at any moment.
/// A file that holds the text already is left alone; one that is replaced keeps its mode and owner;
/// a link is replaced, and what it leads to stays.
///
/// # Errors
/// When a file with another text exists and `overwrite` is false, when what stands in the way is no
/// file, or when a link leads out of the folder (nothing is written then), or when the operating
/// system refuses.
pub fn write_all<P: AsRef<Path>>(
    folder: &Path,
    files: &[(P, &str)],
    overwrite: bool,
) -> Result<(), WriteError> {
    make(folder)?;
    let top = fs::canonicalize(folder).map_err(at(folder))?;
    let mut wanted = Vec::new();
    let mut in_the_way = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        // Of folders that are not there yet, the one above counts.
        let mut above = path.ancestors().skip(1);
        let real = above.find_map(|folder| fs::canonicalize(folder).ok());
        if !real.is_some_and(|real| real.starts_with(&top)) {
            return Err(WriteError::LeadsOut(path));
        }
        let old = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            about => Some(about.map_err(at(&path))?),
        };
        if let Some(about) = &old {
            if !about.is_file() && !about.is_symlink() {
                return Err(WriteError::NotAFile(path));
            }
            if read(&path).is_ok_and(|found| found == text.as_bytes()) {
                continue;
            }
            in_the_way.push(path.clone());
        }
        wanted.push((path, text, old));
    }
    if !overwrite && !in_the_way.is_empty() {
        return Err(WriteError::Exists(in_the_way));
    }
    let mut ready = Vec::new();
    for (path, text, old) in wanted {
        let parent = path.parent().unwrap_or(folder);
        make(parent)?;
        let file = prepared(parent, text.as_bytes(), old.as_ref()).map_err(at(&path))?;
        ready.push((file, path));
    }
    for (file, path) in ready {
        file.persist(&path)
            .map_err(|error| at(&path)(error.error))?;
    }
    Ok(())
}

/// Makes a folder and those above it, where they are not there.
fn make(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // It says that a file exists, and not that it should be none.
        io::ErrorKind::AlreadyExists => at(folder)(io::ErrorKind::NotADirectory.into()),
        _ => at(folder)(error),
    })
}

/// A temporary file in `folder` with all the bytes on the disk, and the mode and owner of the file
/// whose place it will take; a link has none of its own.
fn prepared(
    folder: &Path,
    bytes: &[u8],
    old: Option<&fs::Metadata>,
) -> io::Result<tempfile::NamedTempFile> {
    let old = old.filter(|old| old.is_file());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".smtpconf-");
    if old.is_none() {
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder)?;
    if let Some(old) = old {
        let own = file.as_file().metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            chown(file.path(), Some(old.uid()), Some(old.gid()))?;
        }
    }
    file.write_all(bytes)?;
    if let Some(old) = old {
        // Only now may others read it who could read the old one.
        fs::set_permissions(file.path(), old.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Writes a text to `path` so that the file is whole at any moment; what is no file (a terminal, a
/// pipe) is written to as it is, and so is what lies below /dev: `/dev/stdout` may be a file.
///
/// # Errors
/// When the operating system refuses.
pub fn write(path: &Path, text: &str) -> Result<(), WriteError> {
    let whole = std::path::absolute(path).map_err(at(path))?;
    let is_stream = whole.starts_with("/dev") || fs::metadata(path).is_ok_and(|a| !a.is_file());
    if is_stream {
        let stream = File::options().append(true).open(path);
        let written = stream.and_then(|mut stream| stream.write_all(text.as_bytes()));
        return written.map_err(at(path));
    }
    let folder = whole.parent().unwrap_or(Path::new("/"));
    write_all(folder, &[(&whole, text)], true).map_err(|error| match error {
        // As the user called it.
        WriteError::Io(_, error) => WriteError::Io(path.to_path_buf(), error),
        error => error,
    })
}

/// Puts `now` in place of `before` in the file at `path`, by a rename, so that the file is whole at
/// any moment; its mode and owner stay. Where the path is a link, the file that it leads to changes.
///
/// # Errors
/// When the file no longer holds `before`, or the operating system refuses.
pub fn replace(path: &Path, before: &[u8], now: &[u8]) -> Result<(), WriteError> {
    let real = fs::canonicalize(path).map_err(at(path))?;
    let about = fs::metadata(&real).map_err(at(path))?;
    let found = read(&real);
    if found.map_or(true, |found| found != before) {
        return Err(WriteError::Changed(path.to_path_buf()));
    }
    let folder = real.parent().unwrap_or(Path::new("/"));
    let file = prepared(folder, now, Some(&about)).map_err(at(path))?;
    file.persist(&real).map_err(|error| at(path)(error.error))?;
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
