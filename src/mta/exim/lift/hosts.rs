//! Items of host lists (Exim's specification, §10.13). Must not know the list around them.

use std::net::IpAddr;

use super::lists::{Found, Item};
use super::scene::{Scene, opaque};
use super::tables::entries;
use crate::net::{AddressSet, Network};
use crate::policy::{Expression, Field, Guard, NameState, Patterns};

/// What an item of a host list matches.
pub fn item(item: &str, scene: &Scene<'_>) -> Item {
    match item {
        "*" => return Guard::Always.into(),
        // Only a client without a network connection.
        "" => return Guard::never().into(),
        "@[]" => return Guard::ClientIsHost.into(),
        // Own addresses are in there too.
        "0.0.0.0/0" => return (!Guard::ClientIpv6).into(),
        "::/0" => return Guard::ClientIpv6.into(),
        _ => {}
    }
    if let Some(set) = addresses(item) {
        return Found::Addresses(vec![set]).into();
    }
    let looks_like_address = item
        .split_once('/')
        .map_or(item, |(address, _)| address)
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.' || b == b'/')
        || item.contains('/') && !item.contains(';')
        || item.contains(':') && !item.contains(';');
    if looks_like_address {
        // A malformed address makes the list fail at that point.
        return Item {
            yes: Found::When(Guard::never()),
            cut: Guard::Always,
            defer: Guard::never(),
            included: Guard::never(),
        };
    }
    if let Some((kind, file)) = item.split_once(';') {
        return lookup(item, kind.trim(), file.trim(), scene);
    }
    if let Some(expression) = item.strip_prefix('^') {
        return match Expression::new(&format!("^{expression}"), true, None) {
            Ok(expression) => by_name(Patterns {
                expressions: vec![expression],
                ..Patterns::default()
            }),
            Err(reason) => opaque(
                "list",
                item,
                format!("`{item}` matches"),
                reason,
                None,
                None,
            )
            .into(),
        };
    }
    if let Some(suffix) = item.strip_prefix('*') {
        return by_name(super::items::ending(suffix));
    }
    // A name is looked up forwards; an ordinary client is not that host.
    let name = if item == "@" {
        scene.shared.hostname.clone().unwrap_or_else(|| "@".into())
    } else {
        item.to_owned()
    };
    let hit = format!("`{name}` has the client's address");
    opaque("dns", name, hit, "it is asked over DNS", Some(false), None).into()
}

/// The addresses that an item is, host bits being of no account.
fn addresses(item: &str) -> Option<AddressSet> {
    let item = item.trim_start_matches('[').trim_end_matches(']');
    let (address, length) = match item.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (item, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(bits);
    if length > bits {
        return None;
    }
    let masked: IpAddr = match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(u32::from(32 - length)).unwrap_or(0);
            std::net::Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(u32::from(128 - length)).unwrap_or(0);
            std::net::Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    };
    Some(AddressSet::new([Network::of(masked, length)]))
}

/// An item that needs the client's name, which has to lead back to its address.
fn by_name(patterns: Patterns) -> Item {
    Item {
        yes: Found::When(Guard::Matches(Field::ClientName, patterns.into())),
        // Also where the look-up fails for now.
        cut: !Guard::ClientNameIs(NameState::Verified),
        defer: Guard::never(),
        included: Guard::never(),
    }
}

/// A lookup by the client's address (`net-`) or name.
fn lookup(item: &str, kind: &str, file: &str, scene: &Scene<'_>) -> Item {
    let source = scene.shared.file(file);
    let by_address = kind.strip_prefix("net");
    match (&source, by_address.unwrap_or(kind)) {
        (Ok(source), "-iplsearch") => {
            let keys = entries(source.text());
            let sets = keys.iter().filter_map(|(key, _)| addresses(key));
            return Found::Addresses(sets.collect()).into();
        }
        (Ok(source), "-lsearch") => {
            let keys = entries(source.text());
            let whole = keys.iter().filter(|(key, _)| !key.contains('/'));
            let sets = whole.filter_map(|(key, _)| addresses(key));
            return Found::Addresses(sets.collect()).into();
        }
        (Ok(source), "lsearch") => {
            let keys = entries(source.text());
            return by_name(Patterns::exact(keys.into_iter().map(|(key, _)| key)));
        }
        _ => {}
    }
    let reason = source
        .err()
        .map_or_else(|| "it is not read here".to_owned(), |why| why.to_string());
    let asked = opaque(
        "table",
        item,
        format!("`{item}` holds the client"),
        reason,
        // Who is asked about is a stranger.
        Some(false),
        None,
    );
    if by_address.is_some() {
        return asked.into();
    }
    let named = by_name(Patterns::default());
    let has_name = Guard::ClientNameIs(NameState::Verified);
    Item {
        yes: Found::When(super::logic::all([has_name, asked])),
        ..named
    }
}
