//! Lists of addresses and names in the DNS that strangers are held against. Must not know what a
//! list decides.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::lists::{self, Item};
use crate::mta::postfix::{Files, Word, written};

/// Every zone that is asked, with who asks.
fn zones(files: &Files<'_>) -> Vec<(String, Word)> {
    let mut zones: Vec<(String, Word)> = Vec::new();
    for list in files.lists() {
        for item in &list.items {
            let is_zone = lists::known(&item.name).is_some_and(|row| row.get("argument") == "zone");
            zones.extend(
                item.argument
                    .clone()
                    .filter(|_| is_zone)
                    .map(|zone| (item.name.clone(), zone)),
            );
        }
    }
    for service in files.scopes("postscreen") {
        let words = files.words("postscreen_dnsbl_sites", service);
        zones.extend(
            words
                .into_iter()
                .map(|word| ("postscreen_dnsbl_sites".to_owned(), word)),
        );
    }
    zones
}

fn domain(zone: &str) -> &str {
    zone.split(['=', '*']).next().unwrap_or_default()
}

/// Lists that answer with errors as if they were hits.
pub fn unfiltered(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, word) in zones(files) {
        let zone = domain(&word.text).to_ascii_lowercase();
        let is_meant =
            zone.ends_with("spamhaus.org") && !zone.contains("dbl") || zone == "list.dnswl.org";
        if !is_meant || word.text.contains('=') {
            continue;
        }
        let filter = if zone == "list.dnswl.org" {
            "127.0.[0..255].[1..3]"
        } else {
            "127.0.0.[2..11]"
        };
        let message = format!(
            "`{zone}` also answers with errors, as 127.255.255.254 to public \
             resolvers, and here each is a hit: good mail is refused"
        );
        let edits = written(&word, &format!("{}={filter}", word.text));
        findings.push(
            files
                .finding(Severity::Warning, "dnsbl-any-answer", word.origin, message)
                .certainty(Certainty::Likely)
                .help(format!("write `{zone}={filter}`"))
                .unsafe_fix(edits),
        );
    }
    findings
}

/// Lists that are asked about those who are let through behind them.
pub fn early(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in files.lists() {
        let asks = |item: &Item| item.name.contains("rbl_") || item.name.contains("rhsbl_");
        let Some(first) = list.items.iter().position(asks) else {
            continue;
        };
        let (early, later) = (&list.items[first], &list.items[first..]);
        let lets_through = |name: &str| later.iter().any(|item| item.name == name);
        let (severity, message, passes) = if lets_through("permit_sasl_authenticated") {
            let message = "users who log in from home are refused too, since most lists hold the \
                           addresses of homes";
            (Severity::Warning, message, "permit_sasl_authenticated")
        } else if lets_through("permit_mynetworks") {
            let message =
                "hosts of `mynetworks` are looked up too, and refused once they are listed";
            (Severity::Note, message, "permit_mynetworks")
        } else {
            continue;
        };
        let place = early.word.origin.clone();
        findings.push(
            files
                .finding(severity, "early-dnsbl", place, message)
                .help(format!("put `{}` behind `{passes}`", early.name)),
        );
    }
    findings
}
