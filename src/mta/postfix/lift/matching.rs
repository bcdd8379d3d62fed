//! Match lists (postconf(5), `mynetworks`, `relay_domains` and their like) as guards. Must not know
//! what follows from a match.

use std::collections::HashSet;
use std::sync::Arc;

use super::entries::{
    Below, address, address_tests, expressions, is_mapped, keys, merged, networks, single,
    text_tests, within,
};
use super::logic::{both, either};
use super::table::{Table, Test, Tests, open};
use super::values::{Values, Word, tokens};
use crate::net::{AddressSet, Network};
use crate::policy::{Field, Guard, NameState, Opaque, Patterns};

/// Files within files, as deep as they are followed.
const DEEPEST: usize = 20;

/// When a list matches.
#[derive(Clone, Debug)]
pub struct Matched {
    /// What matches.
    pub hit: Guard,
    /// What the list fails for, so that no decision is made.
    pub fault: Guard,
    /// The names that stand in it.
    pub names: Patterns,
    /// The addresses that stand in it.
    pub addresses: Vec<Network>,
}

enum Item {
    Hit(Guard),
    Miss(Guard),
    Fault(Guard),
}

/// Reads a list.
pub struct Reader<'a> {
    pub values: &'a Values<'a>,
    /// The text that names are compared with.
    pub field: Field,
    pub below: Below,
    /// Whether addresses of clients are compared too.
    pub of_clients: bool,
    names: Patterns,
    denied: Patterns,
    addresses: Vec<Network>,
    items: Vec<Item>,
}

impl<'a> Reader<'a> {
    pub fn new(values: &'a Values<'a>, field: Field, below: Below) -> Self {
        Self {
            values,
            field,
            below,
            of_clients: field == Field::ClientName,
            names: Patterns::default(),
            denied: Patterns::default(),
            addresses: Vec::new(),
            items: Vec::new(),
        }
    }

    pub fn read(mut self, words: &[Word]) -> Matched {
        for word in words {
            self.word(word, true, 0);
        }
        let (mut hit, mut fault) = (Guard::never(), Guard::never());
        for item in self.items.into_iter().rev() {
            match item {
                Item::Hit(guard) => {
                    fault = both(!guard.clone(), fault);
                    hit = either(guard, hit);
                }
                Item::Miss(guard) => {
                    fault = both(!guard.clone(), fault);
                    hit = both(!guard, hit);
                }
                Item::Fault(guard) => {
                    hit = both(!guard.clone(), hit);
                    fault = either(guard, fault);
                }
            }
        }
        Matched {
            hit,
            fault,
            names: self.names,
            addresses: self.addresses,
        }
    }

    fn word(&mut self, word: &Word, positive: bool, depth: usize) {
        let text = word.text.as_str();
        if let Some(rest) = text.strip_prefix('!') {
            let rest = Word {
                text: rest.to_owned(),
                origin: word.origin.clone(),
            };
            return self.word(&rest, !positive, depth);
        }
        if text.starts_with('/') {
            return self.file(word, positive, depth);
        }
        if text.contains(':') && !text.starts_with('[') {
            return self.table(word, positive);
        }
        let name = text.to_ascii_lowercase();
        let mut guards = Vec::new();
        let patterns = match (self.below, name.strip_prefix('.')) {
            (Below::No, _) | (Below::Dot, None) => Patterns::exact([&name]),
            (Below::Parent, None) => Patterns::with_below([&name]),
            (Below::Parent, Some(_)) => Patterns::default(),
            (Below::Dot, Some(rest)) => Patterns {
                below: HashSet::from([rest.to_owned()]),
                ..Patterns::default()
            },
        };
        self.name(&patterns, positive);
        if self.of_clients && name == "unknown" {
            guards.push(!Guard::ClientNameIs(NameState::Verified));
        } else if self.of_clients {
            match address(text) {
                Some(Ok(network)) => {
                    if positive {
                        self.addresses.push(network);
                    }
                    guards.push(within([network]));
                }
                Some(Err(family)) => {
                    let reason = format!("`{text}` is no network, so that the list fails");
                    self.values.gap(word.origin.clone(), reason);
                    self.items.push(Item::Fault(family));
                    return;
                }
                None if !is_mapped(text) && !patterns.is_empty() => {
                    guards.push(Guard::Matches(self.field, Arc::new(patterns)));
                }
                None => {}
            }
        } else if !patterns.is_empty() {
            guards.push(Guard::Matches(self.field, Arc::new(patterns)));
        }
        for guard in guards {
            self.push(guard, positive);
        }
    }

