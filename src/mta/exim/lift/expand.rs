//! What a string expansion gives, case by case. Must not know where the text stands.

use super::conditions;
use super::logic::{all, any, constant, is_never, not};
use super::parse::{Branch, Node, Text, parse};
use super::scene::{Phase, Scene, Subject, opaque};
use super::tables::entries;
use crate::mta::exim::{catalogue, expansion};
use crate::policy::{Field, Guard, Patterns};

/// So many cases a text may have.
const MOST: usize = 64;

/// A value of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This text.
    Text(String),
    /// A text of the session.
    Field(Field),
    /// The client's address.
    Client,
    /// What stands in the brackets of the recipient's address literal.
    Literal,
    /// Some text that is not empty.
    Some,
    /// None: the expansion is made to fail.
    ForcedFail,
    /// None: the expansion fails.
    Fails,
    /// It cannot be told.
    Unknown,
}

/// The values of a text, each with the sessions that it has it in: one for every session.
pub type Cases = Vec<(Guard, Value)>;

/// The same value always.
pub fn always(value: Value) -> Cases {
    vec![(Guard::Always, value)]
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// One value where `guard` holds, another elsewhere.
fn either(guard: Guard, yes: Value, no: Value) -> Cases {
    let cases = [(guard.clone(), yes), (not(guard), no)];
    cases
        .into_iter()
        .filter(|(guard, _)| !is_never(guard))
        .collect()
}

/// The values of `text`.
pub fn expand(text: &str, scene: &Scene<'_>) -> Cases {
    if !text.contains(['$', '\\']) {
        return always(Value::Text(text.to_owned()));
    }
    if expansion::check(text, scene.shared.world.version).is_some() {
        return always(Value::Fails);
    }
    // What is too deep for here is not known.
    parse(text).map_or_else(|| always(Value::Unknown), |parts| evaluate(&parts, scene))
}

/// The values of a text of parts.
pub fn evaluate(parts: &[Node], scene: &Scene<'_>) -> Cases {
    let mut made: Vec<(Guard, Vec<Value>)> = vec![(Guard::Always, Vec::new())];
    for part in parts {
        let cases = node(part, scene);
        let mut next = Vec::new();
        for (before, values) in &made {
            for (guard, value) in &cases {
                let guard = all([before.clone(), guard.clone()]);
                if !is_never(&guard) {
                    let mut values = values.clone();
                    values.push(value.clone());
                    next.push((guard, values));
                }
            }
        }
        made = next;
        if made.len() > MOST {
            return always(Value::Unknown);
        }
    }
    made.into_iter()
        .map(|(guard, values)| (guard, joined(values)))
        .collect()
}

fn joined(values: Vec<Value>) -> Value {
    for failure in [Value::Fails, Value::ForcedFail] {
        if values.contains(&failure) {
            return failure;
        }
    }
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        match (kept.last_mut(), value) {
            (_, Value::Text(new)) if new.is_empty() => {}
            (Some(Value::Text(known)), Value::Text(new)) => known.push_str(&new),
            (_, value) => kept.push(value),
        }
    }
    let is_at = |value: &Value| matches!(value, Value::Text(text) if text == "@");
    match kept.as_slice() {
        [] => text(""),
        [one] => one.clone(),
        [
            Value::Field(Field::RecipientLocal),
            at,
            Value::Field(Field::RecipientDomain),
        ] if is_at(at) => Value::Field(Field::Recipient),
        _ => Value::Unknown,
    }
}

fn node(node: &Node, scene: &Scene<'_>) -> Cases {
    match node {
        Node::Plain(plain) => always(text(plain.as_str())),
        Node::Variable(name) => variable(name, scene),
        Node::If(condition, yes, no) => {
            let answer = conditions::answer(condition, scene);
            let failing = any([answer.defer.clone(), answer.error.clone()]);
            let mut cases = branch(&answer.yes, yes, "true", scene);
            cases.extend(branch(&answer.no(), no, "", scene));
            if !is_never(&failing) {
                cases.push((failing, Value::Fails));
            }
            cases
        }
        Node::Operator(name, inner) => operator(name, evaluate(inner, scene)),
        Node::Lookup {
            key,
            kind,
            file,
            yes,
            no,
        } => lookup(key.as_ref(), kind, file, yes, no, scene),
        Node::Item(..) => always(Value::Unknown),
    }
}

/// The values of a branch that is taken where `guard` holds.
fn branch(guard: &Guard, branch: &Branch, missing: &str, scene: &Scene<'_>) -> Cases {
    if is_never(guard) {
        return Vec::new();
    }
    let cases = match branch {
        Branch::Missing => always(text(missing)),
        Branch::Fail => always(Value::ForcedFail),
        Branch::Text(parts) => evaluate(parts, scene),
    };
    cases
        .into_iter()
        .map(|(inner, value)| (all([guard.clone(), inner]), value))
        .filter(|(guard, _)| !is_never(guard))
        .collect()
}

