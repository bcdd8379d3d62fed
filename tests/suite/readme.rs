//! The README shows what the program prints.

use std::fs;
use std::path::Path;
use std::process::Command;

/// With `UPDATE=1` the README is written anew instead.
#[test]
fn the_recorded_diagnostics_are_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
        .args(["lint", "smtpconf.yaml"])
        .current_dir(root.join("tests/fixtures/readme"))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    let shown: String = shown
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect();

    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme
        .split_once("$ smtpconf lint smtpconf.yaml\n")
        .unwrap();
    let (recorded, after) = rest.split_once("```").unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(
            &path,
            format!("{before}$ smtpconf lint smtpconf.yaml\n{shown}```{after}"),
        )
        .unwrap();
    } else {
        assert_eq!(recorded, shown);
    }
}

#[test]
fn the_description_shown_is_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let example = fs::read_to_string(root.join("examples/smtpconf.yaml")).unwrap();
    let lines: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let content = lines.join("\n") + "\n";
    assert!(readme.contains(&format!("```yaml\n{content}```")));
}
