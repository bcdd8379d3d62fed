//! The hooks for pre-commit, run by the real pre-commit in repositories of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The release that is tried, from the registry of Python.
const PRE_COMMIT: &str = "pre-commit==4.7.0";

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SMTPCONF: &str = env!("CARGO_BIN_EXE_smtpconf");

const MAIN: &str = "myhostname = mail.example.com\nmydestination = $myhostname\nmynetworks = 127.0.0.0/8\n\
    compatibility_level = 3.6\n";
const MASTER: &str =
    "smtp inet n - y - - smtpd\n  -o smtpd_relay_restrictions=$mx_relay_restrictions\n";
const GOOD: &str = "mx_relay_restrictions = permit_mynetworks, reject_unauth_destination\n";
/// Nothing by itself, and bad by what the neighbour makes of it.
const BAD: &str = "mx_relay_restrictions = permit_mynetworks\n";
const DESCRIPTION: &str = "hostname: mail.example.com\ndomains: [example.com]\nports: [25]\n\
    aliases: {postmaster: root}\ntargets: [{server: postfix, into: postfix}]\n";

/// The folder with pre-commit, installed where it is not there yet; none without Python or pip.
static INSTALLED: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PRE_COMMIT);
    let partial = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let done = folder.is_dir()
        || Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--target"])
            .arg(partial.path())
            .arg(PRE_COMMIT)
            .status()
            .is_ok_and(|status| status.success())
            && fs::rename(partial.keep(), &folder).is_ok();
    if !done {
        eprintln!("\nSKIPPED: the hooks were not tried: they need python3 with pip, and PyPI\n");
    }
    done.then_some(folder)
});

/// A repository with the hooks in use.
struct Repository {
    folder: tempfile::TempDir,
    hooks: PathBuf,
}

impl Repository {
    /// One in which `hooks` are run with the program that was built for the tests, or none where
    /// pre-commit cannot be had.
    fn with(hooks: &[&str]) -> Option<Self> {
        INSTALLED.as_ref()?;
        let folder = tempfile::tempdir().unwrap();
        let hooked = folder.path().join("hooks");
        let repository = Self {
            hooks: hooked.clone(),
            folder,
        };
        fs::create_dir_all(repository.path("work")).unwrap();
        fs::create_dir(&hooked).unwrap();
        let ours = Path::new(ROOT).join(".pre-commit-hooks.yaml");
        fs::copy(ours, hooked.join(".pre-commit-hooks.yaml")).unwrap();
        repository.wrapper();
        for at in [&hooked, &repository.path("work")] {
            git(at, &["init", "-q"]);
        }
        git(&hooked, &["add", "."]);
        git(&hooked, &["commit", "-qm", "hooks"]);
        let revision = git(&hooked, &["rev-parse", "HEAD"]);
        let list: Vec<String> = hooks
            .iter()
            .map(|id| format!("{{id: {id}, language: system}}"))
            .collect();
        repository.write(
            ".pre-commit-config.yaml",
            &format!(
                "repos:\n- {{repo: '{}', rev: '{}', hooks: [{}]}}\n",
                hooked.display(),
                revision.trim(),
                list.join(", ")
            ),
        );
        repository.pre_commit(&["install"]);
        Some(repository)
    }

