//! The daemon's listeners (Exim's specification, §13.3). Must not know what becomes of sessions.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::acl;
use super::auth;
use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{all, any, is_never};
use super::scene::{Phase, Scene, Shared, Subject, Variables};
use super::stages::stages;
use crate::mta::exim::values;
use crate::net::AddressSet;
use crate::policy::{Authority, Guard, InClear, Listener, ListenerTls, Role, Stated, TlsProfile};
use crate::text::Place;

/// Every listener, in the order of their ports.
pub fn listeners(shared: &Shared<'_>, dead: Option<&(String, Option<Place>)>) -> Vec<Listener> {
    let none = Variables::new();
    let origin = ["daemon_smtp_ports", "local_interfaces"]
        .iter()
        .find_map(|name| shared.decides(name))
        .map(|option| option.place.clone());
    let sockets = sockets(shared, &none);
    sockets
        .into_iter()
        .map(|(port, addresses)| {
            let plain = scene(shared, port, &addresses, &none);
            let variables = acl::variables(&plain);
            let scene = scene(shared, port, &addresses, &variables);
            let mut listener = listener(&scene, addresses);
            listener.dead = dead.cloned();
            listener.origin.clone_from(&origin);
            listener
        })
        .collect()
}

fn scene<'a>(
    shared: &'a Shared<'a>,
    port: u16,
    addresses: &[IpAddr],
    variables: &'a Variables,
) -> Scene<'a> {
    Scene {
        shared,
        port,
        address: match addresses {
            [one] if !one.is_unspecified() => Some(*one),
            _ => None,
        },
        tls: Guard::Tls,
        auth: Guard::Authenticated,
        certificate: Guard::never(),
        phase: Phase::Rcpt,
        subject: Subject::Recipient,
        known: None,
        literal: false,
        arguments: Vec::new(),
        variables,
        depth: 0,
    }
}

/// The value of an option of the main section, expanded, where it is one text.
fn text(name: &str, scene: &Scene<'_>) -> String {
    let value = scene.shared.value(name).unwrap_or_default();
    match expand(&value, scene).as_slice() {
        [(_, Value::Text(text))] => text.clone(),
        _ => String::new(),
    }
}

/// The ports with their addresses; none for all of the host's.
fn sockets(shared: &Shared<'_>, none: &Variables) -> BTreeMap<u16, Vec<IpAddr>> {
    let scene = scene(shared, 0, &[], none);
    let ports: Vec<u16> = values::items(&text("daemon_smtp_ports", &scene), ':')
        .iter()
        .filter_map(|name| port(name))
        .collect();
    let ports = if ports.is_empty() { vec![25] } else { ports };
    let interfaces = values::items(&text("local_interfaces", &scene), ':');
    let mut sockets: BTreeMap<u16, Vec<IpAddr>> = BTreeMap::new();
    if interfaces.is_empty() {
        return ports.into_iter().map(|port| (port, Vec::new())).collect();
    }
    for item in &interfaces {
        let Some((address, own)) = interface(item) else {
            continue;
        };
        let own: Vec<u16> = own.into_iter().collect();
        for &port in if own.is_empty() { &ports } else { &own } {
            sockets.entry(port).or_default().push(address);
        }
    }
    for addresses in sockets.values_mut() {
        addresses.sort_unstable();
        addresses.dedup();
        let everywhere: [(IpAddr, IpAddr); 2] = [
            (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
            (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()),
        ];
        if everywhere.iter().all(|(all, _)| addresses.contains(all)) {
            addresses.clear();
        }
        // All addresses of one family: loopback too.
        for (all, loopback) in everywhere {
            if addresses.contains(&all) && !addresses.contains(&loopback) {
                addresses.push(loopback);
            }
        }
    }
    sockets
}

/// The number of a port, by the names of services that mail has.
fn port(name: &str) -> Option<u16> {
    match name.trim() {
        "smtp" => Some(25),
        "smtps" | "ssmtp" | "submissions" | "urd" => Some(465),
        "submission" => Some(587),
        number => number.parse().ok(),
    }
}

/// An item of `local_interfaces`: an address, maybe with a port.
fn interface(item: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Some(rest) = item.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let own = rest.trim_start_matches([':', '.']);
        return Some((address.parse().ok()?, port(own)));
    }
    if let Ok(address) = item.parse() {
        return Some((address, None));
    }
    let (address, own) = item.rsplit_once('.')?;
    Some((address.parse().ok()?, Some(own.parse().ok()?)))
}

