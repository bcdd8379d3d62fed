//! What the restriction lists of a service share, and how their clauses are taken down. Must not
//! know what any restriction means.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::Asked;
use super::classes::Classes;
use super::entries::Below;
use super::logic::{all, both, is_never};
use super::matching::Matched;
use super::values::{Values, Word};
use crate::mta::postfix::services::Service;
use crate::policy::{Clause, Guard, Opaque, Outcome, Reason};
use crate::text::Place;

/// The mark of `defer_if_permit`.
pub const DEFERRED: &str = "defer_if_permit";

/// The mark of `defer_if_reject`.
pub const HOPEFUL: &str = "defer_if_reject";

/// What the lists of one service share.
pub struct Lists<'a> {
    pub values: &'a Values<'a>,
    pub service: &'a Service,
    pub classes: &'a Classes,
    /// The restriction classes with their words.
    pub named: BTreeMap<String, Vec<Word>>,
    pub networks: Matched,
    /// The server's own addresses, as `inet_interfaces` selects them.
    pub interfaces: Guard,
    /// Whether every refusal is one for now.
    pub soft: bool,
    /// How names in access tables match what is below.
    pub below: Below,
    /// The key of the sender `<>`.
    pub null: String,
    /// Whether clients are asked for certificates.
    pub certificates: bool,
    /// Whether a list has `defer_if_reject`.
    pub hopeful: Cell<bool>,
    /// How many entries of tables can be left without a decision.
    pub left: Cell<usize>,
    /// How many classes were gone through that stand in other classes.
    pub nested: Cell<usize>,
}

/// What the client has said when a list is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    Nothing,
    Helo,
    Sender,
    Recipient,
}

impl Said {
    /// What a restriction asks for; without it, it does nothing.
    pub fn needed_by(restriction: &str) -> Self {
        let has = |word: &str| restriction.contains(word);
        if has("recipient") || has("auth_destination") || has("mx_backup") {
            Self::Recipient
        } else if has("sender") || has("_address") {
            Self::Sender
        } else if has("helo") || (has("hostname") && !has("client")) {
            Self::Helo
        } else {
            Self::Nothing
        }
    }
}

/// What lies around a restriction.
#[derive(Clone)]
pub struct Around {
    /// What must hold to get here.
    pub condition: Vec<Guard>,
    /// Refusals are only logged.
    pub warn: bool,
    /// To permit is a fault: names that anybody can have would let in whom they want.
    pub no_permit: bool,
    /// The mark of recipients whom a permission only leads out of the entry of a table.
    pub leaves: Option<Arc<str>>,
    /// Lists around it.
    pub depth: usize,
    pub origin: Option<Place>,
}

impl Around {
    /// Around the restrictions of a list as it is written.
    pub fn new(origin: Option<Place>) -> Self {
        Self {
            condition: Vec::new(),
            warn: false,
            no_permit: false,
            leaves: None,
            depth: 0,
            origin,
        }
    }
}

/// A list that is being read.
pub struct List<'a> {
    pub lists: &'a Lists<'a>,
    /// What a table without a restriction before it is asked.
    pub asked: Option<Asked>,
    pub said: Said,
    pub clauses: Vec<Clause>,
}

impl Lists<'_> {
    fn number(&self, name: &str) -> u32 {
        let text = self.values.decides(name, Some(self.service));
        text.parse().unwrap_or_else(|_| {
            let reason = format!("bad numerical configuration: {name} = {text}");
            self.values
                .fault(reason, self.values.place(name, Some(self.service)));
            0
        })
    }
}

impl List<'_> {
    /// Takes a clause down.
    pub fn push(&mut self, guard: Guard, outcome: Outcome, at: &Around) {
        if is_never(&guard) {
            return;
        }
        let mut guards = at.condition.clone();
        guards.push(guard);
        self.clauses.push(Clause {
            guard: all(guards),
            outcome,
            origin: at.origin.clone(),
        });
    }

    /// Lets pass.
    pub fn permit(&mut self, guard: Guard, at: &Around) {
        if at.no_permit {
            return self.push(guard, Outcome::TempFail(Reason::Configuration), at);
        }
        if let (Some(mark), Some(routed)) = (&at.leaves, self.lists.classes.suspicious()) {
            let left = Outcome::Mark(Arc::clone(mark), true);
            self.push(both(guard.clone(), routed), left, at);
        }
        self.push(guard, Outcome::Next, at);
    }

    /// Refuses, for good or for now.
    pub fn refuse(&mut self, guard: Guard, reason: Reason, at: &Around) {
        if at.warn {
            return;
        }
        if self.lists.soft {
            return self.push(guard, Outcome::TempFail(reason), at);
        }
        if self.lists.hopeful.get() {
            let deferred = both(Guard::Marked(HOPEFUL.into()), guard.clone());
            self.push(deferred, Outcome::TempFail(reason), at);
        }
        self.push(guard, Outcome::Refuse(reason), at);
    }

    /// Refuses for now.
    pub fn defer(&mut self, guard: Guard, reason: Reason, at: &Around) {
        if !at.warn {
            self.push(guard, Outcome::TempFail(reason), at);
        }
    }

    /// Refused with the code that a parameter sets.
    pub fn coded(&mut self, guard: Guard, code: &str, less: u32, reason: Reason, at: &Around) {
        let code = self.lists.number(code) - less.min(100);
        if code >= 500 {
            self.refuse(guard, reason, at);
        } else {
            self.defer(guard, reason, at);
        }
    }

    /// A fault of the configuration: nothing gets past it.
    pub fn broken(&mut self, at: &Around, reason: &str) {
        self.lists.values.gap(at.origin.clone(), reason);
        self.push(Guard::Always, Outcome::TempFail(Reason::Configuration), at);
    }

    /// What is not known here.
    pub fn opaque(
        kind: &'static str,
        name: &str,
        hit: String,
        reason: &str,
        usual: Option<bool>,
        at: &Around,
    ) -> Guard {
        Guard::Opaque(Arc::new(Opaque {
            kind,
            name: name.to_owned(),
            hit,
            reason: reason.to_owned(),
            usual,
            origin: at.origin.clone(),
        }))
    }

    /// Where the lists of domains fail.
    pub fn failing(&mut self, at: &Around) {
        let fault = self.lists.classes.fault();
        self.push(fault, Outcome::TempFail(Reason::Configuration), at);
    }
}
