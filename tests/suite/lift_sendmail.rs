//! What Sendmail's files do as a policy: hand-written ones do what the daemon does.

use smtpconf::mta::{Dialect, Lifted, Version, World};
use smtpconf::net::Domain;
use smtpconf::policy::{
    Accept, At, ClientCertificate, ClientName, Decision, Environment, Mechanism, Policy,
    Source as Origin, Space,
};
use smtpconf::text::{Snapshot, Source};

/// The configuration that begins with the first file; the others are its neighbours.
pub fn lift(dialect: &str, files: &[(&str, &str)], version: Version) -> Lifted {
    let snapshot = Snapshot::of(files);
    let world = World::new(&snapshot, version);
    let (name, text) = files[0];
    let dialect = Dialect::by_word(dialect).unwrap();
    dialect.policy(&Source::new(name, text), &world).unwrap()
}

/// A session of a stranger that is taken for a domain of others, or may be, with what it depends
/// on; none where there is no such session.
fn hole(policy: &Policy) -> Option<(String, Vec<String>)> {
    let space = Space::of(&[policy]);
    let mut found: Option<(String, Vec<String>)> = None;
    space.walk(&Environment::usual(), false, &mut |session, environment| {
        let verdict = policy.decide_in(session, environment, false);
        let At::Domain(domain) = &session.recipient.at else {
            return Some(verdict.looked);
        };
        // DNS gives a name of the server's own to no one else.
        let is_named = match &session.client.name {
            ClientName::Verified(name) => policy.ours.holds(name.as_str()),
            _ => false,
        };
        let is_stranger = !is_named
            && space.is_stranger(session.client.source)
            && session.auth.is_none_or(|used| used == Mechanism::Anonymous)
            && session.certificate != ClientCertificate::Private
            && !policy.ours.holds(domain.as_str());
        let relayed = Decision::Accept(Accept::Relay);
        let relay = verdict.possible.iter().find(|one| one.decision == relayed);
        if let Some(relay) = relay.filter(|_| is_stranger) {
            let questions = relay.unless_known.iter().map(|opaque| opaque.hit.clone());
            let questions: Vec<String> = questions.collect();
            // What is certain is shown before what depends on something.
            if found
                .as_ref()
                .is_none_or(|(_, known)| questions.len() < known.len())
            {
                found = Some((session.to_string(), questions));
            }
        }
        Some(verdict.looked)
    });
    found
}

const HEAD: &str = "OSTYPE(`linux')dnl\ndefine(`confDOMAIN_NAME', `mail.own.example')dnl\n\
    LOCAL_DOMAIN(`own.example')dnl\nFEATURE(`no_default_msa')dnl\n\
    DAEMON_OPTIONS(`Name=MTA, Port=25')dnl\n";

const TLS: &str = "define(`confSERVER_CERT', `/c')\ndefine(`confSERVER_KEY', `/k')\n\
    define(`confCACERT_PATH', `/ca')\n";

fn mc(body: &str, access: &str) -> Policy {
    let (mailers, rules) = match body.split_once("LOCAL_RULESETS") {
        Some((before, rules)) => (before, format!("LOCAL_RULESETS{rules}\n")),
        None => (body, String::new()),
    };
    let text = format!("{HEAD}{mailers}\nMAILER(`local')\nMAILER(`smtp')\n{rules}");
    let files = [
        ("/etc/mail/sendmail.mc", &*text),
        ("/etc/mail/access", access),
        ("/etc/mail/relay-domains", ""),
    ];
    lift("sendmail-mc", &files, Version::new(&[8, 17, 1])).policy
}

