//! Conditions in Exim's expansions: what `exim -be` and `exim -bh` say of each is what is decided.

use smtpconf::net::Domain;
use smtpconf::policy::{At, Decision, Sender, Space};

use crate::decided::{decided_of, exim};

/// Ones that hold, of the recipient `user@example.com` without a sender.
const HOLD: &[&str] = &[
    "=={1}{1}",
    ">{2}{1}",
    ">={1K}{1024}",
    "isip4{192.0.2.7}",
    "isip6{2001:db8::7}",
    "isip{$sender_host_address}",
    "isip4{$sender_host_address}",
    "eqi{A}{a}",
    "inlist{b}{a:b}",
    "inlisti{B}{a:b}",
    "match_ip{$sender_host_address}{203.0.113.0/24}",
    "match_domain{a.example}{*.example}",
    "match_domain{$domain}{+ours}",
    "match_local_part{$local_part}{user}",
    "match_address{user@a.example}{a.example}",
    "match_address{$local_part@$domain}{*@example.com}",
    "bool{yes}",
    "bool_lax{x}",
    "or{{=={1}{1}}{=={1}{2}}}",
    "def:sender_host_address",
    "!def:sender_address_domain",
    "eq{$sender_address}{}",
    "eq{${domain:$sender_address}}{}",
    "eq{${lc:A}}{a}",
    "eq{${uc:a}}{A}",
    "eq{${strlen:abc}}{3}",
    "eq{${if =={1}{2}{a}{b}}}{b}",
    "eq{$qualify_recipient}{mail.example.com}",
    "eq{$sender_host_address}{203.0.113.7}",
    "eq{$sender_host_authenticated}{}",
    "eq{$domain}{example.com}",
    "match{$domain}{\\N^example\\N}",
    "inlist{$domain}{example.net:example.com}",
    "eq{$acl_m_set}{yes}",
    "eq{$acl_m_none}{}",
    "eq{${if def:acl_m_set{a}{b}}}{a}",
];
/// Ones that hold of the sender `someone@example.net`.
const HOLD_OF_SENDER: &[&str] = &[
    "eq{$sender_address}{someone@example.net}",
    "eq{$sender_address_domain}{example.net}",
    "eq{$sender_address_local_part}{someone}",
    "eq{${domain:$sender_address}}{example.net}",
    "eq{${local_part:$sender_address}}{someone}",
    "def:sender_address_domain",
    "match_address{$sender_address}{*@example.net}",
    "match{$sender_address}{\\N@example\\.net$\\N}",
];
/// Ones that do not hold, of the same.
const DO_NOT: &[&str] = &[
    "=={2}{1}",
    ">{1}{1}",
    "<{2}{1}",
    "<={2}{1}",
    "isip4{2001:db8::7}",
    "isip6{192.0.2.7}",
    "isip6{$sender_host_address}",
    "eq{A}{a}",
    "inlist{c}{a:b}",
    "inlist{B}{a:b}",
    "match{abc}{\\N^b\\N}",
    "match{abc}{B}",
    "match_ip{$sender_host_address}{192.0.2.0/24}",
    "match_domain{example}{*.example}",
    "match_domain{$domain}{!+ours}",
    "match_address{user@a.example}{user@b.example}",
    "match_address{$local_part@$domain}{*@example.net}",
    "bool{0}",
    "bool{}",
    "bool_lax{0}",
    "and{{=={1}{1}}{=={1}{2}}}",
    "def:sender_address",
    "def:authenticated_id",
    "def:tls_in_cipher",
    "eq{$sender_host_address}{203.0.113.8}",
    "eq{$received_port}{26}",
    "eq{$domain}{example.net}",
    "inlist{$domain}{example.net:example.org}",
    "eq{$acl_m_set}{no}",
];

#[test]
fn conditions_hold_where_exim_says_so() {
    let holds = |condition: &str, sender: Sender| {
        let policy = exim(&format!(
            "primary_hostname = mail.example.com\ndomainlist ours = example.com\nacl_smtp_rcpt = r\n\
             begin acl\nr:\n  warn set acl_m_set = yes\n  accept condition = ${{if {condition}}}\n",
        ));
        decided_of(&policy, "203.0.113.7", sender, "user", "example.com")
    };
    let someone = Sender::Address {
        local: "someone".into(),
        domain: Domain::parse("example.net").unwrap(),
    };
    for condition in HOLD {
        let decided = holds(condition, Sender::Null);
        assert_eq!(decided, "accepted for relaying", "{condition}");
    }
    for condition in HOLD_OF_SENDER {
        let decided = holds(condition, someone.clone());
        assert_eq!(decided, "accepted for relaying", "{condition}");
        let decided = holds(condition, Sender::Null);
        assert!(decided.starts_with("refused"), "{condition}: {decided}");
    }
    for condition in DO_NOT {
        let decided = holds(condition, Sender::Null);
        assert!(decided.starts_with("refused"), "{condition}: {decided}");
    }
}

#[test]
fn a_name_in_ehlo_may_be_an_address() {
    for (helo, family) in [
        ("192.0.2.7", Some("isip4")),
        ("192.0.2.700", None),
        ("192.0.2", None),
        ("[192.0.2.7]", None),
        ("2001:db8::7", Some("isip6")),
        ("::", Some("isip6")),
        ("1:2:3:4:5:6:7:8", Some("isip6")),
        ("1:2:3:4:5:6:7", None),
        ("1::2::3", None),
        ("mail.example.net", None),
    ] {
        for condition in ["isip", "isip4", "isip6"] {
            let policy = exim(&format!(
                "primary_hostname = mail.example.com\nacl_smtp_rcpt = r\nbegin acl\nr:\n  \
                 deny condition = ${{if {condition}{{$sender_helo_name}}}}\n  accept domains = example.com\n",
            ));
            let mut session = Space::of(&[&policy]).sessions().next().unwrap();
            session.recipient.local = "user".into();
            session.recipient.at = At::Domain(Domain::parse("example.com").unwrap());
            session.helo = helo.into();
            let decision = policy.decide(&session).decision;
            let refused = matches!(decision, Decision::Refuse(_));
            let holds = family.is_some_and(|family| condition == "isip" || condition == family);
            assert_eq!(refused, holds, "{condition} of {helo}: {decision}");
        }
    }
}
