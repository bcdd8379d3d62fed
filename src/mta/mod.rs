//! The servers: the only list of them. A server is a folder here and one of the same name under
//! `templates/`; none names another.

mod exim;
mod postfix;
mod render;
mod sendmail;

use std::fmt;

use serde::Serialize;

use crate::findings::Finding;
use crate::policy::Policy;

/// A server to generate for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Postfix 3.7.11, as in Debian 12.
    Postfix,
    /// Exim 4.96, as in Debian 12.
    Exim,
    /// Sendmail 8.17.1.9, as in Debian 12.
    Sendmail,
}

/// What stands at the top of every generated file.
#[derive(Clone, Debug, Serialize)]
pub struct Heading {
    /// smtpconf's own version.
    pub version: &'static str,
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

impl Target {
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

    /// The files that make this server do what `policy` says.
    ///
    /// # Errors
    /// Why it cannot, one finding a reason.
    pub fn generate(self, policy: &Policy, heading: &Heading) -> Result<Generated, Vec<Finding>> {
        match self {
            Self::Postfix => Ok(postfix::generate(policy, heading)),
            Self::Exim => Ok(exim::generate(policy, heading)),
            Self::Sendmail => sendmail::generate(policy, heading),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postfix => "Postfix 3.7.11",
            Self::Exim => "Exim 4.96",
            Self::Sendmail => "Sendmail 8.17.1.9",
        })
    }
}
