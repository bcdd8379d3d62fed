//! Whatever happens while files are written, each is whole: the old one or the new one. Nothing else
//! is written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::hostile::{fifo, nobody, write};
use crate::program::{PROGRAM, has, run};

type Files = BTreeMap<String, Vec<u8>>;

/// The files below a folder by their paths, but for temporary ones.
pub fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(inner) = left.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                left.push(path);
            } else if !name.contains(".smtpconf-") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// How many temporary files lie below a folder.
pub fn temporary(folder: &Path) -> usize {
    let mut find = Command::new("find");
    find.arg(folder).args(["-name", ".smtpconf-*"]);
    let listed = find.output().unwrap().stdout;
    String::from_utf8(listed).unwrap().lines().count()
}

/// Two descriptions in a folder, and the files of all servers that each of them gives.
pub struct Two {
    folder: tempfile::TempDir,
    /// By description.
    pub whole: [Files; 2],
}

pub const NAMES: [&str; 2] = ["a.yaml", "b.yaml"];

impl Two {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        let whole = NAMES.map(|name| {
            let host = &name[..1];
            write(
                at,
                name,
                format!(
                    "hostname: {host}.example.com\ndomains: [{host}.example.com]\nports: [25]\n"
                ),
            );
            let out = format!("whole-{host}");
            let (code, _, err) = run(at, &Self::generate(name, &out));
            assert_eq!(code, 0, "{err}");
            files(&at.join(out))
        });
        assert!(whole[0].len() > 4 && whole[0].keys().eq(whole[1].keys()));
        Self { folder, whole }
    }

    pub fn at(&self) -> &Path {
        self.folder.path()
    }

    pub fn generate<'a>(name: &'a str, out: &'a str) -> [&'a str; 7] {
        ["generate", name, "--target", "all", "--force", "--out", out]
    }

    /// Fails unless each file of the folder is a whole one of the two; how many are of the second.
    pub fn is_whole(&self, out: &str) -> usize {
        let found = files(&self.at().join(out));
        let is_of =
            |which: usize, name: &String, text: &Vec<u8>| self.whole[which].get(name) == Some(text);
        for (name, text) in &found {
            assert!(
                is_of(0, name, text) || is_of(1, name, text),
                "{name} is of neither"
            );
        }
        found
            .iter()
            .filter(|(name, text)| !is_of(0, name, text))
            .count()
    }
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

pub fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr].concat()).unwrap()
}

/// The commands that write, for the second of two descriptions.
pub fn writers() -> Vec<Vec<&'static str>> {
    vec![
        Two::generate("b.yaml", "out").to_vec(),
        vec!["lint", "--output", "report", "main.cf"],
        vec!["lint", "--unsafe-fixes", "main.cf"],
        vec!["baseline", "main.cf", "--output", "new.json"],
        vec!["init", "--force", "--hostname", "mail.example.com"],
    ]
}

pub const FAULTY: &str = "smtpd_tls_auth_only = true\n";

