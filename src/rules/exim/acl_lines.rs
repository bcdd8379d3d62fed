//! Lines of ACLs that do not do what they say. Must not know how ACLs are read.

use std::collections::BTreeSet;

use super::tell::{error, note, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::parse::{Branch, Condition, Node, parse};
use crate::mta::exim::{Class, Files, Mapped, Part, Statement, is_word};
use crate::text::Place;

pub fn text(part: &Part) -> &str {
    part.argument.as_ref().map_or("", Mapped::text)
}

/// Where the argument of a part stands.
pub fn argument(part: &Part) -> Place {
    let written = part.argument.as_ref();
    let place = written.and_then(|written| written.place(0..written.text().len()));
    place.unwrap_or_else(|| part.place.clone())
}

/// Whether a part is a condition.
pub fn asks(part: &Part) -> bool {
    !is_word("acl_modifier", &part.name)
}

/// Refusals in ACLs that are called by `deny`.
pub fn refusal_in_condition(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, statement, part) in files.parts() {
        let is_call =
            part.name == "acl" && !part.negated && matches!(statement.verb, "deny" | "drop");
        let name = text(part).split_whitespace().next().unwrap_or_default();
        let Some(acl) = files
            .read
            .running
            .acls
            .iter()
            .find(|acl| is_call && acl.name == name)
        else {
            continue;
        };
        let conditional = |statement: &&Statement| statement.parts.iter().any(asks);
        let refuses =
            |statement: &&Statement| matches!(statement.verb, "deny" | "drop" | "require");
        let accepts = |statement: &&Statement| statement.verb == "accept";
        let lost = acl
            .statements
            .iter()
            .find(|one| refuses(one) && conditional(one));
        let chosen = acl
            .statements
            .iter()
            .any(|one| accepts(&one) && conditional(&one));
        if let (Some(lost), false) = (lost, chosen) {
            found.push(
                error(
                    "refusal-in-condition",
                    &part.place,
                    format!("`{name}` refuses clients, and here that means that the condition is not met: just these pass this `{}`", statement.verb),
                )
                .certainty(Certainty::Likely)
                .and(lost.place.clone(), "whom this refuses")
                .help(format!("write `require acl = {name}`, or `{} !acl = {name}`", statement.verb)),
            );
        }
    }
    found
}

/// Messages of `require` behind the condition that they are for.
pub fn late_message(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, statement) in files
        .statements()
        .filter(|(_, statement)| statement.verb == "require")
    {
        let last = statement.parts.iter().rposition(asks);
        let late = statement.parts.iter().enumerate().find(|(at, part)| {
            matches!(part.name.as_str(), "message" | "log_message")
                && last.is_some_and(|last| *at > last)
        });
        let early = |name: &str| {
            let parts = statement.parts.iter().take(last.unwrap_or_default());
            parts.into_iter().any(|part| part.name == name)
        };
        if let Some((_, part)) = late.filter(|(_, part)| !early(&part.name)) {
            let message = format!(
                "`{}` stands behind the condition, and is not read when that fails",
                part.name
            );
            found.push(
                warning("late-message", &part.place, message).help("put it before the condition"),
            );
        }
    }
    found
}

/// Whether a text can be made to fail.
pub fn can_fail(nodes: &[Node]) -> bool {
    let branch = |branch: &Branch| match branch {
        Branch::Missing => false,
        Branch::Fail => true,
        Branch::Text(inner) => can_fail(inner),
    };
    nodes.iter().any(|node| match node {
        Node::If(_, yes, no) | Node::Lookup { yes, no, .. } => branch(yes) || branch(no),
        Node::Operator(_, inner) => can_fail(inner),
        _ => false,
    })
}

/// Forced failures that let everybody pass.
pub fn forced_failure(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for option in &files.read.running.main {
        let is_acl = option.known.name().starts_with("acl_smtp_");
        if is_acl && parse(&option.value).is_some_and(|nodes| can_fail(&nodes)) {
            let message = format!(
                "where this fails there is no `{}` at all, and what it would refuse is accepted",
                option.known.name()
            );
            found.push(
                error("forced-failure", &option.place, message)
                    .help("name an ACL that denies in place of `fail`"),
            );
        }
    }
    for (_, statement, part) in files
        .parts()
        .filter(|(_, _, part)| part.name == "condition")
    {
        if !parse(text(part)).is_some_and(|nodes| can_fail(&nodes)) {
            continue;
        }
        let message = format!(
            "where this fails the line counts as if it were not there, so `{}` does not ask it",
            statement.verb
        );
        let finding = if statement.verb == "warn" {
            warning("forced-failure", &argument(part), message)
        } else {
            error("forced-failure", &argument(part), message)
        };
        let finding = finding.help("write `{no}` in place of `fail`");
        found.push(finding.instead_of("}fail}", "}{no}}"));
    }
    found
}

fn is_boolean(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.is_empty()
        || ["yes", "no", "true", "false"].contains(&text.as_str())
        || text.parse::<i64>().is_ok()
}

