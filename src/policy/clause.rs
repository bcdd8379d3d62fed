//! Clauses: a guard over a session, and what happens to the sessions that meet it. Must not know
//! where clauses come from, nor how guards are evaluated.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::pattern::{Field, Patterns};
use super::session::{At, Recipient};
use crate::net::{AddressSet, Domain};
use crate::text::Place;

/// A boolean combination of facts about a session.
#[derive(Clone, Debug)]
pub enum Guard {
    /// Every session.
    Always,
    /// The sessions that the guard does not hold for.
    Not(Box<Guard>),
    /// All of them hold.
    All(Vec<Guard>),
    /// At least one of them holds.
    Any(Vec<Guard>),
    /// The client is the server itself: 127.0.0.1, `::1`, or the own address that is called.
    ClientIsHost,
    /// The client calls the own address that it has.
    ClientIsOwn,
    /// The client's address is in the set. Own addresses count as outside: they are not known.
    ClientIn(Arc<AddressSet>),
    /// The client calls over IPv6.
    ClientIpv6,
    /// The client's reverse look-up gives this.
    ClientNameIs(NameState),
    /// The session is inside TLS.
    Tls,
    /// The client has shown a certificate that leads to such an authority.
    Certificate(Authority),
    /// The client has logged in, other than as ANONYMOUS.
    Authenticated,
    /// The client has logged in as ANONYMOUS (RFC 4505), which anyone can.
    Anonymous,
    /// The sender is `<>`.
    SenderNull,
    /// The sender has a domain that DNS does not know.
    SenderDomainMissing,
    /// The recipient has a domain that DNS does not know.
    RecipientDomainMissing,
    /// A text of the session matches.
    Matches(Field, Arc<Patterns>),
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
    /// The mailbox exists: an account, alias or listed address of the server.
    RecipientKnown,
    /// The guard holds for the recipient that is found inside this one.
    Rewritten(Arc<Rewrite>, Box<Guard>),
    /// A mark is set by a clause that was passed before.
    Marked(Arc<str>),
    /// What cannot be evaluated here.
    Opaque(Arc<Opaque>),
}

/// What a reverse look-up of the client gives, without the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameState {
    /// No PTR record.
    None,
    /// The look-up fails for now.
    Temporary,
    /// A name that does not lead back.
    Forged,
    /// A name that leads back.
    Verified,
}

/// Who signed a client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authority {
    /// One of the public authorities, which sign for anyone.
    Public,
    /// One that signs for whom the administrator wants, or a certificate listed by itself.
    Private,
}

/// How a server finds another recipient inside a recipient's local part.
#[derive(Clone, Debug, Default)]
pub struct Rewrite {
    /// The domains that are taken off.
    pub within: Arc<Patterns>,
    /// Whether an own address literal is taken off too.
    pub own_literal: bool,
    /// Whether a recipient without a domain is looked into too.
    pub bare: bool,
    /// What is found inside a local part.
    pub finds: Vec<Inside>,
    /// The domain that a recipient without one is given; none to leave it without.
    pub home: Option<Domain>,
    /// Characters of which the first, and what is behind it, is taken off a local part.
    pub extension: String,
}

/// An address that old software finds inside a local part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inside {
    /// `user@host`
    At,
    /// `host!user`
    Bang,
    /// `user%host`
    Percent,
}

impl Rewrite {
    /// The recipient that the server decides about.
    pub fn apply<'a>(&self, recipient: &'a Recipient) -> Cow<'a, Recipient> {
        let mut found = Cow::Borrowed(recipient);
        while let Some(inner) = self.inside(&found).or_else(|| self.at_home(&found)) {
            found = Cow::Owned(inner);
        }
        let is_sign = |c: char| self.extension.contains(c);
        match found.local.split_once(is_sign) {
            Some((local, _)) if !local.is_empty() => Cow::Owned(Recipient {
                local: local.to_owned(),
                ..found.into_owned()
            }),
            _ => found,
        }
    }

    fn at_home(&self, recipient: &Recipient) -> Option<Recipient> {
        let home = self.home.as_ref().filter(|_| recipient.at == At::Nothing)?;
        // What is only quoted, and has no domain behind it, is the address that it spells.
        let spelled = recipient.local.rsplit_once('@');
        let spelled =
            spelled.and_then(|(local, domain)| Some((local, Domain::parse(domain).ok()?)));
        let (local, domain) = spelled.unwrap_or((&recipient.local, home.clone()));
        Some(Recipient {
            local: local.to_owned(),
            at: At::Domain(domain),
            ..recipient.clone()
        })
    }

    fn finds(&self, inside: Inside) -> bool {
        self.finds.contains(&inside)
    }

    fn inside(&self, recipient: &Recipient) -> Option<Recipient> {
        let is_taken_off = match &recipient.at {
            At::Nothing => self.bare,
            At::OwnLiteral => self.own_literal,
            At::Literal(_) => false,
            At::Domain(domain) => self.within.holds(domain.as_str()),
        };
        let local = recipient.local.as_str();
        let (local, domain) = if !is_taken_off {
            return None;
        } else if let Some(parts) = local.rsplit_once('@').filter(|_| self.finds(Inside::At)) {
            parts
        } else if let Some((site, user)) =
            local.split_once('!').filter(|_| self.finds(Inside::Bang))
        {
            (user, site)
        } else {
            local
                .rsplit_once('%')
                .filter(|_| self.finds(Inside::Percent))?
        };
        Some(Recipient {
            local: local.to_owned(),
            at: At::Domain(Domain::parse(domain).ok()?),
            ..recipient.clone()
        })
    }
}

