//! What a project sets of the linter: the `lint:` section of the nearest smtpconf.yaml. Must not
//! know what any rule looks for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::discover::DESCRIPTION;
use super::levels::{Levels, Selector};
use crate::description::{Level, LintSection, lint_section};
use crate::findings::{Finding, Severity};
use crate::text::{self, Source, Span};

/// The settings of a project.
#[derive(Debug)]
pub struct Settings {
    pedantic: bool,
    levels: Vec<(Selector, Level)>,
    paths: Vec<(Gitignore, Vec<(Selector, Level)>)>,
    ignored: Gitignore,
}

impl Settings {
    /// The settings for the files in `folder`: of the smtpconf.yaml there or above it the nearest,
    /// up to the repository's root. What is faulty in them is reported with that file itself.
    pub fn of(folder: &Path) -> Option<Self> {
        let folder = std::fs::canonicalize(folder).ok()?;
        for above in folder.ancestors() {
            let path = above.join(DESCRIPTION);
            if let Ok(bytes) = text::read_found(&path) {
                let source = Source::from_bytes(path.display().to_string(), bytes);
                return Some(Self::new(&lint_section(&source).0, above));
            }
            if above.join(".git").exists() {
                break;
            }
        }
        None
    }

    fn new(section: &LintSection, folder: &Path) -> Self {
        let levels = |written: &[_]| {
            let selectors = written.iter().filter_map(|(name, level)| {
                let name: &crate::description::Spanned<String> = name;
                Some((Selector::parse(&name.value).ok()?, *level))
            });
            selectors.collect::<Vec<_>>()
        };
        let paths = section.paths.iter().map(|one| {
            let matcher = matcher(folder, [one.path.value.as_str()]);
            (matcher, levels(&one.levels))
        });
        Self {
            pedantic: section.pedantic,
            levels: levels(&section.levels),
            paths: paths.collect(),
            ignored: matcher(
                folder,
                section.ignore.iter().map(|pattern| pattern.value.as_str()),
            ),
        }
    }

    /// Whether the file or folder is left out.
    pub fn ignores(&self, path: &Path) -> bool {
        matches(&self.ignored, path)
    }

    /// What is set for findings in the file of this name, under what `asked` sets.
    pub fn levels(&self, file: &Path, asked: &Levels) -> Levels {
        let of_paths = self.paths.iter().filter(|(files, _)| matches(files, file));
        let set = self.levels.iter();
        let set = set.chain(of_paths.flat_map(|(_, levels)| levels));
        Levels {
            pedantic: self.pedantic || asked.pedantic,
            only: asked.only.clone(),
            set: set.chain(&asked.set).copied().collect(),
        }
    }
}

/// What is wrong with the names and patterns in the linter's section of a description.
pub(super) fn faults(source: &Arc<Source>) -> Vec<Finding> {
    let (section, _) = lint_section(source);
    let of_paths = section.paths.iter().flat_map(|path| &path.levels);
    let names = section.levels.iter().chain(of_paths).map(|(name, _)| name);
    let mut faults: Vec<Finding> = names
        .filter_map(|name| {
            let reason = Selector::parse(&name.value).err()?;
            Some(fault("unknown-rule", source, name.span, reason))
        })
        .collect();
    let patterns = section.paths.iter().map(|path| &path.path);
    for pattern in patterns.chain(&section.ignore) {
        let mut builder = GitignoreBuilder::new("/");
        if let Err(reason) = builder.add_line(None, &pattern.value) {
            faults.push(fault(
                "bad-pattern",
                source,
                pattern.span,
                reason.to_string(),
            ));
        }
    }
    faults
}

fn fault(rule: &'static str, source: &Arc<Source>, span: Span, message: String) -> Finding {
    Finding::new(Severity::Error, rule, source, span, message)
}

/// A matcher of these patterns from `folder` on. Faulty ones match nothing.
fn matcher<'p>(folder: &Path, patterns: impl IntoIterator<Item = &'p str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for pattern in patterns {
        let _ = builder.add_line(None, pattern);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn matches(matcher: &Gitignore, path: &Path) -> bool {
    let path: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    path.starts_with(matcher.path())
        && matcher
            .matched_path_or_any_parents(&path, path.is_dir())
            .is_ignore()
}
