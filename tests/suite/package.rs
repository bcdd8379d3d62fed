//! What is published, and what it asks of whoever builds it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

fn cargo(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_package_holds_what_the_program_is_built_from_and_its_manual() {
    let files = cargo(&["package", "--list", "--allow-dirty"]);
    let tops: BTreeSet<&str> = files
        .lines()
        .filter_map(|file| file.split('/').next())
        .filter(|top| !top.starts_with("Cargo.") && *top != ".cargo_vcs_info.json")
        .collect();
    let wanted = [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
        "docs",
        "examples",
        "grammars",
        "schemas",
        "src",
        "templates",
    ];
    assert_eq!(tops.into_iter().collect::<Vec<_>>(), wanted);
    for file in ["src/main.rs", "grammars/exim_file.pest", "docs/rules.md"] {
        assert!(files.lines().any(|line| line == file), "{file}");
    }
}

#[test]
fn no_dependency_asks_for_a_newer_compiler_than_the_program_says() {
    // The patch level does not count: Cargo takes 1.89 for 1.89.0.
    let series = |version: &str| -> Vec<u32> {
        let parts = version.split('.').take(2);
        parts.map(|part| part.parse().unwrap()).collect()
    };
    let own = series(env!("CARGO_PKG_RUST_VERSION"));
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--locked"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        if let Some(asked) = package["rust_version"].as_str() {
            assert!(series(asked) <= own, "{} asks for {asked}", package["name"]);
        }
    }
}
