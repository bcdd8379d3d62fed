//! What the README says beside the commands that it shows.

use std::fs;
use std::path::Path;

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
