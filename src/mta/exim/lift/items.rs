//! Items of domain, local part and address lists (Exim's specification, §10.8, §10.19). Must not
//! know the list around them.

use std::sync::Arc;

use super::expand::Value;
use super::lists::{Compared, Found, Item, Kind, of_value};
use super::logic::{Answer, all, any, constant};
use super::scene::{Scene, opaque};
use super::tables::entries;
use crate::policy::{Expression, Field, Guard, Patterns};

/// Patterns of everything that ends in `suffix`.
pub fn ending(suffix: &str) -> Patterns {
    if let Some(domain) = suffix.strip_prefix('.') {
        return Patterns {
            below: [domain.to_ascii_lowercase()].into(),
            ..Patterns::default()
        };
    }
    expression(&format!("{}$", regex_quoted(suffix))).unwrap_or_default()
}

fn regex_quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

fn expression(text: &str) -> Result<Patterns, String> {
    Ok(Patterns {
        expressions: vec![Expression::new(text, true, None)?],
        ..Patterns::default()
    })
}

/// What cannot be told of an item, and what is usual.
fn unknown(item: &str, reason: &str, usual: Option<bool>) -> Item {
    let (kind, usual) = if item.starts_with("@mx") {
        ("dns", Some(false))
    } else {
        ("table", usual)
    };
    let hit = format!("`{item}` holds it");
    opaque(kind, item, hit, reason, usual, None).into()
}

/// An item of a domain or local part list.
pub fn text(kind: Kind, item: &str, compared: &Compared, scene: &Scene<'_>) -> Item {
    // A recipient that is asked about is a stranger's, in a domain that nothing else names.
    let is_recipient = |(_, value): &(Guard, Value)| *value == Value::Field(Field::RecipientDomain);
    let of_recipients = compared.iter().any(is_recipient);
    let usual = of_recipients.then_some(false);
    if kind == Kind::Domain {
        match item {
            "@" => {
                return match &scene.shared.hostname {
                    Some(name) => Found::Patterns(Patterns::exact([name])).into(),
                    None => opaque(
                        "host",
                        "primary_hostname",
                        "the domain is the host's own name",
                        "`primary_hostname` is not set",
                        usual,
                        None,
                    )
                    .into(),
                };
            }
            "@[]" => {
                // Senders at literals are no part of sessions.
                return all([Guard::RecipientOwnLiteral, constant(of_recipients)]).into();
            }
            "*" => return Guard::Always.into(),
            _ if item.starts_with("@mx_") => return unknown(item, "it is asked over DNS", usual),
            _ => {}
        }
    }
    if let Some((lookup, file)) = item.split_once(';') {
        return table(item, lookup.trim(), file.trim(), usual, scene);
    }
    if let Some(pattern) = item.strip_prefix('^') {
        return match expression(&format!("^{pattern}")) {
            Ok(patterns) => Found::Patterns(patterns).into(),
            Err(reason) => unknown(item, &reason, usual),
        };
    }
    if item == "*" {
        return Guard::Always.into();
    }
    if let Some(suffix) = item.strip_prefix('*') {
        let patterns = match kind {
            // A dot means labels in domains alone.
            Kind::Domain => ending(suffix),
            _ => expression(&format!("{}$", regex_quoted(suffix))).unwrap_or_default(),
        };
        return Found::Patterns(patterns).into();
    }
    Found::Patterns(Patterns::exact([item])).into()
}

