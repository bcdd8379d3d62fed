//! What the conditions of string expansions answer (Exim's specification, §11.7). Must not know
//! where an expansion stands.

use std::sync::Arc;

use super::expand::{Cases, Value, evaluate, variable};
use super::lists::{self, Kind};
use super::logic::{Answer, all, any, constant, not};
use super::parse::{Condition, Node, Text};
use super::scene::{Scene, opaque};
use crate::policy::{Expression, Field, Guard, Patterns};
use crate::text::Unread;

/// What a condition answers.
pub fn answer(condition: &Condition, scene: &Scene<'_>) -> Answer {
    match condition {
        Condition::Not(inner) => answer(inner, scene).not(),
        Condition::And(parts) => parts.iter().rev().fold(Answer::of(true), |rest, part| {
            answer(part, scene).and_then(rest)
        }),
        Condition::Or(parts) => parts.iter().rev().fold(Answer::of(false), |rest, part| {
            answer(part, scene).or_else(rest)
        }),
        Condition::Def(name) => each(variable(name, scene), |value| {
            Some(match value {
                Value::Text(text) => Answer::of(!text.is_empty()),
                Value::Field(Field::Sender | Field::SenderDomain | Field::SenderLocal) => {
                    Answer::when(!Guard::SenderNull)
                }
                Value::Field(field) => {
                    Answer::when(!Guard::Matches(*field, Arc::new(Patterns::exact([""]))))
                }
                Value::Client | Value::Literal | Value::Some => Answer::of(true),
                _ => return None,
            })
        })
        .unwrap_or_else(|| unknown(&format!("def:{name}"))),
        Condition::Test(name, arguments) => test(name, arguments, scene)
            .unwrap_or_else(|| unknown(&format!("{name}{}", shown(arguments)))),
    }
}

/// What is not evaluated.
fn unknown(name: &str) -> Answer {
    let hit = format!("`{name}` is true");
    let reason = "it is not evaluated here";
    Answer::when(opaque("expansion", name, hit, reason, None, None))
}

/// The answers in each case; none where one cannot be told.
fn each(cases: Cases, one: impl Fn(&Value) -> Option<Answer>) -> Option<Answer> {
    let mut answers = Vec::new();
    for (guard, value) in cases {
        let inner = match &value {
            // The expansion around it fails in the same way; what that does is up to who asks.
            Value::Fails | Value::ForcedFail => Answer::error(),
            value => one(value)?,
        };
        answers.push(inner.where_holds(&guard));
    }
    Some(Answer::one_of(answers))
}

/// The answers in each case of two texts.
fn both(
    first: &Text,
    second: &Text,
    scene: &Scene<'_>,
    one: impl Fn(&Value, &Value) -> Option<Answer>,
) -> Option<Answer> {
    let seconds = evaluate(second, scene);
    each(evaluate(first, scene), |a| {
        each(seconds.clone(), |b| one(a, b))
    })
}

#[expect(clippy::too_many_lines, reason = "one arm a condition")]
fn test(name: &str, arguments: &[Text], scene: &Scene<'_>) -> Option<Answer> {
    match (name, arguments) {
        ("eq" | "eqi", [a, b]) => both(a, b, scene, |a, b| equal(a, b, name == "eqi")),
        ("=" | "==" | ">" | ">=" | "<" | "<=", [a, b]) => both(a, b, scene, |a, b| {
            let (Value::Text(a), Value::Text(b)) = (a, b) else {
                return None;
            };
            let [a, b] = [number(a)?, number(b)?];
            Some(Answer::of(match name {
                ">" => a > b,
                ">=" => a >= b,
                "<" => a < b,
                "<=" => a <= b,
                _ => a == b,
            }))
        }),
        ("inlist" | "inlisti", [a, list]) => both(a, list, scene, |a, list| {
            let Value::Text(list) = list else { return None };
            let items = crate::mta::exim::values::items(list, ':');
            let answers: Option<Vec<Guard>> = items
                .iter()
                .map(|item| {
                    equal(a, &Value::Text(item.clone()), name == "inlisti").map(|answer| answer.yes)
                })
                .collect();
            Some(Answer::when(any(answers?)))
        }),
        ("match", [a, expression]) => both(a, expression, scene, |a, expression| {
            let Value::Text(expression) = expression else {
                return None;
            };
            // Texts of sessions come in lower case, but for what only the client writes.
            let expression = Expression::new(expression, false, None).ok()?;
            match a {
                Value::Text(text) => Some(Answer::of(expression.is_in(text))),
                Value::Field(field) => {
                    let patterns = Patterns {
                        expressions: vec![expression],
                        ..Patterns::default()
                    };
                    Some(Answer::when(Guard::Matches(*field, Arc::new(patterns))))
                }
                _ => None,
            }
        }),
        ("match_ip", [a, list]) => both(a, list, scene, |a, list| {
            let Value::Text(list) = list else { return None };
            match a {
                Value::Client => Some(lists::of_text(Kind::Host, list, scene)),
                Value::Literal if list.trim() == "@[]" => {
                    Some(Answer::when(Guard::RecipientOwnLiteral))
                }
                _ => None,
            }
        }),
        ("match_domain" | "match_local_part" | "match_address", [a, list]) => {
            both(a, list, scene, |a, list| {
                let Value::Text(list) = list else { return None };
                let kind = match name {
                    "match_domain" => Kind::Domain,
                    "match_local_part" => Kind::LocalPart,
                    _ => Kind::Address,
                };
                Some(lists::of_value(kind, list, a, scene))
            })
        }
        ("isip" | "isip4" | "isip6", [a]) => each(evaluate(a, scene), |value| {
            let parsed = |text: &str| match text.parse::<std::net::IpAddr>() {
                Ok(address) => match name {
                    "isip" => true,
                    "isip4" => address.is_ipv4(),
                    _ => address.is_ipv6(),
                },
                Err(_) => false,
            };
            Some(match value {
                Value::Text(text) => Answer::of(parsed(text)),
                // An IPv6 literal begins with `IPv6:`, so it is no plain address.
                Value::Literal => {
                    Answer::when(constant(name != "isip6")).and_then(Answer::when(all([
                        Guard::RecipientLiteral,
                        not(ipv6_literal()),
                    ])))
                }
                Value::Field(field) => Answer::when(Guard::Matches(*field, ip_addresses(name))),
                Value::Client if name == "isip" => Answer::of(true),
                Value::Client if name == "isip6" => Answer::when(Guard::ClientIpv6),
                Value::Client => Answer::when(!Guard::ClientIpv6),
                _ => return None,
            })
        }),
        ("bool" | "bool_lax", [a]) => each(evaluate(a, scene), |value| {
            let Value::Text(text) = value else {
                return None;
            };
            let text = text.trim().to_ascii_lowercase();
            Some(match text.as_str() {
                "" | "no" | "false" => Answer::of(false),
                "yes" | "true" => Answer::of(true),
                digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    Answer::of(digits.bytes().any(|b| b != b'0'))
                }
                _ if name == "bool_lax" => Answer::of(true),
                _ => Answer::error(),
            })
        }),
        ("exists", [path]) => each(evaluate(path, scene), |value| {
            let Value::Text(path) = value else {
                return None;
            };
            match scene.shared.file(path) {
                Ok(_) => Some(Answer::of(true)),
                Err(Unread::Missing) => Some(Answer::of(false)),
                Err(reason) => Some(Answer::when(opaque(
                    "file",
                    path.as_str(),
                    format!("`{path}` exists"),
                    reason.to_string(),
                    None,
                    None,
                ))),
            }
        }),
        ("first_delivery", []) => Some(Answer::of(true)),
        ("queue_running", []) => Some(Answer::of(false)),
        _ => None,
    }
}

