//! What the daemon refuses when it starts although every line is well formed: options that
//! contradict or need each other. Must not know how lines are read.

use super::catalogue::{self, Class};
use super::macros::is_white;
use super::reader::Reader;
use super::running::{Driver, Running, find};
use super::values;
use crate::findings::{Finding, Severity};
use crate::mta::Version;

/// Looks at the main section.
pub(crate) fn main(running: &Running, reader: &mut Reader<'_>) {
    let options = &running.main;
    let value = |name: &str| find(options, name).map(|option| option.value.as_str());
    let mut faults: Vec<(&str, &'static str, String)> = Vec::new();
    if value("smtp_accept_max") == Some("0") {
        for name in ["smtp_accept_max_per_host", "smtp_accept_queue"] {
            if value(name).is_some_and(|value| !value.is_empty() && value != "0") {
                faults.push((
                    name,
                    "contradictory-options",
                    format!("`{name}` needs an `smtp_accept_max` above 0, so Exim does not start"),
                ));
            }
        }
    }
    if value("local_sender_retain") == Some("true") && value("local_from_check") != Some("false") {
        faults.push((
            "local_sender_retain",
            "contradictory-options",
            "`local_sender_retain` contradicts `local_from_check`, which is on, so Exim does not start"
                .to_owned(),
        ));
    }
    if let Some(options) = value("openssl_options") {
        faults.push((
            "openssl_options",
            "option-of-other-build",
            format!("`openssl_options = {options}` is refused by an Exim that is built with GnuTLS, as Debian's is"),
        ));
    }
    if value("errors_reply_to") == Some("") {
        faults.push((
            "errors_reply_to",
            "faulty-value",
            "`errors_reply_to` is set to nothing, so Exim does not start".to_owned(),
        ));
    }
    if let Some(facility) = value("syslog_facility") {
        let facility = facility.to_ascii_lowercase();
        let plain = facility.strip_prefix("log_").unwrap_or(&facility);
        let known = ["mail", "user", "news", "uucp", "daemon"].contains(&plain)
            || plain
                .strip_prefix("local")
                .is_some_and(|digit| digit.len() == 1 && ("0"..="7").contains(&digit));
        if !known {
            faults.push((
                "syslog_facility",
                "faulty-value",
                format!("syslog has no facility `{facility}`, so Exim does not start"),
            ));
        }
    }
    let version = reader.version();
    if let Some(fault) = value("log_selector").and_then(|text| selector(text, version)) {
        faults.push(("log_selector", "faulty-value", fault));
    }
    lost_items(running, reader);
    for (name, rule, message) in faults {
        if let Some(option) = find(options, name) {
            let place = option.place.clone();
            reader.refuse(rule, &place, message);
        }
    }
}

/// What is wrong with a `log_selector`.
fn selector(text: &str, version: Version) -> Option<String> {
    let mut rest = text.trim_start_matches(is_white);
    // A number stands for all of them.
    if rest.starts_with('=') {
        return None;
    }
    while !rest.is_empty() {
        let Some(word) = rest.strip_prefix(['+', '-']) else {
            return Some(format!(
                "`log_selector` holds `{rest}` where `+` or `-` has to stand, so Exim does not start"
            ));
        };
        let length = word
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let (name, behind) = word.split_at(length);
        if !catalogue::word("log_selector", name, version) {
            return Some(format!(
                "`log_selector` names `{name}`, which Exim {version} does not know, so it does not start"
            ));
        }
        rest = behind.trim_start_matches(is_white);
    }
    None
}

/// Looks for items of users' lists that are lost.
fn lost_items(running: &Running, reader: &mut Reader<'_>) {
    for name in [
        "admin_groups",
        "never_users",
        "trusted_groups",
        "trusted_users",
    ] {
        let Some(option) = find(&running.main, name) else {
            continue;
        };
        let written = values::items(option.written.text(), ':').len();
        let taken = values::items(&option.value, ':').len();
        if written > taken {
            let place = option.place.clone();
            let message = format!(
                "of the {written} items of `{name}` Exim takes only {taken}: it makes room for as many as there are colons, whatever the separator is"
            );
            reader.findings.push(
                Finding::new(
                    Severity::Warning,
                    "lost-items",
                    &place.source,
                    place.span,
                    message,
                )
                .help("separate the items by colons"),
            );
        }
    }
}

/// Looks at a driver once it is whole.
pub(crate) fn driver(driver: &Driver, reader: &mut Reader<'_>, version: Version) {
    let mut faults = Vec::new();
    let Some(name) = driver.kind else {
        if !driver.has("driver") {
            let message = format!(
                "the {} `{}` names no driver, so Exim does not start",
                driver.class.word(),
                driver.name
            );
            reader.refuse("missing-driver", &driver.place, message);
        }
        return;
    };
    match driver.class {
        Class::Router => router(driver, name, version, &mut faults),
        Class::Transport => transport(driver, name, &mut faults),
        Class::Authenticator => {
            if name != "tls" && !driver.has("public_name") {
                faults.push("needs a `public_name`".to_owned());
            }
            if name == "spa" && driver.has("client_username") != driver.has("client_password") {
                faults.push(
                    "needs both `client_username` and `client_password`, or neither".to_owned(),
                );
            }
        }
    }
    if let Some(fault) = faults.into_iter().next() {
        let message = format!(
            "the {} `{}` {fault}, so Exim does not start",
            driver.class.word(),
            driver.name
        );
        reader.refuse("faulty-driver", &driver.place, message);
    }
}

fn router(router: &Driver, name: &str, version: Version, faults: &mut Vec<String>) {
    let set = |option: &str| router.option(option).is_some();
    let is = |option: &str| router.value(option, version) == Some("true");
    match name {
        "manualroute" if set("route_list") == set("route_data") => {
            faults.push("needs either a `route_list` or `route_data`, and not both".to_owned());
        }
        "redirect" => {
            if set("file") == set("data") {
                faults.push("needs either a `file` or `data`, and not both".to_owned());
            }
            if is("one_time") && (set("headers_add") || set("headers_remove")) {
                faults.push("has `one_time`, which allows no change of headers".to_owned());
            }
            if is("one_time") && is("unseen") {
                faults.push("has `one_time`, which contradicts `unseen`".to_owned());
            }
        }
        "queryprogram" => {
            for option in ["command", "command_user"] {
                if !set(option) {
                    faults.push(format!("needs a `{option}`"));
                }
            }
        }
        "iplookup" if !set("hosts") => faults.push("needs `hosts`".to_owned()),
        _ => {}
    }
}

fn transport(transport: &Driver, name: &str, faults: &mut Vec<String>) {
    let set = |option: &str| transport.option(option).is_some();
    let on = |option: &str| transport.option(option).is_some_and(|o| o.value == "true");
    let local = name != "smtp";
    if local
        && !set("group")
        && let Some(user) = transport.option("user")
        && !user.value.is_empty()
        && user.value.bytes().all(|b| b.is_ascii_digit())
    {
        faults.push(format!(
            "has the number `{}` as its `user`, and so needs a `group`",
            user.value
        ));
    }
    if !local && set("shadow_transport") {
        faults.push("delivers to other hosts, and cannot have a `shadow_transport`".to_owned());
    }
    match name {
        "appendfile" => {
            if set("file") && set("directory") {
                faults.push("has both a `file` and a `directory`".to_owned());
            }
            let formats = ["maildir_format", "mailstore_format"];
            if !set("directory") && formats.iter().any(|format| on(format)) && set("file") {
                faults.push("has a format that needs a `directory`, not a `file`".to_owned());
            }
            if formats.iter().all(|format| on(format)) {
                faults.push("has two formats of mailboxes".to_owned());
            }
        }
        "lmtp" if set("command") == set("socket") => {
            faults.push("needs either a `command` or a `socket`, and not both".to_owned());
        }
        "pipe" => {
            for [one, other] in [
                ["return_output", "return_fail_output"],
                ["log_output", "log_fail_output"],
                ["log_output", "log_defer_output"],
                ["log_fail_output", "log_defer_output"],
                ["use_shell", "restrict_to_path"],
            ] {
                if on(one) && on(other) && one != "log_fail_output" {
                    faults.push(format!("has both `{one}` and `{other}`"));
                }
            }
            if let Some(errors) = transport.option("temp_errors")
                && errors.value != "*"
                && !errors
                    .value
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b.is_ascii_whitespace() || b == b':')
            {
                faults.push("has `temp_errors` that are neither numbers nor `*`".to_owned());
            }
            if on("use_shell") && transport.has("allow_commands") {
                faults.push("has both `use_shell` and `allow_commands`".to_owned());
            }
        }
        _ => {}
    }
}

