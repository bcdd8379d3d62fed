//! What the README and its neighbours say beside the commands that they show.

use std::fs;
use std::path::Path;

#[test]
fn every_format_is_in_its_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/reports.md")).unwrap();
    for format in &smtpconf::report::FORMATS {
        assert!(
            document.contains(&format!("\n| `{}` | ", format.name)),
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
