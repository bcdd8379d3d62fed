//! The program as its users run it: output, exit codes, files.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/smtpconf.yaml");

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn here(arguments: &[&str], input: &str) -> (i32, String, String) {
    in_folder(Path::new("/"), arguments, input)
}

pub fn in_folder(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = run(folder, arguments, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

const PORT_25: &str = "hostname: mail.example.com\nports: [25]\n";

#[test]
fn lint_says_good_bad_and_impossible() {
    assert_eq!(
        here(&["lint", EXAMPLE], ""),
        (0, "1 file: no findings\n".to_owned(), String::new())
    );
    let (code, out, _) = here(
        &["lint", "--format", "concise", "-"],
        "hostname: x\nports: [25/udp]\n",
    );
    assert_eq!(code, 1);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.starts_with("<stdin>:1:11: error[bad-domain] "), "{out}");
    let (code, _, err) = here(&["lint", "/nowhere/smtpconf.yaml"], "");
    assert_eq!(code, 2);
    assert!(err.contains("/nowhere/smtpconf.yaml"), "{err}");
    let (code, out, err) = here(
        &["lint", "/nowhere.yaml", "-"],
        "hostname: x\nports: [25]\n",
    );
    assert_eq!(code, 2, "2 wins over 1");
    assert!(out.contains("bad-domain") && err.contains("/nowhere.yaml"));
    assert_eq!(here(&["lnt"], "").0, 2);
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = in_folder(empty.path(), &["lint", "."], "");
    assert!(code == 2 && err.contains("in this folder"), "{err}");
    fs::write(empty.path().join("notes"), "hello\n").unwrap();
    let (code, _, err) = in_folder(empty.path(), &["lint", "notes"], "");
    assert!(code == 2 && err.contains("--as names the kind"), "{err}");
}

#[test]
fn the_gate_can_be_moved() {
    assert_eq!(here(&["lint", "-"], PORT_25).0, 0);
    assert_eq!(here(&["lint", "--fail-on", "note", "-"], PORT_25).0, 1);
    assert_eq!(here(&["lint", "--fail-on", "warning", "-"], PORT_25).0, 0);
    assert_eq!(
        here(
            &["generate", "--target", "postfix", "--fail-on", "note", "-"],
            PORT_25
        )
        .0,
        1
    );
}

#[test]
fn no_escape_codes_off_a_terminal() {
    for format in ["human", "concise"] {
        let (_, out, _) = here(
            &["lint", "--format", format, "-"],
            "hostname: \"\\e[31mx\"\nports: [25]\n",
        );
        assert!(!out.contains('\u{1b}'), "{out:?}");
    }
    let (_, out, _) = here(
        &["lint", "--color", "always", "-"],
        "hostname: x\nports: [25]\n",
    );
    assert!(out.contains('\u{1b}'));
    let (_, out, _) = here(
        &["lint", "-"],
        "hostname: mail.example.com # \u{1b}[31m\nports: [26]\n",
    );
    assert!(!out.contains('\u{1b}'), "{out:?}");
}

#[test]
fn bytes_that_are_no_utf8_are_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("smtpconf.yaml"),
        b"hostname: b\xfccher.example\n",
    )
    .unwrap();
    let (code, out, _) = in_folder(folder.path(), &["lint", "--format", "concise"], "");
    assert_eq!(code, 1);
    assert!(
        out.starts_with("smtpconf.yaml:1:12: error[not-utf8]"),
        "{out}"
    );
}

#[test]
fn a_description_is_found_here_or_above() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    fs::write(
        folder.path().join("smtpconf.yaml"),
        "hostname: x\nports: [25]\n",
    )
    .unwrap();
    assert_eq!(in_folder(&below, &["lint"], "").0, 1);
    assert_eq!(in_folder(folder.path(), &["lint", "."], "").0, 1);
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = in_folder(empty.path(), &["lint"], "");
    assert_eq!(code, 2);
    assert!(err.contains("no smtpconf.yaml"), "{err}");
}

#[test]
fn generate_prints_one_file_or_all() {
    let (code, out, err) = here(&["generate", "--target", "postfix", EXAMPLE], "");
    assert_eq!(code, 0);
    assert!(
        out.starts_with("==> main.cf <==\n") && out.contains("\n==> master.cf <==\n"),
        "{out}"
    );
    assert!(err.contains("newaliases"), "{err}");
    let (code, out, _) = here(
        &[
            "generate", "--target", "postfix", "--file", "main.cf", EXAMPLE,
        ],
        "",
    );
    assert_eq!(code, 0);
    assert!(out.starts_with("# Generated by smtpconf "), "{out}");
    assert!(!out.contains("==>"));
    let (code, out, err) = here(
        &[
            "generate", "--target", "postfix", "--file", "main.fc", EXAMPLE,
        ],
        "",
    );
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("master.cf"), "{err}");
    let (code, out, _) = here(&["generate", "--target", "all", EXAMPLE], "");
    assert_eq!(code, 0);
    for name in [
        "postfix/main.cf",
        "exim/exim.conf",
        "sendmail/sendmail.mc",
        "sendmail/sasl2/Sendmail.conf",
    ] {
        assert!(out.contains(&format!("==> {name} <==\n")), "{name}");
    }
}

