//! The facts of a configuration, those that its files tell. Must not know how sessions are decided.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::checks::Checks;
use super::delivery::Route;
use super::input::Input;
use super::table::{networks, relayed};
use crate::mta::lift::{Through, Use};
use crate::net::Domain;
use crate::policy::{
    Alias, Auth, AuthBackend, Certificate, Dnsbl, Endpoint, Facts, Host, Limits, Listener,
    RelayDomain, Smarthost, SmarthostTls, Stated, Store, VirtualDomain,
};
use crate::text::Place;

type Unknown = BTreeMap<&'static str, String>;

/// The port of a mailer that names none.
const SMTP: u16 = 25;

/// The facts, those that are not known with the reason, and where the others were written.
pub fn facts(
    checks: &Checks<'_>,
    listeners: &[Listener],
    hostname: Option<(Domain, Option<Place>)>,
) -> (Facts, Unknown, BTreeMap<&'static str, Place>) {
    let input = checks.input;
    let mut unknown = Unknown::new();
    let mut stated = BTreeMap::new();
    if hostname.is_none() {
        unknown.insert(
            "hostname",
            "it is the name that the system gives the host".into(),
        );
    }
    let (name, place) = hostname.unwrap_or_else(|| (Domain::localhost(), None));
    stated.extend(place.map(|place| ("hostname", place)));
    let own = checks.own_names().exact;
    let host = ["localhost", name.as_str()];
    let mut domains: Vec<Domain> = own
        .iter()
        .filter(|word| !host.contains(&word.as_str()))
        .filter_map(|word| Domain::parse(word).ok())
        .collect();
    domains.sort();
    let certificate = certificate(input);
    if let Some(line) = input.option("ServerCertFile", Use::States) {
        stated.extend(line.place.clone().map(|place| ("certificate", place)));
    }
    // No file says which of the milters is what, nor whether the kind of tables was asked for.
    if !input.model.filters.is_empty() {
        for name in ["spam filter", "milters", "dkim", "dkim socket"] {
            unknown.insert(name, "what each of the milters does is not said".into());
        }
    }
    unknown.insert(
        "tables",
        "whether their kind is asked for is not said".into(),
    );
    let (virtual_domains, relay_domains) = hosted(checks, &mut unknown);
    let facts = Facts {
        banner: banner(input, &mut unknown),
        domains,
        virtual_domains,
        relay_domains,
        aliases: aliases(input, &mut unknown),
        networks: trusted_networks(checks),
        smarthost: smarthost(checks, &mut unknown),
        auth: auth(input, listeners, &mut unknown),
        certificate,
        limits: limits(checks),
        dnsbl: dnsbl(checks, &mut unknown),
        dkim: None,
        spam_filter: None,
        milters: Vec::new(),
        tables: None,
        hostname: name,
    };
    (facts, unknown, stated)
}

fn trusted_networks(checks: &Checks<'_>) -> Vec<Stated<crate::net::Network>> {
    let entries = checks.table.addresses("connect", true);
    // The host itself may relay anyhow.
    let loopback = |network: &crate::net::Network| {
        network.first().is_loopback() && network.first() == network.last()
    };
    let mut all: Vec<Stated<crate::net::Network>> = networks(&entries)
        .into_iter()
        .filter(|(network, _)| !loopback(network))
        .map(|(value, place)| Stated {
            value,
            origin: Some(place),
        })
        .collect();
    let words = checks.relayed.words.iter();
    let named = words.filter_map(|word| super::addresses::network(word));
    all.extend(named.map(|value| Stated {
        value,
        origin: checks.relayed.place.clone(),
    }));
    all.sort_by_key(|network| network.value);
    all
}

fn banner(input: &Input<'_>, unknown: &mut Unknown) -> Option<Stated<String>> {
    let line = input.option("SmtpGreetingMessage", Use::States)?;
    let text = line.value.as_deref().unwrap_or_default();
    // The name alone, with or without version and date, is the daemon's own way.
    if [
        "$j; $b",
        "$j Sendmail $v/$Z; $b",
        "$j Sendmail $v ready at $b",
    ]
    .contains(&text)
    {
        return None;
    }
    let plain = text.strip_prefix("$j ").filter(|text| !text.contains('$'));
    if plain.is_none() {
        unknown.insert("banner", "macros make it up".into());
    }
    plain.map(|text| Stated {
        value: text.to_owned(),
        origin: line.place.clone(),
    })
}

