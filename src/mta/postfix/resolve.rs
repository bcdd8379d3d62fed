//! main.cf and master.cf as the daemon sees them, in the words that all servers share. Must not
//! know how they are printed.

use std::path::Path;
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::expand::level;
use super::parameters::Parameter;
use super::referenced;
use super::services::{Service, services};
use super::syntax::{self, Joined};
use super::warnings::warnings;
use crate::mta::config::{Config, Facts, Gap, Setting, World};
use crate::text::{Place, Source, Unread};

/// The configuration of a main.cf and the master.cf beside it.
pub fn main(source: &Arc<Source>, world: &World<'_>) -> Config {
    let mut config = Config::default();
    let master = beside(source, "main.cf", "master.cf", world, &mut config);
    both(source, master.as_ref(), world, config, false)
}

/// The configuration of a master.cf and the main.cf beside it.
pub fn master(source: &Arc<Source>, world: &World<'_>) -> Config {
    let mut config = Config::default();
    let main = beside(source, "master.cf", "main.cf", world, &mut config);
    let is_alone = main.is_none();
    let main = main.unwrap_or_else(|| Source::new("main.cf", ""));
    let mut config = both(&main, Some(source), world, config, true);
    if is_alone {
        // What main.cf sets and refers to is not known.
        config
            .findings
            .retain(|finding| !matches!(finding.rule, "undefined-name" | "unknown-parameter"));
    }
    config
}

/// The keys and values of a lookup table, or of a client's file.
pub fn table(source: &Arc<Source>, _: &World<'_>) -> Config {
    let tree = syntax::parse_table(source);
    let entries = syntax::entries(&tree).into_iter();
    Config {
        settings: entries
            .map(|(key, value)| Setting {
                scope: String::new(),
                name: key.text.clone(),
                place: Some(Place::new(source, key.place())),
                value: Some(value.text),
                facts: None,
            })
            .collect(),
        ..Config::default()
    }
}

/// The settings of a client's file, as of `mysql_table(5)`.
pub fn client(source: &Arc<Source>, _: &World<'_>) -> Config {
    let tree = syntax::parse_main(source);
    let mut settings = syntax::settings(&tree);
    settings.sort_by(|a, b| a.name.cmp(&b.name));
    Config {
        settings: settings
            .into_iter()
            .map(|written| Setting {
                scope: String::new(),
                place: Some(Place::new(source, written.name_span)),
                name: written.name,
                value: Some(written.value.text),
                facts: None,
            })
            .collect(),
        ..Config::default()
    }
}

/// The file that belongs to this one: of the same name but for its kind, in the same folder.
pub(super) fn beside(
    source: &Source,
    own: &str,
    other: &str,
    world: &World<'_>,
    config: &mut Config,
) -> Option<Arc<Source>> {
    let path = Path::new(source.name());
    let name = path.file_name()?.to_str()?;
    if !name.contains(own) {
        return None;
    }
    let neighbour = name.replace(own, other);
    match world.files.read(&neighbour, path.parent()?) {
        Ok(found) => Some(found),
        Err(Unread::Missing) => None,
        Err(reason) => {
            config.gaps.push(Gap {
                place: None,
                reason: format!("{neighbour} was not read: {reason}"),
            });
            None
        }
    }
}

fn both(
    main: &Arc<Source>,
    master: Option<&Arc<Source>>,
    world: &World<'_>,
    mut config: Config,
    services_first: bool,
) -> Config {
    let read = master.map(|master| services(&syntax::parse_master(master)));
    let (services, faults) = read.map_or((None, Vec::new()), |(services, faults)| {
        (Some(services), faults)
    });
    config.findings.extend(faults);
    let settings = syntax::settings(&syntax::parse_main(main));
    let mut dictionary = Dictionary::new(main, settings, services, world.version);
    if let Some(folder) = Path::new(main.name())
        .parent()
        .filter(|folder| folder.is_absolute())
    {
        let folder = folder.display().to_string();
        dictionary
            .machine
            .insert("config_directory".to_owned(), folder);
    }
    dictionary.machine.extend(world.known.iter().cloned());
    config.findings.extend(warnings(&dictionary, master));
    let mut of_main = Vec::new();
    for written in dictionary.counting() {
        let place = Place::new(main, written.name_span);
        let reading = Reading::of(&dictionary, &written.name, &written.value, None);
        of_main.push(reading.setting(String::new(), &written.name, place, &mut config));
    }
    let mut of_services = Vec::new();
    if let Some(master) = master {
        for service in dictionary.services.iter().flatten() {
            of_services.extend(fields(&dictionary, service, master));
            let mut own: Vec<_> = service
                .overrides
                .iter()
                .filter(|own| {
                    service
                        .own(&own.name)
                        .is_some_and(|last| std::ptr::eq(last, *own))
                })
                .collect();
            own.sort_by(|a, b| a.name.cmp(&b.name));
            for own in own {
                let place = Place::new(master, own.name_span);
                let reading = Reading::of(&dictionary, &own.name, &own.value, Some(service));
                of_services.push(reading.setting(service.scope(), &own.name, place, &mut config));
            }
        }
    }
    referenced::read(&of_main, world, &mut config);
    referenced::read(&of_services, world, &mut config);
    config.settings = if services_first {
        of_services
    } else {
        of_main.into_iter().chain(of_services).collect()
    };
    if world.defaults && !services_first {
        config.defaults = defaults(&dictionary);
    }
    config
}

