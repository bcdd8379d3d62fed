//! Random descriptions that are right, from a seed.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use fastrand::Rng;

/// The text of a description in its short form.
pub fn description(random: &mut Rng) -> String {
    let hostname = format!(
        "{}.{}",
        pick(random, &["mail", "mx1", "smtp-out", "dnl", "a"]),
        domain(random)
    );
    let with_tls = random.u8(0..4) > 0;
    let with_auth = with_tls && random.u8(0..4) > 0;
    let mut ports = vec![25, 465, 587, 2525];
    random.shuffle(&mut ports);
    ports.truncate(random.usize(1..=4));
    if !with_auth {
        ports = vec![25];
    }
    let mut text = format!("hostname: {hostname}\nports: {ports:?}\n");
    let mut domains: Vec<String> = (0..random.usize(0..6)).map(|_| domain(random)).collect();
    if let Some(first) = domains.first().cloned()
        && random.bool()
    {
        domains.push(format!("sub.{first}"));
    }
    domains.sort_unstable();
    domains.dedup();
    let _ = writeln!(text, "domains: [{}]", domains.join(", "));
    if random.u8(0..4) > 0 {
        let mut networks: Vec<String> = (0..random.usize(0..5)).map(|_| network(random)).collect();
        networks.sort_unstable();
        networks.dedup();
        let _ = writeln!(text, "relay:\n  networks: [{}]", networks.join(", "));
    }
    if with_tls {
        let (folder, number) = ("/etc/ssl/private", random.u8(..));
        let _ = writeln!(
            text,
            "tls: {{certificate: /etc/ssl/certs/mail-{number}.pem, key: {folder}/MAIL_KEY@{number}=x.pem}}"
        );
    }
    if with_auth {
        text += "auth: cyrus\n";
    }
    text
}

/// The text of a description in its long form: of every key, something or nothing.
pub fn long_description(random: &mut Rng) -> String {
    let some = |random: &mut Rng, one_in: u8| random.u8(0..one_in) == 0;
    let tls = random.u8(0..4) > 0;
    let auth = tls && random.u8(0..4) > 0;
    let mut text = format!(
        "hostname: {}.{}\n",
        pick(random, &["mail", "mx1", "gate"]),
        domain(random)
    );
    if some(random, 3) {
        text += "banner: ready (no UCE)\n";
    }
    text += "domains:\n";
    let mut names: Vec<String> = (0..random.usize(1..7)).map(|_| domain(random)).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let any = pick(random, &["any", "{file: /etc/mail/partners}"]);
        let _ = match random.u8(0..6) {
            0 | 1 => writeln!(text, "  - {name}"),
            2 => writeln!(
                text,
                "  - {{name: {name}, delivery: virtual, to: \"lmtp:/run/lab/lmtp\", recipients: {{file: /etc/mail/users}}}}"
            ),
            3 => writeln!(
                text,
                "  - {{name: {name}, delivery: virtual, to: \"lmtp:[198.18.0.57]:24\", recipients: {{file: /etc/mail/users}}}}"
            ),
            _ => writeln!(
                text,
                "  - {{name: {name}, delivery: relay, to: \"[198.18.0.55]:{}\", recipients: {any}}}",
                pick(random, &["25", "2525"])
            ),
        };
    }
    if some(random, 2) {
        text += "aliases: {postmaster: root, abuse: [root, user]}\n";
    }
    let mut networks: Vec<String> = (0..random.usize(0..4)).map(|_| network(random)).collect();
    networks.sort_unstable();
    networks.dedup();
    let _ = writeln!(text, "relay:\n  networks: [{}]", networks.join(", "));
    if some(random, 2) {
        text += pick(
            random,
            &[
                "  smarthost: {host: smtp.provider.example, credentials: /etc/mail/smarthost.secret}\n",
                "  smarthost: {host: smtp.provider.example, mechanism: login, credentials: /etc/mail/smarthost.secret}\n",
                "  smarthost: {host: 198.18.0.58, port: 2525, tls: none}\n",
                "  smarthost: {preset: sendgrid, port: 2525, credentials: /etc/mail/smarthost.secret}\n",
            ],
        );
    }
    text += "listeners:\n";
    let _ = match random.u8(0..3) {
        0 if auth => writeln!(text, "  - {{port: 25, auth: true}}"),
        1 => writeln!(
            text,
            "  - {{port: 25, address: [198.18.0.25, 127.0.0.1, \"2001:db8:fffe::25\"]}}"
        ),
        _ => writeln!(text, "  - {{port: 25}}"),
    };
    if auth {
        let _ = writeln!(text, "  - {{port: 465}}");
        if some(random, 2) {
            let _ = writeln!(text, "  - {{port: 587, address: 198.18.0.26}}");
        }
        text += "auth: ";
        text += pick(
            random,
            &[
                "cyrus\n",
                "{backend: cyrus, store: sasldb}\n",
                "{backend: cyrus, mechanisms: [LOGIN]}\n",
                "{backend: dovecot, socket: /run/lab/auth}\n",
            ],
        );
    }
    if tls {
        text += "tls: {certificate: /etc/ssl/certs/mail.pem, key: /etc/ssl/private/mail.key}\n";
    }
    if some(random, 3) {
        let _ = writeln!(
            text,
            "limits: {{message_size: {}KiB, recipients: {}}}",
            random.u16(80..200),
            random.u16(100..130)
        );
    }
    if some(random, 4) {
        text += "dnsbl: [{zone: bl.lists.example, answers: [127.0.0.2]}]\n";
    }
    if some(random, 4) {
        text += "spam_filter: {rspamd: \"inet:127.0.0.1:11332\"}\n";
    }
    if some(random, 5) {
        text += "milters: [\"unix:/run/lab/first.milter\"]\n";
    }
    text
}

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(0..from.len())]
}

fn domain(random: &mut Rng) -> String {
    let label = pick(
        random,
        &[
            "alpha", "beta", "example", "define", "bücher", "x--y", "0", "include", "mail",
        ],
    );
    let top = pick(
        random,
        &["example", "test", "example.com", "co.example", "xn--p1ai"],
    );
    format!("{label}{}.{top}", random.u8(0..20))
}

/// A network of any prefix length from /8 or /33 on; of IPv6, one that Sendmail can express.
fn network(random: &mut Rng) -> String {
    if random.u8(0..3) > 0 {
        let prefix = random.u32(8..=32);
        let first = pick(random, &["10", "172", "192", "100", "203", "8"]);
        let [_, b, c, d] = random.u32(..).to_be_bytes();
        let address = Ipv4Addr::new(first.parse().unwrap(), b, c, d).to_bits();
        let kept = address & (u32::MAX << (32 - prefix));
        return format!("{}/{prefix}", Ipv4Addr::from_bits(kept));
    }
    let prefix = loop {
        let prefix = random.u32(33..=128);
        if (16 - prefix % 16) % 16 <= 10 {
            break prefix;
        }
    };
    let address = (0x2001_0db8_u128 << 96) | (random.u128(..) >> 32);
    let kept = address & (u128::MAX << (128 - prefix));
    format!("\"{}/{prefix}\"", Ipv6Addr::from_bits(kept))
}
