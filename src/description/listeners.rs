//! Ports and their roles, checked. Must not know the rest of a description.

use std::net::IpAddr;

use super::model::{Listener, Spanned};
use super::raw::{Many, Raw, RawListener, RawListenerTls, RawProfile, RawRole, Scalar};
use super::validate::{Check, items};
use super::yaml::Node;
use crate::findings::{Finding, Severity};
use crate::net::{Fault, Network};
use crate::policy::{Role, TlsProfile};
use crate::text::{Place, Span};

impl Check<'_> {
    /// The listeners, of `ports` or of `listeners`, no port twice.
    pub fn listeners(&mut self, root: Span, raw: &Raw) -> Vec<Spanned<Listener>> {
        let named = match (&raw.ports, &raw.listeners) {
            (None, None) => {
                self.error(
                    "missing-key",
                    root,
                    "`ports` is missing: nothing would listen",
                    "add `ports: [25]`, or `ports: [25, 465, 587]` if people log in to send",
                );
                return Vec::new();
            }
            (Some(ports), Some(listeners)) => {
                let finding = Finding::new(
                    Severity::Error,
                    "ports-and-listeners",
                    self.source,
                    listeners.span,
                    "`listeners` stands in place of `ports`, and both are there",
                )
                .and(Place::new(self.source, ports.span), "the ports")
                .help("name every port in one of them");
                self.findings.push(finding);
                ports.span
            }
            (Some(ports), None) => ports.span,
            (None, Some(listeners)) => listeners.span,
        };
        let of_ports: Vec<Spanned<Listener>> = items(raw.ports.as_ref())
            .filter_map(|port| self.listener(raw, port, None))
            .collect();
        let of_listeners: Vec<Spanned<Listener>> = items(raw.listeners.as_ref())
            .filter_map(|node| {
                let listener = node.value.as_ref()?;
                let Some(port) = &listener.port else {
                    self.missing(node.span, "port", "port: 25");
                    return None;
                };
                self.listener(raw, port, Some(listener))
            })
            .collect();
        let written =
            raw.ports.as_ref().map_or(0, length) + raw.listeners.as_ref().map_or(0, length);
        let readable = raw.ports.as_ref().is_some_and(|list| list.value.is_some())
            || raw
                .listeners
                .as_ref()
                .is_some_and(|list| list.value.is_some());
        if written == 0 && readable {
            self.error(
                "missing-value",
                named,
                "no port is named: nothing would listen",
                "write `ports: [25]`",
            );
        }
        self.unique(
            [of_ports, of_listeners].concat(),
            |listener| listener.port,
            Severity::Error,
            "duplicate-entry",
            |listener| format!("port {} stands twice", listener.port),
        )
    }

    fn listener(
        &mut self,
        raw: &Raw,
        port: &Node<Scalar>,
        written: Option<&RawListener>,
    ) -> Option<Spanned<Listener>> {
        let number = self.port(port);
        let addresses = written
            .and_then(|listener| listener.address.as_ref())
            .map_or(Some(Vec::new()), |address| self.addresses(address));
        let role = match written.and_then(|listener| listener.role.as_ref()) {
            Some(role) => self.given_role(number?, role)?,
            None => self.usual_role(number?, port.span)?,
        };
        let (tls, profile) = self.listener_tls(raw, role, written)?;
        let auth = self.listener_auth(raw, role, tls, written)?;
        Some(Spanned {
            value: Listener {
                port: number?,
                addresses: addresses?,
                role,
                tls,
                profile,
                auth,
            },
            span: port.span,
        })
    }

    fn addresses(&mut self, node: &Node<Many>) -> Option<Vec<IpAddr>> {
        let read = |text: &str| match text.parse::<IpAddr>() {
            Ok(address) if !address.is_unspecified() && !address.is_multicast() => Ok(address),
            Ok(_) => Err(Fault::new(
                "bad-address",
                0..text.len(),
                format!("`{text}` is no address of a host"),
            )
            .help("leave `address` out to listen on all addresses")),
            Err(_) => Network::parse(text).and_then(|_| {
                Err(Fault::new(
                    "bad-address",
                    0..text.len(),
                    format!("`{text}` is a network, and a server listens on addresses"),
                ))
            }),
        };
        let parsed: Vec<Option<Spanned<IpAddr>>> = Many::texts(node)
            .iter()
            .map(|text| self.parse(text, read))
            .collect();
        let parsed: Vec<Spanned<IpAddr>> = parsed.into_iter().collect::<Option<_>>()?;
        let unique = self.unique(
            parsed,
            |address| *address,
            Severity::Error,
            "duplicate-entry",
            |address| format!("address `{address}` stands twice"),
        );
        if unique.is_empty() {
            self.error(
                "missing-value",
                node.span,
                "no address is named: nothing would listen",
                "leave `address` out to listen on all addresses",
            );
            return None;
        }
        let mut addresses: Vec<IpAddr> = unique.into_iter().map(|a| a.value).collect();
        addresses.sort_unstable();
        Some(addresses)
    }

    /// Whether TLS is offered, and what it must be where it is required.
    fn listener_tls(
        &mut self,
        raw: &Raw,
        role: Role,
        written: Option<&RawListener>,
    ) -> Option<(bool, Option<TlsProfile>)> {
        let section = raw.tls.as_ref();
        let general = section
            .and_then(|tls| tls.value.as_ref()?.profile.as_ref()?.value)
            .map_or(TlsProfile::Intermediate, |profile| match profile {
                RawProfile::Intermediate => TlsProfile::Intermediate,
                RawProfile::Modern => TlsProfile::Modern,
            });
        let Some(node) = written.and_then(|listener| listener.tls.as_ref()) else {
            return Some((section.is_some(), (role != Role::Mx).then_some(general)));
        };
        let profile = match (node.value?, role) {
            (RawListenerTls::None, Role::Mx) => return Some((false, None)),
            (RawListenerTls::None, _) => {
                self.error(
                    "auth-without-tls",
                    node.span,
                    "passwords would cross the network in clear: a submission port needs TLS",
                    "leave `tls` out, or write `intermediate`",
                );
                return None;
            }
            (_, Role::Mx) => {
                self.error(
                    "profile-on-mx",
                    node.span,
                    "a server that finds no TLS that it can speak sends in clear, so that a stricter profile on `mx` makes mail less safe (RFC 9325 §5.2)",
                    "leave `tls` out; a profile is for the submission ports",
                );
                return None;
            }
            (RawListenerTls::Intermediate, _) => TlsProfile::Intermediate,
            (RawListenerTls::Modern, _) => TlsProfile::Modern,
        };
        if section.is_none() {
            self.error(
                "missing-key",
                node.span,
                "`tls:` with certificate and key is missing: there is no TLS without them",
                "add `tls:` with `certificate` and `key`",
            );
        }
        Some((true, Some(profile)))
    }

    /// Whether AUTH is offered.
    fn listener_auth(
        &mut self,
        raw: &Raw,
        role: Role,
        tls: bool,
        written: Option<&RawListener>,
    ) -> Option<bool> {
        let Some(node) = written.and_then(|listener| listener.auth.as_ref()) else {
            return Some(role != Role::Mx);
        };
        match (node.value?, role) {
            (true, Role::Mx) if raw.auth.is_none() => {
                self.error(
                    "submission-without-auth",
                    node.span,
                    "AUTH is to be offered, and `auth` is missing",
                    "add `auth: cyrus`",
                );
                None
            }
            (true, Role::Mx) if !tls => {
                self.error(
                    "auth-without-tls",
                    node.span,
                    "passwords would cross the network in clear: AUTH is offered inside TLS alone",
                    "add `tls:` with `certificate` and `key`, or leave `auth` out",
                );
                None
            }
            (false, Role::Submission | Role::Submissions) => {
                self.error(
                    "submission-without-auth",
                    node.span,
                    "a submission port takes mail only from people who log in (RFC 6409 §4.3)",
                    "leave `auth` out; whoever sends without a password uses a port with role `mx`",
                );
                None
            }
            (auth, _) => Some(auth),
        }
    }

    /// The role that is written, with a warning where programs expect another one of the port.
    fn given_role(&mut self, port: u16, node: &Node<RawRole>) -> Option<Role> {
        let role = match node.value? {
            RawRole::Mx => Role::Mx,
            RawRole::Submission => Role::Submission,
            RawRole::Submissions => Role::Submissions,
        };
        if let Some(usual) = usual_role(port)
            && usual != role
        {
            self.report(
                Severity::Warning,
                "unusual-role",
                node.span,
                &format!(
                    "port {port} is `{}` here, and other programs take it for `{}`: they will not get on with it",
                    role.name(),
                    usual.name()
                ),
                &format!("write `{}`, or take another port", usual.name()),
            );
        }
        Some(role)
    }

    fn usual_role(&mut self, port: u16, span: Span) -> Option<Role> {
        let role = usual_role(port);
        if role.is_none() {
            self.error(
                "unknown-port",
                span,
                &format!("port {port} has no usual role in mail, so that it is not clear who may do what there"),
                &format!("say it: `listeners: [{{port: {port}, role: submission}}]` in place of `ports`"),
            );
        }
        role
    }

    /// A port number.
    pub fn port(&mut self, node: &Node<Scalar>) -> Option<u16> {
        match node.value.as_ref()? {
            Scalar::Number(number) => match u16::try_from(*number) {
                Ok(port) if port > 0 => Some(port),
                _ => {
                    self.error(
                        "bad-port",
                        node.span,
                        &format!("{number} is no port: TCP ports go from 1 to 65535"),
                        "",
                    );
                    None
                }
            },
            Scalar::Text(text) => {
                let (number, protocol) = text.split_once('/').unwrap_or((text, ""));
                let is_number = number.parse::<u16>().is_ok();
                let (part, message, help) = match protocol {
                    "" if is_number => (
                        0..text.len(),
                        format!("port `{number}` stands in quotes"),
                        format!("write `{number}`"),
                    ),
                    "tcp" if is_number => (
                        number.len()..text.len(),
                        "SMTP is TCP only, so the protocol is not written".into(),
                        format!("write `{number}`"),
                    ),
                    _ if is_number => (
                        number.len()..text.len(),
                        format!("`{text}`: SMTP is spoken over TCP only (RFC 5321 §2.1)"),
                        format!("write `{number}`"),
                    ),
                    _ => (
                        0..text.len(),
                        format!("`{}` is not a port number", text.escape_debug()),
                        "write a number such as 25".into(),
                    ),
                };
                self.error(
                    "bad-port",
                    self.written(node.span, text, part),
                    &message,
                    &help,
                );
                None
            }
        }
    }
}

/// The role of a port by RFC 5321, 6409 and 8314; of 2525 by custom.
fn usual_role(port: u16) -> Option<Role> {
    match port {
        25 => Some(Role::Mx),
        587 | 2525 => Some(Role::Submission),
        465 => Some(Role::Submissions),
        _ => None,
    }
}

/// How many items a list has.
fn length<T>(list: &Node<Vec<Node<T>>>) -> usize {
    list.value.as_ref().map_or(0, Vec::len)
}