fn operator(name: &str, cases: Cases) -> Cases {
    let apply = |value: Value| match (name, value) {
        (_, failure @ (Value::ForcedFail | Value::Fails)) => failure,
        ("lc", Value::Text(inner)) => text(inner.to_ascii_lowercase()),
        ("uc", Value::Text(inner)) => text(inner.to_ascii_uppercase()),
        ("strlen" | "s", Value::Text(inner)) => text(inner.len().to_string()),
        // Texts of sessions are compared without regard to case.
        ("lc" | "uc", value @ Value::Field(_)) => value,
        ("domain", Value::Field(Field::Sender)) => Value::Field(Field::SenderDomain),
        ("local_part", Value::Field(Field::Sender)) => Value::Field(Field::SenderLocal),
        _ => Value::Unknown,
    };
    cases
        .into_iter()
        .map(|(guard, value)| (guard, apply(value)))
        .collect()
}

/// The values of `$name`.
pub fn variable(name: &str, scene: &Scene<'_>) -> Cases {
    let field = |field| always(Value::Field(field));
    let known = |value: Option<String>| always(value.map_or(Value::Unknown, Value::Text));
    match name {
        "domain" | "local_part" => address(name == "domain", scene),
        "sender_address" if scene.phase >= Phase::Mail => field(Field::Sender),
        "sender_address_domain" if scene.phase >= Phase::Mail => field(Field::SenderDomain),
        "sender_address_local_part" if scene.phase >= Phase::Mail => field(Field::SenderLocal),
        "sender_address" | "sender_address_domain" | "sender_address_local_part" => {
            always(text(""))
        }
        "sender_host_address" => always(Value::Client),
        "sender_host_name" => field(Field::ClientName),
        "sender_helo_name" if scene.phase >= Phase::Helo => field(Field::Helo),
        "smtp_command_argument" if scene.phase == Phase::Rcpt => field(Field::RecipientPath),
        "received_port" | "interface_port" => always(text(scene.port.to_string())),
        "received_ip_address" | "interface_address" => {
            known(scene.address.map(|address| address.to_string()))
        }
        "tls_in_cipher" | "tls_cipher" | "tls_in_ver" => {
            either(scene.tls.clone(), Value::Some, text(""))
        }
        "tls_in_certificate_verified" | "tls_certificate_verified" => {
            either(scene.certificate.clone(), text("1"), text("0"))
        }
        "authenticated_id" | "sender_host_authenticated" => {
            either(scene.auth.clone(), Value::Some, text(""))
        }
        // A session has one recipient, which is not accepted yet.
        "rcpt_count" => always(text(if scene.phase == Phase::Rcpt { "1" } else { "0" })),
        "recipients_count" | "rcpt_defer_count" | "rcpt_fail_count" => always(text("0")),
        "primary_hostname" => known(scene.shared.hostname.clone()),
        "qualify_domain" | "qualify_recipient" => known(qualified(scene, name)),
        "1" if scene.literal => always(Value::Literal),
        _ => match name.strip_prefix("acl_arg") {
            Some(number) => {
                let index = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                let argument = index.and_then(|index| scene.arguments.get(index));
                argument.cloned().unwrap_or_else(|| always(text("")))
            }
            None if name.starts_with("acl_c") || name.starts_with("acl_m") => marked(name, scene),
            None => always(Value::Unknown),
        },
    }
}

/// The domain that addresses without one get.
pub fn qualified(scene: &Scene<'_>, name: &str) -> Option<String> {
    let set = |name: &str| {
        scene
            .shared
            .decides(name)
            .map(|option| option.value.clone())
    };
    let value = match name {
        "qualify_recipient" => set(name).or_else(|| set("qualify_domain")),
        name => set(name),
    };
    value.or_else(|| scene.shared.hostname.clone())
}

/// The domain or local part of the address that is looked at.
fn address(domain: bool, scene: &Scene<'_>) -> Cases {
    match &scene.subject {
        Subject::Fixed(local, at) => always(text(if domain { at } else { local }.as_str())),
        Subject::Sender if domain => always(Value::Field(Field::SenderDomain)),
        Subject::Sender => always(Value::Field(Field::SenderLocal)),
        Subject::Recipient if scene.phase < Phase::Rcpt => always(text("")),
        Subject::Recipient if !domain => always(Value::Field(Field::RecipientLocal)),
        Subject::Recipient => {
            let qualified = qualified(scene, "qualify_recipient");
            let bare = qualified.map_or(Value::Unknown, |name| text(name.to_ascii_lowercase()));
            either(
                Guard::RecipientBare,
                bare,
                Value::Field(Field::RecipientDomain),
            )
        }
    }
}

/// The mark that says that a variable of ACLs has a value.
pub fn mark(variable: &str, value: &str) -> std::sync::Arc<str> {
    format!("{variable}={value}").into()
}

/// The values of a variable of ACLs.
fn marked(name: &str, scene: &Scene<'_>) -> Cases {
    match scene.variables.get(name) {
        None => always(text("")),
        Some(None) => always(Value::Unknown),
        Some(Some(values)) => {
            let is = |value: &String| Guard::Marked(mark(name, value));
            let mut cases: Cases = values
                .iter()
                .map(|value| (is(value), text(value.as_str())))
                .collect();
            cases.push((not(any(values.iter().map(is))), text("")));
            cases
        }
    }
}