/// Looks at all routers once they are read.
pub(crate) fn routers(running: &Running, reader: &mut Reader<'_>, version: Version) {
    let routers: Vec<&Driver> = running
        .drivers
        .iter()
        .filter(|driver| driver.class == Class::Router)
        .collect();
    for (index, router) in routers.iter().enumerate() {
        if let Some(fault) = way(router, version) {
            let message = format!(
                "the router `{}` {fault}, so Exim does not start",
                router.name
            );
            reader.refuse("faulty-driver", &router.place, message);
        }
        for (option, later) in [("pass_router", true), ("redirect_router", false)] {
            let Some(named) = router.option(option) else {
                continue;
            };
            let target = routers.iter().position(|router| router.name == named.value);
            match target {
                None => reader.refuse(
                    "undefined-name",
                    &named.place,
                    format!(
                        "`{option}` names `{}`, and there is no such router",
                        named.value
                    ),
                ),
                Some(target) if later && target <= index => reader.refuse(
                    "earlier-router",
                    &named.place,
                    format!(
                        "`{option}` names `{}`, which does not come after `{}`",
                        named.value, router.name
                    ),
                ),
                Some(_) => {}
            }
        }
    }
}

/// What is wrong with where a router leads.
fn way(router: &Driver, version: Version) -> Option<String> {
    let transport = router.option("transport").is_some();
    let verifies = router.value("verify_only", version) == Some("true");
    match router.kind? {
        "accept" | "dnslookup" | "ipliteral" if !transport && !verifies => {
            return Some("needs a `transport`, or `verify_only`".to_owned());
        }
        "redirect" | "iplookup" if transport => {
            return Some("is one that redirects, and cannot have a `transport`".to_owned());
        }
        _ => {}
    }
    let action = &router.option("self")?.value;
    let known = ["freeze", "defer", "send", "pass", "fail"].contains(&action.as_str())
        || action.starts_with("reroute:");
    (!known).then(|| format!("has `self = {action}`, which is no such action"))
}

