//! What a rule may see of Postfix's files. Must not know any rule.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::Arc;

use super::asked::{self, Asked, Read};
use super::dictionary::Dictionary;
use super::lift::{Table, Values, Word, endpoint, open};
use super::lists::{self, List};
use super::services::Service;
use super::syntax::Joined;
use super::warnings::{Set, sets};
use super::{resolve, syntax};
use crate::findings::{Finding, Severity};
use crate::mta::config::{Config, World};
use crate::mta::dialect::Dialect;
use crate::text::{Place, Source, Span};

/// A main.cf and a master.cf, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// main.cf; `None` where only a master.cf is there.
    pub main: Option<Arc<Source>>,
    /// master.cf, where it is there.
    pub master: Option<Arc<Source>>,
    /// Their settings.
    pub dictionary: Dictionary,
    /// With what they are read.
    pub world: &'w World<'w>,
    disabled: OnceCell<Vec<Word>>,
    lists: OnceCell<Vec<List>>,
    asked: OnceCell<Vec<Asked>>,
    read: OnceCell<Vec<Read>>,
}

impl<'w> Files<'w> {
    /// Reads the file and the one that belongs to it; `None` for a file that is neither.
    pub fn read(
        source: &Arc<Source>,
        dialect: &'static Dialect,
        world: &'w World<'w>,
    ) -> Option<Self> {
        let mut noted = Config::default();
        let (main, master) = match dialect.name {
            "postfix-main" => (
                Some(Arc::clone(source)),
                resolve::beside(source, "main.cf", "master.cf", world, &mut noted),
            ),
            "postfix-master" => (
                resolve::beside(source, "master.cf", "main.cf", world, &mut noted),
                Some(Arc::clone(source)),
            ),
            _ => return None,
        };
        let read = main.clone().unwrap_or_else(|| Source::new("main.cf", ""));
        let mut dictionary = Dictionary::read(&read, master.as_ref(), world);
        dictionary.machine.extend(world.known.iter().cloned());
        Some(Self {
            source: Arc::clone(source),
            dialect,
            main,
            master,
            dictionary,
            world,
            disabled: OnceCell::new(),
            lists: OnceCell::new(),
            asked: OnceCell::new(),
            read: OnceCell::new(),
        })
    }

