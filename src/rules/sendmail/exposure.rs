//! What the server tells of itself, and whom it believes. Must not know limits.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Daemon, Files, instead};

/// What the server tells of users and itself.
pub fn tells_too_much(files: &Files<'_>) -> Vec<Finding> {
    if !files.is_daemon() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let line = files.option("PrivacyOptions");
    let written = line
        .and_then(|line| line.value.as_deref())
        .unwrap_or_default();
    let value = written.to_lowercase();
    let words: Vec<&str> = value
        .split([',', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    let has = |word: &str| words.contains(&word) || words.contains(&"goaway");
    let missing: Vec<&str> = ["noexpn", "novrfy", "noverb"]
        .into_iter()
        .filter(|word| !has(word))
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "anybody may ask which users and aliases there are: `{}` is not set",
            missing.join(",")
        );
        let place = line.and_then(|line| line.place.as_ref());
        found.push(
            files
                .say(Severity::Note, "tells-of-users", place, message)
                .help("write `goaway,restrictmailq,restrictqrun,nobodyreturn`")
                .unsafe_fix(instead(
                    place,
                    written,
                    &format!("{written},{}", missing.join(",")),
                )),
        );
    }
    if let Some(line) = line.filter(|line| line.place.is_some())
        && !has("authwarnings")
    {
        let message = "`authwarnings` is lost with this value, which the library sets otherwise: who sends under another's name is no \
                       longer marked";
        found.push(
            files
                .say(
                    Severity::Note,
                    "lost-authwarnings",
                    line.place.as_ref(),
                    message,
                )
                .help("add `authwarnings`")
                .unsafe_fix(instead(
                    line.place.as_ref(),
                    written,
                    &format!("authwarnings,{written}"),
                )),
        );
    }
    let greeting = files.option("SmtpGreetingMessage");
    if let Some(line) = greeting
        && line
            .value
            .as_deref()
            .is_some_and(|value| value.contains("$v") || value.contains("$Z"))
    {
        let message =
            "the greeting names the server's release: whoever looks for an old one finds it";
        found.push(
            files
                .say(
                    Severity::Note,
                    "banner-with-version",
                    line.place.as_ref(),
                    message,
                )
                .help("write `` define(`confSMTP_LOGIN_MSG', `$j; $b')dnl ``"),
        );
    }
    found
}

/// Features that let senders in whom nobody can answer, where strangers call.
pub fn accepts_bad_senders(files: &Files<'_>) -> Vec<Finding> {
    if files.daemons().iter().all(Daemon::is_inside) {
        return Vec::new();
    }
    let features = [
        (
            "accept_unresolvable_domains",
            "senders at domains that do not exist are let in: no bounce ever reaches them",
        ),
        (
            "accept_unqualified_senders",
            "senders without a domain are let in, and look like users of this server",
        ),
    ];
    let found = features.into_iter().filter_map(|(name, why)| {
        let feature = files.feature(name)?;
        Some(
            files
                .say(
                    Severity::Note,
                    "accepts-bad-senders",
                    feature.place.as_ref(),
                    why,
                )
                .help("remove it on a server that strangers reach"),
        )
    });
    found.collect()
}

/// Programs that users' files name, run by a shell.
pub fn unrestricted_shell(files: &Files<'_>) -> Vec<Finding> {
    let prog = files
        .resolved
        .model
        .mailers
        .iter()
        .find(|mailer| mailer.name == "prog");
    let path = prog.and_then(|prog| prog.equates.iter().find(|line| line.name.starts_with('P')));
    let shell = path.filter(|line| {
        line.value
            .as_deref()
            .is_some_and(|value| value.ends_with("/sh"))
    });
    let found = shell.filter(|_| files.is_daemon()).map(|line| {
        let message = "whatever a `.forward` or alias file names is run by the shell: users run any program as the mail system does";
        files
            .say(Severity::Note, "unrestricted-shell", line.place.as_ref(), message)
            .help("add `` FEATURE(`smrsh')dnl `` before `MAILER`")
    });
    found.into_iter().collect()
}
