//! From a sendmail.mc or sendmail.cf to the policy that it stands for. Must not know how their
//! lines are read.
//!
//! What the standard rulesets decide is written down as clauses (cf/m4/proto.m4 of 8.15 to 8.18,
//! held against the daemon's own `-bt`); of rules of an administrator's own those whose meaning is
//! known, the others being opaque. Rates and numbers of connections, milters, and senders at
//! `localhost` are outside of it; so are the names that the daemon finds out about its machine.

mod addresses;
mod altered;
mod checks;
mod delivery;
mod facts;
pub mod features;
pub mod input;
mod listeners;
mod local;
mod rcpt_rules;
mod recipient;
mod sender;
mod spam;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resolve::{self, Resolved};
use crate::mta::config::World;
use crate::mta::lift::{Lifted, Use};
use crate::net::Domain;
use crate::policy::{Guard, Patterns, Policy};
use crate::text::Source;

use checks::Checks;
use input::{Feature, Input};
use table::Table;

/// The policy of a sendmail.mc; none of one for the submission of mail by local programs, nor of a
/// part that others include.
pub fn of_mc(source: &Arc<Source>, world: &World<'_>) -> Option<Lifted> {
    let resolved = resolve::mc(source, world);
    let reading = resolved.reading.as_ref();
    let features = features::asked(reading.filter(|reading| reading.makes_mailers)?);
    let mut lifted = lift(&resolved, features, source, world)?;
    if let Some(reading) = reading {
        lifted.gaps.extend(reading.gaps.iter().cloned());
    }
    Some(lifted)
}

/// The policy of a sendmail.cf; none of one for the submission of mail by local programs.
pub fn of_cf(source: &Arc<Source>, world: &World<'_>) -> Option<Lifted> {
    let resolved = resolve::cf(source, world);
    let features = features::told(&resolved.model, world.version);
    lift(&resolved, features, source, world)
}

fn lift(
    resolved: &Resolved,
    features: BTreeMap<String, Vec<Feature>>,
    source: &Source,
    world: &World<'_>,
) -> Option<Lifted> {
    // It makes the file of a program that no one calls over the network.
    if features.contains_key("msp") {
        return None;
    }
    let input = Input::new(resolved, features, source, world);
    let hostname = input.hostname();
    let mut own = input.class("w", Use::Decides);
    own.words.insert("localhost".to_owned());
    own.words
        .extend(hostname.iter().map(|(name, _)| name.to_string()));
    let trusted = input.class("TrustAuthMech", Use::Decides).words;
    let mut logins = Vec::new();
    if trusted.iter().any(|mechanism| mechanism != "anonymous") {
        logins.push(Guard::Authenticated);
    }
    if trusted.contains("anonymous") {
        logins.push(Guard::Anonymous);
    }
    let checks = Checks {
        table: Table::read(&input),
        own,
        relayed: input.class("R", Use::Decides),
        hosts_only: input.feature("relay_hosts_only").is_some(),
        trusted_login: Guard::Any(logins),
        delayed: input.feature("delay_checks").is_some(),
        altered: altered::altered(
            &resolved.model,
            resolved.reading.is_none(),
            input.feature("promiscuous_relay").is_some(),
        ),
        input: &input,
    };
    let listeners = listeners::listeners(&checks, &trusted);
    let (facts, unknown, stated) = facts::facts(&checks, &listeners, hostname);
    let policy = Policy {
        ours: Arc::new(ours(&checks, &facts.hostname)),
        listeners,
        facts,
        unknown,
        stated,
    };
    let through = facts::through(&checks);
    Some(Lifted {
        policy,
        through,
        gaps: input.gaps.take(),
        used: input.used.take(),
    })
}

/// The domains that are named as the server's own, with those below where they are taken too.
fn ours(checks: &Checks<'_>, hostname: &Domain) -> Patterns {
    let mut ours = Patterns::default();
    let host = ["localhost", hostname.as_str()];
    let is_own = |name: &String| {
        host.contains(&name.as_str()) || Domain::parse(name).is_ok_and(|name| !name.is_suffix())
    };
    let mut add = |names: Patterns| {
        ours.exact.extend(names.exact.into_iter().filter(is_own));
        ours.below.extend(names.below.into_iter().filter(is_own));
    };
    add(checks.own_names());
    add(recipient::relay_names(&checks.relayed, checks.hosts_only));
    let groups = checks
        .local_rcpt()
        .groups
        .into_iter()
        .map(|group| group.class);
    let routes = checks.routes().into_iter().map(|route| route.class);
    for class in groups.chain(routes) {
        add(Patterns::exact(
            checks.input.class(&class, Use::Decides).words,
        ));
    }
    let hosted = checks.input.class("VirtHost", Use::Decides);
    add(Patterns::with_below(hosted.words));
    let entries = checks.table.names("to", true, checks.hosts_only);
    let names = table::relayed(&entries).into_iter().map(|(name, _)| name);
    add(if checks.hosts_only {
        Patterns::exact(names)
    } else {
        Patterns::with_below(names)
    });
    ours
}
