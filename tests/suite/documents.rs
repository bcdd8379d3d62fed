//! What the README and the guides show of the program is what it prints.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents whose commands are run, and the folder below tests/fixtures that each is about.
const DOCUMENTS: &[(&str, &str)] = &[
    ("README.md", "readme"),
    ("docs/linting.md", "readme"),
    ("docs/reports.md", "readme"),
    ("docs/postfix.md", "documents/postfix"),
    ("docs/exim.md", "documents/exim"),
    ("docs/sendmail.md", "documents/sendmail"),
    ("docs/migration.md", "documents/migration"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// In a block of kind `console` each line behind `$ ` is run by a shell, one after the other, in a
/// copy of the document's folder; what stands below it is all that is printed. Not run are lines
/// behind `# `, which are for the server itself, and git, which belongs to the test of hooks. With `UPDATE=1` the documents are written anew.
#[test]
fn what_the_program_prints_in_documents_is_real() {
    for (name, folder) in DOCUMENTS {
        let path = root().join(name);
        let document = fs::read_to_string(&path).unwrap();
        let copy = tempfile::tempdir().unwrap();
        copied(&root().join("tests/fixtures").join(folder), copy.path());
        // A repository ends there.
        fs::create_dir(copy.path().join(".git")).unwrap();
        let mut real = String::new();
        let mut count = 0;
        let mut is_shown = false;
        let mut is_printed = false;
        for line in document.lines() {
            if line.starts_with("```") {
                is_shown = line == "```console";
                is_printed = false;
            } else if is_shown
                && let Some(command) = line.strip_prefix("$ ")
                && !command.starts_with("git ")
            {
                let _ = write!(real, "{line}\n{}", printed(command, copy.path()));
                is_printed = true;
                count += 1;
                continue;
            } else if is_printed {
                continue;
            }
            real += line;
            real.push('\n');
        }
        assert!(count > 1, "{name}: {count} commands");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &real).unwrap();
        } else {
            assert_eq!(document, real, "{name}: UPDATE=1 writes it anew");
        }
    }
}

/// What a command prints, standard error too, without blanks at the ends of lines.
fn printed(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_smtpconf"));
    let mut path = OsString::from(program.parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect()
}

fn copied(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copied(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}
