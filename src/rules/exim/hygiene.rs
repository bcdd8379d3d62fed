//! What a careful administrator looks at besides: holes that are known, secrets, rights, limits.
//! Must not know how options are read.

use std::path::Path;

use super::authentication::text;
use super::holes::top;
use super::tell::{error, note, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Class, Files, Opt};
use crate::text::{Edit, Place, Span};

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
        .read
        .running
        .drivers
        .iter()
        .flat_map(|driver| &driver.options);
    files
        .read
        .running
        .main
        .iter()
        .chain(drivers)
        .filter(|option| {
            let is_looked_up = ["${lookup", "${readfile", "${extract", "${env"]
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
        let place = &option.place;
        let line = place.source.slice(place.span);
        let start = place.span.start + line.len() - line.trim_start().len();
        warning("shown-secret", place, message).help("write `hide` before it, and let only Exim read the file; or look the secret up in a file of its own")
            .safe_fix(vec![Edit { place: Place::new(&place.source, Span::new(start, start)), text: "hide ".to_owned() }])
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
        .safe_fix(vec![Edit {
            place: Place::new(&place.source, Span::new(place.span.start, place.span.start)),
            text: "keep_environment =\n".to_owned(),
        }])
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
                note("no-limit", &option.place, message).help("set a limit, or leave it out"),
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
        found.push(note("no-limit", &option.place, message).help("30 is the default, and enough"));
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
