//! Questions about one policy: what strangers may do, whom it refuses, and what in it is never
//! reached. Must not know how the answers are told.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::clause::{Accept, Clause, Guard, Opaque, Outcome};
use super::decide::Decision;
use super::facts::Stated;
use super::listener::Listener;
use super::model::Policy;
use super::partition::Space;
use super::session::{At, ClientCertificate, ClientName, Mechanism, Session, Source};
use super::walk::{Environment, Looked, Truth};
use crate::net::AddressSet;
use crate::text::Span;

/// What stands between the server and its clients.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The addresses under which clients from outside appear: of a NAT, of a container's gateway,
    /// of a load balancer.
    pub gateways: Vec<IpAddr>,
}

/// A way for a stranger to send through the server to somebody else's domain.
#[derive(Clone, Debug)]
pub struct Hole<'a> {
    /// The session that shows it.
    pub session: Session,
    /// The clause that lets it through; none where nothing stops it.
    pub by: Option<&'a Clause>,
    /// Whether the session is let through whatever cannot be seen here says.
    pub proved: bool,
    /// What has to answer so for it.
    pub conditions: Vec<Arc<Opaque>>,
    /// Who the client says that it is, where the server believes it.
    pub claim: Option<&'a Stated<AddressSet>>,
    /// The ports that let it through in this way.
    pub ports: Vec<u16>,
    /// Whether every stranger has this way, not only some.
    pub for_all_clients: bool,
    /// Whether it leads to every domain, not only to some.
    pub to_all_domains: bool,
}

