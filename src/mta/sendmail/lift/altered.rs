//! Whether the standard rulesets are those of the library: a table holds a digest of each of their
//! rules, as m4 makes them with 8.15 to 8.18. Must not know what the rules mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::cf::{Model, Rule};
use super::local::{End, end, question, squeezed};
use crate::policy::Opaque;
use crate::text::Place;

/// The rulesets that decide sessions.
const DECIDE: [&str; 24] = [
    "A",
    "Basic_check_mail",
    "Basic_check_rcpt",
    "Basic_check_relay",
    "CanonAddr",
    "D",
    "Delay_TLS_Clt",
    "Delay_TLS_Clt2",
    "E",
    "F",
    "FullAddr",
    "ParseRecipient",
    "Rcpt_ok",
    "RelayTLS",
    "Relay_ok",
    "SearchList",
    "TLS_connection",
    "U",
    "check_mail",
    "check_rcpt",
    "check_relay",
    "checkmail",
    "checkrcpt",
    "checkrelay",
];

/// Those of them that decide on clients and senders.
const BEFORE: [&str; 6] = [
    "Basic_check_mail",
    "Basic_check_relay",
    "check_mail",
    "check_relay",
    "checkmail",
    "checkrelay",
];

/// A line for each rule: the ruleset, the digest, and `always` where every configuration has it.
fn table() -> &'static str {
    include_str!("../../../../schemas/sendmail/rules.tsv")
}

/// A rule in 16 digits (FNV-1a). What an error says, and which list is asked, is left out.
fn digest(rule: &Rule) -> String {
    let right = squeezed(&rule.right);
    let right = match end(&right) {
        Some(End::Refuse) => "refuse",
        Some(End::Later) => "later",
        _ => match right.split_once("$4.$3.$2.$1.") {
            Some((before, _)) => before,
            None => &right,
        },
    };
    let text = format!("{}\t{right}", squeezed(&rule.left));
    let mut digest: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{digest:016x}")
}

/// The rules of the rulesets that decide, by the rulesets' names.
fn deciding(model: &Model) -> BTreeMap<&str, (Vec<&Rule>, Option<&Place>)> {
    let mut found: BTreeMap<&str, (Vec<&Rule>, Option<&Place>)> = BTreeMap::new();
    for set in &model.rulesets {
        let name = set.name.split('=').next().unwrap_or_default().trim();
        if DECIDE.contains(&name) {
            let (rules, place) = found.entry(name).or_default();
            rules.extend(&set.rules);
            *place = place.or(set.place.as_ref());
        }
    }
    found
}

/// The rulesets that are not the library's, as questions: whether they let the session pass, and
/// whether they refuse it. A sendmail.mc has none of the library's by itself.
pub fn altered(model: &Model, is_whole: bool, is_open: bool) -> Vec<(Arc<Opaque>, End)> {
    // `promiscuous_relay` leaves most of them out.
    let all_there = is_whole && !is_open;
    let rows: Vec<Vec<&str>> = table()
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let mut all = Vec::new();
    for (name, (rules, place)) in deciding(model) {
        let of_set = || rows.iter().filter(|row| row[0] == name);
        let known: BTreeSet<&str> = of_set().map(|row| row[1]).collect();
        let digests: Vec<String> = rules.iter().map(|rule| digest(rule)).collect();
        let other = digests
            .iter()
            .position(|digest| !known.contains(digest.as_str()));
        let is_missing =
            |row: &&Vec<&str>| row[2] == "always" && !digests.iter().any(|digest| digest == row[1]);
        let place = match other {
            Some(at) => rules[at].place.clone(),
            None if !is_whole && !rules.is_empty() => rules[0].place.clone(),
            None if all_there && of_set().any(|row| is_missing(&row)) => place.cloned(),
            None => continue,
        };
        let reason = "they are not those of the library of 8.15 to 8.18";
        let ends = [(false, End::Pass), (true, End::Refuse)];
        // Whom the checks of client and sender let pass, that of the recipient is still to come.
        let refuses_alone = BEFORE.contains(&name);
        for (refuse, end) in ends
            .into_iter()
            .filter(|(refuse, _)| *refuse || !refuses_alone)
        {
            all.push((question(name, refuse, reason, place.clone()), end));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::super::resolve::cf;
    use super::*;
    use crate::mta::{Server, World};
    use crate::text::{Snapshot, Source};

    /// With `RULES=FOLDER` the table is written anew from the folder's sendmail.cf files, made by
    /// m4 with many features each.
    #[test]
    fn the_table_is_sorted() {
        if let Some(folder) = std::env::var_os("RULES") {
            write(&folder);
        }
        let rows: Vec<&str> = table().lines().collect();
        assert!(rows.len() > 100 && rows.is_sorted());
        assert!(
            rows.iter()
                .all(|row| DECIDE.contains(&row.split('\t').next().unwrap()))
        );
    }

    fn write(folder: &std::ffi::OsStr) {
        let files = Snapshot::of(&[]);
        let world = World::new(&files, Server::Sendmail.newest());
        let (mut counts, mut sets) = (BTreeMap::new(), BTreeMap::new());
        for entry in fs::read_dir(folder).unwrap() {
            let text = fs::read(entry.unwrap().path()).unwrap();
            let resolved = cf(&Source::from_bytes("x.cf", text), &world);
            for (name, (rules, _)) in deciding(&resolved.model) {
                *sets.entry(name.to_owned()).or_insert(0) += 1;
                let digests: BTreeSet<String> = rules.iter().map(|rule| digest(rule)).collect();
                for digest in digests {
                    *counts.entry((name.to_owned(), digest)).or_insert(0) += 1;
                }
            }
        }
        let rows = counts.into_iter().map(|((name, digest), count)| {
            let always = if count == sets[&name] { "always" } else { "" };
            format!("{name}\t{digest}\t{always}\n")
        });
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/sendmail/rules.tsv");
        fs::write(path, rows.collect::<String>()).unwrap();
    }
}
