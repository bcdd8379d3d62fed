//! What the administrator does beside copying the files. Must not know what stands in them.

use crate::policy::{AuthBackend, Policy, Store};

/// The steps, one sentence or command each.
pub fn steps(policy: &Policy) -> Vec<String> {
    let facts = &policy.facts;
    let mut steps = vec![
        "put exim.conf into /etc/exim4/exim4.conf (elsewhere where `exim -bP configure_file` says), and other files beside it, owned by root".to_owned(),
    ];
    if policy.offers_auth()
        && let Some(auth) = &facts.auth
    {
        passwords(&auth.value.backend, facts.hostname.as_str(), &mut steps);
    }
    for file in facts.recipient_files() {
        steps.push(format!(
            "write every recipient into {file}, as `user@example.com OK`, one a line"
        ));
    }
    for domain in &facts.virtual_domains {
        if let Store::Maildir { folder, owner } = &domain.value.store {
            steps.push(format!(
                "for {0}, write the maildir's path below {folder} in place of OK: `user@{0} {0}/user/`; make the folder: `install -d -o {owner} -g {owner} -m 770 {folder}`",
                domain.value.name
            ));
        }
    }
    if let Some(smarthost) = &facts.smarthost
        && let Some((file, _)) = &smarthost.value.credentials
    {
        steps.push(format!(
            "write into {file} the line `{}: NAME:PASSWORD`, and let Exim alone read it: `chown root:Debian-exim {file} && chmod 640 {file}`",
            smarthost.value.host
        ));
    }
    if let Some(key) = facts.dkim.as_ref().and_then(|dkim| dkim.value.key.as_ref()) {
        steps.push(format!(
            "let Exim read the key that it signs with: `chown root:Debian-exim {key} && chmod 640 {key}`"
        ));
    }
    if facts.spam_filter.is_some() {
        steps.push("Exim speaks to a `normal` worker of Rspamd, not to its milter; it needs a build with content scanning, such as exim4-daemon-heavy".into());
    }
    if let Some(tls) = &facts.certificate {
        steps.push(format!(
            "let Exim read its key, which it does as its own user: `chgrp Debian-exim {0} && chmod 640 {0}`",
            tls.key
        ));
    }
    steps.push("check with `exim4 -bV`, then `systemctl restart exim4`".into());
    steps
}

fn passwords(backend: &AuthBackend, hostname: &str, steps: &mut Vec<String>) {
    match backend {
        AuthBackend::CyrusSaslauthd => {
            steps.push("put sasl2/exim.conf into /etc/sasl2".into());
            steps.push("run saslauthd (START=yes in /etc/default/saslauthd), and let Exim reach it: `adduser Debian-exim sasl`".into());
        }
        AuthBackend::CyrusSasldb => {
            steps.push("put sasl2/exim.conf into /etc/sasl2".into());
            steps.push(format!(
                "make the accounts, `saslpasswd2 -c -u {hostname} NAME`, and let Exim read them: `adduser Debian-exim sasl`, `chgrp sasl /etc/sasldb2 && chmod 640 /etc/sasldb2`"
            ));
        }
        AuthBackend::Dovecot(path) => steps.push(format!(
            "let Exim reach Dovecot, in its `service auth`: `unix_listener {path} {{ mode = 0660 user = Debian-exim group = Debian-exim }}`"
        )),
        AuthBackend::File(path) => steps.push(format!(
            "write the accounts into {path}, a line `name:hash` each with the hash of `openssl passwd -6`, and let Exim alone read it: `chown root:Debian-exim {path} && chmod 640 {path}`"
        )),
    }
}
