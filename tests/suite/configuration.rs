//! Servers' own files: what lint says of each folder of fixtures, and what show and parse print.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::output;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint")
}

fn smtpconf(folder: &Path, arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let output = output(folder, arguments, "");
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, err)
}

/// With `UPDATE=1` the reports are written anew instead; read them before you commit them.
#[test]
fn every_folder_has_its_report() {
    let mut count = 0;
    for server in fs::read_dir(fixtures()).unwrap() {
        let server = server.unwrap().path();
        for case in fs::read_dir(&server).unwrap() {
            let case = case.unwrap().path();
            if !case.is_dir() {
                continue;
            }
            count += 1;
            let name = case.file_name().unwrap().to_str().unwrap();
            let (code, out, err) = smtpconf(&server, &["lint", "--format", "concise", name]);
            assert_eq!(err, "", "{}", case.display());
            let report = String::from_utf8(out).unwrap();
            assert_eq!(code == 1, report.contains(": error["), "{}", case.display());
            let golden = case.with_extension("txt");
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&golden, &report).unwrap();
            }
            assert_eq!(
                fs::read_to_string(&golden).unwrap_or_default(),
                report,
                "{}",
                case.display()
            );
        }
    }
    assert!(count >= 11);
}

#[test]
fn parse_gives_every_byte_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("main.cf", &b"\xef\xbb\xbfa = b\r\n c\0\n\xe9\n"[..]),
        ("master.cf", b"smtp inet n - n - - smtpd\n  -o { a = b"),
        ("notes.bin", b"\x80\xff\n\n"),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (code, out, _) = smtpconf(folder.path(), &["parse", "--text", name]);
        assert_eq!((code, out.as_slice()), (0, bytes), "{name}");
        let (code, out, _) = smtpconf(folder.path(), &["parse", "--format", "json", name]);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            (code, value["tree"]["kind"].as_str()),
            (0, Some("file")),
            "{name}"
        );
    }
    let (_, _, err) = smtpconf(folder.path(), &["parse", "notes.bin"]);
    assert!(err.contains("a guess"), "{err}");
}

#[test]
fn show_tells_values_places_and_defaults() {
    let folder = fixtures().join("postfix");
    let show = |arguments: &[&str]| {
        let (code, out, err) = smtpconf(&folder, arguments);
        assert_eq!(code, 0, "{err}");
        String::from_utf8(out).unwrap()
    };
    let out = show(&[
        "show",
        "clean",
        "mydestination",
        "submission/inet/smtpd_client_restrictions",
        "smtpd_timeout",
    ]);
    for part in [
        "mydestination = mail.example.com, localhost, example.com\n    clean/main.cf:4:1, str, default $myhostname, ",
        "submission/inet/smtpd_client_restrictions = permit_sasl_authenticated, reject\n    clean/master.cf:4:",
        "smtpd_timeout = 300s\n    default, time",
    ] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
    let value = |version: &str, name: &str| {
        let out = show(&[
            "show",
            "--format",
            "json",
            "--mta-version",
            version,
            "old",
            name,
        ]);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        value["settings"][0]["default"].clone()
    };
    assert_eq!(value("3.7.11", "smtpd_forbid_bare_newline"), "no");
    assert_eq!(value("3.9", "smtpd_forbid_bare_newline"), "normalize");
    let out = show(&[
        "show",
        "--assume",
        "myhostname=mx.example.net",
        "old",
        "mydomain",
    ]);
    assert!(out.contains("mydomain = example.net\n"), "{out}");
}

#[test]
fn files_are_read_within_their_scope_and_what_lies_outside_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("repo/.git")).unwrap();
    fs::create_dir_all(path("repo/mail")).unwrap();
    fs::create_dir_all(path("root/etc")).unwrap();
    fs::write(path("outside.conf"), "smtp_accept_max = 7\n").unwrap();
    fs::write(path("repo/shared.conf"), "smtp_accept_max = 5\n").unwrap();
    let outside = path("outside.conf").display().to_string();
    let main = |include: &str| format!("primary_hostname = a.example\n.include {include}\n");
    let show = |arguments: &[&str]| {
        let (code, out, err) = smtpconf(folder.path(), arguments);
        assert_eq!(code, 0, "{err}");
        (String::from_utf8(out).unwrap(), err)
    };

    fs::write(path("repo/mail/exim.conf"), main("../shared.conf")).unwrap();
    let (out, err) = show(&["show", "repo/mail/exim.conf"]);
    assert!(
        out.contains("smtp_accept_max = 5\n") && err.is_empty(),
        "{out}{err}"
    );

    fs::write(path("repo/mail/exim.conf"), main(&outside)).unwrap();
    let (out, err) = show(&["show", "repo/mail/exim.conf"]);
    assert!(
        !out.contains("smtp_accept_max") && err.contains("outside of what is read here"),
        "{out}{err}"
    );
    let (out, _) = show(&["show", "--host", "repo/mail/exim.conf"]);
    assert!(out.contains("smtp_accept_max = 7\n"), "{out}");

    fs::write(path("root/etc/part.conf"), "smtp_accept_max = 9\n").unwrap();
    fs::write(path("root/etc/exim.conf"), main("/etc/part.conf")).unwrap();
    let (out, _) = show(&["show", "--root", "root", "root/etc/exim.conf"]);
    assert!(out.contains("smtp_accept_max = 9\n"), "{out}");
    assert!(out.contains("part.conf:1:1"), "{out}");
}

