//! postconf(1), compared with what we say: `-nx` of every main.cf with its warnings, `-M` and `-P`
//! of every master.cf, and `-d` with the catalogue.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use smtpconf::findings::Finding;
use smtpconf::mta::{Config, Dialect, Setting, Target, World};
use smtpconf::text::{Snapshot, Source};

use super::{Comparison, files, inside, work};
use crate::roots;

/// Who built the daemon chose the defaults of these.
const INSTALLED: [&str; 13] = [
    "command_directory",
    "config_directory",
    "daemon_directory",
    "html_directory",
    "mailq_path",
    "manpage_directory",
    "meta_directory",
    "newaliases_path",
    "readme_directory",
    "sendmail_path",
    "shlib_directory",
    "smtp_sasl_type",
    "smtpd_sasl_type",
];

/// Compares.
pub fn compare(target: Target) -> Result<Comparison, String> {
    let work = work(target);
    let mut cases: Vec<(PathBuf, PathBuf, &str)> = Vec::new();
    for (name, other, folders) in [
        ("main.cf", "master.cf", ["postfix-main", "distro"]),
        ("master.cf", "main.cf", ["postfix-master", "distro"]),
    ] {
        let kind = if name == "main.cf" {
            "postfix-main"
        } else {
            "postfix-master"
        };
        for path in files("postfix", &folders) {
            let bytes = fs::read(&path).unwrap();
            let source = Source::from_bytes(path.display().to_string(), bytes.clone());
            if Dialect::of(&source).0.name != kind {
                continue;
            }
            let folder = work.join(cases.len().to_string());
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), bytes).unwrap();
            fs::write(folder.join(other), "").unwrap();
            cases.push((path, folder, name));
        }
    }
    fs::create_dir_all(work.join("empty")).unwrap();
    fs::write(work.join("empty/main.cf"), "").unwrap();
    fs::write(work.join("empty/master.cf"), "").unwrap();
    let script = format!(
        "ip link set lo up
         cd /lab; chmod -R a+rX .
         postconf -c /lab/empty -d > defaults
         for n in $(seq 0 {}); do
             postconf -c /lab/$n -nx > $n/nx 2> $n/nx.err; echo $? > $n/code
             postconf -c /lab/$n -n > /dev/null 2> $n/n.err
             postconf -c /lab/$n -M > $n/M 2> $n/M.err; postconf -c /lab/$n -Px > $n/P 2> /dev/null
         done; true",
        cases.len() - 1
    );
    inside(target, &work, &script)?;
    let mut comparison = Comparison::default();
    let machine = defaults(target, &work, &mut comparison);
    for (path, folder, name) in &cases {
        comparison.files += 1;
        let label = path.file_name().unwrap().to_string_lossy();
        let before = comparison.differences.len();
        if *name == "main.cf" {
            main(target, folder, &machine, &mut comparison);
        } else {
            master(target, folder, &machine, &mut comparison);
        }
        for difference in &mut comparison.differences[before..] {
            *difference = format!("{label}: {difference}");
        }
    }
    Ok(comparison)
}

/// Names and values.
type Known = Vec<(String, String)>;

/// What we read of a file. In the server's root its folder lies at /lab.
fn config(target: Target, path: &Path, known: &[(String, String)]) -> Config {
    let name = Path::new("/lab").join(
        path.strip_prefix(roots::folder().join("parity").join(roots::name(target)))
            .unwrap(),
    );
    let source = Source::from_bytes(name.display().to_string(), fs::read(path).unwrap());
    let beside = |other: &str| name.with_file_name(other).display().to_string();
    let files = Snapshot::of(&[(&beside("main.cf"), ""), (&beside("master.cf"), "")]);
    let world = World::new(&files, target.version)
        .knowing(known)
        .with_defaults(true);
    let (dialect, _) = Dialect::of(&source);
    let mut config = (dialect.resolve)(&source, &world);
    config
        .findings
        .extend((dialect.syntax)(&(dialect.parse)(&source)));
    config
}

/// Words with one blank between them: postconf folds blanks when it prints.
fn folded(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(path: PathBuf) -> String {
    Source::from_bytes("", fs::read(path).unwrap())
        .text()
        .to_owned()
}

/// `name = value` lines.
fn pairs(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(" ="))
        .map(|(name, value)| (name.to_owned(), folded(value)))
        .collect()
}

