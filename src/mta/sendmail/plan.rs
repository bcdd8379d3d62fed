//! From a policy to Sendmail's macros and maps, decided; templates only lay them out.

use std::net::Ipv6Addr;

use serde::Serialize;

use super::access;
use super::delivery::{Group, Mailer, groups, tcp};
use super::refusals::refusals;
use super::steps::steps;
use crate::findings::Finding;
use crate::mta::{Heading, Version, refusal};
use crate::net::Network;
use crate::policy::{
    Alias, AuthBackend, Certificate, Endpoint, Facts, Host, Limits, ListenerTls, Policy, Role,
    Smarthost, SmarthostTls, Stated, Tables, TlsProfile,
};

/// Up to so many lines a text map is quick enough; a longer one is made into a hash by makemap.
const IN_TEXT_MAP: usize = 1000;

/// The settings.
#[derive(Serialize)]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    hostname: String,
    banner: Option<String>,
    domains: Vec<String>,
    pub aliases: Option<Vec<Alias>>,
    networks: Vec<Keys>,
    hash_map: bool,
    pub groups: Vec<Group>,
    smarthost: Option<Smart>,
    listeners: Vec<Daemon>,
    submission: bool,
    pub auth: Option<Auth>,
    certificate: Option<Certificate>,
    /// Whether TLS is set for each daemon, by a ruleset.
    tls_by_daemon: bool,
    limits: Sizes,
    dnsbl: Vec<Listing>,
    milters: Vec<String>,
}

/// The smarthost.
#[derive(Serialize)]
struct Smart {
    mailer: Mailer,
    /// Its name, where TLS with a certificate for it is required.
    verified: Option<String>,
    /// The file of name and password.
    credentials: Option<String>,
}

/// How people log in.
#[derive(Serialize)]
pub struct Auth {
    saslauthd: bool,
    mechanisms: Vec<&'static str>,
}

/// Limits in numbers.
#[derive(Serialize)]
struct Sizes {
    message_size: Option<u64>,
    recipients: Option<u64>,
    connections: Option<u64>,
    per_client: Option<u64>,
    rate: Option<u64>,
}

#[derive(Serialize)]
struct Listing {
    zone: String,
    answers: Vec<String>,
}

/// A network with its access keys.
#[derive(Serialize)]
struct Keys {
    network: String,
    keys: Vec<String>,
}

/// A daemon of `DAEMON_OPTIONS`.
#[derive(Serialize)]
struct Daemon {
    name: String,
    port: u16,
    family: &'static str,
    address: String,
    /// The letters of `M=`.
    modifiers: &'static str,
    mx: bool,
    profile: Option<&'static str>,
}

/// The plan for a policy.
///
/// # Errors
/// What this version cannot do, and each network that would need too many access keys.
pub fn plan(policy: &Policy, heading: &Heading, version: Version) -> Result<Plan, Vec<Finding>> {
    let facts = &policy.facts;
    let mut refused = refusals(policy, version);
    let networks = networks(facts).unwrap_or_else(|too_many| {
        refused.extend(too_many);
        Vec::new()
    });
    if !refused.is_empty() {
        return Err(refused);
    }
    let lines: usize = networks.iter().map(|network| network.keys.len()).sum();
    let hash_map = match facts.tables.as_ref().map(|tables| tables.value) {
        Some(Tables::Hash) => true,
        Some(Tables::Text) => false,
        _ => lines > IN_TEXT_MAP,
    };
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(policy, hash_map),
        hostname: facts.hostname.to_string(),
        banner: facts.banner.as_ref().map(|banner| banner.value.clone()),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        aliases: facts.aliases.as_ref().map(|aliases| aliases.value.clone()),
        networks,
        hash_map,
        groups: groups(facts),
        smarthost: facts.smarthost.as_ref().map(|s| smart(&s.value)),
        listeners: daemons(policy),
        submission: policy.listeners.iter().any(|l| l.role != Role::Mx),
        auth: auth(policy),
        certificate: facts.certificate.clone(),
        tls_by_daemon: version.is_at_least(&[8, 16]),
        limits: sizes(&facts.limits),
        dnsbl: facts
            .dnsbl
            .iter()
            .map(|list| Listing {
                zone: list.value.zone.to_string(),
                answers: list.value.answers.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        milters: milters(facts),
    })
}

