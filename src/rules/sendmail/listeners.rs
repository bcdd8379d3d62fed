//! Lines of `DAEMON_OPTIONS`: where the daemon listens, and what it asks of clients there. Must not
//! know what is checked later.

use std::collections::BTreeMap;

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Daemon, Files, instead, key_of, part};

/// The letters of `M=` (Sendmail Installation and Operation Guide, `DaemonPortOptions`).
const MODIFIERS: &str = "abcfhrsuACEOSMD";

/// Lines that somebody wrote.
fn written(files: &Files<'_>) -> impl Iterator<Item = Daemon> {
    files
        .daemons()
        .into_iter()
        .filter(|daemon| daemon.place.is_some())
}

/// Parts of a line that the daemon passes over.
pub fn ignored_item(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for daemon in written(files) {
        let Some(place) = &daemon.place else { continue };
        for item in daemon.strays() {
            let Some((key, _)) = item.split_once('=') else {
                let is_modifier = item.len() < 4 && item.chars().all(|c| MODIFIERS.contains(c));
                let given = daemon.get("Modifier").unwrap_or_default();
                if is_modifier && daemon.get("Modifier").is_some() {
                    let lost = if item.contains('a') {
                        ": no login is asked for"
                    } else {
                        ""
                    };
                    let message = format!(
                        "`{item}` is no modifier behind a comma: the daemon passes over it{lost}"
                    );
                    let right = format!("{given}{item}");
                    let whole = place.source.slice(place.span);
                    let (old, new) = join(whole, given, item);
                    found.push(
                        files
                            .say(
                                Severity::Error,
                                "ignored-item",
                                Some(&part(place, &format!(",{item}"))),
                                message,
                            )
                            .help(format!("write `M={right}`"))
                            .unsafe_fix(instead(place, &old, &new)),
                    );
                } else {
                    let message =
                        format!("`{item}` has no `=`: the daemon passes over it without a word");
                    found.push(
                        files
                            .say(
                                Severity::Warning,
                                "ignored-item",
                                Some(&part(place, item)),
                                message,
                            )
                            .help("write `Key=value`, or take it out"),
                    );
                }
                continue;
            };
            let message = format!(
                "no key of a listener begins with the first letter of `{key}`: the daemon stops here"
            );
            found.push(
                files
                    .say(Severity::Error, "unknown-daemon-key", Some(&part(place, item)), message)
                    .help("the keys are Name, Port, Addr, Family, Modifier, Listen, children, InputMailFilters, …"),
            );
        }
        for letter in daemon.get("Modifier").unwrap_or_default().chars() {
            if !MODIFIERS.contains(letter) && !letter.is_whitespace() {
                let message = format!(
                    "there is no modifier `{letter}`: the daemon passes over it without a word"
                );
                found.push(
                    files
                        .say(Severity::Warning, "unknown-modifier", Some(place), message)
                        .help("`a` asks for a login, `s` begins with TLS, `E` refuses ETRN, `O` makes it optional"),
                );
            }
        }
        found.extend(misread_key(files, &daemon));
        found.extend(unknown_word(files, &daemon));
    }
    found
}

/// A port or family that there is not.
fn unknown_word(files: &Files<'_>, daemon: &Daemon) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(place) = &daemon.place else {
        return found;
    };
    if daemon.port().is_none() {
        let port = daemon.get("Port").unwrap_or_default();
        let message = format!("no service is called `{port}`: the daemon stops here");
        found.push(
            files
                .say(
                    Severity::Error,
                    "unknown-daemon-key",
                    Some(&part(place, port)),
                    message,
                )
                .help("write the number of the port"),
        );
    }
    if let Some(family) = daemon.get("Family")
        && !["inet", "inet6", "unix", "local", "iso", "ns", "x.25"]
            .contains(&family.to_lowercase().as_str())
        && family.parse::<u8>().is_err()
    {
        let message = format!("there is no family of addresses `{family}`: the daemon stops here");
        found.push(
            files
                .say(
                    Severity::Error,
                    "unknown-daemon-key",
                    Some(&part(place, family)),
                    message,
                )
                .help("write `inet` or `inet6`"),
        );
    }
    found
}

/// The text from the modifiers to the stray ones, and how it was meant.
fn join(whole: &str, given: &str, item: &str) -> (String, String) {
    let Some(at) = whole.find(&format!("={given}")) else {
        return (String::new(), String::new());
    };
    let rest = &whole[at..];
    let Some(end) = rest
        .find(item)
        .filter(|end| rest[..*end].matches(',').count() == 1)
    else {
        return (String::new(), String::new());
    };
    let end = if rest[1 + given.len()..].starts_with(',') {
        let from = 1 + given.len();
        rest[from..].find(item).map_or(end, |found| from + found)
    } else {
        end
    };
    (
        rest[..end + item.len()].to_owned(),
        format!("={given}{item}"),
    )
}

/// Keys of which the first letter means another one.
fn misread_key(files: &Files<'_>, daemon: &Daemon) -> Option<Finding> {
    let place = daemon.place.as_ref()?;
    let keys = daemon
        .text
        .split(',')
        .filter_map(|item| item.trim().split_once('='));
    let wrong = keys.map(|(key, _)| key.trim()).find(|key| {
        let Some(read) = key_of(key) else {
            return false;
        };
        let whole = key.to_lowercase();
        let known = [
            "addr", "port", "family", "name", "modif", "listen", "child", "input", "delivery",
            "delay", "queue", "refuse", "rcv", "rec", "snd", "send",
        ];
        key.len() > 2
            && !known.iter().any(|begin| whole.starts_with(begin))
            && !read.eq_ignore_ascii_case(key)
    })?;
    let read = key_of(wrong)?;
    let message =
        format!("of `{wrong}` the daemon reads the first letter alone, which is that of `{read}`");
    Some(
        files
            .say(
                Severity::Warning,
                "misread-daemon-key",
                Some(&part(place, wrong)),
                message,
            )
            .help("write the key that is meant"),
    )
}

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
    if !files.is_daemon()
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
        if daemon.has('a') && daemon.has('A') {
            let message = format!(
                "port {port} demands a login (`a`) and offers none (`A`): it refuses all mail"
            );
            found.push(
                files
                    .say(Severity::Error, "login-never-offered", place, message)
                    .help("remove the `A`"),
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
            found.push(
                files
                    .say(Severity::Warning, "login-not-demanded", place, message)
                    .help("write `M=Ea`"),
            );
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
                    .help("add `O` to its modifiers"),
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
