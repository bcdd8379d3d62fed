//! From a policy to Exim's options, decided; templates only lay them out.

use serde::Serialize;

use super::delivery::{Group, IN_EXIM_CONF, Smart, groups, smart};
use super::refusals::refusals;
use super::steps::steps;
use crate::findings::Finding;
use crate::mta::{Heading, Version};
use crate::policy::{
    Alias, AuthBackend, Certificate, Dkim, Endpoint, Facts, Listener, ListenerTls, Policy, Role,
    Stated, TlsProfile,
};

/// The options.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    hostname: String,
    banner: Option<String>,
    domains: Vec<String>,
    pub domains_in_file: bool,
    pub aliases: Option<Vec<Alias>>,
    networks: Vec<String>,
    pub networks_in_file: bool,
    pub groups: Vec<Group>,
    smarthost: Option<Smart>,
    ports: Vec<u16>,
    /// `[address]:port` of every socket, where some port is not on all addresses.
    interfaces: Vec<String>,
    mx_port_list: String,
    /// Ports where AUTH is offered, where it is not on all.
    auth_port_list: String,
    auth_everywhere: bool,
    implicit_tls_ports: Vec<u16>,
    /// Ports without STARTTLS, where there is a certificate.
    clear_port_list: String,
    submission: bool,
    pub auth: Option<Auth>,
    certificate: Option<Certificate>,
    intermediate_port_list: String,
    modern_port_list: String,
    /// Whether TLS 1.3 alone is spoken on every port with TLS.
    modern_everywhere: bool,
    limits: Sizes,
    dnsbl: Vec<Listing>,
    spam_filter: Option<String>,
    dkim: Option<Signature>,
    /// Whether what a client names may not stand in a file's name (since 4.94; Exim's
    /// specification, §11.4).
    taint: bool,
}

/// How people log in.
#[derive(Serialize)]
pub struct Auth {
    /// `cyrus`, `dovecot` or `file`.
    backend: &'static str,
    /// Whether Cyrus SASL asks saslauthd.
    saslauthd: bool,
    /// Dovecot's socket, or the file.
    path: String,
    mechanisms: Vec<&'static str>,
}

impl Auth {
    /// Whether Cyrus SASL is asked.
    pub fn is_cyrus(&self) -> bool {
        self.backend == "cyrus"
    }
}

/// Limits in numbers.
#[derive(Serialize)]
struct Sizes {
    message_size: Option<u64>,
    recipients: Option<u64>,
    connections: u64,
    per_client: Option<u64>,
    rate: Option<u64>,
}

/// Exim's own limit of 20 connections is soon reached.
pub const CONNECTIONS: u64 = 100;

#[derive(Serialize)]
struct Listing {
    zone: String,
    answers: Vec<String>,
}

#[derive(Serialize)]
struct Signature {
    domain: String,
    selector: String,
    key: String,
}

