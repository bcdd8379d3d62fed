//! Services of master.cf: what each program needs there, and settings that do not reach it. Must
//! not know what the programs do with mail.

use std::sync::Arc;

use super::sasl::is_chrooted;
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Parameter, Service, program_of, without};
use crate::text::{Edit, Place, Source, Span};

/// Programs of which one process runs, and those of which there must be no limit (their manual
/// pages; `mail_server_main` with `CA_MAIL_SERVER_SOLITARY` and `CA_MAIL_SERVER_ZERO_LIMIT`).
const ONE: [&str; 8] = [
    "qmgr",
    "tlsmgr",
    "anvil",
    "pickup",
    "scache",
    "verify",
    "postscreen",
    "postlogd",
];

const UNLIMITED: [&str; 5] = ["bounce", "cleanup", "flush", "dnsblog", "tlsproxy"];

/// Programs that need to be root first.
const PRIVILEGED: [&str; 4] = ["local", "virtual", "pipe", "spawn"];

fn change(files: &Files<'_>, service: &Service, index: usize, text: &str) -> Vec<Edit> {
    let place = files.field(service, index);
    place
        .into_iter()
        .map(|place| Edit {
            place,
            text: text.to_owned(),
        })
        .collect()
}

/// Limits of processes, and privileges.
pub fn fields(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.services() {
        let program = program_of(service);
        let limit = service.fields[6].text.as_str();
        let is_writer = program == "proxymap" && service.name() == "proxywrite";
        let wanted = if ONE.contains(&program) || is_writer {
            "1"
        } else if UNLIMITED.contains(&program) {
            "0"
        } else {
            ""
        };
        // The program tells the default limit from none by the field alone.
        if !wanted.is_empty() && limit != wanted {
            let message = format!(
                "`{}` needs a process limit of {wanted}: {program} dies with any other",
                service.scope()
            );
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "wrong-process-limit",
                        files.field(service, 6),
                        message,
                    )
                    .help(format!("write {wanted}"))
                    .unsafe_fix(change(files, service, 6, wanted)),
            );
        }
        if PRIVILEGED.contains(&program) && service.fields[3].text != "n" {
            let message = format!(
                "{program} has to become other users, and `{}` runs it without the right \
             to: it dies",
                service.scope()
            );
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "unprivileged-service",
                        files.field(service, 3),
                        message,
                    )
                    .help("write n")
                    .unsafe_fix(change(files, service, 3, "n")),
            );
        }
        let stays_out = PRIVILEGED.contains(&program) || program == "proxymap";
        if stays_out && is_chrooted(files, service) {
            let message = format!(
                "{program} looks up what lies outside of the chroot that `{}` puts it in: \
             tables, mailboxes and programs are not found",
                service.scope()
            );
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "chrooted-service",
                        files.field(service, 4),
                        message,
                    )
                    .help("write n")
                    .unsafe_fix(change(files, service, 4, "n")),
            );
        }
    }
    findings
}

/// What every master.cf has: the service, what happens without it, and its line.
const STOCK: [(&str, &str, &str); 10] = [
    (
        "cleanup",
        "no mail is taken in",
        "cleanup unix n - n - 0 cleanup",
    ),
    ("qmgr", "no mail is delivered", "qmgr unix n - n 300 1 qmgr"),
    (
        "rewrite",
        "no address is understood",
        "rewrite unix - - n - - trivial-rewrite",
    ),
    (
        "bounce",
        "nobody hears of mail that failed",
        "bounce unix - - n - 0 bounce",
    ),
    (
        "defer",
        "mail that has to wait is not written down",
        "defer unix - - n - 0 bounce",
    ),
    (
        "trace",
        "reports of delivery fail",
        "trace unix - - n - 0 bounce",
    ),
    (
        "pickup",
        "mail of local programs stays where it is",
        "pickup unix n - n 60 1 pickup",
    ),
    (
        "proxymap",
        "look-ups through `proxy:` fail",
        "proxymap unix - - n - - proxymap",
    ),
    (
        "error",
        "mail that cannot be delivered stays in the queue",
        "error unix - - n - - error",
    ),
    (
        "retry",
        "mail that has to wait fails",
        "retry unix - - n - - error",
    ),
];

/// A line more at the end.
fn added(source: &Arc<Source>, row: &str) -> Edit {
    let end = source.text().len();
    let is_open = !source.text().ends_with('\n');
    Edit {
        place: Place::new(source, Span::new(end, end)),
        text: format!("{}{row}\n", if is_open { "\n" } else { "" }),
    }
}

