//! Milters. Must not know what any of them does.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Files, instead, part};

/// Names in lists of filters.
fn names(value: &str, separators: &[char]) -> Vec<String> {
    let names = value
        .split(separators)
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Lists that name a filter that there is not.
pub fn missing_filter(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_whole() {
        return Vec::new();
    }
    let known: Vec<&str> = files
        .resolved
        .model
        .filters
        .iter()
        .map(|filter| filter.name.as_str())
        .collect();
    let mut found = Vec::new();
    let mut say = |place: Option<&crate::text::Place>, name: &str, whom: &str| {
        let message = format!("there is no filter `{name}`: {whom} gets 451 to every connection");
        let place = place.map(|place| part(place, name));
        found.push(
            files
                .say(Severity::Error, "undefined-name", place.as_ref(), message)
                .help("declare it with `INPUT_MAIL_FILTER` or `MAIL_FILTER`, or take the name out"),
        );
    };
    if let Some(line) = files.option("InputMailFilters") {
        for name in names(line.value.as_deref().unwrap_or_default(), &[',']) {
            if !known.contains(&name.as_str()) {
                say(line.place.as_ref(), &name, "everybody");
            }
        }
    }
    for daemon in files.daemons() {
        for name in names(daemon.get("InputMailFilters").unwrap_or_default(), &[';']) {
            if !known.contains(&name.as_str()) {
                say(
                    daemon.place.as_ref(),
                    &name,
                    &format!("port {}", daemon.port().unwrap_or(25)),
                );
            }
        }
    }
    found
}

/// Filters whose fields do not work, or that let mail pass unseen while they are down.
pub fn filter_fields(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for filter in &files.resolved.model.filters {
        let field = |letter: char| {
            filter
                .equates
                .iter()
                .find(|line| line.name.starts_with(letter))
        };
        let place = filter.place.as_ref();
        match field('S') {
            None => found.push(
                files
                    .say(
                        Severity::Error,
                        "faulty-filter",
                        place,
                        format!(
                            "the filter `{}` has no `S=`: the daemon stops here",
                            filter.name
                        ),
                    )
                    .help("write where it listens, as `S=local:/run/filter.sock`"),
            ),
            Some(line) => {
                let value = line.value.as_deref().unwrap_or_default();
                let kind = value.split_once(':').map_or("", |(kind, _)| kind);
                if !["local", "unix", "inet", "inet6"].contains(&kind.to_lowercase().as_str())
                    && !value.contains('$')
                {
                    let message = format!("`{value}` is no socket: the daemon stops here");
                    let place = line.place.as_ref().or(place);
                    found.push(
                        files
                            .say(Severity::Error, "faulty-filter", place, message)
                            .help("write `local:PATH`, `inet:PORT@HOST` or `inet6:PORT@HOST`"),
                    );
                }
            }
        }
        let stray = filter.equates.iter().find(|line| {
            line.name.len() == 1
                && "CERS".contains(line.name.as_str())
                && line.value.as_deref().is_some_and(|value| {
                    value.ends_with(|c: char| "smhd".contains(c))
                        && value.starts_with(|c: char| c.is_ascii_digit())
                        || value.contains(';')
                })
                && line.name != "S"
        });
        if let Some(stray) = stray {
            let message = format!(
                "the times of `T=` stand with semicolons between them: with a comma `{}=` is a field of its own",
                stray.name
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "faulty-filter",
                        stray.place.as_ref().or(place),
                        message,
                    )
                    .help("write `T=S:4m;R:4m`"),
            );
        }
        let flags = field('F')
            .and_then(|line| line.value.as_deref())
            .unwrap_or_default();
        if !flags.contains(['T', 'R', '4']) {
            let message = format!(
                "while the filter `{}` is down, mail passes without it",
                filter.name
            );
            let socket = field('S').and_then(|line| line.value.as_deref());
            let edits = socket
                .filter(|_| field('F').is_none())
                .map(|socket| instead(place, &format!("S={socket}"), &format!("S={socket}, F=T")));
            let edits = edits.unwrap_or_default();
            found.push(
                files
                    .say(Severity::Note, "filter-fails-open", place, message)
                    .help("write `F=T` to put mail off then, `F=R` to refuse it")
                    .unsafe_fix(edits),
            );
        } else if let Some(letter) = flags.chars().find(|c| !"TR4 ".contains(*c)) {
            let message = format!("there is no flag `{letter}`: the daemon passes over it");
            found.push(
                files
                    .say(Severity::Warning, "faulty-filter", place, message)
                    .help("`T`, `R` and `4` are all there are")
                    .safe_fix(instead(
                        place,
                        &format!("F={flags}"),
                        &format!("F={}", flags.replace(letter, "")),
                    )),
            );
        }
    }
    found
}

/// A list of filters that takes the place of one that was there.
pub fn lost_filter(files: &Files<'_>) -> Vec<Finding> {
    let Some(reading) = &files.resolved.reading else {
        return Vec::new();
    };
    let Some(list) = reading.defined.get("confINPUT_MAIL_FILTERS") else {
        return Vec::new();
    };
    let line = files.source.text();
    let called: Vec<&str> = line
        .match_indices("INPUT_MAIL_FILTER(`")
        .map(|(at, begin)| {
            line[at + begin.len()..]
                .split('\'')
                .next()
                .unwrap_or_default()
        })
        .collect();
    let listed = names(&list.value, &[',']);
    let absent: Vec<&str> = called
        .into_iter()
        .filter(|name| !listed.iter().any(|known| known == name))
        .collect();
    let known = files
        .resolved
        .model
        .filters
        .iter()
        .any(|filter| absent.contains(&filter.name.as_str()));
    if absent.is_empty() || !known {
        return Vec::new();
    }
    let message = format!(
        "this list takes the place of the one that `INPUT_MAIL_FILTER` made: `{}` is not asked",
        absent.join("`, `")
    );
    let finding = files
        .say(Severity::Warning, "lost-filter", Some(&list.place), message)
        .help("name all of them, or define the list first");
    vec![finding]
}
