//! AUTH, of clients and towards other servers. Must not know who may relay by it.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Service, Table, bare, is_white, without};
use crate::text::Place;

/// The services that offer AUTH.
fn offering<'f>(files: &'f Files<'_>) -> Vec<Option<&'f Service>> {
    let scopes = files.scopes("smtpd").into_iter();
    scopes
        .filter(|service| files.is("smtpd_sasl_auth_enable", "yes", *service))
        .collect()
}

fn has_word(files: &Files<'_>, name: &str, word: &str, service: Option<&Service>) -> bool {
    files
        .words(name, service)
        .iter()
        .any(|known| known.text.eq_ignore_ascii_case(word))
}

/// AUTH on the port of strangers.
pub fn on_mx(files: &Files<'_>) -> Vec<Finding> {
    let services = files.running("smtpd").into_iter();
    let has_submission = services.clone().any(|service| {
        files
            .endpoint(service)
            .is_some_and(|(port, _)| port == 587 || port == 465)
    });
    services
        .filter(|service| has_submission && files.public_port(service) == Some(25) && files.is("smtpd_sasl_auth_enable", "yes", Some(service)))
        .map(|service| {
            let message = "port 25 takes logins too: passwords are guessed there day and night, and \
             users have a port of their own";
            files.finding(Severity::Note, "auth-on-mx", files.place("smtpd_sasl_auth_enable", Some(service)), message)
                .help("set `smtpd_sasl_auth_enable = no` in main.cf, and `-o \
             smtpd_sasl_auth_enable=yes` for ports 465 and 587")
        })
        .collect()
}

/// AUTH that everybody passes, and AUTH that nobody can.
pub fn mechanisms(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in offering(files) {
        for name in [
            "smtpd_sasl_security_options",
            "smtpd_sasl_tls_security_options",
        ] {
            if files.text(name, service).is_some()
                && !has_word(files, name, "noanonymous", service)
                && files.is_set(name, service)
            {
                let message = format!(
                    "`{name}` without `noanonymous` lets a client log in as nobody: \
             `permit_sasl_authenticated` then holds for strangers"
                );
                let place = files
                    .value_place(name, service)
                    .filter(|place| place.span.start < place.span.end)
                    .or_else(|| files.place(name, service));
                findings.push(
                    files
                        .finding(Severity::Warning, "anonymous-login", place, message)
                        .help("add `noanonymous`"),
                );
            }
        }
        // Which mechanisms there are stands in Dovecot or Cyrus; nearly all servers have these two.
        let (options, why) = if has_word(
            files,
            "smtpd_sasl_tls_security_options",
            "noplaintext",
            service,
        ) {
            (
                "smtpd_sasl_tls_security_options",
                "PLAIN and LOGIN, which nearly all servers have alone, are forbidden even \
             inside TLS",
            )
        } else {
            continue;
        };
        // The option of the TLS list follows the other one where it is not set.
        let place = files
            .value_place(options, service)
            .or_else(|| files.value_place("smtpd_sasl_security_options", service));
        findings.push(
            files
                .finding(
                    Severity::Error,
                    "no-mechanism-left",
                    place,
                    format!("{why}: if there is no other, smtpd dies at every connection"),
                )
                .certainty(Certainty::Conditional)
                .help(
                    "write `smtpd_sasl_security_options = noanonymous, noplaintext` and \
             `smtpd_sasl_tls_security_options = noanonymous`",
                ),
        );
    }
    findings
}

