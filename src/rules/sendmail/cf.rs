//! Lines of sendmail.cf, written there or by a sendmail.mc. Must not know what mail they decide on.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::Version;
use crate::mta::sendmail;
use crate::text::{Source, Unread};

use sendmail::{Files, catalogue, class_file, instead, part};

/// Rulesets that the library makes (cf/m4/proto.m4).
const STANDARD: &[&str] = &[
    "check_compat",
    "check_etrn",
    "check_expn",
    "check_mail",
    "check_rcpt",
    "check_relay",
    "check_vrfy",
    "srv_features",
    "tls_client",
    "tls_rcpt",
    "tls_server",
    "trust_auth",
    "try_tls",
];

/// The kinds of maps (sendmail/conf.c, `setupmaps()`); which of them are there depends on the build.
const KINDS: &[&str] = &[
    "arith",
    "arpa",
    "bestmx",
    "bitdomain",
    "btree",
    "cdb",
    "dbm",
    "dequote",
    "dns",
    "dprintf",
    "erased",
    "hash",
    "hes",
    "hesiod",
    "host",
    "implicit",
    "ldap",
    "ldapx",
    "macro",
    "netinfo",
    "nis",
    "nisplus",
    "null",
    "pcre",
    "ph",
    "program",
    "regex",
    "sequence",
    "servers",
    "socket",
    "stab",
    "switch",
    "syslog",
    "text",
    "userdb",
    "user",
    "cert_altnames",
    "message",
    "version",
    "udb",
    "passwd",
    "daemon",
    "lookup",
];

/// Rulesets that are begun twice, or that the library makes too.
pub fn duplicate_ruleset(files: &Files<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let made = files.resolved.reading.is_some();
    for set in &files.resolved.model.rulesets {
        let name = set.name.split('=').next().unwrap_or_default().trim();
        let Some(place) = &set.place else { continue };
        let is_standard = made && STANDARD.contains(&name);
        // The library itself adds to the local ones.
        let is_local = name.starts_with("Local_");
        if !seen.insert(name.to_owned()) && !made && !is_local
            || is_standard && !set.rules.is_empty()
        {
            let message = format!(
                "the ruleset `{name}` is there already: these rules come behind its own, which mostly decide before them"
            );
            let right = name
                .strip_prefix("check_")
                .map(|rest| format!("Local_check_{rest}"));
            let help = match right.filter(|_| is_standard && ["check_mail", "check_rcpt", "check_relay"].contains(&name)) {
                Some(right) => format!("write them in `{right}`, which is asked first"),
                None => "give the rules to the ruleset where it begins, or to one of the library's Local_ ones".to_owned(),
            };
            found.push(
                files
                    .say(Severity::Warning, "duplicate-ruleset", Some(place), message)
                    .help(help),
            );
        }
    }
    found
}

/// Options that a build may lack.
pub fn option_needs_build(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for named in files.resolved.model.named(files.world.version) {
        let row = catalogue::options().get(&named.name);
        let needs = row.map_or("", |row| row.get("needs"));
        let Some(place) = files.written(named.line).filter(|_| !needs.is_empty()) else {
            continue;
        };
        // These are how the option is compiled in wherever TLS is.
        if needs.starts_with('!') || needs == "STARTTLS" {
            continue;
        }
        let message = format!(
            "a daemon that is built without `{needs}` does not know `{}` and does not start",
            named.name
        );
        found.push(
            files
                .say(Severity::Note, "option-needs-build", Some(place), message)
                .certainty(Certainty::Conditional)
                .help("try it with `sendmail -C FILE -bC` before the daemon is restarted"),
        );
    }
    found
}

/// Kinds of maps that there are not, and maps that rules name and nobody declares.
pub fn maps(files: &Files<'_>) -> Vec<Finding> {
    let model = &files.resolved.model;
    let mut found = Vec::new();
    for map in &model.maps {
        let kind = map
            .value
            .as_deref()
            .unwrap_or_default()
            .split_whitespace()
            .next()
            .unwrap_or_default();
        if let Some(place) = &map.place
            && !kind.is_empty()
            && !KINDS.contains(&kind)
            && !kind.contains('$')
        {
            let message = format!("there are no maps of the kind `{kind}`: the daemon stops here");
            let near = crate::catalogue::nearest(kind, KINDS.iter().copied());
            let place = part(place, kind);
            let finding = files.say(Severity::Error, "unknown-table-type", Some(&place), message);
            found.push(match near {
                Some(near) => finding
                    .help(format!("did you mean `{near}`?"))
                    .unsafe_fix(instead(&place, kind, near)),
                None => finding,
            });
        }
    }
    let declared: BTreeSet<&str> = model.maps.iter().map(|map| map.name.as_str()).collect();
    let standard = [
        "host",
        "macro",
        "dequote",
        "arith",
        "resolve",
        "user",
        "canonicalize",
    ];
    for rule in model.rulesets.iter().flat_map(|set| &set.rules) {
        let Some(place) = &rule.place else { continue };
        for (at, begin) in rule.right.match_indices("$(") {
            let name = rule.right[at + begin.len()..]
                .split_whitespace()
                .next()
                .unwrap_or_default();
            let is_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if is_name && !declared.contains(name) && !standard.contains(&name) {
                let message = format!(
                    "no map is called `{name}`: the look-up finds nothing, whatever is asked"
                );
                found.push(
                    files
                        .say(
                            Severity::Error,
                            "undefined-name",
                            Some(&part(place, name)),
                            message,
                        )
                        .help("declare it with a `K` line behind `LOCAL_CONFIG`"),
                );
            }
        }
    }
    found
}

