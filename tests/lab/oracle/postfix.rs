//! Postfix as it runs, asked over XCLIENT. One Postfix serves many configurations at a time, each
//! as a service with options of its own; what trivial-rewrite(8) sees is theirs in common.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;

use fastrand::Rng;
use smtpconf::mta::{Dialect, Lifted, Target, World};
use smtpconf::policy::{Decision, Environment, InClear, Session, Space};
use smtpconf::text::{Snapshot, Source};

use super::postfix_pieces as pieces;
use super::xclient::{Ask, OWN, commands};
use super::{Extent, Tally, inside, work};

/// So many configurations run side by side.
const TOGETHER: usize = 30;

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
    let world = World::new(&files, target.version);
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
            let Some(commands) = commands(&session, listener.auth_in_clear != InClear::No, at_data)
            else {
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
