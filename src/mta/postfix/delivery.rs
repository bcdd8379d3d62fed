//! Where accepted mail goes: classes of domains, transports, the smarthost. Must not know who may
//! send it.

use serde::Serialize;

use super::tables::IN_MAIN_CF;
use crate::policy::{Endpoint, Facts, Host, Smarthost, SmarthostTls, Store};

/// The settings of delivery.
#[derive(Serialize)]
pub struct Delivery {
    pub virtual_domains: Vec<String>,
    pub virtual_domains_in_table: bool,
    /// Files of the virtual domains' recipients, none twice.
    virtual_recipients: Vec<String>,
    pub relay_domains: Vec<String>,
    pub relay_domains_in_table: bool,
    /// Files of the relay domains' recipients, none twice.
    relay_recipients: Vec<String>,
    /// Relay domains without a list, where others have one.
    pub any_recipient: Vec<String>,
    /// Whether the mail of some relay domain goes to its MX records.
    backup: bool,
    /// Domains with their transports.
    pub transports: Vec<Transport>,
    maildirs: Vec<Maildirs>,
    smarthost: Option<Smart>,
}

/// A line of the transport table.
#[derive(Serialize)]
pub struct Transport {
    domain: String,
    /// `transport:nexthop`.
    to: String,
}

/// A service of virtual(8) for the maildirs of one folder and owner.
#[derive(Serialize)]
struct Maildirs {
    name: String,
    folder: String,
    owner: u32,
}

/// The smarthost.
#[derive(Serialize)]
struct Smart {
    /// `[host]:port`: the host itself, not its MX.
    nexthop: String,
    options: Vec<String>,
    credentials: Option<String>,
}

/// The settings of delivery for these facts.
pub fn deliver(facts: &Facts) -> Delivery {
    let mut transports = Vec::new();
    let mut maildirs: Vec<Maildirs> = Vec::new();
    let mut virtual_recipients = Vec::new();
    for domain in &facts.virtual_domains {
        let domain = &domain.value;
        push_once(&mut virtual_recipients, &domain.recipients);
        let to = match &domain.store {
            Store::Lmtp(Endpoint::Unix(path)) => format!("lmtp:unix:{path}"),
            Store::Lmtp(Endpoint::Tcp(host, port)) => format!("lmtp:inet:{}", nexthop(host, *port)),
            Store::Maildir { folder, owner } => {
                let known = |dirs: &&Maildirs| dirs.folder == *folder && dirs.owner == *owner;
                let name = match maildirs.iter().find(known) {
                    Some(dirs) => dirs.name.clone(),
                    None => format!("maildir{}", maildirs.len() + 1),
                };
                if maildirs.iter().all(|dirs| dirs.name != name) {
                    maildirs.push(Maildirs {
                        name: name.clone(),
                        folder: folder.clone(),
                        owner: *owner,
                    });
                }
                format!("{name}:")
            }
        };
        transports.push(Transport {
            domain: domain.name.to_string(),
            to,
        });
    }
    let mut relay_recipients = Vec::new();
    let mut any_recipient = Vec::new();
    for domain in &facts.relay_domains {
        let domain = &domain.value;
        match &domain.recipients {
            Some(file) => push_once(&mut relay_recipients, file),
            None => any_recipient.push(domain.name.to_string()),
        }
        if let Some((host, port)) = &domain.next_hop {
            transports.push(Transport {
                domain: domain.name.to_string(),
                to: format!("relay:{}", nexthop(host, *port)),
            });
        }
    }
    if relay_recipients.is_empty() {
        any_recipient.clear();
    }
    let names = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>();
    let virtual_domains = names(
        &mut facts
            .virtual_domains
            .iter()
            .map(|d| d.value.name.to_string()),
    );
    let relay_domains = names(&mut facts.relay_domains.iter().map(|d| d.value.name.to_string()));
    Delivery {
        virtual_domains_in_table: virtual_domains.len() > IN_MAIN_CF,
        virtual_domains,
        virtual_recipients,
        relay_domains_in_table: relay_domains.len() > IN_MAIN_CF,
        relay_domains,
        relay_recipients,
        any_recipient,
        backup: facts
            .relay_domains
            .iter()
            .any(|domain| domain.value.next_hop.is_none()),
        transports,
        maildirs,
        smarthost: facts.smarthost.as_ref().map(|s| smart(&s.value)),
    }
}

fn push_once(files: &mut Vec<String>, file: &str) {
    if files.iter().all(|known| known != file) {
        files.push(file.to_owned());
    }
}

/// `[host]:port`; brackets switch the look-up of MX records off (transport(5)).
pub fn nexthop(host: &Host, port: u16) -> String {
    match host {
        Host::Address(address) if address.is_ipv6() => format!("[ipv6:{address}]:{port}"),
        host => format!("[{host}]:{port}"),
    }
}

fn smart(smarthost: &Smarthost) -> Smart {
    let mut options: Vec<String> = match smarthost.tls {
        SmarthostTls::None => vec!["smtp_tls_security_level=none".into()],
        // `secure`: the certificate must be signed by a CA of the system, for the host's very name.
        SmarthostTls::Required | SmarthostTls::Wrapped => vec![
            "smtp_tls_security_level=secure".into(),
            "smtp_tls_secure_cert_match=nexthop".into(),
            "smtp_tls_CAfile=/etc/ssl/certs/ca-certificates.crt".into(),
        ],
    };
    if smarthost.tls == SmarthostTls::Wrapped {
        options.push("smtp_tls_wrappermode=yes".into());
    }
    if let Some((file, mechanism)) = &smarthost.credentials {
        options.push("smtp_sasl_auth_enable=yes".into());
        options.push(format!("smtp_sasl_password_maps=texthash:{file}"));
        options.push(format!(
            "smtp_sasl_mechanism_filter={}",
            mechanism.name().to_lowercase()
        ));
        options.push("smtp_sasl_security_options=noanonymous".into());
    }
    Smart {
        nexthop: nexthop(&smarthost.host, smarthost.port),
        options,
        credentials: smarthost.credentials.as_ref().map(|(file, _)| file.clone()),
    }
}
