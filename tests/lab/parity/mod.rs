//! Parity: what a server's own tools say of a configuration, we say. The configurations are those
//! of `tests/fixtures/read/SERVER/`, and of the folder that `SMTPCONF_CORPUS` names where it is
//! set. Nothing is spoken to a daemon.

mod exim;
mod exim_lines;
mod postfix;
mod sendmail;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smtpconf::mta::{Server, Target};

use super::roots;

/// How a comparison went.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Configurations that were compared.
    pub files: usize,
    /// Values that were compared.
    pub values: usize,
    /// Each difference: the file, what the tool says, what we say.
    pub differences: Vec<String>,
    /// What is known to differ and why, a line each.
    pub known: Vec<String>,
}

/// Compares a server's tools with ours; says how it went, or what differs.
pub fn run(target: Target) -> Result<String, String> {
    let comparison = match target.server {
        Server::Postfix => postfix::compare(target),
        Server::Exim => exim::compare(target),
        Server::Sendmail => sendmail::compare(target),
    }?;
    for known in &comparison.known {
        println!("lab: {target}: {known}");
    }
    let Comparison {
        files,
        values,
        differences,
        ..
    } = comparison;
    if differences.is_empty() {
        return Ok(format!(
            "parity: {values} values of {files} configurations are the same"
        ));
    }
    Err(format!(
        "parity: {} of {values} values of {files} configurations differ:\n  {}",
        differences.len(),
        differences.join("\n  ")
    ))
}

/// The files to compare: the fixtures of `server`, and what lies in these folders of the corpus.
fn files(server: &str, corpus: &[&str]) -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/read")
        .join(server);
    let mut folders = vec![fixtures];
    if let Some(root) = std::env::var_os("SMTPCONF_CORPUS") {
        folders.extend(corpus.iter().map(|name| Path::new(&root).join(name)));
    }
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// Runs a script with bash in the server's root, without network and with `work` as `/lab`.
pub fn inside(target: Target, work: &Path, script: &str) -> Result<(), String> {
    fs::write(work.join("script"), script).map_err(|error| error.to_string())?;
    let output = Command::new(roots::script("readers.sh"))
        .args([roots::upper(target).as_path(), work, Path::new("script")])
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// An empty folder for the work on a target.
fn work(target: Target) -> PathBuf {
    let work = roots::folder().join("parity").join(roots::name(target));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).unwrap();
    work
}
