//! The stages of a session, in the daemon's order (Exim's specification, chapter 43). Must not know
//! what lists and conditions ask.

use std::borrow::Cow;
use std::sync::Arc;

use super::acl;
use super::checks;
use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{all, is_never, not};
use super::routes;
use super::scene::{Phase, Scene, opaque};
use crate::policy::{
    Accept, Clause, Expression, Field, Guard, Outcome, Patterns, Reason, Rewrite, Stage,
};
use crate::text::Place;

/// The stages of a listener; `clear` is the scene before TLS and AUTH.
pub fn stages(scene: &Scene<'_>, clear: &Scene<'_>) -> Vec<Stage> {
    let mut rcpt = by_acl("acl_smtp_rcpt", &at(scene, Phase::Rcpt)).unwrap_or_else(|| {
        // Without an ACL nobody may send anything anywhere.
        vec![refuse(Guard::Always, Reason::Rule, None)]
    });
    let mut routers = delivery(scene);
    if let Some(rewrite) = percent_hack(scene) {
        for clause in rcpt.iter_mut().chain(&mut routers) {
            let inner = std::mem::replace(&mut clause.guard, Guard::Always);
            clause.guard = Guard::Rewritten(Arc::clone(&rewrite), Box::new(inner));
        }
    }
    let mut stages = vec![
        stage(
            "host_reject_connection",
            rejected(&at(clear, Phase::Connect)),
        ),
        stage(
            "acl_smtp_connect",
            by_acl("acl_smtp_connect", &at(clear, Phase::Connect)).unwrap_or_default(),
        ),
        stage("tls_verify_hosts", uncertified(scene)),
        stage("EHLO", helo(&at(clear, Phase::Helo))),
        stage(
            "acl_smtp_helo",
            by_acl(
                "acl_smtp_helo",
                &Scene {
                    auth: Guard::never(),
                    ..at(scene, Phase::Helo)
                },
            )
            .unwrap_or_default(),
        ),
        stage(
            "acl_smtp_mail",
            by_acl("acl_smtp_mail", &at(scene, Phase::Mail)).unwrap_or_default(),
        ),
        stage("RCPT", recipient(&at(scene, Phase::Rcpt))),
        stage("acl_smtp_rcpt", rcpt),
    ];
    stages.retain(|stage| !stage.clauses.is_empty());
    stages.push(stage("routers", routers));
    stages
}

fn at<'a>(scene: &Scene<'a>, phase: Phase) -> Scene<'a> {
    Scene {
        phase,
        ..scene.clone()
    }
}

fn stage(name: &'static str, clauses: Vec<Clause>) -> Stage {
    Stage {
        name: Cow::Borrowed(name),
        clauses,
    }
}

fn refuse(guard: Guard, reason: Reason, origin: Option<&Place>) -> Clause {
    Clause {
        guard,
        outcome: Outcome::Refuse(reason),
        origin: origin.cloned(),
    }
}

/// The clauses of the ACL that an option names; none where it is not set.
fn by_acl(name: &str, scene: &Scene<'_>) -> Option<Vec<Clause>> {
    let option = scene.shared.decides(name)?;
    let place = Some(&option.place);
    let mut clauses = Vec::new();
    for (case, value) in expand(&option.value, scene) {
        let inner = match value {
            Value::Text(text) => match acl::named(scene.shared.running, text.trim()) {
                Some(acl) => acl::clauses(acl, &Outcome::Next, scene),
                None => match checks::inline(&text) {
                    Some(true) => vec![accept(place)],
                    Some(false) => vec![refuse(Guard::Always, Reason::Rule, place)],
                    None if text.contains(['=', '\n']) => {
                        let version = scene.shared.world.version;
                        match crate::mta::exim::acl::inline(&text, &option.place, version) {
                            Some(acl) => acl::clauses(&acl, &Outcome::Next, scene),
                            None => unread(&text, place),
                        }
                    }
                    None if text.contains('/') => unread(&text, place),
                    // A name that is no ACL's.
                    None => vec![fails(place)],
                },
            },
            Value::ForcedFail => vec![accept(place)],
            Value::Fails => vec![fails(place)],
            _ => unread(&option.value, place),
        };
        clauses.extend(inner.into_iter().map(|clause| Clause {
            guard: all([case.clone(), clause.guard]),
            ..clause
        }));
    }
    Some(clauses)
}

fn accept(place: Option<&Place>) -> Clause {
    Clause {
        guard: Guard::Always,
        outcome: Outcome::Next,
        origin: place.cloned(),
    }
}

fn fails(place: Option<&Place>) -> Clause {
    Clause {
        guard: Guard::Always,
        outcome: Outcome::TempFail(Reason::Configuration),
        origin: place.cloned(),
    }
}

/// An ACL that is not read here may accept and may refuse.
fn unread(text: &str, place: Option<&Place>) -> Vec<Clause> {
    let hit = format!("the ACL `{text}` accepts");
    let guard = opaque("expansion", text, hit, "it is not read here", None, place);
    vec![
        refuse(not(guard.clone()), Reason::Rule, place),
        Clause {
            guard,
            ..accept(place)
        },
    ]
}

