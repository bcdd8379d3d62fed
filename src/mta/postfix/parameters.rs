//! What is known of Postfix's parameters, by version. Must not know any configuration.

use crate::catalogue::{Row, Table};
use crate::mta::Facts;
use crate::mta::version::Version;

static TABLE: Table = Table::new(include_str!("../../../schemas/postfix/parameters.tsv"));

/// A default as the catalogue has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This text, with `$` to be expanded unless the parameter is raw.
    Text(&'static str),
    /// What the daemon works out from its machine, or what who built it chose.
    Machine,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug)]
pub struct Parameter(Row);

impl Parameter {
    /// What is known of `name`, in any version.
    pub fn named(name: &str) -> Option<Self> {
        TABLE
            .find(name)
            .find(|row| row.get("kind") != "transport")
            .map(Self)
    }

    /// What is known of a name made of a transport's name, `_` and this suffix.
    pub fn of_transport(suffix: &str) -> Option<Self> {
        TABLE
            .find(suffix)
            .find(|row| row.get("kind") == "transport")
            .map(Self)
    }

    /// Every parameter of a version, in the order of the names' bytes.
    pub fn all(version: Version) -> impl Iterator<Item = Self> {
        TABLE
            .rows()
            .map(Self)
            .filter(move |known| !known.is("transport") && known.is_in(version))
    }

    /// The suffixes of the names that each transport has in a version.
    pub fn transport_suffixes(version: Version) -> impl Iterator<Item = &'static str> {
        TABLE
            .rows()
            .map(Self)
            .filter(move |known| known.is("transport") && known.has_come(version))
            .map(Self::name)
    }

    /// The name that was likely meant by `name`, of those of a version.
    pub fn meant_by(name: &str, version: Version) -> Option<&'static str> {
        TABLE
            .nearest(name)
            .filter(|near| Self::named(near).is_some_and(|known| known.is_in(version)))
    }

    fn is(self, kind: &str) -> bool {
        self.0.get("kind") == kind
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.key()
    }

    /// Its type: `bool`, `time` … as in the daemons' tables.
    pub fn kind(self) -> &'static str {
        self.0.get("type")
    }

    /// The words that its value is made of, one of them or several; none where any text will do.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.0.get("words").split_ascii_whitespace()
    }

    /// Whether its value may be several of its words.
    pub fn is_many(self) -> bool {
        !self.0.get("many").is_empty()
    }

    /// The least that a number or a length may be, or a time in seconds.
    pub fn least(self) -> Option<i64> {
        self.0.get("min").parse().ok()
    }

    /// The most that a number may be; none where there is no limit.
    pub fn most(self) -> Option<i64> {
        self.0.get("max").parse().ok().filter(|most| *most > 0)
    }

    /// The unit of a time without one: that of the default.
    pub fn unit(self) -> &'static str {
        let default = self.0.get("default");
        let digits = default.trim_end_matches(|c: char| c.is_ascii_lowercase());
        match &default[digits.len()..] {
            unit @ ("s" | "m" | "h" | "d" | "w") => unit,
            _ => "s",
        }
    }

    /// The programs that read it, with commas between them.
    pub fn used_by(self) -> &'static str {
        self.0.get("used_by")
    }

    /// Its type as `show` tells it, with the words that it may be.
    fn told(self) -> String {
        let words: Vec<&str> = self.words().collect();
        let kind = match self.kind() {
            // A text that the program works out where it is not set.
            "str_fn" => "str",
            kind => kind,
        };
        match (words.is_empty(), self.0.get("many")) {
            (true, _) => kind.to_owned(),
            (_, "") => format!("{kind} of {}", words.join("|")),
            _ => format!("{kind} of words {}", words.join("|")),
        }
    }

    /// Whether `$` in its value is left to the program that uses it.
    pub fn is_raw(self) -> bool {
        self.kind() == "raw"
    }

    fn has_come(self, version: Version) -> bool {
        version.has(self.0.get("introduced"))
    }

    /// Whether this version has it as a parameter of its own.
    pub fn is_in(self, version: Version) -> bool {
        let removed = self.0.get("removed");
        self.has_come(version) && (removed.is_empty() || !version.has(removed))
    }

    /// Whether this version takes the name as an old one for another parameter.
    pub fn is_legacy(self, version: Version) -> bool {
        self.is("legacy") && !self.is_in(version)
    }

    /// The releases that brought it, as the catalogue writes them; empty for 2.0 and older.
    pub fn introduced(self) -> &'static str {
        self.0.get("introduced")
    }

    /// The first series without it; empty where it is still there.
    pub fn removed(self) -> &'static str {
        self.0.get("removed")
    }

    /// What to use in its place, where this version's postconf tells so; empty text: nothing.
    pub fn deprecated(self, version: Version) -> Option<&'static str> {
        let since = self.0.get("deprecated");
        (!since.is_empty() && version.has(since)).then(|| self.0.get("instead"))
    }

    /// Its default in a version.
    pub fn default(self, version: Version) -> Default {
        let earlier = self
            .0
            .get("earlier")
            .split(" | ")
            .filter_map(|change| change.split_once(": ").or_else(|| change.split_once(':')))
            .find(|(since, _)| !version.has(since));
        match earlier.map_or_else(|| self.0.get("default"), |(_, value)| value) {
            "(computed)" | "(installed)" | "(version)" => Default::Machine,
            text => Default::Text(text),
        }
    }

    /// What `show` tells of it.
    pub fn facts(self, version: Version) -> Facts {
        Facts {
            default: match self.default(version) {
                Default::Text(text) => Some(text.to_owned()),
                Default::Machine => None,
            },
            kind: self.told(),
            since: match self.introduced().split(',').next() {
                Some("") | None => "<=2.0".to_owned(),
                Some(first) => first.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_names_depend_on_the_version() {
        let bare = Parameter::named("smtpd_forbid_bare_newline").unwrap();
        let default = |numbers: &[u16]| bare.default(Version::new(numbers));
        assert_eq!(default(&[3, 7, 11]), Default::Text("no"));
        assert_eq!(default(&[3, 9]), Default::Text("normalize"));
        assert!(!bare.is_in(Version::new(&[3, 7, 8])));
        assert!(bare.is_in(Version::new(&[3, 7, 9])));
        let milter = Parameter::named("milter_default_action").unwrap();
        assert_eq!(
            milter.default(Version::new(&[3, 7, 19])),
            Default::Text("tempfail")
        );
        assert_eq!(
            milter.default(Version::new(&[3, 7, 20])),
            Default::Text("shutdown")
        );
        let maps = Parameter::named("virtual_maps").unwrap();
        assert!(maps.is_legacy(Version::new(&[3, 7])) && !maps.is_in(Version::new(&[3, 7])));
        assert_eq!(
            maps.deprecated(Version::new(&[3, 11])),
            Some("virtual_alias_maps")
        );
        assert_eq!(maps.deprecated(Version::new(&[3, 10])), None);
        let style = Parameter::named("mynetworks_style").unwrap();
        assert_eq!(
            style.facts(Version::new(&[3, 7])).kind,
            "str of class|subnet|host"
        );
        let near = Parameter::meant_by("smtpd_recipient_restriction", Version::new(&[3, 7]));
        assert_eq!(near, Some("smtpd_recipient_restrictions"));
    }
}
