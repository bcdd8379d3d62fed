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
use smtpconf::mta::{Server as Kind, Target};
use smtpconf::policy::{
    Accept, At, AuthBackend, ClientName, Decision, Policy, Sender, Session, SmarthostTls, Source,
};

use super::filters::{HEADER, UNWANTED};
use super::probe::{Message, Probe, SMUGGLED, Seen, Smuggle};
use super::serve::{Server, server};
use super::sink::{self, Arrival};
use super::smtp::{Answer, LOGIN, PASSWORD};
use super::world::{OUTSIDE4, OUTSIDE6, Reverse, Zone};
use super::{extras, limits, roots, services, sessions, tls};

const SERVER4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 25);
/// A second address, for listeners that are served on some addresses alone.
const OTHER4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 26);
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
    let candidates = sessions::choose(&policy, &space, all, seed);
    // Sessions by the hundred, from few addresses, are what limits on clients are against.
    let sessions = if limits::are_set(&policy.facts) {
        Vec::new()
    } else {
        candidates.clone()
    };
    let mut case = Case {
        name: format!("{name}-{}", roots::name(target)),
        policy: &policy,
        server: server(target),
        candidates,
        sessions,
        probes: Vec::new(),
        extras: Vec::new(),
        work: work.to_path_buf(),
    };
    case.probes = case
        .sessions
        .iter()
        .map(|session| case.probe(session))
        .collect();
    case.send_messages();
    case.add_extras();
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
    candidates: Vec<Session>,
    /// Those of the candidates that are spoken.
    sessions: Vec<Session>,
    /// One for each session, then one for each of the extras.
    probes: Vec<Probe>,
    /// What must be seen, if that matters, and what it shows.
    extras: Vec<(Option<Seen>, String)>,
    work: PathBuf,
}

