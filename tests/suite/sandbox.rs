//! What smtpconf never does, as SECURITY.md says: it speaks to nobody, starts nothing but git where it
//! is asked to, and opens nothing outside of the folders that it works on. The kernel is the witness.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use smtpconf::text::lexical;

use crate::hostile::write;
use crate::program::{PROGRAM, has, run};

/// What else a program opens, and why.
const OPENED: [(&str, &str); 9] = [
    ("/etc/ld.so.", "the loader's list of libraries"),
    ("/lib/", "libraries"),
    ("/lib64/", "libraries"),
    ("/usr/lib/", "libraries"),
    (
        "/proc/self/maps",
        "the C library looks for the end of the stack",
    ),
    ("/proc/self/cgroup", "how many processors there are"),
    ("/sys/fs/cgroup/", "how many processors there are"),
    ("/sys/devices/system/cpu/", "how many processors there are"),
    ("/etc/gitconfig", "what the user has git ignore"),
];

/// A folder that holds a repository full of temptations, and beside it what they lead to.
fn temptations() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let outside = at.join("outside");
    let beyond = at.join("beyond").display().to_string();
    fs::create_dir_all(at.join("home")).unwrap();
    write(at, "outside/main.cf", "mynetworks = 0.0.0.0/0\n");
    write(at, "outside/secret", "secret = pl0ugh\n");
    write(at, "beyond/secret", "secret = pl0ugh\n");
    write(at, "repo/postfix/key.pem", "secret = pl0ugh\n");
    fs::create_dir_all(at.join("repo/.git")).unwrap();
    for (name, text) in [
        (
            "postfix/main.cf",
            "compatibility_level = 3.6\nmyhostname = mail.example.com\n\
            mydestination = example.com, OUT/secret, texthash:OUT/secret, texthash:../../beyond/secret, texthash:$config_directory/link/secret\n\
            mynetworks = 127.0.0.0/8, OUT/secret, cidr:$config_directory/link/secret\n\
            virtual_alias_maps = proxy:ldap:OUT/secret, mysql:OUT/secret, tcp:127.0.0.1:1, socketmap:unix:/tmp/x:y, pipemap:{texthash:OUT/secret}, regexp:/proc/self/environ\n\
            alias_maps = texthash:/etc/passwd, nis:x, hash:/dev/stdin\n\
            smtpd_milters = inet:127.0.0.1:1, unix:OUT/secret\n\
            smtpd_tls_cert_file = OUT/secret\nsmtpd_tls_key_file = $config_directory/key.pem\n\
            smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:1, reject_rbl_client zen.example.com, \
            check_client_access pcre:OUT/secret, permit_mynetworks, reject_unauth_destination\n",
        ),
        (
            "postfix/master.cf",
            "smtp inet n - y - - smtpd\nx unix - n n - - pipe user=root argv=/usr/bin/touch OUT/made\n",
        ),
        (
            "exim/exim.conf",
            ".include OUT/secret\n.include_if_exists ../link/secret\n.include /etc/passwd\n\
            primary_hostname = ${run{/usr/bin/touch OUT/made}}\n\
            smtp_banner = ${readsocket{inet:127.0.0.1:1}{x}} ${readfile{OUT/secret}} ${perl{x}} ${dlfunc{OUT/secret}{f}}\n\
            perl_startup = do 'OUT/secret'\ndomainlist local_domains = OUT/secret : lsearch;OUT/secret : dsearch;/etc\n\
            hostlist relay = ${lookup{x}lsearch{/etc/passwd}} : net-lsearch;../link/secret : mail.example.com\n\
            acl_smtp_rcpt = OUT/secret\nacl_smtp_mail = a\nbegin acl\na:\n  accept condition = ${run{/usr/bin/touch OUT/made}{yes}{no}}\n    \
            dnslists = zen.example.com\n    hosts = OUT/secret\n    verify = recipient/callout\n",
        ),
        (
            "sendmail/sendmail.mc",
            "syscmd(`touch OUT/made')dnl\nesyscmd(`touch OUT/made')dnl\ninclude(`OUT/secret')dnl\nsinclude(`../link/secret')dnl\n\
            include(`/etc/passwd')dnl\nundivert(`OUT/secret')dnl\ndebugfile(`OUT/made')dnl\nmaketemp(`OUT/madeXXXXXX')mkstemp(`OUT/madeXXXXXX')dnl\n\
            OSTYPE(`../../beyond/secret')dnl\nFEATURE(`../../../beyond/secret')dnl\nFEATURE(`access_db', `text OUT/secret')dnl\n\
            define(`confCW_FILE', `|/usr/bin/touch OUT/made')dnl\nFEATURE(`use_cw_file')dnl\nMAILER(`smtp')dnl\n",
        ),
        (
            "sendmail/sendmail.cf",
            "V10/Berkeley\nFw|/usr/bin/touch OUT/made\nFw/etc/passwd\nFwOUT/secret\nFt-o ../link/secret\nKx program /usr/bin/touch OUT/made\nKy text OUT/secret\n",
        ),
        (
            "smtpconf.yaml",
            "hostname: mail.example.com\ndomains: [{name: example.com, delivery: virtual, to: \"maildir:/var/mail\", recipients: {file: OUT/secret}}]\n\
            ports: [25]\ntargets: [{server: postfix, into: postfix/}, {server: exim, into: link/}]\n",
        ),
        ("named/smtpconf.yaml/x", ""),
    ] {
        write(at, &format!("repo/{name}"), text.replace("OUT", &beyond));
    }
    for name in ["link", "postfix/link", "exim/link", "sendmail/link"] {
        symlink(&outside, at.join("repo").join(name)).unwrap();
    }
    symlink("../../outside/main.cf", at.join("repo/exim/main.cf")).unwrap();
    folder
}

