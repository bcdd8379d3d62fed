//! What Exim cannot do, or was not tried with. Must not know how the rest is rendered.

use crate::findings::Finding;
use crate::mta::refusal;
use crate::policy::{ClientMechanism, Host, Policy, SmarthostTls, Tables};

/// One finding for each thing that is asked for and cannot be.
pub fn refusals(policy: &Policy) -> Vec<Finding> {
    let facts = &policy.facts;
    let mut all = Vec::new();
    for milter in &facts.milters {
        all.extend(refusal(
            milter.origin.as_ref(),
            "Exim has no milter client",
            "leave `milters` out; Rspamd is asked directly with `spam_filter`, and signing is Exim's own with `dkim`",
        ));
    }
    if let Some(dkim) = &facts.dkim
        && dkim.value.key.is_none()
    {
        all.extend(refusal(
            dkim.origin.as_ref(),
            "Exim signs by itself, and `key` does not say with what",
            "add `key: /etc/mail/dkim.pem`, with the path of the private key",
        ));
    }
    if let Some(tables) = &facts.tables
        && tables.value != Tables::Text
    {
        all.extend(refusal(
            tables.origin.as_ref(),
            format!(
                "Exim's lists are generated as text, and `{}` was not tried",
                tables.value.name()
            ),
            "write `tables: texthash`, or leave it out",
        ));
    }
    if let Some(smarthost) = &facts.smarthost {
        let origin = smarthost.origin.as_ref();
        if let (Host::Address(address), SmarthostTls::Required | SmarthostTls::Wrapped) =
            (&smarthost.value.host, smarthost.value.tls)
        {
            all.extend(refusal(
                origin,
                format!(
                    "Exim looks for a name in the smarthost's certificate, and {address} is none"
                ),
                "write the host's name",
            ));
        }
        if let Some((_, ClientMechanism::Xoauth2)) = &smarthost.value.credentials {
            all.extend(refusal(
                origin,
                "Exim needs a program that fetches tokens for XOAUTH2, which was not tried",
                "take a provider, or a way to it, with passwords or known addresses",
            ));
        }
    }
    all
}