/// A name; the hole and its access map; the near miss and its; what the hole depends on.
type Pair<'p> = (&'p str, String, &'p str, String, &'p str, &'p [&'p str]);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn open_relays_are_found_and_near_misses_are_not() {
    let access = "FEATURE(`access_db')\n";
    let anonymous =
        "define(`confAUTH_MECHANISMS', `PLAIN ANONYMOUS')\nTRUST_AUTH_MECH(`PLAIN ANONYMOUS')";
    let bundle = "define(`confCACERT', `/etc/ssl/certs/ca-certificates.crt')\n";
    let private = "define(`confCACERT', `/etc/mail/ca.pem')\n";
    let rule = |rules: &str| format!("LOCAL_RULESETS\nSLocal_check_rcpt\n{rules}");
    let verified = rule("R$*\t$: $&{verify}\nROK\t$# OK\n");
    let pairs: &[Pair<'_>] = &[
        (
            "promiscuous",
            "FEATURE(`promiscuous_relay')".into(),
            "",
            String::new(),
            "",
            &[],
        ),
        (
            "local sender",
            "FEATURE(`relay_local_from')".into(),
            "",
            "FEATURE(`relay_hosts_only')".into(),
            "",
            &[],
        ),
        (
            "listed sender",
            format!("{access}FEATURE(`relay_mail_from')"),
            "From:boss@own.example\tRELAY\n",
            access.into(),
            "From:boss@own.example\tRELAY\n",
            &[],
        ),
        (
            "listed domain of senders",
            format!("{access}FEATURE(`relay_mail_from', `domain')"),
            "From:own.example\tRELAY\n",
            format!("{access}FEATURE(`relay_mail_from')"),
            "From:own.example\tRELAY\n",
            &[],
        ),
        (
            "a top-level domain",
            "RELAY_DOMAIN(`com')".into(),
            "",
            "RELAY_DOMAIN(`partner.com')".into(),
            "",
            &[],
        ),
        (
            "a top-level domain in the map",
            access.into(),
            "To:com\tRELAY\n",
            access.into(),
            "To:com\tOK\n",
            &[],
        ),
        (
            "a public suffix of clients' names",
            access.into(),
            "Connect:co.uk\tRELAY\n",
            access.into(),
            "Connect:co.uk\tOK\n",
            &[],
        ),
        (
            "anonymous",
            format!("{TLS}{bundle}{anonymous}"),
            "",
            format!(
                "{TLS}{bundle}{}",
                anonymous.replace(" ANONYMOUS')\nT", "')\nT")
            ),
            "",
            &[],
        ),
        (
            "everything is put off",
            "define(`confDELIVERY_MODE', `deferred')".into(),
            "",
            "define(`confDELIVERY_MODE', `background')".into(),
            "",
            &[],
        ),
        (
            "everything passes",
            rule("R$*\t$# OK\n"),
            "",
            rule("R$*\t$@ OK\n"),
            "",
            &[],
        ),
        (
            "any certificate",
            format!("{TLS}{bundle}{verified}"),
            "",
            format!("{TLS}{private}{verified}"),
            "",
            &[],
        ),
        (
            "MX records",
            "FEATURE(`relay_based_on_MX')".into(),
            "",
            "FEATURE(`bestmx_is_local')".into(),
            "",
            &["the recipient's domain has an MX record that names this host"],
        ),
        (
            "rules of one's own",
            rule("R$* @ $+\t$# OK\n"),
            "",
            rule("R$* @ $+\t$#error $: no\n"),
            "",
            &["the rules of `Local_check_rcpt` accept the session"],
        ),
    ];
    for (name, open, its, closed, others, depends) in pairs {
        let (session, questions) =
            hole(&mc(open, its)).unwrap_or_else(|| panic!("{name}: no hole"));
        assert_eq!(questions, *depends, "{name}: {session}");
        assert_eq!(hole(&mc(closed, others)), None, "{name}");
    }
}

#[test]
fn rulesets_that_are_not_the_librarys_are_questions() {
    let head = "V10/Berkeley\nDjmail.own.example\nCwown.example\nO DaemonPortOptions=Port=25\n";
    let hole = |rules: &str| {
        let text = format!("{head}{rules}");
        hole(
            &lift(
                "sendmail-cf",
                &[("/etc/mail/sendmail.cf", &*text)],
                Version::new(&[8, 17]),
            )
            .policy,
        )
    };
    // Without the ruleset nothing is checked.
    assert_eq!(hole("Scheck_relay\n").unwrap().1, [""; 0]);
    let questions = hole("Scheck_rcpt\nR$*\t$#error $: no\n").unwrap().1;
    assert_eq!(questions, ["the rules of `check_rcpt` accept the session"]);
}

