//! What a sendmail.mc asks the library of m4 macros for: names, arguments, order. Must not know how
//! the file is written.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Files, instead, part};

/// Features with the words that their first and second argument may be.
const ARGUMENTS: &[(&str, &[&str], &[&str])] = &[
    ("conncontrol", &["nodelay"], &["terminate"]),
    ("delay_checks", &["friend", "hater"], &[]),
    ("nocanonify", &["canonify_hosts"], &[]),
    ("nopercenthack", &["reject", "nospecial"], &[]),
    ("nouucp", &["reject", "nospecial"], &[]),
    ("ratecontrol", &["nodelay"], &["terminate"]),
];

/// The library's own files for DOMAIN and HACK, with those of Debian.
const DOMAINS: &[&str] = &[
    "Berkeley.EDU",
    "CS.Berkeley.EDU",
    "EECS.Berkeley.EDU",
    "S2K.Berkeley.EDU",
    "berkeley-only",
    "debian-msp",
    "debian-mta",
    "generic",
    "unspecified-domain",
];
const HACKS: &[&str] = &[
    "cssubdomain",
    "debian_auth",
    "dnsblaccess",
    "msp_nullclient",
    "nodns",
    "spamtrap",
    "virthost_by_ip",
    "xconnect",
];

/// Arguments that a feature does not know.
pub fn feature_argument(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for asked in files.asked("FEATURE") {
        let Some((_, first, second)) = ARGUMENTS.iter().find(|(name, ..)| *name == asked.name)
        else {
            continue;
        };
        for (words, given) in [first, second].into_iter().zip(&asked.args) {
            if words.is_empty()
                || given.is_empty()
                || words.contains(&given.to_lowercase().as_str())
            {
                continue;
            }
            let message = format!(
                "`FEATURE({})` knows no argument `{given}`: m4 prints an error and the feature does not do it",
                asked.name
            );
            let place = asked.place.as_ref().map(|place| part(place, given));
            found.push(
                files
                    .say(Severity::Error, "feature-argument", place.as_ref(), message)
                    .help(format!("it takes `{}`", words.join("` or `"))),
            );
        }
    }
    found
}

/// Features that do nothing without `delay_checks`.
pub fn feature_order(files: &Files<'_>) -> Vec<Finding> {
    let delayed = files
        .asked("FEATURE")
        .find(|asked| asked.name == "delay_checks");
    let mut found = Vec::new();
    for asked in files.asked("FEATURE") {
        let is_before = delayed.is_none_or(|delayed| delayed.order > asked.order);
        let (needs, what) = match asked.name.as_str() {
            "block_bad_helo" => (
                delayed.is_none(),
                "its rules come to stand where only relaying is decided",
            ),
            "conncontrol" | "ratecontrol" if asked.args.iter().any(|arg| arg == "nodelay") => {
                (is_before, "m4 prints an error and `nodelay` is not done")
            }
            _ => continue,
        };
        if needs {
            let message = format!(
                "`FEATURE({})` needs `FEATURE(delay_checks)` before it: {what}",
                asked.name
            );
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "feature-order",
                        asked.place.as_ref(),
                        message,
                    )
                    .help("put `` FEATURE(`delay_checks')dnl `` before it"),
            );
        }
    }
    found
}

/// Features and macros that have a successor, or never did anything.
pub fn deprecated_feature(files: &Files<'_>) -> Vec<Finding> {
    let version = files.world.version;
    let mut found = Vec::new();
    for asked in files.asked("FEATURE") {
        let (is_old, why, new) = match asked.name.as_str() {
            "blacklist_recipients" => (
                version.is_at_least(&[8, 16]),
                "has been called `blocklist_recipients` since 8.16, and m4 warns of the old name",
                "blocklist_recipients",
            ),
            "tls_failures" => (
                version.is_at_least(&[8, 17]),
                "is an error since 8.17: `confTLS_FALLBACK_TO_CLEAR` took its place",
                "",
            ),
            "notsticky" => (
                true,
                "does nothing: what it asks for is the default since 8.7",
                "",
            ),
            _ => continue,
        };
        if !is_old {
            continue;
        }
        let message = format!("`FEATURE({})` {why}", asked.name);
        let finding = files.say(
            Severity::Warning,
            "deprecated-feature",
            asked.place.as_ref(),
            message,
        );
        let edits = asked.place.as_ref().map_or_else(Vec::new, |place| {
            if new.is_empty() {
                Vec::new()
            } else {
                instead(place, &asked.name, new)
            }
        });
        found.push(if edits.is_empty() {
            finding.help("remove it")
        } else {
            finding.help(format!("write `{new}`")).safe_fix(edits)
        });
    }
    if let Some(line) = files
        .option("DefaultAuthInfo")
        .filter(|line| line.place.is_some())
    {
        let message =
            "`DefaultAuthInfo` is not looked at: the library's ruleset `authinfo` is asked instead";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "deprecated-feature",
                    line.place.as_ref(),
                    message,
                )
                .help("use `FEATURE(authinfo)` and its map"),
        );
    }
    found
}

/// Names of files for DOMAIN and HACK that are nearly ones that the library has.
pub fn misspelt_file(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, names) in [("DOMAIN", DOMAINS), ("HACK", HACKS)] {
        for asked in files
            .asked(kind)
            .filter(|asked| !names.contains(&asked.name.as_str()))
        {
            let near = crate::catalogue::nearest(&asked.name, names.iter().copied());
            let Some(near) = near else { continue };
            let message = format!(
                "the library has no file `{}` for `{kind}`: unless it is one of your own, m4 cannot open it and goes on",
                asked.name
            );
            let place = asked.place.as_ref().map(|place| part(place, &asked.name));
            found.push(
                files
                    .say(Severity::Warning, "misspelt-file", place.as_ref(), message)
                    .certainty(crate::findings::Certainty::Likely)
                    .help(format!("did you mean `{near}`?"))
                    .unsafe_fix(instead(place.as_ref(), &asked.name, near)),
            );
        }
    }
    found
}

/// A null client with what only a server has.
pub fn nullclient_with_more(files: &Files<'_>) -> Vec<Finding> {
    let Some(client) = files.feature("nullclient") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for asked in files.asked("MAILER").filter(|asked| asked.order > 0) {
        // The feature itself asks for its mailers at its own place.
        let is_own = match (&asked.place, &client.place) {
            (Some(one), Some(other)) => {
                let line = |place: &Place| place.source.line_index(place.span.start);
                line(one) == line(other)
            }
            _ => true,
        };
        if !is_own {
            let message = format!(
                "a null client has its mailers already, and `MAILER({})` makes m4 complain",
                asked.name
            );
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "nullclient-with-more",
                        asked.place.as_ref(),
                        message,
                    )
                    .help("remove it"),
            );
        }
    }
    let open = files
        .daemons()
        .into_iter()
        .find(|daemon| !daemon.is_inside());
    if let Some(daemon) = open {
        let message = format!(
            "a null client needs to accept mail from this host alone, and it listens on port {} of every address",
            daemon.port().unwrap_or(25)
        );
        let place = daemon.place.as_ref().or(client.place.as_ref());
        found.push(
            files
                .say(Severity::Warning, "nullclient-with-more", place, message)
                .help(
                    "add `` FEATURE(`no_default_msa')dnl `` and `` DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1')dnl ``",
                ),
        );
    }
    found
}
