//! The Policy: listeners with their clauses, and the facts beside them. Names no server.

use std::fmt;

use serde::Serialize;

use super::clause::Clause;
use crate::net::{Domain, Network};
use crate::text::Place;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// One TCP port that is served on all addresses of the host.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// What it is for.
    pub role: Role,
    /// How TLS is offered.
    pub tls: ListenerTls,
    /// Whether AUTH is offered, once the session is inside TLS.
    pub auth: bool,
    /// The decision list; a session that meets none of them is refused as relaying.
    pub clauses: Vec<Clause>,
    /// Where it was written.
    pub origin: Option<Place>,
}

/// What checks passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthBackend {
    /// Cyrus SASL, asking saslauthd.
    CyrusSaslauthd,
}

/// The server's certificate and key, as paths of PEM files on the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Certificate {
    /// The certificate, with its chain behind it.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// A value and where it was stated. Two are equal when their values are.
#[derive(Clone, Debug)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Option<Place>,
}

impl<T: PartialEq> PartialEq for Stated<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Stated<T> {}

/// What a policy says beside its clauses; compared by value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name in the banner and in EHLO.
    pub hostname: Domain,
    /// The domains delivered on this server, beside `hostname` and `localhost`. Sorted.
    pub domains: Vec<Domain>,
    /// The networks that may relay through the `mx` listeners. Sorted.
    pub networks: Vec<Stated<Network>>,
    /// What checks passwords.
    pub auth: Option<AuthBackend>,
    /// The certificate.
    pub certificate: Option<Certificate>,
}

impl Facts {
    /// Every fact by name and value, in a fixed order, but for networks and domains: those are
    /// compared by the sessions that they decide.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".into());
        let tls = self.certificate.as_ref();
        vec![
            ("hostname", self.hostname.to_string()),
            ("auth", or_none(self.auth.map(|auth| auth.to_string()))),
            (
                "certificate",
                or_none(tls.map(|tls| tls.certificate.clone())),
            ),
            ("key", or_none(tls.map(|tls| tls.key.clone()))),
        ]
    }
}

impl fmt::Display for AuthBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CyrusSaslauthd => f.write_str("Cyrus SASL by saslauthd"),
        }
    }
}

/// What a server does.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The listeners, in the order of their ports.
    pub listeners: Vec<Listener>,
    /// Everything else.
    pub facts: Facts,
}

impl Policy {
    /// The listener on `port`.
    pub fn listener(&self, port: u16) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.port == port)
    }
}
