//! What Sendmail's files do as a policy: those that are generated do what their description
//! demands, and hand-written ones what the daemon does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{Dialect, File, Lifted, Server, Target, Version, World};
use smtpconf::policy::compare;
use smtpconf::text::{Snapshot, Source};

#[path = "../lab/random.rs"]
mod random;

/// The configuration that begins with the first file; the others are its neighbours.
fn lift(dialect: &str, files: &[(&str, &str)], version: Version) -> Lifted {
    let snapshot = Snapshot::of(files);
    let world = World {
        files: &snapshot,
        version,
        known: &[],
        defaults: false,
    };
    let (name, text) = files[0];
    let dialect = Dialect::by_word(dialect).unwrap();
    dialect.policy(&Source::new(name, text), &world).unwrap()
}

/// Generated files where their steps put them, sendmail.mc first.
fn lift_generated(files: &[File], version: Version) -> Lifted {
    let mut placed: Vec<(String, &str)> = files
        .iter()
        .map(|file| {
            let folder = if file.name.starts_with("sasl2/") {
                "/etc"
            } else {
                "/etc/mail"
            };
            (format!("{folder}/{}", file.name), file.text.as_str())
        })
        .collect();
    placed.sort_by_key(|(name, _)| !name.ends_with("sendmail.mc"));
    let placed: Vec<(&str, &str)> = placed.iter().map(|(n, t)| (n.as_str(), *t)).collect();
    lift("sendmail-mc", &placed, version)
}

/// Descriptions by their names: the examples, the lab's, and random ones.
fn descriptions() -> Vec<(String, String)> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(manifest.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            all.push((path.file_name().unwrap().to_str().unwrap().to_owned(), text));
        }
    }
    for seed in 0..20 {
        let mut rng = fastrand::Rng::with_seed(seed);
        all.push((format!("short {seed}"), random::description(&mut rng)));
        all.push((format!("long {seed}"), random::long_description(&mut rng)));
    }
    all
}

#[test]
fn generated_files_do_what_their_description_demands() {
    let mut compared = 0;
    let mut unknown = BTreeSet::new();
    for version in [&[8, 15, 2][..], &[8, 17, 1, 9], &[8, 18, 1]] {
        let version = Version::new(version);
        let target = Target::new(Server::Sendmail, version).unwrap();
        for (name, text) in descriptions() {
            let (description, findings) = description::read(&Source::new(&*name, &*text));
            let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
            let Ok(generated) = generate(&description, target) else {
                continue;
            };
            let lifted = lift_generated(&generated.files, version);
            assert!(lifted.gaps.is_empty(), "{name}: {:?}", lifted.gaps);
            let wanted = description::lower(&description);
            let drift = compare(&wanted, &lifted.policy);
            if let Some(one) = drift.sessions.first() {
                panic!(
                    "{name} for {version}: {} sessions differ, such as {}: {} by {:?}, not {} by {:?}",
                    drift.count, one.session, one.second, one.by[1], one.first, one.by[0]
                );
            }
            assert!(
                drift.facts.is_empty(),
                "{name} for {version}: {:#?}",
                drift.facts
            );
            unknown.extend(drift.unknown.into_iter().map(|(name, _)| name));
            compared += 1;
        }
    }
    println!("{compared} configurations");
    assert!(compared > 120);
    // What no file of Sendmail tells of a description.
    let told_nowhere = ["dkim", "milters", "smarthost", "spam filter", "tables"];
    assert_eq!(unknown, BTreeSet::from(told_nowhere));
}
