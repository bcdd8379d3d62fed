//! How a configuration is asked for facts. Must not know which there are.

use std::collections::BTreeMap;

use super::expand::{Value, evaluate, expand};
use super::parse::{Branch, Condition, Node};
use super::scene::{Scene, Shared};
use crate::mta::Use;
use crate::mta::exim::running::{Opt, find};
use crate::net::Domain;
use crate::policy::Host;

/// Why facts are not known, by their names.
pub type Unknown = BTreeMap<&'static str, String>;

/// An option of the main section that is a fact.
pub fn states<'a>(shared: &'a Shared<'_>, name: &str) -> Option<&'a Opt> {
    let option = find(&shared.running.main, name)?;
    shared.note("", option.known.name(), Use::States);
    Some(option)
}

/// A text that is the same always.
pub fn constant(text: &str, scene: &Scene<'_>) -> Option<String> {
    match expand(text, scene).as_slice() {
        [(_, Value::Text(text))] => Some(text.clone()),
        _ => None,
    }
}

/// `N / 1m / per_conn / …`: connections of a client in a minute.
pub fn rate(text: &str) -> Option<u64> {
    let mut words = text.split('/').map(str::trim);
    let number = words.next()?.parse().ok()?;
    let is_minute = words.next() == Some("1m") && words.any(|word| word == "per_conn");
    is_minute.then_some(number)
}

/// A host by name or address, with or without brackets.
pub fn host(text: &str) -> Option<Host> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(address) => Some(Host::Address(address)),
        Err(_) => Domain::parse(bare).ok().map(Host::Name),
    }
}

/// The file of the first `lsearch` inside a text.
pub fn file_of(parts: &[Node], scene: &Scene<'_>) -> Option<String> {
    let in_condition = |condition: &Condition| condition_file(condition, scene);
    parts.iter().find_map(|part| match part {
        Node::Lookup { kind, file, .. } if kind == "lsearch" => {
            match evaluate(file, scene).as_slice() {
                [(_, Value::Text(path))] => Some(path.clone()),
                _ => None,
            }
        }
        Node::Operator(_, inner) => file_of(inner, scene),
        Node::Item(_, inner) => inner.iter().find_map(|text| file_of(text, scene)),
        Node::If(condition, yes, no) => in_condition(condition).or_else(|| {
            [yes, no].into_iter().find_map(|branch| match branch {
                Branch::Text(inner) => file_of(inner, scene),
                _ => None,
            })
        }),
        _ => None,
    })
}

fn condition_file(condition: &Condition, scene: &Scene<'_>) -> Option<String> {
    match condition {
        Condition::Not(inner) => condition_file(inner, scene),
        Condition::And(all) | Condition::Or(all) => {
            all.iter().find_map(|inner| condition_file(inner, scene))
        }
        Condition::Test(_, texts) => texts.iter().find_map(|text| file_of(text, scene)),
        Condition::Def(_) => None,
    }
}
