//! From main.cf and master.cf to the policy that they make. Must not know how either is written.

mod access;
mod asking;
mod classes;
mod delivery;
mod endpoint;
mod entries;
mod facts;
mod filter;
mod forms;
mod guard;
mod list;
mod logic;
mod matching;
mod networks;
mod permits;
mod rejects;
mod restrictions;
mod service;
mod table;
mod values;

use std::path::Path;
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::resolve;
use super::services::{Service, services};
use super::syntax;
use crate::mta::config::{Config, Gap, World};
use crate::mta::lift::Lifted;
use crate::net::Domain;
use crate::policy::{Listener, Mechanism, Policy, Stage};
use crate::text::{Place, Source};
use classes::Classes;
pub use values::Values;

pub use endpoint::of as endpoint;
pub use table::{Table, open};
pub use values::{Word, tokens};

/// What a main.cf does with the master.cf beside it.
pub fn main(source: &Arc<Source>, world: &World<'_>) -> Lifted {
    let mut config = Config::default();
    let master = resolve::beside(source, "main.cf", "master.cf", world, &mut config);
    lift(source, master.as_ref(), world, config.gaps)
}

/// What a master.cf does with the main.cf beside it; nothing is known without that.
pub fn master(source: &Arc<Source>, world: &World<'_>) -> Option<Lifted> {
    let mut config = Config::default();
    let main = resolve::beside(source, "master.cf", "main.cf", world, &mut config)?;
    Some(lift(&main, Some(source), world, config.gaps))
}

fn lift(
    main: &Arc<Source>,
    master: Option<&Arc<Source>>,
    world: &World<'_>,
    gaps: Vec<Gap>,
) -> Lifted {
    let mut dictionary = Dictionary::read(main, master, world);
    let folder = Path::new(main.name()).parent();
    let folder = folder.filter(|folder| folder.is_absolute());
    // A folder that is not known is the one that main.cf lies in: its name stands for it.
    let folder = folder.map_or("$config_directory".into(), |folder| {
        folder.display().to_string()
    });
    for (name, value) in [
        ("config_directory", folder),
        ("smtpd_sasl_type", "cyrus".into()),
    ] {
        dictionary.machine.insert(name.into(), value);
    }
    dictionary.machine.extend(world.known.iter().cloned());
    // The name of a host that is not known.
    let is_known = dictionary
        .value("$myhostname", None)
        .is_ok_and(|hostname| hostname.known);
    if !is_known {
        let name = Domain::localhost().to_string();
        dictionary.machine.insert("myhostname".into(), name);
    }
    let values = Values::new(&dictionary, master, world);
    values.gaps.borrow_mut().extend(gaps);
    let hostname = values.decides("myhostname", None);
    let hostname = Domain::parse(&hostname).unwrap_or_else(|_| Domain::localhost());
    let classes = Classes::of(&values, &hostname);
    let mut found = facts::of(&values, &hostname, is_known);
    let mechanisms = found.facts.auth.as_ref().map_or_else(
        || vec![Mechanism::Plain, Mechanism::Login],
        |auth| auth.value.mechanisms.clone(),
    );
    let (mut listeners, mut commands): (Vec<Listener>, Vec<String>) = Default::default();
    let disabled = values.words("master_service_disable", None);
    for service in dictionary.services() {
        let is_disabled = disabled.iter().any(|word| {
            let text = word.text.as_str();
            text == service.kind() || text == service.scope()
        });
        if service.kind() != "inet" || is_disabled {
            continue;
        }
        let Some(listener) = listen(&values, service, &classes, &mechanisms) else {
            continue;
        };
        // Services that differ in their addresses alone are one listener.
        let same = listeners
            .iter_mut()
            .zip(&commands)
            .find(|(known, command)| {
                let some = !known.addresses.is_empty() && !listener.addresses.is_empty();
                known.port == listener.port && some && **command == service.command_line()
            });
        if let Some((known, _)) = same {
            known.addresses.extend(listener.addresses);
            known.addresses.sort_unstable();
            known.addresses.dedup();
        } else {
            listeners.push(listener);
            commands.push(service.command_line());
        }
    }
    if dictionary.services.is_none() {
        // Without a master.cf main.cf decides for the one that Postfix comes with.
        values.gap(
            None,
            "there is no master.cf beside it: port 25 is taken to be served",
        );
        let source = Source::new("master.cf", "smtp inet n - n - - smtpd\n");
        let (stock, _) = services(&syntax::parse_master(&source));
        for service in &stock {
            let listener = listen(&values, service, &classes, &mechanisms);
            listeners.extend(listener.map(|listener| Listener {
                origin: None,
                ..listener
            }));
        }
    }
    listeners.sort_by_key(|listener| listener.port);
    if !listeners.iter().any(Listener::offers_auth) {
        found.facts.auth = None;
        found.unknown.remove("auth");
    }
    let through = delivery::through(&values);
    let gaps = values.gaps.take();
    Lifted {
        through,
        policy: Policy {
            listeners,
            facts: found.facts,
            unknown: found.unknown,
            stated: found.stated,
            ours: Arc::new(classes.ours),
        },
        gaps,
        used: values.used.take(),
    }
}

/// The listener of a service of type inet; none for one that speaks something else.
fn listen(
    values: &Values<'_>,
    service: &Service,
    classes: &Classes,
    mechanisms: &[Mechanism],
) -> Option<Listener> {
    let place = || {
        values
            .master
            .map(|master| Place::new(master, service.fields[0].place()))
    };
    let command = service.command().rsplit('/').next().unwrap_or_default();
    let (smtpd, gate): (&Service, Vec<Stage>) = match command {
        "smtpd" => (service, Vec::new()),
        "postscreen" => {
            let services = values.services();
            let name = values.decides("smtpd_service_name", Some(service));
            let behind = services.iter().find(|known| {
                known.kind() == "pass" && known.name() == name && known.command() == "smtpd"
            });
            let Some(behind) = behind else {
                let reason = format!(
                    "`{}`: postscreen hands its clients to no smtpd",
                    service.scope()
                );
                values.gap(place(), reason);
                return None;
            };
            (behind, vec![endpoint::postscreen(values, service)])
        }
        other => {
            let reason = format!("`{}`: what {other} does is not followed", service.scope());
            values.gap(place(), reason);
            return None;
        }
    };
    let endpoint = endpoint::of(values, service)?;
    let mut listener = service::listener(values, endpoint, smtpd, classes, mechanisms, gate);
    listener.origin = place();
    if command == "postscreen"
        && !values
            .decides("postscreen_upstream_proxy_protocol", Some(service))
            .is_empty()
    {
        listener.believed = Some(crate::policy::Stated {
            value: crate::net::AddressSet::all(),
            origin: values.place("postscreen_upstream_proxy_protocol", Some(service)),
        });
    }
    Some(listener)
}
