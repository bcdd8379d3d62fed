//! From the lines of a sendmail.cf to settings. Must not know where the lines were written.

use std::collections::BTreeSet;

use super::super::catalogue;
use super::{Entry, Line, Model};
use crate::mta::Version;
use crate::mta::config::{Config, Setting};
use crate::text::Place;

/// The keys of a listener's line, by their first letter, which alone is read.
const LISTENER: &[(char, &str)] = &[
    ('A', "Address"),
    ('F', "Family"),
    ('I', "InputMailFilters"),
    ('L', "Listen"),
    ('M', "Modifier"),
    ('N', "Name"),
    ('P', "Port"),
    ('R', "ReceiveSize"),
    ('S', "SendSize"),
    ('c', "children"),
    ('D', "DeliveryMode"),
    ('d', "delayLA"),
    ('q', "queueLA"),
    ('r', "refuseLA"),
];

/// An option by its right name.
#[derive(Clone, Debug)]
pub struct Named<'m> {
    /// The name of the catalogue; as written where it has none such.
    pub name: String,
    /// The line.
    pub line: &'m Line,
}

impl Model {
    /// The options with their right names.
    pub fn named(&self, version: Version) -> impl Iterator<Item = Named<'_>> {
        self.options.iter().map(move |line| {
            let mut chars = line.name.chars();
            let row = match (chars.next(), chars.next()) {
                (Some(letter), None) => catalogue::letter(letter),
                _ => catalogue::option(&line.name, version).map(|(row, _)| row),
            };
            let name = row.map_or(line.name.as_str(), |row| row.key()).to_owned();
            Named { name, line }
        })
    }
}

/// The settings of a sendmail.cf, and where they are wanted the defaults of the options that it
/// does not set.
pub fn config(model: &Model, version: Version, defaults: bool) -> Config {
    let mut config = Config::default();
    let mut push = |scope: &str, name: &str, value: Option<String>, place: &Option<Place>| {
        config.settings.push(Setting {
            scope: scope.to_owned(),
            name: name.to_owned(),
            value,
            place: place.clone(),
            facts: None,
        });
    };
    let mut set = BTreeSet::new();
    for Named { name, line } in model.named(version) {
        match name.as_str() {
            "DaemonPortOptions" => listener("daemon", line, &mut push),
            "ClientPortOptions" => listener("client", line, &mut push),
            _ => push("", &name, line.value.clone(), &line.place),
        }
        set.insert(name);
    }
    let scopes: [(&str, &[Line]); 7] = [
        ("macro", &model.macros),
        ("class", &model.classes),
        ("class file", &model.class_files),
        ("map", &model.maps),
        ("environment", &model.environment),
        ("header", &model.headers),
        ("priority", &model.priorities),
    ];
    for (scope, lines) in scopes {
        for line in lines {
            push(scope, &line.name, line.value.clone(), &line.place);
        }
    }
    for (scope, entries) in [
        ("mailer", &model.mailers),
        ("filter", &model.filters),
        ("queue", &model.queues),
    ] {
        for entry in entries {
            equates(scope, entry, &mut push);
        }
    }
    for setting in &mut config.settings {
        if setting.scope.is_empty() {
            setting.facts = catalogue::options()
                .get(&setting.name)
                .map(catalogue::facts);
        }
    }
    if !defaults {
        return config;
    }
    let missing = catalogue::options().rows().filter(|row| {
        catalogue::has(*row, version) && row.get("needs").is_empty() && !set.contains(row.key())
    });
    for row in missing {
        let facts = catalogue::facts(row);
        config.defaults.push(Setting {
            scope: String::new(),
            name: row.key().to_owned(),
            value: facts.default.clone(),
            place: None,
            facts: Some(facts),
        });
    }
    config
}

type Push<'p> = dyn FnMut(&str, &str, Option<String>, &Option<Place>) + 'p;

/// The name of a listener's key, of which the first letter alone is read.
pub fn key_of(key: &str) -> Option<&'static str> {
    let first = key.chars().next()?;
    let exact = LISTENER.iter().find(|(letter, _)| *letter == first);
    let folded = || {
        let upper = first.to_ascii_uppercase();
        LISTENER
            .iter()
            .find(|(letter, _)| *letter == upper && upper != 'D')
    };
    exact.or_else(folded).map(|(_, name)| *name)
}

/// The keys and values of a listener's line, as the daemon cuts it: at every comma, and an item
/// without `=` is passed over.
pub fn items(value: &str) -> Vec<(&'static str, String)> {
    let keys = value.split(',').filter_map(|item| {
        let (key, value) = item.trim_start_matches([' ', '\t']).split_once('=')?;
        let name = key_of(key)?;
        Some((name, value.trim_start_matches([' ', '\t']).to_owned()))
    });
    keys.collect()
}

fn listener(kind: &str, line: &Line, push: &mut Push<'_>) {
    let value = line.value.clone().unwrap_or_default();
    let items = items(&value);
    let find = |wanted: &str| {
        items
            .iter()
            .find(|(key, _)| *key == wanted)
            .map(|(_, value)| value.as_str())
    };
    let name = find("Name").or_else(|| find("Family")).unwrap_or("inet");
    let scope = format!("{kind} {name}");
    for (key, value) in &items {
        push(&scope, key, Some(value.clone()), &line.place);
    }
    if items.is_empty() {
        push(&scope, "Family", Some("inet".to_owned()), &line.place);
    }
}

fn equates(scope: &str, entry: &Entry, push: &mut Push<'_>) {
    let scope = format!("{scope} {}", entry.name);
    for line in &entry.equates {
        push(&scope, &line.name, line.value.clone(), &line.place);
    }
    if entry.equates.is_empty() {
        push(&scope, "", None, &entry.place);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::resolve::cf;
    use super::*;
    use crate::mta::World;
    use crate::text::{Snapshot, Source};

    #[test]
    fn lines_are_read_as_the_daemon_does() {
        let text = "V10/Berkeley\nOL9\nO LogLev=12\nO timeout.IDENT=0\nOA/etc/aliases\n\
                    O DaemonPortOptions=Name=MTA, Prot=25, stray, M=E,a\nCw a b\n\tc\nCw$=x\n\
                    Dj$w.example.org\t# remark\nFw-o /etc/mail/lhn %[^\\#]\nKm hash -o /x\n";
        let files = Snapshot::of(&[]);
        let world = World::new(&files, Version::new(&[8, 17]));
        let resolved = cf(&Source::new("x.cf", text), &world);
        let config = config(&resolved.model, Version::new(&[8, 17]), true);
        let shown: Vec<String> = config
            .settings
            .iter()
            .map(|s| {
                format!(
                    "{}|{}|{}",
                    s.scope,
                    s.name,
                    s.value.as_deref().unwrap_or("-")
                )
            })
            .collect();
        let wanted = [
            "|LogLevel|9",
            "|LogLevel|12",
            "|Timeout.ident|0",
            "|AliasFile|/etc/aliases",
            "daemon MTA|Name|MTA",
            "daemon MTA|Port|25",
            "daemon MTA|Modifier|E",
            "macro|j|$w.example.org",
            "class|w|a b c",
            "class|w|$=x",
            "class file|w|-o /etc/mail/lhn %[^\\#]",
            "map|m|hash -o /x",
        ];
        assert_eq!(shown, wanted);
        let default = config.defaults.iter().find(|s| s.name == "MaxHopCount");
        assert_eq!(default.unwrap().value.as_deref(), Some("25"));
    }
}
