//! Whatever a configuration holds, reading it comes to an end: soon, within bounds of memory, and with
//! words that say what could not be read and where.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::program::{PROGRAM, bounded, is_large};

/// A service that answers on port 25.
pub const MASTER: &str = "smtp inet n - y - - smtpd\n";

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
                "--client",
                "192.0.2.1",
                "--from",
                "b@example.com",
                "--to",
                "a@example.com",
            ],
            &["diff", "main.cf", name],
            &["generate", name, "--target", "postfix"],
            &["baseline", "main.cf", "--output", name],
            &["init", "--from", name, "--force"],
        ];
        for command in commands {
            // A link that leads nowhere is replaced.
            if (command[0], name) == ("baseline", "back") {
                continue;
            }
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
    write(at, "master.cf", MASTER);
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
            format!("compatibility_level = 3.6\nmynetworks = {path}\n"),
        );
        for (file, line) in [("exim.conf", 2), ("sendmail.mc", 2), ("main.cf", 2)] {
            let (code, said) = bounded(at, &["show", "--host", file], 10, 1024);
            // A link to a device leads out of what is read, which is told where it counts.
            let is_told = |told: &str| {
                let is_there = told.starts_with(&format!("{file}:{line}"));
                told.contains(name) && (is_there || name == "zero")
            };
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
        assert!(code < 2 && said.contains(words), "{file}: {code} {said}");
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
        "compatibility_level = 3.6\nmydestination = texthash:$config_directory/table, $config_directory/large\n",
    );
    for (file, line) in [("exim.conf", 2), ("main.cf", 2)] {
        let (code, said) = bounded(at, &["lint", "--format", "concise", file], 10, 1024);
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
        fs::set_permissions(at.join(name), fs::Permissions::from_mode(mode)).unwrap();
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
        let long = Duration::from_secs(if is_large() { 60 } else { 1 });
        while start.elapsed() < long || (codes[2] == 0 && start.elapsed() < 20 * long) {
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
        for _ in 0..if is_large() { 1_000 } else { 15 } {
            let (code, said) = bounded(at, &["lint", "--format", "concise", "."], 10, 2048);
            // A file that was found and is gone is told.
            assert!(code == 1 || said.contains("No such file"), "{code} {said}");
            assert!(said.contains("main.cf:1"), "{code} {said}");
        }
    });
}