    /// Takes names down that stand in the list, but for those that it took out before.
    fn name(&mut self, patterns: &Patterns, positive: bool) {
        if !positive {
            return self.denied.extend(patterns);
        }
        let fresh = |name: &&String| !self.denied.holds(name);
        let exact = patterns.exact.iter().filter(fresh).cloned();
        self.names.exact.extend(exact);
        self.names.below.extend(patterns.below.iter().cloned());
        let expressions = patterns.expressions.iter().cloned();
        self.names.expressions.extend(expressions);
    }

    fn push(&mut self, guard: Guard, positive: bool) {
        // Neighbours become one, so that long lists stay small.
        match (self.items.last_mut(), guard, positive) {
            (Some(Item::Hit(Guard::ClientIn(set))), Guard::ClientIn(more), true) => {
                *set = Arc::new(AddressSet::union([(**set).clone(), (*more).clone()]));
            }
            (Some(Item::Hit(Guard::Matches(field, set))), Guard::Matches(other, more), true)
                if *field == other =>
            {
                Arc::make_mut(set).extend(&more);
            }
            (_, guard, true) => self.items.push(Item::Hit(guard)),
            (_, guard, false) => self.items.push(Item::Miss(guard)),
        }
    }

    /// `/file`: its words stand in its place.
    fn file(&mut self, word: &Word, positive: bool, depth: usize) {
        match self.values.file(&word.text) {
            Ok(source) if depth < DEEPEST => {
                let lines = source.text().lines();
                for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
                    for range in tokens(line) {
                        let inner = Word {
                            text: line[range].to_owned(),
                            origin: word.origin.clone(),
                        };
                        self.word(&inner, positive, depth + 1);
                    }
                }
            }
            Ok(_) => {}
            Err(reason) => {
                let guard = self.elsewhere(word, "table", &format!("the file: {reason}"));
                self.push(guard, positive);
            }
        }
    }

    fn elsewhere(&self, word: &Word, kind: &'static str, reason: &str) -> Guard {
        let whose = if self.of_clients {
            "the client"
        } else if self.field == Field::SenderDomain {
            "the sender's domain"
        } else {
            "the domain"
        };
        Guard::Opaque(Arc::new(Opaque {
            kind,
            name: word.text.clone(),
            hit: format!("`{}` lists {whose}", word.text),
            reason: reason.to_owned(),
            // Who is asked about is a stranger, or a domain that nothing else names.
            usual: Some(false),
            origin: word.origin.clone(),
        }))
    }

    fn table(&mut self, word: &Word, positive: bool) {
        match &*open(word, self.values) {
            Table::Static(_) => {
                if positive {
                    self.names.below.insert(String::new());
                }
                self.push(Guard::Always, positive);
            }
            Table::Keys(entries) => {
                let patterns = keys(entries, self.below);
                self.name(&patterns, positive);
                let networks: Vec<Network> = entries
                    .iter()
                    .filter(|_| self.of_clients)
                    .filter_map(|entry| single(&entry.key))
                    .collect();
                if !networks.is_empty() {
                    if positive {
                        self.addresses.extend(&networks);
                    }
                    self.push(within(networks), positive);
                }
                if self.of_clients && patterns.exact.contains("unknown") {
                    self.push(!Guard::ClientNameIs(NameState::Verified), positive);
                }
                if !patterns.is_empty() {
                    self.push(Guard::Matches(self.field, Arc::new(patterns)), positive);
                }
            }
            Table::Ordered(entries) => {
                if positive {
                    self.addresses.extend(networks(entries));
                    self.names.expressions.extend(expressions(entries));
                }
                let mut guards = Vec::new();
                for entry in entries {
                    if !matches!(entry.key[..], [(Test::Within(_), true)]) {
                        guards.extend(self.tests(&entry.key));
                    }
                }
                if self.of_clients && networks(entries).next().is_some() {
                    guards.push(within(networks(entries)));
                }
                self.push(Guard::Any(merged(guards)), positive);
            }
            Table::Elsewhere(kind, reason) => {
                let guard = self.elsewhere(word, kind, reason);
                self.push(guard, positive);
            }
            Table::Broken(reason) => {
                self.values.gap(
                    word.origin.clone(),
                    format!("`{}`: {reason}, so that the list fails", word.text),
                );
                self.items.push(Item::Fault(Guard::Always));
            }
        }
    }

    /// Tests that are put to a client's name and to its address, else to the text alone.
    fn tests(&self, tests: &Tests) -> Vec<Guard> {
        let mut guards = vec![text_tests(self.field, tests)];
        if self.of_clients {
            guards.push(address_tests(tests));
        }
        guards.into_iter().flatten().collect()
    }
}