/// Services that others need.
pub fn missing(files: &Files<'_>) -> Vec<Finding> {
    let services = files.services();
    let has = |name: &str| {
        services
            .iter()
            .any(|service| service.name() == name && service.kind() != "inet")
    };
    let mut findings = Vec::new();
    // A master.cf without these is a piece that is put into another.
    if !has("qmgr") && !has("cleanup") {
        return findings;
    }
    let mut told = |name: &str, place: Option<Place>, why: &str, row: &str| {
        if !has(name) {
            let place = place.or_else(|| {
                files
                    .master
                    .as_ref()
                    .map(|master| Place::new(master, Span::new(0, 0)))
            });
            let message = format!("master.cf has no service `{name}`: {why}");
            findings.push(
                files
                    .finding(Severity::Error, "missing-service", place, message)
                    .help(format!("add `{row}`"))
                    .unsafe_fix(
                        files
                            .master
                            .iter()
                            .map(|master| added(master, row))
                            .collect(),
                    ),
            );
        }
    };
    for (name, why, row) in STOCK {
        told(name, None, why, row);
    }
    let uses_tls = ["smtpd_tls_security_level", "smtp_tls_security_level"]
        .iter()
        .find(|name| {
            files.is_set(name, None)
                && files
                    .text(name, None)
                    .is_some_and(|level| !level.is_empty() && level != "none")
        });
    if let Some(name) = uses_tls {
        told(
            "tlsmgr",
            files.place(name, None),
            "TLS does not work",
            "tlsmgr unix - - n 1000? 1 tlsmgr",
        );
    }
    for name in ["smtp_tls_connection_reuse", "lmtp_tls_connection_reuse"] {
        if files.is(name, "yes", None) {
            told(
                "tlsproxy",
                files.place(name, None),
                "connections with TLS cannot be used again",
                "tlsproxy unix - - n - 0 tlsproxy",
            );
        }
    }
    if !files.running("postscreen").is_empty()
        && files.has("smtpd_tls_security_level", None)
        && !files.is("smtpd_tls_security_level", "none", None)
    {
        told(
            "tlsproxy",
            files.place("smtpd_tls_security_level", None),
            "postscreen offers no TLS",
            "tlsproxy unix - - n - 0 tlsproxy",
        );
    }
    if files.has("maillog_file", None) {
        told(
            "postlog",
            files.place("maillog_file", None),
            "nothing is logged",
            "postlog unix-dgram n - n - 1 postlogd",
        );
    }
    for list in files.lists() {
        for item in &list.items {
            if item.name.starts_with("reject_unverified_") {
                told(
                    "verify",
                    item.word.origin.clone(),
                    "no address can be verified",
                    "verify unix - - n - 1 verify",
                );
            }
        }
    }
    findings
}

/// Addresses of one port that exclude each other. From 3.7 on, perhaps 3.6, both are opened, and
/// the more exact one gets the clients of its address.
pub fn ports(files: &Files<'_>) -> Vec<Finding> {
    if files.dictionary.version.is_at_least(&[3, 6]) {
        return Vec::new();
    }
    let services = files.services();
    let bound: Vec<_> = services
        .iter()
        .filter_map(|service| {
            Some((
                service,
                service.name().rsplit_once(':').map(|(host, _)| host),
                files.endpoint(service)?.0,
            ))
        })
        .collect();
    let mut findings = Vec::new();
    for (service, host, port) in bound
        .iter()
        .filter(|(_, host, _)| host.is_some_and(|host| !host.is_empty()))
    {
        let all = bound
            .iter()
            .find(|(_, other, number)| other.is_none() && number == port);
        let Some((wide, _, _)) = all.filter(|_| files.is("inet_interfaces", "all", None)) else {
            continue;
        };
        let message = format!(
            "`{}` already takes port {port} of every address, and `{}` is one of \
             them: Postfix does not start",
            wide.scope(),
            host.unwrap_or_default()
        );
        let mut finding = files
            .finding(
                Severity::Error,
                "port-conflict",
                files.field(service, 0),
                message,
            )
            .certainty(Certainty::Likely)
            .help("give one of them another port, or list addresses in both");
        if let Some(place) = files.field(wide, 0) {
            finding = finding.and(place, "every address");
        }
        findings.push(finding);
    }
    findings
}

/// Settings behind `-o` that the program does not read.
pub fn unused_override(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files.sets() {
        let Some(service) = set.service else { continue };
        let program = program_of(service);
        let Some(known) =
            Parameter::named(set.name).filter(|known| known.is_in(files.dictionary.version))
        else {
            continue;
        };
        let by = known.used_by();
        let is_read = by.is_empty()
            || by.contains("ALL")
            || by.contains("tls") && set.name.starts_with("tls_")
            || by.split(',').any(|one| {
                one == program
                    || one == "smtp" && program == "lmtp" && !set.name.starts_with("smtp_")
            });
        // What another setting of the service refers to reaches the program with that.
        let is_referred = service.overrides.iter().any(|own| {
            own.value.text.contains(&format!("${}", set.name))
                || own.value.text.contains(&format!("${{{}", set.name))
        }) || files
            .dictionary
            .settings
            .iter()
            .any(|own| own.value.text.contains(&format!("${}", set.name)));
        let is_ours = [
            "smtpd",
            "smtp",
            "lmtp",
            "cleanup",
            "qmgr",
            "local",
            "virtual",
            "pipe",
            "pickup",
            "bounce",
            "trivial-rewrite",
            "error",
            "postscreen",
        ]
        .contains(&program);
        if is_read || is_referred || !is_ours {
            continue;
        }
        let readers = by.replace(',', ", ");
        let message = format!(
            "`{program}` does not read `{}`: set here it does nothing (read by \
             {readers})",
            set.name
        );
        let help = if by.contains("cleanup") {
            "a second `cleanup` service takes it, which this one names with `-o \
             cleanup_service_name=`"
        } else {
            "set it in main.cf, or for the service that reads it"
        };
        findings.push(
            files
                .finding(
                    Severity::Warning,
                    "unused-override",
                    Some(Place::new(set.source, set.span)),
                    message,
                )
                .help(help)
                .safe_fix(without(set.source, set.span, set.value)),
        );
    }
    findings
}
