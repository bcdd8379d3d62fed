//! `smtpconf rules`: the list of rules.

use std::ffi::OsStr;
use std::fmt::Write;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command, Error, ValueEnum};
use serde::Serialize;

use super::{Failure, Outcome, print};
use crate::lint::Selector;
use crate::rules::{self, Group, Rule};

const EXAMPLES: &str = "\
Examples:
  smtpconf rules
      all of them, by groups
  smtpconf rules security open-relay
      a group, and one rule";

/// Arguments of `rules`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rules {
    /// These alone, by names of rules or groups
    #[arg(value_name = "RULE", value_parser = Named, hide_possible_values = true)]
    only: Vec<Selector>,
    /// How they are printed
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    format: Format,
}

/// Reads the name of a rule or of a group, or `all`; shells complete it.
#[derive(Clone, Copy, Debug)]
pub struct Named;

impl TypedValueParser for Named {
    type Value = Selector;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        text: &OsStr,
    ) -> Result<Selector, Error> {
        let read: fn(&str) -> Result<Selector, String> = Selector::parse;
        read.parse_ref(command, arg, text)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let groups = Group::ALL.into_iter().map(Group::name);
        let names = groups.chain(rules::all().map(|rule| rule.name));
        Some(Box::new(names.map(PossibleValue::new)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each, by groups
    Human,
    /// For programs
    Json,
}

/// A rule as programs see it.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    group: &'static str,
    severity: &'static str,
    pedantic: bool,
    since: &'static str,
    summary: String,
}

impl Rules {
    /// Prints the list.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let is_asked =
            |rule: &&Rule| self.only.is_empty() || self.only.iter().any(|one| one.holds(rule.name));
        let mut rules: Vec<&Rule> = rules::all().filter(is_asked).collect();
        rules.sort_by_key(|rule| (rule.group, rule.name));
        let text = match self.format {
            Format::Human => human(&rules),
            Format::Json => json(&rules)?,
        };
        print::out(&text)?;
        Ok(Outcome::Good)
    }
}

fn human(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut group: Option<Group> = None;
    for rule in rules {
        if group != Some(rule.group) {
            let blank = if group.is_some() { "\n" } else { "" };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{blank}{}", rule.group.name());
            group = Some(rule.group);
        }
        let severity = if rule.is_pedantic {
            "pedantic"
        } else {
            rule.severity.word()
        };
        let _ = writeln!(
            text,
            "  {:<width$}  {severity:<8}  {}",
            rule.name,
            rule.summary()
        );
    }
    text
}

fn json(rules: &[&Rule]) -> Result<String, Failure> {
    let shown: Vec<Shown> = rules
        .iter()
        .map(|rule| Shown {
            name: rule.name,
            group: rule.group.name(),
            severity: rule.severity.word(),
            pedantic: rule.is_pedantic,
            since: rule.since,
            summary: rule.summary(),
        })
        .collect();
    serde_json::to_string_pretty(&shown)
        .map(|text| text + "\n")
        .map_err(|error| Failure(error.to_string()))
}
