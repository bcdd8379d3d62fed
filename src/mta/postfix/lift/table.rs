//! Lookup tables whose text is at hand (`DATABASE_README`). Must not know what they are asked for.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::values::{Values, Word, tokens};
use crate::mta::postfix::syntax::{entries, parse_table};
use crate::net::Network;
use crate::policy::Expression;
use crate::text::{Place, Source};

/// Tables of keys whose source is text.
const KEYS: [&str; 9] = [
    "texthash", "hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "internal", "inline",
];

/// Types that some build of Postfix knows beside those that are read here.
const OTHERS: [&str; 25] = [
    "environ",
    "nis",
    "proxy",
    "tcp",
    "unix",
    "ldap",
    "mysql",
    "pgsql",
    "sqlite",
    "memcache",
    "fail",
    "socketmap",
    "pipemap",
    "unionmap",
    "randmap",
    "mongodb",
    "debug",
    "nisplus",
    "netinfo",
    "static",
    "cidr",
    "pcre",
    "regexp",
    "texthash",
    "maptable",
];

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry<K> {
    pub key: K,
    pub value: String,
    pub origin: Option<Place>,
}

/// What an ordered table asks of the text that is looked up.
#[derive(Clone, Debug)]
pub enum Test {
    /// An expression that is found in it.
    Found(Arc<Expression>),
    /// An address in the network.
    Within(Network),
}

/// A test with those of the `if` lines around it; `false` for one that must not hold.
pub type Tests = Vec<(Test, bool)>;

