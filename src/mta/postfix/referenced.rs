//! The lookup tables that a configuration names, read where they may be. Must not know what they
//! are asked for.

use std::collections::BTreeSet;
use std::path::Path;

use super::syntax::{is_white, parse_main, parse_table};
use super::traps;
use crate::mta::config::{Config, Gap, Setting, World};

/// Tables whose text stands in the file itself; of the indexed ones it is the source of the index.
const TEXT: [&str; 10] = [
    "btree", "cdb", "cidr", "dbm", "hash", "lmdb", "pcre", "regexp", "sdbm", "texthash",
];

/// Tables whose file says where and how to ask.
const CLIENTS: [&str; 6] = ["ldap", "mysql", "pgsql", "sqlite", "memcache", "mongodb"];

/// Tables that ask the one behind them.
const FRONTS: [&str; 2] = ["proxy:", "debug:"];

/// Reads every table that the settings name, each once: what is wrong with it is a finding, one
/// that cannot be read a gap.
pub fn read(settings: &[Setting], world: &World<'_>, config: &mut Config) {
    let mut seen = BTreeSet::new();
    for setting in settings {
        for word in words(setting.value.as_deref().unwrap_or_default()) {
            let Some((kind, path)) = word.split_once(':') else {
                continue;
            };
            let is_client = CLIENTS.contains(&kind);
            if !path.starts_with('/')
                || !(is_client || TEXT.contains(&kind))
                || !seen.insert(word.to_owned())
            {
                continue;
            }
            match world.files.read(path, Path::new("/")) {
                Ok(source) if is_client => {
                    config.findings.extend(traps::main(&parse_main(&source)));
                }
                Ok(source) => config.findings.extend(traps::table(&parse_table(&source))),
                Err(reason) => config.gaps.push(Gap {
                    place: setting.place.clone(),
                    reason: format!("what `{word}` holds: {reason}"),
                }),
            }
        }
    }
}

/// The words of a list; what is in braces too, and behind `!`, `proxy:` and `debug:`.
pub fn words(value: &str) -> impl Iterator<Item = &str> {
    let splits = |c: char| is_white(c) || ",{}".contains(c);
    value.split(splits).map(|word| {
        let mut word = word.trim_start_matches('!');
        while let Some(table) = FRONTS.iter().find_map(|front| word.strip_prefix(front)) {
            word = table;
        }
        word
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mta::postfix::resolve;
    use crate::mta::version::Version;
    use crate::text::{Snapshot, Source};

    #[test]
    fn tables_are_read_where_they_are() {
        let text = "virtual_alias_maps = !debug:hash:/etc/v, !proxy:mysql:/etc/m.cf\nalias_maps = hash:/etc/none\n";
        let main: Arc<Source> = Source::new("main.cf", text);
        let files = Snapshot::of(&[("/etc/v", "key\n"), ("/etc/m.cf", "no equals\n")]);
        let world = World::new(&files, Version::new(&[3, 7]));
        let config = resolve::main(&main, &world);
        let found: Vec<_> = config
            .findings
            .iter()
            .map(|finding| finding.labels[0].place.source.name().to_owned())
            .collect();
        assert_eq!(found, ["/etc/v", "/etc/m.cf"]);
        let gaps: Vec<_> = config.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert!(
            gaps.iter().any(|gap| gap.contains("`hash:/etc/none`")),
            "{gaps:?}"
        );
    }
}
