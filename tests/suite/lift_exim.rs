//! What the lift of Exim's configurations says: hand-written ones are decided as the daemon decides
//! them.

#![allow(clippy::format_push_string, reason = "a report of what failed")]

use std::path::Path;

use smtpconf::mta::{Dialect, Lifted, Server, Target, World};
use smtpconf::policy::{
    Accept, At, ClientCertificate, ClientName, Decision, Environment, Looked, Mechanism, Policy,
    Reason, Session, Space,
};
use smtpconf::text::Snapshot;

/// The server that is lifted from.
pub fn target() -> Target {
    let server = Server::Exim;
    Target {
        server,
        version: server.version_on("debian-12"),
    }
}

/// The configuration of these files.
pub fn lift(files: &[(String, String)], target: Target) -> Lifted {
    let named: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let snapshot = Snapshot::of(&named);
    let world = World::new(&snapshot, target.version);
    let main = snapshot
        .read("/etc/exim4/exim4.conf", Path::new("/"))
        .unwrap();
    Dialect::by_word("exim-conf")
        .unwrap()
        .policy(&main, &world)
        .unwrap()
}

/// A server for `example.com`, whose ACL for recipients is `acl`, with more options of the main
/// section in `main` and lines behind everything in `more`.
fn server(main: &str, acl: &str, more: &str) -> String {
    format!(
        "primary_hostname = mail.example.com
domainlist local_domains = example.com
hostlist relay = <; 127.0.0.1 ; ::1 ; 192.0.2.0/24
acl_smtp_rcpt = check
{main}
begin acl
check:
{acl}
begin routers
dns:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote
  no_more
local:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = mailbox
begin transports
remote:
  driver = smtp
mailbox:
  driver = appendfile
  file = /var/mail/x
{more}
"
    )
}

fn policy_of(text: &str) -> Policy {
    let lifted = lift(
        &[("/etc/exim4/exim4.conf".into(), text.to_owned())],
        target(),
    );
    for listener in &lifted.policy.listeners {
        assert!(
            listener.dead.is_none(),
            "{:?}",
            listener.dead.as_ref().map(|(why, _)| why)
        );
    }
    lifted.policy
}

/// A session of a stranger, who has no private certificate, no log-in of his own and no name that
/// leads back, and whose mail for somebody else's domain is relayed; with what is asked on the way.
fn open_relay(policy: &Policy) -> Option<(Session, Vec<String>)> {
    let space = Space::of(&[policy]);
    let environment = Environment::usual();
    let mut found = None;
    space.walk(&environment, false, &mut |session, environment| {
        let verdict = policy.decide_in(session, environment, false);
        let is_stranger = space.is_stranger(session.client.source)
            && !matches!(session.auth, Some(Mechanism::Plain | Mechanism::Login))
            && !matches!(session.client.name, ClientName::Verified(_))
            && session.certificate != ClientCertificate::Private;
        let is_foreign = match &session.recipient.at {
            At::Domain(domain) => !policy.ours.holds(domain.as_str()),
            _ => false,
        };
        let relays = verdict
            .possible
            .iter()
            .any(|one| one.decision == Decision::Accept(Accept::Relay));
        if is_stranger && is_foreign && relays {
            let asked = verdict.asked.iter();
            found = Some((
                session.clone(),
                asked.map(|(opaque, _)| opaque.name.clone()).collect(),
            ));
            return None;
        }
        Some(verdict.looked)
    });
    found
}

