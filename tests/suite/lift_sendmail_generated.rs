//! Sendmail's files that are generated do, as a policy, what their description demands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{File, Lifted, Server, Target, Version};
use smtpconf::policy::compare;
use smtpconf::text::Source;

use crate::descriptions;
use crate::lift_sendmail::lift;

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

#[test]
fn generated_files_do_what_their_description_demands() {
    let mut compared = 0;
    let mut unknown = BTreeSet::new();
    for version in [&[8, 15, 2][..], &[8, 17, 1, 9], &[8, 18, 1]] {
        let version = Version::new(version);
        let target = Target::new(Server::Sendmail, version).unwrap();
        for (name, text) in descriptions::all() {
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
    let told_nowhere = [
        "dkim",
        "dkim socket",
        "milters",
        "smarthost",
        "spam filter",
        "tables",
    ];
    assert_eq!(unknown, BTreeSet::from(told_nowhere));
}

/// A generated file in which a rule is missing is not taken for the whole one.
#[test]
fn every_rule_of_a_generated_file_counts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/descriptions/everything.yaml");
    let text = fs::read_to_string(path).unwrap();
    let (description, _) = description::read(&Source::new("t", &*text));
    let description = description.unwrap();
    let wanted = description::lower(&description);
    let version = Version::new(&[8, 17, 1, 9]);
    let target = Target::new(Server::Sendmail, version).unwrap();
    let files = generate(&description, target).unwrap().files;
    let at = files
        .iter()
        .position(|file| file.name == "sendmail.mc")
        .unwrap();
    let lines: Vec<&str> = files[at].text.lines().collect();
    let begin = lines
        .iter()
        .position(|line| *line == "SLocal_check_mail")
        .unwrap();
    let mut harmless = Vec::new();
    for (number, line) in lines.iter().enumerate().skip(begin) {
        if !line.starts_with('R') {
            continue;
        }
        let mut changed = lines.clone();
        changed.remove(number);
        let mut files = files.clone();
        files[at].text = changed.join("\n") + "\n";
        let lifted = lift_generated(&files, version);
        if compare(&wanted, &lifted.policy).is_empty() {
            harmless.push(*line);
        }
    }
    assert!(harmless.is_empty(), "{harmless:#?}");
}
