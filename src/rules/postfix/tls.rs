//! TLS of smtpd(8) and smtp(8). Must not know what it protects.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Service, without};
use crate::text::{Edit, Place};

const CERTIFICATES: [&str; 4] = [
    "smtpd_tls_chain_files",
    "smtpd_tls_cert_file",
    "smtpd_tls_dcert_file",
    "smtpd_tls_eccert_file",
];

/// The level that a service of smtpd has in the end.
fn level(files: &Files<'_>, service: Option<&Service>) -> Option<&'static str> {
    if files.is("smtpd_tls_wrappermode", "yes", service) {
        return Some("encrypt");
    }
    match files
        .text("smtpd_tls_security_level", service)?
        .to_ascii_lowercase()
        .as_str()
    {
        "" if files.is("smtpd_enforce_tls", "yes", service) => Some("encrypt"),
        "" if files.is("smtpd_use_tls", "yes", service) => Some("may"),
        "may" => Some("may"),
        "encrypt" | "verify" | "secure" | "fingerprint" => Some("encrypt"),
        _ => Some("none"),
    }
}

fn has_certificate(files: &Files<'_>, service: Option<&Service>) -> Option<bool> {
    let mut has = false;
    for name in CERTIFICATES {
        has |= !files.text(name, service)?.is_empty();
    }
    Some(has)
}

/// TLS without a certificate.
pub fn no_certificate(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.scopes("smtpd") {
        if level(files, service).is_none_or(|level| level == "none")
            || has_certificate(files, service) != Some(false)
        {
            continue;
        }
        let is_wrapped = files.is("smtpd_tls_wrappermode", "yes", service);
        let name = if is_wrapped {
            "smtpd_tls_wrappermode"
        } else {
            "smtpd_tls_security_level"
        };
        let effect = if is_wrapped {
            "nobody can connect"
        } else {
            "STARTTLS is not offered"
        };
        let message = format!("TLS is switched on and there is no certificate: {effect}");
        let place = files
            .place(name, service)
            .or_else(|| files.place("smtpd_use_tls", service));
        findings.push(
            files
                .finding(Severity::Error, "tls-without-certificate", place, message)
                .help(
                    "set `smtpd_tls_chain_files` to a file with the key and behind it the \
             certificates",
                ),
        );
    }
    findings
}

/// Key files behind the certificates that they belong to.
pub fn chain_order(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lists = files
        .sets()
        .into_iter()
        .filter(|set| set.name.ends_with("tls_chain_files"));
    for set in lists {
        let words = files.words(set.name, set.service);
        let is_key = |text: &str| {
            let lower = text.to_lowercase();
            let name = lower.rsplit('/').next().unwrap_or_default().to_owned();
            name.contains("key") || name.contains("priv")
        };
        let [first, second, ..] = words.as_slice() else {
            continue;
        };
        if is_key(&first.text) || !is_key(&second.text) {
            continue;
        }
        let message = format!(
            "`{}` stands before the key `{}`: each key comes first, then its \
             certificates, or TLS stays off",
            first.text, second.text
        );
        let finding = files
            .finding(
                Severity::Warning,
                "certificate-before-key",
                first.origin.clone(),
                message,
            )
            .certainty(Certainty::Likely)
            .help("write the key file first");
        let written =
            |place: &crate::text::Place, text: &str| place.source.slice(place.span) == text;
        findings.push(match (&first.origin, &second.origin) {
            (Some(a), Some(b))
                if words.len() == 2 && written(a, &first.text) && written(b, &second.text) =>
            {
                finding.unsafe_fix(vec![
                    Edit {
                        place: a.clone(),
                        text: second.text.clone(),
                    },
                    Edit {
                        place: b.clone(),
                        text: first.text.clone(),
                    },
                ])
            }
            _ => finding,
        });
    }
    findings
}

/// TLS demanded of every server that brings mail.
pub fn required_on_mx(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut services = files.running("smtpd");
    services.retain(|service| files.public_port(service) == Some(25) || service.kind() == "pass");
    for service in services {
        let service = Some(service);
        let is_wrapped = files.is("smtpd_tls_wrappermode", "yes", service);
        if level(files, service) != Some("encrypt") || is_wrapped || only_users(files, service) {
            continue;
        }
        let message = "port 25 takes no mail without TLS: servers that have none cannot bring \
             theirs, and RFC 3207 §4 forbids that for a public MX";
        findings.push(
            files
                .finding(
                    Severity::Error,
                    "tls-required-on-mx",
                    files.place("smtpd_tls_security_level", service),
                    message,
                )
                .certainty(Certainty::Likely)
                .help("write `may` here, and `encrypt` behind `-o` of the submission service")
                .unsafe_fix(files.set_to(
                    "smtpd_tls_security_level",
                    "may",
                    service.filter(|service| service.own("smtpd_tls_security_level").is_some()),
                )),
        );
    }
    findings
}

/// Whether a service serves nobody but users who log in, or nobody's domains at all.
fn only_users(files: &Files<'_>, service: Option<&Service>) -> bool {
    let ends = |name: &str| {
        files
            .words(name, service)
            .last()
            .is_some_and(|word| word.text.eq_ignore_ascii_case("reject"))
    };
    [
        "smtpd_client_restrictions",
        "smtpd_sender_restrictions",
        "smtpd_relay_restrictions",
        "smtpd_recipient_restrictions",
    ]
    .iter()
    .any(|name| ends(name))
        || files.is_empty("mydestination", None)
            && !files.has("virtual_mailbox_domains", None)
            && !files.has("relay_domains", None)
}

/// TLS from the first byte where clients begin in clear text.
pub fn wrapper(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.running("smtpd") {
        let port = files.endpoint(service).map(|(port, _)| port);
        let Some(port) = port.filter(|port| [25, 587, 2525].contains(port)) else {
            continue;
        };
        if !files.is("smtpd_tls_wrappermode", "yes", Some(service)) {
            continue;
        }
        let message = format!(
            "clients of port {port} begin in clear text and wait for a greeting, and \
             with `smtpd_tls_wrappermode = yes` this server waits for TLS: both hang"
        );
        findings.push(
            files
                .finding(
                    Severity::Error,
                    "implicit-tls-on-wrong-port",
                    files.place("smtpd_tls_wrappermode", Some(service)),
                    message,
                )
                .help("set it with `-o` for the service on port 465 alone"),
        );
    }
    findings
}

/// Protocols that are broken, and lists that leave out the new ones.
pub fn old_protocols(files: &Files<'_>) -> Vec<Finding> {
    const ALL: [&str; 6] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let mut findings = Vec::new();
    for set in files
        .sets()
        .into_iter()
        .filter(|set| set.name.ends_with("_protocols") && set.name.contains("tls_"))
    {
        let Some(text) = files.text(set.name, set.service) else {
            continue;
        };
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || ",:".contains(c))
            .filter(|word| !word.is_empty())
            .collect();
        let place = || Some(Place::new(set.source, set.value.place()));
        let index = |word: &str| ALL.iter().position(|name| name.eq_ignore_ascii_case(word));
        let least = words
            .iter()
            .find_map(|word| index(word.strip_prefix(">=")?))
            .unwrap_or(0);
        let positive: Vec<usize> = words.iter().filter_map(|word| index(word)).collect();
        let holds = |at: usize| {
            let is_out = words
                .iter()
                .any(|word| word.strip_prefix('!').and_then(index) == Some(at));
            at >= least && !is_out && (positive.is_empty() || positive.contains(&at))
        };
        let is_mandatory = set.name.contains("mandatory");
        // What OpenSSL itself no longer has does no harm by not being left out.
        let broken = if holds(1) {
            Some("SSLv3 (POODLE, CVE-2014-3566)")
        } else if is_mandatory && (holds(2) || holds(3)) {
            Some("TLS 1.0 or 1.1 (RFC 8996)")
        } else {
            None
        };
        let good = if files.dictionary.version.is_at_least(&[3, 6]) {
            ">=TLSv1.2"
        } else {
            "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"
        };
        if let Some(broken) = broken {
            let message = format!("`{}` admits {broken}", set.name);
            findings.push(
                files
                    .finding(Severity::Warning, "old-tls", place(), message)
                    .help(format!("write `{good}`"))
                    .unsafe_fix(vec![Edit {
                        place: Place::new(set.source, set.value.place()),
                        text: good.to_owned(),
                    }]),
            );
        } else if !positive.is_empty() && !holds(5) {
            let message = format!(
                "`{}` lists what is allowed, and leaves TLS 1.3 out",
                set.name
            );
            findings.push(
                files
                    .finding(Severity::Warning, "old-tls", place(), message)
                    .help(format!("write `{good}`"))
                    .unsafe_fix(vec![Edit {
                        place: Place::new(set.source, set.value.place()),
                        text: good.to_owned(),
                    }]),
            );
        }
    }
    findings
}

