//! A configuration as its daemon sees it, in the words that all servers share. Must not know how
//! any server comes to them.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::findings::Finding;
use crate::text::{Place, Snapshot, Source};

use super::tree::Tree;
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
    /// What was made of files with it so far.
    made: Made,
}

/// A file, and what was made of it, whatever that is.
type Kept = (Arc<Source>, Rc<dyn Any>);

/// What was made of files.
#[derive(Default)]
struct Made(RefCell<Vec<Kept>>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().finish_non_exhaustive()
    }
}

impl<'a> World<'a> {
    /// What these files and this version make: nothing is known of the machine, and defaults are not
    /// wanted.
    pub fn new(files: &'a Snapshot, version: Version) -> Self {
        Self {
            files,
            version,
            known: &[],
            defaults: false,
            made: Made::default(),
        }
    }

    /// The same, with what the user told of the machine.
    #[must_use]
    pub fn knowing(self, known: &'a [(String, String)]) -> Self {
        Self { known, ..self }
    }

    /// The same, with what has its default, if that is wanted.
    #[must_use]
    pub fn with_defaults(self, defaults: bool) -> Self {
        Self { defaults, ..self }
    }

    /// The tree of a file, by the reader of its kind, which is one for all that ask.
    pub fn tree(&self, source: &Arc<Source>, parse: fn(&Arc<Source>) -> Tree) -> Rc<Tree> {
        self.once(source, || parse(source))
    }

    /// What `make` makes of a file. It is made once, and kept for whoever asks for the same type.
    pub(crate) fn once<T: Any>(&self, source: &Arc<Source>, make: impl FnOnce() -> T) -> Rc<T> {
        let known = self.made.0.borrow().iter().find_map(|(of, kept)| {
            let kept = Arc::ptr_eq(of, source).then(|| Rc::clone(kept))?;
            kept.downcast::<T>().ok()
        });
        known.unwrap_or_else(|| {
            let new = Rc::new(make());
            let kept: Kept = (Arc::clone(source), Rc::clone(&new) as _);
            self.made.0.borrow_mut().push(kept);
            new
        })
    }

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
