//! docs/features.md says what each server does of what a description can say. Each row has a
//! description: the lab speaks to the servers that take it, and the others refuse it here.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{Server, Target};
use smtpconf::text::Source;

/// What can be said, and a description that says it: in tests/lab/descriptions, or, where every
/// server is expected to refuse it, in tests/fixtures/refused.
const FEATURES: &[(&str, &str)] = &[
    ("domains delivered to system accounts", "all-ports"),
    (
        "many domains, more than stand in the main file",
        "many-domains",
    ),
    ("aliases of the description, a banner", "aliases"),
    ("virtual domains, LMTP over a Unix socket", "virtual-lmtp"),
    ("virtual domains, LMTP over TCP", "virtual-lmtp-tcp"),
    ("virtual domains in maildirs", "virtual-maildir"),
    ("relay domains to a next hop, any recipient", "relay-hop"),
    (
        "relay domains to a next hop, listed recipients",
        "relay-listed",
    ),
    ("relay domains by their MX records (backup MX)", "backup-mx"),
    ("relay networks of any prefix length", "odd-networks"),
    ("listeners on any port, with a role", "listeners"),
    ("listeners on single addresses", "addresses"),
    ("AUTH on `mx`; `mx` without STARTTLS", "mx-auth"),
    ("TLS profile `intermediate`", "all-ports"),
    ("TLS profile `modern`", "modern"),
    ("TLS profiles by listener, beside `mx`", "mixed-profiles"),
    ("auth: Cyrus SASL with saslauthd", "all-ports"),
    ("auth: Cyrus SASL with sasldb", "sasldb"),
    ("auth: Cyrus SASL, one mechanism alone", "one-mechanism"),
    ("auth: Dovecot", "dovecot"),
    ("auth: Dovecot, one mechanism alone", "login-alone"),
    ("auth: a file of hashes", "password-file"),
    ("smarthost: STARTTLS, log-in by PLAIN", "smarthost"),
    ("smarthost: a preset, log-in by LOGIN", "smarthost-login"),
    ("smarthost: TLS from the first byte", "smarthost-wrapped"),
    ("smarthost: STARTTLS without a log-in", "smarthost-known"),
    ("smarthost: in clear, by address", "smarthost-clear"),
    ("smarthost: TLS to an address", "smarthost-address"),
    ("smarthost: log-in by XOAUTH2", "xoauth2"),
    ("limits: size of a message, recipients", "limits-message"),
    ("limits: connections of one client", "limits-client"),
    (
        "limits: connections of one client, several ports",
        "limits-ports",
    ),
    (
        "limits: connections of one client in a minute",
        "limits-rate",
    ),
    ("limits: connections in all", "limits-connections"),
    ("limits: connections in all, several ports", "limits-shared"),
    ("DNS lists with their answers, IPv4 and IPv6", "dnsbl"),
    ("milters", "milters"),
    ("spam filter (Rspamd)", "spam-filter"),
    ("DKIM with key and socket", "dkim"),
    ("DKIM with a key alone", "dkim-key"),
    ("DKIM with a socket alone", "dkim-socket"),
    ("surroundings: tables `texthash`", "tables-texthash"),
    ("surroundings: tables `hash`", "tables-hash"),
    ("surroundings: tables `lmdb`", "tables-lmdb"),
    (
        "surroundings: `behind_nat`, `platform`; targets",
        "behind-nat",
    ),
];

const HEAD: &str = "\
# What each server does

What a description can say, and what becomes of it for Postfix 3.7, Exim 4.96 and Sendmail 8.17. *works*: the generated files do it,
and the lab has spoken to the daemon (the description in the last column). Everything else is refused by `generate` and by `lint`, with
a finding at the line that asks for it.

| | Postfix | Exim | Sendmail | tried with |
|---|---|---|---|---|
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// With `UPDATE=1` the table is written anew instead.
#[test]
fn the_table_of_features_is_what_the_servers_say() {
    let mut table = HEAD.to_owned();
    for (feature, name) in FEATURES {
        let mut path = root().join(format!("tests/lab/descriptions/{name}.yaml"));
        let in_lab = path.exists();
        if !in_lab {
            path = root().join(format!("tests/fixtures/refused/{name}.yaml"));
        }
        let source = Source::new(*name, fs::read_to_string(&path).unwrap());
        let (description, findings) = description::read(&source);
        let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        let _ = write!(table, "| {feature} |");
        for server in Server::ALL {
            let target = Target::parse(server.name(), "debian-12").unwrap();
            match generate(&description, target) {
                Ok(_) => {
                    table += if in_lab {
                        " works |"
                    } else {
                        " works, not in the lab |"
                    }
                }
                Err(reasons) => {
                    let reason = &reasons[0];
                    assert_eq!(reason.rule, "target-refuses");
                    assert!(
                        reason.message.contains(server.title()),
                        "{}",
                        reason.message
                    );
                    assert!(
                        !reason.labels.is_empty() && !reason.help.is_empty(),
                        "{name}"
                    );
                    let _ = write!(table, " refused: {} |", reason.message);
                }
            }
        }
        let _ = writeln!(table, " {name} |");
    }
    let path = root().join("docs/features.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), table);
}

/// Each example is shown with what comes of it. With `UPDATE=1` the pages are written anew instead.
#[test]
fn the_examples_are_shown_with_their_files() {
    let mut count = 0;
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let source = Source::new(path.file_name().unwrap().to_str().unwrap(), text.as_str());
        let (description, findings) = description::read(&source);
        let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        let mut page = format!("# {name}.yaml\n\n```yaml\n{text}```\n");
        for server in Server::ALL {
            let target = Target::parse(server.name(), "debian-12").unwrap();
            let _ = writeln!(page, "\n## {target}");
            match generate(&description, target) {
                Ok(generated) => {
                    for file in &generated.files {
                        let _ = write!(page, "\n### {}\n\n```\n{}```\n", file.name, file.text);
                    }
                }
                Err(reasons) => {
                    for reason in reasons {
                        let _ = writeln!(page, "\nRefused: {} ({})", reason.message, reason.help);
                    }
                }
            }
        }
        count += 1;
        let path = root().join(format!("docs/examples/{name}.md"));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &page).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            page,
            "{name}"
        );
    }
    assert_eq!(count, 6);
}
