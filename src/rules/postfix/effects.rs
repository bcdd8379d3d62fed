//! Settings that do nothing beside others, and those that were left from a search for a fault.
//! Must not know what they would do.

use std::net::IpAddr;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Parameter, Service, Set, options, without};
use crate::text::Place;

fn at(set: &Set<'_>) -> Place {
    Place::new(set.source, set.span)
}

/// Settings that another one takes the effect of.
pub fn without_effect(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files.sets() {
        if let Some((severity, why, help)) = why(files, &set) {
            let message = format!("`{}` does nothing: {why}", set.name);
            findings.push(
                files
                    .finding(severity, "setting-without-effect", Some(at(&set)), message)
                    .help(help)
                    .safe_fix(if help == "take it out" {
                        without(set.source, set.span, set.value)
                    } else {
                        Vec::new()
                    }),
            );
        }
    }
    for service in files.dictionary.services() {
        let disabled = files.words("master_service_disable", None);
        if let Some(word) = disabled
            .iter()
            .find(|word| word.text == service.kind() || word.text == service.scope())
        {
            let message = format!(
                "`{}` does not run: `master_service_disable` names it",
                service.scope()
            );
            let mut finding = files
                .finding(
                    Severity::Note,
                    "setting-without-effect",
                    files.field(service, 0),
                    message,
                )
                .help("take one of the two out");
            if let Some(place) = &word.origin {
                finding = finding.and(place.clone(), "disabled here");
            }
            findings.push(finding);
        }
    }
    findings
}

/// Of what delivers local mail the first that is set does it (local(8), "DELIVERY METHOD
/// CONTROLS").
const WAYS: [&str; 4] = [
    "mailbox_transport",
    "mailbox_command",
    "home_mailbox",
    "mail_spool_directory",
];

fn why(files: &Files<'_>, set: &Set<'_>) -> Option<(Severity, String, &'static str)> {
    let service = set.service;
    let has = |name: &str| files.has(name, service) && files.is_set(name, service);
    if let Some(rank) = WAYS
        .iter()
        .position(|way| *way == set.name)
        .filter(|_| !set.value.text.is_empty())
    {
        let before = WAYS[..rank].iter().find(|way| has(way))?;
        return Some((
            Severity::Note,
            format!("`{before}` comes first"),
            "keep the one that is meant",
        ));
    }
    match set.name {
        "mynetworks_style" if files.is_set("mynetworks", service) => Some((
            Severity::Note,
            "`mynetworks` is set, and that counts".into(),
            "take it out",
        )),
        "smtpd_tls_cert_file"
        | "smtpd_tls_key_file"
        | "smtpd_tls_eccert_file"
        | "smtpd_tls_eckey_file"
        | "smtpd_tls_dcert_file"
        | "smtpd_tls_dkey_file"
            if has("smtpd_tls_chain_files") && service.is_none() && !set.value.text.is_empty() =>
        {
            Some((
                Severity::Warning,
                "`smtpd_tls_chain_files` is set, and that counts".into(),
                "take it out",
            ))
        }
        "smtpd_tls_cert_file" | "smtpd_tls_chain_files" if service.is_none() => {
            let is_off = |service| {
                files
                    .text("smtpd_tls_security_level", service)
                    .is_some_and(|level| level.is_empty())
                    && files.is("smtpd_use_tls", "no", service)
                    && files.is("smtpd_enforce_tls", "no", service)
                    && files.is("smtpd_tls_wrappermode", "no", service)
            };
            let scopes = files.scopes("smtpd");
            (!scopes.is_empty() && scopes.into_iter().all(is_off) && !set.value.text.is_empty())
                .then(|| {
                    (
                        Severity::Warning,
                        "no `smtpd_tls_security_level` switches TLS on".into(),
                        "set `smtpd_tls_security_level = may`",
                    )
                })
        }
        "smtpd_tls_req_ccert" if files.is(set.name, "yes", service) => {
            let optional = |service| {
                files
                    .text("smtpd_tls_security_level", service)
                    .is_some_and(|level| {
                        ["", "may", "none"].contains(&level.to_ascii_lowercase().as_str())
                    })
                    && files.is("smtpd_enforce_tls", "no", service)
                    && files.is("smtpd_tls_wrappermode", "no", service)
            };
            let scopes = if service.is_some() {
                vec![service]
            } else {
                files.scopes("smtpd")
            };
            (!scopes.is_empty() && scopes.into_iter().all(optional)).then(|| {
                (
                    Severity::Warning,
                    "a certificate can be demanded only where TLS is".into(),
                    "set `smtpd_tls_security_level = encrypt` for the service",
                )
            })
        }
        _ => unused_class(files, set),
    }
}

