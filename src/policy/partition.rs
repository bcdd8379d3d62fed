//! The space of sessions that policies can tell apart, and the walk through it.
//!
//! For each attribute the atoms of all clauses at hand cut its values into classes; one
//! representative stands for each, and fresh values for all that no atom names. Every guard is a
//! boolean combination of such atoms, so what holds for the representatives holds for all
//! sessions. Two things are left out: of a regular expression only texts are tried that are at
//! hand or made up from it, and of relations between attributes (the sender is the recipient)
//! nothing is known.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::atoms::{Atoms, distinct, matching, named, told_apart};
use super::clause::Opaque;
use super::model::Policy;
use super::pattern::{Field, Patterns};
use super::session::{
    At, Client, ClientCertificate, ClientName, Mechanism, Recipient, Sender, Session, Source,
};
use super::walk::{Environment, Looked};
use crate::net::{AddressSet, Domain, cells, special_use};

/// The ports that mail clients try; looked at also where no policy serves them.
const USUAL_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// A domain that no description names: `example` is reserved (RFC 2606), and no one's.
const FOREIGN: &str = "elsewhere.example";

/// A domain that DNS does not know (RFC 6761 §6.4).
const MISSING: &str = "elsewhere.invalid";

/// The values of each attribute, in the order of the bits of [`Looked`]; the space is their
/// product, with both answers of each opaque guard.
#[derive(Clone, Debug)]
pub struct Space {
    /// Ports, each with an address where more than one listener serves it.
    pub listeners: Vec<(u16, Option<IpAddr>)>,
    /// What stands behind the `@` of recipients.
    pub ats: Vec<At>,
    /// Local parts of recipients.
    pub locals: Vec<String>,
    /// Source routes of recipients.
    pub routes: Vec<Option<Domain>>,
    /// Whether recipients exist.
    pub known: Vec<bool>,
    /// Where clients are.
    pub sources: Vec<Source>,
    /// What their names are.
    pub names: Vec<ClientName>,
    /// TLS or not.
    pub tls: Vec<bool>,
    /// Certificates.
    pub certificates: Vec<ClientCertificate>,
    /// Log-ins.
    pub auth: Vec<Option<Mechanism>>,
    /// Senders.
    pub senders: Vec<Sender>,
    /// Arguments of EHLO.
    pub helos: Vec<String>,
    /// Questions whose answers are not known.
    pub answers: Vec<Arc<Opaque>>,
    /// The addresses of networks that were written with few addresses, so that nobody in them
    /// is a stranger.
    pub written: AddressSet,
}

impl Space {
    /// The space that `policies` can tell apart.
    pub fn of(policies: &[&Policy]) -> Self {
        let atoms = Atoms::of(policies);
        let written = AddressSet::union(atoms.networks.iter().map(|set| set.narrow()));
        let (ats, locals) = recipients(&atoms);
        Self {
            listeners: listeners(policies),
            ats,
            locals,
            routes: vec![None, Domain::parse(FOREIGN).ok()],
            known: vec![true, false],
            sources: sources(&atoms.networks, &written),
            names: names(&atoms),
            tls: vec![false, true],
            certificates: if atoms.certificates {
                vec![
                    ClientCertificate::None,
                    ClientCertificate::Public,
                    ClientCertificate::Private,
                ]
            } else {
                vec![ClientCertificate::None]
            },
            auth: auth(&atoms.mechanisms),
            senders: senders(&atoms),
            helos: helos(&atoms),
            answers: atoms.opaque.clone(),
            written,
        }
    }

    /// How many sessions there are, without regard to answers.
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of values of each attribute, in the order of the fields, without the answers.
    pub fn sizes(&self) -> [usize; Looked::COUNT] {
        [
            self.listeners.len(),
            self.ats.len(),
            self.locals.len(),
            self.routes.len(),
            self.known.len(),
            self.sources.len(),
            self.names.len(),
            self.tls.len(),
            self.certificates.len(),
            self.auth.len(),
            self.senders.len(),
            self.helos.len(),
        ]
    }

