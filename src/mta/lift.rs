//! What a configuration does, as far as its server's reader knows it. Must not know how any server
//! comes to that.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::{Gap, World};
use super::dialect::Dialect;
use crate::policy::{Policy, Role};
use crate::text::{Place, Source};

/// The port of mail exchangers (RFC 5321 §4.5.4.2).
const SMTP: u16 = 25;

/// What became of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// A fact of the policy says it.
    States,
    /// The clauses or listeners of the policy say it: it bears on which sessions are accepted.
    Decides,
}

/// The server that mail for other servers goes through, as it is written: more than the fact of the
/// policy says, which is known only where all of it is.
#[derive(Clone, Debug)]
pub struct Through {
    /// The host or domain, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to in clear, whatever it offers.
    pub in_clear: bool,
    /// Whether this server logs in; none where that is not known.
    pub logs_in: Option<bool>,
    /// The mechanisms that it logs in with; empty for whichever both sides have.
    pub mechanisms: Vec<String>,
    /// Where it was written.
    pub origin: Option<Place>,
}

/// A configuration as a policy.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The policy.
    pub policy: Policy,
    /// The server that mail for other servers goes through, if there is one and it is known.
    pub through: Option<Through>,
    /// What was not understood and is not in the policy as an opaque guard either.
    pub gaps: Vec<Gap>,
    /// The settings that went into the policy, by the scope and the name that they have in the
    /// configuration's [`Setting`](super::config::Setting)s.
    pub used: BTreeMap<(String, String), Use>,
}

impl Dialect {
    /// The policy of the configuration that begins with the file `source`; none for a file that
    /// does not decide sessions by itself, such as a table.
    pub fn policy(&self, source: &Arc<Source>, world: &World<'_>) -> Option<Lifted> {
        let mut lifted = self.lift.and_then(|lift| lift(source, world))?;
        // What a listener is for shows in what it does, where its port does not say it.
        let policy = &mut lifted.policy;
        for index in 0..policy.listeners.len() {
            let listener = &policy.listeners[index];
            let is_unclear = listener.role == Role::Mx && listener.auth && listener.port != SMTP;
            if is_unclear && !policy.takes_without_log_in(listener.port) {
                policy.listeners[index].role = Role::Submission;
            }
        }
        Some(lifted)
    }
}