/// Each hole with a near miss, as ACLs: options, ACL, the rest.
const HOLES: &[[&str; 2]] = &[
    ["accept", "accept domains = +local_domains"],
    ["accept hosts = *", "accept hosts = +relay"],
    ["accept hosts = 0.0.0.0/0", "accept hosts = 192.0.2.0/24"],
    [
        "accept hosts = !10.0.0.0/8",
        "accept hosts = !0.0.0.0/0 : 192.0.2.0/24",
    ],
    [
        "accept hosts = +include_unknown : *.friends.example",
        "accept hosts = +ignore_unknown : *.friends.example",
    ],
    [
        "accept sender_domains = +local_domains",
        "accept sender_domains = +local_domains\n hosts = +relay",
    ],
    [
        "accept senders = :",
        "accept senders = :\n domains = +local_domains",
    ],
    [
        "accept senders = boss@example.com",
        "accept senders = boss@example.com\n authenticated = *",
    ],
    [
        "require verify = recipient\n accept",
        "require verify = recipient\n accept domains = +local_domains",
    ],
    [
        "accept verify = sender",
        "accept verify = sender\n domains = +local_domains",
    ],
    ["accept verify = helo", "deny !verify = helo"],
    ["accept encrypted = *", "deny !encrypted = *"],
    [
        "accept condition = ${if match{$sender_helo_name}{friend}}",
        "accept condition = ${if match{$sender_helo_name}{friend}}\n hosts = +relay",
    ],
    [
        "deny domains = !+local_domains : !relay.example : elsewhere.example\n accept",
        "deny domains = !+local_domains\n accept",
    ],
    [
        "deny domains = !+local_domains : relay.example\n accept",
        "deny domains = !+local_domains : !relay.example\n accept domains = +local_domains",
    ],
    ["accept domains = *", "accept domains = example.com"],
    // Whichever domain is named, there is another one.
    [
        "deny domains = elsewhere.example\n accept",
        "deny domains = elsewhere.example\n accept domains = +local_domains",
    ],
    [
        "accept domains = !+local_domains",
        "accept domains = +local_domains",
    ],
    [
        "accept local_parts = postmaster",
        "accept local_parts = postmaster\n domains = +local_domains",
    ],
    [
        "accept condition = ${if eq{$received_port}{26}{0}fail}",
        "accept condition = ${if eq{$received_port}{26}{1}{0}}",
    ],
    [
        "accept condition = yes",
        "accept condition = ${if eq{$interface_port}{587}}",
    ],
    [
        "deny acl = strangers\n accept\nstrangers:\n drop !hosts = +relay\n accept",
        "require acl = strangers\n accept\nstrangers:\n drop !hosts = +relay\n accept",
    ],
    [
        "deny !domains = +local_domains\n hosts = \"0.0.0.0/0\"\n accept",
        "deny !domains = +local_domains\n hosts = 0.0.0.0/0 : ::/0\n accept hosts = 0.0.0.0/0 : ::/0\n deny",
    ],
    [
        "warn set acl_m_ok = yes\n accept condition = ${if eq{$acl_m_ok}{yes}}",
        "warn hosts = +relay\n set acl_m_ok = yes\n accept condition = ${if eq{$acl_m_ok}{yes}}",
    ],
    [
        "accept domains = +local_domains\n endpass\n verify = recipient\n accept",
        "accept domains = !+local_domains\n endpass\n hosts = +relay\n accept",
    ],
];

#[test]
fn each_hole_is_one_and_its_near_miss_is_none() {
    for [hole, near] in HOLES {
        let found = open_relay(&policy_of(&server("", hole, "")));
        assert!(found.is_some(), "no hole: {hole}");
        let found = open_relay(&policy_of(&server("", near, "")));
        assert!(found.is_none(), "a hole: {near}\n{found:?}");
    }
    let check = "accept domains = +local_domains";
    for [hole, near] in [
        [
            "acl_smtp_rcpt = ${if eq{$received_port}{26}{check}fail}",
            "acl_smtp_rcpt = ${if eq{$received_port}{26}{check}{deny}}",
        ],
        ["acl_smtp_rcpt = accept", "acl_smtp_rcpt = deny"],
    ] {
        let with = |option: &str| server("", check, "").replace("acl_smtp_rcpt = check", option);
        assert!(open_relay(&policy_of(&with(hole))).is_some(), "{hole}");
        assert!(open_relay(&policy_of(&with(near))).is_none(), "{near}");
    }
    let plain = |condition: &str| {
        format!(
            "begin authenticators\nplain:\n driver = plaintext\n public_name = PLAIN\n server_prompts = :\n server_condition = {condition}\n"
        )
    };
    let acl = "accept authenticated = *";
    let hole = policy_of(&server("", acl, &plain("yes")));
    assert!(open_relay(&hole).is_some());
    let near = policy_of(&server("", acl, &plain("${if eq{$auth3}{x}}")));
    assert!(open_relay(&near).is_none());
    let proxied = policy_of(&server("hosts_proxy = *", check, ""));
    let stranger = "203.0.113.7".parse().unwrap();
    assert!(
        proxied.listeners[0]
            .believed
            .as_ref()
            .unwrap()
            .value
            .contains(stranger)
    );
    let proxied = policy_of(&server("hosts_proxy = 192.0.2.1", check, ""));
    assert!(
        !proxied.listeners[0]
            .believed
            .as_ref()
            .unwrap()
            .value
            .contains(stranger)
    );
}

#[test]
fn what_cannot_be_known_is_asked() {
    // Strangers are not in a list of friends that is not here; which one that is, is told.
    let acl = "accept hosts = net-lsearch;/etc/friends";
    let policy = policy_of(&server("", acl, ""));
    assert!(open_relay(&policy).is_none());
    let asked: Vec<_> = policy.opaque().iter().map(|asked| &asked.name).collect();
    assert_eq!(asked, ["net-lsearch;/etc/friends"]);
    let listed = "deny dnslists = dnsbl.example\n accept domains = +local_domains";
    assert!(open_relay(&policy_of(&server("", listed, ""))).is_none());
}

