//! Local deliveries, retries and rewriting. Must not know how drivers are read.

use super::tell::{error, note, place, warning};
use crate::findings::Finding;
use crate::mta::exim::{Class, Files, rewrite_fields};
use crate::text::{Edit, Place, Span};

/// Mailboxes that everybody may write.
pub fn loose_mode(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for transport in files
        .drivers(Class::Transport)
        .filter(|one| one.kind == Some("appendfile"))
    {
        for name in ["mode", "directory_mode"] {
            let Some(option) = transport.option(name) else {
                continue;
            };
            let mode = u32::from_str_radix(&option.value, 8).unwrap_or_default();
            if mode & 0o002 != 0 {
                let good = if name == "mode" { "0600" } else { "0700" };
                let message = format!(
                    "every user of the machine may write what is made with `{name} = {}`",
                    option.value
                );
                found.push(
                    warning("loose-mode", &place(transport, name), message)
                        .help(format!("write `{name} = {good}`"))
                        .instead_of(option.written.text(), good),
                );
            }
        }
        if let Some(option) = transport
            .option("allow_symlink")
            .filter(|option| option.value == "true")
        {
            let message = "mail is written through symbolic links: whoever may make one in the folder chooses which file is changed";
            found.push(warning("loose-mode", &option.place, message).help("take it out"));
        }
    }
    found
}

/// Commands that a shell reads.
pub fn shell_pipe(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for transport in files
        .drivers(Class::Transport)
        .filter(|one| one.kind == Some("pipe"))
    {
        let is_shell = transport
            .option("use_shell")
            .is_some_and(|option| option.value == "true");
        let command = transport.option("command");
        if let Some(command) = command.filter(|command| is_shell && command.value.contains('$')) {
            let message = "the shell reads the command after the variables are put in, so whoever chooses their text runs commands";
            found.push(error("shell-pipe", &place(transport, command.known.name()), message).help("leave `use_shell` out; the variables are in the environment of the command too"));
        }
        if let Some(user) = transport.option("user").filter(|user| user.value == "root") {
            let message = "a program that reads mail of strangers runs as root";
            found.push(
                warning("shell-pipe", &user.place, message)
                    .help("name a user who may do no more than is needed"),
            );
        }
    }
    found
}

/// Deliveries as root.
pub fn root_delivery(files: &Files<'_>) -> Vec<Finding> {
    let never = files.set("never_users");
    let found = never.filter(|option| {
        !option
            .value
            .split(':')
            .any(|user| matches!(user.trim(), "root" | "0"))
    });
    found
        .map(|option| {
            note(
                "root-delivery",
                &option.place,
                "root is left out, so only what is built in (`exim -bV` tells it as `Fixed never_users`) keeps mail from being delivered and programs from being run as root",
            )
            .help("write `never_users = root`, and give root an alias")
        })
        .into_iter()
        .collect()
}

/// Remote deliveries that are tried once.
pub fn missing_retry(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_whole || !files.read.running.retry.is_empty() {
        return Vec::new();
    }
    let used = files.drivers(Class::Router).find(|router| {
        matches!(router.kind, Some("dnslookup" | "manualroute" | "ipliteral"))
            && router
                .option("transport")
                .and_then(|option| files.transport(&option.value))
                .is_some_and(|transport| transport.kind == Some("smtp"))
    });
    let found = used.map(|router| {
        let finding = warning("missing-retry", &router.place, "there is no retry rule, so mail that cannot be delivered at the first attempt bounces at once")
            .help("add `begin retry` and `* * F,2h,15m; G,16h,1h,1.5; F,4d,6h`");
        let text = files.source.text();
        // Of a section that is there and empty, there must not be a second one.
        if text.contains("begin retry") || text.contains("__END__") || files.is_debian() {
            return finding;
        }
        let start = if text.ends_with('\n') { "\n" } else { "\n\n" };
        finding.unsafe_fix(vec![Edit {
            place: Place::new(&files.source, Span::new(text.len(), text.len())),
            text: format!("{start}begin retry\n\n* * F,2h,15m; G,16h,1h,1.5; F,4d,6h\n"),
        }])
    });
    found.into_iter().collect()
}

/// Retry rules that are never used.
pub fn unreached_retry_rule(files: &Files<'_>) -> Vec<Finding> {
    let mut rules = files.read.running.retry.iter();
    let is_wide = |text: &str| {
        let mut words = text.split_whitespace();
        words.next() == Some("*") && words.next() == Some("*") && !text.contains("senders=")
    };
    let Some(wide) = rules.by_ref().find(|rule| is_wide(rule.text.text())) else {
        return Vec::new();
    };
    let found = rules.map(|rule| {
        warning("unreached-retry-rule", &rule.place, "a rule before this one is for every address and every error, so this one is never used")
            .and(wide.place.clone(), "that one")
            .help("put it before")
    });
    found.collect()
}

/// Rules that change every address.
pub fn broad_rewrite(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in &files.read.running.rewrite {
        let (pattern, flags) = rewrite_fields(rule.text.text());
        if matches!(pattern.as_str(), "*" | "*@*") && flags.is_empty() {
            found.push(
                warning(
                    "broad-rewrite",
                    &rule.place,
                    "without flags this changes every address of every message, those of strangers in the headers too, which breaks DKIM",
                )
                .help("write a narrow pattern, and flags such as `Ff`"),
            );
        }
    }
    found
}
