//! Where accepted mail goes: groups of domains that share a mailer, and the smarthost. Must not
//! know who may send it.

use std::net::IpAddr;

use serde::Serialize;

use crate::policy::{Endpoint, Facts, Host, Store};

/// Domains with the same destination and the same file of recipients.
#[derive(Serialize)]
pub struct Group {
    /// The name of its class and its mailer.
    pub name: String,
    pub domains: Vec<String>,
    /// The file of recipients; none to take any.
    recipients: Option<String>,
    mailer: Option<Mailer>,
}

/// A mailer; none for the domain's MX records.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Mailer {
    lmtp: bool,
    /// A Unix socket.
    socket: Option<String>,
    /// The host, in brackets: itself, not its MX.
    host: String,
    port: u16,
}

/// The groups, those of virtual domains first.
pub fn groups(facts: &Facts) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add =
        |prefix: &str, domain: String, mailer: Option<Mailer>, recipients: Option<&String>| {
            let found = groups
                .iter_mut()
                .find(|group| group.mailer == mailer && group.recipients.as_ref() == recipients);
            if let Some(group) = found {
                group.domains.push(domain);
            } else {
                groups.push(Group {
                    name: format!("{prefix}{}", groups.len() + 1),
                    domains: vec![domain],
                    recipients: recipients.cloned(),
                    mailer,
                });
            }
        };
    for domain in &facts.virtual_domains {
        let domain = &domain.value;
        let mailer = match &domain.store {
            Store::Lmtp(Endpoint::Unix(path)) => Mailer {
                lmtp: true,
                socket: Some(path.clone()),
                host: "[127.0.0.1]".into(),
                port: 0,
            },
            Store::Lmtp(Endpoint::Tcp(host, port)) => Mailer {
                lmtp: true,
                ..tcp(host, *port)
            },
            // Refused before.
            Store::Maildir { .. } => continue,
        };
        add(
            "virtual",
            domain.name.to_string(),
            Some(mailer),
            Some(&domain.recipients),
        );
    }
    for domain in &facts.relay_domains {
        let domain = &domain.value;
        let mailer = domain
            .next_hop
            .as_ref()
            .map(|(host, port)| tcp(host, *port));
        add(
            "relay",
            domain.name.to_string(),
            mailer,
            domain.recipients.as_ref(),
        );
    }
    groups
}

/// The mailer for a host and port.
pub fn tcp(host: &Host, port: u16) -> Mailer {
    let host = match host {
        Host::Address(IpAddr::V6(v6)) => format!("[IPv6:{v6}]"),
        host => format!("[{host}]"),
    };
    Mailer {
        lmtp: false,
        socket: None,
        host,
        port,
    }
}
