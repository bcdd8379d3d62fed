//! What is lifted from Postfix's files: from generated ones the policy that they were made from,
//! from written ones what the daemon does.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::{Dialect, Lifted, Server, Target, Version, World};
use smtpconf::policy::compare;
use smtpconf::text::{Snapshot, Source};

#[path = "../lab/random.rs"]
mod random;

fn lift(files: &[(&str, &str)], version: Version) -> Lifted {
    let snapshot = Snapshot::of(files);
    let world = World {
        files: &snapshot,
        version,
        known: &[],
        defaults: false,
    };
    let (_, text) = files.iter().find(|(name, _)| *name == "main.cf").unwrap();
    let dialect = Dialect::by_word("postfix-main").unwrap();
    dialect.policy(&Source::new("main.cf", *text), &world).unwrap()
}

/// What `lift(generate(d))` does differently from `lower(d)`, in words; nothing if it is the same.
fn difference(description: &Description, version: Version) -> Option<String> {
    let target = Target {
        server: Server::Postfix,
        version,
    };
    let generated = generate(description, target).ok()?;
    let files: Vec<(&str, &str)> = generated
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.text.as_str()))
        .collect();
    let wanted = description::lower(description);
    let lifted = lift(&files, version);
    let drift = compare(&wanted, &lifted.policy);
    let mut text = String::new();
    for one in drift.sessions.iter().take(5) {
        text += &format!(
            "  {}: {} / {}\n    {:?}\n    by {:?}\n",
            one.session,
            one.first,
            one.second,
            one.answers.iter().map(|(o, hit)| (&o.hit, hit)).collect::<Vec<_>>(),
            one.by[1].map(|clause| &clause.outcome),
        );
    }
    for one in &drift.facts {
        text += &format!("  {}: {} / {}\n", one.first.name, one.first.value, one.second.value);
    }
    for gap in &lifted.gaps {
        text += &format!("  gap: {}\n", gap.reason);
    }
    (!text.is_empty()).then_some(text)
}

fn descriptions() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            texts.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
        }
    }
    texts.sort();
    for seed in 0..20 {
        let mut random = Rng::with_seed(seed);
        texts.push((format!("short {seed}"), random::description(&mut random)));
        texts.push((format!("long {seed}"), random::long_description(&mut random)));
    }
    texts
}

#[test]
fn what_is_generated_does_what_was_described() {
    let mut faults = String::new();
    let mut compared = 0;
    for (name, text) in descriptions() {
        let (description, findings) = description::read(&Source::new(name.as_str(), text.as_str()));
        let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        for version in ["3.5.25", "3.7.11", "3.11"] {
            let version = Version::parse(version).unwrap();
            if let Some(difference) = difference(&description, version) {
                faults += &format!("{name} in {version}:\n{difference}");
            }
            compared += 1;
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(compared > 100);
}
