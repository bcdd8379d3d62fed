//! Random sendmail.mc files: what we say they decide, and what the rulesets of the sendmail.cf that
//! m4 makes of them return in `sendmail -bt`. Where accepted mail goes is not asked.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;

use fastrand::Rng;
use smtpconf::mta::{Dialect, Lifted, Target, World};
use smtpconf::policy::{
    At, ClientCertificate, ClientName, Decision, Environment, Guard, InClear, ListenerTls, Sender,
    Session, Source as Origin, Space,
};
use smtpconf::text::{Snapshot, Source};

use super::{Extent, Tally, inside, work};

const SCRIPT: &str = r#"
cf=/usr/share/sendmail/cf
cd /lab
chmod 755 /lab
hostname mail.lab.example
for mc in *.mc; do
    one=${mc%.mc}
    m4 -D_CF_DIR_=$cf/ $cf/m4/cf.m4 "$mc" > "$one.cf" 2> "$one.err"
    sendmail -C"/lab/$one.cf" -bt < "$one.in" > "$one.out" 2>&1 || true
done
"#;

/// What every file begins with. The own address stands in class w as that of an interface would.
const HEAD: &str = "OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mail.own.example')dnl
define(`confSERVICE_SWITCH_FILE', `/lab/switch')dnl
define(`confHOSTS_FILE', `/lab/hosts')dnl
define(`confDONT_BLAME_SENDMAIL', `mapinunsafedirpath')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Port=25')dnl
define(`confSERVER_CERT', `/lab/cert')dnl
define(`confSERVER_KEY', `/lab/key')dnl
define(`confCACERT', `/lab/ca')dnl
define(`confCACERT_PATH', `/lab')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN ANONYMOUS')dnl
LOCAL_DOMAIN(`own.example [192.0.2.25]')dnl
";

/// Lines of which a file has some.
const LINES: &[&str] = &[
    "FEATURE(`relay_hosts_only')",
    "FEATURE(`relay_local_from')",
    "FEATURE(`relay_mail_from')",
    "FEATURE(`relay_mail_from', `domain')",
    "FEATURE(`loose_relay_check')",
    "FEATURE(`accept_unresolvable_domains')",
    "FEATURE(`accept_unqualified_senders')",
    "FEATURE(`delay_checks')",
    "FEATURE(`delay_checks')",
    "FEATURE(`delay_checks', `friend')",
    "FEATURE(`delay_checks', `hater')",
    "FEATURE(`nouucp', `reject')",
    "FEATURE(`nouucp', `nospecial')",
    "FEATURE(`nopercenthack', `reject')",
    "FEATURE(`nopercenthack', `nospecial')",
    "FEATURE(`lookupdotdomain')",
    "FEATURE(`nocanonify')",
    "FEATURE(`require_rdns')",
    "TRUST_AUTH_MECH(`PLAIN LOGIN')",
    "TRUST_AUTH_MECH(`PLAIN LOGIN ANONYMOUS')",
    "RELAY_DOMAIN(`partner.example')",
    "RELAY_DOMAIN(`10.2 198.51.100.7 IPv6:2001:db8:7')",
    "RELAY_DOMAIN(`sub.deep.example .dot.example')",
    "RELAY_DOMAIN(`test')",
    "LOCAL_DOMAIN(`second.example host.deep.example')",
];

/// Lines of which few files have one.
const RARE: &[&str] = &[
    "FEATURE(`promiscuous_relay')",
    "FEATURE(`relay_entire_domain')",
    "FEATURE(`relay_based_on_MX')",
    "define(`confDELIVERY_MODE', `d')",
];

/// Rules of `Local_check_rcpt`, of which few files have some.
const RULES: &[&str] = &[
    "R$*\t$: $&{auth_type}\nR$+\t$# OK",
    "R$*\t$: $&{verify}\nROK\t$# OK",
    "R$*\t$@ OK",
    "R$*\t$# OK",
    "R@ $*\t$#error $@ 5.1.3 $: \"553 no\"",
    "Rpostmaster\t$# OK",
    "R$+ @ $={Ours}\t$# OK",
    "R$+ @ $={Ours}\t$#error $@ 4.7.1 $: \"450 later\"",
    "R< $* >\t$1",
    "R$* @ $+ . elsewhere . $*\t$#error $: no",
    "R$*\t$#error $@ 5.7.1 $: \"550 no\"",
];

/// Keys of the access map, each with the tag that it may have.
const KEYS: &[(&str, &str)] = &[
    ("Connect", "10.1"),
    ("Connect", "10.1.2"),
    ("Connect", "203.0.113"),
    ("Connect", "198.51.100.9"),
    ("Connect", "IPv6:2001:db8:9"),
    ("Connect", "client.example"),
    ("Connect", "a.client.example"),
    ("Connect", ".client.example"),
    ("From", "bad.example"),
    ("From", "friend.example"),
    ("From", "boss@friend.example"),
    ("From", "boss@"),
    ("To", "partner.example"),
    ("To", "sub.partner.example"),
    ("To", "user@own.example"),
    ("To", "user@"),
    ("To", "com"),
    ("To", "second.example"),
    ("Spam", "own.example"),
    ("Spam", "example"),
    ("Spam", "user@own.example"),
    ("Spam", "user@"),
];

const VALUES: &[&str] = &[
    "RELAY",
    "RELAY",
    "OK",
    "REJECT",
    "SKIP",
    "DISCARD",
    "ERROR:5.7.1:550 no",
    "ERROR:4.7.1:450 later",
    "550 no",
    "QUARANTINE:seen",
];

/// Values of keys with the tag `Spam`.
const WISHES: &[&str] = &["FRIEND", "HATER", "OK"];

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(0..from.len())]
}

/// A sendmail.mc and its access map.
fn compose(random: &mut Rng, path: &str) -> (String, String) {
    let mut text = HEAD.to_owned();
    let mut lines: Vec<&str> = (0..random.usize(0..6))
        .map(|_| pick(random, LINES))
        .collect();
    if random.u8(0..5) == 0 {
        lines.push(pick(random, RARE));
    }
    // A feature that is asked for twice is refused or does the same again.
    let mut seen = BTreeSet::new();
    let feature = |line: &str| line.split([',', ')']).next().unwrap().to_owned();
    lines.retain(|line| !line.starts_with("FEATURE") || seen.insert(feature(line)));
    let mut access = String::new();
    if random.u8(0..4) > 0 {
        let _ = writeln!(
            text,
            "FEATURE(`access_db', `text -T<TMPF> -k0 -v1 {path}')dnl"
        );
        if random.bool() {
            lines.push("FEATURE(`blacklist_recipients')");
        }
        let mut known = BTreeSet::new();
        for _ in 0..random.usize(1..8) {
            let (tag, key) = pick(random, KEYS);
            let tag = if random.u8(0..4) == 0 {
                String::new()
            } else {
                format!("{tag}:")
            };
            let wishes = tag == "Spam:";
            let key = format!("{tag}{key}");
            // The value of a text map is one word, unless it has another separator.
            let value = pick(random, if wishes { WISHES } else { VALUES });
            if known.insert(key.clone()) && !value.contains(' ') {
                let _ = writeln!(access, "{key}\t{value}");
            }
        }
    } else {
        lines.retain(|line| !line.contains("mail_from") && !line.contains("checks',"));
    }
    for line in lines {
        let _ = writeln!(text, "{line}dnl");
    }
    text += "MAILER(`local')dnl\nMAILER(`smtp')dnl\n";
    text += "LOCAL_CONFIG\nC{Ours} own.example hosted.example\nLOCAL_RULESETS\n";
    // A command has no sign `$|`, only the two characters.
    text += "Sask_relay\nR$* $$| $*\t$@ $>check_relay $1 $| $2\n";
    if random.u8(0..3) == 0 {
        text += "SLocal_check_rcpt\n";
        for _ in 0..random.usize(1..4) {
            text += pick(random, RULES);
            text.push('\n');
        }
    }
    (text, access)
}

/// What a ruleset returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Pass,
    Refuse,
    Later,
    Discard,
}

fn answer(returned: &str) -> Answer {
    let returned = returned.trim();
    if returned.starts_with("$# discard") {
        return Answer::Discard;
    }
    let Some(rest) = returned.strip_prefix("$# error") else {
        return Answer::Pass;
    };
    if rest.contains("quarantine") {
        return Answer::Pass;
    }
    let text = rest.split_once("$:").map_or(rest, |(_, text)| text);
    let digit = |text: &str| text.chars().find(char::is_ascii_digit);
    match digit(text).or_else(|| digit(rest)) {
        Some('4') => Answer::Later,
        _ => Answer::Refuse,
    }
}

/// One configuration with what is asked about it.
struct Case {
    name: String,
    access: String,
    lifted: Lifted,
    sessions: Vec<Session>,
    delayed: bool,
    opaque: bool,
}

pub fn compare(target: Target, extent: Extent) -> Result<Tally, String> {
    let work = work(target);
    let mut random = Rng::with_seed(extent.seed);
    let mut cases = Vec::new();
    let mut hosts: BTreeSet<String> = BTreeSet::new();
    for number in 0..extent.configurations {
        let name = format!("{number:04}");
        let path = format!("/lab/{name}.access");
        let (text, access) = compose(&mut random, &path);
        let mc = format!("/lab/{name}.mc");
        let files = [(&*path, &*access), ("/etc/mail/relay-domains", "")];
        let lifted = lift(target, "sendmail-mc", &Source::new(&*mc, &*text), &files);
        let sessions = sessions(&lifted, &mut random, extent.sessions);
        let delayed = text.contains("delay_checks");
        let mut input = String::new();
        for session in &sessions {
            if text.contains("confDELIVERY_MODE") {
                input.push_str(".D{deliveryMode}d\n");
            }
            ask(&lifted, session, delayed, &mut input);
            if let Sender::Address { domain, .. } = &session.sender
                && !domain.cannot_exist()
            {
                hosts.insert(domain.to_string());
            }
        }
        let write = |end: &str, text: &str| fs::write(work.join(format!("{name}.{end}")), text);
        write("mc", &text)
            .and_then(|()| write("access", &access))
            .and_then(|()| write("in", &input))
            .map_err(|error| error.to_string())?;
        let mut opaque = false;
        for (_, clause) in lifted.policy.clauses() {
            clause
                .guard
                .walk(&mut |guard| opaque |= matches!(guard, Guard::Opaque(_)));
        }
        cases.push(Case {
            name,
            access,
            lifted,
            sessions,
            delayed,
            opaque,
        });
    }
    let mut lines = String::from("127.0.0.1 localhost\n");
    for host in hosts {
        let _ = writeln!(lines, "198.18.0.1 {host}");
    }
    fs::write(work.join("hosts"), lines).map_err(|error| error.to_string())?;
    fs::write(work.join("switch"), "hosts files\naliases files\n").map_err(|e| e.to_string())?;
    inside(target, &work, SCRIPT)?;
    let mut tally = Tally::default();
    for case in cases {
        tally.configurations += 1;
        let output = fs::read(work.join(format!("{}.out", case.name))).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        judge(&case, &case.lifted, &output, &mut tally);
        // What m4 made is a configuration too, and has to decide the same.
        let path = format!("/lab/{}.access", case.name);
        let files = [(&*path, &*case.access), ("/etc/mail/relay-domains", "")];
        let name = format!("/lab/{}.cf", case.name);
        let text = fs::read(work.join(format!("{}.cf", case.name))).unwrap_or_default();
        let made = lift(
            target,
            "sendmail-cf",
            &Source::from_bytes(&*name, text),
            &files,
        );
        judge(&case, &made, &output, &mut tally);
    }
    Ok(tally)
}

fn lift(target: Target, dialect: &str, source: &Arc<Source>, files: &[(&str, &str)]) -> Lifted {
    let files = Snapshot::of(files);
    let world = World::new(&files, target.version);
    let dialect = Dialect::by_word(dialect).unwrap();
    dialect.policy(source, &world).unwrap()
}

/// Sessions of the partition, chosen at random; those that `-bt` cannot be asked are left out.
fn sessions(lifted: &Lifted, random: &mut Rng, most: usize) -> Vec<Session> {
    let space = Space::of(&[&lifted.policy]);
    let sizes = space.sizes();
    let mut found = Vec::new();
    for _ in 0..20 * most {
        let places = sizes.map(|size| random.usize(0..size));
        let Some(mut session) = space.session(&places) else {
            continue;
        };
        // The daemon completes names of one label with its machine's domain.
        let mut names = Vec::new();
        if let Sender::Address { domain, .. } = &session.sender {
            names.push(domain);
        }
        if let ClientName::Verified(name) = &session.client.name {
            names.push(name);
        }
        let is_short = names.iter().any(|name| !name.as_str().contains('.'))
            || matches!(&session.recipient.at, At::Domain(name) if !name.as_str().contains('.') && name.as_str() != "localhost");
        let can = session.port == 25
            && session.client.source != (Origin::Own { ipv6: true })
            && !is_short
            && !session.recipient.local.contains('@');
        if can && found.len() < most {
            // The mailbox is looked for behind the rulesets.
            session.recipient.known = true;
            found.push(session);
        }
    }
    found
}

fn shown(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let groups = v6.segments().map(|group| format!("{group:x}"));
            format!("IPv6:{}", groups.join(":"))
        }
    }
}

