//! What users set of rules, remarks that allow findings, and mending files, as they see it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::program::run;

/// `smtpconf ARGUMENTS` in `folder`: exit code, standard output, standard error.
fn smtpconf(folder: &Path, arguments: &str) -> (i32, String, String) {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    run(folder, &words)
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The names of the rules in a concise report, each with its severity.
fn told(report: &str) -> Vec<&str> {
    let words = report.lines().filter_map(|line| line.split(' ').nth(1));
    words.filter(|word| word.contains('[')).collect()
}

/// Two settings, the second of which is a mistake that every version of Postfix knows.
const TWICE: &str = "soft_bounce = no\nsoft_bounce = yes\n";

#[test]
fn levels_come_from_the_project_and_the_command_line() {
    let settings = "lint:\n  levels: {duplicate-setting: deny}\n  paths:\n    - {path: 'old/', levels: {syntax: allow}}\n  ignore: ['gone/']\n";
    let files = [
        ("smtpconf.yaml", settings),
        ("new/main.cf", TWICE),
        ("old/main.cf", TWICE),
        ("gone/main.cf", TWICE),
    ];
    let folder = folder(&files);
    let lint = |more: &str| smtpconf(folder.path(), &format!("lint --format concise {more}"));
    let (code, out, err) = lint("--select duplicate-setting .");
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert_eq!(told(&out), ["error[duplicate-setting]"], "{out}");
    assert!(out.starts_with("new/main.cf:2:1: "), "{out}");
    // The command line wins, and a file that is named is checked whatever a project ignores.
    let (code, out, _) = lint("--select duplicate-setting --warn syntax gone/main.cf");
    assert_eq!((code, told(&out)), (0, vec!["warning[duplicate-setting]"]));
    let (_, out, _) = lint("--ignore syntax new/main.cf");
    assert!(!told(&out).contains(&"error[duplicate-setting]"), "{out}");
    let (code, _, err) = lint("--deny duplicate-seting .");
    assert!(
        code == 2 && err.contains("did you mean `duplicate-setting`?"),
        "{err}"
    );
}

#[test]
fn settings_that_are_none_are_told() {
    let text = "lint:\n  levels: {duplicate-seting: deny, all: loud}\n  ignore: ['a{b']\n";
    let folder = folder(&[("smtpconf.yaml", text)]);
    let (code, out, _) = smtpconf(folder.path(), "lint --format concise smtpconf.yaml");
    assert_eq!(code, 1);
    for part in [
        ":2:12: error[unknown-rule] ",
        "did you mean `duplicate-setting`?",
        "error[unknown-value]",
        ":3:12: error[bad-pattern]",
    ] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
    // Such a file is no description, and generate says so.
    fs::write(
        folder.path().join("smtpconf.yaml"),
        "lint: {pedantic: true}\n",
    )
    .unwrap();
    let (code, out, err) = smtpconf(folder.path(), "lint smtpconf.yaml");
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "1 file: no findings\n", "")
    );
    let (code, _, err) = smtpconf(folder.path(), "generate --target postfix");
    assert!(code == 1 && err.contains("settings of the linter"), "{err}");
}

#[test]
fn a_remark_allows_what_stands_below_it() {
    let report = |text: &str| {
        let folder = folder(&[("main.cf", text)]);
        smtpconf(folder.path(), "lint --format concise main.cf").1
    };
    let text = format!(
        "myhostname = a.example.com\n{}",
        "x_one = 1\nx_two =\n  1\n"
    );
    let all = report(&text);
    assert_eq!(all.matches("[unknown-parameter]").count(), 2, "{all}");
    let one = report(&text.replace(
        "x_two",
        "# smtpconf: allow unknown-parameter: read by a script\n#\nx_two",
    ));
    assert_eq!(one.matches("[unknown-parameter]").count(), 1, "{one}");
    let none = report(&format!(
        "{text}# smtpconf: allow name in this file: read by scripts\n"
    ));
    assert_eq!(none.matches("[unknown-parameter]").count(), 0, "{none}");
    assert_eq!(none.matches("suppression").count(), 0, "{none}");
    for (remark, rule) in [
        ("allow unknown-parameter", "error[bad-suppression]"),
        ("allow unknown-parameter:", "error[bad-suppression]"),
        ("allow no-such-rule: it is so", "error[bad-suppression]"),
        ("allow open-relay: it is so", "warning[unused-suppression]"),
    ] {
        let told = report(&format!("# smtpconf: {remark}\nx_one = 1\n"));
        assert!(told.contains(rule), "{remark}:\n{told}");
    }
}

