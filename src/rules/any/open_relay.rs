//! Sending through the server for strangers.

use crate::findings::{Certainty, Finding, Severity};
use crate::policy::{Guard, Hole, Opaque, Policy, Source};
use crate::rules::judged::Judged;

/// Whether strangers can send through the server to other people's domains.
pub fn find(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let space = judged.space;
    let holes = policy.holes(
        space,
        &judged.asking.surroundings,
        &judged.asking.environment,
    );
    let is_proved = holes.iter().any(|hole| hole.proved);
    let mut findings: Vec<Finding> = holes
        .iter()
        // One proof is worth more than several guesses.
        .filter(|hole| !is_proved || hole.proved)
        .map(|hole| open_relay(policy, hole, judged))
        .collect();
    if !is_proved {
        let doubts = policy.doubts(
            space,
            &judged.asking.surroundings,
            &judged.asking.environment,
            &holes,
        );
        findings.extend(doubts.into_iter().map(|clause| {
            judged.finding(
                Severity::Note,
                "relay-not-shown-closed",
                clause.origin.as_ref(),
                "no way to relay was found, and a regular expression here can let strangers \
                 through: it was tried on examples, not on everything that it matches",
            )
        }));
    }
    if holes.is_empty() {
        findings.extend(unseen(judged));
    }
    findings
}

/// What would let strangers through if it held them: tables and files that are not here, and are
/// taken for lists of friends.
fn unseen(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let is_unseen = |asked: &Opaque| {
        asked.usual == Some(false) && matches!(asked.kind, "table" | "file" | "list")
    };
    let unseen: Vec<&Opaque> = policy.opaque();
    if !unseen.iter().any(|asked| is_unseen(asked)) {
        return Vec::new();
    }
    let mut environment = judged.asking.environment.clone();
    let held = ["table", "file", "list"].map(|kind| (kind.to_owned(), true));
    environment.told.splice(0..0, held);
    let surroundings = &judged.asking.surroundings;
    let holes = policy.holes(judged.space, surroundings, &environment);
    let mut findings = Vec::new();
    for by in holes.iter().filter_map(|hole| hole.by) {
        let mut asked = Vec::new();
        by.guard.walk(&mut |guard| {
            if let Guard::Opaque(opaque) = guard
                && is_unseen(opaque)
            {
                asked.push(format!("{} ({})", opaque.hit, opaque.reason));
            }
        });
        if asked.is_empty() {
            continue;
        }
        asked.dedup();
        findings.push(judged.finding(
            Severity::Note,
            "relay-not-shown-closed",
            by.origin.as_ref(),
            format!(
                "no way to relay was found; strangers have one if {}",
                asked.join(", or ")
            ),
        ));
    }
    findings
}

fn open_relay(policy: &Policy, hole: &Hole<'_>, judged: &Judged<'_>) -> Finding {
    let ports: Vec<String> = hole.ports.iter().map(ToString::to_string).collect();
    let ports = match ports.as_slice() {
        [one] => format!("port {one}"),
        many => format!("ports {}", many.join(", ")),
    };
    let client = hole.session.client.source;
    let behind = judged
        .asking
        .surroundings
        .gateways
        .iter()
        .find(|gateway| client == Source::Address(**gateway));
    let who = match (&hole.claim, behind) {
        (Some(_), _) => "strangers, who may say here that they are any client,".to_owned(),
        (None, Some(gateway)) => {
            format!("everybody on the Internet, who all appear as {gateway},")
        }
        (None, None) if hole.for_all_clients => "everybody on the Internet".to_owned(),
        (None, None) => format!("strangers such as {client}"),
    };
    let whither = if hole.to_all_domains {
        "to any domain".to_owned()
    } else {
        format!(
            "to `{}`, which is not this server's,",
            hole.session.recipient.at
        )
    };
    // Where only part of the world gets through, the list is too wide; the door is not off.
    let rule = if hole.for_all_clients && hole.to_all_domains
        || hole.claim.is_some()
        || behind.is_some()
    {
        "open-relay"
    } else {
        "relay-too-wide"
    };
    let (severity, message) = if hole.proved {
        let message = format!("{who} can send {whither} through {ports}: nothing here stops it");
        (Severity::Error, message)
    } else {
        let conditions: Vec<&str> = hole
            .conditions
            .iter()
            .map(|opaque| opaque.hit.as_str())
            .collect();
        let message = format!(
            "{who} can send {whither} through {ports} if {}: that cannot be seen here",
            conditions.join(", or ")
        );
        (Severity::Note, message)
    };
    // A network that strangers are in is what lets them through, whoever asks for it.
    let network = policy.facts.networks.iter().find(|network| match client {
        Source::Address(address) => network.value.contains(address),
        Source::Own { .. } => false,
    });
    let place = hole
        .claim
        .and_then(|claim| claim.origin.as_ref())
        .or_else(|| network?.origin.as_ref())
        .or_else(|| hole.by?.origin.as_ref())
        .or_else(|| policy.listener(hole.session.port)?.origin.as_ref());
    let mut told = judged.finding(severity, rule, place, message);
    if !hole.proved {
        told = told.certainty(Certainty::Conditional);
    }
    for opaque in &hole.conditions {
        if let Some(origin) = &opaque.origin {
            told = told.and(origin.clone(), opaque.reason.clone());
        }
    }
    let mut dialogue = vec![format!(
        "to see it, connect from {client} to port {} and say:",
        hole.session.port
    )];
    dialogue.extend(
        hole.session
            .dialogue()
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    told.help(dialogue.join("\n"))
}
