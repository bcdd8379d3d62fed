//! Which features of the library a configuration is made with. Must not know what they do.

use std::collections::BTreeMap;

use super::super::cf::Model;
use super::super::library;
use super::super::mc::Reading;
use super::input::Feature;
use crate::mta::Version;

/// The features that a sendmail.mc asks for.
pub fn asked(reading: &Reading) -> BTreeMap<String, Vec<Feature>> {
    let mut found: BTreeMap<String, Vec<Feature>> = BTreeMap::new();
    for asked in reading.asked.iter().filter(|asked| asked.kind == "FEATURE") {
        found.entry(asked.name.clone()).or_default().push(Feature {
            args: asked.args.clone(),
            place: asked.place.clone(),
        });
    }
    found
}

/// Rules that a feature leaves in a ruleset: the ruleset, the left side, a part of the right side,
/// the feature (cf/m4/proto.m4).
const RULES: &[(&str, &str, &str, &str)] = &[
    ("Rcpt_ok", "$+ < @ $* $=m >", "RELAY", "relay_entire_domain"),
    ("Rcpt_ok", "$+ < @ $=R >", "RELAY", "relay_hosts_only"),
    ("Rcpt_ok", "$*", "$>CanonAddr", "loose_relay_check"),
    (
        "Rcpt_ok",
        "<> <$*> $| <$+>",
        "<+ To>",
        "blocklist_recipients",
    ),
    ("Rcpt_ok", "$* ! $* < @ $* >", "<REMOTE>", "nouucp"),
    ("Rcpt_ok", "$* % $* < @ $* >", "<REMOTE>", "nopercenthack"),
    ("Relay_ok", "<?> $+ < @ $=w >", "RELAY", "relay_local_from"),
    ("Relay_ok", "<?> $+ < @ $+ >", "<! From>", "relay_mail_from"),
    ("Basic_check_relay", "$* $| FAIL", "$#error", "require_rdns"),
    ("check_rcpt", "<FRIEND> $+", "SPAMFRIEND", "delay_checks"),
    ("check_rcpt", "<HATER> $+", "$1", "delay_checks"),
];

/// Rules that are missing with a feature: the ruleset, the left sides, the feature.
const WITHOUT: &[(&str, &[&str], &str)] = &[
    (
        "Basic_check_rcpt",
        &["$* $| @ RELAY", "$* $| RELAY", "T $+ $| $*"],
        "promiscuous_relay",
    ),
    (
        "Basic_check_mail",
        &["<? $+> <$+>"],
        "accept_unqualified_senders",
    ),
    (
        "Basic_check_mail",
        &["<? $* <$->> $* < @ $+ >"],
        "accept_unresolvable_domains",
    ),
];

/// The features that the lines of a sendmail.cf tell.
pub fn told(model: &Model, version: Version) -> BTreeMap<String, Vec<Feature>> {
    let mut found: BTreeMap<String, Vec<Feature>> = BTreeMap::new();
    let mut add = |name: &str, args: Vec<String>, place| {
        let known = found.entry(name.to_owned()).or_default();
        if known.is_empty() || !args.is_empty() {
            known.push(Feature { args, place });
        }
    };
    for (kind, name, place) in library::told(model, version) {
        // Lists are told by their rules, which have their zones.
        if kind == "feature" && !["dnsbl", "enhdnsbl"].contains(&name.as_str()) {
            add(&name, Vec::new(), place);
        }
    }
    // Without the ruleset nothing is checked.
    if !model.rulesets.iter().any(|set| set.name == "check_rcpt") {
        add("promiscuous_relay", Vec::new(), None);
    }
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for set in &model.rulesets {
        // With `delay_checks` the checks have other names, their parts the same.
        for rule in &set.rules {
            let left = squeezed(&rule.left);
            for (name, wanted, part, feature) in RULES {
                if set.name == *name && left == *wanted && rule.right.contains(part) {
                    let by_domain = rule.right.contains("<D:") || rule.right.contains("<E:");
                    let argument = match *feature {
                        "relay_mail_from" if by_domain => Some("domain"),
                        "nouucp" | "nopercenthack" => Some("reject"),
                        "delay_checks" if left.starts_with("<F") => Some("friend"),
                        "delay_checks" => Some("hater"),
                        _ => None,
                    };
                    let args = argument.map(str::to_owned);
                    add(feature, args.into_iter().collect(), rule.place.clone());
                }
            }
            let zone = rule.right.split_once("$4.$3.$2.$1.");
            if let Some((_, zone)) = zone.filter(|_| set.name == "Basic_check_relay") {
                let zone = zone.split([' ', '$']).next().unwrap_or_default();
                add(
                    "dnsbl",
                    vec![zone.trim_end_matches('.').to_owned()],
                    rule.place.clone(),
                );
            }
        }
        for (name, wanted, feature) in WITHOUT {
            let mut lefts = set.rules.iter().map(|rule| squeezed(&rule.left));
            let has = lefts.any(|left| wanted.contains(&left.as_str()));
            if set.name == *name && !set.rules.is_empty() && !has {
                add(feature, Vec::new(), set.place.clone());
            }
        }
    }
    found
}