#[test]
fn values_that_double_each_other_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let lines = (0..60).map(|n| format!("a{n} = $a{next}+1$a{next}+1\n", next = n + 1));
    let text = lines.collect::<String>() + "a60 = x\nmyhostname = mail.$mydomain\n";
    fs::write(folder.path().join("main.cf"), text).unwrap();
    let services =
        (1000..1200).map(|n| format!("{n} inet n - n - - smtpd -o b=$a0 -o c=$a1 -o d=$a2\n"));
    let text: String = services.collect();
    fs::write(folder.path().join("master.cf"), text).unwrap();
    let start = std::time::Instant::now();
    let (code, out, err) = smtpconf(folder.path(), &["lint", "--format", "concise", "."]);
    assert_eq!(code, 1, "{err}");
    assert!(
        String::from_utf8(out)
            .unwrap()
            .contains("grows without end")
    );
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn nothing_that_a_file_names_makes_reading_hang() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let fifo = folder.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).unwrap();
    write(
        "exim.conf",
        ".include exim.conf\n.include fifo\n.include zero\n.include .\n",
    );
    write(
        "sendmail.mc",
        "include(`sendmail.mc')\ninclude(`fifo')sinclude(`zero')include(`.')\n",
    );
    let tables =
        ["fifo", "zero", "."].map(|name| format!("hash:{}", folder.path().join(name).display()));
    write(
        "main.cf",
        &format!(
            "virtual_alias_maps = {}\nrelayhost = $relayhost\n",
            tables.join(" ")
        ),
    );
    for name in ["exim.conf", "sendmail.mc", "main.cf"] {
        let (code, _, err) = smtpconf(folder.path(), &["lint", "--host", name]);
        assert!(code < 2, "{name}: {err}");
        let (code, _, err) = smtpconf(folder.path(), &["show", "--host", name]);
        assert!(code == 0 && !err.is_empty(), "{name}: {err}");
    }
}

#[test]
fn a_file_is_linted_with_its_neighbour() {
    let folder = fixtures().join("postfix");
    for (name, other) in [
        (
            "arguments/main.cf",
            "arguments/master.cf:3:54: error[stray-argument]",
        ),
        ("traps/master.cf", "traps/main.cf:12:1: error[stray-line]"),
    ] {
        let (_, out, _) = smtpconf(&folder, &["lint", "--format", "concise", name]);
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(other), "{name}:\n{out}");
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let folder = fixtures().join("postfix");
    let (code, out, err) = smtpconf(&folder, &["show", "clean", "nosuch", "myhostname"]);
    assert!(code == 2 && err.contains("`nosuch`"), "{err}");
    assert!(String::from_utf8(out).unwrap().contains("myhostname = "));
    for arguments in [
        &["show", "--root", "/nope", "clean"][..],
        &["lint", "--root", "clean/main.cf", "clean"],
        &["lint", "--as", "postfix-main", "clean"],
        &["lint", "--as", "postfix-main", "x.yaml"],
        &["show", "--as", "postfix-main", "clean"],
    ] {
        let (code, out, err) = smtpconf(&folder, arguments);
        assert!(code == 2 && out.is_empty(), "{arguments:?}: {err}");
    }
}

#[test]
fn a_root_is_one_however_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path().join("root/etc/postfix");
    fs::create_dir_all(&etc).unwrap();
    fs::write(
        etc.join("main.cf"),
        "x = $config_directory\nmail_owner = $x\n",
    )
    .unwrap();
    fs::write(etc.join("master.cf"), "smtp inet n - n - - smtpd\n").unwrap();
    std::os::unix::fs::symlink("root", folder.path().join("link")).unwrap();
    let link = folder.path().join("link");
    let paths = [
        &etc,
        &link.join("etc/postfix"),
        Path::new("root/etc/postfix"),
    ];
    for path in paths.map(|path| path.join("main.cf").display().to_string()) {
        for root in ["root", "./link", link.to_str().unwrap()] {
            let (code, out, err) = smtpconf(folder.path(), &["show", "--root", root, &path]);
            let out = String::from_utf8(out).unwrap();
            assert!(code == 0 && err.is_empty(), "{root} {path}: {err}");
            assert!(
                out.contains("\nmail_owner = /etc/postfix\n"),
                "{root} {path}: {out}"
            );
            assert!(
                out.contains("\nsmtp/inet/command = smtpd\n"),
                "{root} {path}: {out}"
            );
        }
    }
}

#[test]
fn json_is_complete_and_steers_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let text = "smtpd_banner = a\u{7f}b\u{7f}\u{9b}31m \\\nservice_name = x\n";
    fs::write(folder.path().join("main.cf"), text).unwrap();
    fs::write(
        folder.path().join("master.cf"),
        "smtp inet n - n - - smtpd\n",
    )
    .unwrap();
    for command in ["parse", "show"] {
        let (_, out, _) = smtpconf(folder.path(), &[command, "--format", "json", "main.cf"]);
        let out = String::from_utf8(out).unwrap();
        assert!(
            !out.contains(|c: char| c.is_control() && c != '\n'),
            "{command}: {out:?}"
        );
        assert!(
            out.contains("a\\u007fb\\u007f\\u009b31m"),
            "{command}: {out}"
        );
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        if command == "show" {
            let rules = value["findings"].as_array().unwrap().iter();
            let rules: Vec<_> = rules.map(|found| found["rule"].as_str().unwrap()).collect();
            assert_eq!(rules, ["backslash-at-line-end", "read-only-parameter"]);
            let names = value["settings"].as_array().unwrap().iter();
            assert!(!names.clone().any(|one| one["name"] == "service_name"));
            let command = names.clone().find(|one| one["name"] == "command").unwrap();
            assert!(command["type"].is_null(), "a command has no default");
        }
    }
    let (_, out, _) = smtpconf(folder.path(), &["show", "main.cf"]);
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.contains("smtp/inet/command = smtpd\n    master.cf:1:21\n"),
        "{out}"
    );
}
