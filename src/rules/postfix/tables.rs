//! Which lookup tables a configuration names, and whether they can be opened. Must not know what
//! stands in them.

use std::path::Path;

use crate::catalogue::{Row, Table};
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Asked, Files, bare, tokens, written};
use crate::text::{Place, Unread};

static TYPES: Table = Table::new(include_str!("../../../schemas/postfix/tables.tsv"));

fn known(kind: &str) -> Option<Row> {
    TYPES.get(kind)
}

/// Tables without a type, or of one that does not exist.
pub fn types(files: &Files<'_>) -> Vec<Finding> {
    let version = files.dictionary.version;
    let mut findings = Vec::new();
    for asked in files.asked() {
        let text = asked.word.text.as_str();
        let told = |severity, rule, message: String| {
            files.finding(severity, rule, asked.word.origin.clone(), message)
        };
        // What restrictions want is told of the restriction.
        let is_argument = asked.by.starts_with("check_");
        let Some((kind, _)) = asked.parts() else {
            if !is_argument {
                let message = format!(
                    "`{text}` in `{}` has no type: the program that asks for the table dies",
                    asked.by
                );
                let help = if text.starts_with('/') {
                    format!("write `hash:{text}` or whatever type it is")
                } else {
                    "write `type:name`, without blanks".to_owned()
                };
                findings.push(told(Severity::Error, "table-without-type", message).help(help));
            }
            continue;
        };
        if kind.starts_with('{') || kind.is_empty() {
            continue;
        }
        match known(kind) {
            None => {
                let message = format!(
                    "`{kind}` is no type of table: every look-up in `{text}` fails, and mail \
             is put off"
                );
                let finding = told(Severity::Error, "unknown-table-type", message);
                findings.push(match TYPES.nearest(kind) {
                    Some(near) => finding
                        .help(format!("did you mean `{near}`?"))
                        .unsafe_fix(written(&asked.word, &text.replacen(kind, near, 1))),
                    None => finding.help("`postconf -m` lists the types"),
                });
            }
            Some(row) if !version.has(row.get("introduced")) => {
                let message = format!(
                    "tables of type `{kind}` came with Postfix {}, and {version} does not \
             know them: every look-up in `{text}` fails",
                    row.get("introduced")
                );
                findings.push(
                    told(Severity::Error, "unknown-table-type", message)
                        .help("`postconf -m` lists the types"),
                );
            }
            Some(_) => {}
        }
    }
    findings
}

/// Berkeley DB, which distributions give up.
pub fn berkeley(files: &Files<'_>) -> Vec<Finding> {
    if !files.dictionary.version.is_at_least(&[3, 11]) {
        return Vec::new();
    }
    // What a reference brings with it changes with that.
    let is_written = |asked: &Asked| {
        asked
            .word
            .origin
            .as_ref()
            .is_some_and(|place| place.source.slice(place.span) == asked.word.text)
    };
    let is_one = |asked: &Asked| {
        asked
            .parts()
            .is_some_and(|(kind, _)| kind == "hash" || kind == "btree")
            && is_written(asked)
    };
    let Some(first) = files.asked().iter().find(|asked| is_one(asked)) else {
        return Vec::new();
    };
    let message = format!(
        "`{}` needs Berkeley DB, without which Postfix 3.11 is built more and \
             more often: its look-ups fail there",
        first.word.text
    );
    vec![
        files
            .finding(
                Severity::Note,
                "berkeley-db",
                first.word.origin.clone(),
                message,
            )
            .certainty(Certainty::Likely)
            .help(
                "write `$default_database_type:` or `lmdb:`, and build the tables anew \
             with postmap and postalias; NON_BERKELEYDB_README has the steps",
            ),
    ]
}

/// Tables whose file is not there, is older than its source, or is needless.
pub fn on_disk(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = Path::new("/");
    for asked in files.asked() {
        let Some((kind, path)) = asked.parts().filter(|(_, path)| path.starts_with('/')) else {
            continue;
        };
        let Some(row) = known(kind) else { continue };
        let stat = |path: &str| files.world.files.stat(path, root);
        let told = |severity, rule, message: String| {
            files.finding(severity, rule, asked.word.origin.clone(), message)
        };
        let source = stat(path);
        let is_text = ["cidr", "pcre", "regexp", "texthash"].contains(&kind);
        if is_text {
            if source.as_ref().err() == Some(&Unread::Missing) {
                let message = format!(
                    "there is no file `{path}`: every look-up in `{}` fails, and mail is put off",
                    asked.word.text
                );
                findings.push(
                    told(Severity::Error, "missing-table", message)
                        .help("make the file, or take the table out"),
                );
            } else if stat(&format!("{path}.db")).is_ok() {
                let message = format!(
                    "tables of type `{kind}` are read as text: `{path}.db` is never looked at"
                );
                findings.push(
                    told(Severity::Note, "needless-database", message)
                        .help("remove it; `postfix reload` makes changes of the text count"),
                );
            }
            continue;
        }
        let index = row.get("index");
        if index.is_empty() {
            continue;
        }
        let command = if asked.by.starts_with("alias_") {
            "postalias"
        } else {
            "postmap"
        };
        match (stat(&format!("{path}{index}")), source) {
            (Err(Unread::Missing), _) if !asked.by.ends_with("_cache_database") => {
                let message = format!(
                    "there is no file `{path}{index}`, which is what is looked up: every \
             look-up in `{}` fails, and mail is put off",
                    asked.word.text
                );
                findings.push(
                    told(Severity::Error, "missing-table", message)
                        .help(format!("run `{command} {}`", bare(&asked.word.text))),
                );
            }
            (Ok(index), Ok(source)) if source.modified > index.modified => {
                let message = format!(
                    "`{path}` is newer than what was made of it: its changes do not count yet"
                );
                findings.push(
                    told(Severity::Warning, "stale-table", message)
                        .help(format!("run `{command} {}`", bare(&asked.word.text))),
                );
            }
            _ => {}
        }
    }
    findings
}