fn listener(scene: &Scene<'_>, addresses: Vec<IpAddr>) -> Listener {
    let shared = scene.shared;
    let implicit = values::items(
        &shared.value("tls_on_connect_ports").unwrap_or_default(),
        ':',
    )
    .iter()
    .any(|name| port(name) == Some(scene.port));
    let advertised = shared.value("tls_advertise_hosts").unwrap_or_default();
    let advertised = lists::of_option(Kind::Host, &advertised, scene);
    let offers = !is_never(&any([
        advertised.yes.clone(),
        advertised.defer,
        advertised.error,
    ]));
    let tls = match (implicit, offers) {
        (true, _) => ListenerTls::Implicit,
        (_, true) => ListenerTls::StartTls,
        _ => ListenerTls::No,
    };
    let inside = match tls {
        ListenerTls::Implicit => Guard::Always,
        ListenerTls::No => Guard::never(),
        ListenerTls::StartTls => all([Guard::Tls, advertised.yes]),
    };
    let mut scene = Scene {
        tls: inside,
        ..scene.clone()
    };
    scene.certificate = certificate(&scene);
    let offer = auth::offer(&scene);
    scene.auth = offer.guard.clone();
    let clear = Scene {
        tls: if implicit {
            Guard::Always
        } else {
            Guard::never()
        },
        auth: Guard::never(),
        ..scene.clone()
    };
    let role = match (implicit, scene.port) {
        (true, _) => Role::Submissions,
        (_, 587 | 2525) => Role::Submission,
        _ => Role::Mx,
    };
    Listener {
        port: scene.port,
        addresses,
        role,
        tls,
        profile: profile(&scene),
        auth: offer.inside,
        auth_in_clear: if implicit {
            InClear::No
        } else {
            offer.in_clear
        },
        mechanisms: offer.mechanisms,
        stages: stages(&scene, &clear),
        dead: None,
        believed: believed(&scene),
        origin: None,
    }
}

/// Which profile the ciphers of a port are, as they are generated.
fn profile(scene: &Scene<'_>) -> Option<TlsProfile> {
    let ciphers = text("tls_require_ciphers", scene);
    let options = text("openssl_options", scene);
    if options.contains("+no_tlsv1_2") || ciphers.starts_with("NORMAL:-VERS-ALL:+VERS-TLS1.3") {
        Some(TlsProfile::Modern)
    } else if ciphers.starts_with("NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE")
        || ciphers == "ECDHE+AESGCM:ECDHE+CHACHA20"
    {
        Some(TlsProfile::Intermediate)
    } else {
        None
    }
}

/// Where the client has shown a certificate that was found good.
fn certificate(scene: &Scene<'_>) -> Guard {
    let asked = ["tls_verify_hosts", "tls_try_verify_hosts"].map(|name| {
        let hosts = scene.shared.value(name).unwrap_or_default();
        lists::of_option(Kind::Host, &hosts, scene).yes
    });
    let asked = any(asked.into_iter().filter(|guard| !is_never(guard)));
    if is_never(&asked) {
        return asked;
    }
    let by = text("tls_verify_certificates", scene);
    let public = by.is_empty() || by == "system" || by.contains("/etc/ssl/certs");
    let mut authorities = vec![Guard::Certificate(Authority::Private)];
    if public {
        authorities.push(Guard::Certificate(Authority::Public));
    }
    all([scene.tls.clone(), asked, any(authorities)])
}

/// Who may say, by the PROXY protocol or XCLIENT, which client it is.
fn believed(scene: &Scene<'_>) -> Option<Stated<AddressSet>> {
    let mut sets = Vec::new();
    let mut origin = None;
    for name in ["hosts_proxy", "hosts_xclient"] {
        let Some(option) = scene.shared.decides(name) else {
            continue;
        };
        let answer = lists::of_option(Kind::Host, &option.value, scene);
        answer.yes.walk(&mut |guard| match guard {
            Guard::ClientIn(set) => sets.push(AddressSet::clone(set)),
            Guard::Always => sets.push(AddressSet::all()),
            _ => {}
        });
        origin = Some(option.place.clone());
    }
    let value = AddressSet::union(sets);
    (!value.is_empty()).then_some(Stated { value, origin })
}
