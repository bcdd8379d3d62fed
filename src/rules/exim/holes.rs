//! Holes that are known, by release, and where a configuration opens them. Must not know how options
//! are read.

use super::acl_lines::asks;
use super::authentication::text;
use super::tell::warning;
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Class, Files};
use crate::text::Place;

/// A known hole.
struct Hole {
    /// Its number.
    cve: &'static str,
    /// The first release that has it.
    since: &'static [u16],
    /// The first release that does not.
    until: &'static [u16],
    /// Where a configuration shows that it matters.
    at: fn(&Files<'_>) -> Option<Place>,
    /// What it lets strangers do.
    lets: &'static str,
    /// What to do.
    help: &'static str,
}

fn driver(files: &Files<'_>, kind: &str) -> Option<Place> {
    let mut drivers = files.drivers(Class::Authenticator);
    let found =
        drivers.find(|driver| driver.kind == Some(kind) && crate::mta::exim::serves(driver));
    found.map(|driver| driver.place.clone())
}

fn condition(files: &Files<'_>, holds: impl Fn(&str, &str) -> bool) -> Option<Place> {
    let mut parts = files.parts();
    let found = parts.find(|(_, _, part)| holds(&part.name, text(part.argument.as_ref())));
    found.map(|(_, _, part)| part.place.clone())
}

fn anywhere(files: &Files<'_>, word: &str) -> Option<Place> {
    let texts = files.texts().into_iter();
    let mut found = texts.filter(|text| text.written.text().contains(word));
    found.next().and_then(|text| text.whole())
}

fn option(files: &Files<'_>, name: &str) -> Option<Place> {
    let option = files.set(name)?;
    (!option.value.trim().is_empty()).then(|| option.place.clone())
}

/// Where what is true of the whole server is told.
pub fn top(files: &Files<'_>) -> Option<Place> {
    let first = files
        .read
        .running
        .main
        .first()
        .map(|option| option.place.clone());
    first.filter(|_| files.set("acl_smtp_rcpt").is_some())
}

const HOLES: &[Hole] = &[
    Hole {
        cve: "CVE-2023-42115",
        since: &[4, 93],
        until: &[4, 96, 1],
        at: |files| driver(files, "external"),
        lets: "write into the memory of the server through EXTERNAL",
        help: "upgrade, or take the authenticator out",
    },
    Hole {
        cve: "CVE-2023-42114 and CVE-2023-42116",
        since: &[4],
        until: &[4, 96, 1],
        at: |files| driver(files, "spa"),
        lets: "read and write the memory of the server through NTLM",
        help: "upgrade, or take the authenticator out",
    },
    Hole {
        cve: "CVE-2023-42117",
        since: &[4],
        until: &[4, 96, 2],
        at: |files| option(files, "hosts_proxy"),
        lets: "write into the memory of the server through the PROXY protocol",
        help: "upgrade, or name only trusted proxies",
    },
    Hole {
        cve: "CVE-2023-42118",
        since: &[4],
        until: &[4, 96, 2],
        at: |files| condition(files, |name, _| name == "spf"),
        lets: "run code through the SPF library",
        help: "upgrade, or take the condition out",
    },
    Hole {
        cve: "CVE-2023-42119",
        since: &[4],
        until: &[4, 96, 2],
        at: |files| anywhere(files, "dnsdb"),
        lets: "read the memory of the server through answers to `dnsdb`",
        help: "upgrade, or ask only a resolver that checks answers",
    },
    Hole {
        cve: "CVE-2024-39929",
        since: &[4],
        until: &[4, 98],
        at: |files| anywhere(files, "$mime_filename"),
        lets: "get a forbidden attachment through, with its name on several lines",
        help: "upgrade",
    },
    Hole {
        cve: "CVE-2025-26794",
        since: &[4, 98],
        until: &[4, 98, 1],
        at: |files| option(files, "acl_smtp_etrn"),
        lets: "put SQL into the database of hints with ETRN, where that is SQLite",
        help: "upgrade, or leave `acl_smtp_etrn` out",
    },
    Hole {
        cve: "CVE-2025-67896",
        since: &[4, 99],
        until: &[4, 99, 1],
        at: client_key,
        lets: "write beyond a buffer, where the database of hints is SQLite, since they choose the key of this limit",
        help: "upgrade, or count by `$sender_host_address` or `$authenticated_id`",
    },
    Hole {
        cve: "CVE-2019-10149",
        since: &[4, 87],
        until: &[4, 92],
        at: top,
        lets: "run commands as root with a recipient such as `${run{…}}@`",
        help: "upgrade; until then refuse local parts with `$`",
    },
    Hole {
        cve: "CVE-2019-15846",
        since: &[4],
        until: &[4, 92, 2],
        at: top,
        lets: "run code as root during TLS",
        help: "upgrade",
    },
    Hole {
        cve: "CVE-2019-16928",
        since: &[4, 92],
        until: &[4, 92, 3],
        at: top,
        lets: "run code with a long EHLO",
        help: "upgrade",
    },
    Hole {
        cve: "21Nails, CVE-2020-28007 to CVE-2020-28026",
        since: &[4],
        until: &[4, 94, 2],
        at: top,
        lets: "run code, and local users become root",
        help: "upgrade",
    },
];

/// A limit whose key the client chooses.
fn client_key(files: &Files<'_>) -> Option<Place> {
    condition(files, |name, text| {
        name == "ratelimit"
            && [
                "$sender_address",
                "$sender_helo_name",
                "$local_part",
                "$domain",
            ]
            .iter()
            .any(|variable| text.contains(variable))
    })
}

/// Releases with known holes that the configuration opens.
pub fn known_hole(files: &Files<'_>) -> Vec<Finding> {
    let lives = HOLES
        .iter()
        .filter(|hole| files.is_at_least(hole.since) && !files.is_at_least(hole.until));
    let found = lives.filter_map(|hole| {
        let until: Vec<String> = hole.until.iter().map(ToString::to_string).collect();
        let message = format!(
            "unless this Exim {} is patched, strangers can {} ({})",
            files.version(),
            hole.lets,
            hole.cve
        );
        let finding = warning("known-hole", &(hole.at)(files)?, message);
        Some(finding.certainty(Certainty::Conditional).help(format!(
            "{}; the makers mended it in {}",
            hole.help,
            until.join(".")
        )))
    });
    found.collect()
}

/// Messages that hide in others.
pub fn smtp_smuggling(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(option) = files
        .set("smtp_enforce_sync")
        .filter(|option| option.value == "false")
    {
        let message = "clients need not wait for answers, which is what smuggled messages and hasty spammers do";
        found.push(warning("smtp-smuggling", &option.place, message).help("leave it out"));
    }
    for (_, statement, part) in files.parts() {
        let is_wide = !statement.parts.iter().any(asks);
        if part.name == "control" && text(part.argument.as_ref()) == "no_enforce_sync" && is_wide {
            let message = "no client has to wait for answers, which is what smuggled messages and hasty spammers do";
            found.push(
                warning("smtp-smuggling", &part.place, message)
                    .help("add `hosts` with those that cannot wait"),
            );
        }
    }
    let chunks = files
        .value("chunking_advertise_hosts")
        .is_some_and(|value| !value.trim().is_empty());
    let pipes = files
        .value("pipelining_advertise_hosts")
        .is_some_and(|value| !value.trim().is_empty());
    if let (true, true, false, Some(top)) =
        (chunks, pipes, files.is_at_least(&[4, 97, 1]), top(files))
    {
        let place = files
            .set("chunking_advertise_hosts")
            .map_or(top, |option| option.place.clone());
        let message = format!(
            "unless this Exim {} is patched, a message can hide a second one in it that passes as one of the sending server (CVE-2023-51766)",
            files.version()
        );
        found.push(
            warning("smtp-smuggling", &place, message)
                .certainty(Certainty::Conditional)
                .help("set `chunking_advertise_hosts =`, or upgrade to 4.97.1"),
        );
    }
    found
}
