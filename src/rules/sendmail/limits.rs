//! Numbers and times: options of the whole server. Must not know values that are no numbers.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Files, instead, part};

/// Limits that are off, with what happens without them and what to write.
const UNLIMITED: &[(&str, &str, &str)] = &[
    (
        "MaxDaemonChildren",
        "as many sessions as arrive use up the memory",
        "`confMAX_DAEMON_CHILDREN`, such as 200",
    ),
    (
        "ConnectionRateThrottle",
        "any number of connections a second is taken",
        "`confCONNECTION_RATE_THROTTLE`, such as 20",
    ),
    (
        "MaxRecipientsPerMessage",
        "one message may have any number of recipients",
        "`confMAX_RCPTS_PER_MESSAGE`, such as 100",
    ),
    (
        "BadRcptThrottle",
        "names of users can be guessed at full speed",
        "`confBAD_RCPT_THROTTLE`, such as 3",
    ),
    (
        "MaxMessageSize",
        "one message may fill the disk",
        "`confMAX_MESSAGE_SIZE`, such as 52428800",
    ),
];

fn number(files: &Files<'_>, option: &str) -> u64 {
    files
        .value(option)
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

/// Limits that are not set.
pub fn no_limit(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_daemon() || files.daemons().iter().all(sendmail::Daemon::is_inside) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let controlled =
        files.feature("ratecontrol").is_some() || files.feature("conncontrol").is_some();
    for (option, why, help) in UNLIMITED {
        let line = files.option(option);
        let is_set = line.is_some_and(|line| {
            line.value
                .as_deref()
                .is_some_and(|value| value.trim() != "0")
        });
        if is_set || *option == "ConnectionRateThrottle" && controlled {
            continue;
        }
        let place = line.and_then(|line| line.place.as_ref());
        found.push(
            files
                .say(
                    Severity::Note,
                    "no-limit",
                    place,
                    format!("`{option}` sets no limit: {why}"),
                )
                .help(format!("set {help}"))
                .pedantic(),
        );
    }
    let headers = files
        .option("MaxHeadersLength")
        .filter(|line| line.place.is_some());
    if let Some(line) = headers
        && (number(files, "MaxHeadersLength") == 0 || number(files, "MaxHeadersLength") > 1_000_000)
    {
        let message =
            "`MaxHeadersLength` sets no limit that helps: headers of any length fill the memory";
        found.push(
            files
                .say(Severity::Note, "no-limit", line.place.as_ref(), message)
                .help("leave it at 32768"),
        );
    }
    let blocks = files
        .option("MinFreeBlocks")
        .filter(|line| line.place.is_some());
    if let Some(line) = blocks
        && number(files, "MinFreeBlocks") < 100
    {
        let message = "`MinFreeBlocks` keeps next to nothing free: the queue fills the disk, and mail is lost in the middle";
        found.push(
            files
                .say(Severity::Note, "no-limit", line.place.as_ref(), message)
                .help("write 10000"),
        );
    }
    found
}

/// Times that are too long or too short.
pub fn odd_time(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |option: &str, rule, message: String, right: &str, why: &str| {
        let line = files.option(option);
        let place = line.and_then(|line| line.place.as_ref());
        let old = line.and_then(|line| line.value.as_deref());
        let edits = old.map(|old| instead(place, old, right));
        found.push(
            files
                .say(Severity::Note, rule, place, message)
                .help(format!("write `{right}`{why}"))
                .unsafe_fix(edits.unwrap_or_default()),
        );
    };
    let seconds = |option: &str, unit: u64| {
        let line = files
            .option(option)
            .filter(|line| files.written(line).is_some())?;
        time(line.value.as_deref()?, unit)
    };
    if let Some(ident) = seconds("Timeout.ident", 60).filter(|time| *time > 0) {
        say(
            "Timeout.ident",
            "asks-ident",
            format!(
                "every client is asked who its user is and waited for up to {ident}s: firewalls drop the question, so that all mail waits"
            ),
            "0s",
            "",
        );
    }
    if let Some(time) = seconds("Timeout.queuereturn", 86400) {
        let day = 86400;
        if time < day || time > 7 * day {
            say(
                "Timeout.queuereturn",
                "odd-time",
                format!(
                    "mail that cannot be delivered is given back after {}h, where 4 to 5 days are expected (RFC 5321 §4.5.4.1)",
                    time / 3600
                ),
                "5d",
                "",
            );
        }
    }
    for option in ["Timeout.command", "Timeout.datablock", "Timeout.rcpt"] {
        if let Some(time) = seconds(option, 60).filter(|time| *time > 3600) {
            say(
                option,
                "odd-time",
                format!(
                    "`{option}` lets a client keep a session for {}h without a word",
                    time / 3600
                ),
                "5m",
                " (RFC 5321 §4.5.3.2)",
            );
        }
    }
    if let Some(feature) = files.feature("greet_pause")
        && let Some(pause) = feature.args.first().and_then(|arg| arg.parse::<u32>().ok())
        && pause > 10_000
    {
        let message = format!(
            "the greeting waits {}s: impatient clients of honest people hang up",
            pause / 1000
        );
        let place = feature
            .place
            .as_ref()
            .map(|place| part(place, &pause.to_string()));
        found.push(
            files
                .say(Severity::Note, "odd-time", place.as_ref(), message)
                .help("write 5000 or less (milliseconds)"),
        );
    }
    if let Some(line) = files
        .option("ConnectionRateThrottle")
        .filter(|line| line.place.is_some())
        && (1..=2).contains(&number(files, "ConnectionRateThrottle"))
        && files.option("ConnectionRateWindowSize").is_none()
    {
        let message = "the throttle counts the connections of all clients together: a few strangers keep everybody out";
        found.push(
            files
                .say(
                    Severity::Note,
                    "throttles-everybody",
                    line.place.as_ref(),
                    message,
                )
                .help("raise it, and limit single clients with `ratecontrol`"),
        );
    }
    found
}

/// A time in seconds.
fn time(value: &str, unit: u64) -> Option<u64> {
    let mut whole = 0;
    let mut rest = value.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let factor = match rest.bytes().next() {
            None => unit,
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3600,
            Some(b'd') => 86400,
            Some(b'w') => 7 * 86400,
            Some(_) => return None,
        };
        whole += number.checked_mul(factor)?;
        rest = rest.get(1..).unwrap_or_default();
    }
    Some(whole)
}