/// A lookup of the whole text.
fn table(item: &str, kind: &str, file: &str, usual: Option<bool>, scene: &Scene<'_>) -> Item {
    if let Some(known) = scene.shared.tables.borrow().get(item) {
        return Found::Table(Arc::clone(known)).into();
    }
    if kind == "dsearch" || kind.starts_with("dsearch,") {
        return match scene
            .shared
            .world
            .files
            .list(file, std::path::Path::new("/"))
        {
            Ok(names) => Found::Patterns(Patterns::exact(names)).into(),
            Err(reason) => unknown(item, &reason.to_string(), usual),
        };
    }
    let source = match scene.shared.file(file) {
        Ok(source) => source,
        Err(reason) => return unknown(item, &reason.to_string(), usual),
    };
    let keys = entries(source.text()).into_iter().map(|(key, _)| key);
    let patterns = match kind {
        "lsearch" => Patterns::exact(keys),
        "partial-lsearch" => {
            let mut patterns = Patterns::default();
            for key in keys {
                // A partial lookup asks for `*.` and the rest, down to two labels.
                match key.strip_prefix("*.") {
                    Some(domain) => {
                        patterns.below.insert(domain.to_owned());
                        patterns.exact.insert(domain.to_owned());
                    }
                    None => {
                        patterns.exact.insert(key);
                    }
                }
            }
            patterns
        }
        "wildlsearch" | "nwildlsearch" => {
            let mut patterns = Patterns::default();
            for key in keys {
                if let Some(pattern) = key.strip_prefix('^') {
                    match expression(&format!("^{pattern}")) {
                        Ok(more) => patterns.extend(&more),
                        Err(reason) => return unknown(item, &reason, usual),
                    }
                } else if let Some(suffix) = key.strip_prefix('*') {
                    patterns.extend(&ending(suffix));
                } else {
                    patterns.exact.insert(key);
                }
            }
            patterns
        }
        _ => return unknown(item, "it is not read here", usual),
    };
    let patterns = Arc::new(patterns);
    let mut tables = scene.shared.tables.borrow_mut();
    tables.insert(item.to_owned(), Arc::clone(&patterns));
    Found::Table(patterns).into()
}

/// An item of an address list.
pub fn address(item: &str, compared: &Compared, scene: &Scene<'_>) -> Item {
    let guards: Option<Vec<Guard>> = compared
        .iter()
        .map(|(guard, value)| Some(all([guard.clone(), one_address(item, value, scene)?])))
        .collect();
    match guards {
        Some(guards) => any(guards).into(),
        None => unknown(item, "it is not read here", None),
    }
}

/// Whether an address is the item; none where that cannot be told.
fn one_address(item: &str, value: &Value, scene: &Scene<'_>) -> Option<Guard> {
    let (local, domain) = match value {
        Value::Field(Field::Sender) => (Field::SenderLocal, Field::SenderDomain),
        Value::Field(Field::Recipient) => (Field::RecipientLocal, Field::RecipientDomain),
        Value::Text(text) => return fixed_address(item, text),
        _ => return None,
    };
    let whole = |patterns: Patterns| match value {
        Value::Field(field) => Some(Guard::Matches(*field, Arc::new(patterns))),
        _ => None,
    };
    let is_empty = match local {
        Field::SenderLocal => Guard::SenderNull,
        _ => Guard::never(),
    };
    if item.is_empty() {
        return Some(is_empty);
    }
    if item == "*" {
        // The sender of bounces is matched by nothing but an empty item.
        return Some(super::logic::not(is_empty));
    }
    if let Some(pattern) = item.strip_prefix('^') {
        return whole(expression(&format!("^{pattern}")).ok()?);
    }
    if item.starts_with("@@") {
        return None;
    }
    if let Some((kind, file)) = item.split_once(';')
        && !kind.contains('@')
    {
        // With `*` behind the type, defaults count too.
        let source = scene.shared.file(file.trim()).ok()?;
        let keys = entries(source.text()).into_iter().map(|(key, _)| key);
        return match kind.trim() {
            "lsearch" => whole(Patterns::exact(keys)),
            _ => None,
        };
    }
    let (before, behind) = item.rsplit_once('@').unwrap_or(("*", item));
    let local = Value::Field(local);
    let of_local = if before == "*" {
        Answer::of(true)
    } else {
        of_value(Kind::LocalPart, &doubled(before), &local, scene)
    };
    let of_domain = of_value(Kind::Domain, &doubled(behind), &Value::Field(domain), scene);
    // A domain alone does not match the sender of bounces.
    let not_empty = super::logic::not(is_empty);
    Some(all([not_empty, of_local.yes, of_domain.yes]))
}

/// An item as a list.
fn doubled(item: &str) -> String {
    item.replace(':', "::")
}

fn fixed_address(item: &str, text: &str) -> Option<Guard> {
    let simple = !item.contains(['*', '^', ';', '+', '!']) && !item.starts_with('@');
    (simple || text.is_empty()).then(|| {
        constant(if text.is_empty() {
            item.is_empty()
        } else if item.contains('@') {
            item.eq_ignore_ascii_case(text)
        } else {
            text.rsplit_once('@')
                .is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(item))
        })
    })
}
