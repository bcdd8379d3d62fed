//! What is known of Exim's options and words in a version. Must not know any configuration.

use crate::catalogue::{Row, Table};
use crate::mta::Version;
use crate::mta::config::Facts;

static OPTIONS: Table = Table::new(include_str!("../../../schemas/exim/options.tsv"));
static WORDS: Table = Table::new(include_str!("../../../schemas/exim/expansion.tsv"));
static BUILD: Table = Table::new(include_str!("../../../schemas/exim/build.tsv"));

/// Parts of the program that Debian's exim4-daemon-heavy does not have, or not before a release.
/// Its build stands for all others, since a configuration does not show how Exim was built.
const NOT_BUILT: &[(&str, Option<&[u16]>)] = &[
    ("arc", None),
    ("brightmail", None),
    ("dcc", None),
    ("disable_fsync", None),
    ("dmarc", None),
    ("gsasl_scram_s_key", None),
    ("ibase", None),
    ("oracle", None),
    ("queue_ramp", Some(&[4, 95])),
    ("redis", None),
    ("requiretls", None),
    ("setclassresources", None),
    ("spf", Some(&[4, 95])),
    ("srs_alt", None),
    ("tcp_wrappers", None),
    ("tls_resume", Some(&[4, 95])),
    ("translate_ip_address", None),
    ("xclient", None),
];

/// Whose options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Routers.
    Router,
    /// Transports.
    Transport,
    /// Authenticators.
    Authenticator,
}

impl Class {
    /// Its word in messages and scopes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Transport => "transport",
            Self::Authenticator => "authenticator",
        }
    }

    /// The context of the options that all of its drivers take.
    pub fn generic(self) -> &'static str {
        match self {
            Self::Router => "routers",
            Self::Transport => "transports",
            Self::Authenticator => "authenticators",
        }
    }

    /// The names of its drivers.
    fn drivers(self) -> &'static [&'static str] {
        match self {
            Self::Router => &[
                "accept",
                "dnslookup",
                "ipliteral",
                "iplookup",
                "manualroute",
                "queryprogram",
                "redirect",
            ],
            Self::Transport => &[
                "appendfile",
                "autoreply",
                "lmtp",
                "pipe",
                "queuefile",
                "smtp",
            ],
            Self::Authenticator => &[
                "cram_md5",
                "cyrus_sasl",
                "dovecot",
                "external",
                "gsasl",
                "heimdal_gssapi",
                "plaintext",
                "spa",
                "tls",
            ],
        }
    }

    fn of_driver(driver: &str) -> Option<Self> {
        [Self::Router, Self::Transport, Self::Authenticator]
            .into_iter()
            .find(|class| class.drivers().contains(&driver))
    }

    /// The driver of this name, if it is built in.
    pub fn driver(self, name: &str, version: Version) -> Option<&'static str> {
        let known = self.drivers().iter().find(|known| **known == name)?;
        let word = format!(
            "_DRIVER_{}_{}",
            self.word().to_uppercase(),
            name.to_uppercase()
        );
        let row = BUILD.get(&word)?;
        lives(row, version).then_some(*known)
    }

    /// The driver that was likely meant.
    pub fn nearest(self, name: &str) -> Option<&'static str> {
        let all = || self.drivers().iter().copied();
        all()
            .find(|known| known.starts_with(name) || name.starts_with(known))
            .or_else(|| crate::catalogue::nearest(name, all()))
    }
}

/// An option as the catalogue has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    row: Row,
}