/// Other options of the whole server that lose mail or safety.
pub fn risky_option(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let written = |option: &str| {
        let line = files
            .option(option)
            .filter(|line| files.written(line).is_some())?;
        Some((
            line.place.as_ref(),
            line.value.as_deref().unwrap_or_default(),
        ))
    };
    if let Some((place, value)) = written("SuperSafe")
        && !value.is_empty()
        && !value.to_lowercase().starts_with(['t', 'y', 'p', 'i'])
    {
        let message = "mail is accepted before it is on the disk: a crash loses it";
        found.push(
            files
                .say(Severity::Warning, "unsafe-queue", place, message)
                .help("write `True`")
                .unsafe_fix(instead(place, value, "True")),
        );
    }
    found.extend(trusts_writable_files(files));
    if let Some((place, value)) = written("LogLevel")
        && let Ok(level) = value.trim().parse::<u32>()
    {
        let why = match level {
            0..=8 => "refused mail leaves no trace in the log",
            15.. => "whole commands come into the log, with logins among them",
            _ => "",
        };
        if !why.is_empty() {
            found.push(
                files
                    .say(
                        Severity::Note,
                        "odd-log-level",
                        place,
                        format!("at level {level} {why}"),
                    )
                    .help("write 9 to 14")
                    .unsafe_fix(instead(place, value, if level < 9 { "9" } else { "14" })),
            );
        }
    }
    let empty = files.resolved.reading.as_ref().and_then(|reading| {
        let defined = reading.defined.get("confDOUBLE_BOUNCE_ADDRESS")?;
        defined.value.is_empty().then_some(&defined.place)
    });
    if let Some(place) = empty {
        let message = "bounces that cannot be delivered are thrown away, and with them the news that something is broken";
        found.push(
            files
                .say(Severity::Note, "drops-double-bounces", Some(place), message)
                .help("write `postmaster`"),
        );
    }
    if let Some((place, value)) = written("RunAsUser")
        && !value.is_empty()
        && files.is_daemon()
        && files
            .resolved
            .model
            .mailers
            .iter()
            .any(|mailer| mailer.name == "local" && mailer.place.is_some())
    {
        let message = format!(
            "as `{value}` the daemon cannot write other users' mailboxes: local deliveries fail"
        );
        found.push(
            files
                .say(Severity::Note, "local-mail-without-root", place, message)
                .certainty(crate::findings::Certainty::Conditional)
                .help("use it on a relay alone"),
        );
    }
    found
}

/// The worst of what `DontBlameSendmail` allows.
fn trusts_writable_files(files: &Files<'_>) -> Option<Finding> {
    let line = files.option("DontBlameSendmail")?;
    let place = files.written(line)?;
    let mut words = line.value.as_deref()?.split([',', ' ']);
    let word = words.find(|word| {
        let word = word.to_lowercase();
        let begins = ["worldwritable", "runprogram", "groupwritable"];
        begins.iter().any(|begin| word.starts_with(begin))
            || word.contains("inwritabledir")
            || word.contains("unsafedirpath")
    })?;
    let message = format!(
        "`{word}` lets files be used that others can change, and so lets them act as this server"
    );
    let place = part(place, word);
    Some(
        files
            .say(
                Severity::Note,
                "trusts-writable-files",
                Some(&place),
                message,
            )
            .help("mend the files' modes instead"),
    )
}
