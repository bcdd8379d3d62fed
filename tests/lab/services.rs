//! The programs that a server under test hands mail to or asks, as its facts name them: which
//! there are, what each is, and where accepted mail must arrive. Must not know any session.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use smtpconf::mta::Server;
use smtpconf::net::Domain;
use smtpconf::policy::{
    Accept, At, AuthBackend, Endpoint, Facts, Host, Recipient, SmarthostTls, Store,
};

use super::filters;
use super::sink::{self, Sink};
use super::world::{OUTSIDE4, OUTSIDE6, Zone};

/// Where a host is that the description names and that has no address there.
const NAMED_HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 54);

/// The places that messages of the lab arrive at.
pub const PLACES: [&str; 6] = ["mailbox", "maildir", "lmtp", "mx", "smarthost", "hop"];

/// Every program beside the server.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Services {
    /// On addresses of the outside.
    outside: Vec<(SocketAddr, Sink)>,
    /// On sockets of the server's own host.
    inside: Vec<(Place, Kind)>,
    /// The mode of Unix sockets.
    mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    Unix(String),
    Tcp(SocketAddr),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Lmtp,
    Dovecot,
    Filter(String),
}

/// Whether the smarthost shows a certificate for another name, so that nothing may reach it.
pub fn smarthost_is_forged(facts: &Facts) -> bool {
    let host = facts.smarthost.as_ref().map(|s| s.value.host.to_string());
    host.is_some_and(|host| host.starts_with("forged."))
}

/// The filters that see every message, by the names that they put into its header.
pub fn filters(facts: &Facts, server: Server) -> Vec<String> {
    let milters = facts.milters.iter().map(|milter| name(&milter.value));
    let mut names: Vec<String> = milters.collect();
    if server != Server::Exim {
        names.extend(facts.spam_filter.as_ref().map(|filter| name(&filter.value)));
        let dkim = facts
            .dkim
            .as_ref()
            .and_then(|dkim| dkim.value.socket.as_ref());
        names.extend(dkim.map(name));
    }
    names
}

fn name(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Unix(path) => path.clone(),
        Endpoint::Tcp(host, port) => format!("{host}:{port}"),
    }
}

/// Where a message to this recipient must arrive.
pub fn destination(facts: &Facts, recipient: &Recipient, kind: Accept) -> &'static str {
    let At::Domain(domain) = &recipient.at else {
        return "mailbox";
    };
    let relay = facts.relay_domains.iter().find(|d| d.value.name == *domain);
    let hosted = facts
        .virtual_domains
        .iter()
        .find(|d| d.value.name == *domain);
    match (kind, hosted.map(|d| &d.value.store), relay) {
        (Accept::Local, Some(Store::Lmtp(_)), _) => "lmtp",
        (Accept::Local, Some(Store::Maildir { .. }), _) => "maildir",
        (Accept::Local, None, _) => "mailbox",
        (Accept::Relay, _, Some(relay)) if relay.value.next_hop.is_some() => "hop",
        (Accept::Relay, _, None) if facts.smarthost.is_some() => "smarthost",
        (Accept::Relay, ..) => "mx",
        (Accept::Discard, ..) => "nowhere",
    }
}

