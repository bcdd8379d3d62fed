//! Postfix as it runs, asked over XCLIENT. One Postfix serves many configurations at a time, each
//! as a service with options of its own; what trivial-rewrite(8) sees is theirs in common.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use smtpconf::mta::{Dialect, Lifted, Target, World};
use smtpconf::policy::{ClientName, Decision, Environment, Session, Source as From, Space};
use smtpconf::text::{Snapshot, Source};

use super::{Extent, Tally, inside, work};
use crate::world::{Zone, resolve};

/// So many configurations run side by side.
const TOGETHER: usize = 30;

/// The server's own address, beside loopback.
const OWN: &str = "198.18.0.25";

/// A session as it is spoken.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    port: u16,
    /// XCLIENT to MAIL and RCPT; with DATA at the end where lists are looked at then.
    commands: Vec<String>,
}

/// A configuration: main.cf in common, the options of the service alone.
struct Configuration {
    main: String,
    options: Vec<(String, String)>,
    lifted: Lifted,
    port: u16,
}

/// Compares.
pub fn compare(target: Target, extent: Extent) -> Result<Tally, String> {
    let work = work(target);
    let mut tally = Tally::default();
    let mut asked: Vec<Vec<(Session, Decision, String)>> = Vec::new();
    let worlds = extent.configurations.div_ceil(TOGETHER);
    for world in 0..worlds {
        let mut random = Rng::with_seed(extent.seed.wrapping_mul(10_000) + world as u64);
        let count = TOGETHER.min(extent.configurations - world * TOGETHER);
        let main = pieces::main(&mut random);
        let mut master = String::from(REST);
        let (mut asks, mut sessions) = (Vec::new(), Vec::new());
        for number in 0..count {
            let options = pieces::options(&mut random);
            let port = 10_000 + 2 * u16::try_from(number).unwrap();
            let one = Configuration {
                lifted: lift(target, &main, &options),
                main: main.clone(),
                options,
                port,
            };
            one.serve(&mut master);
            tally.configurations += 1;
            one.choose(
                extent.sessions,
                &mut random,
                &mut tally,
                &mut asks,
                &mut sessions,
            );
        }
        let folder = work.join(world.to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("main.cf"), main + OVERLAY).unwrap();
        fs::write(folder.join("master.cf"), master).unwrap();
        fs::write(
            folder.join("asks.json"),
            serde_json::to_string(&asks).unwrap(),
        )
        .unwrap();
        asked.push(sessions);
    }
    fs::copy(std::env::current_exe().unwrap(), work.join("lab")).unwrap();
    let script = format!(
        "ip link set lo up; ip addr add {OWN}/32 dev lo
         echo nameserver 127.0.0.1 > /etc/resolv.conf; : > /etc/unseen; : > /etc/known
         cd /lab
         for n in $(seq 0 {}); do
             cp $n/main.cf $n/master.cf /etc/postfix/
             script -qec 'postfix start' /dev/null > $n/start.out 2>&1 || {{ cat $n/start.out >&2; exit 1; }}
             ./lab ask $n || {{ postfix stop; exit 1; }}
             postfix stop > /dev/null 2>&1 || true
             cp /var/log/oracle.log $n/log 2> /dev/null; rm -f /var/log/oracle.log
         done; true",
        worlds - 1
    );
    inside(target, &work, &script)?;
    for (world, sessions) in asked.iter().enumerate() {
        let text = fs::read_to_string(work.join(format!("{world}/answers.json"))).unwrap();
        let answers: HashMap<usize, (u16, String)> = serde_json::from_str(&text).unwrap();
        for (index, (session, decision, about)) in sessions.iter().enumerate() {
            let (code, said) = answers.get(&index).cloned().unwrap_or_default();
            // Without smtpd_delay_reject who asks may be refused before it can say who it is.
            if said.contains("access denied for unknown[127.0.0.1]") {
                continue;
            }
            tally.sessions += 1;
            let same = match decision {
                Decision::Accept(_) => (200..400).contains(&code),
                Decision::Refuse(_) => code >= 500,
                Decision::TempFail(_) => (400..500).contains(&code),
                Decision::Dead => code == 0,
                _ => false,
            };
            if !same {
                tally.differences.push(format!(
                    "world {world}: {session}\n    we: {decision}; Postfix: {said}\n    {about}"
                ));
            }
        }
    }
    Ok(tally)
}

