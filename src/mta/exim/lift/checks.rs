//! What the conditions of ACLs ask (Exim's specification, §43.21 and on). Must not know what a
//! statement does with the answers.

use super::acl;
use super::asking;
use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{Answer, all, any};
use super::routes;
use super::scene::{Phase, Scene, Subject, opaque};
use crate::mta::exim::catalogue;
use crate::mta::exim::running::Part;
use crate::mta::exim::values;
use crate::policy::{Field, Guard, NameState, Opaque};
use crate::text::Place;

/// Whether a part of a statement asks nothing.
pub fn is_modifier(name: &str) -> bool {
    catalogue::word_ever("acl_modifier", name) && !matches!(name, "set" | "endpass")
}

/// What a condition answers, its `!` apart.
pub fn answer(part: &Part, scene: &Scene<'_>) -> Answer {
    if scene.phase < earliest(part.name.as_str(), scene) {
        return Answer::error();
    }
    let text = part.argument.as_ref().map_or("", |text| text.text());
    let place = &part.place;
    let unknown = |usual| {
        let name = format!("{} = {text}", part.name);
        Answer::when(asked(&part.name, &name, usual, place))
    };
    match part.name.as_str() {
        "acl" => each_text(part, scene, |text| called(text, scene)),
        "authenticated" => authenticated(text, scene, place),
        "encrypted" => {
            let all_of_them = matches!(text.trim(), "*");
            if all_of_them {
                Answer::when(scene.tls.clone())
            } else {
                let cipher = asked("tls", &format!("encrypted = {text}"), None, place);
                Answer::when(all([scene.tls.clone(), cipher]))
            }
        }
        "hosts" => lists::of_option(Kind::Host, text, scene),
        "domains" => lists::of_option(Kind::Domain, text, scene),
        "local_parts" => lists::of_option(Kind::LocalPart, text, scene),
        "senders" => lists::of_option(Kind::Address, text, scene),
        "sender_domains" => {
            let domain = vec![(Guard::Always, Value::Field(Field::SenderDomain))];
            lists::of_cases(Kind::Domain, text, &domain, scene)
        }
        "recipients" => {
            let address = vec![(Guard::Always, Value::Field(Field::Recipient))];
            lists::of_cases(Kind::Address, text, &address, scene)
        }
        "condition" => condition(part, text, scene),
        "verify" => each_text(part, scene, |text| verify(text, scene, place)),
        "dnslists" => each_text(part, scene, |text| Answer::when(listed(text, place))),
        // That is a fact, and no session is one too many by itself.
        "ratelimit" if scene.phase == Phase::Connect && asking::rate(text).is_some() => {
            Answer::of(false)
        }
        // What is asked of messages comes after the recipients, and what counts clients depends on
        // those before.
        "ratelimit" | "spam" | "malware" | "regex" | "mime_regex" | "decode" => {
            unknown(Some(false))
        }
        "spf" | "spf_guess" => {
            let passes = text.split(':').any(|result| result.trim() == "pass");
            unknown(Some(passes))
        }
        _ => unknown(None),
    }
}

fn asked(kind: &str, name: &str, usual: Option<bool>, place: &Place) -> Guard {
    let kind = match kind {
        "ratelimit" => "rate",
        "spam" | "malware" => "spam",
        "spf" | "spf_guess" | "verify" => "dns",
        "tls" => "tls",
        _ => "expansion",
    };
    let hit = format!("`{name}` is met");
    opaque(
        kind,
        name,
        hit,
        "it is not known from files",
        usual,
        Some(place),
    )
}

/// From when on a condition can be asked; before that it is an error.
fn earliest(name: &str, scene: &Scene<'_>) -> Phase {
    let version = scene.shared.world.version;
    match name {
        "domains" | "local_parts" | "recipients" => Phase::Rcpt,
        "senders" | "sender_domains" | "authenticated" => Phase::Mail,
        "encrypted" if !version.is_at_least(&[4, 97]) => Phase::Connect,
        "encrypted" => Phase::Helo,
        _ => Phase::Connect,
    }
}

/// The answers to an argument that is expanded first; one that is made to fail is passed over,
/// also with `!` before it.
fn each_text(part: &Part, scene: &Scene<'_>, one: impl Fn(&str) -> Answer) -> Answer {
    let text = part.argument.as_ref().map_or("", |text| text.text());
    let cases = expand(text, scene).into_iter();
    Answer::one_of(cases.map(|(guard, value)| {
        let inner = match value {
            Value::Text(text) => one(text.trim()),
            Value::ForcedFail => Answer::of(!part.negated),
            Value::Fails => Answer::error(),
            _ => one(text),
        };
        inner.where_holds(&guard)
    }))
}

fn condition(part: &Part, text: &str, scene: &Scene<'_>) -> Answer {
    let cases = expand(text, scene).into_iter();
    Answer::one_of(cases.map(|(guard, value)| {
        let inner = match value {
            Value::Text(text) => truth(text.trim()),
            Value::ForcedFail => Answer::of(!part.negated),
            Value::Fails => Answer::error(),
            _ => {
                let name = format!("condition = {text}");
                Answer::when(asked("expansion", &name, None, &part.place))
            }
        };
        inner.where_holds(&guard)
    }))
}