/// Weak ciphers, and lists that stay as they were written.
pub fn ciphers(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files.sets() {
        let name = set.name;
        if !name.ends_with("_ciphers") && !name.ends_with("_cipherlist") {
            continue;
        }
        let Some(text) = files.text(name, set.service) else {
            continue;
        };
        let place = Some(Place::new(set.source, set.value.place()));
        let grade = text.to_ascii_lowercase();
        if name.contains("tls_")
            && name.ends_with("_ciphers")
            && ["export", "low", "null"].contains(&grade.as_str())
        {
            let message = format!("`{name} = {text}` admits ciphers that can be broken");
            findings.push(
                files
                    .finding(Severity::Warning, "weak-ciphers", place, message)
                    .help("take it out: the default is `medium`")
                    .unsafe_fix(without(set.source, set.span, set.value)),
            );
        } else if name.starts_with("tls_")
            && name.ends_with("_cipherlist")
            && name != "tls_preempt_cipherlist"
        {
            let message = format!(
                "`{name}` stays as it was written, while Postfix and OpenSSL improve theirs"
            );
            findings.push(
                files
                    .finding(Severity::Note, "weak-ciphers", place, message)
                    .help("take it out, unless an audit asks for it")
                    .unsafe_fix(without(set.source, set.span, set.value))
                    .pedantic(),
            );
        }
    }
    findings
}

/// Certificates asked of everybody who brings mail.
pub fn asked_on_mx(files: &Files<'_>) -> Vec<Finding> {
    let services = files.running("smtpd").into_iter();
    services
        .filter(|service| {
            files.public_port(service) == Some(25)
                && files.is("smtpd_tls_ask_ccert", "yes", Some(service))
        })
        .map(|service| {
            let message = "every server that brings mail is asked for a certificate, and some hang \
             up at that";
            files
                .finding(
                    Severity::Note,
                    "certificate-asked-on-mx",
                    files.place("smtpd_tls_ask_ccert", Some(service)),
                    message,
                )
                .help("set it with `-o` for the service that needs it")
        })
        .collect()
}
