//! The differences between what a description demands and what a configuration does. Must not know
//! any server, nor how findings are printed.

use std::collections::HashSet;

use crate::findings::{Finding, Severity};
use crate::policy::{Decision, Difference, Policy, compare};
use crate::rules::judged::Judged;
use crate::text::Place;

/// One finding for each difference, at the line of the configuration, with the line of the
/// description beside it.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let Some(wanted) = &judged.asking.wanted else {
        return Vec::new();
    };
    let found = &judged.lifted.policy;
    let drift = compare(wanted, found);
    // What hangs on the same answers is told once, by the worst that comes of them.
    let mut told = HashSet::new();
    let mut findings: Vec<Finding> = drift
        .sessions
        .iter()
        .filter(|difference| {
            let answers = difference.answers.iter();
            let hits: Vec<_> = answers.map(|(opaque, hit)| (&opaque.hit, *hit)).collect();
            hits.is_empty() || told.insert(hits)
        })
        .map(|difference| session(wanted, found, difference, judged))
        .collect();
    for difference in &drift.facts {
        let told = judged.finding(
            Severity::Error,
            "fact-drift",
            difference.second.origin.as_ref(),
            format!(
                "{} is `{}` here, and the description says `{}`",
                difference.second.name, difference.second.value, difference.first.value
            ),
        );
        findings.push(beside(
            told,
            difference.first.origin.as_ref(),
            "as the description says",
        ));
    }
    let is_demanded = |name: &str| {
        let mut facts = wanted.facts(Some(name)).into_iter();
        facts.any(|fact| fact.value != "none")
    };
    for (name, reason) in drift.unknown.iter().filter(|(name, _)| is_demanded(name)) {
        findings.push(judged.finding(
            Severity::Note,
            "not-compared",
            None,
            format!("{name} was not compared with the description: {reason}"),
        ));
    }
    findings
}

fn session(
    wanted: &Policy,
    found: &Policy,
    difference: &Difference<'_>,
    judged: &Judged<'_>,
) -> Finding {
    let origin = |policy: &Policy, side: usize| {
        let by = difference.by[side].and_then(|clause| clause.origin.clone());
        by.or_else(|| policy.listener(difference.session.port)?.origin.clone())
    };
    let unusual: Vec<String> = difference
        .answers
        .iter()
        .map(|(opaque, hit)| format!("{}{}", if *hit { "" } else { "not: " }, opaque.hit))
        .collect();
    let condition = if unusual.is_empty() {
        String::new()
    } else {
        format!(", if {}", unusual.join(" and "))
    };
    // What is only told by an answer that nobody can see here is not proved.
    let severity = if difference.second == Decision::Unknown || !unusual.is_empty() {
        Severity::Warning
    } else {
        Severity::Error
    };
    let told = judged.finding(
        severity,
        "access-drift",
        origin(found, 1).as_ref(),
        format!(
            "a session is {} here{condition}, and the description says: {}",
            difference.second, difference.first
        ),
    );
    beside(told, origin(wanted, 0).as_ref(), "as the description says")
        .help(format!("for example {}", difference.session))
}

fn beside(finding: Finding, place: Option<&Place>, text: &str) -> Finding {
    match place {
        Some(place) => finding.and(place.clone(), text),
        None => finding,
    }
}
