//! How a server's own files are read for a command: which kind a file is, what may be read beside
//! it, and for which version.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::Failure;
use crate::lint::{Found, discover};
use crate::mta::{Dialect, Server, Told, Version};
use crate::policy::Environment;
use crate::text::{self, Scope, Snapshot, Source};

/// Platforms whose servers' versions are known.
const PLATFORMS: [&str; 3] = ["debian-11", "debian-12", "debian-13"];

/// Arguments of every command that reads a server's files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading a server's files")]
pub struct Reading {
    /// The kind of the file, where its name and content do not tell
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    kind: Option<String>,
    /// The server's version, or a platform such as debian-12; `lint` takes several, as 3.7,3.11, and
    /// tells what each has [default: the newest that is known]
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    mta_version: Vec<String>,
    /// Look for absolute paths of the configuration below this folder
    #[arg(long, value_name = "DIR", conflicts_with = "host")]
    root: Option<PathBuf>,
    /// Look for absolute paths of the configuration on this machine, as for a file below /etc
    #[arg(long)]
    host: bool,
    /// A value that the server would find out from its machine, as myhostname=mail.example.com,
    /// or what a look-up answers, as rbl=miss or zen.spamhaus.org=hit
    #[arg(long, value_name = "NAME=VALUE", value_parser = assumption)]
    assume: Vec<(String, String)>,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Dialect::all().map(|dialect| dialect.name))
}

fn assumption(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Reading {
    /// The file at `path`, `-` for standard input, or in a folder the file that its configuration
    /// begins with.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    pub fn source(&self, path: &Path) -> Result<Arc<Source>, Failure> {
        if path == Path::new("-") {
            let bytes = text::read_from(io::stdin().lock())
                .map_err(|error| Failure(format!("standard input: {error}")))?;
            return Ok(Source::from_bytes("<stdin>", bytes));
        }
        let path = if path.is_dir() {
            self.not_of(path, "a folder")?;
            entry(path)?
        } else {
            path.to_path_buf()
        };
        let bytes = text::read(&path)
            .map_err(|error| Failure(format!("{}: {error}", text::shown(&path))))?;
        // As its neighbours are named, when they are read.
        let name = text::lexical(&path).display().to_string();
        Ok(Source::from_bytes(name, bytes))
    }

    /// The kind of a file, and how it was told.
    pub fn dialect(&self, source: &Source) -> (&'static Dialect, Told) {
        match self.kind.as_deref().and_then(Dialect::by_word) {
            Some(dialect) => (dialect, Told::ByName),
            None => Dialect::of(source),
        }
    }

    /// What may be read beside the file at `path`.
    ///
    /// # Errors
    /// When the root that was given is no folder.
    pub fn snapshot(&self, path: &Path, dialect: &Dialect) -> Result<Snapshot, Failure> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let here = path.parent().unwrap_or(path);
        let snapshot = Snapshot::new(match &self.root {
            Some(root) => {
                let failed = |reason: &str| Failure(format!("{}: {reason}", text::shown(root)));
                let real = root
                    .canonicalize()
                    .map_err(|error| failed(&error.to_string()))?;
                if !real.is_dir() {
                    return Err(failed("no folder"));
                }
                Scope::Root(real)
            }
            None if self.host || absolute.starts_with("/etc") => Scope::Host,
            None => Scope::Below(repository(&absolute)),
        });
        Ok(snapshot.with_home(Path::new(dialect.server.folder()), here))
    }

    /// The version to read for.
    ///
    /// # Errors
    /// When the version that was given is not known here, or several were.
    pub fn version(&self, server: Server) -> Result<Version, Failure> {
        match self.versions(server)?.as_slice() {
            [] => Ok(server.newest()),
            [one] => Ok(*one),
            _ => Err(Failure("one version at a time, but for `lint`".to_owned())),
        }
    }

    /// Every version that was given.
    ///
    /// # Errors
    /// When one is not known here.
    pub fn versions(&self, server: Server) -> Result<Vec<Version>, Failure> {
        let [first, last] = server.read();
        let read = |text: &String| {
            if PLATFORMS.contains(&text.as_str()) {
                return Ok(server.version_on(text));
            }
            Version::parse(text)
                .filter(|version| (first..=last).contains(&version.series()))
                .ok_or_else(|| {
                    Failure(format!(
                        "`{}` is no version of {} that is known here: {}.{} to {}.{} are, and {}",
                        text::one_line(text),
                        server.title(),
                        first.0,
                        first.1,
                        last.0,
                        last.1,
                        PLATFORMS.join(", ")
                    ))
                })
        };
        self.mta_version.iter().map(read).collect()
    }

    /// Whether the user named the kind of the file.
    pub fn names_a_kind(&self) -> bool {
        self.kind.is_some()
    }

    /// What the user told of questions that cannot be answered from the files.
    pub fn environment(&self) -> Environment {
        let told = self.assume.iter().filter_map(|(name, value)| {
            let hit = match value.as_str() {
                "hit" => true,
                "miss" => false,
                _ => return None,
            };
            Some((name.clone(), hit))
        });
        Environment {
            told: told.collect(),
            ..Environment::usual()
        }
    }

    /// Refuses the kind that the user named for `path`, which is `what` and so no server's file.
    ///
    /// # Errors
    /// When a kind was named.
    pub fn not_of(&self, path: &Path, what: &str) -> Result<(), Failure> {
        if !self.names_a_kind() {
            return Ok(());
        }
        Err(Failure(format!(
            "{}: --as names the kind of a server's file, and this is {what}",
            text::shown(path)
        )))
    }

    /// What the user told of the machine.
    pub fn known(&self) -> &[(String, String)] {
        &self.assume
    }
}

/// The folder of the repository that holds a path; without one, the path's own folder.
pub fn repository(path: &Path) -> PathBuf {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    text::repository(folder).to_path_buf()
}

/// The file in a folder that a configuration begins with.
fn entry(folder: &Path) -> Result<PathBuf, Failure> {
    let found: Vec<(PathBuf, &Dialect)> = discover(folder)
        .into_iter()
        .filter_map(|found| match found {
            Found::Configuration(path, dialect) => Some((path, dialect)),
            Found::Description(_) | Found::Closed(..) => None,
        })
        .collect();
    // The kinds of each server stand in this order: what the others belong to comes first.
    Dialect::all()
        .find_map(|kind| found.iter().find(|(_, dialect)| *dialect == kind))
        .map(|(path, _)| path.clone())
        .ok_or_else(|| {
            Failure(format!(
                "{}: no configuration of a mail server in this folder",
                text::shown(folder)
            ))
        })
}
