//! From a policy to Postfix's settings, decided; templates only lay them out.

use serde::Serialize;

use super::delivery::{Delivery, deliver};
use super::listeners::{Service, services};
use super::refusals::refusals;
use super::steps::steps;
use super::tables::{IN_MAIN_CF, in_brackets_if_ipv6, table};
use crate::findings::Finding;
use crate::mta::{Heading, Version};
use crate::net::Network;
use crate::policy::{
    Alias, AuthBackend, Certificate, Dnsbl, Endpoint, Facts, Limits, Policy, Role, TlsProfile,
};

/// The settings.
#[derive(Serialize)]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    /// `compatibility_level`.
    level: &'static str,
    hostname: String,
    banner: Option<String>,
    /// The type of generated tables.
    pub table: &'static str,
    domains: Vec<String>,
    pub domains_in_table: bool,
    pub aliases: Option<Vec<Alias>>,
    networks: Vec<String>,
    pub networks_in_table: bool,
    #[serde(flatten)]
    pub delivery: Delivery,
    certificate: Option<Certificate>,
    listeners: Vec<Service>,
    submission: bool,
    /// The suites of TLS 1.2 where a listener's profile bounds them.
    suites: Option<&'static str>,
    pub sasl: Option<Sasl>,
    limits: Sizes,
    /// A `reject_rbl_client` for each answer of each list.
    dnsbl: Vec<Listing>,
    milters: Vec<String>,
    smuggling: Smuggling,
}

/// How people log in.
#[derive(Serialize)]
pub struct Sasl {
    /// Whether it is Cyrus SASL, and then whether it asks saslauthd.
    pub cyrus: bool,
    saslauthd: bool,
    /// Dovecot's socket.
    dovecot: Option<String>,
    mechanisms: Vec<&'static str>,
    /// Whether Dovecot's own list of mechanisms can be narrowed (postconf(5),
    /// `smtpd_sasl_mechanism_filter`, since 3.6).
    filter: bool,
}

/// Limits in numbers.
#[derive(Serialize)]
struct Sizes {
    message_size: Option<u64>,
    recipients: Option<u64>,
    per_client: Option<u64>,
    rate: Option<u64>,
}

#[derive(Serialize)]
struct Listing {
    zone: String,
    answer: String,
}

/// What keeps smuggled messages out, by patch level (postconf(5), `smtpd_forbid_bare_newline`).
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Smuggling {
    /// A line may end in a bare LF, and a message not.
    Normalize,
    /// A bare LF ends the session.
    Yes,
    /// Only pipelining where it is not allowed can be refused.
    Pipelining,
}

impl Plan {
    /// The parameters that carry values of the description, each with the items it must have.
    pub fn expected(&self) -> Vec<(&'static str, Vec<String>)> {
        let own = |items: &[&str], more: &[String], in_table: bool, table: String| {
            let own = items.iter().map(|item| (*item).to_owned());
            if in_table {
                own.chain([table]).collect()
            } else {
                own.chain(more.iter().cloned()).collect::<Vec<_>>()
            }
        };
        let table = |name: &str| format!("{}:$config_directory/{name}", self.table);
        let mut expected = vec![
            ("myhostname", vec![self.hostname.clone()]),
            (
                "mydestination",
                own(
                    &["$myhostname", "localhost"],
                    &self.domains,
                    self.domains_in_table,
                    table("mydestination"),
                ),
            ),
            (
                "mynetworks",
                own(
                    &["127.0.0.1", "[::1]"],
                    &self.networks,
                    self.networks_in_table,
                    "cidr:$config_directory/mynetworks.cidr".into(),
                ),
            ),
        ];
        if let Some(tls) = &self.certificate {
            let files = vec![tls.key.clone(), tls.certificate.clone()];
            expected.push(("smtpd_tls_chain_files", files));
        }
        let delivery = &self.delivery;
        for (name, file, domains, in_table) in [
            (
                "virtual_mailbox_domains",
                "virtual_domains",
                &delivery.virtual_domains,
                delivery.virtual_domains_in_table,
            ),
            (
                "relay_domains",
                "relay_domains",
                &delivery.relay_domains,
                delivery.relay_domains_in_table,
            ),
        ] {
            if !domains.is_empty() {
                expected.push((name, own(&[], domains, in_table, table(file))));
            }
        }
        expected
    }
}

