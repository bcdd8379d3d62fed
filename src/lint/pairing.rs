//! Which description speaks of a server's file. Must not know how they are compared.

use std::path::Path;
use std::sync::Arc;

use super::discover::DESCRIPTION;
use crate::description;
use crate::findings::Finding;
use crate::generate;
use crate::mta::{Dialect, Target};
use crate::policy::{Policy, Surroundings};
use crate::text::{self, Source};

/// What a description demands of a configuration.
#[derive(Debug)]
pub struct Wanted {
    /// What sessions and facts it demands.
    pub policy: Policy,
    /// What it says of the server's surroundings.
    pub surroundings: Surroundings,
    /// The server that it names for the folder, with its version.
    pub target: Option<Target>,
}

/// What the description in `source` demands.
///
/// # Errors
/// What is wrong with it.
pub fn wanted(source: &Arc<Source>) -> Result<Wanted, Vec<Finding>> {
    let (description, findings) = description::read(source);
    let description = description.ok_or(findings)?;
    Ok(Wanted {
        policy: description::lower(&description),
        surroundings: Surroundings {
            gateways: description.behind_nat.into_iter().collect(),
        },
        target: None,
    })
}

/// What the description demands that names the folder of `file` among its `targets` for this
/// server: of those in that folder and above it the nearest, up to the repository's root.
///
/// A description that is faulty pairs with nothing: it is reported by itself.
pub fn paired(file: &Path, dialect: &Dialect) -> Option<Wanted> {
    let file = std::fs::canonicalize(file).ok()?;
    let folder = file.parent()?;
    for above in folder.ancestors() {
        let path = above.join(DESCRIPTION);
        if let Ok(bytes) = text::read_found(&path)
            && let Ok(text) = String::from_utf8(bytes)
        {
            // Shown as seen from here, as the paths that the user gave.
            let here = std::env::current_dir().unwrap_or_default();
            let shown = path.strip_prefix(&here).unwrap_or(&path);
            let source = Source::new(shown.display().to_string(), text);
            let (description, _) = description::read(&source);
            let targets = description.as_ref().map(generate::outputs);
            let names = |(target, into): &(Target, String)| {
                target.server == dialect.server
                    && std::fs::canonicalize(above.join(into)).is_ok_and(|named| named == folder)
            };
            if let Some(Ok(targets)) = targets
                && let Some((target, _)) = targets.into_iter().find(names)
            {
                let mut found = wanted(&source).ok()?;
                found.target = Some(target);
                return Some(found);
            }
        }
        if above.join(".git").exists() {
            break;
        }
    }
    None
}
