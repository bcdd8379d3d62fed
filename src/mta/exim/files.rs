//! What a rule may see of Exim's files: the running configuration and, of it, every text and every
//! list with its items. Must not know any rule.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::catalogue::{self, Class};
use super::listed::{Item, Kind, items};
use super::mapped::Mapped;
use super::resolve::{self, Read};
use super::running::{Driver, NamedList, Opt, Part, Statement, find};
use crate::mta::Version;
use crate::mta::config::{Gap, World};
use crate::mta::dialect::Dialect;
use crate::text::{Place, Source};

/// A configuration of Exim, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// The configuration as it was read.
    pub(crate) read: Rc<Read>,
    /// Whether the whole configuration was read: what is not there is nowhere else.
    pub(crate) is_whole: bool,
    /// With what it was read.
    pub world: &'w World<'w>,
}

/// A text of the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'f> {
    /// Whose it is.
    pub of: Owner<'f>,
    /// The option, condition, modifier or list that it is the value of.
    pub name: &'f str,
    /// As written, macros replaced.
    pub written: &'f Mapped,
    /// What it is, in the manual's words.
    pub holds: &'static str,
}

/// To what a text belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'f> {
    /// The main section.
    Main,
    /// A driver.
    Driver(&'f Driver),
    /// A part of a statement of an ACL.
    Acl(&'f Statement, &'f Part),
    /// A named list.
    List(&'f NamedList),
}

/// A list with its items.
#[derive(Debug)]
pub(crate) struct List<'f> {
    /// The text.
    pub text: Text<'f>,
    /// What it is of.
    pub kind: Kind,
    /// Its items; empty where they are made when it is needed.
    pub items: Vec<Item>,
}

impl<'w> Files<'w> {
    /// Reads the configuration that begins with this file; `None` for a file that begins none.
    pub fn read(
        source: &Arc<Source>,
        dialect: &'static Dialect,
        world: &'w World<'w>,
    ) -> Option<Self> {
        dialect.lift?;
        let read = resolve::run(source, world);
        let running = &read.running;
        let is_server = find(&running.main, "acl_smtp_rcpt").is_some()
            || running
                .drivers
                .iter()
                .any(|driver| driver.class == Class::Router);
        Some(Self {
            source: Arc::clone(source),
            dialect,
            is_whole: is_server && !read.gaps.iter().any(Gap::is_unread_file),
            read,
            world,
        })
    }

    /// The version that reads.
    pub(crate) fn version(&self) -> Version {
        self.world.version
    }

    /// Whether it is this release or a later one.
    pub(crate) fn is_at_least(&self, release: &[u16]) -> bool {
        self.version().is_at_least(release)
    }

    /// Whether these are the files that Debian's package brings, with its answers.
    pub(crate) fn is_debian(&self) -> bool {
        let name = self.source.name();
        let ends = ["update-exim4.conf.conf", "exim4.conf.template"];
        name.contains("conf.d/") || ends.iter().any(|end| name.ends_with(end))
    }

    /// The option of the main section, if it is set.
    pub(crate) fn set(&self, name: &str) -> Option<&Opt> {
        find(&self.read.running.main, name)
    }

