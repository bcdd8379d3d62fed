//! `mynetworks`, as it is set or as `mynetworks_style` makes it.

use std::sync::Arc;

use super::classes::below;
use super::entries::within;
use super::matching::{Matched, Reader};
use super::values::Values;
use crate::mta::postfix::services::Service;
use crate::net::Network;
use crate::policy::{Field, Guard, Opaque};

/// `mynetworks`, of which the default is worked out from `mynetworks_style`.
pub fn networks(values: &Values<'_>, service: Option<&Service>) -> Matched {
    let mut reader = Reader::new(
        values,
        Field::ClientName,
        below(values, service, "mynetworks"),
    );
    reader.of_clients = true;
    if values.is_set("mynetworks", service) {
        return reader.read(&values.words("mynetworks", service));
    }
    let mut matched = reader.read(&[]);
    let style = values
        .decides("mynetworks_style", service)
        .to_ascii_lowercase();
    let mut guards = vec![Guard::ClientIsHost];
    if style != "host" {
        guards.push(within(Network::parse("127.0.0.0/8").ok()));
        guards.push(Guard::Opaque(Arc::new(Opaque {
            kind: "network",
            name: format!("mynetworks_style {style}"),
            hit: "the client is in a network of this host".into(),
            reason: "the host's networks are not known".into(),
            usual: Some(false),
            origin: values.place("mynetworks_style", service),
        })));
    }
    matched.hit = Guard::Any(guards);
    matched
}
