//! What `exim -bV` and `exim -bP` say, compared with what we say: values of all options, logical
//! lines after macros, lines at which a configuration is refused, and the catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use smtpconf::findings::Severity;
use smtpconf::mta::{Config, Dialect, Target, World};
use smtpconf::text::{Scope, Snapshot, Source};

use super::{Comparison, exim_lines, files, inside, work};

/// Runs the tool over every configuration below `in`. Users that do not exist on this machine are
/// made first, since a configuration is not to blame for that.
const SCRIPT: &str = r#"
cd /lab/in
: > /tmp/empty
exim4 -C /tmp/empty -bP > /lab/empty 2>/dev/null
exim4 -C /tmp/empty -bP macros > /lab/macros 2>/dev/null
number=50000
for file in *; do
    out=/lab/out/$file
    mkdir -p "$out"
    chown root:root "$file"; chmod 644 "$file"
    for attempt in 1 2 3 4 5 6; do
        exim4 -C "/lab/in/$file" -bV > "$out/bV" 2>&1 && break
        missing=$(sed -n 's/^ *\(user\|group\) \([a-zA-Z0-9_-]*\) was not found.*/\2/p' "$out/bV" | head -n 1)
        test -n "$missing" || break
        number=$((number + 1))
        grep -q "^$missing:" /etc/passwd || echo "$missing:x:$number:$number::/:/bin/false" >> /etc/passwd
        grep -q "^$missing:" /etc/group || echo "$missing:x:$number:" >> /etc/group
    done
    grep -q 'configuration error' "$out/bV" && continue
    for page in config routers transports authenticators; do
        exim4 -C "/lab/in/$file" -bP $page > "$out/$page" 2>/dev/null || true
    done
    exim4 -C "/lab/in/$file" -bP > "$out/main" 2>/dev/null || true
    : > "$out/good"
done
cp /etc/passwd /etc/group /lab/
# Debian's own configuration with all kinds of answers.
echo host.mail.example > /etc/mailname
for kind in internet smarthost satellite local none; do
    for split in true false; do
        name=$kind-$split
        root=/lab/debian/$name
        mkdir -p "$root/etc" "/lab/out/$name"
        cat > /etc/exim4/update-exim4.conf.conf <<END
# answers
dc_eximconfig_configtype='$kind'
dc_other_hostnames='Mail.example; b.example'
dc_local_interfaces='127.0.0.1 ; ::1'
dc_readhost='read.example'
dc_relay_domains='relay.example'
dc_minimaldns='false'
dc_relay_nets='192.0.2.0/24 ; 2001:db8::/32'
dc_smarthost='smart.example::587'
CFILEMODE='644'
dc_use_split_config='$split'
dc_hide_mailname='true'
dc_mailname_in_oh='true'
dc_localdelivery='maildir_home'
MAIN_TLS_ENABLE=yes
END
        cp -r /etc/exim4 /etc/mailname "$root/etc/"
        update-exim4.conf -o "/lab/in/$name" 2> /dev/null || true
        exim4 -C "/lab/in/$name" -bV > "/lab/out/$name/bV" 2>&1
        for page in config routers transports authenticators; do
            exim4 -C "/lab/in/$name" -bP $page > "/lab/out/$name/$page" 2>/dev/null
        done
        exim4 -C "/lab/in/$name" -bP > "/lab/out/$name/main" 2>/dev/null
        : > "/lab/out/$name/good"
    done
done
"#;

/// The rules about expansions.
const EXPANSION: &[&str] = &["faulty-expansion", "unknown-expansion"];

