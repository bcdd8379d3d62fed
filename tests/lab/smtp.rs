//! An SMTP client that does what a probe says and tells what it saw. Must not know what is right.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use serde::{Deserialize, Serialize};
use socket2::{Domain, Socket, Type};

use super::probe::{Probe, Seen};

/// The account that every server of the lab has.
pub const LOGIN: &str = "user";
/// Its password.
pub const PASSWORD: &str = "sesame";

/// What became of a probe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub seen: Seen,
    pub transcript: Vec<String>,
}

/// Holds the session of `probe`.
pub fn speak(probe: &Probe) -> Answer {
    let mut transcript = Vec::new();
    let seen = match session(probe, &mut transcript) {
        Ok(seen) => seen,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Seen::NoConnection,
        Err(error) => {
            transcript.push(format!("! {error}"));
            Seen::Broken
        }
    };
    Answer { seen, transcript }
}

fn session(probe: &Probe, transcript: &mut Vec<String>) -> io::Result<Seen> {
    let stream = connect(probe.from, SocketAddr::new(probe.to, probe.port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_write_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    if probe.implicit_tls && !probe.tls {
        return plain_to_tls(stream, transcript);
    }
    let mut client = Client {
        stream: Some(if probe.implicit_tls {
            Stream::tls(stream, probe.to)?
        } else {
            Stream::Plain(stream)
        }),
        buffer: Vec::new(),
        transcript,
        tls: probe.implicit_tls,
    };
    let (code, _) = client.reply()?;
    if code != 220 {
        return Ok(Seen::of(code));
    }
    if let Some(greeting) = &probe.greeting
        && client.transcript.last() != Some(&format!("< {greeting}"))
    {
        client
            .transcript
            .push(format!("! the greeting should be {greeting}"));
        return Ok(Seen::Broken);
    }
    let mut offers = client.ehlo(probe)?;
    if probe.tls && !client.tls && offers.iter().any(|offer| offer == "STARTTLS") {
        let (code, _) = client.command("STARTTLS")?;
        if code == 220 {
            client.start_tls(probe.to)?;
            offers = client.ehlo(probe)?;
        }
    }
    if let Some(mechanism) = &probe.auth {
        // A client that AUTH is not offered to tries it all the same.
        client.auth(mechanism, &probe.password)?;
    }
    if let Some(fault) = offer_fault(probe, client.tls, &offers) {
        client.transcript.push(format!("! {fault}"));
        return Ok(Seen::Broken);
    }
    let mut parameters = String::new();
    if probe.message.is_some() {
        parameters += " BODY=8BITMIME";
    }
    if let Some(octets) = probe.declares {
        parameters = format!("{parameters} SIZE={octets}");
    }
    let (code, _) = client.command(&format!("MAIL FROM:{}{parameters}", probe.sender))?;
    if code / 100 != 2 {
        return Ok(client.end(Seen::of(code)));
    }
    for number in 1..=probe.recipients {
        let recipient = if probe.recipients == 1 {
            probe.recipient.clone()
        } else {
            probe.recipient.replace('<', &format!("<{number}."))
        };
        let (code, _) = client.command(&format!("RCPT TO:{recipient}"))?;
        if code / 100 != 2 {
            let early = number < probe.recipients;
            return Ok(client.end(if early { Seen::Broken } else { Seen::of(code) }));
        }
    }
    let Some(message) = &probe.message else {
        client.command("RSET")?;
        return Ok(client.end(Seen::Accept));
    };
    let (code, _) = client.command("DATA")?;
    if code != 354 {
        return Ok(client.end(Seen::of(code)));
    }
    let (code, _) = client.send(&message.bytes(&probe.recipient))?;
    Ok(client.end(Seen::of(code)))
}

/// Connects from a certain own address.
pub fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(10))?;
    Ok(socket.into())
}

/// What EHLO offers has to fit the listener: AUTH where a log-in is asked for and nowhere else,
/// STARTTLS where it can be used.
fn offer_fault(probe: &Probe, tls: bool, offers: &[String]) -> Option<String> {
    let offered = |word: &str| {
        offers
            .iter()
            .any(|offer| offer == word || offer.starts_with(&format!("{word} ")))
    };
    let auth = probe.offers_auth && tls;
    let starttls = probe.offers_starttls && !tls;
    if offered("AUTH") != auth {
        return Some(format!(
            "AUTH offered: {}, and it should be {auth}",
            offered("AUTH")
        ));
    }
    if auth {
        let line = offers.iter().find_map(|offer| offer.strip_prefix("AUTH "));
        let mut found: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
        let mut wanted: Vec<&str> = probe.mechanisms.iter().map(String::as_str).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        if found != wanted {
            return Some(format!(
                "AUTH offers {found:?}, and it should be {wanted:?}"
            ));
        }
    }
    if let Some(size) = probe.size
        && !offered(&format!("SIZE {size}"))
    {
        return Some(format!("SIZE is not {size}"));
    }
    if offered("STARTTLS") != starttls {
        return Some(format!(
            "STARTTLS offered: {}, and it should be {starttls}",
            offered("STARTTLS")
        ));
    }
    None
}

