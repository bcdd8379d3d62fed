//! Readers of hosts, ports, sockets and sizes, each strict, with its fault under the characters.
//! Must not know which key they are for.

use std::net::{IpAddr, Ipv6Addr};

use super::path::FilePath;
use crate::net::{Domain, Fault};
use crate::policy::{Endpoint, Host};

/// Reads a host: a name with a dot, `localhost`, or an address without brackets.
pub fn host(text: &str) -> Result<Host, Fault> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Host::Address(address));
    }
    if text.contains(':') || text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(bad_host(
            0..text.len(),
            format!("`{}` is no address", text.escape_debug()),
        ));
    }
    match Domain::parse(text)? {
        name if name == Domain::localhost() => Ok(Host::Name(name)),
        name if name.as_str().contains('.') => Ok(Host::Name(name)),
        _ => Err(bad_host(
            0..text.len(),
            format!("`{text}` has no dot, so that it depends on the resolver's search list"),
        )
        .help("write the host's full name")),
    }
}

/// Reads `host:port`, an IPv6 address in brackets; any host may stand in brackets.
pub fn host_and_port(text: &str) -> Result<(Host, u16), Fault> {
    let Some((name, number)) = text.rsplit_once(':') else {
        return Err(bad_host(
            0..text.len(),
            format!("`{}` has no port", text.escape_debug()),
        )
        .help("write `host:port`, such as `127.0.0.1:11332`"));
    };
    let number_at = text.len() - number.len();
    let port = port(number).ok_or_else(|| {
        Fault::new(
            "bad-port",
            number_at..text.len(),
            format!("`{}` is not a port number", number.escape_debug()),
        )
        .help("ports go from 1 to 65535")
    })?;
    let inner = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let (name, start) = inner.map_or((name, 0), |inner| (inner, 1));
    if inner.is_none() && name.parse::<Ipv6Addr>().is_ok() {
        return Err(bad_host(
            0..name.len(),
            "an IPv6 address stands in brackets before a port".into(),
        )
        .help(format!("write `[{name}]:{number}`")));
    }
    let host = host(name).map_err(|fault| shifted(fault, start))?;
    Ok((host, port))
}

/// Reads `[host]:port`, the brackets as in Postfix: the host itself, not its MX records.
pub fn next_hop(text: &str) -> Result<(Host, u16), Fault> {
    let (host, port) = host_and_port(text)?;
    if text.starts_with('[') {
        return Ok((host, port));
    }
    Err(bad_host(
        0..text.len(),
        format!("`{text}` does not say whether MX records count"),
    )
    .help(format!(
        "write `[{host}]:{port}` for that very host; for the domain's own MX records leave `to` out"
    )))
}

/// Reads `unix:/path` or `inet:host:port`.
pub fn endpoint(text: &str) -> Result<Endpoint, Fault> {
    if let Some(path) = text.strip_prefix("unix:") {
        return FilePath::parse(path)
            .map(|path| Endpoint::Unix(path.as_str().to_owned()))
            .map_err(|fault| shifted(fault, 5));
    }
    if let Some(rest) = text.strip_prefix("inet:") {
        return host_and_port(rest)
            .map(|(host, port)| Endpoint::Tcp(host, port))
            .map_err(|fault| shifted(fault, 5));
    }
    Err(bad_host(
        0..text.len(),
        format!("`{}` is no socket", text.escape_debug()),
    )
    .help("write `unix:/path` or `inet:host:port`"))
}

/// Reads a port number.
pub fn port(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| plain && *port > 0)
}

/// Reads a number of octets: plain, or with KiB, MiB or GiB.
pub fn size(text: &str) -> Result<u64, Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => {
            return Err(Fault::new(
                "bad-number",
                digits..text.len(),
                format!("`{}` is no unit of size here", unit.escape_debug()),
            )
            .help(
                "write `50MiB` for 50 times 1,048,576 octets; also KiB, GiB, or a plain number",
            ));
        }
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| {
            Fault::new(
                "bad-number",
                0..text.len(),
                format!("`{}` is no size", text.escape_debug()),
            )
            .help("write `50MiB`")
        })
}

/// `fault` in a text that begins `by` bytes earlier.
pub fn shifted(mut fault: Fault, by: usize) -> Fault {
    fault.part = fault.part.start + by..fault.part.end + by;
    fault
}

fn bad_host(part: std::ops::Range<usize>, message: String) -> Fault {
    Fault::new("bad-domain", part, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_read() {
        let localhost = || Host::Address("127.0.0.1".parse().unwrap());
        assert_eq!(
            endpoint("inet:127.0.0.1:8891").unwrap(),
            Endpoint::Tcp(localhost(), 8891)
        );
        assert_eq!(
            endpoint("inet:[::1]:8891").unwrap(),
            Endpoint::Tcp(Host::Address("::1".parse().unwrap()), 8891)
        );
        assert_eq!(
            endpoint("unix:/run/opendkim.sock").unwrap(),
            Endpoint::Unix("/run/opendkim.sock".into())
        );
        assert_eq!(next_hop("[127.0.0.1]:25").unwrap(), (localhost(), 25));
    }

    #[test]
    fn faults_lie_under_their_characters() {
        for (text, part) in [
            ("inet:127.0.0.1", 5..14),
            ("inet:127.0.0.1:0", 15..16),
            ("inet:127.0.0.1:+1", 15..17),
            ("inet:::1:8891", 5..8),
            ("inet:[a_b.example]:25", 7..8),
            ("inet:mail:25", 5..9),
            ("unix:/run/a b", 11..12),
            ("tcp:1.2.3.4:5", 0..13),
        ] {
            assert_eq!(endpoint(text).unwrap_err().part, part, "{text}");
        }
        assert_eq!(next_hop("mail.example.com:25").unwrap_err().part, 0..19);
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(size("50MiB").unwrap(), 52_428_800);
        assert_eq!(size("1048576").unwrap(), 1_048_576);
        for (text, part) in [("50MB", 2..4), ("50 MiB", 2..6), ("MiB", 0..3), ("", 0..0)] {
            assert_eq!(size(text).unwrap_err().part, part, "{text}");
        }
    }
}
