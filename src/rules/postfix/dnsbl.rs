//! Lists of addresses and names in the DNS that strangers are held against. Must not know what a
//! list decides.

use super::lists::{self, Item};
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::{Files, Word};

/// Every zone that is asked, with who asks.
fn zones(files: &Files<'_>) -> Vec<(String, Word)> {
    let mut zones: Vec<(String, Word)> = Vec::new();
    for list in lists::all(files) {
        for item in list.items {
            let is_zone = lists::known(&item.name).is_some_and(|row| row.get("argument") == "zone");
            zones.extend(
                item.argument
                    .filter(|_| is_zone)
                    .map(|zone| (item.name, zone)),
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
        findings.push(
            files
                .finding(Severity::Warning, "dnsbl-any-answer", word.origin, message)
                .certainty(Certainty::Likely)
                .help(format!("write `{zone}={filter}`")),
        );
    }
    findings
}

/// Lists that are asked before those are let through who need not be looked up.
pub fn early(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in lists::all(files) {
        let is_late = |item: &Item| {
            [
                "permit_mynetworks",
                "reject_unauth_destination",
                "defer_unauth_destination",
                "permit_sasl_authenticated",
            ]
            .contains(&item.name.as_str())
        };
        let Some(last) = list.items.iter().rposition(is_late) else {
            continue;
        };
        let asks = |item: &&Item| item.name.contains("rbl_") || item.name.contains("rhsbl_");
        if let Some(item) = list.items[..last].iter().find(asks) {
            let message = format!(
                "`{}` is asked about clients that `{}` decides without it",
                item.name, list.items[last].name
            );
            findings.push(
                files
                    .finding(
                        Severity::Note,
                        "early-dns-list",
                        item.word.origin.clone(),
                        message,
                    )
                    .help(format!("move it behind `{}`", list.items[last].name)),
            );
        }
    }
    findings
}