/// A client without TLS on a port of TLS: it speaks first, and must get no SMTP for it.
fn plain_to_tls(mut stream: TcpStream, transcript: &mut Vec<String>) -> io::Result<Seen> {
    stream.write_all(b"EHLO client.elsewhere.example\r\n")?;
    // Until the server hangs up: its process lives on a while, and too many of them are refused.
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    transcript.push(format!("< {}", text.escape_debug()));
    Ok(if text.contains("220 ") {
        Seen::Broken
    } else {
        Seen::NotSpoken
    })
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tls(stream: TcpStream, to: IpAddr) -> io::Result<Self> {
        let connection = ClientConnection::new(config()?, ServerName::IpAddress(to.into()))
            .map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }
}

struct Client<'a> {
    stream: Option<Stream>,
    buffer: Vec<u8>,
    transcript: &'a mut Vec<String>,
    tls: bool,
}

impl Client<'_> {
    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn reply(&mut self) -> io::Result<(u16, Vec<String>)> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            self.transcript.push(format!("< {line}"));
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code: u16 =
                code.ok_or_else(|| io::Error::other(format!("no SMTP reply: {line:?}")))?;
            lines.push(line.get(4..).unwrap_or_default().to_ascii_uppercase());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok((code, lines));
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            let mut chunk = [0; 4096];
            let count = match self.stream()? {
                Stream::Plain(stream) => stream.read(&mut chunk)?,
                Stream::Tls(stream) => stream.read(&mut chunk)?,
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&chunk[..count]);
        }
    }

    fn command(&mut self, text: &str) -> io::Result<(u16, Vec<String>)> {
        self.send(&format!("{text}\r\n"))
    }

    fn send(&mut self, line: &str) -> io::Result<(u16, Vec<String>)> {
        self.transcript
            .push(format!("> {}", line.trim_end().escape_debug()));
        match self.stream()? {
            Stream::Plain(stream) => stream.write_all(line.as_bytes())?,
            Stream::Tls(stream) => {
                stream.write_all(line.as_bytes())?;
                stream.flush()?;
            }
        }
        self.reply()
    }

    fn ehlo(&mut self, probe: &Probe) -> io::Result<Vec<String>> {
        let (code, lines) = self.command(&format!("EHLO {}", probe.helo))?;
        if code != 250 {
            return Err(io::Error::other(format!("EHLO was answered with {code}")));
        }
        Ok(lines)
    }

    fn start_tls(&mut self, to: IpAddr) -> io::Result<()> {
        if let Some(Stream::Plain(stream)) = self.stream.take() {
            self.stream = Some(Stream::tls(stream, to)?);
            self.tls = true;
        }
        Ok(())
    }

    fn auth(&mut self, mechanism: &str, password: &str) -> io::Result<()> {
        if mechanism == "PLAIN" {
            let response = BASE64.encode(format!("\0{LOGIN}\0{password}"));
            self.command(&format!("AUTH PLAIN {response}"))?;
            return Ok(());
        }
        let (mut code, _) = self.command("AUTH LOGIN")?;
        for answer in [LOGIN, password] {
            if code == 334 {
                code = self.command(&BASE64.encode(answer))?.0;
            }
        }
        Ok(())
    }

    fn end(&mut self, seen: Seen) -> Seen {
        // A server that has refused may already have hung up.
        let _ = self.command("QUIT");
        seen
    }
}

static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// Makes the certificate in `pem` the only one that clients take.
pub fn trust(pem: &[u8]) {
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OneCertificate(certificate)))
        .with_no_client_auth();
    let _ = CONFIG.set(Arc::new(config));
}

fn config() -> io::Result<Arc<ClientConfig>> {
    CONFIG
        .get()
        .map(Arc::clone)
        .ok_or_else(|| io::Error::other("no certificate is trusted"))
}

/// The lab's certificates are signed by nobody, so a client knows the one of the case by sight.
#[derive(Debug)]
struct OneCertificate(CertificateDer<'static>);

impl ServerCertVerifier for OneCertificate {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown != self.0 {
            return Err(Error::General(
                "the server shows another certificate".into(),
            ));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
