//! The values of each attribute that stand for all others: one for each class into which the atoms
//! cut them.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::atoms::{Atoms, distinct, matching, named, told_apart};
use super::model::Policy;
use super::pattern::{Field, Patterns};
use super::session::{At, ClientName, Mechanism, Sender, Source};
use crate::net::{AddressSet, Domain, cells};

/// The ports that mail clients try; looked at also where no policy serves them.
const USUAL_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// A domain that no description names: `example` is reserved (RFC 2606), and no one's.
pub const FOREIGN: &str = "elsewhere.example";

/// A domain that DNS does not know (RFC 6761 §6.4).
const MISSING: &str = "elsewhere.invalid";

/// Ports, each with an address where more than one listener serves it.
pub fn listeners(policies: &[&Policy]) -> Vec<(u16, Option<IpAddr>)> {
    let mut listeners: Vec<(u16, Option<IpAddr>)> =
        USUAL_PORTS.iter().map(|&port| (port, None)).collect();
    for policy in policies {
        for listener in &policy.listeners {
            listeners.push((listener.port, None));
            let shares = |other: &super::Listener| {
                other.port == listener.port && !std::ptr::eq(other, listener)
            };
            if policy.listeners.iter().any(shares) {
                let addresses = listener.addresses.iter();
                listeners.extend(addresses.map(|&address| (listener.port, Some(address))));
            }
        }
    }
    listeners.sort_unstable();
    listeners.dedup();
    listeners
}

/// Where clients are.
pub fn sources(networks: &[&AddressSet], written: &AddressSet) -> Vec<Source> {
    let mut sets = networks.to_vec();
    sets.push(written);
    let host = [
        Source::Address(Ipv4Addr::LOCALHOST.into()),
        Source::Address(Ipv6Addr::LOCALHOST.into()),
        Source::Own { ipv6: false },
        Source::Own { ipv6: true },
    ];
    cells(&sets)
        .into_iter()
        .map(Source::Address)
        .filter(|source| !source.is_host())
        .chain(host)
        .collect()
}

/// What their names are.
pub fn names(atoms: &Atoms<'_>) -> Vec<ClientName> {
    let patterns = atoms.on(&[Field::ClientName, Field::ReverseName]);
    if patterns.is_empty() && !atoms.names {
        return vec![ClientName::None];
    }
    let usual = ["client.elsewhere.example"];
    // Names of one label are nobody's out there, and stand for no others.
    let names = told_apart(&usual, named(&patterns), |name| {
        (matching(&patterns, name), name.contains('.'))
    });
    let names: Vec<Domain> = names
        .iter()
        .filter_map(|name| Domain::parse(name).ok())
        .collect();
    [ClientName::None, ClientName::Temporary]
        .into_iter()
        .chain(names.iter().cloned().map(ClientName::Forged))
        .chain(names.iter().cloned().map(ClientName::Verified))
        .collect()
}

/// Log-ins.
pub fn auth(mechanisms: &[Mechanism]) -> Vec<Option<Mechanism>> {
    let mut auth = vec![None, Some(Mechanism::Plain)];
    for mechanism in mechanisms {
        // A policy that takes LOGIN alone is not told apart by PLAIN.
        if !auth.contains(&Some(*mechanism)) {
            auth.push(Some(*mechanism));
        }
    }
    auth
}

/// Arguments of EHLO.
pub fn helos(atoms: &Atoms<'_>) -> Vec<String> {
    let patterns = atoms.on(&[Field::Helo]);
    let usual = [
        "client.elsewhere.example",
        "client",
        "[203.0.113.7]",
        "not_valid",
    ];
    let usual = if patterns.is_empty() {
        &usual[..1]
    } else {
        &usual
    };
    let plain = |helo: &Cow<'_, str>| !helo.is_empty() && !helo.contains(char::is_whitespace);
    let helos = named(&patterns).filter(plain);
    told_apart(usual, helos, |helo| matching(&patterns, helo))
}

/// The two sides of an address.
fn sides(address: &str) -> Option<(&str, &str)> {
    address
        .rsplit_once('@')
        .filter(|(local, _)| !local.is_empty())
}

