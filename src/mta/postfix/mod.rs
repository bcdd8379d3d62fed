//! Postfix 3.5 to 3.11: main.cf, master.cf and their tables. Must not know any other server.

mod asked;
mod delivery;
mod dialects;
mod dictionary;
mod expand;
mod files;
mod lift;
mod listeners;
pub(crate) mod lists;
mod mending;
mod parameters;
mod plan;
mod referenced;
mod refusals;
mod resolve;
mod services;
mod steps;
mod syntax;
mod tables;
mod traps;
mod warnings;

pub(crate) use asked::Asked;
pub use dialects::ALL as DIALECTS;
pub use files::Files;
pub(crate) use files::{bare, program_of};
pub(crate) use lift::{Table, Word, tokens};
pub(crate) use mending::{before, without, written};
pub(crate) use parameters::Parameter;
pub(crate) use services::{Service, options};
pub(crate) use syntax::{Joined, is_white};
pub(crate) use warnings::Set;

use super::render::{Quote, comment, render};
use super::{File, Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;
use crate::text::Source;

const MAIN_CF: &str = include_str!("../../../templates/postfix/main.cf.j2");
const MASTER_CF: &str = include_str!("../../../templates/postfix/master.cf.j2");
const SMTPD_CONF: &str = include_str!("../../../templates/postfix/smtpd.conf.j2");
const RECIPIENT_ACCESS: &str =
    include_str!("../../../templates/postfix/recipient_access.regexp.j2");
const COMMAND_FILTER: &str = include_str!("../../../templates/postfix/command_filter.regexp.j2");
const MYNETWORKS: &str = include_str!("../../../templates/postfix/mynetworks.cidr.j2");
const MYDESTINATION: &str = include_str!("../../../templates/postfix/mydestination.j2");
const ALIASES: &str = include_str!("../../../templates/postfix/aliases.j2");
const VIRTUAL_DOMAINS: &str = include_str!("../../../templates/postfix/virtual_domains.j2");
const RELAY_DOMAINS: &str = include_str!("../../../templates/postfix/relay_domains.j2");
const RELAY_RECIPIENTS: &str = include_str!("../../../templates/postfix/relay_recipients.j2");
const TRANSPORT: &str = include_str!("../../../templates/postfix/transport.j2");

const QUOTES: &[Quote] = &[
    ("value", value),
    ("words", words),
    ("option", option),
    ("comment", comment),
];

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
    let delivery = &plan.delivery;
    let cyrus = plan.sasl.as_ref().is_some_and(|sasl| sasl.cyrus);
    let files: Vec<(&str, &str)> = [
        (true, "main.cf", MAIN_CF),
        (true, "master.cf", MASTER_CF),
        (true, "recipient_access.regexp", RECIPIENT_ACCESS),
        (true, "command_filter.regexp", COMMAND_FILTER),
        (cyrus, "sasl/smtpd.conf", SMTPD_CONF),
        (plan.networks_in_table, "mynetworks.cidr", MYNETWORKS),
        (plan.domains_in_table, "mydestination", MYDESTINATION),
        (plan.aliases.is_some(), "aliases", ALIASES),
        (
            delivery.virtual_domains_in_table,
            "virtual_domains",
            VIRTUAL_DOMAINS,
        ),
        (
            delivery.relay_domains_in_table,
            "relay_domains",
            RELAY_DOMAINS,
        ),
        (
            !delivery.any_recipient.is_empty(),
            "relay_recipients",
            RELAY_RECIPIENTS,
        ),
        (!delivery.transports.is_empty(), "transport", TRANSPORT),
    ]
    .into_iter()
    .filter_map(|(there, name, template)| there.then_some((name, template)))
    .collect();
    let files = render(&files, &plan, QUOTES);
    read_back(&plan, &files);
    Ok(Generated {
        files,
        steps: plan.steps,
    })
}

/// Makes sure that what stands in main.cf is what was planned.
///
/// # Panics
/// When a value came out as something else: a bug must not become a configuration.
fn read_back(plan: &plan::Plan, files: &[File]) {
    let main_cf = files.iter().find(|file| file.name == "main.cf");
    let source = Source::new("main.cf", main_cf.map_or("", |file| &file.text));
    let settings = syntax::settings(&syntax::parse_main(&source));
    let mut names: Vec<&str> = settings
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(
        names.len() == settings.len(),
        "main.cf sets a parameter twice"
    );
    for (name, wanted) in plan.expected() {
        let found = settings.iter().find(|setting| setting.name == name);
        let items = found.map(|setting| setting.value.text.split_whitespace().collect::<Vec<_>>());
        assert!(
            items.is_some_and(|items| items == wanted),
            "main.cf does not say what was planned for {name}"
        );
    }
}

/// A value, or an item of a list, in main.cf or master.cf: `$` is doubled, and what would end or
/// split it cannot be written (postconf(5), "GENERAL SYNTAX": there are no quotes).
fn value(text: &str) -> Option<String> {
    let splits = |c: char| c.is_whitespace() || c.is_control() || ",{}".contains(c);
    let starts = |c: char| "#<>".contains(c);
    (!text.is_empty() && !text.contains(splits) && !text.starts_with(starts))
        .then(|| text.replace('$', "$$"))
}

/// Words with blanks between them, as in a banner.
fn words(text: &str) -> Option<String> {
    (!text.contains(char::is_control)).then(|| text.replace('$', "$$"))
}

/// `name=value` behind `-o` in master.cf, where blanks end the value (master(5)).
fn option(text: &str) -> Option<String> {
    let splits = |c: char| c.is_whitespace() || c.is_control() || "{}$".contains(c);
    (!text.contains(splits)).then(|| text.to_owned())
}
