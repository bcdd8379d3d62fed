//! Who is trusted because of a list. Must not know how its patterns are read.

use super::patterns::{is_elsewhere, patterns};
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Word, before};
use crate::net::Network;

/// Clients that are trusted for their name.
pub fn trusted_name(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in patterns(files)
        .into_iter()
        .flatten()
        .filter(|pattern| pattern.list == "mynetworks")
    {
        let text = pattern.word.text.as_str();
        let is_name = text.bytes().any(|b| b.is_ascii_alphabetic())
            && !is_elsewhere(text)
            && !text.starts_with(['!', '[', '#'])
            && !text.contains(['*', '#', '"']);
        // A name of one label is nobody's out there, but for the one that Postfix makes up.
        let is_somebodys = text.contains('.') || text.eq_ignore_ascii_case("unknown");
        if !is_name || !is_somebodys || Network::parse(text).is_ok() {
            continue;
        }
        let finding = if text.eq_ignore_ascii_case("unknown") {
            let message = "`unknown` is the name of every client whose address has none: all of \
             them may relay";
            files.finding(
                Severity::Error,
                "trusted-name",
                pattern.word.origin,
                message,
            )
        } else {
            let message = format!(
                "`{text}` trusts every client whose name is that or below it, as the DNS \
             tells it: who changes the zone may relay"
            );
            files
                .finding(
                    Severity::Warning,
                    "trusted-name",
                    pattern.word.origin,
                    message,
                )
                .certainty(Certainty::Likely)
        };
        findings.push(finding.help("write the addresses"));
    }
    findings
}

/// Networks of more than one's own, and those that hide strangers.
pub fn wide(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in patterns(files).into_iter().flatten() {
        let trusts = matches!(
            pattern.list,
            "mynetworks" | "smtpd_forbid_bare_newline_exclusions"
        );
        let text = pattern.word.text.replace(['[', ']'], "");
        let Some(network) = Network::parse(&text).ok().filter(|_| trusts) else {
            continue;
        };
        let prefix = network.prefix();
        let inside = |outer: &str| {
            Network::parse(outer).is_ok_and(|outer| {
                outer.first() <= network.first()
                    && network.last() <= outer.last()
                    && outer.is_ipv4() == network.is_ipv4()
            })
        };
        // Who lets in everybody is told by what it leads to.
        let is_world = prefix == 0;
        let (severity, why) = if is_world
            || inside("127.0.0.0/8")
            || inside("169.254.0.0/16")
            || inside("fc00::/7")
            || inside("fe80::/10")
        {
            continue;
        } else if inside("172.16.0.0/12") && prefix <= 16 {
            (
                Severity::Note,
                "it holds the addresses of Docker's bridges, behind which, with a \
             published port, everybody on the Internet can look like one of them",
            )
        } else if inside("10.0.0.0/8") || inside("192.168.0.0/16") {
            continue;
        } else if inside("100.64.0.0/10") {
            (
                Severity::Warning,
                "these addresses are those of a provider's customers (RFC 6598): others \
             have them too",
            )
        } else if network.is_ipv4() && prefix < 24 || !network.is_ipv4() && prefix < 48 {
            // A provider may have as much.
            let is_providers = prefix >= if network.is_ipv4() { 16 } else { 32 };
            (
                if is_providers {
                    Severity::Note
                } else {
                    Severity::Warning
                },
                "that is a large part of the Internet, and everybody in it is trusted",
            )
        } else {
            continue;
        };
        let message = format!("`{}` in `{}`: {why}", pattern.word.text, pattern.list);
        findings.push(
            files
                .finding(severity, "wide-network", pattern.word.origin, message)
                .certainty(Certainty::Likely)
                .help("list the hosts that have to send through this server"),
        );
    }
    findings
}

/// Networks that follow from those of the machine.
pub fn neighbours(files: &Files<'_>) -> Vec<Finding> {
    if files.main.is_none() || files.is_set("mynetworks", None) {
        return Vec::new();
    }
    let Some(style) = files.text("mynetworks_style", None) else {
        return Vec::new();
    };
    let place = files.value_place("mynetworks_style", None);
    let finding = match style.to_ascii_lowercase().as_str() {
        "class" => {
            let message = "`mynetworks_style = class` trusts the whole class A, B or C network of \
             each address: with a provider, thousands of strangers";
            files
                .finding(Severity::Error, "trusted-neighbours", place, message)
                .certainty(Certainty::Likely)
        }
        "subnet" if place.is_none() => {
            let message = "neither `mynetworks` nor `mynetworks_style` is set, and without \
             `compatibility_level = 2` every host of this server's subnets may relay";
            let place = files.place("compatibility_level", None);
            files.finding(Severity::Warning, "trusted-neighbours", place, message)
        }
        _ => return Vec::new(),
    };
    vec![
        finding
            .help("write `mynetworks_style = host`, or the networks as `mynetworks`")
            .unsafe_fix(files.set_to("mynetworks_style", "host", None)),
    ]
}

/// This host itself is left out.
pub fn no_loopback(files: &Files<'_>) -> Vec<Finding> {
    let words = files.words("mynetworks", None);
    let is_plain = |word: &Word| {
        word.origin.is_some() && Network::parse(&word.text.replace(['[', ']'], "")).is_ok()
    };
    let holds = |word: &Word| {
        Network::parse(&word.text.replace(['[', ']'], ""))
            .is_ok_and(|network| network.first().is_loopback() || network.prefix() == 0)
    };
    if words.is_empty() || !words.iter().all(is_plain) || words.iter().any(holds) {
        return Vec::new();
    }
    let message = "`mynetworks` leaves 127.0.0.1 out: programs of this host that send by \
             SMTP are refused";
    vec![
        files
            .finding(
                Severity::Warning,
                "no-loopback",
                files.value_place("mynetworks", None),
                message,
            )
            .help("put `127.0.0.0/8 [::1]/128` first")
            .unsafe_fix(
                files
                    .value_place("mynetworks", None)
                    .into_iter()
                    .flat_map(|place| before(&place, "127.0.0.0/8 [::1]/128 "))
                    .collect(),
            ),
    ]
}

/// Who may tell the log what it was.
pub fn forged_log(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in patterns(files)
        .into_iter()
        .flatten()
        .filter(|pattern| pattern.list == "smtpd_authorized_xforward_hosts")
    {
        let text = pattern.word.text.replace(['[', ']'], "");
        let is_wide = text.starts_with("static:")
            || Network::parse(&text).is_ok_and(|network| {
                network.prefix() == 0
                    || network.prefix() < if network.is_ipv4() { 24 } else { 48 }
                        && !crate::net::special_use(network.first())
            });
        if is_wide {
            let message = format!(
                "`{}` may say with XFORWARD which client a mail came from: strangers \
             write what they like into the log",
                pattern.word.text
            );
            findings.push(
                files
                    .finding(
                        Severity::Warning,
                        "forged-log",
                        pattern.word.origin,
                        message,
                    )
                    .help("name the content filters alone, as `127.0.0.0/8`"),
            );
        }
    }
    findings
}
