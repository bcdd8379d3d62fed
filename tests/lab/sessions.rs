//! Which sessions a case speaks: the partition, and beside it what servers are known to fall for.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fastrand::Rng;
use smtpconf::net::{AddressSet, Domain, Network};
use smtpconf::policy::{
    At, Client, ClientCertificate, ClientName, Mechanism, Policy, Recipient, Sender, Session,
    Source,
};

/// Up to so many sessions a case speaks all of them; of more, a covering part.
const ALL_UP_TO: usize = 2000;

/// The values of each attribute that the lab speaks; the space is their product. A client has one
/// name, as DNS has one for its address.
pub struct Space {
    pub ports: Vec<u16>,
    pub clients: Vec<Client>,
    pub helos: Vec<String>,
    pub tls: Vec<bool>,
    pub auth: Vec<Option<Mechanism>>,
    pub senders: Vec<Sender>,
    pub recipients: Vec<Recipient>,
}

impl Space {
    /// What the policy tells apart, as far as the lab's hosts can have it: nobody has an account
    /// whose name holds `%`, `!` or `@`, and postmaster exists.
    fn of(policy: &Policy) -> Self {
        let space = smtpconf::policy::Space::of(&[policy]);
        let mut lab = Self {
            ports: space.listeners.iter().map(|(port, _)| *port).collect(),
            clients: Vec::new(),
            helos: space.helos,
            tls: space.tls,
            auth: space.auth,
            senders: space.senders,
            recipients: Vec::new(),
        };
        lab.ports.dedup();
        let client = |source| Client {
            source,
            name: ClientName::None,
        };
        lab.clients.extend(space.sources.into_iter().map(client));
        let routes = space.routes.iter().flatten();
        for at in &space.ats {
            for local in &space.locals {
                let is_routed = local.contains(['%', '!', '@']);
                let known = [Some(!is_routed), (local == "user").then_some(false)];
                for known in known.into_iter().flatten() {
                    let local = if known || is_routed {
                        local
                    } else {
                        "nobody-here"
                    };
                    add_recipient(&mut lab, None, local, at.clone(), known);
                    if let (At::Domain(_), false, false) = (at, is_routed, local == "postmaster") {
                        for route in routes.clone() {
                            add_recipient(&mut lab, Some(route), local, at.clone(), known);
                        }
                    }
                }
            }
        }
        lab
    }

    /// How many sessions there are.
    fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// The number of values of each attribute, in the order of the fields.
    fn sizes(&self) -> [usize; 7] {
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

    fn session(&self, places: [usize; 7]) -> Session {
        let [port, client, helo, tls, auth, sender, recipient] = places;
        Session {
            port: self.ports[port],
            address: None,
            client: self.clients[client].clone(),
            helo: self.helos[helo].clone(),
            tls: self.tls[tls],
            certificate: ClientCertificate::None,
            auth: self.auth[auth],
            sender: self.senders[sender].clone(),
            recipient: self.recipients[recipient].clone(),
        }
    }

    fn sessions(&self) -> impl Iterator<Item = Session> {
        let sizes = self.sizes();
        (0..self.len()).map(move |index| {
            let (mut rest, mut places) = (index, [0; 7]);
            for (place, size) in places.iter_mut().zip(sizes).rev() {
                *place = rest % size;
                rest /= size;
            }
            self.session(places)
        })
    }
}

/// The space of the policy, with more values for some attributes.
pub fn space(policy: &Policy) -> Space {
    let mut space = Space::of(policy);
    let facts = &policy.facts;
    let networks: Vec<Network> = facts.networks.iter().map(|network| network.value).collect();
    let set = AddressSet::new(networks.iter().copied());

    space.clients.retain(|client| match client.source {
        Source::Address(address) => usable(address),
        Source::Own { .. } => true,
    });
    for address in edges(&networks) {
        add_client(&mut space, address, ClientName::None);
    }
    let domain = facts.domains.first().unwrap_or(&facts.hostname);
    let elsewhere = Domain::parse("client.elsewhere.example").unwrap();
    let names = [
        ClientName::Verified(facts.hostname.clone()),
        ClientName::Verified(domain.child("host")),
        ClientName::Verified(domain.clone()),
        ClientName::Verified(elsewhere.clone()),
        ClientName::Forged(facts.hostname.clone()),
        ClientName::Forged(elsewhere),
        ClientName::Temporary,
    ];
    for (address, name) in strangers(&set).zip(names) {
        add_client(&mut space, address, name);
    }
    // A host of ours whose name cannot be looked up keeps its right.
    if let Some(network) = networks
        .iter()
        .find(|network| usable(network.first()) && !network.first().is_loopback())
    {
        for client in &mut space.clients {
            if client.source == Source::Address(network.first()) {
                client.name = ClientName::Temporary;
            }
        }
    }

    space.helos.push(facts.hostname.to_string());
    space.auth.push(Some(Mechanism::Login));
    space.senders.push(Sender::Address {
        local: "someone".into(),
        domain: domain.clone(),
    });
    for name in [
        domain.clone(),
        domain.child("sub"),
        domain.look_alike(),
        facts.hostname.clone(),
        Domain::localhost(),
    ] {
        for (local, known) in [("user", true), ("nobody-here", false)] {
            add_recipient(&mut space, None, local, At::Domain(name.clone()), known);
        }
    }
    for at in [domain, &facts.hostname] {
        let at = At::Domain(at.clone());
        for hop in [domain, &facts.hostname] {
            add_recipient(&mut space, Some(hop), "user", at.clone(), true);
        }
        add_recipient(&mut space, None, "PostMaster", at, true);
    }
    add_recipient(&mut space, None, "PostMaster", At::Nothing, true);
    add_recipient(
        &mut space,
        None,
        "elsewhere.example!user",
        At::Nothing,
        false,
    );
    // Every domain of a short list, and a domain without a dot that is not ours.
    let dotless = Domain::parse("foreign").unwrap();
    for name in facts.domains.iter().take(10).chain([&dotless]) {
        add_recipient(&mut space, None, "user", At::Domain(name.clone()), true);
    }
    let elsewhere = At::Domain(Domain::parse("elsewhere.example").unwrap());
    add_recipient(&mut space, Some(&facts.hostname), "user", elsewhere, true);
    space
}

fn add_client(space: &mut Space, address: IpAddr, name: ClientName) {
    let source = Source::Address(address);
    if usable(address) && space.clients.iter().all(|client| client.source != source) {
        space.clients.push(Client { source, name });
    }
}

fn add_recipient(space: &mut Space, route: Option<&Domain>, local: &str, at: At, known: bool) {
    let recipient = Recipient {
        route: route.cloned(),
        local: local.into(),
        at,
        known,
    };
    if !space.recipients.contains(&recipient) {
        space.recipients.push(recipient);
    }
}

/// Whether a client can have the address, in the lab's namespaces.
fn usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let first = v4.octets()[0];
            first != 0 && first < 224 && v4 != Ipv4Addr::new(127, 255, 255, 255)
        }
        // Global unicast and unique local.
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.segments()[0] & 0xe000 == 0x2000
                || v6.segments()[0] & 0xfe00 == 0xfc00
        }
    }
}

