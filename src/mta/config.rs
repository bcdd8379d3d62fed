//! A configuration as its daemon sees it, in the words that all servers share. Must not know how
//! any server comes to them.

use crate::findings::Finding;
use crate::text::{Place, Snapshot};

use super::version::Version;

/// What a configuration is read with.
#[derive(Debug)]
pub struct World<'a> {
    /// What may be read beside the file itself.
    pub files: &'a Snapshot,
    /// The daemon's version.
    pub version: Version,
    /// What the user told of the machine, by the name of the setting that the daemon would work
    /// out from it, such as a host name.
    pub known: &'a [(String, String)],
    /// Whether what has its default is wanted too.
    pub defaults: bool,
}

impl World<'_> {
    /// What the user told of the machine for a setting.
    pub fn told(&self, name: &str) -> Option<&str> {
        let known = self.known.iter().rev().find(|(known, _)| known == name);
        known.map(|(_, value)| value.as_str())
    }
}

/// A setting with its effective value.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where it counts: empty for the whole server, else such as `submission/inet`, `router dns`.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// What the daemon makes of it; `None` where that depends on what cannot be seen here, or
    /// where there is no value.
    pub value: Option<String>,
    /// Where it was set; `None` for a default.
    pub place: Option<Place>,
    /// What the catalogue knows of the name; `None` for a name that it does not have.
    pub facts: Option<Facts>,
}

/// What a catalogue knows of a setting's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The default in this version; `None` where there is none or it depends on the machine.
    pub default: Option<String>,
    /// The type in the daemon's own words: `bool`, `time`, `host list` …
    pub kind: String,
    /// The release that brought it; with `<=` before it one that had it already, as `<=2.0`.
    pub since: String,
}

/// Something that was not understood, so that what depends on it is unknown.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where.
    pub place: Option<Place>,
    /// What it is and why it is not known, as a sentence.
    pub reason: String,
}

impl Gap {
    /// Whether it is a file of the configuration that was not read, so that whatever is not set
    /// elsewhere may be set there.
    pub fn is_unread_file(&self) -> bool {
        self.reason.contains("was not read")
    }
}

/// A configuration, resolved.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What is set, in the order in which the daemon's own tool prints it.
    pub settings: Vec<Setting>,
    /// What else there is, at its default, where it is wanted; in the same order.
    pub defaults: Vec<Setting>,
    /// What is wrong with how it is written.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
}
