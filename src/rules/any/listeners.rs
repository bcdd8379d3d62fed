//! Listeners that do not serve whom their port is for.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::Gap;
use crate::policy::{InClear, Listener, ListenerTls, Mechanism, Role};
use crate::rules::judged::Judged;

/// Whether somebody outside of the host can call.
fn is_public(listener: &Listener) -> bool {
    listener.dead.is_none()
        && (listener.addresses.is_empty()
            || listener.addresses.iter().any(|own| !own.is_loopback()))
}

/// What is wrong with a listener as a whole.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let listeners = &judged.lifted.policy.listeners;
    let found = listeners.iter().flat_map(|one| listener(one, judged));
    found.collect()
}

fn listener(listener: &Listener, judged: &Judged<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let origin = listener.origin.as_ref();
    let port = listener.port;
    if let Some((why, place)) = &listener.dead {
        findings.push(judged.finding(
            Severity::Error,
            "dead-service",
            place.as_ref().or(origin),
            format!("nothing answers on port {port}: {why}"),
        ));
        return findings;
    }
    if !is_public(listener) {
        return findings;
    }
    let shows_passwords = listener
        .mechanisms
        .iter()
        .any(|one| *one != Mechanism::Anonymous);
    if listener.auth_in_clear == InClear::Yes && shows_passwords {
        let message =
            format!("port {port} offers AUTH outside of TLS: passwords can be read on the way");
        // A file that was not read may say that it is offered inside alone.
        let is_whole = !judged.lifted.gaps.iter().any(Gap::is_unread_file);
        let (severity, certainty) = if is_whole {
            (Severity::Warning, Certainty::Proved)
        } else {
            (Severity::Note, Certainty::Likely)
        };
        findings.push(
            judged
                .finding(severity, "auth-without-tls", origin, message)
                .certainty(certainty)
                .help("offer AUTH inside TLS alone (RFC 8314 §4.1)"),
        );
    }
    if listener.role != Role::Mx && !listener.offers_auth() {
        findings.push(
            judged
                .finding(
                    Severity::Warning,
                    "submission-without-auth",
                    origin,
                    format!(
                        "port {port} is for submission and offers no AUTH: users cannot log in"
                    ),
                )
                .help("offer AUTH here, or close the port (RFC 6409 §4.3)"),
        );
    }
    if port == 465 && listener.tls != ListenerTls::Implicit {
        findings.push(
            judged.finding(
                Severity::Error,
                "no-implicit-tls",
                origin,
                "clients speak TLS from the first byte on port 465, and this listener does not: \
                 no session comes about",
            )
            .help("begin with TLS here (RFC 8314 §3.3), or use port 587 for STARTTLS"),
        );
    }
    findings
}