    /// The session with these values, given by their places in the fields; none past an end.
    pub fn session(&self, places: &[usize; Looked::COUNT]) -> Option<Session> {
        let mut session = Session {
            port: 0,
            address: None,
            client: Client {
                source: Source::Own { ipv6: false },
                name: ClientName::None,
            },
            helo: String::new(),
            tls: false,
            certificate: ClientCertificate::None,
            auth: None,
            sender: Sender::Null,
            recipient: Recipient {
                route: None,
                local: String::new(),
                at: At::Nothing,
                known: false,
            },
        };
        for (bit, &place) in places.iter().enumerate() {
            self.put(&mut session, bit, place)?;
        }
        Some(session)
    }

    /// Gives an attribute, by its bit, the value at this place; none past the end.
    fn put(&self, session: &mut Session, bit: usize, place: usize) -> Option<()> {
        let recipient = &mut session.recipient;
        match bit {
            0 => (session.port, session.address) = *self.listeners.get(place)?,
            1 => recipient.at.clone_from(self.ats.get(place)?),
            2 => recipient.local.clone_from(self.locals.get(place)?),
            3 => recipient.route.clone_from(self.routes.get(place)?),
            // No account and no alias has a name with another address inside.
            4 => recipient.known = *self.known.get(place)? && !recipient.is_routed(),
            5 => session.client.source = *self.sources.get(place)?,
            6 => session.client.name.clone_from(self.names.get(place)?),
            7 => session.tls = *self.tls.get(place)?,
            8 => session.certificate = *self.certificates.get(place)?,
            9 => session.auth = *self.auth.get(place)?,
            10 => session.sender.clone_from(self.senders.get(place)?),
            _ => session.helo.clone_from(self.helos.get(place)?),
        }
        Some(())
    }

    /// Every session in a fixed order, without regard to answers.
    pub fn sessions(&self) -> impl Iterator<Item = Session> {
        let sizes = self.sizes();
        (0..self.len()).filter_map(move |index| {
            let (mut rest, mut places) = (index, [0; Looked::COUNT]);
            for (place, size) in places.iter_mut().zip(sizes).rev() {
                *place = rest % size;
                rest /= size;
            }
            self.session(&places)
        })
    }