impl Known {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.row.key()
    }

    /// How the daemon reads its value.
    pub fn kind(self, version: Version) -> &'static str {
        match self.row.get("was").split_once(' ') {
            Some((was, until)) if Version::parse(until).is_some_and(|until| version < until) => was,
            _ => self.row.get("type"),
        }
    }

    /// What the value is, in the manual's words.
    pub fn holds(self) -> &'static str {
        self.row.get("holds")
    }

    /// Whether the value is expanded.
    pub fn is_expanded(self) -> bool {
        self.holds().ends_with("(expanded)")
    }

    /// The option whose other name this is.
    pub fn same(self) -> &'static str {
        self.row.get("same")
    }

    /// Its default in a version; `None` where the machine decides.
    pub fn default(self, version: Version) -> Option<&'static str> {
        let since = Version::parse(self.row.get("changed"));
        let default = match since {
            Some(since) if version < since => self.row.get("before"),
            _ => self.row.get("default"),
        };
        (default != "?").then_some(default)
    }

    /// What the catalogue says of it.
    pub fn facts(self, version: Version) -> Facts {
        let kind = match self.kind(version) {
            "bool" | "bool_verify" | "expand_bool" => "boolean".to_owned(),
            kind if self.holds().is_empty() => kind.to_owned(),
            _ => self.holds().to_owned(),
        };
        let since = self.row.get("introduced");
        Facts {
            default: self.default(version).map(str::to_owned),
            kind,
            since: if since.is_empty() { "<=4.92" } else { since }.to_owned(),
        }
    }

    /// The release that brought it; empty for the oldest one known here.
    pub fn introduced(self) -> &'static str {
        self.row.get("introduced")
    }

    /// The first release without it; empty where there is none.
    pub fn removed(self) -> &'static str {
        self.row.get("removed")
    }
}

fn lives(row: Row, version: Version) -> bool {
    let since = Version::parse(row.get("introduced"));
    let until = Version::parse(row.get("removed"));
    since.is_none_or(|since| version >= since) && until.is_none_or(|until| version < until)
}

/// Whether this part of the program is built in.
fn is_built(part: &str, version: Version) -> bool {
    NOT_BUILT
        .iter()
        .find(|(name, _)| *name == part)
        .is_none_or(|(_, since)| since.is_some_and(|since| version.is_at_least(since)))
}

fn there(row: Row, version: Version) -> bool {
    lives(row, version) && is_built(row.get("build"), version)
}

/// The option `name` of a context in this version.
pub(crate) fn option(context: &str, name: &str, version: Version) -> Option<Known> {
    OPTIONS
        .find(name)
        .find(|row| row.get("context") == context && there(*row, version))
        .map(|row| Known { row })
}

/// The option `name` of a context in any version and build.
pub(crate) fn ever(context: &str, name: &str) -> Option<Known> {
    OPTIONS
        .find(name)
        .find(|row| row.get("context") == context)
        .map(|row| Known { row })
}

/// The options of a context in this version that `wanted` takes by their names, in the order in
/// which the daemon prints them; those that it does not print left out.
pub(crate) fn options(
    context: &str,
    version: Version,
    wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Known> {
    OPTIONS
        .rows()
        .filter(move |row| {
            row.get("context") == context
                && wanted(row.key())
                && row.get("same").is_empty()
                && there(*row, version)
        })
        .map(|row| Known { row })
}

/// The option of a context that was likely meant by `name`.
pub(crate) fn nearest(context: &str, name: &str) -> Option<&'static str> {
    // A name that was cut short; of several, nobody knows.
    let longer =
        |row: &Row| name.len() > 7 && row.get("context") == context && row.key().starts_with(name);
    let mut longer = OPTIONS.rows().filter(longer);
    if let (Some(one), None) = (longer.next(), longer.next()) {
        return Some(one.key());
    }
    let near = OPTIONS.nearest(name)?;
    OPTIONS
        .find(near)
        .any(|row| row.get("context") == context)
        .then_some(near)
}

/// What options of this name hold, whoever has them: the first that is a list.
pub(crate) fn holds(name: &str) -> Option<&'static str> {
    OPTIONS
        .find(name)
        .map(|row| row.get("holds"))
        .max_by_key(|holds| holds.contains(" list"))
}

