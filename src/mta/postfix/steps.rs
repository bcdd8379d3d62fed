//! What the administrator does beside copying the files. Must not know what stands in them.

use super::delivery::{deliver, nexthop};
use super::tables::{IN_MAIN_CF, in_brackets_if_ipv6, table};
use crate::policy::{Auth, AuthBackend, Dkim, Endpoint, Facts, Policy, Store};

/// The steps, one sentence or command each.
pub fn steps(policy: &Policy) -> Vec<String> {
    let facts = &policy.facts;
    let mut steps = vec!["put the files into /etc/postfix, owned by root".to_owned()];
    if facts.aliases.is_none() {
        steps.push("run `newaliases`".into());
    }
    tables(facts, &mut steps);
    recipients(facts, &mut steps);
    if policy.offers_auth()
        && let Some(auth) = &facts.auth
    {
        passwords(&auth.value, facts, &mut steps);
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
    lmtp_sockets(facts, &mut steps);
    if let Some(dkim) = &facts.dkim {
        signature(&dkim.value, &mut steps);
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
    for file in facts.recipient_files() {
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

/// lmtp(8) calls as the user `postfix`.
fn lmtp_sockets(facts: &Facts, steps: &mut Vec<String>) {
    let mut paths: Vec<&str> = facts
        .virtual_domains
        .iter()
        .filter_map(|domain| match &domain.value.store {
            Store::Lmtp(Endpoint::Unix(path)) => Some(path.as_str()),
            _ => None,
        })
        .collect();
    paths.sort_unstable();
    paths.dedup();
    steps.extend(paths.iter().map(|path| {
        format!("let Postfix reach the LMTP server; in Dovecot's `service lmtp`: `unix_listener {path} {{ mode = 0600 user = postfix }}`")
    }));
}

/// `OpenDKIM`'s side (opendkim.conf(5)): what it signs, with what, and where it listens.
fn signature(dkim: &Dkim, steps: &mut Vec<String>) {
    let socket = match &dkim.socket {
        Some(Endpoint::Unix(path)) => format!("local:{path}"),
        Some(Endpoint::Tcp(host, port)) => format!("inet:{port}@{}", in_brackets_if_ipv6(host)),
        None => return,
    };
    steps.push(format!(
        "in opendkim.conf: `Mode s`, `Domain {}`, `Selector {}`, `Socket {socket}`, and `InternalHosts` with 127.0.0.1, ::1 and the networks of mynetworks, whose mail is signed beside that of people who log in",
        dkim.domain, dkim.selector
    ));
    let key = dkim.key.as_deref();
    steps.push(match key {
        Some(key) => format!("there also `KeyFile {key}`, which nobody else may read: `chown opendkim {key} && chmod 600 {key}`"),
        None => "there also `KeyFile` with the path of the private key, which belongs to opendkim and has mode 600".into(),
    });
}

fn passwords(auth: &Auth, facts: &Facts, steps: &mut Vec<String>) {
    match &auth.backend {
        AuthBackend::CyrusSaslauthd => steps.push("run saslauthd (START=yes in /etc/default/saslauthd), and let Postfix reach it: `adduser postfix sasl`".into()),
        AuthBackend::CyrusSasldb => steps.push(format!(
            "make the accounts, `saslpasswd2 -c -u {} NAME`, and let Postfix read them: `adduser postfix sasl`, `chgrp sasl /etc/sasldb2 && chmod 640 /etc/sasldb2`",
            facts.hostname
        )),
        AuthBackend::Dovecot(path) => {
            steps.push(format!(
                "let Postfix reach Dovecot, in its `service auth`: `unix_listener {path} {{ mode = 0660 user = postfix group = postfix }}`"
            ));
            let names: Vec<String> = auth.mechanisms.iter().map(|m| m.name().to_lowercase()).collect();
            steps.push(format!("let Dovecot have the mechanisms: `auth_mechanisms = {}`", names.join(" ")));
        }
        AuthBackend::File(_) => {}
    }
}
