//! The world outside the server: a DNS server that knows every name and address of the case, and
//! a mail exchanger that takes what is relayed.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread;

use serde::{Deserialize, Serialize};
use simple_dns::rdata::{A, AAAA, MX, PTR, RData};
use simple_dns::{CLASS, Name, Packet, QTYPE, RCODE, ResourceRecord, TYPE};

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
}

/// What a reverse look-up gives. Addresses that are not listed have no PTR record.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reverse {
    Name(String),
    Fails,
}

/// Serves until the namespace ends. `work` holds `zone.json`, and gets `world.ready` and the
/// recipients of every relayed message in `relayed`.
pub fn serve(work: &Path) {
    let zone: Zone =
        serde_json::from_str(&fs::read_to_string(work.join("zone.json")).unwrap()).unwrap();
    let dns = UdpSocket::bind((OUTSIDE4, 53)).unwrap();
    for listener in [
        TcpListener::bind((OUTSIDE4, 25)),
        TcpListener::bind((OUTSIDE6, 25)),
    ] {
        let (listener, log) = (listener.unwrap(), work.join("relayed"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = log.clone();
                thread::spawn(move || exchange(&stream, &log));
            }
        });
    }
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

fn resolve(zone: &Zone, query: &[u8]) -> Option<Vec<u8>> {
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
            let exchange = Name::new_unchecked("mx.outside.example");
            push(RData::MX(MX {
                preference: 10,
                exchange,
            }));
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

/// One SMTP session of the mail exchanger.
fn exchange(stream: &TcpStream, log: &Path) {
    let mut recipients = Vec::new();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let say = |text: &str| write!(&mut &*stream, "{text}\r\n");
    let _ = say("220 mx.outside.example ESMTP");
    while let Some(line) = lines.next() {
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "RCPT" => {
                recipients.push(line);
                "250 taken"
            }
            "DATA" => {
                let _ = say("354 go on");
                let subject = lines
                    .by_ref()
                    .take_while(|line| line != ".")
                    .find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned));
                // The rest of the message, if the subject came before its end.
                if subject.is_some() {
                    lines.by_ref().take_while(|line| line != ".").for_each(drop);
                }
                let mut file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(log)
                    .unwrap();
                // One write, so that lines of several threads do not mix.
                let line = format!("{} {}\n", subject.unwrap_or_default(), recipients.join(" "));
                let _ = file.write_all(line.as_bytes());
                "250 taken"
            }
            "QUIT" => {
                let _ = say("221 bye");
                return;
            }
            "EHLO" | "HELO" => "250 mx.outside.example",
            _ => "250 ok",
        };
        let _ = say(answer);
    }
}
