//! The first minutes with the program: `init`, what helps with typing, and manual pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fuzz::readers::Schema;
use crate::program::{answered, run};

fn found(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Holds that everything in the folder is as good as it can be.
fn is_right(folder: &Path) {
    let linted = run(folder, &["lint", "--fail-on", "warning", "."]);
    assert_eq!(linted.0, 0, "{}", linted.1);
}

#[test]
fn init_asks_until_it_has_a_description() {
    let folder = tempfile::tempdir().unwrap();
    let answers = [
        "mail",
        "mail.example.com",
        "",
        "10.0.0.1/8 222.1.1.501",
        "192.0.2.0/24, 2001:db8::/32",
        "25/udp",
        "",
        "imap",
        "",
        "none",
        "",
        "",
        "postfix exim",
        "maybe",
        "y",
        "YES",
    ];
    let (code, out, err) = answered(folder.path(), &["init"], &(answers.join("\n") + "\n"));
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    for words in [
        "`mail` has no dot",
        "Domains whose mail it takes [example.com]: ",
        "`10.0.0.1/8` has host bits set",
        "an octet goes up to 255",
        "SMTP is spoken over TCP only",
        "it takes `cyrus`, `dovecot`, `file`",
        "`auth` needs `tls`",
        "Its key [/etc/ssl/private/mail.example.com.key]: ",
        "yes or no?",
        "wrote smtpconf.yaml\n",
        "smtpconf generate .",
        "pre-commit install",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
    assert_eq!(
        found(folder.path()),
        [
            ".pre-commit-config.yaml",
            "smtpconf.schema.json",
            "smtpconf.yaml"
        ]
    );
    let text = fs::read_to_string(folder.path().join("smtpconf.yaml")).unwrap();
    assert!(text.starts_with("# yaml-language-server: $schema=smtpconf.schema.json\n"));
    let schema = fs::read_to_string(folder.path().join("smtpconf.schema.json")).unwrap();
    assert_eq!(schema, run(folder.path(), &["schema"]).1);
    let schema = Schema::of(serde_json::from_str(&schema).unwrap());
    let fits = |text: &str| schema.takes(&serde_yaml::from_str::<serde_json::Value>(text).unwrap());
    assert!(fits(&text) && fits("lint: {levels: {security: deny}}"));
    assert!(!fits(&text.replace("\nports:", "\nprots:")));
    assert!(!fits("lint: {levels: {security: never}}"));
    is_right(folder.path());
    assert_eq!(run(folder.path(), &["generate", "."]).0, 0);
    assert_eq!(run(folder.path(), &["generate", "--check"]).0, 0);
    is_right(folder.path());
}

#[test]
fn init_takes_options_and_overwrites_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let init = |more: &[&str]| run(folder.path(), &[&["init"], more].concat());
    let path = folder.path().join("smtpconf.yaml");

    // Every fault of the options at once, and nothing written.
    let (code, _, err) = init(&[
        "--hostname",
        "mail",
        "--ports",
        "25/udp",
        "--targets",
        "qmail",
    ]);
    assert_eq!(code, 1, "{err}");
    for rule in ["bad-domain", "bad-port"] {
        assert!(err.contains(&format!("error[{rule}]")), "{err}");
    }
    let (code, _, err) = init(&["--hostname", "mail.example.com", "--targets", "qmail"]);
    assert!(code == 1 && err.contains("error[unknown-target]"), "{err}");
    let (code, _, err) = init(&[]);
    assert!(code == 2 && err.contains("options answer too"), "{err}");
    assert_eq!(found(folder.path()), [""; 0]);

    let bare = [
        "--hostname",
        "mx.example.com",
        "--domains",
        "none",
        "--ports",
        "25",
        "--targets",
        "none",
    ];
    assert_eq!(init(&bare).0, 0);
    is_right(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("\n#tls:\n") && text.contains("\n#targets:\n"),
        "{text}"
    );

    let full = [
        "--hostname",
        "mail.example.com",
        "--auth",
        "dovecot",
        "--networks",
        "192.0.2.0/24",
    ];
    let (code, _, err) = init(&full);
    assert!(code == 2 && err.contains("--force overwrites it"), "{err}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(init(&[&full[..], &["--force"]].concat()).0, 0);
    is_right(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("backend: dovecot") && text.contains("postmaster"),
        "{text}"
    );
}

#[test]
fn init_describes_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let postfix = folder.path().join("postfix");
    fs::create_dir(&postfix).unwrap();
    let main = "compatibility_level = 3.6\nmyhostname = mail.example.com\nmydestination = $myhostname, example.com\n\
        mynetworks = 127.0.0.0/8\n";
    fs::write(postfix.join("main.cf"), main).unwrap();
    fs::write(postfix.join("master.cf"), "smtp inet n - y - - smtpd\n").unwrap();
    let (code, _, err) = answered(folder.path(), &["init"], "\n\n\n");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("Describe the server in postfix/main.cf? [yes]: "),
        "{err}"
    );
    assert!(
        err.contains("smtpconf lint postfix/main.cf --against smtpconf.yaml"),
        "{err}"
    );
    let text = fs::read_to_string(folder.path().join("smtpconf.yaml")).unwrap();
    assert!(
        text.contains("hostname: mail.example.com\n") && text.contains("  - example.com\n"),
        "{text}"
    );
    assert_eq!(run(folder.path(), &["lint"]).0, 0);

    // From elsewhere; and what is no whole description is not written.
    let other = tempfile::tempdir().unwrap();
    let from = postfix.to_str().unwrap();
    assert_eq!(run(other.path(), &["init", "--from", from]).0, 0);
    fs::remove_file(other.path().join("smtpconf.yaml")).unwrap();
    fs::write(
        postfix.join("main.cf"),
        main.replace("mail.example.com", "mail"),
    )
    .unwrap();
    let (code, _, err) = run(other.path(), &["init", "--from", from]);
    assert!(code == 1 && err.contains("`smtpconf import "), "{err}");
    assert_eq!(found(other.path()), [""; 0]);
}

