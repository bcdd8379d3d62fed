//! A configuration as the daemon holds it: options, lists, drivers and ACLs, each with its places.
//! Must not know how it was read.

use super::catalogue::{Class, Known};
use super::mapped::Mapped;
use crate::text::Place;

/// The whole configuration.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// The options of the main section, in the order in which they were set.
    pub main: Vec<Opt>,
    /// Named lists.
    pub lists: Vec<NamedList>,
    /// ACLs.
    pub acls: Vec<Acl>,
    /// Routers, transports and authenticators, each class in its order.
    pub drivers: Vec<Driver>,
    /// Retry rules, in order.
    pub retry: Vec<Entry>,
    /// Rewrite rules, in order.
    pub rewrite: Vec<Entry>,
}

/// An option that is set.
#[derive(Clone, Debug)]
pub(crate) struct Opt {
    /// What is known of it.
    pub known: Known,
    /// The value that counts.
    pub value: String,
    /// The value as written, macros replaced; empty for a boolean one without.
    pub written: Mapped,
    /// Whether it was set under this name, not under one that stands for it.
    pub by_name: bool,
    /// The line that set it (first).
    pub place: Place,
}

/// A named list.
#[derive(Clone, Debug)]
pub(crate) struct NamedList {
    /// `domainlist`, `hostlist`, `addresslist` or `localpartlist`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The list.
    pub value: String,
    /// The list as written, macros replaced.
    pub written: Mapped,
    /// The line.
    pub place: Place,
}

/// An instance of a driver.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    /// What it is.
    pub class: Class,
    /// Its name.
    pub name: String,
    /// The driver; `None` where there is none that is known.
    pub kind: Option<&'static str>,
    /// Its options, in the order in which they were set.
    pub options: Vec<Opt>,
    /// The line with its name.
    pub place: Place,
}

impl Driver {
    /// The option `name`, if it is set.
    pub fn option(&self, name: &str) -> Option<&Opt> {
        find(&self.options, name)
    }

    /// The value of the option `name`: as set, else its default.
    pub fn value(&self, name: &str, version: crate::mta::Version) -> Option<&str> {
        let default = || {
            let generic = super::catalogue::option(self.class.generic(), name, version);
            generic
                .or_else(|| super::catalogue::option(self.kind?, name, version))
                .and_then(|known| known.default(version))
        };
        self.option(name)
            .map(|option| option.value.as_str())
            .or_else(default)
    }

    /// Whether the option `name` has a value that is not empty.
    pub fn has(&self, name: &str) -> bool {
        self.option(name)
            .is_some_and(|option| !option.value.is_empty())
    }
}

/// The option `name` among `options`.
pub(crate) fn find<'o>(options: &'o [Opt], name: &str) -> Option<&'o Opt> {
    options.iter().find(|option| option.known.name() == name)
}

/// An ACL.
#[derive(Clone, Debug)]
pub(crate) struct Acl {
    /// Its name.
    pub name: String,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// The line with its name.
    pub place: Place,
}

/// A statement of an ACL.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// `accept`, `deny` …
    pub verb: &'static str,
    /// Its conditions and modifiers, in order.
    pub parts: Vec<Part>,
    /// The line with the verb.
    pub place: Place,
}

/// A condition or modifier of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its name.
    pub name: String,
    /// Whether it is negated.
    pub negated: bool,
    /// The variable that `set` sets.
    pub variable: Option<String>,
    /// Its argument, macros replaced; `None` for `endpass`, which has none.
    pub argument: Option<Mapped>,
    /// The line.
    pub place: Place,
}

/// A retry or rewrite rule.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its text, macros replaced.
    pub text: Mapped,
    /// The line.
    pub place: Place,
}
