//! One round of checking: every path, with the levels and remarks that apply, to findings. Must not
//! know how they are printed or mended.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reading::Reading;
use super::{Failure, input};
use crate::findings::{self, Finding};
use crate::lint::{self, Asking, Found, Levels, Settings, Suppressions};
use crate::mta::{Dialect, Told, World};
use crate::policy::Surroundings;
use crate::text::Source;

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

/// A round that goes on.
struct Round<'a> {
    checking: &'a Checking<'a>,
    texts: &'a Texts,
    checked: Checked,
    suppressions: Vec<Suppressions>,
    settings: BTreeMap<PathBuf, Option<Settings>>,
}

impl Checking<'_> {
    /// Checks every path, or without one the description here or above; `texts` stand for the files
    /// at their paths.
    pub fn run(&self, paths: &[PathBuf], texts: &Texts) -> Checked {
        let mut round = Round {
            checking: self,
            texts,
            checked: Checked::default(),
            suppressions: Vec::new(),
            settings: BTreeMap::new(),
        };
        if paths.is_empty() {
            round.description(None);
        }
        for path in paths {
            round.path(path);
        }
        round.finish()
    }
}

impl Round<'_> {
    fn path(&mut self, path: &Path) {
        let is_description = lint::is_description(path);
        let what = ["a folder", "a description"][usize::from(is_description)];
        let reading = self.checking.reading;
        if (path.is_dir() || is_description)
            && let Err(Failure(message)) = reading.not_of(path, what)
        {
            self.checked.failures.push(message);
        } else if path.is_dir() {
            self.folder(path);
        } else if self.checking.as_found {
            if let Some(file) = lint::found(path.to_path_buf()) {
                self.found(&file);
            }
        } else if is_description || (path == Path::new("-") && !reading.names_a_kind()) {
            self.description(Some(path));
        } else {
            self.configuration(path);
        }
    }

    fn folder(&mut self, folder: &Path) {
        let found = lint::discover(folder);
        if found.is_empty() {
            self.checked.failures.push(format!(
                "{}: neither {} nor a mail server's configuration in this folder",
                folder.display(),
                lint::DESCRIPTION
            ));
        }
        for file in &found {
            self.found(file);
        }
    }

    /// Checks a file that was found, unless the project leaves it out.
    fn found(&mut self, file: &Found) {
        let (Found::Description(path) | Found::Configuration(path, _)) = file;
        let settings = self.settings(path);
        if settings.is_some_and(|settings| settings.ignores(path)) {
            return;
        }
        match file {
            Found::Description(path) => self.description(Some(path)),
            Found::Configuration(path, _) => self.configuration(path),
        }
    }

    fn description(&mut self, path: Option<&Path>) {
        match input::description(path) {
            Ok(Ok(source)) => {
                let source = self.text(source);
                self.checked.findings.extend(lint::description(&source));
                self.note(&source, None);
            }
            Ok(Err(finding)) => self.checked.findings.push(finding),
            Err(Failure(message)) => self.checked.failures.push(message),
        }
    }

    fn configuration(&mut self, path: &Path) {
        let read = self.checking.reading.source(path).and_then(|source| {
            let source = self.text(source);
            let (dialect, told) = self.checking.reading.dialect(&source);
            if told == Told::Guessed {
                return Err(Failure(format!(
                    "{}: neither its name nor its content tells what kind of file it is; --as names the kind",
                    path.display()
                )));
            }
            let findings = self.judged(path, &source, dialect)?;
            Ok((source, dialect, findings))
        });
        match read {
            Ok((source, dialect, findings)) => {
                self.checked.findings.extend(findings);
                self.note(&source, Some(dialect));
            }
            Err(Failure(message)) => self.checked.failures.push(message),
        }
    }

    /// The findings about a server's file, for every version that was asked for.
    fn judged(
        &self,
        path: &Path,
        source: &Arc<Source>,
        dialect: &'static Dialect,
    ) -> Result<Vec<Finding>, Failure> {
        let Checking {
            reading,
            against,
            surroundings,
            ..
        } = self.checking;
        let files = reading.snapshot(path, dialect)?.with_texts(self.texts);
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
            let world = World {
                files: &files,
                version,
                known: reading.known(),
                defaults: false,
            };
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

    /// The text that stands for what was read.
    fn text(&self, source: Arc<Source>) -> Arc<Source> {
        match self.texts.get(Path::new(source.name())) {
            Some(text) => Arc::clone(text),
            None => source,
        }
    }

    /// Remembers a file that was checked, and what its remarks allow.
    fn note(&mut self, source: &Arc<Source>, dialect: Option<&Dialect>) {
        let path = PathBuf::from(source.name());
        if self
            .checked
            .sources
            .insert(path, Arc::clone(source))
            .is_none()
        {
            self.suppressions.push(Suppressions::read(source, dialect));
        }
    }

    /// The settings for a file.
    fn settings(&mut self, file: &Path) -> Option<&Settings> {
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let settings = self
            .settings
            .entry(folder.to_path_buf())
            .or_insert_with(|| Settings::of(folder));
        settings.as_ref()
    }

    /// What is left to report.
    fn finish(mut self) -> Checked {
        let mut found = std::mem::take(&mut self.checked.findings);
        // A file is reached by its own path and as a neighbour of another.
        findings::sort(&mut found);
        found.dedup_by(|a, b| findings::same(a, b));
        let suppressions = std::mem::take(&mut self.suppressions);
        found.retain(|finding| !suppressions.iter().any(|file| file.allows(finding)));
        found.extend(suppressions.into_iter().flat_map(Suppressions::faults));
        findings::sort(&mut found);
        for finding in found {
            let file = finding.labels.first().map(|label| &label.place.source);
            let file = file.map_or_else(PathBuf::new, |source| PathBuf::from(source.name()));
            let asked = &self.checking.levels;
            let levels = match self.settings(&file) {
                Some(settings) => settings.levels(&file, asked),
                None => asked.clone(),
            };
            self.checked.findings.extend(levels.apply(finding));
        }
        self.checked
    }
}
