//! Facts in words, as differences between policies are told. Must not know how they are compared.

use std::fmt::{Display, Formatter, Result};

use super::facts::{
    Alias, Auth, AuthBackend, Dnsbl, Endpoint, RelayDomain, Smarthost, SmarthostTls, Store, Tables,
    VirtualDomain,
};

/// The values, with a comma and a blank between them.
pub(super) fn joined<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    let texts = values.into_iter().map(|value| value.to_string());
    texts.collect::<Vec<String>>().join(", ")
}

impl Display for Auth {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mechanisms = self.mechanisms.iter().map(|one| one.name());
        write!(f, "{} with {}", self.backend, joined(mechanisms))
    }
}

impl Display for AuthBackend {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::CyrusSaslauthd => f.write_str("Cyrus SASL by saslauthd"),
            Self::CyrusSasldb => f.write_str("Cyrus SASL by sasldb"),
            Self::Dovecot(socket) => write!(f, "Dovecot at {socket}"),
            Self::File(path) => write!(f, "the file {path}"),
        }
    }
}

impl Display for Endpoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Tcp(host, port) => write!(f, "inet:{host}:{port}"),
        }
    }
}

impl Display for Store {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Lmtp(endpoint) => write!(f, "LMTP to {endpoint}"),
            Self::Maildir { folder, owner } => write!(f, "maildirs of user {owner} in {folder}"),
        }
    }
}

impl Display for VirtualDomain {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(
            f,
            "{} by {}, recipients of {}",
            self.name, self.store, self.recipients
        )
    }
}

impl Display for RelayDomain {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.next_hop {
            Some((host, port)) => write!(f, "{} to {host}:{port}", self.name)?,
            None => write!(f, "{} by its MX records", self.name)?,
        }
        match &self.recipients {
            Some(file) => write!(f, ", recipients of {file}"),
            None => f.write_str(", any recipient"),
        }
    }
}

impl Display for Smarthost {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let tls = match self.tls {
            SmarthostTls::Required => "by STARTTLS",
            SmarthostTls::Wrapped => "inside TLS",
            SmarthostTls::None => "in clear",
        };
        write!(f, "{}:{} {tls}", self.host, self.port)?;
        match &self.credentials {
            Some((file, mechanism)) => write!(f, ", {} from {file}", mechanism.name()),
            None => f.write_str(", without a log-in"),
        }
    }
}

impl Display for Alias {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}: {}", self.name, joined(&self.targets))
    }
}

impl Display for Dnsbl {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} ({})", self.zone, joined(&self.answers))
    }
}

impl Display for Tables {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.name())
    }
}