fn main(target: Target, folder: &Path, machine: &[(String, String)], comparison: &mut Comparison) {
    let config = config(target, &folder.join("main.cf"), machine);
    let errors = text(folder.join("nx.err")) + &text(folder.join("n.err"));
    if text(folder.join("code")) != "0\n" {
        refused(&errors, &config, comparison);
        return;
    }
    let mut theirs = pairs(&text(folder.join("nx")));
    // postconf prints what is known or referred to; of the rest it only warns.
    let mut ours: BTreeMap<String, String> = config
        .settings
        .iter()
        .filter(|setting| setting.scope.is_empty())
        .map(|setting| {
            (
                setting.name.clone(),
                folded(setting.value.as_deref().unwrap_or("(unknown)")),
            )
        })
        .collect();
    // The number of the process is in it.
    for values in [&mut theirs, &mut ours] {
        if let Some(value) = values.get_mut("debugger_command") {
            value.retain(|c| !c.is_ascii_digit());
        }
    }
    for finding in &config.findings {
        if matches!(
            finding.rule,
            "unknown-parameter" | "removed-parameter" | "too-new-parameter" | "read-only-parameter"
        ) {
            ours.remove(&named(finding));
        }
    }
    // postconf takes its option -c for a setting.
    ours.remove("config_directory");
    theirs.remove("config_directory");
    differences("nx", &theirs, &ours, comparison);
    warnings("main.cf", &errors, &config, comparison);
}

fn differences(
    what: &str,
    theirs: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
    comparison: &mut Comparison,
) {
    comparison.values += theirs.len();
    for (name, value) in theirs {
        let own = ours.get(name);
        if own != Some(value) {
            comparison.differences.push(format!(
                "{what} {name}: postconf `{value}`, smtpconf {own:?}"
            ));
        }
    }
    for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
        comparison
            .differences
            .push(format!("{what} {name}: smtpconf alone has it"));
    }
}

/// The characters that a finding points at.
fn named(finding: &Finding) -> String {
    let place = &finding.labels[0].place;
    place.source.slice(place.span).to_owned()
}

/// The fatal error of postconf, and whether we name the same line or name.
fn refused(errors: &str, config: &Config, comparison: &mut Comparison) {
    comparison.values += 1;
    let line = errors
        .split("main.cf, line ")
        .skip(1)
        .filter(|rest| rest.contains("missing '='"))
        .find_map(|rest| rest.split(':').next()?.parse::<usize>().ok());
    let found = match line {
        Some(line) => lines(config).any(|(rule, at)| rule == "stray-line" && at <= line),
        None => config
            .findings
            .iter()
            .any(|finding| finding.rule == "bad-reference"),
    };
    if !found {
        comparison
            .differences
            .push(format!("postconf refuses it: {errors}"));
    }
}

fn lines(config: &Config) -> impl Iterator<Item = (&'static str, usize)> {
    config.findings.iter().map(|finding| {
        let place = &finding.labels[0].place;
        (finding.rule, place.source.position(place.span.start).line)
    })
}

