//! Evaluating guards over one session: true, false or unknown. Must not know clauses' outcomes.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::clause::{Authority, Guard, NameState, Opaque, Rewrite};
use super::pattern::Field;
use super::session::{
    At, ClientCertificate, ClientName, Mechanism, Recipient, Sender, Session, Source,
};

/// What is known of a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// That depends on what cannot be evaluated.
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// What opaque guards answer.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Answers that were told, by kind or by name: `rbl`, `zen.spamhaus.org`. The last one counts.
    pub told: Vec<(String, bool)>,
    /// Answers to single questions; they count before everything else.
    pub answers: Vec<(Arc<Opaque>, bool)>,
    /// Whether what has a usual answer gives it.
    pub usual: bool,
    /// Whether a written regular expression counts as unknown, since not every text can be tried.
    pub doubt: bool,
}

impl Environment {
    /// The environment in which everything that has a usual answer gives it.
    pub fn usual() -> Self {
        Self {
            usual: true,
            ..Self::default()
        }
    }

    /// What is answered to `asked`, and the place in `answers`, if it is there.
    fn answer(&self, asked: &Opaque) -> (Option<bool>, Option<usize>) {
        let at = self
            .answers
            .iter()
            .position(|(known, _)| known.asks_as(asked));
        if let Some(at) = at {
            return (Some(self.answers[at].1), Some(at));
        }
        let mut told = self.told.iter().rev();
        let told = told.find(|(word, _)| *word == asked.name || word == asked.kind);
        (
            told.map(|(_, hit)| *hit)
                .or(asked.usual.filter(|_| self.usual)),
            None,
        )
    }
}

/// The attributes of a session whose values a walk looked at, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked(pub u64);

impl Looked {
    /// The listener: port and address.
    pub const LISTENER: Self = Self(1);
    /// The domain of the recipient.
    pub const AT: Self = Self(1 << 1);
    /// The local part of the recipient.
    pub const LOCAL: Self = Self(1 << 2);
    /// The source route of the recipient.
    pub const ROUTE: Self = Self(1 << 3);
    /// Whether the recipient exists.
    pub const KNOWN: Self = Self(1 << 4);
    /// The client's address.
    pub const SOURCE: Self = Self(1 << 5);
    /// The client's name.
    pub const NAME: Self = Self(1 << 6);
    /// TLS.
    pub const TLS: Self = Self(1 << 7);
    /// The client's certificate.
    pub const CERTIFICATE: Self = Self(1 << 8);
    /// AUTH.
    pub const AUTH: Self = Self(1 << 9);
    /// The sender.
    pub const SENDER: Self = Self(1 << 10);
    /// EHLO.
    pub const HELO: Self = Self(1 << 11);
    /// How many there are; behind them stand the answers of the environment.
    pub const COUNT: usize = 12;
}

/// A walk through the clauses of a listener with one session.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The session.
    pub session: &'a Session,
    /// Whether the session got into TLS.
    pub tls: bool,
    /// How the client got logged in.
    pub auth: Option<Mechanism>,
    /// What opaque guards answer.
    pub environment: &'a Environment,
    /// The marks that were set.
    pub marks: BTreeMap<Arc<str>, Truth>,
    /// What was looked at.
    pub looked: Looked,
    /// The opaque guards that were asked, without repetition, each with its answer.
    pub asked: Vec<(Arc<Opaque>, Truth)>,
    /// The recipient that guards speak of: that of the session, or what was found in it.
    pub(super) recipient: Spoken<'a>,
    /// What fields of the session's own recipient are as texts: many clauses ask for the same.
    pub(super) texts: Vec<(Field, String)>,
    /// What was found in the session's recipient, by the rewriting that found it.
    found: Vec<(*const Rewrite, Rc<Recipient>)>,
}

/// A recipient.
#[derive(Clone, Debug)]
pub(super) enum Spoken<'a> {
    /// The one of the session.
    Own(&'a Recipient),
    /// One that was found in another.
    Found(Rc<Recipient>),
}

impl Deref for Spoken<'_> {
    type Target = Recipient;

    fn deref(&self) -> &Recipient {
        match self {
            Self::Own(own) => own,
            Self::Found(found) => found,
        }
    }
}

