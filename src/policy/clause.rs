//! Clauses: a guard over a session, and what happens to the first session that meets it.
//! Must not know where clauses come from.

use std::collections::HashSet;
use std::sync::Arc;

use super::session::{At, Sender, Session};
use crate::net::{AddressSet, Domain};
use crate::text::Place;

/// A boolean combination of facts about a session.
#[derive(Clone, Debug)]
pub enum Guard {
    /// The sessions that the guard does not hold for.
    Not(Box<Guard>),
    /// All of them hold.
    All(Vec<Guard>),
    /// At least one of them holds.
    Any(Vec<Guard>),
    /// The client is the server itself: 127.0.0.1, `::1`, or the own address that is called.
    ClientIsHost,
    /// The client's address is in the set. Own addresses count as outside: they are not known.
    ClientIn(Arc<AddressSet>),
    /// The session is inside TLS.
    Tls,
    /// The client has logged in.
    Authenticated,
    /// The sender has a domain that DNS does not know.
    SenderDomainMissing,
    /// The recipient's domain is one of these, by the whole name.
    RecipientIn(Arc<HashSet<Domain>>),
    /// The recipient has no domain.
    RecipientBare,
    /// The recipient's domain is an address literal.
    RecipientLiteral,
    /// The recipient's domain is the literal of an own IPv4 address.
    RecipientOwnLiteral,
    /// The recipient has a source route.
    RecipientSourceRoute,
    /// The recipient's local part holds `%`, `!` or `@`.
    RecipientRouted,
    /// The local part is `postmaster`.
    RecipientPostmaster,
    /// The local part is an account or alias of the server.
    RecipientKnown,
}

impl Guard {
    /// Whether the guard holds. `tls` and `authenticated` are what the client got, which may be
    /// less than it asked for.
    pub fn holds(&self, session: &Session, tls: bool, authenticated: bool) -> bool {
        let recipient = &session.recipient;
        match self {
            Self::Not(guard) => !guard.holds(session, tls, authenticated),
            Self::All(guards) => guards.iter().all(|g| g.holds(session, tls, authenticated)),
            Self::Any(guards) => guards.iter().any(|g| g.holds(session, tls, authenticated)),
            Self::ClientIsHost => session.client.source.is_host(),
            Self::ClientIn(set) => match session.client.source {
                super::Source::Address(address) => set.contains(address),
                super::Source::Own { .. } => false,
            },
            Self::Tls => tls,
            Self::Authenticated => authenticated,
            Self::SenderDomainMissing => match &session.sender {
                Sender::Null => false,
                Sender::Address { domain, .. } => domain.cannot_exist(),
            },
            Self::RecipientIn(domains) => match &recipient.at {
                At::Domain(domain) => domains.contains(domain),
                _ => false,
            },
            Self::RecipientBare => recipient.at == At::Nothing,
            Self::RecipientLiteral => {
                matches!(recipient.at, At::OwnLiteral | At::Literal(_))
            }
            Self::RecipientOwnLiteral => recipient.at == At::OwnLiteral,
            Self::RecipientSourceRoute => recipient.route.is_some(),
            Self::RecipientRouted => recipient.is_routed(),
            Self::RecipientPostmaster => recipient.is_postmaster(),
            Self::RecipientKnown => recipient.known,
        }
    }

    /// Calls `visit` for this guard and every guard inside it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Guard)) {
        visit(self);
        match self {
            Self::Not(guard) => guard.walk(visit),
            Self::All(guards) | Self::Any(guards) => guards.iter().for_each(|g| g.walk(visit)),
            _ => {}
        }
    }
}

/// What a clause does with the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Accepted for delivery on this server.
    AcceptLocal,
    /// Accepted, and sent on to another server.
    AcceptRelay,
    /// Refused for good.
    Refuse(Reason),
}

/// Why a session is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// TLS has to come first.
    NeedsTls,
    /// AUTH has to come first.
    NeedsAuth,
    /// The recipient has no domain.
    BareRecipient,
    /// The recipient is at an address literal.
    LiteralRecipient,
    /// The recipient has a source route.
    SourceRoute,
    /// The recipient's local part holds another address.
    RoutedRecipient,
    /// DNS does not know the sender's domain.
    SenderDomainMissing,
    /// There is no such account or alias.
    UnknownRecipient,
    /// The client may not send to other servers' domains.
    RelayingDenied,
}

impl Reason {
    /// The reason in the field's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NeedsTls => "needs TLS",
            Self::NeedsAuth => "needs AUTH",
            Self::BareRecipient => "recipient without a domain",
            Self::LiteralRecipient => "recipient at an address literal",
            Self::SourceRoute => "recipient with a source route",
            Self::RoutedRecipient => "recipient with another address inside",
            Self::SenderDomainMissing => "sender domain does not exist",
            Self::UnknownRecipient => "no such user",
            Self::RelayingDenied => "relaying denied",
        }
    }
}

/// One line of a listener's decision list.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Which sessions it decides, of those that no clause before it decided.
    pub guard: Guard,
    /// What happens to them.
    pub outcome: Outcome,
    /// Where it was written; none for what holds on every server.
    pub origin: Option<Place>,
}
