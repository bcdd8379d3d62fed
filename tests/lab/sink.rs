//! Servers that take what a server under test hands on: mail exchangers, smarthosts and LMTP
//! servers. They write down what arrives, and judge nothing.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::{Deserialize, Serialize};

/// The name with which the server under test logs in to a smarthost.
pub const NAME: &str = "relayuser";
/// Its password.
pub const SECRET: &str = "relay:pa ss^word";

/// What a sink is and demands.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sink {
    /// What it is called in what it writes down.
    pub place: String,
    pub lmtp: bool,
    /// Whether STARTTLS is offered, and mail taken only after it.
    pub starttls: bool,
    /// Whether TLS is spoken from the first byte.
    pub wrapped: bool,
    /// Whether mail is taken only from who has logged in.
    pub auth: bool,
}

/// A message that arrived.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Arrival {
    pub place: String,
    pub subject: String,
    pub recipients: Vec<String>,
    pub tls: bool,
    /// The mechanism of the log-in.
    pub auth: Option<String>,
    /// Header lines, unfolded.
    pub header: Vec<String>,
}

/// A byte stream that may turn into TLS.
enum Channel<S: Read + Write> {
    Plain(S),
    Tls(Box<StreamOwned<ServerConnection, S>>),
}

struct Conversation<S: Read + Write> {
    channel: Option<Channel<S>>,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Conversation<S> {
    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                let line = String::from_utf8_lossy(&line).into_owned();
                return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
            }
            let mut chunk = [0; 4096];
            let count = match self.channel.as_mut() {
                Some(Channel::Plain(stream)) => stream.read(&mut chunk)?,
                Some(Channel::Tls(stream)) => stream.read(&mut chunk)?,
                None => 0,
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&chunk[..count]);
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let bytes = format!("{text}\r\n");
        match self.channel.as_mut() {
            Some(Channel::Plain(stream)) => stream.write_all(bytes.as_bytes()),
            Some(Channel::Tls(stream)) => {
                stream.write_all(bytes.as_bytes())?;
                stream.flush()
            }
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn start_tls(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        if let Some(Channel::Plain(stream)) = self.channel.take() {
            self.channel = Some(Channel::Tls(Box::new(StreamOwned::new(connection, stream))));
        }
        Ok(())
    }
}

/// Holds one session, and writes a line of JSON into `log` for every message.
pub fn converse<S: Read + Write>(
    stream: S,
    sink: &Sink,
    config: Option<&Arc<ServerConfig>>,
    log: &Path,
) -> io::Result<()> {
    let mut talk = Conversation {
        channel: Some(Channel::Plain(stream)),
        buffer: Vec::new(),
    };
    let mut arrival = Arrival::default();
    if let (true, Some(config)) = (sink.wrapped, config) {
        talk.start_tls(config)?;
        arrival.tls = true;
    }
    talk.say("220 sink.outside.example ready")?;
    loop {
        let line = talk.line()?;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let locked = if (sink.starttls || sink.wrapped) && !arrival.tls {
            Some("530 5.7.0 Must issue a STARTTLS command first")
        } else if sink.auth && arrival.auth.is_none() {
            Some("530 5.7.0 Authentication required")
        } else {
            None
        };
        match verb.as_str() {
            "EHLO" | "LHLO" | "HELO" => {
                talk.say("250-sink.outside.example")?;
                if sink.starttls && !arrival.tls {
                    talk.say("250-STARTTLS")?;
                }
                if sink.auth && (arrival.tls || !sink.starttls) {
                    talk.say("250-AUTH PLAIN LOGIN")?;
                }
                talk.say("250-8BITMIME")?;
                talk.say("250 ENHANCEDSTATUSCODES")?;
            }
            "STAR" => {
                let Some(config) = config.filter(|_| sink.starttls) else {
                    talk.say("502 5.5.1 No TLS here")?;
                    continue;
                };
                talk.say("220 2.0.0 Go ahead")?;
                talk.start_tls(config)?;
                arrival.tls = true;
            }
            "AUTH" => {
                arrival.auth = log_in(&mut talk, &line)?;
                talk.say(if arrival.auth.is_some() {
                    "235 2.7.0 Welcome"
                } else {
                    "535 5.7.8 Wrong name or password"
                })?;
            }
            "MAIL" => {
                arrival.recipients.clear();
                talk.say(locked.unwrap_or("250 2.1.0 Go on"))?;
            }
            "RCPT" => {
                arrival.recipients.push(line[8..].trim().to_owned());
                talk.say(locked.unwrap_or("250 2.1.5 Taken"))?;
            }
            "DATA" => {
                talk.say("354 Go on")?;
                message(&mut talk, &mut arrival)?;
                arrival.place.clone_from(&sink.place);
                note(&arrival, log);
                let times = if sink.lmtp {
                    arrival.recipients.len()
                } else {
                    1
                };
                for _ in 0..times {
                    talk.say("250 2.0.0 Taken")?;
                }
            }
            "QUIT" => return talk.say("221 2.0.0 Bye"),
            _ => talk.say("250 2.0.0 Fine")?,
        }
    }
}

/// The mechanism with which the client has logged in, if its password is right.
fn log_in<S: Read + Write>(talk: &mut Conversation<S>, line: &str) -> io::Result<Option<String>> {
    let decoded = |text: &str| {
        let bytes = BASE64.decode(text).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut words = line.split(' ').skip(1);
    let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
    let mut first = words.next().map(str::to_owned);
    let right = if mechanism == "PLAIN" {
        if first.is_none() {
            talk.say("334 ")?;
            first = Some(talk.line()?);
        }
        let response = decoded(&first.unwrap_or_default());
        let parts: Vec<&str> = response.split('\0').collect();
        parts.get(1..) == Some(&[NAME, SECRET])
    } else {
        if first.is_none() {
            talk.say("334 VXNlcm5hbWU6")?;
            first = Some(talk.line()?);
        }
        talk.say("334 UGFzc3dvcmQ6")?;
        let password = talk.line()?;
        decoded(&first.unwrap_or_default()) == NAME && decoded(&password) == SECRET
    };
    Ok(right.then_some(mechanism))
}

/// Reads a message up to its end.
fn message<S: Read + Write>(talk: &mut Conversation<S>, arrival: &mut Arrival) -> io::Result<()> {
    arrival.header.clear();
    arrival.subject.clear();
    let mut in_header = true;
    loop {
        let line = talk.line()?;
        if line == "." {
            break;
        }
        if line.is_empty() {
            in_header = false;
        }
        if !in_header {
            continue;
        }
        match arrival.header.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(&line),
            _ => arrival.header.push(line),
        }
    }
    let subject = arrival
        .header
        .iter()
        .find_map(|line| line.strip_prefix("Subject: "));
    arrival.subject = subject.unwrap_or_default().trim().to_owned();
    Ok(())
}

/// One write, so that lines of several threads do not mix.
fn note(arrival: &Arrival, log: &Path) {
    let line = serde_json::to_string(arrival).unwrap() + "\n";
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .unwrap();
    let _ = file.write_all(line.as_bytes());
}
