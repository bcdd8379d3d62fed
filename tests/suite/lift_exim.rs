//! What the lift of Exim's configurations says: that of our own files is what the description
//! demands, and hand-written ones are decided as the daemon decides them.

use std::fs;
use std::path::Path;

use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::{Dialect, Lifted, Server, Target, World};
use smtpconf::policy::compare;
use smtpconf::text::{Snapshot, Source};

fn target() -> Target {
    let server = Server::Exim;
    Target {
        server,
        version: server.version_on("debian-12"),
    }
}

/// Where the administrator puts a generated file.
fn installed(name: &str) -> String {
    match name {
        "exim.conf" => "/etc/exim4/exim4.conf".into(),
        "sasl2/exim.conf" => "/etc/sasl2/exim.conf".into(),
        name => format!("/etc/exim4/{name}"),
    }
}

fn lift(files: &[(String, String)], target: Target) -> Lifted {
    let named: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let snapshot = Snapshot::of(&named);
    let world = World {
        files: &snapshot,
        version: target.version,
        known: &[],
        defaults: false,
    };
    let main = snapshot
        .read("/etc/exim4/exim4.conf", Path::new("/"))
        .unwrap();
    Dialect::by_word("exim-conf")
        .unwrap()
        .policy(&main, &world)
        .unwrap()
}

fn read(name: &str, text: &str) -> Description {
    let (description, findings) = description::read(&Source::new(name, text));
    description.unwrap_or_else(|| panic!("{name}: {findings:?}\n{text}"))
}

/// What the lift of the generated files does otherwise than the description; none where the
/// description is refused.
fn drift(description: &Description, target: Target) -> Option<String> {
    let generated = generate(description, target).ok()?;
    let files: Vec<(String, String)> = generated
        .files
        .iter()
        .map(|file| (installed(&file.name), file.text.clone()))
        .collect();
    let lifted = lift(&files, target);
    // How Exim was built bears on ciphers alone.
    assert!(lifted.gaps.len() <= 1, "{}", lifted.gaps.len());
    let demanded = description::lower(description);
    let drift = compare(&demanded, &lifted.policy);
    let mut told = String::new();
    for one in &drift.sessions {
        told += &format!(
            "{}\n  demanded {}, lifted {} by {:?}\n",
            one.session,
            one.first,
            one.second,
            one.by[1].map(|clause| &clause.guard)
        );
    }
    for fact in &drift.facts {
        told += &format!(
            "{}: {} / {}\n",
            fact.first.name, fact.first.value, fact.second.value
        );
    }
    Some(told)
}

/// Every description of the examples and the lab.
fn descriptions() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            all.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn generated_files_do_what_is_demanded() {
    let mut faults = String::new();
    let mut tried = 0;
    for (name, text) in descriptions() {
        let Some(told) = drift(&read(&name, &text), target()) else {
            continue;
        };
        tried += 1;
        if !told.is_empty() {
            faults += &format!("== {name}\n{told}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(tried > 30, "{tried}");
}
