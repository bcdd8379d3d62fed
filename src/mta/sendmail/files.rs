//! What a rule may see of Sendmail's files. Must not know any rule.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::cf::settings::{items, key_of};
use super::cf::{Line, Rule};
use super::edits::part;
use super::lift::features;
pub use super::lift::input::Feature;
use super::mc::Asked;
use super::resolve::{self, Resolved};
use crate::findings::{Finding, Severity};
use crate::mta::config::World;
use crate::mta::dialect::Dialect;
use crate::mta::tree::Tree;
use crate::text::{Place, Source, Span, Stat, Unread};

/// The maps that rules look at.
const TABLES: [&str; 4] = ["access", "authinfo", "mailertable", "virtuser"];

/// A sendmail.mc or sendmail.cf, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// All that is known of it.
    pub resolved: Rc<Resolved>,
    /// With what it was read.
    pub world: &'w World<'w>,
    features: BTreeMap<String, Vec<Feature>>,
    folder: PathBuf,
    tables: [OnceCell<Option<Vec<Entry>>>; TABLES.len()],
}

/// A word of a class.
#[derive(Clone, Debug)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// An entry of a map's text.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, in lower case as makemap writes it.
    pub key: String,
    /// The value, to the end of its line.
    pub value: String,
    /// Where the key is.
    pub key_place: Place,
    /// Where the value is.
    pub value_place: Place,
}

impl Entry {
    /// The tag and the rest of a key of the access map; no tag before an address of IPv6.
    pub fn tagged(&self) -> (&str, &str) {
        match self.key.split_once(':') {
            Some((tag, rest)) if tag != "ipv6" => (tag, rest),
            _ => ("", &self.key),
        }
    }
}

/// A line of `DAEMON_OPTIONS`.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// The keys that are known, and their values.
    pub items: Vec<(&'static str, String)>,
    /// Where the line is, if it is written.
    pub place: Option<Place>,
    /// The text of the line.
    pub text: String,
}

impl Daemon {
    /// The value of a key; the last one counts.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.items.iter().rev().find(|(known, _)| *known == key);
        found.map(|(_, value)| value.trim())
    }

    /// Whether it has this modifier.
    pub fn has(&self, letter: char) -> bool {
        self.get("Modifier")
            .is_some_and(|letters| letters.contains(letter))
    }

    /// Its port, where the number is known.
    pub fn port(&self) -> Option<u16> {
        match self.get("Port").unwrap_or("25") {
            "smtp" | "mail" => Some(25),
            "smtps" | "submissions" | "ssmtp" | "urd" => Some(465),
            "submission" => Some(587),
            port => port.parse().ok(),
        }
    }

    /// Whether only the host itself reaches it.
    pub fn is_inside(&self) -> bool {
        self.get("Address").is_some_and(|address| {
            address.starts_with("127.")
                || address == "::1"
                || address.eq_ignore_ascii_case("IPv6:::1")
                || address == "localhost"
        })
    }

    /// What stands between two commas and has no key that is known.
    pub fn strays(&self) -> Vec<&str> {
        let items = self.text.split(',').map(str::trim);
        items
            .filter(|item| match item.split_once('=') {
                Some((key, _)) => key_of(key).is_none(),
                None => !item.is_empty(),
            })
            .collect()
    }
}

impl<'w> Files<'w> {
    /// Reads the configuration that begins with this file; `None` for a file that begins none.
    pub fn read(
        source: &Arc<Source>,
        dialect: &'static Dialect,
        world: &'w World<'w>,
    ) -> Option<Self> {
        dialect.lift?;
        let resolved = match dialect.name {
            "sendmail-mc" => resolve::mc(source, world),
            _ => resolve::cf(source, world),
        };
        let features = match &resolved.reading {
            Some(reading) => features::asked(reading),
            None => features::told(&resolved.model, world.version),
        };
        let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
        Some(Self {
            source: Arc::clone(source),
            dialect,
            folder: folder.to_path_buf(),
            resolved,
            world,
            features,
            tables: Default::default(),
        })
    }

    /// How the file is written.
    pub fn tree(&self) -> Rc<Tree> {
        self.world.tree(&self.source, self.dialect.parse)
    }

