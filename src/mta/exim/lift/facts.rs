//! What a configuration says beside its clauses. Must not know who may send what.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::asking::{Unknown, constant, file_of, host, rate, states};
use super::delivery;
use super::expand::{Value, expand};
use super::ours::anywhere;
use super::parse::parse;
use super::scene::{Scene, Shared, Variables};
use crate::mta::exim::catalogue::Class;
use crate::mta::exim::running::{Driver, Part, Statement, find};
use crate::mta::exim::{numbers, values};
use crate::net::{Domain, Network};
use crate::policy::{
    Auth, AuthBackend, Certificate, Dnsbl, Endpoint, Facts, Limits, Listener, Stated,
};
use crate::text::Place;

/// What a written configuration sets where nobody asks for a number of connections, and so what
/// counts as no limit of one's own.
const CONNECTIONS: u64 = crate::mta::exim::plan::CONNECTIONS;

/// The facts.
pub fn facts(shared: &Shared<'_>, listeners: &[Listener], unknown: &mut Unknown) -> Facts {
    let none = Variables::new();
    let scene = anywhere(shared, &none);
    let hostname = shared
        .hostname
        .as_ref()
        .and_then(|name| Domain::parse(name).ok());
    if hostname.is_none() {
        let reason = "`primary_hostname` is not set, so the host's own name counts";
        unknown.insert("hostname", reason.into());
    }
    unknown.insert("tables", "lists are text, whatever is asked for".into());
    let hostname = hostname.unwrap_or_else(Domain::localhost);
    let offers_auth = listeners.iter().any(|listener| listener.auth);
    let mut facts = Facts {
        banner: banner(&scene, unknown),
        domains: Vec::new(),
        virtual_domains: Vec::new(),
        relay_domains: Vec::new(),
        aliases: None,
        networks: networks(shared),
        smarthost: None,
        auth: if offers_auth {
            auth(&scene, unknown)
        } else {
            unknown.insert("auth", "no listener offers AUTH".into());
            None
        },
        certificate: certificate(shared, unknown),
        limits: limits(&scene, unknown),
        dnsbl: dnsbl(shared, unknown),
        dkim: delivery::dkim(shared, unknown),
        spam_filter: spam_filter(shared, unknown),
        milters: Vec::new(),
        tables: None,
        hostname,
    };
    delivery::fill(&mut facts, &scene, unknown);
    facts
}

/// Where facts are written that have no place of their own.
pub fn stated(shared: &Shared<'_>) -> BTreeMap<&'static str, Place> {
    let names = [
        ("hostname", "primary_hostname"),
        ("certificate", "tls_certificate"),
        ("key", "tls_privatekey"),
    ];
    let places = names.into_iter().filter_map(|(fact, option)| {
        let option = states(shared, option)?;
        Some((fact, option.place.clone()))
    });
    places.collect()
}

fn banner(scene: &Scene<'_>, unknown: &mut Unknown) -> Option<Stated<String>> {
    let option = states(scene.shared, "smtp_banner")?;
    let written = option.value.as_str();
    let known = constant(written, scene).and_then(|text| {
        let rest = text.split_once(" ESMTP ")?;
        (Some(rest.0) == scene.shared.hostname.as_deref()).then(|| rest.1.to_owned())
    });
    let behind = ["$smtp_active_hostname ESMTP ", "$primary_hostname ESMTP "]
        .iter()
        .find_map(|head| written.strip_prefix(head))
        .filter(|rest| !rest.contains('$'));
    let value = known.or_else(|| behind.map(str::to_owned));
    if value.is_none() {
        unknown.insert("banner", format!("`{written}` is of another form"));
    }
    value.map(|value| Stated {
        value,
        origin: Some(option.place.clone()),
    })
}

/// Every statement of every ACL.
fn statements<'a>(shared: &Shared<'a>) -> impl Iterator<Item = &'a Statement> {
    shared.running.acls.iter().flat_map(|acl| &acl.statements)
}

/// The argument of a part.
fn argument(part: &Part) -> &str {
    part.argument.as_ref().map_or("", |text| text.text())
}

