//! How a configuration is asked for facts. Must not know which there are.

use std::collections::BTreeMap;

use super::table::{Table, open};
use super::values::Values;
use crate::mta::lift::Use;
use crate::net::Domain;
use crate::policy::Stated;
use crate::text::Place;

/// Asks for facts.
pub struct Asking<'a> {
    pub values: &'a Values<'a>,
    pub unknown: BTreeMap<&'static str, String>,
    pub stated: BTreeMap<&'static str, Place>,
}

impl Asking<'_> {
    /// The value of a parameter that main.cf sets, with its place.
    pub fn set(&self, name: &str) -> Option<Stated<String>> {
        let value = self.values.is_set(name, None);
        value.then(|| Stated {
            value: self.values.text(name, None, Use::States),
            origin: self.values.place(name, None),
        })
    }

    /// A fact that cannot be told.
    pub fn untold(&mut self, fact: &'static str, reason: impl Into<String>) {
        self.unknown.insert(fact, reason.into());
    }

    /// Takes down where a fact is written.
    pub fn place(&mut self, fact: &'static str, parameter: &str) {
        if let Some(place) = self.values.place(parameter, None) {
            self.stated.insert(fact, place);
        }
    }
}

/// The words of a list of names, tables read.
pub fn names(values: &Values<'_>, parameter: &str) -> Vec<Stated<Domain>> {
    let mut found: Vec<Stated<Domain>> = Vec::new();
    for word in values.listed(parameter, None, Use::States) {
        let mut add = |name: &str, origin: Option<Place>| {
            if let Ok(value) = Domain::parse(name) {
                found.push(Stated { value, origin });
            }
        };
        if word.text.contains(':') {
            if let Table::Keys(entries) = &*open(&word, values) {
                for entry in entries {
                    add(&entry.key, entry.origin.clone());
                }
            }
        } else if !word.text.starts_with(['/', '!']) {
            add(&word.text, word.origin);
        }
    }
    // Of a name that stands twice the first place is told.
    found.sort_by(|a, b| a.value.cmp(&b.value));
    found.dedup();
    found
}
