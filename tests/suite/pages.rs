//! Every rule's page is a test: what its examples say of the rule is so. Also what of the catalogue
//! of known mistakes is found, which `docs/coverage.md` shows.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use smtpconf::description;
use smtpconf::findings::{self, Finding, Severity};
use smtpconf::lint::{self, Asking, Levels, Suppressions};
use smtpconf::mta::{Dialect, Version, World};
use smtpconf::policy::Environment;
use smtpconf::report;
use smtpconf::rules::{self, Group, Rule};
use smtpconf::text::Source;

use crate::fuzz::folder::Files;
use crate::fuzz::mending;
use crate::page::{Example, Kind, examples, source};

/// An item of a server's catalogue, by server and id, with the kind of an example.
type Shown = (String, String, Kind);

/// How many items of each server's catalogue are not found yet. Only ever lowered.
const OPEN: &[(&str, usize)] = &[("postfix", 0), ("exim", 0), ("sendmail", 0)];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn updates() -> bool {
    std::env::var_os("UPDATE").is_some()
}

thread_local! {
    /// What was found before, by the files and options.
    static KNOWN: RefCell<BTreeMap<String, Vec<Finding>>> = RefCell::default();
}

/// The findings about the files that are shown.
fn found(files: &[(String, String)], example: &Example) -> Vec<Finding> {
    let key = format!("{files:?} {:?}", example.options);
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&key).cloned()) {
        return known;
    }
    let found = look(files, example);
    KNOWN.with_borrow_mut(|known| known.insert(key, found.clone()));
    found
}

fn look(files: &[(String, String)], example: &Example) -> Vec<Finding> {
    let snapshot = example.snapshot(files);
    let mut all = Vec::new();
    for (name, _) in files {
        let source = source(&snapshot, name);
        if lint::is_description(Path::new(name)) {
            all.extend(if example.options.contains_key("generate") {
                description::read(&source).1
            } else {
                lint::description(&source)
            });
            continue;
        }
        let Some(dialect) = Dialect::by_name(Path::new(name)) else {
            continue;
        };
        let version = example.options.get("version").map_or_else(
            || dialect.server.newest(),
            |text| Version::parse(text).unwrap(),
        );
        let world = World::new(&snapshot, version).knowing(&example.known);
        let description = files.iter().find(|(name, _)| name == "smtpconf.yaml");
        let wanted = description.map(|(name, text)| {
            lint::wanted(&Source::new(name.as_str(), text.as_str())).expect("a sound description")
        });
        let mut asking = Asking {
            environment: Environment::usual(),
            ..Asking::default()
        };
        if let Some(wanted) = wanted {
            asking.surroundings = wanted.surroundings;
            asking.wanted = Some(wanted.policy);
        }
        if let Some(text) = example.options.get("behind-nat") {
            let gateway = text.parse().expect("an address");
            asking.surroundings.gateways.push(gateway);
        }
        all.extend(lint::configuration(&source, dialect, &world, &asking));
    }
    findings::sort(&mut all);
    all.dedup_by(|a, b| findings::same(a, b));
    let sources = files.iter().map(|(name, _)| {
        let source = source(&snapshot, name);
        Suppressions::read(&source, Dialect::by_name(Path::new(name)))
    });
    let suppressions: Vec<Suppressions> = sources.collect();
    all.retain(|finding| !suppressions.iter().any(|file| file.allows(finding)));
    all.extend(suppressions.into_iter().flat_map(Suppressions::faults));
    findings::sort(&mut all);
    let levels = Levels {
        pedantic: example.options.contains_key("pedantic"),
        ..Levels::default()
    };
    let nameless: Vec<_> = all
        .iter()
        .filter(|finding| rules::named(finding.rule).is_none())
        .map(|finding| finding.rule)
        .collect();
    assert!(nameless.is_empty(), "no rule of this name: {nameless:?}");
    all.into_iter()
        .filter_map(|finding| levels.apply(finding))
        .collect()
}

/// The files as the fixes of one rule, or of all, leave them.
fn fixed(example: &Example, rule: Option<&str>, unsafe_too: bool) -> Files {
    mending::fixed(&example.files, unsafe_too, |files| {
        let mut found = found(files, example);
        found.retain(|finding| rule.is_none_or(|rule| finding.rule == rule));
        found
    })
}

