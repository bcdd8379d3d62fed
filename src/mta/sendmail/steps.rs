//! What the administrator does beside copying the files. Must not know what stands in them.

use crate::policy::{AuthBackend, Endpoint, Policy, Store};

/// The steps, one sentence or command each.
pub fn steps(policy: &Policy, hash_map: bool) -> Vec<String> {
    let facts = &policy.facts;
    let mut steps = vec!["put the files into /etc/mail, owned by root".to_owned()];
    if policy.offers_auth()
        && let Some(auth) = &facts.auth
    {
        steps.push("put sasl2/Sendmail.conf into /etc/sasl2".into());
        steps.push(if auth.value.backend == AuthBackend::CyrusSaslauthd {
            "run saslauthd (START=yes in /etc/default/saslauthd)".into()
        } else {
            format!(
                "make the accounts: `saslpasswd2 -c -u {} NAME`",
                facts.hostname
            )
        });
    }
    for file in facts.recipient_files() {
        steps.push(format!(
            "write every recipient into {file}, as `user@example.com OK`, one a line"
        ));
    }
    for domain in &facts.virtual_domains {
        if let Store::Lmtp(Endpoint::Unix(path)) = &domain.value.store {
            let step = format!(
                "close {path} to all but root, else Sendmail does not use it: in Dovecot, `unix_listener {path} {{ mode = 0600 }}`"
            );
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    if let Some(tls) = &facts.certificate {
        steps.push(format!(
            "keep the key from all but root, else STARTTLS is not offered: `chown root {0} && chmod 600 {0}`",
            tls.key
        ));
    }
    if let Some(smarthost) = &facts.smarthost
        && let Some((file, mechanism)) = &smarthost.value.credentials
    {
        steps.push(format!(
            "write into {file} the line `AuthInfo:{}|\"U:NAME\" \"I:NAME\" \"P:PASSWORD\" \"M:{}\"` (no quotes and bars in the password), and keep it from others: `chown root {file} && chmod 600 {file}`",
            smarthost.value.host,
            mechanism.name()
        ));
        steps.push("let Sendmail log in elsewhere: `apt install libsasl2-modules`; a smarthost that offers no AUTH gets the mail without a log-in".into());
    }
    if facts.dkim.is_some() || facts.spam_filter.is_some() || !facts.milters.is_empty() {
        steps.push(
            "start the milters first: without one of them all mail is refused for the time being"
                .into(),
        );
    }
    steps.push(
        "build: `m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf`; not by `sendmailconfig`, which edits sendmail.mc".into(),
    );
    if hash_map {
        steps.push("make the map: `makemap hash /etc/mail/access.db < /etc/mail/access`".into());
    }
    steps.push("run `newaliases`".into());
    steps.push("check with `sendmail -bt < /dev/null`, then `systemctl restart sendmail`".into());
    steps
}
