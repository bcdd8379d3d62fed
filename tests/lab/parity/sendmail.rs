//! What m4 and its library make of a sendmail.mc, compared with what we say it stands for; and the
//! library's names, compared with the catalogue.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use smtpconf::mta::{Config, Dialect, Setting, Target, World};
use smtpconf::text::{Scope, Snapshot, Source};

use super::super::roots;
use super::{Comparison, files, inside, work};

/// Runs m4 on every file; wherever a file looks for the library, it finds that of the package. It
/// stands before those that do not load it themselves.
const SCRIPT: &str = r#"
cf=/usr/share/sendmail/cf
cd /lab
for mc in *.mc; do
    sed "s:include(\`[^']*m4/cf\.m4'):include(\`$cf/m4/cf.m4'):" "$mc" > copy
    before=; grep -v '^ *dnl' copy | grep -q 'include(.*m4/cf\.m4' || before=$cf/m4/cf.m4
    if timeout 20 m4 -D_CF_DIR_=$cf/ $before copy > "$mc.cf" 2> "$mc.err"; then touch "$mc.made"; fi
done
sendmail -C/lab/options.list -bC 2>&1 | grep 'unknown option' > unknown || true
"#;

/// Options that end the daemon without a value that fits the machine.
const NEED_VALUES: &[&str] = &[
    "RunAsUser",
    "TrustedUser",
    "DefaultUser",
    "DontBlameSendmail",
];

/// Compares.
pub fn compare(target: Target) -> Result<Comparison, String> {
    let mut comparison = Comparison::default();
    let work = work(target);
    let mut sources: Vec<(PathBuf, String)> = Vec::new();
    let all = files("sendmail", &["sendmail-mc", "sendmail-cf", "distro"]);
    let is_mc = |path: &&PathBuf| path.to_string_lossy().contains(".mc");
    for (number, path) in all.iter().filter(is_mc).enumerate() {
        let name = format!("{number:03}.mc");
        fs::copy(path, work.join(&name)).map_err(|error| error.to_string())?;
        sources.push((path.clone(), name));
    }
    // Every option of the catalogue that any build has: the daemon must know them all.
    let options: Vec<String> = rows("options", target)
        .into_iter()
        .filter(|row| {
            row[5].is_empty() && row[6].is_empty() && !NEED_VALUES.contains(&row[0].as_str())
        })
        .map(|row| format!("O {}={}\n", row[0], row[3]))
        .collect();
    fs::write(work.join("options.list"), options.concat()).map_err(|error| error.to_string())?;
    inside(target, &work, SCRIPT)?;
    comparison.values += options.len();
    let unknown = read(&work.join("unknown"));
    comparison
        .differences
        .extend(unknown.lines().map(str::to_owned));
    let mut refused = Vec::new();
    for (path, name) in &sources {
        if work.join(format!("{name}.made")).exists() {
            comparison.files += 1;
            one(target, path, &work, name, &mut comparison);
        } else {
            refused.push(shown(path));
        }
    }
    if !refused.is_empty() {
        let refused = refused.join(", ");
        comparison
            .known
            .push(format!("m4 itself makes no sendmail.cf of {refused}"));
    }
    let is_cf = |path: &&PathBuf| !is_mc(path) && path.to_string_lossy().contains("/sendmail");
    for path in all
        .iter()
        .filter(|path| is_cf(path) && shown(path).contains(".cf"))
    {
        comparison.files += 1;
        let text = read(path);
        let (strays, values) = cf_alone(target, path, &text, &mut comparison.differences);
        comparison.values += values;
        if strays > 0 {
            comparison
                .known
                .push(format!("{}: {strays} strays", shown(path)));
        }
    }
    catalogue(target, &mut comparison);
    Ok(comparison)
}

fn shown(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    Source::from_bytes("x", bytes).text().to_owned()
}

fn resolved(target: Target, dialect: &str, name: &str, text: &str) -> Config {
    let files = Snapshot::new(Scope::Root(roots::upper(target)));
    let world = World::new(&files, target.version).with_defaults(true);
    let dialect = Dialect::by_word(dialect).unwrap();
    (dialect.resolve)(&Source::new(name, text), &world)
}