/// The services that the facts name; their names and those of backup domains go into the zone.
pub fn plan(facts: &Facts, server: Server, zone: &mut Zone) -> Services {
    let mut services = Services {
        // Sendmail uses no socket that others can write to.
        mode: if server == Server::Sendmail {
            0o600
        } else {
            0o666
        },
        ..Services::default()
    };
    let exchanger = Sink {
        place: "mx".into(),
        lmtp: false,
        starttls: false,
        wrapped: false,
        auth: false,
    };
    let mut resolve = |host: &Host| match host {
        Host::Address(address) => *address,
        Host::Name(name) => {
            let address = NAMED_HOST.into();
            zone.addresses.insert(name.to_string(), vec![address]);
            address
        }
    };
    for address in [OUTSIDE4.into(), OUTSIDE6.into()] {
        services.add(address, 25, exchanger.clone());
    }
    if let Some(smarthost) = &facts.smarthost {
        let smarthost = &smarthost.value;
        let sink = Sink {
            place: "smarthost".into(),
            starttls: smarthost.tls == SmarthostTls::Required,
            wrapped: smarthost.tls == SmarthostTls::Wrapped,
            auth: smarthost.credentials.is_some(),
            ..exchanger.clone()
        };
        services.add(resolve(&smarthost.host), smarthost.port, sink);
    }
    for domain in &facts.relay_domains {
        if let Some((host, port)) = &domain.value.next_hop {
            let sink = Sink {
                place: "hop".into(),
                ..exchanger.clone()
            };
            services.add(resolve(host), *port, sink);
        }
    }
    for domain in &facts.virtual_domains {
        match &domain.value.store {
            Store::Lmtp(Endpoint::Tcp(Host::Address(address), port)) if address.is_loopback() => {
                let place = Place::Tcp(SocketAddr::new(*address, *port));
                services.beside(place, Kind::Lmtp);
            }
            Store::Lmtp(Endpoint::Tcp(host, port)) => {
                let sink = Sink {
                    place: "lmtp".into(),
                    lmtp: true,
                    ..exchanger.clone()
                };
                services.add(resolve(host), *port, sink);
            }
            Store::Lmtp(Endpoint::Unix(path)) => {
                services.beside(Place::Unix(path.clone()), Kind::Lmtp);
            }
            Store::Maildir { .. } => {}
        }
    }
    services.beside_all(facts);
    for domain in &facts.relay_domains {
        if domain.value.next_hop.is_none() {
            let records = vec![
                (10, "mx.outside.example".into()),
                (20, facts.hostname.to_string()),
            ];
            zone.exchanges
                .insert(domain.value.name.to_string(), records);
        }
    }
    services
}

impl Services {
    /// What the server asks on its own host: Dovecot, and the filters.
    fn beside_all(&mut self, facts: &Facts) {
        if let Some(auth) = &facts.auth
            && let AuthBackend::Dovecot(path) = &auth.value.backend
        {
            self.beside(Place::Unix(path.clone()), Kind::Dovecot);
        }
        let milters = facts
            .milters
            .iter()
            .chain(&facts.spam_filter)
            .map(|m| &m.value);
        let dkim = facts
            .dkim
            .as_ref()
            .and_then(|dkim| dkim.value.socket.as_ref());
        for endpoint in milters.chain(dkim) {
            let place = match endpoint {
                Endpoint::Unix(path) => Place::Unix(path.clone()),
                Endpoint::Tcp(Host::Address(address), port) => {
                    Place::Tcp(SocketAddr::new(*address, *port))
                }
                Endpoint::Tcp(Host::Name(_), port) => {
                    Place::Tcp(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port))
                }
            };
            self.beside(place, Kind::Filter(name(endpoint)));
        }
    }

    fn add(&mut self, address: IpAddr, port: u16, sink: Sink) {
        let socket = SocketAddr::new(address, port);
        if self.outside.iter().all(|(known, _)| *known != socket) {
            self.outside.push((socket, sink));
        }
    }

    fn beside(&mut self, place: Place, kind: Kind) {
        let new = (place, kind);
        if !self.inside.contains(&new) {
            self.inside.push(new);
        }
    }

    /// The addresses that the outside needs for them.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.outside.iter().map(|(socket, _)| socket.ip())
    }
}

/// The files of recipients that the facts name, with what stands in them.
pub fn recipient_files(facts: &Facts) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut add = |path: &str, domain: &Domain| {
        let lines: String = ["user", "postmaster"]
            .map(|local| format!("{local}@{domain} {domain}/{local}/\n"))
            .concat();
        match files.iter_mut().find(|(known, _)| known == path) {
            Some((_, text)) => text.push_str(&lines),
            None => files.push((path.to_owned(), lines)),
        }
    };
    for domain in &facts.virtual_domains {
        add(&domain.value.recipients, &domain.value.name);
    }
    for domain in &facts.relay_domains {
        if let Some(path) = &domain.value.recipients {
            add(path, &domain.value.name);
        }
    }
    files
}