/// The first and last address of each network, and those just outside.
fn edges(networks: &[Network]) -> Vec<IpAddr> {
    let beside = |address: IpAddr, step: i8| -> Option<IpAddr> {
        Some(match address {
            IpAddr::V4(v4) => {
                Ipv4Addr::from_bits(v4.to_bits().checked_add_signed(step.into())?).into()
            }
            IpAddr::V6(v6) => {
                Ipv6Addr::from_bits(v6.to_bits().checked_add_signed(step.into())?).into()
            }
        })
    };
    networks
        .iter()
        .flat_map(|network| {
            let (first, last) = (network.first(), network.last());
            [beside(first, -1), Some(first), Some(last), beside(last, 1)]
        })
        .flatten()
        .collect()
}

/// Addresses outside all networks, first those of documentation.
fn strangers(set: &AddressSet) -> impl Iterator<Item = IpAddr> {
    let documentation = (100..130).flat_map(|host| {
        [
            format!("203.0.113.{host}").parse().unwrap(),
            format!("2001:db8:ffff::{host}").parse().unwrap(),
        ]
    });
    let others = (1..200).map(|part| format!("{part}.77.77.77").parse().unwrap());
    documentation
        .chain(others)
        .filter(|&address| usable(address) && !set.contains(address))
}

/// The sessions to speak: all of a small space or with `all`; else enough that every clause of
/// every listener decides one, and every pair of values of two attributes stands in one.
pub fn choose(policy: &Policy, space: &Space, all: bool, seed: u64) -> Vec<Session> {
    if all || space.len() <= ALL_UP_TO {
        return space.sessions().collect();
    }
    let sizes = space.sizes();
    let mut random = Rng::with_seed(seed);
    let mut chosen = Chosen::default();

    let mut deciders = HashSet::new();
    for _ in 0..100_000 {
        let digits = sizes.map(|size| random.usize(0..size));
        let session = space.session(digits);
        let verdict = policy.decide(&session);
        if deciders.insert((session.port, verdict.trace.len(), verdict.decision)) {
            chosen.add(digits);
        }
    }

    // The largest tables of pairs first: what is drawn for them covers most of the others.
    let mut tables: Vec<(usize, usize)> = (0..7)
        .flat_map(|first| (first + 1..7).map(move |second| (first, second)))
        .collect();
    tables.sort_by_key(|&(first, second)| std::cmp::Reverse(sizes[first] * sizes[second]));
    for (first, second) in tables {
        for one in 0..sizes[first] {
            for other in 0..sizes[second] {
                if !chosen.pairs.contains(&(first, one, second, other)) {
                    let mut digits = sizes.map(|size| random.usize(0..size));
                    (digits[first], digits[second]) = (one, other);
                    chosen.add(digits);
                }
            }
        }
    }
    chosen
        .sessions
        .into_iter()
        .map(|digits| space.session(digits))
        .collect()
}

/// Sessions by the places of their values, and the pairs of values that they cover.
#[derive(Default)]
struct Chosen {
    sessions: BTreeSet<[usize; 7]>,
    pairs: HashSet<(usize, usize, usize, usize)>,
}

impl Chosen {
    fn add(&mut self, digits: [usize; 7]) {
        self.sessions.insert(digits);
        for first in 0..7 {
            for second in first + 1..7 {
                self.pairs
                    .insert((first, digits[first], second, digits[second]));
            }
        }
    }
}
