//! Arguments of the commands that check files: which files, against what, by which rules. Must not
//! know what happens to the findings.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use super::checking::Checking;
use super::git::Repository;
use super::reading::Reading;
use super::rules::Named;
use crate::lint::{Level, Levels, Selector};
use crate::policy::Surroundings;

/// What is checked, and how.
#[derive(Debug, Args)]
pub struct Asked {
    /// Descriptions, servers' files, folders with either, or `-` for standard input
    /// [default: smtpconf.yaml here or above]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Report every difference from what this description demands
    /// [default: the description whose `targets` name the file's folder]
    #[arg(long, value_name = "DESCRIPTION")]
    against: Option<PathBuf>,
    /// The address under which every client from outside appears: of a NAT, of a container's
    /// gateway, of a load balancer
    #[arg(long, value_name = "IP")]
    behind_nat: Vec<IpAddr>,
    /// Check only what has to do with files that changed since the work on this git revision
    /// began: a file that changed, a configuration that reads one, what a changed description
    /// speaks of
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// Leave out the files among PATH that are no mail server's, and those that `ignore` names, as
    /// in a folder
    #[arg(long)]
    as_found: bool,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    reading: Reading,
}

/// Which rules report, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules, by name or group (`smtpconf rules` lists them)")]
struct Rules {
    /// Report these alone
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Named, hide_possible_values = true)]
    select: Vec<Selector>,
    /// Leave these out
    #[arg(long, visible_alias = "allow", value_name = "RULE", value_delimiter = ',', value_parser = Named, hide_possible_values = true)]
    ignore: Vec<Selector>,
    /// Report these as errors
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Named, hide_possible_values = true)]
    deny: Vec<Selector>,
    /// Report these as warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = Named, hide_possible_values = true)]
    warn: Vec<Selector>,
    /// Report matters of taste too
    #[arg(long)]
    pedantic: bool,
}

impl Rules {
    /// The levels: where one rule is named twice, deny wins over warn, and warn over ignore.
    fn levels(&self) -> Levels {
        let ignored = self.ignore.iter().map(|&one| (one, Level::Allow));
        let warned = self.warn.iter().map(|&one| (one, Level::Warn));
        let denied = self.deny.iter().map(|&one| (one, Level::Deny));
        Levels {
            pedantic: self.pedantic,
            only: self.select.clone(),
            set: ignored.chain(warned).chain(denied).collect(),
        }
    }
}

impl Asked {
    /// What these arguments ask for.
    ///
    /// # Errors
    /// When git does not know what changed.
    pub fn checking(&self) -> Result<Checking<'_>, Failure> {
        Ok(Checking {
            reading: &self.reading,
            against: self.against.as_deref(),
            surroundings: Surroundings {
                gateways: self.behind_nat.clone(),
            },
            levels: self.rules.levels(),
            changed: self.changed()?,
            as_found: self.as_found,
        })
    }

    /// The files that changed since the revision that was named.
    fn changed(&self) -> Result<Option<BTreeSet<PathBuf>>, Failure> {
        let Some(rev) = &self.changed_since else {
            return Ok(None);
        };
        let path = self.paths.first().map_or(Path::new("."), PathBuf::as_path);
        let real = std::fs::canonicalize(path)
            .map_err(|error| Failure(format!("{}: {error}", crate::text::shown(path))))?;
        let folder = real.ancestors().find(|above| above.is_dir());
        let repository = Repository::of(folder.unwrap_or(&real))?;
        repository.changed_since(rev).map(Some)
    }
}