/// Compares.
pub fn compare(target: Target) -> Result<Comparison, String> {
    let work = work(target);
    let mut comparison = Comparison::default();
    let inputs = work.join("in");
    fs::create_dir_all(&inputs).unwrap();
    fs::create_dir_all(work.join("out")).unwrap();
    let mut names = Vec::new();
    for path in files("exim", &["exim", "distro"]) {
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let dialect = Dialect::of(&Source::from_bytes(name.clone(), bytes.clone())).0;
        if dialect.name == "exim-conf" {
            fs::write(inputs.join(&name), bytes).unwrap();
            names.push(name);
        }
    }
    names.extend(exim_lines::write(&inputs, 500, &mut Rng::with_seed(4)));
    inside(target, &work, SCRIPT)?;
    catalogue(target, &work, &mut comparison);
    for name in names {
        let source = Source::from_bytes(
            format!("/lab/in/{name}"),
            fs::read(inputs.join(&name)).unwrap(),
        );
        let snapshot = Snapshot::new(Scope::Root("/nonexistent".into()));
        let config = resolve(&source, target, &snapshot);
        let out = work.join("out").join(&name);
        comparison.files += 1;
        if out.join("good").exists() {
            accepted(&name, &config, &out, &work, &mut comparison);
        } else {
            refused(&name, &config, &out, &mut comparison);
        }
    }
    for kind in ["internet", "smarthost", "satellite", "local", "none"] {
        for split in ["true", "false"] {
            let name = format!("{kind}-{split}");
            let out = work.join("out").join(&name);
            let root = work.join("debian").join(&name);
            let snapshot = Snapshot::new(Scope::Root(root));
            let file = "/etc/exim4/update-exim4.conf.conf";
            let source = snapshot.read(file, Path::new("/")).unwrap();
            let config = resolve(&source, target, &snapshot);
            comparison.files += 1;
            accepted(&name, &config, &out, &work, &mut comparison);
        }
    }
    Ok(comparison)
}

fn resolve(source: &std::sync::Arc<Source>, target: Target, files: &Snapshot) -> Config {
    let world = World::new(files, target.version).with_defaults(true);
    let dialect = Dialect::by_word("exim-conf").unwrap();
    (dialect.resolve)(source, &world)
}

/// A configuration that the daemon takes: every value is the same.
fn accepted(name: &str, config: &Config, out: &Path, work: &Path, comparison: &mut Comparison) {
    for finding in &config.findings {
        if finding.severity == Severity::Error {
            // The daemon looks at expansions only when it needs them.
            if EXPANSION.contains(&finding.rule) {
                comparison.known.push(format!(
                    "{name}: fails only when it is expanded: {}",
                    finding.message
                ));
                continue;
            }
            let place = &finding.labels[0].place;
            let line = place.source.position(place.span.start).line;
            comparison.differences.push(format!(
                "{name}: taken by the daemon, we say at line {line}: {}",
                finding.message
            ));
        }
    }
    let mut ours: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    for setting in config.settings.iter().chain(&config.defaults) {
        ours.insert(
            (setting.scope.clone(), setting.name.clone()),
            setting.value.clone(),
        );
    }
    for page in ["main", "routers", "transports", "authenticators"] {
        let text = fs::read(out.join(page)).unwrap_or_default();
        let theirs = printed(&String::from_utf8_lossy(&text));
        let mut seen = BTreeSet::new();
        for ((scope, option), value) in theirs {
            comparison.values += 1;
            seen.insert((scope.clone(), option.clone()));
            match ours.get(&(scope.clone(), option.clone())) {
                None => comparison
                    .differences
                    .push(format!("{name}: {scope} {option}: we do not have it")),
                // The machine decides.
                Some(None) => {}
                Some(Some(own)) => {
                    let named = ["user", "group"].iter().any(|end| option.ends_with(end));
                    // Of a rerouting, the tool prints no more than the domain.
                    let own = own.strip_prefix("reroute:").unwrap_or(own);
                    let own = normal(own, named.then_some(work));
                    let value = normal(&value, named.then_some(work));
                    if own != value {
                        comparison.differences.push(format!(
                            "{name}: {scope} {option}: the daemon says `{value}`, we say `{own}`"
                        ));
                    }
                }
            }
        }
        let of_page = |scope: &str| match page {
            "main" => scope.is_empty(),
            page => scope.starts_with(&format!("{} ", page.trim_end_matches('s'))),
        };
        for (scope, option) in ours.keys() {
            let list = option.contains(' ');
            if of_page(scope) && !list && !seen.contains(&(scope.clone(), option.clone())) {
                comparison.differences.push(format!(
                    "{name}: {scope} {option}: the daemon does not have it"
                ));
            }
        }
    }
    lines(name, config, out, comparison);
}

