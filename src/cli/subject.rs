//! What a path stands for when it is asked what it does: a description, or a server's
//! configuration, as a policy.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::print::{self, Stream};
use super::reading::Reading;
use super::{Failure, Reporting, input};
use crate::description;
use crate::findings::Finding;
use crate::lint::{self, DESCRIPTION, Found};
use crate::mta::{Config, Dialect, Lifted, World};
use crate::text::{self, Place, Source};

/// A configuration or a description with what it does.
#[derive(Debug)]
pub struct Subject {
    /// The file that it begins with.
    pub source: Arc<Source>,
    /// What it does.
    pub lifted: Lifted,
    /// The kind of the file and its settings; none for a description.
    pub read: Option<(&'static Dialect, Config)>,
}

/// What is shown of a place: `file:line`.
pub fn at(place: &Place) -> String {
    let line = place.source.position(place.span.start).line;
    format!("{}:{line}", text::one_line(place.source.name()))
}

impl Subject {
    /// What `path` stands for: `-` is a description, as is a folder with nothing but one.
    ///
    /// # Errors
    /// When it cannot be read, or is a file that does nothing by itself. A description that is
    /// faulty is given back as its findings.
    fn load(path: &Path, reading: &Reading) -> Result<Result<Self, Vec<Finding>>, Failure> {
        let is_stdin = path == Path::new("-");
        let has_configuration = || {
            let found = lint::discover(path);
            found
                .iter()
                .any(|one| matches!(one, Found::Configuration(..)))
        };
        let is_description = lint::is_description(path)
            || (is_stdin && !reading.names_a_kind())
            || (path.is_dir() && path.join(DESCRIPTION).is_file() && !has_configuration());
        if is_description {
            reading.not_of(path, "a description")?;
            return Self::described(path);
        }
        let source = reading.source(path)?;
        let (dialect, _) = reading.dialect(&source);
        let files = reading.snapshot(Path::new(source.name()), dialect)?;
        let world = World::new(&files, reading.version(dialect.server)?)
            .knowing(reading.known())
            .with_defaults(true);
        let Some(lifted) = dialect.policy(&source, &world) else {
            return Err(Failure(format!(
                "{}: a file of kind {} decides no session by itself; name the main file of the configuration",
                source.name(),
                dialect.name
            )));
        };
        let config = (dialect.resolve)(&source, &world);
        Ok(Ok(Self {
            source,
            lifted,
            read: Some((dialect, config)),
        }))
    }

    /// What these paths stand for. What is wrong with the descriptions among them is reported, and
    /// if anything is, there is nothing to go on with.
    ///
    /// # Errors
    /// As of [`Subject::load`].
    pub fn load_all(
        paths: &[&Path],
        reading: &Reading,
        reporting: &Reporting,
    ) -> Result<Option<Vec<Self>>, Failure> {
        let mut subjects = Vec::new();
        let mut findings = Vec::new();
        for path in paths {
            match Self::load(path, reading)? {
                Ok(subject) => subjects.push(subject),
                Err(faults) => findings.extend(faults),
            }
        }
        print::findings(&findings, &[], reporting, Stream::Err)?;
        Ok(findings.is_empty().then_some(subjects))
    }

    fn described(path: &Path) -> Result<Result<Self, Vec<Finding>>, Failure> {
        let source = match input::description(Some(path))? {
            Ok(source) => source,
            Err(finding) => return Ok(Err(vec![finding])),
        };
        let (description, findings) = description::read(&source);
        let Some(description) = description else {
            return Ok(Err(findings));
        };
        Ok(Ok(Self {
            source,
            lifted: Lifted {
                through: None,
                policy: description::lower(&description),
                gaps: Vec::new(),
                used: BTreeMap::new(),
            },
            read: None,
        }))
    }
}
