//! The one question that a Policy answers: what happens to this session?

use std::fmt;
use std::sync::Arc;

use super::clause::{Accept, Clause, Opaque, Outcome, Reason, Stage};
use super::listener::{InClear, Listener, ListenerTls};
use super::model::Policy;
use super::session::{Mechanism, Session};
use super::walk::{Environment, Looked, Truth, Walk};

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The recipient is accepted.
    Accept(Accept),
    /// The session is refused for good (a 5xx reply, at whichever command).
    Refuse(Reason),
    /// The session is refused for now (a 4xx reply).
    TempFail(Reason),
    /// Nothing listens there.
    NoListener,
    /// The listener speaks TLS from the first byte, and the client does not.
    NotSpoken,
    /// The service does not start.
    Dead,
    /// That depends on what cannot be evaluated.
    Unknown,
}

impl Decision {
    /// Whether a client sees the same: reasons do not count.
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Refuse(_), Self::Refuse(_)) | (Self::TempFail(_), Self::TempFail(_)) => true,
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(accept) => Outcome::Accept(*accept).fmt(f),
            Self::Refuse(reason) => Outcome::Refuse(*reason).fmt(f),
            Self::TempFail(reason) => Outcome::TempFail(*reason).fmt(f),
            Self::NoListener => f.write_str("no listener"),
            Self::NotSpoken => f.write_str("no SMTP before TLS"),
            Self::Dead => f.write_str("the service does not start"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A clause that was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The clause.
    pub clause: &'a Clause,
    /// Whether its guard held.
    pub held: Truth,
}

/// One of the things that can happen, where it is not known which.
#[derive(Clone, Debug)]
pub struct Possible<'a> {
    /// What.
    pub decision: Decision,
    /// The clause that decides so; none at the end of all of them.
    pub by: Option<&'a Clause>,
    /// What could not be evaluated on the way there.
    pub unless_known: Vec<Arc<Opaque>>,
}

/// A decision and how it came about.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// What happens.
    pub decision: Decision,
    /// The clause that decided; none where none did.
    pub by: Option<&'a Clause>,
    /// What can happen; one thing where it is known.
    pub possible: Vec<Possible<'a>>,
    /// The clauses in the order in which they were looked at; only where they were asked for.
    pub trace: Vec<Step<'a>>,
    /// The opaque guards that were asked, with the answers that were taken.
    pub asked: Vec<(Arc<Opaque>, Truth)>,
    /// The attributes of the session that count.
    pub looked: Looked,
}

impl Policy {
    /// What happens to `session` in an ordinary environment, and the clauses that were walked to
    /// find out.
    pub fn decide(&self, session: &Session) -> Verdict<'_> {
        self.decide_in(session, &Environment::usual(), true)
    }

    /// What happens to `session`, which calls an address that the listener is served on if one
    /// is in its reach. The walk is written down only if it is asked for.
    pub fn decide_in(
        &self,
        session: &Session,
        environment: &Environment,
        with_trace: bool,
    ) -> Verdict<'_> {
        let reached = self.reached(session.port, session.address, session.client.source);
        let listener = match reached {
            None => return plain(Decision::NoListener),
            Some(listener) if listener.dead.is_some() => return plain(Decision::Dead),
            Some(listener) if listener.tls == ListenerTls::Implicit && !session.tls => {
                return plain(Decision::NotSpoken);
            }
            Some(listener) => listener,
        };
        let tls = session.tls && listener.tls != ListenerTls::No;
        let mut walk = Walk::new(session, environment, tls, listener.log_in(session, tls));
        walk.look(Looked::LISTENER);
        if !listener.addresses.is_empty() {
            walk.look(Looked::SOURCE);
        }
        if listener.tls == ListenerTls::Implicit {
            walk.look(Looked::TLS);
        }
        listener.walk(walk, with_trace)
    }
}

