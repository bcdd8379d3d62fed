//! The space of sessions that policies can tell apart, and the walk through it.
//!
//! For each attribute the atoms of all clauses at hand cut its values into classes; one
//! representative stands for each, and one fresh value for all that no atom names. Every guard is
//! a boolean combination of such atoms, so what holds for the representatives holds for all
//! sessions, with one gap: recipients are the combinations of [`recipients`], not the product of
//! all their atoms. Left out are a source route without a plain local part at a domain, an account
//! whose name holds `%`, `!` or `@`, and a `postmaster` that does not exist. A difference that
//! shows in these alone is not found.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::clause::Guard;
use super::model::Policy;
use super::session::{At, Client, ClientName, Mechanism, Recipient, Sender, Session, Source};
use crate::net::{AddressSet, Domain, cells};

/// The ports that mail clients try; looked at also where no policy serves them.
const USUAL_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// The values of each attribute; the space is their product.
#[derive(Clone, Debug)]
pub struct Space {
    /// Ports.
    pub ports: Vec<u16>,
    /// Clients.
    pub clients: Vec<Client>,
    /// Arguments of EHLO.
    pub helos: Vec<String>,
    /// TLS or not.
    pub tls: Vec<bool>,
    /// Log-ins.
    pub auth: Vec<Option<Mechanism>>,
    /// Senders.
    pub senders: Vec<Sender>,
    /// Recipients.
    pub recipients: Vec<Recipient>,
}

/// A domain that no description names: `example` is reserved (RFC 2606), and no one's.
fn foreign() -> Option<Domain> {
    Domain::parse("elsewhere.example").ok()
}

impl Space {
    /// The space that `policies` can tell apart.
    pub fn of(policies: &[&Policy]) -> Self {
        let mut networks: Vec<&AddressSet> = Vec::new();
        let mut domain_sets: Vec<&Arc<HashSet<Domain>>> = Vec::new();
        let clauses = policies
            .iter()
            .flat_map(|policy| &policy.listeners)
            .flat_map(|listener| &listener.clauses);
        for clause in clauses {
            clause.guard.walk(&mut |guard| match guard {
                Guard::ClientIn(set) if !networks.iter().any(|known| **known == **set) => {
                    networks.push(set);
                }
                Guard::RecipientIn(set) if !domain_sets.iter().any(|s| Arc::ptr_eq(s, set)) => {
                    domain_sets.push(set);
                }
                _ => {}
            });
        }
        let mut ports: Vec<u16> = policies
            .iter()
            .flat_map(|policy| policy.listeners.iter().map(|listener| listener.port))
            .chain(USUAL_PORTS)
            .collect();
        ports.sort_unstable();
        ports.dedup();
        let domains = domain_representatives(&domain_sets);
        Self {
            ports,
            clients: clients(&networks),
            helos: vec!["client.elsewhere.example".into()],
            tls: vec![false, true],
            auth: vec![None, Some(Mechanism::Plain)],
            senders: senders(),
            recipients: recipients(&domains),
        }
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of values of each attribute, in the order of the fields.
    pub fn sizes(&self) -> [usize; 7] {
        [
            self.ports.len(),
            self.clients.len(),
            self.helos.len(),
            self.tls.len(),
            self.auth.len(),
            self.senders.len(),
            self.recipients.len(),
        ]
    }

    /// The session with these values, given by their places in the fields; none past an end.
    pub fn session(
        &self,
        [port, client, helo, tls, auth, sender, recipient]: [usize; 7],
    ) -> Option<Session> {
        Some(Session {
            port: *self.ports.get(port)?,
            client: self.clients.get(client)?.clone(),
            helo: self.helos.get(helo)?.clone(),
            tls: *self.tls.get(tls)?,
            auth: *self.auth.get(auth)?,
            sender: self.senders.get(sender)?.clone(),
            recipient: self.recipients.get(recipient)?.clone(),
        })
    }

    /// All sessions, in a fixed order.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions {
            space: self,
            next: 0,
        }
    }
}

/// The sessions of a [`Space`], one by one.
#[derive(Debug)]
pub struct Sessions<'a> {
    space: &'a Space,
    next: usize,
}

impl Iterator for Sessions<'_> {
    type Item = Session;

    fn next(&mut self) -> Option<Session> {
        let sizes = self.space.sizes();
        if self.next >= self.space.len() {
            return None;
        }
        let mut rest = self.next;
        self.next += 1;
        let mut digits = [0; 7];
        for (digit, size) in digits.iter_mut().zip(sizes).rev() {
            *digit = rest % size;
            rest /= size;
        }
        self.space.session(digits)
    }
}

fn clients(networks: &[&AddressSet]) -> Vec<Client> {
    let named = |source| Client {
        source,
        name: ClientName::None,
    };
    let host = [
        Source::Address(Ipv4Addr::LOCALHOST.into()),
        Source::Address(Ipv6Addr::LOCALHOST.into()),
        Source::Own { ipv6: false },
        Source::Own { ipv6: true },
    ];
    cells(networks)
        .into_iter()
        .map(Source::Address)
        .filter(|source| !source.is_host())
        .chain(host)
        .map(named)
        .collect()
}

fn senders() -> Vec<Sender> {
    let address = |domain| Sender::Address {
        local: "someone".into(),
        domain,
    };
    let missing = Domain::parse("elsewhere.invalid").ok();
    std::iter::once(Sender::Null)
        .chain(foreign().map(address))
        .chain(missing.map(address))
        .collect()
}

/// One domain for each distinct membership in the sets, and a fresh one.
fn domain_representatives(sets: &[&Arc<HashSet<Domain>>]) -> Vec<Domain> {
    let mut all: Vec<&Domain> = sets.iter().flat_map(|set| set.iter()).collect();
    all.sort_unstable();
    all.dedup();
    let mut seen = HashSet::new();
    all.retain(|domain| {
        seen.insert(
            sets.iter()
                .map(|set| set.contains(*domain))
                .collect::<Vec<_>>(),
        )
    });
    let mut domains: Vec<Domain> = all.into_iter().cloned().collect();
    let mut fresh = foreign();
    while let Some(name) = fresh {
        if !sets.iter().any(|set| set.contains(&name)) {
            domains.push(name);
            break;
        }
        fresh = Some(name.look_alike());
    }
    domains
}

fn recipients(domains: &[Domain]) -> Vec<Recipient> {
    let mut recipients = Vec::new();
    let mut push = |route: Option<Domain>, local: &str, at: At, known: bool| {
        recipients.push(Recipient {
            route,
            local: local.into(),
            at,
            known,
        });
    };
    let locals = [("user", true), ("nobody-here", false), ("postmaster", true)];
    let routed = [
        "user%elsewhere.example",
        "elsewhere.example!user",
        "user@elsewhere.example",
    ];
    let ats = domains
        .iter()
        .map(|domain| At::Domain(domain.clone()))
        .chain([
            At::Nothing,
            At::OwnLiteral,
            At::Literal(Ipv4Addr::new(203, 0, 113, 80).into()),
            At::Literal(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80).into()),
        ]);
    for at in ats {
        for (local, known) in locals {
            push(None, local, at.clone(), known);
        }
        if let At::Domain(_) = at {
            for local in routed {
                push(None, local, at.clone(), false);
            }
            push(foreign(), "user", at.clone(), true);
            push(foreign(), "nobody-here", at, false);
        }
    }
    recipients
}
