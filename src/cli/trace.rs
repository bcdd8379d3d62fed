//! `smtpconf trace`: what happens to one session, and which lines decide it.

use std::fmt::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::reading::Reading;
use super::subject::{Subject, at};
use super::{Failure, Outcome, Reporting, print};
use crate::mta::Lifted;
use crate::net::Domain;
use crate::policy::{
    At, Client, ClientCertificate, ClientName, Decision, Mechanism, Outcome as Does, Recipient,
    Sender, Session, Source, Step, Truth, Verdict, assumptions,
};

const EXAMPLES: &str = "\
Examples:
  smtpconf trace /etc/postfix --client 198.51.100.9 --from a@b.example \\
      --to user@example.com
      can the world send to this user?
  smtpconf trace smtpconf.yaml --port 587 --tls --auth \\
      --client 198.51.100.9 --from user@example.com --to b@d.example
      can a user who has logged in send to anywhere?";

/// Arguments of `trace`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Trace {
    /// A server's main file, a folder with its configuration, or a description
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The client's address; `own` and `own6` for the address of the server that it calls
    #[arg(long, value_name = "IP", value_parser = source)]
    client: Source,
    /// The client's name, to which its PTR record and back lead
    #[arg(long, value_name = "NAME", value_parser = domain)]
    client_name: Option<Domain>,
    /// The port that it calls
    #[arg(long, default_value_t = 25)]
    port: u16,
    /// The server's address that it calls [default: any that is served]
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// The argument of EHLO
    #[arg(long, value_name = "NAME", default_value = "client.elsewhere.example")]
    helo: String,
    /// Inside TLS
    #[arg(long)]
    tls: bool,
    /// With a certificate
    #[arg(long, value_enum, value_name = "KIND", requires = "tls")]
    certificate: Option<Shown>,
    /// Logged in
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "plain", value_name = "MECHANISM")]
    auth: Option<LogIn>,
    /// The sender; <> or nothing for a bounce
    #[arg(long, value_name = "ADDRESS", value_parser = sender)]
    from: Sender,
    /// The recipient
    #[arg(long, value_name = "ADDRESS", value_parser = recipient)]
    to: Recipient,
    /// There is no mailbox of the recipient's name
    #[arg(long)]
    no_such_user: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Of a public authority, which anyone can have
    Public,
    /// One that the configuration lists, or of its own authority
    Listed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogIn {
    Plain,
    Login,
    Anonymous,
}

fn source(text: &str) -> Result<Source, String> {
    match text {
        "own" => Ok(Source::Own { ipv6: false }),
        "own6" => Ok(Source::Own { ipv6: true }),
        _ => text
            .parse()
            .map(Source::Address)
            .map_err(|_| format!("`{text}` is no address such as 198.51.100.9")),
    }
}

fn domain(text: &str) -> Result<Domain, String> {
    Domain::parse(text).map_err(|fault| fault.message)
}

/// The text between the angle brackets, if there are any.
fn inside(text: &str) -> &str {
    let inner = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    inner.unwrap_or(text)
}

/// The local part without its quotes.
fn unquoted(local: &str) -> String {
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(local).to_owned()
}

fn sender(text: &str) -> Result<Sender, String> {
    let text = inside(text);
    if text.is_empty() {
        return Ok(Sender::Null);
    }
    let (local, name) = text
        .rsplit_once('@')
        .ok_or("a sender has a domain: write user@domain, or <>")?;
    Ok(Sender::Address {
        local: unquoted(local),
        domain: domain(name)?,
    })
}

fn recipient(text: &str) -> Result<Recipient, String> {
    let mut rest = inside(text);
    let mut route = None;
    if let Some((hop, behind)) = rest.strip_prefix('@').and_then(|rest| rest.split_once(':')) {
        route = Some(domain(hop)?);
        rest = behind;
    }
    let (local, at) = match rest.rsplit_once('@') {
        // A quoted local part without a domain.
        Some(_) if rest.ends_with('"') => (rest, At::Nothing),
        Some((local, "[own]")) => (local, At::OwnLiteral),
        Some((local, name)) => {
            let literal = name
                .strip_prefix('[')
                .and_then(|inner| inner.strip_suffix(']'));
            match literal {
                Some(inner) => {
                    let address = inner.strip_prefix("IPv6:").unwrap_or(inner);
                    let address = address
                        .parse()
                        .map_err(|_| format!("`{name}` is no address"))?;
                    (local, At::Literal(address))
                }
                None => (local, At::Domain(domain(name)?)),
            }
        }
        None => (rest, At::Nothing),
    };
    if local.is_empty() {
        return Err("a recipient has a name before the `@`".into());
    }
    Ok(Recipient {
        route,
        local: unquoted(local),
        at,
        known: true,
    })
}

