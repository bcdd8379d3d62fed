//! Reports as the program gives them out: exit codes, files, colours, and how files are named.

use std::fs;
use std::process::Command;

use serde_json::Value;
use smtpconf::report::FORMATS;

use crate::program::run;

/// A repository with a file that has an error and a warning, and one that has nothing.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let postfix = folder.path().join("mx/postfix");
    fs::create_dir_all(&postfix).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    let main = "mynetworks = 0.0.0.0/0 # all\nsmtpd_banner_ = x\n";
    fs::write(postfix.join("main.cf"), main).unwrap();
    fs::write(postfix.join("virtual"), "a@example.com b\n").unwrap();
    folder
}

/// A folder with a description that gets a note, and one that is faulty.
fn descriptions() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, hostname) in [
        ("smtpconf.yaml", "mail.example.com"),
        ("a.yaml", "x"),
        ("b.yaml", "x"),
    ] {
        let text = format!("hostname: {hostname}\nports: [25]\n");
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let folder = repository();
    for format in &FORMATS {
        let lint = |more: &[&str]| {
            let arguments = [&["lint", "--format", format.name][..], more].concat();
            let (code, out, err) = run(folder.path(), &arguments);
            assert_eq!(err, "", "{}", format.name);
            (code, out)
        };
        assert_eq!(lint(&["mx"]).0, 1, "{}", format.name);
        let warning = ["--select", "inline-comment", "mx"];
        assert_eq!(lint(&warning).0, 0, "{}", format.name);
        let (code, out) = lint(&["--as", "postfix-table", "mx/postfix/virtual"]);
        assert_eq!(code, 0, "{}", format.name);
        match format.name {
            "human" => assert_eq!(out, "1 file: no findings\n"),
            "concise" => assert_eq!(out, ""),
            _ => assert!(!out.is_empty()),
        }
    }
}

#[test]
fn reports_for_elsewhere_name_files_from_the_repository() {
    let folder = repository();
    let inside = folder.path().join("mx/postfix");
    for format in &FORMATS {
        let arguments = ["lint", "--format", format.name, "main.cf"];
        let (_, text, _) = run(&inside, &arguments);
        let is_for_elsewhere = !["human", "concise", "json"].contains(&format.name);
        assert_eq!(
            text.contains("mx/postfix/main.cf"),
            is_for_elsewhere,
            "{text}"
        );
        assert!(!text.contains(folder.path().to_str().unwrap()), "{text}");
    }
}

#[test]
fn a_report_goes_into_a_file() {
    let folder = repository();
    let at = folder.path();
    let sarif = ["lint", "--format", "sarif", "mx"];
    let into = |path| [&sarif[..], &["--output", path]].concat();
    let (code, out, err) = run(at, &into("reports/a.sarif"));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.ends_with(", written to reports/a.sarif\n"), "{err}");
    let text = fs::read_to_string(at.join("reports/a.sarif")).unwrap();
    assert_eq!(text, run(at, &sarif).1);
    // A device stays one.
    assert_eq!(run(at, &into("/dev/stdout")).1, text);
    assert_eq!(run(at, &into("/proc/nowhere/a")).0, 2);
}

#[test]
fn a_report_of_faults_does_not_outlive_them() {
    let folder = descriptions();
    let report = ["--format", "gitlab", "--output", "report.json"];
    let diff = |old| {
        run(
            folder.path(),
            &[&["diff", old, "smtpconf.yaml"][..], &report].concat(),
        )
    };
    let read = || fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert_eq!(diff("a.yaml").0, 1);
    assert!(read().contains("bad-domain"));
    assert_eq!(diff("smtpconf.yaml").0, 0);
    assert_eq!(read(), "[]\n");
}

#[test]
fn beside_an_answer_a_report_for_programs_stands_alone() {
    let folder = descriptions();
    let generate = |format| {
        let arguments = ["generate", "--target", "postfix", "--format", format];
        run(folder.path(), &arguments)
    };
    let (_, out, err) = generate("json");
    let value: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(value["summary"]["notes"], 1);
    assert!(out.starts_with("==> main.cf"));
    assert!(generate("human").2.contains("afterwards on the server"));
}

#[test]
fn both_descriptions_of_a_comparison_are_reported_at_once() {
    let folder = descriptions();
    let arguments = ["diff", "--format", "concise", "a.yaml", "b.yaml"];
    let (_, _, err) = run(folder.path(), &arguments);
    for name in ["a.yaml:1:11", "b.yaml:1:11"] {
        assert!(err.contains(name), "{err}");
    }
}

/// What `lint` prints with these variables and arguments.
fn with(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = repository();
    let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
        .args([&["lint", "mx"][..], arguments].concat())
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn colours_follow_the_conventions() {
    let (none, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
    let colored = |variables: &[_], arguments: &[_]| with(variables, arguments).contains('\u{1b}');
    assert!(!colored(&[], &[]), "a pipe");
    assert!(colored(&[force], &[]));
    assert!(!colored(&[force, none], &[]));
    assert!(!colored(&[force], &["--color", "never"]));
    assert!(colored(&[none], &["--color", "always"]));
}

#[test]
fn the_width_is_that_of_the_reader() {
    for width in [60, 100] {
        let text = with(&[("COLUMNS", &width.to_string())], &[]);
        let pictures = text.lines().filter(|line| line.starts_with("  "));
        let longest = pictures.map(|line| line.chars().count()).max().unwrap();
        assert!((width - 20..=width).contains(&longest), "{longest}: {text}");
    }
}