/// The folder with what the writers would replace.
pub fn with_targets() -> Two {
    let two = Two::new();
    assert_eq!(run(two.at(), &Two::generate("a.yaml", "out")).0, 0);
    for (name, text) in [
        ("report", "old\n"),
        ("main.cf", FAULTY),
        ("smtpconf.yaml", "hostname: a.example\n"),
    ] {
        write(two.at(), name, text);
    }
    assert_eq!(run(two.at(), &["baseline", "main.cf"]).0, 0);
    two
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let two = with_targets();
    let at = two.at();
    let before = files(at);
    for writer in writers() {
        // What goes beyond the limit ends with a signal, or where that is ignored with an error.
        let done = Command::new("sh")
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f 0; exec \"$@\"",
                "sh",
                PROGRAM,
            ])
            .args(&writer)
            .current_dir(at)
            .output()
            .unwrap();
        let said = said(&done);
        assert_eq!(done.status.code(), Some(2), "{writer:?}: {said}");
        assert!(said.contains("File too large"), "{writer:?}: {said}");
        assert!(files(at) == before, "{writer:?}");
        assert_eq!(temporary(at), 0, "{writer:?}");
    }
    let printers: [&[&str]; 9] = [
        &["lint", "main.cf"],
        &["lint", "--unsafe-fixes", "--diff", "main.cf"],
        &["lint", "main.cf", "--output", "/dev/full"],
        &["show", "main.cf"],
        &["parse", "main.cf"],
        &["generate", "a.yaml", "--target", "exim"],
        &["rules"],
        &["man"],
        &["--help"],
    ];
    for printer in printers {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let done = command(at, printer).stdout(full).output().unwrap();
        let said = said(&done);
        assert_eq!(done.status.code(), Some(2), "{printer:?}: {said}");
        assert!(
            said.contains("No space left on device"),
            "{printer:?}: {said}"
        );
        // Where nothing can be said, the exit code has to do.
        let full = || fs::File::options().write(true).open("/dev/full").unwrap();
        let done = command(at, printer)
            .stdout(full())
            .stderr(full())
            .status()
            .unwrap();
        assert_eq!(done.code(), Some(2), "{printer:?}");
    }
    let sandbox = ["-rm", "sh", "-c", "mount -t tmpfs none /mnt"];
    if !has("unshare", &sandbox, "a disk without space") {
        return;
    }
    let script = "mount -t tmpfs -o size=200k none full && cp -r out full/ && \
        { cat /dev/zero > full/filler 2> /dev/null || true; } && \
        { \"$@\"; code=$?; } && diff -r out full/out && exit $code";
    fs::create_dir(at.join("full")).unwrap();
    let done = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh", PROGRAM])
        .args(Two::generate("b.yaml", "full/out"))
        .current_dir(at)
        .output()
        .unwrap();
    let said = said(&done);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let two = with_targets();
    let commands: [&[&str]; 8] = [
        &["lint", "main.cf"],
        &["lint", "--format", "sarif", "main.cf"],
        &["show", "--all", "main.cf"],
        &["parse", "main.cf"],
        &["generate", "a.yaml", "--target", "all"],
        &["explain", "open-relay"],
        &["schema"],
        &["--help"],
    ];
    for arguments in commands {
        let mut child = command(two.at(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        let said = said(&done);
        assert!(
            done.status.code().is_some_and(|code| code < 2),
            "{arguments:?}: {done:?}"
        );
        assert!(
            !said.contains("panicked") && !said.contains("pipe"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn where_nothing_may_be_written_nothing_is() {
    let two = with_targets();
    let at = two.at();
    let before = files(at);
    let close = |mode| {
        for folder in ["out/postfix", "out/exim", "out/sendmail", "out", ""] {
            fs::set_permissions(at.join(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    close(0o555);
    for writer in writers() {
        let mut writing = command(at, &writer);
        if let Some(nobody) = nobody() {
            writing.uid(nobody).gid(nobody);
        }
        let done = writing.output().unwrap();
        let said = said(&done);
        assert_eq!(done.status.code(), Some(2), "{writer:?}: {said}");
        assert!(said.contains("Permission denied"), "{writer:?}: {said}");
    }
    close(0o755);
    assert!(files(at) == before);
}

#[test]
fn only_regular_files_are_replaced() {
    let two = Two::new();
    let at = two.at();
    let out = at.join("out");
    let path = out.join("postfix/main.cf");
    let generate = || run(at, &Two::generate("b.yaml", "out"));
    let start = || {
        let _ = fs::remove_dir_all(&out);
        assert_eq!(run(at, &Two::generate("a.yaml", "out")).0, 0);
    };
    let makers: [(&str, &dyn Fn()); 2] = [
        ("a folder", &|| fs::create_dir(&path).unwrap()),
        ("a FIFO", &|| fifo(&path)),
    ];
    for (what, make) in makers {
        start();
        fs::remove_file(&path).unwrap();
        make();
        let (code, _, err) = generate();
        assert!(
            code == 2 && err.contains("postfix/main.cf: not a regular file"),
            "{what}: {err}"
        );
        assert!(
            fs::symlink_metadata(&path).is_ok_and(|about| !about.is_file()),
            "{what}"
        );
        let _ = fs::remove_dir(&path);
        let _ = fs::remove_file(&path);
        assert_eq!(two.is_whole("out"), 0, "{what}");
    }
    // Another name of the file keeps the old text; mode and owner stay.
    start();
    fs::hard_link(&path, at.join("other")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    if let Some(nobody) = nobody() {
        std::os::unix::fs::chown(&path, Some(nobody), Some(nobody)).unwrap();
    }
    let old = fs::metadata(&path).unwrap();
    assert_eq!(generate().0, 0);
    let new = fs::metadata(&path).unwrap();
    assert_eq!(
        (old.mode(), old.uid(), old.gid()),
        (new.mode(), new.uid(), new.gid())
    );
    assert_eq!(
        fs::read(at.join("other")).unwrap(),
        two.whole[0]["postfix/main.cf"]
    );
    assert_eq!(two.is_whole("out"), two.whole[1].len());
    // A link is replaced, and what it leads to stays: `git` and others may have put it there.
    start();
    let outside = at.join("outside");
    fs::write(&outside, "mine").unwrap();
    fs::remove_file(&path).unwrap();
    symlink(&outside, &path).unwrap();
    let (code, _, err) = run(
        at,
        &["generate", "b.yaml", "--target", "all", "--out", "out"],
    );
    assert!(code == 2 && err.contains("out/postfix/main.cf"), "{err}");
    assert_eq!(generate().0, 0);
    assert!(!path.is_symlink());
    assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
    // No link leads out of the folder, whether it is there already or not.
    for name in ["elsewhere", "nowhere"] {
        start();
        let elsewhere = at.join(name);
        if name == "elsewhere" {
            fs::create_dir(&elsewhere).unwrap();
        }
        fs::remove_dir_all(out.join("exim")).unwrap();
        symlink(&elsewhere, out.join("exim")).unwrap();
        let (code, _, err) = generate();
        assert!(code == 2 && err.contains("out/exim"), "{err}");
        assert!(!elsewhere.join("exim.conf").exists());
        fs::remove_file(out.join("exim")).unwrap();
        assert_eq!(two.is_whole("out"), 0);
    }
    // A folder within is as good as any.
    start();
    fs::rename(out.join("exim"), out.join("real")).unwrap();
    symlink("real", out.join("exim")).unwrap();
    assert_eq!(generate().0, 0);
    assert_eq!(
        files(&out.join("real"))["exim.conf"],
        two.whole[1]["exim/exim.conf"]
    );
}

#[test]
fn a_report_goes_where_standard_output_goes() {
    let two = with_targets();
    let log = two.at().join("log");
    let script = "echo before > log; \"$@\" >> log; echo after >> log; ls -l /dev/stdout >> log";
    let lint = [
        "lint",
        "main.cf",
        "--format",
        "concise",
        "--output",
        "/dev/stdout",
    ];
    let done = Command::new("sh")
        .args(["-c", script, "sh", PROGRAM])
        .args(lint)
        .current_dir(two.at())
        .output()
        .unwrap();
    assert!(done.status.success());
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "before", "{text}");
    assert!(lines[1].starts_with("main.cf:1:"), "{text}");
    assert!(
        lines[lines.len() - 1].contains("/dev/stdout -> "),
        "it is a link still: {text}"
    );
}
