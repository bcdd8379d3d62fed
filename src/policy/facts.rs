//! What a policy says beside its clauses. Names no server.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::session::Mechanism;
use super::told::joined;
use crate::net::{Domain, Network};
use crate::text::Place;

/// How people log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Auth {
    /// What checks their passwords.
    pub backend: AuthBackend,
    /// The mechanisms that are offered, at least one, none twice.
    pub mechanisms: Vec<Mechanism>,
}

/// What checks passwords.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum AuthBackend {
    /// Cyrus SASL, asking saslauthd.
    CyrusSaslauthd,
    /// Cyrus SASL, looking into its own database (`/etc/sasldb2`).
    CyrusSasldb,
    /// Dovecot, over the Unix socket of its auth service at this path.
    Dovecot(String),
    /// A file of lines `name:hash`, with hashes as crypt(3) makes them.
    File(String),
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
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    #[serde(skip)]
    pub origin: Option<Place>,
}

impl<T: PartialEq> PartialEq for Stated<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Stated<T> {}

/// A host, by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Host {
    /// By name; its addresses are looked up, its MX records are not.
    Name(Domain),
    /// By address.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Where a program listens for this server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Endpoint {
    /// A Unix socket at this path.
    Unix(String),
    /// A TCP port of a host.
    Tcp(Host, u16),
}

/// Where the mailboxes of a virtual domain are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Store {
    /// Behind an LMTP server (RFC 2033), such as Dovecot's.
    Lmtp(Endpoint),
    /// In maildirs below this folder, one for each line of the recipients' file, whose second
    /// word is the maildir's path below the folder.
    Maildir {
        /// The folder.
        folder: String,
        /// The user ID, and group ID, that the maildirs belong to.
        owner: u32,
    },
}

/// A domain of mailboxes without system accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VirtualDomain {
    /// The domain.
    pub name: Domain,
    /// Where its mail is delivered to.
    pub store: Store,
    /// A file of its recipients, one a line: the address, a blank, and another word.
    pub recipients: String,
}

/// A domain of another server, whose mail this one takes and hands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelayDomain {
    /// The domain.
    pub name: Domain,
    /// The server to hand its mail to; none for the domain's MX records.
    pub next_hop: Option<(Host, u16)>,
    /// A file of its recipients, one a line: the address, a blank, and another word. None to take
    /// whatever stands before the `@`.
    pub recipients: Option<String>,
}

/// How the smarthost is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SmarthostTls {
    /// By STARTTLS, with a certificate that is checked.
    Required,
    /// Inside TLS from the first byte, with a certificate that is checked.
    Wrapped,
    /// In clear.
    None,
}

/// The SASL mechanism that this server uses as a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ClientMechanism {
    /// PLAIN (RFC 4616).
    Plain,
    /// LOGIN.
    Login,
    /// XOAUTH2, with a token in place of a password.
    Xoauth2,
}

impl ClientMechanism {
    /// The mechanism's name in AUTH.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Xoauth2 => "XOAUTH2",
        }
    }
}

/// The server that all mail for other servers goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Smarthost {
    /// The host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub tls: SmarthostTls,
    /// The file of name and password, in the server's own format, with the mechanism; none where
    /// the smarthost knows this server by its address.
    pub credentials: Option<(String, ClientMechanism)>,
}

/// A name that stands for accounts or addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alias {
    /// The name, in lower case.
    pub name: String,
    /// Accounts of the host, and addresses with a domain; at least one.
    pub targets: Vec<String>,
}

/// Bounds on what clients may do. None is the server's own default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Octets in a message.
    pub message_size: Option<Stated<u64>>,
    /// Recipients of a message; more get a temporary refusal (RFC 5321 §4.5.3.1.10).
    pub recipients: Option<Stated<u64>>,
    /// Connections at a time.
    pub connections: Option<Stated<u64>>,
    /// Connections at a time from one address. The host itself and the networks are exempt.
    pub connections_per_client: Option<Stated<u64>>,
    /// Connections in a minute from one address. The host itself and the networks are exempt.
    pub connection_rate: Option<Stated<u64>>,
}

/// A DNS list of clients whose mail is refused on `mx` listeners, save the host itself, the
/// networks and who has logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dnsbl {
    /// The zone that is asked.
    pub zone: Domain,
    /// The answers that mean "listed", sorted, at least one; others mean nothing.
    pub answers: Vec<Ipv4Addr>,
}

/// The signature on outgoing mail (RFC 6376).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dkim {
    /// The signing domain.
    pub domain: Domain,
    /// The selector.
    pub selector: String,
    /// The PEM file of the private key.
    pub key: Option<String>,
    /// The milter that signs, for a server that cannot sign by itself.
    pub socket: Option<Endpoint>,
}

/// How tables are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Tables {
    /// As text, read when the server starts or looks something up.
    Text,
    /// As Berkeley DB hashes.
    Hash,
    /// As LMDB files.
    Lmdb,
}

impl Tables {
    /// The kind's name in a description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "texthash",
            Self::Hash => "hash",
            Self::Lmdb => "lmdb",
        }
    }
}