/// The commands that ask for one session.
fn ask(lifted: &Lifted, session: &Session, delayed: bool, input: &mut String) {
    let listener = &lifted.policy.listeners[0];
    let address = match session.client.source {
        Origin::Address(address) => shown(address),
        Origin::Own { .. } => "192.0.2.25".to_owned(),
    };
    let literal = format!("[{address}]");
    let (name, resolve) = match &session.client.name {
        ClientName::None => (literal, "FAIL"),
        ClientName::Temporary => (literal, "TEMP"),
        ClientName::Forged(_) => (literal, "FORGED"),
        ClientName::Verified(name) => (name.to_string(), "OK"),
    };
    let tls = session.tls && listener.tls != ListenerTls::No;
    let offered = if tls {
        listener.auth
    } else {
        listener.auth_in_clear != InClear::No
    };
    let auth = session
        .auth
        .filter(|used| offered && listener.mechanisms.contains(used));
    let verify = match session.certificate {
        _ if !tls => "NONE",
        ClientCertificate::None => "NO",
        // The file of CAs names no public one.
        ClientCertificate::Public => "FAIL",
        ClientCertificate::Private => "OK",
    };
    let recipient = match &session.recipient.at {
        At::OwnLiteral => session
            .recipient
            .to_string()
            .replace("[own]", "[192.0.2.25]"),
        _ => session.recipient.to_string(),
    };
    let sender = session.sender.to_string();
    let _ = write!(
        input,
        ".D{{client_addr}}{address}\n.D{{client_name}}{name}\n.D{{client_resolve}}{resolve}\n\
         .D{{auth_type}}{}\n.D{{verify}}{verify}\n.D{{daemon_flags}}\n.Df{}\n.D{{mail_from}}{sender}\n",
        auth.map_or("", |auth| auth.name()),
        sender.trim_matches(['<', '>'])
    );
    if !delayed {
        let _ = writeln!(input, "ask_relay {name} $| {address}\ncheck_mail {sender}");
    }
    let _ = writeln!(input, "check_rcpt {recipient}");
}