/// Addresses that differ in what the patterns say of them, of their domains and local parts: the
/// texts that the patterns name, and where those are parts of an address, some that hold them.
fn addresses(whole: &[&Patterns], domain: &[&Patterns], local: &[&Patterns]) -> Vec<String> {
    let spelled = named(whole).flat_map(|text| {
        if sides(&text).is_some() {
            return vec![text];
        }
        vec![
            format!("user{text}").into(),
            format!("user@x{text}").into(),
            format!("{text}@{FOREIGN}").into(),
        ]
    });
    let is_address =
        |text: &Cow<'_, str>| sides(text).is_some_and(|(_, behind)| Domain::parse(behind).is_ok());
    told_apart(&[], spelled.filter(is_address), |address| {
        signature(whole, domain, local, address)
    })
}

/// What patterns say of an address.
fn signature(
    whole: &[&Patterns],
    domain: &[&Patterns],
    local: &[&Patterns],
    address: &str,
) -> Vec<bool> {
    let (before, behind) = sides(address).unwrap_or_default();
    [
        matching(whole, address),
        matching(domain, behind),
        matching(local, before),
        vec![behind.ends_with(".invalid")],
    ]
    .concat()
}

/// Senders.
pub fn senders(atoms: &Atoms<'_>) -> Vec<Sender> {
    let (whole, domain, local) = (
        atoms.on(&[Field::Sender]),
        atoms.on(&[Field::SenderDomain]),
        atoms.on(&[Field::SenderLocal]),
    );
    let addresses = addresses(&whole, &domain, &local);
    let mut locals = told_apart(&["someone"], named(&local), |text| matching(&local, text));
    let mut domains = told_apart(&[FOREIGN, MISSING], named(&domain), |text| {
        (matching(&domain, text), text.ends_with(".invalid"))
    });
    for (before, behind) in addresses.iter().filter_map(|address| sides(address)) {
        locals.push(before.to_owned());
        domains.push(behind.to_owned());
    }
    let of = |address: &str| {
        let (local, domain) = sides(address)?;
        Some(Sender::Address {
            local: local.to_owned(),
            domain: Domain::parse(domain).ok()?,
        })
    };
    let product = domains
        .iter()
        .flat_map(|domain| locals.iter().map(move |local| format!("{local}@{domain}")));
    let all = product.chain(addresses.iter().cloned());
    let senders = distinct(all, |address| signature(&whole, &domain, &local, address));
    let senders = senders.iter().filter_map(|address| of(address));
    std::iter::once(Sender::Null).chain(senders).collect()
}

/// What stands behind the `@` of recipients, and before it.
pub fn recipients(atoms: &Atoms<'_>) -> (Vec<At>, Vec<String>) {
    let (whole, domain, local) = (
        atoms.on(&[Field::Recipient, Field::RecipientQuoted]),
        atoms.on(&[Field::RecipientDomain]),
        atoms.on(&[Field::RecipientLocal]),
    );
    let addresses = addresses(&whole, &domain, &local);
    let addresses: Vec<_> = addresses
        .iter()
        .filter_map(|address| sides(address))
        .collect();
    let mut names: Vec<Domain> = Vec::new();
    let mut add = |name: &str| {
        if let Ok(name) = Domain::parse(name)
            && !names.contains(&name)
        {
            names.push(name);
        }
    };
    // A fresh domain: a longer one where the usual one is named.
    let fresh = (0..).map(|n| "x".repeat(n) + FOREIGN);
    let fresh = fresh
        .take(10)
        .find(|name| !matching(&domain, name).contains(&true));
    let usual = fresh.as_deref().unwrap_or(FOREIGN);
    let domains = told_apart(&[usual, MISSING], named(&domain), |name| {
        (matching(&domain, name), name.ends_with(".invalid"))
    });
    for name in &domains {
        add(name);
    }
    for (_, behind) in &addresses {
        add(behind);
    }

    let mut locals = told_apart(&["user"], named(&local), |text| matching(&local, text));
    let mut push = |text: String| {
        if !text.is_empty() && !locals.contains(&text) {
            locals.push(text);
        }
    };
    push("postmaster".into());
    for (before, _) in &addresses {
        push((*before).to_owned());
    }
    let foreign = Domain::parse(usual).ok();
    let inside = names.iter().filter(|_| atoms.rewritten).chain(&foreign);
    for name in inside {
        push(format!("user%{name}"));
        push(format!("{name}!user"));
        push(format!("user@{name}"));
    }
    let ats = names
        .into_iter()
        .map(At::Domain)
        .chain([
            At::Nothing,
            At::OwnLiteral,
            At::Literal(Ipv4Addr::new(203, 0, 113, 80).into()),
            At::Literal(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80).into()),
        ])
        .collect();
    (ats, locals)
}