/// Whether `name` is a word of this kind in a version.
pub(crate) fn word(kind: &str, name: &str, version: Version) -> bool {
    WORDS
        .find(name)
        .any(|row| row.get("kind") == kind && there(row, version))
}

/// Whether `name` is a word of this kind in any version.
pub(crate) fn word_ever(kind: &str, name: &str) -> bool {
    WORDS.find(name).any(|row| row.get("kind") == kind)
}

/// The sections and drivers that have an option of this name, in any version.
pub(crate) fn owners(name: &str) -> Vec<&'static str> {
    OPTIONS.find(name).map(|row| row.get("context")).collect()
}

/// The words of a kind, in any version.
pub(crate) fn words_of(kind: &str) -> Vec<&'static str> {
    let rows = WORDS.rows();
    rows.filter(|row| row.get("kind") == kind)
        .map(Row::key)
        .collect()
}

/// Whether there is a lookup of this type, in any version.
pub(crate) fn is_lookup(name: &str) -> bool {
    word_ever("lookup", name)
}

/// Whether an option has this name, in any section and version.
pub(crate) fn is_main_option(name: &str) -> bool {
    OPTIONS.find(name).next().is_some()
}

/// The word of any kind that was likely meant.
pub(crate) fn nearest_word(kind: &str, name: &str) -> Option<&'static str> {
    WORDS.nearest(name).filter(|near| word_ever(kind, near))
}

/// The macros that the program defines itself, in this version.
pub(crate) fn predefined(version: Version) -> Vec<(String, String)> {
    let mut macros: Vec<(String, String)> = BUILD
        .rows()
        .filter(|row| lives(*row, version))
        .map(|row| (row.key().to_owned(), row.get("value").to_owned()))
        .collect();
    let yes = || "y".to_owned();
    for row in OPTIONS.rows().filter(|row| there(*row, version)) {
        let context = row.get("context");
        let prefix = match (context, Class::of_driver(context)) {
            ("main" | "routers" | "transports" | "authenticators", _) => context.to_uppercase(),
            (_, Some(class)) if class.driver(context, version).is_some() => {
                format!("{}_{}", class.word(), context).to_uppercase()
            }
            _ => continue,
        };
        let name = row.key().to_uppercase();
        macros.push((format!("_OPT_{prefix}_{name}"), yes()));
    }
    for row in WORDS.rows().filter(|row| there(*row, version)) {
        let (prefix, since): (_, &[u16]) = match row.get("kind") {
            "acl_condition" => ("_ACL_COND_", &[4, 95]),
            "acl_modifier" => ("_ACL_MOD_", &[4, 95]),
            "item" => ("_EXP_ITEM_", &[4, 97]),
            "operator" => ("_EXP_OP_", &[4, 97]),
            "condition" => ("_EXP_COND_", &[4, 97]),
            "variable" => ("_EXP_VAR_", &[4, 97]),
            _ => continue,
        };
        if version.is_at_least(since) {
            macros.push((format!("{prefix}{}", row.key().to_uppercase()), yes()));
        }
    }
    macros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_versions_count() {
        for table in [&OPTIONS, &WORDS, &BUILD] {
            let keys: Vec<_> = table.rows().map(Row::key).collect();
            assert!(keys.is_sorted() && keys.len() > 100);
        }
        let (old, new) = (Version::new(&[4, 94, 2]), Version::new(&[4, 98, 2]));
        assert!(option("main", "hosts_require_helo", old).is_none());
        assert!(option("main", "hosts_require_helo", new).is_some());
        let parallel = option("main", "remote_max_parallel", new).unwrap();
        assert_eq!(
            (parallel.default(old), parallel.default(new)),
            (Some("2"), Some("4"))
        );
        assert!(Class::Authenticator.driver("gsasl", new).is_none());
        assert!(Class::Authenticator.driver("external", old).is_none());
        assert!(Class::Router.driver("redirect", old).is_some());
        assert!(predefined(new).len() > 1100);
    }
}
