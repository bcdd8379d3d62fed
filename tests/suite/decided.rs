//! Sessions that the lab's oracle found decided otherwise than the daemons decide them: each is
//! decided as on the daemon.

use smtpconf::mta::{Dialect, Version, World};
use smtpconf::net::Domain;
use smtpconf::policy::{At, ClientName, Policy, Sender, Session, Source as From, Space};
use smtpconf::text::{Snapshot, Source};

/// The policy of the first file, with the others beside it.
fn policy(dialect: &str, version: &[u16], files: &[(&str, &str)]) -> Policy {
    let snapshot = Snapshot::of(files);
    let world = World::new(&snapshot, Version::new(version));
    let (name, text) = files[0];
    let dialect = Dialect::by_word(dialect).unwrap();
    let lifted = dialect.policy(&Source::new(name, text), &world).unwrap();
    lifted.policy
}

fn postfix(main: &str) -> Policy {
    let main = format!(
        "compatibility_level = 3.6\nmyhostname = mail.ours.example\nmydestination = ours.example\n{main}"
    );
    let files = [
        ("main.cf", main.as_str()),
        ("master.cf", "25 inet n - n - - smtpd\n"),
    ];
    policy("postfix-main", &[3, 7, 11], &files)
}

fn sendmail(lines: &str, access: &str) -> Policy {
    let text = format!(
        "OSTYPE(`linux')\ndefine(`confDOMAIN_NAME', `mail.own.example')\nLOCAL_DOMAIN(`own.example')\n{lines}\nMAILER(`smtp')\n"
    );
    let files = [
        ("/etc/mail/sendmail.mc", text.as_str()),
        ("/etc/mail/relay-domains", ""),
        ("/etc/mail/access", access),
    ];
    policy("sendmail-mc", &[8, 17, 1], &files)
}

fn exim(text: &str) -> Policy {
    policy("exim-conf", &[4, 96], &[("/etc/exim4/exim4.conf", text)])
}

/// What is decided about a client's mail to a recipient, in plain and without a log-in.
fn decided(policy: &Policy, client: &str, local: &str, at: &str) -> String {
    let space = Space::of(&[policy]);
    let known = space.sessions().find(|session| session.port == 25);
    let mut session: Session = known.unwrap();
    session.client.source = From::Address(client.parse().unwrap());
    session.client.name = ClientName::None;
    session.sender = Sender::Null;
    session.auth = None;
    session.tls = false;
    session.recipient.route = None;
    session.recipient.local = local.into();
    session.recipient.known = true;
    session.recipient.at = match at.strip_prefix('[').and_then(|at| at.strip_suffix(']')) {
        Some(address) => At::Literal(address.parse().unwrap()),
        None => At::Domain(Domain::parse(at).unwrap()),
    };
    policy.decide(&session).decision.to_string()
}

#[test]
fn what_permits_in_an_entry_for_a_routed_recipient_only_leaves_the_entry() {
    let policy = postfix(
        "mynetworks = 127.0.0.1\nsmtpd_relay_restrictions = check_recipient_access regexp:{{!/nobody/ permit_mynetworks, defer}}, reject\n",
    );
    let by = |client, local| decided(&policy, client, local, "elsewhere.test");
    assert_eq!(by("127.0.0.1", "user"), "accepted for relaying");
    assert_eq!(by("127.0.0.1", "user%x.test"), "refused: refused by a rule");
    assert_eq!(
        by("203.0.113.7", "user%x.test"),
        "refused for now: refused by a rule"
    );
    // Of the sender, an entry permits.
    let policy = postfix(
        "mynetworks = 127.0.0.1\nsmtpd_relay_restrictions = check_sender_access regexp:{{!/nobody/ permit_mynetworks}}, reject\n",
    );
    assert_eq!(
        decided(&policy, "127.0.0.1", "user%x.test", "elsewhere.test"),
        "accepted for relaying"
    );
}

#[test]
fn a_bang_at_anothers_domain_is_no_uucp_host() {
    let lines = "RELAY_DOMAIN(`sub.deep.example')\n";
    let by = |policy: &Policy, local, at| decided(policy, "203.0.113.7", local, at);
    let loose = sendmail(&format!("FEATURE(`loose_relay_check')\n{lines}"), "");
    assert_eq!(
        by(&loose, "test!user", "sub.deep.example"),
        "accepted for relaying"
    );
    let denied = "refused: relaying denied";
    assert_eq!(by(&loose, "test!user", "own.example"), denied);
    assert_eq!(by(&loose, "test!user%own.example", "own.example"), denied);
    // Without the feature relayed domains are taken off as well.
    assert_eq!(
        by(&sendmail(lines, ""), "test!user", "sub.deep.example"),
        denied
    );
}

#[test]
fn nobody_has_named_a_sender_when_the_client_connects() {
    let text = "primary_hostname = mail.example.com\nacl_smtp_connect = c\nacl_smtp_rcpt = r\n\
        begin acl\nc:\n  require condition = ${if !def:sender_address}\n  accept\n\
        r:\n  deny condition = ${if !def:sender_address}\n  accept domains = example.com\n";
    let policy = exim(text);
    let mut session = Space::of(&[&policy]).sessions().next().unwrap();
    session.client.name = ClientName::None;
    session.recipient.local = "user".into();
    session.recipient.at = At::Domain(Domain::parse("example.com").unwrap());
    session.sender = Sender::Address {
        local: "someone".into(),
        domain: Domain::parse("example.net").unwrap(),
    };
    let said = |session: &Session| policy.decide(session).decision.to_string();
    assert_eq!(said(&session), "accepted for relaying");
    session.sender = Sender::Null;
    assert_eq!(said(&session), "refused: refused by a rule");
}

