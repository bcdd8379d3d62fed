//! git is started, and starts nothing itself: whatever a repository's settings name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::hostile::write;
use crate::program::{PROGRAM, git, run};
use crate::sandbox::{name, path, strace_works, traced};

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
        // The folders of PATH are tried one after the other.
        let started = calls.iter().filter(|call| name(call) == "execve");
        let started = started.filter_map(|call| path(call));
        let started: Vec<&str> = started.filter(|path| Path::new(path).exists()).collect();
        let is_known = |path: &&str| *path == PROGRAM || path.ends_with("/git");
        assert!(
            started.len() > 1 && started.iter().all(is_known),
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
