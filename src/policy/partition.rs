//! The space of sessions that policies can tell apart, and the walk through it.
//!
//! For each attribute the atoms of all clauses at hand cut its values into classes; one
//! representative stands for each, and fresh values for all that no atom names. Every guard is a
//! boolean combination of such atoms, so what holds for the representatives holds for all
//! sessions. Two things are left out: of a regular expression only texts are tried that are at
//! hand or made up from it, and of relations between attributes (the sender is the recipient)
//! nothing is known.

use std::net::IpAddr;
use std::sync::Arc;

use super::atoms::Atoms;
use super::clause::Opaque;
use super::model::Policy;
use super::representatives::{
    FOREIGN, auth, helos, listeners, names, recipients, senders, sources,
};
use super::session::{
    At, Client, ClientCertificate, ClientName, Mechanism, Recipient, Sender, Session, Source,
};
use super::walk::{Environment, Looked};
use crate::net::{AddressSet, Domain, special_use};

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