/// A table.
#[derive(Clone, Debug)]
pub enum Table {
    /// The same value for every key.
    Static(String),
    /// Whole keys, in lower case, none twice.
    Keys(Vec<Entry<String>>),
    /// Tests in order, of which the first one counts.
    Ordered(Vec<Entry<Tests>>),
    /// What cannot be read here: the kind of thing that is asked, and the reason.
    Elsewhere(&'static str, String),
    /// What no look-up succeeds in, with the reason.
    Broken(String),
}

/// Opens `type:name`. Each is read once, but for what stands in braces, where the word stands.
pub fn open(word: &Word, values: &Values<'_>) -> Rc<Table> {
    if let Some(known) = values.tables.borrow().get(&word.text) {
        return Rc::clone(known);
    }
    let table = Rc::new(read(word, values));
    if !word.text.contains('{') {
        let mut tables = values.tables.borrow_mut();
        tables.insert(word.text.clone(), Rc::clone(&table));
    }
    table
}

fn read(word: &Word, values: &Values<'_>) -> Table {
    let text = word.text.strip_prefix("proxy:").unwrap_or(&word.text);
    let Some((kind, name)) = text.split_once(':') else {
        return Table::Broken("it has no type".into());
    };
    if let Some(inner) = in_braces(name) {
        let version = values.dictionary.version;
        if matches!(kind, "cidr" | "pcre" | "regexp") && !version.is_at_least(&[3, 7]) {
            return Table::Broken(format!("{kind} tables in braces came with Postfix 3.7"));
        }
        return inline(kind, inner, word);
    }
    match kind {
        "static" => Table::Static(name.to_owned()),
        "inline" => Table::Broken("it has no braces".into()),
        "cidr" | "pcre" | "regexp" => match values.file(name) {
            Ok(source) => ordered(kind, &source, |place| Some(place.clone())),
            Err(reason) => Table::Elsewhere("table", format!("the file: {reason}")),
        },
        _ if KEYS.contains(&kind) => match values.file(name) {
            Ok(source) => keys(kind, &source),
            Err(reason) => Table::Elsewhere("table", format!("the file: {reason}")),
        },
        "fail" => Table::Broken("it always fails".into()),
        "mysql" | "pgsql" | "sqlite" => Table::Elsewhere("sql", "it is asked of a database".into()),
        "ldap" => Table::Elsewhere("ldap", "it is asked of a directory".into()),
        _ if OTHERS.contains(&kind) => {
            Table::Elsewhere("table", format!("a table of type {kind} is not read"))
        }
        _ => Table::Broken(format!("unsupported dictionary type: {kind}")),
    }
}

/// What stands in the braces that `text` is.
pub fn in_braces(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// A table whose entries stand in main.cf itself.
fn inline(kind: &str, inner: &str, word: &Word) -> Table {
    let items: Vec<&str> = tokens(inner)
        .map(|range| &inner[range])
        .map(|item| in_braces(item).unwrap_or(item).trim())
        .collect();
    match kind {
        "static" => Table::Static(inner.trim().to_owned()),
        "inline" => {
            // Of a key that stands twice the last one counts.
            let pairs = items.iter().filter_map(|item| item.split_once('='));
            let pairs = pairs.map(|(key, value)| (key.trim().to_lowercase(), value.trim()));
            let values: BTreeMap<String, &str> = pairs.collect();
            let entries = values.into_iter().map(|(key, value)| Entry {
                key,
                value: value.to_owned(),
                origin: word.origin.clone(),
            });
            Table::Keys(entries.collect())
        }
        "cidr" | "pcre" | "regexp" => {
            let source = Source::new(word.text.as_str(), items.join("\n"));
            ordered(kind, &source, |_| word.origin.clone())
        }
        "unionmap" | "pipemap" | "randmap" => {
            Table::Elsewhere("table", format!("a table of type {kind} is not read"))
        }
        _ => Table::Broken(format!("unsupported dictionary type: {kind}")),
    }
}

fn keys(kind: &str, source: &Arc<Source>) -> Table {
    let mut found: Vec<Entry<String>> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (key, value) in entries(&parse_table(source)) {
        let text = key.text.trim_matches('"').to_lowercase();
        if seen.insert(text.clone()) {
            found.push(Entry {
                key: text,
                value: value.text,
                origin: Some(Place::new(source, key.place())),
            });
        } else if kind == "texthash" {
            // What postmap only warns of; the programs do not open the table (dict_thash.c).
            let line = source.line_index(key.place().start) + 1;
            let name = source.name();
            return Table::Broken(format!(
                "{name}, line {line}: duplicate entry: \"{}\"",
                key.text
            ));
        }
    }
    Table::Keys(found)
}

fn ordered(kind: &str, source: &Arc<Source>, place: impl Fn(&Place) -> Option<Place>) -> Table {
    let tree = parse_table(source);
    let mut around: Tests = Vec::new();
    let mut read = entries(&tree).into_iter();
    let mut found = Vec::new();
    for node in tree.root().children() {
        let origin = place(&Place::new(source, node.span()));
        if node.kind() == "condition" {
            match node.text().trim().get(2..).map(str::trim) {
                Some(key) if node.text().trim_start().to_lowercase().starts_with("if") => {
                    // An `if` that cannot be read holds for nothing.
                    let never = || (Test::Found(Arc::new(nothing())), true);
                    around.push(test(kind, key, origin.as_ref()).unwrap_or_else(never));
                }
                _ => {
                    around.pop();
                }
            }
        }
        if node.kind() != "entry" {
            continue;
        }
        let Some((key, value)) = read.next() else {
            break;
        };
        // A line that is wrong is left out, as the daemon does.
        let Some(own) = test(kind, &key.text, origin.as_ref()) else {
            continue;
        };
        let mut tests = around.clone();
        tests.push(own);
        found.push(Entry {
            key: tests,
            value: value.text,
            origin: place(&Place::new(source, key.place())),
        });
    }
    Table::Ordered(found)
}

/// An expression that is found nowhere.
fn nothing() -> Expression {
    Expression::known("$^x", false)
}

fn test(kind: &str, key: &str, origin: Option<&Place>) -> Option<(Test, bool)> {
    let (key, wanted) = match key.strip_prefix('!') {
        Some(rest) => (rest.trim_start(), false),
        None => (key, true),
    };
    if kind == "cidr" {
        return Some((Test::Within(Network::parse(key).ok()?), wanted));
    }
    let delimiter = key.chars().next()?;
    let (pattern, flags) = key[delimiter.len_utf8()..].rsplit_once(delimiter)?;
    let pattern = if kind == "regexp" {
        from_posix(pattern)
    } else {
        pattern.to_owned()
    };
    let mut prefix = String::new();
    // pcre_table(5): `s` and `m` switch, and `.` matches a line end unless told otherwise.
    if kind == "pcre" && !flags.contains('s') {
        prefix += "(?s)";
    }
    if kind == "pcre" && flags.contains('x') {
        prefix += "(?x)";
    }
    if kind == "pcre" && flags.contains('A') {
        prefix += "^";
    }
    let ignore_case = !flags.contains('i');
    let expression = Expression::new(&(prefix + &pattern), ignore_case, origin.cloned()).ok()?;
    Some((Test::Found(Arc::new(expression)), wanted))
}

/// POSIX's extended expressions in Perl's syntax: they differ within brackets, where a backslash
/// stands for itself (regex(7)).
fn from_posix(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        text.push(c);
        match c {
            '\\' => text.extend(rest.next()),
            '[' => {
                text.extend(rest.next_if_eq(&'^'));
                let mut first = true;
                while let Some(inner) = rest.next() {
                    match inner {
                        ']' if !first => {
                            text.push(']');
                            break;
                        }
                        '[' if rest.peek().is_some_and(|next| ":.=".contains(*next)) => {
                            text.push('[');
                            for class in rest.by_ref() {
                                text.push(class);
                                if class == ']' {
                                    break;
                                }
                            }
                        }
                        '\\' | '[' | ']' | '&' | '~' => text.extend(['\\', inner]),
                        inner => text.push(inner),
                    }
                    first = false;
                }
            }
            _ => {}
        }
    }
    text
}
