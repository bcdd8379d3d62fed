//! Where mail goes, how long it waits, and how large it may be. Must not know who sends it.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Service, Table, Word};
use std::collections::BTreeSet;

/// Transports that master.cf does not have.
pub fn transports(files: &Files<'_>) -> Vec<Finding> {
    const NAMES: [&str; 12] = [
        "default_transport",
        "local_transport",
        "relay_transport",
        "virtual_transport",
        "mailbox_transport",
        "fallback_transport",
        "content_filter",
        "address_verify_default_transport",
        "address_verify_local_transport",
        "address_verify_relay_transport",
        "address_verify_virtual_transport",
        "error_delivery_transport",
    ];
    if files.master.is_none() {
        return Vec::new();
    }
    let services: BTreeSet<&str> = files
        .services()
        .into_iter()
        .filter(|service| service.kind() != "inet")
        .map(Service::name)
        .collect();
    let mut wanted: Vec<(String, Word)> = Vec::new();
    for set in files
        .sets()
        .into_iter()
        .filter(|set| NAMES.contains(&set.name))
    {
        wanted.extend(
            files
                .words(set.name, set.service)
                .into_iter()
                .take(1)
                .map(|word| (set.name.to_owned(), word)),
        );
    }
    for word in files.words("transport_maps", None) {
        if let Table::Keys(entries) = files.table(&word) {
            let routes = entries
                .into_iter()
                .filter(|entry| !entry.value.starts_with(':'));
            wanted.extend(routes.map(|entry| {
                (
                    "transport_maps".to_owned(),
                    Word {
                        text: entry.value,
                        origin: entry.origin,
                    },
                )
            }));
        }
    }
    let mut findings = Vec::new();
    for (by, word) in wanted {
        let name = word.text.split(':').next().unwrap_or_default();
        if name.is_empty() || name.starts_with('$') || services.contains(name) {
            continue;
        }
        let message = format!(
            "`{by}` names a transport `{name}`, and master.cf has no such service: \
             its mail stays in the queue"
        );
        findings.push(
            files
                .finding(Severity::Error, "undefined-name", word.origin, message)
                .help(format!(
                    "correct the name, or add the service `{name}` to master.cf"
                )),
        );
    }
    findings
}

/// virtual(8) without what it needs to know of mailboxes.
pub fn virtual_agent(files: &Files<'_>) -> Vec<Finding> {
    // A table of transports may hand these domains to others.
    let uses = files.has("virtual_mailbox_domains", None)
        && !files.has("transport_maps", None)
        && files
            .text("virtual_transport", None)
            .is_some_and(|to| to == "virtual" || to == "virtual:");
    if !uses {
        return Vec::new();
    }
    let names = [
        "virtual_mailbox_base",
        "virtual_uid_maps",
        "virtual_gid_maps",
    ];
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|name| files.is_empty(name, None))
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "virtual(8) delivers to mailboxes here, and does not know {}: all mail of \
             these domains stays in the queue",
        missing.join(", ")
    );
    vec![
        files
            .finding(
                Severity::Error,
                "incomplete-virtual-mailboxes",
                files.place("virtual_mailbox_domains", None),
                message,
            )
            .help(
                "set them, or hand the mail on with `virtual_transport = \
             lmtp:unix:private/dovecot-lmtp`",
            ),
    ]
}

/// What happens with mail when a milter is down.
pub fn milter_action(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let milters = files.words("smtpd_milters", None);
    let Some(action) = files
        .text("milter_default_action", None)
        .filter(|_| !milters.is_empty())
    else {
        return findings;
    };
    let guards = milters.iter().any(|word| {
        ["clam", "spam", "rspamd", "amavis", "11332"]
            .iter()
            .any(|name| word.text.contains(name))
    });
    let place = files.value_place("milter_default_action", None);
    if action == "accept" && guards {
        let message = "when the filter is down all mail comes in unfiltered";
        findings.push(
            files
                .finding(Severity::Note, "filter-fails-open", place, message)
                .certainty(Certainty::Likely)
                .help("write `tempfail` if no mail may come in unfiltered: clients try again")
                .unsafe_fix(files.set_to("milter_default_action", "tempfail", None)),
        );
    } else if action == "tempfail"
        && files.is_set("milter_default_action", None)
        && !files.dictionary.version.is_at_least(&[3, 11])
    {
        let message = "a client that was put off stays connected and is put off again for every \
             command; `shutdown` hangs up, and is the default of newer versions";
        findings.push(
            files
                .finding(Severity::Note, "repeated-tempfail", place, message)
                .help("write `shutdown`")
                .unsafe_fix(files.set_to("milter_default_action", "shutdown", None))
                .pedantic(),
        );
    }
    findings
}

