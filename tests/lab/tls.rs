//! What TLS each listener takes: handshakes by `openssl s_client`, which speaks old versions too,
//! held against what the listener's profile demands. Must not know any session.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use smtpconf::policy::{ListenerTls, Policy, Source, TlsProfile};

use super::world::{OUTSIDE4, OUTSIDE6};

/// What a client offers, by name, with the arguments that say so. In TLS 1.3 every suite is AEAD.
const OFFERS: [(&str, &[&str]); 5] = [
    ("TLS 1.0", &["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"]),
    ("TLS 1.1", &["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]),
    (TLS12, &["-tls1_2", "-cipher", "ECDHE+AESGCM"]),
    (
        "TLS 1.2 without ECDHE and AEAD at once",
        &[
            "-tls1_2",
            "-cipher",
            "DEFAULT:!ECDHE+AESGCM:!ECDHE+CHACHA20:!ECDHE+AESCCM:@SECLEVEL=0",
        ],
    ),
    (TLS13, &["-tls1_3"]),
];
const TLS12: &str = "TLS 1.2 with ECDHE and AEAD";
const TLS13: &str = "TLS 1.3";

/// Where the offers, and what must come of each, wait for the client, and where its faults do.
const PLANNED: &str = "handshakes.json";
const FAULTS: &str = "handshakes.faults";

/// A handshake to try.
#[derive(Serialize, Deserialize)]
struct Handshake {
    to: IpAddr,
    port: u16,
    starttls: bool,
    /// The index in `OFFERS`.
    offer: usize,
    /// Whether it must succeed.
    wanted: bool,
}

/// Writes down what to try; `own` gives the server's addresses for a port.
pub fn plan(
    policy: &Policy,
    own: impl Fn(u16) -> (Ipv4Addr, Ipv6Addr),
    work: &Path,
) -> Result<(), String> {
    let mut planned = Vec::new();
    for listener in &policy.listeners {
        let (own4, own6) = own(listener.port);
        let reached = |client: IpAddr| listener.is_reached_from(Source::Address(client));
        let to: IpAddr = match (reached(OUTSIDE4.into()), reached(OUTSIDE6.into())) {
            (true, _) => own4.into(),
            (_, true) => own6.into(),
            _ => continue,
        };
        if listener.tls == ListenerTls::No {
            continue;
        }
        for (offer, (name, _)) in OFFERS.iter().enumerate() {
            planned.extend(wanted(listener.profile, name).map(|wanted| Handshake {
                to,
                port: listener.port,
                starttls: listener.tls == ListenerTls::StartTls,
                offer,
                wanted,
            }));
        }
    }
    serde_json::to_string(&planned)
        .map_err(|error| error.to_string())
        .and_then(|text| fs::write(work.join(PLANNED), text).map_err(|error| error.to_string()))
}

/// Whether an offer must be taken; none where the server may do as it likes.
fn wanted(profile: Option<TlsProfile>, offer: &str) -> Option<bool> {
    match (profile, offer) {
        (_, TLS13) | (None | Some(TlsProfile::Intermediate), TLS12) => Some(true),
        (None, _) => None,
        (Some(_), _) => Some(false),
    }
}

/// Tries what is planned in `work`, as a client outside.
pub fn shake(work: &Path) {
    let planned: Vec<Handshake> =
        serde_json::from_str(&fs::read_to_string(work.join(PLANNED)).unwrap()).unwrap();
    let faults: String = planned.iter().filter_map(fault).collect();
    fs::write(work.join(FAULTS), faults).unwrap();
}

fn fault(handshake: &Handshake) -> Option<String> {
    let (name, arguments) = OFFERS[handshake.offer];
    let mut client = Command::new("timeout");
    client.args(["20", "openssl", "s_client", "-connect"]);
    client.arg(std::net::SocketAddr::new(handshake.to, handshake.port).to_string());
    if handshake.starttls {
        client.args(["-starttls", "smtp", "-name", "client.elsewhere.example"]);
    }
    let output = client.args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let result = said.lines().find(|line| line.contains(", Cipher is "));
    // Without this line nobody was called, or the client itself cannot make the offer.
    let taken = result.map(|line| !line.contains("(NONE)"));
    if taken == Some(handshake.wanted) {
        return None;
    }
    let must = if handshake.wanted { "taken" } else { "refused" };
    let seen = match taken {
        Some(true) => "was taken".into(),
        _ => String::from_utf8_lossy(&output.stderr)
            .trim()
            .replace('\n', " | "),
    };
    let port = handshake.port;
    Some(format!("port {port}: {name} must be {must}: {seen}\n"))
}

/// What came out otherwise than it must, one string a handshake.
pub fn faults(work: &Path) -> Vec<String> {
    match fs::read_to_string(work.join(FAULTS)) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(error) => vec![format!("no handshake was tried: {error}")],
    }
}