/// The system calls of the program, each with the number of its process.
pub fn traced(folder: &Path, arguments: &[&str]) -> (i32, String, Vec<String>) {
    let log = folder.join("log");
    let done = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=%file,%network,%process",
            "-e",
            "signal=none",
            "-s",
            "4096",
            "-o",
        ])
        .arg(&log)
        .arg(PROGRAM)
        .args(arguments)
        .current_dir(folder.join("repo"))
        .env("HOME", folder.join("home"))
        .env_remove("XDG_CONFIG_HOME")
        // Cargo sets it for what it builds, and the loader would look there.
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let calls = fs::read_to_string(&log).unwrap();
    let calls = calls
        .lines()
        .filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_owned()));
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    (done.status.code().unwrap(), said, calls.collect())
}

/// The name of a call.
pub fn name(call: &str) -> &str {
    call.split('(').next().unwrap_or_default()
}

/// The path that a call names first.
pub fn path(call: &str) -> Option<&str> {
    call.split('"').nth(1).filter(|path| !path.is_empty())
}

/// Whether the kernel can be asked what the program asks of it.
pub fn strace_works() -> bool {
    has(
        "strace",
        &["-f", "-qq", "-e", "trace=%network", "true"],
        "what smtpconf asks of the kernel",
    )
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row a command and a call")]
fn nothing_is_started_called_or_opened_elsewhere() {
    if !strace_works() {
        return;
    }
    let folder = temptations();
    let at = fs::canonicalize(folder.path()).unwrap();
    let repo = at.join("repo");
    let session = [
        "--client",
        "192.0.2.1",
        "--from",
        "b@example.org",
        "--to",
        "a@example.com",
    ];
    let commands: Vec<Vec<&str>> = vec![
        vec!["lint", "."],
        vec![
            "lint",
            "--pedantic",
            "--format",
            "json",
            "postfix/main.cf",
            "exim/exim.conf",
            "sendmail/sendmail.mc",
            "sendmail/sendmail.cf",
        ],
        vec!["lint", "--unsafe-fixes", "--diff", "."],
        vec!["lint", "--root", ".", "postfix"],
        vec!["lint"],
        vec!["show", "--all", "postfix"],
        vec!["show", "exim/exim.conf"],
        vec!["show", "sendmail/sendmail.mc"],
        vec!["show", "sendmail/sendmail.cf"],
        vec!["parse", "sendmail/sendmail.mc"],
        [&["trace", "postfix"][..], &session].concat(),
        [&["trace", "exim/exim.conf"][..], &session].concat(),
        [&["trace", "sendmail/sendmail.mc"][..], &session].concat(),
        vec!["diff", "postfix", "exim/exim.conf"],
        vec!["import", "sendmail/sendmail.mc"],
        vec!["baseline", "."],
        vec!["generate", ".", "--check"],
        vec![
            "generate",
            "smtpconf.yaml",
            "--target",
            "all",
            "--out",
            "made",
        ],
        vec!["generate", "--force"],
        vec!["init", "--from", "postfix", "new"],
    ];
    for command in commands {
        let (_, said, calls) = traced(&at, &command);
        assert!(!said.contains("pl0ugh"), "{command:?}: {said}");
        let mut opened = 0;
        for call in &calls {
            let told = || format!("{command:?}: {call}");
            match name(call) {
                "execve" => assert!(call.contains(PROGRAM), "{}", told()),
                "execveat" | "fork" | "vfork" => panic!("{}", told()),
                "clone" | "clone3" => assert!(call.contains("CLONE_THREAD"), "{}", told()),
                "open" | "openat" | "openat2" | "creat" => {
                    let path = path(call).unwrap();
                    if OPENED.iter().any(|(known, _)| path.starts_with(known)) {
                        continue;
                    }
                    let whole = repo.join(path);
                    let real = fs::canonicalize(&whole).unwrap_or(whole);
                    assert!(
                        real.starts_with(&repo) || real.starts_with(at.join("home")),
                        "{}",
                        told()
                    );
                    opened += 1;
                }
                call if [
                    "socket",
                    "socketpair",
                    "connect",
                    "bind",
                    "sendto",
                    "sendmsg",
                    "sendmmsg",
                    "listen",
                ]
                .contains(&call) =>
                {
                    panic!("{}", told())
                }
                _ => {}
            }
            // What lies beyond is not even asked for; a link has to be looked at.
            if let Some(path) = path(call) {
                let whole = lexical(&repo.join(path));
                let is_rooted = command.contains(&"--root");
                let is_beyond =
                    !is_rooted && whole.starts_with(at.join("beyond")) || path == "/etc/passwd";
                assert!(!is_beyond, "{}", told());
                assert!(
                    !call.starts_with("open") || !path.contains("key.pem"),
                    "{}",
                    told()
                );
            }
        }
        assert!(opened > 0, "{command:?}: {said}");
    }
    for (folder, count) in [("outside", 2), ("beyond", 1)] {
        assert_eq!(
            fs::read_dir(at.join(folder)).unwrap().count(),
            count,
            "{folder}"
        );
    }
}

#[test]
fn what_is_come_upon_is_read_within_its_repository() {
    let folder = temptations();
    let repo = folder.path().join("repo");
    fs::remove_file(repo.join("smtpconf.yaml")).unwrap();
    symlink("../outside/secret", repo.join("smtpconf.yaml")).unwrap();
    for arguments in [
        &["lint"][..],
        &["generate", "--target", "exim"],
        &["generate", ".", "--target", "exim"],
    ] {
        let (code, out, err) = run(&repo, arguments);
        assert!(
            code == 2 && err.contains("smtpconf.yaml: a link that leads out of its repository"),
            "{out}{err}"
        );
        assert!(!(out + &err).contains("pl0ugh"));
    }
    // Who names it means it.
    let (code, out, _) = run(&repo, &["lint", "smtpconf.yaml"]);
    assert!(code == 1 && out.contains("pl0ugh"), "{out}");
    // Within the repository a link is as good as a file.
    fs::remove_file(repo.join("smtpconf.yaml")).unwrap();
    write(
        &repo,
        "real.yaml",
        "hostname: mail.example.com\nports: [25]\n",
    );
    symlink("real.yaml", repo.join("smtpconf.yaml")).unwrap();
    assert_eq!(run(&repo, &["lint"]).0, 0);
}