/// The page with the reports and fixed files of its examples as they are now.
fn rewritten(rule: &str, page: &str) -> String {
    let lines: Vec<&str> = page.lines().collect();
    let mut text = String::new();
    let mut at = 0;
    let push = |text: &mut String, lines: &[&str]| {
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
    };
    for example in examples(page)
        .iter()
        .filter(|example| example.kind == Kind::Fires)
    {
        push(&mut text, &lines[at..example.end]);
        let said = report::concise(&found(&example.files, example));
        let _ = write!(text, "```report\n{said}```\n");
        let mended = fixed(example, Some(rule), true);
        if mended != example.files {
            let (name, first) = &mended[0];
            let _ = write!(text, "```{name} fixed\n{}", shown(first));
            for (name, other) in &mended[1..] {
                let _ = write!(text, "==> {name} <==\n{}", shown(other));
            }
            text.push_str("```\n");
        }
        at = example.written.end;
    }
    push(&mut text, &lines[at..]);
    text
}

/// A text as pages write it.
fn shown(text: &str) -> String {
    let mut shown = text
        .replace('\t', "⟨tab⟩")
        .replace('\r', "⟨cr⟩")
        .replace('\0', "⟨nul⟩")
        .replace('\u{feff}', "⟨bom⟩");
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push_str("⟨end⟩\n");
    }
    shown
}

fn pages() -> Vec<(&'static Rule, PathBuf)> {
    let mut paths = BTreeMap::new();
    for folder in fs::read_dir(root().join("src/rules")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|end| end == "md") {
                    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                    assert!(paths.insert(name.clone(), path).is_none(), "{name} twice");
                }
            }
        }
    }
    let rules: Vec<_> = rules::all()
        .map(|rule| {
            let file = rule.name.replace('-', "_");
            let path = paths
                .remove(&file)
                .unwrap_or_else(|| panic!("no {file}.md"));
            (rule, path)
        })
        .collect();
    assert!(paths.is_empty(), "pages without a rule: {paths:?}");
    rules
}

#[test]
fn every_page_is_true() {
    let mut faults = Vec::new();
    for (rule, path) in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let name = rule.name;
        if !page.starts_with(&format!("# {name}\n\n")) || rule.summary().is_empty() {
            faults.push(format!("{name}: begins with its name and a sentence"));
        }
        let updated = rewritten(name, &page);
        if updates() {
            fs::write(&path, &updated).unwrap();
        } else if updated != page {
            faults.push(format!(
                "{name}: the reports are not those of now; UPDATE=1 writes them"
            ));
        }
        let all = examples(&page);
        for kind in [Kind::Fires, Kind::Clean] {
            if !all.iter().any(|example| example.kind == kind) {
                faults.push(format!("{name}: no example of {kind:?}"));
            }
        }
        for example in &all {
            let found = found(&example.files, example);
            let fires = found.iter().any(|finding| finding.rule == name);
            let errors = found
                .iter()
                .any(|finding| finding.severity == Severity::Error);
            if fires != (example.kind == Kind::Fires) || errors && !fires {
                faults.push(format!(
                    "{name}: line {} of its page is not so:\n{}",
                    example.end,
                    report::concise(&found)
                ));
            }
            let worst = found.iter().filter(|finding| finding.rule == name);
            if worst.map(|finding| finding.severity).max() > Some(rule.severity) {
                faults.push(format!("{name}: worse than its row says"));
            }
            // That all of them come to an end too, is asserted within.
            fixed(example, None, true);
            faults.extend(
                keeps_meaning(example)
                    .err()
                    .map(|fault| format!("{name}: {fault}")),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Law 7: a safe fix leaves the policy equal, and every comment in place.
fn keeps_meaning(example: &Example) -> Result<(), String> {
    let after = fixed(example, None, false);
    if after == example.files {
        return Ok(());
    }
    mending::keeps_meaning(&example.files, &after, |files| {
        let snapshot = example.snapshot(files);
        files.iter().find_map(|(name, _)| {
            let dialect = Dialect::by_name(Path::new(name))?;
            let version = example.options.get("version");
            let version = version.map_or(dialect.server.newest(), |v| Version::parse(v).unwrap());
            let world = World::new(&snapshot, version);
            let source = snapshot.read(name, Path::new("")).ok()?;
            Some(dialect.policy(&source, &world)?.policy)
        })
    })
}

#[test]
fn every_finding_has_its_rule() {
    // What fixtures and pages show is not all; the names in the code are.
    let names = names_in(&root().join("src"));
    let unused: Vec<_> = rules::all()
        .map(|rule| rule.name)
        .filter(|name| !names.contains(*name))
        .collect();
    assert!(unused.is_empty(), "rules that nothing reports: {unused:?}");
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = rules::all()
        .filter(|rule| !seen.insert(rule.name))
        .map(|rule| rule.name)
        .collect();
    assert!(twice.is_empty(), "two rows: {twice:?}");
}

/// What could be a name of a rule in the code below a folder.
fn names_in(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                names.extend(quoted(code));
            }
        }
    }
    names
}

