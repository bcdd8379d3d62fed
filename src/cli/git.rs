//! Asking git about the repository that holds a path. Must not know what the answers are for.
//!
//! A repository's own settings name programs: filters, hooks, watchers, ways to fetch what is
//! missing. None of them is started here, whoever wrote them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Failure;
use crate::text::one_line;

/// The work tree of a repository.
#[derive(Debug)]
pub struct Repository {
    /// Its topmost folder, without links in the path.
    pub top: PathBuf,
    /// Settings that take the place of those which name filters.
    unfiltered: Vec<OsString>,
}

impl Repository {
    /// The repository that holds `folder`.
    ///
    /// # Errors
    /// When there is none, or no git.
    pub fn of(folder: &Path) -> Result<Self, Failure> {
        let said = done(git(folder).args(["rev-parse", "--show-toplevel"]))?;
        let top = std::fs::canonicalize(path(said.trim_ascii_end())).map_err(|e| broken(&e))?;
        let unfiltered = unfiltered(&top)?;
        Ok(Self { top, unfiltered })
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
        let mut command = git(&self.top);
        for setting in &self.unfiltered {
            command.arg("-c").arg(setting);
        }
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        done(command.args(arguments))
    }

    /// The files that differ from what they were where the work since `rev` began or were written
    /// anew, and those that git does not know yet: absolute paths, those of removed files too.
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
            "--no-textconv",
            "--ignore-submodules",
            "-z",
            "--merge-base",
            revision(rev)?,
            "--",
        ];
        let new = ["ls-files", "--others", "--exclude-standard", "-z"];
        let mut changed = BTreeSet::new();
        let differ = self.ask(diff, None);
        let differ = differ.map_err(|failure| self.with_hint(failure))?;
        for said in [differ, self.ask(new, None)?] {
            let names = said
                .split(|byte| *byte == 0)
                .filter(|name| !name.is_empty());
            changed.extend(names.map(|name| self.top.join(path(name))));
        }
        Ok(changed)
    }

    /// A failure to find a revision, with what helps where git has the last commits alone.
    fn with_hint(&self, Failure(said): Failure) -> Failure {
        let shallow = self.ask(["rev-parse", "--is-shallow-repository"], None);
        Failure(match shallow {
            Ok(answer) if answer.starts_with(b"true") => format!(
                "{said}\nthis clone has the last commits alone: `git fetch --unshallow` gets the rest, and in a workflow `fetch-depth: 0` of actions/checkout"
            ),
            _ => said,
        })
    }
}

/// The name of a revision, which does not look like an option, on one line.
///
/// # Errors
/// When it does.
pub fn revision(rev: &str) -> Result<&str, Failure> {
    if rev.starts_with('-') || rev.is_empty() || rev.contains(char::is_control) {
        return Err(Failure(format!("`{}` is no revision", one_line(rev))));
    }
    Ok(rev)
}

/// git at work in a folder, started so that it starts nothing and writes nothing but what it is
/// asked for.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false"])
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "protocol.allow=never"])
        .args(["-c", "diff.autoRefreshIndex=false"])
        .arg("-C")
        .arg(folder)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env_remove("GIT_ALLOW_PROTOCOL")
        .stdin(Stdio::null());
    command
}

/// For each filter that the repository's settings name, those which leave it without a program. A
/// filter is run on files that look changed, and on all that are written down.
fn unfiltered(top: &Path) -> Result<Vec<OsString>, Failure> {
    let listed = git(top)
        .args(["config", "--name-only", "-z", "--get-regexp", r"^filter\."])
        .output()
        .map_err(|error| broken(&error))?;
    // Where there is none, git says so by its exit code alone.
    let names = listed.stdout.split(|byte| *byte == 0);
    let drivers: BTreeSet<&[u8]> = names
        .filter_map(|name| name.rsplitn(2, |byte| *byte == b'.').nth(1))
        .collect();
    let mut settings = Vec::new();
    for driver in drivers {
        // Up to the first `=` git takes it for the name.
        if driver.contains(&b'=') {
            let driver = String::from_utf8_lossy(driver);
            return Err(Failure(format!(
                "git: the setting `{driver}` of this repository names a program that cannot be switched off for its `=`; rename that filter"
            )));
        }
        for rest in [".clean=", ".smudge=", ".process=", ".required=false"] {
            settings.push(OsString::from_vec([driver, rest.as_bytes()].concat()));
        }
    }
    Ok(settings)
}

fn done(command: &mut Command) -> Result<Vec<u8>, Failure> {
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