impl Trace {
    /// Prints the decision and the walk to it.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let loaded = Subject::load_all(&[&self.path], &self.reading, &self.reporting)?;
        let Some([subject]) = loaded.as_deref() else {
            return Ok(Outcome::Bad);
        };
        let session = self.session();
        let environment = self.reading.environment();
        let verdict = subject
            .lifted
            .policy
            .decide_in(&session, &environment, true);
        let text = if self.json {
            format!("{:#}\n", object(&subject.lifted, &session, &verdict))
        } else {
            human(&subject.lifted, &session, &verdict)
        };
        print::out(&text)?;
        Ok(Outcome::Good)
    }

    fn session(&self) -> Session {
        Session {
            port: self.port,
            address: self.address,
            client: Client {
                source: self.client,
                name: self
                    .client_name
                    .clone()
                    .map_or(ClientName::None, ClientName::Verified),
            },
            helo: self.helo.clone(),
            tls: self.tls,
            certificate: match self.certificate {
                None => ClientCertificate::None,
                Some(Shown::Public) => ClientCertificate::Public,
                Some(Shown::Listed) => ClientCertificate::Private,
            },
            auth: self.auth.map(|used| match used {
                LogIn::Plain => Mechanism::Plain,
                LogIn::Login => Mechanism::Login,
                LogIn::Anonymous => Mechanism::Anonymous,
            }),
            sender: self.from.clone(),
            recipient: Recipient {
                known: !self.no_such_user,
                ..self.to.clone()
            },
        }
    }
}

/// The words that a clause was written with, on one line.
fn written(step: &Step<'_>) -> Option<String> {
    const SHORTEST: usize = 3;
    const LONGEST: usize = 60;
    let place = step.clause.origin.as_ref()?;
    let whole = place.source.text();
    let mut text = whole.get(place.span.start..place.span.end)?;
    if text.len() < SHORTEST {
        // A bracket says nothing: its line does.
        let start = whole[..place.span.start].rfind('\n').map_or(0, |at| at + 1);
        text = whole[start..].lines().next().unwrap_or(text);
    }
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > LONGEST {
        words = words.chars().take(LONGEST - 1).collect::<String>() + "…";
    }
    Some(words)
}

fn held(step: &Step<'_>) -> String {
    match (step.held, &step.clause.outcome) {
        (Truth::No, _) => "no".into(),
        (Truth::Yes, does) => format!("yes: {does}"),
        (Truth::Unknown, does) => format!("not known; if yes: {does}"),
    }
}

/// The steps that are worth a line: those that are written somewhere, and the one that decides.
fn worth(step: &Step<'_>) -> bool {
    step.clause.origin.is_some()
        || (step.held != Truth::No && !matches!(step.clause.outcome, Does::Next | Does::Mark(..)))
}

/// A session's walk and decision, as people read it.
pub fn human(lifted: &Lifted, session: &Session, verdict: &Verdict<'_>) -> String {
    let mut text = format!("{session}\n");
    let steps: Vec<&Step<'_>> = verdict.trace.iter().filter(|step| worth(step)).collect();
    let wheres: Vec<String> = steps
        .iter()
        .map(|step| {
            step.clause
                .origin
                .as_ref()
                .map_or_else(|| "always".into(), at)
        })
        .collect();
    let width = wheres
        .iter()
        .map(|place| place.chars().count())
        .max()
        .unwrap_or_default();
    let mut stage = "";
    // Writing to a String cannot fail.
    for (step, place) in steps.iter().zip(&wheres) {
        if step.stage.name != stage {
            stage = &step.stage.name;
            let _ = writeln!(text, "\n  {stage}");
        }
        let words = written(step).unwrap_or_default();
        let _ = writeln!(
            text,
            "    {place:width$}  {words}\n    {:width$}    {}",
            "",
            held(step)
        );
    }
    let _ = writeln!(text, "\n{}", verdict.decision);
    if verdict.decision == Decision::Unknown {
        for possible in &verdict.possible {
            let _ = writeln!(text, "  perhaps {}", possible.decision);
        }
    }
    for told in assumptions(&verdict.asked) {
        let _ = writeln!(text, "assumed: {told}");
    }
    for gap in &lifted.gaps {
        let place = gap
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{}: ", at(place)));
        let _ = writeln!(text, "not understood: {place}{}", gap.reason);
    }
    text
}

/// The same for programs.
pub fn object(lifted: &Lifted, session: &Session, verdict: &Verdict<'_>) -> Value {
    let steps = verdict.trace.iter().map(|step| {
        json!({
            "stage": step.stage.name,
            "at": step.clause.origin.as_ref().map(at),
            "written": written(step),
            "holds": match step.held {
                Truth::Yes => json!(true),
                Truth::No => json!(false),
                Truth::Unknown => Value::Null,
            },
            "outcome": step.clause.outcome.to_string(),
        })
    });
    let asked = verdict.asked.iter().map(|(opaque, truth)| {
        json!({
            "kind": opaque.kind,
            "name": opaque.name,
            "question": opaque.hit,
            "reason": opaque.reason,
            "answer": match truth {
                Truth::Yes => json!(true),
                Truth::No => json!(false),
                Truth::Unknown => Value::Null,
            },
        })
    });
    json!({
        "version": 1,
        "session": session.to_string(),
        "decision": verdict.decision.to_string(),
        "possible": verdict.possible.iter().map(|one| one.decision.to_string()).collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(),
        "assumed": asked.collect::<Vec<_>>(),
        "gaps": lifted.gaps.iter().map(|gap| json!({
            "at": gap.place.as_ref().map(at),
            "reason": gap.reason,
        })).collect::<Vec<_>>(),
    })
}
