//! What the server says it is. Must not know whom it says that to.

use std::net::IpAddr;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, written};

/// A name that others cannot look up.
pub fn hostname(files: &Files<'_>) -> Vec<Finding> {
    let Some(name) = files
        .text("myhostname", None)
        .filter(|_| files.dictionary.set("myhostname").is_some())
    else {
        return Vec::new();
    };
    let why = if name.parse::<IpAddr>().is_ok() {
        "is an address"
    } else if !name.is_empty() && !name.contains('.') {
        "has no domain"
    } else {
        return Vec::new();
    };
    // A smarthost of one's own takes what it is told.
    if files.has("relayhost", None)
        || files.is("inet_interfaces", "loopback-only", None)
        || name.contains(' ')
    {
        return Vec::new();
    }
    let message = format!(
        "`{name}` {why}, and this server greets others with it: many refuse mail \
             from a name that they cannot look up"
    );
    vec![
        files
            .finding(
                Severity::Warning,
                "unqualified-hostname",
                files.value_place("myhostname", None),
                message,
            )
            .certainty(Certainty::Likely)
            .help(
                "write the name that the address of this server leads to, as \
             `mail.example.com`",
            ),
    ]
}

/// A smarthost that is this server.
pub fn relayhost(files: &Files<'_>) -> Vec<Finding> {
    let (Some(host), Some(relay)) = (
        files.text("myhostname", None),
        files.text("relayhost", None),
    ) else {
        return Vec::new();
    };
    let place = files.value_place("relayhost", None);
    let is_literal = relay.starts_with('[')
        && relay
            .split(']')
            .next()
            .is_some_and(|front| front[1..].eq_ignore_ascii_case(&host))
        && !relay.contains(':');
    let (severity, message) = if !host.is_empty() && relay.eq_ignore_ascii_case(&host) {
        (
            Severity::Error,
            "`relayhost` and `myhostname` are the same, and Postfix does not start",
        )
    } else if is_literal {
        (
            Severity::Warning,
            "`relayhost` is this server itself: mail goes round in circles and comes \
             back",
        )
    } else {
        return Vec::new();
    };
    vec![
        files
            .finding(severity, "smarthost-is-self", place, message)
            .help("name another server, or leave `relayhost` empty"),
    ]
}

/// A smarthost whose MX is looked up.
pub fn relayhost_mx(files: &Files<'_>) -> Vec<Finding> {
    let words = files.words("relayhost", None).into_iter();
    words
        .filter(|word| {
            word.text.contains(':') && !word.text.starts_with('[') && word.origin.is_some()
        })
        .map(|word| {
            let (host, port) = word.text.split_once(':').unwrap_or((&word.text, ""));
            let message = format!(
                "without brackets Postfix asks for the MX of `{host}`, and that is \
             another host when it has one"
            );
            files
                .finding(
                    Severity::Note,
                    "smarthost-by-mx",
                    word.origin.clone(),
                    message,
                )
                .unsafe_fix(written(&word, &format!("[{host}]:{port}")))
                .help(format!("write `[{host}]:{port}` for the host itself"))
        })
        .collect()
}

/// Defaults of an older version.
pub fn compatibility(files: &Files<'_>) -> Vec<Finding> {
    let Some(level) = files
        .text("compatibility_level", None)
        .filter(|_| files.dictionary.set("compatibility_level").is_some())
    else {
        return Vec::new();
    };
    let version = files.dictionary.version;
    let number = |text: &str| {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    };
    let newest = if version.is_at_least(&[3, 6]) {
        "3.6"
    } else {
        "2"
    };
    if number(&level) >= number(newest) {
        return Vec::new();
    }
    let severity = if number(&level) < (2, 0) {
        Severity::Warning
    } else {
        Severity::Note
    };
    let message = format!(
        "`compatibility_level = {level}` keeps defaults of older versions of \
             Postfix, and each program logs where it does"
    );
    vec![
        files
            .finding(
                severity,
                "old-compatibility-level",
                files.value_place("compatibility_level", None),
                message,
            )
            .help(format!(
                "write `{newest}` once the log shows no `using backwards-compatible \
             default setting`"
            )),
    ]
}

/// Accounts that have to be apart.
pub fn owner(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = |name: &str| files.text(name, None).unwrap_or_default();
    let (owner, privileges) = (text("mail_owner"), text("default_privs"));
    let mut told = |name: &str, message: String, help: &str| {
        if files.is_set(name, None) {
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "shared-account",
                        files.value_place(name, None),
                        message,
                    )
                    .help(help),
            );
        }
    };
    if owner == "root" {
        told(
            "mail_owner",
            "Postfix does not run as `root`, and does not start".into(),
            "write `postfix`, an account that owns nothing else",
        );
    }
    if privileges == "root" || !owner.is_empty() && privileges == owner {
        told(
            "default_privs",
            format!(
                "commands that users name in .forward would run as `{privileges}`: \
             Postfix does not start"
            ),
            "write `nobody`",
        );
    }
    let group = text("setgid_group");
    if group == "postfix" || !owner.is_empty() && group == owner {
        told(
            "setgid_group",
            format!(
                "`{group}` is Postfix's own group, and whoever may put mail into the \
             queue would be in it"
            ),
            "write `postdrop`",
        );
    }
    findings
}

/// A greeting that does not begin with the server's name.
pub fn banner(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in files
        .sets()
        .into_iter()
        .filter(|set| set.name == "smtpd_banner")
    {
        let first = set.value.text.split_whitespace().next().unwrap_or_default();
        let is_name = ["$myhostname", "${myhostname}", "$(myhostname)"].contains(&first)
            || first.starts_with("${stress")
            || first.starts_with("$smtp");
        let host = files.text("myhostname", set.service);
        if is_name
            || host
                .as_deref()
                .is_some_and(|host| first.eq_ignore_ascii_case(host))
            || host.is_none() && first.contains('.')
            || first.starts_with('$')
        {
            continue;
        }
        let place = crate::text::Place::new(set.source, set.value.place());
        let message = format!(
            "the greeting begins with `{first}`, and clients take its first word for \
             the server's name (RFC 5321 §4.2)"
        );
        findings.push(
            files
                .finding(
                    Severity::Warning,
                    "banner-without-name",
                    Some(place),
                    message,
                )
                .help("begin it with `$myhostname ESMTP`"),
        );
    }
    findings
}

/// A greeting with the version of the server.
pub fn version_in_banner(files: &Files<'_>) -> Vec<Finding> {
    let sets = files
        .sets()
        .into_iter()
        .filter(|set| set.name == "smtpd_banner" && set.value.text.contains("mail_version"));
    sets.map(|set| {
        let place = crate::text::Place::new(set.source, set.value.place());
        let message = "the greeting tells everybody which version this is";
        files
            .finding(Severity::Note, "banner-with-version", Some(place), message)
            .help("take `$mail_version` out")
    })
    .collect()
}

/// Who may ask which addresses there are.
pub fn vrfy(files: &Files<'_>) -> Vec<Finding> {
    if files.main.is_none() || !files.is("disable_vrfy_command", "no", None) {
        return Vec::new();
    }
    let message = "strangers can ask with VRFY whether an address exists, without sending \
             anything";
    vec![
        files
            .finding(
                Severity::Note,
                "tells-of-users",
                files.place("disable_vrfy_command", None),
                message,
            )
            .help("set `disable_vrfy_command = yes`")
            .unsafe_fix(files.set_to("disable_vrfy_command", "yes", None)),
    ]
}
