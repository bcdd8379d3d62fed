//! What a name means to a Postfix program: its own `-o`, then main.cf, then the defaults of the
//! version. Must not know how values are printed.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::expand::{BUDGET, Expanded, Fault, Meaning, expand};
use super::parameters::{Default, Parameter};
use super::services::{self, Service};
use super::syntax::{Written, is_white, parse_main, settings};
use crate::mta::config::World;
use crate::mta::version::Version;
use crate::text::Source;

/// The programs behind whose name in master.cf stand parameters of their own (postconf(5),
/// `transport_destination_concurrency_limit` and its like).
const TRANSPORTS: [&str; 6] = ["local", "error", "virtual", "smtp", "lmtp", "pipe"];

/// What each program sets for itself; settings of these names are ignored.
const READ_ONLY: [&str; 3] = ["process_id", "process_name", "service_name"];

/// Whether settings of this name are ignored.
pub fn is_read_only(name: &str) -> bool {
    READ_ONLY.contains(&name)
}

/// A main.cf with the master.cf beside it.
#[derive(Debug)]
pub struct Dictionary {
    /// The version.
    pub version: Version,
    /// The text of main.cf.
    pub source: Arc<Source>,
    /// Its settings, in order.
    pub settings: Rc<Vec<Written>>,
    /// The last setting of each name.
    last: HashMap<String, usize>,
    /// The services, where there is a master.cf.
    pub services: Option<Rc<Vec<Service>>>,
    /// What is known of the machine, by the name of the parameter that it gives a value.
    pub machine: HashMap<String, String>,
    /// What may still be spent on values.
    budget: Cell<usize>,
}

impl Dictionary {
    /// Puts it together.
    pub fn new(
        source: &Arc<Source>,
        settings: Rc<Vec<Written>>,
        services: Option<Rc<Vec<Service>>>,
        version: Version,
    ) -> Self {
        let last = settings
            .iter()
            .enumerate()
            .map(|(index, setting)| (setting.name.clone(), index))
            .collect();
        Self {
            version,
            source: Arc::clone(source),
            settings,
            last,
            services,
            machine: HashMap::new(),
            budget: Cell::new(BUDGET),
        }
    }

    /// What these files hold.
    pub fn read(main: &Arc<Source>, master: Option<&Arc<Source>>, world: &World<'_>) -> Self {
        let settings = world.once(main, || settings(&world.tree(main, parse_main)));
        let services = master.map(|master| Rc::clone(&services::read(master, world).services));
        Self::new(main, settings, services, world.version)
    }

