//! The linter's section of a description. Must not know which rules there are.

use std::sync::Arc;

use super::model::Spanned;
use super::raw::{Level, Raw};
use super::yaml::{self, Entries, Node};
use crate::findings::Finding;
use crate::text::Source;

/// What is set of rules, in order.
type Levels = Vec<(Spanned<String>, Level)>;

/// The section.
#[derive(Debug, Default)]
pub struct LintSection {
    /// Whether what is a matter of taste is reported too.
    pub pedantic: bool,
    /// Names of rules or groups with their levels, in order.
    pub levels: Levels,
    /// Levels for some files, in order.
    pub paths: Vec<LintPath>,
    /// What is left out, as patterns of a .gitignore.
    pub ignore: Vec<Spanned<String>>,
}

/// Levels for some files.
#[derive(Debug)]
pub struct LintPath {
    /// A pattern as in a .gitignore.
    pub path: Spanned<String>,
    /// Their levels.
    pub levels: Levels,
}

/// The linter's section of the file, and what is wrong with how it is written.
pub fn lint_section(source: &Arc<Source>) -> (LintSection, Vec<Finding>) {
    let (root, findings) = yaml::read::<Node<Raw>>(source);
    let raw = root.and_then(|root| root.value);
    let Some(lint) = raw.and_then(|raw| raw.lint?.value) else {
        return (LintSection::default(), findings);
    };
    let paths = lint.paths.and_then(|node| node.value).unwrap_or_default();
    let ignore = lint.ignore.and_then(|node| node.value).unwrap_or_default();
    let section = LintSection {
        pedantic: lint
            .pedantic
            .and_then(|node| node.value)
            .unwrap_or_default(),
        levels: levels(lint.levels),
        paths: paths
            .into_iter()
            .filter_map(|node| {
                let path = node.value?;
                Some(LintPath {
                    path: spanned(path.path?)?,
                    levels: levels(path.levels),
                })
            })
            .collect(),
        ignore: ignore.into_iter().filter_map(spanned).collect(),
    };
    (section, findings)
}

fn levels(node: Option<Node<Entries<Level>>>) -> Levels {
    let entries = node.and_then(|node| node.value).map(|entries| entries.0);
    let entries = entries.unwrap_or_default().into_iter();
    entries
        .filter_map(|(name, level)| Some((spanned(name)?, level.value?)))
        .collect()
}

fn spanned(node: Node<String>) -> Option<Spanned<String>> {
    Some(Spanned {
        value: node.value?,
        span: node.span,
    })
}
