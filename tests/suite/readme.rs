//! The README shows what the program prints.

use std::fs;
use std::path::Path;
use std::process::Command;

/// With `UPDATE=1` the README is written anew instead.
#[test]
fn what_the_program_prints_in_the_readme_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut parts = readme.split("```console\n$ smtpconf ");
    let mut real = parts.next().unwrap().to_owned();
    // What it writes stays out of the source tree.
    let folder = tempfile::tempdir().unwrap();
    copy(&root.join("tests/fixtures/readme"), folder.path());
    fs::create_dir(folder.path().join(".git")).unwrap();
    let mut count = 0;
    for part in parts {
        count += 1;
        let (command, rest) = part.split_once('\n').unwrap();
        let (_, after) = rest.split_once("```").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
            .args(command.split(' '))
            .current_dir(folder.path())
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
        real += &[
            "```console\n$ smtpconf ",
            command,
            "\n",
            &shown.join("\n"),
            "\n```",
            after,
        ]
        .concat();
    }
    assert_eq!(count, 9);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &real).unwrap();
    } else {
        assert_eq!(readme, real);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let at = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &at);
        } else {
            fs::copy(&path, &at).unwrap();
        }
    }
}

#[test]
fn every_format_is_in_the_readme() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for format in &smtpconf::report::FORMATS {
        assert!(
            readme.contains(&format!("\n| `{}` | ", format.name)),
            "{}",
            format.name
        );
    }
}

#[test]
fn the_description_shown_is_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let example = fs::read_to_string(root.join("examples/smtpconf.yaml")).unwrap();
    let lines: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let content = lines.join("\n") + "\n";
    assert!(readme.contains(&format!("```yaml\n{content}```")));
}

/// Each block of code or of a page stands in the file that was named last before it.
#[test]
fn what_contributors_are_shown_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("docs/contributing.md")).unwrap();
    let mut file = String::new();
    let mut count = 0;
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let named = line.split('`').skip(1).step_by(2);
        let named = named.filter(|name| root.join(name).is_file() && name.starts_with("src/"));
        if let Some(name) = named.last() {
            file = fs::read_to_string(root.join(name)).unwrap();
        }
        let fence: String = line.chars().take_while(|&c| c == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        if ["rust", "markdown"].iter().any(|kind| line.ends_with(kind)) {
            let block = block.join("\n");
            assert!(
                file.contains(&block),
                "not in the file named before it:\n{block}"
            );
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}