/// Looks at all authenticators once they are read.
pub(crate) fn authenticators(running: &Running, reader: &mut Reader<'_>) {
    let authenticators: Vec<&Driver> = running
        .drivers
        .iter()
        .filter(|driver| driver.class == Class::Authenticator)
        .collect();
    for (index, one) in authenticators.iter().enumerate() {
        for other in &authenticators[..index] {
            let name = |driver: &Driver| {
                driver
                    .option("public_name")
                    .map_or(driver.name.clone(), |option| option.value.clone())
            };
            let both = |role: fn(&Driver) -> bool| role(one) && role(other);
            if name(one).eq_ignore_ascii_case(&name(other)) && (both(serves) || both(asks)) {
                reader.refuse(
                    "repeated-name",
                    &one.place,
                    format!(
                        "the authenticators `{}` and `{}` have the same public name, so Exim does not start",
                        other.name, one.name
                    ),
                );
            }
        }
    }
}

/// Whether an authenticator works for clients.
pub(crate) fn serves(driver: &Driver) -> bool {
    match driver.kind {
        Some("plaintext" | "external") => driver.has("server_condition"),
        Some("cram_md5") => driver.has("server_secret"),
        Some("spa") => driver.has("server_password"),
        Some("dovecot") => driver.has("server_socket"),
        Some("tls") => driver.has("server_param1") || driver.has("server_param"),
        Some(_) => true,
        None => false,
    }
}

/// Whether an authenticator works towards other servers.
pub(crate) fn asks(driver: &Driver) -> bool {
    match driver.kind {
        Some("plaintext" | "external") => driver.has("client_send"),
        Some("cram_md5") => driver.has("client_secret"),
        Some("spa") => driver.has("client_username"),
        _ => false,
    }
}
