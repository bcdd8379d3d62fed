//! What a rule may see of Postfix's files. Must not know any rule.

use std::sync::Arc;

use super::dictionary::Dictionary;
use super::services::services;
use super::{resolve, syntax};
use crate::mta::config::{Config, World};
use crate::mta::dialect::Dialect;
use crate::text::Source;

/// A main.cf and a master.cf, read.
#[derive(Debug)]
pub struct Files<'w> {
    /// The file that was asked about.
    pub source: Arc<Source>,
    /// Its kind.
    pub dialect: &'static Dialect,
    /// main.cf; `None` where only a master.cf is there.
    pub main: Option<Arc<Source>>,
    /// master.cf, where it is there.
    pub master: Option<Arc<Source>>,
    /// Their settings.
    pub dictionary: Dictionary,
    /// With what they are read.
    pub world: &'w World<'w>,
}

impl<'w> Files<'w> {
    /// Reads the file and the one that belongs to it; `None` for a file that is neither.
    pub fn read(
        source: &Arc<Source>,
        dialect: &'static Dialect,
        world: &'w World<'w>,
    ) -> Option<Self> {
        let mut noted = Config::default();
        let (main, master) = match dialect.name {
            "postfix-main" => (
                Some(Arc::clone(source)),
                resolve::beside(source, "main.cf", "master.cf", world, &mut noted),
            ),
            "postfix-master" => (
                resolve::beside(source, "master.cf", "main.cf", world, &mut noted),
                Some(Arc::clone(source)),
            ),
            _ => return None,
        };
        let read = main.clone().unwrap_or_else(|| Source::new("main.cf", ""));
        let of_master = master
            .as_ref()
            .map(|master| services(&syntax::parse_master(master)).0);
        let settings = syntax::settings(&syntax::parse_main(&read));
        let mut dictionary = Dictionary::new(&read, settings, of_master, world.version);
        dictionary.machine.extend(world.known.iter().cloned());
        Some(Self {
            source: Arc::clone(source),
            dialect,
            main,
            master,
            dictionary,
            world,
        })
    }
}
