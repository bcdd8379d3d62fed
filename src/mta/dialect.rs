//! The kinds of files that servers read, and telling which one a file is. Must not know any of
//! them itself: each server lists its own.

use std::path::Path;
use std::sync::Arc;

use super::Server;
use super::config::{Config, World};
use super::lift::Lifted;
use super::tree::Tree;
use crate::findings::Finding;
use crate::text::Source;

/// A kind of file.
#[derive(Debug)]
pub struct Dialect {
    /// Its name, as in `--as postfix-main`.
    pub name: &'static str,
    /// The server that reads it.
    pub server: Server,
    /// What begins a remark.
    pub remark: &'static str,
    /// Whether a file of this name (the last part of its path, in lower case) is one of this kind.
    pub named: fn(&str) -> bool,
    /// How many marks of this kind the text shows; 0 for none.
    pub marks: fn(&str) -> usize,
    /// Reads it, without loss.
    pub parse: fn(&Arc<Source>) -> Tree,
    /// What is wrong with how it is written, whatever it means.
    pub syntax: fn(&Tree) -> Vec<Finding>,
    /// The configuration that begins with this file.
    pub resolve: fn(&Arc<Source>, &World<'_>) -> Config,
    /// The file of the same configuration that is judged with this one, if both are there: its name,
    /// for the name of this one.
    pub judged_with: fn(&str) -> Option<String>,
    /// What the configuration that begins with this file does; none for a kind of file that does
    /// nothing by itself.
    pub lift: Option<Lift>,
}

/// From a file to what its configuration does, if that much is in it.
pub type Lift = fn(&Arc<Source>, &World<'_>) -> Option<Lifted>;

/// How the kind of a file was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// By its name.
    ByName,
    /// By what it holds.
    ByContent,
    /// Neither says; this is the likeliest.
    Guessed,
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Dialect {
    /// Every kind of file, of every server.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Server::ALL.into_iter().flat_map(Server::dialects)
    }

    /// The kind called `name`.
    pub fn by_word(name: &str) -> Option<&'static Self> {
        Self::all().find(|dialect| dialect.name == name)
    }

    /// The kind that the file's name tells.
    pub fn by_name(path: &Path) -> Option<&'static Self> {
        // Cyrus SASL has files named for the programs that use it.
        if path
            .parent()
            .is_some_and(|folder| folder.ends_with("sasl2"))
        {
            return None;
        }
        let name = path.file_name()?.to_str()?.to_lowercase();
        // What is put behind a name to say that the file is a copy or a model of one.
        let mut plain = name.as_str();
        while let Some(shorter) = COPIES.iter().find_map(|end| plain.strip_suffix(end)) {
            plain = shorter;
        }
        Self::all().find(|dialect| (dialect.named)(&name) || (dialect.named)(plain))
    }

    /// The kind of the file `source`, by its name, else by what it holds, else a guess.
    pub fn of(source: &Source) -> (&'static Self, Told) {
        if let Some(dialect) = Self::by_name(Path::new(source.name())) {
            return (dialect, Told::ByName);
        }
        let best = Self::all()
            .map(|dialect| ((dialect.marks)(source.text()), dialect))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        match best {
            Some((marks, dialect)) if marks > 0 => (dialect, Told::ByContent),
            // `key value` lines are what a file without any marks most often is.
            _ => (Server::table(), Told::Guessed),
        }
    }
}

/// Ends of names that say: a copy, a model or a package's version of the file before them.
const COPIES: &[&str] = &[
    ".example",
    ".sample",
    ".default",
    ".dist",
    ".proto",
    ".template",
    ".tmpl",
    ".tpl",
    ".in",
    ".j2",
    ".jinja2",
    ".erb",
    ".orig",
    ".old",
    ".bak",
    ".save",
    ".debian",
    ".dpkg-dist",
    ".dpkg-old",
    ".dpkg-new",
    ".rpmnew",
    ".rpmsave",
    ".new",
    "~",
];
