//! The floors of the house: what each may use, and what only one file may use.

use std::fs;
use std::path::{Path, PathBuf};

/// Each floor with the floors it may use, as in the table of `src/lib.rs`.
const FLOORS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("net", &[]),
    ("findings", &["text"]),
    ("catalogue", &[]),
    ("policy", &["text", "net"]),
    ("description", &["policy", "findings", "text", "net"]),
    ("mta", &["catalogue", "policy", "findings", "text", "net"]),
    (
        "rules",
        &[
            "mta",
            "description",
            "catalogue",
            "policy",
            "findings",
            "text",
            "net",
        ],
    ),
    (
        "generate",
        &["mta", "description", "policy", "findings", "text"],
    ),
    (
        "lint",
        &[
            "rules",
            "generate",
            "mta",
            "description",
            "catalogue",
            "policy",
            "findings",
            "text",
        ],
    ),
    ("report", &["findings", "text"]),
    (
        "cli",
        &[
            "report",
            "rules",
            "generate",
            "lint",
            "mta",
            "description",
            "policy",
            "findings",
            "net",
            "text",
        ],
    ),
];

/// Crates that stand between us and the world, each with the only places that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("ipnetwork", &["net/"]),
    ("idna", &["net/"]),
    ("granit_parser", &["description/yaml/tree.rs"]),
    ("serde_yaml", &["description/model.rs"]),
    ("minijinja", &["mta/render.rs"]),
    (
        "pest",
        &[
            "mta/grammar.rs",
            "mta/postfix/syntax.rs",
            "mta/exim/syntax.rs",
            "mta/sendmail/syntax.rs",
        ],
    ),
    (
        "pest_derive",
        &[
            "mta/grammar.rs",
            "mta/postfix/syntax.rs",
            "mta/exim/syntax.rs",
            "mta/sendmail/syntax.rs",
        ],
    ),
    ("miette", &["report/human.rs"]),
    ("quick_xml", &["report/junit.rs"]),
    ("percent_encoding", &["report/sarif.rs"]),
    ("anstream", &["cli/print.rs"]),
    ("supports_unicode", &["cli/print.rs"]),
    ("terminal_size", &["cli/print.rs"]),
    ("strsim", &["catalogue/", "description/"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("similar", &["cli/print.rs"]),
    ("tempfile", &["text/"]),
    ("libc", &["text/files.rs"]),
    ("ignore", &["lint/walk.rs", "lint/settings.rs"]),
    // In the others only in tests.
    (
        "serde_json",
        &["cli/", "report/", "description/raw.rs", "mta/render.rs"],
    ),
    ("sha2", &["description/model.rs", "findings/fingerprint.rs"]),
];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 20);
    paths
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn a_floor_uses_only_the_floors_it_may() {
    for (name, text) in sources() {
        let floor = name.split(['/', '.']).next().unwrap();
        if matches!(floor, "lib" | "main") {
            continue;
        }
        let (_, allowed) = FLOORS
            .iter()
            .find(|(known, _)| *known == floor)
            .unwrap_or_else(|| panic!("{name} stands on no floor"));
        for used in text.split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap();
            assert!(
                used == floor || allowed.contains(&used),
                "{name} uses `{used}`, which the floor `{floor}` may not"
            );
        }
    }
}

#[test]
fn from_outside_a_floor_is_entered_by_its_front_door() {
    for (name, text) in sources() {
        for line in text.lines().filter(|line| line.starts_with("use crate::")) {
            let path: Vec<&str> = line.trim_start_matches("use crate::").split("::").collect();
            let inside = name.starts_with(&format!("{}/", path[0]));
            // What a rule may see of a server's files is at the doors of the server's own room, and
            // of the modules that it opens.
            let is_room = path[0] == "mta" && ["exim", "postfix", "sendmail"].contains(&path[1]);
            let outer = if is_room { 4 } else { 2 };
            let deep = path.len() > outer && path[outer - 1].starts_with(char::is_lowercase);
            assert!(
                inside || !deep,
                "{name}: `{line}` reaches past the front door"
            );
        }
    }
}

#[test]
fn a_crate_is_named_only_in_its_place() {
    for (name, text) in sources() {
        for (krate, places) in CRATES {
            let named =
                text.contains(&format!("use {krate}")) || text.contains(&format!("{krate}::"));
            let allowed = places.iter().any(|place| name.starts_with(place));
            assert!(!named || allowed, "{name} names the crate `{krate}`");
        }
    }
}

#[test]
fn no_server_names_another_and_the_policy_names_none() {
    let servers = ["postfix", "exim", "sendmail"];
    for (name, text) in sources() {
        let text = text.to_lowercase();
        for server in servers {
            let own_room = name.starts_with(&format!("mta/{server}/"));
            let judged = name.starts_with("policy/")
                || (name.starts_with("mta/") && name.matches('/').count() > 1);
            assert!(
                !judged || own_room || !text.contains(server),
                "{name} names {server}"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (name, text) in sources() {
        assert!(
            text.starts_with("//! "),
            "{name} does not open with its job"
        );
    }
}
