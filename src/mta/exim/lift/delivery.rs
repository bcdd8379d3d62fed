//! Facts of where mail goes: domains, aliases, the smarthost, signatures. Must not know who may
//! send it.

use std::collections::HashMap;

use super::asking::{Unknown, constant, file_of};
use super::hops::{Routes, hop};
use super::ours::domains_of;
use super::parse::parse;
use super::routes;
use super::scene::{Scene, Shared, Subject};
use super::tables::entries;
use crate::mta::exim::catalogue::Class;
use crate::mta::exim::running::Driver;
use crate::mta::exim::values;
use crate::mta::{Through, Use};
use crate::net::Domain;
use crate::policy::{
    Alias, ClientMechanism, Dkim, Endpoint, Facts, RelayDomain, Smarthost, SmarthostTls, Stated,
    Store, VirtualDomain,
};

/// A domain that no configuration has a router for.
const FOREIGN: &str = "elsewhere.example";

/// Fills in what routers and transports say.
pub fn fill(facts: &mut Facts, scene: &Scene<'_>, unknown: &mut Unknown) {
    let taker = |domain: &str| taker(domain, scene);
    let foreign = taker(FOREIGN);
    let mut local: Vec<Domain> = Vec::new();
    let lists: Vec<_> = routes::routers(scene.shared.running)
        .into_iter()
        .filter_map(|router| Some((router, domains_of(&router.option("domains")?.value, scene))))
        .collect();
    // Domains that stand in the same lists go the same way.
    let mut takers: HashMap<Vec<bool>, Option<&Driver>> = HashMap::new();
    for (router, names) in &lists {
        let router = *router;
        let hops = Routes::of(router, scene);
        for name in &names.exact {
            let Ok(name) = Domain::parse(name) else {
                continue;
            };
            let stands_in = lists.iter().map(|(_, names)| names.holds(name.as_str()));
            let found = *takers
                .entry(stands_in.collect())
                .or_insert_with(|| taker(name.as_str()));
            if found.is_none_or(|taker| !std::ptr::eq(taker, router)) {
                continue;
            }
            if router.has("check_local_user") || router.kind == Some("redirect") {
                local.push(name);
            } else {
                hosted(router, name, &hops, scene, facts, unknown);
            }
        }
    }
    local.retain(|name| *name != facts.hostname && *name != Domain::localhost());
    local.sort_unstable();
    local.dedup();
    facts.domains = local;
    facts
        .virtual_domains
        .sort_by(|a, b| a.value.name.cmp(&b.value.name));
    facts
        .relay_domains
        .sort_by(|a, b| a.value.name.cmp(&b.value.name));
    facts.aliases = aliases(scene, unknown);
    if let Some(router) = foreign {
        facts.smarthost = smarthost(router, scene, unknown);
    }
}

/// The router that takes mail for a domain.
fn taker<'a>(domain: &str, scene: &Scene<'a>) -> Option<&'a Driver> {
    routes::taker(&Scene {
        subject: Subject::Fixed("user".into(), domain.into()),
        ..scene.clone()
    })
}

/// The server that mail goes through, with what is known of it.
pub fn through(scene: &Scene<'_>) -> Option<Through> {
    let router = taker(FOREIGN, scene).filter(|router| router.kind != Some("dnslookup"))?;
    let transport = transport(router, scene.shared)?;
    let foreign = Domain::parse(FOREIGN).ok()?;
    let (host, port) = hop(transport, scene)
        .or_else(|| Routes::of(router, scene).host(&foreign, transport, scene))?;
    let asks = |name: &str| {
        let option = transport.option(name);
        option.is_some_and(|option| !option.value.trim().is_empty())
    };
    let drivers = scene.shared.running.drivers.iter();
    let clients = drivers.filter(|driver| driver.option("client_send").is_some());
    let names = clients.filter_map(|client| client.option("public_name"));
    Some(Through {
        host: host.to_string(),
        port,
        in_clear: transport
            .option("hosts_avoid_tls")
            .is_some_and(|hosts| hosts.value.trim() == "*"),
        logs_in: Some(asks("hosts_require_auth") || asks("hosts_try_auth")),
        mechanisms: names.map(|name| name.value.to_ascii_lowercase()).collect(),
        origin: Some(router.place.clone()),
    })
}

