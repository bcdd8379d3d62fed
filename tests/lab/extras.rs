//! What is tried beside the sessions of the partition: wrong passwords, aliases, DNS lists,
//! filters, the size of messages and the number of recipients. Must not know how it is spoken.

use std::net::{IpAddr, Ipv4Addr};

use smtpconf::mta::Server;
use smtpconf::net::{AddressSet, Domain};
use smtpconf::policy::{At, Client, ClientName, Policy, Recipient, Role, Session, Source};

use super::filters::UNWANTED;
use super::probe::{Message, Probe, Seen};
use super::services;
use super::world::Zone;

/// Something to try.
pub struct Extra {
    pub session: Session,
    /// What is different from that session.
    pub change: Box<dyn Fn(&mut Probe)>,
    pub wanted: Seen,
    pub what: String,
}

/// Clients that the first DNS list knows. None lies in a network of the lab's descriptions.
const LISTED4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 201);
const MISTAKEN4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 202);
const LISTED6: &str = "2001:db8:ffff::201";

/// What a list answers to a query that it does not take.
const MISTAKE: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 254);

/// What is tried, each a change to `plain`, in which a stranger writes to an account.
pub fn of(policy: &Policy, plain: &Session, server: Server) -> Vec<Extra> {
    let mut extras = Extras {
        policy,
        plain,
        list: Vec::new(),
    };
    extras.wrong_passwords();
    extras.aliases();
    extras.dns_lists();
    extras.filters(server);
    extras.limits(server);
    extras.list
}

struct Extras<'a> {
    policy: &'a Policy,
    plain: &'a Session,
    list: Vec<Extra>,
}

impl Extras<'_> {
    fn add(
        &mut self,
        session: Session,
        wanted: Seen,
        what: impl Into<String>,
        change: impl Fn(&mut Probe) + 'static,
    ) {
        self.list.push(Extra {
            session,
            change: Box::new(change),
            wanted,
            what: what.into(),
        });
    }

    /// The plain session, from another client.
    fn from(&self, address: IpAddr) -> Session {
        Session {
            client: Client {
                source: Source::Address(address),
                name: ClientName::None,
            },
            ..self.plain.clone()
        }
    }

    fn wrong_passwords(&mut self) {
        let auth = self.policy.facts.auth.as_ref();
        let mechanisms = auth.map_or(&[][..], |auth| &auth.value.mechanisms);
        let asking = self.policy.listeners.iter().filter(|listener| {
            listener.role != Role::Mx && listener.is_reached_from(self.plain.client.source)
        });
        for listener in asking {
            for mechanism in mechanisms {
                let session = Session {
                    port: listener.port,
                    tls: true,
                    auth: Some(*mechanism),
                    ..self.plain.clone()
                };
                self.add(session, Seen::Refuse, "a wrong password", |probe| {
                    probe.password = "guessed".into();
                });
            }
        }
    }

    fn aliases(&mut self) {
        let facts = &self.policy.facts;
        let Some(aliases) = &facts.aliases else {
            return;
        };
        for alias in &aliases.value {
            let session = to(&alias.name, &facts.hostname, self.plain);
            self.add(session, Seen::Accept, "an alias of the description", |_| ());
        }
        let session = to("host-alias", &facts.hostname, self.plain);
        let what = "an alias of the host's own file, which does not count";
        self.add(session, Seen::Refuse, what, |_| ());
    }

    fn dns_lists(&mut self) {
        let Some(list) = self.policy.facts.dnsbl.first() else {
            return;
        };
        let zone = &list.value.zone;
        let mut clients = vec![
            (LISTED4.into(), Seen::Refuse, "a client that it names"),
            (
                LISTED6.parse().unwrap(),
                Seen::Refuse,
                "an IPv6 client that it names",
            ),
            (
                MISTAKEN4.into(),
                Seen::Accept,
                "a client for which it answers something else",
            ),
            (Ipv4Addr::LOCALHOST.into(), Seen::Accept, "the host itself"),
        ];
        clients.extend(
            trusted(self.policy).map(|address| (address, Seen::Accept, "a client that may relay")),
        );
        for (address, wanted, what) in clients {
            self.add(
                self.from(address),
                wanted,
                format!("the DNS list {zone}: {what}"),
                |_| (),
            );
        }
    }

    fn filters(&mut self, server: Server) {
        let facts = &self.policy.facts;
        if !services::filters(facts, server).is_empty() || facts.spam_filter.is_some() {
            let what = "a message that a filter rejects";
            self.add(self.plain.clone(), Seen::Refuse, what, |probe| {
                probe.message = Some(Message::Plain(UNWANTED.into()));
            });
        }
    }

    fn limits(&mut self, server: Server) {
        let limits = &self.policy.facts.limits;
        if let Some(size) = &limits.message_size {
            let most = size.value;
            let octets = usize::try_from(most).unwrap();
            let what = "a message a little below the limit";
            self.add(self.plain.clone(), Seen::Accept, what, move |probe| {
                probe.message = Some(Message::Sized(octets - 2048));
            });
            let what = "a message that declares one octet too many";
            self.add(self.plain.clone(), Seen::Refuse, what, move |probe| {
                probe.declares = Some(most + 1);
            });
            let what = "a message with one octet too many";
            // Exim and Sendmail count the end of a line once, and Sendmail no header; the lab's lines
            // have 72 octets.
            let ends = if server == Server::Postfix {
                0
            } else {
                octets / 70 + 64
            };
            self.add(self.plain.clone(), Seen::Refuse, what, move |probe| {
                probe.message = Some(Message::Sized(octets + ends + 1));
            });
        }
        if let Some(recipients) = &limits.recipients {
            let most = recipients.value;
            let elsewhere = Domain::parse("elsewhere.example").unwrap();
            let host = self.from(Ipv4Addr::LOCALHOST.into());
            let many = to("many", &elsewhere, &host);
            let what = "as many recipients as there may be";
            self.add(many.clone(), Seen::Accept, what, move |probe| {
                probe.recipients = most;
            });
            self.add(
                many,
                Seen::Temporary,
                "one recipient too many",
                move |probe| {
                    probe.recipients = most + 1;
                },
            );
        }
    }
}