#[test]
fn a_faulty_description_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = in_folder(
        folder.path(),
        &["generate", "--target", "postfix", "--out", "p", "-"],
        "hostname: x\nports: [25]\n",
    );
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("bad-domain"), "{err}");
    assert!(!folder.path().join("p").exists());
}

#[test]
fn what_is_there_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| {
        let mut arguments = vec!["generate", "--target", "postfix", "--out", "p", EXAMPLE];
        arguments.extend(more);
        in_folder(folder.path(), &arguments, "")
    };
    assert_eq!(generate(&["--check"]).0, 1);
    assert_eq!(generate(&["--diff"]).0, 1);
    assert!(!folder.path().join("p").exists());
    assert_eq!(generate(&[]).0, 0);
    assert_eq!(generate(&[]).0, 0, "the same files are no obstacle");
    assert_eq!(generate(&["--check"]), (0, String::new(), String::new()));
    let main = folder.path().join("p/main.cf");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, text.replace("mail.example.com", "mine.example.com")).unwrap();
    let (code, _, err) = generate(&[]);
    assert_eq!(code, 2);
    assert!(
        err.contains("p/main.cf") && err.contains("--force"),
        "{err}"
    );
    assert!(
        fs::read_to_string(&main)
            .unwrap()
            .contains("mine.example.com")
    );
    let (code, out, _) = generate(&["--check"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("p/main.cf: not what the description gives\n"),
        "{out}"
    );
    let (code, out, _) = generate(&["--diff"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("-myhostname = mine.example.com\n+myhostname = mail.example.com\n"),
        "{out}"
    );
    assert_eq!(generate(&["--force"]).0, 0);
    assert_eq!(fs::read_to_string(&main).unwrap(), text);
    fs::write(&main, text.replacen(env!("CARGO_PKG_VERSION"), "9.9.9", 1)).unwrap();
    assert_eq!(
        generate(&["--check"]).0,
        0,
        "the version line alone is no difference"
    );
}

#[test]
fn the_schema_is_offered() {
    let (code, out, _) = here(&["schema"], "");
    assert_eq!(code, 0);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["hostname"].is_object());
}

#[test]
fn the_same_description_gives_the_same_bytes() {
    let once = here(&["generate", "--target", "all", EXAMPLE], "").1;
    assert_eq!(once, here(&["generate", "--target", "all", EXAMPLE], "").1);
}

#[test]
fn targets_name_servers_versions_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let text = "hostname: mail.example.com\ndomains: [example.com]\nports: [25]\n\
        surroundings: {platform: debian-13}\n\
        targets: [{server: postfix, version: 3.5.25, into: p/}, {server: exim, into: e}]\n";
    fs::write(folder.path().join("smtpconf.yaml"), text).unwrap();
    let generate = |more: &[&str]| {
        let arguments = [&["generate"], more].concat();
        in_folder(folder.path(), &arguments, "")
    };
    assert_eq!(generate(&["--check"]).0, 1);
    assert_eq!(generate(&[]).0, 0);
    assert_eq!(generate(&["--check"]).0, 0);
    let first_line = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    assert!(first_line("p/main.cf").contains("Postfix 3.5.25"));
    assert!(first_line("e/exim.conf").contains("Exim 4.98.2"));

    let version = |more: &[&str]| {
        let (code, out, err) = generate(&[&["--target"], more, &["--file", "main.cf"]].concat());
        (code, out.lines().next().unwrap_or_default().to_owned(), err)
    };
    assert!(
        version(&["postfix"]).1.contains("3.10.13"),
        "the platform's"
    );
    assert!(version(&["postfix@3.9"]).1.contains("3.9:"));
    assert!(
        version(&["postfix", "--mta-version", "3.8.5"])
            .1
            .contains("3.8.5")
    );
    for (faulty, words) in [
        ("postfix@2.11", "3.5 to 3.11"),
        ("postfix@x", "not a version"),
        ("qmail", "not a server"),
    ] {
        let (code, _, err) = version(&[faulty]);
        assert!(code == 2 && err.contains(words), "{faulty}: {err}");
    }
}

#[test]
fn lint_tells_what_the_targets_cannot_do() {
    let text = "hostname: mail.example.com\ndomains: [example.com]\nports: [25]\n\
        milters: [\"inet:127.0.0.1:8891\"]\n\
        targets: [{server: exim, into: e}, {server: courier, into: c}]\n";
    let (code, out, _) = here(&["lint", "--format", "concise", "-"], text);
    assert_eq!(code, 1);
    assert!(out.contains("5:45: error[unknown-target]"), "{out}");
    let known = text.replace(", {server: courier, into: c}", "");
    let (code, out, _) = here(&["lint", "--format", "concise", "-"], &known);
    assert_eq!(code, 1);
    assert!(
        out.contains("4:11: error[target-refuses] Exim has no milter client"),
        "{out}"
    );
}
