//! Domains with how their mail is delivered, checked. Must not know who may send to them.

use super::endpoint;
use super::model::Spanned;
use super::path::FilePath;
use super::raw::{Raw, RawAny, RawDelivery, RawDomain, RawFile, Scalar};
use super::validate::{Check, items};
use super::yaml::{Node, Short};
use crate::findings::Severity;
use crate::net::{Domain, Fault};
use crate::policy::{Endpoint, RelayDomain, Stated, Store, VirtualDomain};
use crate::text::Span;

/// The domains by how their mail is delivered, each sorted by name.
#[derive(Default)]
pub struct Domains {
    pub local: Vec<Domain>,
    pub virtuals: Vec<Stated<VirtualDomain>>,
    pub relay: Vec<Stated<RelayDomain>>,
}

/// How one domain's mail is delivered.
#[derive(Clone)]
enum Delivery {
    Local,
    Virtual(Store, String),
    Relay(Option<(crate::policy::Host, u16)>, Option<String>),
}

/// Which recipients a domain has.
enum Recipients {
    Any,
    File(String),
}

impl Check<'_> {
    /// The domains, none twice, without `hostname` and `localhost`, which are local anyway.
    pub fn domains(&mut self, raw: &Raw, hostname: Option<&Domain>) -> Domains {
        let parsed: Vec<Spanned<(Domain, Delivery)>> = items(raw.domains.as_ref())
            .filter_map(|node| match node.value.as_ref()? {
                Short::Word(name) => {
                    let node = Node {
                        span: node.span,
                        value: Some(name.clone()),
                    };
                    let name = self.parse(&node, Domain::parse)?;
                    Some(Spanned {
                        value: (name.value, Delivery::Local),
                        span: name.span,
                    })
                }
                Short::Keys(domain) => self.domain(node.span, domain),
            })
            .collect();
        let unique = self.unique(
            parsed,
            |(name, _)| name.clone(),
            Severity::Error,
            "duplicate-entry",
            |(name, _)| format!("domain `{name}` stands twice"),
        );
        let mut domains = Domains::default();
        for Spanned { value, span } in unique {
            let (name, delivery) = value;
            let is_host = Some(&name) == hostname || name == Domain::localhost();
            if is_host && !matches!(delivery, Delivery::Local) {
                self.error(
                    "host-is-local",
                    span,
                    &format!("`{name}` is the server itself: its mail goes to system accounts, as for cron and the postmaster"),
                    "give the server a name of its own, such as `mail` below the domain",
                );
                continue;
            }
            match delivery {
                Delivery::Local if is_host => {}
                Delivery::Local => domains.local.push(name),
                Delivery::Virtual(store, recipients) => {
                    let domain = VirtualDomain {
                        name,
                        store,
                        recipients,
                    };
                    domains.virtuals.push(self.stated(domain, span));
                }
                Delivery::Relay(next_hop, recipients) => {
                    let domain = RelayDomain {
                        name,
                        next_hop,
                        recipients,
                    };
                    domains.relay.push(self.stated(domain, span));
                }
            }
        }
        domains.local.sort_unstable();
        domains
            .virtuals
            .sort_by(|a, b| a.value.name.cmp(&b.value.name));
        domains
            .relay
            .sort_by(|a, b| a.value.name.cmp(&b.value.name));
        domains
    }

    fn domain(&mut self, span: Span, raw: &RawDomain) -> Option<Spanned<(Domain, Delivery)>> {
        let example = "name: shop.example";
        let name = self.required(raw.name.as_ref(), span, example, Domain::parse);
        let kind = match &raw.delivery {
            Some(delivery) => delivery.value?,
            None => RawDelivery::Local,
        };
        let delivery = match kind {
            RawDelivery::Local => {
                self.useless(
                    raw.to.as_ref(),
                    "to",
                    "`delivery: local` is to system accounts",
                );
                self.useless(
                    raw.recipients.as_ref(),
                    "recipients",
                    "with `delivery: local` they are the accounts and aliases of the server",
                );
                self.useless(raw.owner.as_ref(), "owner", "it is for maildirs");
                Some(Delivery::Local)
            }
            RawDelivery::Virtual => self.virtual_domain(span, raw),
            RawDelivery::Relay => self.relay_domain(span, raw),
        };
        let name = name?;
        Some(Spanned {
            value: (name.value, delivery?),
            span: name.span,
        })
    }

    fn virtual_domain(&mut self, span: Span, raw: &RawDomain) -> Option<Delivery> {
        let recipients = self.recipients(span, raw, "recipients: {file: /etc/mail/users}");
        if let (Some(Recipients::Any), Some(node)) = (&recipients, &raw.recipients) {
            self.error(
                "unknown-recipients",
                node.span,
                "whatever stands before the `@` would be taken, and come back later to a sender that spammers forge",
                "name a file: `recipients: {file: /etc/mail/users}`",
            );
        }
        let example = "to: lmtp:/run/dovecot/lmtp";
        let store = self.required(raw.to.as_ref(), span, example, |text| {
            if let Some(folder) = text.strip_prefix("maildir:") {
                return FilePath::parse(folder)
                    .map(|folder| Store::Maildir {
                        folder: folder.as_str().to_owned(),
                        owner: 0,
                    })
                    .map_err(|fault| endpoint::shifted(fault, 8));
            }
            if let Some(socket) = text.strip_prefix("lmtp:") {
                let endpoint = if socket.starts_with('/') {
                    FilePath::parse(socket).map(|path| Endpoint::Unix(path.as_str().to_owned()))
                } else {
                    endpoint::next_hop(socket).map(|(host, port)| Endpoint::Tcp(host, port))
                };
                return endpoint
                    .map(Store::Lmtp)
                    .map_err(|fault| endpoint::shifted(fault, 5));
            }
            Err(Fault::new(
                "bad-text",
                0..text.len(),
                format!(
                    "`{}` is nowhere that a virtual domain's mail can go",
                    text.escape_debug()
                ),
            )
            .help(
                "write `lmtp:/run/dovecot/lmtp`, `lmtp:[host]:port` or `maildir:/var/mail/vhosts`",
            ))
        });
        let store = match store?.value {
            Store::Maildir { folder, .. } => Store::Maildir {
                folder,
                owner: self.owner(span, raw.owner.as_ref())?,
            },
            lmtp @ Store::Lmtp(_) => {
                self.useless(raw.owner.as_ref(), "owner", "it is for maildirs");
                lmtp
            }
        };
        match recipients? {
            Recipients::Any => None,
            Recipients::File(file) => Some(Delivery::Virtual(store, file)),
        }
    }

    fn owner(&mut self, span: Span, node: Option<&Node<Scalar>>) -> Option<u32> {
        let Some(node) = node else {
            self.missing(span, "owner", "owner: 5000");
            return None;
        };
        // System accounts, which own other things, lie below 100 on every system.
        let owner = self.number(node, 100, u64::from(u32::MAX / 2), "user ID")?;
        u32::try_from(owner).ok()
    }

    fn relay_domain(&mut self, span: Span, raw: &RawDomain) -> Option<Delivery> {
        self.useless(raw.owner.as_ref(), "owner", "it is for maildirs");
        let next_hop = match &raw.to {
            Some(to) => Some(self.parse(to, endpoint::next_hop)?.value),
            None => None,
        };
        let file = match self.recipients(span, raw, "recipients: any")? {
            Recipients::Any => None,
            Recipients::File(file) => Some(file),
        };
        Some(Delivery::Relay(next_hop, file))
    }

    /// The recipients that are written; `example` is what to write where they are missing.
    fn recipients(&mut self, span: Span, raw: &RawDomain, example: &str) -> Option<Recipients> {
        let Some(node) = &raw.recipients else {
            self.missing(span, "recipients", example);
            return None;
        };
        match node.value.as_ref()? {
            Short::Word(RawAny::Any) => Some(Recipients::Any),
            Short::Keys(RawFile { file }) => {
                let example = "file: /etc/mail/users";
                let path = self.required(file.as_ref(), node.span, example, FilePath::parse)?;
                Some(Recipients::File(path.value.as_str().to_owned()))
            }
        }
    }
}
