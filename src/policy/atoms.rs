//! The atoms of the guards of policies, and for texts the values that they tell apart. Must not
//! know how values make up sessions.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
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
        let same = |is: fn(&Arc<Patterns>, &Arc<Patterns>) -> bool| {
            let mut known = self.patterns.iter().filter(|(known, _)| *known == field);
            known.any(|(_, set)| is(set, patterns))
        };
        // To compare long lists takes long.
        if !same(Arc::ptr_eq) && !same(|one, other| one.is_same(other)) {
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

/// The texts that patterns name, so that each pattern that can match something matches one; for
/// domains also what is below and what only looks like it.
pub(super) fn named<'a>(patterns: &[&'a Patterns]) -> impl Iterator<Item = Cow<'a, str>> {
    let around = |name: &'a String| {
        let (inside, beside) = if name.is_empty() {
            ("x.example".to_owned(), None)
        } else {
            (format!("x.{name}"), Some(format!("not{name}")))
        };
        let made = std::iter::once(inside).chain(beside).map(Cow::Owned);
        std::iter::once(Cow::Borrowed(name.as_str())).chain(made)
    };
    patterns.iter().flat_map(move |&set| {
        let exact = set.exact.iter().map(|text| Cow::Borrowed(text.as_str()));
        let samples = set.expressions.iter().filter_map(super::Expression::sample);
        let below = set.below.iter().flat_map(around);
        exact.chain(below).chain(samples.map(Cow::Owned))
    })
}

/// One text of each kind that `kind` tells apart: the first of `usual`, else the least of `named`.
/// Nothing is sorted but what is left, since there may be a million texts.
pub(super) fn told_apart<'a, K: Eq + Hash>(
    usual: &[&str],
    named: impl Iterator<Item = Cow<'a, str>>,
    kind: impl Fn(&str) -> K,
) -> Vec<String> {
    let usual = distinct(usual.iter().copied(), |text| kind(text));
    let known: HashSet<K> = usual.iter().map(|text| kind(text)).collect();
    let mut least: HashMap<K, Cow<'a, str>> = HashMap::new();
    for text in named {
        let kind = kind(&text);
        if known.contains(&kind) {
            continue;
        }
        match least.entry(kind) {
            Entry::Occupied(mut held) if text < *held.get() => *held.get_mut() = text,
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                free.insert(text);
            }
        }
    }
    let mut least: Vec<String> = least.into_values().map(Cow::into_owned).collect();
    least.sort_unstable();
    let usual = usual.into_iter().map(str::to_owned);
    usual.chain(least).collect()
}

/// Of the values those that differ in what `kind` says of them; the first of each kind.
pub(super) fn distinct<T, K: Eq + Hash>(
    values: impl IntoIterator<Item = T>,
    kind: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let new = |value: &T| seen.insert(kind(value));
    values.into_iter().filter(new).collect()
}

/// Which of the patterns match `text`.
pub(super) fn matching(patterns: &[&Patterns], text: &str) -> Vec<bool> {
    patterns.iter().map(|set| set.holds(text)).collect()
}