/// The names that postconf warns of and those that we do.
fn warnings(file: &str, errors: &str, config: &Config, comparison: &mut Comparison) {
    let their = |what: &str, end: &str| -> Vec<String> {
        let mut names: Vec<String> = errors
            .lines()
            .filter(|line| line.contains(file))
            .filter_map(|line| line.split_once(what))
            .map(|(_, rest)| rest.split(end).next().unwrap_or_default().to_owned())
            .filter(|name| name != "config_directory")
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let our = |rules: &[&str]| -> Vec<String> {
        let mut names: Vec<String> = config
            .findings
            .iter()
            .filter(|finding| {
                rules.contains(&finding.rule)
                    && finding.labels[0].place.source.name().ends_with(file)
            })
            .map(|finding| {
                finding
                    .message
                    .split('`')
                    .nth(1)
                    .unwrap_or_default()
                    .trim_start_matches('$')
                    .to_owned()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    };
    for (what, end, rules) in [
        (
            "unused parameter: ",
            "=",
            &[
                "unknown-parameter",
                "removed-parameter",
                "too-new-parameter",
            ][..],
        ),
        ("undefined parameter: ", "\n", &["undefined-name"][..]),
        (
            "overriding earlier entry: ",
            "=",
            &["duplicate-setting"][..],
        ),
    ] {
        let (theirs, ours) = (their(what, end), our(rules));
        comparison.values += theirs.len();
        if theirs != ours {
            comparison
                .differences
                .push(format!("{what}postconf {theirs:?}, smtpconf {ours:?}"));
        }
    }
}

fn master(
    target: Target,
    folder: &Path,
    machine: &[(String, String)],
    comparison: &mut Comparison,
) {
    let config = config(target, &folder.join("master.cf"), machine);
    let errors = text(folder.join("M.err"));
    if errors.contains("fatal:") {
        comparison.values += 1;
        let is_named = config.findings.iter().any(|finding| {
            matches!(finding.rule, "bad-service-field" | "stray-line")
                && errors.contains(&format!("\"{}\"", named(finding)))
        });
        if !is_named {
            comparison
                .differences
                .push(format!("postconf refuses it: {errors}"));
        }
        return;
    }
    let raw = |setting: &Setting| {
        let place = setting.place.as_ref().unwrap();
        place.source.slice(place.span).to_owned()
    };
    let names = [
        "private",
        "unprivileged",
        "chroot",
        "wakeup",
        "process_limit",
    ];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut own = BTreeMap::new();
    for setting in &config.settings {
        let value = setting.value.clone().unwrap_or_default();
        if setting.name == "private" {
            lines.push(vec![setting.scope.replace('/', " ")]);
        }
        if names.contains(&setting.name.as_str()) {
            lines.last_mut().unwrap().push(raw(setting));
        } else if setting.name == "command" {
            lines.last_mut().unwrap().push(value);
        } else {
            own.insert(
                format!("{}/{}", setting.scope, setting.name),
                folded(&value),
            );
        }
    }
    let mut theirs: Vec<String> = text(folder.join("M")).lines().map(folded).collect();
    // Of a service that stands there twice postconf shows both; master(8) takes the last one.
    for finding in config
        .findings
        .iter()
        .filter(|finding| finding.rule == "duplicate-service")
    {
        let service = finding
            .message
            .split('`')
            .nth(1)
            .unwrap_or_default()
            .replace('/', " ");
        let first = theirs
            .iter()
            .position(|line| line.starts_with(&format!("{service} ")));
        theirs.remove(first.unwrap());
    }
    let ours: Vec<String> = lines.iter().map(|line| folded(&line.join(" "))).collect();
    comparison.values += theirs.len();
    for (theirs, ours) in theirs.iter().zip(&ours) {
        let service = |line: &str| line.replace(['/', ' '], "");
        if service(theirs) != service(ours) {
            comparison
                .differences
                .push(format!("M: postconf `{theirs}`, smtpconf `{ours}`"));
        }
    }
    if theirs.len() != ours.len() {
        comparison.differences.push(format!(
            "M: postconf {} services, smtpconf {}",
            theirs.len(),
            ours.len()
        ));
    }
    differences("P", &pairs(&text(folder.join("P"))), &own, comparison);
    warnings("master.cf", &errors, &config, comparison);
}

/// `postconf -d`, compared with the catalogue; gives what depends on the machine.
fn defaults(target: Target, work: &Path, comparison: &mut Comparison) -> Known {
    let theirs = pairs(&text(work.join("defaults")));
    let config = config(target, &work.join("empty/main.cf"), &[]);
    let mut ours: BTreeMap<String, String> = config
        .defaults
        .iter()
        .map(|setting| {
            let default = setting
                .facts
                .as_ref()
                .and_then(|facts| facts.default.as_deref());
            (setting.name.clone(), folded(default.unwrap_or("(machine)")))
        })
        .collect();
    let mut same = theirs.clone();
    let mut machine = vec![("process_name".to_owned(), "postconf".to_owned())];
    for (name, value) in &theirs {
        if ours.get(name).is_some_and(|own| own == "(machine)")
            || INSTALLED.contains(&name.as_str())
        {
            ours.insert(name.clone(), value.clone());
            if !matches!(
                name.as_str(),
                "mail_version" | "mydomain" | "process_name" | "config_directory"
            ) {
                // Each network in the list has a blank behind it.
                let behind = if name == "mynetworks" { " " } else { "" };
                machine.push((name.clone(), format!("{value}{behind}")));
            }
        }
    }
    same.retain(|name, _| name != "config_directory");
    ours.remove("config_directory");
    comparison.known.push(format!(
        "{} defaults come from the machine or from who built the package; they are not compared",
        machine.len()
    ));
    differences("d", &same, &ours, comparison);
    machine
}
