//! Where the daemon listens, and what it asks of clients there. Must not know what is checked later,
//! nor how the lines are written.

use std::collections::BTreeMap;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use super::daemon_lines::{with_modifiers, written};
use sendmail::{Daemon, Files};

/// Two lines for one port of one address, and two of one name.
pub fn duplicate_listener(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let daemons = files.daemons();
    let mut ports: BTreeMap<(String, String, u16), &Daemon> = BTreeMap::new();
    let mut names: BTreeMap<String, &Daemon> = BTreeMap::new();
    for daemon in &daemons {
        let Some(port) = daemon.port() else { continue };
        let family = daemon.get("Family").unwrap_or("inet").to_lowercase();
        let address = match daemon.get("Address").unwrap_or("*") {
            "0.0.0.0" | "::" => "*",
            address => address,
        };
        let key = (family, address.to_lowercase(), port);
        if let Some(before) = ports.insert(key, daemon) {
            // The library's own second line stands nowhere; the first one is to be mended.
            let place = daemon.place.as_ref().or(before.place.as_ref());
            let told = if daemon.place.is_none() {
                " by default"
            } else {
                ""
            };
            let message = format!(
                "port {port} is opened twice{told}: the second attempt fails when the daemon starts"
            );
            found.push(
                files
                    .say(Severity::Error, "port-conflict", place, message)
                    .help("remove one; `` FEATURE(`no_default_msa')dnl `` before it takes the default one on 587 away"),
            );
        }
        let name = daemon.get("Name").unwrap_or_default();
        if daemon.place.is_some()
            && !name.is_empty()
            && let Some(before) = names.insert(name.to_owned(), daemon)
        {
            let message = format!(
                "two listeners are called `{name}`: rules that ask for `{{daemon_name}}` cannot tell them apart"
            );
            let mut finding = files
                .say(
                    Severity::Note,
                    "duplicate-listener-name",
                    daemon.place.as_ref(),
                    message,
                )
                .help("give each a name of its own");
            if let Some(place) = &before.place {
                finding = finding.and(place.clone(), "the other one");
            }
            found.push(finding);
        }
    }
    found
}

/// The listener on 587 that is there unless it is taken away.
pub fn implied_submission(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_whole()
        || files.resolved.reading.is_none()
        || files.feature("no_default_msa").is_some()
    {
        return Vec::new();
    }
    let own = written(files).find(|daemon| daemon.port() == Some(587));
    if own.is_some() {
        return Vec::new();
    }
    let closed = written(files).all(|daemon| daemon.is_inside()) && written(files).next().is_some();
    let message = if closed {
        "port 587 is open on every address although all listeners here are on loopback: the library adds it by itself, \
         and it asks for no login"
    } else {
        "the library adds a listener on port 587 of every address by itself, and it asks for no login"
    };
    let severity = if closed {
        Severity::Warning
    } else {
        Severity::Note
    };
    let place = written(files).find_map(|daemon| daemon.place);
    vec![
        files
            .say(severity, "implied-submission", place.as_ref(), message)
            .help(
                "write `` FEATURE(`no_default_msa')dnl ``, and if users submit mail here \
                 `` DAEMON_OPTIONS(`Name=MSA, Port=587, M=Ea')dnl ``",
            ),
    ]
}

