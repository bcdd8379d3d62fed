//! How maps are opened, and which of them nothing opens. Must not know their entries.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Files, instead, part};

/// Maps that decide who gets in, opened so that a missing one does not matter.
pub fn optional_policy_map(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files.map("access") else {
        return Vec::new();
    };
    let value = line.value.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    if value.split_whitespace().any(|word| word == "-o") {
        let message = "with `-o` a missing access map is an empty one: all that it refuses or lets relay is gone without \
                       a word";
        let place = line.place.as_ref().map(|place| part(place, "-o"));
        found.push(
            files
                .say(Severity::Note, "optional-policy-map", place.as_ref(), message)
                .help("leave `-o` away: without its map the server then answers 451 until it is there")
                .unsafe_fix(instead(line.place.as_ref(), "-o ", "")),
        );
    }
    if files.resolved.reading.is_none() && !value.contains("-T") && !value.starts_with("sequence") {
        let message = "without `-T<TMPF>` a look-up that fails counts as one that finds nothing: who is refused gets in \
                       while the map is out of order";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "map-without-tempfail",
                    line.place.as_ref(),
                    message,
                )
                .help("write `-T<TMPF>` behind the map's class")
                .unsafe_fix(instead(line.place.as_ref(), " ", " -T<TMPF> ")),
        );
    }
    found
}

/// Maps that lie beside the configuration and that nothing asks for.
pub fn unused_map(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_daemon() {
        return Vec::new();
    }
    let features = [
        ("mailertable", "mailertable", "mailertable"),
        ("virtusertable", "virtusertable", "virtuser"),
        ("genericstable", "genericstable", "generics"),
        ("access", "access_db", "access"),
    ];
    let mut found = Vec::new();
    for (name, feature, map) in features {
        if files.map(map).is_some() || files.feature(feature).is_some() {
            continue;
        }
        let beside = files
            .file(name)
            .or_else(|_| files.file(&format!("/etc/mail/{name}")));
        let Ok(source) = beside else { continue };
        let entry = source
            .text()
            .lines()
            .any(|line| !line.trim().is_empty() && !line.starts_with('#'));
        if entry {
            let message = format!(
                "there is a file `{name}` with entries beside this one, and without `FEATURE({feature})` nothing reads it"
            );
            found.push(
                files
                    .say(Severity::Warning, "unused-map", None, message)
                    .certainty(Certainty::Likely)
                    .help(format!("ask for it: `` FEATURE(`{feature}')dnl ``")),
            );
        }
    }
    found
}

/// The name table of senders without the domains that it holds for.
pub fn generics_without_domain(files: &Files<'_>) -> Vec<Finding> {
    let feature = files.feature("genericstable");
    let found = feature.filter(|_| !files.has_class("G")).map(|feature| {
        let message = "without `GENERICS_DOMAIN` the table is asked for addresses without a domain alone: names at your \
                       domains stay as they are";
        files
            .say(Severity::Warning, "generics-without-domain", feature.place.as_ref(), message)
            .help("add `` GENERICS_DOMAIN(`example.org')dnl ``")
    });
    found.into_iter().collect()
}
