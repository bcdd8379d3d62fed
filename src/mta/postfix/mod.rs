//! Postfix 3.7: main.cf, master.cf and their tables. Must not know any other server.

mod plan;
mod syntax;

use super::render::{Quote, render};
use super::{File, Generated, Heading, Version};
use crate::findings::Finding;
use crate::policy::Policy;

const MAIN_CF: &str = include_str!("../../../templates/postfix/main.cf.j2");
const MASTER_CF: &str = include_str!("../../../templates/postfix/master.cf.j2");
const SMTPD_CONF: &str = include_str!("../../../templates/postfix/smtpd.conf.j2");
const RECIPIENT_ACCESS: &str =
    include_str!("../../../templates/postfix/recipient_access.regexp.j2");
const COMMAND_FILTER: &str = include_str!("../../../templates/postfix/command_filter.regexp.j2");
const MYNETWORKS: &str = include_str!("../../../templates/postfix/mynetworks.cidr.j2");
const MYDESTINATION: &str = include_str!("../../../templates/postfix/mydestination.j2");

const QUOTES: &[Quote] = &[("value", value), ("comment", super::render::comment)];

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
        ("main.cf", MAIN_CF),
        ("master.cf", MASTER_CF),
        ("recipient_access.regexp", RECIPIENT_ACCESS),
        ("command_filter.regexp", COMMAND_FILTER),
    ];
    if !plan.submission.is_empty() {
        files.push(("sasl/smtpd.conf", SMTPD_CONF));
    }
    if plan.networks_in_table {
        files.push(("mynetworks.cidr", MYNETWORKS));
    }
    if plan.domains_in_table {
        files.push(("mydestination", MYDESTINATION));
    }
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
    let settings = syntax::settings(main_cf.map_or("", |file| &file.text));
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
        let items = found.map(|setting| setting.value.split_whitespace().collect::<Vec<_>>());
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