fn lift(target: Target, main: &str, options: &[(String, String)]) -> Lifted {
    let mut master = String::from("25 inet n - n - - smtpd\n");
    for (name, value) in options {
        let _ = writeln!(master, "  -o {{ {name} = {value} }}");
    }
    let files = Snapshot::of(&[("main.cf", main), ("master.cf", &master)]);
    let world = World {
        files: &files,
        version: target.version,
        known: &[],
        defaults: false,
    };
    let dialect = Dialect::by_word("postfix-main").unwrap();
    dialect
        .policy(&Source::new("main.cf", main), &world)
        .unwrap()
}

impl Configuration {
    /// Two services: one that knows every recipient, and one that knows none.
    fn serve(&self, master: &mut String) {
        for (port, map) in [
            (self.port, "static:x"),
            (self.port + 1, "inline:{nobody@x=x}"),
        ] {
            let _ = writeln!(master, "127.0.0.1:{port} inet n - n - - smtpd");
            for (name, value) in &self.options {
                let _ = writeln!(master, "  -o {{ {name} = {value} }}");
            }
            for line in self.main.lines() {
                if let Some((name, _)) = line.split_once(" = texthash:/etc/known") {
                    let _ = writeln!(master, "  -o {{ {name} = {map} }}");
                }
            }
        }
    }

    /// Sessions that are decided in as many ways as possible.
    fn choose(
        &self,
        count: usize,
        random: &mut Rng,
        tally: &mut Tally,
        asks: &mut Vec<Ask>,
        sessions: &mut Vec<(Session, Decision, String)>,
    ) {
        let policy = &self.lifted.policy;
        let listener = &policy.listeners[0];
        let options: String = self
            .options
            .iter()
            .fold(String::new(), |mut text, (name, value)| {
                let _ = write!(text, "\n      {name} = {value}");
                text
            });
        let space = Space::of(&[policy]);
        let port = space
            .listeners
            .iter()
            .position(|(port, _)| *port == 25)
            .unwrap();
        let is_opaque = !space.answers.is_empty();
        let at_data = listener
            .stages
            .iter()
            .any(|stage| stage.name == "smtpd_data_restrictions");
        let mut by: HashMap<(usize, bool), usize> = HashMap::new();
        let mut taken = 0;
        for _ in 0..count * 40 {
            if taken == count {
                break;
            }
            let mut places = space.sizes().map(|size| random.usize(0..size));
            (places[0], places[7]) = (port, 0);
            // Most clients use no source route.
            if random.u8(0..8) > 0 {
                places[3] = 0;
            }
            let Some(session) = space.session(&places) else {
                continue;
            };
            let Some(commands) = commands(&session, listener.auth_in_clear, at_data) else {
                continue;
            };
            let verdict = policy.decide_in(&session, &Environment::usual(), false);
            let clause = verdict
                .by
                .map_or(0, |clause| std::ptr::from_ref(clause) as usize);
            let seen = by.entry((clause, session.recipient.known)).or_default();
            *seen += 1;
            if *seen > 3 && random.u8(0..40) > 0 {
                continue;
            }
            if verdict.decision == Decision::Unknown {
                tally.unknown += 1;
                tally.unfounded += usize::from(!is_opaque);
                taken += 1;
                continue;
            }
            let port = self.port + u16::from(!session.recipient.known);
            let origin = verdict.by.and_then(|clause| clause.origin.as_ref());
            let origin = origin.map_or("", |place| place.source.slice(place.span));
            taken += 1;
            asks.push(Ask { port, commands });
            sessions.push((
                session,
                verdict.decision,
                format!("by `{origin}` of port {port}:{options}"),
            ));
            if verdict.decision == Decision::Dead {
                break;
            }
        }
    }
}

