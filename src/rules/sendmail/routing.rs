//! Where mail goes, and as whom it goes. Must not know who may send.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Files, part};

/// Macros of sendmail.cf that name a next hop, with how a sendmail.mc calls them.
const HOPS: &[(&str, &str)] = &[
    ("S", "SMART_HOST"),
    ("H", "MAIL_HUB"),
    ("R", "LOCAL_RELAY"),
    ("L", "LUSER_RELAY"),
];

/// Next hops that are not what they look like.
pub fn next_hop(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, called) in HOPS {
        let Some(line) = files.macro_line(name) else {
            continue;
        };
        let (Some(place), Some(value)) = (&line.place, &line.value) else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let (mailer, host) = Files::hop(value);
        found.extend(missing_mailer(files, called, place, value));
        let tail = host
            .rsplit_once(':')
            .filter(|_| !host.ends_with(']'))
            .map(|(_, tail)| tail);
        if let Some(port) =
            tail.filter(|tail| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()))
        {
            let message = format!("`{port}` is taken for a second host to try, not for a port");
            found.push(
                files
                    .say(Severity::Error, "port-behind-host", Some(&part(place, &format!(":{port}"))), message)
                    .help(format!("write `` define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl `` before `MAILER(smtp)`")),
            );
        }
        let own = files
            .class("w")
            .into_iter()
            .any(|word| word.text.eq_ignore_ascii_case(host));
        let is_self = own
            || files
                .macro_line("j")
                .and_then(|line| line.value.as_ref())
                .is_some_and(|own| own.eq_ignore_ascii_case(host));
        if *name == "S" && is_self {
            let message = format!(
                "`{host}` is this server itself: the smarthost is not used, and mail goes out directly"
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "smarthost-is-self",
                        Some(&part(place, host)),
                        message,
                    )
                    .help("name the other server"),
            );
        } else if *name == "S"
            && tail.is_none()
            && host.contains('.')
            && !host.starts_with('[')
            && mailer != Some("error")
        {
            let message = format!(
                "the mail exchangers of `{host}` are looked up: where it has some, mail goes to them and not to it"
            );
            found.push(
                files
                    .say(
                        Severity::Note,
                        "smarthost-by-mx",
                        Some(&part(place, host)),
                        message,
                    )
                    .help(format!("write `[{host}]` for the host itself")),
            );
        }
        if *name == "L" && !["error", "local"].contains(&mailer.unwrap_or_default()) {
            let message = format!(
                "mail for users that do not exist goes to `{host}`: it bounces from there, to senders that spam made up"
            );
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "passes-unknown-users-on",
                        Some(place),
                        message,
                    )
                    .help(
                        "let them be refused: remove it, or write `error:5.1.1:550 User unknown`",
                    ),
            );
        }
    }
    found
}

/// A mailer that a next hop names and no `MAILER` makes.
fn missing_mailer(files: &Files<'_>, called: &str, place: &Place, value: &str) -> Option<Finding> {
    let (mailer, host) = Files::hop(value);
    let mailer = mailer.filter(|mailer| !["error", "local"].contains(mailer))?;
    let mailers = &files.resolved.model.mailers;
    // A name and digits are a host with a port.
    let is_label = mailer
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_host = is_label && host.bytes().all(|b| b.is_ascii_digit());
    if is_host || !files.is_daemon() || mailers.iter().any(|known| known.name == mailer) {
        return None;
    }
    let message = format!(
        "`{called}` names the mailer `{mailer}`, which no `MAILER` makes: all mail that goes there fails"
    );
    let place = part(place, mailer);
    Some(
        files
            .say(Severity::Error, "undefined-name", Some(&place), message)
            .help("name one that there is, or ask for it with `MAILER`"),
    )
}

