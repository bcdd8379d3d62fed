//! `smtpconf import`: the description that a server's files implement.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;

use super::reading::Reading;
use super::subject::{Subject, at};
use super::{Failure, Outcome, Reporting, print};
use crate::description;
use crate::mta::{Setting, Use};
use crate::policy::{Drift, compare};
use crate::text::Source;

const EXAMPLES: &str = "\
Examples:
  smtpconf import /etc/exim4
      print the description, with comments for what it does not say
  smtpconf import /etc/exim4 | smtpconf generate --target postfix -
      migrate: the same server with another make";

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// A server's main file, or a folder with its configuration
    #[arg(value_name = "PATH")]
    path: PathBuf,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

impl Import {
    /// Prints the description, with comments for what it does not say.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let loaded = Subject::load_all(&[&self.path], &self.reading, &self.reporting)?;
        let Some([subject]) = loaded.as_deref() else {
            return Ok(Outcome::Bad);
        };
        let imported = Imported::of(subject);
        print::out(&imported.text)?;
        if imported.is_complete && !imported.is_all {
            print::err(
                "smtpconf: the description does not say everything that the files do to sessions; \
                 the comments in it tell what\n",
            )?;
        }
        Ok(if imported.is_all {
            Outcome::Good
        } else {
            Outcome::Bad
        })
    }
}

/// The description of a configuration.
#[derive(Debug)]
pub struct Imported {
    /// It, with comments for what it does not say.
    pub text: String,
    /// Whether it can be used as it is.
    pub is_complete: bool,
    /// Whether it says everything that the files do to sessions.
    pub is_all: bool,
}

impl Imported {
    /// The description that the files of `subject` implement.
    pub fn of(subject: &Subject) -> Self {
        let policy = &subject.lifted.policy;
        let mut text = description::raise(policy);
        let (read, findings) = description::read(&Source::new("import", text.as_str()));
        let Some(read) = read else {
            text += "\n# This is no complete description yet:\n";
            for finding in findings {
                comment(
                    &mut text,
                    &format!("{} ({})", finding.message, finding.help),
                );
            }
            settings(&mut text, subject);
            return Self {
                text,
                is_complete: false,
                is_all: false,
            };
        };
        let wanted = description::lower(&read);
        let drift = compare(policy, &wanted);
        differences(&mut text, &drift);
        settings(&mut text, subject);
        let is_open = subject.lifted.gaps.iter().any(|gap| gap.place.is_some());
        Self {
            text,
            is_complete: true,
            is_all: drift.sessions.is_empty() && !is_open,
        }
    }
}

/// Adds a line of comment; what has several lines keeps them.
fn comment(text: &mut String, words: &str) {
    for line in words.lines() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {line}");
    }
}

fn differences(text: &mut String, drift: &Drift<'_>) {
    if drift.is_empty() && drift.unknown.is_empty() {
        return;
    }
    text.push('\n');
    if !drift.sessions.is_empty() {
        comment(
            text,
            "What the files do to sessions, and this description does not say:",
        );
    }
    for one in &drift.sessions {
        let place = one.by[0].and_then(|clause| clause.origin.as_ref()).map(at);
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        comment(
            text,
            &format!("  {place}{} there, {} here:", one.first, one.second),
        );
        comment(text, &format!("    {}", one.session));
    }
    if !drift.facts.is_empty() {
        comment(text, "Facts that this description does not say:");
    }
    for one in &drift.facts {
        let place = one
            .first
            .origin
            .as_ref()
            .map_or_else(String::new, |place| format!(" ({})", at(place)));
        comment(
            text,
            &format!("  {}: {}{place}", one.first.name, one.first.value),
        );
    }
    for (name, reason) in &drift.unknown {
        comment(text, &format!("Not known: {name}: {reason}"));
    }
}

/// What became of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Account {
    /// It bears on which sessions are accepted, and the policy has it.
    Decides,
    /// A fact of the policy.
    States,
    /// It says what the server does anyhow.
    Default,
    /// Nothing was made of it.
    Left,
}

/// The settings of one line: one with its value; of several, such as those that a macro of m4
/// stands for, the names.
fn words(settings: &[&Setting]) -> String {
    let name = |setting: &Setting| {
        if setting.scope.is_empty() {
            setting.name.clone()
        } else {
            format!("{}/{}", setting.scope, setting.name)
        }
    };
    if let [one] = settings {
        let value = one.value.as_deref().unwrap_or("(not known)");
        return format!("{} = {}", name(one), value.replace('\n', "\\n"));
    }
    let names: Vec<String> = settings.iter().map(|one| name(one)).collect();
    names.join(", ")
}

fn settings(text: &mut String, subject: &Subject) {
    let Some((_, config)) = &subject.read else {
        return;
    };
    let account = |setting: &Setting| {
        let key = (setting.scope.clone(), setting.name.clone());
        let default = setting
            .facts
            .as_ref()
            .and_then(|facts| facts.default.as_ref());
        match subject.lifted.used.get(&key) {
            Some(Use::Decides) => Account::Decides,
            Some(Use::States) => Account::States,
            None if setting.value.is_some() && setting.value.as_ref() == default => {
                Account::Default
            }
            None => Account::Left,
        }
    };
    // What has no place is not written in these files.
    let accounts: Vec<(&Setting, Account)> = config
        .settings
        .iter()
        .filter(|setting| setting.place.is_some())
        .map(|setting| (setting, account(setting)))
        .collect();
    let count = |wanted| {
        accounts
            .iter()
            .filter(|(_, account)| *account == wanted)
            .count()
    };
    text.push('\n');
    comment(
        text,
        &format!(
            "{} settings: {} on who may send what, {} other facts, {} at their default, {} not taken over.",
            accounts.len(),
            count(Account::Decides),
            count(Account::States),
            count(Account::Default),
            count(Account::Left)
        ),
    );
    let left = accounts
        .iter()
        .filter(|(_, account)| *account == Account::Left);
    let mut lines: Vec<(String, Vec<&Setting>)> = Vec::new();
    for (setting, _) in left {
        let Some(place) = setting.place.as_ref().map(at) else {
            continue;
        };
        match lines.iter_mut().find(|(known, _)| *known == place) {
            Some((_, settings)) => settings.push(setting),
            None => lines.push((place, vec![setting])),
        }
    }
    for (place, settings) in lines {
        comment(text, &format!("  {place}: {}", words(&settings)));
    }
    if !subject.lifted.gaps.is_empty() {
        comment(
            text,
            "Not understood, and it may bear on who may send what:",
        );
    }
    for gap in &subject.lifted.gaps {
        let place = gap
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{}: ", at(place)));
        comment(text, &format!("  {place}{}", gap.reason));
    }
}
