//! Match lists (postconf(5), `mynetworks`, `relay_domains` and their like) as guards. Must not know
//! what follows from a match.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::table::{Entry, Table, Test, Tests, open};
use super::values::{Values, Word, tokens};
use crate::net::{AddressSet, Network};
use crate::policy::{Expression, Field, Guard, NameState, Opaque, Patterns};

/// Files within files, as deep as they are followed.
const DEEPEST: usize = 20;

/// How names match those below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// Not at all.
    No,
    /// `x.y` matches what is below it too.
    Parent,
    /// `.x.y` matches what is below `x.y`.
    Dot,
}

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
        let mut more = patterns.clone();
        more.exact.retain(|name| !self.denied.holds(name));
        self.names.extend(&more);
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
        match open(word, self.values) {
            Table::Static(_) => {
                if positive {
                    self.names.below.insert(String::new());
                }
                self.push(Guard::Always, positive);
            }
            Table::Keys(entries) => {
                let patterns = keys(&entries, self.below);
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
                    self.addresses.extend(networks(&entries));
                    self.names.expressions.extend(expressions(&entries));
                }
                let mut guards = Vec::new();
                for entry in &entries {
                    guards.extend(self.tests(&entry.key));
                }
                self.push(Guard::Any(merged(guards)), positive);
            }
            Table::Elsewhere(kind, reason) => {
                let guard = self.elsewhere(word, kind, &reason);
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

/// Keys as patterns of names.
fn keys(entries: &[Entry<String>], below: Below) -> Patterns {
    let names = entries.iter().map(|entry| entry.key.as_str());
    match below {
        Below::No => Patterns::exact(names),
        Below::Parent => Patterns::with_below(names.filter(|name| !name.starts_with('.'))),
        Below::Dot => Patterns {
            exact: names.clone().map(str::to_owned).collect(),
            below: names
                .filter_map(|name| name.strip_prefix('.'))
                .map(str::to_owned)
                .collect(),
            expressions: Vec::new(),
        },
    }
}

/// The networks of a table without conditions.
pub fn networks(entries: &[Entry<Tests>]) -> impl Iterator<Item = Network> {
    entries.iter().filter_map(|entry| match entry.key[..] {
        [(Test::Within(network), true)] => Some(network),
        _ => None,
    })
}

/// The expressions of a table without conditions.
fn expressions(entries: &[Entry<Tests>]) -> impl Iterator<Item = Expression> {
    entries.iter().filter_map(|entry| match &entry.key[..] {
        [(Test::Found(expression), true)] => Some((**expression).clone()),
        _ => None,
    })
}

/// A text that meets all tests; nothing where one is of addresses.
pub fn text_tests(field: Field, tests: &Tests) -> Option<Guard> {
    let guards = tests.iter().map(|(test, wanted)| match test {
        Test::Found(expression) => {
            let guard = found(field, expression);
            Some(if *wanted { guard } else { !guard })
        }
        Test::Within(_) => None,
    });
    guards.collect::<Option<Vec<_>>>().map(all)
}

fn found(field: Field, expression: &Arc<Expression>) -> Guard {
    Guard::Matches(
        field,
        Arc::new(Patterns {
            expressions: vec![(**expression).clone()],
            ..Patterns::default()
        }),
    )
}

/// An address that meets all tests; nothing where one is an expression, which sees addresses as
/// text and is not put to them here.
pub fn address_tests(tests: &Tests) -> Option<Guard> {
    let guards = tests.iter().map(|(test, wanted)| match test {
        Test::Within(network) => {
            let guard = within([*network]);
            Some(if *wanted { guard } else { !guard })
        }
        Test::Found(expression) => {
            // Some expressions hold for all addresses or for none.
            let samples = [
                "203.0.113.7",
                "8.8.8.8",
                "10.0.0.1",
                "127.0.0.1",
                "2001:db8::7",
                "::1",
            ];
            let mut holds = samples.iter().map(|text| expression.is_in(text));
            let first = holds.next()?;
            let same = holds.all(|other| other == first);
            same.then(|| {
                if first == *wanted {
                    Guard::Always
                } else {
                    Guard::never()
                }
            })
        }
    });
    guards.collect::<Option<Vec<_>>>().map(all)
}

/// Clients in these networks.
pub fn within(networks: impl IntoIterator<Item = Network>) -> Guard {
    Guard::ClientIn(Arc::new(AddressSet::new(networks)))
}

/// Alternatives with sets of addresses joined.
fn merged(guards: Vec<Guard>) -> Vec<Guard> {
    let (mut sets, mut rest) = (Vec::new(), Vec::new());
    for guard in guards {
        match guard {
            Guard::ClientIn(set) => sets.push((*set).clone()),
            guard => rest.push(guard),
        }
    }
    if !sets.is_empty() {
        rest.insert(0, Guard::ClientIn(Arc::new(AddressSet::union(sets))));
    }
    rest
}

/// All of these.
pub fn all(mut guards: Vec<Guard>) -> Guard {
    guards.retain(|guard| !matches!(guard, Guard::Always));
    match guards.len() {
        0 => Guard::Always,
        1 => guards.remove(0),
        _ => Guard::All(guards),
    }
}

pub fn both(one: Guard, other: Guard) -> Guard {
    match (one, other) {
        (Guard::Any(none), _) | (_, Guard::Any(none)) if none.is_empty() => Guard::never(),
        (Guard::Always, guard) | (guard, Guard::Always) => guard,
        (one, Guard::All(mut more)) => {
            more.insert(0, one);
            Guard::All(more)
        }
        (one, other) => Guard::All(vec![one, other]),
    }
}

pub fn either(one: Guard, other: Guard) -> Guard {
    match (one, other) {
        (Guard::Always, _) | (_, Guard::Always) => Guard::Always,
        (one, Guard::Any(mut more)) => {
            more.insert(0, one);
            if more.len() == 1 {
                more.remove(0)
            } else {
                Guard::Any(more)
            }
        }
        (Guard::Any(none), guard) if none.is_empty() => guard,
        (one, other) => Guard::Any(vec![one, other]),
    }
}

/// Whether it holds for nobody.
pub fn is_never(guard: &Guard) -> bool {
    matches!(guard, Guard::Any(none) if none.is_empty())
}

/// One address.
pub fn single(text: &str) -> Option<Network> {
    text.parse::<IpAddr>()
        .ok()
        .and_then(|address| Network::parse(&address.to_string()).ok())
}

/// Whether a pattern is an IPv4 network in IPv6's form, which no client's address is seen in.
fn is_mapped(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !"[]".contains(*c)).collect();
    let (address, prefix) = plain.split_once('/').unwrap_or((&plain, "128"));
    let mapped = address
        .parse()
        .ok()
        .and_then(|v6: Ipv6Addr| v6.to_ipv4_mapped());
    let prefix = prefix
        .parse::<u8>()
        .ok()
        .and_then(|bits| bits.checked_sub(96));
    let (Some(v4), Some(prefix)) = (mapped, prefix) else {
        return false;
    };
    Network::parse(&format!("{v4}/{prefix}")).is_ok()
}

/// What a pattern is as an address: a network, or the family for which the list fails; nothing
/// where it is none, or one that no client has. IPv6 stands in brackets.
pub fn address(text: &str) -> Option<Result<Network, Guard>> {
    let v6 = text.starts_with('[');
    let plain: String = text.chars().filter(|c| !"[]".contains(*c)).collect();
    if !v6 {
        let (front, behind) = plain.split_once('/').unwrap_or((plain.as_str(), ""));
        let numeric = front.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !numeric {
            return None;
        }
        if behind.is_empty() {
            return single(front).map(Ok);
        }
    }
    if v6 && is_mapped(text) {
        return None;
    }
    let family = if v6 { "::/0" } else { "0.0.0.0/0" };
    match Network::parse(&plain) {
        Ok(network) => Some(Ok(network)),
        // An own address is of either family.
        Err(_) => Some(Err(either(
            Guard::ClientIsOwn,
            within(Network::parse(family).ok()),
        ))),
    }
}
