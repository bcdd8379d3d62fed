//! What a rule may see of Exim's files. Must not know any rule.

use std::sync::Arc;

use super::resolve;
use super::running::Running;
use crate::mta::config::World;
use crate::mta::dialect::Dialect;
use crate::text::Source;

/// A configuration of Exim, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// What the daemon works with.
    #[allow(dead_code)]
    pub(crate) running: Running,
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
        let (running, _) = resolve::run(source, world);
        Some(Self {
            source: Arc::clone(source),
            dialect,
            running,
            world,
        })
    }
}
