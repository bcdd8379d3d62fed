//! Who may log in, where, and how (Exim's specification, chapters 33 to 41). Must not know what
//! those who have may do.

use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{all, any, constant, is_never, not};
use super::scene::{Scene, opaque};
use crate::mta::Use;
use crate::mta::exim::catalogue::Class;
use crate::mta::exim::running::Driver;
use crate::policy::{Guard, InClear, Mechanism};

/// What a listener offers.
#[derive(Debug)]
pub struct Offer {
    /// Whether AUTH is offered inside TLS.
    pub inside: bool,
    /// To whom AUTH is offered outside of TLS.
    pub in_clear: InClear,
    /// The mechanisms.
    pub mechanisms: Vec<Mechanism>,
    /// The client has logged in.
    pub guard: Guard,
}

/// The authenticators that clients can use.
fn servers<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Driver> {
    let drivers = scene.shared.running.drivers.iter();
    drivers.filter(|driver| driver.class == Class::Authenticator && is_server(driver))
}

/// Whether clients can use an authenticator.
pub fn is_server(driver: &Driver) -> bool {
    match driver.kind.unwrap_or_default() {
        "plaintext" | "external" | "tls" => driver.has("server_condition"),
        "cram_md5" => driver.has("server_secret"),
        "spa" => driver.has("server_password"),
        "dovecot" => driver.has("server_socket"),
        "cyrus_sasl" | "gsasl" | "heimdal_gssapi" => true,
        _ => false,
    }
}

/// What the listener of the scene offers.
pub fn offer(scene: &Scene<'_>) -> Offer {
    let inside = advertised(scene, true);
    let in_clear = advertised(scene, false);
    let mut mechanisms = Vec::new();
    for driver in servers(scene) {
        let scope = format!("authenticator {}", driver.name);
        for option in &driver.options {
            scene.shared.note(&scope, option.known.name(), Use::Decides);
        }
        let version = scene.shared.world.version;
        let name = driver.value("public_name", version).unwrap_or(&driver.name);
        let mechanism = match name.to_ascii_uppercase().as_str() {
            "PLAIN" => Mechanism::Plain,
            "LOGIN" => Mechanism::Login,
            "ANONYMOUS" => Mechanism::Anonymous,
            _ => continue,
        };
        mechanisms.push(mechanism);
        // Any name and password is as good as none.
        if lets_anyone_in(driver, scene) {
            mechanisms.push(Mechanism::Anonymous);
        }
    }
    let mut kept: Vec<Mechanism> = Vec::new();
    for mechanism in mechanisms {
        if !kept.contains(&mechanism) {
            kept.push(mechanism);
        }
    }
    let mut logged_in = vec![Guard::Authenticated];
    if kept.contains(&Mechanism::Anonymous) {
        logged_in.push(Guard::Anonymous);
    }
    let offered = any([
        all([scene.tls.clone(), inside.clone()]),
        all([not(scene.tls.clone()), in_clear.clone()]),
    ]);
    // Where it is offered to everyone or no one, the listener says so.
    let is_constant = [&inside, &in_clear]
        .iter()
        .all(|guard| matches!(guard, Guard::Always) || is_never(guard));
    let offered = if is_constant { Guard::Always } else { offered };
    Offer {
        inside: !is_never(&inside),
        in_clear: in_clear_to(&in_clear),
        mechanisms: kept,
        guard: all([any(logged_in), offered]),
    }
}

/// Who is meant where AUTH is offered in the clear.
fn in_clear_to(offered: &Guard) -> InClear {
    fn is_host_alone(guard: &Guard) -> bool {
        match guard {
            Guard::ClientIsHost | Guard::ClientIsOwn => true,
            Guard::ClientIn(set) => set
                .ranges()
                .all(|(first, last)| first.is_loopback() && last.is_loopback()),
            Guard::All(guards) => guards.iter().any(is_host_alone),
            Guard::Any(guards) => guards.iter().all(is_host_alone),
            _ => false,
        }
    }
    match offered {
        never if is_never(never) => InClear::No,
        host if is_host_alone(host) => InClear::ToHost,
        _ => InClear::Yes,
    }
}

/// Whether an authenticator takes every password.
fn lets_anyone_in(driver: &Driver, scene: &Scene<'_>) -> bool {
    let condition = driver.option("server_condition");
    condition.is_some_and(|condition| {
        let cases = expand(&condition.value, scene);
        matches!(cases.as_slice(), [(Guard::Always, Value::Text(text))]
            if !["", "0", "no", "false"].contains(&text.trim().to_ascii_lowercase().as_str()))
    })
}

/// To whom AUTH is offered, inside of TLS or outside.
fn advertised(scene: &Scene<'_>, tls: bool) -> Guard {
    let scene = Scene {
        tls: constant(tls),
        ..scene.clone()
    };
    let hosts = scene
        .shared
        .value("auth_advertise_hosts")
        .unwrap_or_default();
    let hosts = lists::of_option(Kind::Host, &hosts, &scene).yes;
    let conditions = servers(&scene).map(|driver| {
        let Some(condition) = driver.option("server_advertise_condition") else {
            return Guard::Always;
        };
        let cases = expand(&condition.value, &scene).into_iter();
        any(cases.map(|(guard, value)| {
            let inner = match value {
                Value::Text(text) => {
                    let text = text.trim().to_ascii_lowercase();
                    constant(!["", "0", "no", "false"].contains(&text.as_str()))
                }
                Value::Some => Guard::Always,
                Value::ForcedFail | Value::Fails => Guard::never(),
                _ => opaque(
                    "expansion",
                    condition.value.as_str(),
                    format!("`{}` is true", condition.value),
                    "it is not evaluated here",
                    None,
                    Some(&condition.place),
                ),
            };
            all([guard, inner])
        }))
    });
    all([hosts, any(conditions.collect::<Vec<_>>())])
}
