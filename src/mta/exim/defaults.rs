//! Defaults that follow from what else is set. Must not know how values are read or printed.

use super::catalogue::{Class, Known};
use super::running::{Driver, Opt, find};
use super::values::printed;
use crate::mta::Version;

/// The default of an option of the main section; `None` where the machine decides.
pub(crate) fn of_main(set: &[Opt], known: Known, version: Version) -> Option<String> {
    let value = |name: &str| find(set, name).map(|option| printed(&option.value));
    match known.name() {
        "exim_version" => Some(version.to_string()),
        "qualify_domain" => value("primary_hostname"),
        "qualify_recipient" => value("qualify_domain").or_else(|| value("primary_hostname")),
        // The user's own group.
        "system_filter_group" if find(set, "system_filter_user").is_some() => None,
        _ => known.default(version).map(str::to_owned),
    }
}

/// The default of an option of a driver; `None` where the machine decides.
pub(crate) fn of_driver(driver: &Driver, known: Known, version: Version) -> Option<String> {
    let set = |name: &str| driver.has(name);
    let is = |name: &str| driver.value(name, version) == Some("true");
    let name = known.name();
    let follows = match (driver.class, driver.kind.unwrap_or_default(), name) {
        // The user's own group.
        (_, _, "group")
            if driver
                .option("user")
                .is_some_and(|user| !user.value.contains('$')) =>
        {
            return None;
        }
        (Class::Router, kind, "log_as_local") => Some(kind == "accept"),
        (Class::Router, _, "retry_use_local_part") => Some(
            is("check_local_user")
                || [
                    "condition",
                    "local_part_prefix",
                    "local_part_suffix",
                    "local_parts",
                    "require_files",
                    "senders",
                ]
                .iter()
                .any(|name| driver.option(name).is_some()),
        ),
        (Class::Transport, kind, "retry_use_local_part") => Some(kind != "smtp"),
        (_, "redirect", "forbid_file" | "forbid_filter_reply" | "forbid_pipe") => {
            Some(is("one_time"))
        }
        (_, "redirect", "check_owner") => Some(is("check_local_user") || set("owners")),
        (_, "redirect", "check_group") => {
            let writable = driver
                .value("modemask", version)
                .and_then(|mask| u32::from_str_radix(mask, 8).ok())
                .is_some_and(|mask| mask & 0o20 == 0);
            Some(is("check_local_user") && writable || set("owngroups"))
        }
        (_, "appendfile", "use_mbx_lock") => Some(is("mbx_format")),
        (_, "appendfile", "use_lockfile") => {
            let mbx = match driver.option("use_mbx_lock") {
                Some(lock) => lock.value == "true",
                None => is("mbx_format"),
            };
            Some(!mbx)
        }
        _ => None,
    };
    if let Some(follows) = follows {
        return Some(follows.to_string());
    }
    affix(driver, name, version)
        .map(str::to_owned)
        .or_else(|| match name {
            // A text of some length of the program's own.
            "quota_warn_message" if set("quota_warn_threshold") => None,
            // Two names of one option.
            "server_param" if driver.kind == Some("tls") => driver
                .option("server_param1")
                .map(|option| option.value.clone())
                .or_else(|| known.default(version).map(str::to_owned)),
            "public_name" if driver.kind == Some("tls") => Some(driver.name.clone()),
            "server_mech" if driver.kind == Some("cyrus_sasl") => driver
                .option("public_name")
                .map(|option| option.value.clone()),
            _ => known.default(version).map(str::to_owned),
        })
}

/// What is put around messages, which depends on the form of the mailbox.
fn affix(driver: &Driver, name: &str, version: Version) -> Option<&'static str> {
    let kind = driver.kind?;
    let around = ["message_prefix", "message_suffix"].contains(&name);
    let within = ["check_string", "escape_string"].contains(&name);
    if !(around || within) || !["appendfile", "pipe"].contains(&kind) {
        return None;
    }
    let is = |name: &str| driver.value(name, version) == Some("true");
    if is("use_bsmtp") {
        return Some(match name {
            "check_string" => ".",
            "escape_string" => "..",
            _ => "",
        });
    }
    let folder =
        driver.option("directory").is_some() || is("maildir_format") || is("mailstore_format");
    (kind == "appendfile" && folder).then_some("")
}
