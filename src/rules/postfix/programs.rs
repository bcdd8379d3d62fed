//! What single programs need of their services: pipe(8), postscreen(8), those in a chroot. Must not know
//! which services there have to be.

use super::sasl::is_chrooted;
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Joined, Service, program_of};
use crate::text::Place;

/// Sockets that a program in a chroot cannot see.
pub fn chroot_sockets(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.services() {
        let names: &[&str] = match program_of(service) {
            "smtpd" => &["smtpd_milters", "smtpd_sasl_path"],
            "cleanup" => &["non_smtpd_milters"],
            _ => continue,
        };
        if !is_chrooted(files, service) {
            continue;
        }
        for name in names {
            for word in files.words(name, Some(service)) {
                let Some(path) = word
                    .text
                    .trim_start_matches('{')
                    .trim()
                    .strip_prefix("unix:")
                else {
                    continue;
                };
                if !path.starts_with('/') || path.starts_with("/var/spool/postfix") {
                    continue;
                }
                let message = format!(
                    "`{}` runs in a chroot, where there is no `{path}`: it finds no socket",
                    service.scope()
                );
                let mut finding = files.finding(Severity::Error, "socket-outside-chroot", word.origin, message)
                    .certainty(Certainty::Likely)
                    .help("let the daemon make its socket below /var/spool/postfix, and write the path from there");
                if let Some(place) = files.field(service, 4) {
                    finding = finding.and(place, "in a chroot");
                }
                findings.push(finding);
            }
        }
    }
    findings
}

/// A `name=value` among the arguments of pipe(8).
fn attribute<'s>(service: &'s Service, name: &str) -> Option<&'s Joined> {
    let end = service
        .fields
        .iter()
        .position(|field| field.text.starts_with("argv="))
        .map_or(service.fields.len(), |at| at + 1);
    service.fields[8..end.max(8)].iter().find(|field| {
        field
            .text
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('='))
    })
}

/// Arguments that pipe(8) needs, and does not have.
pub fn pipes(files: &Files<'_>) -> Vec<Finding> {
    const FLAGS: &str = "BDFORXhqu.>";
    const MACROS: [&str; 17] = [
        "client_address",
        "client_helo",
        "client_hostname",
        "client_port",
        "client_protocol",
        "domain",
        "extension",
        "mailbox",
        "nexthop",
        "original_recipient",
        "queue_id",
        "recipient",
        "sasl_method",
        "sasl_sender",
        "sasl_username",
        "sender",
        "size",
    ];
    let mut findings = Vec::new();
    for service in files.running("pipe") {
        let mut told = |place: Option<Place>, message: String, help: &str| {
            findings.push(
                files
                    .finding(Severity::Error, "bad-pipe", place, message)
                    .help(help),
            );
        };
        let at = |field: &Joined| {
            files
                .master
                .as_ref()
                .map(|master| Place::new(master, field.place()))
        };
        let command = files.field(service, 7);
        let of = service.scope();
        match attribute(service, "user") {
            None => told(
                command.clone(),
                format!("`{of}` does not say as whom the program runs: pipe dies"),
                "add `user=NAME`",
            ),
            Some(user) => {
                let name = user.text["user=".len()..]
                    .split(':')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                if name == "root"
                    || Some(name.as_str()) == files.text("mail_owner", None).as_deref()
                    || name == "postfix"
                {
                    told(
                        at(user),
                        format!("pipe does not run programs as `{name}`, and dies"),
                        "write a user that owns nothing else",
                    );
                }
            }
        }
        if attribute(service, "argv").is_none() {
            told(
                command,
                format!("`{of}` does not say which program is run: pipe dies"),
                "add `argv=/path/to/program …` at the end",
            );
        }
        if let Some(flags) = attribute(service, "flags")
            && let Some(wrong) = flags.text["flags=".len()..]
                .chars()
                .find(|flag| !FLAGS.contains(*flag))
        {
            told(
                at(flags),
                format!("`{wrong}` is no flag of pipe's: it dies"),
                "the flags stand in pipe(8)",
            );
        }
        let arguments = service
            .fields
            .iter()
            .skip_while(|field| !field.text.starts_with("argv="));
        for field in arguments {
            for (start, _) in field.text.match_indices("${") {
                let name: String = field.text[start + 2..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let is_known = MACROS.contains(&name.as_str())
                    || name == "user"
                    || name == "envelope_sender"
                    || name == "envid";
                if !is_known && !name.is_empty() {
                    told(
                        at(field),
                        format!("`${{{name}}}` is nothing that pipe knows: it dies"),
                        "the names stand in pipe(8)",
                    );
                }
            }
        }
    }
    findings
}

/// postscreen(8) and those who work for it.
pub fn postscreen(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let services = files.services();
    for service in files.running("postscreen") {
        let mut told = |message: String, help: &str| {
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "incomplete-postscreen",
                        files.field(service, 7),
                        message,
                    )
                    .help(help),
            );
        };
        let has = |kind: &str, program: &str| {
            services
                .iter()
                .any(|other| other.kind() == kind && program_of(other) == program)
        };
        if !has("pass", "smtpd") {
            told("postscreen hands good clients to a service `smtpd pass`, and there is none: no mail comes in".into(), "add `smtpd pass - - n - - smtpd`");
        }
        if files.has("postscreen_dnsbl_sites", Some(service)) && !has("unix", "dnsblog") {
            told(
                "postscreen asks DNS lists through `dnsblog`, and there is no such service".into(),
                "add `dnsblog unix - - n - 0 dnsblog`",
            );
        }
        if files.endpoint(service).is_some_and(|(port, _)| port != 25) {
            told(
                format!(
                    "`{}` is not for servers: postscreen has no AUTH, and users cannot log in",
                    service.scope()
                ),
                "let smtpd serve this port",
            );
        }
    }
    findings
}
