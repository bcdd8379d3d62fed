//! What a policy asks for and the generated files do not say, refused so that nothing is dropped
//! in silence. Must not know how the rest is rendered.

use crate::findings::Finding;
use crate::mta::refusal;
use crate::policy::{ListenerTls, Policy, Role, TlsProfile};
use crate::text::Place;

/// One finding for each thing that is asked for and not rendered.
pub fn refusals(policy: &Policy) -> Vec<Finding> {
    let facts = &policy.facts;
    let mut all = Vec::new();
    let mut refuse = |origin, what, key| all.extend(refused(origin, what, key));
    for domain in &facts.virtual_domains {
        refuse(domain.origin.as_ref(), "a virtual domain", "domains");
    }
    for domain in &facts.relay_domains {
        refuse(domain.origin.as_ref(), "a relay domain", "domains");
    }
    for list in &facts.dnsbl {
        refuse(list.origin.as_ref(), "a DNS list", "dnsbl");
    }
    for milter in &facts.milters {
        refuse(milter.origin.as_ref(), "a milter", "milters");
    }
    let limits = &facts.limits;
    let origins = [
        (
            facts.banner.as_ref().map(|s| &s.origin),
            "a banner",
            "banner",
        ),
        (
            facts.aliases.as_ref().map(|s| &s.origin),
            "a list of aliases",
            "aliases",
        ),
        (
            facts.smarthost.as_ref().map(|s| &s.origin),
            "a smarthost",
            "relay.smarthost",
        ),
        (
            facts.dkim.as_ref().map(|s| &s.origin),
            "a DKIM signature",
            "dkim",
        ),
        (
            facts.spam_filter.as_ref().map(|s| &s.origin),
            "a spam filter",
            "spam_filter",
        ),
        (
            facts.tables.as_ref().map(|s| &s.origin),
            "a kind of table",
            "surroundings.tables",
        ),
        (
            limits.message_size.as_ref().map(|s| &s.origin),
            "a limit",
            "limits.message_size",
        ),
        (
            limits.recipients.as_ref().map(|s| &s.origin),
            "a limit",
            "limits.recipients",
        ),
        (
            limits.connections.as_ref().map(|s| &s.origin),
            "a limit",
            "limits.connections",
        ),
        (
            limits.connections_per_client.as_ref().map(|s| &s.origin),
            "a limit",
            "limits.connections_per_client",
        ),
        (
            limits.connection_rate.as_ref().map(|s| &s.origin),
            "a limit",
            "limits.connection_rate",
        ),
    ];
    for (origin, what, key) in origins {
        refuse(origin.and_then(Option::as_ref), what, key);
    }
    all.extend(sessions(policy));
    all
}

fn refused(origin: Option<&Place>, what: &str, key: &str) -> Option<Finding> {
    refusal(
        origin,
        format!("Sendmail: {what} is not generated yet, since it was not tried on the daemon"),
        format!("leave `{key}` out, or generate for another server"),
    )
}

fn sessions(policy: &Policy) -> Vec<Finding> {
    let facts = &policy.facts;
    let mut all = Vec::new();
    let mut refuse = |origin, what, key| all.extend(refused(origin, what, key));
    if let Some(auth) = &facts.auth {
        let usual = auth.value.backend == crate::policy::AuthBackend::CyrusSaslauthd
            && auth.value.mechanisms.len() == 2;
        if !usual {
            refuse(
                auth.origin.as_ref(),
                "AUTH but by saslauthd with PLAIN and LOGIN",
                "auth",
            );
        }
    }
    for listener in &policy.listeners {
        let origin = listener.origin.as_ref();
        if !listener.addresses.is_empty() {
            refuse(origin, "a listener's address", "address");
        }
        if listener.role == Role::Mx && listener.auth {
            refuse(origin, "AUTH on an mx listener", "auth");
        }
        if listener.tls == ListenerTls::No && facts.certificate.is_some() {
            refuse(origin, "a listener without TLS beside a certificate", "tls");
        }
        if listener.profile == Some(TlsProfile::Modern) {
            refuse(origin, "the TLS profile `modern`", "tls");
        }
    }
    all
}
