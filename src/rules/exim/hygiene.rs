//! What a careful administrator looks at besides: holes that are known, secrets, rights, limits.
//! Must not know how options are read.

use std::path::Path;

use super::acl_lines::asks;
use super::authentication::text;
use super::tell::{error, note, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Class, Files, Opt};
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
fn top(files: &Files<'_>) -> Option<Place> {
    let first = files
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

/// The options that hold a secret in so many letters.
fn secrets<'f>(files: &'f Files<'_>) -> impl Iterator<Item = &'f Opt> {
    const SECRETS: &[&str] = &[
        "client_password",
        "client_secret",
        "client_send",
        "server_password",
        "server_secret",
        "ldap_default_servers",
        "mysql_servers",
        "pgsql_servers",
        "oracle_servers",
        "redis_servers",
        "ibase_servers",
        "server_param2",
    ];
    let drivers = files
        .running
        .drivers
        .iter()
        .flat_map(|driver| &driver.options);
    files.running.main.iter().chain(drivers).filter(|option| {
        let is_looked_up = ["${lookup", "${readfile", "${extract"]
            .iter()
            .any(|item| option.value.contains(item));
        SECRETS.contains(&option.known.name()) && !option.value.is_empty() && !is_looked_up
    })
}

/// Secrets that Exim tells whoever asks.
pub fn shown_secret(files: &Files<'_>) -> Vec<Finding> {
    let shown = secrets(files).filter(|option| {
        let line = option.place.source.slice(option.place.span);
        // A macro may say it.
        !line.trim_start().starts_with("hide") && option.written.definition(0).is_none()
    });
    let found = shown.map(|option| {
        let message = format!("every user of the machine can ask Exim for `{}` with `exim -bP`", option.known.name());
        warning("shown-secret", &option.place, message).help("write `hide` before it, and let only Exim read the file; or look the secret up in a file of its own")
    });
    found.collect()
}

/// `keep_environment` that is not set.
pub fn unset_environment(files: &Files<'_>) -> Vec<Finding> {
    let is_server =
        files.drivers(Class::Router).next().is_some() && files.set("acl_smtp_rcpt").is_some();
    let top = top(files)
        .filter(|_| is_server && files.is_whole && files.set("keep_environment").is_none());
    let found = top.map(|place| {
        note(
            "unset-environment",
            &place,
            "`keep_environment` is not set, and Exim warns of it at each start",
        )
        .help("set `keep_environment =`, or the variables that are needed")
    });
    found.into_iter().collect()
}

/// Users with rights that they should not have.
pub fn wide_trust(files: &Files<'_>) -> Vec<Finding> {
    const WEB: &[&str] = &[
        "apache", "http", "httpd", "nginx", "nobody", "php", "www", "www-data",
    ];
    let mut found = Vec::new();
    for name in ["admin_groups", "trusted_groups", "trusted_users"] {
        let Some(option) = files.set(name) else {
            continue;
        };
        let web = option
            .value
            .split(':')
            .map(str::trim)
            .find(|user| WEB.contains(user));
        if let Some(web) = web {
            let message = format!(
                "whoever takes over a program of `{web}` may send as anybody, with any client's address"
            );
            found.push(
                warning("wide-trust", &option.place, message)
                    .help("leave it out; programs can send without"),
            );
        }
    }
    if let Some(option) = files
        .set("exim_user")
        .filter(|option| matches!(option.value.as_str(), "root" | "0"))
    {
        let message = "Exim does everything as root, so each of its faults gives away the machine";
        found.push(error("wide-trust", &option.place, message).help("name a user of its own"));
    }
    found
}

/// Limits that are switched off.
pub fn missing_limits(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, what) in [
        ("message_size_limit", "one message can fill the disk"),
        (
            "recipients_max",
            "one message can have so many recipients that the server does nothing else",
        ),
    ] {
        if let Some(option) = files.set(name).filter(|option| option.value == "0") {
            let message = format!("`{name} = 0` is no limit: {what}");
            found.push(
                note("missing-limits", &option.place, message).help("set a limit, or leave it out"),
            );
        }
    }
    let hops = files.set("received_headers_max");
    if let Some(option) =
        hops.filter(|option| option.value.parse::<u32>().is_ok_and(|hops| hops > 100))
    {
        let message = format!(
            "a message in a loop goes round {} times before it is refused",
            option.value
        );
        found.push(
            note("missing-limits", &option.place, message).help("30 is the default, and enough"),
        );
    }
    found
}