/// Texts that are IP addresses: of either family, or of one.
fn ip_addresses(name: &str) -> Arc<Patterns> {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    let v4 = format!(r"^{octet}(?:\.{octet}){{3}}$");
    // Eight groups, or fewer with `::` in one place.
    let v6 = r"^(?=(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}$)(?:(?!.*::)(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?!.*::.*::)(?!:[^:])(?!.*[^:]:$).*::.*)$";
    let wanted = match name {
        "isip4" => vec![v4.as_str()],
        "isip6" => vec![v6],
        _ => vec![v4.as_str(), v6],
    };
    let expressions = wanted.into_iter();
    Arc::new(Patterns {
        expressions: expressions
            .map(|text| Expression::known(text, true))
            .collect(),
        ..Patterns::default()
    })
}

/// The recipient is at the literal of an IPv6 address.
fn ipv6_literal() -> Guard {
    let patterns = Patterns {
        expressions: vec![Expression::known(r"^\[ipv6:", true)],
        ..Patterns::default()
    };
    Guard::Matches(Field::RecipientDomain, Arc::new(patterns))
}

fn equal(a: &Value, b: &Value, ignore_case: bool) -> Option<Answer> {
    Some(match (a, b) {
        (Value::Text(a), Value::Text(b)) if ignore_case => Answer::of(a.eq_ignore_ascii_case(b)),
        (Value::Text(a), Value::Text(b)) => Answer::of(a == b),
        (Value::Field(field), Value::Text(text)) | (Value::Text(text), Value::Field(field)) => {
            let is_sender = matches!(
                field,
                Field::Sender | Field::SenderDomain | Field::SenderLocal
            );
            if text.is_empty() && is_sender {
                Answer::when(Guard::SenderNull)
            } else {
                Answer::when(Guard::Matches(*field, Arc::new(Patterns::exact([text]))))
            }
        }
        (Value::Some | Value::Client | Value::Literal, Value::Text(text))
        | (Value::Text(text), Value::Some | Value::Client | Value::Literal)
            if text.is_empty() =>
        {
            Answer::of(false)
        }
        (Value::Client, Value::Text(text)) | (Value::Text(text), Value::Client) => {
            let Ok(network) = crate::net::Network::parse(text) else {
                return Some(Answer::of(false));
            };
            let set = crate::net::AddressSet::new([network]);
            Answer::when(Guard::ClientIn(Arc::new(set)))
        }
        (Value::Field(a), Value::Field(b)) if a == b => Answer::of(true),
        _ => return None,
    })
}

/// A whole number with a letter that multiplies.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    crate::mta::exim::numbers::integer(text).ok()
}

/// Arguments as they are written, roughly.
fn shown(arguments: &[Text]) -> String {
    let texts = arguments
        .iter()
        .map(|text| format!("{{{}}}", written(text)));
    texts.collect()
}

/// A text as it is written, roughly.
pub fn written(text: &[Node]) -> String {
    let parts = text.iter().map(|part| match part {
        Node::Plain(plain) => plain.clone(),
        Node::Variable(name) => format!("${name}"),
        Node::Operator(name, inner) => format!("${{{name}:{}}}", written(inner)),
        Node::If(..) => "${if …}".to_owned(),
        Node::Lookup { kind, file, .. } => format!("${{lookup … {kind} {{{}}}}}", written(file)),
        Node::Item(name, _) => format!("${{{name} …}}"),
    });
    parts.collect()
}
