//! What two policies do differently: sessions, each as a witness, and facts, each with both values.

use std::collections::HashMap;
use std::sync::Arc;

use super::clause::{Accept, Clause, Opaque, Reason};
use super::decide::Decision;
use super::model::{Fact, Policy};
use super::partition::Space;
use super::session::Session;
use super::walk::{Environment, Looked, Truth};
use crate::text::Span;

/// A session that two policies decide differently.
#[derive(Clone, Debug)]
pub struct Difference<'a> {
    /// The witness.
    pub session: Session,
    /// What the first policy does with it.
    pub first: Decision,
    /// What the second one does.
    pub second: Decision,
    /// The clauses that decide so.
    pub by: [Option<&'a Clause>; 2],
    /// The ports on which the same clauses decide so.
    pub ports: Vec<u16>,
    /// What was answered where it cannot be evaluated, other than usually.
    pub answers: Vec<(Arc<Opaque>, bool)>,
}

impl Difference<'_> {
    /// How bad it is that the second policy takes the place of the first; the least is the worst:
    /// first what is relayed, then what is taken, then what is refused.
    pub fn danger(&self) -> u8 {
        match (self.first, self.second) {
            (_, Decision::Accept(Accept::Relay)) => 0,
            (Decision::Accept(_), Decision::Accept(_)) => 2,
            (_, Decision::Accept(_)) => 1,
            (Decision::Accept(Accept::Relay), _) => 3,
            (Decision::Accept(_), _) => 4,
            _ => 5,
        }
    }

    /// Whether the second policy accepts what the first one does not, or relays what it does not.
    pub fn is_new_access(&self) -> bool {
        self.danger() <= 1
    }
}

/// A fact that two policies give different values.
#[derive(Clone, Debug)]
pub struct FactDifference {
    /// The fact in the first policy.
    pub first: Fact,
    /// The fact in the second.
    pub second: Fact,
}

/// Everything that two policies do differently.
#[derive(Clone, Debug, Default)]
pub struct Drift<'a> {
    /// Sessions, the most dangerous first; of those that the same two clauses decide, one.
    pub sessions: Vec<Difference<'a>>,
    /// How many sessions were decided differently, of those that were tried.
    pub count: usize,
    /// Facts.
    pub facts: Vec<FactDifference>,
    /// Facts that one of them does not know, each with the reason.
    pub unknown: Vec<(&'static str, String)>,
}

impl Drift<'_> {
    /// Whether the policies are equal.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.facts.is_empty()
    }
}

/// Compares two policies over every session that they can tell apart, and over their facts.
pub fn compare<'a>(first: &'a Policy, second: &'a Policy) -> Drift<'a> {
    let space = Space::of(&[first, second]);
    let mut drift = Drift::default();
    let mut seen: HashMap<_, usize> = HashMap::new();
    space.walk(
        &Environment::default(),
        true,
        &mut |session, environment| {
            let one = first.decide_in(session, environment, false);
            let other = second.decide_in(session, environment, false);
            if !one.decision.is_like(other.decision) {
                drift.count += 1;
                let by = [
                    first.blame(session, environment),
                    second.blame(session, environment),
                ];
                let kind = (by.map(place), kind(one.decision), kind(other.decision));
                if let Some(&known) = seen.get(&kind) {
                    let ports = &mut drift.sessions[known].ports;
                    if !ports.contains(&session.port) {
                        ports.push(session.port);
                    }
                } else {
                    seen.insert(kind, drift.sessions.len());
                    let asked = one.asked.iter().chain(&other.asked);
                    let unusual = |(opaque, truth): &&(Arc<Opaque>, Truth)| {
                        opaque.usual.map(Truth::from) != Some(*truth)
                    };
                    let mut answers: Vec<(Arc<Opaque>, bool)> = Vec::new();
                    for (opaque, truth) in asked.filter(unusual) {
                        if !answers.iter().any(|(known, _)| known.asks_as(opaque)) {
                            answers.push((Arc::clone(opaque), *truth == Truth::Yes));
                        }
                    }
                    drift.sessions.push(Difference {
                        session: session.clone(),
                        first: one.decision,
                        second: other.decision,
                        by,
                        ports: vec![session.port],
                        answers,
                    });
                }
            }
            Some(Looked(one.looked.0 | other.looked.0))
        },
    );
    // What shows without any condition need not be told with one too.
    let shown: Vec<_> = drift
        .sessions
        .iter()
        .filter(|one| one.answers.is_empty())
        .map(|one| (one.danger(), one.by.map(place)))
        .collect();
    drift.sessions.retain(|one| {
        let by = one.by.map(place);
        let is_shown = |(danger, known): &(u8, [Option<(String, Span)>; 2])| {
            *danger == one.danger() && (known[0] == by[0] || known[1] == by[1])
        };
        one.answers.is_empty() || !shown.iter().any(is_shown)
    });
    drift
        .sessions
        .sort_by_key(|one| (one.danger(), one.answers.len()));
    for (a, b) in first.facts(None).into_iter().zip(second.facts(None)) {
        let name = a.name;
        match first.unknown.get(name).or_else(|| second.unknown.get(name)) {
            // How tables are kept shows in no session; that it is as usual need not be told.
            Some(_) if name == "tables" && a.value == b.value => {}
            Some(reason) => drift.unknown.push((name, reason.clone())),
            None if a.value != b.value => drift.facts.push(FactDifference {
                first: a,
                second: b,
            }),
            None => {}
        }
    }
    drift
}

/// Where a clause was written.
fn place(clause: Option<&Clause>) -> Option<(String, Span)> {
    let place = clause?.origin.as_ref()?;
    Some((place.source.name().to_owned(), place.span))
}

/// A decision without its reason.
fn kind(decision: Decision) -> Decision {
    match decision {
        Decision::Refuse(_) => Decision::Refuse(Reason::Rule),
        Decision::TempFail(_) => Decision::TempFail(Reason::Rule),
        decision => decision,
    }
}
