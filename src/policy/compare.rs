//! What two policies do differently: sessions, each as a witness, and facts, each with both values.

use super::decide::Decision;
use super::model::Policy;
use super::partition::Space;
use super::session::Session;

/// A session that two policies decide differently.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The witness.
    pub session: Session,
    /// What the first policy does with it.
    pub first: Decision,
    /// What the second one does.
    pub second: Decision,
}

/// A fact that two policies give different values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactDifference {
    /// The fact's name.
    pub name: &'static str,
    /// Its value in the first policy.
    pub first: String,
    /// Its value in the second.
    pub second: String,
}

/// Everything that two policies do differently.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// Sessions.
    pub sessions: Vec<Difference>,
    /// Facts.
    pub facts: Vec<FactDifference>,
}

impl Drift {
    /// Whether the policies are equal.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.facts.is_empty()
    }
}

/// Compares two policies over every session that they can tell apart, and over their facts.
pub fn compare(first: &Policy, second: &Policy) -> Drift {
    let sessions = Space::of(&[first, second])
        .sessions()
        .filter_map(|session| {
            let (a, b) = (
                first.decide(&session).decision,
                second.decide(&session).decision,
            );
            (a != b).then_some(Difference {
                session,
                first: a,
                second: b,
            })
        })
        .collect();
    let facts = first
        .facts
        .values()
        .into_iter()
        .zip(second.facts.values())
        .filter(|((_, a), (_, b))| a != b)
        .map(|((name, first), (_, second))| FactDifference {
            name,
            first,
            second,
        })
        .collect();
    Drift { sessions, facts }
}
