//! How lines of `DAEMON_OPTIONS` are written. Must not know what a listener is for.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::text::{Edit, Place};

use sendmail::{Daemon, Files, instead, key_of, part};

/// The letters of `M=` (Sendmail Installation and Operation Guide, `DaemonPortOptions`).
const MODIFIERS: &str = "abcfhrsuACEOSMD";

/// Lines that somebody wrote.
pub(super) fn written(files: &Files<'_>) -> impl Iterator<Item = Daemon> {
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
        let given = daemon.get("Modifier").unwrap_or_default();
        for letter in given.chars() {
            if !MODIFIERS.contains(letter) && !letter.is_whitespace() {
                let message = format!(
                    "there is no modifier `{letter}`: the daemon passes over it without a word"
                );
                found.push(
                    files
                        .say(Severity::Warning, "unknown-modifier", Some(place), message)
                        .help("`a` asks for a login, `s` begins with TLS, `E` refuses ETRN, `O` makes it optional")
                        .safe_fix(with_modifiers(&daemon, &given.replace(letter, ""))),
                );
            }
        }
        found.extend(misread_key(files, &daemon));
        found.extend(unknown_word(files, &daemon));
    }
    found
}

/// The edit that gives a listener other modifiers.
pub(super) fn with_modifiers(daemon: &Daemon, modifiers: &str) -> Vec<Edit> {
    let Some(place) = &daemon.place else {
        return Vec::new();
    };
    let whole = place.source.slice(place.span);
    let mut at = 0;
    for item in whole.split_inclusive(',') {
        if let Some((key, value)) = item.trim_end_matches(',').split_once('=')
            && key_of(key.trim()) == Some("Modifier")
        {
            let start = at + key.len() + 1;
            let place = Place::new(&place.source, place.span.part(start..start + value.len()));
            return vec![Edit {
                place,
                text: modifiers.to_owned(),
            }];
        }
        at += item.len();
    }
    let end = Place::new(&place.source, place.span.part(whole.len()..whole.len()));
    vec![Edit {
        place: end,
        text: format!(", M={modifiers}"),
    }]
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
