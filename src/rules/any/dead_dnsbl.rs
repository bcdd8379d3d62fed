//! DNS lists that are no more.

use crate::catalogue::{Row, Table};
use crate::findings::{Finding, Severity};
use crate::rules::judged::Judged;

/// The dated data file.
static DEAD: Table = Table::new(include_str!("../../../schemas/dnsbl.tsv"));

/// What is known of the dead list that `zone` belongs to.
pub fn dead(zone: &str) -> Option<Row> {
    let zone = zone.trim_end_matches('.').to_ascii_lowercase();
    let parents = zone.match_indices('.').map(|(at, _)| &zone[at + 1..]);
    std::iter::once(zone.as_str())
        .chain(parents)
        .find_map(|name| DEAD.get(name))
}

/// The dead lists that clients are looked up in.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let asked = judged.lifted.policy.opaque();
    let lists = asked.into_iter().filter(|opaque| opaque.kind == "rbl");
    let told = lists.filter_map(|opaque| {
        let zone = &opaque.name;
        let known = dead(zone)?;
        let since = known.get("since");
        let (severity, message) = if known.get("state") == "all" {
            let message = format!(
                "`{zone}` is dead, and since {since} it lists every client: mail from everybody is \
                 taken for spam"
            );
            (Severity::Error, message)
        } else {
            let message = format!(
                "`{zone}` lists nobody since {since}: it only delays mail, and would refuse all of \
                 it if somebody else took over the domain"
            );
            (Severity::Warning, message)
        };
        let told = judged.finding(severity, "dead-dnsbl", opaque.origin.as_ref(), message);
        Some(told.help("take it out"))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_below_a_dead_one_are_dead() {
        for zone in ["dnsbl.sorbs.net", "sorbs.net", "Combined.NJABL.org."] {
            assert!(dead(zone).is_some(), "{zone}");
        }
        for zone in ["zen.spamhaus.org", "notsorbs.net", "net", "manitu.net"] {
            assert!(dead(zone).is_none(), "{zone}");
        }
    }
}
