//! Sendmail 8.17: sendmail.mc, its maps and its SASL file. Must not know any other server.

mod access;
mod plan;
mod refusals;

use super::render::{Quote, comment, render};
use super::{Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;

const SENDMAIL_MC: &str = include_str!("../../../templates/sendmail/sendmail.mc.j2");
const ACCESS: &str = include_str!("../../../templates/sendmail/access.j2");
const LOCAL_HOST_NAMES: &str = include_str!("../../../templates/sendmail/local-host-names.j2");
const SASL_CONF: &str = include_str!("../../../templates/sendmail/sasl.conf.j2");

const QUOTES: &[Quote] = &[("m4", m4), ("key", key), ("comment", comment)];

/// The files for a policy.
///
/// # Errors
/// What is not rendered, else a network that would need too many lines in the access map, which
/// knows octet borders only.
pub fn generate(
    policy: &Policy,
    heading: &Heading,
    version: Version,
) -> Result<Generated, Vec<Finding>> {
    let refusals = refusals::refusals(policy);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let plan = plan::plan(policy, heading, version)?;
    let mut files = vec![
        ("sendmail.mc", SENDMAIL_MC),
        ("access", ACCESS),
        ("local-host-names", LOCAL_HOST_NAMES),
    ];
    if plan.submission {
        files.push(("sasl2/Sendmail.conf", SASL_CONF));
    }
    let files = render(&files, &plan, QUOTES);
    Ok(Generated {
        files,
        steps: plan.steps,
    })
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
