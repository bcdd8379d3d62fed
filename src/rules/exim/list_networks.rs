//! Networks in lists of hosts: such that are none, and such that hold more than they seem to. Must
//! not know how lists are read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::list_items::{each, instead, mended};
use super::tell::{error, note};
use crate::findings::Finding;
use crate::mta::exim::{Files, Kind};

/// An address and the length of its prefix.
pub fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        "" if !text.contains('/') => most,
        digits => digits.parse().ok().filter(|length| *length <= most)?,
    };
    Some((address, length))
}

/// The first address of a network.
fn first(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

/// Whether one network holds another.
pub fn holds(wide: (IpAddr, u32), narrow: (IpAddr, u32)) -> bool {
    wide.0.is_ipv4() == narrow.0.is_ipv4()
        && wide.1 <= narrow.1
        && first(wide.0, wide.1) == first(narrow.0, wide.1)
}

/// Addresses that are none.
pub fn faulty_address(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let text = item.text.as_str();
        if list.kind != Kind::Host || network(text).is_some() {
            return None;
        }
        let is_like = |also: &str, signs: &[char]| {
            text.contains(signs)
                && text
                    .chars()
                    .all(|c| c.is_ascii_hexdigit() || also.contains(c))
        };
        let has_colons = text.matches(':').count() > 1 && is_like(":./", &[':']);
        let has_dots = is_like("./", &['.', '/'])
            && text.chars().all(|c| c.is_ascii_digit() || "./".contains(c));
        let wildcard = text.ends_with('*')
            && text.contains('.')
            && text.chars().all(|c| c.is_ascii_digit() || ".*".contains(c));
        let octets: Vec<&str> = text
            .split('.')
            .filter(|octet| *octet != "*" && !octet.is_empty())
            .collect();
        let network = (wildcard && octets.len() < 4).then(|| {
            let zeros = ".0".repeat(4 - octets.len());
            format!("{}{zeros}/{}", octets.join("."), 8 * octets.len())
        });
        let help = if let Some(network) = &network {
            format!("write `{network}`")
        } else if text.contains("/255.") {
            "write the length of the prefix, as in `10.0.0.0/8`".to_owned()
        } else {
            "write the whole address, as in `10.1.2.0/24`".to_owned()
        };
        if wildcard {
            let finding = error(
                "faulty-address",
                place,
                format!(
                    "`{text}` is a pattern for names of hosts, and no name looks like this: it matches nobody"
                ),
            );
            return Some(match network {
                Some(network) => mended(finding, item, place, &network),
                None => finding.help(help),
            });
        }
        (has_dots || has_colons).then(|| {
            error(
                "faulty-address",
                place,
                format!("`{text}` is neither an address nor a network, so the list ends here and what stands behind it is not looked at"),
            )
            .help(help)
        })
    })
}

/// `10.1.2.3/8`
pub fn host_bits(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, item, place| {
        let (address, length) = network(&item.text).filter(|_| list.kind == Kind::Host)?;
        let start = first(address, length);
        (start != address).then(|| {
            let finding = note(
                "host-bits",
                place,
                format!(
                    "`{}` is read as `{start}/{length}`, which is more than the one host",
                    item.text
                ),
            );
            match instead(item, place, &format!("{start}/{length}")) {
                Some(edits) => finding
                    .help(format!(
                        "write `{start}/{length}`, or `{address}` for the host alone"
                    ))
                    .safe_fix(edits),
                None => finding,
            }
        })
    })
}
