//! A description that is known to be right. Must not know how it was written in YAML.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::net::Domain;
use crate::policy::{Facts, Role, TlsProfile};
use crate::text::{Place, Source, Span};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the description.
    pub span: Span,
}

/// A port with what it is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listener {
    /// The TCP port.
    pub port: u16,
    /// The addresses that it is served on, sorted; empty for all.
    pub addresses: Vec<IpAddr>,
    /// What it is for.
    pub role: Role,
    /// Whether TLS is offered.
    pub tls: bool,
    /// What TLS must be, where it is required.
    pub profile: Option<TlsProfile>,
    /// Whether AUTH is offered.
    pub auth: bool,
}

/// A server that files are generated for.
#[derive(Clone, Debug)]
pub struct Output {
    /// The server's name.
    pub server: Spanned<String>,
    /// Its version.
    pub version: Option<Spanned<String>>,
    /// The folder of the files, relative to the description's.
    pub into: Spanned<String>,
}

/// What an SMTP server must do, checked.
#[derive(Clone, Debug)]
pub struct Description {
    /// The text it was read from.
    pub source: Arc<Source>,
    /// Everything but who may do what.
    pub facts: Facts,
    /// The listeners, in the order written, no port twice.
    pub listeners: Vec<Spanned<Listener>>,
    /// Where the domains were written, if they were.
    pub domains_span: Option<Span>,
    /// Where the networks were written, if they were.
    pub networks_span: Option<Span>,
    /// Where other facts were written, by their names.
    pub stated: Vec<(&'static str, Span)>,
    /// The system that the server runs on, as `debian-12`.
    pub platform: Option<Spanned<&'static str>>,
    /// The address under which every client from outside appears.
    pub behind_nat: Option<IpAddr>,
    /// The servers that files are generated for, in the order written.
    pub outputs: Vec<Output>,
}

/// The content of a description, in the one way in which it is written for its hash.
#[derive(Serialize)]
struct Canonical<'a> {
    facts: &'a Facts,
    listeners: Vec<&'a Listener>,
}

impl Description {
    /// The place of `span` in the description's text.
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.source, span)
    }

    /// Every domain that is ours by name: the host's own names and the local domains.
    pub fn local_domains(&self) -> impl Iterator<Item = Domain> {
        let own = [self.facts.hostname.clone(), Domain::localhost()];
        self.facts.domains.iter().cloned().chain(own)
    }

    /// SHA-256 over the content, as 64 hexadecimal digits. Comments, layout, the order of domains,
    /// networks and ports, and the folders that files go to do not count.
    pub fn hash(&self) -> String {
        let mut listeners: Vec<&Listener> = self.listeners.iter().map(|l| &l.value).collect();
        listeners.sort_unstable();
        let canonical = Canonical {
            facts: &self.facts,
            listeners,
        };
        // These types always have a YAML form, so the fallback never shows.
        let text = serde_yaml::to_string(&canonical).unwrap_or_default();
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(text) {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}
