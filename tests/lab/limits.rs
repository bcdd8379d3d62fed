//! The limits on connections, tried one by one from outside: how many are greeted. Must not know
//! what happens after the greeting.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smtpconf::policy::{Facts, Policy, Role};

use super::extras::trusted;
use super::smtp::connect;

const PLANNED: &str = "limits.json";
const FAULTS: &str = "limits.faults";

/// A number of connections from an address, or from several in turn.
#[derive(Debug, Serialize, Deserialize)]
struct Trial {
    what: String,
    to: SocketAddr,
    from: Vec<IpAddr>,
    connections: u64,
    /// Whether they are held open together, or made one after another.
    together: bool,
    /// How many are greeted at the least and at the most.
    greeted: (u64, u64),
}

/// Whether the facts bound what ordinary sessions of the lab would do.
pub fn are_set(facts: &Facts) -> bool {
    let limits = &facts.limits;
    [
        &limits.connections,
        &limits.connections_per_client,
        &limits.connection_rate,
    ]
    .iter()
    .any(|limit| limit.is_some())
}

fn stranger(number: u8) -> IpAddr {
    Ipv4Addr::new(203, 0, 113, 210 + number).into()
}

/// The addresses that the outside needs for the trials.
pub fn clients(policy: &Policy) -> Vec<IpAddr> {
    if !are_set(&policy.facts) {
        return Vec::new();
    }
    (0..10).map(stranger).chain(trusted(policy)).collect()
}

/// Writes down what to try; `own` is the server's address for a port.
pub fn plan(policy: &Policy, own: impl Fn(u16) -> Ipv4Addr, work: &Path) -> Result<(), String> {
    let limits = &policy.facts.limits;
    let mut trials = Vec::new();
    let mx = policy
        .listeners
        .iter()
        .find(|listener| listener.role == Role::Mx);
    if let Some(mx) = mx {
        let to = SocketAddr::new(own(mx.port).into(), mx.port);
        let mut add = |what: &str, from: Vec<IpAddr>, connections, together, greeted| {
            trials.push(Trial {
                what: what.into(),
                to,
                from,
                connections,
                together,
                greeted,
            });
        };
        if let Some(most) = limits
            .connections_per_client
            .as_ref()
            .map(|limit| limit.value)
        {
            add(
                "connections of one client",
                vec![stranger(0)],
                most + 1,
                true,
                (most, most),
            );
            if let Some(address) = trusted(policy) {
                add(
                    "connections of one client that may relay",
                    vec![address],
                    most + 1,
                    true,
                    (most + 1, most + 1),
                );
            }
        }
        if let Some(most) = limits.connection_rate.as_ref().map(|limit| limit.value) {
            add(
                "connections in a minute",
                vec![stranger(1)],
                most + 1,
                false,
                (most, most),
            );
            if let Some(address) = trusted(policy) {
                add(
                    "connections in a minute of a client that may relay",
                    vec![address],
                    most + 1,
                    false,
                    (most + 1, most + 1),
                );
            }
        }
        if let Some(most) = limits.connections.as_ref().map(|limit| limit.value) {
            let least = if policy.listeners.len() == 1 { most } else { 1 };
            add(
                "connections in all",
                (2..10).map(stranger).collect(),
                most + 1,
                true,
                (least, most),
            );
        }
    }
    let text = serde_json::to_string(&trials).map_err(|error| error.to_string())?;
    fs::write(work.join(PLANNED), text).map_err(|error| error.to_string())
}

/// Tries what is planned in `work`, as clients outside.
pub fn try_all(work: &Path) {
    let trials: Vec<Trial> =
        serde_json::from_str(&fs::read_to_string(work.join(PLANNED)).unwrap()).unwrap();
    let faults: String = trials.iter().filter_map(fault).collect();
    fs::write(work.join(FAULTS), faults).unwrap();
}

/// What went wrong.
pub fn faults(work: &Path) -> Vec<String> {
    let text = fs::read_to_string(work.join(FAULTS)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn fault(trial: &Trial) -> Option<String> {
    let mut held = Vec::new();
    let mut greeted = 0;
    for number in 0..trial.connections {
        let from = trial.from[usize::try_from(number).unwrap() % trial.from.len()];
        let Ok(mut stream) = connect(from, trial.to) else {
            continue;
        };
        if is_greeted(&mut stream) {
            greeted += 1;
        }
        if trial.together {
            held.push(stream);
        } else {
            let _ = stream.write_all(b"QUIT\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    // What was held is let go before the next trial begins.
    for mut stream in held {
        let _ = stream.write_all(b"QUIT\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    }
    // Sendmail closes its sockets, and looks after 15 seconds whether it may listen again.
    let pause = if trial.from.len() > 1 { 17_000 } else { 1500 };
    std::thread::sleep(Duration::from_millis(pause));
    let (least, most) = trial.greeted;
    (!(least..=most).contains(&greeted)).then(|| {
        format!(
            "{}: {greeted} of {} were greeted, and it should be {least} to {most}\n",
            trial.what, trial.connections
        )
    })
}

/// A connection beyond the limit is refused, closed, or left waiting.
fn is_greeted(stream: &mut TcpStream) -> bool {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(4)));
    let mut buffer = [0; 512];
    let count = stream.read(&mut buffer).unwrap_or(0);
    buffer[..count].starts_with(b"220")
}