/// Debugging that strangers may switch on.
pub fn debug_left(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, statement, part) in files.parts() {
        let is_debug = part.name == "control" && text(part.argument.as_ref()).starts_with("debug");
        let is_narrow = statement
            .parts
            .iter()
            .any(|part| matches!(part.name.as_str(), "hosts" | "authenticated"));
        if is_debug && !is_narrow {
            let message = "each session writes all that Exim does into a file, what clients send included, until the disk is full";
            found.push(
                warning("debug-left", &part.place, message)
                    .help("take it out, or add `hosts` with the one client that is looked at"),
            );
        }
    }
    found
}

/// `mua_wrapper` on a server, and mail that only waits.
pub fn not_a_server(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let (Some(wrapper), Some(acl)) = (
        files
            .set("mua_wrapper")
            .filter(|option| option.value == "true"),
        files.set("acl_smtp_rcpt"),
    ) {
        found.push(
            error("not-a-server", &wrapper.place, "with `mua_wrapper` Exim is a program that hands one message to one host; mail of other servers is not delivered")
                .and(acl.place.clone(), "and here it was to receive some")
                .help("take it out"),
        );
    }
    found
}

/// Deliveries that wait for somebody to begin them.
pub fn queue_only_left(files: &Files<'_>) -> Vec<Finding> {
    let option = files
        .set("queue_only")
        .filter(|option| option.value == "true");
    let found = option.map(|option| {
        warning("queue-only-left", &option.place, "no message is delivered when it comes; each waits for the next queue run, and without one (`-q30m`) for ever")
            .help("take it out")
    });
    found.into_iter().collect()
}

/// Files with secrets that every user may read.
pub fn readable_secret(files: &Files<'_>) -> Vec<Finding> {
    let is_open = |path: &str| {
        let stat = files.world.files.stat(path, Path::new(""));
        stat.is_ok_and(|stat| stat.mode & 0o004 != 0)
    };
    let mut found = Vec::new();
    if let Some(key) = files
        .set("tls_privatekey")
        .filter(|key| is_open(&key.value))
    {
        let message = format!(
            "every user of the machine may read the private key `{}`",
            key.value
        );
        found.push(
            error("readable-secret", &key.place, message)
                .help("give it to Exim's group, with the mode 0640"),
        );
    }
    for option in secrets(files).filter(|option| is_open(option.place.source.name())) {
        let message = format!(
            "`{}` holds a secret, and every user of the machine may read this file",
            option.known.name()
        );
        found.push(
            error("readable-secret", &option.place, message)
                .help("give the file to Exim's group, with the mode 0640"),
        );
    }
    found
}

/// A configuration that others may write.
pub fn writable_configuration(files: &Files<'_>) -> Vec<Finding> {
    let stat = files.world.files.stat(files.source.name(), Path::new(""));
    let Ok(stat) = stat else { return Vec::new() };
    let place = Place::new(&files.source, files.source.line_span(0));
    let who = match stat.mode {
        mode if mode & 0o002 != 0 => "every user of the machine",
        mode if mode & 0o020 != 0 => "a group",
        _ => return Vec::new(),
    };
    let message = format!(
        "{who} may write this file, so Exim refuses to start: `wrong owner, group, or mode`"
    );
    let finding = error("writable-configuration", &place, message);
    vec![
        finding
            .certainty(Certainty::Likely)
            .help("`chown root` and `chmod go-w` it"),
    ]
}

/// Debian's files where they are not looked at.
pub fn unread_answers(files: &Files<'_>) -> Vec<Finding> {
    let name = Path::new(files.source.name());
    let Some(folder) = name
        .parent()
        .filter(|_| name.ends_with("update-exim4.conf.conf"))
    else {
        return Vec::new();
    };
    let place = Place::new(&files.source, files.source.line_span(0));
    let Ok(other) = files.world.files.read("exim4.conf", folder) else {
        return Vec::new();
    };
    let message = "`exim4.conf` lies beside this file, and where it does Debian's Exim reads nothing else: no answer here counts";
    let instead = Place::new(&other, other.line_span(0));
    vec![
        warning("unread-answers", &place, message)
            .and(instead, "this is read")
            .help("take one of the two away"),
    ]
}
