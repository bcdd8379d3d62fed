//! Values as one program sees them, cut into words that know where they stand. Must not know what
//! any of them means.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::table::Table;
use crate::mta::config::{Gap, World};
use crate::mta::lift::Use;
use crate::mta::postfix::dictionary::Dictionary;
use crate::mta::postfix::expand::references;
use crate::mta::postfix::services::Service;
use crate::mta::postfix::syntax::{Joined, is_white};
use crate::text::{Place, Source, Unread};

/// So deep values that are nothing but a name are followed.
const DEEPEST: usize = 100;

/// A word of a list.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it is written; none in a default.
    pub origin: Option<Place>,
}

/// The values of a configuration, and what was asked for.
pub struct Values<'a> {
    pub dictionary: &'a Dictionary,
    pub master: Option<&'a Arc<Source>>,
    pub world: &'a World<'a>,
    pub used: RefCell<BTreeMap<(String, String), Use>>,
    pub gaps: RefCell<Vec<Gap>>,
    /// The tables that were opened, by their words.
    pub tables: RefCell<HashMap<String, Rc<Table>>>,
    /// Why a program that asked for a value dies of it.
    faults: RefCell<Vec<(String, Option<Place>)>>,
}

impl<'a> Values<'a> {
    pub fn new(
        dictionary: &'a Dictionary,
        master: Option<&'a Arc<Source>>,
        world: &'a World<'a>,
    ) -> Self {
        Self {
            dictionary,
            master,
            world,
            used: RefCell::default(),
            gaps: RefCell::default(),
            tables: RefCell::default(),
            faults: RefCell::default(),
        }
    }

