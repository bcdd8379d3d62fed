//! Texts that are long, deep, or grow when they are evaluated: reading them ends soon, within bounds of
//! memory, and says what was given up. `SMTPCONF_HOSTILE=1` makes them as large as may be, which takes
//! minutes.

use std::fs;

use crate::hostile::{MASTER, write};
use crate::program::{bounded, is_large};

#[test]
fn long_files_and_long_lines_are_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "master.cf", MASTER);
    let (length, count, seconds) = if is_large() {
        (60 << 20, 1_000_000, 600)
    } else {
        (60 << 10, 3_000, 20)
    };
    let strange: &[(&str, Vec<u8>)] = &[
        ("one line", b"a".repeat(length)),
        ("nothing", vec![0; length]),
        ("short lines", b"a = b\r\n".repeat(count)),
        (
            "marks",
            ["\u{feff}".as_bytes(), &b"\xff\xfe\xc3\n".repeat(count)].concat(),
        ),
    ];
    for (file, front) in [
        ("main.cf", ""),
        ("exim.conf", "primary_hostname = a.example\n"),
        ("sendmail.mc", "OSTYPE(`linux')dnl\n"),
        ("sendmail.cf", "V10/Berkeley\n"),
        ("smtpconf.yaml", "hostname: a.example\n"),
    ] {
        for (what, bytes) in strange {
            let text = [front.as_bytes(), bytes].concat();
            write(at, file, text);
            let (code, said) =
                bounded(at, &["lint", "--format", "concise", file], seconds, 8 << 10);
            assert!(
                code < 2 && !said.is_empty(),
                "{file}, {what}: {code} {said}"
            );
            assert!(said.starts_with(file), "{file}, {what}: {said}");
        }
        fs::remove_file(at.join(file)).unwrap();
    }
}

/// Texts that grow when they are evaluated, and how deep a nesting is.
#[expect(clippy::too_many_lines, reason = "one row a text")]
fn bombs(deep: usize) -> Vec<(&'static str, String, &'static str)> {
    let lines =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let open = |text: &str| text.repeat(deep);
    let mc = |text: &str| format!("OSTYPE(`linux')dnl\n{text}\nMAILER(`smtp')dnl\n");
    let head = "acl_smtp_rcpt = a0\n";
    vec![
        // m4: recursion, doubling, loops, and brackets.
        ("sendmail.mc", mc("define(`a',`a a')a"), "sendmail.mc:2"),
        (
            "sendmail.mc",
            mc(&(format!(
                "define(`a0',`xxxxxxxxxx')\n{}a59",
                lines(60, &|n| format!("define(`a{}',`a{n}()a{n}()')\n", n + 1))
            ))),
            "sendmail.mc:",
        ),
        (
            "sendmail.mc",
            mc(&(format!(
                "define(`a0',`xxxxxxxxxx')\n{}",
                lines(60, &|n| format!(
                    "define(`a{}',defn(`a{n}')defn(`a{n}'))dnl\n",
                    n + 1
                ))
            ))),
            "sendmail.mc:",
        ),
        (
            "sendmail.mc",
            mc("define(`l',`ifelse($1,0,,`l(decr($1))l(decr($1))')')l(100)"),
            "sendmail.mc:2",
        ),
        (
            "sendmail.mc",
            mc("define(`l',`$#$@l(shift($@),$@,$@)')l(1,2,3)"),
            "sendmail.mc:2",
        ),
        (
            "sendmail.mc",
            mc("format(`%9999999999d',1)format(`%*d',999999999,1)"),
            "sendmail.mc:",
        ),
        (
            "sendmail.mc",
            mc(&format!("regexp(`{}',`\\(a*a*\\)*b')", "a".repeat(50_000))),
            "sendmail.mc:",
        ),
        ("sendmail.mc", mc(&(open("`") + &open("'"))), "sendmail.mc:"),
        (
            "sendmail.mc",
            mc(&format!("define(`confX',{}{})", open("ifelse("), open(")"))),
            "sendmail.mc:",
        ),
        (
            "sendmail.mc",
            mc(&format!(
                "define(`confX',eval({}1{}))",
                open("("),
                open(")")
            )),
            "sendmail.mc:",
        ),
        // Exim: macros, conditions, ACLs and lists that call each other twice.
        (
            "exim.conf",
            "AA=BB\nBB=AA AA\nprimary_hostname = AA\n".into(),
            "exim.conf:",
        ),
        (
            "exim.conf",
            format!(
                "ZA=x\n{}primary_hostname = ZY\n",
                lines(24, &|n| {
                    let [this, last] =
                        [n + 1, n].map(|n| char::from(b'A' + u8::try_from(n).unwrap()));
                    format!("Z{this}=Z{last}Z{last}\n")
                })
            ),
            "exim.conf:",
        ),
        (
            "exim.conf",
            format!("primary_hostname = {}\n", open("${if{")),
            "exim.conf:1",
        ),
        (
            "exim.conf",
            format!(
                "{head}begin acl\na0:\n accept condition = {}{{true}}{}\n",
                open("${if and{"),
                open("}")
            ),
            "exim.conf:",
        ),
        (
            "exim.conf",
            format!(
                "{head}begin acl\n{}a60:\n accept hosts = 192.0.2.1\n",
                lines(60, &|n| {
                    let next = n + 1;
                    format!(
                        "a{n}:\n accept acl = a{next}\n accept acl = a{next}\n deny !acl = a{next}\n"
                    )
                })
            ),
            "exim.conf:",
        ),
        (
            "exim.conf",
            format!(
                "{}hostlist l30 = 192.0.2.1\n{head}begin acl\na0:\n accept hosts = +l0\n",
                lines(30, &|n| {
                    format!(
                        "hostlist l{n} = {}!+l{next}\n",
                        format!("+l{next} : ", next = n + 1).repeat(9),
                        next = n + 1
                    )
                })
            ),
            "exim.conf:",
        ),
        // Postfix: references, classes and brackets.
        (
            "main.cf",
            format!(
                "{}a60 = xx\nmyhostname = $a0\n",
                lines(60, &|n| format!("a{n} = $a{next}$a{next}\n", next = n + 1))
            ),
            "grows without end",
        ),
        (
            "main.cf",
            format!(
                "smtpd_restriction_classes = {}\n{}c40 = reject_unknown_client_hostname\nsmtpd_recipient_restrictions = c0, reject\n",
                lines(41, &|n| format!("c{n} ")),
                lines(40, &|n| format!(
                    "c{n} = check_client_access hash:x, c{next}, c{next}\n",
                    next = n + 1
                ))
            ),
            "too often to be followed",
        ),
        (
            "main.cf",
            format!("myhostname = {}\n", open("${a?{")),
            "unreasonable macro call nesting",
        ),
        (
            "main.cf",
            format!("mynetworks = {}x{}\n", open("${a:{"), open("}}")),
            "unreasonable macro call nesting",
        ),
        (
            "main.cf",
            format!(
                "smtpd_recipient_restrictions = {}{}\n",
                open("{"),
                open("}")
            ),
            "main.cf:1",
        ),
        // YAML: aliases, and nesting of each kind.
        (
            "smtpconf.yaml",
            format!(
                "a: &a [x, x]\n{}",
                lines(24, &|n| {
                    let [this, last] =
                        [n + 1, n].map(|n| char::from(b'a' + u8::try_from(n).unwrap()));
                    format!("{this}: &{this} [*{last}, *{last}]\n")
                })
            ),
            "smtpconf.yaml:1",
        ),
        (
            "smtpconf.yaml",
            format!("domains: {}\n", open("[")),
            "smtpconf.yaml:1",
        ),
        (
            "smtpconf.yaml",
            format!("{}x{}\n", open("{a: "), open("}")),
            "smtpconf.yaml:1",
        ),
        ("smtpconf.yaml", open("- "), "smtpconf.yaml:1"),
        ("smtpconf.yaml", open("? "), "smtpconf.yaml:1"),
    ]
}

