//! Modes and ages of the files that the configuration names. Must not know what they hold.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Files, Line};

/// Maps that are kept as files made by makemap.
fn made<'f>(files: &'f Files<'_>) -> Vec<(&'f Line, &'f str)> {
    let maps = files.resolved.model.maps.iter();
    maps.filter_map(|map| {
        let kind = map.value.as_deref()?.split_whitespace().next()?;
        let is_made = ["hash", "btree", "cdb", "dbm"].contains(&kind);
        Some((map, files.map_path(&map.name).filter(|_| is_made)?))
    })
    .collect()
}

/// Maps whose text was changed after they were made.
pub fn stale_map(files: &Files<'_>) -> Vec<Finding> {
    let found = made(files).into_iter().filter_map(|(map, path)| {
        let text = files.stat(path)?;
        let made = ["db", "cdb", "pag"];
        let made = made
            .iter()
            .find_map(|end| files.stat(&format!("{path}.{end}")))?;
        (text.modified > made.modified).then(|| {
            let message = format!(
                "`{path}` was changed after its map was made: the daemon answers by the old entries"
            );
            let place = files
                .file(path)
                .map(|source| Place::new(&source, source.line_span(0)));
            files
                .say(
                    Severity::Warning,
                    "stale-table",
                    place.ok().as_ref().or(map.place.as_ref()),
                    message,
                )
                .help(format!("run `makemap hash {path} < {path}`"))
        })
    });
    found.collect()
}

/// Files that others than root can change.
pub fn changed_by_others(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let classes = files.resolved.model.class_files.iter();
    let classes = classes
        .filter_map(sendmail::class_file)
        .map(|(path, _)| path);
    let own = std::iter::once(files.source.name());
    for path in own
        .chain(classes)
        .chain(made(files).into_iter().map(|(_, path)| path))
    {
        if let Some(stat) = files.stat(path)
            && stat.mode & 0o022 != 0
        {
            let message = format!(
                "others than its owner may write `{path}` (mode {:04o}): the daemon refuses such a file or warns of it, and \
                 whoever writes it decides where mail goes",
                stat.mode
            );
            let place = files
                .file(path)
                .ok()
                .map(|source| Place::new(&source, source.line_span(0)));
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "writable-configuration",
                        place.as_ref(),
                        message,
                    )
                    .help(format!("run `chmod go-w {path}`")),
            );
        }
    }
    found
}

/// Passwords and keys that others can read.
pub fn read_by_others(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let access = files.table("access").unwrap_or_default();
    let has_login = access.iter().any(|entry| entry.tagged().0 == "authinfo");
    let maps = ["authinfo"]
        .into_iter()
        .chain(has_login.then_some("access"));
    for path in maps.filter_map(|name| files.map_path(name)) {
        for path in [path.to_owned(), format!("{path}.db")] {
            if let Some(stat) = files.stat(&path)
                && stat.mode & 0o044 != 0
            {
                let message = format!(
                    "everybody on this host may read the passwords in `{path}` (mode {:04o})",
                    stat.mode
                );
                let place = files
                    .file(&path)
                    .ok()
                    .map(|source| Place::new(&source, source.line_span(0)));
                found.push(
                    files
                        .say(
                            Severity::Warning,
                            "readable-secret",
                            place.as_ref(),
                            message,
                        )
                        .help(format!("run `chmod 0600 {path}`")),
                );
            }
        }
    }
    let group = files
        .value("DontBlameSendmail")
        .is_some_and(|value| value.to_lowercase().contains("groupreadablekeyfile"));
    for name in ["ServerKeyFile", "ClientKeyFile"] {
        let Some(line) = files.option(name) else {
            continue;
        };
        let Some(path) = line.value.as_deref().filter(|path| path.starts_with('/')) else {
            continue;
        };
        let unsafe_bits = if group { 0o037 } else { 0o077 };
        if let Some(stat) = files.stat(path)
            && stat.mode & unsafe_bits != 0
        {
            let message = format!(
                "others may read the key `{path}` (mode {:04o}), and the daemon then goes on without TLS",
                stat.mode
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "readable-secret",
                        line.place.as_ref(),
                        message,
                    )
                    .help(format!("run `chmod 0600 {path}`")),
            );
        }
    }
    found
}