/// A value as the daemon reads it.
struct Reading {
    value: Option<String>,
    gap: Option<String>,
    facts: Option<Facts>,
}

impl Reading {
    fn of(
        dictionary: &Dictionary,
        name: &str,
        written: &Joined,
        service: Option<&Service>,
    ) -> Self {
        let parameter = dictionary.parameter(name);
        let facts = parameter.map(|known| known.facts(dictionary.version));
        if parameter.is_some_and(Parameter::is_raw) {
            return Self {
                value: Some(written.text.clone()),
                gap: None,
                facts,
            };
        }
        match dictionary.value(&written.text, service) {
            Ok(expanded) => Self {
                gap: (!expanded.known)
                    .then(|| format!("`{name}` depends on the machine: `{}`", expanded.text)),
                value: Some(expanded.text),
                facts,
            },
            // The fault is a finding already.
            Err(_) => Self {
                value: None,
                gap: None,
                facts,
            },
        }
    }

    fn setting(self, scope: String, name: &str, place: Place, config: &mut Config) -> Setting {
        if let Some(reason) = self.gap {
            config.gaps.push(Gap {
                place: Some(place.clone()),
                reason,
            });
        }
        Setting {
            scope,
            name: name.to_owned(),
            value: self.value,
            place: Some(place),
            facts: self.facts,
        }
    }
}

/// The fields of a service, `-` replaced by what it stands for (master(5)).
fn fields(dictionary: &Dictionary, service: &Service, master: &Arc<Source>) -> Vec<Setting> {
    let value = |name: &str| {
        dictionary
            .value(&format!("${name}"), None)
            .ok()
            .map(|expanded| expanded.text)
    };
    let compatible = value("compatibility_level")
        .and_then(|text| level(&text))
        .unwrap_or_default();
    let limit = value("default_process_limit").unwrap_or_default();
    let names = [
        ("private", 2, "y"),
        ("unprivileged", 3, "y"),
        ("chroot", 4, if compatible < [1, 0, 0] { "y" } else { "n" }),
        ("wakeup", 5, "0"),
        ("process_limit", 6, limit.as_str()),
    ];
    let field = |name: &str, value: String, written: &Joined, default: &str| Setting {
        scope: service.scope(),
        name: name.to_owned(),
        value: Some(value),
        place: Some(Place::new(master, written.place())),
        facts: Some(Facts {
            default: Some(default.to_owned()).filter(|text| !text.is_empty()),
            kind: "field of a service".to_owned(),
            since: "<=2.0".to_owned(),
        }),
    };
    let mut fields: Vec<Setting> = names
        .into_iter()
        .map(|(name, index, default)| {
            let written = &service.fields[index];
            let value = if written.text == "-" {
                default
            } else {
                &written.text
            };
            field(name, value.to_owned(), written, default)
        })
        .collect();
    fields.push(field(
        "command",
        service.command_line(),
        &service.fields[7],
        "",
    ));
    fields
}

/// Every parameter that main.cf does not set, with its default expanded.
fn defaults(dictionary: &Dictionary) -> Vec<Setting> {
    let of_services = dictionary.service_names();
    let parameters = Parameter::all(dictionary.version).map(|known| known.name().to_owned());
    let mut names: Vec<String> = parameters.chain(of_services).collect();
    names.sort();
    names.retain(|name| dictionary.set(name).is_none());
    names
        .into_iter()
        .map(|name| {
            let known = dictionary.parameter(&name);
            let facts = known.map(|known| known.facts(dictionary.version));
            let is_raw = known.is_some_and(Parameter::is_raw);
            let value = match facts.as_ref().and_then(|facts| facts.default.clone()) {
                Some(text) if is_raw => Some(text),
                _ => dictionary
                    .value(&format!("${name}"), None)
                    .ok()
                    .filter(|expanded| expanded.known)
                    .map(|expanded| expanded.text),
            };
            Setting {
                scope: String::new(),
                name,
                value,
                place: None,
                facts,
            }
        })
        .collect()
}
