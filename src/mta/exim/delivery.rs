//! Where accepted mail goes: groups of domains that share a router, and the smarthost. Must not
//! know who may send it.

use serde::Serialize;

use crate::policy::{ClientMechanism, Endpoint, Facts, Host, Smarthost, SmarthostTls, Store};

/// Up to so many networks or domains stand in exim.conf itself; more go into a file of their own.
pub const IN_EXIM_CONF: usize = 50;

/// Domains with the same destination and the same file of recipients.
#[derive(Serialize)]
pub struct Group {
    /// The name of its list, its router and its transport.
    pub name: String,
    pub domains: Vec<String>,
    pub in_file: bool,
    /// The file of recipients; none to take any.
    recipients: Option<String>,
    #[serde(flatten)]
    to: Destination,
}

/// Where a group's mail goes.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Destination {
    /// An LMTP server behind a Unix socket.
    Lmtp { socket: String },
    /// An LMTP server on a host.
    Lmtptcp(Hop),
    /// Maildirs.
    Maildir { folder: String, owner: u32 },
    /// A host.
    Hop(Hop),
    /// The MX records of the domain.
    Mx,
}

/// A host with a port.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct Hop {
    host: String,
    port: u16,
    /// Whether it is this host, which Exim otherwise does not send to.
    loopback: bool,
}

/// The smarthost.
#[derive(Serialize)]
pub struct Smart {
    host: String,
    port: u16,
    /// `required`, `wrapped` or `none`.
    tls: &'static str,
    /// The file of name and password.
    credentials: Option<String>,
    /// `PLAIN` or `LOGIN`.
    mechanism: &'static str,
}

/// The groups, those of virtual domains first.
pub fn groups(facts: &Facts) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |prefix: &str, domain: String, to: Destination, recipients: Option<&String>| {
        let found = groups
            .iter_mut()
            .find(|group| group.to == to && group.recipients.as_ref() == recipients);
        if let Some(group) = found {
            group.domains.push(domain);
        } else {
            groups.push(Group {
                name: format!("{prefix}{}", groups.len() + 1),
                domains: vec![domain],
                in_file: false,
                recipients: recipients.cloned(),
                to,
            });
        }
    };
    for domain in &facts.virtual_domains {
        let domain = &domain.value;
        let to = match &domain.store {
            Store::Lmtp(Endpoint::Unix(path)) => Destination::Lmtp {
                socket: path.clone(),
            },
            Store::Lmtp(Endpoint::Tcp(host, port)) => Destination::Lmtptcp(hop(host, *port)),
            Store::Maildir { folder, owner } => Destination::Maildir {
                folder: folder.clone(),
                owner: *owner,
            },
        };
        add(
            "virtual",
            domain.name.to_string(),
            to,
            Some(&domain.recipients),
        );
    }
    for domain in &facts.relay_domains {
        let domain = &domain.value;
        let to = match &domain.next_hop {
            Some((host, port)) => Destination::Hop(hop(host, *port)),
            None => Destination::Mx,
        };
        add(
            "relay",
            domain.name.to_string(),
            to,
            domain.recipients.as_ref(),
        );
    }
    for group in &mut groups {
        group.in_file = group.domains.len() > IN_EXIM_CONF;
    }
    groups
}

fn hop(host: &Host, port: u16) -> Hop {
    Hop {
        host: host.to_string(),
        port,
        loopback: match host {
            Host::Address(address) => address.is_loopback(),
            Host::Name(name) => *name == crate::net::Domain::localhost(),
        },
    }
}

/// The settings for the smarthost.
pub fn smart(smarthost: &Smarthost) -> Smart {
    let credentials = smarthost.credentials.as_ref();
    Smart {
        host: smarthost.host.to_string(),
        port: smarthost.port,
        tls: match smarthost.tls {
            SmarthostTls::Required => "required",
            SmarthostTls::Wrapped => "wrapped",
            SmarthostTls::None => "none",
        },
        credentials: credentials.map(|(file, _)| file.clone()),
        mechanism: credentials
            .map_or(ClientMechanism::Plain, |(_, m)| *m)
            .name(),
    }
}
