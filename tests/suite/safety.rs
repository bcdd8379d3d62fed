//! What is asked of a single policy: who can relay through it, whom it shuts out, what in it is
//! out of reach.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use smtpconf::description;
use smtpconf::net::{AddressSet, Domain, Network};
use smtpconf::policy::{
    Accept, Clause, Environment, Expression, Field, Guard, InClear, Listener, ListenerTls,
    Mechanism, NameState, Opaque, Outcome, Patterns, Policy, Reason, Role, Space, Stage, Stated,
    Surroundings,
};
use smtpconf::text::{Place, Source, Span};

/// A policy of one listener on port 25 whose relaying is decided by `clauses`, and then refused.
/// Each clause stands on a line of its own.
fn policy(clauses: Vec<(Guard, Outcome)>) -> Policy {
    let (description, _) = description::read(&Source::new(
        "t",
        "hostname: mail.example.com\ndomains: [example.com]\nports: [25]\n",
    ));
    let facts = description::lower(&description.unwrap()).facts;
    let source = Source::new("c", "0\n1\n2\n3\n4\n5\n6\n7\n");
    let ours = Arc::new(Patterns::exact(["example.com", "mail.example.com"]));
    let clauses = clauses
        .into_iter()
        .chain([(
            !Guard::Matches(Field::RecipientDomain, Arc::clone(&ours)),
            Outcome::Refuse(Reason::RelayingDenied),
        )])
        .enumerate()
        .map(|(line, (guard, outcome))| Clause {
            guard,
            outcome,
            origin: Some(Place::new(&source, Span::new(2 * line, 2 * line + 1))),
        })
        .collect();
    let end = |guard, accept| Clause {
        guard,
        outcome: Outcome::Accept(accept),
        origin: None,
    };
    let local = Guard::Matches(Field::RecipientDomain, Arc::clone(&ours));
    Policy {
        listeners: vec![Listener {
            port: 25,
            addresses: Vec::new(),
            role: Role::Mx,
            tls: ListenerTls::StartTls,
            profile: None,
            auth: true,
            auth_in_clear: InClear::No,
            mechanisms: vec![Mechanism::Plain],
            stages: vec![
                Stage {
                    name: "list".into(),
                    clauses,
                },
                Stage {
                    name: "class".into(),
                    clauses: vec![end(local, Accept::Local), end(Guard::Always, Accept::Relay)],
                },
            ],
            dead: None,
            believed: None,
            origin: None,
        }],
        facts,
        unknown: BTreeMap::new(),
        stated: BTreeMap::new(),
        ours,
    }
}

fn networks(texts: &[&str]) -> Guard {
    let networks = texts.iter().map(|text| Network::parse(text).unwrap());
    Guard::ClientIn(Arc::new(AddressSet::new(networks)))
}

fn opaque(hit: &str, usual: Option<bool>) -> Guard {
    Guard::Opaque(Arc::new(Opaque {
        kind: "table",
        name: "hash:/x".into(),
        hit: hit.into(),
        reason: "it is not here".into(),
        usual,
        origin: None,
    }))
}

fn text(field: Field, patterns: Patterns) -> Guard {
    Guard::Matches(field, Arc::new(patterns))
}

/// The holes of a policy in few words: the line that lets through, whether it is proved, and for
/// whom and whither.
fn holes(clauses: Vec<(Guard, Outcome)>) -> Vec<String> {
    told(&policy(clauses), &Surroundings::default())
}

fn told(policy: &Policy, surroundings: &Surroundings) -> Vec<String> {
    policy
        .holes(&Space::of(&[policy]), surroundings, &Environment::usual())
        .iter()
        .map(|hole| {
            let line = hole.by.and_then(|by| by.origin.as_ref());
            let line = line.map_or("end", |place| {
                &place.source.text()[place.span.start..=place.span.start]
            });
            let proved = if hole.proved { "proved" } else { "if" };
            let all = |yes| if yes { "all" } else { "some" };
            format!(
                "{line} {proved} {} {}",
                all(hole.for_all_clients),
                all(hole.to_all_domains)
            )
        })
        .collect()
}

