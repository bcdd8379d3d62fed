//! AUTH: mechanisms that are offered, and those that let relay. Must not know listeners.

use std::collections::BTreeSet;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Files, part};

/// Mechanisms that are obsolete, with where that is said.
const WEAK: &[(&str, &str)] = &[
    ("CRAM-MD5", "draft-ietf-sasl-crammd5-to-historic"),
    ("DIGEST-MD5", "RFC 6331"),
    ("KERBEROS_V4", "removed from Cyrus SASL"),
    ("NTLM", "undocumented, MD4"),
];

fn offered(files: &Files<'_>) -> Option<BTreeSet<String>> {
    let value = files.value("AuthMechanisms")?;
    (!value.contains(',')).then(|| value.split_whitespace().map(str::to_uppercase).collect())
}

/// Mechanisms that are offered and not trusted, or trusted and not offered.
pub fn untrusted_mechanism(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files
        .option("AuthMechanisms")
        .filter(|line| line.place.is_some())
    else {
        return Vec::new();
    };
    let Some(offered) = offered(files).filter(|offered| !offered.is_empty()) else {
        return Vec::new();
    };
    let own_rules = ["Local_check_rcpt", "Local_Relay_Auth", "Trusted"];
    if own_rules.iter().any(|set| !files.rules(set).is_empty()) {
        return Vec::new();
    }
    let words = files.class("TrustAuthMech");
    let trusted: BTreeSet<String> = words.iter().map(|word| word.text.to_uppercase()).collect();
    let list = |set: Vec<&String>| {
        set.into_iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut found = Vec::new();
    if trusted.is_empty() {
        if !files.has_class("TrustAuthMech") && files.is_whole() {
            let message = "users can log in, and may not send mail elsewhere all the same: no mechanism is trusted to relay";
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "untrusted-mechanism",
                        line.place.as_ref(),
                        message,
                    )
                    .help(format!(
                        "add `` TRUST_AUTH_MECH(`{}')dnl ``",
                        offered.iter().cloned().collect::<Vec<_>>().join(" ")
                    )),
            );
        }
        return found;
    }
    let gone: Vec<_> = offered
        .difference(&trusted)
        .filter(|word| *word != "EXTERNAL" && *word != "ANONYMOUS")
        .collect();
    if !gone.is_empty() {
        let rare = ["GSSAPI", "KERBEROS_V4"];
        let severity = if gone.iter().all(|word| rare.contains(&word.as_str())) {
            Severity::Note
        } else {
            Severity::Warning
        };
        let message = format!(
            "who logs in by {} may not send mail elsewhere: `TRUST_AUTH_MECH` does not name it",
            list(gone)
        );
        found.push(
            files
                .say(
                    severity,
                    "untrusted-mechanism",
                    line.place.as_ref(),
                    message,
                )
                .help("name the same mechanisms in both"),
        );
    }
    let idle: Vec<_> = trusted
        .difference(&offered)
        .filter(|word| *word != "EXTERNAL")
        .collect();
    if !idle.is_empty() {
        let message = format!("{} is trusted and never offered", list(idle));
        let place = words.first().map(|word| &word.place);
        found.push(
            files
                .say(Severity::Note, "untrusted-mechanism", place, message)
                .help("name the same mechanisms in both"),
        );
    }
    found
}

/// Ports for submission with nothing but the mechanisms that the daemon is built with.
pub fn no_password_login(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_daemon() || files.option("AuthMechanisms").is_some() {
        return Vec::new();
    }
    let daemons = files.daemons().into_iter();
    let found = daemons.filter_map(|daemon| {
        let place = daemon.place.as_ref()?;
        let port = daemon.port().filter(|port| [465, 587, 2525].contains(port))?;
        if daemon.has('A') || daemon.is_inside() {
            return None;
        }
        let message = format!(
            "port {port} is for submission and offers neither PLAIN nor LOGIN, only what the daemon is built with (DIGEST-MD5, \
             CRAM-MD5): users cannot log in with the passwords of the system"
        );
        Some(
            files
                .say(Severity::Warning, "submission-without-auth", Some(place), message)
                .certainty(Certainty::Likely)
                .help(
                    "write `` define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl `` and \
                     `` TRUST_AUTH_MECH(`PLAIN LOGIN')dnl ``, or close the port",
                ),
        )
    });
    found.collect()
}

/// Obsolete mechanisms.
pub fn weak_mechanism(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files.option("AuthMechanisms") else {
        return Vec::new();
    };
    let (Some(place), Some(value)) = (&line.place, &line.value) else {
        return Vec::new();
    };
    let found = WEAK.iter().filter(|(name, _)| {
        value
            .split([' ', ','])
            .any(|word| word.eq_ignore_ascii_case(name))
    });
    let found = found.map(|(name, why)| {
        let message = format!("`{name}` is obsolete ({why}): passwords are kept in clear for it, and what is sent can be guessed from");
        files
            .say(Severity::Note, "weak-mechanism", Some(&part(place, name)), message)
            .help("offer PLAIN and LOGIN inside TLS")
    });
    found.collect()
}

/// Logins without a name.
pub fn anonymous_login(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files.option("AuthMechanisms") else {
        return Vec::new();
    };
    let (Some(place), Some(value)) = (&line.place, &line.value) else {
        return Vec::new();
    };
    let options = files.value("AuthOptions").unwrap_or_default();
    let refuses = options.split([' ', ',']).any(|word| word.starts_with('y'));
    let offers = value
        .split([' ', ','])
        .any(|word| word.eq_ignore_ascii_case("ANONYMOUS"));
    if refuses || !offers {
        return Vec::new();
    }
    let message = "anybody can log in by `ANONYMOUS`: a demand for a login stops no one";
    let finding = files
        .say(
            Severity::Warning,
            "anonymous-login",
            Some(&part(place, "ANONYMOUS")),
            message,
        )
        .help("remove it, and put `y` into `confAUTH_OPTIONS`");
    vec![finding]
}
