//! From an Exim file to the settings that its daemon works with. Must not know how lines are read.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::catalogue::{self, Class, Known};
use super::macros::Use;
use super::reader::{Asked, Reader, Segment};
use super::running::{Opt, Running, find};
use super::values::printed;
use super::{debian, defaults, expansions, sections};
use crate::findings::Finding;
use crate::mta::config::{Config, Gap, Setting, World};
use crate::text::{Place, Source};

/// The configuration that begins with this file.
pub fn resolve(source: &Arc<Source>, world: &World<'_>) -> Config {
    let read = run(source, world);
    let mut config = Config {
        findings: read.findings.clone(),
        gaps: read.gaps.clone(),
        ..Config::default()
    };
    config
        .findings
        .extend(expansions::check(&read.running, world.version));
    fill(&mut config, &read.running, world);
    config
}

/// A configuration as it was read.
#[derive(Debug)]
pub(crate) struct Read {
    /// What the daemon works with.
    pub running: Running,
    /// The user's macros: name, value, place of the definition and what became of it.
    pub macros: Vec<(String, String, Place, Use)>,
    /// The conditionals that ask for macros.
    pub asked: Vec<Asked>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is not known.
    pub gaps: Vec<Gap>,
}

/// Reads the configuration as the daemon does.
pub(crate) fn run(source: &Arc<Source>, world: &World<'_>) -> Rc<Read> {
    world.once(source, || read(source, world))
}

fn read(source: &Arc<Source>, world: &World<'_>) -> Read {
    let folder = Path::new(source.name())
        .parent()
        .unwrap_or_else(|| Path::new(""));
    let debian = debian::parts(source, world);
    let is_debian = debian.is_some();
    let parts = match debian {
        Some(parts) => parts,
        None => debian::Parts {
            segments: [Segment::file(source)].into(),
            gaps: Vec::new(),
            findings: Vec::new(),
            folder: folder.to_path_buf(),
        },
    };
    let mut reader = Reader::new(parts.segments, &parts.folder, world);
    reader.gaps = parts.gaps;
    reader.findings = parts.findings;
    let running = if !is_debian && is_fragment(source) {
        reader.gaps.push(Gap {
            place: None,
            reason:
                "This is a part of a configuration; what it means depends on where it is included."
                    .to_owned(),
        });
        Running::default()
    } else {
        sections::read(&mut reader, world.version)
    };
    Read {
        running,
        macros: reader.macros.defined(),
        asked: reader.asked,
        findings: reader.findings,
        gaps: reader.gaps,
    }
}

/// Whether a file holds no whole configuration: no section begins in it, and behind definitions of
/// macros it does not begin with an option of the main section either.
fn is_fragment(source: &Arc<Source>) -> bool {
    let text = source.text();
    let begins = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("begin"))
            && words.next().is_some()
    };
    if text.lines().any(begins) {
        return false;
    }
    let first = text.lines().map(str::trim).find(|line| {
        let is_definition = line.starts_with(|c: char| c.is_ascii_uppercase());
        !line.is_empty() && !line.starts_with(['#', '.']) && !is_definition
    });
    first.is_some_and(|line| {
        let head = super::options::head(line);
        let known = head.is_some_and(|head| {
            let bare = head
                .name
                .trim_start_matches("not_")
                .trim_start_matches("no_");
            catalogue::ever("main", bare).is_some()
                || ["domainlist", "hostlist", "addresslist", "localpartlist"]
                    .iter()
                    .any(|kind| head.name.starts_with(kind))
        });
        let label = line
            .strip_suffix(':')
            .is_some_and(|name| super::acl::name(name) == (name, name.len()) && !name.is_empty())
            || super::acl::VERBS
                .iter()
                .any(|verb| line.split_ascii_whitespace().next() == Some(verb));
        !known && label
    })
}

/// Puts everything into the shared form.
fn fill(config: &mut Config, running: &Running, world: &World<'_>) {
    options(config, "", &["main"], &running.main, world, |known| {
        let told = world.told(known.name()).map(str::to_owned);
        told.or_else(|| defaults::of_main(&running.main, known, world.version))
    });
    for list in &running.lists {
        config.settings.push(Setting {
            scope: String::new(),
            name: format!("{} {}", list.kind, list.name),
            value: Some(printed(&list.value)),
            place: Some(list.place.clone()),
            facts: None,
        });
    }
    for acl in &running.acls {
        for statement in &acl.statements {
            let verb = statement.verb;
            let scope = format!("acl {}", acl.name);
            if statement.parts.is_empty() {
                config.settings.push(Setting {
                    scope,
                    name: verb.to_owned(),
                    value: None,
                    place: Some(statement.place.clone()),
                    facts: None,
                });
                continue;
            }
            for (index, part) in statement.parts.iter().enumerate() {
                let own_line = index > 0 || part.place.span != statement.place.span;
                if index == 0 && own_line {
                    config.settings.push(Setting {
                        scope: scope.clone(),
                        name: verb.to_owned(),
                        value: None,
                        place: Some(statement.place.clone()),
                        facts: None,
                    });
                }
                let mut name = if own_line {
                    String::new()
                } else {
                    format!("{verb} ")
                };
                if part.negated {
                    name.push('!');
                }
                name.push_str(&part.name);
                if let Some(variable) = &part.variable {
                    name.push(' ');
                    name.push_str(variable);
                }
                config.settings.push(Setting {
                    scope: scope.clone(),
                    name,
                    value: part.argument.as_ref().map(|text| text.text().to_owned()),
                    place: Some(part.place.clone()),
                    facts: None,
                });
            }
        }
    }
    for class in [Class::Router, Class::Transport] {
        drivers(config, running, class, world);
    }
    for (scope, entries) in [("retry", &running.retry), ("rewrite", &running.rewrite)] {
        for entry in entries {
            let text = entry.text.text();
            let (name, value) = text
                .split_once(|c: char| c.is_ascii_whitespace())
                .unwrap_or((text, ""));
            config.settings.push(Setting {
                scope: scope.to_owned(),
                name: name.to_owned(),
                value: Some(value.trim_start().to_owned()),
                place: Some(entry.place.clone()),
                facts: None,
            });
        }
    }
    drivers(config, running, Class::Authenticator, world);
}