#[test]
fn a_closed_relay_has_no_hole() {
    let next = Outcome::Next;
    assert!(holes(vec![]).is_empty());
    let closed = vec![
        (Guard::ClientIsHost, next.clone()),
        (
            networks(&["10.0.0.0/8", "192.0.2.0/24", "12.0.0.0/8"]),
            next.clone(),
        ),
        (Guard::Authenticated, next.clone()),
        (
            text(Field::ClientName, Patterns::with_below(["example.com"])),
            next.clone(),
        ),
        (
            opaque("the client is listed", Some(false)),
            Outcome::Refuse(Reason::ClientRefused),
        ),
    ];
    assert_eq!(holes(closed), Vec::<String>::new());
}

#[test]
fn every_kind_of_hole_is_found_and_its_near_miss_is_not() {
    let next = || Outcome::Next;
    let forged = Patterns::exact(["example.com"]);
    let cases: Vec<(Guard, &[&str])> = vec![
        (Guard::Always, &["0 proved all all"]),
        (networks(&["0.0.0.0/0", "::/0"]), &["0 proved all all"]),
        (networks(&["0.0.0.0/0"]), &["0 proved some all"]),
        (networks(&["128.0.0.0/1"]), &["0 proved some all"]),
        (networks(&["129.0.0.0/8"]), &[]),
        (
            text(Field::SenderDomain, forged.clone()),
            &["0 proved all all"],
        ),
        (text(Field::Helo, forged.clone()), &["0 proved all all"]),
        (text(Field::ClientName, forged), &[]),
        (
            text(Field::ClientName, Patterns::with_below(["com"])),
            &["0 proved all all"],
        ),
        (
            Guard::ClientNameIs(NameState::Verified),
            &["0 proved all all"],
        ),
        (
            text(Field::RecipientDomain, Patterns::with_below(["com"])),
            &["0 proved all some"],
        ),
        (
            text(Field::RecipientDomain, Patterns::with_below([""])),
            &["0 proved all all"],
        ),
        (Guard::SenderNull, &["0 proved all all"]),
        (Guard::Tls, &["0 proved all all"]),
        (Guard::Authenticated, &[]),
        (Guard::Anonymous, &[]),
        (
            Guard::Certificate(smtpconf::policy::Authority::Public),
            &["0 proved all all"],
        ),
        (
            Guard::Certificate(smtpconf::policy::Authority::Private),
            &[],
        ),
        (Guard::RecipientPostmaster, &["0 proved all all"]),
        (opaque("it says OK", None), &["0 if all all"]),
        (
            Guard::All(vec![opaque("it says OK", None), Guard::ClientIsHost]),
            &[],
        ),
    ];
    for (guard, expected) in cases {
        let name = format!("{guard:?}");
        assert_eq!(holes(vec![(guard, next())]), expected, "{name}");
    }
}

#[test]
fn a_pattern_that_is_run_proves_a_hole_and_never_that_there_is_none() {
    let expression = |pattern: &str| {
        let place = Place::new(&Source::new("table", pattern), Span::new(0, pattern.len()));
        Patterns {
            expressions: vec![Expression::new(pattern, true, Some(place)).unwrap()],
            ..Patterns::default()
        }
    };
    let open = policy(vec![(
        text(Field::Sender, expression("@our-[a-z]+\\.example$")),
        Outcome::Next,
    )]);
    assert_eq!(told(&open, &Surroundings::default()), ["0 proved all all"]);
    let unclear = policy(vec![(
        text(Field::Sender, expression("(?!x)^y(?=z)zq@")),
        Outcome::Next,
    )]);
    assert!(told(&unclear, &Surroundings::default()).is_empty());
    let doubts = |policy: &Policy| {
        let (space, surroundings) = (Space::of(&[policy]), Surroundings::default());
        let usual = Environment::usual();
        let shown = policy.holes(&space, &surroundings, &usual);
        policy.doubts(&space, &surroundings, &usual, &shown).len()
    };
    assert_eq!((doubts(&unclear), doubts(&open)), (1, 0));
}

#[test]
fn a_name_that_no_stranger_can_have_is_no_hole() {
    let named = |name: &str| {
        let is_named = text(Field::ClientName, Patterns::exact([name]));
        holes(vec![(
            Guard::All(vec![Guard::ClientNameIs(NameState::Verified), is_named]),
            Outcome::Accept(Accept::Relay),
        )])
    };
    assert_eq!(named("host"), Vec::<String>::new());
    assert_eq!(named("mail.example.com"), Vec::<String>::new());
    assert_eq!(named("mail.partner.example").len(), 1);
}