/// What `condition` makes of a text: digits, yes or no; anything else is an error.
fn truth(text: &str) -> Answer {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Answer::of(text.bytes().any(|b| b != b'0'));
    }
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Answer::of(true),
        "no" | "false" => Answer::of(false),
        _ => Answer::defer(),
    }
}

/// What an ACL answers that is called by `name argument …`.
pub fn called(text: &str, scene: &Scene<'_>) -> Answer {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let Some(inner) = scene.deeper() else {
        return Answer::error();
    };
    let arguments = words.map(|word| expand(word, scene)).collect();
    match acl::named(scene.shared.running, name) {
        Some(acl) => {
            let inner = Scene { arguments, ..inner };
            let answer = || acl::answer(acl, &inner);
            scene.shared.called("ACL", name, answer)
        }
        None => match inline(text) {
            Some(accepts) => Answer::of(accepts),
            None => Answer::error(),
        },
    }
}

/// Whether a text that names no ACL is one that accepts or refuses everything.
pub fn inline(text: &str) -> Option<bool> {
    match text.trim() {
        "accept" => Some(true),
        "deny" | "drop" | "" => Some(false),
        _ => None,
    }
}

fn authenticated(text: &str, scene: &Scene<'_>, place: &Place) -> Answer {
    let names = scene.shared.running.drivers.iter().filter(|driver| {
        driver.class == catalogue::Class::Authenticator && super::auth::is_server(driver)
    });
    let held: Vec<bool> = names
        .map(|driver| {
            let name = Value::Text(driver.name.clone());
            let answer = lists::of_value(Kind::LocalPart, text, &name, scene);
            matches!(answer.yes, Guard::Always)
        })
        .collect();
    if held.iter().all(|held| *held) {
        Answer::when(scene.auth.clone())
    } else if held.iter().any(|held| *held) {
        let name = format!("authenticated = {text}");
        Answer::when(all([scene.auth.clone(), asked("auth", &name, None, place)]))
    } else {
        Answer::of(false)
    }
}

/// Whether one of these lists has the client. Answers that mean "listed" stand behind `=`.
fn listed(text: &str, place: &Place) -> Guard {
    let items = values::items(text, ':');
    any(items.iter().map(|item| {
        let zone = item.split(['=', '&', '!']).next().unwrap_or(item).trim();
        let opaque = Opaque::listed(zone, Some(place.clone()));
        Guard::Opaque(std::sync::Arc::new(opaque))
    }))
}

fn verify(text: &str, scene: &Scene<'_>, place: &Place) -> Answer {
    let mut parts = text.split('/').map(str::trim);
    let what = parts.next().unwrap_or_default();
    let options: Vec<&str> = parts.collect();
    let name = format!("verify = {text}");
    let calls_out = options.iter().any(|option| option.starts_with("callout"));
    let called_out = |answer: Answer| {
        if calls_out {
            answer.and_then(Answer::when(asked("callout", &name, Some(true), place)))
        } else {
            answer
        }
    };
    match what.split(['=', ' ']).next().unwrap_or_default() {
        "recipient" if scene.phase == Phase::Rcpt => {
            called_out(routes::verify(&scene_for(scene, Subject::Recipient)))
        }
        "sender" if scene.phase < Phase::Mail => Answer::error(),
        "recipient" => Answer::error(),
        "sender" if what == "sender" => {
            let null = Answer::when(Guard::SenderNull);
            null.or_else(called_out(routes::verify(&scene_for(
                scene,
                Subject::Sender,
            ))))
        }
        "reverse_host_lookup" => {
            let defer = Guard::ClientNameIs(NameState::Temporary);
            let verified = Guard::ClientNameIs(NameState::Verified);
            if options.contains(&"defer_ok") {
                Answer::when(any([verified, defer]))
            } else {
                Answer {
                    defer,
                    ..Answer::when(verified)
                }
            }
        }
        "certificate" => Answer::when(scene.certificate.clone()),
        // An ordinary client says its own name.
        "helo" | "csa" => Answer::when(asked("verify", &name, Some(true), place)),
        // The message comes later.
        word if word.starts_with("header") || word == "not_blind" => Answer::error(),
        _ => Answer::when(asked("expansion", &name, None, place)),
    }
}

/// The scene of a walk through the routers.
fn scene_for<'a>(scene: &Scene<'a>, subject: Subject) -> Scene<'a> {
    let known = match subject {
        Subject::Sender => opaque(
            "mailbox",
            "sender",
            "the sender is a mailbox of this server",
            "it is asked for in the accounts",
            Some(true),
            None,
        ),
        _ => Guard::RecipientKnown,
    };
    Scene {
        subject,
        known: Some(known),
        ..scene.clone()
    }
}
