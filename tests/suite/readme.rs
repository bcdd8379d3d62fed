//! The README shows what the program prints.

use std::fs;
use std::path::Path;
use std::process::Command;

/// With `UPDATE=1` the README is written anew instead.
#[test]
fn what_the_program_prints_in_the_readme_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut parts = readme.split("```console\n$ smtpconf ");
    let mut real = parts.next().unwrap().to_owned();
    let mut count = 0;
    for part in parts {
        count += 1;
        let (command, rest) = part.split_once('\n').unwrap();
        let (_, after) = rest.split_once("```").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
            .args(command.split(' '))
            .current_dir(root.join("tests/fixtures/readme"))
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        assert_eq!(output.stderr, b"", "{command}");
        let shown = String::from_utf8(output.stdout).unwrap();
        let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
        real += &[
            "```console\n$ smtpconf ",
            command,
            "\n",
            &shown.join("\n"),
            "\n```",
            after,
        ]
        .concat();
    }
    assert_eq!(count, 8);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &real).unwrap();
    } else {
        assert_eq!(readme, real);
    }
}

#[test]
fn every_format_is_in_the_readme() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for format in &smtpconf::report::FORMATS {
        assert!(
            readme.contains(&format!("\n| `{}` | ", format.name)),
            "{}",
            format.name
        );
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
