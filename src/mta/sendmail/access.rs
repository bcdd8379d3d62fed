//! Networks as keys of the access map, which compares whole octets of IPv4 and whole 16-bit
//! groups of IPv6 (cf/README, "Connect:"). Must not know the rest of Sendmail.

use std::net::IpAddr;

use crate::net::Network;

/// The most keys that one network may take.
const MOST: u32 = 4096;

/// The keys that together are `network`, in order: the addresses' leading octets or groups.
///
/// # Errors
/// The nearest prefix length at which fewer keys do, when more than 4,096 would be needed.
pub fn keys(network: &Network) -> Result<Vec<String>, u8> {
    let (unit, bits) = if network.is_ipv4() {
        (8, 32)
    } else {
        (16, 128)
    };
    let prefix = u32::from(network.prefix());
    let border = prefix.max(1).div_ceil(unit) * unit;
    let count = 1 << (border - prefix);
    if count > MOST {
        return Err(u8::try_from(border - MOST.ilog2()).unwrap_or(u8::MAX));
    }
    let first = match network.first() {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let step = if border == bits {
        1
    } else {
        1_u128 << (bits - border)
    };
    Ok((0..u128::from(count))
        .map(|index| key(first + index * step, network.is_ipv4(), border / unit))
        .collect())
}

/// The first `parts` octets or groups of an address; IPv6 in the form without `::` and without
/// leading zeros, in which Sendmail holds addresses (`UseCompressedIPv6Addresses`, since 8.15).
fn key(bits: u128, is_ipv4: bool, parts: u32) -> String {
    let part = |index: u32| {
        if is_ipv4 {
            format!("{}", (bits >> (24 - 8 * index)) & 0xff)
        } else {
            format!("{:x}", (bits >> (112 - 16 * index)) & 0xffff)
        }
    };
    let parts: Vec<String> = (0..parts).map(part).collect();
    if is_ipv4 {
        parts.join(".")
    } else {
        format!("IPv6:{}", parts.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(network: &str) -> Result<Vec<String>, u8> {
        keys(&Network::parse(network).unwrap())
    }

    #[test]
    fn borders_need_one_key() {
        for (network, key) in [
            ("10.0.0.0/8", "10"),
            ("172.16.0.0/16", "172.16"),
            ("192.0.2.0/24", "192.0.2"),
            ("192.0.2.7/32", "192.0.2.7"),
            ("2001:db8::/32", "IPv6:2001:db8"),
            ("::1/128", "IPv6:0:0:0:0:0:0:0:1"),
        ] {
            assert_eq!(shown(network).unwrap(), [key], "{network}");
        }
    }

    #[test]
    fn other_lengths_need_several() {
        assert_eq!(
            shown("192.0.2.8/30").unwrap(),
            ["192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11"]
        );
        let eleven = shown("10.64.0.0/11").unwrap();
        assert_eq!((eleven.len(), eleven[31].as_str()), (32, "10.95"));
        let v6 = shown("2001:db8:40::/42").unwrap();
        assert_eq!(
            (v6.len(), v6[0].as_str(), v6[63].as_str()),
            (64, "IPv6:2001:db8:40", "IPv6:2001:db8:7f")
        );
        assert_eq!(shown("128.0.0.0/1").unwrap().len(), 128);
        assert_eq!(shown("2001:db8:4000::/36").unwrap().len(), 4096);
        assert_eq!(shown("2001:db8:4000::/35"), Err(36));
        assert_eq!(shown("8000::/1"), Err(4));
    }
}