    /// The services of master.cf; none where it is not known.
    pub fn services(&self) -> &'a [Service] {
        self.dictionary.services()
    }

    /// What was not understood.
    pub fn gap(&self, place: Option<Place>, reason: impl Into<String>) {
        let reason = reason.into();
        let mut gaps = self.gaps.borrow_mut();
        if !gaps.iter().any(|gap| gap.reason == reason) {
            gaps.push(Gap { place, reason });
        }
    }

    /// The faults since this was last asked.
    pub fn faults(&self) -> Vec<(String, Option<Place>)> {
        self.faults.take()
    }

    /// The value of a name where it is set, with its file.
    fn written(&self, name: &str, service: Option<&Service>) -> Option<(Joined, &Arc<Source>)> {
        if let Some(own) = service.and_then(|service| service.own(name)) {
            return Some((own.value.clone(), self.master?));
        }
        let set = self.dictionary.set(name)?;
        Some((set.value.clone(), &self.dictionary.source))
    }

    /// Where the value of a name is set.
    pub fn place(&self, name: &str, service: Option<&Service>) -> Option<Place> {
        if let Some(own) = service.and_then(|service| service.own(name)) {
            return Some(Place::new(self.master?, own.name_span));
        }
        let set = self.dictionary.set(name)?;
        Some(Place::new(&self.dictionary.source, set.name_span))
    }

    /// Whether a name is set at all.
    pub fn is_set(&self, name: &str, service: Option<&Service>) -> bool {
        service.is_some_and(|service| service.own(name).is_some())
            || self.dictionary.set(name).is_some()
    }

    /// Notes that a name's value was used, and those of the names in it.
    fn note(&self, name: &str, service: Option<&Service>, how: Use, depth: usize) {
        let own = service.filter(|service| service.own(name).is_some());
        let scope = own.map_or_else(String::new, Service::scope);
        let Some((value, _)) = self.written(name, service).filter(|_| depth < DEEPEST) else {
            return;
        };
        let mut used = self.used.borrow_mut();
        let known = used.insert((scope.clone(), name.to_owned()), how);
        if known == Some(Use::Decides) {
            used.insert((scope, name.to_owned()), Use::Decides);
        }
        drop(used);
        if known.is_none_or(|known| known < how) {
            for (inner, _) in references(&value.text, self.dictionary.version).unwrap_or_default() {
                self.note(&inner, service, how, depth + 1);
            }
        }
    }

    /// The value of a name; empty where the program dies of it.
    pub fn text(&self, name: &str, service: Option<&Service>, how: Use) -> String {
        self.note(name, service, how, 0);
        self.expanded(&format!("${name}"), name, service)
    }

    fn expanded(&self, text: &str, name: &str, service: Option<&Service>) -> String {
        let place = || self.place(name, service);
        match self.dictionary.value(text, service) {
            Ok(expanded) => {
                if !expanded.known {
                    let reason = format!("`{name}` depends on the machine: `{}`", expanded.text);
                    self.gap(place(), reason);
                }
                expanded.text
            }
            Err(fault) => {
                self.fault(format!("`{name}`: {}", fault.message), place());
                String::new()
            }
        }
    }

    /// Notes why the program dies.
    pub fn fault(&self, reason: String, place: Option<Place>) {
        self.faults.borrow_mut().push((reason, place));
    }

    /// A value that decides sessions.
    pub fn decides(&self, name: &str, service: Option<&Service>) -> String {
        self.text(name, service, Use::Decides)
    }

    /// Whether a value is `yes`; anything but `yes` and `no` kills the program.
    pub fn flag(&self, name: &str, service: Option<&Service>) -> bool {
        let text = self.decides(name, service);
        let is_on = text.eq_ignore_ascii_case("yes");
        if !is_on && !text.eq_ignore_ascii_case("no") && self.faults.borrow().is_empty() {
            let reason = format!("bad boolean configuration: {name} = {text}");
            self.fault(reason, self.place(name, service));
        }
        is_on
    }

    /// The words of a list that decides sessions.
    pub fn words(&self, name: &str, service: Option<&Service>) -> Vec<Word> {
        self.listed(name, service, Use::Decides)
    }

    /// The words of a list.
    pub fn listed(&self, name: &str, service: Option<&Service>, how: Use) -> Vec<Word> {
        self.note(name, service, how, 0);
        let mut words = Vec::new();
        self.collect(name, service, 0, &mut words);
        words
    }

    fn collect(&self, name: &str, service: Option<&Service>, depth: usize, words: &mut Vec<Word>) {
        let Some((value, source)) = self.written(name, service).filter(|_| depth < DEEPEST) else {
            let text = self.expanded(&format!("${name}"), name, service);
            words.extend(tokens(&text).map(|range| Word {
                text: text[range].to_owned(),
                origin: None,
            }));
            return;
        };
        for range in tokens(&value.text) {
            let text = &value.text[range.clone()];
            let origin = Some(Place::new(source, value.span(range.clone())));
            if !text.contains('$') {
                let text = text.to_owned();
                words.push(Word { text, origin });
            } else if let Some(inner) = name_alone(text)
                && self.written(inner, service).is_some()
            {
                self.collect(inner, service, depth + 1, words);
            } else {
                let text = self.expanded(text, name, service);
                words.extend(tokens(&text).map(|range| Word {
                    text: text[range].to_owned(),
                    origin: origin.clone(),
                }));
            }
        }
    }

    /// The file at `path`, which may begin with `$config_directory` where that is not known: it is
    /// the folder that main.cf lies in.
    pub fn file(&self, path: &str) -> Result<Arc<Source>, Unread> {
        let folder = Path::new(self.dictionary.source.name()).parent();
        let folder = folder.unwrap_or(Path::new(""));
        if let Some(rest) = path.strip_prefix("$config_directory/") {
            return self.world.files.read(rest, folder);
        }
        let found = self.world.files.read(path, Path::new("/"));
        match path.strip_prefix("/etc/postfix/") {
            // A main.cf in a repository has its tables beside it.
            Some(rest) if found.is_err() && !folder.is_absolute() => {
                self.world.files.read(rest, folder).or(found)
            }
            _ => found,
        }
    }
}

/// `$name`, `${name}` or `$(name)` and nothing else.
fn name_alone(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let inner = match rest.strip_prefix(['{', '(']) {
        Some(inner) => inner.strip_suffix(['}', ')'])?,
        None => rest,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!inner.is_empty() && inner.chars().all(is_name)).then_some(inner)
}

/// The words of a text: what stands between blanks and commas, braces keeping together what they
/// enclose (postconf(5), since 3.0).
pub fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (None, 0_usize);
    for (at, c) in text.char_indices() {
        if depth == 0 && (is_white(c) || c == ',') {
            if let Some(start) = start.take() {
                found.push(start..at);
            }
            continue;
        }
        start.get_or_insert(at);
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found.extend(start.map(|start| start..text.len()));
    found.into_iter()
}
