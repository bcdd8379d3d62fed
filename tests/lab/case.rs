//! One description on one server: generate, run, speak, compare.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::Target;
use smtpconf::policy::{Accept, At, ClientName, Decision, Policy, Sender, Session, Source};

use super::probe::{Message, Probe, SMUGGLED, Seen, Smuggle};
use super::serve::{Server, server};
use super::smtp::{Answer, LOGIN, PASSWORD};
use super::world::{OUTSIDE4, OUTSIDE6, Reverse, Zone};
use super::{roots, sessions, tls};

const SERVER4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 25);
const SERVER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xfffe, 0, 0, 0, 0, 0x25);

/// The subject of messages that only the decision is awaited of.
const TO_POSTMASTER: &str = "to the postmaster";

/// How many differences are shown whole.
const SHOWN: usize = 5;

/// How a case ended.
pub struct Outcome {
    pub sessions: usize,
    pub ipv6: usize,
    /// What went wrong, in words; empty when all agrees.
    pub faults: String,
    pub differences: usize,
    pub time: Duration,
}

/// Runs one case. `work` is made anew.
pub fn run(
    name: &str,
    description: &Description,
    target: Target,
    all: bool,
    seed: u64,
    work: &Path,
) -> Outcome {
    let start = Instant::now();
    let policy = description::lower(description);
    let space = sessions::space(&policy);
    let sessions = sessions::choose(&policy, &space, all, seed);
    let mut case = Case {
        name: format!("{name}-{}", roots::name(target)),
        policy: &policy,
        server: server(target),
        sessions,
        probes: Vec::new(),
        work: work.to_path_buf(),
    };
    case.probes = case
        .sessions
        .iter()
        .map(|session| case.probe(session))
        .collect();
    case.send_messages();
    case.smuggle();
    let faults = case
        .lay_out(description, target)
        .and_then(|()| case.enter(target))
        .map_or_else(|fault| (fault, 1), |()| case.compare());
    Outcome {
        sessions: case.sessions.len(),
        ipv6: case.probes[..case.sessions.len()]
            .iter()
            .filter(|probe| probe.to.is_ipv6())
            .count(),
        faults: faults.0,
        differences: faults.1,
        time: start.elapsed(),
    }
}

struct Case<'a> {
    name: String,
    policy: &'a Policy,
    server: Server,
    sessions: Vec<Session>,
    probes: Vec<Probe>,
    work: PathBuf,
}

