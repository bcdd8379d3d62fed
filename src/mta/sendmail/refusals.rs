//! What Sendmail cannot do, or was not tried with. Must not know how the rest is rendered.

use crate::findings::Finding;
use crate::mta::{Version, refusal};
use crate::policy::{
    AuthBackend, ClientMechanism, Facts, Host, ListenerTls, Policy, SmarthostTls, Store, Tables,
    TlsProfile,
};
use crate::text::Place;

/// One finding for each thing that is asked for and cannot be.
pub fn refusals(policy: &Policy, version: Version) -> Vec<Finding> {
    let facts = &policy.facts;
    let mut all = Vec::new();
    all.extend(auth(facts));
    all.extend(smarthost(facts, version));
    all.extend(profiles(policy, version));
    for list in &facts.dnsbl {
        if !version.is_at_least(&[8, 16]) {
            all.extend(refusal(
                list.origin.as_ref(),
                format!("Sendmail {version} does not find IPv6 clients on a DNS list"),
                "leave `dnsbl` out, or generate for 8.16 or newer",
            ));
        }
    }
    for domain in &facts.virtual_domains {
        if let Store::Maildir { .. } = domain.value.store {
            all.extend(refusal(
                domain.origin.as_ref(),
                "Sendmail writes no maildirs by itself",
                "let Dovecot write them, and hand it the mail: `to: lmtp:/run/dovecot/lmtp`",
            ));
        }
    }
    if let Some(dkim) = &facts.dkim
        && dkim.value.socket.is_none()
    {
        all.extend(refusal(
            dkim.origin.as_ref(),
            "Sendmail signs through a milter, and `socket` does not say where one listens",
            "run OpenDKIM, and add `socket: \"inet:127.0.0.1:8891\"`",
        ));
    }
    if let Some(tables) = &facts.tables
        && tables.value == Tables::Lmdb
    {
        all.extend(refusal(
            tables.origin.as_ref(),
            "Sendmail of Debian is built without LMDB",
            "write `tables: hash` or `tables: texthash`",
        ));
    }
    all
}

fn auth(facts: &Facts) -> Option<Finding> {
    let auth = facts.auth.as_ref()?;
    let what = match auth.value.backend {
        AuthBackend::Dovecot(_) => "cannot ask Dovecot for passwords",
        AuthBackend::File(_) => "reads no file of hashes",
        AuthBackend::CyrusSaslauthd | AuthBackend::CyrusSasldb => return None,
    };
    refusal(
        auth.origin.as_ref(),
        format!("Sendmail {what}: it asks Cyrus SASL alone"),
        "write `auth: cyrus`; saslauthd can ask PAM or an IMAP server",
    )
}

fn smarthost(facts: &Facts, version: Version) -> Option<Finding> {
    let smarthost = facts.smarthost.as_ref()?;
    let xoauth2 = |(_, mechanism): &(String, _)| *mechanism == ClientMechanism::Xoauth2;
    let (message, help) = match (smarthost.value.tls, &smarthost.value.host) {
        (SmarthostTls::Wrapped, _) => (
            "Sendmail as a client speaks no TLS from the first byte",
            "take the smarthost's port for STARTTLS, usually 587",
        ),
        (SmarthostTls::Required, Host::Address(_)) => (
            "Sendmail looks for a name in the smarthost's certificate, and an address is none",
            "write the host's name",
        ),
        // The names beside the CN are looked at from 8.16 on (FEATURE check_cert_altnames).
        (SmarthostTls::Required, _) if !version.is_at_least(&[8, 16]) => (
            "Sendmail before 8.16 looks for a name in one place of a certificate alone, where it is no longer written",
            "generate for 8.16 or newer; a smarthost in your own network goes with `tls: none`",
        ),
        _ if smarthost.value.credentials.as_ref().is_some_and(xoauth2) => (
            "Sendmail needs a plug-in of Cyrus SASL for XOAUTH2, which was not tried",
            "take a provider, or a way to it, with passwords or known addresses",
        ),
        _ => return None,
    };
    refusal(smarthost.origin.as_ref(), message, help)
}

/// TLS for each listener by itself came with `tls_srv_features` (8.16; Sendmail Installation and
/// Operation Guide, `tls_srv_features`); before, there is one setting for all.
fn profiles(policy: &Policy, version: Version) -> Vec<Finding> {
    if version.is_at_least(&[8, 16]) {
        return Vec::new();
    }
    let modern = |profile| profile == Some(TlsProfile::Modern);
    let all = policy
        .listeners
        .iter()
        .all(|listener| listener.tls == ListenerTls::No || modern(listener.profile));
    let listeners = policy
        .listeners
        .iter()
        .filter(|l| modern(l.profile) && !all);
    let refused = |origin: Option<&Place>| {
        refusal(
            origin,
            format!(
                "Sendmail {version} has one list of TLS versions for all ports, and TLS 1.3 alone is wanted on some"
            ),
            "write `tls: intermediate`, or generate for 8.16 or newer",
        )
    };
    listeners
        .filter_map(|l| refused(l.origin.as_ref()))
        .collect()
}
