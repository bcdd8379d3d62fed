//! What smtpconf never does, as SECURITY.md says: it speaks to nobody, starts nothing but git where it
//! is asked to, and opens nothing outside of the folders that it works on. The kernel is the witness.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use smtpconf::text::lexical;

use crate::hostile::write;
use crate::program::{PROGRAM, git, has, run};

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
    write(at, "outside/secret", "secret = word\n");
    write(at, "beyond/secret", "secret = word\n");
    write(at, "repo/postfix/key.pem", "secret = word\n");
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
fn traced(folder: &Path, arguments: &[&str]) -> (i32, String, Vec<String>) {
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
fn name(call: &str) -> &str {
    call.split('(').next().unwrap_or_default()
}

/// The path that a call names first.
fn path(call: &str) -> Option<&str> {
    call.split('"').nth(1).filter(|path| !path.is_empty())
}

fn strace_works() -> bool {
    has(
        "strace",
        &["-f", "-qq", "-e", "trace=%network", "true"],
        "what smtpconf asks of the kernel",
    )
}

#[test]
fn nothing_is_started_called_or_opened_elsewhere() {
    if !strace_works() {
        return;
    }
    let folder = temptations();
    let at = fs::canonicalize(folder.path()).unwrap();
    let repo = at.join("repo");
    let session = ["--to", "a@example.com"];
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
        assert!(!said.contains("word"), "{command:?}: {said}");
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
                let is_beyond = whole.starts_with(at.join("beyond")) || path == "/etc/passwd";
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
        assert!(!(out + &err).contains("word"));
    }
    // Who names it means it.
    let (code, out, _) = run(&repo, &["lint", "smtpconf.yaml"]);
    assert!(code == 1 && out.contains("word"), "{out}");
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

/// A repository whose settings name programs wherever git takes one; each would make a file beside it.
fn armed(folder: &Path) -> PathBuf {
    let repo = folder.join("repo");
    write(
        &repo,
        "postfix/main.cf",
        "compatibility_level = 3.6\nmyhostname = mail.example.com\nmydestination = example.com\nmynetworks = 127.0.0.0/8\n",
    );
    write(&repo, "postfix/master.cf", "smtp inet n - y - - smtpd\n");
    git(&repo, &["init", "-qb", "main"]);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-qm", "one"]);
    let evil = |name: &str| format!("touch {}/evil-{name}; cat", folder.display());
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "filter.E.v.clean",
        "filter.E.v.smudge",
        "gpg.program",
    ] {
        git(&repo, &["config", name, &evil(name)]);
    }
    for name in [
        "diff",
        "ls-files",
        "rev-parse",
        "read-tree",
        "checkout-index",
        "config",
    ] {
        git(
            &repo,
            &[
                "config",
                &format!("alias.{name}"),
                &format!("!{}", evil("alias")),
            ],
        );
    }
    for (name, value) in [
        ("filter.evil.required", "true"),
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "far"),
        ("remote.far.promisor", "true"),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
    ] {
        git(&repo, &["config", name, value]);
    }
    let far = format!("ext::touch {}/evil-ext", folder.display());
    git(&repo, &["config", "remote.far.url", &far]);
    for hook in [
        "post-index-change",
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ] {
        let path = repo.join(".git/hooks").join(hook);
        write(
            &repo,
            path.to_str().unwrap(),
            format!("#!/bin/sh\n{} /dev/null\n", evil(hook)),
        );
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    write(
        &repo,
        ".git/info/attributes",
        "*.cf filter=evil diff=evil\nmaster.cf filter=E.v\n",
    );
    repo
}

#[test]
fn git_starts_nothing_that_a_repository_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = fs::canonicalize(folder.path()).unwrap();
    let repo = armed(&at);
    let is_unharmed = |what: &str| {
        let names = fs::read_dir(&at)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let evil: Vec<String> = names.filter(|name| name.starts_with("evil")).collect();
        assert!(evil.is_empty(), "{what}: {evil:?}");
    };
    // Written anew with the same text, and of another age: git has to look into it.
    let main = repo.join("postfix/main.cf");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(
        repo.join("postfix/master.cf"),
        "smtp inet n - y - - smtpd\n",
    )
    .unwrap();
    fs::write(&main, text.replace("127.0.0.0/8", "0.0.0.0/0")).unwrap();
    let index = fs::read(repo.join(".git/index")).unwrap();
    let (code, out, err) = run(
        &repo,
        &[
            "lint",
            ".",
            "--changed-since",
            "HEAD",
            "--format",
            "concise",
        ],
    );
    assert!(code == 1 && out.contains("relay-too-wide"), "{out}{err}");
    is_unharmed("--changed-since");
    let (code, out, err) = run(&repo, &["diff", "--from-rev", "HEAD", "postfix"]);
    assert!(code == 1 && out.contains("newly relayed"), "{out}{err}");
    is_unharmed("--from-rev");
    let missing = "1".repeat(40);
    for arguments in [
        ["lint", ".", "--changed-since", &missing],
        ["diff", "postfix", "--from-rev", &missing],
    ] {
        let (code, _, err) = run(&repo, &arguments);
        assert!(code == 2 && err.contains("git: "), "{err}");
        is_unharmed("what is missing");
    }
    assert!(
        fs::read(repo.join(".git/index")).unwrap() == index,
        "git wrote its index"
    );
    // A name that cannot be told on git's command line.
    git(
        &repo,
        &[
            "config",
            "filter.a=b.clean",
            &format!("touch {}/evil-sign", at.display()),
        ],
    );
    let (code, _, err) = run(&repo, &["lint", ".", "--changed-since", "HEAD"]);
    assert!(code == 2 && err.contains("`filter.a=b`"), "{err}");
    is_unharmed("a name with =");
    git(&repo, &["config", "--remove-section", "filter.a=b"]);
    if !strace_works() {
        return;
    }
    fs::create_dir(at.join("home")).unwrap();
    write(&at, "home/.gitconfig", "[safe]\n\tdirectory = *\n");
    for arguments in [
        ["lint", ".", "--changed-since", "HEAD"],
        ["diff", "postfix", "--from-rev", "HEAD"],
    ] {
        let (_, said, calls) = traced(&at, &arguments);
        let started = calls
            .iter()
            .filter(|call| name(call) == "execve" && call.ends_with("= 0"));
        let started: Vec<&str> = started.filter_map(|call| path(call)).collect();
        let is_known = |path: &&str| *path == PROGRAM || path.ends_with("/git");
        assert!(
            started.len() > 1 && started.iter().all(|path| is_known(path)),
            "{said}: {started:?}"
        );
        assert!(
            !calls
                .iter()
                .any(|call| name(call) == "socket" || name(call) == "connect"),
            "{said}"
        );
    }
}
