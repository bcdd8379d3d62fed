//! The one question that a Policy answers: what happens to this session?

use std::fmt;

use super::clause::{Clause, Outcome, Reason};
use super::model::{ListenerTls, Policy};
use super::session::Session;

/// What an accepted message is accepted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accept {
    /// Delivery on this server.
    Local,
    /// Sending on.
    Relay,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The recipient is accepted.
    Accept(Accept),
    /// The session is refused for good (a 5xx reply, at whichever command).
    Refuse(Reason),
    /// Nothing listens there.
    NoListener,
    /// The listener speaks TLS from the first byte, and the client does not.
    NotSpoken,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(Accept::Local) => f.write_str("accepted for local delivery"),
            Self::Accept(Accept::Relay) => f.write_str("accepted for relaying"),
            Self::Refuse(reason) => write!(f, "refused: {}", reason.words()),
            Self::NoListener => f.write_str("no listener"),
            Self::NotSpoken => f.write_str("no SMTP before TLS"),
        }
    }
}

/// A clause that was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The clause.
    pub clause: &'a Clause,
    /// Whether its guard held, so that it decided.
    pub decided: bool,
}

/// A decision and how it came about.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// What happens.
    pub decision: Decision,
    /// The clauses in the order in which they were looked at.
    pub trace: Vec<Step<'a>>,
}

impl Policy {
    /// What happens to `session`, which calls an address that the listener is served on if one is
    /// in its reach, and the clauses that were walked to find out.
    pub fn decide(&self, session: &Session) -> Verdict<'_> {
        let plain = |decision| Verdict {
            decision,
            trace: Vec::new(),
        };
        let Some(listener) = self
            .listener(session.port)
            .filter(|listener| listener.is_reached_from(session.client.source))
        else {
            return plain(Decision::NoListener);
        };
        if listener.tls == ListenerTls::Implicit && !session.tls {
            return plain(Decision::NotSpoken);
        }
        let tls = session.tls && listener.tls != ListenerTls::No;
        let mechanisms = self.facts.auth.as_ref().map(|auth| &auth.value.mechanisms);
        let offered = session
            .auth
            .is_some_and(|used| mechanisms.is_some_and(|offered| offered.contains(&used)));
        let authenticated = offered && listener.auth && tls;
        let mut trace = Vec::new();
        for clause in &listener.clauses {
            let decided = clause.guard.holds(session, tls, authenticated);
            trace.push(Step { clause, decided });
            if decided {
                let decision = match clause.outcome {
                    Outcome::AcceptLocal => Decision::Accept(Accept::Local),
                    Outcome::AcceptRelay => Decision::Accept(Accept::Relay),
                    Outcome::Refuse(reason) => Decision::Refuse(reason),
                };
                return Verdict { decision, trace };
            }
        }
        Verdict {
            decision: Decision::Refuse(Reason::RelayingDenied),
            trace,
        }
    }
}
