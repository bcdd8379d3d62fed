//! Networks in CIDR notation, read strictly. Must not know who is trusted because of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;
use serde::{Serialize, Serializer};

use super::Fault;

/// An IPv4 or IPv6 network without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpNetwork);

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Network {
    /// Whether the address lies in the network.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(address)
    }

    /// Reads `address/prefix` or an address alone (then of full length).
    ///
    /// # Errors
    /// The first fault, under its characters: a wrong octet, a prefix that is too long, host bits.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (address_text, prefix_text) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address = parse_address(address_text)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let (prefix_text, at) = match prefix_text {
            Some(prefix) => (prefix, address_text.len() + 1..text.len()),
            None if longest == 32 => ("32", 0..text.len()),
            None => ("128", 0..text.len()),
        };
        let canonical = prefix_text == "0" || !prefix_text.starts_with(['0', '+']);
        let prefix = match prefix_text.parse::<u8>() {
            Ok(prefix) if canonical => prefix,
            _ if prefix_text.parse::<Ipv4Addr>().is_ok() => {
                return Err(Fault::new(
                    "bad-address",
                    at,
                    "a network mask stands where the prefix length belongs",
                )
                .help("write the number of bits: `/24` for 255.255.255.0"));
            }
            _ if prefix_text.is_empty() => {
                return Err(Fault::new(
                    "bad-address",
                    at.start - 1..at.end,
                    "the prefix length is missing behind the `/`",
                )
                .help(format!("write a number from 0 to {longest}")));
            }
            _ => {
                return Err(Fault::new(
                    "bad-address",
                    at,
                    format!("`{prefix_text}` is not a prefix length"),
                )
                .help(format!("write a number from 0 to {longest}")));
            }
        };
        if prefix > longest {
            let family = if longest == 32 { "IPv4" } else { "IPv6" };
            return Err(Fault::new(
                "bad-address",
                at,
                format!("/{prefix} is too long: an {family} address has {longest} bits"),
            ));
        }
        if let IpAddr::V6(v6) = address
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Err(Fault::new(
                "mapped-address",
                0..text.len(),
                format!("`{text}` is an IPv4 network in IPv6 clothes, which no server compares with IPv4 clients"),
            )
            .help(format!("write `{v4}/{}`", prefix.saturating_sub(96))));
        }
        let network = Self::of(address, prefix);
        if network.first() != address {
            return Err(Fault::new(
                "host-bits",
                0..address_text.len(),
                format!("`{text}` has host bits set: it names a host inside a network"),
            )
            .help(format!(
                "write `{network}` for the network, or `{address}/{longest}` for the host"
            )));
        }
        Ok(network)
    }

    /// The network of so many leading bits that holds the address.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        // The prefix fits the family here, so the fallback of the whole address never shows.
        let network = IpNetwork::new(address, prefix).unwrap_or_else(|_| address.into());
        Self(IpNetwork::new(network.network(), network.prefix()).unwrap_or(network))
    }

    /// The lowest address.
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// The highest address.
    pub fn last(&self) -> IpAddr {
        match self.0 {
            IpNetwork::V4(v4) => v4.broadcast().into(),
            IpNetwork::V6(v6) => v6.broadcast().into(),
        }
    }

    /// The prefix length in bits.
    pub fn prefix(&self) -> u8 {
        self.0.prefix()
    }

    /// Whether it is an IPv4 network.
    pub fn is_ipv4(&self) -> bool {
        self.0.is_ipv4()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn parse_address(text: &str) -> Result<IpAddr, Fault> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let whole = 0..text.len();
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.trim_end_matches(']');
        return Err(Fault::new(
            "bad-address",
            whole,
            "the brackets are Postfix's own way to write IPv6",
        )
        .help(format!("write it without them: `{inner}`")));
    }
    if !text.contains(':') && text.contains('.') {
        let mut start = 0;
        let octets: Vec<&str> = text.split('.').collect();
        for octet in &octets {
            let part = start..start + octet.len();
            start = part.end + 1;
            let digits = !octet.is_empty() && octet.bytes().all(|b| b.is_ascii_digit());
            if digits && octet.parse::<u8>().is_err() {
                return Err(Fault::new(
                    "bad-address",
                    part,
                    format!("`{octet}` is too large in an address: an octet goes up to 255"),
                ));
            }
            if digits && octet.len() > 1 && octet.starts_with('0') {
                return Err(Fault::new(
                    "bad-address",
                    part,
                    format!("`{octet}` has a leading zero, which some programs read as octal"),
                )
                .help(format!("write `{}`", octet.trim_start_matches('0'))));
            }
            if !digits {
                return Err(Fault::new(
                    "bad-address",
                    if part.is_empty() { whole } else { part },
                    format!("`{text}` is not an IP address"),
                )
                .help("networks are given by address; a client's name gives no right to relay"));
            }
        }
        return Err(Fault::new(
            "bad-address",
            whole,
            format!(
                "`{text}` has {} octets, and an IPv4 address has 4",
                octets.len()
            ),
        )
        .help("write all four, such as `10.0.0.0/8`"));
    }
    Err(Fault::new(
        "bad-address",
        whole,
        format!("`{text}` is not an IP address"),
    ))
}

/// Whether an address can never be that of a stranger on the Internet: loopback, private
/// (RFC 1918), shared (RFC 6598), link-local, unique local (RFC 4193), multicast, unspecified or
/// reserved.
pub fn special_use(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            a == 0
                || a >= 224
                || v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => special_use_v6(v6),
    }
}

fn special_use_v6(v6: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3 (RFC 4291 §2.4); everything else is special or unassigned.
    v6.segments()[0] & 0xe000 != 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (&'static str, &str) {
        let fault = Network::parse(text).unwrap_err();
        (fault.rule, text.get(fault.part).unwrap())
    }

    #[test]
    fn networks_are_read() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), shown);
        }
        let net = Network::parse("192.0.2.8/29").unwrap();
        assert_eq!(net.last().to_string(), "192.0.2.15");
    }

    #[test]
    fn faults_stand_under_their_characters() {
        assert_eq!(fault("222.501.285.45"), ("bad-address", "501"));
        assert_eq!(fault("10.0.0.1/8"), ("host-bits", "10.0.0.1"));
        assert_eq!(fault("10.0.0.0/33"), ("bad-address", "33"));
        assert_eq!(fault("2001:db8::/129"), ("bad-address", "129"));
        assert_eq!(fault("10.0.0.0/08"), ("bad-address", "08"));
        assert_eq!(fault("10.0.0.0/+8"), ("bad-address", "+8"));
        assert_eq!(fault("10.0.0.0/"), ("bad-address", "/"));
        assert_eq!(fault("10.0.0.0/255.0.0.0"), ("bad-address", "255.0.0.0"));
        assert_eq!(fault("10.0.0/24"), ("bad-address", "10.0.0"));
        assert_eq!(fault("010.0.0.0/8"), ("bad-address", "010"));
        assert_eq!(fault("[::1]/128"), ("bad-address", "[::1]"));
        assert_eq!(fault("host.example.com"), ("bad-address", "host"));
        assert_eq!(
            fault("::ffff:192.0.2.0/120"),
            ("mapped-address", "::ffff:192.0.2.0/120")
        );
        assert_eq!(
            fault("::ffff:192.0.2.1"),
            ("mapped-address", "::ffff:192.0.2.1")
        );
        assert_eq!(fault("2001:db8::g/32"), ("bad-address", "2001:db8::g"));
    }
}
