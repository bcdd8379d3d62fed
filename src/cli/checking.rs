//! One round of checking: every path, with the levels and remarks that apply, to findings. Must not
//! know how they are printed or mended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::ProgressBar;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::reading::Reading;
use super::{Failure, input};
use crate::findings::{self, Finding};
use crate::lint::{self, Asking, Found, Levels, Settings, Suppressions};
use crate::mta::{Dialect, Told, World};
use crate::policy::Surroundings;
use crate::text::{Snapshot, Source};

/// Texts that stand for files on the disk, by their paths.
pub type Texts = BTreeMap<PathBuf, Arc<Source>>;

/// What is checked, and how.
#[derive(Debug)]
pub struct Checking<'a> {
    /// How servers' files are read.
    pub reading: &'a Reading,
    /// The description that everything is compared with.
    pub against: Option<&'a Path>,
    /// What stands between the servers and their clients.
    pub surroundings: Surroundings,
    /// Levels that win over those of a project.
    pub levels: Levels,
    /// The files that changed, where only what has to do with them is checked: whole paths without
    /// links.
    pub changed: Option<BTreeSet<PathBuf>>,
    /// Whether files are taken as if they had been found in a folder.
    pub as_found: bool,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is to be reported, in the order of reports.
    pub findings: Vec<Finding>,
    /// What could not be done.
    pub failures: Vec<String>,
    /// The files that were checked, as they were read.
    pub sources: Texts,
}

impl Checked {
    /// Holds that everything could be looked at.
    ///
    /// # Errors
    /// Everything that could not.
    pub fn whole(&self) -> Result<(), Failure> {
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(Failure(self.failures.join("\nsmtpconf: ")))
    }
}

/// A round that goes on.
struct Round<'a> {
    checking: &'a Checking<'a>,
    texts: &'a Texts,
    /// The servers' files that are checked.
    paths: BTreeSet<&'a Path>,
}

/// A file to check.
enum Item {
    /// A description; without a path the one here or above.
    Description(Option<PathBuf>),
    /// A server's file.
    Configuration(PathBuf),
    /// A folder that cannot be looked into, and why.
    Closed(PathBuf, String),
}

impl Item {
    fn configuration(&self) -> Option<&Path> {
        match self {
            Self::Configuration(path) => Some(path),
            Self::Description(_) | Self::Closed(..) => None,
        }
    }
}

/// What came out of one file.
struct Part {
    findings: Vec<Finding>,
    source: Arc<Source>,
    suppressions: Suppressions,
}