/// Files of classes that must be there.
pub fn missing_class_file(files: &Files<'_>) -> Vec<Finding> {
    let lines = files.resolved.model.class_files.iter();
    let found = lines.filter_map(|line| {
        let (path, optional) = class_file(line)?;
        let missing = !optional && files.file(path).err() == Some(Unread::Missing);
        missing.then(|| {
            let message =
                format!("`{path}` is not there, and the daemon does not start without it");
            files
                .say(
                    Severity::Warning,
                    "missing-class-file",
                    line.place.as_ref(),
                    message,
                )
                .certainty(Certainty::Likely)
                .help(format!("create it, even empty, or name it as `-o {path}`"))
                .unsafe_fix(instead(line.place.as_ref(), path, &format!("-o {path}")))
        })
    });
    found.collect()
}

/// A file for a newer daemon.
pub fn newer_level(files: &Files<'_>) -> Vec<Finding> {
    if files.resolved.reading.is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let tree = files.tree();
    if files.resolved.model.level.is_some_and(|level| level > 10) {
        let line = tree.root().children().find(|node| node.kind() == "version");
        let place = line.map(|line| crate::text::Place::new(&files.source, line.span()));
        let message =
            "no release of the daemon knows a level above 10: it reads the file as it can";
        found.push(
            files
                .say(Severity::Warning, "newer-level", place.as_ref(), message)
                .help("write `V10/Berkeley`"),
        );
    }
    let made = files.macro_line("Z");
    if let Some(line) = made
        && let Some(version) = line
            .value
            .as_deref()
            .and_then(|value| Version::parse(value.split('/').next()?))
        && version.series() > files.world.version.series()
    {
        let message = format!(
            "the file was made for {version}, and {} is to read it: options that it does not know stop it",
            files.world.version
        );
        found.push(
            files
                .say(
                    Severity::Warning,
                    "newer-level",
                    line.place.as_ref(),
                    message,
                )
                .help("make it anew with the library of the release that runs"),
        );
    }
    found
}

/// A sendmail.cf that does not say what the sendmail.mc beside it says.
pub fn stale_cf(files: &Files<'_>) -> Vec<Finding> {
    let name = files.source.name();
    let Some(begin) = name
        .strip_suffix(".mc")
        .filter(|_| files.resolved.reading.is_some())
    else {
        return Vec::new();
    };
    let made = format!("{begin}.cf");
    let made = made.rsplit('/').next().unwrap_or(&made).to_owned();
    let Ok(source) = files.file(&made) else {
        return Vec::new();
    };
    // Only the options are compared, and a whole sendmail.cf takes long to read.
    let options = source.text().lines().filter(|line| line.starts_with('O'));
    let options: String = options.flat_map(|line| [line, "\n"]).collect();
    let other = sendmail::read_cf(&Source::new(source.name(), options), files.world);
    if other.model.options.is_empty() {
        return Vec::new();
    }
    let values = |model: &sendmail::Model| -> BTreeMap<String, Vec<String>> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for named in model.named(files.world.version) {
            let value = named.line.value.as_deref().unwrap_or_default();
            let value = value.replace(' ', "");
            values.entry(named.name).or_default().push(value);
        }
        values
    };
    let (here, there) = (values(&files.resolved.model), values(&other.model));
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for named in files.resolved.model.named(files.world.version) {
        let Some(place) = &named.line.place else {
            continue;
        };
        let is_known = catalogue::options().get(&named.name).is_some();
        if !is_known
            || !done.insert(named.name.clone())
            || named
                .line
                .value
                .as_deref()
                .unwrap_or_default()
                .contains('$')
        {
            continue;
        }
        let there = there.get(&named.name);
        if here.get(&named.name) == there {
            continue;
        }
        let there = there.map_or("nothing".to_owned(), |there| {
            format!("`{}`", there.join("`, `"))
        });
        let message = format!(
            "`{made}` beside this file says {there} for `{}`: it was not made from this, or was changed by hand, which the \
             next `make` undoes",
            named.name
        );
        found.push(
            files
                .say(Severity::Warning, "stale-cf", Some(place), message)
                .certainty(Certainty::Likely)
                .help(format!("make `{made}` anew: `m4 {name} > {made}`")),
        );
        // One says it.
        break;
    }
    found
}