/// Holds the answers against our decisions.
fn judge(case: &Case, lifted: &Lifted, output: &str, tally: &mut Tally) {
    let mut answers = output.lines().filter_map(|line| {
        let line = line.trim_start_matches(['>', ' ']);
        let (name, rest) = line.split_once(char::is_whitespace)?;
        let asked = ["ask_relay", "check_mail", "check_rcpt"].contains(&name);
        rest.trim_start().strip_prefix("returns:").filter(|_| asked)
    });
    for session in &case.sessions {
        let count = if case.delayed { 1 } else { 3 };
        let returned: Vec<&str> = answers.by_ref().take(count).collect();
        if returned.len() < count {
            tally
                .differences
                .push(format!("{}: sendmail -bt ended early", case.name));
            return;
        }
        let said = returned.iter().map(|returned| answer(returned));
        let said = said.reduce(|one, next| if one == Answer::Pass { next } else { one });
        let verdict = lifted
            .policy
            .decide_in(session, &Environment::default(), false);
        let ours = match verdict.decision {
            Decision::Unknown => {
                tally.unknown += 1;
                tally.unfounded += usize::from(!case.opaque);
                continue;
            }
            Decision::Accept(smtpconf::policy::Accept::Discard) => Answer::Discard,
            Decision::Accept(_) => Answer::Pass,
            Decision::TempFail(_) => Answer::Later,
            _ => Answer::Refuse,
        };
        tally.sessions += 1;
        if said != Some(ours) {
            let by = verdict.by.map(|clause| format!("{:?}", clause.guard));
            let by = by.unwrap_or_default().chars().take(200).collect::<String>();
            tally.differences.push(format!(
                "{}: {session}: {} by {by}, and the rulesets return {returned:?}",
                case.name, verdict.decision
            ));
        }
    }
}