/// Where smtpd asks about passwords.
pub fn path(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in offering(files) {
        let Some(path) = files.text("smtpd_sasl_path", service) else {
            continue;
        };
        let kind = files
            .text("smtpd_sasl_type", service)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let place = files
            .value_place("smtpd_sasl_path", service)
            .or_else(|| files.place("smtpd_sasl_type", service));
        let (message, help) = if kind == "dovecot" && path == "smtpd" {
            (
                "`smtpd_sasl_path` is not set, and its default, `smtpd`, is Cyrus's: \
             there is no such socket of Dovecot's, and smtpd dies at every connection"
                    .to_owned(),
                "set `smtpd_sasl_path = private/auth`",
            )
        } else if kind == "dovecot"
            && (path.starts_with("/run/") || path.starts_with("/var/run/"))
            && service.is_some_and(|service| is_chrooted(files, service))
        {
            (
                format!(
                    "smtpd runs in a chroot and cannot see `{path}`: it dies at every connection"
                ),
                "put Dovecot's socket into /var/spool/postfix/private, and write \
             `private/auth`",
            )
        } else if kind == "cyrus" && path.contains('/') && files.is_set("smtpd_sasl_type", service)
        {
            (
                format!(
                    "`{path}` looks like a socket of Dovecot's, and `smtpd_sasl_type = cyrus` \
             takes it for the name of a file of settings"
                ),
                "set `smtpd_sasl_type = dovecot`",
            )
        } else {
            continue;
        };
        findings.push(
            files
                .finding(Severity::Error, "wrong-sasl-path", place, message)
                .certainty(Certainty::Likely)
                .help(help),
        );
    }
    findings
}

/// Whether a service runs in a chroot.
pub fn is_chrooted(files: &Files<'_>, service: &Service) -> bool {
    match service.fields[4].text.as_str() {
        "y" => true,
        "-" => {
            let level = files.text("compatibility_level", None);
            level.is_some_and(|level| level == "0" || level.starts_with("0."))
        }
        _ => false,
    }
}

/// Passwords for other servers.
pub fn client(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in files.scopes("smtp") {
        if !files.is("smtp_sasl_auth_enable", "yes", service) {
            continue;
        }
        let place = || files.place("smtp_sasl_auth_enable", service);
        if files.is_empty("smtp_sasl_password_maps", service) {
            let message = "this server is to log in to others, and has no passwords: every delivery \
             dies";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "client-auth-without-passwords",
                        place(),
                        message,
                    )
                    .help("set `smtp_sasl_password_maps`"),
            );
            continue;
        }
        if has_word(
            files,
            "smtp_sasl_tls_security_options",
            "noplaintext",
            service,
        ) {
            let at = files
                .value_place("smtp_sasl_tls_security_options", service)
                .or_else(|| files.value_place("smtp_sasl_security_options", service))
                .or_else(place);
            let message = "`noplaintext` holds inside TLS too, and most providers have PLAIN and \
             LOGIN alone: `no mechanism available`, and no mail gets out";
            findings.push(
                files
                    .finding(
                        Severity::Error,
                        "client-auth-without-plaintext",
                        at,
                        message,
                    )
                    .certainty(Certainty::Likely)
                    .help("set `smtp_sasl_tls_security_options = noanonymous`")
                    .unsafe_fix(files.set_to(
                        "smtp_sasl_tls_security_options",
                        "noanonymous",
                        None,
                    )),
            );
        }
        let level = files.text("smtp_tls_security_level", service);
        let is_open = level
            .as_deref()
            .is_some_and(|level| ["", "none", "may"].contains(&level))
            && files.is("smtp_enforce_tls", "no", service);
        let is_kept = has_word(files, "smtp_sasl_security_options", "noplaintext", service);
        let has_policy =
            files.has("smtp_tls_policy_maps", service) || files.has("smtp_tls_per_site", service);
        if is_open
            && !is_kept
            && !has_policy
            && files.text("smtp_sasl_security_options", service).is_some()
        {
            let message = "the password for the other server goes out in clear text when that \
             offers no TLS, or when somebody on the way takes the offer out";
            let at = files
                .value_place("smtp_tls_security_level", service)
                .filter(|at| at.span.start < at.span.end)
                .or_else(place);
            findings.push(
                files
                    .finding(Severity::Error, "password-in-clear-text", at, message)
                    .help(
                        "set `smtp_tls_security_level = encrypt` (or `secure`), or that for the \
             server alone in `smtp_tls_policy_maps`",
                    ),
            );
        }
    }
    findings
}

