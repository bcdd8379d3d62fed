//! ACLs as clauses, and as answers where another ACL calls them (Exim's specification, chapter 43).
//! Must not know what a condition asks.

use std::collections::{BTreeMap, BTreeSet};

use super::checks;
use super::expand::{Value, expand, mark};
use super::logic::{Answer, all, any, is_never, not};
use super::scene::{Scene, Variables};
use crate::mta::Use;
use crate::mta::exim::running::{Acl, Part, Running, Statement};
use crate::policy::{Accept, Clause, Guard, Outcome, Reason};

/// The ACL of this name.
pub fn named<'a>(running: &'a Running, name: &str) -> Option<&'a Acl> {
    running.acls.iter().find(|acl| acl.name == name)
}

/// A statement as far as it is walked.
#[derive(Debug)]
struct Walked<'p> {
    /// The answer of all conditions.
    answer: Answer,
    /// Where everything before `endpass` is met.
    before_endpass: Option<Guard>,
    /// What is set on the way, and where.
    sets: Vec<(Guard, &'p Part)>,
}

/// Walks the conditions of a statement, left to right.
fn walk<'p>(acl: &str, statement: &'p Statement, scene: &Scene<'_>) -> Walked<'p> {
    let mut walked = Walked {
        answer: Answer::of(true),
        before_endpass: None,
        sets: Vec::new(),
    };
    note(acl, statement, None, scene);
    for (index, part) in statement.parts.iter().enumerate() {
        match part.name.as_str() {
            "endpass" => {
                let before = walked.answer.yes.clone();
                walked.before_endpass.get_or_insert(before);
            }
            "set" => walked.sets.push((walked.answer.yes.clone(), part)),
            name if checks::is_modifier(name) => continue,
            _ => {
                let answer = checks::answer(part, scene);
                let answer = if part.negated { answer.not() } else { answer };
                walked.answer = walked.answer.and_then(answer);
            }
        }
        note(acl, statement, Some(index), scene);
    }
    walked
}

/// Notes that a part of a statement decides, under the name that settings have.
fn note(acl: &str, statement: &Statement, index: Option<usize>, scene: &Scene<'_>) {
    let scope = format!("acl {acl}");
    let on_own_line = |part: &Part| part.place.span != statement.place.span;
    let name = match index {
        None => match statement.parts.first() {
            Some(first) if !on_own_line(first) => return,
            _ => statement.verb.to_owned(),
        },
        Some(index) => {
            let part = &statement.parts[index];
            let verb = if index > 0 || on_own_line(part) {
                String::new()
            } else {
                format!("{} ", statement.verb)
            };
            let sign = if part.negated { "!" } else { "" };
            let variable = part.variable.as_ref();
            let variable = variable.map(|name| format!(" {name}")).unwrap_or_default();
            format!("{verb}{sign}{}{variable}", part.name)
        }
    };
    scene.shared.note(&scope, &name, Use::Decides);
}

/// The clauses of an ACL; `accepted` is what becomes of what it accepts.
pub fn clauses(acl: &Acl, accepted: &Outcome, scene: &Scene<'_>) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for statement in &acl.statements {
        let walked = walk(&acl.name, statement, scene);
        let place = &statement.place;
        let mut push = |guard: Guard, outcome: Outcome| {
            if !is_never(&guard) {
                clauses.push(Clause {
                    guard,
                    outcome,
                    origin: Some(place.clone()),
                });
            }
        };
        let reason = reason(statement);
        let Answer { yes, defer, error } = walked.answer.clone();
        for (guard, part) in &walked.sets {
            for (guard, outcome) in set(guard, part, scene) {
                push(guard, outcome);
            }
        }
        push(error, Outcome::TempFail(Reason::Configuration));
        if statement.verb != "warn" {
            push(defer, Outcome::TempFail(Reason::Rule));
        }
        match statement.verb {
            "accept" => push(yes, accepted.clone()),
            "discard" => push(yes, Outcome::Accept(Accept::Discard)),
            "deny" | "drop" => push(yes, Outcome::Refuse(reason)),
            "defer" => push(yes, Outcome::TempFail(reason)),
            "require" => push(walked.answer.no(), Outcome::Refuse(reason)),
            _ => {}
        }
        if let Some(before) = walked.before_endpass {
            push(before, Outcome::Refuse(reason));
        }
    }
    clauses.push(Clause {
        guard: Guard::Always,
        outcome: Outcome::Refuse(Reason::RelayingDenied),
        origin: None,
    });
    clauses
}

