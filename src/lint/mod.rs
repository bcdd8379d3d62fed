//! Checking files: descriptions, and the servers' own. Must not know how findings are printed or
//! what the exit code is.

mod configuration;
mod discover;
mod fix;
mod levels;
mod pairing;
mod settings;
mod suppress;
mod walk;

pub use crate::description::Level;
pub use crate::rules::Asking;
pub use configuration::{configuration, encoding};
pub use discover::{DESCRIPTION, Found, discover, found, is_description};
pub use fix::mend;
pub use levels::{Levels, Selector};
pub use pairing::{Wanted, paired, wanted};
pub use settings::Settings;
pub use suppress::Suppressions;

use std::sync::Arc;

use crate::findings::{self, Finding};
use crate::generate;
use crate::text::Source;

/// All findings about a description, in the order of its text: also what the servers that it
/// names in `targets` cannot do.
pub fn description(source: &Arc<Source>) -> Vec<Finding> {
    let (description, mut findings) = crate::description::read(source);
    // A file may hold the linter's settings alone.
    findings.retain(|finding| finding.rule != crate::description::LINTER_ALONE);
    findings.extend(settings::faults(source));
    if let Some(description) = description {
        match generate::outputs(&description) {
            Ok(outputs) => {
                for (target, _) in outputs {
                    findings.extend(
                        generate::generate(&description, target)
                            .err()
                            .unwrap_or_default(),
                    );
                }
            }
            Err(unknown) => findings.extend(unknown),
        }
    }
    findings::sort(&mut findings);
    findings
}
