//! What no session reaches, who reaches nothing, and what was not followed.

use crate::findings::{Certainty, Finding, Severity};
use crate::policy::{Clause, Listener, Outcome, Reason};
use crate::rules::judged::Judged;

/// Listeners that refuse everybody, clauses that decide nothing, and gaps.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let shut = policy.closed(judged.space);
    let mut findings: Vec<Finding> = shut
        .iter()
        .filter_map(|(listener, by)| refuses_everybody(listener, *by, judged))
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

fn refuses_everybody(
    listener: &Listener,
    by: Option<&Clause>,
    judged: &Judged<'_>,
) -> Option<Finding> {
    let place = by
        .and_then(|clause| clause.origin.as_ref())
        .or(listener.origin.as_ref());
    let port = listener.port;
    let needs_log_in =
        by.is_some_and(|clause| clause.outcome == Outcome::Refuse(Reason::NeedsAuth));
    if needs_log_in {
        // By a mechanism that is not followed here some may log in.
        if listener.offers_auth() {
            return None;
        }
        // What can check passwords is a matter of the machine too.
        let message = format!(
            "port {port} takes mail only from who has logged in, and AUTH is not set up here"
        );
        let finding = judged.finding(Severity::Warning, "refuses-everybody", place, message);
        return Some(finding.certainty(Certainty::Likely));
    }
    // A port that only the host can call is often left as it came.
    let severity = if listener.is_public() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let message = format!("port {port} accepts no message from anybody");
    Some(judged.finding(severity, "refuses-everybody", place, message))
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