impl Checking<'_> {
    /// Checks every path, or without one the description here or above; `texts` stand for the files
    /// at their paths. Files are checked side by side, and what comes out is the same as one by one.
    pub fn run(&self, paths: &[PathBuf], texts: &Texts) -> Checked {
        let mut checked = Checked::default();
        let mut projects = Projects::default();
        let mut items = Vec::new();
        if paths.len() > 1 || paths.iter().any(|path| path.is_dir()) {
            // In a second round they are there already.
            let _ = ThreadPoolBuilder::new().stack_size(STACK).build_global();
        }
        if paths.is_empty() {
            items.push(Item::Description(None));
        }
        for path in paths {
            match self.items(path, &mut projects) {
                Ok(found) => items.extend(found),
                Err(Failure(message)) => checked.failures.push(message),
            }
        }
        let round = Round {
            checking: self,
            texts,
            paths: items.iter().filter_map(Item::configuration).collect(),
        };
        let mut suppressions = BTreeMap::new();
        let mut findings = Vec::new();
        for part in side_by_side(&items, |item| round.check(item)) {
            match part {
                Ok(None) => {}
                Ok(Some(part)) => {
                    findings.extend(part.findings);
                    let name = part.source.name().to_owned();
                    checked.sources.insert(PathBuf::from(&name), part.source);
                    suppressions.entry(name).or_insert(part.suppressions);
                }
                Err(Failure(message)) => checked.failures.push(message),
            }
        }
        checked.findings = self.left(findings, suppressions, &mut projects);
        checked
    }

    /// The files to check at a path.
    fn items(&self, path: &Path, projects: &mut Projects) -> Result<Vec<Item>, Failure> {
        let is_description = lint::is_description(path);
        let what = ["a folder", "a description"][usize::from(is_description)];
        if path.is_dir() || is_description {
            self.reading.not_of(path, what)?;
        }
        if !path.is_dir() && !self.as_found {
            let is_one = is_description || (path == Path::new("-") && !self.reading.names_a_kind());
            return Ok(vec![if is_one {
                Item::Description(Some(path.to_path_buf()))
            } else {
                Item::Configuration(path.to_path_buf())
            }]);
        }
        let found = if path.is_dir() {
            lint::discover(path)
        } else {
            lint::found(path.to_path_buf()).into_iter().collect()
        };
        if found.is_empty() && path.is_dir() {
            return Err(Failure(format!(
                "{}: neither {} nor a mail server's configuration in this folder",
                crate::text::shown(path),
                lint::DESCRIPTION
            )));
        }
        let mut items = Vec::new();
        for file in found {
            let (Found::Description(path) | Found::Configuration(path, _) | Found::Closed(path, _)) =
                &file;
            let settings = projects.settings(path);
            if !settings.is_some_and(|settings| settings.ignores(path)) {
                items.push(match file {
                    Found::Description(path) => Item::Description(Some(path)),
                    Found::Configuration(path, _) => Item::Configuration(path),
                    Found::Closed(path, reason) => Item::Closed(path, reason),
                });
            }
        }
        Ok(items)
    }

    /// What is left to report of what was found.
    fn left(
        &self,
        mut found: Vec<Finding>,
        suppressions: BTreeMap<String, Suppressions>,
        projects: &mut Projects,
    ) -> Vec<Finding> {
        // A file is reached by its own path and as a neighbour of another.
        findings::sort(&mut found);
        found.dedup_by(|a, b| findings::same(a, b));
        let name = |finding: &Finding| {
            let label = finding.labels.first();
            label.map_or_else(String::new, |label| label.place.source.name().to_owned())
        };
        found.retain(|finding| {
            let remarks = suppressions.get(&name(finding));
            !remarks.is_some_and(|remarks| remarks.allows(finding))
        });
        found.extend(suppressions.into_values().flat_map(Suppressions::faults));
        findings::sort(&mut found);
        let mut left = Vec::new();
        for finding in found {
            let file = PathBuf::from(name(&finding));
            let levels = match projects.settings(&file) {
                Some(settings) => settings.levels(&file, &self.levels),
                None => self.levels.clone(),
            };
            left.extend(levels.apply(finding));
        }
        left
    }
}

/// The settings of projects, by the folders of their files.
#[derive(Default)]
struct Projects(BTreeMap<PathBuf, Option<Settings>>);

impl Projects {
    /// The settings for a file.
    fn settings(&mut self, file: &Path) -> Option<&Settings> {
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !self.0.contains_key(folder) {
            let settings = Settings::of(folder);
            self.0.insert(folder.to_path_buf(), settings);
        }
        self.0.get(folder)?.as_ref()
    }
}

