//! Lines of a sendmail.cf that the daemon refuses or reads as something else. Must not know where
//! they come from.

use std::sync::Arc;

use super::super::catalogue;
use super::super::cf::Model;
use super::super::edits::instead;
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Source};

/// Findings of how the file is written.
pub fn syntax(tree: &Tree) -> Vec<Finding> {
    let strays = tree.strays().map(|stray| {
        let text = stray.text();
        let (rule, message, help) = if text.starts_with([' ', '\t']) {
            (
                "continues-nothing",
                "this line begins with a blank but there is none before it to go on: the daemon stops here",
                "write it from the first column, or remove the empty line before it",
            )
        } else if text.starts_with('R') {
            (
                "rule-without-tab",
                "a rule needs a tab between its left and right side: the daemon stops here",
                "put a tab between the sides; copying may have made blanks of it",
            )
        } else {
            (
                "stray-line",
                "no line of sendmail.cf begins so, or parts of it are missing: the daemon stops here",
                "",
            )
        };
        let first = text.lines().next().unwrap_or_default().len();
        let span = stray.span().part(0..first);
        let finding = Finding::new(Severity::Error, rule, tree.source(), span, message);
        let finding = finding.help(help);
        let line = &text[..first];
        let edit = |part: std::ops::Range<usize>, text: &str| {
            finding.clone().unsafe_fix(vec![Edit {
                place: Place::new(tree.source(), span.part(part)),
                text: text.to_owned(),
            }])
        };
        match rule {
            "continues-nothing" => edit(0..first - line.trim_start().len(), ""),
            "rule-without-tab" => match wide_blank(line) {
                Some(blank) => edit(blank, "\t"),
                None => finding,
            },
            _ => finding,
        }
    });
    let mut found: Vec<Finding> = strays.collect();
    let mut begun = false;
    for node in tree.root().children() {
        begun |= node.kind() == "ruleset";
        if node.kind() == "rule" && !begun {
            let message = "this rule stands before any ruleset: the daemon stops here";
            found.push(Finding::new(
                Severity::Error,
                "rule-without-ruleset",
                tree.source(),
                node.span(),
                message,
            ));
        }
        let arguments = |node: Branch<'_>| {
            node.children()
                .filter(|child| child.kind() == "equate")
                .any(|equate| equate.text().starts_with('A'))
        };
        if node.kind() == "mailer" && !arguments(node) {
            let message = "this mailer has no `A=`: the daemon stops here";
            found.push(Finding::new(
                Severity::Error,
                "mailer-without-arguments",
                tree.source(),
                node.span(),
                message,
            ));
        }
    }
    found
}

/// The first run of two blanks or more.
fn wide_blank(line: &str) -> Option<std::ops::Range<usize>> {
    let start = line.find("  ")?;
    Some(start..line.len() - line[start..].trim_start().len())
}

/// Rules whose right side names a part that the left side does not have.
pub fn positions(model: &Model) -> Vec<Finding> {
    let rules = model.rulesets.iter().flat_map(|set| &set.rules);
    let faulty = rules.filter_map(|rule| {
        let place = rule.place.as_ref()?;
        let parts = ["$*", "$+", "$-", "$=", "$~"];
        let parts: usize = parts.iter().map(|part| rule.left.matches(part).count()).sum();
        let asked = rule.right.match_indices('$').filter_map(|(at, _)| rule.right[at + 1..].chars().next()?.to_digit(10));
        let beyond = asked.map(|digit| digit as usize).find(|&digit| digit > parts)?;
        let message = format!("the right side asks for `${beyond}`, but the left side has no such part: the daemon stops here");
        Some(Finding::new(Severity::Error, "rule-position", &place.source, place.span, message))
    });
    faulty.collect()
}

/// Findings of the names in it.
pub fn of_model(model: &Model, source: &Arc<Source>, version: Version) -> Vec<Finding> {
    let mut found = positions(model);
    for line in &model.options {
        let place = Place::new(source, line.span);
        let say = |severity, rule, message: String| {
            Finding::new(severity, rule, &place.source, place.span, message)
        };
        let mut chars = line.name.chars();
        if let (Some(letter), None) = (chars.next(), chars.next()) {
            if catalogue::letter(letter).is_none() {
                let message =
                    format!("no option has the old name `{letter}`: the daemon stops here");
                found.push(say(Severity::Error, "unknown-option", message));
            }
            continue;
        }
        match catalogue::option(&line.name, version) {
            None => {
                let message = format!(
                    "Sendmail {version} has no option `{}`: the daemon stops here",
                    line.name
                );
                let near = catalogue::options()
                    .nearest(&line.name)
                    .filter(|near| *near != line.name);
                let finding = say(Severity::Error, "unknown-option", message);
                found.push(match near {
                    Some(near) => finding
                        .help(format!("did you mean `{near}`?"))
                        .unsafe_fix(instead(&place, &line.name, near)),
                    None => finding,
                });
            }
            Some((row, true)) => {
                let message = format!(
                    "`{}` is short for `{}` only as long as no other option begins so",
                    line.name,
                    row.key()
                );
                found.push(
                    say(Severity::Note, "abbreviated-option", message)
                        .help(format!("write `{}`", row.key()))
                        .safe_fix(instead(&place, &line.name, row.key())),
                );
            }
            Some(_) => {}
        }
    }
    found
}
