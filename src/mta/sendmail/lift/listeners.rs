//! Where the daemon listens, and what TLS and AUTH it offers there (Sendmail Installation and
//! Operation Guide, `DaemonPortOptions`). Must not know the checks themselves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::cf::Line;
use super::super::cf::settings::items;
use super::checks::{Checks, Daemon};
use super::input::Input;
use super::local::Rules;
use crate::mta::lift::Use;
use crate::policy::{InClear, Listener, ListenerTls, Mechanism, Role, TlsProfile};
use crate::text::Place;

/// The listeners, those that differ in nothing but the address as one.
pub fn listeners(checks: &Checks<'_>, trusted: &BTreeSet<String>) -> Vec<Listener> {
    let input = checks.input;
    note_features(checks);
    let offered = offered(input);
    let usable = |mechanism: &&Mechanism| {
        trusted.is_empty() || trusted.contains(&mechanism.name().to_lowercase())
    };
    let mechanisms: Vec<Mechanism> = offered.iter().filter(usable).copied().collect();
    if mechanisms.len() < offered.len() {
        let place = input.class("TrustAuthMech", Use::Decides).place;
        let reason = "a log-in by a mechanism that `TRUST_AUTH_MECH` does not name counts as none";
        input.gap(place.as_ref(), reason);
    }
    let lines = input.options("DaemonPortOptions");
    let default = Line {
        name: "DaemonPortOptions".into(),
        value: Some(String::new()),
        place: None,
        span: crate::text::Span::new(0, 0),
    };
    let lines = if lines.is_empty() {
        vec![&default]
    } else {
        lines
    };
    let mut all: Vec<(Listener, String)> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let daemon = read(input, line, index);
        let listener = listener(checks, &daemon, &mechanisms);
        let kind = format!("{:?}", (kind(input, &daemon.checked), listener.profile));
        let same = all
            .iter_mut()
            .find(|(known, other)| known.port == listener.port && *other == kind);
        match same {
            Some((known, _)) if known.addresses.is_empty() => {}
            Some((known, _)) if listener.addresses.is_empty() => known.addresses.clear(),
            Some((known, _)) => {
                known.addresses.extend(&listener.addresses);
                known.addresses.sort_unstable();
                known.addresses.dedup();
            }
            None => all.push((listener, kind)),
        }
    }
    let mut all: Vec<Listener> = all.into_iter().map(|(listener, _)| listener).collect();
    all.sort_by_key(|listener| listener.port);
    all
}

/// What sets listeners apart beside the port and the address.
fn kind(input: &Input<'_>, daemon: &Daemon) -> (Vec<char>, bool, Vec<String>) {
    // Whether it must come up is no matter of sessions.
    let letters = daemon.modifiers.chars().filter(|letter| *letter != 'O');
    let mut letters: Vec<char> = letters.collect();
    letters.sort_unstable();
    let name = daemon.name.to_lowercase();
    // A class may have a line for each of its words.
    let classes = input.model.classes.iter().map(|class| class.name.as_str());
    let classes: BTreeSet<&str> = classes.collect();
    let inside = classes
        .into_iter()
        .filter(|class| input.class(class, Use::Decides).words.contains(&name));
    let inside = inside.map(str::to_owned).collect();
    (letters, daemon.defers, inside)
}

/// A line, read.
struct Read {
    port: Result<u16, String>,
    address: Option<IpAddr>,
    checked: Daemon,
}

fn read(input: &Input<'_>, line: &Line, index: usize) -> Read {
    let items = items(line.value.as_deref().unwrap_or_default());
    let find = |wanted: &str| {
        let found = items.iter().rev().find(|(key, _)| *key == wanted);
        found.map(|(_, value)| value.trim())
    };
    let scope = find("Name").or_else(|| find("Family")).unwrap_or("inet");
    for (key, _) in &items {
        input.uses(&format!("daemon {scope}"), key, Use::Decides);
    }
    let address = find("Address").filter(|address| *address != "*");
    let parsed = address.map(|address| {
        let plain = address.trim_start_matches('[').trim_end_matches(']');
        let lower = plain.to_ascii_lowercase();
        let plain = lower
            .strip_prefix("ipv6:")
            .map_or(plain.to_owned(), str::to_owned);
        plain.parse::<IpAddr>()
    });
    if let (Some(Err(_)), Some(address)) = (&parsed, address) {
        let reason = format!("the addresses of `{address}` are looked up when the daemon starts");
        input.gap(line.place.as_ref(), reason);
    }
    let address = parsed
        .and_then(Result::ok)
        .filter(|address| !address.is_unspecified());
    let port = match find("Port").unwrap_or("25") {
        "smtp" | "mail" => Ok(25),
        "smtps" | "submissions" | "ssmtp" | "urd" => Ok(465),
        "submission" => Ok(587),
        port => port
            .parse()
            .map_err(|_| format!("no service is called `{port}`")),
    };
    let mode = find("DeliveryMode").or_else(|| input.value("DeliveryMode", Use::Decides));
    Read {
        port,
        address,
        checked: Daemon {
            name: find("Name").map_or_else(|| format!("Daemon{index}"), str::to_owned),
            modifiers: find("Modifier").unwrap_or_default().to_owned(),
            defers: mode.is_some_and(|mode| mode.starts_with('d')),
            place: line.place.clone(),
        },
    }
}

