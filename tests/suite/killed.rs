//! Writers that are killed, or write side by side: each file is whole at any moment, the old one or the
//! new one. `SMTPCONF_HOSTILE=1` tries longer.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use fastrand::Rng;

use crate::hostile::write;
use crate::program::{PROGRAM, has, is_large, run};
use crate::writing::{FAULTY, NAMES, Two, command, files, said, temporary, with_targets, writers};

/// What takes a file's place: how it is called depends on the machine.
const RENAME: &str = "?rename,?renameat,?renameat2";

#[test]
fn a_writer_that_is_killed_leaves_whole_files() {
    let two = Two::new();
    let at = two.at();
    assert_eq!(run(at, &Two::generate("a.yaml", "out")).0, 0);
    let mut random = Rng::with_seed(1);
    let mut killed = 0;
    for round in 0..if is_large() { 2_000 } else { 15 } {
        let mut writer = command(at, &Two::generate(NAMES[(round + 1) % 2], "out"));
        let mut child = writer
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(random.u64(0..120_000)));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        two.is_whole("out");
    }
    assert!(killed > 0);
    // What lies about is no configuration, here or where Exim's parts are listed.
    for name in ["out/postfix", "out/exim", "out", "conf.d/main"] {
        write(
            at,
            &format!("{name}/.smtpconf-a1b2c3"),
            "mynetworks = 0.0.0.0/0\nsmtp_accept_max = 77\n",
        );
    }
    write(
        at,
        "update-exim4.conf.conf",
        "dc_eximconfig_configtype='internet'\ndc_use_split_config='true'\n",
    );
    write(at, "conf.d/main/01_a", "primary_hostname = a.example\n");
    for command in [
        &["lint", "--format", "concise", "out"][..],
        &["show", "update-exim4.conf.conf"],
    ] {
        let (_, out, err) = run(at, command);
        assert!(
            !out.is_empty() && !out.contains(".smtpconf-") && !out.contains("77"),
            "{out}{err}"
        );
    }
    assert_eq!(run(at, &Two::generate("a.yaml", "out")).0, 0);
    assert_eq!(two.is_whole("out"), 0);
}

#[test]
fn a_writer_is_killed_at_each_step() {
    if !has(
        "strace",
        &["-qq", "true"],
        "a writer that is killed at each of its steps",
    ) {
        return;
    }
    let two = Two::new();
    let at = two.at();
    for (call, times) in [("write", 2..4), ("fsync", 1..4), (RENAME, 1..6)] {
        for when in times {
            assert_eq!(run(at, &Two::generate("a.yaml", "out")).0, 0);
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let done = Command::new("strace")
                .args(["-qq", "-o", "/dev/null", "-e", &inject, PROGRAM])
                .args(Two::generate("b.yaml", "out"))
                .current_dir(at)
                .output()
                .unwrap();
            assert!(!done.status.success(), "{inject}: {done:?}");
            // Nothing takes its place before all is on the disk, and then one after the other.
            let new = two.is_whole("out");
            let renamed = if call == RENAME { when - 1 } else { 0 };
            assert_eq!(new, renamed, "{inject}");
        }
    }
    // A disk that fails is told.
    for call in ["fsync", RENAME] {
        assert_eq!(run(at, &Two::generate("a.yaml", "out")).0, 0);
        fs::remove_dir_all(at.join("out/sendmail")).unwrap();
        let inject = format!("inject={call}:error=EIO");
        let done = Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "-e", &inject, PROGRAM])
            .args(Two::generate("b.yaml", "out"))
            .current_dir(at)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert!(
            said(&done).contains("Input/output error"),
            "{}",
            said(&done)
        );
        assert_eq!(two.is_whole("out"), 0);
    }
}

#[test]
fn all_is_on_the_disk_before_anything_takes_its_place() {
    if !has(
        "strace",
        &["-qq", "true"],
        "the order in which files are written",
    ) {
        return;
    }
    let two = with_targets();
    let at = two.at();
    let log = at.join("log");
    for writer in writers() {
        let done = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-e",
                "trace=openat,write,fsync,rename,renameat,renameat2",
                "-o",
            ])
            .arg(&log)
            .arg(PROGRAM)
            .args(&writer)
            .current_dir(at)
            .output()
            .unwrap();
        assert!(
            done.status.code().is_some_and(|code| code < 2),
            "{}",
            said(&done)
        );
        let text = fs::read_to_string(&log).unwrap();
        let calls: Vec<&str> = text
            .lines()
            .map(|line| line.split_once(' ').unwrap().1.trim_start())
            .collect();
        let places = |start: &str| -> Vec<usize> {
            (0..calls.len())
                .filter(|&at| calls[at].starts_with(start))
                .collect()
        };
        let (synced, renamed) = (places("fsync("), places("rename"));
        assert!(
            !renamed.is_empty() && synced.len() == renamed.len(),
            "{writer:?}: {text}"
        );
        assert!(
            synced.iter().max() < renamed.iter().min(),
            "{writer:?}: {text}"
        );
        for &place in &renamed {
            let paths: Vec<&str> = calls[place].split('"').collect();
            assert!(paths[1].contains("/.smtpconf-"), "{}", calls[place]);
            let folder = |path: &str| fs::canonicalize(at.join(path).parent().unwrap()).unwrap();
            assert_eq!(folder(paths[1]), folder(paths[3]), "{}", calls[place]);
        }
        // Nothing else is opened to be written.
        for call in calls
            .iter()
            .filter(|call| call.contains("O_WRONLY") || call.contains("O_RDWR"))
        {
            assert!(
                call.contains("/.smtpconf-") && call.contains("O_EXCL"),
                "{call}"
            );
        }
    }
}

#[test]
fn writers_side_by_side_give_one_of_their_outputs() {
    let two = with_targets();
    let at = two.at();
    let baseline = fs::read(at.join("smtpconf-baseline.json")).unwrap();
    for _ in 0..if is_large() { 100 } else { 2 } {
        let mut children = Vec::new();
        for number in 0..6 {
            let writers = [
                &Two::generate(NAMES[number % 2], "out")[..],
                &["baseline", "main.cf"],
            ];
            for writer in &writers[..=(number % 2)] {
                let mut writing = command(at, writer);
                children.push(
                    writing
                        .stdout(Stdio::null())
                        .stderr(Stdio::piped())
                        .spawn()
                        .unwrap(),
                );
            }
        }
        for child in children {
            let done = child.wait_with_output().unwrap();
            assert!(done.status.success(), "{done:?}");
        }
        two.is_whole("out");
        assert_eq!(files(&at.join("out")).len(), two.whole[0].len());
        assert_eq!(
            fs::read(at.join("smtpconf-baseline.json")).unwrap(),
            baseline
        );
        assert_eq!(temporary(at), 0);
    }
    // Of two who mend the same file one may come too late, which it says.
    let alone = tempfile::tempdir().unwrap();
    write(alone.path(), "main.cf", FAULTY);
    run(alone.path(), &["lint", "--unsafe-fixes", "main.cf"]);
    let mended = fs::read_to_string(alone.path().join("main.cf")).unwrap();
    assert_ne!(mended, FAULTY);
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut mending = command(at, &["lint", "--unsafe-fixes", "main.cf"]);
            mending
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let done = child.wait_with_output().unwrap();
        let code = done.status.code().unwrap();
        assert!(
            code < 2 || said(&done).contains("changed while it was read"),
            "{done:?}"
        );
    }
    assert_eq!(fs::read_to_string(at.join("main.cf")).unwrap(), mended);
}
