//! What is generated has nothing that would be reported of it, but what the description got
//! already.

use std::collections::BTreeMap;
use std::path::Path;

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::lint::{self, Asking, Levels};
use smtpconf::mta::{Dialect, Server, Target, World};
use smtpconf::report;
use smtpconf::text::{Snapshot, Source};

use crate::descriptions::written;

/// What the descriptions that are tried ask for themselves: names in `.test`, a smarthost without
/// credentials, a host whose address ends in 0, wide networks, port 25 in clear; lines for what no
/// session of theirs reaches; what no description can say (how often a log-in may fail); and what
/// files alone cannot tell (how Exim was built).
const OF_THE_DESCRIPTIONS: &[&str] = &[
    "no-tls",
    "not-understood",
    "unthrottled-auth",
    "wide-network",
    "private-hostname",
    "smarthost-without-auth",
    "key-never-matches",
    "unreached-clause",
];

#[test]
fn what_is_generated_is_clean() {
    let mut faults = BTreeMap::new();
    for (name, text) in written() {
        let source = Source::new(name.as_str(), text.as_str());
        let (description, known) = description::read(&source);
        let description = description.unwrap();
        for server in Server::ALL {
            let version = server.version_on("debian-12");
            let Ok(files) = generate(&description, Target { server, version }) else {
                continue;
            };
            let named: Vec<(String, &str)> = files
                .files
                .iter()
                .map(|file| {
                    let path = format!("{}/{}", server.folder(), file.name);
                    (path, file.text.as_str())
                })
                .collect();
            let pairs: Vec<(&str, &str)> = named
                .iter()
                .map(|(path, text)| (path.as_str(), *text))
                .collect();
            let snapshot = Snapshot::of(&pairs);
            let world = World::new(&snapshot, version);
            for (path, _) in pairs {
                let Some(dialect) = Dialect::by_name(Path::new(path)) else {
                    continue;
                };
                let source = snapshot.read(path, Path::new("")).unwrap();
                let asking = Asking::default();
                let levels = Levels::default();
                let found = lint::configuration(&source, dialect, &world, &asking)
                    .into_iter()
                    .filter_map(|finding| levels.apply(finding))
                    .filter(|finding| !known.iter().any(|known| known.rule == finding.rule))
                    .filter(|finding| !OF_THE_DESCRIPTIONS.contains(&finding.rule));
                for finding in found {
                    let line = format!(
                        "{name}, {server:?}: {}",
                        report::concise(std::slice::from_ref(&finding))
                    );
                    faults.entry((server.name(), finding.rule)).or_insert(line);
                }
            }
        }
    }
    let lines: Vec<_> = faults.into_values().collect();
    assert!(lines.is_empty(), "{}", lines.concat());
}
