//! main.cf and master.cf as the daemon sees them, in the words that all servers share. Must not
//! know how they are printed.

use std::path::Path;
use std::sync::Arc;

use super::dictionary::{Dictionary, is_read_only};
use super::expand::{level, references};
use super::parameters::Parameter;
use super::referenced;
use super::services::{self, Service};
use super::syntax::{self, Joined};
use super::traps;
use super::warnings::{bad_reference, warnings};
use crate::findings::{Finding, Severity};
use crate::mta::config::{Config, Facts, Gap, Setting, World};
use crate::text::{Place, Source, Span, Unread};

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
        config.findings.push(Finding::new(
            Severity::Note,
            "not-understood",
            source,
            Span::new(0, 0),
            "by itself this file does not say what the server does: that was not judged",
        ));
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
    if let Some(master) = master {
        let faults = &services::read(master, world).faults;
        config.findings.extend(faults.iter().cloned());
        let tree = world.tree(master, syntax::parse_master);
        config.findings.extend(traps::master(&tree));
    }
    let tree = world.tree(main, syntax::parse_main);
    config.findings.extend(traps::main(&tree));
    let mut dictionary = Dictionary::read(main, master, world);
    if let Some(folder) = world
        .files
        .path_there(Path::new(main.name()))
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
    let written = dictionary.counting().into_iter();
    for written in written.filter(|written| !is_read_only(&written.name)) {
        let place = Place::new(main, written.name_span);
        let (name, value) = (&written.name, &written.value);
        of_main.push(setting(&dictionary, name, place, value, None, &mut config));
    }
    let mut of_services = Vec::new();
    if let Some(master) = master {
        for service in dictionary.services() {
            of_services.extend(fields(&dictionary, service, master));
            let mut own: Vec<_> = service
                .overrides
                .iter()
                .filter(|own| !is_read_only(&own.name))
                .filter(|own| {
                    service
                        .own(&own.name)
                        .is_some_and(|last| std::ptr::eq(last, *own))
                })
                .collect();
            own.sort_by(|a, b| a.name.cmp(&b.name));
            for own in own {
                let place = Place::new(master, own.name_span);
                let (name, value) = (&own.name, &own.value);
                let service = Some(service);
                of_services.push(setting(
                    &dictionary,
                    name,
                    place,
                    value,
                    service,
                    &mut config,
                ));
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

/// A setting as the daemon reads it. What is wrong with its value or cannot be known goes into
/// `config`.
fn setting(
    dictionary: &Dictionary,
    name: &str,
    place: Place,
    written: &Joined,
    service: Option<&Service>,
    config: &mut Config,
) -> Setting {
    let parameter = dictionary.parameter(name);
    let value = if parameter.is_some_and(Parameter::is_raw) {
        Some(written.text.clone())
    } else {
        match dictionary.value(&written.text, service) {
            Ok(expanded) => {
                if !expanded.known {
                    config.gaps.push(Gap {
                        place: Some(place.clone()),
                        reason: format!("`{name}` depends on the machine: `{}`", expanded.text),
                    });
                }
                Some(expanded.text)
            }
            Err(fault) => {
                // What is wrong in the text itself is a finding already.
                if references(&written.text, dictionary.version).is_ok() {
                    let found = bad_reference(&place.source, written, fault);
                    config.findings.push(found);
                }
                None
            }
        }
    };
    Setting {
        scope: service.map(Service::scope).unwrap_or_default(),
        name: name.to_owned(),
        value,
        place: Some(place),
        facts: parameter.map(|known| known.facts(dictionary.version)),
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
    let field = |name: &str, value: String, written: &Joined, default: Option<&str>| Setting {
        scope: service.scope(),
        name: name.to_owned(),
        value: Some(value),
        place: Some(Place::new(master, written.place())),
        facts: default.map(|default| Facts {
            default: Some(default.to_owned()),
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
            field(name, value.to_owned(), written, Some(default))
        })
        .collect();
    fields.push(field(
        "command",
        service.command_line(),
        &service.fields[7],
        None,
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
