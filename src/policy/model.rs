//! The Policy: listeners with their clauses, and the facts beside them. Names no server.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::clause::{Clause, Guard, Opaque};
use super::facts::Facts;
use super::listener::{Listener, Role};
use super::pattern::Patterns;
use super::session::Source;
use crate::text::Place;

/// A fact by its name.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: &'static str,
    /// The value, as text.
    pub value: String,
    /// Where it was written; none for a default.
    pub origin: Option<Place>,
}

/// What a server does.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The listeners, in the order of their ports.
    pub listeners: Vec<Listener>,
    /// Everything else.
    pub facts: Facts,
    /// The names of facts of which this policy does not know the value, each with the reason.
    pub unknown: BTreeMap<&'static str, String>,
    /// Where facts were written, by their names.
    pub stated: BTreeMap<&'static str, Place>,
    /// The domains that the configuration names as its own: hosted here or handed on.
    pub ours: Arc<Patterns>,
}

impl Policy {
    /// The first listener on `port`.
    pub fn listener(&self, port: u16) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.port == port)
    }

    /// The listener that a client reaches on `port` of `address`, or of whichever address.
    pub fn reached(&self, port: u16, address: Option<IpAddr>, from: Source) -> Option<&Listener> {
        let serves = |listener: &&Listener| {
            address.is_none_or(|called| listener.addresses.contains(&called))
        };
        let on_port = || {
            self.listeners
                .iter()
                .filter(|listener| listener.port == port)
        };
        // Who serves the very address comes before who serves them all.
        let listener = on_port()
            .filter(|listener| listener.is_reached_from(from))
            .find(serves);
        listener.or_else(|| on_port().find(|listener| listener.addresses.is_empty()))
    }

    /// Every clause with the listener that it belongs to.
    pub fn clauses(&self) -> impl Iterator<Item = (&Listener, &Clause)> {
        self.listeners.iter().flat_map(|listener| {
            let stages = listener.stages.iter();
            stages.flat_map(move |stage| stage.clauses.iter().map(move |clause| (listener, clause)))
        })
    }

    /// Everything that clauses ask and that cannot be evaluated here.
    pub fn opaque(&self) -> Vec<&Opaque> {
        let mut asked = Vec::new();
        for (_, clause) in self.clauses() {
            clause.guard.walk(&mut |guard| {
                if let Guard::Opaque(opaque) = guard {
                    asked.push(&**opaque);
                }
            });
        }
        asked
    }

    /// Every fact, or the one of this name, in a fixed order.
    pub fn facts(&self, name: Option<&str>) -> Vec<Fact> {
        let values = self.facts.values().into_iter();
        let wanted = values.filter(|(known, ..)| name.is_none_or(|name| name == *known));
        wanted
            .map(|(name, value, origin)| Fact {
                name,
                value,
                origin: origin.or_else(|| self.stated.get(name)).cloned(),
            })
            .collect()
    }

    /// Whether some listener offers AUTH.
    pub fn offers_auth(&self) -> bool {
        self.listeners.iter().any(|listener| listener.auth)
    }

    /// Whether some listener of this role is served.
    pub fn serves(&self, role: Role) -> bool {
        self.listeners.iter().any(|listener| listener.role == role)
    }
}
