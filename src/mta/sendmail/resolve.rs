//! From a file to its settings. Must not know how files are cut into tokens.

use std::rc::Rc;
use std::sync::Arc;

use super::cf::{self, Model, settings};
use super::mc::{self, Reading};
use super::syntax::{parse_cf, parse_class, parse_mc, parse_table};
use super::traps;
use crate::mta::config::{Config, Setting, World};
use crate::mta::tree::Branch;
use crate::text::{Place, Source};

/// A sendmail.mc or sendmail.cf with all that is known of it.
#[derive(Debug)]
pub struct Resolved {
    /// Its lines of sendmail.cf.
    pub model: Model,
    /// What a sendmail.mc asks for; `None` for a sendmail.cf.
    pub reading: Option<Reading>,
}

impl Resolved {
    /// Whether nothing is left to files that are not here: what is not set in a part of a
    /// sendmail.mc may be set in another.
    pub fn is_whole(&self) -> bool {
        let reading = self.reading.as_ref();
        reading.is_none_or(|reading| reading.makes_mailers && !reading.lacks_files)
    }
}

/// Reads a sendmail.mc.
pub fn mc(source: &Arc<Source>, world: &World<'_>) -> Rc<Resolved> {
    world.once(source, || read_mc(source, world))
}

fn read_mc(source: &Arc<Source>, world: &World<'_>) -> Resolved {
    let reading = mc::read(source, world);
    let tree = world.tree(&reading.source, parse_cf);
    let model = cf::read(&tree, &|span| reading.place(span));
    Resolved {
        model,
        reading: Some(reading),
    }
}

/// Reads a sendmail.cf.
pub fn cf(source: &Arc<Source>, world: &World<'_>) -> Rc<Resolved> {
    world.once(source, || {
        let tree = world.tree(source, parse_cf);
        Resolved {
            model: cf::read(&tree, &|span| Some(Place::new(source, span))),
            reading: None,
        }
    })
}

/// The settings that a sendmail.mc stands for.
pub fn config_of_mc(source: &Arc<Source>, world: &World<'_>) -> Config {
    let resolved = mc(source, world);
    let mut config = settings::config(&resolved.model, world.version, world.defaults);
    let Some(reading) = &resolved.reading else {
        return config;
    };
    for asked in &reading.asked {
        config.settings.push(Setting {
            scope: asked.kind.to_lowercase(),
            name: asked.name.clone(),
            value: (!asked.args.is_empty()).then(|| asked.args.join(", ")),
            place: asked.place.clone(),
            facts: None,
        });
    }
    for (name, defined) in &reading.defined {
        config.settings.push(Setting {
            scope: "define".to_owned(),
            name: name.clone(),
            value: Some(defined.value.clone()),
            place: Some(defined.place.clone()),
            facts: None,
        });
    }
    config.findings = traps::mc::of_reading(reading, &resolved.model, world.version);
    let lines = world.tree(&reading.source, parse_cf);
    config.findings.extend(traps::mc::of_lines(&lines, reading));
    config.findings.extend(reading.findings.iter().cloned());
    if !config.findings.is_empty() {
        config.findings = traps::mends::with_fixes(config.findings, &world.tree(source, parse_mc));
    }
    config.gaps.clone_from(&reading.gaps);
    config
}

/// The settings of a sendmail.cf.
pub fn config_of_cf(source: &Arc<Source>, world: &World<'_>) -> Config {
    let resolved = cf(source, world);
    let mut config = settings::config(&resolved.model, world.version, world.defaults);
    for (kind, name, place) in super::library::told(&resolved.model, world.version) {
        config.settings.push(Setting {
            scope: kind.to_owned(),
            name,
            value: None,
            place,
            facts: None,
        });
    }
    config.findings = traps::cf::of_model(&resolved.model, source, world.version);
    config
}

/// The entries of a map.
pub fn config_of_table(source: &Arc<Source>, _: &World<'_>) -> Config {
    let tree = parse_table(source);
    let entries = tree.root().children().filter(|node| node.kind() == "entry");
    let settings = entries.map(|entry| {
        let key = entry.child("key").or_else(|| entry.child("bare"));
        let values: Vec<&str> = entry
            .children()
            .filter(|node| node.kind() == "value")
            .map(Branch::text)
            .collect();
        Setting {
            scope: String::new(),
            // makemap writes keys in lower case.
            name: key.map_or("", Branch::text).to_lowercase(),
            value: Some(values.join(" ")),
            place: Some(Place::new(source, entry.span())),
            facts: None,
        }
    });
    Config {
        settings: settings.collect(),
        ..Config::default()
    }
}

