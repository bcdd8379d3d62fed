//! Which lookup tables a configuration names, who asks them, and what stands in those that are
//! here. Must not know which of it is a mistake.

use std::sync::Arc;

use super::files::{Entries, Files, bare};
use super::lift::Word;
use super::lists;
use super::syntax::Joined;
use crate::text::{Place, Source};

/// How the names of parameters end that take lookup tables and nothing else.
const ENDINGS: [&str; 8] = [
    "_maps",
    "_checks",
    "_command_filter",
    "_reply_filter",
    "_status_filter",
    "alias_database",
    "relay_clientcerts",
    "_cache_database",
];

/// A table, and what asks it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The parameter, or the restriction.
    pub by: String,
    /// The table.
    pub word: Word,
}

impl Asked {
    /// Its type and its name.
    pub fn parts(&self) -> Option<(&str, &str)> {
        bare(&self.word.text).split_once(':')
    }
}

/// Every table that is written.
pub fn all(files: &Files<'_>) -> Vec<Asked> {
    let mut all = Vec::new();
    for set in files.sets() {
        let is_list_of_tables = matches!(set.name, "proxy_read_maps" | "proxy_write_maps");
        if !is_list_of_tables
            && ENDINGS.iter().any(|end| set.name.ends_with(end))
            && files.dictionary.parameter(set.name).is_some()
        {
            let words = files.words(set.name, set.service).into_iter();
            all.extend(words.map(|word| Asked {
                by: set.name.to_owned(),
                word,
            }));
        }
    }
    for list in files.lists() {
        for item in &list.items {
            if item.name.contains(':') {
                all.push(Asked {
                    by: list.name.clone(),
                    word: item.word.clone(),
                });
            } else if lists::known(&item.name).is_some_and(|row| row.get("argument") == "table") {
                all.extend(item.argument.clone().map(|word| Asked {
                    by: item.name.clone(),
                    word,
                }));
            }
        }
    }
    for name in [
        "mynetworks",
        "mydestination",
        "relay_domains",
        "virtual_alias_domains",
        "virtual_mailbox_domains",
    ] {
        let words = files.words(name, None).into_iter();
        let words = words.filter(|word| {
            !word.text.contains('[') && (word.text.contains(":/") || word.text.contains(":{"))
        });
        all.extend(words.map(|word| Asked {
            by: name.to_owned(),
            word: Word {
                text: word.text.trim_start_matches('!').to_owned(),
                ..word
            },
        }));
    }
    all.retain(|asked| asked.word.origin.is_some());
    // One place, one word: services see the same lists.
    let key = |asked: &Asked| {
        (
            asked
                .word
                .origin
                .as_ref()
                .map(|place| (place.source.name().to_owned(), place.span)),
            asked.word.text.clone(),
            asked.by.clone(),
        )
    };
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|asked| seen.insert(key(asked)));
    all
}

/// Tables of keys, of which each is looked up as it is.
const KEYED: [&str; 7] = ["hash", "btree", "texthash", "lmdb", "cdb", "dbm", "sdbm"];

/// A table that can be read, with what asks it.
#[derive(Debug)]
pub struct Read {
    /// Which it is.
    pub asked: Asked,
    /// Its file.
    pub source: Arc<Source>,
    /// Its keys with their values, as written.
    pub entries: Entries,
}

impl Read {
    /// Whether each key is looked up as it is.
    pub fn is_keyed(&self) -> bool {
        self.asked
            .parts()
            .is_some_and(|(kind, _)| KEYED.contains(&kind))
    }

    /// Where a key or value stands.
    pub fn at(&self, part: &Joined) -> Place {
        Place::new(&self.source, part.place())
    }

    /// Whether it is one of `check_*_access`.
    pub fn is_access(&self) -> bool {
        self.asked.by.starts_with("check_") && self.asked.by.ends_with("_access")
            || lists::LISTS.contains(&self.asked.by.as_str())
    }
}

/// The tables that can be read.
pub fn read(files: &Files<'_>) -> Vec<Read> {
    let tables = files.asked().iter();
    tables
        .filter_map(|asked| {
            asked.parts().filter(|(_, path)| path.starts_with('/'))?;
            let (source, entries) = files.entries(&asked.word)?;
            Some(Read {
                asked: asked.clone(),
                source,
                entries,
            })
        })
        .collect()
}