#[test]
fn texts_that_grow_without_end_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (deep, seconds) = if is_large() {
        (1_000_000, 60)
    } else {
        (20_000, 20)
    };
    for (file, text, words) in bombs(deep) {
        write(at, file, &text);
        write(at, "master.cf", MASTER);
        let front: String = text.chars().take(60).collect();
        for command in ["lint", "show"] {
            if command == "show" && file == "smtpconf.yaml" {
                continue;
            }
            let more: &[&str] = if command == "lint" {
                &["--format", "concise"]
            } else {
                &[]
            };
            let (code, said) = bounded(at, &[&[command, file], more].concat(), seconds, 4096);
            let short: String = said.chars().take(500).collect();
            assert!(code < 2, "{command} {front:?}: {code} {short}");
            assert!(
                command == "show" || said.contains(words),
                "{front:?}: {short}"
            );
        }
        fs::remove_file(at.join(file)).unwrap();
    }
}

#[test]
fn regular_expressions_take_no_time_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let size = if is_large() { 10 << 20 } else { 300 << 10 };
    write(
        at,
        "main.cf",
        "compatibility_level = 3.6\nmyhostname = mail.example.com\nmydestination = example.com\n\
        mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions =\n\
        smtpd_recipient_restrictions = check_recipient_access pcre:$config_directory/table, \
        check_recipient_access regexp:$config_directory/table, reject_unauth_destination\n",
    );
    write(at, "master.cf", MASTER);
    for expression in [
        "^(a+)+$".to_owned(),
        "(x+x+)+y".to_owned(),
        "^(.*)*@(.*)*!$".to_owned(),
        "(?=(.+)+!)x".to_owned(),
        "((a{1000}){1000}){1000}".to_owned(),
        format!("{}x{{5000}}", "(x?)".repeat(5000)),
        "a|".repeat(size / 2) + "b",
        "[a-z]".repeat(size / 5),
        "(".repeat(size / 2) + &")".repeat(size / 2),
    ] {
        write(at, "table", format!("/{expression}/ OK\n"));
        let (code, said) = bounded(at, &["lint", "--format", "concise", "main.cf"], 60, 2048);
        let front: String = expression.chars().take(30).collect();
        // What is not run is not held to be closed.
        let is_open = said.contains("open-relay") || said.contains("relay-too-wide");
        let is_doubted =
            said.contains("table:1:1: note[relay-not-shown-closed]") || front.starts_with("((a{");
        assert!(
            code < 2 && (is_open || is_doubted),
            "{front}: {code} {said}"
        );
    }
    let expressions = format!(
        " accept senders = ^((a+)+)+$\n accept domains = ^((a{{1000}}){{1000}}){{1000}}\n accept hosts = ^{}\n",
        "a|".repeat(size / 2)
    );
    write(
        at,
        "exim.conf",
        format!("acl_smtp_rcpt = a\nbegin acl\na:\n{expressions}"),
    );
    let (code, said) = bounded(at, &["lint", "--format", "concise", "exim.conf"], 60, 2048);
    assert!(code < 2, "{code} {said}");
}
