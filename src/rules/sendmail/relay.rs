//! Features that let more be relayed than the lists say. Must not know single entries of maps.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::Files;

/// Features, whether anybody can make use of them, and what for.
const LOOSE: &[(&str, Severity, &str, &str)] = &[
    (
        "relay_local_from",
        Severity::Error,
        "whoever writes one of the server's own domains into the sender's address may relay, and anybody can write that",
        "remove it, and let users log in",
    ),
    (
        "relay_based_on_MX",
        Severity::Warning,
        "whoever makes this host the mail exchanger of a domain has the server relay for it, and while DNS fails mail is \
         put off",
        "list the domains in relay-domains",
    ),
    (
        "loose_relay_check",
        Severity::Warning,
        "`user%elsewhere@domain` is taken as mail for the domain, which may pass it on to anybody",
        "remove it",
    ),
    (
        "relay_entire_domain",
        Severity::Note,
        "every host whose name ends in this host's own domain may relay, and mail for all of them is relayed: of a host \
         called `example.org` that domain is `org`",
        "list domains and networks in relay-domains",
    ),
    (
        "bestmx_is_local",
        Severity::Note,
        "whoever makes this host the best mail exchanger of a domain has its mail delivered here",
        "list the domains in local-host-names",
    ),
];

/// Features that leave to others what is relayed.
pub fn loose_relay(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, severity, why, help) in LOOSE {
        let Some(feature) = files.feature(name) else {
            continue;
        };
        if *name == "bestmx_is_local" && feature.args.iter().any(|arg| !arg.is_empty()) {
            continue;
        }
        let message = format!("`{name}`: {why}");
        found.push(
            files
                .say(*severity, "loose-relay", feature.place.as_ref(), message)
                .help(*help),
        );
    }
    if let Some(feature) = files.feature("relay_mail_from") {
        let entry = files
            .table("access")
            .unwrap_or_default()
            .iter()
            .find(|entry| entry.tagged().0 == "from" && entry.value.eq_ignore_ascii_case("RELAY"));
        let mut finding = files
            .say(
                Severity::Error,
                "loose-relay",
                feature.place.as_ref(),
                "`relay_mail_from`: whoever writes a sender of the access map that has `RELAY` may relay, and anybody can write that",
            )
            .help("remove it, and let users log in");
        if let Some(entry) = entry {
            finding = finding.and(entry.key_place.clone(), "such a sender");
        } else {
            finding.severity = Severity::Warning;
            finding = finding.certainty(Certainty::Conditional);
        }
        found.push(finding);
    }
    found
}

/// Old ways of routing that another host carries out.
pub fn percent_hack_to_hub(files: &Files<'_>) -> Vec<Finding> {
    let hub = ["H", "R", "L"].iter().find_map(|name| {
        let line = files.macro_line(name)?;
        line.value.as_ref().filter(|value| !value.is_empty())?;
        Some(line)
    });
    let Some(hub) = hub else { return Vec::new() };
    let mut found = Vec::new();
    for name in ["nopercenthack", "nouucp"] {
        let Some(feature) = files.feature(name) else {
            continue;
        };
        if feature.args.first().is_none_or(|arg| arg != "nospecial") {
            continue;
        }
        let message = format!(
            "with `nospecial` an address like `user%elsewhere@here` is taken for a local user and handed to `{}`, which may \
             relay it",
            hub.value.as_deref().unwrap_or_default()
        );
        found.push(
            files
                .say(
                    Severity::Warning,
                    "percent-hack-to-hub",
                    feature.place.as_ref(),
                    message,
                )
                .help("write `reject`"),
        );
    }
    found
}

/// Virtual domains, whose subdomains are relayed too.
pub fn virtuser_domain_relays(files: &Files<'_>) -> Vec<Finding> {
    if files.resolved.reading.is_none() || files.feature("relay_hosts_only").is_some() {
        return Vec::new();
    }
    let model = &files.resolved.model;
    let mut lines = model.classes.iter().chain(&model.class_files);
    let line = lines.find(|line| line.name == "VirtHost" && line.place.is_some());
    let found = line.map(|line| {
        let message = "`VIRTUSER_DOMAIN` lets relay as `RELAY_DOMAIN` does: mail for every subdomain, and from clients whose \
                       names end so";
        files
            .say(Severity::Note, "virtuser-domain-relays", line.place.as_ref(), message)
            .help("add `` FEATURE(`relay_hosts_only')dnl ``, or list the domains in local-host-names instead")
    });
    found.into_iter().collect()
}
