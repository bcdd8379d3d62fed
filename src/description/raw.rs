//! The description as it is written: its keys and their types, and nothing of their meaning.
//! The schema for editors is made from these types.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::yaml::Node;

/// What an SMTP server must do at the least.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Raw {
    /// The server's full name, as its PTR record gives it.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub hostname: Option<Node<String>>,
    /// The domains that this server takes mail for: delivered to system accounts and aliases.
    /// A domain does not include its subdomains.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub domains: Option<Node<Vec<Node<String>>>>,
    /// Who may send to other servers' domains without logging in.
    #[cfg_attr(test, schemars(with = "Option<RawRelay>"))]
    pub relay: Option<Node<RawRelay>>,
    /// What checks passwords on the submission ports.
    #[cfg_attr(test, schemars(with = "Option<RawAuth>"))]
    pub auth: Option<Node<RawAuth>>,
    /// The TCP ports: 25 is a mail exchanger, 587 and 2525 are submission behind STARTTLS, 465 is
    /// submission inside TLS.
    #[cfg_attr(test, schemars(with = "Option<Vec<tests::Port>>"))]
    pub ports: Option<Node<Vec<Node<Scalar>>>>,
    /// In place of `ports`: any port, with what it is for.
    #[cfg_attr(test, schemars(with = "Option<Vec<RawListener>>"))]
    pub listeners: Option<Node<Vec<Node<RawListener>>>>,
    /// The server's certificate. Without it only `mx` ports are served, without STARTTLS.
    #[cfg_attr(test, schemars(with = "Option<RawTls>"))]
    pub tls: Option<Node<RawTls>>,
}

/// Relaying.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawRelay {
    /// Networks in CIDR notation whose hosts may relay through the `mx` ports. The server itself
    /// always may.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub networks: Option<Node<Vec<Node<String>>>>,
}

/// A port with its role.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawListener {
    /// The TCP port.
    #[cfg_attr(test, schemars(required, with = "u16"))]
    pub port: Option<Node<Scalar>>,
    /// What it is for; left out, the usual role of 25, 465, 587 or 2525.
    #[cfg_attr(test, schemars(with = "Option<RawRole>"))]
    pub role: Option<Node<RawRole>>,
}

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawRole {
    /// Takes mail for our domains from anyone.
    Mx,
    /// Takes mail from people who log in, behind STARTTLS.
    Submission,
    /// Takes mail from people who log in, inside TLS from the first byte.
    Submissions,
}

/// What checks passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawAuth {
    /// Cyrus SASL, asking saslauthd; mechanisms PLAIN and LOGIN.
    Cyrus,
}

/// The certificate.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawTls {
    /// Path of the PEM file with the certificate and its chain, on the server.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub certificate: Option<Node<String>>,
    /// Path of the PEM file with the private key, on the server.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub key: Option<Node<String>>,
}

/// A number, or a text where a number was meant.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A whole number.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

    use super::*;

    pub struct Port;

    impl JsonSchema for Port {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Port".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "enum": [25, 465, 587, 2525] })
        }
    }

    /// With `UPDATE=1` the file is written anew instead.
    #[test]
    fn the_schema_file_is_what_the_types_say() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/schemas/description.schema.json"
        );
        let schema = SchemaSettings::draft07()
            .into_generator()
            .into_root_schema_for::<Raw>();
        let mut schema = serde_json::to_value(schema).unwrap();
        schema["title"] = "smtpconf description".into();
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), text);
    }
}
