//! Which findings are shown, and how bad they are said to be: what the user sets of rules. Must
//! not know what any rule looks for.

use crate::catalogue::nearest;
use crate::description::Level;
use crate::findings::{Finding, Severity};
use crate::rules::{self, Group};

/// A rule, a group, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Every rule.
    All,
    /// The rules of a group.
    Group(Group),
    /// One rule.
    Rule(&'static str),
}

impl Selector {
    /// Reads the name of a rule or of a group, or `all`.
    ///
    /// # Errors
    /// Why it is none, with the name that was probably meant.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(rule) = rules::named(text) {
            return Ok(Self::Rule(rule.name));
        }
        if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == text) {
            return Ok(Self::Group(group));
        }
        let names = rules::all().map(|rule| rule.name);
        let names = names.chain(Group::ALL.into_iter().map(Group::name));
        Err(match nearest(text, names) {
            Some(near) => format!("`{text}` is neither a rule nor a group: did you mean `{near}`?"),
            None => {
                format!("`{text}` is neither a rule nor a group: `smtpconf rules` lists them all")
            }
        })
    }

    /// Whether a rule is meant.
    pub fn holds(self, rule: &str) -> bool {
        match self {
            Self::All => true,
            Self::Rule(name) => name == rule,
            Self::Group(group) => rules::named(rule).is_some_and(|rule| rule.group == group),
        }
    }
}

/// What the user sets of rules; later entries win over earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Whether what is a matter of taste is shown too.
    pub pedantic: bool,
    /// Only these are shown, where any are named.
    pub only: Vec<Selector>,
    /// Levels, in order.
    pub set: Vec<(Selector, Level)>,
}

impl Levels {
    /// The finding as it is shown, if it is.
    pub fn apply(&self, mut finding: Finding) -> Option<Finding> {
        let rule = finding.rule;
        let is_chosen = |only: &[Selector]| only.iter().any(|selector| selector.holds(rule));
        if !self.only.is_empty() && !is_chosen(&self.only) {
            return None;
        }
        let set = self.set.iter().rev();
        let level = set
            .filter(|(selector, _)| selector.holds(rule))
            .map(|(_, level)| *level)
            .next();
        match level {
            Some(Level::Allow) => None,
            Some(Level::Warn) => {
                finding.severity = Severity::Warning;
                Some(finding)
            }
            Some(Level::Deny) => {
                finding.severity = Severity::Error;
                Some(finding)
            }
            None => {
                let is_pedantic =
                    finding.is_pedantic || rules::named(rule).is_some_and(|rule| rule.is_pedantic);
                let is_wanted = self.pedantic || !self.only.is_empty();
                (is_wanted || !is_pedantic).then_some(finding)
            }
        }
    }
}
