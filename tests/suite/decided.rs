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

pub fn exim(text: &str) -> Policy {
    policy("exim-conf", &[4, 96], &[("/etc/exim4/exim4.conf", text)])
}

/// What is decided about a client's mail to a recipient, in plain and without a log-in.
fn decided(policy: &Policy, client: &str, local: &str, at: &str) -> String {
    decided_of(policy, client, Sender::Null, local, at)
}

/// The same of a client's mail of a sender.
pub fn decided_of(policy: &Policy, client: &str, sender: Sender, local: &str, at: &str) -> String {
    let space = Space::of(&[policy]);
    let known = space.sessions().find(|session| session.port == 25);
    let mut session: Session = known.unwrap();
    session.client.source = From::Address(client.parse().unwrap());
    session.client.name = ClientName::None;
    session.sender = sender;
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
fn a_tables_answer_is_taken_as_access_5_says() {
    let by = |answer: &str| {
        let policy = postfix(&format!(
            "smtpd_relay_restrictions = check_client_access inline:{{{{203.0.113.7={answer}}}}}, reject_unauth_destination\n"
        ));
        decided(&policy, "203.0.113.7", "user", "elsewhere.test")
    };
    for (answers, is) in [
        (&["OK", "20261126"][..], "accepted for relaying"),
        (
            &["REJECT", "reject no", "550 no"],
            "refused: client refused",
        ),
        (&["DEFER", "450 later"], "refused for now: client refused"),
        (&["DISCARD"], "accepted and thrown away"),
        (
            &["DUNNO", "HOLD", "WARN so", "PREPEND A: b"],
            "refused: relaying denied",
        ),
    ] {
        for answer in answers {
            assert_eq!(by(answer), is, "{answer}");
        }
    }
}

#[test]
fn addresses_are_looked_up_by_the_octets_that_they_begin_with() {
    let by = |key: &str, client: &str| {
        let policy = postfix(&format!(
            "smtpd_relay_restrictions = check_client_access inline:{{{{{key}=OK}}}}, reject\n"
        ));
        decided(&policy, client, "user", "elsewhere.test").starts_with("accepted")
    };
    for (key, inside, outside) in [
        ("203.0", "203.0.113.7", "203.1.113.7"),
        ("203.0.113", "203.0.113.7", "203.0.11.7"),
        ("203.0.113.7", "203.0.113.7", "203.0.113.70"),
        ("2001:db8", "2001:db8:1::7", "2001:db9::7"),
        ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
    ] {
        assert!(by(key, inside), "{key}: {inside}");
        assert!(!by(key, outside), "{key}: {outside}");
    }
}

#[test]
fn a_list_of_hosts_looks_up_their_names() {
    let text = "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\n\
        begin acl\nr:\n  accept hosts = lsearch;/etc/exim4/friends\n";
    let files = [
        ("/etc/exim4/exim4.conf", text),
        ("/etc/exim4/friends", "mail.friend.example: yes\n"),
    ];
    let policy = policy("exim-conf", &[4, 96], &files);
    let mut session = Space::of(&[&policy]).sessions().next().unwrap();
    session.recipient.local = "user".into();
    session.recipient.at = At::Domain(Domain::parse("example.com").unwrap());
    for (name, is_friend) in [("mail.friend.example", true), ("friend.example", false)] {
        session.client.name = ClientName::Verified(Domain::parse(name).unwrap());
        let decided = policy.decide(&session).decision.to_string();
        assert_eq!(
            decided == "accepted for relaying",
            is_friend,
            "{name}: {decided}"
        );
    }
}

#[test]
fn a_name_in_ehlo_of_digits_and_dots_is_naked() {
    let policy = postfix("smtpd_relay_restrictions = permit_naked_ip_address, reject\n");
    let mut session = Space::of(&[&policy]).sessions().next().unwrap();
    session.recipient.local = "user".into();
    session.recipient.at = At::Domain(Domain::parse("elsewhere.test").unwrap());
    for (helo, is_naked) in [
        ("192.0.2.7", true),
        ("[192.0.2.7]", false),
        ("a.example", false),
    ] {
        session.helo = helo.into();
        let decided = policy.decide(&session).decision.to_string();
        assert_eq!(
            decided == "accepted for relaying",
            is_naked,
            "{helo}: {decided}"
        );
    }
}

#[test]
fn postscreen_turns_away_whom_its_list_denies_where_that_is_enforced() {
    let by = |setting: &str, client: &str| {
        let main = format!(
            "compatibility_level = 3.6\nmyhostname = mail.ours.example\nmydestination = ours.example\n\
             postscreen_access_list = cidr:{{{{203.0.113.0/24 reject}}}}\n{setting}\n"
        );
        let files = [
            ("main.cf", main.as_str()),
            (
                "master.cf",
                "25 inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n",
            ),
        ];
        decided(
            &policy("postfix-main", &[3, 7, 11], &files),
            client,
            "user",
            "ours.example",
        )
    };
    let (taken, refused) = ("accepted for local delivery", "refused: client refused");
    for setting in [
        "postscreen_denylist_action = enforce",
        "postscreen_blacklist_action = drop",
    ] {
        assert_eq!(by(setting, "203.0.113.7"), refused, "{setting}");
        assert_eq!(by(setting, "198.51.100.7"), taken, "{setting}");
    }
    assert_eq!(by("", "203.0.113.7"), taken);
}

#[test]
fn daemons_on_two_ports_are_two_listeners() {
    let ports = |lines: &str| {
        let policy = sendmail(&format!("FEATURE(`no_default_msa')\n{lines}"), "");
        let ports = policy.listeners.iter().map(|listener| listener.port);
        ports.collect::<Vec<_>>()
    };
    let one = "DAEMON_OPTIONS(`Port=25, Name=A, Addr=192.0.2.1')\n";
    let other = "DAEMON_OPTIONS(`Port=25, Name=B, Addr=192.0.2.2')\n";
    let more = "DAEMON_OPTIONS(`Port=26, Name=C, Addr=192.0.2.1')\n";
    let asks = "DAEMON_OPTIONS(`Port=25, Name=D, Addr=192.0.2.3, M=a')\n";
    assert_eq!(ports(&format!("{one}{other}")), [25]);
    assert_eq!(ports(&format!("{one}{more}")), [25, 26]);
    assert_eq!(ports(&format!("{one}{asks}")), [25, 25]);
}

#[test]
fn a_condition_whose_argument_is_made_to_fail_is_passed_over() {
    for sign in ["", "!"] {
        let policy = exim(&format!(
            "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\nbegin acl\nr:\n  \
             accept {sign}verify = ${{if eq{{a}}{{b}}{{helo}}fail}}\n"
        ));
        let decided = decided(&policy, "203.0.113.7", "user", "example.com");
        assert_eq!(decided, "accepted for relaying", "`{sign}`");
    }
}

#[test]
fn a_master_cf_is_read_with_the_main_cf_beside_it() {
    let files = [
        ("master.cf", "25 inet n - n - - smtpd\n"),
        (
            "main.cf",
            "compatibility_level = 3.6\nmyhostname = mail.ours.example\nmydestination = ours.example\n",
        ),
    ];
    let policy = policy("postfix-master", &[3, 7, 11], &files);
    let taken = decided(&policy, "203.0.113.7", "user", "ours.example");
    assert_eq!(taken, "accepted for local delivery");
}

#[test]
fn what_is_no_whole_address_ends_a_list_of_hosts() {
    let by = |hosts: &str| {
        let policy = exim(&format!(
            "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\nbegin acl\nr:\n  accept hosts = {hosts}\n"
        ));
        decided(&policy, "203.0.113.7", "user", "example.com").starts_with("accepted")
    };
    assert!(by("203.0.113.7 : 192.0.2"));
    assert!(!by("192.0.2 : 203.0.113.7"));
}

#[test]
fn the_address_that_was_called_is_known_where_there_is_one() {
    let by = |interface: &str| {
        let policy = exim(&format!(
            "primary_hostname = mail.example.com\nlocal_interfaces = {interface}\nacl_smtp_rcpt = r\n\
             begin acl\nr:\n  accept condition = ${{if eq{{$received_ip_address}}{{192.0.2.25}}}}\n"
        ));
        decided(&policy, "203.0.113.7", "user", "example.com")
    };
    assert_eq!(by("192.0.2.25"), "accepted for relaying");
    assert!(by("192.0.2.26").starts_with("refused"));
    assert!(!by("0.0.0.0").starts_with("refused"));
}

#[test]
fn sendmail_asks_for_accounts_unless_the_local_mailer_does_not() {
    let by = |lines: &str| {
        let policy = sendmail(lines, "");
        let mut session = Space::of(&[&policy]).sessions().next().unwrap();
        session.port = 25;
        session.recipient.local = "user".into();
        session.recipient.at = At::Domain(Domain::parse("own.example").unwrap());
        session.recipient.known = false;
        policy.decide(&session).decision.to_string()
    };
    assert_eq!(by("MAILER(`local')"), "refused: no such user");
    let without = "MODIFY_MAILER_FLAGS(`LOCAL', `-w')\nMAILER(`local')";
    assert_eq!(by(without), "accepted for local delivery");
}