impl<'a> Walk<'a> {
    /// Sets out.
    pub fn new(
        session: &'a Session,
        environment: &'a Environment,
        tls: bool,
        auth: Option<Mechanism>,
    ) -> Self {
        Self {
            session,
            tls,
            auth,
            environment,
            marks: BTreeMap::new(),
            looked: Looked::default(),
            asked: Vec::new(),
            recipient: Spoken::Own(&session.recipient),
            texts: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Notes that an attribute was looked at.
    pub fn look(&mut self, at: Looked) {
        self.looked.0 |= at.0;
    }

    /// Whether the guard holds.
    pub fn truth(&mut self, guard: &Guard) -> Truth {
        match guard {
            Guard::Always => Truth::Yes,
            Guard::Not(guard) => !self.truth(guard),
            Guard::All(guards) => self.first_of(guards, Truth::No),
            Guard::Any(guards) => self.first_of(guards, Truth::Yes),
            Guard::Rewritten(rewrite, guard) => {
                self.look(Looked(Looked::AT.0 | Looked::LOCAL.0));
                let inner = self.inner(rewrite);
                let outer = std::mem::replace(&mut self.recipient, Spoken::Found(inner));
                let truth = self.truth(guard);
                self.recipient = outer;
                truth
            }
            Guard::Marked(name) => self.marks.get(name).copied().unwrap_or(Truth::No),
            Guard::Opaque(opaque) => self.ask(opaque),
            Guard::Matches(field, patterns) => {
                let doubt = self.environment.doubt;
                let text = self.field(*field);
                if doubt && patterns.is_doubtful(&text) {
                    Truth::Unknown
                } else {
                    patterns.holds(&text).into()
                }
            }
            Guard::ClientIsHost
            | Guard::ClientIsOwn
            | Guard::ClientIpv6
            | Guard::ClientIn(_)
            | Guard::ClientNameIs(_)
            | Guard::Tls
            | Guard::Certificate(_)
            | Guard::Authenticated
            | Guard::Anonymous => self.client(guard).into(),
            _ => self.envelope(guard).into(),
        }
    }

    /// What the rewriting finds in the recipient. Many clauses ask for the same.
    fn inner(&mut self, rewrite: &Rewrite) -> Rc<Recipient> {
        let find = || Rc::new(rewrite.apply(&self.recipient).into_owned());
        if !matches!(self.recipient, Spoken::Own(_)) {
            return find();
        }
        let key = std::ptr::from_ref(rewrite);
        if let Some((_, known)) = self.found.iter().find(|(by, _)| *by == key) {
            return Rc::clone(known);
        }
        let inner = find();
        self.found.push((key, Rc::clone(&inner)));
        inner
    }

    /// `sought` if one of the guards is that; else its opposite, or unknown where one is.
    fn first_of(&mut self, guards: &[Guard], sought: Truth) -> Truth {
        let mut found = !sought;
        for guard in guards {
            match self.truth(guard) {
                truth if truth == sought => return sought,
                Truth::Unknown => found = Truth::Unknown,
                _ => {}
            }
        }
        found
    }

    fn ask(&mut self, opaque: &Arc<Opaque>) -> Truth {
        let (answer, at) = self.environment.answer(opaque);
        if let Some(at) = at {
            self.look(Looked(1 << (Looked::COUNT + at)));
        }
        let truth = answer.map_or(Truth::Unknown, Truth::from);
        if !self.asked.iter().any(|(known, _)| known.asks_as(opaque)) {
            self.asked.push((Arc::clone(opaque), truth));
        }
        truth
    }

    fn client(&mut self, guard: &Guard) -> bool {
        let client = &self.session.client;
        let (looked, holds) = match guard {
            Guard::ClientIsHost => (Looked::SOURCE, client.source.is_host()),
            Guard::ClientIsOwn => {
                let own = matches!(client.source, Source::Own { .. });
                (Looked::SOURCE, own)
            }
            Guard::ClientIpv6 => {
                let ipv6 = match client.source {
                    Source::Address(address) => address.is_ipv6(),
                    Source::Own { ipv6 } => ipv6,
                };
                (Looked::SOURCE, ipv6)
            }
            Guard::ClientIn(set) => {
                let holds = match client.source {
                    Source::Address(address) => set.contains(address),
                    Source::Own { .. } => false,
                };
                (Looked::SOURCE, holds)
            }
            Guard::ClientNameIs(state) => {
                let is = match client.name {
                    ClientName::None => NameState::None,
                    ClientName::Temporary => NameState::Temporary,
                    ClientName::Forged(_) => NameState::Forged,
                    ClientName::Verified(_) => NameState::Verified,
                };
                (Looked::NAME, is == *state)
            }
            Guard::Tls => (Looked::TLS, self.tls),
            Guard::Certificate(authority) => {
                let shown = match self.session.certificate {
                    ClientCertificate::None => None,
                    ClientCertificate::Public => Some(Authority::Public),
                    ClientCertificate::Private => Some(Authority::Private),
                };
                let looked = Looked(Looked::CERTIFICATE.0 | Looked::TLS.0);
                (looked, self.tls && shown == Some(*authority))
            }
            Guard::Anonymous => {
                let looked = Looked(Looked::AUTH.0 | Looked::TLS.0);
                (looked, self.auth == Some(Mechanism::Anonymous))
            }
            // What is left is `Authenticated`.
            _ => {
                let looked = Looked(Looked::AUTH.0 | Looked::TLS.0);
                (
                    looked,
                    self.auth.is_some_and(|used| used != Mechanism::Anonymous),
                )
            }
        };
        self.look(looked);
        holds
    }

    fn envelope(&mut self, guard: &Guard) -> bool {
        let recipient = &self.recipient;
        let (looked, holds) = match guard {
            Guard::SenderNull => (Looked::SENDER, self.session.sender == Sender::Null),
            Guard::SenderDomainMissing => {
                let missing = match &self.session.sender {
                    Sender::Null => false,
                    Sender::Address { domain, .. } => domain.cannot_exist(),
                };
                (Looked::SENDER, missing)
            }
            Guard::RecipientDomainMissing => {
                let missing = match &recipient.at {
                    At::Domain(domain) => domain.cannot_exist(),
                    _ => false,
                };
                (Looked::AT, missing)
            }
            Guard::RecipientBare => (Looked::AT, recipient.at == At::Nothing),
            Guard::RecipientLiteral => {
                let literal = matches!(recipient.at, At::OwnLiteral | At::Literal(_));
                (Looked::AT, literal)
            }
            Guard::RecipientOwnLiteral => (Looked::AT, recipient.at == At::OwnLiteral),
            Guard::RecipientSourceRoute => (Looked::ROUTE, recipient.route.is_some()),
            Guard::RecipientRouted => (Looked::LOCAL, recipient.is_routed()),
            Guard::RecipientPostmaster => (Looked::LOCAL, recipient.is_postmaster()),
            // What is left is `RecipientKnown`; the others are taken by `truth`.
            _ => (Looked::KNOWN, recipient.known),
        };
        self.look(looked);
        holds
    }
}