/// What both sides say, one line for each value.
fn values(config: &Config) -> Vec<String> {
    let compared = |setting: &&Setting| {
        let scope = setting.scope.as_str();
        matches!(
            scope,
            "" | "macro" | "class" | "class file" | "map" | "priority" | "environment"
        ) || ["daemon ", "client ", "mailer ", "filter ", "queue "]
            .iter()
            .any(|begin| scope.starts_with(begin))
    };
    let mut all: Vec<String> = config.settings.iter().filter(compared).map(value).collect();
    all.sort();
    all
}

fn value(setting: &Setting) -> String {
    let value = setting.value.as_deref().unwrap_or("-");
    let value: Vec<&str> = value.split_whitespace().collect();
    let mut value = value.join(" ");
    // The package writes its revision here, which no file of the configuration tells.
    if setting.scope == "macro" && setting.name == "Z" {
        value.truncate(value.find("/Debian").unwrap_or(value.len()));
    }
    format!("{} {} = {value}", setting.scope, setting.name)
}

fn names(config: &Config, kind: &str) -> BTreeSet<String> {
    let of_kind = config
        .settings
        .iter()
        .filter(|setting| setting.scope == kind);
    of_kind.map(|setting| setting.name.clone()).collect()
}

/// Features that leave no sign in a sendmail.cf.
const SILENT: &[&str] = &["prefixmod", "tls_failures", "fips3", "vnet", "domainmap"];

fn one(target: Target, path: &Path, work: &Path, name: &str, comparison: &mut Comparison) {
    let made = read(&work.join(format!("{name}.cf")));
    let ours = resolved(target, "sendmail-mc", &format!("/lab/{name}"), &read(path));
    let theirs = resolved(target, "sendmail-cf", "made.cf", &made);
    let (mine, wanted) = (values(&ours), values(&theirs));
    comparison.values += wanted.len();
    differ(path, &wanted, &mine, &mut comparison.differences);
    for kind in ["feature", "mailer"] {
        let keep = |names: BTreeSet<String>| -> Vec<String> {
            names
                .into_iter()
                .filter(|name| !SILENT.contains(&name.as_str()))
                .map(|name| format!("{kind} {name}"))
                .collect()
        };
        let (wanted, mine) = (keep(names(&theirs, kind)), keep(names(&ours, kind)));
        comparison.values += wanted.len();
        differ(path, &wanted, &mine, &mut comparison.differences);
    }
    let (strays, _) = cf_alone(target, path, &made, &mut comparison.differences);
    let kinds = ["stray-line", "continues-nothing", "rule-without-tab"];
    let said = ours
        .findings
        .iter()
        .filter(|finding| kinds.contains(&finding.rule))
        .count();
    if said != strays {
        comparison.differences.push(format!(
            "{}: m4 makes {strays} strays, we say {said}",
            shown(path)
        ));
    }
    if strays > 0 {
        comparison.known.push(format!(
            "{}: m4 makes {strays} lines that are none of sendmail.cf",
            shown(path)
        ));
    }
}

/// Says what one of two sorted lists lacks.
fn differ(path: &Path, wanted: &[String], mine: &[String], differences: &mut Vec<String>) {
    let mut left = mine.to_vec();
    for line in wanted {
        if let Some(at) = left.iter().position(|own| own == line) {
            left.remove(at);
        } else {
            differences.push(format!("{}: m4 makes `{line}`", shown(path)));
        }
    }
    differences.extend(
        left.iter()
            .map(|line| format!("{}: we say `{line}`", shown(path))),
    );
}

