//! A description that is known to be right. Must not know how it was written in YAML.

use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::path::FilePath;
use crate::net::{Domain, Network};
use crate::policy::Role;
use crate::text::{Place, Source, Span};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the description.
    pub span: Span,
}

/// What checks passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Cyrus SASL, asking saslauthd.
    Cyrus,
}

/// A port with its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The TCP port.
    pub port: u16,
    /// What it is for.
    pub role: Role,
}

/// Certificate and key, as paths on the server.
#[derive(Clone, Debug)]
pub struct Tls {
    /// PEM file of the certificate and its chain.
    pub certificate: FilePath,
    /// PEM file of the key.
    pub key: FilePath,
}

/// What an SMTP server must do, checked.
#[derive(Clone, Debug)]
pub struct Description {
    /// The text it was read from.
    pub source: Arc<Source>,
    /// The server's name.
    pub hostname: Spanned<Domain>,
    /// The domains delivered here, in the order written, none twice.
    pub domains: Vec<Spanned<Domain>>,
    /// Where `domains` was written, if it was.
    pub domains_span: Option<Span>,
    /// The networks that may relay, in the order written.
    pub networks: Vec<Spanned<Network>>,
    /// Where `networks` was written, if it was.
    pub networks_span: Option<Span>,
    /// What checks passwords.
    pub auth: Option<Spanned<Auth>>,
    /// The listeners, in the order written, no port twice.
    pub listeners: Vec<Spanned<Listener>>,
    /// Certificate and key.
    pub tls: Option<Tls>,
}

/// The content of a description, in the one way in which it is written for its hash.
#[derive(Serialize)]
struct Canonical<'a> {
    hostname: &'a str,
    domains: Vec<&'a str>,
    networks: Vec<String>,
    auth: Option<&'static str>,
    listeners: Vec<(u16, &'static str)>,
    tls: Option<(&'a str, &'a str)>,
}

impl Description {
    /// The place of `span` in the description's text.
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.source, span)
    }

    /// SHA-256 over the content, as 64 hexadecimal digits. Comments, layout and the order of
    /// domains, networks and ports do not count.
    pub fn hash(&self) -> String {
        let mut canonical = Canonical {
            hostname: self.hostname.value.as_str(),
            domains: self.domains.iter().map(|d| d.value.as_str()).collect(),
            networks: self.networks.iter().map(|n| n.value.to_string()).collect(),
            auth: self.auth.as_ref().map(|auth| match auth.value {
                Auth::Cyrus => "cyrus",
            }),
            listeners: self
                .listeners
                .iter()
                .map(|listener| (listener.value.port, listener.value.role.name()))
                .collect(),
            tls: self
                .tls
                .as_ref()
                .map(|tls| (tls.certificate.as_str(), tls.key.as_str())),
        };
        canonical.domains.sort_unstable();
        canonical.networks.sort_unstable();
        canonical.listeners.sort_unstable();
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