/// Holes of releases, which packages may have closed.
const HOLES: &[(&[u16], &str, &str)] = &[
    (
        &[8, 16],
        "a session that is used again may go on without STARTTLS",
        "`` define(`confMCI_CACHE_SIZE', `0')dnl `` avoids it",
    ),
    (
        &[8, 17],
        "commands of other protocols are taken inside TLS (ALPACA, CVE-2021-3618)",
        "8.17 breaks off at HTTP commands",
    ),
    (
        &[8, 18],
        "mails can be smuggled in behind a bare line feed (CVE-2023-51765), which no setting stops",
        "Debian closed it in 8.15.2-22+deb11u1 and 8.17.1.9-2+deb12u1",
    ),
];

/// A release with known holes.
pub fn vulnerable_release(files: &Files<'_>) -> Vec<Finding> {
    let version = files.world.version;
    if !files.is_daemon() {
        return Vec::new();
    }
    let mut holes = HOLES
        .iter()
        .filter(|(since, ..)| !version.is_at_least(since));
    let found = holes.next_back().map(|(_, what, help)| {
        let message =
            format!("Sendmail {version} as its authors released it has a known hole: {what}");
        files
            .say(Severity::Note, "known-hole", None, message)
            .certainty(Certainty::Conditional)
            .help(format!(
                "upgrade, or see whether your package has the fix: {help}"
            ))
            .pedantic()
    });
    found.into_iter().collect()
}

/// Users that may say that they are anybody, and that run what strangers ask for.
pub fn trusts_web_server(files: &Files<'_>) -> Vec<Finding> {
    let web = [
        "www-data", "www", "apache", "httpd", "nginx", "nobody", "http",
    ];
    let words = files.class("t").into_iter();
    let found = words.filter(|word| web.contains(&word.text.as_str())).map(|word| {
        let message = format!(
            "`{}` may send as anybody without a mark: a hole in a web page then writes mail as any user here",
            word.text
        );
        files
            .say(Severity::Note, "trusts-web-server", Some(&word.place), message)
            .help("remove it, and give the program a sender of its own with `-f`")
    });
    found.collect()
}

/// An alias file without the names that every server must have.
pub fn aliases_without_postmaster(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files.option("AliasFile").filter(|_| files.is_daemon()) else {
        return Vec::new();
    };
    let Some(path) = line
        .value
        .as_deref()
        .filter(|path| path.starts_with('/') && !path.contains(','))
    else {
        return Vec::new();
    };
    let Ok(source) = files.file(path) else {
        return Vec::new();
    };
    let has = source.text().lines().any(|line| {
        let name = line
            .split_once(':')
            .map(|(name, _)| name.trim().trim_matches('"').to_lowercase());
        name.as_deref() == Some("postmaster")
    });
    if has {
        return Vec::new();
    }
    let place = Place::new(&source, source.line_span(0));
    let message = "there is no alias for `postmaster`, whom every server must take mail for (RFC 5321 §4.5.1)";
    let finding = files
        .say(Severity::Warning, "no-postmaster", Some(&place), message)
        .help("add `postmaster: root`, and one for `root`");
    vec![finding]
}

/// Counting of clients that comes only with the recipient.
pub fn counted_late(files: &Files<'_>) -> Vec<Finding> {
    if files.feature("delay_checks").is_none() || files.resolved.reading.is_none() {
        return Vec::new();
    }
    let found = ["conncontrol", "ratecontrol"].into_iter().filter_map(|name| {
        let feature = files.feature(name)?;
        (!feature.args.iter().any(|arg| arg == "nodelay")).then(|| {
            let message = format!(
                "with `delay_checks` clients meet `{name}` only at a recipient: those that open sessions and send none are \
                 not counted"
            );
            files
                .say(Severity::Note, "counted-late", feature.place.as_ref(), message)
                .help(format!("write `` FEATURE(`{name}', `nodelay')dnl ``"))
        })
    });
    found.collect()
}
