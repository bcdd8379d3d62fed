//! Whatever a configuration holds, reading it comes to an end: soon, within bounds of memory, and with
//! words that say what could not be read and where. `SMTPCONF_HOSTILE=1` makes all of it as large as
//! may be, which takes minutes.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::program::{PROGRAM, bounded, is_large};

const MASTER: &str = "smtp inet n - y - - smtpd\n";

/// Writes a file, and the folders above it.
pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Makes a FIFO.
pub fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// A file of this many mebibytes that takes no room.
fn sparse(path: &Path, mebibytes: u64) {
    File::create(path)
        .unwrap()
        .set_len(mebibytes << 20)
        .unwrap();
}

/// A folder with everything that is no file.
fn no_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fifo(&at("fifo"));
    UnixListener::bind(at("socket")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink("/dev/zero", at("zero")).unwrap();
    symlink("there", at("back")).unwrap();
    symlink("back", at("there")).unwrap();
    folder
}

const NO_FILES: [&str; 5] = ["fifo", "socket", "folder", "zero", "back"];

#[test]
fn what_is_no_file_is_refused_wherever_a_file_is_named() {
    let folder = no_files();
    let at = folder.path();
    write(
        at,
        "smtpconf.yaml",
        "hostname: mail.example.com\nports: [25]\n",
    );
    write(at, "main.cf", "compatibility_level = 3.6\n");
    write(at, "master.cf", MASTER);
    for name in NO_FILES {
        let commands: &[&[&str]] = &[
            &["lint", "--as", "postfix-main", name],
            &["lint", "main.cf", "--against", name],
            &["lint", "main.cf", "--baseline", name],
            &["show", "--as", "exim-conf", name],
            &["parse", "--as", "sendmail-mc", name],
            &["import", "--as", "postfix-main", name],
            &[
                "trace",
                "--as",
                "postfix-main",
                name,
                "--to",
                "a@example.com",
            ],
            &["diff", "main.cf", name],
            &["generate", name, "--target", "postfix"],
            &["baseline", "main.cf", "--output", name],
            &["init", "--from", name, "--force"],
        ];
        for command in commands {
            let (code, said) = bounded(at, command, 10, 1024);
            assert!(
                code == 2 && said.contains(name),
                "{command:?}: {code} {said}"
            );
            assert_eq!(said.lines().count(), 1, "{command:?}: {said}");
        }
    }
    // Writing to a FIFO waits for its reader, as with any program.
    for name in ["socket", "folder"] {
        let (code, said) = bounded(at, &["lint", "main.cf", "--output", name], 10, 1024);
        assert!(code == 2 && said.contains(name), "{name}: {code} {said}");
    }
    for name in ["fifo", "socket", "zero", "back", "main.cf"] {
        let generate = ["generate", ".", "--target", "exim", "--out", name];
        let generate = ["smtpconf.yaml"]
            .iter()
            .fold(generate.to_vec(), |mut all, path| {
                all[1] = path;
                all
            });
        let (code, said) = bounded(at, &generate, 10, 1024);
        assert!(code == 2 && said.contains(name), "{name}: {code} {said}");
    }
}

#[test]
fn what_a_file_names_and_is_none_is_told_at_that_place() {
    let folder = no_files();
    let at = folder.path();
    for name in NO_FILES {
        let path = at.join(name).display().to_string();
        write(
            at,
            "exim.conf",
            format!("primary_hostname = a.example\n.include {path}\n"),
        );
        write(
            at,
            "sendmail.mc",
            format!("OSTYPE(`linux')dnl\ninclude(`{path}')dnl\nMAILER(`smtp')dnl\n"),
        );
        write(
            at,
            "main.cf",
            format!("myhostname = a.example\nmynetworks = {path}\n"),
        );
        for (file, line) in [("exim.conf", 2), ("sendmail.mc", 2), ("main.cf", 2)] {
            let (code, said) = bounded(at, &["show", "--host", file], 10, 1024);
            let is_told =
                |told: &str| told.starts_with(&format!("{file}:{line}")) && told.contains(name);
            // A folder of Postfix's networks is a file that holds none.
            assert!(code == 0, "{file} {name}: {code} {said}");
            let (code, lint) = bounded(
                at,
                &["lint", "--host", "--format", "concise", file],
                10,
                1024,
            );
            assert!(code < 2, "{file} {name}: {code} {lint}");
            assert!(
                said.lines().chain(lint.lines()).any(is_told),
                "{file} {name}: {said}{lint}"
            );
        }
    }
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    symlink(".", at.join("again")).unwrap();
    write(
        at,
        "exim.conf",
        "primary_hostname = a.example\n.include a.conf\n.include_if_exists again/again/exim.conf\n",
    );
    write(at, "a.conf", "smtp_accept_max = 3\n.include b.conf\n");
    write(at, "b.conf", ".include a.conf\n.include again/b.conf\n");
    write(
        at,
        "sendmail.mc",
        "OSTYPE(`linux')dnl\ninclude(`a.m4')sinclude(`again/sendmail.mc')\nMAILER(`smtp')dnl\n",
    );
    write(at, "a.m4", "include(`b.m4')");
    write(at, "b.m4", "sinclude(`a.m4')include(`again/b.m4')");
    write(
        at,
        "main.cf",
        "myhostname = $mydomain\nmydomain = $myhostname\nmynetworks = $config_directory/networks\n\
        mydestination = $config_directory/again/networks\nsmtpd_restriction_classes = one, two\none = two\ntwo = one\n\
        smtpd_recipient_restrictions = one, reject\n",
    );
    write(
        at,
        "networks",
        "networks, again/networks, $config_directory/networks\n/etc/postfix/networks\n",
    );
    write(at, "master.cf", MASTER);
    for (file, words) in [
        ("exim.conf", "error["),
        ("sendmail.mc", "sendmail.mc:2"),
        ("main.cf", "main.cf:1"),
    ] {
        let (code, said) = bounded(at, &["lint", "--format", "concise", file], 20, 2048);
        assert!(code == 1 && said.contains(words), "{file}: {code} {said}");
        let (code, _) = bounded(at, &["show", file], 20, 2048);
        assert_eq!(code, 0, "{file}");
    }
}