#[test]
fn names_that_are_nearly_right_are_told() {
    for (arguments, words) in [
        (&["lnit"][..], "'lint'"),
        (&["explain", "opne-relay"], "did you mean `open-relay`?"),
        (
            &["lint", "--select", "opne-relay"],
            "did you mean `open-relay`?",
        ),
        (&["rules", "securty"], "did you mean `security`?"),
        (&["lint", "--formt", "human"], "'--format'"),
        (&["completions", "bsh"], "'bash'"),
        (&["man", "lnit"], "init, lint"),
        (
            &["explain", "security"],
            "`smtpconf rules security` lists it",
        ),
    ] {
        let (code, _, err) = run(Path::new("/"), arguments);
        assert!(code == 2 && err.contains(words), "{arguments:?}: {err}");
    }
}

/// What a tool that is here says to `input`, and nothing to standard error.
fn told(tool: &str, arguments: &[&str], input: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    fs::write(&file, input).unwrap();
    let child = Command::new(tool)
        .args(arguments)
        .arg(&file)
        .env("MANWIDTH", "80")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = child else {
        eprintln!("\nSKIPPED: there is no {tool} here\n");
        return None;
    };
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{tool}: {output:?}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn completions_are_made_and_bash_completes_with_them() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, script, _) = run(Path::new("/"), &["completions", shell]);
        assert!(
            code == 0 && script.contains("smtpconf") && script.contains("generate"),
            "{shell}"
        );
    }
    let mut script = run(Path::new("/"), &["completions", "bash"]).1;
    for words in [
        "smtpconf gen",
        "smtpconf explain open-r",
        "smtpconf lint --select secur",
    ] {
        let (before, last) = words.rsplit_once(' ').unwrap();
        let previous = before.rsplit(' ').next().unwrap();
        let count = before.split(' ').count();
        let _ = write!(
            script,
            "COMP_WORDS=({words}); COMP_CWORD={count}; COMPREPLY=()\n_smtpconf smtpconf {last} {previous}\necho \"${{COMPREPLY[@]}}\"\n"
        );
    }
    if let Some(shown) = told("bash", &["--norc"], &script) {
        assert_eq!(shown, "generate\nopen-relay\nsecurity\n");
    }
}

#[test]
fn manual_pages_are_made_and_man_reads_them() {
    for (command, words) in [
        (None, &["smtpconf-lint(1)", "EXAMPLES"][..]),
        (
            Some("lint"),
            &[
                "EXAMPLES",
                "smtpconf lint --fix --diff postfix",
                "--pedantic",
            ],
        ),
        (Some("init"), &["--hostname"]),
    ] {
        let arguments = ["man"].into_iter().chain(command).collect::<Vec<_>>();
        let (code, page, _) = run(Path::new("/"), &arguments);
        assert_eq!(code, 0);
        if let Some(shown) = told("man", &["--warnings", "-l"], &page) {
            for words in words {
                assert!(shown.contains(words), "{words}: {shown}");
            }
        }
    }
}
