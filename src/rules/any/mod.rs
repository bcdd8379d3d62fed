//! The rules that are the same for every server, or for a description. Each is a row here and a
//! page; what finds it is a function beside it, or code that notices it on the way.

mod dead_dnsbl;
mod drift;
mod listeners;
mod open_relay;
mod reach;

use super::rule::{Finder, Group, Rule};
use crate::findings::Severity;

/// The rows.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule::new("open-relay", Group::Relay, Severity::Error, include_str!("open_relay.md"))
        .by(&[Finder::Policy(open_relay::find)]),
    Rule::new("relay-too-wide", Group::Relay, Severity::Error, include_str!("relay_too_wide.md")),
    Rule::new("relay-not-shown-closed", Group::Relay, Severity::Note, include_str!("relay_not_shown_closed.md")),
    Rule::new("dead-dnsbl", Group::Access, Severity::Error, include_str!("dead_dnsbl.md"))
        .by(&[Finder::Policy(dead_dnsbl::find)]),
    Rule::new("refuses-everybody", Group::Access, Severity::Error, include_str!("refuses_everybody.md"))
        .by(&[Finder::Policy(reach::find)]),
    Rule::new("unreached-clause", Group::Access, Severity::Warning, include_str!("unreached_clause.md")),
    Rule::new("auth-without-tls", Group::Auth, Severity::Error, include_str!("auth_without_tls.md"))
        .by(&[Finder::Policy(listeners::find)]),
    Rule::new("submission-without-auth", Group::Auth, Severity::Error, include_str!("submission_without_auth.md")),
    Rule::new("no-implicit-tls", Group::Tls, Severity::Error, include_str!("no_implicit_tls.md")),
    Rule::new("dead-service", Group::Listener, Severity::Error, include_str!("dead_service.md")),
    Rule::new("access-drift", Group::Drift, Severity::Error, include_str!("access_drift.md"))
        .by(&[Finder::Policy(drift::find)]),
    Rule::new("fact-drift", Group::Drift, Severity::Error, include_str!("fact_drift.md")),
    Rule::new("not-compared", Group::Drift, Severity::Note, include_str!("not_compared.md")),
    Rule::new("not-understood", Group::Lint, Severity::Note, include_str!("not_understood.md")),
    Rule::new("not-utf8", Group::Syntax, Severity::Note, include_str!("not_utf8.md")),
];