/// Keys of the table of passwords that are not what is looked up.
pub fn password_key(files: &Files<'_>) -> Vec<Finding> {
    let Some(relayhost) = files
        .text("relayhost", None)
        .filter(|_| files.is("smtp_sasl_auth_enable", "yes", None))
    else {
        return Vec::new();
    };
    let hosts: Vec<&str> = relayhost
        .split(|c: char| is_white(c) || c == ',')
        .filter(|host| !host.is_empty())
        .collect();
    let words = files.words("smtp_sasl_password_maps", None);
    let mut keys: Vec<(String, Option<Place>)> = Vec::new();
    for word in &words {
        match files.table(word) {
            Table::Keys(entries) => {
                keys.extend(entries.into_iter().map(|entry| (entry.key, entry.origin)));
            }
            // What cannot be read may hold it.
            _ => return Vec::new(),
        }
    }
    let sender = files.is("smtp_sender_dependent_authentication", "yes", None);
    let name = |host: &str| {
        host.split(':')
            .next()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned()
    };
    let mut findings = Vec::new();
    for host in hosts {
        // Looked up: the name, then the destination as it is written (smtp_sasl_glue.c).
        let lower = host.to_lowercase();
        let asked = [lower.clone(), name(&lower)];
        if sender || keys.is_empty() || keys.iter().any(|(key, _)| asked.contains(key)) {
            continue;
        }
        let near = keys.iter().find(|(key, _)| name(key) == name(&lower));
        let message = format!(
            "no key of `{}` is `{host}`, which is what is looked up: this server does \
             not log in there",
            words.first().map_or("", |word| bare(&word.text))
        );
        let mut finding = files
            .finding(
                Severity::Warning,
                "password-key-mismatch",
                files.value_place("relayhost", None),
                message,
            )
            .help(format!("write the key as `relayhost` is written: `{host}`"));
        if let Some((key, Some(place))) = near {
            finding = finding.and(place.clone(), format!("`{key}` is another key"));
        }
        findings.push(finding);
    }
    findings
}

/// What goes out in headers about users.
pub fn headers(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in offering(files) {
        if files.is("smtpd_sasl_authenticated_header", "yes", service) {
            let message = "each mail tells everybody the login of who sent it: half of what it \
             takes to log in";
            findings.push(
                files
                    .finding(
                        Severity::Note,
                        "telling-header",
                        files.place("smtpd_sasl_authenticated_header", service),
                        message,
                    )
                    .help("take it out"),
            );
        }
        let Some(service) = service else { continue };
        let is_submission = files
            .endpoint(service)
            .is_some_and(|(port, _)| [465, 587].contains(&port));
        if is_submission
            && files.dictionary.version.is_at_least(&[3, 10])
            && files.is("smtpd_hide_client_session", "no", Some(service))
        {
            let message = format!(
                "each mail that comes by `{}` tells everybody the address of the user's \
             computer",
                service.scope()
            );
            findings.push(
                files
                    .finding(
                        Severity::Note,
                        "telling-header",
                        files.field(service, 0),
                        message,
                    )
                    .help("add `-o smtpd_hide_client_session=yes`"),
            );
        }
    }
    findings
}

/// A help for mail programs of the last century.
pub fn old_clients(files: &Files<'_>) -> Vec<Finding> {
    let sets = files.sets().into_iter();
    sets.filter(|set| {
        set.name == "broken_sasl_auth_clients" && files.is(set.name, "yes", set.service)
    })
    .map(|set| {
        let place = Some(Place::new(set.source, set.value.place()));
        let message = "`AUTH=` is said beside `AUTH ` for programs such as Outlook Express 4, \
             which nobody has any more";
        files
            .finding(Severity::Note, "obsolete-workaround", place, message)
            .help("take it out")
            .unsafe_fix(without(set.source, set.span, set.value))
    })
    .collect()
}