#[test]
fn sessions_are_decided_as_the_daemon_does() {
    let policy = mc(
        "RELAY_DOMAIN(`partner.example')\nFEATURE(`access_db')\nFEATURE(`blocklist_recipients')\nFEATURE(`delay_checks')\n",
        "Connect:192.0.2\tRELAY\nConnect:192.0.2.9\tREJECT\nFrom:bad.example\tREJECT\nTo:old@\tREJECT\n",
    );
    let space = Space::of(&[&policy]);
    let plain = space.sessions().find(|session| session.port == 25).unwrap();
    for (client, recipient, wanted) in [
        (
            "203.0.113.7",
            "user@own.example",
            "accepted for local delivery",
        ),
        (
            "203.0.113.7",
            "old@own.example",
            "refused: recipient refused",
        ),
        (
            "203.0.113.7",
            "user@partner.example",
            "accepted for relaying",
        ),
        (
            "203.0.113.7",
            "user@x.partner.example",
            "accepted for relaying",
        ),
        (
            "203.0.113.7",
            "user@notpartner.example",
            "refused: relaying denied",
        ),
        (
            "203.0.113.7",
            "user@elsewhere.example",
            "refused: relaying denied",
        ),
        (
            "192.0.2.7",
            "user@elsewhere.example",
            "accepted for relaying",
        ),
        ("192.0.2.9", "user@own.example", "refused: client refused"),
    ] {
        let (local, domain) = recipient.split_once('@').unwrap();
        let mut session = plain.clone();
        session.client.source = Origin::Address(client.parse().unwrap());
        session.recipient.local = local.to_owned();
        session.recipient.at = At::Domain(Domain::parse(domain).unwrap());
        let decided = policy.decide(&session).decision.to_string();
        assert_eq!(decided, wanted, "{session}");
    }
}

#[test]
fn nothing_makes_it_panic() {
    let pieces = [
        "FEATURE(`access_db', `text /a')",
        "FEATURE(`delay_checks')",
        "FEATURE(`dnsbl')",
        "DAEMON_OPTIONS(`Port=x, M=sa')",
        "DAEMON_OPTIONS(`')",
        "DAEMON_OPTIONS(`Addr=[::1')",
        "LOCAL_CONFIG\n",
        "LOCAL_RULESETS\n",
        "SLocal_check_rcpt\n",
        "STrusted\n",
        "SListed\n",
        "R$*\t$# OK\n",
        "R$*\t$#\n",
        "R\t\n",
        "R$+ @ $={}\t$# OK\n",
        "C{}\n",
        "Cw$=w $j\n",
        "FR-o /b\n",
        "Kaccess\n",
        "Kaccess hash\n",
        "define(`SMART_HOST', `:')",
        "DS[\n",
        "Dj.\n",
        "RELAY_DOMAIN(`. .. 1.2.3.4.5 IPv6: com')",
        "FEATURE(`relay_mail_from', `domain')",
        "define(`confSMTP_LOGIN_MSG', `$j')",
        "TRUST_AUTH_MECH(`x')",
        "é",
        "MAILER(`smtp')",
        "LOCAL_RULE_0\n",
        "R$+ < @ $={a} > $*\t$#b $@ [ $: $1 < @ $2 > $3\n",
    ];
    let access =
        "x\n:\ty\nConnect:\tRELAY\n@\tRELAY\nIPv6:\tOK\n.\tSKIP\nTo:@\tERROR:\nTLS_Clt:\t\n";
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..300 {
        let pieces = (0..random.usize(0..12)).map(|_| random.choice(&pieces).copied().unwrap());
        // Without a mailer it would be a part of another file, which has no policy.
        let text: String = ["MAILER(`local')"].into_iter().chain(pieces).collect();
        for (dialect, name) in [("sendmail-mc", "/x.mc"), ("sendmail-cf", "/x.cf")] {
            let files = [
                (name, text.as_str()),
                ("/a", access),
                ("/b", "#\n a b\n[1]\n"),
            ];
            let policy = lift(dialect, &files, Version::new(&[8, 15, 2])).policy;
            let _ = hole(&policy);
        }
    }
}
