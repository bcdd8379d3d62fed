//! Sendmail 8.15 to 8.18: sendmail.mc, its maps and its SASL file. Must not know any other server.

mod access;
pub mod catalogue;
mod cf;
mod delivery;
mod dialects;
mod edits;
mod files;
mod library;
mod lift;
mod m4;
mod mc;
mod plan;
mod refusals;
mod resolve;
mod steps;
mod syntax;
mod traps;

use serde::Serialize;

use super::render::{Quote, comment, render};
use super::{Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;

const SENDMAIL_MC: &str = include_str!("../../../templates/sendmail/sendmail.mc.j2");
const ACCESS: &str = include_str!("../../../templates/sendmail/access.j2");
const LOCAL_HOST_NAMES: &str = include_str!("../../../templates/sendmail/local-host-names.j2");
const GROUP_DOMAINS: &str = include_str!("../../../templates/sendmail/group-domains.j2");
const HOST_ALIASES: &str = include_str!("../../../templates/sendmail/host-aliases.j2");
const SASL_CONF: &str = include_str!("../../../templates/sendmail/sasl.conf.j2");

const QUOTES: &[Quote] = &[
    ("m4", m4),
    ("once", once),
    ("key", key),
    ("words", words),
    ("socket", socket),
    ("target", target),
    ("comment", comment),
];

pub use cf::settings::key_of;
pub use cf::{Line, Model};
/// The kinds of files that it reads.
pub use dialects::ALL as DIALECTS;
pub use edits::{calls, instead, part, with_dnl};
pub use files::{Daemon, Entry, Feature, Files, Word, class_file};
pub use resolve::cf as read_cf;

/// The files for a policy.
///
/// # Errors
/// What this version cannot do, each at the place that asks for it.
pub fn generate(
    policy: &Policy,
    heading: &Heading,
    version: Version,
) -> Result<Generated, Vec<Finding>> {
    let plan = plan::plan(policy, heading, version)?;
    let mut files = vec![
        ("sendmail.mc", SENDMAIL_MC),
        ("access", ACCESS),
        ("local-host-names", LOCAL_HOST_NAMES),
    ];
    if plan.auth.is_some() {
        files.push(("sasl2/Sendmail.conf", SASL_CONF));
    }
    if plan.aliases.is_some() {
        files.push(("host-aliases", HOST_ALIASES));
    }
    let mut files = render(&files, &plan, QUOTES);
    for group in &plan.groups {
        let name = format!("{}-domains", group.name);
        let listed = GroupFile {
            heading,
            name: &name,
            group,
        };
        files.extend(render(&[(&name, GROUP_DOMAINS)], &listed, QUOTES));
    }
    Ok(Generated {
        files,
        steps: plan.steps,
    })
}

/// The file of a group's domains.
#[derive(Serialize)]
struct GroupFile<'a> {
    heading: &'a Heading,
    name: &'a str,
    group: &'a delivery::Group,
}

/// A name or path that arrives in sendmail.cf as it is: two pairs of quotes, since m4 reads a
/// definition once when it is made and once when it is used, and would take words such as `dnl`
/// for its own.
fn m4(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=".contains(c);
    text.chars().all(plain).then(|| format!("``{text}''"))
}

/// A word of a map or class file.
fn key(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:/".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

/// A path, host or zone in rules and mailers, which m4 reads once.
fn once(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=[]:".contains(c);
    text.chars().all(plain).then(|| format!("`{text}'"))
}

/// Words with blanks between them, twice quoted as [`m4`] does.
fn words(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_/+@:()".contains(c);
    text.chars().all(plain).then(|| format!("``{text}''"))
}

/// A milter's socket inside a quoted argument.
fn socket(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=:".contains(c);
    text.chars().all(plain).then(|| format!("`{text}'"))
}

/// A name or target in the alias file (aliases(5)).
fn target(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    text.chars().all(plain).then(|| text.to_owned())
}
