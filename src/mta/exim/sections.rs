//! The sections of a configuration: from logical lines to what the daemon holds. Must not know how
//! lines come about or what options mean.

use super::catalogue::Class;
use super::macros::{LONGEST_NAME, is_white};
use super::mapped::Mapped;
use super::options::{self, Contexts};
use super::reader::{Line, Reader};
use super::running::{Acl, Driver, Entry, NamedList, Running};
use super::{acl, checks, rules, values};
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::config::Gap;
use crate::text::Place;

const LISTS: [&str; 4] = ["domainlist", "hostlist", "addresslist", "localpartlist"];

/// Reads everything.
pub(crate) fn read(reader: &mut Reader<'_>, version: Version) -> Running {
    let mut sections = Sections {
        reader,
        version,
        running: Running::default(),
    };
    sections.run();
    sections.running
}

struct Sections<'r, 'w> {
    reader: &'r mut Reader<'w>,
    version: Version,
    running: Running,
}

/// The section's name, if the line begins one.
fn begin(text: &str) -> Option<&str> {
    let word = text.get(..6)?;
    word.eq_ignore_ascii_case("begin ")
        .then(|| text[6..].trim_start_matches(is_white))
}

impl Sections<'_, '_> {
    fn run(&mut self) {
        let mut next = self.main();
        let mut seen: Vec<(String, Place)> = Vec::new();
        while let Some(line) = next {
            let name = begin(line.text.text()).unwrap_or_default().to_owned();
            let mut word = name.to_ascii_lowercase();
            if !word.ends_with('s') {
                word.push('s');
            }
            let before = seen.iter().find(|(known, _)| *known == word);
            if let Some((_, first)) = before {
                let first = first.clone();
                let finding = error(
                    &line,
                    "repeated-name",
                    format!("the section `{name}` begins a second time, so Exim does not start"),
                );
                self.reader
                    .findings
                    .push(finding.and(first, "it begins here first"));
                next = self.skip();
                continue;
            }
            seen.push((word.clone(), line.whole()));
            next = match word.as_str() {
                "acls" => self.acls(),
                "routers" => {
                    let next = self.drivers(Class::Router);
                    checks::routers(&self.running, self.reader, self.version);
                    next
                }
                "transports" => self.drivers(Class::Transport),
                "authenticators" => {
                    let next = self.drivers(Class::Authenticator);
                    checks::authenticators(&self.running, self.reader);
                    next
                }
                "retrys" => self.rules(true),
                "rewrites" => self.rules(false),
                "local_scans" => {
                    self.reader.gaps.push(Gap {
                        place: Some(line.whole()),
                        reason: "The options of a local scan are known only to its own code."
                            .to_owned(),
                    });
                    self.skip()
                }
                _ => {
                    self.reader.findings.push(error(
                        &line,
                        "unknown-section",
                        format!("there is no section `{name}`, so Exim does not start"),
                    ));
                    self.skip()
                }
            };
        }
    }

    /// Passes over lines up to the next section.
    fn skip(&mut self) -> Option<Line> {
        loop {
            let line = self.reader.next()?;
            if begin(line.text.text()).is_some() {
                return Some(line);
            }
        }
    }

    fn main(&mut self) -> Option<Line> {
        let next = loop {
            let Some(line) = self.reader.next() else {
                break None;
            };
            let text = line.text.text();
            if begin(text).is_some() {
                break Some(line);
            }
            if text.starts_with(|c: char| c.is_ascii_uppercase()) {
                self.define(&line);
                continue;
            }
            let hidden = text
                .strip_prefix("hide")
                .map(|rest| rest.trim_start_matches(is_white));
            let plain = match hidden {
                Some(rest) if self.version.is_at_least(&[4, 94]) => rest,
                _ => text,
            };
            let read = if let Some(kind) = LISTS.iter().find(|kind| plain.starts_with(**kind)) {
                self.list(kind, text.len() - plain.len() + kind.len(), &line)
            } else {
                let contexts = Contexts {
                    names: &["main"],
                    owner: "main section",
                    version: self.version,
                };
                options::read(&line, contexts, &mut self.running.main)
            };
            self.reader.findings.extend(read.err());
        };
        checks::main(&self.running, self.reader);
        next
    }

