//! What no session reaches, who reaches nothing, and what was not followed.

use crate::findings::{Finding, Severity};
use crate::policy::{Clause, Listener};
use crate::rules::judged::Judged;

/// Listeners that refuse everybody, clauses that decide nothing, and gaps.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let shut = policy.closed(judged.space);
    let mut findings: Vec<Finding> = shut
        .iter()
        .map(|(listener, by)| refuses_everybody(listener, *by, judged))
        .collect();
    // Where nobody gets in, everything behind the gate is out of reach, and where only the host
    // itself does, what is written for others.
    let has_strangers = policy.listeners.iter().any(Listener::is_public);
    if shut.is_empty() && has_strangers {
        findings.extend(
            policy
                .unreached(judged.space)
                .into_iter()
                .filter_map(unreached),
        );
    }
    findings.extend(judged.lifted.gaps.iter().map(|gap| {
        judged.finding(
            Severity::Note,
            "not-understood",
            gap.place.as_ref(),
            format!(
                "{}: what depends on it was not judged",
                gap.reason.trim_end_matches('.')
            ),
        )
    }));
    findings
}

fn refuses_everybody(listener: &Listener, by: Option<&Clause>, judged: &Judged<'_>) -> Finding {
    let place = by
        .and_then(|clause| clause.origin.as_ref())
        .or(listener.origin.as_ref());
    // A port that only the host can call is often left as it came.
    let severity = if listener.is_public() {
        Severity::Error
    } else {
        Severity::Warning
    };
    judged.finding(
        severity,
        "refuses-everybody",
        place,
        format!("port {} accepts no message from anybody", listener.port),
    )
}

fn unreached(clause: &Clause) -> Option<Finding> {
    let place = clause.origin.as_ref()?;
    Some(
        Finding::new(
            Severity::Warning,
            "unreached-clause",
            &place.source,
            place.span,
            "no session gets this far: what stands before it decides every one",
        )
        .help("move it up, or take it out"),
    )
}
