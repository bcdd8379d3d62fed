//! TLS of smtp(8), towards other servers. Must not know whose mail it protects.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::Files;

/// Outgoing mail: no TLS, or too much of it.
pub fn outbound(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if files.main.is_none() {
        return findings;
    }
    let place = files.value_place("smtp_tls_security_level", None);
    let is_old = !files.is("smtp_use_tls", "no", None) || !files.is("smtp_enforce_tls", "no", None);
    match files.text("smtp_tls_security_level", None).as_deref() {
        Some("none") => {
            let message = "mail leaves this server in clear text, for everybody on the way to read";
            findings.push(
                files
                    .finding(Severity::Warning, "no-outbound-tls", place, message)
                    .help("write `smtp_tls_security_level = may`")
                    .unsafe_fix(files.set_to("smtp_tls_security_level", "may", None)),
            );
        }
        Some("") if !is_old && files.place("smtp_tls_security_level", None).is_some() => {
            let place = files.place("smtp_tls_security_level", None);
            let message = "mail leaves this server in clear text, for everybody on the way to read";
            findings.push(
                files
                    .finding(Severity::Warning, "no-outbound-tls", place, message)
                    .help("write `smtp_tls_security_level = may`")
                    .unsafe_fix(files.set_to("smtp_tls_security_level", "may", None)),
            );
        }
        Some("") if !is_old && files.is_set("smtpd_tls_security_level", None) => {
            let message = "TLS is offered to others, and not used for mail that leaves this server: \
             `smtp_tls_security_level` is not set";
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "no-outbound-tls",
                        files.place("smtpd_tls_security_level", None),
                        message,
                    )
                    .help("add `smtp_tls_security_level = may`")
                    .unsafe_fix(files.set_to("smtp_tls_security_level", "may", None)),
            );
        }
        Some(level @ ("encrypt" | "verify" | "secure" | "dane-only" | "fingerprint"))
            if files.is_empty("relayhost", None) =>
        {
            let message = format!(
                "`{level}` holds for every domain in the world: mail for those whose \
             server has no such TLS stays in the queue and comes back"
            );
            findings.push(
                files
                    .finding(Severity::Warning, "strict-outbound-tls", place, message)
                    .certainty(Certainty::Likely)
                    .help(
                        "write `may` or `dane`, and the strict level for single domains in \
             `smtp_tls_policy_maps`",
                    ),
            );
        }
        _ => {}
    }
    findings
}

/// What a level needs and does not have.
pub fn client_needs(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.scopes("smtp") {
        let Some(level) = files
            .text("smtp_tls_security_level", service)
            .map(|level| level.to_ascii_lowercase())
        else {
            continue;
        };
        let place = || {
            files
                .value_place("smtp_tls_security_level", service)
                .or_else(|| files.place("smtp_tls_wrappermode", service))
        };
        if level.starts_with("dane") && !files.is("smtp_dns_support_level", "dnssec", service) {
            let message = format!(
                "`{level}` asks the DNS for signed answers, and `smtp_dns_support_level` \
             is not `dnssec`: no server is checked"
            );
            findings.push(
                files
                    .finding(Severity::Error, "dane-without-dnssec", place(), message)
                    .help(
                        "set `smtp_dns_support_level = dnssec`, and use a resolver of this host \
             that validates",
                    )
                    .unsafe_fix(files.set_to("smtp_dns_support_level", "dnssec", None)),
            );
        }
        let is_named = ["smtp_tls_CAfile", "smtp_tls_CApath"]
            .iter()
            .any(|name| files.has(name, service))
            || files.is("tls_append_default_CA", "yes", service);
        if ["verify", "secure"].contains(&level.as_str()) && !is_named && files.main.is_some() {
            let message = format!(
                "`{level}` needs authorities to trust, and there are none: no server \
             passes, and mail stays in the queue"
            );
            findings.push(
                files
                    .finding(Severity::Error, "no-trusted-authorities", place(), message)
                    .certainty(Certainty::Likely)
                    .help("set `smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt`"),
            );
        }
        let is_wrapped = files.is("smtp_tls_wrappermode", "yes", service);
        if is_wrapped && ["", "none", "may"].contains(&level.as_str()) {
            let message = "`smtp_tls_wrappermode = yes` needs `smtp_tls_security_level = encrypt` \
             or more: no mail is delivered";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "wrapper-mode-without-tls",
                        files.place("smtp_tls_wrappermode", service),
                        message,
                    )
                    .help("set `smtp_tls_security_level = encrypt`")
                    .unsafe_fix(files.set_to(
                        "smtp_tls_security_level",
                        "encrypt",
                        service.filter(|service| service.own("smtp_tls_wrappermode").is_some()),
                    )),
            );
        }
        let relayhost = files.text("relayhost", service).unwrap_or_default();
        let transport = files.text("default_transport", None).unwrap_or_default();
        let transport = transport.split(':').next().unwrap_or_default();
        let is_465 = relayhost.split([',', ' ']).any(|host| {
            [":465", ":smtps", ":submissions"]
                .iter()
                .any(|end| host.ends_with(end))
        });
        if is_465 && !is_wrapped && service.map_or("smtp", |service| service.name()) == transport {
            let message = "a server on port 465 waits for TLS, and without `smtp_tls_wrappermode = \
             yes` this one waits for a greeting: no mail gets out";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "smarthost-without-implicit-tls",
                        files.value_place("relayhost", service),
                        message,
                    )
                    .help(
                        "use port 587, or set `smtp_tls_wrappermode = yes` and \
             `smtp_tls_security_level = encrypt`",
                    ),
            );
        }
    }
    findings
}

/// Fingerprints by a hash that is broken.
pub fn fingerprints(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for side in ["smtpd", "smtp", "lmtp"] {
        let name = format!("{side}_tls_fingerprint_digest");
        let Some(digest) = files
            .text(&name, None)
            .filter(|digest| digest.eq_ignore_ascii_case("md5"))
        else {
            continue;
        };
        let is_used = match side {
            "smtpd" => files.has("relay_clientcerts", None),
            _ => {
                files.is(&format!("{side}_tls_security_level"), "fingerprint", None)
                    || files.has(&format!("{side}_tls_fingerprint_cert_match"), None)
            }
        };
        if !is_used && files.place(&name, None).is_none() {
            continue;
        }
        let message = format!(
            "certificates are told apart by `{digest}`, for which others with the \
             same fingerprint can be made"
        );
        let place = files
            .value_place(&name, None)
            .or_else(|| files.place("relay_clientcerts", None))
            .or_else(|| files.place(&format!("{side}_tls_fingerprint_cert_match"), None));
        findings.push(
            files
                .finding(Severity::Warning, "md5-fingerprint", place, message)
                .help(format!(
                    "set `{name} = sha256`, and write the fingerprints anew"
                )),
        );
    }
    findings
}
