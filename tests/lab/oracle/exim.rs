//! What a lifted Exim configuration decides, compared with `exim -bh`, which holds a session with
//! the daemon's own code without any network. It reads many sessions of one client in one go. TLS
//! is not tried: `-bh` has none. Without `-f` it takes who started it for the sender until MAIL.

use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;

use fastrand::Rng;
use smtpconf::mta::{Dialect, Target, World};
use smtpconf::policy::{
    ClientName, Decision, Guard, Policy, Sender, Session, Source as From, Space,
};
use smtpconf::text::{Snapshot, Source};

use super::super::world::{self, Reverse, Zone};
use super::exim_pieces::{FILES, compose};
use super::{Extent, Tally, inside, work};

/// The server's own addresses.
const OWN: [&str; 2] = ["198.18.0.25", "2001:dba:fffe::25"];

/// Each line of `batches` is a client: number, configuration, address, called address with port,
/// and options.
const SCRIPT: &str = r#"
ip link set lo up
ip addr add 198.18.0.25/32 dev lo
ip -6 addr add 2001:dba:fffe::25/128 dev lo nodad
echo 'nameserver 127.0.0.1' > /etc/resolv.conf
echo 'hosts: files dns' > /etc/nsswitch.conf
: > /etc/hosts
chown root /lab/*.conf; chmod 644 /lab/*.conf; chmod -R a+rX /lab
echo '{}' > /lab/zone.json
/lab/lab names /lab &
names=$!
while ! test -e /lab/names.ready; do sleep 0.05; done
while read -r number conf client called known options; do
    cp "/lab/b/$number.zone" /lab/zone.json
    cp "/lab/known.$known" /lab/accounts
    exim4 -C "/lab/$conf.conf" $options -f '<>' -bh "$client" -oMi "$called" < "/lab/b/$number.in" > "/lab/b/$number.out" 2> "/lab/b/$number.err" || true
done < /lab/batches
kill $names
"#;

/// Serves the names of `folder`'s `zone.json`, which may change from one query to the next.
pub fn names(folder: &Path) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    fs::write(folder.join("names.ready"), "").unwrap();
    let mut buffer = [0; 4096];
    loop {
        let Ok((count, client)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let zone = fs::read_to_string(folder.join("zone.json")).unwrap_or_default();
        let zone: Zone = serde_json::from_str(&zone).unwrap_or_default();
        if let Some(answer) = world::resolve(&zone, &buffer[..count]) {
            let _ = socket.send_to(&answer, client);
        }
    }
}

/// What a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Accepted,
    Refused,
    RefusedForNow,
}

/// Sessions of one client, in one run of the tool.
struct Batch {
    configuration: usize,
    known: bool,
    options: &'static str,
    source: From,
    name: ClientName,
    port: u16,
    sessions: Vec<(Session, Got, String)>,
}

/// Compares.
pub fn compare(target: Target, extent: Extent) -> Result<Tally, String> {
    let work = work(target);
    fs::create_dir_all(work.join("b")).unwrap();
    fs::create_dir_all(work.join("files")).unwrap();
    for (path, text) in FILES {
        fs::write(work.join(path.trim_start_matches("/lab/")), text).unwrap();
    }
    fs::write(work.join("known.true"), "*: :blackhole:\n").unwrap();
    fs::write(work.join("known.false"), "").unwrap();
    fs::copy(std::env::current_exe().unwrap(), work.join("lab")).unwrap();
    let mut tally = Tally::default();
    let mut batches: Vec<Batch> = Vec::new();
    let mut texts = Vec::new();
    for number in 0..extent.configurations {
        let seed = extent.seed.wrapping_mul(100_000) + number as u64;
        let mut random = Rng::with_seed(seed);
        let text = compose(&mut random);
        fs::write(work.join(format!("{number}.conf")), &text).unwrap();
        let policy = lift(&text, target);
        if let Some((why, _)) = policy.listeners.iter().find_map(|one| one.dead.as_ref()) {
            return Err(format!(
                "{number}.conf is taken for one that does not start: {why}\n{text}"
            ));
        }
        tally.configurations += 1;
        choose(
            number,
            &policy,
            extent.sessions,
            &mut random,
            &mut batches,
            &mut tally,
        );
        texts.push(text);
    }
    let mut lines = String::new();
    for (number, batch) in batches.iter().enumerate() {
        write_batch(number, batch, &work, &mut lines);
    }
    fs::write(work.join("batches"), lines).unwrap();
    inside(target, &work, SCRIPT)?;
    for (number, batch) in batches.iter().enumerate() {
        let out = fs::read(work.join(format!("b/{number}.out"))).unwrap_or_default();
        let got = replies(&String::from_utf8_lossy(&out));
        for (index, (session, wanted, by)) in batch.sessions.iter().enumerate() {
            let Some(got) = outcome(&got, index) else {
                continue;
            };
            tally.sessions += 1;
            if got != *wanted {
                tally.differences.push(format!(
                    "{}.conf, batch {number}: {session}: the daemon {got:?}, we {wanted:?} by {by}",
                    batch.configuration
                ));
            }
        }
    }
    Ok(tally)
}

fn lift(text: &str, target: Target) -> Policy {
    let snapshot = Snapshot::of(FILES);
    let world = World::new(&snapshot, target.version);
    let dialect = Dialect::by_word("exim-conf").unwrap();
    let source = Source::new("/lab/exim.conf", text);
    dialect.policy(&source, &world).unwrap().policy
}

/// Chooses sessions, and adds them to the batches of their clients.
fn choose(
    configuration: usize,
    policy: &Policy,
    count: usize,
    random: &mut Rng,
    batches: &mut Vec<Batch>,
    tally: &mut Tally,
) {
    let space = Space::of(&[policy]);
    let sizes = space.sizes();
    let is_opaque = policy.clauses().any(|(_, clause)| {
        let mut found = false;
        clause.guard.walk(&mut |guard| {
            found |= matches!(guard, Guard::Opaque(one) if one.usual.is_none());
        });
        found
    });
    let first = batches.len();
    let (mut chosen, mut tried) = (0, 0);
    // A few clients, so that they say much.
    let clients: Vec<(usize, usize)> = (0..8)
        .map(|_| (random.usize(..sizes[5]), random.usize(..sizes[6])))
        .collect();
    while chosen < count && tried < 50 * count {
        tried += 1;
        let mut places = sizes.map(|size| random.usize(..size));
        (places[5], places[6]) = clients[random.usize(..clients.len())];
        // Without TLS, and so without a certificate.
        (places[7], places[8]) = (0, 0);
        let Some(session) = space.session(&places) else {
            continue;
        };
        if policy.listener(session.port).is_none() || !is_plain(&session) {
            continue;
        }
        let verdict = policy.decide(&session);
        // Whether the sender's mailbox exists is no part of the session, and goes with the other.
        let asks_sender = verdict.asked.iter().any(|(one, _)| one.kind == "mailbox");
        if asks_sender && !session.recipient.known {
            continue;
        }
        let wanted = match verdict.decision {
            Decision::Accept(_) => Got::Accepted,
            Decision::Refuse(_) => Got::Refused,
            Decision::TempFail(_) => Got::RefusedForNow,
            Decision::Unknown => {
                tally.unknown += 1;
                tally.unfounded += usize::from(!is_opaque);
                chosen += 1;
                continue;
            }
            _ => continue,
        };
        chosen += 1;
        let by = verdict
            .by
            .and_then(|clause| clause.origin.as_ref())
            .map_or_else(
                || "nothing".to_owned(),
                |place| format!("line {}", place.source.position(place.span.start).line),
            );
        let options = if session.auth.is_some() {
            "-oMaa plain"
        } else {
            ""
        };
        let known = session.recipient.known;
        let client = &session.client;
        let found = batches[first..].iter().position(|batch| {
            batch.known == known
                && batch.options == options
                && batch.port == session.port
                && batch.source == client.source
                && batch.name == client.name
        });
        let at = found.map_or(batches.len(), |at| first + at);
        if at == batches.len() {
            batches.push(Batch {
                configuration,
                known,
                options,
                source: client.source,
                name: client.name.clone(),
                port: session.port,
                sessions: Vec::new(),
            });
        }
        let batch = &mut batches[at];
        batch.sessions.push((session, wanted, by));
    }
}

/// Whether the session's texts can be said without quotes of our own.
fn is_plain(session: &Session) -> bool {
    let plain = |text: &str| {
        let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
        let good = |c: char| c.is_ascii_alphanumeric() || ".-_+%!@=".contains(c);
        !text.is_empty() && !dots && text.chars().all(good)
    };
    let sender = match &session.sender {
        Sender::Null => true,
        Sender::Address { local, .. } => plain(local) && !local.contains('@'),
    };
    // `-bh` writes IPv6 addresses in full, and `@[]` compares them as they are written.
    let source = session.client.source;
    if source.is_host()
        && matches!(
            source,
            From::Own { ipv6: true } | From::Address(IpAddr::V6(_))
        )
    {
        return false;
    }
    let helo = session
        .helo
        .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    plain(&session.recipient.local) && sender && helo
}

fn write_batch(number: usize, batch: &Batch, work: &Path, lines: &mut String) {
    let own = |address: IpAddr| OWN[usize::from(address.is_ipv6())].to_owned();
    let (client, called) = match batch.source {
        From::Own { ipv6 } => (
            OWN[usize::from(ipv6)].to_owned(),
            OWN[usize::from(ipv6)].to_owned(),
        ),
        From::Address(address) if batch.source.is_host() => {
            (address.to_string(), address.to_string())
        }
        From::Address(address) => (address.to_string(), own(address)),
    };
    let _ = writeln!(
        lines,
        "{number} {} {client} {called}.{} {} {}",
        batch.configuration, batch.port, batch.known, batch.options
    );
    let address: IpAddr = client.parse().unwrap();
    let mut zone = Zone::default();
    match &batch.name {
        ClientName::None => {}
        ClientName::Temporary => {
            zone.names.insert(address, Reverse::Fails);
        }
        ClientName::Forged(name) => {
            zone.names.insert(address, Reverse::Name(name.to_string()));
        }
        ClientName::Verified(name) => {
            zone.names.insert(address, Reverse::Name(name.to_string()));
            zone.addresses.insert(name.to_string(), vec![address]);
        }
    }
    fs::write(
        work.join(format!("b/{number}.zone")),
        serde_json::to_string(&zone).unwrap(),
    )
    .unwrap();
    let mut said = String::new();
    for (session, ..) in &batch.sessions {
        let recipient = session
            .recipient
            .to_string()
            .replace("[own]", &format!("[{}]", OWN[0]));
        let _ = write!(
            said,
            "EHLO {}\r\nMAIL FROM:{}\r\nRCPT TO:{recipient}\r\nRSET\r\n",
            session.helo, session.sender
        );
    }
    fs::write(work.join(format!("b/{number}.in")), said).unwrap();
}

/// The codes of the replies in order.
fn replies(out: &str) -> Vec<u16> {
    let lines = out
        .lines()
        .filter(|line| line.len() == 3 || line.as_bytes().get(3) == Some(&b' '));
    lines
        .filter_map(|line| line.get(..3)?.parse().ok())
        .collect()
}

/// What the session at `index` got: a banner, then four replies a session; none for one that
/// came after the end of the connection.
fn outcome(codes: &[u16], index: usize) -> Option<Got> {
    let class = |code: u16| match code / 100 {
        2 => Got::Accepted,
        4 => Got::RefusedForNow,
        _ => Got::Refused,
    };
    let banner = class(*codes.first()?);
    if banner != Got::Accepted {
        return (index == 0).then_some(banner);
    }
    let own: Vec<Got> = codes
        .iter()
        .skip(1 + 4 * index)
        .take(3)
        .map(|code| class(*code))
        .collect();
    let bad = own.iter().find(|got| **got != Got::Accepted);
    bad.copied().or((own.len() == 3).then_some(Got::Accepted))
}