impl Round<'_> {
    /// What comes out of a file; nothing where it has nothing to do with what changed.
    fn check(&self, item: &Item) -> Result<Option<Part>, Failure> {
        match item {
            Item::Description(path) => {
                let path = path.as_deref();
                let has_to_do = path.is_none_or(|path| self.has_to_do_with(path, None));
                has_to_do.then(|| self.description(path)).transpose()
            }
            Item::Configuration(path) => self.configuration(path),
            Item::Closed(path, reason) => {
                Err(Failure(format!("{}: {reason}", crate::text::shown(path))))
            }
        }
    }

    fn description(&self, path: Option<&Path>) -> Result<Part, Failure> {
        let source = match input::description(path)? {
            Ok(source) => self.text(source),
            Err(finding) => {
                let source = finding.labels.first().map(|label| &label.place.source);
                let source = source.map_or_else(|| Source::new("", ""), Arc::clone);
                return Ok(Part::new(source, None, vec![finding]));
            }
        };
        let findings = lint::description(&source);
        Ok(Part::new(source, None, findings))
    }

    fn configuration(&self, path: &Path) -> Result<Option<Part>, Failure> {
        let reading = self.checking.reading;
        let source = self.text(reading.source(path)?);
        let (dialect, told) = reading.dialect(&source);
        if told == Told::Guessed {
            return Err(Failure(format!(
                "{}: neither its name nor its content tells what kind of file it is; --as names the kind",
                crate::text::shown(path)
            )));
        }
        let files = reading.snapshot(path, dialect)?.with_texts(self.texts);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let other = (dialect.judged_with)(&name).map(|other| path.with_file_name(other));
        // What it says is told with the file that it belongs to.
        let findings = if other.is_some_and(|other| self.paths.contains(&*other)) {
            lint::encoding(&source).into_iter().collect()
        } else {
            self.judged(path, &source, dialect, &files)?
        };
        if !self.has_to_do_with(path, Some(&files)) {
            return Ok(None);
        }
        Ok(Some(Part::new(source, Some(dialect), findings)))
    }

    /// The findings about a server's file, for every version that was asked for.
    fn judged(
        &self,
        path: &Path,
        source: &Arc<Source>,
        dialect: &'static Dialect,
        files: &Snapshot,
    ) -> Result<Vec<Finding>, Failure> {
        let Checking {
            reading,
            against,
            surroundings,
            ..
        } = self.checking;
        let wanted = match (against, dialect.lift) {
            (_, None) => None,
            (Some(description), _) => match input::description(Some(description))? {
                Ok(source) => match lint::wanted(&source) {
                    Ok(wanted) => Some(wanted),
                    Err(faults) => return Ok(faults),
                },
                Err(fault) => return Ok(vec![fault]),
            },
            (None, _) => lint::paired(path, dialect),
        };
        let mut asking = Asking {
            environment: reading.environment(),
            surroundings: surroundings.clone(),
            ..Asking::default()
        };
        let mut versions = reading.versions(dialect.server)?;
        if versions.is_empty() {
            let target = wanted.as_ref().and_then(|wanted| wanted.target);
            versions.push(target.map_or(dialect.server.newest(), |target| target.version));
        }
        if let Some(wanted) = wanted {
            let gateways = wanted.surroundings.gateways;
            asking.surroundings.gateways.extend(gateways);
            asking.wanted = Some(wanted.policy);
        }
        let mut findings: Vec<Finding> = Vec::new();
        for (index, &version) in versions.iter().enumerate() {
            let world = World::new(files, version).knowing(reading.known());
            let known = findings.len();
            for mut finding in lint::configuration(source, dialect, &world, &asking) {
                let is_known = findings[..known]
                    .iter()
                    .any(|before| findings::alike(before, &finding));
                if !is_known && index > 0 {
                    let server = dialect.server.title();
                    // Writing to a String cannot fail.
                    let _ = write!(finding.message, " (from {server} {version} on)");
                }
                if !is_known {
                    findings.push(finding);
                }
            }
        }
        Ok(findings)
    }

    /// Whether the file has to do with what changed: it did, or one that was read beside it, or a
    /// description that may speak of it.
    fn has_to_do_with(&self, path: &Path, files: Option<&Snapshot>) -> bool {
        let Some(changed) = &self.checking.changed else {
            return true;
        };
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folders = real.ancestors().skip(1);
        let mut descriptions = folders.map(|folder| folder.join(lint::DESCRIPTION));
        let against = self.checking.against.map(std::fs::canonicalize);
        changed.contains(&real)
            || descriptions.any(|path| changed.contains(&path))
            || against.is_some_and(|path| path.is_ok_and(|path| changed.contains(&path)))
            || files.is_some_and(|files| files.asked().any(|path| changed.contains(&path)))
    }

    /// The text that stands for what was read.
    fn text(&self, source: Arc<Source>) -> Arc<Source> {
        match self.texts.get(Path::new(source.name())) {
            Some(text) => Arc::clone(text),
            None => source,
        }
    }
}

impl Part {
    fn new(source: Arc<Source>, dialect: Option<&'static Dialect>, findings: Vec<Finding>) -> Self {
        Self {
            findings,
            suppressions: Suppressions::read(&source, dialect),
            source,
        }
    }
}

/// So many files are looked at before anybody wonders whether it goes on.
const MANY: usize = 200;

/// The stack of a thread, in bytes: that which the first thread of a program has on Linux.
const STACK: usize = 8 << 20;

/// What `check` makes of every item, in their order, with every processor at work.
fn side_by_side<T: Send>(items: &[Item], check: impl Fn(&Item) -> T + Sync) -> Vec<T> {
    // Threads for a single file would cost more than they save.
    if items.len() < 2 {
        return items.iter().map(check).collect();
    }
    let progress = if items.len() < MANY {
        ProgressBar::hidden()
    } else {
        // Shown on a terminal alone.
        ProgressBar::new(items.len() as u64).with_message("files")
    };
    let checked = items.par_iter().map(|item| {
        let result = check(item);
        progress.inc(1);
        result
    });
    let results = checked.collect();
    progress.finish_and_clear();
    results
}
