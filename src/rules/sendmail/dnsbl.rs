//! DNS lists. Must not ask any.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Feature, Files, instead, part};

/// The lists that are asked, with whether single answers are named.
fn lists<'f>(files: &'f Files<'_>) -> Vec<(&'f Feature, bool)> {
    let plain = files
        .features("dnsbl")
        .iter()
        .map(|feature| (feature, false));
    let exact = files
        .features("enhdnsbl")
        .iter()
        .map(|feature| (feature, true));
    plain.chain(exact).collect()
}

fn zone(feature: &Feature) -> &str {
    feature
        .args
        .first()
        .map_or("", String::as_str)
        .trim()
        .trim_end_matches('.')
}

fn at(feature: &Feature) -> Option<Place> {
    feature
        .place
        .as_ref()
        .map(|place| part(place, zone(feature)))
}

fn is_below(zone: &str, name: &str) -> bool {
    zone == name || zone.ends_with(&format!(".{name}"))
}

/// Lists of which every answer counts, and results that never come.
pub fn answers(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (feature, exact) in lists(files) {
        let zone = zone(feature).to_lowercase();
        if !exact && is_below(&zone, "spamhaus.org") {
            let message = "every answer refuses here, and Spamhaus answers 127.255.255.25x to those who may not ask: then all \
                           mail is refused";
            found.push(
                files
                    .say(
                        Severity::Warning,
                        "dnsbl-any-answer",
                        at(feature).as_ref(),
                        message,
                    )
                    .help("use `enhdnsbl` and name the answers, as 127.0.0.2. to 127.0.0.11."),
            );
        }
        if exact && !files.world.version.is_at_least(&[8, 18]) {
            let results = feature.args.iter().skip(3);
            for result in
                results.filter(|result| result.starts_with("127.") && !result.ends_with('.'))
            {
                let message = format!(
                    "`{result}` never comes: before 8.18 answers end in a dot, and the list refuses nobody"
                );
                let place = feature.place.as_ref().map(|place| part(place, result));
                found.push(
                    files
                        .say(
                            Severity::Error,
                            "dnsbl-answer-without-dot",
                            place.as_ref(),
                            message,
                        )
                        .help(format!("write `{result}.`"))
                        .unsafe_fix(instead(place.as_ref(), result, &format!("{result}."))),
                );
            }
        }
        let temporary = feature.args.get(2).map_or("", String::as_str);
        if temporary == "t" {
            let message = format!("while `{zone}` does not answer, all mail is put off");
            found.push(
                files
                    .say(
                        Severity::Note,
                        "dnsbl-puts-off",
                        at(feature).as_ref(),
                        message,
                    )
                    .help(
                        "leave the third argument empty unless you trust the list to answer always",
                    )
                    .unsafe_fix(instead(feature.place.as_ref(), ", `t')", ")")),
            );
        }
    }
    found
}

/// Clients that should not meet the lists, or that never do.
pub fn clients(files: &Files<'_>) -> Vec<Finding> {
    let lists = lists(files);
    let Some((first, _)) = lists.first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mechanisms = files
        .value("AuthMechanisms")
        .is_some_and(|value| !value.is_empty());
    if mechanisms && files.feature("delay_checks").is_none() {
        let message = "clients are looked up before they log in: users at home or on the road are on such lists and get in \
                       no more";
        found.push(
            files
                .say(
                    Severity::Warning,
                    "early-dnsbl",
                    at(first).as_ref(),
                    message,
                )
                .help("add `` FEATURE(`delay_checks')dnl ``"),
        );
    }
    let six = files.daemons().into_iter().find(|daemon| {
        daemon
            .get("Family")
            .is_some_and(|family| family.eq_ignore_ascii_case("inet6"))
            && !daemon.is_inside()
    });
    if let Some(daemon) = six {
        let message =
            "clients that come by IPv6 are looked up in no list: the features know IPv4 alone";
        found.push(
            files
                .say(
                    Severity::Note,
                    "dnsbl-without-ipv6",
                    daemon.place.as_ref(),
                    message,
                )
                .help("limit them otherwise: `require_rdns`, rates, or a milter"),
        );
    }
    let access = files.table("access");
    let passes =
        |value: &str| value.eq_ignore_ascii_case("OK") || value.eq_ignore_ascii_case("RELAY");
    if let Some(access) = access
        && !access
            .iter()
            .any(|entry| ["connect", ""].contains(&entry.tagged().0) && passes(&entry.value))
    {
        let message = "no client is spared the lists: the day one of them lists your own network, your own mail stops";
        found.push(
            files
                .say(
                    Severity::Note,
                    "dnsbl-for-own-clients",
                    at(first).as_ref(),
                    message,
                )
                .help("write `Connect:` entries with `OK` for your own networks"),
        );
    }
    found
}

/// Checks of names that many honest servers do not pass.
pub fn strict_names(files: &Files<'_>) -> Vec<Finding> {
    let strict = [
        (
            "require_rdns",
            "clients without a name in reverse DNS are refused, and many honest ones have none",
        ),
        (
            "badmx",
            "senders whose mail exchanger is odd are refused, and some of them are honest",
        ),
    ];
    let found = strict.into_iter().filter_map(|(name, why)| {
        let feature = files.feature(name)?;
        Some(
            files
                .say(
                    Severity::Note,
                    "strict-names",
                    feature.place.as_ref(),
                    format!("`{name}`: {why}"),
                )
                .help("let those that you need pass with `Connect:… OK`"),
        )
    });
    found.collect()
}
