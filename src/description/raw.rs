//! The description as it is written: its keys and their types, and nothing of their meaning.
//! The schema for editors is made from these types.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::yaml::{Entries, Node, Short};

/// What an SMTP server must do at the least.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Raw {
    /// The server's full name, as its PTR record gives it.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub hostname: Option<Node<String>>,
    /// What the greeting says behind the server's name and `ESMTP`; left out, nothing.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub banner: Option<Node<String>>,
    /// The domains that this server takes mail for. A name alone is a domain delivered to system
    /// accounts and aliases. A domain does not include its subdomains.
    #[cfg_attr(test, schemars(with = "Option<Vec<tests::Either<String, RawDomain>>>"))]
    pub domains: Option<Node<Vec<DomainNode>>>,
    /// Names that stand for accounts or addresses, such as `postmaster: root`; left out, those of
    /// the server's own /etc/aliases.
    #[cfg_attr(
        test,
        schemars(
            with = "Option<std::collections::BTreeMap<String, tests::Either<String, Vec<String>>>>"
        )
    )]
    pub aliases: Option<Node<Entries<Many>>>,
    /// Mail for other servers' domains.
    #[cfg_attr(test, schemars(with = "Option<RawRelay>"))]
    pub relay: Option<Node<RawRelay>>,
    /// What checks passwords; `cyrus` alone is Cyrus SASL asking saslauthd.
    #[cfg_attr(test, schemars(with = "Option<tests::Either<RawBackend, RawAuth>>"))]
    pub auth: Option<Node<Short<RawBackend, RawAuth>>>,
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
    /// Bounds on what clients may do.
    #[cfg_attr(test, schemars(with = "Option<RawLimits>"))]
    pub limits: Option<Node<RawLimits>>,
    /// DNS lists of clients whose mail is refused.
    #[cfg_attr(test, schemars(with = "Option<Vec<RawDnsbl>>"))]
    pub dnsbl: Option<Node<Vec<Node<RawDnsbl>>>>,
    /// The signature on outgoing mail.
    #[cfg_attr(test, schemars(with = "Option<RawDkim>"))]
    pub dkim: Option<Node<RawDkim>>,
    /// What judges the content of messages.
    #[cfg_attr(test, schemars(with = "Option<RawSpamFilter>"))]
    pub spam_filter: Option<Node<RawSpamFilter>>,
    /// Milters, as `unix:/path` or `inet:host:port`, in the order in which they see a message.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub milters: Option<Node<Vec<Node<String>>>>,
    /// What the server runs on and among.
    #[cfg_attr(test, schemars(with = "Option<RawSurroundings>"))]
    pub surroundings: Option<Node<RawSurroundings>>,
    /// The servers that files are generated for.
    #[cfg_attr(test, schemars(with = "Option<Vec<RawOutput>>"))]
    pub targets: Option<Node<Vec<Node<RawOutput>>>>,
    /// What the linter reports. A file may hold this section alone.
    #[cfg_attr(test, schemars(with = "Option<RawLint>"))]
    pub lint: Option<Node<RawLint>>,
}

impl Raw {
    /// Whether nothing but the linter's section is written.
    pub fn is_for_the_linter_alone(&self) -> bool {
        let Self {
            hostname,
            banner,
            domains,
            aliases,
            relay,
            auth,
            ports,
            listeners,
            tls,
            limits,
            dnsbl,
            dkim,
            spam_filter,
            milters,
            surroundings,
            targets,
            lint,
        } = self;
        let texts = hostname.is_none() && banner.is_none();
        let mail = domains.is_none() && aliases.is_none() && relay.is_none();
        let doors = auth.is_none() && ports.is_none() && listeners.is_none() && tls.is_none();
        let content = limits.is_none() && dnsbl.is_none() && dkim.is_none();
        let filters = spam_filter.is_none() && milters.is_none();
        let around = surroundings.is_none() && targets.is_none();
        lint.is_some() && texts && mail && doors && content && filters && around
    }
}