/// `session` with another recipient.
fn to(local: &str, domain: &Domain, session: &Session) -> Session {
    Session {
        recipient: Recipient {
            local: local.into(),
            at: At::Domain(domain.clone()),
            ..session.recipient.clone()
        },
        ..session.clone()
    }
}

/// An address that may relay, and is not the host's own.
pub fn trusted(policy: &Policy) -> Option<IpAddr> {
    let networks = policy.facts.networks.iter().map(|network| network.value);
    networks
        .map(|network| network.first())
        .find(|address| match address {
            IpAddr::V4(v4) => !v4.is_loopback() && v4.octets()[0] < 224 && v4.octets()[0] > 0,
            IpAddr::V6(_) => false,
        })
}

/// Puts the clients that a DNS list knows into the zone.
pub fn list(policy: &Policy, zone: &mut Zone) {
    let set = AddressSet::new(policy.facts.networks.iter().map(|network| network.value));
    assert!(!set.contains(LISTED4.into()) || policy.facts.dnsbl.is_empty());
    for (index, list) in policy.facts.dnsbl.iter().enumerate() {
        let name = list.value.zone.to_string();
        zone.lists.push(name.clone());
        if index > 0 {
            continue;
        }
        let listed = *list.value.answers.last().unwrap();
        let clients = [
            Some((LISTED4.into(), listed)),
            Some((LISTED6.parse().unwrap(), listed)),
            Some((MISTAKEN4.into(), MISTAKE)),
            Some((Ipv4Addr::LOCALHOST.into(), listed)),
            trusted(policy).map(|address| (address, listed)),
        ];
        for (address, answer) in clients.into_iter().flatten() {
            zone.listed
                .insert(format!("{}.{name}", reversed(address)), answer);
        }
    }
}

/// The labels under which a list is asked for an address (RFC 5782 §2.1, §2.4).
fn reversed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}")
        }
        IpAddr::V6(v6) => {
            let nibbles: Vec<String> = format!("{:032x}", v6.to_bits())
                .chars()
                .rev()
                .map(String::from)
                .collect();
            nibbles.join(".")
        }
    }
}