fn drivers(config: &mut Config, running: &Running, class: Class, world: &World<'_>) {
    for driver in running
        .drivers
        .iter()
        .filter(|driver| driver.class == class)
    {
        let scope = format!("{} {}", class.word(), driver.name);
        let names: Vec<&str> = std::iter::once(class.generic())
            .chain(driver.kind)
            .collect();
        options(config, &scope, &names, &driver.options, world, |known| {
            defaults::of_driver(driver, known, world.version)
        });
    }
}

/// Options in the order in which the daemon prints them: set ones, and the rest as defaults, where
/// those are wanted.
fn options(
    config: &mut Config,
    scope: &str,
    contexts: &[&str],
    set: &[Opt],
    world: &World<'_>,
    default: impl Fn(Known) -> Option<String>,
) {
    let version = world.version;
    for context in contexts {
        let wanted = |name: &str| world.defaults || find(set, name).is_some();
        for known in catalogue::options(context, version, wanted) {
            let option = find(set, known.name());
            let setting = Setting {
                scope: scope.to_owned(),
                name: known.name().to_owned(),
                value: match option {
                    Some(option) => Some(printed(&option.value)),
                    None => default(known),
                },
                place: option.map(|option| option.place.clone()),
                facts: Some(known.facts(version)),
            };
            if option.is_some() {
                config.settings.push(setting);
            } else {
                config.defaults.push(setting);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::Version;
    use crate::text::Snapshot;

    #[test]
    fn whatever_is_written_is_read() {
        const PIECES: &[&str] = &[
            "A",
            "a",
            "_",
            " ",
            "\t",
            "\n",
            "\\\n",
            "\\",
            "=",
            "== ",
            ":",
            ";",
            "<;",
            "!",
            "#",
            "\"",
            "{",
            "}",
            "$",
            "${if ",
            "A = A A A\n",
            "B = A A\n",
            ".ifdef A\n",
            ".else\n",
            ".endif\n",
            ".include /e/x\n",
            "begin acl\n",
            "begin routers\n",
            "begin retry\n",
            "begin rewrite\n",
            "x:\n",
            "accept ",
            "hosts = ",
            "driver = redirect\n",
            "data = ",
            "set ",
            "acl_m0",
            "hide ",
            "domainlist ",
            "no_",
            "smtp_accept_max = ",
            "1h",
            "\0",
            "é",
            "\u{feff}",
            "\r\n",
            "verify = ",
            "headers_add = ",
            "condition = ",
        ];
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..5_000 {
            let count = random.usize(0..40);
            let text: String = (0..count)
                .map(|_| PIECES[random.usize(0..PIECES.len())])
                .collect();
            let files = Snapshot::of(&[("/e/x", &text)]);
            let world = World::new(&files, Version::new(&[4, 98]));
            let config = resolve(&Source::new("/e/exim.conf", text), &world);
            for finding in &config.findings {
                let place = &finding.labels[0].place;
                assert!(
                    place
                        .source
                        .text()
                        .get(place.span.start..place.span.end)
                        .is_some()
                );
            }
        }
    }

    #[test]
    fn values_know_where_they_are_set() {
        let text = "A = 5\nsmtp_accept_max = A\nhostlist h = a\nbegin acl\nr:\n  deny\n    !hosts = +h\n    message = no\n  accept\nbegin routers\nx:\n  driver = accept\n  transport = t\n";
        let files = Snapshot::of(&[]);
        let known = [("primary_hostname".to_owned(), "mx.example".to_owned())];
        let world = World::new(&files, Version::new(&[4, 96]))
            .knowing(&known)
            .with_defaults(true);
        let config = resolve(&Source::new("/e/exim.conf", text), &world);
        assert!(config.findings.is_empty());
        let set: Vec<String> = config
            .settings
            .iter()
            .map(|setting| {
                let place = setting.place.as_ref().unwrap();
                let line = place.source.position(place.span.start).line;
                let value = setting.value.as_deref().unwrap_or("-");
                format!("{}/{}={value}@{line}", setting.scope, setting.name)
            })
            .collect();
        assert_eq!(
            set,
            [
                "/smtp_accept_max=5@2",
                "/hostlist h=a@3",
                "acl r/deny=-@6",
                "acl r/!hosts=+h@7",
                "acl r/message=no@8",
                "acl r/accept=-@9",
                "router x/driver=accept@12",
                "router x/transport=t@13"
            ]
        );
        let default = |scope: &str, name: &str| {
            let found = config
                .defaults
                .iter()
                .find(|setting| setting.scope == scope && setting.name == name);
            found.and_then(|setting| setting.value.clone())
        };
        assert_eq!(default("", "remote_max_parallel").as_deref(), Some("2"));
        assert_eq!(default("router x", "more").as_deref(), Some("true"));
        assert_eq!(
            default("", "primary_hostname").as_deref(),
            Some("mx.example")
        );
        assert_eq!(default("", "qualify_domain"), None);
    }
}
