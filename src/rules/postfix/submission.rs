//! Services for users, and those that filters give mail back to. Must not know what the programs need.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Service};

/// Submission that does not demand TLS.
fn without_tls(files: &Files<'_>, service: &Service, port: u16) -> Option<Finding> {
    let own = Some(service);
    let is_wrapped = files.is("smtpd_tls_wrappermode", "yes", own);
    let level = files
        .text("smtpd_tls_security_level", own)
        .map(|level| level.to_ascii_lowercase());
    let is_optional = level
        .as_deref()
        .is_some_and(|level| ["", "may", "none"].contains(&level))
        && !files.is("smtpd_enforce_tls", "yes", own);
    if !is_wrapped && is_optional && port != 465 && files.is("smtpd_sasl_auth_enable", "yes", own) {
        let place = files
            .place("smtpd_tls_security_level", own)
            .filter(|place| {
                files
                    .master
                    .as_ref()
                    .is_some_and(|master| master.name() == place.source.name())
            });
        let message = format!(
            "users send through port {port} without TLS if their program is set so, \
             or if somebody on the way takes the offer out: mail and, without \
             `smtpd_tls_auth_only`, passwords can be read"
        );
        return Some(
            files
                .finding(
                    Severity::Error,
                    "submission-without-tls",
                    place.or_else(|| files.field(service, 0)),
                    message,
                )
                .help("add `-o smtpd_tls_security_level=encrypt`")
                .unsafe_fix(files.set_to("smtpd_tls_security_level", "encrypt", own)),
        );
    }
    None
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
        findings.extend(without_tls(files, service, port));
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
                "port {port} is for users, and takes mail for this server's own domains \
             from anybody, without a login"
            );
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "open-submission",
                        files.field(service, 0),
                        message,
                    )
                    .help("add `-o smtpd_client_restrictions=permit_sasl_authenticated,reject`")
                    .unsafe_fix(files.set_to(
                        "smtpd_client_restrictions",
                        "permit_sasl_authenticated,reject",
                        own,
                    )),
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
                "hosts of `mynetworks` relay through port {port} without a login, as on \
             port 25"
            );
            findings.push(
                files
                    .finding(
                        Severity::Note,
                        "submission-without-login",
                        files.field(service, 0),
                        message,
                    )
                    .help("add `-o smtpd_relay_restrictions=permit_sasl_authenticated,reject`")
                    .unsafe_fix(files.set_to(
                        "smtpd_relay_restrictions",
                        "permit_sasl_authenticated,reject",
                        own,
                    )),
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
        let told = |message: &str| {
            let place = files.field(service, 0);
            files
                .finding(Severity::Error, "filter-return", place, message)
                .certainty(Certainty::Likely)
        };
        if returns
            && trusts
            && port.is_some_and(|port| ![25, 465, 587].contains(&port))
            && service
                .own("mynetworks")
                .is_none_or(|own| !own.value.text.starts_with("127."))
        {
            let message = "mail comes back from the filter here, and others than this host can \
             connect: they get past the filter";
            findings
                .push(told(message).help("write the address before the port: `127.0.0.1:10025`"));
        }
        let looks_like_one = trusts && port.is_none() && service.kind() == "inet";
        if is_filtering && looks_like_one && !returns {
            let message = "mail comes back from the filter here, and `content_filter` of main.cf \
             sends it there again, without end";
            findings.push(told(message).help("add `-o content_filter=`"));
        }
    }
    findings
}
