//! Ports and their roles, checked. Must not know the rest of a description.

use super::model::{Listener, Spanned};
use super::raw::{Raw, RawListener, RawRole, Scalar};
use super::validate::{Check, items};
use super::yaml::Node;
use crate::findings::{Finding, Severity};
use crate::policy::Role;
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
            .filter_map(|node| self.listener(node, None))
            .collect();
        let of_listeners: Vec<Spanned<Listener>> = items(raw.listeners.as_ref())
            .filter_map(|node| {
                let RawListener { port, role } = node.value.as_ref()?;
                let Some(port) = port else {
                    self.error(
                        "missing-key",
                        node.span,
                        "`port` is missing",
                        "add `port: 25`",
                    );
                    return None;
                };
                self.listener(port, role.as_ref())
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
                "no-listener",
                named,
                "no port is named: nothing would listen",
                "write `ports: [25]`",
            );
        }
        self.unique(
            [of_ports, of_listeners].concat(),
            |listener| listener.port,
            Severity::Error,
            "duplicate-port",
            |listener| format!("port {} stands twice", listener.port),
        )
    }

    fn listener(
        &mut self,
        port: &Node<Scalar>,
        role: Option<&Node<RawRole>>,
    ) -> Option<Spanned<Listener>> {
        let number = self.port(port)?;
        let role = match role {
            Some(role) => self.given_role(number, role)?,
            None => self.usual_role(number, port.span)?,
        };
        Some(Spanned {
            value: Listener { port: number, role },
            span: port.span,
        })
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

    fn port(&mut self, node: &Node<Scalar>) -> Option<u16> {
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
