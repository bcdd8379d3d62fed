//! What a description demands can be raised to a description again, and demands the same.

use std::fs;
use std::path::Path;

use smtpconf::description;
use smtpconf::text::Source;

use crate::fuzz::describing::comes_back;

fn same_again(name: &str, text: &str) {
    let (description, findings) = description::read(&Source::new(name, text));
    let Some(description) = description else {
        panic!("{name}: {findings:?}");
    };
    comes_back(&description);
}

#[test]
fn every_example_comes_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["examples", "docs/examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "yaml") {
                let text = fs::read_to_string(&path).unwrap();
                same_again(&path.display().to_string(), &text);
                count += 1;
            }
        }
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn every_key_comes_back() {
    same_again(
        "every key",
        r#"
hostname: mail.example.com
banner: 'no spam: here (really)'
domains:
  - example.com
  - {name: shop.example, delivery: virtual, to: "maildir:/var/mail/vhosts", owner: 5000, recipients: {file: /etc/mail/shop}}
  - {name: partner.example, delivery: relay, to: "[10.0.0.9]:25", recipients: any}
aliases: {postmaster: root, abuse: [root, a@example.com]}
relay:
  networks: [192.0.2.0/24, "2001:db8::/32"]
  smarthost: {host: smarthost.example, port: 587, credentials: /etc/mail/secret, mechanism: login}
listeners:
  - {port: 25, role: mx, auth: true}
  - {port: 26, role: mx, address: ["127.0.0.1", "::1"], tls: none}
  - {port: 587, role: submission, tls: modern, address: 192.0.2.25}
auth: {backend: dovecot, socket: /run/dovecot/auth-client, mechanisms: [LOGIN]}
tls: {certificate: /c.pem, key: /k.pem}
limits: {message_size: 50MiB, recipients: 100, connections: 200, connections_per_client: 20, connection_rate: 60/min}
dnsbl: [{zone: zen.spamhaus.org, answers: [127.0.0.2, 127.0.0.3]}]
dkim: {domain: example.com, selector: s1, key: /etc/mail/dkim.pem}
milters: ["inet:127.0.0.1:8891", "unix:/run/m"]
surroundings: {tables: texthash}
"#,
    );
}

#[test]
fn every_kind_of_listener_comes_back() {
    for listener in [
        "port: 587, role: submission",
        "port: 587, role: submission, address: 192.0.2.25",
        "port: 587, role: submission, tls: modern",
        "port: 587, role: mx",
        "port: 25, role: mx",
        "port: 25, role: mx, auth: true",
        "port: 25, role: mx, tls: none",
    ] {
        let text = format!(
            "hostname: mail.example.com\ndomains: [example.com]\nlisteners: [{{{listener}}}]\nauth: cyrus\n\
             tls: {{certificate: /etc/c, key: /etc/k}}\n"
        );
        same_again(listener, &text);
    }
}
