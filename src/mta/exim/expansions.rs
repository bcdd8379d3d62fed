//! Every text of a configuration that is expanded when it is needed. Must not know how expansions
//! are written.

use super::expansion;
use super::mapped::Mapped;
use super::running::{Opt, Running};
use crate::findings::{Finding, Severity};
use crate::mta::Version;

/// What is wrong with the expansions.
pub(crate) fn check(running: &Running, version: Version) -> Vec<Finding> {
    let expanded = |option: &&Opt| option.known.is_expanded();
    let drivers = running.drivers.iter().flat_map(|driver| &driver.options);
    let options = running
        .main
        .iter()
        .chain(drivers)
        .filter(expanded)
        .map(|option| &option.written);
    let lists = running.lists.iter().map(|list| &list.written);
    let arguments = running
        .acls
        .iter()
        .flat_map(|acl| &acl.statements)
        .flat_map(|statement| &statement.parts)
        .filter_map(|part| part.argument.as_ref());
    options
        .chain(lists)
        .chain(arguments)
        .filter_map(|text| finding(text, version))
        .collect()
}

fn finding(written: &Mapped, version: Version) -> Option<Finding> {
    let text = written.text();
    // In quotes, `\\` stands for one backslash; such texts are looked at where they hold none.
    let (text, offset) = match text.strip_prefix('"') {
        Some(_) if text.contains('\\') => return None,
        Some(inner) => (inner.strip_suffix('"')?, 1),
        None => (text, 0),
    };
    let fault = expansion::check(text, version)?;
    let range = fault.range.start + offset..fault.range.end + offset;
    let definition = written.definition(range.start).cloned();
    let place = written.place(range)?;
    let mut finding = Finding::new(
        Severity::Error,
        fault.rule,
        &place.source,
        place.span,
        fault.message,
    );
    if let Some(definition) = definition {
        finding = finding.and(definition, "it comes from this macro");
    }
    Some(match fault.near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    })
}