/// Milters that are no sockets.
pub fn milter_syntax(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files
        .sets()
        .into_iter()
        .filter(|set| matches!(set.name, "smtpd_milters" | "non_smtpd_milters"))
    {
        for word in files.words(set.name, set.service) {
            let text = word.text.trim_start_matches('{').trim_start();
            let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
            let is_port = kind == "inet"
                && rest
                    .split([',', '}', ' '])
                    .next()
                    .is_some_and(|rest| rest.contains(':'));
            // Of mail from local programs no milter may be wanted.
            if is_port
                || kind == "unix" && !rest.is_empty()
                || kind == "local"
                || text.starts_with('$')
                || text.is_empty()
            {
                continue;
            }
            let message = format!(
                "`{}` is no socket of a milter: Postfix cannot connect, and does what \
             `milter_default_action` says",
                word.text
            );
            findings.push(
                files
                    .finding(Severity::Error, "bad-milter", word.origin, message)
                    .help("write `inet:HOST:PORT` or `unix:PATH`"),
            );
        }
    }
    findings
}

/// IPv6 without the networks of it.
pub fn protocols(files: &Files<'_>) -> Vec<Finding> {
    let protocols = files.text("inet_protocols", None).unwrap_or_default();
    let words = files.words("mynetworks", None);
    let is_v4 =
        |word: &Word| word.origin.is_some() && word.text.contains('.') && !word.text.contains(':');
    if !files.is_set("inet_protocols", None)
        || !(protocols.contains("ipv6") || protocols == "all")
        || words.is_empty()
        || !words.iter().all(is_v4)
    {
        return Vec::new();
    }
    let message = "this server speaks IPv6, and `mynetworks` lists IPv4 alone: clients of \
             one's own that come by IPv6, this host among them, are strangers";
    vec![
        files
            .finding(
                Severity::Note,
                "networks-without-ipv6",
                files.value_place("mynetworks", None),
                message,
            )
            .help("add `[::1]/128` and one's own IPv6 networks"),
    ]
}

/// Mail for users who do not exist.
pub fn recipients(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = |name: &str, message: &str, help: &str| {
        findings.push(
            files
                .finding(
                    Severity::Warning,
                    "unchecked-recipients",
                    files.place(name, None),
                    message,
                )
                .certainty(Certainty::Likely)
                .help(help),
        );
    };
    let effect = "mail for users who do not exist is taken, and comes back to a sender who \
             is mostly forged";
    if files.dictionary.set("local_recipient_maps").is_some()
        && files.is_empty("local_recipient_maps", None)
        && !files.is_empty("mydestination", None)
    {
        told(
            "local_recipient_maps",
            &format!("`local_recipient_maps` is empty: {effect}"),
            "take the setting out",
        );
    }
    let domains = files.words("relay_domains", None);
    // `relay_domains = $mydestination`, an old default, adds no domain.
    let local = files.words("mydestination", None);
    let adds = |word: &Word| !local.iter().any(|own| own.text == word.text);
    let is_written = domains
        .iter()
        .any(|word| word.origin.is_some() && adds(word));
    let checks = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"]
        .iter()
        .any(|list| {
            files.words(list, None).iter().any(|word| {
                word.text == "reject_unverified_recipient" || word.text == "check_recipient_access"
            })
        });
    if is_written
        && files.is_empty("relay_recipient_maps", None)
        && !checks
        && files.dictionary.set("relay_domains").is_some()
    {
        told(
            "relay_domains",
            &format!("`relay_recipient_maps` is empty: {effect}"),
            "list the users in `relay_recipient_maps`, or ask the server behind with \
             `reject_unverified_recipient`",
        );
    }
    if files.has("virtual_mailbox_domains", None)
        && files.is_empty("virtual_mailbox_maps", None)
        && !checks
        && files.is_set("virtual_mailbox_domains", None)
    {
        told(
            "virtual_mailbox_domains",
            &format!("`virtual_mailbox_maps` is empty: {effect}"),
            "list the mailboxes in `virtual_mailbox_maps`",
        );
    }
    if files.is("smtpd_reject_unlisted_recipient", "no", None) {
        told(
            "smtpd_reject_unlisted_recipient",
            &format!("nobody asks whether a recipient exists: {effect}"),
            "take the setting out",
        );
    }
    findings
}

/// Addresses with a way in them, and headers of others' mail.
pub fn rewriting(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // At the server's own domains such a recipient is one of elsewhere, and refused.
    if files.is("allow_untrusted_routing", "yes", None) && files.has("relay_domains", None) {
        let message = "addresses such as `user%elsewhere@ours` are taken from strangers and \
             sent on by the server that gets them: spam goes out in this server's \
             name";
        findings.push(
            files
                .finding(
                    Severity::Error,
                    "untrusted-routing",
                    files.place("allow_untrusted_routing", None),
                    message,
                )
                .help("take it out")
                .unsafe_fix(files.set_to("allow_untrusted_routing", "no", None)),
        );
    }
    for service in files.scopes("smtpd") {
        let words = files.words("local_header_rewrite_clients", service);
        if let Some(word) = words
            .into_iter()
            .find(|word| word.text.starts_with("static:") && word.origin.is_some())
        {
            let message = "headers of strangers' mail get this server's domain where theirs is \
             missing, which breaks signatures and makes spam look like local mail";
            findings.push(
                files
                    .finding(Severity::Warning, "rewritten-headers", word.origin, message)
                    .help(
                        "write `permit_inet_interfaces, permit_mynetworks, \
             permit_sasl_authenticated`",
                    ),
            );
        }
    }
    findings
}