    /// Makes a crate of the hooks' repository that is built in a second and runs the program that
    /// is there already.
    fn wrapper(&self) {
        let manifest = "[package]\nname = 'smtpconf'\nversion = '0.0.0'\nedition = '2024'\n";
        let main = format!(
            "use std::os::unix::process::CommandExt;\nfn main() {{ \
             panic!(\"{{}}\", std::process::Command::new({SMTPCONF:?}).args(std::env::args_os().skip(1)).exec()) }}\n"
        );
        fs::create_dir(self.hooks.join("src")).unwrap();
        fs::write(self.hooks.join("Cargo.toml"), manifest).unwrap();
        fs::write(self.hooks.join("src/main.rs"), main).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn pre_commit(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new("python3");
        command.args(["-m", "pre_commit"]).args(arguments);
        said(&self.ready(&mut command))
    }

    /// Commits everything, and says whether the hooks let it pass.
    fn commit(&self) -> (bool, String) {
        git(&self.path("work"), &["add", "--all"]);
        let mut command = Command::new("git");
        command.args(["-c", "user.name=T", "-c", "user.email=t@example.com"]);
        command.args(["commit", "-qm", "change"]);
        said(&self.ready(&mut command))
    }

    fn ready(&self, command: &mut Command) -> Output {
        let built = Path::new(SMTPCONF).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.path("work"))
            .env("PATH", format!("{}:{path}", built.display()))
            .env("LC_ALL", "C.UTF-8")
            .env("COLUMNS", "80")
            .env("PRE_COMMIT_HOME", self.path("home"))
            .env("PYTHONPATH", INSTALLED.as_ref().unwrap())
            .output()
            .unwrap()
    }
}

fn said(output: &Output) -> (bool, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).unwrap();
    (output.status.success(), text)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
    let output = Command::new("git")
        .args(who)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_commit_passes_or_is_stopped_with_the_finding() {
    let Some(repository) = Repository::with(&["smtpconf-lint"]) else {
        return;
    };
    // Nothing of a mail server; also what only looks like it, and what the project leaves out.
    repository.write("README", "Our mail servers.\nport = 25\n");
    repository.write("app.conf", "a = b\n");
    repository.write("vendor/main.cf", BAD);
    repository.write("smtpconf.yaml", "lint: {ignore: [vendor/]}\n");
    repository.write("postfix/main.cf", &[MAIN, GOOD].concat());
    repository.write("postfix/master.cf", MASTER);
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");
    // A finding that needs the neighbour, which did not change.
    repository.write("postfix/main.cf", &[MAIN, BAD].concat());
    let (passed, shown) = repository.commit();
    assert!(!passed, "{shown}");
    assert!(shown.contains("postfix/master.cf:2:6"), "{shown}");
    // So says the README.
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let shown = shown.join("\n");
    let block = format!(
        "```console\n$ git commit -m 'Who may relay'\n{}\n```",
        shown.trim()
    );
    assert!(readme.contains(&block), "{block}");
    // What was bad before is no matter of a commit that changes something else.
    git(&repository.path("work"), &["commit", "-qnm", "bad"]);
    repository.write("other/main.cf", &[MAIN, GOOD].concat());
    repository.write("other/master.cf", MASTER);
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");
    let (passed, shown) = repository.pre_commit(&["run", "--all-files"]);
    assert!(
        !passed && shown.contains("postfix/master.cf:2:6"),
        "{shown}"
    );
}

#[test]
fn fixes_stop_a_commit_once() {
    let Some(repository) = Repository::with(&["smtpconf-fix", "smtpconf-lint"]) else {
        return;
    };
    repository.write(
        "postfix/main.cf",
        &[
            MAIN,
            GOOD,
            "smtpd_sender_restrictions = inline:{a.example=REJECT}\n",
        ]
        .concat(),
    );
    repository.write("postfix/master.cf", MASTER);
    let (passed, shown) = repository.commit();
    assert!(
        !passed && shown.contains("files were modified by this hook"),
        "{shown}"
    );
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");
}

