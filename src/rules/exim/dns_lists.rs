//! DNS lists and callouts. Must not know how ACLs are read.

use super::tell::warning;
use crate::findings::Finding;
use crate::mta::exim::{Files, Mapped, Part, Statement};
use crate::text::Place;

/// The items of a `dnslists`, with their places.
fn zones(part: &Part) -> Vec<(String, Place)> {
    let mut zones = Vec::new();
    let Some(written) = part.argument.as_ref().filter(|_| part.name == "dnslists") else {
        return zones;
    };
    let mut at = 0;
    for item in written.text().split(':') {
        let start = at + item.len() - item.trim_start().len();
        let bare = item.trim();
        at += item.len() + 1;
        if !bare.is_empty() && !bare.starts_with('+') {
            let place = written.place(start..start + bare.len());
            zones.extend(place.map(|place| (bare.to_owned(), place)));
        }
    }
    zones
}

/// Lists whose answers are not told apart from errors.
pub fn any_answer(files: &Files<'_>) -> Vec<Finding> {
    const WITH_ERRORS: &[&str] = &["spamhaus.org", "spamhaus.net", "uribl.com", "surbl.org"];
    let mut found = Vec::new();
    for (_, statement, part) in files.parts() {
        if !matches!(statement.verb, "deny" | "drop" | "defer") {
            continue;
        }
        for (zone, place) in zones(part) {
            let name = zone.split(['=', '!', '&', '/']).next().unwrap_or_default();
            let is_known = WITH_ERRORS.iter().any(|known| name.ends_with(known));
            if is_known && !zone.contains(['=', '&']) {
                found.push(
                    warning(
                        "dnsbl-any-answer",
                        &place,
                        format!("`{name}` also answers with 127.255.255.x, which means that it was asked wrongly: every client is then refused"),
                    )
                    .help(format!("name the answers: `{name}=127.0.0.2,127.0.0.3,127.0.0.4`"))
                    .instead_of(name, &format!("{name}=127.0.0.2,127.0.0.3,127.0.0.4")),
                );
            }
        }
    }
    found
}

/// Whether a statement lets in whom the server trusts.
fn trusts(statement: &Statement) -> bool {
    statement.verb == "accept"
        && statement.parts.iter().any(|part| {
            let argument = part.argument.as_ref().map_or("", Mapped::text);
            !part.negated
                && (part.name == "authenticated" || part.name == "hosts" && argument.trim() != ":")
        })
}

/// DNS lists that are asked about users.
pub fn early_dnsbl(files: &Files<'_>) -> Vec<Finding> {
    let phases = files.phases();
    let mut found = Vec::new();
    for acl in &files.read.running.acls {
        let Some(reached) = phases.get(acl.name.as_str()) else {
            continue;
        };
        let Some(trusted) = acl.statements.iter().position(trusts) else {
            continue;
        };
        let early = acl.statements[..trusted].iter().find(|statement| {
            matches!(statement.verb, "deny" | "drop" | "defer")
                && statement.parts.iter().any(|part| part.name == "dnslists")
                && !statement
                    .parts
                    .iter()
                    .any(|part| part.negated || part.name == "condition")
        });
        if let Some(early) = early.filter(|_| reached.contains("acl_smtp_rcpt")) {
            found.push(
                warning(
                    "early-dnsbl",
                    &early.place,
                    "users who log in from home are refused too, since most lists hold the addresses of homes",
                )
                .and(acl.statements[trusted].place.clone(), "they are accepted only here")
                .help("put it behind the statements that accept users"),
            );
        }
    }
    found
}

/// Callouts to the servers of all senders.
pub fn callout_for_all(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, statement, part) in files.parts() {
        let argument = part.argument.as_ref().map_or("", Mapped::text);
        let is_callout =
            part.name == "verify" && argument.starts_with("sender") && argument.contains("callout");
        let is_narrow = statement.parts.iter().any(|part| {
            matches!(
                part.name.as_str(),
                "condition" | "hosts" | "sender_domains" | "senders" | "dnslists" | "domains"
            )
        });
        if is_callout && !is_narrow {
            found.push(
                warning(
                    "callout-for-all",
                    &part.place,
                    "the servers of all senders are called to ask for the address; most senders of spam are forged, and who calls so often is itself listed",
                )
                .help("leave `callout` out, or narrow it to a few domains"),
            );
        }
    }
    found
}
