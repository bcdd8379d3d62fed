//! What the server runs on and among, and where its files go. Must not know any server.

use std::net::IpAddr;

use super::model::{Output, Spanned};
use super::raw::{Raw, RawOutput, RawPlatform, RawTables};
use super::validate::{Check, items};
use super::yaml::Node;
use crate::findings::{Finding, Severity};
use crate::net::{AddressSet, Fault, Network};
use crate::policy::{Stated, Tables};
use crate::text::Place;

/// What is said of the surroundings.
#[derive(Default)]
pub struct Surroundings {
    pub platform: Option<Spanned<&'static str>>,
    pub tables: Option<Stated<Tables>>,
    /// The address under which every client from outside appears.
    pub behind_nat: Option<IpAddr>,
}

impl Check<'_> {
    /// The surroundings, and that the address of a NAT has no rights.
    pub fn surroundings(&mut self, raw: &Raw, networks: &[Stated<Network>]) -> Surroundings {
        let Some(section) = raw
            .surroundings
            .as_ref()
            .and_then(|node| node.value.as_ref())
        else {
            return Surroundings::default();
        };
        let nat = section.behind_nat.as_ref();
        let behind_nat = nat.and_then(|nat| self.behind_nat(raw, nat, networks));
        let platform = section.platform.as_ref().and_then(|node| {
            Some(Spanned {
                value: match node.value? {
                    RawPlatform::Debian11 => "debian-11",
                    RawPlatform::Debian12 => "debian-12",
                    RawPlatform::Debian13 => "debian-13",
                },
                span: node.span,
            })
        });
        let tables = section.tables.as_ref().and_then(|node| {
            let tables = match node.value? {
                RawTables::Texthash => Tables::Text,
                RawTables::Hash => Tables::Hash,
                RawTables::Lmdb => Tables::Lmdb,
            };
            Some(self.stated(tables, node.span))
        });
        Surroundings {
            platform,
            tables,
            behind_nat,
        }
    }

    fn behind_nat(
        &mut self,
        raw: &Raw,
        nat: &Node<String>,
        networks: &[Stated<Network>],
    ) -> Option<IpAddr> {
        let read = |text: &str| {
            text.parse::<IpAddr>().map_err(|_| {
                Fault::new(
                    "bad-address",
                    0..text.len(),
                    format!("`{}` is no address", text.escape_debug()),
                )
                .help("write the address from which connections seem to come, such as `172.17.0.1`")
            })
        };
        let address = self.parse(nat, read)?;
        for network in networks {
            if AddressSet::new([network.value]).contains(address.value)
                && let Some(place) = &network.origin
            {
                let finding = Finding::new(
                    Severity::Error,
                    "world-relay",
                    self.source,
                    place.span,
                    format!(
                        "every connection from outside seems to come from {}, which lies in `{}`: the whole world could send spam through this server",
                        address.value, network.value
                    ),
                )
                .and(Place::new(self.source, address.span), "the address that stands for everybody")
                .help("leave the network out, and let your own clients log in");
                self.findings.push(finding);
            }
        }
        let limits = raw.limits.as_ref().and_then(|node| node.value.as_ref());
        let per_client = [
            limits.and_then(|limits| Some(limits.connections_per_client.as_ref()?.span)),
            limits.and_then(|limits| Some(limits.connection_rate.as_ref()?.span)),
            raw.dnsbl.as_ref().map(|node| node.span),
        ];
        for span in per_client.into_iter().flatten() {
            let finding = Finding::new(
                Severity::Warning,
                "one-client",
                self.source,
                span,
                format!(
                    "all clients from outside have the address {}, so that one limit or one listing is for everybody",
                    address.value
                ),
            )
            .and(Place::new(self.source, address.span), "said here")
            .help("leave it out, or let the server see its clients (no NAT, no userland proxy)");
            self.findings.push(finding);
        }
        Some(address.value)
    }

    /// The servers that files are generated for.
    pub fn outputs(&mut self, raw: &Raw) -> Vec<Output> {
        let outputs: Vec<Spanned<Output>> = items(raw.targets.as_ref())
            .filter_map(|node| self.output(node))
            .collect();
        let unique = self.unique(
            outputs,
            |output| output.into.value.clone(),
            Severity::Error,
            "duplicate-entry",
            |output| format!("folder `{}` stands twice", output.into.value),
        );
        unique.into_iter().map(|output| output.value).collect()
    }

    fn output(&mut self, node: &Node<RawOutput>) -> Option<Spanned<Output>> {
        let raw = node.value.as_ref()?;
        if raw.server.is_none() {
            self.missing(node.span, "server", "server: postfix");
        }
        let Some(into) = &raw.into else {
            self.missing(node.span, "into", "into: postfix/");
            return None;
        };
        let text = |node: &Node<String>| {
            Some(Spanned {
                value: node.value.clone()?,
                span: node.span,
            })
        };
        let folder = self.parse(into, |text| {
            let climbs = text.split('/').any(|part| part == "..");
            if text.is_empty() || text.starts_with('/') || climbs || text.contains(char::is_control)
            {
                return Err(Fault::new(
                    "unsafe-path",
                    0..text.len(),
                    format!(
                        "`{}` is no folder below the description's own",
                        text.escape_debug()
                    ),
                )
                .help("write a relative path, such as `postfix/`; elsewhere with `--out`"));
            }
            Ok(text.trim_end_matches('/').to_owned())
        })?;
        Some(Spanned {
            span: folder.span,
            value: Output {
                server: text(raw.server.as_ref()?)?,
                version: match &raw.version {
                    Some(version) => Some(text(version)?),
                    None => None,
                },
                into: folder,
            },
        })
    }
}