    fn define(&mut self, line: &Line) {
        if let Err(message) = self
            .reader
            .macros
            .define(line.text.text(), Some(line.whole()))
        {
            self.reader
                .findings
                .push(error(line, "faulty-macro", message));
        }
    }

    fn list(&mut self, kind: &'static str, at: usize, line: &Line) -> Result<(), Finding> {
        let text = line.text.text();
        let rest = &text[at..];
        let rest = rest.strip_prefix("_cache").unwrap_or(rest);
        if !rest.starts_with(is_white) {
            return Err(error(
                line,
                "stray-line",
                "this line has no form that Exim knows".to_owned(),
            ));
        }
        let rest = rest.trim_start_matches(is_white);
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let name = &rest[..length];
        let lists = &self.running.lists;
        if let Some(first) = lists
            .iter()
            .find(|list| list.kind == kind && list.name == name)
        {
            let finding = error(
                line,
                "repeated-name",
                format!("there is a {kind} `{name}` already, so Exim does not start"),
            );
            return Err(finding.and(first.place.clone(), "the first one"));
        }
        let Some(value) = rest[length..]
            .trim_start_matches(is_white)
            .strip_prefix('=')
        else {
            return Err(error(
                line,
                "missing-equals",
                format!("no `=` stands behind the name of the {kind} `{name}`"),
            ));
        };
        let value = value.trim_start_matches(is_white);
        let mut written = Mapped::default();
        written.append(&line.text, text.len() - value.len()..text.len());
        let value = values::string(value)
            .map_err(|(rule, message)| error(line, rule, format!("the list `{name}` {message}")))?;
        self.running.lists.push(NamedList {
            kind,
            name: name.to_owned(),
            value,
            written,
            place: line.whole(),
        });
        Ok(())
    }

    fn drivers(&mut self, class: Class) -> Option<Line> {
        let mut current: Option<Driver> = None;
        let mut lost = false;
        loop {
            let Some(line) = self.reader.next() else {
                self.finish(current);
                return None;
            };
            let text = line.text.text();
            if begin(text).is_some() {
                self.finish(current);
                return Some(line);
            }
            let (name, rest) = acl::name(text);
            if name.starts_with(|c: char| c.is_ascii_uppercase()) && text[rest..].starts_with('=') {
                self.finish(current.take());
                self.define(&line);
                lost = false;
            } else if let Some(behind) = text[rest..].strip_prefix(':') {
                self.finish(current.take());
                current = Some(self.driver(class, name, behind, &line));
            } else if let Some(driver) = &mut current {
                if let Err(finding) = option(driver, &line, self.version) {
                    self.reader.findings.push(finding);
                }
            } else if !lost {
                lost = true;
                let word = class.word();
                self.reader.findings.push(
                    error(
                        &line,
                        "line-without-owner",
                        format!("no {word} is open here that this option could belong to, so Exim does not start"),
                    )
                    .help(format!("begin the {word} with its name and a colon; a macro's definition ends the one before it")),
                );
            }
        }
    }

    fn driver(&mut self, class: Class, name: &str, behind: &str, line: &Line) -> Driver {
        let word = class.word();
        let drivers = &self.running.drivers;
        let before = drivers
            .iter()
            .find(|driver| driver.class == class && driver.name == name);
        if let Some(first) = before {
            let finding = error(
                line,
                "repeated-name",
                format!("there is a {word} `{name}` already, so Exim does not start"),
            );
            self.reader
                .findings
                .push(finding.and(first.place.clone(), "the first one"));
        }
        if name.len() > LONGEST_NAME && self.version.is_at_least(&[4, 94, 2]) {
            self.reader.findings.push(error(
                line,
                "long-name",
                format!("`{name}` is longer than {LONGEST_NAME} characters"),
            ));
        }
        let behind = behind.trim_start_matches(is_white);
        if !behind.is_empty() {
            self.reader.findings.push(error(
                line,
                "trailing-text",
                format!("`{behind}` stands behind the name of the {word} `{name}`, so Exim does not start"),
            ));
        }
        Driver {
            class,
            name: name.to_owned(),
            kind: None,
            options: Vec::new(),
            place: line.whole(),
        }
    }

    fn finish(&mut self, driver: Option<Driver>) {
        if let Some(driver) = driver {
            checks::driver(&driver, self.reader, self.version);
            self.running.drivers.push(driver);
        }
    }

