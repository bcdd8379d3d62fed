//! `smtpconf explain`: the manual page of a rule.

use clap::Args;

use super::{Failure, Outcome, print};
use crate::lint::Selector;
use crate::rules;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule
    #[arg(value_name = "RULE")]
    rule: String,
}

impl Explain {
    /// Prints it.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let Some(rule) = rules::named(&self.rule) else {
            let reason = match Selector::parse(&self.rule) {
                Ok(_) => format!(
                    "`{}` is a group of rules: `smtpconf rules {}` lists it",
                    self.rule, self.rule
                ),
                Err(reason) => reason,
            };
            return Err(Failure(reason));
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
