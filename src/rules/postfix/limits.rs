//! How large mail may be, how long it waits, and how much of it clients may send. Must not know where
//! it goes.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, program_of};

/// Programs of local delivery that run.
fn delivers(files: &Files<'_>, program: &str) -> bool {
    files.master.is_none()
        || files
            .services()
            .iter()
            .any(|service| program_of(service) == program)
}

/// Mailboxes that are smaller than mail may be.
pub fn mailbox_limit(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(message_limit) = files.number("message_size_limit", None) else {
        return findings;
    };
    for (name, program) in [
        ("mailbox_size_limit", "local"),
        ("virtual_mailbox_limit", "virtual"),
    ] {
        let Some(limit) = files.number(name, None).filter(|limit| *limit > 0) else {
            continue;
        };
        if program == "virtual"
            && !(files.has("virtual_mailbox_domains", None)
                && files
                    .text("virtual_transport", None)
                    .is_some_and(|to| to.starts_with("virtual")))
        {
            continue;
        }
        if (message_limit > 0 && message_limit <= limit) || !delivers(files, program) {
            continue;
        }
        // Mail that is handed on is not written to a mailbox.
        if program == "local"
            && (files.is_empty("mydestination", None) || files.has("mailbox_transport", None))
        {
            continue;
        }
        let place = files
            .value_place("message_size_limit", None)
            .or_else(|| files.value_place(name, None));
        let shown = if message_limit == 0 {
            "without limit".to_owned()
        } else {
            format!("of {message_limit} bytes")
        };
        let message = format!(
            "mail may be {shown} and a mailbox of {limit} bytes (`{name}`): \
             {program}(8) dies, and all its mail stays in the queue"
        );
        findings.push(
            files
                .finding(Severity::Error, "mailbox-limit-too-low", place, message)
                .help(format!(
                    "set `{name} = 0` for no limit, or to more than `message_size_limit`"
                ))
                .unsafe_fix(files.set_to(name, "0", None)),
        );
    }
    findings
}

/// Room that has to be left on the disk.
pub fn minfree(files: &Files<'_>) -> Vec<Finding> {
    let (Some(free), Some(limit)) = (
        files.number("queue_minfree", None),
        files.number("message_size_limit", None),
    ) else {
        return Vec::new();
    };
    if free == 0 || free >= limit.saturating_mul(3) / 2 || !files.is_set("queue_minfree", None) {
        return Vec::new();
    }
    let message = format!(
        "smtpd takes mail while {free} bytes are free, and one mail may have \
             {limit}: Postfix wants half as much again, and logs a warning"
    );
    vec![
        files
            .finding(
                Severity::Warning,
                "low-queue-minfree",
                files.value_place("queue_minfree", None),
                message,
            )
            .help("write 1.5 times `message_size_limit`, or 0")
            .unsafe_fix(files.set_to(
                "queue_minfree",
                &(limit.saturating_mul(3) / 2).to_string(),
                None,
            )),
    ]
}

/// Seconds of a time with a unit.
fn seconds(files: &Files<'_>, name: &str, unit: u64) -> Option<u64> {
    let text = files.text(name, None)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let factor = match &text[digits.len()..] {
        "" => unit,
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Queues that give up too early, or notices that wait longer than mail.
pub fn lifetimes(files: &Files<'_>) -> Vec<Finding> {
    const DAY: u64 = 86_400;
    let mut findings = Vec::new();
    let mail = seconds(files, "maximal_queue_lifetime", DAY);
    let bounce = seconds(files, "bounce_queue_lifetime", DAY);
    let mut told = |name: &str, message: String, help: &str| {
        if files.is_set(name, None) {
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "queue-lifetime",
                        files.value_place(name, None),
                        message,
                    )
                    .help(help),
            );
        }
    };
    if let (Some(mail), Some(bounce)) = (mail, bounce)
        && bounce > mail
    {
        let name = if files.is_set("bounce_queue_lifetime", None) {
            "bounce_queue_lifetime"
        } else {
            "maximal_queue_lifetime"
        };
        told(
            name,
            "notices would wait longer than mail does: Postfix takes \
             `maximal_queue_lifetime` for both, and logs a warning"
                .into(),
            "write no more than `maximal_queue_lifetime`",
        );
    }
    if let Some(mail) = mail.filter(|mail| *mail < DAY) {
        let what = if mail == 0 {
            "mail that cannot be delivered at once comes back"
        } else {
            "a server that is down for a day loses its mail"
        };
        told(
            "maximal_queue_lifetime",
            format!("{what}: RFC 5321 §4.5.4.1 wants four to five days"),
            "write `5d`, or take the setting out",
        );
    }
    findings
}

