//! `trace`, `diff` and `import` as their users run them.

use std::fs;

use serde_json::Value;

use crate::program::{git, run};

const ONE: &str = "hostname: mail.example.com
domains: [example.com]
relay: {networks: [192.0.2.0/24]}
ports: [25]
dnsbl: [{zone: zen.spamhaus.org, answers: [127.0.0.2]}]
";

#[test]
fn a_trace_says_what_happens_and_what_was_assumed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("d.yaml"), ONE).unwrap();
    let trace = |more: &[&str]| {
        let common = ["trace", "d.yaml", "--from", "a@b.example"];
        run(folder.path(), &[&common, more].concat())
    };
    let stranger = ["--client", "203.0.113.9", "--to", "u@elsewhere.example"];
    let (code, out, _) = trace(&stranger);
    assert_eq!(code, 0);
    assert!(out.contains("\nrefused: relaying denied\n"), "{out}");
    assert!(out.contains("d.yaml:3"), "{out}");
    assert!(
        out.contains("`zen.spamhaus.org` lists the client: no"),
        "{out}"
    );
    let (_, out, _) = trace(&["--client", "192.0.2.9", "--to", "u@elsewhere.example"]);
    assert!(out.contains("\naccepted for relaying\n"), "{out}");
    let (_, out, _) =
        trace(&[&stranger[..2], &["--to", "u@example.com", "--no-such-user"]].concat());
    assert!(out.contains("\nrefused: no such user\n"), "{out}");
    let hit = [
        &stranger[..2],
        &["--to", "u@example.com", "--assume", "rbl=hit"],
    ]
    .concat();
    let (_, out, _) = trace(&hit);
    assert!(out.contains("\nrefused: client refused\n"), "{out}");
    let (_, out, _) = trace(&[&hit[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["decision"], "refused: client refused");
    assert_eq!(json["assumed"][0]["answer"], true);
    for (argument, value) in [
        ("--to", "@example.com"),
        ("--client", "1.2.3"),
        ("--from", "u"),
    ] {
        let (code, _, err) = trace(&[&stranger[..], &[argument, value]].concat());
        assert_eq!(code, 2, "{argument} {value}: {err}");
    }
}

#[test]
fn a_diff_tells_the_worst_first_and_its_exit_code_is_a_gate() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("one.yaml", ONE);
    write("same.yaml", &format!("# words\n{ONE}"));
    write(
        "wider.yaml",
        &ONE.replace("192.0.2.0/24", "192.0.0.0/16")
            .replace("[example.com]", "[]"),
    );
    write(
        "less.yaml",
        &ONE.replace("relay: {networks: [192.0.2.0/24]}\n", ""),
    );
    write("name.yaml", &ONE.replace("mail.", "mx."));
    write("bad.yaml", "hostname: x\n");
    let diff = |arguments: &[&str]| run(folder.path(), &[&["diff"], arguments].concat());
    let (code, out, _) = diff(&["one.yaml", "same.yaml"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("equal: "), "{out}");
    let (code, out, _) = diff(&["one.yaml", "wider.yaml"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("newly relayed\n"), "{out}");
    assert!(out.contains("no longer accepted\n"), "{out}");
    assert_eq!(diff(&["one.yaml", "wider.yaml", "--deny-new-access"]).0, 1);
    assert_eq!(diff(&["one.yaml", "less.yaml"]).0, 1);
    assert_eq!(diff(&["one.yaml", "less.yaml", "--deny-new-access"]).0, 0);
    let (_, out, _) = diff(&["one.yaml", "name.yaml", "--json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["equal"], false);
    assert_eq!(json["facts"][0]["new"]["at"], "name.yaml:1");
    assert_eq!(diff(&["one.yaml", "bad.yaml"]).0, 1);
    assert_eq!(diff(&["one.yaml"]).0, 2);
    assert_eq!(diff(&["one.yaml", "nowhere.yaml"]).0, 2);
}

#[test]
fn a_revision_is_compared_with_what_is_there_now() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path();
    fs::create_dir(repository.join("servers")).unwrap();
    let path = repository.join("servers/smtpconf.yaml");
    fs::write(&path, ONE).unwrap();
    git(repository, &["init", "-q"]);
    git(repository, &["add", "."]);
    git(repository, &["commit", "-qm", "one"]);
    let diff = |rev: &str| run(repository, &["diff", "--from-rev", rev, "servers"]);
    assert_eq!(diff("HEAD").0, 0);
    fs::write(&path, ONE.replace("192.0.2.0/24", "0.0.0.0/0")).unwrap();
    let before = fs::read(repository.join(".git/index")).unwrap();
    let (code, out, err) = diff("HEAD");
    // A description refuses such a network itself.
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    fs::write(&path, ONE.replace("192.0.2.0/24", "192.0.2.0/23")).unwrap();
    let (code, out, _) = diff("HEAD");
    assert_eq!(code, 1);
    assert!(out.contains("HEAD:servers/smtpconf.yaml"), "{out}");
    assert_eq!(fs::read(repository.join(".git/index")).unwrap(), before);
    assert_eq!(diff("no-such-revision").0, 2);
    assert_eq!(diff("--help-me").0, 2);
}
