//! What Postfix's access tables do with sessions, as access(5) has it.

use smtpconf::net::Domain;
use smtpconf::policy::{At, ClientName, Space};

use crate::decided::{decided, postfix};

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
fn a_name_that_is_not_verified_is_looked_up_as_such_only() {
    let name = || Domain::parse("mail.friend.example").unwrap();
    for (restriction, client, is_refused) in [
        ("check_client_access", ClientName::Verified(name()), true),
        ("check_client_access", ClientName::Forged(name()), false),
        (
            "check_reverse_client_hostname_access",
            ClientName::Verified(name()),
            true,
        ),
        (
            "check_reverse_client_hostname_access",
            ClientName::Forged(name()),
            true,
        ),
    ] {
        let policy = postfix(&format!(
            "smtpd_client_restrictions = {restriction} inline:{{{{mail.friend.example=REJECT}}}}\n"
        ));
        let mut session = Space::of(&[&policy]).sessions().next().unwrap();
        session.recipient.local = "user".into();
        session.recipient.at = At::Domain(Domain::parse("ours.example").unwrap());
        session.client.name = client;
        let decided = policy.decide(&session).decision.to_string();
        assert_eq!(
            decided == "refused: client refused",
            is_refused,
            "{restriction}: {session}"
        );
    }
}