/// The plan for a policy.
///
/// # Errors
/// What this version cannot do.
pub fn plan(policy: &Policy, heading: &Heading, version: Version) -> Result<Plan, Vec<Finding>> {
    let refusals = refusals(policy, version);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let facts = &policy.facts;
    let networks_in_table = facts.networks.len() > IN_MAIN_CF;
    let network = |network: &Network| {
        if networks_in_table {
            network.to_string()
        } else {
            bracketed(network)
        }
    };
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(policy),
        level: level(version),
        hostname: facts.hostname.to_string(),
        banner: facts.banner.as_ref().map(|banner| banner.value.clone()),
        table: table(facts),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        domains_in_table: facts.domains.len() > IN_MAIN_CF,
        aliases: facts.aliases.as_ref().map(|aliases| aliases.value.clone()),
        networks: facts.networks.iter().map(|n| network(&n.value)).collect(),
        networks_in_table,
        delivery: deliver(facts),
        certificate: facts.certificate.clone(),
        listeners: services(policy, version),
        submission: policy.serves(Role::Submission) || policy.serves(Role::Submissions),
        suites: policy
            .listeners
            .iter()
            .any(|listener| listener.profile == Some(TlsProfile::Intermediate))
            .then_some("ECDHE+AESGCM:ECDHE+CHACHA20"),
        sasl: sasl(policy, version),
        limits: sizes(&facts.limits),
        dnsbl: facts
            .dnsbl
            .iter()
            .flat_map(|l| listings(&l.value))
            .collect(),
        milters: milters(facts),
        smuggling: smuggling(version),
    })
}

/// Defaults as of this release; without it Postfix falls back to those of 2.x (postconf(5)).
fn level(version: Version) -> &'static str {
    if version.is_at_least(&[3, 11]) {
        "3.11"
    } else if version.is_at_least(&[3, 6]) {
        "3.6"
    } else {
        "2"
    }
}

fn sasl(policy: &Policy, version: Version) -> Option<Sasl> {
    let auth = &policy.facts.auth.as_ref()?.value;
    if !policy.offers_auth() {
        return None;
    }
    let dovecot = match &auth.backend {
        AuthBackend::Dovecot(path) => Some(path.clone()),
        _ => None,
    };
    Some(Sasl {
        cyrus: dovecot.is_none(),
        saslauthd: auth.backend == AuthBackend::CyrusSaslauthd,
        dovecot,
        mechanisms: auth.mechanisms.iter().map(|m| m.name()).collect(),
        filter: version.is_at_least(&[3, 6]),
    })
}

fn sizes(limits: &Limits) -> Sizes {
    let number = |limit: &Option<crate::policy::Stated<u64>>| limit.as_ref().map(|l| l.value);
    Sizes {
        message_size: number(&limits.message_size),
        recipients: number(&limits.recipients),
        per_client: number(&limits.connections_per_client),
        rate: number(&limits.connection_rate),
    }
}

fn listings(list: &Dnsbl) -> impl Iterator<Item = Listing> {
    list.answers.iter().map(|answer| Listing {
        zone: list.zone.to_string(),
        answer: answer.to_string(),
    })
}

/// The milters in the order in which they see a message: what refuses it first, who signs it last.
fn milters(facts: &Facts) -> Vec<String> {
    let dkim = facts.dkim.as_ref().and_then(|d| d.value.socket.as_ref());
    let filters = facts.spam_filter.iter().chain(&facts.milters);
    let endpoints = filters.map(|stated| &stated.value).chain(dkim);
    endpoints
        .map(|endpoint| match endpoint {
            Endpoint::Unix(path) => format!("unix:{path}"),
            Endpoint::Tcp(host, port) => format!("inet:{}:{port}", in_brackets_if_ipv6(host)),
        })
        .collect()
}

fn smuggling(version: Version) -> Smuggling {
    // The series that `normalize` came to, each with the patch level; `yes` came one level before.
    let levels: [&[u16]; 4] = [&[3, 5, 24], &[3, 6, 14], &[3, 7, 10], &[3, 8, 5]];
    let known = levels
        .iter()
        .find(|level| version.series() == (level[0], level[1]));
    match known {
        None => Smuggling::Normalize,
        Some(level) if version.patch() >= level[2] => Smuggling::Normalize,
        Some(level) if version.patch() + 1 == level[2] => Smuggling::Yes,
        Some(_) => Smuggling::Pipelining,
    }
}

/// As mynetworks takes it: an IPv6 address in brackets (postconf(5), mynetworks).
fn bracketed(network: &Network) -> String {
    if network.is_ipv4() {
        network.to_string()
    } else {
        format!("[{}]/{}", network.first(), network.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smuggling_is_kept_out_by_what_the_patch_level_knows() {
        let of = |version: &[u16]| smuggling(Version::new(version));
        assert!(matches!(of(&[3, 7, 11]), Smuggling::Normalize));
        assert!(matches!(of(&[3, 9]), Smuggling::Normalize));
        assert!(matches!(of(&[3, 8, 4]), Smuggling::Yes));
        assert!(matches!(of(&[3, 5, 22]), Smuggling::Pipelining));
    }
}