impl Case<'_> {
    /// The server's addresses that clients of a port call: those that it is served on, else the
    /// usual ones, where nothing listens then.
    fn own_addresses(&self, port: u16) -> (Ipv4Addr, Ipv6Addr) {
        let listener = self.policy.listener(port);
        let addresses = listener.map_or(&[][..], |listener| &listener.addresses);
        let v4 = addresses.iter().find_map(|address| match address {
            IpAddr::V4(v4) if !v4.is_loopback() => Some(*v4),
            _ => None,
        });
        let v6 = addresses.iter().find_map(|address| match address {
            IpAddr::V6(v6) if !v6.is_loopback() => Some(*v6),
            _ => None,
        });
        (v4.unwrap_or(SERVER4), v6.unwrap_or(SERVER6))
    }

    fn probe(&self, session: &Session) -> Probe {
        let own = self.own_addresses(session.port);
        let (from, to): (IpAddr, IpAddr) = match session.client.source {
            Source::Own { ipv6: false } => (own.0.into(), own.0.into()),
            Source::Own { ipv6: true } => (own.1.into(), own.1.into()),
            Source::Address(IpAddr::V4(v4)) if v4.is_loopback() => {
                (v4.into(), Ipv4Addr::LOCALHOST.into())
            }
            Source::Address(IpAddr::V6(v6)) if v6.is_loopback() => {
                (v6.into(), Ipv6Addr::LOCALHOST.into())
            }
            Source::Address(address @ IpAddr::V4(_)) => (address, own.0.into()),
            Source::Address(address @ IpAddr::V6(_)) => (address, own.1.into()),
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
        let facts = &self.policy.facts;
        let mut seen = HashSet::new();
        for (session, probe) in self.sessions.iter().zip(&mut self.probes) {
            let Decision::Accept(kind) = self.policy.decide(session).decision else {
                continue;
            };
            let recipient = &session.recipient;
            // What DNS does not know is accepted of those who may relay, and goes nowhere.
            if matches!(&recipient.at, At::Domain(domain) if domain.cannot_exist()) {
                continue;
            }
            let place = services::destination(facts, recipient, kind);
            // `postmaster` is an alias, whose mail goes to another account's mailbox.
            let alias = recipient.is_postmaster() && place == "mailbox";
            if !alias
                && (seen.insert((kind, session.port.to_string()))
                    | seen.insert((kind, recipient.to_string())))
            {
                let subject = format!("{place} {}", seen.len());
                probe.message = Some(Message::Plain(subject));
            }
        }
    }

    /// Beside the sessions, what stands behind their answers: smuggling, wrong passwords, aliases,
    /// DNS lists, filters and limits.
    fn add_extras(&mut self) {
        let Some(plain) = self.plain_session() else {
            return;
        };
        for way in [Smuggle::LfDotLf, Smuggle::LfDotCrlf, Smuggle::Bdat] {
            let mut probe = self.probe(&plain);
            probe.message = Some(Message::Smuggling(way));
            self.also(probe, None, "smuggling");
        }
        let extras = extras::of(self.policy, &plain, self.server.kind);
        for extra in extras {
            let mut probe = self.probe(&extra.session);
            (extra.change)(&mut probe);
            self.also(probe, Some(extra.wanted), &extra.what);
        }
    }

    fn also(&mut self, probe: Probe, wanted: Option<Seen>, what: &str) {
        self.probes.push(probe);
        self.extras.push((wanted, what.to_owned()));
    }

    /// A stranger writes in clear to an account of the host, as is accepted on an `mx` listener.
    fn plain_session(&self) -> Option<Session> {
        let mut plain = self.candidates.iter().map(|session| Session {
            tls: false,
            auth: None,
            sender: Sender::Null,
            ..session.clone()
        });
        plain.find(|session| {
            let place =
                services::destination(&self.policy.facts, &session.recipient, Accept::Local);
            !session.client.source.is_host()
                && session.recipient.local == "user"
                && place == "mailbox"
                && matches!(session.recipient.at, At::Domain(_))
                && self.policy.decide(session).decision == Decision::Accept(Accept::Local)
        })
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
        let facts = &self.policy.facts;
        services::certificates(facts, &self.work)?;
        let extra = self.extra_files(&generated.steps)?;
        self.write(
            "serve.sh",
            &self.server.script(facts, &names, &ports, &extra),
        )?;

        let (certificate, key) = facts
            .certificate
            .as_ref()
            .map_or(("", ""), |tls| (tls.certificate.as_str(), tls.key.as_str()));
        self.write(
            "server.env",
            &format!(
                "HOST={}\nSERVER4={SERVER4}\nOTHER4={OTHER4}\nSERVER6={SERVER6}\nRESOLVER4={OUTSIDE4}\nCERTIFICATE={certificate}\nKEY={key}\n",
                facts.hostname
            ),
        )?;
        let made = rcgen::generate_simple_self_signed([facts.hostname.to_string()])
            .map_err(|e| e.to_string())?;
        self.write("certificate.pem", &made.cert.pem())?;
        self.write("key.pem", &made.signing_key.serialize_pem())?;

        let mut zone = self.zone();
        let services = services::plan(facts, target.server, &mut zone);
        let mut addresses: Vec<IpAddr> = vec![OUTSIDE4.into(), OUTSIDE6.into()];
        addresses.extend(services.addresses());
        addresses.extend(limits::clients(self.policy));
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
        extras::list(self.policy, &mut zone);
        self.write("zone.json", &json(serde_json::to_string(&zone))?)?;
        self.write("services.json", &json(serde_json::to_string(&services))?)?;
        limits::plan(self.policy, |port| self.own_addresses(port).0, &self.work)?;
        self.write("probes.json", &json(serde_json::to_string(&self.probes))?)?;
        let messages: Vec<&str> = self.messages().collect();
        self.write("messages", &(messages.join("\n") + "\n"))?;
        tls::plan(self.policy, |port| self.own_addresses(port), &self.work)?;
        self.write("parallel", &self.server.parallel.to_string())
    }

    /// Files that the description names: where they go, which is also what each is called in the
    /// work folder, below `extra`.
    fn extra_files(&self, steps: &[String]) -> Result<Vec<(String, bool)>, String> {
        let facts = &self.policy.facts;
        let mut files: Vec<(String, String, bool)> = services::recipient_files(facts)
            .into_iter()
            .map(|(path, text)| (path, text, false))
            .collect();
        if let Some((path, _)) = facts
            .smarthost
            .as_ref()
            .and_then(|s| s.value.credentials.as_ref())
        {
            // The administrator does what the steps say, and so does the lab.
            let line = steps
                .iter()
                .flat_map(|step| step.split('`').skip(1).step_by(2))
                .find(|quoted| quoted.contains("NAME") && quoted.contains("PASSWORD"))
                .ok_or("no step says what to put into the credentials file")?;
            let line = line
                .replace("NAME", sink::NAME)
                .replace("PASSWORD", sink::SECRET);
            files.push((path.clone(), line + "\n", true));
        }
        if let Some(key) = facts.dkim.as_ref().and_then(|dkim| dkim.value.key.as_ref()) {
            files.push((
                key.clone(),
                fs::read_to_string(self.dkim_key()?).map_err(|e| e.to_string())?,
                true,
            ));
        }
        if let Some(auth) = &facts.auth
            && let AuthBackend::File(path) = &auth.value.backend
        {
            files.push((path.clone(), format!("{LOGIN}:{}\n", hash(PASSWORD)?), true));
        }
        for (path, text, _) in &files {
            self.write(&format!("extra{path}"), text)?;
        }
        Ok(files
            .into_iter()
            .map(|(path, _, secret)| (path, secret))
            .collect())
    }

    fn dkim_key(&self) -> Result<PathBuf, String> {
        let path = self.work.join("dkim.pem");
        let made = Command::new("openssl")
            .args(["genrsa", "-traditional", "-out"])
            .arg(&path)
            .arg("2048")
            .output()
            .map_err(|error| error.to_string())?;
        made.status
            .success()
            .then_some(path)
            .ok_or_else(|| "openssl genrsa".into())
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
        for (number, (wanted, what)) in self.extras.iter().enumerate() {
            let answer = answers.get(&(self.sessions.len() + number));
            let (Some(wanted), Some(answer)) = (wanted, answer) else {
                continue;
            };
            if answer.seen != *wanted {
                count += 1;
                let _ = writeln!(
                    faults,
                    "{}: {what}\n  expected {wanted:?}, seen {:?}\n    {}",
                    self.name,
                    answer.seen,
                    answer.transcript.join("\n    ")
                );
            }
        }
        if answers.len() < self.probes.len() {
            count += 1;
            let _ = writeln!(
                faults,
                "{}: {} sessions have no answer",
                self.name,
                self.probes.len() - answers.len()
            );
        }
        for fault in self
            .wrong_messages()
            .into_iter()
            .chain(tls::faults(&self.work))
            .chain(limits::faults(&self.work))
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
        let held = services::smarthost_is_forged(&self.policy.facts);
        self.probes
            .iter()
            .filter_map(move |probe| match &probe.message {
                Some(Message::Plain(subject))
                    if subject == TO_POSTMASTER || subject == UNWANTED =>
                {
                    None
                }
                Some(Message::Plain(subject)) if held && subject.starts_with("smarthost") => None,
                Some(Message::Plain(subject)) => Some(subject.as_str()),
                _ => None,
            })
    }

    /// Messages that were accepted and did not arrive where and how they should, and those that
    /// should not have arrived.
    fn wrong_messages(&self) -> Vec<String> {
        let facts = &self.policy.facts;
        let text = |name: &str| fs::read_to_string(self.work.join(name)).unwrap_or_default();
        let (mailbox, maildirs) = (text("mailbox"), text("maildirs"));
        let arrivals: Vec<Arrival> = text("arrivals")
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut faults = Vec::new();
        for message in self.messages() {
            let place = message.split(' ').next().unwrap_or_default();
            let subject = format!("Subject: {message}\n");
            let arrived = match place {
                "mailbox" => mailbox.contains(&subject),
                "maildir" => maildirs.contains(&subject),
                _ => arrivals
                    .iter()
                    .any(|arrival| arrival.subject == message && arrival.place == place),
            };
            if !arrived {
                let elsewhere = arrivals.iter().find(|arrival| arrival.subject == message);
                faults.push(format!(
                    "the message `{message}` was accepted and did not arrive where it should{}",
                    elsewhere.map_or(String::new(), |arrival| format!(
                        ", but at {}",
                        arrival.place
                    ))
                ));
            }
        }
        for arrival in &arrivals {
            faults.extend(
                self.wrong_arrival(arrival)
                    .map(|fault| format!("the message `{}` arrived {fault}", arrival.subject)),
            );
        }
        // A hidden message that stays inside the body of the one around it is harmless.
        let hidden = format!("Subject: {SMUGGLED}");
        let smuggled = mailbox.split("\nFrom ").any(|message| {
            let mut header = message.lines().take_while(|line| !line.is_empty());
            header.any(|line| line == hidden)
        });
        faults.extend(smuggled.then(|| "a smuggled message arrived".to_owned()));
        let unwanted = format!("Subject: {UNWANTED}\n");
        let let_in = mailbox.contains(&unwanted) || arrivals.iter().any(|a| a.subject == UNWANTED);
        let filtered =
            !services::filters(facts, self.server.kind).is_empty() || facts.spam_filter.is_some();
        faults.extend((filtered && let_in).then(|| "an unwanted message arrived".to_owned()));
        faults
    }

    /// What is wrong with a message that arrived.
    fn wrong_arrival(&self, arrival: &Arrival) -> Option<String> {
        let facts = &self.policy.facts;
        if arrival.place == "smarthost" {
            let smarthost = &facts.smarthost.as_ref()?.value;
            if services::smarthost_is_forged(facts) {
                return Some("at a smarthost with the certificate of another".into());
            }
            if arrival.tls != (smarthost.tls != SmarthostTls::None) {
                return Some(format!("with TLS {}", arrival.tls));
            }
            let wanted = smarthost
                .credentials
                .as_ref()
                .map(|(_, mechanism)| mechanism.name());
            if arrival.auth.as_deref() != wanted {
                return Some(format!("with AUTH {:?}, and not {wanted:?}", arrival.auth));
            }
        }
        // Bounces are the server's own, and not every server shows those to its filters.
        if !services::PLACES
            .iter()
            .any(|place| arrival.subject.starts_with(place))
        {
            return None;
        }
        for name in services::filters(facts, self.server.kind) {
            if !arrival
                .header
                .iter()
                .any(|line| *line == format!("{HEADER}: {name}"))
            {
                return Some(format!("without having been shown to {name}"));
            }
        }
        let dkim = &facts.dkim.as_ref()?.value;
        if self.server.kind != Kind::Exim || arrival.place == "lmtp" {
            return None;
        }
        let signature = arrival
            .header
            .iter()
            .find(|line| line.starts_with("DKIM-Signature:"));
        let signed = signature.is_some_and(|line| {
            line.contains(&format!("d={};", dkim.domain))
                && line.contains(&format!("s={};", dkim.selector))
        });
        (!signed).then(|| "without its signature".to_owned())
    }
}

/// The password as crypt(3) hashes it.
fn hash(password: &str) -> Result<String, String> {
    let output = Command::new("openssl")
        .args(["passwd", "-6", password])
        .output()
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