/// The port and the login of the next hop.
pub fn relay_arguments(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let relay = files
        .resolved
        .model
        .mailers
        .iter()
        .find(|mailer| mailer.name == "relay");
    let line = relay.and_then(|relay| relay.equates.iter().find(|line| line.name.starts_with('A')));
    let port = line.and_then(|line| line.value.as_deref()?.split_whitespace().nth(2));
    let defined = files
        .resolved
        .reading
        .as_ref()
        .and_then(|reading| reading.defined.get("RELAY_MAILER_ARGS"));
    let place = defined.map(|defined| &defined.place);
    let Some(port) = port.filter(|_| place.is_some()) else {
        return found;
    };
    if port == "465" {
        let message =
            "the server cannot begin with TLS as port 465 wants it: deliveries hang and fail";
        found.push(
            files
                .say(
                    Severity::Error,
                    "smarthost-without-implicit-tls",
                    place,
                    message,
                )
                .help("use port 587, where STARTTLS begins it"),
        );
    }
    let other = HOPS.iter().skip(1).find(|(name, _)| {
        let line = files.macro_line(name).filter(|line| line.place.is_some());
        let value = line
            .and_then(|line| line.value.as_deref())
            .filter(|value| !value.is_empty());
        value.is_some_and(|value| Files::hop(value).0.is_none_or(|mailer| mailer == "relay"))
    });
    let routes = files.table("mailertable").unwrap_or_default();
    let route = routes
        .iter()
        .find(|entry| entry.value.starts_with("relay:"));
    if port != "25" && (other.is_some() || route.is_some()) {
        let whom = other.map_or("`relay:` in the mailer table".to_owned(), |(_, called)| {
            format!("`{called}`")
        });
        let message = format!(
            "port {port} is that of the mailer `relay` wherever it is used: {whom} uses it too"
        );
        found.push(
            files
                .say(Severity::Note, "port-for-all-relays", place, message)
                .help("name the mailer `esmtp:` where port 25 is meant"),
        );
    }
    let login = files.map("authinfo").is_some()
        || files
            .table("access")
            .unwrap_or_default()
            .iter()
            .any(|entry| entry.tagged().0 == "authinfo")
        || files.map("access").is_some() && files.table("access").is_none();
    if ["587", "submission"].contains(&port) && !login {
        let message =
            "port 587 asks for a login nearly everywhere, and there is none to give: no `authinfo`";
        found.push(
            files
                .say(Severity::Warning, "smarthost-without-auth", place, message)
                .certainty(Certainty::Likely)
                .help("add `` FEATURE(`authinfo')dnl `` and an entry for the host"),
        );
    }
    found
}

/// Masquerading that does less or more than was meant.
pub fn masquerade(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_daemon() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let name = files.macro_line("M").filter(|line| {
        line.place.is_some() && line.value.as_deref().is_some_and(|value| !value.is_empty())
    });
    let domains = files.has_class("M");
    if let Some(line) = name {
        if files.resolved.reading.is_some() && files.feature("masquerade_envelope").is_none() {
            let message = "headers alone are rewritten: the envelope keeps the host's name, to which bounces go and on which SPF \
                           looks";
            found.push(
                files
                    .say(
                        Severity::Note,
                        "masquerade-of-headers-alone",
                        line.place.as_ref(),
                        message,
                    )
                    .help("add `` FEATURE(`masquerade_envelope')dnl ``"),
            );
        }
        if files.resolved.reading.is_some() && !files.has_class("E") {
            let message = "mail of `root` from all hosts looks the same: nobody can tell which one it came from";
            found.push(
                files
                    .say(
                        Severity::Note,
                        "masquerades-root",
                        line.place.as_ref(),
                        message,
                    )
                    .help("add `` EXPOSED_USER(`root')dnl ``"),
            );
        }
    }
    for feature in ["limited_masquerade", "masquerade_entire_domain"] {
        if let Some(asked) = files.feature(feature)
            && !domains
        {
            let message = format!("`{feature}` does nothing without `MASQUERADE_DOMAIN`");
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "masquerade-without-domain",
                        asked.place.as_ref(),
                        message,
                    )
                    .help("name the domains with `MASQUERADE_DOMAIN`"),
            );
        }
    }
    let exceptions = files
        .resolved
        .model
        .classes
        .iter()
        .find(|line| line.name == "N" && line.place.is_some());
    if let Some(line) = exceptions.filter(|_| name.is_none()) {
        let message = "an exception from masquerading without `MASQUERADE_AS` does nothing";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "masquerade-without-domain",
                    line.place.as_ref(),
                    message,
                )
                .help("add `MASQUERADE_AS`, or remove it"),
        );
    }
    found
}

/// Addresses of others that are rewritten.
pub fn rewriting(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if !files.is_daemon() {
        return found;
    }
    if let Some(asked) = files.feature("allmasquerade") {
        let message = "recipients' addresses are rewritten too: those of local aliases become addresses at the masquerade's \
                       domain, where they may not exist";
        found.push(
            files
                .say(
                    Severity::Note,
                    "masquerades-recipients",
                    asked.place.as_ref(),
                    message,
                )
                .help("remove it unless every local name exists at that domain"),
        );
    }
    if let Some(asked) = files.feature("domaintable") {
        let message = "addresses in the headers of all mail that passes are rewritten, which breaks DKIM signatures and hides \
                       what the sender wrote";
        found.push(
            files
                .say(
                    Severity::Note,
                    "rewrites-foreign-headers",
                    asked.place.as_ref(),
                    message,
                )
                .help("use `virtusertable` for other names of your own domains"),
        );
    }
    found
}

/// A host name without a domain.
pub fn unqualified_name(files: &Files<'_>) -> Vec<Finding> {
    let line = files.macro_line("j").filter(|line| line.place.is_some());
    let found = line.and_then(|line| {
        let value = line.value.as_deref()?;
        (!value.contains(['.', '$']) && !value.is_empty()).then(|| {
            let message = format!(
                "`{value}` is no full name: the daemon waits a minute for one when it starts, and other servers refuse such a \
                 greeting"
            );
            files
                .say(Severity::Error, "unqualified-hostname", line.place.as_ref(), message)
                .help("write the name with its domain, as `mail.example.org`")
        })
    });
    found.into_iter().collect()
}