/// The transport of a router.
fn transport<'a>(router: &Driver, shared: &Shared<'a>) -> Option<&'a Driver> {
    let name = &router.option("transport")?.value;
    let drivers = &shared.running.drivers;
    drivers
        .iter()
        .find(|driver| driver.class == Class::Transport && driver.name == *name)
}

/// Notes that the options of a driver are facts.
fn note(driver: &Driver, shared: &Shared<'_>) {
    let scope = format!("{} {}", driver.class.word(), driver.name);
    for option in &driver.options {
        shared.note(&scope, option.known.name(), Use::States);
    }
}

/// A domain that a router takes without accounts.
fn hosted(
    router: &Driver,
    name: Domain,
    hops: &Routes,
    scene: &Scene<'_>,
    facts: &mut Facts,
    unknown: &mut Unknown,
) {
    let Some(transport) = transport(router, scene.shared) else {
        return;
    };
    note(transport, scene.shared);
    let origin = Some(router.place.clone());
    let condition = router.option("condition");
    let recipients = condition
        .and_then(|condition| parse(&condition.value))
        .and_then(|parts| file_of(&parts, scene));
    let value = |name: &str| transport.option(name).map(|option| option.value.as_str());
    let store = match transport.kind.unwrap_or_default() {
        "lmtp" => value("socket")
            .and_then(|socket| constant(socket, scene))
            .map(|socket| Store::Lmtp(Endpoint::Unix(socket))),
        "smtp" if value("protocol") == Some("lmtp") => {
            hop(transport, scene).map(|(host, port)| Store::Lmtp(Endpoint::Tcp(host, port)))
        }
        "appendfile" => maildir(transport),
        "smtp" => {
            let next_hop = match router.kind {
                Some("dnslookup") => Some(None),
                Some("manualroute") => hops.host(&name, transport, scene).map(Some),
                _ => hop(transport, scene).map(Some),
            };
            if let Some(next_hop) = next_hop {
                facts.relay_domains.push(Stated {
                    value: RelayDomain {
                        name,
                        next_hop,
                        recipients,
                    },
                    origin,
                });
            } else {
                let reason = format!("where `{}` sends them is not known here", router.name);
                unknown.insert("relay domains", reason);
            }
            return;
        }
        _ => None,
    };
    if let (Some(store), Some(recipients)) = (store, recipients) {
        facts.virtual_domains.push(Stated {
            value: VirtualDomain {
                name,
                store,
                recipients,
            },
            origin,
        });
    } else {
        let reason = format!("what `{}` does with them is not known here", router.name);
        unknown.insert("virtual domains", reason);
    }
}

/// A folder of maildirs, whose paths below it stand in the file of recipients.
fn maildir(transport: &Driver) -> Option<Store> {
    let directory = &transport.option("directory")?.value;
    let (folder, rest) = directory.split_once("/${lookup")?;
    let owner = transport.option("user")?.value.parse().ok()?;
    let folder = folder.replace("\\x5f", "_");
    rest.contains("lsearch")
        .then_some(Store::Maildir { folder, owner })
}

/// The aliases of a file of the configuration's own; `/etc/aliases` is the host's.
fn aliases(scene: &Scene<'_>, unknown: &mut Unknown) -> Option<Stated<Vec<Alias>>> {
    let routers = routes::routers(scene.shared.running);
    let router = routers.iter().find(|router| {
        router.kind == Some("redirect")
            && router
                .option("data")
                .is_some_and(|data| data.value.contains("lsearch"))
    })?;
    note(router, scene.shared);
    let data = router.option("data")?;
    let path = file_of(&parse(&data.value)?, scene)?;
    if path == "/etc/aliases" {
        return None;
    }
    let file = match scene.shared.file(&path) {
        Ok(file) => file,
        Err(reason) => {
            unknown.insert("aliases", format!("`{path}`: {reason}"));
            return None;
        }
    };
    let mut aliases: Vec<Alias> = entries(file.text())
        .into_iter()
        .map(|(name, data)| Alias {
            name,
            targets: data
                .split(',')
                .map(|target| target.trim().to_owned())
                .collect(),
        })
        .collect();
    aliases.sort();
    Some(Stated {
        value: aliases,
        origin: Some(data.place.clone()),
    })
}