    /// The value of an option of the main section: as set, else its default.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let version = self.version();
        let default =
            || catalogue::option("main", name, version).and_then(|known| known.default(version));
        self.set(name)
            .map(|option| option.value.as_str())
            .or_else(default)
    }

    /// The drivers of a class, in their order.
    pub(crate) fn drivers(&self, class: Class) -> impl Iterator<Item = &Driver> {
        let drivers = self.read.running.drivers.iter();
        drivers.filter(move |driver| driver.class == class)
    }

    /// The transport of this name.
    pub(crate) fn transport(&self, name: &str) -> Option<&Driver> {
        self.drivers(Class::Transport)
            .find(|driver| driver.name == name)
    }

    /// Every statement with the name of its ACL.
    pub(crate) fn statements(&self) -> impl Iterator<Item = (&str, &Statement)> {
        let acls = self.read.running.acls.iter();
        acls.flat_map(|acl| {
            let statements = acl.statements.iter();
            statements.map(|statement| (acl.name.as_str(), statement))
        })
    }

    /// Every part of every statement.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &Statement, &Part)> {
        self.statements().flat_map(|(acl, statement)| {
            let parts = statement.parts.iter();
            parts.map(move |part| (acl, statement, part))
        })
    }

    /// The texts of the whole configuration.
    pub(crate) fn texts(&self) -> Vec<Text<'_>> {
        let of_options = |of, options| {
            let texts = <[Opt]>::iter(options).map(move |option| Text {
                of,
                name: option.known.name(),
                written: &option.written,
                holds: option.known.holds(),
            });
            texts.filter(|text| !text.written.text().is_empty())
        };
        let mut texts: Vec<Text<'_>> =
            of_options(Owner::Main, &self.read.running.main[..]).collect();
        texts.extend(self.read.running.lists.iter().map(|list| Text {
            of: Owner::List(list),
            name: &list.name,
            written: &list.written,
            holds: list.kind,
        }));
        for (_, statement, part) in self.parts() {
            texts.extend(part.argument.as_ref().map(|written| Text {
                of: Owner::Acl(statement, part),
                name: &part.name,
                written,
                holds: match part.name.as_str() {
                    "hosts" => "host list",
                    "domains" | "sender_domains" => "domain list",
                    "local_parts" => "local part list",
                    "senders" | "recipients" => "address list",
                    _ => "string (expanded)",
                },
            }));
        }
        for driver in &self.read.running.drivers {
            texts.extend(of_options(Owner::Driver(driver), &driver.options[..]));
        }
        texts
    }

    /// The lists of hosts, domains, local parts and addresses.
    pub(crate) fn lists(&self) -> Vec<List<'_>> {
        let texts = self.texts().into_iter();
        texts
            .filter_map(|text| {
                let kind = Kind::of(text.holds)?;
                let items = items(text.written);
                Some(List { text, kind, items })
            })
            .collect()
    }

    /// The named list of this kind and name.
    pub(crate) fn named(&self, kind: Kind, name: &str) -> Option<&NamedList> {
        let lists = self.read.running.lists.iter();
        lists
            .into_iter()
            .find(|list| list.kind == kind.word() && list.name == name)
    }

    /// For each ACL, the options of the main section by which it is reached.
    pub(crate) fn phases(&self) -> BTreeMap<&str, BTreeSet<&'static str>> {
        let mut phases: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        let named_in = |text: &str| {
            let words: BTreeSet<&str> = text
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .collect();
            let acls = self.read.running.acls.iter().map(|acl| acl.name.as_str());
            acls.filter(|name| words.contains(name)).collect::<Vec<_>>()
        };
        let mut open: Vec<(&str, &'static str)> = Vec::new();
        for option in &self.read.running.main {
            if option.known.name().starts_with("acl_") {
                let phase = option.known.name();
                open.extend(named_in(&option.value).into_iter().map(|acl| (acl, phase)));
            }
        }
        while let Some((acl, phase)) = open.pop() {
            if !phases.entry(acl).or_default().insert(phase) {
                continue;
            }
            for (_, _, part) in self.parts().filter(|(of, _, _)| *of == acl) {
                let text = part.argument.as_ref().map_or("", Mapped::text);
                if part.name == "acl" || text.contains("acl{") {
                    open.extend(named_in(text).into_iter().map(|acl| (acl, phase)));
                }
            }
        }
        phases
    }
}

impl Text<'_> {
    /// Where a part of the text was written.
    pub(crate) fn place(&self, range: Range<usize>) -> Option<Place> {
        self.written.place(range)
    }

    /// Where the whole text was written.
    pub(crate) fn whole(&self) -> Option<Place> {
        self.place(0..self.written.text().len())
    }

    /// Whether the daemon expands it.
    pub(crate) fn is_expanded(&self) -> bool {
        match self.of {
            Owner::Main | Owner::Driver(_) => self.holds.ends_with("(expanded)"),
            Owner::Acl(..) | Owner::List(_) => true,
        }
    }
}