/// The plan for a policy.
///
/// # Errors
/// What Exim cannot do.
pub fn plan(policy: &Policy, heading: &Heading, version: Version) -> Result<Plan, Vec<Finding>> {
    let refusals = refusals(policy);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let facts = &policy.facts;
    let certificate = facts.certificate.is_some();
    let ports = |wanted: &dyn Fn(&Listener) -> bool| -> Vec<u16> {
        let kept = policy.listeners.iter().filter(|listener| wanted(listener));
        kept.map(|listener| listener.port).collect()
    };
    let list = |wanted: &dyn Fn(&Listener) -> bool| -> String {
        let ports: Vec<String> = ports(wanted).iter().map(ToString::to_string).collect();
        ports.join(":")
    };
    let modern = |listener: &Listener| listener.profile == Some(TlsProfile::Modern);
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(policy),
        hostname: facts.hostname.to_string(),
        banner: facts.banner.as_ref().map(|banner| banner.value.clone()),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        domains_in_file: facts.domains.len() > IN_EXIM_CONF,
        aliases: facts.aliases.as_ref().map(|aliases| aliases.value.clone()),
        networks: facts.networks.iter().map(|n| n.value.to_string()).collect(),
        networks_in_file: facts.networks.len() > IN_EXIM_CONF,
        groups: groups(facts),
        smarthost: facts.smarthost.as_ref().map(|s| smart(&s.value)),
        ports: ports(&|_| true),
        interfaces: interfaces(policy),
        mx_port_list: list(&|listener| listener.role == Role::Mx),
        auth_port_list: list(&|listener| listener.auth),
        auth_everywhere: policy.listeners.iter().all(|listener| listener.auth),
        implicit_tls_ports: ports(&|listener| listener.tls == ListenerTls::Implicit),
        clear_port_list: list(&|listener| certificate && listener.tls == ListenerTls::No),
        submission: policy.listeners.iter().any(|l| l.role != Role::Mx),
        auth: auth(policy),
        certificate: facts.certificate.clone(),
        intermediate_port_list: list(&|l| l.profile == Some(TlsProfile::Intermediate)),
        modern_port_list: list(&modern),
        modern_everywhere: policy
            .listeners
            .iter()
            .all(|l| l.tls == ListenerTls::No || modern(l)),
        limits: sizes(facts),
        dnsbl: facts
            .dnsbl
            .iter()
            .map(|list| listing(&list.value))
            .collect(),
        spam_filter: facts
            .spam_filter
            .as_ref()
            .map(|filter| match &filter.value {
                Endpoint::Unix(path) => path.clone(),
                Endpoint::Tcp(host, port) => format!("{host} {port}"),
            }),
        dkim: facts.dkim.as_ref().and_then(|dkim| signature(&dkim.value)),
        taint: version.is_at_least(&[4, 94]),
    })
}

/// The sockets, if some port is not served on all addresses (Exim's specification, §13.3).
fn interfaces(policy: &Policy) -> Vec<String> {
    if policy.listeners.iter().all(|l| l.addresses.is_empty()) {
        return Vec::new();
    }
    let sockets = policy.listeners.iter().flat_map(|listener| {
        // Exim knows "all addresses" of IPv6 by `::0` alone; `::` would take IPv4's port too.
        let addresses: Vec<String> = if listener.addresses.is_empty() {
            vec!["0.0.0.0".into(), "::0".into()]
        } else {
            listener.addresses.iter().map(ToString::to_string).collect()
        };
        let port = listener.port;
        addresses
            .into_iter()
            .map(move |address| format!("[{address}]:{port}"))
    });
    sockets.collect()
}

fn auth(policy: &Policy) -> Option<Auth> {
    let auth = &policy.facts.auth.as_ref()?.value;
    if !policy.offers_auth() {
        return None;
    }
    let (backend, path) = match &auth.backend {
        AuthBackend::CyrusSaslauthd | AuthBackend::CyrusSasldb => ("cyrus", String::new()),
        AuthBackend::Dovecot(path) => ("dovecot", path.clone()),
        AuthBackend::File(path) => ("file", path.clone()),
    };
    Some(Auth {
        backend,
        saslauthd: auth.backend == AuthBackend::CyrusSaslauthd,
        path,
        mechanisms: auth.mechanisms.iter().map(|m| m.name()).collect(),
    })
}

fn sizes(facts: &Facts) -> Sizes {
    let number = |limit: &Option<Stated<u64>>| limit.as_ref().map(|limit| limit.value);
    let limits = &facts.limits;
    Sizes {
        message_size: number(&limits.message_size),
        recipients: number(&limits.recipients),
        connections: number(&limits.connections).unwrap_or(CONNECTIONS),
        per_client: number(&limits.connections_per_client),
        rate: number(&limits.connection_rate),
    }
}

fn listing(list: &crate::policy::Dnsbl) -> Listing {
    Listing {
        zone: list.zone.to_string(),
        answers: list.answers.iter().map(ToString::to_string).collect(),
    }
}

fn signature(dkim: &Dkim) -> Option<Signature> {
    Some(Signature {
        domain: dkim.domain.to_string(),
        selector: dkim.selector.clone(),
        key: dkim.key.clone()?,
    })
}
