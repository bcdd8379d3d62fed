//! Exim 4.92 to 4.99: exim.conf, its lists and its SASL file. Must not know any other server.

mod acl;
mod answers;
mod catalogue;
mod checks;
mod debian;
mod defaults;
mod delivery;
mod dialects;
mod expansion;
mod expansions;
mod files;
mod lift;
mod listed;
mod macros;
mod mapped;
mod numbers;
mod options;
mod plan;
mod quoted;
mod reader;
mod refusals;
mod resolve;
mod rules;
mod running;
mod sections;
mod steps;
mod syntax;
mod traps;
mod values;
mod written;

pub(crate) use acl::VERBS;
pub(crate) use catalogue::{
    Class, is_lookup, is_main_option as is_option, predefined, word_ever as is_word, words_of,
};
pub(crate) use checks::{asks, serves};
pub use dialects::ALL as DIALECTS;
pub use files::Files;
pub(crate) use files::{List, Owner, Text};
pub(crate) use lift::parse;
pub(crate) use listed::{Item, Kind, items};
pub(crate) use mapped::Mapped;
pub(crate) use numbers::is_time;
pub(crate) use rules::fields as rewrite_fields;
pub(crate) use running::{Acl, Driver, Opt, Part, Statement};

use super::render::{Quote, comment, render};
use super::{Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;

const EXIM_CONF: &str = include_str!("../../../templates/exim/exim.conf.j2");
const SASL_CONF: &str = include_str!("../../../templates/exim/sasl.conf.j2");
const LOCAL_DOMAINS: &str = include_str!("../../../templates/exim/local_domains.j2");
const GROUP_DOMAINS: &str = include_str!("../../../templates/exim/group_domains.j2");
const RELAY_HOSTS: &str = include_str!("../../../templates/exim/relay_hosts.j2");
const ALIASES: &str = include_str!("../../../templates/exim/aliases.j2");

const QUOTES: &[Quote] = &[
    ("name", name),
    ("path", path),
    ("words", words),
    ("address", address),
    ("host", host),
    ("endpoint", endpoint),
    ("comment", comment),
];

/// The files for a policy.
///
/// # Errors
/// What Exim cannot do, each at the place that asks for it.
pub fn generate(
    policy: &Policy,
    heading: &Heading,
    version: Version,
) -> Result<Generated, Vec<Finding>> {
    let plan = plan::plan(policy, heading, version)?;
    let mut files = vec![("exim.conf", EXIM_CONF)];
    if plan.auth.as_ref().is_some_and(plan::Auth::is_cyrus) {
        files.push(("sasl2/exim.conf", SASL_CONF));
    }
    if plan.domains_in_file {
        files.push(("local_domains", LOCAL_DOMAINS));
    }
    if plan.networks_in_file {
        files.push(("relay_hosts", RELAY_HOSTS));
    }
    if plan.aliases.is_some() {
        files.push(("aliases", ALIASES));
    }
    let mut files = render(&files, &plan, QUOTES);
    for group in plan.groups.iter().filter(|group| group.in_file) {
        let name = format!("{}_domains", group.name);
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
#[derive(serde::Serialize)]
struct GroupFile<'a> {
    heading: &'a Heading,
    name: &'a str,
    group: &'a delivery::Group,
}

/// A word that means only itself in an option and in a list: a domain name in lower case, a name
/// of ours, a number.
fn name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    (text.starts_with(char::is_alphanumeric) && text.chars().all(plain)).then(|| text.to_owned())
}

/// A path in an option that Exim expands and splits at colons (Exim specification §6.20, §11.1).
fn path(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=".contains(c);
    (text.starts_with('/') && text.chars().all(plain)).then(|| without_macros(text))
}

/// Words with blanks between them in an option that Exim expands.
fn words(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_/+@:()".contains(c);
    text.chars().all(plain).then(|| without_macros(text))
}

/// `_` before a capital letter can begin a predefined macro, which Exim replaces wherever it
/// stands (§6.6), so it is written as an escape.
fn without_macros(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '_' && rest.peek().is_some_and(char::is_ascii_uppercase) {
            quoted.push_str(r"\x5f");
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Addresses, networks and ports in a list whose separator is `;`, with blanks between them.
fn address(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_hexdigit() || ".:/[] ".contains(c);
    text.chars().all(plain).then(|| text.to_owned())
}

/// A host's name or address.
fn host(text: &str) -> Option<String> {
    name(text).or_else(|| address(text).filter(|text| !text.contains([' ', '/'])))
}

/// A path, or a host with a port behind a blank.
fn endpoint(text: &str) -> Option<String> {
    path(text).or_else(|| {
        let (before, port) = text.split_once(' ')?;
        Some(format!("{} {}", host(before)?, name(port)?))
    })
}