/// What the linter reports.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawLint {
    /// Whether what is a matter of taste is reported too; left out, `false`.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    pub pedantic: Option<Node<bool>>,
    /// Levels by the name of a rule or of a group of rules, or `all`; later ones win.
    #[cfg_attr(
        test,
        schemars(with = "Option<std::collections::BTreeMap<String, Level>>")
    )]
    pub levels: Option<Node<Entries<Level>>>,
    /// Levels for some files alone; later ones win, and all of them over `levels`.
    #[cfg_attr(test, schemars(with = "Option<Vec<RawLintPath>>"))]
    pub paths: Option<Node<Vec<Node<RawLintPath>>>>,
    /// Files and folders that are left out, as in a .gitignore.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub ignore: Option<Node<Vec<Node<String>>>>,
}

/// Levels for some files.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawLintPath {
    /// The files: a pattern as in a .gitignore, from this description's folder.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub path: Option<Node<String>>,
    /// Their levels, as above.
    #[cfg_attr(
        test,
        schemars(required, with = "std::collections::BTreeMap<String, Level>")
    )]
    pub levels: Option<Node<Entries<Level>>>,
}

/// What a user sets of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not reported.
    Allow,
    /// It is reported as a warning.
    Warn,
    /// It is reported as an error.
    Deny,
}

/// A domain, by its name alone or with how its mail is delivered.
pub type DomainNode = Node<Short<String, RawDomain>>;

/// A domain with how its mail is delivered.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawDomain {
    /// The domain.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub name: Option<Node<String>>,
    /// How its mail is delivered; left out, `local`.
    #[cfg_attr(test, schemars(with = "Option<RawDelivery>"))]
    pub delivery: Option<Node<RawDelivery>>,
    /// Where to. For `virtual`: `lmtp:/socket`, `lmtp:[host]:port` or `maildir:/folder`. For
    /// `relay`: `[host]:port`; left out, the domain's MX records.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub to: Option<Node<String>>,
    /// Which recipients there are: `any`, for `relay` alone, or a file.
    #[cfg_attr(test, schemars(with = "Option<tests::Either<RawAny, RawFile>>"))]
    pub recipients: Option<Node<Short<RawAny, RawFile>>>,
    /// For maildirs: the number of the user and group that they belong to.
    #[cfg_attr(test, schemars(with = "Option<u32>"))]
    pub owner: Option<Node<Scalar>>,
}

/// How a domain's mail is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawDelivery {
    /// To system accounts and aliases.
    Local,
    /// To mailboxes without system accounts.
    Virtual,
    /// To another server.
    Relay,
}

/// Every recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawAny {
    /// Whatever stands before the `@`.
    Any,
}

/// A file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawFile {
    /// Path of a file on the server with a line for each recipient: the address, a blank and `OK`;
    /// for maildirs the maildir's path below the folder, with a final slash, in place of `OK`.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub file: Option<Node<String>>,
}

/// Relaying.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawRelay {
    /// Networks in CIDR notation whose hosts may relay through the `mx` ports. The server itself
    /// always may.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub networks: Option<Node<Vec<Node<String>>>>,
    /// The server that all mail for other servers goes through.
    #[cfg_attr(test, schemars(with = "Option<RawSmarthost>"))]
    pub smarthost: Option<Node<RawSmarthost>>,
}

/// The server that all mail for other servers goes through.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawSmarthost {
    /// A provider whose host, ports and demands are known: `gmail`, `outlook`, `m365` ….
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub preset: Option<Node<String>>,
    /// The host; with a preset only where the provider has one for each customer.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub host: Option<Node<String>>,
    /// The port; left out, the provider's first one, else 587.
    #[cfg_attr(test, schemars(with = "Option<u16>"))]
    pub port: Option<Node<Scalar>>,
    /// How TLS is spoken; left out, `wrapped` on 465 and `required` elsewhere.
    #[cfg_attr(test, schemars(with = "Option<RawSmarthostTls>"))]
    pub tls: Option<Node<RawSmarthostTls>>,
    /// The SASL mechanism; left out, `plain`, or what the provider serves.
    #[cfg_attr(test, schemars(with = "Option<RawMechanism>"))]
    pub mechanism: Option<Node<RawMechanism>>,
    /// Path of a file on the server with name and password, in the server's own format.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub credentials: Option<Node<String>>,
}

