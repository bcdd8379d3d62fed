//! Asking git about the repository that holds a path. Must not know what the answers are for.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Failure;

/// The work tree of a repository.
#[derive(Debug)]
pub struct Repository {
    /// Its topmost folder, without links in the path.
    pub top: PathBuf,
}

impl Repository {
    /// The repository that holds `folder`.
    ///
    /// # Errors
    /// When there is none, or no git.
    pub fn of(folder: &Path) -> Result<Self, Failure> {
        let said = ask(folder, ["rev-parse", "--show-toplevel"], None)?;
        let top = std::fs::canonicalize(path(said.trim_ascii_end())).map_err(|e| broken(&e))?;
        Ok(Self { top })
    }

    /// What git answers at the top of the repository, with an index of its own where one is named.
    ///
    /// # Errors
    /// What git says against it.
    pub fn ask<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        index: Option<&Path>,
    ) -> Result<Vec<u8>, Failure> {
        ask(&self.top, arguments, index)
    }

    /// The files that differ from what they were where the work since `rev` began, and those that
    /// git does not know yet: absolute paths, those of removed files too.
    ///
    /// # Errors
    /// When git knows no such revision, or nothing that it has in common with the present one.
    pub fn changed_since(&self, rev: &str) -> Result<BTreeSet<PathBuf>, Failure> {
        // `git diff` would tell a rename by its new name alone.
        let diff = [
            "diff",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "-z",
            "--merge-base",
            revision(rev)?,
            "--",
        ];
        let new = ["ls-files", "--others", "--exclude-standard", "-z"];
        let mut changed = BTreeSet::new();
        for said in [self.ask(diff, None)?, self.ask(new, None)?] {
            let names = said
                .split(|byte| *byte == 0)
                .filter(|name| !name.is_empty());
            changed.extend(names.map(|name| self.top.join(path(name))));
        }
        Ok(changed)
    }
}

/// The name of a revision, which does not look like an option.
///
/// # Errors
/// When it does.
pub fn revision(rev: &str) -> Result<&str, Failure> {
    if rev.starts_with('-') || rev.is_empty() {
        return Err(Failure(format!("`{rev}` is no revision")));
    }
    Ok(rev)
}

fn ask<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
    index: Option<&Path>,
) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("git");
    // A repository may name a program to watch its files: it is not started.
    command.args(["-c", "core.fsmonitor=false", "-C"]);
    command.arg(folder).args(arguments);
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let output = command.output().map_err(|error| broken(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure(format!("git: {}", said.trim_end())))
}

fn broken(error: &io::Error) -> Failure {
    Failure(format!("git: {error}"))
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}
