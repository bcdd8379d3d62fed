//! The oracle: configurations that are no output of ours, composed at random, and what a policy
//! lifted from them decides, held against the server's own decision.

mod exim;
mod exim_pieces;
mod postfix;
mod postfix_pieces;
mod sendmail;
mod xclient;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smtpconf::mta::{Server, Target};

use super::roots;

pub use exim::names;
pub use xclient::ask;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Configurations.
    pub configurations: usize,
    /// Sessions of each.
    pub sessions: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// How a comparison went.
#[derive(Debug, Default)]
pub struct Tally {
    /// Configurations.
    pub configurations: usize,
    /// Sessions that were decided on both sides.
    pub sessions: usize,
    /// Sessions that the policy does not know the decision of.
    pub unknown: usize,
    /// Of those, in configurations in which nothing is opaque.
    pub unfounded: usize,
    /// Each disagreement.
    pub differences: Vec<String>,
}

/// Compares; says how it went, or what differs.
pub fn run(target: Target, extent: Extent) -> Result<String, String> {
    let tally = match target.server {
        Server::Postfix => postfix::compare(target, extent),
        Server::Exim => exim::compare(target, extent),
        Server::Sendmail => sendmail::compare(target, extent),
    };
    let tally = tally?;
    let said = format!(
        "oracle: {} sessions of {} configurations, {} more unknown ({} in configurations without opaque parts), {} disagreements",
        tally.sessions,
        tally.configurations,
        tally.unknown,
        tally.unfounded,
        tally.differences.len()
    );
    if tally.differences.is_empty() && tally.unfounded == 0 {
        return Ok(said);
    }
    let shown = tally
        .differences
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>();
    Err(format!("{said}:\n  {}", shown.join("\n  ")))
}

/// Runs a script with bash in the server's root, without network and with `work` as `/lab`.
fn inside(target: Target, work: &Path, script: &str) -> Result<(), String> {
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
    let work = roots::folder().join("oracle").join(roots::name(target));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).unwrap();
    work
}
