//! The servers: the only list of them. A server is a folder here and one of the same name under
//! `templates/`; none names another.

mod config;
mod dialect;
pub mod exim;
mod grammar;
mod lift;
pub mod postfix;
mod render;
pub mod sendmail;
mod tree;
mod version;

pub use config::{Config, Facts, Gap, Setting, World};
pub use dialect::{Dialect, Told};
pub use lift::{Lifted, Through, Use};
pub use tree::{Branch, Tree};
pub use version::Version;

use std::fmt;

use serde::Serialize;

use crate::findings::{Finding, Severity};
use crate::policy::Policy;
use crate::text::Place;

/// A server to generate for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
    /// Sendmail.
    Sendmail,
}

/// A server in a certain version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The server.
    pub server: Server,
    /// Its version, one that is known here.
    pub version: Version,
}

/// What stands at the top of every generated file.
#[derive(Clone, Debug, Serialize)]
pub struct Heading {
    /// smtpconf's own version.
    pub version: &'static str,
    /// The server with its version.
    pub server: String,
    /// The description's hash.
    pub hash: String,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder that the server reads.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What was generated for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The files.
    pub files: Vec<File>,
    /// What the administrator does with them, one sentence or command each.
    pub steps: Vec<String>,
}

impl Server {
    /// Every server, in the order in which they are printed.
    pub const ALL: [Self; 3] = [Self::Postfix, Self::Exim, Self::Sendmail];

    /// The server's name on the command line, also that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postfix => "postfix",
            Self::Exim => "exim",
            Self::Sendmail => "sendmail",
        }
    }

    /// The server of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.name() == name)
    }

    /// The server's own name, as its users write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Postfix => "Postfix",
            Self::Exim => "Exim",
            Self::Sendmail => "Sendmail",
        }
    }

    /// The folder on its host where its files usually are.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Postfix => "/etc/postfix",
            Self::Exim => "/etc/exim4",
            Self::Sendmail => "/etc/mail",
        }
    }

    /// The kinds of files that it reads.
    pub fn dialects(self) -> &'static [Dialect] {
        match self {
            Self::Postfix => &postfix::DIALECTS,
            Self::Exim => &exim::DIALECTS,
            Self::Sendmail => &sendmail::DIALECTS,
        }
    }

    /// The kind that a file without any marks is taken for: lines of a key and a value.
    fn table() -> &'static Dialect {
        &postfix::DIALECTS[2]
    }

    /// The first and the last series that are known here.
    pub fn known(self) -> [(u16, u16); 2] {
        match self {
            Self::Postfix => [(3, 5), (3, 11)],
            Self::Exim => [(4, 92), (4, 99)],
            Self::Sendmail => [(8, 15), (8, 18)],
        }
    }

    /// The first and the last series whose files can be read.
    pub fn read(self) -> [(u16, u16); 2] {
        match self {
            Self::Postfix => [(3, 4), (3, 11)],
            Self::Exim => [(4, 92), (4, 99)],
            Self::Sendmail => [(8, 14), (8, 18)],
        }
    }

    /// The version that files are read for when nobody says which: the newest.
    pub fn newest(self) -> Version {
        let [_, (major, minor)] = self.read();
        Version::new(&[major, minor])
    }

    /// The version on a platform, as `debian-13`; on an unknown one that of Debian 12.
    pub fn version_on(self, platform: &str) -> Version {
        match (self, platform) {
            (Self::Postfix, "debian-11") => Version::new(&[3, 5, 25]),
            (Self::Postfix, "debian-13") => Version::new(&[3, 10, 13]),
            (Self::Postfix, _) => Version::new(&[3, 7, 11]),
            (Self::Exim, "debian-11") => Version::new(&[4, 94, 2]),
            (Self::Exim, "debian-13") => Version::new(&[4, 98, 2]),
            (Self::Exim, _) => Version::new(&[4, 96]),
            (Self::Sendmail, "debian-11") => Version::new(&[8, 15, 2]),
            (Self::Sendmail, "debian-13") => Version::new(&[8, 18, 1]),
            (Self::Sendmail, _) => Version::new(&[8, 17, 1, 9]),
        }
    }
}

impl Target {
    /// `server` in `version`.
    ///
    /// # Errors
    /// In words, why that version is not known here.
    pub fn new(server: Server, version: Version) -> Result<Self, String> {
        let [first, last] = server.known();
        if (first..=last).contains(&version.series()) {
            return Ok(Self { server, version });
        }
        Err(format!(
            "{} {version} is not known here: {}.{} to {}.{} are",
            server.title(),
            first.0,
            first.1,
            last.0,
            last.1
        ))
    }

    /// Reads `SERVER` or `SERVER@VERSION`; without a version it is the one on `platform`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, platform: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let server = Server::named(name)
            .ok_or_else(|| format!("`{name}` is not a server: postfix, exim or sendmail"))?;
        let usual = server.version_on(platform);
        match version {
            None => Ok(Self {
                server,
                version: usual,
            }),
            Some(version) => Version::parse(version)
                .ok_or_else(|| format!("`{version}` is not a version, such as {usual}"))
                .and_then(|version| Self::new(server, version)),
        }
    }

    /// The files that make this server do what `policy` says.
    ///
    /// # Errors
    /// Why it cannot, one finding a reason.
    pub fn generate(
        self,
        policy: &Policy,
        version: &'static str,
        hash: String,
    ) -> Result<Generated, Vec<Finding>> {
        let heading = Heading {
            version,
            server: self.to_string(),
            hash,
        };
        match self.server {
            Server::Postfix => postfix::generate(policy, &heading, self.version),
            Server::Exim => exim::generate(policy, &heading, self.version),
            Server::Sendmail => sendmail::generate(policy, &heading, self.version),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.server.title(), self.version)
    }
}

/// What a server cannot do, at the place that asks for it; `message` names the server. Nothing
/// where no place is known, as for what holds without being written.
fn refusal(
    origin: Option<&Place>,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Option<Finding> {
    let place = origin?;
    Some(
        Finding::new(
            Severity::Error,
            "target-refuses",
            &place.source,
            place.span,
            message,
        )
        .help(help),
    )
}