/// Texts in quotes that could be names of rules.
fn quoted(code: &str) -> BTreeSet<String> {
    let parts = code.split('"').skip(1);
    parts
        .filter(|text| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
        .map(str::to_owned)
        .collect()
}

/// What the servers' files are told of in the reports that other tests keep.
#[test]
fn every_finding_of_a_fixture_has_its_rule() {
    let mut folders = vec![root().join("tests/fixtures")];
    let mut nameless = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "txt") {
                let report = fs::read_to_string(&path).unwrap_or_default();
                for severity in ["error[", "warning[", "note["] {
                    let parts = report.split(severity).skip(1);
                    let names = parts.filter_map(|rest| Some(rest.split_once(']')?.0));
                    nameless.extend(
                        names
                            .filter(|name| rules::named(name).is_none())
                            .map(str::to_owned),
                    );
                }
            }
        }
    }
    // The rows of what the servers' own readers notice are being written.
    let own = names_in(&root().join("src/mta"));
    nameless.retain(|name| !own.contains(name));
    assert!(nameless.is_empty(), "no rule of this name: {nameless:?}");
}

/// With `UPDATE=1` docs/rules.md is written anew.
#[test]
fn the_list_of_rules_is_fresh() {
    let pages: Vec<_> = pages();
    let mut list = String::from(
        "# The rules\n\nEach with the worst that it reports unless you set another level, and its page. Rules marked as pedantic report\nwith `--pedantic`, or when you set a level for them. `smtpconf explain RULE` prints the page.\n",
    );
    for group in Group::ALL {
        let mut rows: Vec<String> = pages
            .iter()
            .filter(|(rule, _)| rule.group == group)
            .map(|(rule, path)| {
                let path = path.strip_prefix(root()).unwrap().display();
                let pedantic = if rule.is_pedantic { ", pedantic" } else { "" };
                format!(
                    "| [{}](../{path}) | {}{pedantic} | {} |\n",
                    rule.name,
                    rule.severity.word(),
                    rule.summary().replace('|', "\\|")
                )
            })
            .collect();
        rows.sort();
        if !rows.is_empty() {
            let _ = write!(
                list,
                "\n## {}\n\n{}\n\n| rule | level | what is wrong |\n|---|---|---|\n{}",
                group.name(),
                group.about(),
                rows.concat()
            );
        }
    }
    let path = root().join("docs/rules.md");
    if updates() {
        fs::write(&path, &list).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), list);
}

/// With `UPDATE=1` docs/coverage.md is written anew.
#[test]
fn the_catalogue_of_known_mistakes_is_covered() {
    let list = fs::read_to_string(root().join("tests/fixtures/catalogue.tsv")).unwrap();
    // Two servers can have the same name for a mistake.
    let mut shown: BTreeMap<Shown, BTreeSet<&str>> = BTreeMap::new();
    for (rule, path) in pages() {
        for example in examples(&fs::read_to_string(path).unwrap()) {
            let server = example.dialect().map_or("", |known| known.server.name());
            for item in &example.items {
                let key = (server.to_owned(), item.clone(), example.kind);
                shown.entry(key).or_default().insert(rule.name);
            }
        }
    }
    let mut faults = Vec::new();
    let mut open: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut rows = String::new();
    for line in list.lines().skip(1) {
        let [server, id, _, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        if !known.insert((server, id)) {
            faults.push(format!("{id} stands twice"));
        }
        let of = |kind| shown.get(&(server.to_owned(), id.to_owned(), kind));
        let (fires, clean) = (of(Kind::Fires), of(Kind::Clean));
        let told = match (fires, clean, reason) {
            (Some(rules), Some(_), "") => rules
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
            (None, None, reason) if !reason.is_empty() => reason.to_owned(),
            (None, None, _) => {
                open.entry(server).or_default().push(id);
                continue;
            }
            _ => {
                faults.push(format!("{id}: one example that fires, one that is clean, and no reason; or a reason alone"));
                continue;
            }
        };
        let _ = writeln!(rows, "| {server} | {id} | {told} |");
    }
    for (server, item, _) in shown.keys() {
        if !known.contains(&(server.as_str(), item.as_str())) {
            faults.push(format!("`{item}` is no item of the catalogue of {server}"));
        }
    }
    for (server, most) in OPEN {
        let count = open.get(server).map_or(0, Vec::len);
        if count > *most {
            faults.push(format!(
                "{server}: {count} items are open: {:?}",
                open[server]
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let page = format!(
        "# What is found\n\nKnown mistakes in the files of the three servers, and the rule that finds each: its page has an\nexample of the mistake and one without. Where there is no rule, the reason.\n\n| server | mistake | rule, or why not |\n|---|---|---|\n{rows}"
    );
    let path = root().join("docs/coverage.md");
    if updates() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page);
}