    /// Its values, as each program sees them.
    fn values(&self) -> Values<'_> {
        Values::new(&self.dictionary, self.master.as_ref(), self.world)
    }

    /// Whether a value is known to be what counts: without a main.cf only what a service sets for
    /// itself is.
    fn knows(&self, name: &str, service: Option<&Service>) -> bool {
        self.main.is_some() || service.is_some_and(|service| service.own(name).is_some())
    }

    /// The value of a parameter, as `service` sees it; none where it depends on the machine or is
    /// faulty.
    pub fn text(&self, name: &str, service: Option<&Service>) -> Option<String> {
        if !self.knows(name, service) {
            return None;
        }
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let reference = if is_plain {
            format!("${name}")
        } else {
            // A name that no reference can hold: its own value.
            let own = service.and_then(|service| service.own(name));
            let own = own.map(|own| &own.value);
            own.or_else(|| Some(&self.dictionary.set(name)?.value))?
                .text
                .clone()
        };
        let expanded = self.dictionary.value(&reference, service).ok()?;
        expanded.known.then_some(expanded.text)
    }

    /// The same, with names in it whose values are not known.
    pub fn nearly(&self, name: &str) -> Option<String> {
        let expanded = self.dictionary.value(&format!("${name}"), None).ok()?;
        self.main.is_some().then_some(expanded.text)
    }

    /// Whether the value is this word.
    pub fn is(&self, name: &str, word: &str, service: Option<&Service>) -> bool {
        self.text(name, service)
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// Whether the value is known to be empty.
    pub fn is_empty(&self, name: &str, service: Option<&Service>) -> bool {
        self.text(name, service).is_some_and(|text| text.is_empty())
    }

    /// Whether the value is there, and something.
    pub fn has(&self, name: &str, service: Option<&Service>) -> bool {
        self.text(name, service)
            .is_some_and(|text| !text.is_empty())
    }

    /// A number.
    pub fn number(&self, name: &str, service: Option<&Service>) -> Option<u64> {
        self.text(name, service)?.parse().ok()
    }

    /// The words of a list, with their places.
    pub fn words(&self, name: &str, service: Option<&Service>) -> Vec<Word> {
        if self.knows(name, service) {
            self.values().words(name, service)
        } else {
            Vec::new()
        }
    }

    /// Whether it is set, by the service or in main.cf.
    pub fn is_set(&self, name: &str, service: Option<&Service>) -> bool {
        self.values().is_set(name, service)
    }

    /// Where it is set: the characters of the name.
    pub fn place(&self, name: &str, service: Option<&Service>) -> Option<Place> {
        self.values().place(name, service)
    }

    /// Where its value stands.
    pub fn value_place(&self, name: &str, service: Option<&Service>) -> Option<Place> {
        if let Some(own) = service.and_then(|service| service.own(name)) {
            return Some(Place::new(self.master.as_ref()?, own.value.place()));
        }
        let set = self.dictionary.set(name)?;
        Some(Place::new(&self.dictionary.source, set.value.place()))
    }

    /// What main.cf sets, and the services of master.cf.
    pub fn sets(&self) -> Vec<Set<'_>> {
        sets(&self.dictionary, self.master.as_ref())
    }

    /// The services that run.
    pub fn services(&self) -> Vec<&Service> {
        let disabled = self
            .disabled
            .get_or_init(|| self.words("master_service_disable", None));
        let services = self.dictionary.services().iter();
        services
            .filter(|service| {
                !disabled
                    .iter()
                    .any(|word| word.text == service.kind() || word.text == service.scope())
            })
            .collect()
    }

    /// The services that run a program.
    pub fn running(&self, program: &str) -> Vec<&Service> {
        let mut services = self.services();
        services.retain(|service| program_of(service) == program);
        services
    }

    /// Who runs a program: its services, or where there is no master.cf whoever main.cf alone
    /// tells.
    pub fn scopes(&self, program: &str) -> Vec<Option<&Service>> {
        if self.master.is_none() {
            return vec![None];
        }
        self.running(program).into_iter().map(Some).collect()
    }

    /// The restriction lists of every smtpd.
    pub fn lists(&self) -> &[List] {
        self.lists.get_or_init(|| lists::all(self))
    }

    /// The lookup tables that are written somewhere.
    pub fn asked(&self) -> &[Asked] {
        self.asked.get_or_init(|| asked::all(self))
    }

    /// Those of them that can be read.
    pub fn read_tables(&self) -> &[Read] {
        self.read.get_or_init(|| asked::read(self))
    }

    /// The port and addresses of a service of type inet; no address stands for all.
    pub fn endpoint(&self, service: &Service) -> Option<(u16, Vec<IpAddr>)> {
        (service.kind() == "inet").then(|| endpoint(&self.values(), service))?
    }

    /// The port, where others than this host can call.
    pub fn public_port(&self, service: &Service) -> Option<u16> {
        let (port, addresses) = self.endpoint(service)?;
        let is_public = addresses.is_empty() || addresses.iter().any(|own| !own.is_loopback());
        is_public.then_some(port)
    }

    /// A field of a service, from 0.
    pub fn field(&self, service: &Service, index: usize) -> Option<Place> {
        let field = service.fields.get(index)?;
        Some(Place::new(self.master.as_ref()?, field.place()))
    }

    /// What a table holds, where it can be read.
    pub fn table(&self, word: &Word) -> Table {
        (*open(word, &self.values())).clone()
    }

    /// The entries of a table in a file of its own, as written.
    pub fn entries(&self, word: &Word) -> Option<(Arc<Source>, Entries)> {
        let (_, path) = bare(&word.text).split_once(':')?;
        let source = self.values().file(path).ok()?;
        let entries = syntax::entries(&syntax::parse_table(&source));
        Some((source, entries))
    }

    /// A finding at a place; at the start of main.cf where there is none.
    pub fn finding(
        &self,
        severity: Severity,
        rule: &'static str,
        place: Option<Place>,
        message: impl Into<String>,
    ) -> Finding {
        let place = place.unwrap_or_else(|| {
            let source = self.main.as_ref().unwrap_or(&self.source);
            Place::new(source, Span::new(0, 0))
        });
        Finding::new(severity, rule, &place.source, place.span, message)
    }
}

/// Keys with their values, as written.
pub type Entries = Vec<(Joined, Joined)>;

/// The program that a service runs, without its folder.
pub fn program_of(service: &Service) -> &str {
    service.command().rsplit('/').next().unwrap_or_default()
}

/// A table without the wrappers that look it up for others.
pub fn bare(mut table: &str) -> &str {
    while let Some(inner) = ["proxy:", "debug:"]
        .iter()
        .find_map(|front| table.strip_prefix(front))
    {
        table = inner;
    }
    table
}
