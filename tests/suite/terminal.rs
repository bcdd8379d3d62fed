//! Nothing that a file, a name or an argument holds steers a terminal, in any command and format.

use std::fs;
use std::process::{Command, Stdio};

use crate::hostile::write;
use crate::program::PROGRAM;

/// What no terminal may get: escapes, controls, and what turns text round or hides it; and what stands
/// in for a line that the program did not write.
fn is_harmless(command: &[&str], said: &[u8], is_coloured: bool) {
    let text = String::from_utf8_lossy(said);
    let text = text.replace("\r\n", "\n");
    let is_bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t') && !(is_coloured && c == '\x1b'))
            || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{feff}')
    };
    assert!(!text.contains(is_bad), "{command:?}: {text:?}");
    assert!(
        !text.contains("\x1b]") && !text.contains("\x1b[2J"),
        "{command:?}: {text:?}"
    );
    let is_forged = |line: &str| line.trim_start_matches("smtpconf: ").starts_with("FORGED");
    assert!(!text.lines().any(is_forged), "{command:?}: {text}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row a command")]
fn names_and_values_reach_no_terminal_raw() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let bad = "x\x1b]0;t\x07\x1b[2J\u{9b}31m\u{202e}\u{2066}\u{200b}\r\nFORGED: error[x] y\n";
    let name = [bad.as_bytes(), b"\xff"].concat();
    let at = folder.path().join(std::ffi::OsStr::from_bytes(&name));
    fs::create_dir(&at).unwrap();
    // In a file each line is a line; what is in them may not be.
    let inner = bad.replace('\n', "\r");
    let latin1: Vec<u8> = [
        b"# \xff\x9b31m\n",
        inner.as_bytes(),
        b" = ",
        inner.as_bytes(),
        b"\n",
    ]
    .concat();
    let main = [
        &b"compatibility_level = 3.6\nmydestination = "[..],
        inner.as_bytes(),
        b" hash:",
        inner.as_bytes(),
        b"\nmynetworks = 0.0.0.0/0\nrelayhost = $",
        inner.as_bytes(),
        b"\n",
        &latin1,
    ]
    .concat();
    write(&at, "main.cf", main);
    write(
        &at,
        "master.cf",
        format!("smtp inet n - y - - smtpd -o {inner}={inner}\n{inner} inet n - y - - {inner}\n"),
    );
    write(
        &at,
        "exim.conf",
        format!(
            "primary_hostname = {inner}\n{inner} = {inner}\n.include {inner}\nacl_smtp_rcpt = a\nbegin acl\na:\n  accept {inner} = {inner}\n  accept\n{inner}\nbegin routers\n{inner}:\n  driver = {inner}\n"
        ),
    );
    write(
        &at,
        "sendmail.mc",
        format!(
            "OSTYPE(`linux')dnl\ndefine(`{inner}', `{inner}')dnl\nFEATURE(`{inner}')dnl\ninclude(`{inner}')\n{inner}\nMAILER(`smtp')dnl\n"
        ),
    );
    write(
        &at,
        "smtpconf.yaml",
        format!(
            "hostname: \"{}\"\ndomains: [\"{0}\"]\n{inner}: 3\nports: [25]\n",
            inner.escape_default()
        ),
    );
    write(
        &at,
        "target.yaml",
        "hostname: mail.example.com\nports: [25]\n",
    );
    write(&at, &format!("{bad}main.cf"), "mynetworks = 0.0.0.0/0\n");
    let formats = [
        "human", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson",
    ];
    let mut commands: Vec<Vec<&str>> = formats
        .iter()
        .map(|format| vec!["lint", "--format", format, "."])
        .collect();
    commands.extend(
        formats
            .iter()
            .map(|format| vec!["lint", "--color", "always", "--format", format, "."]),
    );
    for file in ["main.cf", "exim.conf", "sendmail.mc"] {
        commands.extend([
            vec!["show", file],
            vec!["show", "--format", "json", file],
            vec!["show", file, bad],
            vec!["parse", file],
            vec!["parse", "--format", "json", file],
            vec!["import", file],
            vec![
                "trace",
                file,
                "--client",
                "192.0.2.1",
                "--from",
                "",
                "--to",
                "a@example.com",
            ],
            vec![
                "trace",
                file,
                "--client",
                "192.0.2.1",
                "--from",
                &inner,
                "--to",
                &inner,
            ],
            vec!["diff", "target.yaml", file],
            vec!["diff", "--json", "target.yaml", file],
            vec!["init", "--from", file, "made"],
        ]);
    }
    let made = [
        "generate",
        "target.yaml",
        "--target",
        "postfix",
        "--out",
        ".",
    ];
    for how in [None, Some("--check"), Some("--diff")] {
        commands.push(made.into_iter().chain(how).collect());
    }
    commands.extend([
        vec!["lint", "--unsafe-fixes", "--diff", "."],
        vec!["lint", "--unsafe-fixes", "--diff", "--color", "always", "."],
        vec!["generate", "smtpconf.yaml", "--target", "exim"],
        vec![
            "generate",
            "target.yaml",
            "--target",
            "postfix",
            "--file",
            bad,
        ],
        vec!["generate", "target.yaml", "--target", bad],
        vec!["lint", bad],
        vec!["lint", "--against", bad, "main.cf"],
        vec!["lint", "--baseline", bad, "main.cf"],
        vec!["lint", "--changed-since", bad, "."],
        vec!["lint", "--output", "/dev/null", bad],
        vec!["lint", "--mta-version", bad, "main.cf"],
        vec!["lint", "--root", bad, "."],
        vec!["lint", "--as", bad, "main.cf"],
        vec!["lint", "--select", bad, "."],
        vec!["explain", bad],
        vec!["rules", bad],
        vec!["man", bad],
        vec![bad],
        vec!["lint", "--format", bad],
        vec!["init", "--hostname", bad],
        vec!["baseline", "."],
        vec!["baseline", ".", "--output", bad],
        vec!["lint", "--output", bad, "target.yaml"],
        vec!["generate", "target.yaml", "--target", "exim", "--out", bad],
    ]);
    for command in &commands {
        // Where the folder's own name is told, and where it is not.
        for (here, is_above) in [(at.as_path(), false), (folder.path(), true)] {
            if is_above && command.last() != Some(&".") {
                continue;
            }
            let done = Command::new(PROGRAM)
                .args(command)
                .current_dir(here)
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(
                done.status.code().is_some_and(|code| code < 3),
                "{command:?}: {done:?}"
            );
            let is_coloured = command.contains(&"always");
            is_harmless(command, &done.stdout, is_coloured);
            is_harmless(command, &done.stderr, is_coloured);
        }
    }
}
