//! `smtpconf show`: a configuration as its daemon sees it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::parse::guess;
use super::reading::Reading;
use super::{Failure, Outcome, print};
use crate::findings::Finding;
use crate::mta::{Config, Setting, Told, World};
use crate::report;
use crate::text::{self, Place};

const EXAMPLES: &str = "\
Examples:
  smtpconf show /etc/postfix
      everything that is set, with its place
  smtpconf show /etc/postfix smtpd_banner submission/inet/smtpd_sasl_type
      two settings, the second as one service has it
  smtpconf show exim.conf --all --format json
      everything, defaults too, for programs";

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    /// A server's file, a folder with its configuration, or `-` for standard input
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Show these settings alone, also where they have their default; `SCOPE/NAME` for one scope
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How the settings are printed
    #[arg(long, value_enum, default_value_t = Shape::Human, value_name = "FORMAT")]
    format: Shape,
    /// Show what has its default too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reading: Reading,
}

/// How settings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A setting in two lines: its value, then where it was set and what is known of it
    Human,
    /// One JSON object
    Json,
}

impl Show {
    /// Prints the settings. A file that can be read is never refused.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let source = self.reading.source(&self.path)?;
        let (dialect, told) = self.reading.dialect(&source);
        if told == Told::Guessed {
            print::err(&guess(source.name(), dialect.name))?;
        }
        let version = self.reading.version(dialect.server)?;
        let files = self.reading.snapshot(Path::new(source.name()), dialect)?;
        let world = World::new(&files, version)
            .knowing(self.reading.known())
            .with_defaults(self.all || !self.names.is_empty());
        let config = (dialect.resolve)(&source, &world);
        let (shown, strange) = self.chosen(&config);
        match self.format {
            Shape::Human => {
                let heading = format!("# {} {version}, {}\n", dialect.server.title(), dialect.name);
                let body: String = shown.iter().map(|setting| human(setting)).collect();
                print::out(&(heading + &body))?;
                // Who asks for one setting does not ask what is wrong with the others.
                let findings = config.findings.iter().filter(|_| self.names.is_empty());
                for finding in findings {
                    let place = finding.labels.first().map(|label| at(&label.place));
                    let place = place.map_or(String::new(), |place| format!("{place}: "));
                    print::err(&format!(
                        "{place}{}[{}] {}\n",
                        finding.severity.word(),
                        finding.rule,
                        finding.message
                    ))?;
                }
                let places: Vec<_> = shown
                    .iter()
                    .filter_map(|setting| setting.place.as_ref())
                    .map(at)
                    .collect();
                let concerned =
                    |place: &Place| self.names.is_empty() || places.contains(&at(place));
                let gaps = config
                    .gaps
                    .iter()
                    .filter(|gap| gap.place.as_ref().is_none_or(concerned));
                for gap in gaps {
                    let place = gap
                        .place
                        .as_ref()
                        .map_or(String::new(), |place| format!("{}: ", at(place)));
                    print::err(&format!("{place}not known: {}\n", gap.reason))?;
                }
            }
            Shape::Json => {
                let gaps = config.gaps.iter();
                let findings = config.findings.iter();
                let value = json!({
                    "version": 1,
                    "file": source.name(),
                    "kind": dialect.name,
                    "server": dialect.server.name(),
                    "server_version": version.to_string(),
                    "settings": shown.iter().map(|setting| object(setting)).collect::<Vec<_>>(),
                    "findings": findings.map(fault).collect::<Vec<_>>(),
                    "gaps": gaps.map(|gap| json!({"at": gap.place.as_ref().map(at), "reason": gap.reason})).collect::<Vec<_>>(),
                });
                print::out(&report::laid_out(&value))?;
            }
        }
        if strange.is_empty() {
            return Ok(Outcome::Good);
        }
        Err(Failure(format!(
            "no setting is called `{}`",
            text::one_line(&strange.join("`, `"))
        )))
    }

    /// The settings that were asked for, and the names that are of none.
    fn chosen<'c>(&self, config: &'c Config) -> (Vec<&'c Setting>, Vec<&str>) {
        if self.names.is_empty() {
            let defaults = config.defaults.iter().filter(|_| self.all);
            return (config.settings.iter().chain(defaults).collect(), Vec::new());
        }
        let mut chosen = Vec::new();
        let mut strange = Vec::new();
        for name in &self.names {
            let before = chosen.len();
            let every = config.settings.iter().chain(&config.defaults);
            chosen.extend(every.filter(|setting| {
                setting.name == *name || format!("{}/{}", setting.scope, setting.name) == *name
            }));
            if chosen.len() == before {
                strange.push(name.as_str());
            }
        }
        (chosen, strange)
    }
}

fn at(place: &Place) -> String {
    let at = place.source.position(place.span.start);
    format!("{}:{}:{}", place.source.name(), at.line, at.column)
}

/// A setting in two lines: its value, then where it was set and what is known of it.
pub fn human(setting: &Setting) -> String {
    let scope = if setting.scope.is_empty() {
        String::new()
    } else {
        format!("{}/", setting.scope)
    };
    let value = setting.value.as_deref().unwrap_or("(not known)");
    let said = format!("{scope}{} = {value}", setting.name);
    let mut known = match &setting.place {
        Some(place) => at(place),
        None => "default".to_owned(),
    };
    if let Some(facts) = &setting.facts {
        if !facts.kind.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(known, ", {}", facts.kind);
        }
        if setting.place.is_some() {
            match facts.default.as_deref() {
                Some("") => known += ", default empty",
                Some(default) => {
                    let _ = write!(known, ", default {default}");
                }
                None => known += ", default from the machine",
            }
        }
        if !facts.since.is_empty() {
            let _ = write!(known, ", since {}", facts.since);
        }
    }
    // A name and a scope may hold the end of a line as well.
    let [said, known] = [said, known].map(|line| line.replace('\n', "\\n"));
    format!("{said}\n    {known}\n")
}

fn fault(finding: &Finding) -> Value {
    let place = finding.labels.first().map(|label| at(&label.place));
    json!({
        "at": place,
        "severity": finding.severity.word(),
        "rule": finding.rule,
        "message": finding.message,
    })
}

/// A setting for programs.
pub fn object(setting: &Setting) -> Value {
    let facts = setting.facts.as_ref();
    json!({
        "scope": setting.scope,
        "name": setting.name,
        "value": setting.value,
        "set_at": setting.place.as_ref().map(at),
        "default": facts.and_then(|facts| facts.default.clone()),
        "type": facts.map(|facts| facts.kind.clone()),
        "since": facts.map(|facts| facts.since.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_takes_two_lines_whatever_it_holds() {
        let text = "a\nb".to_owned();
        let setting = Setting {
            scope: text.clone(),
            name: text.clone(),
            value: Some(text.clone()),
            place: None,
            facts: None,
        };
        assert_eq!(human(&setting), "a\\nb/a\\nb = a\\nb\n    default\n");
    }
}
