//! What the administrator does beside copying the files. Must not know what stands in them.

use super::delivery::{deliver, nexthop};
use super::plan::{IN_MAIN_CF, table};
use crate::policy::{AuthBackend, Facts, Policy, Store};

/// The steps, one sentence or command each.
pub fn steps(policy: &Policy) -> Vec<String> {
    let facts = &policy.facts;
    let mut steps = vec!["put the files into /etc/postfix, owned by root".to_owned()];
    if facts.aliases.is_none() {
        steps.push("run `newaliases`".into());
    }
    tables(facts, &mut steps);
    recipients(facts, &mut steps);
    if policy.listeners.iter().any(|listener| listener.auth)
        && let Some(auth) = &facts.auth
    {
        passwords(&auth.value.backend, facts, &mut steps);
    }
    if let Some(smarthost) = &facts.smarthost
        && let Some((file, _)) = &smarthost.value.credentials
    {
        steps.push(format!(
            "write into {file} the line `{} NAME:PASSWORD`, and keep it from others: `chown root {file} && chmod 600 {file}`",
            nexthop(&smarthost.value.host, smarthost.value.port)
        ));
        steps.push("let Postfix log in elsewhere: `apt install libsasl2-modules`".into());
        // smtp(8) has no setting that demands AUTH.
        steps.push("know that Postfix sends without logging in where the smarthost offers no AUTH, and leaves it to the smarthost to refuse that".into());
    }
    if facts.dkim.is_some() || facts.spam_filter.is_some() || !facts.milters.is_empty() {
        steps.push("start the milters first, and let the user postfix write to their sockets: without one of them all mail is refused for the time being".into());
    }
    steps.push("check with `postfix check`, then `systemctl restart postfix`".into());
    steps
}

/// Tables that have to be built.
fn tables(facts: &Facts, steps: &mut Vec<String>) {
    let kind = table(facts);
    if kind == "texthash" {
        return;
    }
    if kind == "lmdb" {
        steps.push("let Postfix read LMDB: `apt install postfix-lmdb`".into());
    }
    let delivery = deliver(facts);
    let files = [
        (facts.domains.len() > IN_MAIN_CF, "mydestination"),
        (facts.aliases.is_some(), "aliases"),
        (delivery.virtual_domains_in_table, "virtual_domains"),
        (delivery.relay_domains_in_table, "relay_domains"),
        (!delivery.any_recipient.is_empty(), "relay_recipients"),
        (!delivery.transports.is_empty(), "transport"),
    ];
    for (_, name) in files.iter().filter(|(there, _)| *there) {
        steps.push(format!(
            "build the table: `postmap {kind}:/etc/postfix/{name}`"
        ));
    }
}

/// The files that the description names.
fn recipients(facts: &Facts, steps: &mut Vec<String>) {
    let mut files: Vec<&str> = Vec::new();
    let listed = facts
        .relay_domains
        .iter()
        .filter_map(|d| d.value.recipients.as_deref());
    for file in facts
        .virtual_domains
        .iter()
        .map(|d| d.value.recipients.as_str())
        .chain(listed)
    {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    for file in files {
        steps.push(format!(
            "write every recipient into {file}, as `user@example.com OK`, one a line; after a change `postfix reload`"
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
}

fn passwords(backend: &AuthBackend, facts: &Facts, steps: &mut Vec<String>) {
    match backend {
        AuthBackend::CyrusSaslauthd => steps.push("run saslauthd (START=yes in /etc/default/saslauthd), and let Postfix reach it: `adduser postfix sasl`".into()),
        AuthBackend::CyrusSasldb => steps.push(format!(
            "make the accounts, `saslpasswd2 -c -u {} NAME`, and let Postfix read them: `adduser postfix sasl`, `chgrp sasl /etc/sasldb2 && chmod 640 /etc/sasldb2`",
            facts.hostname
        )),
        AuthBackend::Dovecot(path) => steps.push(format!(
            "let Postfix reach Dovecot, in its `service auth`: `unix_listener {path} {{ mode = 0660 user = postfix group = postfix }}`"
        )),
        AuthBackend::File(_) => {}
    }
}
