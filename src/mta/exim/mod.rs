//! Exim 4.96: exim.conf, its lists and its SASL file. Must not know any other server.

mod plan;

use super::render::{Quote, comment, render};
use super::{File, Generated, Heading};
use crate::policy::Policy;

const EXIM_CONF: &str = include_str!("../../../templates/exim/exim.conf.j2");
const SASL_CONF: &str = include_str!("../../../templates/exim/sasl.conf.j2");
const LOCAL_DOMAINS: &str = include_str!("../../../templates/exim/local_domains.j2");
const RELAY_HOSTS: &str = include_str!("../../../templates/exim/relay_hosts.j2");

const QUOTES: &[Quote] = &[("value", value), ("address", address), ("comment", comment)];

/// The files for a policy; Exim can do all that a policy can say.
pub fn generate(policy: &Policy, heading: &Heading) -> Generated {
    let plan = plan::plan(policy, heading);
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
    let files = files
        .into_iter()
        .map(|(name, template)| File {
            name: name.into(),
            text: render(template, &plan, QUOTES),
        })
        .collect();
    Generated {
        files,
        steps: plan.steps,
    }
}

/// A name or path in an option that Exim expands or splits at colons: characters that mean only
/// themselves there (Exim specification §6.20, §11.1), and no predefined macro.
fn value(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=".contains(c);
    let starts = |c: char| c.is_ascii_alphanumeric() || c == '/';
    (text.starts_with(starts) && text.chars().all(plain)).then(|| text.to_owned())
}

/// A network in a list whose separator is `;`.
fn address(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_hexdigit() || ".:/".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}