/// A restriction class that nobody names.
fn unused_class(files: &Files<'_>, set: &Set<'_>) -> Option<(Severity, String, &'static str)> {
    let name = set.name;
    let is_class = files.dictionary.classes(set.service).contains(name);
    let is_asked = || {
        let names = |text: &str| {
            text.split(|c: char| c.is_whitespace() || ",${}".contains(c))
                .any(|word| word == name)
        };
        let sets = files.sets();
        sets.iter().any(|other| {
            other.name != name
                && other.name != "smtpd_restriction_classes"
                && names(&other.value.text)
        })
    };
    // A table may name it too.
    let has_tables = || {
        files
            .sets()
            .iter()
            .any(|other| other.value.text.contains("_access"))
    };
    (is_class && !has_tables() && !is_asked()).then(|| {
        (
            Severity::Note,
            "no list names this restriction class".into(),
            "take it out, or use it",
        )
    })
}

/// What helps to find a fault, and harms afterwards.
pub fn debugging(files: &Files<'_>) -> Vec<Finding> {
    // Only of these the value is asked for.
    const NAMES: [&str; 7] = [
        "soft_bounce",
        "debug_peer_list",
        "smtpd_tls_loglevel",
        "smtp_tls_loglevel",
        "lmtp_tls_loglevel",
        "smtpd_error_sleep_time",
        "in_flow_delay",
    ];
    // A filter that gives mail back is no stranger who tries out addresses.
    let is_own = |service: Option<&Service>| {
        let endpoint = service.and_then(|service| files.endpoint(service));
        endpoint.is_some_and(|(_, own)| !own.is_empty() && own.iter().all(IpAddr::is_loopback))
    };
    let mut findings = Vec::new();
    for set in files.sets() {
        if !NAMES.contains(&set.name) {
            continue;
        }
        let text = files.text(set.name, set.service).unwrap_or_default();
        let is_loud = text.parse::<u32>().is_ok_and(|level| level > 1);
        let (severity, why) = match set.name {
            "soft_bounce" if text.eq_ignore_ascii_case("yes") => (
                Severity::Warning,
                "no mail ever comes back: what is refused for good is tried again and \
             again, until it has waited for `maximal_queue_lifetime`",
            ),
            "debug_peer_list" if !text.is_empty() => (
                Severity::Note,
                "every session with these hosts fills the log",
            ),
            "smtpd_tls_loglevel" | "smtp_tls_loglevel" | "lmtp_tls_loglevel" if is_loud => (
                Severity::Note,
                "levels above 1 fill the log, and are for the search for a fault alone",
            ),
            "smtpd_error_sleep_time"
                if matches!(text.as_str(), "0" | "0s") && !is_own(set.service) =>
            {
                (
                    Severity::Note,
                    "clients that make mistakes, such as those who try out addresses, are not \
             slowed down",
                )
            }
            "in_flow_delay" if text == "0" || text == "0s" => (
                Severity::Note,
                "mail may come in faster than it goes out, until the disk is full",
            ),
            _ => continue,
        };
        let message = format!("`{} = {text}`: {why}", set.name);
        findings.push(
            files
                .finding(severity, "debug-left", Some(at(&set)), message)
                .help("take it out when the fault is found")
                .unsafe_fix(without(set.source, set.span, set.value)),
        );
    }
    for service in files.services() {
        let arguments = &service.fields[8..];
        let end = arguments.len() - options(arguments).1.len();
        let verbose = arguments[..end]
            .iter()
            .find(|argument| ["-v", "-vv", "-vvv", "-D"].contains(&argument.text.as_str()));
        if let Some(argument) = verbose {
            let place = files
                .master
                .as_ref()
                .map(|master| Place::new(master, argument.place()));
            let message = format!(
                "`{}` fills the log with all that it does, passwords among it",
                service.scope()
            );
            findings.push(
                files
                    .finding(Severity::Note, "debug-left", place, message)
                    .help(format!("take `{}` out", argument.text)),
            );
        }
    }
    findings
}