/// The networks that are accepted for nothing but themselves.
fn networks(shared: &Shared<'_>) -> Vec<Stated<Network>> {
    let mut networks: Vec<Stated<Network>> = Vec::new();
    for statement in statements(shared).filter(|statement| statement.verb == "accept") {
        let mut asked = statement
            .parts
            .iter()
            .filter(|part| !super::checks::is_modifier(&part.name));
        let (Some(part), None) = (asked.next(), asked.next()) else {
            continue;
        };
        if part.name != "hosts" || part.negated {
            continue;
        }
        let mut lists = vec![(argument(part).to_owned(), part.place.clone())];
        let mut depth = 0;
        while let Some((list, place)) = lists.pop() {
            depth += 1;
            if depth > 50 {
                break;
            }
            for item in values::items(&list, ':') {
                let named = item.strip_prefix('+').and_then(|name| {
                    let all = &shared.running.lists;
                    all.iter()
                        .find(|list| list.kind == "hostlist" && list.name == name)
                });
                if let Some(list) = named {
                    lists.push((list.value.clone(), list.place.clone()));
                } else if item.starts_with('/') {
                    let lines = shared.file(&item).map(|file| file.text().to_owned());
                    let lines = lines.unwrap_or_default();
                    let read = super::tables::lines(&lines);
                    let read = read.filter_map(|line| Network::parse(line.trim()).ok());
                    networks.extend(read.map(|value| Stated {
                        value,
                        origin: Some(place.clone()),
                    }));
                } else if let Ok(value) = Network::parse(&item) {
                    networks.push(Stated {
                        value,
                        origin: Some(place.clone()),
                    });
                }
            }
        }
    }
    networks.sort_by_key(|network| network.value);
    networks.dedup();
    networks
}

fn certificate(shared: &Shared<'_>, unknown: &mut Unknown) -> Option<Certificate> {
    let certificate = states(shared, "tls_certificate")?.value.clone();
    let key = states(shared, "tls_privatekey").map(|option| option.value.clone());
    let none = Variables::new();
    let scene = anywhere(shared, &none);
    let plain = |path: &str| constant(path, &scene);
    let key = key.unwrap_or_else(|| certificate.clone());
    if let (Some(certificate), Some(key)) = (plain(&certificate), plain(&key)) {
        Some(Certificate { certificate, key })
    } else {
        for fact in ["certificate", "key"] {
            unknown.insert(fact, "it is chosen when a client comes".into());
        }
        None
    }
}

fn limits(scene: &Scene<'_>, unknown: &mut Unknown) -> Limits {
    let shared = scene.shared;
    let mut limit = |name: &str, fact: &'static str| {
        let option = states(shared, name)?;
        // What differs by client is the last case's for strangers.
        let cases = expand(&option.value, scene);
        let number = cases.last().and_then(|(_, value)| match value {
            Value::Text(text) => numbers::integer(text).ok(),
            _ => None,
        });
        let Some(number) = number.and_then(|number| u64::try_from(number).ok()) else {
            unknown.insert(fact, format!("`{}` is not evaluated here", option.value));
            return None;
        };
        (number > 0).then(|| Stated {
            value: number,
            origin: Some(option.place.clone()),
        })
    };
    let connections = limit("smtp_accept_max", "connections");
    Limits {
        message_size: limit("message_size_limit", "message size"),
        recipients: limit("recipients_max", "recipients"),
        connections: connections.filter(|limit| limit.value != CONNECTIONS),
        connections_per_client: limit("smtp_accept_max_per_host", "connections per client"),
        connection_rate: connection_rate(shared),
    }
}

/// The limit that is asked for in the ACL of connections.
fn connection_rate(shared: &Shared<'_>) -> Option<Stated<u64>> {
    let name = find(&shared.running.main, "acl_smtp_connect")?;
    let acl = super::acl::named(shared.running, &name.value)?;
    let mut parts = acl.statements.iter().flat_map(|statement| &statement.parts);
    let part = parts.find(|part| part.name == "ratelimit")?;
    Some(Stated {
        value: rate(argument(part))?,
        origin: Some(part.place.clone()),
    })
}

