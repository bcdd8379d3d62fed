//! `smtpconf explain`: the manual page of a rule.

use clap::Args;

use super::rules::Named;
use super::{Failure, Outcome, print};
use crate::lint::Selector;
use crate::rules;

const EXAMPLES: &str = "\
Examples:
  smtpconf explain open-relay
      what is wrong, why it matters, and what to write";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Explain {
    /// The rule
    #[arg(value_name = "RULE", value_parser = Named, hide_possible_values = true)]
    rule: Selector,
}

impl Explain {
    /// Prints it.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let Some(rule) = rules::all().find(|rule| Selector::Rule(rule.name) == self.rule) else {
            let group = match self.rule {
                Selector::Group(group) => group.name(),
                _ => "all",
            };
            return Err(Failure(format!(
                "`{group}` is a group of rules: `smtpconf rules {group}` lists it"
            )));
        };
        let head = format!(
            "{} · {}{} · since {}\n\n",
            rule.group.name(),
            rule.severity.word(),
            if rule.is_pedantic { " (pedantic)" } else { "" },
            rule.since
        );
        print::out(&head)?;
        print::out(rule.page)?;
        Ok(Outcome::Good)
    }
}