/// What cannot be evaluated from the files: a look-up, a table that is not here, a program.
#[derive(Clone, Debug)]
pub struct Opaque {
    /// What kind of thing is asked, in one word: `dns`, `rbl`, `policy`, `table`, `sql`, `ldap`,
    /// `expansion`, `program` …
    pub kind: &'static str,
    /// What is asked, as written, such as `zen.spamhaus.org` or `hash:/etc/mail/access`.
    pub name: String,
    /// What a hit means, as the end of a sentence that begins with `if`: "`hash:x` answers OK".
    pub hit: String,
    /// Why it cannot be known here, such as "the file is not here".
    pub reason: String,
    /// The answer for an ordinary client in an ordinary environment: DNS answers, nobody is
    /// listed, filters pass. None where nothing is ordinary.
    pub usual: Option<bool>,
    /// Where it is asked.
    pub origin: Option<Place>,
}

impl Opaque {
    /// Whether the client's address stands in the DNS list `zone` (RFC 5782).
    pub fn listed(zone: &str, origin: Option<Place>) -> Self {
        Self {
            kind: "rbl",
            name: zone.to_owned(),
            hit: format!("`{zone}` lists the client"),
            reason: "it is asked over DNS".into(),
            usual: Some(false),
            origin,
        }
    }

    /// Whether this asks the same as `other`, so that the answers are the same.
    pub fn asks_as(&self, other: &Self) -> bool {
        (self.kind, &self.name, &self.hit) == (other.kind, &other.name, &other.hit)
    }
}

/// What an accepted message is accepted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accept {
    /// Delivery on this server, to an account, an alias or a mailbox without an account.
    Local,
    /// Sending on.
    Relay,
    /// Nothing: it is taken and thrown away.
    Discard,
}

/// What a clause does with the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted.
    Accept(Accept),
    /// Refused for good.
    Refuse(Reason),
    /// Refused for now.
    TempFail(Reason),
    /// This stage is done; the next one decides.
    Next,
    /// The mark is set or taken away, and the walk goes on.
    Mark(Arc<str>, bool),
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
    /// The client is listed, in DNS or in a table.
    ClientRefused,
    /// The argument of EHLO is refused.
    HeloRefused,
    /// The sender is refused.
    SenderRefused,
    /// The recipient is refused.
    RecipientRefused,
    /// A rule refuses that names no one in particular.
    Rule,
    /// The configuration is wrong in what was reached, so that nothing gets past it.
    Configuration,
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
            Self::ClientRefused => "client refused",
            Self::HeloRefused => "EHLO refused",
            Self::SenderRefused => "sender refused",
            Self::RecipientRefused => "recipient refused",
            Self::Rule => "refused by a rule",
            Self::Configuration => "configuration error",
        }
    }
}

/// One line of a decision list.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Which sessions it meets, of those that no clause before it decided.
    pub guard: Guard,
    /// What happens to them.
    pub outcome: Outcome,
    /// Where it was written; none for what holds without being written.
    pub origin: Option<Place>,
}

/// One of the decision lists that a listener goes through in order. Whoever comes to its end
/// goes on to the next stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What the server calls it: `acl_smtp_rcpt`, `check_rcpt` …
    pub name: Cow<'static, str>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
}

/// The guard that does not hold where this one does.
impl std::ops::Not for Guard {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Not(guard) => *guard,
            guard => Self::Not(Box::new(guard)),
        }
    }
}

impl Guard {
    /// No session.
    pub fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// Calls `visit` for this guard and every guard inside it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Guard)) {
        visit(self);
        match self {
            Self::Not(guard) | Self::Rewritten(_, guard) => guard.walk(visit),
            Self::All(guards) | Self::Any(guards) => guards.iter().for_each(|g| g.walk(visit)),
            _ => {}
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(Accept::Local) => f.write_str("accepted for local delivery"),
            Self::Accept(Accept::Relay) => f.write_str("accepted for relaying"),
            Self::Accept(Accept::Discard) => f.write_str("accepted and thrown away"),
            Self::Refuse(reason) => write!(f, "refused: {}", reason.words()),
            Self::TempFail(reason) => write!(f, "refused for now: {}", reason.words()),
            Self::Next => f.write_str("passes this list"),
            Self::Mark(name, true) => write!(f, "marked {name}"),
            Self::Mark(name, false) => write!(f, "no longer marked {name}"),
        }
    }
}