/// The guard that the value is one of `patterns`; none where that cannot be told.
pub fn matches(value: &Value, patterns: &std::sync::Arc<Patterns>) -> Option<Guard> {
    match value {
        Value::Text(text) => Some(constant(patterns.holds(text))),
        Value::Field(field) => Some(Guard::Matches(*field, patterns.clone())),
        _ => None,
    }
}

fn lookup(
    key: Option<&Text>,
    kind: &str,
    file: &Text,
    yes: &Branch,
    no: &Branch,
    scene: &Scene<'_>,
) -> Cases {
    let keys = key.map(|key| evaluate(key, scene)).unwrap_or_default();
    let of_mailbox = |value: &Value| {
        matches!(
            value,
            Value::Field(Field::RecipientLocal | Field::Recipient)
        )
    };
    let names_it = || match key {
        Some(key) => names_local_part(key),
        None => names_local_part(file),
    };
    // Whether a mailbox exists is not told by tables, but by the session.
    if let Some(known) = &scene.known
        && (keys.iter().any(|(_, value)| of_mailbox(value)) || names_it())
    {
        return found(known, Value::Some, yes, no, scene);
    }
    let files = evaluate(file, scene);
    let path = match files.as_slice() {
        [(Guard::Always, Value::Text(path))] => path.clone(),
        _ => String::new(),
    };
    let is_plain = matches!(kind, "lsearch" | "nwildlsearch" | "wildlsearch");
    let source = scene.shared.file(&path).ok().filter(|_| is_plain);
    let asked = || {
        let (kind_word, name) =
            if catalogue::word("lookup", kind, scene.shared.world.version) || !path.is_empty() {
                ("table", format!("{kind};{path}"))
            } else {
                ("lookup", kind.to_owned())
            };
        let hit = format!("`{name}` finds what is looked up");
        opaque(kind_word, name, hit, "it is not read here", None, None)
    };
    let mut cases = Vec::new();
    let keys = if keys.is_empty() {
        always(Value::Unknown)
    } else {
        keys
    };
    for (guard, value) in keys {
        let inner = match (&source, &value) {
            (Some(source), Value::Text(_) | Value::Field(_)) if kind == "lsearch" => {
                by_entries(&entries(source.text()), &value, yes, no, scene)
            }
            (_, failure @ (Value::ForcedFail | Value::Fails)) => always(failure.clone()),
            _ => found(&asked(), Value::Some, yes, no, scene),
        };
        let narrowed = inner
            .into_iter()
            .map(|(inner, value)| (all([guard.clone(), inner]), value));
        cases.extend(narrowed.filter(|(guard, _)| !is_never(guard)));
    }
    cases
}

/// Whether a text is about a mailbox.
fn names_local_part(parts: &[Node]) -> bool {
    parts.iter().any(|part| match part {
        Node::Variable(name) => name == "local_part" || name == "local_part_data",
        Node::Operator(_, inner) => names_local_part(inner),
        Node::Item(_, inner) => inner.iter().any(|text| names_local_part(text)),
        _ => false,
    })
}

/// The values of a lookup that finds `data` where `guard` holds.
fn found(guard: &Guard, data: Value, yes: &Branch, no: &Branch, scene: &Scene<'_>) -> Cases {
    let mut cases = hit(guard, data, yes, scene);
    cases.extend(branch(&not(guard.clone()), no, "", scene));
    cases
}

/// Of these, those where it finds something.
fn hit(guard: &Guard, data: Value, yes: &Branch, scene: &Scene<'_>) -> Cases {
    let is_data = match yes {
        Branch::Missing => true,
        Branch::Text(parts) => {
            matches!(parts.as_slice(), [Node::Variable(name)] if name == "value")
        }
        Branch::Fail => false,
    };
    if is_data && !is_never(guard) {
        vec![(guard.clone(), data)]
    } else {
        branch(guard, yes, "", scene)
    }
}

/// The values of a lookup in these entries.
fn by_entries(
    entries: &[(String, String)],
    key: &Value,
    yes: &Branch,
    no: &Branch,
    scene: &Scene<'_>,
) -> Cases {
    let mut by_data: std::collections::BTreeMap<&str, Vec<&str>> =
        std::collections::BTreeMap::default();
    for (key, data) in entries {
        by_data.entry(data).or_default().push(key);
    }
    let guard = |keys: &[&str]| {
        let patterns = std::sync::Arc::new(Patterns::exact(keys));
        matches(key, &patterns).unwrap_or_else(Guard::never)
    };
    let every: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    if by_data.len() > MOST / 2 {
        return found(&guard(&every), Value::Unknown, yes, no, scene);
    }
    let mut cases = Vec::new();
    for (data, keys) in &by_data {
        let guard = guard(keys);
        if !is_never(&guard) {
            cases.extend(hit(&guard, text(*data), yes, scene));
        }
    }
    cases.extend(branch(&not(guard(&every)), no, "", scene));
    cases
}