#[test]
fn recipients_say_whether_they_want_what_was_delayed() {
    let features = |how: &str| format!("FEATURE(`access_db')\nFEATURE(`delay_checks', `{how}')\n");
    let access = "Connect:203.0.113.7 REJECT\nSpam:user@own.example FRIEND\nSpam:boss@ HATER\n";
    let by = |how, local| {
        decided(
            &sendmail(&features(how), access),
            "203.0.113.7",
            local,
            "own.example",
        )
    };
    let refused = "refused: client refused";
    assert_eq!(by("friend", "user"), "accepted for local delivery");
    assert_eq!(by("friend", "other"), refused);
    assert_eq!(by("friend", "boss"), refused);
    assert_eq!(by("hater", "boss"), refused);
    assert_eq!(by("hater", "other"), "accepted for local delivery");
}

#[test]
fn an_ipv4_network_in_ipv6s_form_is_one_that_nobody_is_in() {
    // Debian's own line.
    let policy = postfix(
        "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128\nsmtpd_relay_restrictions = permit_mynetworks, reject\n",
    );
    let by = |client| decided(&policy, client, "user", "elsewhere.test");
    assert_eq!(by("203.0.113.7"), "refused: refused by a rule");
    assert_eq!(by("2001:db8::7"), "refused: refused by a rule");
    assert_eq!(by("::1"), "accepted for relaying");
    let policy = postfix(
        "mynetworks = [::ffff:127.0.0.1]/104\nsmtpd_relay_restrictions = permit_mynetworks, reject\n",
    );
    assert_eq!(
        decided(&policy, "2001:db8::7", "user", "elsewhere.test"),
        "refused for now: configuration error"
    );
}

#[test]
fn a_session_has_one_recipient() {
    let policy = exim(
        "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\nbegin acl\nr:\n  \
         deny condition = ${if and{{>{$rcpt_count}{10}}{<{$recipients_count}{${eval:$rcpt_count/2}}}}}\n  \
         deny condition = ${if !={$rcpt_count}{1}}\n  accept domains = example.com\n",
    );
    let by = |at| decided(&policy, "203.0.113.7", "user", at);
    assert_eq!(by("example.com"), "accepted for relaying");
    assert_eq!(by("elsewhere.test"), "refused: relaying denied");
}

#[test]
fn recipients_are_looked_up_without_their_extension_too() {
    let policy = postfix(
        "recipient_delimiter = +\nsmtpd_recipient_restrictions = check_recipient_access inline:{user@ours.example=REJECT, user+ok@ours.example=OK, {ours.example=450 later}}\n",
    );
    let by = |local| decided(&policy, "203.0.113.7", local, "ours.example");
    assert_eq!(by("user+ok"), "accepted for local delivery");
    assert_eq!(by("user+x"), "refused: recipient refused");
    assert_eq!(by("other+x"), "refused for now: recipient refused");
    // Expressions are not asked about what is left.
    let policy = postfix(
        "recipient_delimiter = +\nsmtpd_recipient_restrictions = check_recipient_access regexp:{{/^user@/ REJECT}}\n",
    );
    let by = |local| decided(&policy, "203.0.113.7", local, "ours.example");
    assert_eq!(by("user"), "refused: recipient refused");
    assert_eq!(by("user+x"), "accepted for local delivery");
}

#[test]
fn recipients_are_looked_up_with_their_quotes_first() {
    let by = |table: &str| {
        let policy = postfix(&format!(
            "smtpd_relay_restrictions = check_recipient_access regexp:{{{table}}}, reject\n"
        ));
        decided(&policy, "203.0.113.7", "user@x.test", "elsewhere.test")
    };
    let later = "refused for now: recipient refused";
    assert_eq!(by("{/^user@/ 450 later}"), later);
    assert_eq!(by("{/^\"user@/ 450 later}"), later);
    assert_eq!(
        by("{/^user@/ 450 later}, {!/nobody/ DUNNO}"),
        "refused: refused by a rule"
    );
}

#[test]
fn a_name_in_ehlo_may_be_an_address() {
    let policy = exim(
        "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\nbegin acl\nr:\n  \
         deny condition = ${if isip{$sender_helo_name}}\n  accept domains = example.com\n",
    );
    let mut session = Space::of(&[&policy]).sessions().next().unwrap();
    session.recipient.local = "user".into();
    session.recipient.at = At::Domain(Domain::parse("example.com").unwrap());
    for (helo, is_address) in [
        ("192.0.2.7", true),
        ("192.0.2.700", false),
        ("192.0.2", false),
        ("[192.0.2.7]", false),
        ("2001:db8::7", true),
        ("::", true),
        ("1:2:3:4:5:6:7:8", true),
        ("1:2:3:4:5:6:7", false),
        ("1::2::3", false),
        ("mail.example.net", false),
    ] {
        session.helo = helo.into();
        let decision = policy.decide(&session).decision;
        let refused = matches!(decision, smtpconf::policy::Decision::Refuse(_));
        assert_eq!(refused, is_address, "{helo}: {decision}");
    }
}
