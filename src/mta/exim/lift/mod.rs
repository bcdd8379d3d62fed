//! From a configuration to what it does with sessions, and its facts. Must not know how files are
//! read, nor what a policy is used for.

mod acl;
mod asking;
mod auth;
mod checks;
mod conditions;
mod delivery;
mod expand;
mod facts;
mod hops;
mod hosts;
mod items;
mod listeners;
mod lists;
mod logic;
mod ours;
pub(crate) mod parse;
mod preconditions;
mod routes;
mod scene;
mod stages;
mod tables;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::resolve;
use super::running::find;
use crate::findings::Severity;
use crate::mta::config::World;
use crate::mta::lift::Lifted;
use crate::policy::Policy;
use crate::text::Source;
use scene::Shared;

/// The policy of the configuration that begins with this file; none for a part of one.
pub fn lift(source: &Arc<Source>, world: &World<'_>) -> Option<Lifted> {
    // A file below `conf.d`: the answers stand for the whole.
    let folder = Path::new(source.name()).parent().and_then(Path::parent);
    if folder.is_some_and(|folder| folder.ends_with("conf.d")) {
        return None;
    }
    let read = resolve::run(source, world);
    let running = &read.running;
    if running.main.is_empty() && running.acls.is_empty() && running.drivers.is_empty() {
        return None;
    }
    let hostname = find(&running.main, "primary_hostname").map(|option| option.value.clone());
    let hostname = hostname.or_else(|| world.told("primary_hostname").map(str::to_owned));
    let shared = Shared {
        running,
        world,
        hostname: hostname
            .filter(|name| !name.contains('$'))
            .map(|name| name.to_ascii_lowercase()),
        tables: RefCell::default(),
        used: RefCell::default(),
        left: Cell::new(scene::MOST),
    };
    let faults = read.findings.iter();
    let dead = faults
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| {
            let place = finding.labels.first().map(|label| label.place.clone());
            (finding.message.clone(), place)
        })
        .next();
    let listeners = listeners::listeners(&shared, dead.as_ref());
    let mut unknown = BTreeMap::new();
    let facts = facts::facts(&shared, &listeners, &mut unknown);
    let ours = ours::ours(&shared, &facts);
    let policy = Policy {
        listeners,
        facts,
        unknown,
        stated: facts::stated(&shared),
        ours: Arc::new(ours),
    };
    let through = delivery::through(&ours::anywhere(&shared, &scene::Variables::new()));
    Some(Lifted {
        policy,
        through,
        gaps: read.gaps.clone(),
        used: shared.used.into_inner(),
    })
}
