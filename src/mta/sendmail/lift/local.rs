//! Rules of an administrator's own in the `Local_` rulesets: runs of them whose meaning is known
//! become clauses, and where others begin the rest of the ruleset is one opaque question. Must not
//! know the standard rules.

use std::sync::Arc;

use super::super::cf::Rule;
use super::input::Input;
use crate::policy::{Opaque, Outcome, Reason};
use crate::text::Place;

/// What a ruleset does where it ends in `$#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `$#error` with a code of 5.
    Refuse,
    /// `$#error` with a code of 4.
    Later,
    /// `$#discard`
    Discard,
    /// Any other mailer: the check is passed, and the standard rules are not asked.
    Pass,
}

/// A rule as one text, its two sides with single blanks.
#[derive(Clone, Debug)]
pub struct Written<'r> {
    pub left: String,
    pub right: String,
    pub place: Option<&'r Place>,
}

/// The rules of a ruleset that are not read yet.
#[derive(Clone, Debug)]
pub struct Rules<'r> {
    rules: Vec<Written<'r>>,
    at: usize,
}

/// A side of a rule with single blanks.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'r> Rules<'r> {
    /// The rules of `name`.
    pub fn of(input: &Input<'r>, name: &str) -> Self {
        let rules = input.rules(name);
        let written = |rule: &'r Rule| Written {
            left: squeezed(&rule.left),
            right: squeezed(&rule.right),
            place: rule.place.as_ref(),
        };
        Self {
            rules: rules.into_iter().map(written).collect(),
            at: 0,
        }
    }

    /// Whether none is left.
    pub fn is_done(&self) -> bool {
        self.at >= self.rules.len()
    }

    /// Where the next one stands.
    pub fn place(&self) -> Option<Place> {
        self.rules.get(self.at)?.place.cloned()
    }

    /// Takes the next rules if they are these, sides alternating; gives what stands for each `~`.
    /// The right side `#` is any that ends in `$#`, which [`Self::end`] tells.
    pub fn take(&mut self, sides: &[&str]) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let rules = self.rules.get(self.at..self.at + sides.len() / 2)?;
        for (rule, sides) in rules.iter().zip(sides.chunks_exact(2)) {
            fits(sides[0], &rule.left, &mut found)?;
            if sides[1] == "#" {
                end(&rule.right)?;
            } else {
                fits(sides[1], &rule.right, &mut found)?;
            }
        }
        self.at += sides.len() / 2;
        Some(found)
    }

    /// As [`Self::take`], where every `~` stands for the same.
    pub fn take_one(&mut self, sides: &[&str]) -> Option<String> {
        let before = self.at;
        let found = self.take(sides)?;
        if found.iter().all(|word| *word == found[0]) {
            return found.into_iter().next();
        }
        self.at = before;
        None
    }

    /// How the rule `back` places before the next one ends.
    pub fn end(&self, back: usize) -> End {
        let rule = self.at.checked_sub(back).and_then(|at| self.rules.get(at));
        rule.and_then(|rule| end(&rule.right))
            .unwrap_or(End::Refuse)
    }

    /// What the rules that are left may do, as one question for each thing: whether they pass the
    /// session, and whether they refuse it.
    pub fn rest(&self, name: &str) -> Vec<(Arc<Opaque>, End)> {
        let rest = &self.rules[self.at.min(self.rules.len())..];
        // A ruleset that is called may end in `$#` of any kind.
        let may_pass = rest
            .iter()
            .any(|rule| end(&rule.right) == Some(End::Pass) || rule.right.contains("$>"));
        let reason = "they are none whose meaning is known here";
        let mut all = Vec::new();
        if may_pass {
            all.push((question(name, false, reason, self.place()), End::Pass));
        }
        if may_pass || rest.iter().any(|rule| end(&rule.right).is_some()) {
            all.push((question(name, true, reason, self.place()), End::Refuse));
        }
        all
    }
}

/// Whether the rules of a ruleset refuse the session, or else whether they accept it.
pub fn question(name: &str, refuse: bool, reason: &str, origin: Option<Place>) -> Arc<Opaque> {
    let does = if refuse { "refuse" } else { "accept" };
    Arc::new(Opaque {
        kind: "rules",
        name: name.to_owned(),
        hit: format!("the rules of `{name}` {does} the session"),
        reason: reason.to_owned(),
        usual: refuse.then_some(false),
        origin,
    })
}

/// How a right side ends the ruleset, if by `$#`.
pub fn end(right: &str) -> Option<End> {
    let rest = right.strip_prefix("$#")?.trim_start();
    let mailer = rest.split([' ', '$']).next().unwrap_or_default();
    Some(match mailer {
        "error" => {
            let text = rest.split_once("$:").map_or(rest, |(_, text)| text);
            let digit = |text: &str| {
                text.trim_start_matches(|c: char| !c.is_ascii_digit())
                    .chars()
                    .next()
            };
            if digit(text).or_else(|| digit(rest)) == Some('4') {
                End::Later
            } else {
                End::Refuse
            }
        }
        "discard" => End::Discard,
        _ => End::Pass,
    })
}

/// Whether `text` is `pattern`, in which `~` stands for a word; adds what each stands for.
fn fits(pattern: &str, text: &str, found: &mut Vec<String>) -> Option<()> {
    let mut rest = text;
    let mut parts = pattern.split('~');
    rest = rest.strip_prefix(parts.next()?)?;
    for part in parts {
        let end = if part.is_empty() {
            rest.len()
        } else {
            rest.find(part)?
        };
        let (word, behind) = rest.split_at(end);
        if word.is_empty() || word.contains(' ') {
            return None;
        }
        found.push(word.to_owned());
        rest = &behind[part.len()..];
    }
    rest.is_empty().then_some(())
}

impl End {
    /// What happens to the session; `pass` where the check is passed.
    pub fn outcome(self, reason: Reason, pass: Outcome) -> Outcome {
        match self {
            Self::Refuse => Outcome::Refuse(reason),
            Self::Later => Outcome::TempFail(reason),
            Self::Discard => Outcome::Accept(crate::policy::Accept::Discard),
            Self::Pass => pass,
        }
    }
}
