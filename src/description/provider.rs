//! What providers serve to those who send through them. Must not know any server's settings.

use std::sync::LazyLock;

use serde::Deserialize;

use super::raw::{RawMechanism, RawSmarthostTls};
use super::yaml;
use crate::policy::ClientMechanism;
use crate::text::Source;

/// The dated data file.
const PROVIDERS: &str = include_str!("../../schemas/smarthosts.yaml");

/// The data file, read.
#[derive(Debug, Default, Deserialize)]
pub struct Providers {
    /// The day on which it was true.
    pub as_of: String,
    /// The providers.
    pub providers: Vec<Provider>,
}

/// A provider, as the data file explains its keys.
#[derive(Debug, Deserialize)]
pub struct Provider {
    /// Its name as a preset.
    pub name: String,
    /// Other names as a preset.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its name for people.
    pub title: String,
    /// Its host.
    pub host: Option<String>,
    /// The domain that hosts of customers lie in.
    pub below: Option<String>,
    /// The ports, the preferred one first.
    pub ports: Vec<Service>,
    /// How its customers log in; empty where it knows them by address.
    pub mechanisms: Vec<RawMechanism>,
    /// Whether it may know a customer by address.
    #[serde(default)]
    pub without_login: bool,
    /// What it takes for a password.
    pub password: Option<String>,
    /// The day from which on it takes none.
    pub passwords_until: Option<String>,
    /// The most recipients of a message.
    pub recipients: Option<u64>,
    /// The most octets in a message.
    pub message_size: Option<u64>,
}

/// A port that is served.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Its number.
    pub port: u16,
    /// How TLS is spoken.
    pub tls: RawSmarthostTls,
}

impl Provider {
    /// The ports, for people.
    pub fn ports(&self) -> String {
        let shown: Vec<String> = self
            .ports
            .iter()
            .map(|service| match service.tls {
                RawSmarthostTls::Wrapped => format!("{} (TLS from the first byte)", service.port),
                _ => format!("{} (STARTTLS)", service.port),
            })
            .collect();
        shown.join(", ")
    }
}

/// The providers of the data file; none when it is faulty, which a test rules out.
pub fn providers() -> &'static Providers {
    static READ: LazyLock<Providers> = LazyLock::new(|| {
        let (data, _) = yaml::read(&Source::new("smarthosts.yaml", PROVIDERS));
        data.unwrap_or_default()
    });
    &READ
}

/// The provider with this name as a preset.
pub fn named(name: &str) -> Option<&'static Provider> {
    let mut all = providers().providers.iter();
    all.find(|provider| provider.name == name || provider.aliases.iter().any(|one| one == name))
}

/// The mechanism that is written so.
pub fn client(mechanism: RawMechanism) -> ClientMechanism {
    match mechanism {
        RawMechanism::Plain => ClientMechanism::Plain,
        RawMechanism::Login => ClientMechanism::Login,
        RawMechanism::Xoauth2 => ClientMechanism::Xoauth2,
    }
}

impl Provider {
    /// The provider whose host this is.
    pub fn of(host: &str) -> Option<&'static Self> {
        let mut all = providers().providers.iter();
        all.find(|provider| match (&provider.host, &provider.below) {
            (Some(own), _) => own == host,
            // In so wide a domain are many other hosts.
            (None, Some(below)) if below == "amazonaws.com" => {
                host.starts_with("email-smtp.") && host.ends_with(".amazonaws.com")
            }
            (None, Some(below)) => host.ends_with(&format!(".{below}")),
            (None, None) => false,
        })
    }

    /// Whether it takes this mechanism.
    pub fn takes(&self, mechanism: &str) -> bool {
        let mut known = self.mechanisms.iter();
        known.any(|one| client(*one).name().eq_ignore_ascii_case(mechanism))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::endpoint;

    #[test]
    fn the_data_file_is_whole() {
        let (data, findings) = yaml::read::<Providers>(&Source::new("smarthosts.yaml", PROVIDERS));
        assert!(findings.is_empty(), "{findings:?}");
        let data = data.unwrap();
        assert!(data.providers.len() >= 10);
        for provider in &data.providers {
            assert!(!provider.ports.is_empty(), "{}", provider.name);
            assert_ne!(
                provider.host.is_some(),
                provider.below.is_some(),
                "{}",
                provider.name
            );
            if let Some(host) = &provider.host {
                assert!(endpoint::host(host).is_ok(), "{host}");
            }
        }
    }
}