fn rejected(scene: &Scene<'_>) -> Vec<Clause> {
    let Some(option) = scene.shared.decides("host_reject_connection") else {
        return Vec::new();
    };
    // What cannot be told rejects nobody.
    let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
    let clause = refuse(hosts, Reason::ClientRefused, Some(&option.place));
    kept(vec![clause])
}

fn kept(mut clauses: Vec<Clause>) -> Vec<Clause> {
    clauses.retain(|clause| !is_never(&clause.guard));
    clauses
}

/// Clients that have to show a certificate and do not.
fn uncertified(scene: &Scene<'_>) -> Vec<Clause> {
    let Some(option) = scene.shared.decides("tls_verify_hosts") else {
        return Vec::new();
    };
    let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
    let guard = all([scene.tls.clone(), hosts, not(scene.certificate.clone())]);
    kept(vec![refuse(guard, Reason::Rule, Some(&option.place))])
}

/// What is asked of EHLO before its ACL.
fn helo(scene: &Scene<'_>) -> Vec<Clause> {
    let shared = scene.shared;
    let mut clauses = Vec::new();
    let allowed = shared.value("helo_allow_chars").unwrap_or_default();
    if !allowed.contains('_') {
        let junk = shared.value("helo_accept_junk_hosts").unwrap_or_default();
        let junk = lists::of_option(Kind::Host, &junk, scene).yes;
        let patterns = Patterns {
            expressions: vec![Expression::known("_", true)],
            ..Patterns::default()
        };
        let guard = Guard::Matches(Field::Helo, Arc::new(patterns));
        clauses.push(refuse(all([guard, not(junk)]), Reason::HeloRefused, None));
    }
    if let Some(option) = shared.decides("helo_verify_hosts") {
        let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
        let verified = opaque(
            "dns",
            "verify = helo",
            "`verify = helo` is met",
            "it is asked over DNS",
            Some(true),
            Some(&option.place),
        );
        let guard = all([hosts, not(verified)]);
        clauses.push(refuse(guard, Reason::HeloRefused, Some(&option.place)));
    }
    kept(clauses)
}

/// What is asked of a recipient before its ACL.
fn recipient(scene: &Scene<'_>) -> Vec<Clause> {
    let shared = scene.shared;
    let mut clauses = Vec::new();
    if shared.value("allow_domain_literals").as_deref() != Some("true") {
        clauses.push(refuse(
            Guard::RecipientLiteral,
            Reason::LiteralRecipient,
            None,
        ));
    }
    let allowed = shared
        .value("recipient_unqualified_hosts")
        .unwrap_or_default();
    let allowed = lists::of_option(Kind::Host, &allowed, scene).yes;
    // A source route leads to a domain.
    let guard = all([Guard::RecipientSourceRoute, Guard::RecipientBare]);
    clauses.push(refuse(guard, Reason::BareRecipient, None));
    let guard = all([
        Guard::RecipientBare,
        !Guard::RecipientPostmaster,
        not(allowed),
    ]);
    clauses.push(refuse(guard, Reason::BareRecipient, None));
    kept(clauses)
}

/// `percent_hack_domains`: `user%host` at these domains is `user@host`.
fn percent_hack(scene: &Scene<'_>) -> Option<Arc<Rewrite>> {
    let option = scene.shared.decides("percent_hack_domains")?;
    let mut within = Patterns::default();
    let answer = lists::of_option(Kind::Domain, &option.value, scene);
    answer.yes.walk(&mut |guard| match guard {
        Guard::Matches(Field::RecipientDomain, patterns) => within.extend(patterns),
        Guard::Always => {
            within.expressions.push(Expression::known("", true));
        }
        _ => {}
    });
    // A recipient without a domain has that of the option by then.
    let home = super::expand::qualified(scene, "qualify_recipient");
    let bare = home.is_some_and(|home| within.holds(&home));
    (!within.is_empty()).then(|| {
        Arc::new(Rewrite {
            within: Arc::new(within),
            own_literal: false,
            home: None,
            extension: String::new(),
            bare,
            finds: vec![crate::policy::Inside::Percent],
        })
    })
}

/// Where accepted recipients go: whether a mailbox exists is asked after the session. Who is taken
/// by no router is accepted all the same.
fn delivery(scene: &Scene<'_>) -> Vec<Clause> {
    let scene = Scene {
        known: Some(Guard::Always),
        phase: Phase::Rcpt,
        ..scene.clone()
    };
    let mut clauses: Vec<Clause> = routes::delivery(&scene)
        .into_iter()
        .map(|(guard, accept, router)| Clause {
            guard,
            outcome: Outcome::Accept(accept),
            origin: Some(router.place.clone()),
        })
        .collect();
    clauses.push(Clause {
        guard: Guard::Always,
        outcome: Outcome::Accept(Accept::Relay),
        origin: None,
    });
    clauses
}