fn certificate(input: &Input<'_>) -> Option<Certificate> {
    let path = |name| {
        let value = input.value(name, Use::States)?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    Some(Certificate {
        certificate: path("ServerCertFile")?,
        key: path("ServerKeyFile")?,
    })
}

/// Virtual and relay domains.
fn hosted(
    checks: &Checks<'_>,
    unknown: &mut Unknown,
) -> (Vec<Stated<VirtualDomain>>, Vec<Stated<RelayDomain>>) {
    let input = checks.input;
    let (mut hosted, mut handed_on) = (Vec::new(), Vec::new());
    let routes = checks.routes();
    let own = checks.own_names();
    let groups = checks.local_rcpt().groups;
    for group in groups {
        let class = input.class(&group.class, Use::Decides);
        let route = routes.iter().find(|route| route.class == group.class);
        let recipients = group.map.as_deref().and_then(|name| {
            let map = input.model.maps.iter().find(|map| map.name == name)?;
            map.value.as_deref()?.split_whitespace().next_back()
        });
        let names = class.words.iter().filter(|word| !own.exact.contains(*word));
        for name in names.filter_map(|word| Domain::parse(word).ok()) {
            let origin = group.place.clone();
            let lmtp = route.filter(|route| checks.is_lmtp(&route.mailer));
            match (lmtp.map(|route| endpoint(checks, route)), recipients) {
                (Some(Some(endpoint)), Some(recipients)) => hosted.push(Stated {
                    value: VirtualDomain {
                        name,
                        store: Store::Lmtp(endpoint),
                        recipients: recipients.to_owned(),
                    },
                    origin,
                }),
                (Some(_), _) => {
                    unknown.insert(
                        "virtual domains",
                        "where their mailboxes are is not said".into(),
                    );
                }
                (None, _) => handed_on.push(Stated {
                    value: RelayDomain {
                        name,
                        next_hop: route.and_then(|route| tcp(checks, &route.mailer, &route.host)),
                        recipients: recipients.map(str::to_owned),
                    },
                    origin,
                }),
            }
        }
    }
    if !input.class("VirtHost", Use::States).words.is_empty() {
        unknown.insert(
            "virtual domains",
            "the virtual user table says where each address leads".into(),
        );
    }
    if input.feature("mailertable").is_some() {
        unknown.insert(
            "relay domains",
            "the mailer table says where they go".into(),
        );
    }
    let entries = checks.table.names("to", true, checks.hosts_only);
    let mut names: Vec<(String, Option<Place>)> = relayed(&entries)
        .into_iter()
        .map(|(name, place)| (name.to_owned(), Some(place.clone())))
        .collect();
    let listed = super::recipient::relay_names(&checks.relayed, true).exact;
    names.extend(
        listed
            .into_iter()
            .map(|name| (name, checks.relayed.place.clone())),
    );
    for (name, origin) in names {
        if let Ok(name) = Domain::parse(&name) {
            let value = RelayDomain {
                name,
                next_hop: None,
                recipients: None,
            };
            handed_on.push(Stated { value, origin });
        }
    }
    hosted.sort_by(|one, other| one.value.name.cmp(&other.value.name));
    handed_on.sort_by(|one, other| one.value.name.cmp(&other.value.name));
    handed_on.dedup_by(|one, other| one.value.name == other.value.name);
    (hosted, handed_on)
}

/// The server of mailboxes that a route leads to.
fn endpoint(checks: &Checks<'_>, route: &Route) -> Option<Endpoint> {
    match checks.mailer(&route.mailer, "A")?.strip_prefix("FILE ") {
        Some(path) => Some(Endpoint::Unix(path.trim().to_owned())),
        None => {
            tcp(checks, &route.mailer, &route.host).map(|(host, port)| Endpoint::Tcp(host, port))
        }
    }
}

/// The host that a mailer speaks to, and its port.
fn tcp(checks: &Checks<'_>, mailer: &str, host: &str) -> Option<(Host, u16)> {
    let how = checks.mailer(mailer, "A")?;
    let rest = how
        .strip_prefix("TCP $h")
        .or_else(|| how.strip_prefix("IPC $h"))?;
    let port = rest.trim();
    let port = if port.is_empty() {
        SMTP
    } else {
        port.parse().ok()?
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.strip_prefix("IPv6:").unwrap_or(host);
    let host = match address.parse::<IpAddr>() {
        Ok(address) => Host::Address(address),
        Err(_) => Host::Name(Domain::parse(host).ok()?),
    };
    Some((host, port))
}

fn aliases(input: &Input<'_>, unknown: &mut Unknown) -> Option<Stated<Vec<Alias>>> {
    let line = input.option("AliasFile", Use::States)?;
    let path = line.value.as_deref().unwrap_or_default();
    if matches!(path, "" | "/etc/aliases" | "/etc/mail/aliases") {
        return None;
    }
    let source = match input.file(path) {
        Ok(source) => source,
        Err(reason) => {
            unknown.insert("aliases", format!("`{path}`: {reason}"));
            return None;
        }
    };
    let lines = source
        .text()
        .lines()
        .filter(|line| !line.starts_with(['#', ' ', '\t']));
    let mut all: Vec<Alias> = lines
        .filter_map(|line| {
            let (name, targets) = line.split_once(':')?;
            Some(Alias {
                name: name.trim().to_lowercase(),
                targets: targets
                    .split(',')
                    .map(|target| target.trim().to_owned())
                    .collect(),
            })
        })
        .collect();
    all.sort();
    Some(Stated {
        value: all,
        origin: line.place.clone(),
    })
}

fn smarthost(checks: &Checks<'_>, unknown: &mut Unknown) -> Option<Stated<Smarthost>> {
    let line = checks.input.macro_line("S", Use::States)?;
    let value = line.value.as_deref()?;
    let (mailer, host) = smart_host(value)?;
    let Some((host, port)) = tcp(checks, mailer, host) else {
        unknown.insert(
            "smarthost",
            format!("`{value}` is no host and port that are known here"),
        );
        return None;
    };
    if checks.input.feature("authinfo").is_some() || checks.table.has("authinfo").is_some() {
        unknown.insert(
            "smarthost",
            "how it is logged in to stands in a secret file".into(),
        );
    }
    let demanded = checks.table.entry(&format!("tls_srv:{host}"));
    let verified = demanded.is_some_and(|(demand, _)| demand.contains("VERIFY"));
    Some(Stated {
        value: Smarthost {
            host,
            port,
            tls: if verified {
                SmarthostTls::Required
            } else {
                SmarthostTls::None
            },
            credentials: None,
        },
        origin: line.place.clone(),
    })
}

/// The server that mail goes through, with what is known of it.
pub fn through(checks: &Checks<'_>) -> Option<Through> {
    let line = checks.input.macro_line("S", Use::States)?;
    let (mailer, host) = smart_host(line.value.as_deref()?)?;
    let (host, port) = tcp(checks, mailer, host)?;
    let table = &checks.table;
    Some(Through {
        host: host.to_string(),
        port,
        in_clear: false,
        logs_in: (checks.input.feature("authinfo").is_some() || table.has("authinfo").is_some())
            .then_some(true),
        mechanisms: Vec::new(),
        origin: line.place.clone(),
    })
}

/// The mailer and the host of the smarthost.
fn smart_host(value: &str) -> Option<(&str, &str)> {
    match value.split_once(':') {
        _ if value.is_empty() => None,
        Some((mailer, host)) if !mailer.starts_with('[') => Some((mailer, host)),
        _ => Some(("relay", value)),
    }
}

/// A setting of Cyrus SASL for this server.
pub fn sasl(input: &Input<'_>, name: &str) -> Option<String> {
    let source = input.file("/etc/sasl2/Sendmail.conf").ok()?;
    let mut lines = source
        .text()
        .lines()
        .filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn auth(input: &Input<'_>, listeners: &[Listener], unknown: &mut Unknown) -> Option<Stated<Auth>> {
    let offers = listeners.iter().find(|listener| listener.offers_auth())?;
    let line = input.option("AuthMechanisms", Use::States)?;
    let backend = match sasl(input, "pwcheck_method").as_deref() {
        Some("saslauthd") => AuthBackend::CyrusSaslauthd,
        Some("auxprop") => AuthBackend::CyrusSasldb,
        _ => {
            unknown.insert("auth", "what checks passwords is not said".into());
            return None;
        }
    };
    Some(Stated {
        value: Auth {
            backend,
            mechanisms: offers.mechanisms.clone(),
        },
        origin: line.place.clone(),
    })
}

fn limits(checks: &Checks<'_>) -> Limits {
    let number = |name| {
        let line = checks.input.option(name, Use::States)?;
        let value: u64 = line.value.as_deref()?.parse().ok()?;
        (value > 0).then(|| Stated {
            value,
            origin: line.place.clone(),
        })
    };
    let [connections_per_client, connection_rate] = checks.counted();
    Limits {
        message_size: number("MaxMessageSize"),
        recipients: number("MaxRecipientsPerMessage"),
        connections: number("MaxDaemonChildren"),
        connections_per_client,
        connection_rate,
    }
}

fn dnsbl(checks: &Checks<'_>, unknown: &mut Unknown) -> Vec<Stated<Dnsbl>> {
    for name in ["dnsbl", "enhdnsbl"] {
        if checks.input.feature(name).is_some() {
            unknown.insert("dnsbl", "which answers count is left to a feature".into());
        }
    }
    let place = checks
        .input
        .rules("Listed")
        .first()
        .and_then(|rule| rule.place.clone());
    let zones = checks.zones().unwrap_or_default();
    let one = |(zone, answers): (String, Vec<String>)| {
        Some(Stated {
            value: Dnsbl {
                zone: Domain::parse(&zone).ok()?,
                answers: answers
                    .iter()
                    .filter_map(|answer| answer.parse().ok())
                    .collect(),
            },
            origin: place.clone(),
        })
    };
    zones.into_iter().filter_map(one).collect()
}