/// How TLS is spoken to the smarthost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawSmarthostTls {
    /// By STARTTLS, with a certificate that is checked.
    Required,
    /// From the first byte, with a certificate that is checked.
    Wrapped,
    /// Not at all.
    None,
}

/// How this server logs in to the smarthost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawMechanism {
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// XOAUTH2.
    Xoauth2,
}

/// A port with its role.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawListener {
    /// The TCP port.
    #[cfg_attr(test, schemars(required, with = "u16"))]
    pub port: Option<Node<Scalar>>,
    /// The host's address or addresses that it is served on; left out, all.
    #[cfg_attr(test, schemars(with = "Option<tests::Either<String, Vec<String>>>"))]
    pub address: Option<Node<Many>>,
    /// What it is for; left out, the usual role of 25, 465, 587 or 2525.
    #[cfg_attr(test, schemars(with = "Option<RawRole>"))]
    pub role: Option<Node<RawRole>>,
    /// For submission, the TLS profile; left out, that of `tls`. For `mx`, `none` to offer no
    /// STARTTLS.
    #[cfg_attr(test, schemars(with = "Option<RawListenerTls>"))]
    pub tls: Option<Node<RawListenerTls>>,
    /// For `mx`: whether AUTH is offered inside TLS, so that who logs in may send anywhere; left
    /// out, `false`.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    pub auth: Option<Node<bool>>,
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

/// The TLS of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawListenerTls {
    /// TLS 1.2 and up.
    Intermediate,
    /// TLS 1.3 alone.
    Modern,
    /// Not offered.
    None,
}

/// What checks passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawBackend {
    /// Cyrus SASL.
    Cyrus,
    /// Dovecot's auth service.
    Dovecot,
    /// A file of names and hashes.
    File,
}

/// How people log in.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawAuth {
    /// What checks passwords.
    #[cfg_attr(test, schemars(required, with = "RawBackend"))]
    pub backend: Option<Node<RawBackend>>,
    /// For `cyrus`: where it looks passwords up; left out, `saslauthd`.
    #[cfg_attr(test, schemars(with = "Option<RawStore>"))]
    pub store: Option<Node<RawStore>>,
    /// For `dovecot`: path of its auth service's Unix socket.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub socket: Option<Node<String>>,
    /// For `file`: path of a file of lines `name:hash`, hashes as crypt(3) makes them.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub path: Option<Node<String>>,
    /// The SASL mechanisms that are offered; left out, PLAIN and LOGIN.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub mechanisms: Option<Node<Vec<Node<String>>>>,
}

/// Where Cyrus SASL looks passwords up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawStore {
    /// It asks saslauthd.
    Saslauthd,
    /// Its own database, /etc/sasldb2.
    Sasldb,
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
    /// What TLS must be where it is required: on submission ports. Left out, `intermediate`.
    #[cfg_attr(test, schemars(with = "Option<RawProfile>"))]
    pub profile: Option<Node<RawProfile>>,
}

/// A profile of Mozilla's recommendations for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawProfile {
    /// TLS 1.2 and up.
    Intermediate,
    /// TLS 1.3 alone.
    Modern,
}

/// Bounds on what clients may do.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawLimits {
    /// The largest message, in octets or as `50MiB`; left out, the server's own default.
    #[cfg_attr(test, schemars(with = "Option<tests::Either<u64, String>>"))]
    pub message_size: Option<Node<Scalar>>,
    /// The most recipients of a message; left out, the server's own default.
    #[cfg_attr(test, schemars(with = "Option<u32>"))]
    pub recipients: Option<Node<Scalar>>,
    /// The most connections at a time; left out, the server's own default.
    #[cfg_attr(test, schemars(with = "Option<u32>"))]
    pub connections: Option<Node<Scalar>>,
    /// The most connections at a time from one address, but for `relay.networks`; left out, the
    /// server's own default.
    #[cfg_attr(test, schemars(with = "Option<u32>"))]
    pub connections_per_client: Option<Node<Scalar>>,
    /// The most connections from one address in a minute, as `60/min`, but for `relay.networks`;
    /// left out, the server's own default.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub connection_rate: Option<Node<Scalar>>,
}

