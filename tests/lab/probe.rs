//! A session as it is spoken: addresses and lines, nothing left to decide.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use smtpconf::policy::{Decision, ListenerTls, Policy, Session};

use super::smtp::PASSWORD;

/// What a client does.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    pub from: IpAddr,
    pub to: IpAddr,
    pub port: u16,
    /// Whether the client runs on the server itself.
    pub inside: bool,
    pub implicit_tls: bool,
    pub offers_starttls: bool,
    pub offers_auth: bool,
    pub helo: String,
    pub tls: bool,
    pub auth: Option<String>,
    pub password: String,
    /// The mechanisms that AUTH offers, where it does.
    pub mechanisms: Vec<String>,
    /// What the greeting is, if the description says it.
    pub greeting: Option<String>,
    /// What SIZE offers, if the description says it.
    pub size: Option<u64>,
    pub sender: String,
    pub recipient: String,
    /// So many recipients are named, with a number before each; the last one's answer counts.
    pub recipients: u64,
    /// The size that MAIL declares.
    pub declares: Option<u64>,
    /// What is sent after DATA, where the session goes that far.
    pub message: Option<Message>,
}

/// What a client sends after DATA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A message with this subject.
    Plain(String),
    /// A message of so many octets.
    Sized(usize),
    /// A message with a second one hidden behind a wrong end of data (SMTP smuggling).
    Smuggling(Smuggle),
}

/// The ways in which the second message is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Smuggle {
    /// Behind `<LF>.<LF>`.
    LfDotLf,
    /// Behind `<LF>.<CR><LF>`.
    LfDotCrlf,
    /// Behind `<LF>.<LF>` in a message whose lines all end so, with BDAT in place of DATA.
    Bdat,
}

/// The subject of the hidden message, which must never arrive.
pub const SMUGGLED: &str = "smuggled";

impl Message {
    /// The bytes after DATA, with the end of data.
    pub fn bytes(&self, recipient: &str) -> String {
        let commands = format!("MAIL FROM:<>\r\nRCPT TO:{recipient}\r\n");
        let hidden = format!("Subject: {SMUGGLED}\r\n\r\nHidden.\r\n");
        match self {
            Self::Plain(subject) => format!(
                "From: <someone@elsewhere.example>\r\nSubject: {subject}\r\n\r\nA word from the lab.\r\n.\r\n"
            ),
            Self::Sized(octets) => {
                let line = format!("{}\r\n", "x".repeat(70));
                let header = "Subject: sized\r\n\r\n";
                let mut text = header.to_owned()
                    + &line.repeat(octets.saturating_sub(header.len()) / line.len());
                let rest = octets.saturating_sub(text.len() + 2);
                text += &"y".repeat(rest);
                text + "\r\n.\r\n"
            }
            Self::Smuggling(Smuggle::Bdat) => format!(
                "Subject: carrier\n\nSeen.\n.\n{commands}BDAT {} LAST\r\n{hidden}\r\n.\r\n",
                hidden.len()
            ),
            Self::Smuggling(way) => {
                let end = if *way == Smuggle::LfDotLf {
                    "\n.\n"
                } else {
                    "\n.\r\n"
                };
                format!("Subject: carrier\r\n\r\nSeen.{end}{commands}DATA\r\n{hidden}.\r\n")
            }
        }
    }
}

/// What a client sees: the kinds of answers that servers have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Seen {
    Accept,
    Refuse,
    /// A 4xx reply.
    Temporary,
    NoConnection,
    /// No SMTP without TLS.
    NotSpoken,
    /// Anything else, such as a connection that ends in the middle.
    Broken,
}

impl Seen {
    /// The kind of a reply to the command that decides.
    pub fn of(code: u16) -> Self {
        match code / 100 {
            2 | 3 => Self::Accept,
            4 => Self::Temporary,
            5 => Self::Refuse,
            _ => Self::Broken,
        }
    }

    /// What has to be seen where the policy decides so.
    pub fn expected(decision: Decision) -> Self {
        match decision {
            Decision::Accept(_) => Self::Accept,
            Decision::Refuse(_) => Self::Refuse,
            Decision::TempFail(_) => Self::Temporary,
            Decision::NoListener | Decision::Dead => Self::NoConnection,
            Decision::NotSpoken => Self::NotSpoken,
            // Nothing can be seen that is expected then.
            Decision::Unknown => Self::Broken,
        }
    }
}

impl Probe {
    /// The probe for a session; `from` and `to` are addresses of the lab, `own` is what stands
    /// for the server's own address in a recipient.
    pub fn new(policy: &Policy, session: &Session, from: IpAddr, to: IpAddr, own: IpAddr) -> Self {
        let facts = &policy.facts;
        let listener = policy.listener(session.port);
        let tls = listener.map_or(ListenerTls::No, |listener| listener.tls);
        Self {
            from,
            to,
            port: session.port,
            inside: session.client.source.is_host() || from.is_loopback(),
            implicit_tls: tls == ListenerTls::Implicit,
            offers_starttls: tls == ListenerTls::StartTls,
            offers_auth: listener.is_some_and(|listener| listener.auth),
            helo: session.helo.clone(),
            tls: session.tls,
            auth: session.auth.map(|mechanism| mechanism.name().to_owned()),
            password: PASSWORD.into(),
            mechanisms: facts.auth.as_ref().map_or_else(Vec::new, |auth| {
                let names = auth.value.mechanisms.iter().map(|m| m.name().to_owned());
                names.collect()
            }),
            greeting: facts
                .banner
                .as_ref()
                .map(|banner| format!("220 {} ESMTP {}", facts.hostname, banner.value)),
            size: facts.limits.message_size.as_ref().map(|size| size.value),
            sender: session.sender.to_string(),
            recipient: session
                .recipient
                .to_string()
                .replace("[own]", &format!("[{own}]")),
            recipients: 1,
            declares: None,
            message: None,
        }
    }
}
