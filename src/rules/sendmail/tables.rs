//! Maps beside the access map, and files of classes. Must not know how they are looked up.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;
use crate::net::Domain;
use std::collections::BTreeSet;

use sendmail::{Entry, Files, instead, part};

/// The mailer table, the domains being in lower case.
fn mailertable<'f>(files: &'f Files<'_>) -> &'f [Entry] {
    files.table("mailertable").unwrap_or_default()
}

/// The words of a class in lower case.
fn words(files: &Files<'_>, class: &str) -> BTreeSet<String> {
    let words = files.class(class).into_iter();
    words.map(|word| word.text.to_lowercase()).collect()
}

/// How the access map's text is written.
pub fn access_text(files: &Files<'_>) -> Vec<Finding> {
    let path = files.map_path("access");
    let source = path.and_then(|path| files.file(path).ok());
    source.map_or_else(Vec::new, |source| {
        let dialect = sendmail::DIALECTS
            .iter()
            .find(|dialect| dialect.name == "sendmail-table");
        dialect.map_or_else(Vec::new, |dialect| {
            (dialect.syntax)(&(dialect.parse)(&source))
        })
    })
}

/// Values of the mailer table that do not say what was meant.
pub fn mailertable_value(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in mailertable(files) {
        let value = entry.value.split_whitespace().next().unwrap_or_default();
        let (mailer, rest) = match value.split_once(':') {
            Some((mailer, rest)) if !mailer.contains(['[', '.']) => (mailer, rest),
            _ => {
                let right = format!(
                    "esmtp:[{}]",
                    value.trim_start_matches('[').trim_end_matches(']')
                );
                let message = format!(
                    "`{value}` names no mailer: the entry is not used, and mail for `{}` follows DNS",
                    entry.key
                );
                found.push(
                    files
                        .say(
                            Severity::Error,
                            "mailertable-value",
                            Some(&entry.value_place),
                            message,
                        )
                        .help(format!("write `{right}`"))
                        .unsafe_fix(instead(&entry.value_place, value, &right)),
                );
                continue;
            }
        };
        if mailer == "error" && !rest.starts_with(|c: char| c.is_ascii_digit()) {
            let message = "the mailer table takes a status where the virtual user table takes a word: the reply is not \
                           what was meant";
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "mailertable-value",
                        Some(&entry.value_place),
                        message,
                    )
                    .help("write as `error:5.1.1:550 No such domain`"),
            );
        }
        if mailer != "error" && mailer != "local" {
            found.extend(port(files, entry, rest));
        }
    }
    found
}

/// A port behind a host, which is taken for another host.
fn port(files: &Files<'_>, entry: &Entry, host: &str) -> Option<Finding> {
    let (_, port) = host.trim_start_matches("[IPv6:").rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    is_port.then(|| {
        files
            .say(
                Severity::Error,
                "port-behind-host",
                Some(&part(&entry.value_place, &format!(":{port}"))),
                format!("`{port}` is taken for a second host to try, not for a port"),
            )
            .help(format!(
                "make a mailer with `A=TCP $h {port}` and name that"
            ))
    })
}

/// Entries of the mailer table that nothing asks for, or that strangers may not send to.
pub fn mailertable_key(files: &Files<'_>) -> Vec<Finding> {
    let table = mailertable(files);
    if table.is_empty() {
        return Vec::new();
    }
    let own = words(files, "w");
    let mut relayed = words(files, "R");
    relayed.extend(words(files, "VirtHost"));
    let access = files.table("access").unwrap_or_default();
    let relays = access
        .iter()
        .filter(|entry| entry.value.eq_ignore_ascii_case("RELAY"));
    relayed.extend(
        relays
            .filter(|entry| ["to", ""].contains(&entry.tagged().0))
            .map(|entry| entry.tagged().1.to_owned()),
    );
    let is_complete = files.feature("relay_entire_domain").is_none()
        && files.feature("promiscuous_relay").is_none()
        && files.feature("relay_based_on_MX").is_none()
        && (files.map("access").is_none() || files.table("access").is_some())
        && all_read(files, "R");
    let mut found = Vec::new();
    for entry in table {
        let name = entry.key.trim_start_matches('.');
        if own.contains(&entry.key) {
            let message = format!(
                "`{}` is one of the server's own names (class w): the mailer table is not asked for it",
                entry.key
            );
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "own-domain-in-mailertable",
                        Some(&entry.key_place),
                        message,
                    )
                    .help("take it out of local-host-names if its mail goes elsewhere"),
            );
        } else if is_complete
            && name.contains('.')
            && !entry.value.starts_with("error:")
            && !relayed.iter().any(|word| {
                let word = word.trim_start_matches('.');
                name == word || name.ends_with(&format!(".{word}"))
            })
        {
            let message = format!(
                "there is a route for `{name}`, but no one outside may send there: nothing says that it is relayed to"
            );
            found.push(
                files
                    .say(Severity::Note, "route-without-relay", Some(&entry.key_place), message)
                    .certainty(Certainty::Conditional)
                    .help(format!("write `To:{name} RELAY` in the access map if this server is its mail exchanger")),
            );
        }
        // A route to the host itself goes round in circles.
        let host = entry.value.split_once(':').map_or("", |(_, host)| host);
        let bare = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_lowercase();
        let name = files.macro_line("j").and_then(|line| line.value.clone());
        let is_self = name.is_some_and(|name| name.to_lowercase() == bare)
            || own.contains(&bare) && !bare.is_empty();
        if is_self && !entry.value.starts_with("error:") && !entry.value.starts_with("local:") {
            let message = format!(
                "this route leads back to the server itself (`{bare}`): the mail bounces as a loop"
            );
            found.push(
                files
                    .say(Severity::Error, "mailertable-loop", Some(&entry.value_place), message)
                    .help("name the host that has the mailboxes; for this one, add the domain to local-host-names"),
            );
        }
    }
    found
}

