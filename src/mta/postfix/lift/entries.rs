//! Entries of tables and words of lists, one by one, as patterns and guards. Must not know what they
//! stand in.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::logic::{all, either};
use super::table::{Entry, Test, Tests};
use crate::net::{AddressSet, Network};
use crate::policy::{Expression, Field, Guard, Patterns};

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

/// Keys as patterns of names.
pub fn keys(entries: &[Entry<String>], below: Below) -> Patterns {
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
pub fn expressions(entries: &[Entry<Tests>]) -> impl Iterator<Item = Expression> {
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
pub fn merged(guards: Vec<Guard>) -> Vec<Guard> {
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

/// One address.
pub fn single(text: &str) -> Option<Network> {
    text.parse::<IpAddr>()
        .ok()
        .and_then(|address| Network::parse(&address.to_string()).ok())
}

/// Whether a pattern is an IPv4 network in IPv6's form, which no client's address is seen in.
pub fn is_mapped(text: &str) -> bool {
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