    fn acls(&mut self) -> Option<Line> {
        let mut current: Option<Acl> = None;
        let mut lost = false;
        let next = loop {
            let Some(line) = self.reader.next() else {
                break None;
            };
            let text = line.text.text();
            if begin(text).is_some() {
                break Some(line);
            }
            if acl::ends(text) {
                self.running.acls.extend(current.take());
                lost = false;
                let (name, rest) = acl::name(text);
                if text[rest..].starts_with('=') {
                    self.define(&line);
                } else if name.is_empty() {
                    lost = true;
                    self.nameless(&line);
                } else {
                    current = Some(self.acl(name, &line));
                }
            } else if let Some(current) = &mut current {
                if let Err(finding) = acl::add(current, &line, self.version) {
                    self.reader.findings.push(finding);
                }
            } else if !lost {
                lost = true;
                self.nameless(&line);
            }
        };
        self.running.acls.extend(current);
        next
    }

    fn nameless(&mut self, line: &Line) {
        self.reader.findings.push(
            error(
                line,
                "line-without-owner",
                "an ACL's name with a colon is expected here, so Exim does not start".to_owned(),
            )
            .help("a macro's definition ends the ACL before it"),
        );
    }

    fn acl(&mut self, name: &str, line: &Line) -> Acl {
        if let Some(first) = self.running.acls.iter().find(|acl| acl.name == name) {
            let finding = error(
                line,
                "repeated-name",
                format!("there is an ACL `{name}` already, so Exim does not start"),
            );
            self.reader
                .findings
                .push(finding.and(first.place.clone(), "the first one"));
        }
        Acl {
            name: name.to_owned(),
            statements: Vec::new(),
            place: line.whole(),
        }
    }

    fn rules(&mut self, retry: bool) -> Option<Line> {
        loop {
            let line = self.reader.next()?;
            let text = line.text.text();
            if begin(text).is_some() {
                return Some(line);
            }
            let (looked, rule) = if retry {
                (rules::retry(text), "faulty-retry-rule")
            } else {
                (rules::rewrite(text, false), "faulty-rewrite-rule")
            };
            if let Err(message) = looked {
                let finding = error(
                    &line,
                    rule,
                    format!("this rule {message}, so Exim does not start"),
                );
                self.reader.findings.push(finding);
            }
            let entry = Entry {
                place: line.whole(),
                text: line.text,
            };
            let entries = if retry {
                &mut self.running.retry
            } else {
                &mut self.running.rewrite
            };
            entries.push(entry);
        }
    }
}

/// Reads an option of a driver.
fn option(driver: &mut Driver, line: &Line, version: Version) -> Result<(), Finding> {
    let owner = format!("{} `{}`", driver.class.word(), driver.name);
    let names = [driver.class.generic(), driver.kind.unwrap_or_default()];
    let contexts = Contexts {
        names: if driver.kind.is_some() {
            &names
        } else {
            &names[..1]
        },
        owner: &owner,
        version,
    };
    let is_known = driver.has("driver");
    options::read(line, contexts, &mut driver.options).or_else(|finding| {
        match (finding.rule, driver.kind) {
            // The driver is not known, so its options are not either; that was said already.
            ("unknown-option", None) if is_known => Ok(()),
            ("unknown-option", None) => Err(Finding {
                rule: "missing-driver",
                message: format!("the driver of the {owner} is not named yet, and this is no option that all drivers have"),
                help: "name the driver before its own options".to_owned(),
                ..finding
            }),
            _ => Err(finding),
        }
    })?;
    if !is_known && let Some(option) = driver.option("driver") {
        let name = option.value.clone();
        driver.kind = driver.class.driver(&name, version);
        if driver.kind.is_none() {
            let word = driver.class.word();
            let finding = error(
                line,
                "unknown-driver",
                format!(
                    "there is no {word} driver `{name}` in Exim {version} as Debian builds it, so it does not start"
                ),
            );
            return Err(match driver.class.nearest(&name) {
                Some(near) if near != name => finding.meant(&name, near),
                _ => finding,
            });
        }
    }
    Ok(())
}

fn error(line: &Line, rule: &'static str, message: String) -> Finding {
    let place = line.whole();
    Finding::new(Severity::Error, rule, &place.source, place.span, message)
}