/// Whether all files of a class are here.
fn all_read(files: &Files<'_>, class: &str) -> bool {
    let lines = files
        .resolved
        .model
        .class_files
        .iter()
        .filter(|line| line.name == class);
    lines
        .filter_map(sendmail::class_file)
        .all(|(path, optional)| match files.file(path) {
            Ok(_) => true,
            Err(reason) => optional && reason == crate::text::Unread::Missing,
        })
}

/// Entries of the virtual user table.
pub fn virtuser(files: &Files<'_>) -> Vec<Finding> {
    let Some(table) = files.table("virtuser") else {
        return Vec::new();
    };
    let mut hosted = words(files, "w");
    hosted.extend(words(files, "VirtHost"));
    let is_complete = all_read(files, "w") && all_read(files, "VirtHost") && !hosted.is_empty();
    let whole = files.feature("virtuser_entire_domain").is_some();
    let mut found = Vec::new();
    for entry in table {
        let Some((local, domain)) = entry.key.split_once('@') else {
            continue;
        };
        let is_hosted = hosted
            .iter()
            .any(|word| domain == word || whole && domain.ends_with(&format!(".{word}")));
        if is_complete && !is_hosted && Domain::parse(domain).is_ok() {
            let message = format!(
                "`{domain}` is neither one of the server's own domains nor in `VIRTUSER_DOMAIN`: this entry is never \
                 looked up"
            );
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "virtuser-of-other-domain",
                        Some(&entry.key_place),
                        message,
                    )
                    .help("add the domain to local-host-names or to `VIRTUSER_DOMAIN`"),
            );
        }
        let target = entry.value.to_lowercase();
        let next = table.iter().find(|other| other.key == target);
        let turns = next.is_some_and(|next| next.value.to_lowercase() == entry.key);
        if target == entry.key || turns {
            let message = format!(
                "`{}` leads back to itself: the mail goes round until it is refused",
                entry.key
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "virtuser-loop",
                        Some(&entry.value_place),
                        message,
                    )
                    .help("name the local user, without the domain"),
            );
        } else if local.is_empty()
            && !target.starts_with("error:")
            && target.contains('@')
            && !target.contains('%')
        {
            let outside = target.rsplit('@').next().unwrap_or_default();
            if !hosted.contains(outside) {
                let message = format!(
                    "whatever is sent to any name at `{domain}` is passed on to `{target}`: all spam with it, which \
                     makes this server its sender"
                );
                found.push(
                    files
                        .say(Severity::Note, "forwards-everything", Some(&entry.value_place), message)
                        .help("name the addresses that exist, and end with `@domain error:5.1.1:550 No such user`"),
                );
            }
        }
    }
    found
}

/// Entries of authinfo.
pub fn faulty_authinfo(files: &Files<'_>) -> Vec<Finding> {
    let mut entries: Vec<&Entry> = files.table("authinfo").unwrap_or_default().iter().collect();
    let access = files.table("access").unwrap_or_default();
    entries.extend(access.iter().filter(|entry| entry.tagged().0 == "authinfo"));
    let mut found = Vec::new();
    for entry in entries {
        let (tag, host) = entry.tagged();
        let value = &entry.value;
        let has = |names: &[&str]| {
            names.iter().any(|name| {
                value.contains(&format!("\"{name}:")) || value.contains(&format!("\"{name}="))
            })
        };
        let why = if tag != "authinfo" {
            "the key must begin with `AuthInfo:`"
        } else if host.contains(['[', ':']) {
            "the key is the host's bare name or address, without brackets and port"
        } else if !value.contains('"') {
            "each part must stand in double quotes, as `\"U:user\"`"
        } else if !has(&["U", "I"]) {
            "there is neither `\"U:…\"` nor `\"I:…\"`: the name to log in with is missing"
        } else if !has(&["P"]) {
            "there is no `\"P:…\"`: the password is missing"
        } else {
            continue;
        };
        // The value is a secret and is not shown.
        let message = format!("the server does not log in with this entry: {why}");
        found.push(
            files
                .say(
                    Severity::Error,
                    "faulty-authinfo",
                    Some(&entry.key_place),
                    message,
                )
                .help(
                    "write as `AuthInfo:relay.example.net \"U:name\" \"P:password\" \"M:PLAIN\"`",
                ),
        );
    }
    found
}