#[test]
fn targets_have_to_be_what_the_description_gives() {
    let Some(repository) = Repository::with(&["smtpconf-generate"]) else {
        return;
    };
    let generate = || {
        let done = Command::new(SMTPCONF)
            .args(["generate", "--force", "."])
            .current_dir(repository.path("work"))
            .output();
        assert!(done.unwrap().status.success());
    };
    repository.write("hosts/mx/smtpconf.yaml", DESCRIPTION);
    repository.write("hosts/smtpconf.yaml", "lint: {pedantic: true}\n");
    generate();
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");

    // Only the heading's version of smtpconf is another one.
    let main = repository.path("work/hosts/mx/postfix/main.cf");
    let text = fs::read_to_string(&main).unwrap();
    let old = concat!("smtpconf ", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(old));
    fs::write(&main, text.replacen(old, "smtpconf 0.0.9", 1)).unwrap();
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");

    fs::write(&main, text.replace("mail.example.com", "mail.example.org")).unwrap();
    let (passed, shown) = repository.commit();
    assert!(
        !passed && shown.contains("hosts/mx/postfix/main.cf: not what"),
        "{shown}"
    );

    // The description changed, and its files did not.
    fs::write(&main, &text).unwrap();
    repository.write(
        "hosts/mx/smtpconf.yaml",
        &DESCRIPTION.replace("[example.com]", "[example.net]"),
    );
    let (passed, shown) = repository.commit();
    assert!(!passed && shown.contains("main.cf: not what"), "{shown}");

    generate();
    fs::remove_file(repository.path("work/hosts/mx/postfix/master.cf")).unwrap();
    let (passed, shown) = repository.commit();
    assert!(!passed && shown.contains("master.cf: missing"), "{shown}");
    generate();
    let (passed, shown) = repository.commit();
    assert!(passed, "{shown}");
}

#[test]
fn the_hook_that_init_writes_runs() {
    let Some(repository) = Repository::with(&[]) else {
        return;
    };
    fs::remove_file(repository.path("work/.pre-commit-config.yaml")).unwrap();
    let init = [
        "init",
        "--hostname",
        "mail.example.com",
        "--hook",
        "hosts/mx",
    ];
    let made = Command::new(SMTPCONF)
        .args(init)
        .current_dir(repository.path("work"))
        .output();
    assert!(made.unwrap().status.success());
    git(&repository.path("work"), &["add", "--all"]);
    let (passed, shown) = repository.pre_commit(&["run", "--all-files"]);
    assert!(
        !passed && shown.contains("hosts/mx/postfix/main.cf: missing"),
        "{shown}"
    );
    assert!(
        shown.contains("smtpconf lint.....") && shown.contains("Passed"),
        "{shown}"
    );

    // They are the hooks of the list, run in the same way.
    let read = |name: &Path| fs::read_to_string(name).unwrap();
    let ours = read(&Path::new(ROOT).join(".pre-commit-hooks.yaml"));
    let written = read(&repository.path("work/.pre-commit-config.yaml"));
    let entries = written.lines().filter(|line| line.contains("entry:"));
    let known = |line: &&str| ours.contains(line.trim());
    assert_eq!(entries.filter(known).count(), 2, "{written}");
}

/// `try-repo` as a user's first step, with `language: rust` as it stands in the list. The program is
/// built by cargo in pre-commit's own folder: with `SMTPCONF_HOOKS=whole` from this source tree as
/// it was committed last (minutes), else a wrapper around the one that is there.
#[test]
fn the_hooks_can_be_tried_without_being_installed() {
    let Some(repository) = Repository::with(&[]) else {
        return;
    };
    let is_whole = std::env::var("SMTPCONF_HOOKS").is_ok_and(|set| set == "whole");
    let hooks = if is_whole {
        Path::new(ROOT)
    } else {
        &repository.hooks
    };
    repository.write("postfix/main.cf", &[MAIN, BAD].concat());
    repository.write("postfix/master.cf", MASTER);
    git(&repository.path("work"), &["add", "--all"]);
    let tried = |hook: &str| {
        repository.pre_commit(&["try-repo", hooks.to_str().unwrap(), hook, "--all-files"])
    };
    let (passed, shown) = tried("smtpconf-lint");
    assert!(!passed && shown.contains("error[dead-service]"), "{shown}");
    // Each try builds anew.
    if !is_whole {
        repository.write("postfix/main.cf", &[MAIN, GOOD].concat());
        git(&repository.path("work"), &["add", "--all"]);
        let (passed, shown) = tried("smtpconf-lint");
        assert!(passed, "{shown}");
    }
}
