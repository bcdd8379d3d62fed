//! The domains that a configuration names as its own. Must not know what is done for them.

use super::lists::{self, Kind};
use super::scene::{Phase, Scene, Shared, Subject, Variables};
use crate::mta::exim::catalogue::Class;
use crate::mta::exim::values;
use crate::net::Domain;
use crate::policy::{Facts, Field, Guard, Patterns};

/// A scene in which domain lists are read, for no listener in particular.
pub fn anywhere<'a>(shared: &'a Shared<'a>, variables: &'a Variables) -> Scene<'a> {
    Scene {
        shared,
        port: 25,
        address: None,
        tls: Guard::Tls,
        auth: Guard::Authenticated,
        certificate: Guard::never(),
        phase: Phase::Rcpt,
        subject: Subject::Recipient,
        known: Some(Guard::Always),
        literal: false,
        arguments: Vec::new(),
        variables,
        depth: 0,
    }
}

/// The domains of the routers, and those that ACLs accept mail for. What is one label, or a suffix
/// that others have their names below, is not the server's own, but for its own two names.
pub fn ours(shared: &Shared<'_>, facts: &Facts) -> Patterns {
    let none = Variables::new();
    let scene = anywhere(shared, &none);
    let mut named = Patterns::default();
    for driver in &shared.running.drivers {
        if driver.class != Class::Router {
            continue;
        }
        if let Some(domains) = driver.option("domains") {
            add_domains(&domains.value, &scene, &mut named);
        }
        if let Some(rules) = driver.option("route_list") {
            for rule in values::items(&rules.value, ';') {
                let pattern = rule.split_whitespace().next().unwrap_or_default();
                add_domains(pattern, &scene, &mut named);
            }
        }
    }
    let statements = shared.running.acls.iter().flat_map(|acl| &acl.statements);
    for statement in statements.filter(|one| matches!(one.verb, "accept" | "require")) {
        for part in &statement.parts {
            if part.name == "domains" && !part.negated {
                let text = part.argument.as_ref().map_or("", |text| text.text());
                add_domains(text, &scene, &mut named);
            }
        }
    }
    let own = [facts.hostname.clone(), Domain::localhost()];
    let counts = |name: &String| {
        Domain::parse(name).is_ok_and(|domain| own.contains(&domain) || !domain.is_suffix())
    };
    named.exact.retain(counts);
    named.below.retain(counts);
    named.expressions.clear();
    named
}

/// The names that a domain list holds.
pub fn domains_of(list: &str, scene: &Scene<'_>) -> Patterns {
    let mut named = Patterns::default();
    add_domains(list, scene, &mut named);
    named
}

fn add_domains(list: &str, scene: &Scene<'_>, named: &mut Patterns) {
    let answer = lists::of_option(Kind::Domain, list, scene);
    add(&answer.yes, true, named);
}

/// Adds what a guard names where it holds, not where it does not.
fn add(guard: &Guard, holds: bool, named: &mut Patterns) {
    match guard {
        Guard::Not(inner) => add(inner, !holds, named),
        Guard::All(guards) | Guard::Any(guards) => {
            for guard in guards {
                add(guard, holds, named);
            }
        }
        Guard::Matches(Field::RecipientDomain, patterns) if holds => named.extend(patterns),
        _ => {}
    }
}