#[test]
fn a_gateway_in_the_relay_networks_is_a_hole() {
    let policy = policy(vec![(networks(&["172.16.0.0/12"]), Outcome::Next)]);
    assert!(told(&policy, &Surroundings::default()).is_empty());
    let gateway: IpAddr = "172.17.0.1".parse().unwrap();
    let behind = Surroundings {
        gateways: vec![gateway],
    };
    assert_eq!(told(&policy, &behind), ["0 proved some all"]);
}

#[test]
fn whoever_may_name_another_client_has_that_clients_rights() {
    let mut policy = policy(vec![(networks(&["10.0.0.0/8"]), Outcome::Next)]);
    policy.listeners[0].believed = Some(Stated {
        value: AddressSet::new([Network::parse("0.0.0.0/0").unwrap()]),
        origin: None,
    });
    assert_eq!(
        told(&policy, &Surroundings::default()),
        ["0 proved all all"]
    );
    policy.listeners[0].believed = Some(Stated {
        value: AddressSet::new([Network::parse("10.1.0.0/16").unwrap()]),
        origin: None,
    });
    assert!(told(&policy, &Surroundings::default()).is_empty());
}

#[test]
fn anonymous_log_ins_are_strangers() {
    let mut policy = policy(vec![(
        Guard::Any(vec![Guard::Authenticated, Guard::Anonymous]),
        Outcome::Next,
    )]);
    assert!(told(&policy, &Surroundings::default()).is_empty());
    policy.listeners[0].mechanisms.push(Mechanism::Anonymous);
    assert_eq!(
        told(&policy, &Surroundings::default()),
        ["0 proved all all"]
    );
}

#[test]
fn clauses_behind_the_end_are_not_reached() {
    let refuse = || Outcome::Refuse(Reason::Rule);
    let policy = policy(vec![
        (networks(&["10.0.0.0/8"]), Outcome::Next),
        (opaque("it is listed", Some(true)), refuse()),
        (Guard::ClientIsHost, Outcome::Next),
        (Guard::Always, refuse()),
        (Guard::Tls, Outcome::Next),
    ]);
    let lines: Vec<usize> = policy
        .unreached(&Space::of(&[&policy]))
        .iter()
        .map(|clause| clause.origin.as_ref().unwrap().span.start / 2)
        .collect();
    assert_eq!(lines, [4, 5]);
    assert!(policy.closed(&Space::of(&[&policy])).is_empty());
}

#[test]
fn a_server_that_takes_nothing_is_told() {
    let policy = policy(vec![(
        Guard::Always,
        Outcome::TempFail(Reason::Configuration),
    )]);
    let closed = policy.closed(&Space::of(&[&policy]));
    assert_eq!(closed.len(), 1);
    assert!(closed[0].1.is_some());
}

#[test]
fn the_recipient_inside_a_recipient_is_found() {
    use smtpconf::policy::{At, Inside, Recipient, Rewrite};
    let ours = Arc::new(Patterns::exact(["example.com"]));
    let rewrite = Rewrite {
        within: Arc::clone(&ours),
        own_literal: true,
        bare: false,
        finds: vec![Inside::At, Inside::Bang, Inside::Percent],
        home: None,
        extension: String::new(),
    };
    let domain = |name: &str| At::Domain(Domain::parse(name).unwrap());
    for (local, at, found) in [
        ("user%b.example", domain("example.com"), "<user@b.example>"),
        ("b.example!user", domain("example.com"), "<user@b.example>"),
        ("user@b.example", At::OwnLiteral, "<user@b.example>"),
        (
            "user%b.example%example.com",
            domain("example.com"),
            "<user@b.example>",
        ),
        (
            "user%b.example",
            domain("c.example"),
            "<user%b.example@c.example>",
        ),
        ("user%b.example", At::Nothing, "<user%b.example>"),
    ] {
        let recipient = Recipient {
            route: None,
            local: local.into(),
            at,
            known: true,
        };
        assert_eq!(rewrite.apply(&recipient).to_string(), found);
    }
    // Behind our domain stands another one, and so does the guard.
    let foreign = Guard::Rewritten(
        Arc::new(rewrite),
        Box::new(!Guard::Matches(Field::RecipientDomain, Arc::clone(&ours))),
    );
    let open = policy(vec![(
        Guard::All(vec![foreign, Guard::Matches(Field::RecipientDomain, ours)]),
        Outcome::Accept(Accept::Relay),
    )]);
    assert!(
        told(&open, &Surroundings::default()).is_empty(),
        "the recipient itself is ours"
    );
}
