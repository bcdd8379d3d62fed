//! What is known of the names in the daemon's files. Must not know any file.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalogue::{Row, Table};
use crate::mta::Version;
use crate::mta::config::Facts;

/// What a sendmail.mc defines.
pub fn macros() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/macros.tsv"));
    &TABLE
}

/// The options of sendmail.cf.
pub fn options() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/options.tsv"));
    &TABLE
}

/// What FEATURE takes.
pub fn features() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/features.tsv"));
    &TABLE
}

/// What MAILER takes.
pub fn mailers() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/mailers.tsv"));
    &TABLE
}

/// What OSTYPE takes.
pub fn ostypes() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/ostypes.tsv"));
    &TABLE
}

/// What OSTYPE, DOMAIN, FEATURE and MAILER do.
pub fn effects() -> &'static Table {
    static TABLE: Table = Table::new(include_str!("../../../schemas/sendmail/effects.tsv"));
    &TABLE
}

/// Whether a version has what the row tells of.
pub fn has(row: Row, version: Version) -> bool {
    let numbers = |text: &str| -> Vec<u16> {
        text.split('.')
            .filter_map(|part| part.parse().ok())
            .collect()
    };
    let introduced = row.get("introduced");
    let removed = row.get("removed");
    (introduced.starts_with("<=") || version.is_at_least(&numbers(introduced)))
        && (removed.is_empty() || !version.is_at_least(&numbers(removed)))
}

/// The option that a line of sendmail.cf calls `name`: by its name in any case, or by the begin of
/// just one name.
pub fn option(name: &str, version: Version) -> Option<(Row, bool)> {
    static FOLDED: LazyLock<HashMap<String, Vec<Row>>> = LazyLock::new(|| {
        let mut folded: HashMap<String, Vec<Row>> = HashMap::new();
        for row in options().rows() {
            let name = row.key().to_ascii_lowercase();
            folded.entry(name).or_default().push(row);
        }
        folded
    });
    let folded = name.to_ascii_lowercase();
    let fits = |row: &Row| has(*row, version);
    let same = FOLDED.get(&folded).into_iter().flatten();
    if let Some(row) = same.copied().find(fits) {
        return Some((row, false));
    }
    let mut begun = options()
        .rows()
        .filter(|row| row.key().to_ascii_lowercase().starts_with(&folded))
        .filter(fits);
    match (begun.next(), begun.next()) {
        (Some(row), None) if !folded.is_empty() => Some((row, true)),
        _ => None,
    }
}

/// The option with this old one-letter name.
pub fn letter(letter: char) -> Option<Row> {
    let letter = letter.to_string();
    options().rows().find(|row| row.get("letter") == letter)
}

/// What the catalogue knows of an option.
pub fn facts(row: Row) -> Facts {
    let default = row.get("default");
    Facts {
        default: (!default.is_empty()).then(|| default.to_owned()),
        kind: row.get("kind").to_owned(),
        since: row.get("introduced").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_whole() {
        for table in [
            macros(),
            options(),
            features(),
            mailers(),
            ostypes(),
            effects(),
        ] {
            let keys: Vec<&str> = table.rows().map(Row::key).collect();
            assert!(keys.len() > 10 && keys.is_sorted());
        }
        for row in macros().rows().filter(|row| !row.get("option").is_empty()) {
            assert!(options().get(row.get("option")).is_some(), "{}", row.key());
        }
    }

    #[test]
    fn an_option_is_found_by_the_begin_of_its_name() {
        let version = Version::new(&[8, 17]);
        let found = |name: &str| option(name, version).map(|(row, short)| (row.key(), short));
        assert_eq!(found("loglevel"), Some(("LogLevel", false)));
        assert_eq!(found("LogL"), Some(("LogLevel", true)));
        assert_eq!(found("Max"), None);
        assert_eq!(option("DANE", Version::new(&[8, 15])), None);
        assert_eq!(letter('L').unwrap().key(), "LogLevel");
    }
}
