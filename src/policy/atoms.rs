//! The atoms of the guards of policies, and for texts the values that they tell apart. Must not
//! know how values make up sessions.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::clause::{Guard, Opaque};
use super::model::Policy;
use super::pattern::{Field, Patterns};
use super::session::Mechanism;
use crate::net::AddressSet;

/// So many opaque guards are told apart; those beyond stay unknown.
const ANSWERS: usize = 40;

/// What the guards of some policies look at.
#[derive(Debug, Default)]
pub(super) struct Atoms<'a> {
    /// The sets of addresses, without repetition.
    pub networks: Vec<&'a AddressSet>,
    /// The patterns of each field, without repetition.
    pub patterns: Vec<(Field, &'a Arc<Patterns>)>,
    /// What cannot be evaluated, without repetition.
    pub opaque: Vec<Arc<Opaque>>,
    /// Whether the state of the client's name counts.
    pub names: bool,
    /// Whether certificates count.
    pub certificates: bool,
    /// Whether recipients inside recipients count.
    pub rewritten: bool,
    /// The mechanisms that are offered.
    pub mechanisms: Vec<Mechanism>,
}

impl<'a> Atoms<'a> {
    pub fn of(policies: &[&'a Policy]) -> Self {
        let mut atoms = Self::default();
        for policy in policies {
            atoms.pattern(Field::RecipientDomain, &policy.ours);
            for (_, clause) in policy.clauses() {
                clause.guard.walk(&mut |guard| atoms.guard(guard));
            }
            for listener in &policy.listeners {
                if let Some(believed) = &listener.believed {
                    atoms.network(&believed.value);
                }
                for &mechanism in &listener.mechanisms {
                    if !atoms.mechanisms.contains(&mechanism) {
                        atoms.mechanisms.push(mechanism);
                    }
                }
            }
        }
        atoms
    }

    fn guard(&mut self, guard: &'a Guard) {
        match guard {
            Guard::ClientIn(set) => self.network(set),
            Guard::Matches(field, patterns) => self.pattern(*field, patterns),
            Guard::Rewritten(rewrite, _) => {
                self.rewritten = true;
                self.pattern(Field::RecipientDomain, &rewrite.within);
            }
            Guard::ClientNameIs(_) => self.names = true,
            Guard::Certificate(_) => self.certificates = true,
            Guard::Opaque(opaque)
                if self.opaque.len() < ANSWERS
                    && !self.opaque.iter().any(|known| known.asks_as(opaque)) =>
            {
                self.opaque.push(Arc::clone(opaque));
            }
            _ => {}
        }
    }

    fn network(&mut self, set: &'a AddressSet) {
        if !self.networks.contains(&set) {
            self.networks.push(set);
        }
    }

    fn pattern(&mut self, field: Field, patterns: &'a Arc<Patterns>) {
        let is_known =
            |(known, set): &(Field, &Arc<Patterns>)| *known == field && Arc::ptr_eq(set, patterns);
        if !self.patterns.iter().any(is_known) {
            self.patterns.push((field, patterns));
        }
    }

    /// The patterns of these fields.
    pub fn on(&self, fields: &[Field]) -> Vec<&'a Patterns> {
        let on = self
            .patterns
            .iter()
            .filter(|(field, _)| fields.contains(field));
        on.map(|(_, patterns)| &***patterns).collect()
    }
}

/// Texts of which each pattern that can match something matches one: first `usual`, then what
/// the patterns name, sorted; for domains also what is below and what only looks like it.
pub(super) fn candidates(patterns: &[&Patterns], usual: &[&str]) -> Vec<String> {
    let mut named = BTreeSet::new();
    for set in patterns {
        named.extend(set.exact.iter().cloned());
        for name in &set.below {
            named.insert(name.clone());
            if name.is_empty() {
                named.insert("x.example".into());
            } else {
                named.insert(format!("x.{name}"));
                named.insert(format!("not{name}"));
            }
        }
        named.extend(set.expressions.iter().filter_map(super::Expression::sample));
    }
    let usual = usual.iter().map(|&text| text.to_owned());
    usual.chain(named).collect()
}

/// Of the values those that differ in what `signature` says of them; the first of each kind.
pub(super) fn distinct<T>(
    values: impl IntoIterator<Item = T>,
    signature: impl Fn(&T) -> Vec<bool>,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let new = |value: &T| seen.insert(signature(value));
    values.into_iter().filter(new).collect()
}

/// Which of the patterns match `text`.
pub(super) fn matching(patterns: &[&Patterns], text: &str) -> Vec<bool> {
    patterns.iter().map(|set| set.holds(text)).collect()
}
