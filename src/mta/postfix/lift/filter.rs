//! `smtpd_command_filter` (postconf(5), since 2.7), as far as it changes the command that names the
//! recipient. Must not know any restriction.

use std::sync::Arc;

use super::entries::text_tests;
use super::logic::all;
use super::table::{Table, open};
use super::values::Values;
use crate::mta::postfix::services::Service;
use crate::policy::{Clause, Field, Guard, Opaque, Outcome, Reason, Stage};

/// What becomes of recipients whose command is replaced.
pub fn stage(values: &Values<'_>, service: &Service) -> Stage {
    let mut clauses = Vec::new();
    for word in values.words("smtpd_command_filter", Some(service)) {
        let table = open(&word, values);
        let Table::Ordered(entries) = &*table else {
            let opaque = Opaque {
                kind: "table",
                name: word.text.clone(),
                hit: format!(
                    "`{}` makes the commands into ones that are refused",
                    word.text
                ),
                reason: "what it makes of commands is not followed".into(),
                usual: Some(false),
                origin: word.origin.clone(),
            };
            clauses.push(Clause {
                guard: Guard::Opaque(Arc::new(opaque)),
                outcome: Outcome::Refuse(Reason::Rule),
                origin: word.origin.clone(),
            });
            continue;
        };
        for entry in entries {
            let Some(guard) = text_tests(Field::RecipientCommand, &entry.key) else {
                continue;
            };
            let mut command = entry.value.split_ascii_whitespace();
            let verb = command.next().unwrap_or_default();
            let is_whole = command
                .next()
                .is_some_and(|word| word.to_uppercase().starts_with("TO:"));
            if verb.eq_ignore_ascii_case("RCPT") && is_whole || entry.value.contains('$') {
                let reason = "commands that name another recipient are not followed";
                values.gap(entry.origin.clone(), reason);
                continue;
            }
            clauses.push(Clause {
                guard: all(vec![guard]),
                outcome: Outcome::Refuse(Reason::Rule),
                origin: entry.origin.clone(),
            });
        }
    }
    Stage {
        name: "smtpd_command_filter".into(),
        clauses,
    }
}
