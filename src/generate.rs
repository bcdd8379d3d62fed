//! From a description to the files of one server. Must not know where the files go.

use std::path::Path;

use crate::description::{self, Description, Spanned};
use crate::findings::{Finding, Severity};
use crate::mta::{Dialect, File, Generated, Lifted, Server, Target, World};
use crate::policy::{Policy, compare};
use crate::text::{Place, Snapshot, Source, Span};

/// The files that make the server `target` do what `description` says. They were read back, and
/// do it.
///
/// # Errors
/// Why this server cannot do it, each reason at the place of the description that asks for it.
pub fn generate(description: &Description, target: Target) -> Result<Generated, Vec<Finding>> {
    let wanted = description::lower(description);
    let generated = target.generate(&wanted, env!("CARGO_PKG_VERSION"), description.hash())?;
    let faults = self_check(description, &wanted, target, &generated.files);
    if faults.is_empty() {
        Ok(generated)
    } else {
        Err(faults)
    }
}

/// What files do that were generated for `target`, if there is a main file among them.
pub fn read_back(target: Target, files: &[File]) -> Option<Lifted> {
    let (dialect, main) = files.iter().find_map(|file| {
        let dialect = Dialect::by_name(Path::new(&file.name))?;
        dialect.lift.map(|_| (dialect, file))
    })?;
    let folder = Path::new(target.server.folder());
    let path = |file: &File| folder.join(&file.name).display().to_string();
    let named: Vec<(String, &str)> = files
        .iter()
        .map(|file| (path(file), file.text.as_str()))
        .collect();
    let named: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let files = Snapshot::of(&named);
    let world = World::new(&files, target.version);
    dialect.policy(&Source::new(path(main), main.text.as_str()), &world)
}

/// What the files do otherwise than the description demands: a fault of this program.
fn self_check(
    description: &Description,
    wanted: &Policy,
    target: Target,
    files: &[File],
) -> Vec<Finding> {
    let Some(lifted) = read_back(target, files) else {
        return Vec::new();
    };
    let drift = compare(wanted, &lifted.policy);
    let finding = |place: Option<&Place>, message: String| {
        let start = Place::new(&description.source, Span::new(0, 0));
        let place = place.unwrap_or(&start);
        Finding::new(
            Severity::Error,
            "self-check",
            &place.source,
            place.span,
            message,
        )
        .help("this is a fault of smtpconf: please report it; nothing is given out")
    };
    let sessions = drift.sessions.iter().map(|one| {
        let message = format!(
            "the files for {target} would not do what is demanded: {} where it has to be {}, in the session {}",
            one.second, one.first, one.session
        );
        finding(one.by[0].and_then(|clause| clause.origin.as_ref()), message)
    });
    let facts = drift.facts.iter().map(|one| {
        let message = format!(
            "the files for {target} would not say what is demanded: {} `{}`, and not `{}`",
            one.first.name, one.second.value, one.first.value
        );
        finding(one.first.origin.as_ref(), message)
    });
    sessions.chain(facts).collect()
}

/// A server with the folder of its files, relative to the description's.
pub type Output = (Target, String);

/// The servers of the description's `targets`, in the order written.
///
/// # Errors
/// Servers and versions that are not known, all of them.
pub fn outputs(description: &Description) -> Result<Vec<Output>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut outputs = Vec::new();
    for output in &description.outputs {
        let (name, span) = match &output.version {
            Some(version) => (
                format!("{}@{}", output.server.value, version.value),
                version.span,
            ),
            None => (output.server.value.clone(), output.server.span),
        };
        match Target::parse(&name, platform(description)) {
            Ok(target) => outputs.push((target, output.into.value.clone())),
            Err(message) => {
                let known = Server::named(&output.server.value).is_some();
                let span = if known { span } else { output.server.span };
                let source = &description.source;
                let finding =
                    Finding::new(Severity::Error, "unknown-target", source, span, message);
                findings.push(finding);
            }
        }
    }
    if findings.is_empty() {
        Ok(outputs)
    } else {
        Err(findings)
    }
}

/// The platform of a description that names none.
pub const USUAL_PLATFORM: &str = "debian-12";

/// The platform that the description names, else the usual one.
pub fn platform(description: &Description) -> &'static str {
    description
        .platform
        .as_ref()
        .map_or(USUAL_PLATFORM, |Spanned { value, .. }| *value)
}