    /// The services; none where there is no master.cf.
    pub fn services(&self) -> &[Service] {
        self.services.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The setting of main.cf that counts for a name.
    pub fn set(&self, name: &str) -> Option<&Written> {
        self.last.get(name).map(|&index| &self.settings[index])
    }

    /// The settings that count, in the order of their names.
    pub fn counting(&self) -> Vec<&Written> {
        let mut counting: Vec<_> = self
            .last
            .values()
            .map(|&index| &self.settings[index])
            .collect();
        counting.sort_by(|a, b| a.name.cmp(&b.name));
        counting
    }

    /// The words of `smtpd_restriction_classes` as `service` sees it.
    pub fn classes(&self, service: Option<&Service>) -> BTreeSet<String> {
        let value = self.value("$smtpd_restriction_classes", service);
        value
            .map(|expanded| expanded.text)
            .unwrap_or_default()
            .split(|c: char| is_white(c) || c == ',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What is known of a name: a parameter of this version, or one that a service of master.cf
    /// brings with it.
    pub fn parameter(&self, name: &str) -> Option<Parameter> {
        Parameter::named(name)
            .filter(|known| known.is_in(self.version))
            .or_else(|| self.of_service(name))
    }

    fn of_service(&self, name: &str) -> Option<Parameter> {
        self.services().iter().find_map(|service| {
            let suffix = name.strip_prefix(service.name())?.strip_prefix('_')?;
            let has = match suffix {
                "time_limit" => matches!(service.command(), "pipe" | "spawn"),
                _ => TRANSPORTS.contains(&service.command()),
            };
            has.then(|| Parameter::of_transport(suffix))?
        })
    }

    /// The names that the services of master.cf bring with them.
    pub fn service_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for service in self.services() {
            for suffix in Parameter::transport_suffixes(self.version) {
                let name = format!("{}_{suffix}", service.name());
                if self.of_service(&name).is_some() {
                    names.insert(name);
                }
            }
        }
        names
    }

    /// What a name means to `service`, or where there is none to a program that main.cf alone tells.
    pub fn meaning(&self, name: &str, service: Option<&Service>) -> Meaning {
        let known = self.parameter(name);
        let wrap = |text: &str| {
            if known.is_some_and(Parameter::is_raw) {
                Meaning::Raw(text.to_owned())
            } else {
                Meaning::Text(text.to_owned())
            }
        };
        let own = service.and_then(|service| service.own(name));
        let set = own
            .map(|own| &own.value)
            .or_else(|| Some(&self.set(name)?.value));
        if let Some(value) = set.filter(|_| !is_read_only(name)) {
            return wrap(&value.text);
        }
        // Each program knows the name that master.cf gives it.
        if let Some(service) = service.filter(|_| name == "service_name") {
            return Meaning::Raw(service.name().to_owned());
        }
        if let Some(text) = self.machine.get(name) {
            return Meaning::Raw(text.clone());
        }
        match known.map(|known| known.default(self.version)) {
            Some(Default::Text(text)) => wrap(text),
            Some(Default::Machine) => self.computed(name, service),
            None => Meaning::Undefined,
        }
    }

    /// A default that the program works out.
    fn computed(&self, name: &str, service: Option<&Service>) -> Meaning {
        match name {
            "mail_version" => Meaning::Raw(self.version.to_string()),
            // What follows the first dot of the host name (postconf(5), "mydomain"), in which the
            // daemon does not know the domain yet.
            "mydomain" => match self.expand("$myhostname", &|name| match name {
                "mydomain" => Meaning::Undefined,
                _ => self.meaning(name, service),
            }) {
                Ok(host) if host.known => {
                    let domain = host
                        .text
                        .split_once('.')
                        .map_or("localdomain", |(_, domain)| domain);
                    Meaning::Raw(domain.to_owned())
                }
                _ => Meaning::Unknown,
            },
            _ => Meaning::Unknown,
        }
    }

    /// A value with its references replaced, as `service` sees it.
    ///
    /// # Errors
    /// The first fault.
    pub fn value(&self, text: &str, service: Option<&Service>) -> Result<Expanded, Fault> {
        self.expand(text, &|name| self.meaning(name, service))
    }

    fn expand(&self, text: &str, meaning: &dyn Fn(&str) -> Meaning) -> Result<Expanded, Fault> {
        expand(text, self.version, meaning, &self.budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_may_be_made_of_the_domain_and_the_domain_of_the_host_name() {
        let main = Source::new("main.cf", "myhostname = mail.$mydomain\n");
        let settings = Rc::new(settings(&parse_main(&main)));
        let dictionary = Dictionary::new(&main, settings, None, Version::new(&[3, 7]));
        let value = |text| dictionary.value(text, None).unwrap().text;
        assert_eq!(value("$myhostname|$mydomain"), "mail.|");
    }

    #[test]
    fn what_each_program_sets_for_itself_is_not_set() {
        let main = Source::new("main.cf", "process_name = x\nservice_name = y\n");
        let settings = Rc::new(settings(&parse_main(&main)));
        let mut dictionary = Dictionary::new(&main, settings, None, Version::new(&[3, 7]));
        let machine = ("process_name".to_owned(), "postconf".to_owned());
        dictionary.machine.extend([machine]);
        let value = dictionary
            .value("$process_name $service_name", None)
            .unwrap();
        assert_eq!(value.text, "postconf $service_name");
    }
}