/// Our reading of a sendmail.cf against a plain one; the strays, and the values compared.
fn cf_alone(
    target: Target,
    path: &Path,
    text: &str,
    differences: &mut Vec<String>,
) -> (usize, usize) {
    let config = resolved(target, "sendmail-cf", "x.cf", text);
    let mut wanted = Vec::new();
    let lines = text
        .replace("\r\n", "\n")
        .replace("\n\t", "\t")
        .replace("\n ", " ");
    for line in lines.lines() {
        let cut = line
            .match_indices('#')
            .find(|(at, _)| *at == 0 || !matches!(line.as_bytes()[at - 1], b'$' | b'\\'));
        let line = cut.map_or(line, |(at, _)| &line[..at]).trim_end();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let named = |rest: &str| match rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        {
            Some((name, rest)) => (name.to_owned(), words(rest)),
            None => (
                rest.chars().take(1).collect(),
                words(&rest.chars().skip(1).collect::<String>()),
            ),
        };
        if let Some(option) = line.strip_prefix("O ") {
            let (name, value) = option
                .split_once('=')
                .map_or((option, "-".to_owned()), |(n, v)| (n, words(v)));
            if !name.ends_with("PortOptions") {
                wanted.push(format!(" {} = {value}", name.trim()));
            }
        } else if let Some(rest) = line.strip_prefix('D') {
            let (name, value) = named(rest);
            let value = if name == "Z" {
                value[..value.find("/Debian").unwrap_or(value.len())].to_owned()
            } else {
                value
            };
            wanted.push(format!("macro {name} = {value}"));
        } else if let Some(rest) = line.strip_prefix('C') {
            let (name, value) = named(rest);
            wanted.push(format!("class {name} = {value}"));
        } else if let Some(rest) = line.strip_prefix('F') {
            let (name, value) = named(rest);
            wanted.push(format!("class file {name} = {value}"));
        }
    }
    wanted.sort();
    let mine: Vec<String> = values(&config)
        .into_iter()
        // A line that begins with `O` and a letter is an old option; prose is so as well.
        .filter(|line| !line.starts_with(' ') || line.find('=') > Some(3))
        .filter(|line| {
            ["macro ", "class ", "class file ", " "]
                .iter()
                .any(|begin| line.starts_with(begin))
                && !line.starts_with("class t =")
        })
        .collect();
    differ(path, &wanted, &mine, differences);
    let tree = (Dialect::by_word("sendmail-cf").unwrap().parse)(&Source::new("x.cf", text));
    (tree.strays().count(), wanted.len())
}

/// The names in the library against those of the catalogue.
fn catalogue(target: Target, comparison: &mut Comparison) {
    let cf = roots::upper(target).join("usr/share/sendmail/cf");
    for (folder, table) in [
        ("feature", "features"),
        ("mailer", "mailers"),
        ("ostype", "ostypes"),
    ] {
        let there: BTreeSet<String> = fs::read_dir(cf.join(folder))
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                entry
                    .ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(".m4")
                    .map(str::to_owned)
            })
            .collect();
        let known = table_names(table, target);
        comparison.values += there.len();
        let differences = &mut comparison.differences;
        differences.extend(
            there
                .difference(&known)
                .map(|name| format!("{table}.tsv lacks `{name}`")),
        );
        differences.extend(
            known
                .difference(&there)
                .map(|name| format!("{table}.tsv has `{name}`, the library has not")),
        );
    }
    let proto = read(&cf.join("m4/proto.m4"));
    let mut there = BTreeSet::new();
    for line in proto
        .lines()
        .filter_map(|line| line.strip_prefix("_OPTION("))
    {
        let mut parts = line
            .split(',')
            .map(|part| part.trim_matches([' ', '`', '\'', ')']));
        if let (Some(option), Some(name)) = (parts.next(), parts.next()) {
            there.insert(format!("{name} {option}"));
        }
    }
    let known: BTreeSet<String> = rows("macros", target)
        .into_iter()
        .filter(|row| !row[2].is_empty())
        .map(|row| format!("{} {}", row[0], row[1]))
        .collect();
    comparison.values += there.len();
    let differences = &mut comparison.differences;
    differences.extend(
        there
            .difference(&known)
            .map(|name| format!("macros.tsv lacks `{name}`")),
    );
    differences.extend(
        known
            .difference(&there)
            .map(|name| format!("macros.tsv has `{name}`, the library has not")),
    );
}

/// The rows of a table that are there in a version.
fn rows(table: &str, target: Target) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/sendmail/{table}.tsv"));
    let text = read(&path);
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let introduced = columns.iter().position(|column| *column == "introduced");
    lines
        .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>())
        .filter(|row| {
            let since = introduced.map_or("", |at| row[at].as_str());
            let numbers: Vec<u16> = since
                .split('.')
                .filter_map(|part| part.parse().ok())
                .collect();
            since.starts_with("<=") || target.version.is_at_least(&numbers)
        })
        .collect()
}

fn table_names(table: &str, target: Target) -> BTreeSet<String> {
    rows(table, target)
        .into_iter()
        .map(|row| row[0].clone())
        .collect()
}