    /// Whether it is a whole configuration of a daemon: one with mailers, of which no part is
    /// missing, and not the one of the program that local users submit mail with.
    pub fn is_daemon(&self) -> bool {
        let made = self.is_whole() && !self.resolved.model.mailers.is_empty();
        let version = self.macro_line("Z").and_then(|line| line.value.as_deref());
        let submits = version.is_some_and(|version| version.ends_with("/Submit"));
        made && !submits && self.feature("msp").is_none() && self.feature("nullclient").is_none()
    }

    /// Whether nothing is left to files that are not here.
    pub fn is_whole(&self) -> bool {
        self.resolved.is_whole()
    }

    /// A feature, as it was asked for last.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features(name).last()
    }

    /// A feature, as often as it was asked for.
    pub fn features(&self, name: &str) -> &[Feature] {
        self.features.get(name).map_or(&[], Vec::as_slice)
    }

    /// What is asked for of this kind in a sendmail.mc: `FEATURE`, `MAILER` …
    pub fn asked<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Asked> {
        let reading = self.resolved.reading.iter();
        reading
            .flat_map(|reading| &reading.asked)
            .filter(move |asked| asked.kind == kind)
    }

    /// All lines of an option.
    pub fn options(&self, name: &str) -> Vec<&Line> {
        let named = self.resolved.model.named(self.world.version);
        let found = named.filter(|named| named.name == name);
        found.map(|named| named.line).collect()
    }

    /// The line of an option that counts: the last one.
    pub fn option(&self, name: &str) -> Option<&Line> {
        self.options(name).pop()
    }

    /// The value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.option(name)?.value.as_deref()
    }

    /// The line of a macro; the last one counts.
    pub fn macro_line(&self, name: &str) -> Option<&Line> {
        let mut lines = self.resolved.model.macros.iter().rev();
        lines.find(|line| line.name == name)
    }

    /// Where a line was written, unless the library writes it for something that was asked for.
    pub fn written<'l>(&self, line: &'l Line) -> Option<&'l Place> {
        let asked = ["DOMAIN", "FEATURE", "MAILER", "OSTYPE"];
        let place = line.place.as_ref()?;
        let text = place.source.slice(place.span);
        let is_asked =
            self.resolved.reading.is_some() && asked.iter().any(|name| text.starts_with(name));
        (!is_asked).then_some(place)
    }

    /// The listeners.
    pub fn daemons(&self) -> Vec<Daemon> {
        let lines = self.options("DaemonPortOptions");
        let read = |line: &&Line| {
            let text = line.value.clone().unwrap_or_default();
            Daemon {
                items: items(&text),
                place: line.place.clone(),
                text,
            }
        };
        lines.iter().map(read).collect()
    }

    /// The words of a class, with those of its files that are here: the first of each line.
    pub fn class(&self, name: &str) -> Vec<Word> {
        let mut words = Vec::new();
        let model = &self.resolved.model;
        for line in model.classes.iter().filter(|line| line.name == name) {
            let Some(place) = &line.place else { continue };
            for word in line.value.as_deref().unwrap_or_default().split_whitespace() {
                words.push(Word {
                    text: word.to_owned(),
                    place: part(place, word),
                });
            }
        }
        for line in model.class_files.iter().filter(|line| line.name == name) {
            let Some((path, _)) = class_file(line) else {
                continue;
            };
            let Ok(source) = self.file(path) else {
                continue;
            };
            for (span, text) in lines(&source) {
                if let Some(word) = text
                    .split('#')
                    .next()
                    .and_then(|t| t.split_whitespace().next())
                {
                    let at = span.start + (word.as_ptr() as usize - text.as_ptr() as usize);
                    words.push(Word {
                        text: word.to_owned(),
                        place: Place::new(&source, Span::new(at, at + word.len())),
                    });
                }
            }
        }
        words
    }

    /// Whether a class has words, or a file that may hold some.
    pub fn has_class(&self, name: &str) -> bool {
        let model = &self.resolved.model;
        let mut lines = model.classes.iter().chain(&model.class_files);
        lines.any(|line| line.name == name && line.place.is_some())
    }

    /// The line of a map.
    pub fn map(&self, name: &str) -> Option<&Line> {
        let mut maps = self.resolved.model.maps.iter();
        maps.find(|map| map.name == name)
    }

    /// The path of the text that a map is made from, for a map of a kind that is made so.
    pub fn map_path(&self, name: &str) -> Option<&str> {
        let value = self.map(name)?.value.as_deref()?;
        let mut words = value.split_whitespace();
        let class = words.next()?;
        let path = words.next_back()?;
        let kept = ["text", "hash", "btree", "dbm", "cdb"];
        let path = path.strip_suffix(".db").unwrap_or(path);
        (kept.contains(&class) && !path.starts_with(['-', '@'])).then_some(path)
    }

    /// The entries of one of the maps that rules look at, where its text is here.
    pub fn table(&self, name: &str) -> Option<&[Entry]> {
        let index = TABLES.iter().position(|known| *known == name)?;
        let entries = self.tables[index].get_or_init(|| self.entries(name));
        entries.as_deref()
    }

    fn entries(&self, name: &str) -> Option<Vec<Entry>> {
        let source = self.file(self.map_path(name)?).ok()?;
        let mut entries = Vec::new();
        for (span, text) in lines(&source) {
            if text.starts_with(['#', ' ', '\t']) {
                continue;
            }
            let Some((key, rest)) = text.split_once([' ', '\t']) else {
                continue;
            };
            let value = rest.trim();
            if value.is_empty() {
                continue;
            }
            let at = span.start + text.len() - rest.trim_start().len();
            entries.push(Entry {
                key: key.to_lowercase(),
                value: value.to_owned(),
                key_place: Place::new(&source, Span::new(span.start, span.start + key.len())),
                value_place: Place::new(&source, Span::new(at, at + value.len())),
            });
        }
        Some(entries)
    }

    /// A file that the configuration names.
    ///
    /// # Errors
    /// Why it was not read.
    pub fn file(&self, path: &str) -> Result<Arc<Source>, Unread> {
        self.world.files.read(path, &self.folder)
    }

    /// The mode and age of a file that the configuration names, where those can be seen.
    pub fn stat(&self, path: &str) -> Option<Stat> {
        self.world.files.stat(path, &self.folder).ok()
    }

    /// The rules of a ruleset.
    pub fn rules(&self, name: &str) -> Vec<&Rule> {
        let sets = self.resolved.model.rulesets.iter();
        sets.filter(|set| set.name == name)
            .flat_map(|set| &set.rules)
            .collect()
    }

    /// The mailer that `SMART_HOST` and its like name, and the host: `relay` where they name none.
    pub fn hop(value: &str) -> (Option<&str>, &str) {
        match value.split_once(':') {
            Some((mailer, host)) if !mailer.contains(['[', '.', ' ']) => (Some(mailer), host),
            _ => (None, value),
        }
    }

    /// Where the file begins to say what it is: what is missing is told there.
    pub fn head(&self) -> Place {
        let asked = self.asked("OSTYPE").find_map(|asked| asked.place.clone());
        asked.unwrap_or_else(|| Place::new(&self.source, self.source.line_span(0)))
    }

    /// A finding at a place, or at the head where nothing was written.
    pub fn say(
        &self,
        severity: Severity,
        rule: &'static str,
        place: Option<&Place>,
        message: impl Into<String>,
    ) -> Finding {
        let place = place.cloned().unwrap_or_else(|| self.head());
        Finding::new(severity, rule, &place.source, place.span, message)
    }
}

/// The path of a class's file, and whether it may be missing.
pub fn class_file(line: &Line) -> Option<(&str, bool)> {
    let value = line.value.as_deref()?;
    let (optional, path) = match value.strip_prefix("-o") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, value),
    };
    let path = path.split_whitespace().next()?;
    path.starts_with('/').then_some((path, optional))
}

/// The lines of a text, with their bytes.
fn lines(source: &Source) -> impl Iterator<Item = (Span, &str)> {
    let mut at = 0;
    source.text().split_inclusive('\n').map(move |line| {
        let text = line.trim_end_matches(['\n', '\r']);
        let span = Span::new(at, at + text.len());
        at += line.len();
        (span, text)
    })
}
