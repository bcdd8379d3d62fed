//! Exim 4.96: exim.conf, its lists and its SASL file. Must not know any other server.

mod plan;

use super::render::{Quote, comment, render};
use super::{Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;

const EXIM_CONF: &str = include_str!("../../../templates/exim/exim.conf.j2");
const SASL_CONF: &str = include_str!("../../../templates/exim/sasl.conf.j2");
const LOCAL_DOMAINS: &str = include_str!("../../../templates/exim/local_domains.j2");
const RELAY_HOSTS: &str = include_str!("../../../templates/exim/relay_hosts.j2");

const QUOTES: &[Quote] = &[
    ("name", name),
    ("path", path),
    ("address", address),
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
    let mut files = vec![("exim.conf", EXIM_CONF)];
    if plan.submission {
        files.push(("sasl2/exim.conf", SASL_CONF));
    }
    if plan.domains_in_file {
        files.push(("local_domains", LOCAL_DOMAINS));
    }
    if plan.networks_in_file {
        files.push(("relay_hosts", RELAY_HOSTS));
    }
    let files = render(&files, &plan, QUOTES);
    Ok(Generated {
        files,
        steps: plan.steps,
    })
}

/// A domain name, in lower case: it means only itself in an option and in a list.
fn name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    (text.starts_with(char::is_alphanumeric) && text.chars().all(plain)).then(|| text.to_owned())
}

/// A path in an option that Exim expands and splits at colons (Exim specification §6.20, §11.1).
/// `_` before a capital letter can begin a predefined macro, which Exim replaces wherever it
/// stands (§6.6), so it is written as an escape.
fn path(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=".contains(c);
    if !text.starts_with('/') || !text.chars().all(plain) {
        return None;
    }
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '_' && rest.peek().is_some_and(char::is_ascii_uppercase) {
            quoted.push_str(r"\x5f");
        } else {
            quoted.push(c);
        }
    }
    Some(quoted)
}

/// A network in a list whose separator is `;`.
fn address(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_hexdigit() || ".:/".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}
