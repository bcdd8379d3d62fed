//! A listener: a port with its decision lists. Names no server.

use std::net::IpAddr;

use serde::Serialize;

use super::clause::Stage;
use super::facts::Stated;
use super::session::{Mechanism, Source};
use crate::net::AddressSet;
use crate::text::Place;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Role {
    /// Mail exchanger: takes mail for our domains from anyone (RFC 5321).
    Mx,
    /// Message submission behind STARTTLS (RFC 6409).
    Submission,
    /// Message submission inside TLS from the first byte (RFC 8314 §3.3).
    Submissions,
}

impl Role {
    /// The role's name in a description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mx => "mx",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
        }
    }
}

/// How a listener offers TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListenerTls {
    /// Not at all.
    No,
    /// By STARTTLS (RFC 3207).
    StartTls,
    /// From the first byte.
    Implicit,
}

/// Which protocol versions and suites a listener takes that requires TLS: the profiles of
/// Mozilla's recommendations 6.0 of 2026-04-06.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum TlsProfile {
    /// TLS 1.2 and up; in TLS 1.2 the six suites with ECDHE and an AEAD cipher.
    Intermediate,
    /// TLS 1.3 alone.
    Modern,
}

impl TlsProfile {
    /// The profile's name in a description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intermediate => "intermediate",
            Self::Modern => "modern",
        }
    }
}

/// To whom AUTH is offered outside of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InClear {
    /// Nobody.
    No,
    /// Programs on the host itself, whose passwords cross no network.
    ToHost,
    /// Others, too.
    Yes,
}

impl InClear {
    /// To everybody, or to nobody.
    pub fn to_all(is_offered: bool) -> Self {
        if is_offered { Self::Yes } else { Self::No }
    }
}

/// One TCP port that is served.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// The addresses that it is served on, sorted; empty for all addresses of the host.
    pub addresses: Vec<IpAddr>,
    /// What it is for.
    pub role: Role,
    /// How TLS is offered.
    pub tls: ListenerTls,
    /// What TLS must be, where it is required; none where it is the client's choice.
    pub profile: Option<TlsProfile>,
    /// Whether AUTH is offered, once the session is inside TLS.
    pub auth: bool,
    /// To whom AUTH is offered outside of TLS too.
    pub auth_in_clear: InClear,
    /// The mechanisms of AUTH that count as logging in.
    pub mechanisms: Vec<Mechanism>,
    /// The decision lists; a session that no clause decides is refused as relaying.
    pub stages: Vec<Stage>,
    /// Why the service does not start, and where that is written; none if it does.
    pub dead: Option<(String, Option<Place>)>,
    /// Clients that may say, by XCLIENT or by the PROXY protocol, which client they are.
    pub believed: Option<Stated<AddressSet>>,
    /// Where it was written.
    pub origin: Option<Place>,
}

impl Listener {
    /// Whether AUTH is offered, inside TLS or outside.
    pub fn offers_auth(&self) -> bool {
        self.auth || self.auth_in_clear != InClear::No
    }

    /// Whether a client can call this listener: some address of it is of the client's family, and
    /// a loopback address is called from loopback alone.
    pub fn is_reached_from(&self, client: Source) -> bool {
        let (ipv6, loopback) = match client {
            Source::Own { ipv6 } => (ipv6, false),
            Source::Address(address) => (address.is_ipv6(), client.is_host()),
        };
        let reached = |own: &IpAddr| own.is_ipv6() == ipv6 && own.is_loopback() == loopback;
        self.addresses.is_empty() || self.addresses.iter().any(reached)
    }

    /// Whether somebody outside of the host can call.
    pub fn is_public(&self) -> bool {
        let beyond = |own: &IpAddr| !own.is_loopback();
        self.dead.is_none() && (self.addresses.is_empty() || self.addresses.iter().any(beyond))
    }
}