fn smart(smarthost: &Smarthost) -> Smart {
    Smart {
        mailer: tcp(&smarthost.host, smarthost.port),
        verified: (smarthost.tls == SmarthostTls::Required).then(|| smarthost.host.to_string()),
        credentials: smarthost.credentials.as_ref().map(|(file, _)| file.clone()),
    }
}

fn daemons(policy: &Policy) -> Vec<Daemon> {
    let certificate = policy.facts.certificate.is_some();
    let mut daemons = Vec::new();
    for listener in &policy.listeners {
        let all = [Ipv6Addr::UNSPECIFIED.into()];
        let addresses = if listener.addresses.is_empty() {
            &all[..]
        } else {
            &listener.addresses
        };
        for (index, address) in addresses.iter().enumerate() {
            let clear = certificate && listener.tls == ListenerTls::No;
            daemons.push(Daemon {
                name: if index == 0 {
                    format!("smtp{}", listener.port)
                } else {
                    format!("smtp{}x{index}", listener.port)
                },
                port: listener.port,
                family: if address.is_ipv4() { "inet" } else { "inet6" },
                address: address.to_string(),
                modifiers: match (listener.role, listener.tls, listener.auth) {
                    (Role::Mx, _, _) if clear => "AS",
                    (Role::Mx, _, false) => "A",
                    (Role::Mx, _, true) => "",
                    (_, ListenerTls::Implicit, _) => "Eas",
                    _ => "Ea",
                },
                mx: listener.role == Role::Mx,
                profile: listener.profile.map(TlsProfile::name),
            });
        }
    }
    daemons
}

fn auth(policy: &Policy) -> Option<Auth> {
    let auth = &policy.facts.auth.as_ref()?.value;
    if !policy.offers_auth() {
        return None;
    }
    Some(Auth {
        saslauthd: auth.backend == AuthBackend::CyrusSaslauthd,
        mechanisms: auth.mechanisms.iter().map(|m| m.name()).collect(),
    })
}

fn sizes(limits: &Limits) -> Sizes {
    let number = |limit: &Option<Stated<u64>>| limit.as_ref().map(|limit| limit.value);
    Sizes {
        message_size: number(&limits.message_size),
        recipients: number(&limits.recipients),
        connections: number(&limits.connections),
        per_client: number(&limits.connections_per_client),
        rate: number(&limits.connection_rate),
    }
}

/// The milters in the order in which they see a message: what refuses it first, who signs it last;
/// as `S=` of `INPUT_MAIL_FILTER` takes them (libmilter's `smfi_setconn`).
fn milters(facts: &Facts) -> Vec<String> {
    let dkim = facts.dkim.as_ref().and_then(|d| d.value.socket.as_ref());
    let filters = facts.spam_filter.iter().chain(&facts.milters);
    let endpoints = filters.map(|stated| &stated.value).chain(dkim);
    endpoints
        .map(|endpoint| match endpoint {
            Endpoint::Unix(path) => format!("unix:{path}"),
            Endpoint::Tcp(Host::Address(address), port) if address.is_ipv6() => {
                format!("inet6:{port}@{address}")
            }
            Endpoint::Tcp(host, port) => format!("inet:{port}@{host}"),
        })
        .collect()
}

/// The access keys of the host itself and of every network, no key twice.
fn networks(facts: &Facts) -> Result<Vec<Keys>, Vec<Finding>> {
    let mut refusals = Vec::new();
    let mut all = vec![
        Keys {
            network: "127.0.0.1".into(),
            keys: vec!["127.0.0.1".into()],
        },
        Keys {
            network: "::1".into(),
            keys: vec!["IPv6:0:0:0:0:0:0:0:1".into()],
        },
    ];
    for stated in &facts.networks {
        match access::keys(&stated.value) {
            Ok(keys) => all.push(Keys {
                network: stated.value.to_string(),
                keys,
            }),
            Err(nearest) => refusals.extend(too_many_keys(stated, nearest)),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut seen = std::collections::HashSet::new();
    for network in &mut all {
        network.keys.retain(|key| seen.insert(key.clone()));
    }
    all.retain(|network| !network.keys.is_empty());
    Ok(all)
}

fn too_many_keys(stated: &Stated<Network>, nearest: u8) -> Option<Finding> {
    let network = stated.value;
    let below = network.prefix() / 16 * 16;
    refusal(
        stated.origin.as_ref(),
        format!(
            "Sendmail compares whole 16-bit groups of IPv6 addresses: `{network}` would need more than 4,096 lines in its access map"
        ),
        format!(
            "the nearest border above is /{below}; from /{nearest} on the lines are few enough"
        ),
    )
}