/// What a policy says beside its clauses; compared by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The name in the banner and in EHLO.
    pub hostname: Domain,
    /// What the banner says behind `hostname ESMTP `.
    pub banner: Option<Stated<String>>,
    /// The domains delivered to system accounts and aliases, beside `hostname` and `localhost`.
    /// Sorted.
    pub domains: Vec<Domain>,
    /// The domains of mailboxes without accounts. Sorted by name.
    pub virtual_domains: Vec<Stated<VirtualDomain>>,
    /// The domains of other servers. Sorted by name.
    pub relay_domains: Vec<Stated<RelayDomain>>,
    /// Names that stand for accounts or addresses. Sorted by name. None where the host's own
    /// `/etc/aliases` says it.
    pub aliases: Option<Stated<Vec<Alias>>>,
    /// The networks that may relay through the `mx` listeners. Sorted.
    pub networks: Vec<Stated<Network>>,
    /// The server that all mail for other servers goes through; none to look up MX records.
    pub smarthost: Option<Stated<Smarthost>>,
    /// How people log in.
    pub auth: Option<Stated<Auth>>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// Bounds.
    pub limits: Limits,
    /// DNS lists of clients to refuse, in the order in which they are asked.
    pub dnsbl: Vec<Stated<Dnsbl>>,
    /// The signature on outgoing mail.
    pub dkim: Option<Stated<Dkim>>,
    /// Where Rspamd listens, which every message from outside is shown to. What it rejects is
    /// refused, what it greylists or defers is refused for now.
    pub spam_filter: Option<Stated<Endpoint>>,
    /// The milters that every message is shown to, in this order.
    pub milters: Vec<Stated<Endpoint>>,
    /// How tables are kept; none for what suits the server.
    pub tables: Option<Stated<Tables>>,
}

impl Facts {
    /// The files of recipients, of virtual and of relay domains, none twice.
    pub fn recipient_files(&self) -> Vec<&str> {
        let hosted = self.virtual_domains.iter().map(|d| &d.value.recipients);
        let listed = self.relay_domains.iter();
        let listed = listed.filter_map(|d| d.value.recipients.as_ref());
        let mut files: Vec<&str> = Vec::new();
        for file in hosted.chain(listed) {
            if !files.contains(&file.as_str()) {
                files.push(file);
            }
        }
        files
    }

    /// Every fact by name and value, in a fixed order, but for networks and local domains: those
    /// are compared by the sessions that they decide.
    pub(super) fn values(&self) -> Vec<(&'static str, String, Option<&Place>)> {
        fn shown<'a, T: fmt::Display>(
            name: &'static str,
            value: Option<&'a Stated<T>>,
        ) -> (&'static str, String, Option<&'a Place>) {
            let text = value.map_or_else(|| "none".into(), |stated| stated.value.to_string());
            (name, text, value.and_then(|stated| stated.origin.as_ref()))
        }
        fn list<'a, T: fmt::Display>(
            name: &'static str,
            values: &'a [Stated<T>],
        ) -> (&'static str, String, Option<&'a Place>) {
            let text = joined(values.iter().map(|stated| &stated.value));
            let place = values.first().and_then(|stated| stated.origin.as_ref());
            (
                name,
                if text.is_empty() { "none".into() } else { text },
                place,
            )
        }
        let tls = self.certificate.as_ref();
        let path = |path: Option<&String>| path.map_or_else(|| "none".into(), Clone::clone);
        let limits = &self.limits;
        let dkim = self.dkim.as_ref().map(|stated| &stated.value);
        let signature = dkim.map(|dkim| {
            let key = path(dkim.key.as_ref());
            format!("{} of {} with {key}", dkim.selector, dkim.domain)
        });
        let place = self.dkim.as_ref().and_then(|stated| stated.origin.as_ref());
        vec![
            ("hostname", self.hostname.to_string(), None),
            shown("banner", self.banner.as_ref()),
            list("virtual domains", &self.virtual_domains),
            list("relay domains", &self.relay_domains),
            (
                "aliases",
                self.aliases
                    .as_ref()
                    .map_or_else(|| "the host's own".into(), |stated| joined(&stated.value)),
                self.aliases
                    .as_ref()
                    .and_then(|stated| stated.origin.as_ref()),
            ),
            shown("smarthost", self.smarthost.as_ref()),
            shown("auth", self.auth.as_ref()),
            ("certificate", path(tls.map(|tls| &tls.certificate)), None),
            ("key", path(tls.map(|tls| &tls.key)), None),
            shown("message size", limits.message_size.as_ref()),
            shown("recipients", limits.recipients.as_ref()),
            shown("connections", limits.connections.as_ref()),
            shown(
                "connections per client",
                limits.connections_per_client.as_ref(),
            ),
            shown("connection rate", limits.connection_rate.as_ref()),
            list("dnsbl", &self.dnsbl),
            ("dkim", signature.unwrap_or_else(|| "none".into()), place),
            // A server that signs by itself asks no milter.
            (
                "dkim socket",
                dkim.and_then(|dkim| dkim.socket.as_ref())
                    .map_or_else(|| "none".into(), ToString::to_string),
                place,
            ),
            shown("spam filter", self.spam_filter.as_ref()),
            list("milters", &self.milters),
            (
                "tables",
                // Text is what suits every server.
                self.tables
                    .as_ref()
                    .map_or(Tables::Text, |tables| tables.value)
                    .to_string(),
                self.tables
                    .as_ref()
                    .and_then(|tables| tables.origin.as_ref()),
            ),
        ]
    }
}
