//! Services of master.cf: what each program needs there, and settings that do not reach it. Must
//! not know what the programs do with mail.

use super::sasl::is_chrooted;
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Joined, Parameter, Service, program_of};
use crate::text::{Edit, Place};

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
                "{program} has to become other users, and `{}` runs it without the right to: it dies",
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
                "{program} looks up what lies outside of the chroot that `{}` puts it in: tables, mailboxes and programs are not found",
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
                    .map(|master| Place::new(master, crate::text::Span::new(0, 0)))
            });
            let message = format!("master.cf has no service `{name}`: {why}");
            findings.push(
                files
                    .finding(Severity::Error, "missing-service", place, message)
                    .help(format!("add `{row}`")),
            );
        }
    };
    for (name, why, row) in [
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
    ] {
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
    for list in super::lists::all(files) {
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

/// Addresses of one port that exclude each other.
pub fn ports(files: &Files<'_>) -> Vec<Finding> {
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
            "`{}` already takes port {port} of every address, and `{}` is one of them: Postfix does not start",
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
            "`{program}` does not read `{}`: set here it does nothing ({readers} read it)",
            set.name
        );
        let help = if by.contains("cleanup") {
            "a second `cleanup` service takes it, which this one names with `-o cleanup_service_name=`"
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
                .help(help),
        );
    }
    findings
}

/// Submission that anybody may use, or that shows passwords.
pub fn submission(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.running("smtpd") {
        let own = Some(service);
        let Some(port) = files
            .public_port(service)
            .filter(|port| [465, 587, 2525].contains(port))
        else {
            continue;
        };
        let is_wrapped = files.is("smtpd_tls_wrappermode", "yes", own);
        let level = files
            .text("smtpd_tls_security_level", own)
            .map(|level| level.to_ascii_lowercase());
        let is_optional = level
            .as_deref()
            .is_some_and(|level| ["", "may", "none"].contains(&level))
            && !files.is("smtpd_enforce_tls", "yes", own);
        if !is_wrapped
            && is_optional
            && port != 465
            && files.is("smtpd_sasl_auth_enable", "yes", own)
        {
            let place = files
                .place("smtpd_tls_security_level", own)
                .filter(|place| {
                    files
                        .master
                        .as_ref()
                        .is_some_and(|master| master.name() == place.source.name())
                });
            let message = format!(
                "users send through port {port} without TLS if their program is set so, or if somebody on the way takes the offer out: mail and, without `smtpd_tls_auth_only`, passwords can be read"
            );
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "submission-without-tls",
                        place.or_else(|| files.field(service, 0)),
                        message,
                    )
                    .help("add `-o smtpd_tls_security_level=encrypt`"),
            );
        }
        let lists = [
            "smtpd_client_restrictions",
            "smtpd_helo_restrictions",
            "smtpd_sender_restrictions",
            "smtpd_relay_restrictions",
            "smtpd_recipient_restrictions",
        ];
        let is_known = lists
            .iter()
            .all(|name| files.main.is_some() || service.own(name).is_some());
        let is_closed = lists.iter().any(|name| {
            files.words(name, own).last().is_some_and(|word| {
                ["reject", "defer"].contains(&word.text.to_ascii_lowercase().as_str())
            })
        });
        if is_known && !is_closed && files.is("smtpd_sasl_auth_enable", "yes", own) {
            let message = format!(
                "port {port} is for users, and takes mail for this server's own domains from anybody, past all that guards port 25"
            );
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "open-submission",
                        files.field(service, 0),
                        message,
                    )
                    .help("add `-o smtpd_client_restrictions=permit_sasl_authenticated,reject`"),
            );
        }
        let inherits = service.own("smtpd_relay_restrictions").is_none()
            && service.own("smtpd_recipient_restrictions").is_none();
        let trusts = files
            .words("smtpd_relay_restrictions", own)
            .iter()
            .any(|word| word.text.eq_ignore_ascii_case("permit_mynetworks"));
        if inherits && trusts && !is_closed && files.main.is_some() {
            let message = format!(
                "hosts of `mynetworks` relay through port {port} without a login, as on port 25"
            );
            findings.push(
                files
                    .finding(
                        Severity::Note,
                        "submission-without-login",
                        files.field(service, 0),
                        message,
                    )
                    .help("add `-o smtpd_relay_restrictions=permit_sasl_authenticated,reject`"),
            );
        }
    }
    findings
}

/// Where a content filter gives mail back.
pub fn filter_return(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_filtering = files.has("content_filter", None) && files.is_set("content_filter", None);
    for service in files.running("smtpd") {
        let returns = service
            .own("content_filter")
            .is_some_and(|own| own.value.text.is_empty());
        let trusts = service.own("mynetworks").is_some()
            || service.own("smtpd_authorized_xforward_hosts").is_some();
        let port = files.public_port(service);
        if returns
            && trusts
            && port.is_some_and(|port| ![25, 465, 587].contains(&port))
            && service
                .own("mynetworks")
                .is_none_or(|own| !own.value.text.starts_with("127."))
        {
            let message = "mail comes back from the filter here, and others than this host can connect: they get past the filter";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "filter-return",
                        files.field(service, 0),
                        message,
                    )
                    .certainty(Certainty::Likely)
                    .help("write the address before the port: `127.0.0.1:10025`"),
            );
        }
        let looks_like_one = trusts && port.is_none() && service.kind() == "inet";
        if is_filtering && looks_like_one && !returns {
            let message = "mail comes back from the filter here, and `content_filter` of main.cf sends it there again, without end";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "filter-return",
                        files.field(service, 0),
                        message,
                    )
                    .certainty(Certainty::Likely)
                    .help("add `-o content_filter=`"),
            );
        }
    }
    findings
}