/// What is said in a session; nothing where it cannot be said.
fn commands(session: &Session, auth: bool, at_data: bool) -> Option<Vec<String>> {
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
        From::Own { ipv6: false } => OWN.to_owned(),
        // loopback has no IPv6 address of its own here
        From::Own { ipv6: true } => return None,
        From::Address(address) if address.is_ipv6() => format!("IPV6:{address}"),
        From::Address(address) => address.to_string(),
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

/// What else Postfix needs to run, and no limits.
const OVERLAY: &str = "
maillog_file = /var/log/oracle.log
inet_interfaces = all
inet_protocols = all
smtpd_authorized_xclient_hosts = 0.0.0.0/0, [::]/0
smtpd_peername_lookup = no
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100000
smtpd_junk_command_limit = 100000
smtpd_client_connection_count_limit = 0
smtpd_client_message_rate_limit = 0
service_throttle_time = 1s
default_process_limit = 400
";

/// The services behind smtpd.
const REST: &str = "
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
local unix - n n - - discard
smtp unix - - n - - discard
";

mod pieces {
    //! The grammar that configurations are composed from. `permit_inet_interfaces` is left out: it
    //! looks at the real connection, whatever XCLIENT said.

    use std::fmt::Write as _;

    use fastrand::Rng;

    fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
        from[random.usize(0..from.len())]
    }

    /// What all services of a Postfix share.
    pub fn main(random: &mut Rng) -> String {
        let mut text = String::from("myhostname = mail.ours.example\n");
        let mut line = |name: &str, values: &[&str]| {
            let value = pick(random, values);
            if value != "-" {
                let _ = writeln!(text, "{name} = {value}");
            }
        };
        line("compatibility_level", &["2", "3.6", "3.6", "0"]);
        line(
            "mydestination",
            &[
                "$myhostname, localhost, ours.example",
                "$myhostname localhost ours.example",
                "!x.ours.example, inline:{ours.example=x, x.ours.example=x}, $myhostname",
                "regexp:{{/^(mail\\.)?ours\\.example/ x}}",
                "ours.example, .ours.example, *",
                "",
            ],
        );
        line(
            "relay_domains",
            &[
                "-",
                "-",
                "relayed.example",
                ".relayed.example",
                "!no.relayed.example, relayed.example",
                "com, relayed.example",
                "$mydestination",
                "inline:{relayed.example=x}",
                "inline:{.relayed.example=x}",
                "regexp:{{/relayed/ x}}",
            ],
        );
        line(
            "parent_domain_matches_subdomains",
            &[
                "-",
                "-",
                "",
                "smtpd_access_maps",
                "relay_domains, mynetworks",
            ],
        );
        line(
            "virtual_alias_domains",
            &["", "alias.example", "alias.example, x.alias.example"],
        );
        line("virtual_alias_maps", &["", "texthash:/etc/known"]);
        line(
            "virtual_mailbox_domains",
            &["-", "boxes.example", "inline:{boxes.example=x}"],
        );
        line("virtual_mailbox_maps", &["", "texthash:/etc/known"]);
        line(
            "local_recipient_maps",
            &["", "texthash:/etc/known", "texthash:/etc/known"],
        );
        line("relay_recipient_maps", &["", "texthash:/etc/known"]);
        line("allow_percent_hack", &["-", "yes", "no"]);
        line("swap_bangpath", &["-", "yes", "no"]);
        line("resolve_dequoted_address", &["-", "yes", "no"]);
        line("allow_untrusted_routing", &["-", "-", "-", "yes"]);
        line("append_dot_mydomain", &["no"]);
        line("recipient_delimiter", &["-", "+", "+-"]);
        line("myorigin", &["-", "$mydomain", "elsewhere.test"]);
        line("smtpd_sasl_auth_enable", &["yes", "yes", "no"]);
        line("unknown_address_reject_code", &["-", "550"]);
        line("unknown_client_reject_code", &["-", "550"]);
        line("relay_domains_reject_code", &["-", "-", "550"]);
        text
    }

    /// What one service sets for itself.
    pub fn options(random: &mut Rng) -> Vec<(String, String)> {
        let mut options: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: String| options.push((name.to_owned(), value));
        set("mynetworks", networks(random));
        if random.u8(0..3) == 0 {
            set("smtpd_delay_reject", "no".into());
        }
        if random.u8(0..4) == 0 {
            set("smtpd_reject_unlisted_recipient", "no".into());
        }
        if random.u8(0..15) == 0 {
            set("soft_bounce", "yes".into());
        }
        if random.u8(0..3) == 0 {
            let value = pick(random, &["yes", "no"]);
            set("smtpd_relay_before_recipient_restrictions", value.into());
        }
        set("smtpd_restriction_classes", "first, second".into());
        // One without a word would keep the daemon from starting.
        for name in ["first", "second"] {
            let list = list(random, "recipient", 2, false);
            let is_empty = list.is_empty() && random.u8(0..20) > 0;
            set(
                name,
                if is_empty {
                    "permit_mynetworks".into()
                } else {
                    list
                },
            );
        }
        for name in ["client", "helo", "sender"] {
            if random.bool() {
                set(
                    &format!("smtpd_{name}_restrictions"),
                    list(random, name, 3, false),
                );
            }
        }
        if random.u8(0..5) == 0 {
            set("smtpd_data_restrictions", list(random, "data", 2, false));
        }
        // Most have a guard, so that they start.
        match random.u8(0..8) {
            0 => {
                set("smtpd_relay_restrictions", String::new());
                set(
                    "smtpd_recipient_restrictions",
                    list(random, "recipient", 4, true),
                );
            }
            1 => set(
                "smtpd_relay_restrictions",
                list(random, "recipient", 4, false),
            ),
            n => {
                set(
                    "smtpd_relay_restrictions",
                    list(random, "recipient", 4, true),
                );
                if n > 4 {
                    set(
                        "smtpd_recipient_restrictions",
                        list(random, "recipient", 3, false),
                    );
                }
            }
        }
        options
    }

    fn networks(random: &mut Rng) -> String {
        let mut words: Vec<&str> = (0..random.usize(0..4))
            .map(|_| {
                pick(
                    random,
                    &[
                        "127.0.0.1",
                        "[::1]",
                        "10.0.0.0/8",
                        "192.0.2.0/24",
                        "!192.0.2.7",
                        "[2001:db8:1::]/48",
                        "[2001:db8::7]",
                        "203.0.113",
                        "trusted.example",
                        ".trusted.example",
                        "unknown",
                        "cidr:{{192.0.2.128/25 x}}",
                        "inline:{192.0.2.9=x, named.example=x}",
                        "regexp:{{/^10\\.1\\./ x}}",
                        "!10.1.0.0/16",
                        "10.0.0.1/8",
                        "[::ffff:10.0.0.0]/104",
                    ],
                )
            })
            .collect();
        // Addresses as expressions see them are not followed.
        words.retain(|word| !word.starts_with("regexp"));
        words.join(", ")
    }

    /// A list of restrictions; with a guard at the end, or somewhere.
    fn list(random: &mut Rng, of: &str, longest: usize, guarded: bool) -> String {
        let mut items: Vec<String> = (0..random.usize(0..=longest))
            .map(|_| item(random, of))
            .collect();
        if guarded {
            let guard = pick(
                random,
                &[
                    "reject_unauth_destination",
                    "reject_unauth_destination",
                    "defer_unauth_destination",
                    "reject",
                    "defer",
                ],
            );
            let at = if random.bool() {
                items.len()
            } else {
                random.usize(0..=items.len())
            };
            items.insert(at, guard.to_owned());
        }
        items.join(pick(random, &[", ", " "]))
    }

    #[allow(clippy::too_many_lines, reason = "it is a table")]
    fn item(random: &mut Rng, of: &str) -> String {
        match random.u8(0..24) {
            0..=3 => pick(
                random,
                &[
                    "permit_mynetworks",
                    "permit_mynetworks",
                    "permit_sasl_authenticated",
                ],
            )
            .into(),
            4 => pick(
                random,
                &[
                    "permit",
                    "reject",
                    "defer",
                    "defer_if_permit",
                    "defer_if_reject",
                    "REJECT",
                ],
            )
            .into(),
            5 => format!(
                "warn_if_reject {}",
                pick(
                    random,
                    &[
                        "reject",
                        "reject_unauth_destination",
                        "permit_mynetworks",
                        "reject_unknown_sender_domain"
                    ]
                )
            ),
            6 => pick(
                random,
                &[
                    "reject_unauth_destination",
                    "permit_auth_destination",
                    "defer_unauth_destination",
                ],
            )
            .into(),
            7 => pick(
                random,
                &[
                    "reject_unknown_sender_domain",
                    "reject_unknown_recipient_domain",
                ],
            )
            .into(),
            8 => pick(
                random,
                &[
                    "reject_non_fqdn_helo_hostname",
                    "reject_invalid_helo_hostname",
                ],
            )
            .into(),
            9 => pick(
                random,
                &["reject_non_fqdn_sender", "reject_non_fqdn_recipient"],
            )
            .into(),
            10 => pick(
                random,
                &[
                    "reject_unknown_client_hostname",
                    "reject_unknown_reverse_client_hostname",
                ],
            )
            .into(),
            11 => pick(
                random,
                &[
                    "reject_unlisted_recipient",
                    "reject_plaintext_session",
                    "reject_unauth_pipelining",
                    "sleep 0",
                ],
            )
            .into(),
            12 => pick(
                random,
                &[
                    "reject_rbl_client bl.lists.example",
                    "reject_rbl_client bl.lists.example=127.0.0.2",
                    "reject_rhsbl_sender bl.lists.example",
                    "permit_dnswl_client wl.lists.example",
                ],
            )
            .into(),
            13 if of == "recipient" => pick(random, &["first", "second"]).into(),
            14 => match random.u8(0..6) {
                0 => "no_such_restriction".into(),
                1 => "check_client_access fail:x".into(),
                2 => "check_client_access texthash:/etc/unseen".into(),
                3 => "check_sender_access texthash:/etc/unseen".into(),
                _ => "permit_mynetworks".into(),
            },
            15 | 16 => format!("check_client_access {}", client_table(random)),
            17 => format!(
                "check_reverse_client_hostname_access {}",
                table(random, &["trusted.example", "unknown", "x.trusted.example"])
            ),
            18 => format!(
                "check_helo_access {}",
                table(random, &["trusted.example", "x.trusted.example", "example"])
            ),
            19 | 20 => format!(
                "check_sender_access {}",
                table(
                    random,
                    &[
                        "elsewhere.test",
                        ".elsewhere.test",
                        "user@elsewhere.test",
                        "someone@",
                        "<>",
                        "ours.example"
                    ]
                )
            ),
            21 | 22 => format!(
                "check_recipient_access {}",
                table(
                    random,
                    &[
                        "elsewhere.test",
                        "x.elsewhere.test",
                        "user@elsewhere.test",
                        "user@ours.example",
                        "user+x@ours.example",
                        "user@",
                        "postmaster@",
                        "ours.example",
                        "relayed.example"
                    ]
                )
            ),
            _ if of != "data" => table(
                random,
                &["elsewhere.test", "ours.example", "trusted.example"],
            ),
            _ => "permit_mynetworks".into(),
        }
    }

    fn client_table(random: &mut Rng) -> String {
        match random.u8(0..4) {
            0 => format!(
                "cidr:{{{{192.0.2.0/25 {}}}, {{0.0.0.0/1 {}}}, {{2001:db8::/32 {}}}}}",
                answer(random),
                answer(random),
                answer(random)
            ),
            _ => table(
                random,
                &[
                    "trusted.example",
                    "unknown",
                    "192.0.2.7",
                    "192.0.2",
                    "10",
                    "2001:db8",
                    "named.example",
                ],
            ),
        }
    }

    fn table(random: &mut Rng, keys: &[&str]) -> String {
        match random.u8(0..8) {
            0 => format!(
                "static:{}",
                pick(random, &["OK", "REJECT", "DUNNO", "DEFER"])
            ),
            1 => {
                let kind = "regexp";
                let tests = [
                    "/elsewhere/",
                    "/^user@/",
                    "/ours\\\\.example$$/",
                    "!/example/",
                    "/trusted/i",
                ];
                format!(
                    "{kind}:{{{{{} {}}}, {{{} {}}}}}",
                    pick(random, &tests),
                    answer(random),
                    pick(random, &tests),
                    answer(random)
                )
                .replace("\\\\", "\\")
            }
            _ => {
                let mut chosen: Vec<&str> = (0..random.usize(1..4))
                    .map(|_| pick(random, keys))
                    .collect();
                chosen.sort_unstable();
                chosen.dedup();
                let entries: Vec<String> = chosen
                    .iter()
                    .map(|key| format!("{{{key}={}}}", answer(random)))
                    .collect();
                format!("inline:{{{}}}", entries.join(", "))
            }
        }
    }

    fn answer(random: &mut Rng) -> &'static str {
        pick(
            random,
            &[
                "OK",
                "OK",
                "REJECT",
                "REJECT no",
                "DUNNO",
                "DEFER",
                "450 4.7.1 later",
                "550 5.7.1 no",
                "123",
                "relay",
                "DISCARD",
                "DEFER_IF_PERMIT",
                "DEFER_IF_REJECT",
                "WARN seen",
                "PREPEND X-Y: z",
                "permit_mynetworks, reject",
                "reject_unauth_destination",
                "permit_auth_destination, defer",
                "no_such",
            ],
        )
    }
}