/// The text that a condition may give and that is neither true nor false.
fn odd_text(nodes: &[Node]) -> Option<String> {
    const TEXTS: &[&str] = &[
        "authenticated_id",
        "domain",
        "local_part",
        "sender_address",
        "sender_address_domain",
        "sender_helo_name",
        "sender_host_address",
        "sender_host_name",
        "tls_in_cipher",
        "tls_in_sni",
    ];
    let branch = |branch: &Branch| match branch {
        Branch::Text(inner) => odd_text(inner),
        _ => None,
    };
    match nodes {
        [Node::Variable(name)] if TEXTS.contains(&name.as_str()) || name.starts_with("h_") => {
            Some(format!("${name}"))
        }
        [Node::Plain(plain)] if !is_boolean(plain) => Some(plain.trim().to_owned()),
        [Node::If(_, yes, no)] => branch(yes).or_else(|| branch(no)),
        [Node::Lookup { yes, no, .. }] => branch(yes).or_else(|| branch(no)),
        _ => None,
    }
}

/// Conditions whose text is neither true nor false.
pub fn non_boolean_condition(files: &Files<'_>) -> Vec<Finding> {
    let parts = files
        .parts()
        .filter(|(_, _, part)| part.name == "condition");
    let found = parts.filter_map(|(_, _, part)| {
        let odd = odd_text(&parse(text(part))?)?;
        let help = match odd.strip_prefix('$') {
            Some(name) => format!("to ask whether it is there, write `${{if def:{name}}}`"),
            None => "give `yes` or `no`".to_owned(),
        };
        let message = format!("the condition may give `{odd}`, which is neither true nor false: the client then gets 451");
        Some(error("non-boolean-condition", &argument(part), message).help(help))
    });
    found.collect()
}

/// `authenticated = PLAIN`
pub fn authenticated_by_mechanism(files: &Files<'_>) -> Vec<Finding> {
    let names: BTreeSet<&str> = files
        .drivers(Class::Authenticator)
        .map(|one| one.name.as_str())
        .collect();
    if names.is_empty() || !files.is_whole {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (_, _, part) in files
        .parts()
        .filter(|(_, _, part)| part.name == "authenticated")
    {
        let odd = text(part)
            .split(':')
            .map(|item| item.trim().trim_start_matches('!').trim())
            .find(|item| {
                item.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                    && !item.is_empty()
                    && !names.contains(item)
            });
        if let Some(odd) = odd {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let finding = error(
                "authenticated-by-mechanism",
                &argument(part),
                format!("no authenticator is named `{odd}`, so nobody who logged in matches: names are compared, not mechanisms"),
            )
            .help(format!("write `*` for all, or {}", names.join(", ")));
            found.push(if text(part).trim() == odd {
                finding.instead_of(odd, "*")
            } else {
                finding
            });
        }
    }
    found
}

/// `warn message = X-Spam: yes`
pub fn warn_with_message(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, statement, part) in files.parts() {
        let text = text(part);
        let is_header = text
            .split_once(": ")
            .is_some_and(|(name, _)| !name.contains(' '));
        if statement.verb == "warn" && part.name == "message" && is_header {
            found.push(
                note("warn-with-message", &part.place, "a header is added by `message` only for the sake of old configurations, and nowhere but in ACLs of a message")
                    .help(format!("write `add_header = {text}`"))
                    .instead_of("message", "add_header"),
            );
        }
    }
    found
}

/// `verify = certificate` where none is asked for.
pub fn certificate_never_verified(files: &Files<'_>) -> Vec<Finding> {
    let asked = ["tls_verify_hosts", "tls_try_verify_hosts"]
        .iter()
        .any(|name| files.value(name).is_some_and(|value| !value.is_empty()));
    let parts = files
        .parts()
        .filter(|(_, _, part)| part.name == "verify" && text(part).trim() == "certificate");
    let found = parts
        .filter(|_| !asked && files.is_whole)
        .map(|(_, _, part)| {
            warning(
                "certificate-never-verified",
                &part.place,
                "no client is asked for a certificate, so this is never met",
            )
            .help("set `tls_try_verify_hosts` for the clients that have one")
        });
    found.collect()
}

/// Whether a text of this branch is fixed to be true.
pub fn is_true(nodes: &[Node]) -> bool {
    match nodes {
        [Node::Plain(text)] => ["1", "yes", "true"].contains(&text.trim()),
        [Node::If(condition, yes, _)] => {
            let met = match condition.as_ref() {
                Condition::Test(name, arguments) => match (name.as_str(), arguments.as_slice()) {
                    ("eq" | "eqi" | "=" | "==", [a, b]) => match (a.as_slice(), b.as_slice()) {
                        ([Node::Plain(a)], [Node::Plain(b)]) => a == b,
                        ([], []) => true,
                        _ => false,
                    },
                    ("bool" | "bool_lax", [text]) => is_true(text),
                    _ => false,
                },
                _ => false,
            };
            met && match yes {
                Branch::Missing => true,
                Branch::Fail => false,
                Branch::Text(text) => is_true(text),
            }
        }
        _ => false,
    }
}