#[test]
fn what_is_asked_has_its_kind_and_its_usual_answer() {
    for (part, kind, usual) in [
        ("dnslists = dnsbl.example", "rbl", Some(false)),
        ("ratelimit = 5 / 1h / per_rcpt", "rate", Some(false)),
        ("spf = fail", "dns", Some(false)),
        ("spf = pass", "dns", Some(true)),
        ("verify = helo", "dns", Some(true)),
        ("verify = csa", "dns", Some(true)),
        ("domains = lsearch;/etc/mail/ours", "table", Some(false)),
    ] {
        let policy = policy_of(&server("", &format!("accept {part}"), ""));
        let asked = policy.opaque();
        let asked: Vec<_> = asked
            .iter()
            .map(|asked| (asked.kind, asked.usual))
            .collect();
        assert_eq!(asked, [(kind, usual)], "{part}");
    }
}

#[test]
fn the_answers_of_a_dns_list_are_told() {
    let acl = "deny dnslists = dnsbl.example=127.0.0.3,127.0.0.2\n accept domains = +local_domains";
    let policy = policy_of(&server("", acl, ""));
    let answers = &policy.facts.dnsbl[0].value.answers;
    let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
    assert_eq!(answers, ["127.0.0.2", "127.0.0.3"]);
}

/// What is decided about a session to port 25 that is in the words of a session's line.
fn decided(policy: &Policy, parts: &[&str]) -> Vec<Decision> {
    let mut found = Vec::new();
    let environment = Environment::usual();
    Space::of(&[policy]).walk(&environment, false, &mut |session, _| {
        let line = session.to_string();
        // An underscore in the name is refused by itself.
        if session.helo.contains('_') {
            return Some(Looked((1 << Looked::COUNT) - 1));
        }
        let verdict = policy.decide(session);
        // Nobody has an address with another one inside.
        let exists = line.contains('%')
            || !line.ends_with("who does not exist")
            || parts.contains(&"who does not exist");
        if exists
            && parts.iter().all(|part| line.contains(part))
            && !found.contains(&verdict.decision)
        {
            found.push(verdict.decision);
        }
        Some(Looked((1 << Looked::COUNT) - 1))
    });
    found
}

#[test]
fn configurations_are_decided_as_the_daemon_decides() {
    let acl = "deny local_parts = ^.*[@%!]\n accept hosts = +relay\n accept domains = +local_domains\n endpass\n verify = recipient";
    let policy = policy_of(&server("", acl, ""));
    let stranger = ["203.0.113.7 ", "port 25,", "no TLS", "FROM:<>"];
    let one = |more: &[&str]| {
        let parts: Vec<&str> = stranger.iter().chain(more).copied().collect();
        decided(&policy, &parts)
    };
    let refused = |reason| vec![Decision::Refuse(reason)];
    assert_eq!(
        one(&["RCPT TO:<user@example.com>"]),
        [Decision::Accept(Accept::Local)]
    );
    assert_eq!(
        one(&["RCPT TO:<user@example.com>", "who does not exist"]),
        refused(Reason::UnknownRecipient)
    );
    assert_eq!(
        one(&["RCPT TO:<user@elsewhere.example>"]),
        refused(Reason::RelayingDenied)
    );
    assert_eq!(one(&["RCPT TO:<user>"]), refused(Reason::BareRecipient));
    assert_eq!(
        one(&["RCPT TO:<user@[own]>"]),
        refused(Reason::LiteralRecipient)
    );
    assert_eq!(
        decided(
            &policy,
            &["192.0.2.", "port 25,", "RCPT TO:<user@elsewhere.example>"]
        ),
        [Decision::Accept(Accept::Relay)]
    );
    // A host list that names no list that there is stops everybody.
    let policy = policy_of(&server("", "accept hosts = +nosuch\n accept", ""));
    assert_eq!(
        decided(&policy, &["203.0.113.7 ", "port 25,", "FROM:<>"]),
        [
            Decision::TempFail(Reason::Rule),
            Decision::Refuse(Reason::BareRecipient),
            Decision::Refuse(Reason::LiteralRecipient)
        ]
    );
    // The percent hack: the ACL sees the inner address.
    let policy = policy_of(&server(
        "percent_hack_domains = example.com",
        "accept domains = +local_domains",
        "",
    ));
    assert!(open_relay(&policy).is_none());
    assert_eq!(
        decided(
            &policy,
            &[
                "203.0.113.7 ",
                "port 25,",
                "FROM:<>",
                "<user%elsewhere.example@example.com>"
            ]
        ),
        [Decision::Refuse(Reason::RelayingDenied)]
    );
    let policy = policy_of(&server("acl_smtp_mail =", "accept", ""));
    assert!(open_relay(&policy).is_none());
    let text = server("", "accept", "").replace("acl_smtp_rcpt = check", "no_such_option = 1");
    let lifted = lift(&[("/etc/exim4/exim4.conf".into(), text)], target());
    assert!(lifted.policy.listeners[0].dead.is_some());
}
