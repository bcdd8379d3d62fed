//! Where a service listens (master(5)), and the gate that postscreen(8) is. Must not know what
//! smtpd does behind it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::entries::address_tests;
use super::logic::both;
use super::networks::networks;
use super::service::addresses;
use super::table::{Table, open};
use super::values::Values;
use crate::mta::postfix::services::Service;
use crate::policy::{Clause, Guard, Opaque, Outcome, Reason, Stage};
use crate::text::Place;

/// The ports of names (services(5), as Debian has it).
const PORTS: [(&str, u16); 7] = [
    ("smtp", 25),
    ("mail", 25),
    ("submission", 587),
    ("submissions", 465),
    ("smtps", 465),
    ("ssmtp", 465),
    ("urd", 465),
];

/// The port and addresses of a service; none where they cannot be told.
pub fn of(values: &Values<'_>, service: &Service) -> Option<(u16, Vec<IpAddr>)> {
    let place = || {
        values
            .master
            .map(|master| Place::new(master, service.fields[0].place()))
    };
    let (host, port) = service
        .name()
        .rsplit_once(':')
        .unwrap_or(("", service.name()));
    let known = PORTS.iter().find(|(name, _)| *name == port);
    let Some(port) = port.parse().ok().or(known.map(|(_, port)| *port)) else {
        let reason = format!("`{}`: the port of that name is not known", service.scope());
        values.gap(place(), reason);
        return None;
    };
    let words = values.words("inet_interfaces", None);
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let found = if host.is_empty() {
        addresses(&words)
    } else {
        addresses(&[host])
    };
    let found = found.unwrap_or_else(|| {
        let what = if host.is_empty() {
            words.join(" ")
        } else {
            host.to_owned()
        };
        let reason = format!("the addresses of `{what}` are not known: all are taken to be served");
        let place = if host.is_empty() {
            values.place("inet_interfaces", None)
        } else {
            place()
        };
        values.gap(place, reason);
        Vec::new()
    });
    let protocols = values.decides("inet_protocols", None).to_ascii_lowercase();
    let (v4, v6) = (
        protocols.contains("all") || protocols.contains("ipv4"),
        protocols.contains("all") || protocols.contains("ipv6"),
    );
    if v4 == v6 {
        return Some((port, found));
    }
    if found.is_empty() {
        let all: [IpAddr; 2] = if v4 {
            [Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()]
        } else {
            [Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()]
        };
        return Some((port, all.to_vec()));
    }
    let found: Vec<IpAddr> = found
        .into_iter()
        .filter(|found| found.is_ipv4() == v4)
        .collect();
    (!found.is_empty()).then_some((port, found))
}

/// Whom postscreen(8) turns away.
pub fn postscreen(values: &Values<'_>, service: &Service) -> Stage {
    let refuses = |action: &str| {
        let action = values.decides(action, Some(service));
        matches!(action.to_ascii_lowercase().as_str(), "enforce" | "drop")
    };
    let mut clauses = Vec::new();
    let mut push = |guard: Guard, outcome: Outcome, origin: Option<Place>| {
        clauses.push(Clause {
            guard,
            outcome,
            origin,
        });
    };
    let turned_away = Outcome::Refuse(Reason::ClientRefused);
    let is_enforced =
        refuses("postscreen_blacklist_action") || refuses("postscreen_denylist_action");
    for word in values.words("postscreen_access_list", Some(service)) {
        let origin = word.origin.clone();
        if word.text.eq_ignore_ascii_case("permit_mynetworks") {
            push(networks(values, Some(service)).hit, Outcome::Next, origin);
            continue;
        }
        if !word.text.contains(':') {
            let outcome = if word.text.eq_ignore_ascii_case("permit") {
                Outcome::Next
            } else if is_enforced {
                turned_away.clone()
            } else {
                continue;
            };
            push(Guard::Always, outcome, origin);
            continue;
        }
        match &*open(&word, values) {
            Table::Ordered(entries) => {
                for entry in entries {
                    let Some(guard) = address_tests(&entry.key) else {
                        continue;
                    };
                    match entry.value.to_ascii_lowercase().as_str() {
                        "permit" => push(guard, Outcome::Next, entry.origin.clone()),
                        "reject" if is_enforced => {
                            push(guard, turned_away.clone(), entry.origin.clone());
                        }
                        _ => {}
                    }
                }
            }
            _ if is_enforced => {
                let opaque = Opaque {
                    kind: "table",
                    name: word.text.clone(),
                    hit: format!("`{}` rejects the client", word.text),
                    reason: "the table is not read".into(),
                    usual: Some(false),
                    origin: origin.clone(),
                };
                push(Guard::Opaque(Arc::new(opaque)), turned_away.clone(), origin);
            }
            _ => {}
        }
    }
    if refuses("postscreen_dnsbl_action") {
        for word in values.words("postscreen_dnsbl_sites", Some(service)) {
            let zone = word.text.split(['=', '*']).next().unwrap_or_default();
            let mut opaque = Opaque::listed(zone, word.origin.clone());
            opaque.reason += ", and weighed with others";
            let listed = Guard::Opaque(Arc::new(opaque));
            push(
                both(!Guard::ClientIsHost, listed),
                turned_away.clone(),
                word.origin,
            );
        }
    }
    Stage {
        name: "postscreen".into(),
        clauses,
    }
}
