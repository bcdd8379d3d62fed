//! One SMTP session up to its first recipient, as a client would hold it. Must not know how any
//! server decides it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::net::Domain;

/// Where a client connects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// This address.
    Address(IpAddr),
    /// The very address that it calls, which is the server's own and not loopback.
    Own {
        /// Whether it is an IPv6 address.
        ipv6: bool,
    },
}

impl Source {
    /// Whether the client is the server itself: by loopback, or calling itself at an own address.
    pub fn is_host(self) -> bool {
        match self {
            Self::Own { .. } => true,
            Self::Address(IpAddr::V4(v4)) => v4.octets() == [127, 0, 0, 1],
            Self::Address(IpAddr::V6(v6)) => v6.is_loopback(),
        }
    }
}

/// What the reverse look-up of the client's address gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientName {
    /// No PTR record.
    None,
    /// The look-up fails for now.
    Temporary,
    /// A PTR record whose name does not lead back to the address.
    Forged(Domain),
    /// A PTR record whose name leads back to the address.
    Verified(Domain),
}

/// The client's side of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Where it connects from.
    pub source: Source,
    /// What its reverse look-up gives.
    pub name: ClientName,
}

/// A SASL mechanism that a client uses (RFC 4616, and LOGIN as it is in use).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Mechanism {
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// ANONYMOUS (RFC 4505): a log-in that proves nothing.
    Anonymous,
}

/// The certificate that a client shows inside TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientCertificate {
    /// None.
    None,
    /// One that a public authority signed, which anyone can have.
    Public,
    /// One of those that the administrator lists, or signed by an authority of his own.
    Private,
}

/// The envelope sender. A domain below `.invalid` is one that DNS does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// `MAIL FROM:<>`
    Null,
    /// A mailbox.
    Address {
        /// The local part.
        local: String,
        /// The domain.
        domain: Domain,
    },
}

/// What stands behind the last `@` of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// Nothing: there is no `@`.
    Nothing,
    /// A domain.
    Domain(Domain),
    /// The literal of an IPv4 address of the server itself, such as `[192.0.2.25]`.
    OwnLiteral,
    /// Any other address literal, those of the server's own IPv6 addresses included.
    Literal(IpAddr),
}

/// The address that stands for an own IPv4 address where a literal is matched as text (RFC 5737).
const OWN: &str = "[192.0.2.25]";

impl At {
    /// As patterns see it: an own literal with an address, since its form is what counts.
    pub fn spelled(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing => "".into(),
            Self::Domain(domain) => domain.as_str().into(),
            Self::OwnLiteral => OWN.into(),
            Self::Literal(_) => self.to_string().into(),
        }
    }
}

/// The envelope recipient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipient {
    /// The hop of a source route, as in `<@hop:user@domain>` (RFC 5321 appendix C).
    pub route: Option<Domain>,
    /// The local part, without quotes.
    pub local: String,
    /// What follows the `@`.
    pub at: At,
    /// Whether the local part is an account or alias of the server.
    pub known: bool,
}

impl Recipient {
    /// Whether the local part holds `%`, `!` or `@`, by which old software finds another address
    /// inside it.
    pub fn is_routed(&self) -> bool {
        self.local.contains(['%', '!', '@'])
    }

    /// Whether the local part is `postmaster` (RFC 5321 §4.5.1: in any case of letters).
    pub fn is_postmaster(&self) -> bool {
        self.local.eq_ignore_ascii_case("postmaster")
    }
}

/// One session. HELO, sender and recipient are the client's to choose.
///
/// A client that asks for TLS or AUTH where it is not offered goes on without.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// The TCP port that the client connects to.
    pub port: u16,
    /// The server's address that it connects to; none for whichever a listener serves.
    pub address: Option<IpAddr>,
    /// The client.
    pub client: Client,
    /// The argument of EHLO.
    pub helo: String,
    /// Whether the client uses TLS: from the first byte where the listener does, else by STARTTLS.
    pub tls: bool,
    /// The certificate that the client shows there.
    pub certificate: ClientCertificate,
    /// Whether the client logs in, with a password that is right, and how.
    pub auth: Option<Mechanism>,
    /// The sender.
    pub sender: Sender,
    /// The recipient.
    pub recipient: Recipient,
}

impl Session {
    /// What a client says to hold the session, a line a command; own addresses as `[own]`.
    pub fn dialogue(&self) -> Vec<String> {
        let mut lines = vec![format!("EHLO {}", self.helo)];
        if self.tls {
            lines.push("STARTTLS".into());
            lines.push(format!("EHLO {}", self.helo));
        }
        if let Some(mechanism) = self.auth {
            lines.push(format!("AUTH {}", mechanism.name()));
        }
        lines.push(format!("MAIL FROM:{}", self.sender));
        lines.push(format!("RCPT TO:{}", self.recipient));
        lines
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Own { ipv6: false } => f.write_str("own IPv4 address"),
            Self::Own { ipv6: true } => f.write_str("own IPv6 address"),
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("without a name"),
            Self::Temporary => f.write_str("with a failing PTR look-up"),
            Self::Forged(name) => write!(f, "forging {name}"),
            Self::Verified(name) => write!(f, "named {name}"),
        }
    }
}

impl Mechanism {
    /// The mechanism's name in AUTH.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Anonymous => "ANONYMOUS",
        }
    }
}

/// As it stands in MAIL, with the angle brackets.
impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Address { local, domain } => write!(f, "<{local}@{domain}>"),
        }
    }
}

/// As it stands in RCPT, with the angle brackets; an own address literal as `[own]`.
impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<")?;
        if let Some(hop) = &self.route {
            write!(f, "@{hop}:")?;
        }
        if self.local.contains('@') {
            write!(f, "\"{}\"", self.local)?;
        } else {
            f.write_str(&self.local)?;
        }
        if self.at != At::Nothing {
            write!(f, "@{}", self.at)?;
        }
        f.write_str(">")
    }
}

/// As it stands behind the `@`: nothing for no domain, `[own]` for an own address literal.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Domain(domain) => domain.fmt(f),
            Self::OwnLiteral => f.write_str("[own]"),
            Self::Literal(IpAddr::V4(v4)) => write!(f, "[{v4}]"),
            Self::Literal(IpAddr::V6(v6)) => write!(f, "[IPv6:{v6}]"),
        }
    }
}

/// The session on one line, in the order in which it is spoken.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}) to port {}",
            self.client.source, self.client.name, self.port
        )?;
        if let Some(address) = self.address {
            write!(f, " of {address}")?;
        }
        f.write_str(match (self.tls, self.certificate) {
            (false, _) => ", no TLS",
            (true, ClientCertificate::None) => ", TLS",
            (true, ClientCertificate::Public) => ", TLS with a public certificate",
            (true, ClientCertificate::Private) => ", TLS with a listed certificate",
        })?;
        if let Some(mechanism) = self.auth {
            write!(f, ", AUTH {}", mechanism.name())?;
        }
        write!(
            f,
            ", EHLO {}, MAIL FROM:{}, RCPT TO:{}",
            self.helo, self.sender, self.recipient
        )?;
        f.write_str(if self.recipient.known {
            ""
        } else {
            ", who does not exist"
        })
    }
}