/// The logical lines of named lists, ACLs and rules, as `-bP config` prints them.
fn lines(name: &str, config: &Config, out: &Path, comparison: &mut Comparison) {
    let text = fs::read(out.join("config")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut theirs: Vec<String> = Vec::new();
    let mut section = String::new();
    let mut acl = String::new();
    for line in text.lines().map(squeezed) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.to_lowercase().starts_with("begin ") {
            section = line[6..].to_lowercase();
            continue;
        }
        if line.starts_with(|c: char| c.is_ascii_uppercase())
            && line.contains('=')
            && section != "retry"
            && section != "rewrite"
        {
            continue;
        }
        match section.as_str() {
            "" => {
                let plain = line.strip_prefix("hide ").unwrap_or(&line);
                if ["domainlist", "hostlist", "addresslist", "localpartlist"]
                    .iter()
                    .any(|kind| plain.starts_with(kind))
                {
                    // A list in quotes is taken out of them; the tool prints the line.
                    theirs.push(plain.replacen("_cache ", " ", 1).replace('"', ""));
                }
            }
            "acl" => match line.split_once(':') {
                Some((label, _)) if !label.contains([' ', '=']) => label.clone_into(&mut acl),
                // What stands behind `endpass` counts for nothing.
                _ => match line.split_once("endpass") {
                    Some((before, _)) => theirs.push(format!("{acl}: {before}endpass")),
                    None => theirs.push(format!("{acl}: {line}")),
                },
            },
            "retry" | "rewrite" => theirs.push(format!("{section}: {line}")),
            _ => {}
        }
    }
    let mut ours: Vec<String> = Vec::new();
    let mut places = BTreeMap::new();
    for setting in &config.settings {
        let value = setting.value.as_deref().unwrap_or_default();
        let line = match setting.scope.as_str() {
            "" if setting.name.contains(' ') => {
                format!("{} = {value}", setting.name).replace('"', "")
            }
            "retry" | "rewrite" => format!("{}: {} {value}", setting.scope, setting.name),
            scope => match scope.strip_prefix("acl ") {
                Some(acl) if setting.value.is_some() => {
                    format!("{acl}: {} = {value}", setting.name)
                }
                Some(acl) => format!("{acl}: {}", setting.name),
                None => continue,
            },
        };
        let place = setting.place.as_ref().unwrap();
        places.insert(ours.len(), place.source.position(place.span.start).line);
        ours.push(squeezed(&line));
    }
    let loose = |line: &String| -> String { line.split_whitespace().collect::<String>() };
    let order: Vec<String> = sorted(theirs.iter().map(loose));
    let own: Vec<String> = sorted(ours.iter().map(loose));
    comparison.values += order.len();
    for line in difference(&order, &own) {
        comparison.differences.push(format!(
            "{name}: a line of the daemon's that we do not have: {line}"
        ));
    }
    for line in difference(&own, &order) {
        comparison.differences.push(format!(
            "{name}: a line of ours that the daemon does not have: {line}"
        ));
    }
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

/// What `one` has and `other` has not, each as often as it is missing.
fn difference(one: &[String], other: &[String]) -> Vec<String> {
    let mut left: BTreeMap<&String, usize> = BTreeMap::new();
    for line in other {
        *left.entry(line).or_default() += 1;
    }
    one.iter()
        .filter(|line| match left.get_mut(line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .cloned()
        .collect()
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A configuration that the daemon refuses: we name the same line first.
fn refused(name: &str, config: &Config, out: &Path, comparison: &mut Comparison) {
    let text = String::from_utf8_lossy(&fs::read(out.join("bV")).unwrap()).into_owned();
    let mut lines = text.lines().skip_while(|line| {
        !line.contains("onfiguration error")
            && !line.contains("PANIC")
            && !line.contains("Unexpected end")
    });
    let head = lines.next().unwrap_or_default().to_owned();
    let reason = lines
        .take_while(|line| !line.starts_with("Exim version"))
        .collect::<Vec<_>>()
        .join(" ");
    comparison.values += 1;
    let first = config
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error);
    if let Some((_, rest)) = head.split_once("error in line ") {
        let (line, file) = rest.split_once(" of ").unwrap();
        let line: usize = line.parse().unwrap();
        let file = file.trim_end_matches(':');
        let same = first.is_some_and(|finding| {
            let place = &finding.labels[0].place;
            // The daemon names the last line of a logical one, and of the whole file where
            // something is not closed.
            let mut last = place.source.line_index(place.span.start);
            let text = |line: usize| place.source.slice(place.source.line_span(line)).trim();
            let mut goes_on = text(last).ends_with('\\');
            while goes_on && last + 1 < place.source.text().lines().count() {
                last += 1;
                goes_on = text(last).ends_with('\\') || text(last).starts_with('#');
            }
            let unclosed = finding.rule == "unmatched-conditional";
            (unclosed || last + 1 == line) && place.source.name() == file
        });
        if same {
            return;
        }
        // What we do not read, as a file that is not there, is a gap of ours.
        let gap = config.gaps.iter().any(|gap| {
            gap.place
                .as_ref()
                .is_some_and(|place| place.source.position(place.span.start).line == line)
        });
        let fragment = config
            .gaps
            .iter()
            .any(|gap| gap.reason.starts_with("This is a part"));
        if gap || fragment {
            comparison.known.push(format!(
                "{name}: refused at line {line} ({}); a gap of ours",
                reason.trim()
            ));
            return;
        }
        comparison.differences.push(format!(
            "{name}: refused at line {line} ({}), we say {:?}",
            reason.trim(),
            first.map(|finding| (finding.labels[0].place.span, &finding.message))
        ));
    } else if first.is_none() {
        comparison.differences.push(format!(
            "{name}: refused ({head} {}), we take it",
            reason.trim()
        ));
    }
}

/// The catalogue against the daemon: names and defaults of the main options, and the macros.
fn catalogue(target: Target, work: &Path, comparison: &mut Comparison) {
    let empty = Source::new("/lab/in/empty.conf", "");
    let snapshot = Snapshot::new(Scope::Root("/nonexistent".into()));
    let config = resolve(&empty, target, &snapshot);
    let text = fs::read_to_string(work.join("empty")).unwrap_or_default();
    let theirs = printed(&text);
    let ours: BTreeMap<&str, Option<&str>> = config
        .defaults
        .iter()
        .map(|setting| (setting.name.as_str(), setting.value.as_deref()))
        .collect();
    for ((_, option), value) in &theirs {
        comparison.values += 1;
        match ours.get(option.as_str()) {
            None => comparison
                .differences
                .push(format!("catalogue: no {option}")),
            Some(Some(own))
                if normal(own, None) != normal(value, None) && option != "exim_version" =>
            {
                comparison
                    .differences
                    .push(format!("catalogue: {option} is `{value}`, we say `{own}`"));
            }
            Some(_) => {}
        }
    }
    for option in ours.keys() {
        if !theirs.keys().any(|(_, known)| known == option) {
            comparison
                .differences
                .push(format!("catalogue: {option} is not there"));
        }
    }
    // Each macro counts as one that is tested for: what is inside it is there, what is behind it not.
    let macros = fs::read_to_string(work.join("macros")).unwrap_or_default();
    let mut macro_tests = String::new();
    for line in macros.lines() {
        // Some names hold signs of comparison.
        let name = match line.strip_prefix("_EXP_COND_") {
            Some(_) => line.strip_suffix("=y").unwrap(),
            None => line.split('=').next().unwrap(),
        };
        let lower = name.to_lowercase();
        writeln!(macro_tests, ".ifdef {name}\n.else\nno_such_{lower}\n.endif").unwrap();
        comparison.values += 1;
    }
    let source = Source::new("/lab/in/macros.conf", macro_tests);
    for finding in resolve(&source, target, &snapshot).findings {
        comparison.differences.push(format!(
            "catalogue: a macro is missing: {}",
            finding.message
        ));
    }
}

/// What `-bP` prints, by scope and name.
fn printed(text: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let mut scope = String::new();
    for line in text.lines() {
        if let Some((name, class)) = line
            .strip_suffix(':')
            .and_then(|line| line.split_once(' '))
            .filter(|(_, class)| ["router", "transport", "authenticator"].contains(class))
        {
            scope = format!("{class} {name}");
        } else if line.starts_with('*') {
            // A name of the program's own, which the tool prints by mistake.
        } else if let Some((name, value)) = line.split_once(" =") {
            found.insert((scope.clone(), name.to_owned()), value.to_owned());
        } else if let Some(name) = line.strip_prefix("no_") {
            found.insert((scope.clone(), name.to_owned()), "false".to_owned());
        } else if !line.is_empty() && !line.contains(' ') {
            found.insert((scope.clone(), line.to_owned()), "true".to_owned());
        }
    }
    found
}

/// A value without what printing does to it: blanks at its ends, bytes above 0x7f as octal
/// numbers, and numbers in place of users and groups.
fn normal(value: &str, work: Option<&Path>) -> String {
    let mut text = String::new();
    for c in value.trim().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                write!(text, "\\{byte:03o}").unwrap();
            }
        }
    }
    let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    for file in ["group", "passwd"] {
        let Some(work) = work.filter(|_| number) else {
            break;
        };
        let lines = fs::read_to_string(work.join(file)).unwrap_or_default();
        let known = lines.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.get(2) == Some(&text.as_str())).then(|| fields[0].to_owned())
        });
        if let Some(known) = known {
            return known;
        }
    }
    text
}