/// A DNS list of clients.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawDnsbl {
    /// The zone that is asked.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub zone: Option<Node<String>>,
    /// The answers that mean "listed"; others are for errors of the list.
    #[cfg_attr(test, schemars(required, with = "Vec<String>"))]
    pub answers: Option<Node<Vec<Node<String>>>>,
}

/// The signature on outgoing mail.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawDkim {
    /// The signing domain.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub domain: Option<Node<String>>,
    /// The selector.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub selector: Option<Node<String>>,
    /// Path of the PEM file of the private key, for a server that signs by itself.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub key: Option<Node<String>>,
    /// Where `OpenDKIM` listens, for a server that signs through a milter: `unix:/path` or
    /// `inet:host:port`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub socket: Option<Node<String>>,
}

/// What judges the content of messages.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawSpamFilter {
    /// Where Rspamd listens: `unix:/path` or `inet:host:port`.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub rspamd: Option<Node<String>>,
}

/// What the server runs on and among.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawSurroundings {
    /// The address from which every connection from outside seems to come, as behind a proxy that
    /// hides its clients; it never may relay.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub behind_nat: Option<Node<String>>,
    /// The system, which says which version a server has where `targets` does not; left out,
    /// `debian-12`.
    #[cfg_attr(test, schemars(with = "Option<RawPlatform>"))]
    pub platform: Option<Node<RawPlatform>>,
    /// How tables are kept; left out, as suits the server.
    #[cfg_attr(test, schemars(with = "Option<RawTables>"))]
    pub tables: Option<Node<RawTables>>,
}

/// A system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RawPlatform {
    /// Debian 11.
    #[serde(rename = "debian-11")]
    Debian11,
    /// Debian 12.
    #[serde(rename = "debian-12")]
    Debian12,
    /// Debian 13.
    #[serde(rename = "debian-13")]
    Debian13,
}

/// How tables are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RawTables {
    /// As text.
    Texthash,
    /// As Berkeley DB hashes.
    Hash,
    /// As LMDB files.
    Lmdb,
}

/// A server that files are generated for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RawOutput {
    /// The server: `postfix`, `exim` or `sendmail`.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub server: Option<Node<String>>,
    /// Its version, such as 3.7.11; left out, that of the platform.
    #[cfg_attr(test, schemars(with = "Option<tests::Either<String, f64>>"))]
    pub version: Option<Node<String>>,
    /// The folder of the files, relative to the description's.
    #[cfg_attr(test, schemars(required, with = "String"))]
    pub into: Option<Node<String>>,
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

/// One text, or a list of them.
#[derive(Clone, Debug)]
pub enum Many {
    /// One.
    One(String),
    /// A list.
    List(Vec<Node<String>>),
}

impl Many {
    /// The texts, each with its place; `node` is where they were written.
    pub fn texts(node: &Node<Self>) -> Vec<Node<String>> {
        match &node.value {
            None => Vec::new(),
            Some(Self::List(list)) => list.clone(),
            Some(Self::One(text)) => vec![Node {
                span: node.span,
                value: Some(text.clone()),
            }],
        }
    }
}

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ManyVisitor;
        impl<'de> Visitor<'de> for ManyVisitor {
            type Value = Many;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Many, E> {
                Ok(Many::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Many, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Many::List(list))
            }
        }
        deserializer.deserialize_any(ManyVisitor)
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

    /// One of two types.
    pub struct Either<A, B>(std::marker::PhantomData<(A, B)>);

    impl<A: JsonSchema, B: JsonSchema> JsonSchema for Either<A, B> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> std::borrow::Cow<'static, str> {
            format!("{}Or{}", A::schema_name(), B::schema_name()).into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let both = [
                generator.subschema_for::<A>(),
                generator.subschema_for::<B>(),
            ];
            json_schema!({ "anyOf": both })
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
        // Who has settings of the linter alone names no server.
        schema["if"] = serde_json::json!({
            "required": ["lint"],
            "properties": { "lint": true },
            "additionalProperties": false,
        });
        let required = schema.as_object_mut().unwrap().remove("required");
        schema["else"] = serde_json::json!({ "required": required });
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), text);
    }
}