/// References in values that are left to the program that uses them.
pub fn unexpanded(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files.sets() {
        let is_raw = files
            .dictionary
            .parameter(set.name)
            .is_some_and(Parameter::is_raw);
        let names = [
            "mydomain",
            "myorigin",
            "mynetworks",
            "mydestination",
            "queue_directory",
            "config_directory",
            "data_directory",
        ];
        for name in names.iter().filter(|_| is_raw) {
            let written = [format!("${name}"), format!("${{{name}}}")];
            let Some((at, text)) = written
                .iter()
                .find_map(|text| Some((set.value.text.find(text)?, text)))
            else {
                continue;
            };
            let place = Place::new(set.source, set.value.span(at..at + text.len()));
            let message = format!(
                "`{text}` is not replaced in `{}`, which has names of its own",
                set.name
            );
            findings.push(
                files
                    .finding(Severity::Note, "unexpanded-reference", Some(place), message)
                    .help("write the value itself; postconf(5) lists the names"),
            );
        }
    }
    findings
}

/// Holes through which a message can smuggle another one in (CVE-2023-51764).
pub fn smuggling(files: &Files<'_>) -> Vec<Finding> {
    const BARE: &str = "smtpd_forbid_bare_newline";
    let mut findings = Vec::new();
    let version = files.dictionary.version;
    let main_only = || files.main.is_some().then_some(());
    if main_only().is_none() {
        return findings;
    }
    let advice = "set `smtpd_forbid_bare_newline = normalize` and \
             `smtpd_forbid_bare_newline_exclusions = $mynetworks`";
    let why = "strangers can put a second mail, from whom they like, into one that this \
             server takes (SMTP smuggling, CVE-2023-51764)";
    let can_normalize = version.has("3.9,3.5.24,3.6.14,3.7.10,3.8.5");
    let knows = version.has("3.9,3.5.23,3.6.13,3.7.9,3.8.4");
    let place = files.place(BARE, None);
    if files.is(BARE, "no", None) && knows {
        let severity = if place.is_some() || !version.is_at_least(&[3, 9]) {
            Severity::Warning
        } else {
            Severity::Note
        };
        let help = if can_normalize {
            advice
        } else {
            "set `smtpd_forbid_bare_newline = yes` and \
             `smtpd_forbid_bare_newline_exclusions = $mynetworks`"
        };
        // Where nobody from outside can connect there is nothing to smuggle.
        let is_public = files.master.is_none()
            || files
                .services()
                .iter()
                .any(|service| files.public_port(service).is_some());
        if is_public && !files.is("inet_interfaces", "loopback-only", None) {
            findings.push(
                files
                    .finding(
                        severity,
                        "smtp-smuggling",
                        place,
                        format!("a line end without a carriage return is taken as one: {why}"),
                    )
                    .help(help),
            );
        }
    } else if !knows {
        let words = files.words("smtpd_data_restrictions", None);
        let guards = words
            .iter()
            .any(|word| word.text == "reject_unauth_pipelining")
            || files.is("smtpd_forbid_unauth_pipelining", "yes", None);
        let discards = files
            .text("smtpd_discard_ehlo_keywords", None)
            .is_some_and(|text| text.to_lowercase().contains("chunking"));
        if !(guards && discards) {
            let message = format!("this version of Postfix knows no `{BARE}`: {why}");
            findings.push(
                files
                    .finding(Severity::Warning, "smtp-smuggling", None, message)
                    .help(
                        "update Postfix; until then set `smtpd_data_restrictions = \
             reject_unauth_pipelining` and `smtpd_discard_ehlo_keywords = chunking, \
             silent-discard`",
                    ),
            );
        }
    }
    for set in files.sets().into_iter().filter(|set| {
        set.name == "cleanup_replace_stray_cr_lf" && files.is(set.name, "no", set.service)
    }) {
        let message = "single carriage returns and line ends of mail go out as they came: other \
             servers can be made to see a second mail there";
        findings.push(
            files
                .finding(Severity::Warning, "smtp-smuggling", Some(at(&set)), message)
                .certainty(Certainty::Likely)
                .help("take it out"),
        );
    }
    findings
}