/// The words of a class's file: the first of each line, as the daemon reads them.
pub fn config_of_class(source: &Arc<Source>, _: &World<'_>) -> Config {
    let tree = parse_class(source);
    let lines = tree.root().children().filter(|node| node.kind() == "line");
    let words = lines.filter_map(|line| line.child("word"));
    let settings = words.map(|word| Setting {
        scope: "class".to_owned(),
        name: word.text().to_owned(),
        value: None,
        place: Some(Place::new(source, word.span())),
        facts: None,
    });
    Config {
        settings: settings.collect(),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::Version;
    use crate::text::Snapshot;

    fn resolved(text: &str, files: &[(&str, &str)]) -> Config {
        let files = Snapshot::of(files);
        let version = Version::new(&[8, 17, 1]);
        let world = World::new(&files, version);
        config_of_mc(&Source::new("/etc/mail/x.mc", text), &world)
    }

    fn rules(text: &str) -> Vec<&'static str> {
        let head = "OSTYPE(`linux')dnl\n";
        let tail = "MAILER(`smtp')dnl\n";
        let config = resolved(&format!("{head}{text}\n{tail}"), &[]);
        config.findings.iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_value_has_the_place_where_it_was_written() {
        let text = "OSTYPE(`linux')dnl\ndefine(`level', `15')dnl\ndefine(`confLOG_LEVEL', `level')dnl\n\
                    include(`m4/more.m4')dnl\nDAEMON_OPTIONS(`Name=MTA, Addr=::1')dnl\nMAILER(`smtp')dnl\n";
        let config = resolved(
            text,
            &[("/etc/mail/m4/more.m4", "LOCAL_DOMAIN(`a.example')\n")],
        );
        let find = |scope: &str, name: &str, value: &str| {
            let setting = config
                .settings
                .iter()
                .find(|s| s.scope == scope && s.name == name && s.value.as_deref() == Some(value));
            let place = setting.unwrap().place.clone();
            place.map(|p| {
                (
                    p.source.name().to_owned(),
                    p.source.slice(p.span).to_owned(),
                )
            })
        };
        let mc = "/etc/mail/x.mc".to_owned();
        assert_eq!(find("", "LogLevel", "15"), Some((mc.clone(), "15".into())));
        assert_eq!(
            find("daemon MTA", "Address", "::1"),
            Some((mc.clone(), "Name=MTA, Addr=::1".into()))
        );
        assert_eq!(
            find("class", "w", "a.example"),
            Some(("/etc/mail/m4/more.m4".into(), "a.example".into()))
        );
        assert_eq!(
            find("mailer esmtp", "A", "TCP $h"),
            Some((mc, "MAILER".into()))
        );
        assert_eq!(find("", "AliasWait", "10"), None);
        assert!(config.gaps.is_empty(), "{:?}", config.gaps);
    }

    #[test]
    fn what_expands_without_end_has_no_value() {
        let text =
            "OSTYPE(`linux')dnl\ndefine(`confPID_FILE', `confPID_FILE')dnl\nMAILER(`smtp')dnl\n";
        let config = resolved(text, &[]);
        let rules: Vec<_> = config.findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&"m4-runaway"), "{rules:?}");
        assert!(config.settings.iter().any(|s| s.name == "LogLevel"));
        assert!(!config.settings.iter().any(|s| s.name == "PidFile"));
    }

    #[test]
    fn what_cannot_be_seen_is_a_gap() {
        let config = resolved(
            "OSTYPE(`hpux10')\ninclude(`/x')\nDOMAIN(`own')\nHACK(`y')\n",
            &[],
        );
        assert_eq!(config.gaps.len(), 4);
    }

    #[test]
    fn what_m4_swallows_is_said() {
        for (text, wanted) in [
            ("define(`confLOG_LEVEL', `15')dnl", ""),
            ("define(`confLOG_LEVL', `15')dnl", "unknown-macro"),
            ("define(`confDANE', `true')dnl", ""),
            ("define(`confOPENSSL_CNF', `x')dnl", "too-new-parameter"),
            (
                "define(`confAUTH_MECHANISMS', LOGIN, PLAIN)dnl",
                "excess-arguments",
            ),
            ("define(confLOG_LEVEL, `15')dnl", "define-odd-name"),
            ("RELAY_DOMAIN(`a', `b')dnl", "excess-arguments"),
            ("FEATURE(`acess_db')dnl", "unknown-feature"),
            ("FEATURE(`nouucp')dnl", "feature-argument"),
            ("FEATURE(`blocklist_recipients')dnl", "feature-order"),
            (
                "MAILER(`local')\nFEATURE(`redirect')dnl",
                "feature-after-mailer",
            ),
            ("MAILER(`smtpp')dnl", "unknown-mailer"),
            (
                "MAILER(`smtp')dnl\ndefine(`SMTP_MAILER_MAX', `1')",
                "duplicate-mailer define-too-late",
            ),
            ("OSTYPE(`debian')dnl", "duplicate-ostype"),
            (
                "define(`confDAEMON_OPTIONS', `Port=25')dnl",
                "obsolete-macro",
            ),
            (
                "LOCAL_RULESETS\nSx\nR$* $: $1\nR$-\t$: $2",
                "rule-position rule-without-tab",
            ),
            ("note to myself", "stray-line"),
        ] {
            let mut found = rules(text);
            found.sort_unstable();
            let mut wanted: Vec<&str> = wanted.split_whitespace().collect();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_written_so_that_m4_misreads_it_is_said() {
        for (text, wanted) in [
            ("# FEATURE(`x')\n", "live-remark"),
            ("dnl # FEATURE(`x')\n# just words\n", ""),
            ("#dnl x\n", "hash-dnl"),
            ("define (`a', `b')dnl\n", "space-before-parenthesis"),
            ("FEATURE(`x') note\n", "trailing-text"),
            ("FEATURE(`x')dnl note\n", ""),
            ("define('a', 'b')dnl\n", "straight-quotes"),
            ("define(`a', \u{2018}b)dnl\n", "typographic-character"),
            ("define(`a', `b') dnl\nDmx\n", "blank-before-dnl"),
        ] {
            let tree = super::super::syntax::parse_mc(&Source::new("x.mc", text));
            let found: Vec<_> = traps::mc::syntax(&tree).iter().map(|f| f.rule).collect();
            assert_eq!(
                found,
                wanted.split_whitespace().collect::<Vec<_>>(),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_makes_it_panic_or_hang() {
        let pieces = [
            "OSTYPE(`linux')",
            "OSTYPE(",
            "FEATURE(`access_db', `hash -o x', `skip')",
            "FEATURE(`msp')",
            "FEATURE",
            "FEATURE(`nullclient', `h')",
            "MAILER(`smtp')",
            "MAILER(`local', `x')",
            "DAEMON_OPTIONS(`Port=1, M=')",
            "LOCAL_CONFIG\n",
            "LOCAL_RULESETS\n",
            "RELAY_DOMAIN(`a b')",
            "define(`confLOG_LEVEL', `",
            "')",
            "`",
            "'",
            "(",
            ")",
            ",",
            "\n",
            "dnl",
            "R$*\t$1\n",
            "O LogLevel=3\n",
            "Cw$=x\n",
            "D{",
            "MASQUERADE_AS(`FEATURE(`redirect')')",
            "divert(-1)",
            "divert(7)",
            "define(`DATABASE_MAP_TYPE', `FEATURE(`mailertable')')",
            "FEATURE(`mailertable')",
            "define(`FEATURE', `x')",
            "define(`confPID_FILE', `confPID_FILE')",
            "undefine(`MAILER')",
            "MODIFY_MAILER_FLAGS(`LOCAL', `+",
            "é",
            "\u{feff}",
            "DOMAIN(`debian-mta')",
            "HACK(`x')",
            "INPUT_MAIL_FILTER(`a', `S=b')",
            "include(`/etc/mail/x.mc')",
            "TRUST_AUTH_MECH(`A')",
        ];
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..400 {
            let text: String = (0..random.usize(0..14))
                .map(|_| *random.choice(&pieces).unwrap())
                .collect();
            let config = resolved(&text, &[("/etc/mail/x.mc", "include(`/etc/mail/x.mc')\n")]);
            assert!(config.settings.len() < 100_000);
            let source = Source::new("x.cf", text);
            let files = Snapshot::of(&[]);
            let world = World::new(&files, Version::new(&[8, 15, 2]));
            config_of_cf(&source, &world);
            config_of_table(&source, &world);
            config_of_class(&source, &world);
        }
    }
}
