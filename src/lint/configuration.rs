//! Checking a server's own files. Must not know any server, nor how findings are printed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::findings::{self, Finding, Severity};
use crate::mta::{Dialect, World};
use crate::policy::Space;
use crate::rules::{self, Asking, Judged};
use crate::text::{Encoding, Place, Source, Span};

/// All findings about a file of a server and those that belong to it, in the order of their text.
pub fn configuration(
    source: &Arc<Source>,
    dialect: &'static Dialect,
    world: &World<'_>,
    asking: &Asking,
) -> Vec<Finding> {
    let mut found = (dialect.syntax)(&world.tree(source, dialect.parse));
    // Of a file that begins no configuration, how it is written is all that can be wrong.
    if dialect.lift.is_some() {
        found.extend((dialect.resolve)(source, world).findings);
    }
    found.extend(rules::ask(dialect, source, world));
    if let Some(lifted) = dialect.policy(source, world) {
        found.extend(rules::judge(&Judged {
            source,
            lifted: &lifted,
            space: &Space::of(&[&lifted.policy]),
            asking,
        }));
    }
    let unread = unread(source, world, &found);
    found.extend(unread);
    found.extend(encoding(source));
    findings::sort(&mut found);
    // One mistake is told once, and a line that fits nothing only where nobody knows better.
    found.dedup_by(|a, b| a.rule == b.rule && start(a) == start(b));
    // That nothing answers is told by what stops it, where that is told.
    let starts = |found: &[Finding], counts: &dyn Fn(&Finding) -> bool| -> BTreeSet<_> {
        found.iter().filter(|one| counts(one)).map(start).collect()
    };
    let known = starts(&found, &|one| {
        !matches!(one.rule, "stray-line" | "dead-service" | "not-understood")
    });
    found.retain(|one| one.rule != "stray-line" || !known.contains(&start(one)));
    let errors = starts(&found, &|one| {
        one.rule != "dead-service" && one.severity == Severity::Error
    });
    found.retain(|one| one.rule != "dead-service" || !errors.contains(&start(one)));
    with_runs_told_once(found)
}

/// What is there and was not read, where nothing tells it yet: at its name, if that stands in the file.
fn unread(source: &Arc<Source>, world: &World<'_>, found: &[Finding]) -> Vec<Finding> {
    let mut told = Vec::new();
    for (path, reason) in world.files.failed() {
        let whole = path.display().to_string();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let tells = |finding: &Finding| {
            let is_there = finding.labels.first().is_some_and(|label| {
                let Place { source, span } = &label.place;
                let line = source.line_span(source.line_index(span.start));
                source.slice(line).contains(&*name)
            });
            is_there && finding.message.contains(&*name) && finding.message.contains(&reason)
        };
        if found.iter().any(tells) {
            continue;
        }
        let mut names = [whole.as_str(), &*name].into_iter();
        let place = names.find_map(|name| {
            let at = source.text().find(name)?;
            Some(Span::new(at, at + name.len()))
        });
        let message =
            format!("`{whole}` was not read: {reason}: what depends on it was not judged");
        let place = place.unwrap_or_default();
        let rule = "not-understood";
        told.push(Finding::new(Severity::Note, rule, source, place, message));
    }
    told
}

/// What is to be said of a file's bytes.
pub fn encoding(source: &Arc<Source>) -> Option<Finding> {
    let Encoding::Latin1 { first } = source.encoding() else {
        return None;
    };
    let length = source.text()[first..]
        .chars()
        .next()
        .map_or(0, char::len_utf8);
    let what = "this byte is no UTF-8; the file is read as ISO 8859-1";
    let place = Span::new(first, first + length);
    let finding = Finding::new(Severity::Note, "not-utf8", source, place, what);
    Some(finding.help("save the file as UTF-8"))
}

/// Lines that fit nothing, one below the other, are one mistake: the first is told, with how many
/// follow it.
fn with_runs_told_once(found: Vec<Finding>) -> Vec<Finding> {
    let line = |finding: &Finding| {
        let place = &finding.labels.first()?.place;
        let is_stray = finding.rule == "stray-line" && finding.fix.is_none();
        is_stray.then(|| place.source.line_index(place.span.start))
    };
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    for finding in found {
        match kept.last_mut() {
            Some((first, more))
                if line(&finding).is_some()
                    && line(&finding) == line(first).map(|first| first + *more + 1) =>
            {
                *more += 1;
            }
            _ => kept.push((finding, 0)),
        }
    }
    let told = kept.into_iter().map(|(mut finding, more)| {
        match more {
            0 => {}
            1 => finding.message.push_str("; the next line too"),
            more => {
                let also = format!("; the next {more} lines too");
                finding.message.push_str(&also);
            }
        }
        finding
    });
    told.collect()
}

/// The file and the byte where a finding begins.
fn start(finding: &Finding) -> Option<(String, usize)> {
    let place = &finding.labels.first()?.place;
    Some((place.source.name().to_owned(), place.span.start))
}
