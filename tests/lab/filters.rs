//! Programs beside the server under test: milters, Rspamd, and Dovecot's auth service, as far as
//! a server speaks to them.

use std::io::{self, BufRead, BufReader, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::smtp::{LOGIN, PASSWORD};

/// A message with this subject is rejected by every filter.
pub const UNWANTED: &str = "unwanted by the filter";

/// The header that a milter adds, with its own name as the value.
pub const HEADER: &str = "X-Lab-Milter";

/// Speaks the milter protocol, or Rspamd's own where the first byte is no length of a packet.
pub fn filter<S: Read + Write>(mut stream: S, name: &str) -> io::Result<()> {
    let mut first = [0];
    stream.read_exact(&mut first)?;
    if first[0] == 0 {
        milter(stream, name)
    } else {
        rspamd(stream)
    }
}

fn milter<S: Read + Write>(mut stream: S, name: &str) -> io::Result<()> {
    let mut length = [0; 4];
    stream.read_exact(&mut length[1..])?;
    let mut unwanted = false;
    loop {
        let mut packet = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut packet)?;
        let (command, data) = packet.split_first().unwrap_or((&b'Q', &[]));
        match command {
            b'O' => {
                // The version that was offered, headers may be added, every step is wanted.
                let version = data.get(..4).unwrap_or(&[0, 0, 0, 6]).to_vec();
                let answer = [&version[..], &[0, 0, 0, 1], &[0, 0, 0, 0]].concat();
                send(&mut stream, b'O', &answer)?;
            }
            // Macros, and the end of a message that is given up.
            b'D' | b'A' => {}
            b'Q' => return Ok(()),
            b'M' => {
                unwanted = false;
                send(&mut stream, b'c', &[])?;
            }
            b'L' => {
                let text = String::from_utf8_lossy(data).into_owned();
                let mut parts = text.split('\0');
                unwanted |= parts.next().is_some_and(|key| key == "Subject")
                    && parts.next().is_some_and(|value| value.trim() == UNWANTED);
                send(&mut stream, b'c', &[])?;
            }
            b'E' if unwanted => send(&mut stream, b'r', &[])?,
            b'E' => {
                send(&mut stream, b'h', format!("{HEADER}\0{name}\0").as_bytes())?;
                send(&mut stream, b'c', &[])?;
            }
            _ => send(&mut stream, b'c', &[])?,
        }
        stream.read_exact(&mut length)?;
    }
}

fn send(stream: &mut impl Write, command: u8, data: &[u8]) -> io::Result<()> {
    let length = u32::try_from(data.len() + 1).unwrap_or(1);
    stream.write_all(&[&length.to_be_bytes()[..], &[command], data].concat())
}

/// One scan, in the protocol of `rspamc` (Rspamd's documentation, "RSPAMC protocol").
fn rspamd<S: Read + Write>(stream: S) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let unwanted = String::from_utf8_lossy(&body).contains(&format!("Subject: {UNWANTED}"));
    let (result, score, action) = if unwanted {
        ("True", "20.00", "reject")
    } else {
        ("False", "0.00", "no action")
    };
    let answer = format!(
        "RSPAMD/1.3 0 EX_OK\r\nMetric: default; {result}; {score} / 15.00 / 15.00\r\nAction: {action}\r\n\r\n"
    );
    stream.get_mut().write_all(answer.as_bytes())
}

/// Dovecot's auth protocol for clients, version 1.1, for one connection.
pub fn dovecot<S: Read + Write>(stream: S) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let hello = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00112233445566778899aabbccddeeff\nDONE\n";
    stream.get_mut().write_all(hello.as_bytes())?;
    let decoded = |text: &str| {
        let bytes = BASE64.decode(text).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    // What LOGIN has asked for and got so far.
    let mut answers: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.trim_end().split('\t').collect();
        let verdict = match words.as_slice() {
            ["AUTH", id, mechanism, parameters @ ..] => {
                answers.clear();
                let response = parameters.iter().find_map(|p| p.strip_prefix("resp="));
                // An empty initial response is none: Dovecot asks for the name all the same.
                let response = response.filter(|response| !response.is_empty());
                match (*mechanism, response) {
                    ("PLAIN", Some(response)) => Some((*id, plain_is_right(&decoded(response)))),
                    ("LOGIN", Some(response)) => {
                        answers.push(decoded(response));
                        ask(stream.get_mut(), id, "Password:")?;
                        None
                    }
                    ("LOGIN", None) => {
                        ask(stream.get_mut(), id, "Username:")?;
                        None
                    }
                    _ => {
                        ask(stream.get_mut(), id, "")?;
                        None
                    }
                }
            }
            ["CONT", id, response] => {
                let response = decoded(response);
                if response.contains('\0') {
                    Some((*id, plain_is_right(&response)))
                } else {
                    answers.push(response);
                    if answers.len() < 2 {
                        ask(stream.get_mut(), id, "Password:")?;
                        None
                    } else {
                        Some((*id, answers == [LOGIN, PASSWORD]))
                    }
                }
            }
            _ => None,
        };
        if let Some((id, right)) = verdict {
            let answer = if right {
                format!("OK\t{id}\tuser={LOGIN}\n")
            } else {
                format!("FAIL\t{id}\tuser={LOGIN}\n")
            };
            stream.get_mut().write_all(answer.as_bytes())?;
        }
    }
}

fn plain_is_right(response: &str) -> bool {
    response.split('\0').skip(1).eq([LOGIN, PASSWORD])
}

fn ask(stream: &mut impl Write, id: &str, question: &str) -> io::Result<()> {
    let question = BASE64.encode(question);
    stream.write_all(format!("CONT\t{id}\t{question}\n").as_bytes())
}
