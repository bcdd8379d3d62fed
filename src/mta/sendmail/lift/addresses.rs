//! Words that Sendmail compares with addresses: leading octets of IPv4, leading groups of IPv6
//! (cf/README, "Connect:"). Must not know who is let in because of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::net::Network;

/// The addresses that begin with `word`; none for a word that is no begin of an address. Sendmail
/// holds IPv6 addresses without `::` (`UseCompressedIPv6Addresses`, off since 8.15), so that a
/// word with it matches none.
pub fn network(word: &str) -> Option<Network> {
    let word = word.trim_end_matches('.');
    let text = if let Some(rest) = word.strip_prefix("ipv6:") {
        let parts: Vec<&str> = rest.trim_end_matches(':').split(':').collect();
        let mut groups = [0_u16; 8];
        if parts.len() > 8 {
            return None;
        }
        for (group, part) in groups.iter_mut().zip(&parts) {
            *group = u16::from_str_radix(part, 16).ok()?;
            // Other ways to write it are other words.
            (format!("{group:x}") == *part).then_some(())?;
        }
        format!("{}/{}", Ipv6Addr::from(groups), 16 * parts.len())
    } else {
        let parts: Vec<&str> = word.split('.').collect();
        let mut octets = [0_u8; 4];
        if parts.len() > 4 {
            return None;
        }
        for (octet, part) in octets.iter_mut().zip(&parts) {
            *octet = part.parse().ok()?;
            (octet.to_string() == *part).then_some(())?;
        }
        format!("{}/{}", Ipv4Addr::from(octets), 8 * parts.len())
    };
    Network::parse(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_begins_of_addresses() {
        for (word, wanted) in [
            ("10", Some("10.0.0.0/8")),
            ("192.0.2", Some("192.0.2.0/24")),
            ("192.0.2.", Some("192.0.2.0/24")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("ipv6:2001:db8", Some("2001:db8::/32")),
            ("ipv6:0:0:0:0:0:0:0:1", Some("::1/128")),
            ("192.0.2.0", Some("192.0.2.0/32")),
            ("192.0.2.0/24", None),
            ("192.0.2.*", None),
            ("2001:db8", None),
            ("ipv6:2001:db8::1", None),
            ("ipv6:2001:0db8", None),
            ("300.1", None),
            ("com", None),
        ] {
            let found = network(word).map(|network| network.to_string());
            assert_eq!(found.as_deref(), wanted, "{word}");
        }
    }
}
