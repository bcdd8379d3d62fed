//! Sending through a provider that does not take mail in this way.

use crate::description::{Provider, providers};
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::Through;
use crate::rules::judged::Judged;

/// The port between mail servers, on which some providers answer although they do not say so.
const SMTP: u16 = 25;

/// What a known provider does not serve, or takes less of than this server does.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let Some(through) = &judged.lifted.through else {
        return Vec::new();
    };
    let Some(provider) = Provider::of(&through.host.to_ascii_lowercase()) else {
        return Vec::new();
    };
    let mut found = mismatches(through, provider, judged);
    found.extend(beyond(provider, judged));
    found
}

fn mismatches(through: &Through, provider: &Provider, judged: &Judged<'_>) -> Vec<Finding> {
    let title = &provider.title;
    let as_of = &providers().as_of;
    let mut found = Vec::new();
    let mut say = |severity, certainty, message: String, help: String| {
        let place = through.origin.as_ref();
        let told = judged.finding(severity, "provider-mismatch", place, message);
        found.push(told.certainty(certainty).help(help));
    };
    let port = through.port;
    if !provider.ports.iter().any(|service| service.port == port) {
        let (severity, certainty) = if port == SMTP {
            (Severity::Warning, Certainty::Likely)
        } else {
            (Severity::Error, Certainty::Proved)
        };
        say(
            severity,
            certainty,
            format!(
                "{title} does not serve port {port}: it serves {} (as of {as_of})",
                provider.ports()
            ),
            provider.ports.first().map_or_else(String::new, |service| {
                format!("send to port {}", service.port)
            }),
        );
    }
    if through.in_clear {
        say(
            Severity::Error,
            Certainty::Proved,
            format!("{title} takes no mail in clear, and TLS is never used here"),
            "demand TLS, and check the certificate".into(),
        );
    }
    match through.logs_in {
        Some(false) if !provider.without_login => say(
            Severity::Error,
            Certainty::Proved,
            format!("{title} takes mail only from who logs in, and this server does not"),
            provider
                .password
                .as_ref()
                .map_or_else(String::new, |password| {
                    format!("for a password: {password}")
                }),
        ),
        Some(true) if provider.mechanisms.is_empty() => say(
            Severity::Warning,
            Certainty::Likely,
            format!("{title} offers no AUTH: it knows its customers by address or certificate"),
            "switch the log-in off".into(),
        ),
        Some(true) => {
            let named = &through.mechanisms;
            let takes_one = named.is_empty() || named.iter().any(|one| provider.takes(one));
            let tokens = named.iter().any(|one| one == "xoauth2");
            match &provider.passwords_until {
                Some(day) if !tokens => say(
                    Severity::Warning,
                    Certainty::Likely,
                    format!("{title} takes no passwords since {day}, only OAuth2"),
                    "log in with XOAUTH2 and a token, or send through another host".into(),
                ),
                _ if !takes_one => say(
                    Severity::Error,
                    Certainty::Proved,
                    format!(
                        "{title} takes none of the mechanisms that are named here: {}",
                        named.join(", ")
                    ),
                    String::new(),
                ),
                _ => {}
            }
        }
        _ => {}
    }
    found
}

/// Messages that this server takes and the provider does not.
fn beyond(provider: &Provider, judged: &Judged<'_>) -> Vec<Finding> {
    let limits = &judged.lifted.policy.facts.limits;
    let size = (
        &limits.message_size,
        provider.message_size,
        "octets in a message",
    );
    let recipients = (
        &limits.recipients,
        provider.recipients,
        "recipients of a message",
    );
    let pairs = [size, recipients].into_iter();
    let told = pairs.filter_map(|(limit, most, what)| {
        let limit = limit.as_ref()?;
        let most = most.filter(|most| limit.value > *most || limit.value == 0)?;
        let message = format!(
            "{} takes up to {most} {what}: what this server takes beyond that comes back",
            provider.title
        );
        let place = limit.origin.as_ref();
        let told = judged.finding(Severity::Note, "beyond-provider", place, message);
        Some(told.help(format!("take at most {most}")))
    });
    told.collect()
}