impl Policy {
    /// The ways, in the space of this policy, in which strangers can send through this server to
    /// foreign domains, one for each clause that lets them through; the proved ones first.
    pub fn holes(
        &self,
        space: &Space,
        surroundings: &Surroundings,
        environment: &Environment,
    ) -> Vec<Hole<'_>> {
        let mut space = self.strange(space);
        let gateways = surroundings.gateways.iter().copied().map(Source::Address);
        for gateway in gateways.clone() {
            if !space.sources.contains(&gateway) {
                space.sources.push(gateway);
            }
        }
        let is_outside =
            |source| space.is_stranger(source) || gateways.clone().any(|gateway| gateway == source);
        let passes = |decision| decision == Decision::Accept(Accept::Relay);
        let mut holes: Vec<Hole<'_>> = Vec::new();
        let mut domains = Tally::default();
        space.walk(environment, false, &mut |session, environment| {
            let verdict = self.decide_in(session, environment, false);
            let source = session.client.source;
            let claim = self.believes(session);
            let counts = is_outside(source) || claim.is_some();
            let Some(way) = verdict.possible.iter().find(|one| passes(one.decision)) else {
                return Some(verdict.looked);
            };
            if !counts {
                return Some(verdict.looked);
            }
            let is_proved = passes(verdict.decision);
            let by = self.blame(session, environment);
            let known = holes
                .iter_mut()
                .find(|hole| same_clause(hole.by, by) && hole.proved == is_proved);
            if let Some(hole) = known {
                if !hole.ports.contains(&session.port) {
                    hole.ports.push(session.port);
                }
            } else {
                holes.push(Hole {
                    session: session.clone(),
                    proved: is_proved,
                    by,
                    conditions: if is_proved {
                        Vec::new()
                    } else {
                        way.unless_known.clone()
                    },
                    claim: claim.filter(|_| !is_outside(source)),
                    ports: vec![session.port],
                    for_all_clients: false,
                    to_all_domains: false,
                });
            }
            domains.note(by.map(std::ptr::from_ref), session.recipient.at.to_string());
            Some(verdict.looked)
        });
        // What the walk skipped because it did not count is in it all the same.
        let strangers: Vec<Source> = space
            .sources
            .iter()
            .copied()
            .filter(|&source| is_outside(source))
            .collect();
        // To hosts by their addresses few servers send, and to domains that DNS does not know none.
        let exists =
            |at: &&At| matches!(at, At::Domain(name) if !name.as_str().ends_with(".invalid"));
        let foreign: Vec<&At> = space.ats.iter().filter(exists).collect();
        for hole in &mut holes {
            let key = hole.by.map(std::ptr::from_ref);
            let ends = |session: &Session, wanted: &dyn Fn(Decision) -> bool| {
                let verdict = self.decide_in(session, environment, false);
                verdict.possible.iter().any(|one| wanted(one.decision))
            };
            hole.for_all_clients = hole.claim.is_some()
                || strangers.iter().all(|&source| {
                    let mut session = hole.session.clone();
                    session.client.source = source;
                    ends(&session, &passes)
                });
            // A domain that is delivered here is not refused either.
            let takes = |decision| matches!(decision, Decision::Accept(_));
            hole.to_all_domains = !foreign.is_empty()
                && foreign.iter().all(|&at| {
                    let mut session = hole.session.clone();
                    session.recipient.at = at.clone();
                    domains.has(key, &at.to_string()) || ends(&session, &takes)
                });
        }
        holes.sort_by_key(|hole| !hole.proved);
        // A way that is proved need not be told as a possible one too.
        let proved: HashSet<Option<*const Clause>> = holes
            .iter()
            .filter(|hole| hole.proved)
            .map(|hole| hole.by.map(std::ptr::from_ref))
            .collect();
        holes.retain(|hole| hole.proved || !proved.contains(&hole.by.map(std::ptr::from_ref)));
        holes
    }

    /// The sessions of `space` that a stranger can hold, their addresses apart, to recipients that
    /// are not ours.
    fn strange(&self, space: &Space) -> Space {
        let mut space = space.clone();
        space.ats.retain(|at| self.is_foreign(at));
        space.names.retain(|name| match name {
            // Nobody's name has one label: no public zone could lead back from it to an address.
            ClientName::Verified(name) => {
                !name.is_one_label() && self.is_foreign(&At::Domain(name.clone()))
            }
            _ => true,
        });
        space
            .auth
            .retain(|auth| matches!(auth, None | Some(Mechanism::Anonymous)));
        space
            .certificates
            .retain(|shown| *shown != ClientCertificate::Private);
        space
    }

    /// Whether what stands behind the `@` is somebody else's domain.
    pub fn is_foreign(&self, at: &At) -> bool {
        match at {
            At::Domain(domain) => {
                !self.ours.holds(domain.as_str())
                    && *domain != self.facts.hostname
                    && domain.as_str() != "localhost"
            }
            At::Literal(_) => true,
            At::Nothing | At::OwnLiteral => false,
        }
    }

    /// The set of those whose word about the client's address is taken, if strangers are in it and
    /// reach the listener.
    fn believes(&self, session: &Session) -> Option<&Stated<AddressSet>> {
        let reached = self.reached(session.port, session.address, session.client.source)?;
        let own = &reached.addresses;
        if !own.is_empty() && own.iter().all(IpAddr::is_loopback) {
            return None;
        }
        let believed = reached.believed.as_ref()?;
        believed.value.is_wide().then_some(believed)
    }

    /// The listeners through which nobody sends anything, whatever cannot be evaluated answers,
    /// each with the clause that refuses most.
    pub fn closed(&self, space: &Space) -> Vec<(&Listener, Option<&Clause>)> {
        let mut open: HashSet<*const Listener> = HashSet::new();
        let mut refusing: Vec<(*const Listener, Option<&Clause>)> = Vec::new();
        space.walk(
            &Environment::default(),
            false,
            &mut |session, environment| {
                let reached = self.reached(session.port, session.address, session.client.source);
                let reached = reached.map(std::ptr::from_ref);
                if reached.is_some_and(|listener| open.contains(&listener)) {
                    return Some(Looked(Looked::LISTENER.0 | Looked::SOURCE.0));
                }
                let verdict = self.decide_in(session, environment, false);
                if let Some(listener) = reached {
                    let accepts = |decision| matches!(decision, Decision::Accept(_));
                    if verdict.possible.iter().any(|one| accepts(one.decision)) {
                        open.insert(listener);
                    } else if !refusing.iter().any(|(known, _)| *known == listener) {
                        refusing.push((listener, verdict.by));
                    }
                }
                Some(verdict.looked)
            },
        );
        let shut = |listener: &&Listener| {
            listener.dead.is_none() && !open.contains(&std::ptr::from_ref(*listener))
        };
        let closed = self.listeners.iter().filter(shut);
        closed
            .filter_map(|listener| {
                // One that no session reaches, since another serves its port, refuses nobody.
                let pointer = std::ptr::from_ref(listener);
                let (_, by) = refusing.iter().find(|(known, _)| *known == pointer)?;
                Some((listener, *by))
            })
            .collect()
    }

    /// Whether the listener on `port` takes something from who has not logged in.
    pub fn takes_without_log_in(&self, port: u16) -> bool {
        let mut space = Space::of(&[self]);
        space.listeners.retain(|(known, _)| *known == port);
        space.auth = vec![None];
        let mut takes = false;
        space.walk(
            &Environment::default(),
            false,
            &mut |session, environment| {
                let verdict = self.decide_in(session, environment, false);
                let accepts = |decision| matches!(decision, Decision::Accept(_));
                takes = verdict.possible.iter().any(|one| accepts(one.decision));
                (!takes).then_some(verdict.looked)
            },
        );
        takes
    }

    /// The written clauses that no session comes to, whatever cannot be evaluated answers. One
    /// that several listeners share is told only if none of them comes to it. To refuse the rest at
    /// the end is good style, also where no rest is left.
    pub fn unreached(&self, space: &Space) -> Vec<&Clause> {
        fn place(clause: &Clause) -> Option<(&str, Span)> {
            let origin = clause.origin.as_ref()?;
            Some((origin.source.name(), origin.span))
        }
        let refuses_rest = |clause: &Clause| {
            matches!(clause.guard, Guard::Always) && matches!(clause.outcome, Outcome::Refuse(_))
        };
        let candidates = self
            .clauses()
            .filter(|(listener, clause)| listener.dead.is_none() && !refuses_rest(clause));
        let mut unreached: HashMap<_, Vec<&Listener>> = HashMap::new();
        let mut order = Vec::new();
        for (listener, clause) in candidates {
            let Some(at) = place(clause) else { continue };
            let known = unreached.entry(at).or_default();
            if known.is_empty() {
                order.push((at, clause));
            }
            known.push(listener);
        }
        space.walk(
            &Environment::default(),
            false,
            &mut |session, environment| {
                let reached = self.reached(session.port, session.address, session.client.source);
                let has_more = |listener: &Listener| {
                    let mut of = unreached.values().flatten();
                    of.any(|known| std::ptr::eq(*known, listener))
                };
                if !reached.is_some_and(has_more) {
                    return Some(Looked(Looked::LISTENER.0 | Looked::SOURCE.0));
                }
                let verdict = self.decide_in(session, environment, true);
                for step in verdict.trace {
                    if let Some(at) = place(step.clause) {
                        unreached.remove(&at);
                    }
                }
                (!unreached.is_empty()).then_some(verdict.looked)
            },
        );
        order.retain(|(at, _)| unreached.contains_key(at));
        order.into_iter().map(|(_, clause)| clause).collect()
    }

    /// The clauses that would let a stranger through if their regular expressions matched what was
    /// not tried, beside those of the holes that are `shown`.
    pub fn doubts(
        &self,
        space: &Space,
        surroundings: &Surroundings,
        environment: &Environment,
        shown: &[Hole<'_>],
    ) -> Vec<&Clause> {
        let is_written = |guard: &Guard| match guard {
            Guard::Matches(_, patterns) => patterns.has_written_expressions(),
            _ => false,
        };
        let mut has_doubts = false;
        for (_, clause) in self.clauses() {
            clause
                .guard
                .walk(&mut |guard| has_doubts |= is_written(guard));
        }
        if !has_doubts {
            return Vec::new();
        }
        let doubting = Environment {
            doubt: true,
            ..environment.clone()
        };
        let doubts = self.holes(space, surroundings, &doubting).into_iter();
        let mut doubts: Vec<_> = doubts.map(|hole| hole.by).collect();
        doubts.retain(|clause| !shown.iter().any(|hole| same_clause(hole.by, *clause)));
        doubts.into_iter().flatten().collect()
    }
}

fn same_clause(a: Option<&Clause>, b: Option<&Clause>) -> bool {
    a.map(std::ptr::from_ref) == b.map(std::ptr::from_ref)
}

/// Which values were seen with which clause.
#[derive(Default)]
struct Tally(HashSet<(Option<*const Clause>, String)>);

impl Tally {
    fn note(&mut self, clause: Option<*const Clause>, value: String) {
        self.0.insert((clause, value));
    }

    fn has(&self, clause: Option<*const Clause>, value: &str) -> bool {
        self.0.contains(&(clause, value.to_owned()))
    }
}

/// The assumptions that a verdict rests on, in words.
pub fn assumptions(asked: &[(Arc<Opaque>, Truth)]) -> Vec<String> {
    asked
        .iter()
        .map(|(opaque, truth)| {
            let answer = match truth {
                Truth::Yes => "yes",
                Truth::No => "no",
                Truth::Unknown => "not known",
            };
            format!("{}: {answer} ({})", opaque.hit, opaque.reason)
        })
        .collect()
}