fn smarthost(
    router: &Driver,
    scene: &Scene<'_>,
    unknown: &mut Unknown,
) -> Option<Stated<Smarthost>> {
    if router.kind == Some("dnslookup") {
        return None;
    }
    let transport = transport(router, scene.shared);
    if let Some(transport) = transport {
        note(transport, scene.shared);
    }
    let value = transport.and_then(|transport| {
        let foreign = Domain::parse(FOREIGN).ok()?;
        let (host, port) = hop(transport, scene)
            .or_else(|| Routes::of(router, scene).host(&foreign, transport, scene))?;
        let set = |name: &str| transport.has(name);
        let tls = if transport
            .option("protocol")
            .is_some_and(|p| p.value == "smtps")
        {
            SmarthostTls::Wrapped
        } else if set("hosts_require_tls") {
            SmarthostTls::Required
        } else if set("hosts_avoid_tls") {
            SmarthostTls::None
        } else {
            return None;
        };
        let credentials = if set("hosts_require_auth") || set("hosts_try_auth") {
            Some(credentials(scene)?)
        } else {
            None
        };
        Some(Smarthost {
            host,
            port,
            tls,
            credentials,
        })
    });
    if value.is_none() {
        let reason = format!("how `{}` sends is of another form", router.name);
        unknown.insert("smarthost", reason);
    }
    value.map(|value| Stated {
        value,
        origin: Some(router.place.clone()),
    })
}

/// The file of name and password, and the mechanism, that this server logs in with.
fn credentials(scene: &Scene<'_>) -> Option<(String, ClientMechanism)> {
    let drivers = scene.shared.running.drivers.iter();
    let mut clients = drivers.filter(|driver| driver.option("client_send").is_some());
    let client = clients.next()?;
    let scope = format!("authenticator {}", client.name);
    for option in &client.options {
        scene.shared.note(&scope, option.known.name(), Use::States);
    }
    let mechanism = match client.option("public_name")?.value.as_str() {
        "PLAIN" => ClientMechanism::Plain,
        "LOGIN" => ClientMechanism::Login,
        _ => return None,
    };
    let send = &client.option("client_send")?.value;
    let items = values::items(send, ':');
    let file = items
        .iter()
        .find_map(|item| file_of(&parse(item)?, scene))?;
    clients.next().is_none().then_some((file, mechanism))
}

/// The signature that the transports to other servers make.
pub fn dkim(shared: &Shared<'_>, unknown: &mut Unknown) -> Option<Stated<Dkim>> {
    let drivers = shared.running.drivers.iter();
    let mut signs = drivers.filter(|driver| driver.has("dkim_domain"));
    let transport = signs.next()?;
    let none = super::scene::Variables::new();
    let scene = super::ours::anywhere(shared, &none);
    let value = |name: &str| constant(&transport.option(name)?.value, &scene);
    let all = || {
        Some(Dkim {
            domain: Domain::parse(&value("dkim_domain")?).ok()?,
            selector: value("dkim_selector")?,
            key: Some(value("dkim_private_key")?),
            socket: None,
        })
    };
    unknown.insert("dkim socket", "Exim signs by itself".into());
    let Some(value) = all() else {
        unknown.insert("dkim", "it is chosen for each message".into());
        return None;
    };
    Some(Stated {
        value,
        origin: transport
            .option("dkim_domain")
            .map(|option| option.place.clone()),
    })
}