/// Tables behind proxymap(8) that it does not open.
pub fn unapproved(files: &Files<'_>) -> Vec<Finding> {
    let approved = |name: &str| {
        files.nearly(name).map(|text| {
            tokens(&text)
                .map(|range| text[range].to_owned())
                .collect::<Vec<_>>()
        })
    };
    let (Some(read), Some(write)) = (approved("proxy_read_maps"), approved("proxy_write_maps"))
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for asked in files.asked() {
        let text = &asked.word.text;
        if !text.starts_with("proxy:") || read.contains(text) || write.contains(text) {
            continue;
        }
        let message = format!(
            "`{text}` stands in no parameter that `proxy_read_maps` names, so \
             proxymap refuses to open it: every look-up fails"
        );
        findings.push(
            files
                .finding(
                    Severity::Error,
                    "unapproved-table",
                    asked.word.origin.clone(),
                    message,
                )
                .certainty(Certainty::Likely)
                .help("add the table to `proxy_read_maps`, or take `proxy:` out"),
        );
    }
    findings
}

/// Alias tables that newaliases(1) leaves as they are.
pub fn not_rebuilt(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_set("alias_maps", None) {
        return Vec::new();
    }
    let rebuilt = files.words("alias_database", None);
    let words = files.words("alias_maps", None).into_iter();
    let stale = words.filter(|word| {
        let kind = word.text.split(':').next().unwrap_or_default();
        let is_indexed = known(kind).is_some_and(|row| !row.get("index").is_empty());
        is_indexed && word.origin.is_some() && !rebuilt.iter().any(|known| known.text == word.text)
    });
    stale
        .map(|word| {
            let message = format!(
                "`{}` is not in `alias_database`: newaliases does not rebuild it, so \
             changes of its source do not count",
                word.text
            );
            files
                .finding(Severity::Warning, "alias-not-rebuilt", word.origin, message)
                .help("set `alias_database = $alias_maps`, or run `postalias` for it by hand")
                .unsafe_fix(files.set_to("alias_database", "$alias_maps", None))
        })
        .collect()
}

/// Files of keys and passwords: there at all, and readable by their owner alone.
pub fn secrets(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = |path: &str, place: Option<Place>, must_be_there: bool| match files
        .world
        .files
        .stat(path, Path::new("/"))
    {
        Err(Unread::Missing) if must_be_there => {
            let message = format!(
                "there is no file `{path}`: TLS is not offered, and with wrapper mode \
             nobody can connect"
            );
            findings.push(
                files
                    .finding(Severity::Error, "missing-key-file", place, message)
                    .help("correct the path, or take the setting out"),
            );
        }
        Ok(stat) if stat.mode & 0o004 != 0 => {
            let message =
                format!("every user of this host can read `{path}`, which holds a secret");
            findings.push(
                files
                    .finding(Severity::Error, "readable-secret", place, message)
                    .help(format!("run `chmod o-rwx {path}`")),
            );
        }
        _ => {}
    };
    for set in files.sets() {
        let place = || Some(Place::new(set.source, set.value.place()));
        if !set.name.contains("_file") {
            continue;
        }
        let text = files.text(set.name, set.service).unwrap_or_default();
        if set.name.contains("tls")
            && (set.name.ends_with("key_file") || set.name.ends_with("chain_files"))
        {
            for word in files
                .words(set.name, set.service)
                .iter()
                .filter(|word| word.text.starts_with('/'))
            {
                told(&word.text, word.origin.clone().or_else(place), true);
            }
        } else if set.name.ends_with("cert_file")
            && text.starts_with('/')
            && files.world.files.stat(&text, Path::new("/")).err() == Some(Unread::Missing)
        {
            told(&text, place(), true);
        }
    }
    for asked in files.asked() {
        let Some((kind, path)) = asked.parts() else {
            continue;
        };
        let is_client = ["ldap", "mysql", "pgsql", "mongodb"].contains(&kind);
        if path.starts_with('/') && (is_client || asked.by.ends_with("_sasl_password_maps")) {
            told(path, asked.word.origin.clone(), false);
        }
    }
    findings
}