#[test]
fn what_is_beyond_the_bounds_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sparse(&at.join("large"), 65);
    sparse(&at.join("table"), 1 << 10);
    for command in [
        &["lint", "--as", "postfix-main", "large"][..],
        &["generate", "large", "--target", "exim"],
        &["lint", "--baseline", "large", "large"],
    ] {
        let (code, said) = bounded(at, command, 10, 1024);
        assert!(
            code == 2 && said.contains("large: larger than 64 MiB"),
            "{code} {said}"
        );
    }
    write(
        at,
        "exim.conf",
        "primary_hostname = a.example\n.include large\n",
    );
    write(
        at,
        "main.cf",
        "mydestination = texthash:$config_directory/table, $config_directory/large\n",
    );
    for (file, line) in [("exim.conf", 2), ("main.cf", 1)] {
        let (code, said) = bounded(
            at,
            &["lint", "--format", "concise", "--host", file],
            10,
            1024,
        );
        let is_told = |told: &str| {
            told.starts_with(&format!("{file}:{line}:")) && told.contains("larger than 64 MiB")
        };
        assert!(
            code < 2 && said.lines().any(is_told),
            "{file}: {code} {said}"
        );
    }
    for command in ["lint", "parse", "generate"] {
        let script =
            format!("ulimit -v 1048576; exec timeout 20 {PROGRAM} {command} - < /dev/zero");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let told = "smtpconf: standard input: larger than 64 MiB\n";
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(2), told),
            "{command}"
        );
    }
}

#[test]
fn what_is_ignored_is_read_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in [
        "a/main.cf",
        "b/main.cf",
        "c/main.cf",
        "d/main.cf",
        "e/kept/main.cf",
        "e/main.cf",
    ] {
        write(at, name, "myhostname = a\n");
    }
    symlink("/dev/zero", at.join("a/.gitignore")).unwrap();
    fifo(&at.join("b/.gitignore"));
    sparse(&at.join("c/.gitignore"), 1 << 10);
    write(at, ".gitignore", "d/\n*.cf\n!main.cf\n");
    write(at, "e/.gitignore", "/main.cf\n");
    let (code, said) = bounded(at, &["lint", "--format", "concise", "."], 10, 1024);
    assert_eq!(code, 1, "{said}");
    for (name, is_read) in [
        ("a/main.cf", true),
        ("b/main.cf", true),
        ("c/main.cf", true),
        ("d/main.cf", false),
        ("e/main.cf", false),
        ("e/kept/main.cf", true),
    ] {
        let is_there = said.lines().any(|line| {
            line.starts_with(&format!("{name}:")) || line.starts_with(&format!("./{name}:"))
        });
        assert_eq!(is_there, is_read, "{name}: {said}");
    }
    // Of a repository, what its folders say holds below them, and nothing above it.
    fs::create_dir(at.join("e/.git")).unwrap();
    write(at, ".gitignore", "*\n");
    let (_, said) = bounded(
        &at.join("e/kept"),
        &["lint", "--format", "concise", "."],
        10,
        1024,
    );
    assert!(said.contains("main.cf:1"), "{said}");
    write(at, "e/.git/info/exclude", "kept\n");
    let (code, _) = bounded(&at.join("e"), &["lint", "."], 10, 1024);
    assert_eq!(code, 2);
}

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
        let is_open = said.contains("open-relay");
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

/// Somebody who is not root; none where we are not root ourselves, and need nobody else.
pub fn nobody() -> Option<u32> {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    is_root.then_some(65534)
}

