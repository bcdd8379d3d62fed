//! The listeners as services of master.cf, each with its options. Must not know main.cf.

use std::net::IpAddr;

use serde::Serialize;

use crate::mta::Version;
use crate::policy::{Listener, ListenerTls, Policy, Role, TlsProfile};

/// A line of master.cf for smtpd(8).
#[derive(Serialize)]
pub struct Service {
    /// `port` or `address:port`.
    name: String,
    mx: bool,
    /// The most processes, where connections are limited: each serves one.
    processes: Option<u64>,
    /// `name=value`, without blanks.
    options: Vec<String>,
}

/// The services: one for each listener, or for each of its addresses.
pub fn services(policy: &Policy, version: Version) -> Vec<Service> {
    let mut services: Vec<Service> = policy
        .listeners
        .iter()
        .flat_map(|listener| {
            names(listener).into_iter().map(move |name| Service {
                name,
                mx: listener.role == Role::Mx,
                processes: None,
                options: options(policy, listener, version),
            })
        })
        .collect();
    if let Some(limit) = &policy.facts.limits.connections {
        let shares = u64::try_from(services.len()).unwrap_or(1).max(1);
        let (each, over) = (limit.value / shares, limit.value % shares);
        for (index, service) in (0..).zip(&mut services) {
            service.processes = Some(each + u64::from(index < over));
        }
    }
    services
}

/// How many services there will be.
pub fn count(policy: &Policy) -> usize {
    policy.listeners.iter().map(|l| names(l).len()).sum()
}

fn names(listener: &Listener) -> Vec<String> {
    let port = listener.port;
    if listener.addresses.is_empty() {
        return vec![port.to_string()];
    }
    let name = |address: &IpAddr| match address {
        IpAddr::V4(v4) => format!("{v4}:{port}"),
        IpAddr::V6(v6) => format!("[{v6}]:{port}"),
    };
    listener.addresses.iter().map(name).collect()
}

fn options(policy: &Policy, listener: &Listener, version: Version) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let mut set = |option: &str| options.push(option.to_owned());
    if listener.role == Role::Mx {
        if listener.tls == ListenerTls::No && policy.facts.certificate.is_some() {
            set("smtpd_tls_security_level=none");
        }
        if listener.auth {
            set("smtpd_sasl_auth_enable=yes");
            set(
                "smtpd_relay_restrictions=permit_mynetworks,permit_inet_interfaces,permit_sasl_authenticated,reject_unauth_destination",
            );
        }
        return options;
    }
    set(&format!("syslog_name=postfix/{}", listener.port));
    if listener.tls == ListenerTls::Implicit {
        set("smtpd_tls_wrappermode=yes");
    }
    set("smtpd_tls_security_level=encrypt");
    if let Some(profile) = listener.profile {
        set(&format!(
            "smtpd_tls_mandatory_protocols={}",
            protocols(profile, version)
        ));
        if profile == TlsProfile::Intermediate {
            // Its suites are those of this grade: main.cf.
            set("smtpd_tls_mandatory_ciphers=high");
        }
    }
    set("smtpd_sasl_auth_enable=yes");
    if !policy.facts.dnsbl.is_empty() {
        set("smtpd_client_restrictions=");
    }
    set("smtpd_sender_restrictions=");
    set("smtpd_relay_restrictions=permit_sasl_authenticated,reject");
    set("smtpd_data_restrictions=reject_unauth_pipelining,permit_sasl_authenticated,reject");
    options
}

/// The versions of a profile: `>=` since 3.6, before that what is excluded (postconf(5),
/// `smtpd_tls_mandatory_protocols`).
fn protocols(profile: TlsProfile, version: Version) -> &'static str {
    match (profile, version.is_at_least(&[3, 6])) {
        (TlsProfile::Intermediate, true) => ">=TLSv1.2",
        (TlsProfile::Modern, true) => ">=TLSv1.3",
        (TlsProfile::Intermediate, false) => "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1",
        (TlsProfile::Modern, false) => "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2",
    }
}
