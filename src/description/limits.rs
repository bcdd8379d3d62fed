//! Bounds on what clients may do, checked. Must not know how servers keep them.

use super::endpoint::size;
use super::raw::{Raw, Scalar};
use super::validate::Check;
use super::yaml::Node;
use crate::findings::Severity;
use crate::net::Fault;
use crate::policy::{Limits, Stated};

/// The least and the most octets of a message: RFC 5321 §4.5.3.1.7, and what a signed 32-bit
/// number holds.
const MESSAGE_SIZE: (u64, u64) = (65_536, 2_147_483_647);

/// The recipients that a server has to take at the least (RFC 5321 §4.5.3.1.8).
const RECIPIENTS: u64 = 100;

impl Check<'_> {
    /// The limits that are written.
    pub fn limits(&mut self, raw: &Raw) -> Limits {
        let Some(raw) = raw.limits.as_ref().and_then(|node| node.value.as_ref()) else {
            return Limits::default();
        };
        let limits = Limits {
            message_size: raw.message_size.as_ref().and_then(|n| self.message_size(n)),
            recipients: self.count(raw.recipients.as_ref(), 50_000, "number of recipients"),
            connections: self.count(raw.connections.as_ref(), 10_000, "number of connections"),
            connections_per_client: self.count(
                raw.connections_per_client.as_ref(),
                10_000,
                "number of connections",
            ),
            connection_rate: raw
                .connection_rate
                .as_ref()
                .and_then(|node| self.rate(node)),
        };
        if let Some(recipients) = &limits.recipients
            && recipients.value < RECIPIENTS
            && let Some(place) = &recipients.origin
        {
            self.report(
                Severity::Warning,
                "few-recipients",
                place.span,
                &format!("a server has to take {RECIPIENTS} recipients at the least (RFC 5321 §4.5.3.1.8); mailing lists send that many"),
                &format!("write at least {RECIPIENTS}"),
            );
        }
        if let (Some(each), Some(all)) = (&limits.connections_per_client, &limits.connections)
            && each.value > all.value
            && let Some(place) = &each.origin
        {
            self.report(
                Severity::Warning,
                "useless-key",
                place.span,
                "one client may open more connections than all together may",
                "write less than `connections`",
            );
        }
        limits
    }

    fn count(&mut self, node: Option<&Node<Scalar>>, most: u64, what: &str) -> Option<Stated<u64>> {
        let node = node?;
        let number = self.number(node, 1, most, what)?;
        Some(self.stated(number, node.span))
    }

    fn message_size(&mut self, node: &Node<Scalar>) -> Option<Stated<u64>> {
        let text = match node.value.as_ref()? {
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
        };
        let written = Node {
            span: node.span,
            value: Some(text),
        };
        let (least, most) = MESSAGE_SIZE;
        let size = self.parse(&written, |text| {
            let octets = size(text)?;
            if (least..=most).contains(&octets) {
                return Ok(octets);
            }
            Err(Fault::new(
                "bad-number",
                0..text.len(),
                format!("`{text}` is no size of a message: it goes from {least} to {most} octets"),
            )
            .help("write `50MiB`"))
        })?;
        Some(self.stated(size.value, size.span))
    }

    fn rate(&mut self, node: &Node<Scalar>) -> Option<Stated<u64>> {
        let number = match node.value.as_ref()? {
            Scalar::Number(_) => None,
            Scalar::Text(text) => text
                .strip_suffix("/min")
                .filter(|number| number.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|number| number.parse::<u64>().ok())
                .filter(|number| (1..=100_000).contains(number)),
        };
        if number.is_none() {
            self.error(
                "bad-number",
                node.span,
                "this is no rate of connections",
                "write the most connections of one client in a minute, as `60/min`",
            );
        }
        Some(self.stated(number?, node.span))
    }
}
