//! What a configuration does that it should not, whichever server it is for. Must not know any
//! server, nor how findings are printed.

use std::sync::Arc;

use crate::findings::{Finding, Severity};
use crate::mta::Lifted;
use crate::policy::{
    Clause, Environment, Hole, Listener, ListenerTls, Mechanism, Policy, Role, Space, Surroundings,
};
use crate::text::{Place, Source, Span};

/// With what a configuration is judged, beside its own files.
#[derive(Debug, Default)]
pub struct Asking {
    /// What stands between the server and its clients.
    pub surroundings: Surroundings,
    /// What is answered where it cannot be evaluated.
    pub environment: Environment,
    /// What a description demands of the configuration.
    pub wanted: Option<Policy>,
}

/// A configuration that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    /// The file that it begins with.
    pub source: &'a Arc<Source>,
    /// What it does.
    pub lifted: &'a Lifted,
    /// With what it is judged.
    pub asking: &'a Asking,
}

/// The findings about what a configuration does.
pub(super) fn behaviour(judged: Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let space = Space::of(&[policy]);
    let mut findings = relaying(policy, &space, judged);
    findings.extend(
        policy
            .listeners
            .iter()
            .flat_map(|one| listener(one, judged)),
    );
    let shut = policy.closed(&space);
    for (listener, by) in &shut {
        findings.push(refuses_everybody(listener, *by, judged));
    }
    // Where nobody gets in, everything behind the gate is out of reach.
    if shut.is_empty() {
        findings.extend(policy.unreached(&space).into_iter().filter_map(unreached));
    }
    for gap in &judged.lifted.gaps {
        findings.push(finding(
            Severity::Note,
            "not-understood",
            gap.place.as_ref(),
            judged,
            format!(
                "{}: what depends on it was not judged",
                gap.reason.trim_end_matches('.')
            ),
        ));
    }
    findings
}

pub(super) fn finding(
    severity: Severity,
    rule: &'static str,
    place: Option<&Place>,
    judged: Judged<'_>,
    message: String,
) -> Finding {
    let first = judged.lifted.policy.listeners.first();
    // The same place whichever file of the configuration is looked at.
    match place.or(first.and_then(|listener| listener.origin.as_ref())) {
        Some(place) => Finding::new(severity, rule, &place.source, place.span, message),
        None => Finding::new(severity, rule, judged.source, Span::new(0, 0), message),
    }
}

fn relaying(policy: &Policy, space: &Space, judged: Judged<'_>) -> Vec<Finding> {
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
            finding(
                Severity::Note,
                "relay-not-shown-closed",
                clause.origin.as_ref(),
                judged,
                "no way to relay was found, and a regular expression here can let strangers \
                 through: it was tried on examples, not on everything that it matches"
                    .into(),
            )
        }));
    }
    findings
}

fn open_relay(policy: &Policy, hole: &Hole<'_>, judged: Judged<'_>) -> Finding {
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
        .find(|gateway| client == crate::policy::Source::Address(**gateway));
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
            "to `{}`, which is not this server's",
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
        (Severity::Warning, message)
    };
    let place = hole
        .claim
        .and_then(|claim| claim.origin.as_ref())
        .or_else(|| hole.by.and_then(|by| by.origin.as_ref()))
        .or_else(|| policy.listener(hole.session.port)?.origin.as_ref());
    let mut told = finding(severity, rule, place, judged, message);
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

/// Whether somebody outside of the host can call.
fn is_public(listener: &Listener) -> bool {
    listener.dead.is_none()
        && (listener.addresses.is_empty()
            || listener.addresses.iter().any(|own| !own.is_loopback()))
}

fn listener(listener: &Listener, judged: Judged<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let origin = listener.origin.as_ref();
    let port = listener.port;
    if let Some((why, place)) = &listener.dead {
        findings.push(finding(
            Severity::Error,
            "dead-service",
            place.as_ref().or(origin),
            judged,
            format!("nothing answers on port {port}: {why}"),
        ));
        return findings;
    }
    if !is_public(listener) {
        return findings;
    }
    let shows_passwords = listener
        .mechanisms
        .iter()
        .any(|one| *one != Mechanism::Anonymous);
    if listener.auth_in_clear && shows_passwords {
        findings.push(
            finding(
                Severity::Warning,
                "auth-without-tls",
                origin,
                judged,
                format!("port {port} offers AUTH outside of TLS: passwords can be read on the way"),
            )
            .help("offer AUTH inside TLS alone (RFC 8314 §4.1)"),
        );
    }
    let has_auth = listener.auth || listener.auth_in_clear;
    if listener.role != Role::Mx && !has_auth {
        findings.push(
            finding(
                Severity::Warning,
                "submission-without-auth",
                origin,
                judged,
                format!("port {port} is for submission and offers no AUTH: users cannot log in"),
            )
            .help("offer AUTH here, or close the port (RFC 6409 §4.3)"),
        );
    }
    if port == 465 && listener.tls != ListenerTls::Implicit {
        findings.push(
            finding(
                Severity::Error,
                "no-implicit-tls",
                origin,
                judged,
                "clients speak TLS from the first byte on port 465, and this listener does not: \
                 no session comes about"
                    .into(),
            )
            .help("begin with TLS here (RFC 8314 §3.3), or use port 587 for STARTTLS"),
        );
    }
    findings
}

fn refuses_everybody(listener: &Listener, by: Option<&Clause>, judged: Judged<'_>) -> Finding {
    let place = by
        .and_then(|clause| clause.origin.as_ref())
        .or(listener.origin.as_ref());
    finding(
        Severity::Error,
        "refuses-everybody",
        place,
        judged,
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