impl Policy {
    /// The clause to look at for how `session` is decided: of one that is accepted the clause
    /// that let it past what would have refused it, else the one that decided.
    pub fn blame(&self, session: &Session, environment: &Environment) -> Option<&Clause> {
        let verdict = self.decide_in(session, environment, true);
        let accepted = verdict
            .possible
            .iter()
            .find(|one| matches!(one.decision, Decision::Accept(_)));
        let Some(accepted) = accepted else {
            return verdict.by.or_else(|| verdict.possible.first()?.by);
        };
        let listener = self.reached(session.port, session.address, session.client.source)?;
        let tls = session.tls && listener.tls != ListenerTls::No;
        let mut walk = Walk::new(session, environment, tls, listener.log_in(session, tls));
        let let_past = verdict.trace.iter().rev().find(|step| {
            if step.held == Truth::No || step.clause.outcome != Outcome::Next {
                return false;
            }
            let behind = step.stage.clauses.iter();
            let mut behind = behind
                .skip_while(|clause| !std::ptr::eq(*clause, step.clause))
                .skip(1);
            let next = behind.find(|clause| {
                !matches!(clause.outcome, Outcome::Mark(..))
                    && walk.truth(&clause.guard) == Truth::Yes
            });
            next.is_some_and(|clause| {
                matches!(clause.outcome, Outcome::Refuse(_) | Outcome::TempFail(_))
            })
        });
        let_past.map(|step| step.clause).or(accepted.by)
    }
}

fn plain(decision: Decision) -> Verdict<'static> {
    Verdict {
        decision,
        by: None,
        possible: vec![Possible {
            decision,
            by: None,
            unless_known: Vec::new(),
        }],
        trace: Vec::new(),
        asked: Vec::new(),
        looked: Looked(Looked::LISTENER.0 | Looked::SOURCE.0 | Looked::TLS.0),
    }
}

impl Listener {
    /// How the client gets logged in, if it does.
    fn log_in(&self, session: &Session, tls: bool) -> Option<Mechanism> {
        let is_offered = match self.auth_in_clear {
            _ if tls => self.auth,
            InClear::No => false,
            InClear::ToHost => session.client.source.is_host(),
            InClear::Yes => true,
        };
        session
            .auth
            .filter(|used| is_offered && self.mechanisms.contains(used))
    }

    fn walk<'a>(&'a self, mut walk: Walk<'_>, with_trace: bool) -> Verdict<'a> {
        let mut trace = Vec::new();
        let mut possible: Vec<Possible<'a>> = Vec::new();
        // Whether a session gets to the end of all stages.
        let mut goes_on = true;
        for stage in &self.stages {
            // Whether it gets past this one by a clause, and to its end.
            let (mut is_passed, mut is_open) = (false, true);
            for clause in &stage.clauses {
                let held = walk.truth(&clause.guard);
                if with_trace {
                    trace.push(Step {
                        stage,
                        clause,
                        held,
                    });
                }
                if held == Truth::No {
                    continue;
                }
                let decision = match &clause.outcome {
                    Outcome::Accept(accept) => Decision::Accept(*accept),
                    Outcome::Refuse(reason) => Decision::Refuse(*reason),
                    Outcome::TempFail(reason) => Decision::TempFail(*reason),
                    Outcome::Next => {
                        is_passed = true;
                        if held == Truth::Yes {
                            is_open = false;
                            break;
                        }
                        continue;
                    }
                    Outcome::Mark(name, on) => {
                        let set = Truth::from(*on);
                        let known = walk.marks.get(name).copied().unwrap_or(Truth::No);
                        let marked = if held == Truth::Yes || known == set {
                            set
                        } else {
                            Truth::Unknown
                        };
                        walk.marks.insert(Arc::clone(name), marked);
                        continue;
                    }
                };
                add(&mut possible, &walk, decision, Some(clause));
                if held == Truth::Yes {
                    is_open = false;
                    break;
                }
            }
            if !is_open && !is_passed {
                goes_on = false;
                break;
            }
        }
        if goes_on {
            add(
                &mut possible,
                &walk,
                Decision::Refuse(Reason::RelayingDenied),
                None,
            );
        }
        let known = possible
            .split_first()
            .filter(|(first, rest)| rest.iter().all(|one| one.decision.is_like(first.decision)))
            .map(|(first, _)| first);
        Verdict {
            decision: known.map_or(Decision::Unknown, |one| one.decision),
            by: known.and_then(|one| one.by),
            possible,
            trace,
            asked: walk.asked,
            looked: walk.looked,
        }
    }
}

fn add<'a>(
    possible: &mut Vec<Possible<'a>>,
    walk: &Walk<'_>,
    decision: Decision,
    by: Option<&'a Clause>,
) {
    if possible.iter().any(|known| known.decision == decision) {
        return;
    }
    let unknown = walk
        .asked
        .iter()
        .filter(|(_, truth)| *truth == Truth::Unknown);
    possible.push(Possible {
        decision,
        by,
        unless_known: unknown.map(|(opaque, _)| Arc::clone(opaque)).collect(),
    });
}
