//! `lint` as a gate of a repository: many files at a time, what changed alone, and a baseline.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::program::{git, run};

const CLOSED: &str = "\
compatibility_level = 3.6
myhostname = mail.example.com
mydestination = example.com
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
";
const MASTER: &str = "smtp inet n - y - - smtpd\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A repository with two servers, of which the second is an open relay by its table of networks.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for host in ["a", "b"] {
        write(at, &format!("{host}/main.cf"), CLOSED);
        write(at, &format!("{host}/master.cf"), MASTER);
    }
    let by_table = CLOSED.replace("127.0.0.0/8", "cidr:$config_directory/networks");
    write(at, "b/main.cf", &by_table);
    write(at, "b/networks", "0.0.0.0/0 ok\n");
    git(at, &["init", "-qb", "main"]);
    git(at, &["add", "."]);
    git(at, &["commit", "-qm", "one"]);
    folder
}

const LINT: [&str; 4] = ["lint", ".", "--format", "concise"];

fn lint(folder: &Path, more: &[&str]) -> (i32, String, String) {
    run(folder, &[&LINT, more].concat())
}

#[test]
fn many_files_are_told_of_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut alone = String::new();
    for number in 10..22 {
        let name = format!("{number}/main.cf");
        let text = CLOSED.replace("127.0.0.0/8", "0.0.0.0/0");
        write(folder.path(), &name, &format!("{text}# {number}\n"));
        write(folder.path(), &format!("{number}/master.cf"), MASTER);
        let (_, out, _) = run(
            folder.path(),
            &["lint", &format!("./{name}"), "--format", "concise"],
        );
        assert!(out.contains("error[relay-too-wide]"), "{out}");
        alone += &out;
    }
    let (code, together, _) = lint(folder.path(), &[]);
    assert_eq!(code, 1);
    assert!(together == alone, "{}", together.len());
}

#[test]
fn what_changed_is_checked_with_all_that_reads_it() {
    let folder = repository();
    let at = folder.path();
    let since = |rev: &str| lint(at, &["--changed-since", rev]);
    assert_eq!(since("HEAD"), (0, String::new(), String::new()));
    write(at, "b/networks", "0.0.0.0/0 ok\n# still open\n");
    let (code, out, _) = since("HEAD");
    assert_eq!(code, 1, "{out}");
    assert!(out.lines().all(|line| line.contains("b/")), "{out}");
    // Others went on meanwhile: that is none of this work.
    git(at, &["checkout", "-qb", "work"]);
    git(at, &["commit", "-qam", "two"]);
    git(at, &["checkout", "-q", "main"]);
    write(at, "a/main.cf", &CLOSED.replace("127.0.0.0/8", "0.0.0.0/0"));
    git(at, &["commit", "-qam", "three"]);
    git(at, &["checkout", "-q", "work"]);
    let (_, out, _) = since("main");
    assert!(!out.is_empty() && !out.contains("a/main.cf"), "{out}");
    write(at, "c/main.cf", &CLOSED.replace("127.0.0.0/8", "0.0.0.0/0"));
    let (_, out, _) = since("main");
    assert!(
        out.contains("c/main.cf"),
        "a file that git does not know: {out}"
    );
    let (code, _, err) = since("no-such-revision");
    assert_eq!(code, 2);
    assert!(err.contains("no-such-revision"), "{err}");
    assert_eq!(since("--output=x").0, 2);
}

#[test]
fn a_baseline_lets_only_new_findings_through() {
    let folder = repository();
    let at = folder.path();
    let known = ["--baseline", "smtpconf-baseline.json"];
    assert_eq!(lint(at, &[]).0, 1);
    let (code, _, err) = run(at, &["baseline", "."]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(lint(at, &known), (0, String::new(), String::new()));
    // Lines move, and nothing is new, from wherever one looks.
    let moved = format!(
        "# moved\n{}",
        fs::read_to_string(at.join("b/main.cf")).unwrap()
    );
    write(at, "b/main.cf", &moved);
    assert_eq!(lint(at, &known).0, 0);
    let from_b = ["lint", "main.cf", "--baseline", "../smtpconf-baseline.json"];
    assert_eq!(run(&at.join("b"), &from_b).0, 0);
    // A second fault is told, the first is not.
    write(at, "a/main.cf", &CLOSED.replace("127.0.0.0/8", "0.0.0.0/0"));
    let (code, out, _) = lint(at, &known);
    assert_eq!(code, 1);
    assert!(
        out.lines().all(|line| line.starts_with("a/main.cf:")),
        "{out}"
    );
    // What is mended is told once it is gone.
    write(at, "a/main.cf", CLOSED);
    write(at, "b/networks", "192.0.2.0/24 ok\n");
    let (code, _, err) = lint(at, &known);
    assert_eq!(code, 0);
    assert!(err.contains("are gone"), "{err}");
    let (_, _, err) = run(at, &["baseline", "."]);
    assert!(
        err.contains(" 0 new, ") && !err.contains(" 0 gone"),
        "{err}"
    );
    let (code, _, err) = lint(at, &["--baseline", "b/networks"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("b/networks: no file of `smtpconf baseline`"),
        "{err}"
    );
    let (code, _, _) = run(at, &["baseline", ".", "--output", "b/main.cf"]);
    assert_eq!(code, 2, "what is no baseline is not overwritten");
    assert_eq!(fs::read_to_string(at.join("b/main.cf")).unwrap(), moved);
}

#[test]
fn two_files_of_one_configuration_are_told_what_each_is_told_by_itself() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint/postfix");
    let (mut pairs, mut told) = (0, 0);
    for entry in fs::read_dir(fixtures).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("main.cf").exists() || !folder.join("master.cf").exists() {
            continue;
        }
        let lint = |files: &[&str]| -> BTreeSet<String> {
            let arguments = [&["lint", "--pedantic", "--format", "concise"], files].concat();
            let (code, out, err) = run(&folder, &arguments);
            assert!(code < 2, "{err}");
            out.lines().map(str::to_owned).collect()
        };
        let each = &lint(&["main.cf"]) | &lint(&["master.cf"]);
        assert_eq!(
            lint(&["main.cf", "master.cf"]),
            each,
            "{}",
            folder.display()
        );
        pairs += 1;
        told += each.len();
    }
    assert!(pairs > 1 && told > 0, "{pairs} pairs, {told} lines");
}
