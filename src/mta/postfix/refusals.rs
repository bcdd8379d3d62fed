//! What Postfix cannot do, or was not tried with. Must not know how the rest is rendered.

use super::listeners;
use crate::findings::Finding;
use crate::mta::{Version, refusal};
use crate::policy::{AuthBackend, ClientMechanism, Facts, Host, Policy, SmarthostTls};

/// One finding for each thing that is asked for and cannot be.
pub fn refusals(policy: &Policy, version: Version) -> Vec<Finding> {
    let facts = &policy.facts;
    let mut all = Vec::new();
    all.extend(auth(facts, version));
    all.extend(smarthost(facts));
    if let Some(dkim) = &facts.dkim
        && dkim.value.socket.is_none()
    {
        all.extend(refusal(
            dkim.origin.as_ref(),
            "Postfix signs through a milter, and `socket` does not say where one listens",
            "run OpenDKIM, and add `socket: \"inet:127.0.0.1:8891\"`",
        ));
    }
    if let Some(limit) = &facts.limits.connections {
        let services = u64::try_from(listeners::count(policy)).unwrap_or(u64::MAX);
        if limit.value < services {
            all.extend(refusal(
                limit.origin.as_ref(),
                format!("Postfix counts connections for each listener, and {services} of them cannot share {} connections", limit.value),
                format!("write at least {services}"),
            ));
        }
    }
    all.extend(counts(policy));
    all
}

/// anvil(8) keeps its counts by service and client: with N as the limit, a client of two listeners
/// has 2 N connections.
fn counts(policy: &Policy) -> Vec<Finding> {
    let services = listeners::count(policy);
    if services < 2 {
        return Vec::new();
    }
    let limits = &policy.facts.limits;
    [
        ("connections_per_client", &limits.connections_per_client),
        ("connection_rate", &limits.connection_rate),
    ]
    .into_iter()
    .filter_map(|(key, limit)| {
        refusal(
            limit.as_ref()?.origin.as_ref(),
            format!("Postfix counts a client's connections for each listener by itself, so that `{key}` would hold {services} times over"),
            format!("leave `{key}` out, or serve one port, on one address or on all"),
        )
    })
    .collect()
}

fn auth(facts: &Facts, version: Version) -> Option<Finding> {
    let auth = facts.auth.as_ref()?;
    let origin = auth.origin.as_ref();
    match &auth.value.backend {
        AuthBackend::File(_) => refusal(
            origin,
            "Postfix checks no passwords by itself, so that a file of hashes is of no use to it",
            "write `auth: cyrus`, or let Dovecot read the file: `backend: dovecot`",
        ),
        // The command filter refuses the others, but smtpd_sasl_mechanism_filter, by which they
        // are not even offered, came with 3.6.
        AuthBackend::Dovecot(_)
            if auth.value.mechanisms.len() < 2 && !version.is_at_least(&[3, 6]) =>
        {
            refusal(
                origin,
                format!(
                    "Postfix {version} offers every mechanism that Dovecot has: it chooses among them from 3.6 on"
                ),
                "leave `mechanisms` out, and name them in Dovecot: `auth_mechanisms`",
            )
        }
        _ => None,
    }
}

fn smarthost(facts: &Facts) -> Vec<Finding> {
    let Some(smarthost) = &facts.smarthost else {
        return Vec::new();
    };
    let origin = smarthost.origin.as_ref();
    let mut all = Vec::new();
    if let (Host::Address(address), SmarthostTls::Required | SmarthostTls::Wrapped) =
        (&smarthost.value.host, smarthost.value.tls)
    {
        all.extend(refusal(
            origin,
            format!(
                "Postfix looks for a name in the smarthost's certificate, and {address} is none"
            ),
            "write the host's name",
        ));
    }
    if let Some((_, ClientMechanism::Xoauth2)) = &smarthost.value.credentials {
        all.extend(refusal(
            origin,
            "Postfix needs a plug-in of Cyrus SASL for XOAUTH2, which was not tried",
            "take a provider, or a way to it, with passwords or known addresses",
        ));
    }
    all
}