/// The marks of `set`, where `guard` holds.
fn set(guard: &Guard, part: &Part, scene: &Scene<'_>) -> Vec<(Guard, Outcome)> {
    let variable = part.variable.as_deref().unwrap_or_default();
    let Some(Some(values)) = scene.variables.get(variable) else {
        return Vec::new();
    };
    let argument = part.argument.as_ref().map_or("", |text| text.text());
    let mut marks = Vec::new();
    for (case, value) in expand(argument, scene) {
        let Value::Text(value) = value else { continue };
        let guard = all([guard.clone(), case]);
        // The guard may ask for what is unset here, so that comes last.
        marks.push((guard.clone(), Outcome::Mark(mark(variable, &value), true)));
        let others = values.iter().filter(|other| **other != value);
        marks.extend(others.map(|other| {
            let unset = Outcome::Mark(mark(variable, other), false);
            (guard.clone(), unset)
        }));
    }
    marks
}

/// The variables that ACLs set, with their values where all are known: those of an ACL that is
/// called by another are not, since what is set in the course of a question is not seen here.
pub fn variables(scene: &Scene<'_>) -> Variables {
    let running = scene.shared.running;
    let parts = || {
        running
            .acls
            .iter()
            .flat_map(|acl| &acl.statements)
            .flat_map(|s| &s.parts)
    };
    let called: BTreeSet<&str> = parts()
        .filter(|part| part.name == "acl")
        .filter_map(|part| part.argument.as_ref()?.text().split_whitespace().next())
        .collect();
    let mut variables: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
    for acl in &running.acls {
        let is_called = called.contains(acl.name.as_str());
        for part in acl.statements.iter().flat_map(|statement| &statement.parts) {
            let Some(name) = &part.variable else { continue };
            let argument = part.argument.as_ref().map_or("", |text| text.text());
            let known = variables
                .entry(name.clone())
                .or_insert_with(|| Some(BTreeSet::new()));
            for (_, value) in expand(argument, scene) {
                match (value, &mut *known) {
                    (Value::Text(text), Some(values)) if !is_called => {
                        values.insert(text);
                    }
                    _ => *known = None,
                }
            }
        }
    }
    // A text that was made with another variable may change on the way.
    for part in parts() {
        let text = part.argument.as_ref().map_or("", |text| text.text());
        if let Some(name) = &part.variable
            && (text.contains("acl_m") || text.contains("acl_c"))
        {
            variables.insert(name.clone(), None);
        }
    }
    variables
}

/// What an ACL answers that is called by another one: met where it accepts.
pub fn answer(acl: &Acl, scene: &Scene<'_>) -> Answer {
    acl.statements
        .iter()
        .rev()
        .fold(Answer::of(false), |rest, statement| {
            let walked = walk(&acl.name, statement, scene);
            let answer = walked.answer;
            match statement.verb {
                "accept" | "discard" => match walked.before_endpass {
                    // Past `endpass`, what is not met is refused.
                    Some(before) => {
                        let rest = rest.where_holds(&not(before));
                        answer.or_else(rest)
                    }
                    None => answer.or_else(rest),
                },
                "deny" | "drop" => {
                    let refused = Answer {
                        yes: Guard::never(),
                        ..answer.clone()
                    };
                    Answer::one_of([refused, rest.where_holds(&answer.no())])
                }
                "defer" => Answer {
                    yes: Guard::never(),
                    defer: any([answer.yes.clone(), answer.defer.clone()]),
                    error: answer.error.clone(),
                }
                .or_else(rest),
                "require" => answer.and_then(rest),
                _ => Answer {
                    yes: Guard::never(),
                    defer: Guard::never(),
                    error: answer.error,
                }
                .or_else(rest),
            }
        })
}

/// Why a statement refuses, by what it asks.
fn reason(statement: &Statement) -> Reason {
    let has = |name: &str, negated: bool| {
        let mut parts = statement.parts.iter();
        parts.any(|part| part.name == name && part.negated == negated)
    };
    let requires = statement.verb == "require" || has("endpass", false);
    let verifies = |what: &str| {
        let mut parts = statement.parts.iter();
        parts.any(|part| {
            let text = part.argument.as_ref().map_or("", |text| text.text());
            part.name == "verify" && text.starts_with(what)
        })
    };
    if verifies("recipient") {
        Reason::UnknownRecipient
    } else if verifies("sender") {
        Reason::SenderDomainMissing
    } else if has("authenticated", !requires) {
        Reason::NeedsAuth
    } else if has("encrypted", !requires) {
        Reason::NeedsTls
    } else if has("dnslists", false) || has("hosts", false) {
        Reason::ClientRefused
    } else if has("local_parts", false) {
        Reason::RoutedRecipient
    } else if has("senders", false) || has("sender_domains", false) {
        Reason::SenderRefused
    } else if verifies("helo") {
        Reason::HeloRefused
    } else if has("domains", false) || has("recipients", false) {
        Reason::RecipientRefused
    } else if statement
        .parts
        .iter()
        .all(|part| checks::is_modifier(&part.name))
    {
        Reason::RelayingDenied
    } else {
        Reason::Rule
    }
}
