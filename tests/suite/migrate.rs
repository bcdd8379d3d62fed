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
            let imported = read(&name, &yaml);
            let drift = compare(&wanted, &lifted.policy);
            assert!(drift.is_empty(), "{name} by way of {from}:\n{drift:#?}");
            assert_eq!(drift.unknown, [], "{name} by way of {from}");
            for to in Server::ALL {
                let to = Target::parse(to.name(), "debian-12").unwrap();
                let (Ok(straight), Ok(new)) = (generate(&description, to), generate(&imported, to))
                else {
                    continue;
                };
                // The very same files do the very same: the lab has spoken to those.
                assert_eq!(straight.files, new.files, "{name} by way of {from} to {to}");
                ways += 1;
            }
        }
    }
    assert!(ways > 300, "{ways}");
}
