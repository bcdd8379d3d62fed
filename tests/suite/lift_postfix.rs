//! What is lifted from Postfix's files: from generated ones the policy that they were made from,
//! from written ones what the daemon does.

use std::fmt::Write as _;

use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::{Dialect, Lifted, Server, Target, Version, World};
use smtpconf::net::AddressSet;
use smtpconf::policy::{
    Accept, At, ClientCertificate, Decision, Environment, Looked, Mechanism, Policy, Possible,
    Space, compare,
};
use smtpconf::text::{Snapshot, Source};

use crate::descriptions;

fn lift(files: &[(&str, &str)], version: Version) -> Lifted {
    let snapshot = Snapshot::of(files);
    let world = World::new(&snapshot, version);
    let (_, text) = files.iter().find(|(name, _)| *name == "main.cf").unwrap();
    let dialect = Dialect::by_word("postfix-main").unwrap();
    dialect
        .policy(&Source::new("main.cf", *text), &world)
        .unwrap()
}

/// What `lift(generate(d))` does differently from `lower(d)`, in words; nothing if it is the same.
fn difference(description: &Description, version: Version) -> Option<String> {
    let target = Target {
        server: Server::Postfix,
        version,
    };
    let generated = generate(description, target).ok()?;
    let files: Vec<(&str, &str)> = generated
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.text.as_str()))
        .collect();
    let wanted = description::lower(description);
    let lifted = lift(&files, version);
    let drift = compare(&wanted, &lifted.policy);
    let mut text = String::new();
    for one in drift.sessions.iter().take(5) {
        let _ = write!(
            text,
            "  {}: {} / {}\n    {:?}\n    by {:?}\n",
            one.session,
            one.first,
            one.second,
            one.answers
                .iter()
                .map(|(o, hit)| (&o.hit, hit))
                .collect::<Vec<_>>(),
            one.by[1].map(|clause| &clause.outcome),
        );
    }
    for one in &drift.facts {
        let _ = writeln!(
            text,
            "  {}: {} / {}",
            one.first.name, one.first.value, one.second.value
        );
    }
    for gap in &lifted.gaps {
        let _ = writeln!(text, "  gap: {}", gap.reason);
    }
    (!text.is_empty()).then_some(text)
}

