//! What the lines of a configuration say, asked by name, with a note of what was asked for. Must
//! not know what follows from it for sessions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::cf::settings::Named;
use super::super::cf::{Line, Model, Rule};
use super::super::resolve::Resolved;
use crate::mta::config::{Gap, World};
use crate::mta::lift::Use;
use crate::net::Domain;
use crate::policy::{Guard, Opaque};
use crate::text::{Place, Source, Unread};

/// A feature of the library that is asked for.
#[derive(Clone, Debug)]
pub struct Feature {
    /// The arguments behind the name.
    pub args: Vec<String>,
    /// Where.
    pub place: Option<Place>,
}

/// The words of a class.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// The words, in lower case.
    pub words: BTreeSet<String>,
    /// Where the first of them stands.
    pub place: Option<Place>,
    /// Files with more words that are not here, each with the reason.
    pub missing: Vec<(String, String, Option<Place>)>,
}

/// A configuration to be lifted.
#[derive(Debug)]
pub struct Input<'a> {
    /// Its lines.
    pub model: &'a Model,
    /// What it is read with.
    pub world: &'a World<'a>,
    /// Whether nothing is left to files that are not here.
    pub is_whole: bool,
    folder: PathBuf,
    /// Its options with their right names.
    named: Vec<Named<'a>>,
    features: BTreeMap<String, Vec<Feature>>,
    /// What was not understood.
    pub gaps: RefCell<Vec<Gap>>,
    /// What was asked for.
    pub used: RefCell<BTreeMap<(String, String), Use>>,
}

impl<'a> Input<'a> {
    /// The lines of `resolved`; `features` are those that it was made with.
    pub fn new(
        resolved: &'a Resolved,
        features: BTreeMap<String, Vec<Feature>>,
        source: &Source,
        world: &'a World<'a>,
    ) -> Self {
        let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
        Self {
            model: &resolved.model,
            world,
            is_whole: resolved.is_whole(),
            folder: folder.to_path_buf(),
            named: resolved.model.named(world.version).collect(),
            features,
            gaps: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// Notes that a setting went into the policy.
    pub fn uses(&self, scope: &str, name: &str, how: Use) {
        let key = (scope.to_owned(), name.to_owned());
        let mut used = self.used.borrow_mut();
        let known = used.entry(key).or_insert(how);
        *known = how.max(*known);
    }

    /// Notes what was not understood.
    pub fn gap(&self, place: Option<&Place>, reason: impl Into<String>) {
        self.gaps.borrow_mut().push(Gap {
            place: place.cloned(),
            reason: reason.into(),
        });
    }

    /// The line of an option; the last one counts.
    pub fn option(&self, name: &str, how: Use) -> Option<&'a Line> {
        let found = self.options(name).pop()?;
        self.uses("", name, how);
        Some(found)
    }

    /// The value of an option.
    pub fn value(&self, name: &str, how: Use) -> Option<&'a str> {
        self.option(name, how)?.value.as_deref()
    }

    /// All lines of an option.
    pub fn options(&self, name: &str) -> Vec<&'a Line> {
        let found = self.named.iter().filter(|named| named.name == name);
        found.map(|named| named.line).collect()
    }

    /// The line of a macro; the last one counts.
    pub fn macro_line(&self, name: &str, how: Use) -> Option<&'a Line> {
        let found = self.model.macros.iter().rev().find(|m| m.name == name)?;
        self.uses("macro", name, how);
        Some(found)
    }

    /// A feature, as it was asked for last.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features(name).last()
    }

    /// A feature, as often as it was asked for.
    pub fn features(&self, name: &str) -> &[Feature] {
        let found = self.features.get(name).map_or(&[][..], Vec::as_slice);
        if !found.is_empty() {
            self.uses("feature", name, Use::Decides);
        }
        found
    }

    /// A file that the configuration names.
    pub fn file(&self, path: &str) -> Result<Arc<Source>, Unread> {
        self.world.files.read(path, &self.folder)
    }

    /// The words of a class; for a class file its first word of each line, as the daemon reads it
    /// with the pattern that the library writes.
    pub fn class(&self, name: &str, how: Use) -> Class {
        let mut class = Class::default();
        for line in self.model.classes.iter().filter(|c| c.name == name) {
            self.uses("class", name, how);
            let words = line.value.as_deref().unwrap_or_default();
            class
                .words
                .extend(words.split_whitespace().map(|word| self.expanded(word)));
            class.place = class.place.or_else(|| line.place.clone());
        }
        for line in self.model.class_files.iter().filter(|c| c.name == name) {
            self.uses("class file", name, how);
            class.place = class.place.or_else(|| line.place.clone());
            let value = line.value.as_deref().unwrap_or_default();
            let (optional, path) = match value.strip_prefix("-o") {
                Some(rest) => (true, rest.trim_start()),
                None => (false, value),
            };
            let path = path.split_whitespace().next().unwrap_or_default();
            match self.file(path) {
                Ok(source) => {
                    let lines = source.text().lines();
                    let words =
                        lines.filter_map(|line| line.split('#').next()?.split_whitespace().next());
                    class.words.extend(words.map(str::to_lowercase));
                }
                Err(Unread::Missing) if optional => {}
                Err(reason) => {
                    class
                        .missing
                        .push((path.to_owned(), reason.to_string(), line.place.clone()));
                }
            }
        }
        class
    }

    /// A word with `$j` and the like put in; one that a macro unknown here is in stays as it is.
    fn expanded(&self, word: &str) -> String {
        let mut word = word.to_lowercase();
        for name in ["j", "m", "w"] {
            let used = format!("${name}");
            if word.contains(&used)
                && let Some(value) = self.macro_line(name, Use::Decides)
                && let Some(value) = value.value.as_deref().filter(|value| !value.contains('$'))
            {
                word = word.replace(&used, &value.to_lowercase());
            }
        }
        word
    }

    /// The rules of a ruleset.
    pub fn rules(&self, name: &str) -> Vec<&'a Rule> {
        let sets = self.model.rulesets.iter().filter(|set| set.name == name);
        sets.flat_map(|set| &set.rules).collect()
    }

    /// The name of the host, where the file says it.
    pub fn hostname(&self) -> Option<(Domain, Option<Place>)> {
        let line = self.macro_line("j", Use::States)?;
        let name = Domain::parse(line.value.as_deref()?).ok()?;
        Some((name, line.place.clone()))
    }
}

impl Class {
    /// The question whether a file that is not here names something, `what`, for each file.
    pub fn unknown(&self, what: &str, usual: Option<bool>) -> Vec<Guard> {
        let ask = |(path, reason, place): &(String, String, Option<Place>)| {
            Guard::Opaque(Arc::new(Opaque {
                kind: "table",
                name: path.clone(),
                hit: format!("`{path}` names {what}"),
                reason: reason.clone(),
                usual,
                origin: place.clone(),
            }))
        };
        self.missing.iter().map(ask).collect()
    }
}