#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let chmod = |name: &str, mode| {
        fs::set_permissions(at.join(name), fs::Permissions::from_mode(mode)).unwrap()
    };
    let lint = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .arg("lint")
            .args(["--format", "concise"])
            .args(arguments)
            .current_dir(at)
            .stdin(Stdio::null());
        if let Some(nobody) = nobody() {
            command.uid(nobody).gid(nobody);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), said)
    };
    chmod("", 0o755);
    write(at, "main.cf", "myhostname = a\n");
    write(at, "closed/main.cf", "myhostname = a\n");
    write(
        at,
        "open/exim.conf",
        "primary_hostname = a.example\n.include secret\n",
    );
    write(at, "open/secret", "smtp_accept_max = 3\n");
    chmod("main.cf", 0o000);
    chmod("closed", 0o000);
    chmod("open/secret", 0o000);
    let (code, said) = lint(&["main.cf"]);
    assert_eq!(
        (code, said.as_str()),
        (2, "smtpconf: main.cf: Permission denied (os error 13)\n")
    );
    let (code, said) = lint(&["open/exim.conf"]);
    let is_told =
        |line: &str| line.starts_with("open/exim.conf:2:") && line.contains("Permission denied");
    assert!(code < 2 && said.lines().any(is_told), "{code} {said}");
    // A gate does not pass over what it could not look into.
    let (code, said) = lint(&["."]);
    assert_eq!(code, 2, "{said}");
    for words in [
        "./closed: Permission denied",
        "./main.cf: Permission denied",
        "./open/exim.conf:2:",
    ] {
        assert!(
            said.contains(words) || said.contains(&words[2..]),
            "{words}: {said}"
        );
    }
    chmod("closed", 0o755);
}

/// Runs `change` over and over in a thread while `meanwhile` runs.
fn during(change: impl Fn() + Sync, meanwhile: impl FnOnce()) {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                change();
            }
        });
        let _stop = Stop(&is_done);
        meanwhile();
    });
}

#[test]
fn files_that_change_while_they_are_read_make_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let long = "myhostname = mail.example.com\n# words\n".repeat(2_000);
    write(at, "master.cf", MASTER);
    write(at, "main.cf", &long);
    let path = at.join("main.cf");
    let change = || {
        fs::write(&path, &long).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(17)
            .unwrap();
        let (pipe, other) = (at.join("pipe"), at.join("other"));
        fifo(&pipe);
        fs::rename(&pipe, &path).unwrap();
        symlink("/dev/zero", &other).unwrap();
        fs::rename(&other, &path).unwrap();
        fs::remove_file(&path).unwrap();
    };
    during(change, || {
        let start = Instant::now();
        let mut codes = [0; 3];
        while start.elapsed() < Duration::from_secs(if is_large() { 60 } else { 2 }) {
            let (code, said) = bounded(at, &["lint", "--format", "concise", "main.cf"], 10, 1024);
            let code = usize::try_from(code).unwrap();
            assert!(code < 3 && !said.contains("panicked"), "{code} {said}");
            codes[code] += 1;
        }
        assert!(codes[2] > 0, "nothing was in the way: {codes:?}");
    });
}

#[test]
fn folders_that_go_away_while_they_are_walked_make_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "main.cf", "myhostname = a\n");
    let change = || {
        for name in ["a/b/c", "a/d/c", "a/e"] {
            write(
                at,
                &format!("{name}/exim.conf"),
                "primary_hostname = a.example\n",
            );
        }
        fs::remove_dir_all(at.join("a")).unwrap();
    };
    during(change, || {
        for _ in 0..if is_large() { 1_000 } else { 30 } {
            let (code, said) = bounded(at, &["lint", "--format", "concise", "."], 10, 2048);
            // A file that was found and is gone is told.
            assert!(code == 1 || said.contains("No such file"), "{code} {said}");
            assert!(said.contains("main.cf:1"), "{code} {said}");
        }
    });
}

/// What no terminal may get: escapes, controls, and what turns text round or hides it; and what stands
/// in for a line that the program did not write.
fn is_harmless(command: &[&str], said: &[u8], is_coloured: bool) {
    let text = String::from_utf8_lossy(said);
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
    write(
        &at,
        &format!("{}main.cf", bad.replace('\n', "\n")),
        "mynetworks = 0.0.0.0/0\n",
    );
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
            vec!["trace", file, "--to", "a@example.com"],
            vec![
                "trace", file, "--from", &inner, "--helo", &inner, "--to", &inner,
            ],
            vec!["diff", "target.yaml", file],
            vec!["diff", "--json", "target.yaml", file],
            vec!["init", "--from", file, "made"],
        ]);
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
            "--out",
            ".",
        ],
        vec![
            "generate",
            "target.yaml",
            "--target",
            "postfix",
            "--out",
            ".",
            "--check",
        ],
        vec![
            "generate",
            "target.yaml",
            "--target",
            "postfix",
            "--out",
            ".",
            "--diff",
        ],
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