fn listener(checks: &Checks<'_>, read: &Read, mechanisms: &[Mechanism]) -> Listener {
    let input = checks.input;
    let daemon = &read.checked;
    let has = |letter| daemon.modifiers.contains(letter);
    let certified = is_certified(input);
    let tls = match (has('s'), certified && !has('S')) {
        (true, _) => ListenerTls::Implicit,
        (_, true) => ListenerTls::StartTls,
        _ => ListenerTls::No,
    };
    let auth = !has('A') && offers_auth(input);
    let options = input.value("AuthOptions", Use::Decides).unwrap_or_default();
    let (port, mut dead) = match &read.port {
        Ok(port) => (*port, None),
        Err(reason) => (25, Some((reason.clone(), daemon.place.clone()))),
    };
    if tls == ListenerTls::Implicit && !certified && input.is_whole {
        let reason = "TLS is spoken from the first byte, and there is no certificate".to_owned();
        dead = dead.or(Some((reason, daemon.place.clone())));
    }
    Listener {
        port,
        addresses: read.address.into_iter().collect(),
        role: match (tls, port) {
            (ListenerTls::Implicit, _) => Role::Submissions,
            (_, 587 | 2525) => Role::Submission,
            _ if has('a') => Role::Submission,
            _ => Role::Mx,
        },
        tls,
        profile: profile(input, daemon),
        auth: auth && tls != ListenerTls::No,
        // p: no mechanism that shows the password, outside of TLS
        auth_in_clear: InClear::to_all(
            auth && !options.split([' ', ',']).any(|word| word.starts_with('p')),
        ),
        mechanisms: mechanisms.to_vec(),
        stages: checks.stages(daemon),
        dead,
        believed: None,
        origin: daemon.place.clone(),
    }
}

/// Whether all files are named that a server needs for STARTTLS.
pub fn is_certified(input: &Input<'_>) -> bool {
    [
        "ServerCertFile",
        "ServerKeyFile",
        "CACertFile",
        "CACertPath",
    ]
    .iter()
    .all(|name| {
        input
            .value(name, Use::Decides)
            .is_some_and(|value| !value.is_empty())
    })
}

/// Whether any mechanism is offered, be it none of those that sessions here know. Without
/// `AuthMechanisms` it is those that the daemon is built with: EXTERNAL, GSSAPI,
/// `KERBEROS_V4`, DIGEST-MD5 and CRAM-MD5, as far as Cyrus SASL has them (cf/m4/proto.m4).
fn offers_auth(input: &Input<'_>) -> bool {
    let Some(listed) = input.value("AuthMechanisms", Use::Decides) else {
        return true;
    };
    let own = super::facts::sasl(input, "mech_list").map(|list| list.to_uppercase());
    let is_there = |word: &str| {
        let own = own.as_ref();
        own.is_none_or(|own| own.split_whitespace().any(|one| one == word.to_uppercase()))
    };
    listed.split_whitespace().any(is_there)
}

/// The mechanisms that are offered and that a session may use.
fn offered(input: &Input<'_>) -> Vec<Mechanism> {
    let listed = input
        .value("AuthMechanisms", Use::Decides)
        .unwrap_or_default();
    let own = super::facts::sasl(input, "mech_list");
    let own: Option<Vec<String>> =
        own.map(|list| list.split_whitespace().map(str::to_uppercase).collect());
    let mut found = Vec::new();
    for word in listed.split_whitespace() {
        let mechanism = [Mechanism::Plain, Mechanism::Login, Mechanism::Anonymous]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(word));
        let is_new = |known: &Mechanism| !found.contains(known);
        if let Some(mechanism) = mechanism.filter(is_new)
            && own
                .as_ref()
                .is_none_or(|own| own.iter().any(|one| one == mechanism.name()))
        {
            found.push(mechanism);
        }
    }
    found
}

/// What the ruleset `tls_srv_features` of generated files demands of a daemon's TLS.
fn profile(input: &Input<'_>, daemon: &Daemon) -> Option<TlsProfile> {
    let mut rules = Rules::of(input, "tls_srv_features");
    let by_daemon = [
        "$*",
        "$: $&{daemon_name}",
        "$={intermediate}",
        "$@ \"Options=SSL_OP_NO_TLSv1,SSL_OP_NO_TLSv1_1;CipherList=ECDHE+AESGCM:ECDHE+CHACHA20\"",
        "$={modern}",
        "$@ \"Options=SSL_OP_NO_TLSv1,SSL_OP_NO_TLSv1_1,SSL_OP_NO_TLSv1_2\"",
    ];
    rules.take(&by_daemon)?;
    let name = daemon.name.to_lowercase();
    let kinds = [
        ("intermediate", TlsProfile::Intermediate),
        ("modern", TlsProfile::Modern),
    ];
    let mut kinds = kinds.into_iter();
    kinds
        .find(|(class, _)| input.class(class, Use::Decides).words.contains(&name))
        .map(|(_, profile)| profile)
}

/// What changes what is offered and is not read.
fn note_features(checks: &Checks<'_>) {
    let mut rules = Rules::of(checks.input, "Local_srv_features");
    rules.take(&["$*", "$# o"]);
    let rest: Option<Place> = rules.place();
    if !rules.is_done() {
        let reason = "what `Local_srv_features` offers to which client is not known";
        checks.input.gap(rest.as_ref(), reason);
    }
    if let Some(place) = checks.table.has("srv_features") {
        let reason = "what `Srv_Features` offers to which client is not known";
        checks.input.gap(Some(place), reason);
    }
}