    /// Calls `visit` with sessions, in a fixed order, so that each of the others differs from one
    /// of them only in attributes that `visit` did not look at; it says which it did. It ends
    /// early when `visit` says nothing. `environment` is what is answered beside [`Self::answers`],
    /// which are tried both ways where `all_answers`.
    pub fn walk(
        &self,
        environment: &Environment,
        all_answers: bool,
        visit: &mut dyn FnMut(&Session, &Environment) -> Option<Looked>,
    ) {
        let answers = if all_answers {
            self.answers.as_slice()
        } else {
            &[]
        };
        let mut sizes = self.sizes().to_vec();
        sizes.resize(Looked::COUNT + answers.len(), 2);
        let mut places = vec![0; sizes.len()];
        let mut environment = environment.clone();
        let Some(mut session) = self.session(&[0; Looked::COUNT]) else {
            return;
        };
        let usual = |asked: &Arc<Opaque>| (Arc::clone(asked), asked.usual.unwrap_or_default());
        environment.answers = answers.iter().map(usual).collect();
        // What counted since the values before it were last changed.
        let mut counted = 0;
        loop {
            let Some(looked) = visit(&session, &environment) else {
                return;
            };
            // The next value of the last attribute that counted; what stands behind it begins anew.
            counted |= looked.0;
            let mut counting = (0..sizes.len()).rev().filter(|bit| counted >> bit & 1 == 1);
            let next = counting.find(|&bit| places[bit] + 1 < sizes[bit]);
            let Some(next) = next else { return };
            counted &= (1 << (next + 1)) - 1;
            places[next] += 1;
            places[next + 1..].fill(0);
            // What stands before it is as it was.
            for (bit, &place) in places.iter().enumerate().skip(next) {
                match bit.checked_sub(Looked::COUNT) {
                    Some(at) => {
                        let usual = answers[at].usual.unwrap_or_default();
                        environment.answers[at].1 = usual != (place == 1);
                    }
                    None => {
                        if self.put(&mut session, bit, place).is_none() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Whether nobody in the configuration knows a client at this address: it is a public one,
    /// outside of every network that was written with few addresses.
    pub fn is_stranger(&self, source: Source) -> bool {
        match source {
            Source::Own { .. } => false,
            Source::Address(address) => !special_use(address) && !self.written.contains(address),
        }
    }
}

fn listeners(policies: &[&Policy]) -> Vec<(u16, Option<IpAddr>)> {
    let mut listeners: Vec<(u16, Option<IpAddr>)> =
        USUAL_PORTS.iter().map(|&port| (port, None)).collect();
    for policy in policies {
        for listener in &policy.listeners {
            listeners.push((listener.port, None));
            let shares = |other: &super::Listener| {
                other.port == listener.port && !std::ptr::eq(other, listener)
            };
            if policy.listeners.iter().any(shares) {
                let addresses = listener.addresses.iter();
                listeners.extend(addresses.map(|&address| (listener.port, Some(address))));
            }
        }
    }
    listeners.sort_unstable();
    listeners.dedup();
    listeners
}

fn sources(networks: &[&AddressSet], written: &AddressSet) -> Vec<Source> {
    let mut sets = networks.to_vec();
    sets.push(written);
    let host = [
        Source::Address(Ipv4Addr::LOCALHOST.into()),
        Source::Address(Ipv6Addr::LOCALHOST.into()),
        Source::Own { ipv6: false },
        Source::Own { ipv6: true },
    ];
    cells(&sets)
        .into_iter()
        .map(Source::Address)
        .filter(|source| !source.is_host())
        .chain(host)
        .collect()
}

fn names(atoms: &Atoms<'_>) -> Vec<ClientName> {
    let patterns = atoms.on(&[Field::ClientName, Field::ReverseName]);
    if patterns.is_empty() && !atoms.names {
        return vec![ClientName::None];
    }
    let usual = ["client.elsewhere.example"];
    let names = told_apart(&usual, named(&patterns), |name| matching(&patterns, name));
    let names: Vec<Domain> = names
        .iter()
        .filter_map(|name| Domain::parse(name).ok())
        .collect();
    [ClientName::None, ClientName::Temporary]
        .into_iter()
        .chain(names.iter().cloned().map(ClientName::Forged))
        .chain(names.iter().cloned().map(ClientName::Verified))
        .collect()
}

fn auth(mechanisms: &[Mechanism]) -> Vec<Option<Mechanism>> {
    let mut auth = vec![None, Some(Mechanism::Plain)];
    for mechanism in mechanisms {
        // A policy that takes LOGIN alone is not told apart by PLAIN.
        if !auth.contains(&Some(*mechanism)) {
            auth.push(Some(*mechanism));
        }
    }
    auth
}

fn helos(atoms: &Atoms<'_>) -> Vec<String> {
    let patterns = atoms.on(&[Field::Helo]);
    let usual = [
        "client.elsewhere.example",
        "client",
        "[203.0.113.7]",
        "not_valid",
    ];
    let usual = if patterns.is_empty() {
        &usual[..1]
    } else {
        &usual
    };
    let plain = |helo: &Cow<'_, str>| !helo.is_empty() && !helo.contains(char::is_whitespace);
    let helos = named(&patterns).filter(plain);
    told_apart(usual, helos, |helo| matching(&patterns, helo))
}

/// The two sides of an address.
fn sides(address: &str) -> Option<(&str, &str)> {
    address
        .rsplit_once('@')
        .filter(|(local, _)| !local.is_empty())
}

/// Addresses that differ in what the patterns say of them, of their domains and local parts: the
/// texts that the patterns name, and where those are parts of an address, some that hold them.
fn addresses(whole: &[&Patterns], domain: &[&Patterns], local: &[&Patterns]) -> Vec<String> {
    let spelled = named(whole).flat_map(|text| {
        if sides(&text).is_some() {
            return vec![text];
        }
        vec![
            format!("user{text}").into(),
            format!("user@x{text}").into(),
            format!("{text}@{FOREIGN}").into(),
        ]
    });
    let is_address =
        |text: &Cow<'_, str>| sides(text).is_some_and(|(_, behind)| Domain::parse(behind).is_ok());
    told_apart(&[], spelled.filter(is_address), |address| {
        signature(whole, domain, local, address)
    })
}

/// What patterns say of an address.
fn signature(
    whole: &[&Patterns],
    domain: &[&Patterns],
    local: &[&Patterns],
    address: &str,
) -> Vec<bool> {
    let (before, behind) = sides(address).unwrap_or_default();
    [
        matching(whole, address),
        matching(domain, behind),
        matching(local, before),
        vec![behind.ends_with(".invalid")],
    ]
    .concat()
}

fn senders(atoms: &Atoms<'_>) -> Vec<Sender> {
    let (whole, domain, local) = (
        atoms.on(&[Field::Sender]),
        atoms.on(&[Field::SenderDomain]),
        atoms.on(&[Field::SenderLocal]),
    );
    let addresses = addresses(&whole, &domain, &local);
    let mut locals = told_apart(&["someone"], named(&local), |text| matching(&local, text));
    let mut domains = told_apart(&[FOREIGN, MISSING], named(&domain), |text| {
        (matching(&domain, text), text.ends_with(".invalid"))
    });
    for (before, behind) in addresses.iter().filter_map(|address| sides(address)) {
        locals.push(before.to_owned());
        domains.push(behind.to_owned());
    }
    let of = |address: &str| {
        let (local, domain) = sides(address)?;
        Some(Sender::Address {
            local: local.to_owned(),
            domain: Domain::parse(domain).ok()?,
        })
    };
    let product = domains
        .iter()
        .flat_map(|domain| locals.iter().map(move |local| format!("{local}@{domain}")));
    let all = product.chain(addresses.iter().cloned());
    let senders = distinct(all, |address| signature(&whole, &domain, &local, address));
    let senders = senders.iter().filter_map(|address| of(address));
    std::iter::once(Sender::Null).chain(senders).collect()
}

fn recipients(atoms: &Atoms<'_>) -> (Vec<At>, Vec<String>) {
    let (whole, domain, local) = (
        atoms.on(&[Field::Recipient, Field::RecipientQuoted]),
        atoms.on(&[Field::RecipientDomain]),
        atoms.on(&[Field::RecipientLocal]),
    );
    let addresses = addresses(&whole, &domain, &local);
    let addresses: Vec<_> = addresses
        .iter()
        .filter_map(|address| sides(address))
        .collect();
    let mut names: Vec<Domain> = Vec::new();
    let mut add = |name: &str| {
        if let Ok(name) = Domain::parse(name)
            && !names.contains(&name)
        {
            names.push(name);
        }
    };
    // A fresh domain: a longer one where the usual one is named.
    let fresh = (0..).map(|n| "x".repeat(n) + FOREIGN);
    let fresh = fresh
        .take(10)
        .find(|name| !matching(&domain, name).contains(&true));
    let usual = fresh.as_deref().unwrap_or(FOREIGN);
    let domains = told_apart(&[usual, MISSING], named(&domain), |name| {
        (matching(&domain, name), name.ends_with(".invalid"))
    });
    for name in &domains {
        add(name);
    }
    for (_, behind) in &addresses {
        add(behind);
    }

    let mut locals = told_apart(&["user"], named(&local), |text| matching(&local, text));
    let mut push = |text: String| {
        if !text.is_empty() && !locals.contains(&text) {
            locals.push(text);
        }
    };
    push("postmaster".into());
    for (before, _) in &addresses {
        push((*before).to_owned());
    }
    let foreign = Domain::parse(usual).ok();
    let inside = names.iter().filter(|_| atoms.rewritten).chain(&foreign);
    for name in inside {
        push(format!("user%{name}"));
        push(format!("{name}!user"));
        push(format!("user@{name}"));
    }
    let ats = names
        .into_iter()
        .map(At::Domain)
        .chain([
            At::Nothing,
            At::OwnLiteral,
            At::Literal(Ipv4Addr::new(203, 0, 113, 80).into()),
            At::Literal(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80).into()),
        ])
        .collect();
    (ats, locals)
}
