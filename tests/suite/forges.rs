//! The gates of GitHub and GitLab: the commands of action.yml and docs/gitlab.yml are run as a
//! runner would, with the program that was built here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Action {
    inputs: BTreeMap<String, Input>,
    runs: Runs,
}

#[derive(Deserialize)]
struct Input {
    default: String,
}

#[derive(Deserialize)]
struct Runs {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    env: BTreeMap<String, String>,
    run: String,
}

#[derive(Deserialize)]
struct Pipeline {
    smtpconf: Job,
}

#[derive(Deserialize)]
struct Job {
    variables: BTreeMap<String, String>,
    before_script: Vec<String>,
    script: Vec<String>,
}

const OPEN: &str = "mynetworks = 0.0.0.0/0\n";
const CLOSED: &str = "mynetworks = 127.0.0.0/8\n";
const MASTER: &str = "smtp inet n - y - - smtpd\n";

/// A repository with a server whose main.cf ends in this.
fn repository(end: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("mail servers");
    fs::create_dir(&at).unwrap();
    let main = "compatibility_level = 3.6\nmyhostname = mail.example.com\n\
                smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n";
    fs::write(at.join("main.cf"), format!("{main}{end}")).unwrap();
    fs::write(at.join("master.cf"), MASTER).unwrap();
    folder
}

/// The folder of the program, and then those where commands are found.
fn path() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_smtpconf"));
    let own = program.parent().unwrap().to_path_buf();
    let others = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap()
}

/// Runs the script in the folder as GitHub's runner does: its exit code and what it printed.
fn bash(folder: &Path, script: &str, variables: &[(String, String)]) -> (i32, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail"])
        .arg(file.path())
        .current_dir(folder)
        .env("PATH", path())
        .env("RUNNER_TEMP", folder.join("temp"))
        .env("GITHUB_PATH", folder.join("path"))
        .envs(variables.iter().cloned())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

/// Runs the action with these inputs: the exit code of the last step and all that was printed.
fn act(folder: &Path, inputs: &[(&str, &str)]) -> (i32, String) {
    let text = include_str!("../../action.yml");
    let action: Action = serde_yaml::from_str(text).unwrap();
    for (name, _) in inputs {
        assert!(action.inputs.contains_key(*name), "{name}");
    }
    let fill = |value: &String| {
        let mut filled = value.replace("${{ github.action_path }}", env!("CARGO_MANIFEST_DIR"));
        for (name, input) in &action.inputs {
            let given = inputs.iter().find(|(given, _)| given == name);
            let text = given.map_or(input.default.as_str(), |(_, text)| text);
            filled = filled.replace(&format!("${{{{ inputs.{name} }}}}"), text);
        }
        assert!(!filled.contains("${{"), "{value}");
        filled
    };
    let mut printed = String::new();
    for step in &action.runs.steps {
        assert!(
            !step.run.contains("${{"),
            "an input in a script is a command of whoever wrote it"
        );
        let env = step.env.iter();
        let variables: Vec<_> = env
            .map(|(name, value)| (name.clone(), fill(value)))
            .collect();
        let (code, text) = bash(folder, &step.run, &variables);
        printed += &text;
        if code != 0 {
            return (code, printed);
        }
    }
    (0, printed)
}

const VERSION: (&str, &str) = ("version", env!("CARGO_PKG_VERSION"));

#[test]
fn the_action_fails_on_an_open_relay_and_passes_a_closed_one() {
    let folder = repository(CLOSED);
    let (code, said) = act(folder.path(), &[VERSION]);
    assert_eq!(code, 0, "{said}");
    let folder = repository(OPEN);
    let paths = ("paths", "mail servers/main.cf\n\nmail servers/master.cf\n");
    let (code, said) = act(folder.path(), &[VERSION, paths]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("file=mail servers/main.cf,line=4"), "{said}");
    let (code, _) = act(folder.path(), &[VERSION, ("format", "no-such-format")]);
    assert_eq!(code, 2);
    let report = ("output", "out.sarif");
    let (code, said) = act(folder.path(), &[VERSION, ("format", "sarif"), report]);
    assert_eq!(code, 1, "{said}");
    assert!(folder.path().join("out.sarif").exists());
}

#[test]
fn no_input_of_the_action_is_a_command() {
    let folder = repository(CLOSED);
    for name in [
        "paths",
        "against",
        "fail-on",
        "format",
        "output",
        "changed-since",
        "baseline",
    ] {
        let evil = format!("\"; touch {name}; $(touch {name}) `touch {name}`");
        let _ = act(folder.path(), &[VERSION, (name, &evil)]);
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn the_job_of_gitlab_writes_its_report_and_fails() {
    let text = include_str!("../../docs/gitlab.yml");
    let (_, pipeline) = text.split_once("\n---\n").unwrap();
    let job = serde_yaml::from_str::<Pipeline>(pipeline).unwrap().smtpconf;
    for (end, wanted) in [(CLOSED, 0), (OPEN, 1)] {
        let folder = repository(end);
        let fill = |value: &str| {
            value
                .replace("$[[ inputs.paths ]]", ".")
                .replace("$[[ inputs.fail-on ]]", "error")
                .replace("$[[ inputs.version ]]", env!("CARGO_PKG_VERSION"))
        };
        let variables = job.variables.iter();
        let variables: Vec<_> = variables
            .map(|(name, value)| (name.clone(), fill(value)))
            .collect();
        let script = [job.before_script.clone(), job.script.clone()].concat();
        let (code, said) = bash(folder.path(), &script.join("\n"), &variables);
        assert_eq!(code, wanted, "{said}");
        let report = fs::read_to_string(folder.path().join("gl-code-quality-report.json"));
        let report: serde_json::Value = serde_json::from_str(&report.unwrap()).unwrap();
        assert_eq!(report.as_array().unwrap().is_empty(), wanted == 0);
    }
    let default = format!("default: {}\n", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&default), "the version of docs/gitlab.yml");
}