#[test]
fn mending_changes_the_bytes_it_must_and_keeps_the_rest() {
    let text = "# caf\u{e9}\nsmtpd_tls_auth_only = true   \n# end\nmynetworks_style = host\nmyhostname = a.example.com\n";
    let latin1: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let folder = folder(&[]);
    let path = folder.path().join("main.cf");
    fs::write(&path, &latin1).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let lint = |more: &str| {
        smtpconf(
            folder.path(),
            &format!("lint --format concise {more} main.cf"),
        )
    };
    let (code, out, err) = lint("--unsafe-fixes --diff");
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert!(out.contains("-smtpd_tls_auth_only = true"), "{out}");
    assert!(out.contains("+smtpd_tls_auth_only = yes"), "{out}");
    assert_eq!(fs::read(&path).unwrap(), latin1);
    let (_, _, err) = lint("--unsafe-fixes");
    assert_eq!(err, "mended main.cf\n");
    let wanted: Vec<u8> = text
        .replace("true", "yes")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    assert_eq!(fs::read(&path).unwrap(), wanted);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let (code, out, err) = lint("--unsafe-fixes --diff");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
}

#[test]
fn several_versions_tell_what_an_upgrade_breaks() {
    let text =
        "myhostname = a.example.com\nsmtpd_forbid_bare_newline = normalize\nsmtpd_use_tls = yes\n";
    let folder = folder(&[("main.cf", text)]);
    let lint = |versions: &str| {
        let arguments = format!("lint --format concise --mta-version {versions} main.cf");
        smtpconf(folder.path(), &arguments)
    };
    let (_, out, _) = lint("3.7.11,debian-13");
    let told = out
        .lines()
        .find(|line| line.contains("[deprecated-parameter]"));
    assert!(
        told.is_some_and(|line| line.contains("(from Postfix 3.10.13 on)")),
        "{out}"
    );
    let (_, out, _) = lint("3.10.13");
    assert!(
        out.contains("[deprecated-parameter]") && !out.contains(" on)"),
        "{out}"
    );
    let (code, _, err) = lint("3.7,2.3");
    assert!(code == 2 && err.contains("`2.3` is no version"), "{err}");
    let (code, _, err) = smtpconf(folder.path(), "show --mta-version 3.7,3.8 main.cf");
    assert!(code == 2 && err.contains("one version at a time"), "{err}");
}

#[test]
fn rules_are_listed_and_explained() {
    let here = Path::new("/");
    let (code, out, _) = smtpconf(here, "rules");
    assert!(code == 0 && out.contains("  open-relay "), "{out}");
    let (_, out, _) = smtpconf(here, "rules --format json relay");
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let list = list.as_array().unwrap();
    assert!(list.iter().all(|rule| rule["group"] == "relay") && list.len() > 1);
    let (code, out, _) = smtpconf(here, "explain open-relay");
    assert!(code == 0 && out.contains("# open-relay\n"), "{out}");
    for (name, said) in [
        ("open-rely", "did you mean `open-relay`?"),
        ("relay", "smtpconf rules relay"),
    ] {
        let (code, _, err) = smtpconf(here, &format!("explain {name}"));
        assert!(code == 2 && err.contains(said), "{err}");
    }
}