impl Case<'_> {
    fn probe(&self, session: &Session) -> Probe {
        let (from, to): (IpAddr, IpAddr) = match session.client.source {
            Source::Own { ipv6: false } => (SERVER4.into(), SERVER4.into()),
            Source::Own { ipv6: true } => (SERVER6.into(), SERVER6.into()),
            Source::Address(IpAddr::V4(v4)) if v4.is_loopback() => {
                (v4.into(), Ipv4Addr::LOCALHOST.into())
            }
            Source::Address(IpAddr::V6(v6)) if v6.is_loopback() => {
                (v6.into(), Ipv6Addr::LOCALHOST.into())
            }
            Source::Address(address @ IpAddr::V4(_)) => (address, SERVER4.into()),
            Source::Address(address @ IpAddr::V6(_)) => (address, SERVER6.into()),
        };
        let mut probe = Probe::new(self.policy, session, from, to, SERVER4.into());
        // Postfix takes this recipient until the client wants to send the message.
        if session.recipient.at == At::Nothing && session.recipient.is_postmaster() {
            probe.message = Some(Message::Plain(TO_POSTMASTER.into()));
        }
        probe
    }

    /// For every listener, and for every recipient that is accepted somewhere, one session goes on
    /// and sends a message. Where it arrives shows the kind of the acceptance.
    fn send_messages(&mut self) {
        let mut seen = HashSet::new();
        for (session, probe) in self.sessions.iter().zip(&mut self.probes) {
            let Decision::Accept(kind) = self.policy.decide(session).decision else {
                continue;
            };
            // `postmaster` is an alias, whose mail goes to another account's mailbox.
            let recipient = &session.recipient;
            if !recipient.is_postmaster()
                && (seen.insert((kind, session.port.to_string()))
                    | seen.insert((kind, recipient.to_string())))
            {
                let subject = format!("{kind:?} {}", seen.len());
                probe.message = Some(Message::Plain(subject));
            }
        }
    }

    /// A stranger tries to smuggle a message in, in every way. These probes stand behind those of
    /// the sessions; what is answered does not matter, only what arrives.
    fn smuggle(&mut self) {
        let mut plain = self.sessions.iter().map(|session| Session {
            tls: false,
            auth: None,
            sender: Sender::Null,
            ..session.clone()
        });
        let found = plain.find(|session| {
            !session.client.source.is_host()
                && session.recipient.local == "user"
                && matches!(session.recipient.at, At::Domain(_))
                && self.policy.decide(session).decision == Decision::Accept(Accept::Local)
        });
        if let Some(session) = found {
            for way in [Smuggle::LfDotLf, Smuggle::LfDotCrlf, Smuggle::Bdat] {
                let message = Some(Message::Smuggling(way));
                self.probes.push(Probe {
                    message,
                    ..self.probe(&session)
                });
            }
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.work.join(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes all that the namespaces need into the work folder.
    fn lay_out(&self, description: &Description, target: Target) -> Result<(), String> {
        let _ = fs::remove_dir_all(&self.work);
        let generated =
            generate(description, target).map_err(|reasons| format!("refused: {reasons:?}"))?;
        for file in &generated.files {
            self.write(&format!("files/{}", file.name), &file.text)?;
        }
        let names: Vec<&str> = generated
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        let ports: Vec<u16> = self
            .policy
            .listeners
            .iter()
            .map(|listener| listener.port)
            .collect();
        self.write(
            "serve.sh",
            &self.server.script(&names, &ports, LOGIN, PASSWORD),
        )?;

        let facts = &self.policy.facts;
        let (certificate, key) = facts
            .certificate
            .as_ref()
            .map_or(("", ""), |tls| (tls.certificate.as_str(), tls.key.as_str()));
        self.write(
            "server.env",
            &format!(
                "HOST={}\nSERVER4={SERVER4}\nSERVER6={SERVER6}\nRESOLVER4={OUTSIDE4}\nCERTIFICATE={certificate}\nKEY={key}\n",
                facts.hostname
            ),
        )?;
        let made = rcgen::generate_simple_self_signed([facts.hostname.to_string()])
            .map_err(|e| e.to_string())?;
        self.write("certificate.pem", &made.cert.pem())?;
        self.write("key.pem", &made.signing_key.serialize_pem())?;

        let mut addresses: Vec<IpAddr> = vec![OUTSIDE4.into(), OUTSIDE6.into()];
        addresses.extend(
            self.probes
                .iter()
                .filter(|probe| !probe.inside)
                .map(|probe| probe.from),
        );
        addresses.sort_unstable();
        addresses.dedup();
        let clients: String = addresses
            .iter()
            .map(|address| match address {
                IpAddr::V4(v4) => format!("address add {v4}/32 dev client0\n"),
                IpAddr::V6(v6) => format!("address add {v6}/128 dev client0 nodad\n"),
            })
            .collect();
        self.write("clients", &clients)?;
        let json =
            |value: Result<String, serde_json::Error>| value.map_err(|error| error.to_string());
        self.write("zone.json", &json(serde_json::to_string(&self.zone()))?)?;
        self.write("probes.json", &json(serde_json::to_string(&self.probes))?)?;
        let messages: Vec<&str> = self.messages().collect();
        self.write("messages", &(messages.join("\n") + "\n"))?;
        tls::plan(self.policy, target.server, (SERVER4, SERVER6), &self.work)?;
        self.write("parallel", &self.server.parallel.to_string())
    }

    fn zone(&self) -> Zone {
        let mut zone = Zone::default();
        let hostname = self.policy.facts.hostname.to_string();
        for own in [SERVER4.into(), SERVER6.into()] {
            zone.names.insert(own, Reverse::Name(hostname.clone()));
            zone.addresses
                .entry(hostname.clone())
                .or_default()
                .push(own);
        }
        zone.addresses.insert(
            "localhost".into(),
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        );
        for session in &self.sessions {
            let Source::Address(address) = session.client.source else {
                continue;
            };
            if zone.names.contains_key(&address) {
                continue;
            }
            let reverse = match &session.client.name {
                ClientName::None => continue,
                ClientName::Temporary => Reverse::Fails,
                ClientName::Forged(name) => Reverse::Name(name.to_string()),
                ClientName::Verified(name) => {
                    zone.addresses
                        .entry(name.to_string())
                        .or_default()
                        .push(address);
                    Reverse::Name(name.to_string())
                }
            };
            zone.names.insert(address, reverse);
        }
        zone
    }

    fn enter(&self, target: Target) -> Result<(), String> {
        let upper = roots::upper(target);
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(roots::script("enter.sh"))
            .args([upper.as_path(), self.work.as_path(), this.as_path()])
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "did not run: {}\n{}\n{}",
            String::from_utf8_lossy(&output.stderr),
            fs::read_to_string(self.work.join("start.out")).unwrap_or_default(),
            self.log_tail()
        ))
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.work.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// What differs, in words, and how much.
    fn compare(&self) -> (String, usize) {
        let mut answers: HashMap<usize, Answer> = HashMap::new();
        for side in ["inside", "outside"] {
            let text = fs::read_to_string(self.work.join(format!("answers-{side}.json")))
                .unwrap_or_default();
            answers
                .extend(serde_json::from_str::<HashMap<usize, Answer>>(&text).unwrap_or_default());
        }
        let mut faults = String::new();
        let mut count = 0;
        for (index, session) in self.sessions.iter().enumerate() {
            let verdict = self.policy.decide(session);
            let expected = Seen::expected(verdict.decision);
            let Some(answer) = answers.get(&index) else {
                count += 1;
                continue;
            };
            if answer.seen == expected {
                continue;
            }
            count += 1;
            if count <= SHOWN {
                let _ = writeln!(
                    faults,
                    "{}: {session}\n  expected {expected:?} ({}, at clause {} of port {}), seen {:?}",
                    self.name,
                    verdict.decision,
                    verdict.trace.len(),
                    session.port,
                    answer.seen
                );
                for line in &answer.transcript {
                    let _ = writeln!(faults, "    {line}");
                }
            }
        }
        if answers.len() < self.sessions.len() {
            let _ = writeln!(
                faults,
                "{}: {} sessions have no answer",
                self.name,
                self.sessions.len() - answers.len()
            );
        }
        for fault in self
            .wrong_messages()
            .into_iter()
            .chain(tls::faults(&self.work))
        {
            count += 1;
            let _ = writeln!(faults, "{}: {fault}", self.name);
        }
        if count > 0 {
            let _ = writeln!(faults, "  the log ends with:\n{}", self.log_tail());
        }
        (faults, count)
    }

    /// The subjects of the messages that have to arrive.
    fn messages(&self) -> impl Iterator<Item = &str> {
        self.probes.iter().filter_map(|probe| match &probe.message {
            Some(Message::Plain(subject)) if subject != TO_POSTMASTER => Some(subject.as_str()),
            _ => None,
        })
    }

    /// Messages that were accepted and did not arrive, and those that were smuggled in.
    fn wrong_messages(&self) -> Vec<String> {
        let mailbox = fs::read_to_string(self.work.join("mailbox")).unwrap_or_default();
        let relayed = fs::read_to_string(self.work.join("relayed")).unwrap_or_default();
        let arrived = |message: &str| {
            if message.starts_with("Local") {
                mailbox.contains(&format!("Subject: {message}\n"))
            } else {
                relayed.contains(&format!("{message} "))
            }
        };
        // A hidden message that stays inside the body of the one around it is harmless.
        let hidden = format!("Subject: {SMUGGLED}");
        let smuggled = mailbox.split("\nFrom ").any(|message| {
            let mut header = message.lines().take_while(|line| !line.is_empty());
            header.any(|line| line == hidden)
        });
        let missing = self
            .messages()
            .filter(|message| !arrived(message))
            .map(|message| {
                format!("the message `{message}` was accepted and did not arrive where it should")
            });
        missing
            .chain(smuggled.then(|| "a smuggled message arrived".to_owned()))
            .collect()
    }
}
