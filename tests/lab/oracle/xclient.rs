//! Sessions as they are spoken to Postfix over XCLIENT, by a program inside its root. Must not know
//! what the policy makes of them.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smtpconf::policy::{ClientName, Session, Source};

use crate::world::{Zone, resolve};

/// The server's own address, beside loopback.
pub const OWN: &str = "198.18.0.25";
/// A session as it is spoken.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ask {
    /// The port that it is spoken to.
    pub port: u16,
    /// XCLIENT to MAIL and RCPT; with DATA at the end where lists are looked at then.
    pub commands: Vec<String>,
}
/// What is said in a session; nothing where it cannot be said.
pub fn commands(session: &Session, auth: bool, at_data: bool) -> Option<Vec<String>> {
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "._%!@+-=".contains(c))
    };
    let recipient = &session.recipient;
    // Postfix looks at such an EHLO with other characters in their place.
    if session
        .helo
        .contains(['<', '>', '(', ')', '\\', '"', ';', '@'])
    {
        return None;
    }
    // An expression can ask for a local part that cannot be said.
    if recipient.local.starts_with('@') || recipient.local.ends_with(['@', '.']) {
        return None;
    }
    // A postmaster of a local domain is taken whether or not there is one.
    let postmaster = recipient.is_postmaster();
    if !plain(&recipient.local) || recipient.local.is_empty() || (postmaster && !recipient.known) {
        return None;
    }
    let address = match session.client.source {
        Source::Own { ipv6: false } => OWN.to_owned(),
        // loopback has no IPv6 address of its own here
        Source::Own { ipv6: true } => return None,
        Source::Address(address) if address.is_ipv6() => format!("IPV6:{address}"),
        Source::Address(address) => address.to_string(),
    };
    let (name, reverse) = match &session.client.name {
        // To Postfix this is no name, and no name in DNS is like it.
        ClientName::Forged(name) | ClientName::Verified(name) if name.as_str() == "unknown" => {
            return None;
        }
        ClientName::None => ("[UNAVAILABLE]".to_owned(), "[UNAVAILABLE]".to_owned()),
        ClientName::Temporary => ("[TEMPUNAVAIL]".into(), "[TEMPUNAVAIL]".into()),
        ClientName::Forged(name) => ("[UNAVAILABLE]".into(), name.to_string()),
        ClientName::Verified(name) => (name.to_string(), name.to_string()),
    };
    let login = if auth && session.auth.is_some() {
        "user"
    } else {
        "[UNAVAILABLE]"
    };
    let to = recipient.to_string().replace("[own]", &format!("[{OWN}]"));
    let mut commands = vec![
        format!("XCLIENT NAME={name} REVERSE_NAME={reverse} ADDR={address} LOGIN={login}"),
        format!("EHLO {}", session.helo),
        format!("MAIL FROM:{}", session.sender),
        format!("RCPT TO:{to}"),
    ];
    if at_data {
        commands.push("DATA".into());
    }
    Some(commands)
}
/// Speaks the sessions of a folder, inside the root, with a DNS server beside it.
pub fn ask(folder: &Path) {
    let zone = Zone {
        lists: vec!["lists.example".into()],
        ..Zone::default()
    };
    let dns = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((count, client)) = dns.recv_from(&mut buffer) {
            if let Some(answer) = resolve(&zone, &buffer[..count]) {
                let _ = dns.send_to(&answer, client);
            }
        }
    });
    let text = fs::read_to_string(folder.join("asks.json")).unwrap();
    let asks: Vec<Ask> = serde_json::from_str(&text).unwrap();
    let mut ports: Vec<u16> = asks.iter().map(|ask| ask.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let next = AtomicUsize::new(0);
    let answers: Mutex<HashMap<usize, (u16, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(&port) = ports.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (mut line, mut is_dead) = (None, false);
                    for (index, ask) in asks.iter().enumerate().filter(|(_, ask)| ask.port == port)
                    {
                        let answer = if is_dead {
                            (0, "no greeting before either".into())
                        } else {
                            speak(&mut line, ask)
                        };
                        is_dead |= answer.1 == "no greeting";
                        answers.lock().unwrap().insert(index, answer);
                    }
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    fs::write(
        folder.join("answers.json"),
        serde_json::to_string(&answers).unwrap(),
    )
    .unwrap();
}

/// The reply that ends a session, of a connection that is kept for the next one.
fn speak(line: &mut Option<BufReader<TcpStream>>, ask: &Ask) -> (u16, String) {
    let is_new = line.is_none();
    if is_new {
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, ask.port));
        let Ok(stream) = TcpStream::connect(to) else {
            return (0, "no connection".into());
        };
        stream
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        *line = Some(BufReader::new(stream));
    }
    let Some(open) = line.as_mut() else {
        return (0, String::new());
    };
    let mut last = if is_new {
        reply(open)
    } else {
        send(open, "RSET")
    };
    if last.0 == 0 {
        *line = None;
        return (0, "no greeting".into());
    }
    for command in &ask.commands {
        last = send(open, command);
        last.1 = format!("{command} -> {}", last.1);
        if !(200..300).contains(&last.0) {
            break;
        }
    }
    // A message that has begun can be left only with the connection, and so can a client that was
    // refused as such.
    let is_refused = last.0 >= 400 && last.1.starts_with("XCLIENT");
    if last.0 == 354 || last.0 == 421 || last.0 == 0 || is_refused {
        *line = None;
    }
    last
}

fn send(line: &mut BufReader<TcpStream>, command: &str) -> (u16, String) {
    if line
        .get_mut()
        .write_all(format!("{command}\r\n").as_bytes())
        .is_err()
    {
        return (0, "the connection is gone".into());
    }
    reply(line)
}

fn reply(line: &mut BufReader<TcpStream>) -> (u16, String) {
    let mut text = String::new();
    loop {
        text.clear();
        match line.read_line(&mut text) {
            Ok(count) if count > 3 => {}
            _ => return (0, "no reply".into()),
        }
        if text.as_bytes()[3] != b'-' {
            return (
                text[..3].parse().unwrap_or_default(),
                text.trim().to_owned(),
            );
        }
    }
}
