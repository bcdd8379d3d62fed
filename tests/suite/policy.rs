//! What a description's policy does with sessions, and that sessions tell policies apart.

use std::collections::HashSet;

use smtpconf::description;
use smtpconf::policy::{
    Accept, Decision, Environment, Looked, Policy, Reason, Space, Truth, compare,
};
use smtpconf::text::Source;

fn policy(text: &str) -> Policy {
    let (description, findings) = description::read(&Source::new("t", text));
    description::lower(&description.unwrap_or_else(|| panic!("{findings:?}")))
}

const FULL: &str = "
hostname: mail.example.com
domains: [example.com]
relay: {networks: [192.0.2.0/24]}
auth: cyrus
ports: [25, 465, 587, 2525]
tls: {certificate: /c.pem, key: /k.pem}
";

/// The decisions of all sessions that `keep` keeps, without repetition.
fn decisions(policy: &Policy, keep: impl Fn(&str) -> bool) -> Vec<Decision> {
    let mut found: Vec<Decision> = Vec::new();
    for session in Space::of(&[policy]).sessions() {
        let decision = policy.decide(&session).decision;
        if keep(&session.to_string()) && !found.contains(&decision) {
            found.push(decision);
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn strangers_relay_nowhere() {
    let policy = policy(FULL);
    for port in ["25", "465", "587", "2525"] {
        let found = decisions(&policy, |session| {
            session.starts_with("203.0.113.7 ")
                && session.contains(&format!("port {port},"))
                && !session.contains("AUTH")
                && session.contains("RCPT TO:<user@elsewhere.example>")
        });
        assert!(
            !found.contains(&Decision::Accept(Accept::Relay)),
            "{port}: {found:?}"
        );
    }
}

#[test]
fn the_table_of_ports_holds() {
    let policy = policy(FULL);
    let one = |parts: &[&str]| {
        let found = decisions(&policy, |session| {
            let unknown = parts.contains(&"who does not exist");
            // Nobody has an address with another one inside.
            let exists = session.contains('%') || !session.ends_with("who does not exist");
            parts.iter().all(|part| session.contains(part)) && exists != unknown
        });
        assert_eq!(found.len(), 1, "{parts:?}: {found:?}");
        found[0]
    };
    let (out, home) = (
        "RCPT TO:<user@elsewhere.example>",
        "RCPT TO:<user@example.com>",
    );
    let (null, no_auth) = ("FROM:<>", "TLS, EHLO");
    let relay = Decision::Accept(Accept::Relay);
    let local = Decision::Accept(Accept::Local);
    assert_eq!(
        one(&["203.0.113.7 ", "port 25,", no_auth, null, out]),
        Decision::Refuse(Reason::RelayingDenied)
    );
    assert_eq!(
        one(&["203.0.113.7 ", "port 25,", no_auth, null, home]),
        local
    );
    assert_eq!(one(&["192.0.2.", "port 25,", no_auth, null, out]), relay);
    assert_eq!(one(&["127.0.0.1 ", "port 25,", no_auth, null, out]), relay);
    assert_eq!(one(&["own IPv6", "port 25,", no_auth, null, out]), relay);
    assert_eq!(
        one(&["203.0.113.7 ", "port 25,", "AUTH", null, out]),
        Decision::Refuse(Reason::RelayingDenied)
    );
    assert_eq!(
        one(&["192.0.2.", "port 587, no TLS", null, out]),
        Decision::Refuse(Reason::NeedsTls)
    );
    assert_eq!(
        one(&["127.0.0.1 ", "port 587, TLS, EHLO", null, home]),
        Decision::Refuse(Reason::NeedsAuth)
    );
    assert_eq!(
        one(&["203.0.113.7 ", "port 2525, TLS, AUTH", null, out]),
        relay
    );
    assert_eq!(
        one(&["203.0.113.7 ", "port 465, no TLS"]),
        Decision::NotSpoken
    );
    assert_eq!(
        one(&["203.0.113.7 ", "port 465, TLS, AUTH", null, home]),
        local
    );
    assert_eq!(
        one(&["port 25,", null, home, "who does not exist"]),
        Decision::Refuse(Reason::UnknownRecipient)
    );
    assert_eq!(
        one(&["port 25,", "elsewhere.invalid", home]),
        Decision::Refuse(Reason::SenderDomainMissing)
    );
    assert_eq!(
        one(&["port 25,", null, "<user>"]),
        Decision::Refuse(Reason::BareRecipient)
    );
    assert_eq!(one(&["port 25,", null, "<postmaster>"]), local);
    assert_eq!(one(&["port 25,", null, "<postmaster@[own]>"]), local);
    assert_eq!(
        one(&["port 25,", null, "<user@[own]>"]),
        Decision::Refuse(Reason::LiteralRecipient)
    );
    assert_eq!(
        one(&[
            "203.0.113.7 ",
            "port 25,",
            null,
            "<user%elsewhere.example@example.com>"
        ]),
        Decision::Refuse(Reason::RoutedRecipient)
    );
    assert_eq!(
        one(&[
            "192.0.2.",
            "port 25,",
            null,
            "<@elsewhere.example:user@example.com>"
        ]),
        Decision::Refuse(Reason::SourceRoute)
    );
}

#[test]
fn a_trace_ends_with_the_clause_that_decided() {
    let policy = policy(FULL);
    for session in Space::of(&[&policy]).sessions() {
        let verdict = policy.decide(&session);
        let decided = verdict
            .trace
            .iter()
            .filter(|step| step.held == Truth::Yes)
            .count();
        assert_eq!(
            verdict
                .trace
                .last()
                .is_some_and(|step| step.held == Truth::Yes),
            decided == 1
        );
        assert!(decided <= 1);
    }
}

#[test]
fn a_policy_has_no_drift_from_itself() {
    assert!(compare(&policy(FULL), &policy(FULL)).is_empty());
}

#[test]
fn nothing_that_counts_is_skipped() {
    let policies = [
        policy(FULL),
        policy(&FULL.replace("ports: [25, 465, 587, 2525]", "ports: [25, 465]")),
    ];
    let space = Space::of(&[&policies[0], &policies[1]]);
    let mut walked = HashSet::new();
    let environment = Environment::usual();
    space.walk(&environment, false, &mut |session, _| {
        let [one, other] = [0, 1].map(|n| policies[n].decide_in(session, &environment, false));
        walked.insert((session.port, one.decision, other.decision));
        Some(Looked(one.looked.0 | other.looked.0))
    });
    let all: HashSet<_> = space
        .sessions()
        .map(|session| {
            let [one, other] = [0, 1].map(|n| policies[n].decide(&session).decision);
            (session.port, one, other)
        })
        .collect();
    assert_eq!(walked, all);
    assert!(all.len() > 20, "{}", all.len());
}

#[test]
fn every_change_is_seen() {
    let base = policy(FULL);
    for (from, to) in [
        ("192.0.2.0/24", "192.0.2.0/25"),
        ("192.0.2.0/24", "192.0.2.0/24, '2001:db8::/32'"),
        ("[example.com]", "[example.com, example.net]"),
        ("[example.com]", "[example.org]"),
        ("2525]", "2525, 25]"),
        ("465, ", ""),
        ("mail.example.com", "mx.example.com"),
        ("/k.pem", "/l.pem"),
    ] {
        let text = FULL.replace(from, to);
        let (description, _) = description::read(&Source::new("t", text));
        let Some(description) = description else {
            assert_eq!(to, "2525, 25]");
            continue;
        };
        let changed = description::lower(&description);
        let drift = compare(&base, &changed);
        assert!(!drift.is_empty(), "{from} -> {to}");
        for difference in &drift.sessions {
            assert_ne!(difference.first, difference.second);
            assert_eq!(base.decide(&difference.session).decision, difference.first);
        }
    }
}

#[test]
fn a_fact_is_told_in_words() {
    let auth = policy(
        "hostname: mail.example.com\ndomains: [example.com]\nports: [587]\n\
         auth: {backend: dovecot, socket: /run/auth, mechanisms: [PLAIN, LOGIN]}\n\
         tls: {certificate: /etc/c, key: /etc/k}\n",
    );
    let auth = auth.facts.auth.unwrap().value.to_string();
    assert_eq!(auth, "Dovecot at /run/auth with PLAIN, LOGIN");
}