/// Fewer recipients in memory than are worked on.
pub fn qmgr_recipients(files: &Files<'_>) -> Vec<Finding> {
    let number = |name| files.number(name, None);
    let (Some(most), Some(active)) = (
        number("qmgr_message_recipient_limit"),
        number("qmgr_message_active_limit"),
    ) else {
        return Vec::new();
    };
    if most >= active {
        return Vec::new();
    }
    let place = files
        .value_place("qmgr_message_recipient_limit", None)
        .or_else(|| files.value_place("qmgr_message_active_limit", None));
    let message = format!(
        "`qmgr_message_recipient_limit` ({most}) is less than \
             `qmgr_message_active_limit` ({active}): Postfix takes the latter for \
             both, and logs a warning"
    );
    vec![
        files
            .finding(Severity::Warning, "low-recipient-limit", place, message)
            .help("take the setting out, or write a larger one"),
    ]
}

/// Limits of clients that hold for one's own too.
pub fn rates(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in [
        "smtpd_client_connection_rate_limit",
        "smtpd_client_message_rate_limit",
        "smtpd_client_recipient_rate_limit",
    ] {
        let limited = files.number(name, None).is_some_and(|limit| limit > 0);
        if limited
            && files.is_empty("smtpd_client_event_limit_exceptions", None)
            && files.is_set(name, None)
        {
            let message = format!(
                "`{name}` holds for this host's own networks and filters too: \
             `smtpd_client_event_limit_exceptions` is empty"
            );
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "limits-for-own-clients",
                        files.place(name, None),
                        message,
                    )
                    .certainty(Certainty::Likely)
                    .help(
                        "take `smtpd_client_event_limit_exceptions` out: by default it is \
             `$mynetworks`",
                    ),
            );
        }
    }
    findings
}

/// Passwords that may be guessed as fast as one likes.
pub fn auth_rate(files: &Files<'_>) -> Vec<Finding> {
    let services = files.running("smtpd").into_iter();
    services
        .filter(|service| {
            files.is("smtpd_sasl_auth_enable", "yes", Some(service))
                && files.public_port(service).is_some()
                && files.number("smtpd_client_auth_rate_limit", Some(service)) == Some(0)
        })
        .map(|service| {
            let message = format!(
                "a client of `{}` may try as many passwords as it likes",
                service.scope()
            );
            files
                .finding(
                    Severity::Note,
                    "unthrottled-auth",
                    files.field(service, 0),
                    message,
                )
                .help(
                    "set `smtpd_client_auth_rate_limit`, as 10 a minute, or let something \
             like fail2ban read the log",
                )
                .pedantic()
        })
        .collect()
}

/// Notices that nobody reads.
pub fn notices(files: &Files<'_>) -> Vec<Finding> {
    let words = files.words("notify_classes", None).into_iter();
    words
        .filter(|word| {
            ["protocol", "policy"].contains(&word.text.to_ascii_lowercase().as_str())
                && word.origin.is_some()
        })
        .map(|word| {
            let message = format!(
                "`{}` sends postmaster a mail for every client that is refused: on the \
             Internet that is hundreds a day",
                word.text
            );
            files
                .finding(Severity::Warning, "noisy-notices", word.origin, message)
                .help("write `resource, software`, and read the log")
                .unsafe_fix(files.set_to("notify_classes", "resource, software", None))
        })
        .collect()
}

/// comsat(8), which nobody runs.
pub fn biff(files: &Files<'_>) -> Vec<Finding> {
    if files.main.is_none()
        || !files.is("biff", "yes", None)
        || files.is_empty("mydestination", None)
    {
        return Vec::new();
    }
    let message = "local(8) tells comsat of each mail, which costs time and reaches nobody";
    vec![
        files
            .finding(Severity::Note, "biff", files.place("biff", None), message)
            .help("set `biff = no`")
            .unsafe_fix(files.set_to("biff", "no", None)),
    ]
}