/// Modifiers that do not fit the port.
pub fn modifiers(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let has_mechanisms = files
        .value("AuthMechanisms")
        .is_some_and(|value| !value.is_empty());
    for daemon in files.daemons() {
        let Some(port) = daemon.port() else { continue };
        let place = daemon.place.as_ref();
        let given = daemon.get("Modifier").unwrap_or_default();
        if daemon.has('a') && daemon.has('A') {
            let message = format!(
                "port {port} demands a login (`a`) and offers none (`A`): it refuses all mail"
            );
            found.push(
                files
                    .say(Severity::Error, "login-never-offered", place, message)
                    .help("remove the `A`")
                    .unsafe_fix(with_modifiers(&daemon, &given.replace('A', ""))),
            );
        } else if port == 25 && daemon.has('a') && !daemon.is_inside() {
            let message = "port 25 demands a login: no other server can deliver mail here";
            found.push(
                files
                    .say(Severity::Warning, "login-demanded-on-25", place, message)
                    .help("demand it on 587 and 465"),
            );
        }
        if daemon.has('s') && [25, 587, 2525].contains(&port) {
            let message = format!(
                "port {port} begins with TLS here (`s`), while clients begin in clear there: sessions hang"
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "implicit-tls-on-wrong-port",
                        place,
                        message,
                    )
                    .help("use port 465 for it (RFC 8314 §3.3)"),
            );
        }
        if [587, 465, 2525].contains(&port)
            && place.is_some()
            && !daemon.has('a')
            && !daemon.is_inside()
            && has_mechanisms
        {
            let message = format!(
                "port {port} is for submission and demands no login: anybody may send from any address to the domains here"
            );
            let finding = files
                .say(Severity::Warning, "login-not-demanded", place, message)
                .help("write `M=Ea`");
            // A letter that stands apart is to be joined first.
            found.push(if daemon.strays().is_empty() {
                finding.unsafe_fix(with_modifiers(&daemon, &format!("{given}a")))
            } else {
                finding
            });
        }
        if daemon
            .get("Family")
            .is_some_and(|family| family.eq_ignore_ascii_case("inet6"))
            && !daemon.has('O')
            && place.is_some()
        {
            let message = "the daemon does not start where the host has no IPv6: this listener is not optional";
            found.push(
                files
                    .say(Severity::Note, "must-have-ipv6", place, message)
                    .certainty(Certainty::Conditional)
                    .help("add `O` to its modifiers")
                    .unsafe_fix(with_modifiers(&daemon, &format!("{given}O"))),
            );
        }
    }
    found
}

/// A server that others cannot deliver to, and one with more listeners than it can have.
pub fn number_of_listeners(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let daemons = files.daemons();
    let own: Vec<&Daemon> = daemons
        .iter()
        .filter(|daemon| daemon.place.is_some())
        .collect();
    let takes_mail = !files.class("R").is_empty() || files.feature("use_cw_file").is_some();
    if files.is_daemon()
        && takes_mail
        && !own.is_empty()
        && daemons.iter().all(|daemon| daemon.port() != Some(25))
    {
        let message = "nothing listens on port 25: other servers cannot deliver, since these lines take the place of the \
                       default one";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "no-port-25",
                    own[0].place.as_ref(),
                    message,
                )
                .certainty(Certainty::Likely)
                .help("add `` DAEMON_OPTIONS(`Name=MTA, Port=25')dnl ``"),
        );
    }
    let debian = files.asked("OSTYPE").any(|asked| asked.name == "debian");
    let most = if debian { 64 } else { 10 };
    if daemons.len() > most {
        let message = format!("the daemon opens {most} listeners at most, and stops at this one");
        found.push(
            files
                .say(Severity::Error, "too-many-listeners", daemons[most].place.as_ref(), message)
                .help("leave the address away, which makes one listener of those that differ in nothing else"),
        );
    }
    found
}

/// A program for local submission that talks to a port which demands a login.
pub fn submission_needs_login(files: &Files<'_>) -> Vec<Finding> {
    let Some(msp) = files.feature("msp") else {
        return Vec::new();
    };
    if !msp.args.iter().any(|arg| arg == "MSA") {
        return Vec::new();
    }
    let Ok(source) = files.file("sendmail.mc") else {
        return Vec::new();
    };
    let Some(server) = Files::read(&source, files.dialect, files.world) else {
        return Vec::new();
    };
    let demanding = server
        .daemons()
        .into_iter()
        .find(|daemon| daemon.port() == Some(587) && daemon.has('a'));
    let found = demanding.map(|daemon| {
        let message = "port 587 demands a login, which local programs do not have: their mail stays in the client queue";
        let mut finding = files
            .say(Severity::Warning, "submission-needs-login", msp.place.as_ref(), message)
            .help("leave `MSA` away, so that they use port 25");
        if let Some(place) = daemon.place {
            finding = finding.and(place, "demanded here");
        }
        finding
    });
    found.into_iter().collect()
}
