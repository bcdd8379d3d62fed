//! What is generated for a server can be read back, written for another one, and does the same.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use smtpconf::description::{self, Description};
use smtpconf::generate::{self, generate};
use smtpconf::mta::{Server, Target};
use smtpconf::policy::compare;
use smtpconf::text::Source;

/// The descriptions of the lab and of the examples.
fn descriptions() -> Vec<(String, Description)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut descriptions = Vec::new();
    for folder in ["examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "yaml") {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                let source = Source::new(name.as_str(), fs::read_to_string(&path).unwrap());
                let (description, findings) = description::read(&source);
                let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
                descriptions.push((name, description));
            }
        }
    }
    descriptions.sort_by(|a, b| a.0.cmp(&b.0));
    descriptions
}

fn read(name: &str, yaml: &str) -> Description {
    let source: Arc<Source> = Source::new(name, yaml);
    let (description, findings) = description::read(&source);
    description.unwrap_or_else(|| panic!("{name}:\n{yaml}\n{findings:?}"))
}

/// Facts that a server's own files do not tell apart: what checks passwords (Cyrus SASL has a file
/// of its own), which program listens at a milter's socket, what stands in a secret file, which of
/// several files lists a domain's recipients.
const UNSAID: &[(Server, &str)] = &[
    (Server::Postfix, "tables"),
    (Server::Sendmail, "tables"),
    (Server::Exim, "tables"),
    (Server::Exim, "auth"),
    (Server::Exim, "dkim socket"),
    (Server::Postfix, "dkim socket"),
    (Server::Sendmail, "dkim socket"),
    (Server::Postfix, "relay domains"),
    (Server::Postfix, "virtual domains"),
    (Server::Postfix, "dkim"),
    (Server::Postfix, "spam filter"),
    (Server::Postfix, "milters"),
    (Server::Sendmail, "dkim"),
    (Server::Sendmail, "spam filter"),
    (Server::Sendmail, "milters"),
    (Server::Sendmail, "auth"),
    (Server::Sendmail, "smarthost"),
];

#[test]
fn every_way_from_one_server_to_another_changes_nothing() {
    let mut ways = 0;
    for (name, description) in descriptions() {
        let wanted = description::lower(&description);
        for from in Server::ALL {
            let from = Target::parse(from.name(), "debian-12").unwrap();
            let Ok(old) = generate(&description, from) else {
                continue;
            };
            let lifted = generate::read_back(from, &old.files).unwrap();
            let yaml = description::raise(&lifted.policy);
            let drift = compare(&wanted, &lifted.policy);
            assert!(drift.is_empty(), "{name} by way of {from}:\n{drift:#?}");
            let mut unknown: Vec<&str> = drift.unknown.iter().map(|(fact, _)| *fact).collect();
            let is_demanded = |fact: &&str| {
                wanted
                    .facts(Some(*fact))
                    .iter()
                    .any(|fact| fact.value != "none")
            };
            unknown.retain(is_demanded);
            for fact in &unknown {
                assert!(
                    UNSAID.contains(&(from.server, *fact)),
                    "{name} by way of {from}: {fact}"
                );
            }
            let imported = read(&name, &yaml);
            let demanded = description::lower(&imported);
            let mut drift = compare(&wanted, &demanded);
            drift
                .facts
                .retain(|one| !UNSAID.contains(&(from.server, one.first.name)));
            assert!(
                drift.is_empty(),
                "{name} imported from {from}:\n{yaml}\n{drift:#?}"
            );
            for to in Server::ALL {
                let to = Target::parse(to.name(), "debian-12").unwrap();
                if generate(&description, to).is_err() || !unknown.is_empty() && to != from {
                    continue;
                }
                // What is given out was read back, and does what the imported description demands.
                if let Err(findings) = generate(&imported, to) {
                    panic!("{name} by way of {from} to {to}:\n{yaml}\n{findings:#?}");
                }
                ways += 1;
            }
        }
    }
    assert!(ways > 300, "{ways}");
}