fn dnsbl(shared: &Shared<'_>, unknown: &mut Unknown) -> Vec<Stated<Dnsbl>> {
    let mut all = Vec::new();
    for statement in statements(shared).filter(|one| matches!(one.verb, "deny" | "drop")) {
        for part in &statement.parts {
            if part.name != "dnslists" || part.negated {
                continue;
            }
            for item in values::items(argument(part), ':') {
                if let Some(value) = listed(&item) {
                    all.push(Stated {
                        value,
                        origin: Some(part.place.clone()),
                    });
                } else {
                    let reason = format!("`{item}` does not list its answers");
                    unknown.insert("dnsbl", reason);
                }
            }
        }
    }
    all
}

/// `zone=answer,…`
fn listed(item: &str) -> Option<Dnsbl> {
    let (zone, answers) = item.split_once('=')?;
    let answers: Result<Vec<Ipv4Addr>, _> = answers.split(',').map(|a| a.trim().parse()).collect();
    let mut answers = answers.ok().filter(|answers| !answers.is_empty())?;
    answers.sort_unstable();
    Some(Dnsbl {
        zone: Domain::parse(zone.trim()).ok()?,
        answers,
    })
}

fn spam_filter(shared: &Shared<'_>, unknown: &mut Unknown) -> Option<Stated<Endpoint>> {
    let asks = statements(shared).flat_map(|statement| &statement.parts);
    if !asks.into_iter().any(|part| part.name == "spam") {
        return None;
    }
    let option = states(shared, "spamd_address");
    let value = option.and_then(|option| {
        let items = values::items(&option.value, ':');
        let [one] = items.as_slice() else { return None };
        let none = Variables::new();
        let one = constant(one, &anywhere(shared, &none))?;
        let mut words: Vec<&str> = one.split_whitespace().collect();
        (words.pop()? == "variant=rspamd").then_some(())?;
        match words.as_slice() {
            [path] if path.starts_with('/') => Some(Endpoint::Unix((*path).to_owned())),
            [name, port] => Some(Endpoint::Tcp(host(name)?, port.parse().ok()?)),
            _ => None,
        }
    });
    if value.is_none() {
        unknown.insert("spam filter", "it is no single Rspamd".into());
    }
    value.map(|value| Stated {
        value,
        origin: option.map(|option| option.place.clone()),
    })
}

fn auth(scene: &Scene<'_>, unknown: &mut Unknown) -> Option<Stated<Auth>> {
    let shared = scene.shared;
    let drivers = shared.running.drivers.iter();
    let servers: Vec<&Driver> = drivers
        .filter(|driver| driver.class == Class::Authenticator && super::auth::is_server(driver))
        .collect();
    let backends: Vec<Option<AuthBackend>> = servers
        .iter()
        .map(|driver| backend(driver, scene))
        .collect();
    let first = servers.first()?;
    let same = backends.iter().all(|backend| *backend == backends[0]);
    let Some(backend) = backends[0].clone().filter(|_| same) else {
        let reason = format!(
            "what `{}` checks passwords with is not known here",
            first.name
        );
        unknown.insert("auth", reason);
        return None;
    };
    let mechanisms = super::auth::offer(scene).mechanisms;
    Some(Stated {
        value: Auth {
            backend,
            mechanisms,
        },
        origin: Some(first.place.clone()),
    })
}

/// What an authenticator checks passwords with.
fn backend(driver: &Driver, scene: &Scene<'_>) -> Option<AuthBackend> {
    match driver.kind? {
        "dovecot" => Some(AuthBackend::Dovecot(
            driver.option("server_socket")?.value.clone(),
        )),
        "cyrus_sasl" => {
            let file = scene.shared.file("/etc/sasl2/exim.conf").ok()?;
            let mut lines = file.text().lines().filter_map(|line| line.split_once(':'));
            let method = lines
                .find(|(name, _)| name.trim() == "pwcheck_method")?
                .1
                .trim();
            match method {
                "saslauthd" => Some(AuthBackend::CyrusSaslauthd),
                "auxprop" => Some(AuthBackend::CyrusSasldb),
                _ => None,
            }
        }
        "plaintext" => {
            let condition = &driver.option("server_condition")?.value;
            let parts = parse(condition)?;
            let hashed = condition.contains("crypteq");
            file_of(&parts, scene)
                .filter(|_| hashed)
                .map(AuthBackend::File)
        }
        _ => None,
    }
}