#[test]
fn what_is_generated_does_what_was_described() {
    let mut faults = String::new();
    let mut compared = 0;
    for (name, text) in descriptions::all() {
        let (description, findings) = description::read(&Source::new(name.as_str(), text.as_str()));
        let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        for version in ["3.5.25", "3.7.11", "3.11"] {
            let version = Version::parse(version).unwrap();
            if let Some(difference) = difference(&description, version) {
                let _ = write!(faults, "{name} in {version}:\n{difference}");
            }
            compared += 1;
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(compared > 100);
}

const V37: &str = "3.7.11";

/// The policy of a main.cf beside a master.cf with smtpd on port 25 and these tables.
fn policy(main: &str, tables: &[(&str, &str)]) -> Lifted {
    served(main, "smtp inet n - n - - smtpd\n", tables)
}

fn served(main: &str, master: &str, tables: &[(&str, &str)]) -> Lifted {
    let main = format!(
        "compatibility_level = 3.6\nmyhostname = mail.ours.example\nmydestination = ours.example\nmynetworks = 192.0.2.0/24\n{main}"
    );
    let mut files = vec![("main.cf", main.as_str()), ("master.cf", master)];
    files.extend(tables);
    lift(&files, Version::parse(V37).unwrap())
}

/// What strangers get through to foreign domains, in the usual environment: whether some session
/// surely does, and the names of what cannot be evaluated where it may.
fn relayed(policy: &Policy) -> (bool, Vec<String>) {
    let space = Space::of(&[policy]);
    let (mut certain, mut possible) = (false, Vec::new());
    space.walk(&Environment::usual(), false, &mut |session, environment| {
        let verdict = policy.decide_in(session, environment, false);
        let foreign = match &session.recipient.at {
            At::Domain(domain) => !policy.ours.holds(domain.as_str()),
            _ => false,
        };
        let stranger = space.is_stranger(session.client.source)
            && !matches!(session.auth, Some(Mechanism::Plain | Mechanism::Login))
            && session.certificate != ClientCertificate::Private;
        if foreign && stranger {
            if verdict.decision == Decision::Accept(Accept::Relay) {
                certain = true;
            } else if verdict.decision == Decision::Unknown {
                let relaying =
                    |one: &&Possible<'_>| one.decision == Decision::Accept(Accept::Relay);
                if verdict.possible.iter().any(|one| relaying(&one)) {
                    possible.extend(verdict.asked.iter().map(|(asked, _)| asked.name.clone()));
                }
            }
        }
        let sources = Looked::SOURCE.0 | Looked::AT.0 | Looked::AUTH.0 | Looked::CERTIFICATE.0;
        Some(Looked(verdict.looked.0 | sources))
    });
    possible.sort();
    possible.dedup();
    (certain, possible)
}

/// Constructs that open a relay, each with one that is nearly the same and does not.
const HOLES: &[(&str, &str)] = &[
    // 1. networks that are too wide
    ("mynetworks = 0.0.0.0/0", "mynetworks = 10.0.0.0/8"),
    ("mynetworks = [::]/0", "mynetworks = [2001:db8::]/32"),
    (
        "mynetworks = static:all",
        "mynetworks = inline:{192.0.2.1=x}",
    ),
    (
        "mynetworks = regexp:{{/./ OK}}",
        "mynetworks = cidr:{{192.0.2.0/24 OK}}",
    ),
    ("mynetworks = com", "mynetworks = .com"),
    ("mynetworks = unknown", "mynetworks = !unknown"),
    // 2. no guard that works
    (
        "smtpd_relay_restrictions = permit_mynetworks, warn_if_reject, reject_unauth_destination\nsmtpd_recipient_restrictions = check_sender_access static:OK, reject",
        "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\nsmtpd_recipient_restrictions = permit",
    ),
    (
        "smtpd_relay_restrictions = permit_mynetworks, check_client_access static:OK, reject_unauth_destination",
        "smtpd_relay_restrictions = permit_mynetworks, check_client_access static:DUNNO, reject_unauth_destination",
    ),
    (
        "smtpd_restriction_classes = open\nopen = permit_mynetworks\nsmtpd_relay_restrictions = open, check_helo_access inline:{x.example=permit}, reject_unauth_destination",
        "smtpd_restriction_classes = open\nopen = permit_mynetworks\nsmtpd_relay_restrictions = open, check_helo_access inline:{x.example=open}, reject_unauth_destination",
    ),
    // 3. what the client chooses is trusted
    (
        "smtpd_relay_restrictions = check_helo_access inline:{trusted.example=OK}, reject_unauth_destination",
        "smtpd_relay_restrictions = check_helo_access inline:{trusted.example=REJECT}, reject_unauth_destination",
    ),
    (
        "smtpd_relay_restrictions = check_sender_access inline:{boss@ours.example=OK}, reject_unauth_destination",
        "smtpd_relay_restrictions = reject_unauth_destination, check_sender_access inline:{boss@ours.example=OK}",
    ),
    (
        "smtpd_relay_restrictions = inline:{elsewhere.test=OK}, reject_unauth_destination",
        "smtpd_relay_restrictions = inline:{user@ours.example=OK}, reject_unauth_destination",
    ),
    // 4. clients in wide networks
    (
        "smtpd_relay_restrictions = check_client_access cidr:{{0.0.0.0/1 OK}}, reject_unauth_destination",
        "smtpd_relay_restrictions = check_client_access cidr:{{0.0.0.0/1 DUNNO}}, reject_unauth_destination",
    ),
    // 5. anyone's certificates
    (
        "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c\nsmtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\nsmtpd_relay_restrictions = permit_tls_all_clientcerts, reject_unauth_destination",
        "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c\nsmtpd_tls_ask_ccert = yes\nrelay_clientcerts = texthash:/x\nsmtpd_relay_restrictions = permit_tls_clientcerts, reject_unauth_destination",
    ),
    // 6. relay domains that match the world
    ("relay_domains = com", "relay_domains = customer.com"),
    ("relay_domains = static:x", "relay_domains = *"),
    (
        "relay_domains = regexp:{{/./ OK}}",
        "relay_domains = regexp:{{/^never$/ OK}}",
    ),
    // 8. routing through local parts
    (
        "relay_domains = ours.test\nallow_untrusted_routing = yes\nsmtpd_relay_restrictions = check_recipient_access inline:{user%elsewhere.example@elsewhere.example=OK}, reject_unauth_destination",
        "relay_domains = ours.test\nsmtpd_relay_restrictions = check_recipient_access inline:{user%elsewhere.example@elsewhere.example=OK}, reject_unauth_destination",
    ),
];

/// Constructs that may open one, with what that depends on.
const MAYBES: &[(&str, &str)] = &[
    (
        "smtpd_relay_restrictions = check_sender_access mysql:/m.cf, reject_unauth_destination",
        "mysql:/m.cf of the sender",
    ),
    (
        "smtpd_relay_restrictions = check_policy_service unix:private/p, reject_unauth_destination",
        "check_policy_service unix:private/p",
    ),
    (
        "smtpd_relay_restrictions = permit_mx_backup, reject_unauth_destination",
        "permit_mx_backup",
    ),
    (
        "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c\nsmtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = /etc/postfix/ca.pem\nsmtpd_relay_restrictions = permit_tls_all_clientcerts, reject_unauth_destination",
        "/etc/postfix/ca.pem",
    ),
];

#[test]
fn open_relays_are_told_from_what_is_nearly_one() {
    for (hole, near) in HOLES {
        assert_eq!(
            relayed(&policy(hole, &[]).policy),
            (true, Vec::new()),
            "{hole}"
        );
        assert_eq!(
            relayed(&policy(near, &[]).policy),
            (false, Vec::new()),
            "{near}"
        );
    }
    for (maybe, on) in MAYBES {
        let (certain, possible) = relayed(&policy(maybe, &[]).policy);
        assert!(!certain, "{maybe}");
        assert_eq!(possible, [*on], "{maybe}");
    }
}

#[test]
fn whoever_may_say_which_client_it_is_is_believed() {
    let believed = |main: &str| {
        let lifted = policy(main, &[]);
        lifted.policy.listeners[0]
            .believed
            .as_ref()
            .map(|stated| stated.value.clone())
    };
    assert_eq!(believed(""), None);
    assert_eq!(
        believed("smtpd_authorized_xclient_hosts = 0.0.0.0/0, [::]/0"),
        Some(AddressSet::all())
    );
    assert_eq!(
        believed("smtpd_upstream_proxy_protocol = haproxy"),
        Some(AddressSet::all())
    );
    let some = believed("smtpd_authorized_xclient_hosts = 192.0.2.1").unwrap();
    assert!(some.contains("192.0.2.1".parse().unwrap()) && some.narrow() == some);
}

#[test]
fn a_service_sees_its_own_options() {
    // 13. what a filter comes back on, reachable from outside
    let options = "-o mynetworks=0.0.0.0/0 -o smtpd_relay_restrictions=permit_mynetworks,reject";
    let open = served("", &format!("10025 inet n - n - - smtpd {options}\n"), &[]);
    assert!(relayed(&open.policy).0);
    let closed = served(
        "",
        &format!("127.0.0.1:10025 inet n - n - - smtpd {options}\n"),
        &[],
    );
    assert!(!relayed(&closed.policy).0);
    // trivial-rewrite does not see smtpd's options
    let deaf = served("", "25 inet n - n - - smtpd -o relay_domains=com\n", &[]);
    assert!(!relayed(&deaf.policy).0);
    let heard = served(
        "",
        "25 inet n - n - - smtpd\nrewrite unix - - n - - trivial-rewrite -o relay_domains=com\n",
        &[],
    );
    assert!(relayed(&heard.policy).0);
}

#[test]
fn a_daemon_that_guards_itself_is_dead() {
    let dead = |main: &str, master: &str| {
        let lifted = served(main, master, &[]);
        lifted.policy.listeners[0]
            .dead
            .clone()
            .map(|(reason, _)| reason)
    };
    let plain = "25 inet n - n - - smtpd\n";
    let none = "smtpd_relay_restrictions = permit_mynetworks";
    assert!(
        dead(none, plain)
            .unwrap()
            .contains("at least one working instance")
    );
    let permit_first = "smtpd_relay_restrictions = permit, reject_unauth_destination";
    assert!(dead(permit_first, plain).is_some());
    let in_class = "smtpd_restriction_classes = c\nc = reject_unauth_destination\nsmtpd_relay_restrictions = c";
    assert_eq!(dead(in_class, plain), None);
    let other =
        "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = reject_unauth_destination";
    assert_eq!(dead(other, plain), None);
    assert!(
        dead("smtpd_restriction_classes = c", plain)
            .unwrap()
            .contains("definition")
    );
    assert!(
        dead("smtpd_delay_reject = true", plain)
            .unwrap()
            .contains("boolean")
    );
    assert!(dead("", "25 inet n - n - - smtpd -o a = b\n").is_some());
    assert!(dead("", "25 inet n - n - - smtpd -oab\n").is_some());
    assert!(dead("", "25 inet n - n - - smtpd -o x=permit, reject\n").is_some());
    assert_eq!(
        dead("", "25 inet n - n - - smtpd -v -o { x = permit, reject }\n"),
        None
    );
    let low = lift(
        &[
            ("main.cf", "compatibility_level = 0\n"),
            ("master.cf", plain),
        ],
        Version::parse(V37).unwrap(),
    );
    assert!(low.policy.listeners[0].dead.is_some());
}

#[test]
fn what_is_asked_has_its_kind_and_its_usual_answer() {
    let asked = |main: &str| {
        let policy = policy(main, &[]).policy;
        let asked = policy.opaque();
        let asked = asked.iter().map(|asked| (asked.kind, asked.usual));
        asked.collect::<Vec<_>>()
    };
    assert_eq!(asked(""), []);
    for (restriction, kind) in [
        ("reject_unknown_helo_hostname", "dns"),
        ("reject_rbl_client dnsbl.example", "rbl"),
    ] {
        let main = format!("smtpd_helo_restrictions = {restriction}");
        assert_eq!(asked(&main), [(kind, Some(false))], "{restriction}");
    }
    assert_eq!(asked("smtpd_reject_unlisted_sender = yes").len(), 1);
}
