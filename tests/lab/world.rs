//! The world outside the server: a DNS server that knows every name and address of the case, and
//! the servers that take what is relayed.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::Path;

use serde::{Deserialize, Serialize};
use simple_dns::rdata::{A, AAAA, MX, PTR, RData};
use simple_dns::{CLASS, Name, Packet, QTYPE, RCODE, ResourceRecord, TYPE};

use super::services;

/// Where the DNS server and the mail exchanger of all foreign domains are.
pub const OUTSIDE4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 53);
/// The same in IPv6.
pub const OUTSIDE6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xfffe, 0, 0, 0, 0, 0x53);

/// What DNS says in a case. Every name exists, but for those below `.invalid`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Zone {
    /// PTR records, and those that cannot be looked up for now.
    pub names: HashMap<IpAddr, Reverse>,
    /// The addresses of names that have some of their own; all others are the mail exchanger.
    pub addresses: HashMap<String, Vec<IpAddr>>,
    /// The MX records of domains that have some of their own.
    pub exchanges: HashMap<String, Vec<(u16, String)>>,
    /// DNS lists, below which only what is `listed` exists.
    pub lists: Vec<String>,
    /// Names below the lists with their answers.
    pub listed: HashMap<String, Ipv4Addr>,
}

/// What a reverse look-up gives. Addresses that are not listed have no PTR record.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reverse {
    Name(String),
    Fails,
}

/// Serves until the namespace ends. `work` holds `zone.json`, and gets `world.ready`.
pub fn serve(work: &Path) {
    let zone: Zone =
        serde_json::from_str(&fs::read_to_string(work.join("zone.json")).unwrap()).unwrap();
    let dns = UdpSocket::bind((OUTSIDE4, 53)).unwrap();
    services::serve_outside(work);
    fs::write(work.join("world.ready"), "").unwrap();
    let mut buffer = [0; 4096];
    loop {
        let Ok((count, client)) = dns.recv_from(&mut buffer) else {
            continue;
        };
        if let Some(answer) = resolve(&zone, &buffer[..count]) {
            let _ = dns.send_to(&answer, client);
        }
    }
}

/// The answer to a query.
pub fn resolve(zone: &Zone, query: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(query).ok()?;
    let question = query.questions.first()?;
    let mut answer = Packet::new_reply(query.id());
    answer.questions.push(question.clone());
    answer.set_flags(
        simple_dns::PacketFlag::RECURSION_AVAILABLE | simple_dns::PacketFlag::RECURSION_DESIRED,
    );
    let name = question.qname.to_string().to_lowercase();
    let mut push = |data: RData<'static>| {
        answer.answers.push(ResourceRecord::new(
            question.qname.clone().into_owned(),
            CLASS::IN,
            60,
            data,
        ));
    };
    if name == "invalid" || name.ends_with(".invalid") {
        *answer.rcode_mut() = RCODE::NameError;
    } else if zone
        .lists
        .iter()
        .any(|list| name.ends_with(&format!(".{list}")))
    {
        match (question.qtype, zone.listed.get(&name)) {
            (_, None) => *answer.rcode_mut() = RCODE::NameError,
            (QTYPE::TYPE(TYPE::A), Some(address)) => push(RData::A(A {
                address: address.to_bits(),
            })),
            _ => {}
        }
    } else if let Some(address) = reversed(&name) {
        match zone.names.get(&address) {
            Some(Reverse::Name(name)) => push(RData::PTR(PTR(Name::new(name).ok()?.into_owned()))),
            Some(Reverse::Fails) => *answer.rcode_mut() = RCODE::ServerFailure,
            None => *answer.rcode_mut() = RCODE::NameError,
        }
    } else {
        let outside = vec![OUTSIDE4.into(), OUTSIDE6.into()];
        for address in zone.addresses.get(&name).unwrap_or(&outside) {
            match (question.qtype, address) {
                (QTYPE::TYPE(TYPE::A), IpAddr::V4(v4)) => push(RData::A(A {
                    address: v4.to_bits(),
                })),
                (QTYPE::TYPE(TYPE::AAAA), IpAddr::V6(v6)) => push(RData::AAAA(AAAA {
                    address: v6.to_bits(),
                })),
                _ => {}
            }
        }
        if question.qtype == QTYPE::TYPE(TYPE::MX) {
            let usual = vec![(10, "mx.outside.example".to_owned())];
            for (preference, exchange) in zone.exchanges.get(&name).unwrap_or(&usual) {
                push(RData::MX(MX {
                    preference: *preference,
                    exchange: Name::new(exchange).ok()?.into_owned(),
                }));
            }
        }
    }
    answer.build_bytes_vec().ok()
}

/// The address that a name below `in-addr.arpa` or `ip6.arpa` stands for.
fn reversed(name: &str) -> Option<IpAddr> {
    if let Some(octets) = name.strip_suffix(".in-addr.arpa") {
        let forward: Vec<&str> = octets.split('.').rev().collect();
        return forward.join(".").parse().ok();
    }
    let nibbles: String = name.strip_suffix(".ip6.arpa")?.split('.').rev().collect();
    let bits = u128::from_str_radix(&nibbles, 16).ok()?;
    Some(Ipv6Addr::from_bits(bits).into())
}