/// Writes a CA, and a certificate that it has signed for the smarthost, or for another name if
/// the smarthost is forged.
pub fn certificates(facts: &Facts, work: &Path) -> Result<(), String> {
    let fault = |error: rcgen::Error| error.to_string();
    let host = facts.smarthost.as_ref().map(|s| s.value.host.to_string());
    let name = match host {
        Some(host) if !smarthost_is_forged(facts) => host,
        _ => "another.outside.example".into(),
    };
    let mut authority = rcgen::CertificateParams::new(Vec::new()).map_err(fault)?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let common = rcgen::DnType::CommonName;
    authority.distinguished_name.push(common.clone(), "Lab CA");
    let key = rcgen::KeyPair::generate().map_err(fault)?;
    let root = authority.self_signed(&key).map_err(fault)?;
    let issuer = rcgen::Issuer::new(authority, key);
    let mut leaf = rcgen::CertificateParams::new(vec![name.clone()]).map_err(fault)?;
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(common, name);
    let leaf_key = rcgen::KeyPair::generate().map_err(fault)?;
    let leaf = leaf.signed_by(&leaf_key, &issuer).map_err(fault)?;
    for (file, text) in [
        ("ca.pem", root.pem()),
        ("smarthost.pem", leaf.pem()),
        ("smarthost.key", leaf_key.serialize_pem()),
    ] {
        fs::write(work.join(file), text).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn read(work: &Path) -> Services {
    serde_json::from_str(&fs::read_to_string(work.join("services.json")).unwrap()).unwrap()
}

/// Starts what is outside; each message is written into `arrivals`.
pub fn serve_outside(work: &Path) {
    let certificate = CertificateDer::from_pem_file(work.join("smarthost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(work.join("smarthost.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    for (socket, sink) in read(work).outside {
        let listener = TcpListener::bind(socket).unwrap();
        let (config, log) = (Arc::clone(&config), work.join("arrivals"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sink, config, log) = (sink.clone(), Arc::clone(&config), log.clone());
                thread::spawn(move || sink::converse(stream, &sink, Some(&config), &log));
            }
        });
    }
}

/// Serves the sockets of the server's host, whose root is `root`, until the namespace ends.
pub fn serve_inside(work: &Path, root: &Path) {
    let services = read(work);
    for (place, kind) in services.inside {
        let mode = services.mode;
        let log = work.join("arrivals");
        match place {
            Place::Unix(path) => {
                let path = root.join(path.trim_start_matches('/'));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let listener = UnixListener::bind(&path).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                thread::spawn(move || {
                    for stream in listener.incoming().flatten() {
                        answer(stream, &kind, &log);
                    }
                });
            }
            Place::Tcp(socket) => {
                let listener = TcpListener::bind(socket).unwrap();
                thread::spawn(move || {
                    for stream in listener.incoming().flatten() {
                        answer(stream, &kind, &log);
                    }
                });
            }
        }
    }
    fs::write(work.join("beside.ready"), "").unwrap();
    loop {
        thread::park();
    }
}

fn answer<S: Read + Write + Send + 'static>(stream: S, kind: &Kind, log: &Path) {
    let (kind, log) = (kind.clone(), log.to_path_buf());
    thread::spawn(move || match kind {
        Kind::Lmtp => {
            let sink = Sink {
                place: "lmtp".into(),
                lmtp: true,
                starttls: false,
                wrapped: false,
                auth: false,
            };
            sink::converse(stream, &sink, None, &log)
        }
        Kind::Dovecot => filters::dovecot(stream),
        Kind::Filter(name) => filters::filter(stream, &name),
    });
}
