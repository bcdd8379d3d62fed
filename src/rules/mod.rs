//! The rules: what each is, and asking them all. A rule never renders, reads a file, or looks at
//! levels. It is a row in its folder's list, a page beside it, and a function where it takes one.

mod any;
mod exim;
mod judged;
mod postfix;
mod rule;
mod sendmail;

pub use judged::{Asking, Judged};
pub use rule::{Finder, Group, Rule};

use std::sync::Arc;

use crate::findings::Finding;
use crate::mta::{self, Dialect, Server, World};
use crate::text::Source;

/// Every rule, folder by folder.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [any::RULES, postfix::RULES, exim::RULES, sendmail::RULES]
        .into_iter()
        .flatten()
}

/// The rule of this name.
pub fn named(name: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.name == name)
}

/// What the rules find in what a configuration does.
pub fn judge(judged: &Judged<'_>) -> Vec<Finding> {
    gathered(|finder| match finder {
        Finder::Policy(find) => Some(find(judged)),
        _ => None,
    })
}

/// What the rules for its server find in the configuration that begins with the file `source`.
pub fn ask(dialect: &'static Dialect, source: &Arc<Source>, world: &World<'_>) -> Vec<Finding> {
    let found = match dialect.server {
        Server::Postfix => mta::postfix::Files::read(source, dialect, world).map(|files| {
            gathered(|finder| match finder {
                Finder::Postfix(find) => Some(find(&files)),
                _ => None,
            })
        }),
        Server::Exim => mta::exim::Files::read(source, dialect, world).map(|files| {
            gathered(|finder| match finder {
                Finder::Exim(find) => Some(find(&files)),
                _ => None,
            })
        }),
        Server::Sendmail => mta::sendmail::Files::read(source, dialect, world).map(|files| {
            gathered(|finder| match finder {
                Finder::Sendmail(find) => Some(find(&files)),
                _ => None,
            })
        }),
    };
    found.unwrap_or_default()
}

/// What those of the rules' finders find that `ask` asks.
fn gathered(ask: impl Fn(&Finder) -> Option<Vec<Finding>>) -> Vec<Finding> {
    let finders = all().flat_map(|rule| rule.finders);
    finders.filter_map(ask).flatten().collect()
}
