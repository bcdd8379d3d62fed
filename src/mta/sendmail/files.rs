//! What a rule may see of Sendmail's files. Must not know any rule.

use std::sync::Arc;

use super::resolve::{self, Resolved};
use crate::mta::config::World;
use crate::mta::dialect::Dialect;
use crate::text::Source;

/// A sendmail.mc or sendmail.cf, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// All that is known of it.
    pub resolved: Resolved,
    /// With what it was read.
    pub world: &'w World<'w>,
}

impl<'w> Files<'w> {
    /// Reads the configuration that begins with this file; `None` for a file that begins none.
    pub fn read(
        source: &Arc<Source>,
        dialect: &'static Dialect,
        world: &'w World<'w>,
    ) -> Option<Self> {
        dialect.lift?;
        let resolved = match dialect.name {
            "sendmail-mc" => resolve::mc(source, world),
            _ => resolve::cf(source),
        };
        Some(Self {
            source: Arc::clone(source),
            dialect,
            resolved,
            world,
        })
    }
}
