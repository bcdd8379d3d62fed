//! From a Policy to the description that comes nearest to it, as YAML. What a description cannot
//! say is left out: whoever raises compares afterwards. Must not know any server.

use std::fmt::{Display, Write};

use crate::net::AddressSet;
use crate::policy::{
    Auth, AuthBackend, Endpoint, Facts, Listener, ListenerTls, Policy, Role, Smarthost,
    SmarthostTls, Stated, Store, TlsProfile,
};

/// The description of `policy`, ready to be read.
pub fn raise(policy: &Policy) -> String {
    let facts = &policy.facts;
    let mut yaml = String::new();
    line(&mut yaml, "hostname", &quoted(facts.hostname.as_str()));
    if let Some(banner) = &facts.banner {
        line(&mut yaml, "banner", &quoted(&banner.value));
    }
    domains(&mut yaml, facts);
    if let Some(aliases) = &facts.aliases {
        let pairs = aliases
            .value
            .iter()
            .map(|alias| format!("  {}: [{}]", quoted(&alias.name), list(&alias.targets)));
        section(&mut yaml, "aliases", pairs);
    }
    relay(&mut yaml, facts);
    let certificate = facts.certificate.is_some();
    let served = usable(policy, certificate);
    listeners(&mut yaml, &served);
    match &facts.auth {
        Some(auth) => line(&mut yaml, "auth", &log_in(&auth.value)),
        // What checks passwords is not always said; that they are checked is.
        None => {
            if let Some(listener) = served.iter().find(|listener| listener.auth) {
                let auth = Auth {
                    backend: AuthBackend::CyrusSaslauthd,
                    mechanisms: listener.mechanisms.clone(),
                };
                line(&mut yaml, "auth", &log_in(&auth));
            }
        }
    }
    if let Some(tls) = &facts.certificate {
        let parts = [("certificate", &tls.certificate), ("key", &tls.key)];
        section(
            &mut yaml,
            "tls",
            parts.map(|(name, path)| format!("  {name}: {}", quoted(path))),
        );
    }
    limits(&mut yaml, facts);
    let dnsbl = facts.dnsbl.iter().map(|Stated { value, .. }| {
        format!(
            "  - {{zone: {}, answers: [{}]}}",
            quoted(value.zone.as_str()),
            list(&value.answers)
        )
    });
    section(&mut yaml, "dnsbl", dnsbl);
    if let Some(Stated { value: dkim, .. }) = &facts.dkim {
        let mut parts = vec![
            format!("  domain: {}", quoted(dkim.domain.as_str())),
            format!("  selector: {}", quoted(&dkim.selector)),
        ];
        parts.extend(
            dkim.key
                .as_ref()
                .map(|key| format!("  key: {}", quoted(key))),
        );
        parts.extend(
            dkim.socket
                .as_ref()
                .map(|at| format!("  socket: {}", quoted(&endpoint(at)))),
        );
        section(&mut yaml, "dkim", parts);
    }
    if let Some(filter) = &facts.spam_filter {
        let at = quoted(&endpoint(&filter.value));
        line(&mut yaml, "spam_filter", &format!("{{rspamd: {at}}}"));
    }
    let milters: Vec<String> = facts.milters.iter().map(|at| endpoint(&at.value)).collect();
    if !milters.is_empty() {
        line(&mut yaml, "milters", &format!("[{}]", list(&milters)));
    }
    if let Some(tables) = &facts.tables {
        line(
            &mut yaml,
            "surroundings",
            &format!("{{tables: {}}}", tables.value.name()),
        );
    }
    yaml
}

/// Writing to a String cannot fail.
fn line(yaml: &mut String, key: &str, value: &str) {
    let _ = writeln!(yaml, "{key}: {value}");
}

/// A key with lines below it, if there are any.
fn section(yaml: &mut String, key: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        let _ = writeln!(yaml, "{key}:");
        for text in lines {
            let _ = writeln!(yaml, "{text}");
        }
    }
}

/// The text as a scalar of YAML: plain where nothing in it can be taken for anything else.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./_-@".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if begins && !is_word && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// The items of a list in brackets.
pub(super) fn list(values: &[impl Display]) -> String {
    let quoted: Vec<String> = values
        .iter()
        .map(|value| quoted(&value.to_string()))
        .collect();
    quoted.join(", ")
}

fn domains(yaml: &mut String, facts: &Facts) {
    let local = facts
        .domains
        .iter()
        .map(|name| format!("  - {}", quoted(name.as_str())));
    let hosted = facts.virtual_domains.iter().map(|Stated { value, .. }| {
        let (to, owner) = match &value.store {
            Store::Lmtp(at) => (lmtp(at), String::new()),
            Store::Maildir { folder, owner } => {
                (format!("maildir:{folder}"), format!(", owner: {owner}"))
            }
        };
        format!(
            "  - {{name: {}, delivery: virtual, to: {}, recipients: {{file: {}}}{owner}}}",
            quoted(value.name.as_str()),
            quoted(&to),
            quoted(&value.recipients)
        )
    });
    let relayed = facts.relay_domains.iter().map(|Stated { value, .. }| {
        let to = value
            .next_hop
            .as_ref()
            .map_or_else(String::new, |(host, port)| {
                format!(", to: {}", quoted(&format!("[{host}]:{port}")))
            });
        let recipients = value.recipients.as_ref().map_or_else(
            || "any".to_owned(),
            |file| format!("{{file: {}}}", quoted(file)),
        );
        format!(
            "  - {{name: {}, delivery: relay{to}, recipients: {recipients}}}",
            quoted(value.name.as_str())
        )
    });
    let lines: Vec<String> = local.chain(hosted).chain(relayed).collect();
    section(yaml, "domains", lines);
}

/// An endpoint as it is written for a milter.
fn endpoint(at: &Endpoint) -> String {
    match at {
        Endpoint::Unix(path) => format!("unix:{path}"),
        Endpoint::Tcp(crate::policy::Host::Address(ip), port) if ip.is_ipv6() => {
            format!("inet:[{ip}]:{port}")
        }
        Endpoint::Tcp(host, port) => format!("inet:{host}:{port}"),
    }
}

fn lmtp(at: &Endpoint) -> String {
    match at {
        Endpoint::Unix(path) => format!("lmtp:{path}"),
        Endpoint::Tcp(host, port) => format!("lmtp:[{host}]:{port}"),
    }
}

fn relay(yaml: &mut String, facts: &Facts) {
    let mut lines = Vec::new();
    if !facts.networks.is_empty() {
        let set = AddressSet::new(facts.networks.iter().map(|network| network.value));
        let networks: Vec<String> = set.networks().iter().map(ToString::to_string).collect();
        lines.push(format!("  networks: [{}]", list(&networks)));
    }
    if let Some(Stated { value, .. }) = &facts.smarthost {
        lines.push(format!("  smarthost: {}", smarthost(value)));
    }
    section(yaml, "relay", lines);
}

fn smarthost(smarthost: &Smarthost) -> String {
    let tls = match smarthost.tls {
        SmarthostTls::Required => "required",
        SmarthostTls::Wrapped => "wrapped",
        SmarthostTls::None => "none",
    };
    let mut parts = format!(
        "{{host: {}, port: {}, tls: {tls}",
        quoted(&smarthost.host.to_string()),
        smarthost.port
    );
    if let Some((file, mechanism)) = &smarthost.credentials {
        let name = mechanism.name().to_ascii_lowercase();
        let _ = write!(parts, ", mechanism: {name}, credentials: {}", quoted(file));
    }
    parts + "}"
}

fn log_in(auth: &Auth) -> String {
    let backend = match &auth.backend {
        AuthBackend::CyrusSaslauthd => "backend: cyrus".to_owned(),
        AuthBackend::CyrusSasldb => "backend: cyrus, store: sasldb".to_owned(),
        AuthBackend::Dovecot(socket) => format!("backend: dovecot, socket: {}", quoted(socket)),
        AuthBackend::File(path) => format!("backend: file, path: {}", quoted(path)),
    };
    let names: Vec<&str> = auth.mechanisms.iter().map(|one| one.name()).collect();
    format!("{{{backend}, mechanisms: [{}]}}", names.join(", "))
}

/// The listeners that a description can say: those that answer, one a port.
fn usable(policy: &Policy, has_certificate: bool) -> Vec<&Listener> {
    let mut served: Vec<&Listener> = Vec::new();
    for listener in policy
        .listeners
        .iter()
        .filter(|listener| listener.dead.is_none())
    {
        let is_new = served.iter().all(|known| known.port != listener.port);
        let can_be_said = listener.role == Role::Mx || (has_certificate && listener.auth);
        if is_new && can_be_said {
            served.push(listener);
        }
    }
    served
}

fn listeners(yaml: &mut String, served: &[&Listener]) {
    let usual = |listener: &&Listener| {
        let role = match listener.port {
            25 => Role::Mx,
            465 => Role::Submissions,
            587 | 2525 => Role::Submission,
            _ => return false,
        };
        role == listener.role
            && listener.addresses.is_empty()
            && listener.profile != Some(TlsProfile::Modern)
            && (role != Role::Mx || !listener.auth && listener.tls == ListenerTls::StartTls)
    };
    if served.iter().all(usual) && !served.is_empty() {
        let ports: Vec<String> = served.iter().map(|one| one.port.to_string()).collect();
        line(yaml, "ports", &format!("[{}]", ports.join(", ")));
        return;
    }
    let lines = served.iter().map(|listener| {
        let mut text = format!(
            "  - {{port: {}, role: {}",
            listener.port,
            listener.role.name()
        );
        if !listener.addresses.is_empty() {
            let _ = write!(text, ", address: [{}]", list(&listener.addresses));
        }
        match (listener.role, listener.tls, listener.profile) {
            (Role::Mx, ListenerTls::No, _) => text += ", tls: none",
            (Role::Mx, ..) | (_, _, None) => {}
            (_, _, Some(profile)) => {
                let _ = write!(text, ", tls: {}", profile.name());
            }
        }
        if listener.role == Role::Mx && listener.auth {
            text += ", auth: true";
        }
        text + "}"
    });
    section(yaml, "listeners", lines.collect::<Vec<_>>());
}

fn limits(yaml: &mut String, facts: &Facts) {
    let limits = &facts.limits;
    let number = |name: &str, value: &Option<Stated<u64>>, unit: &str| {
        let value = value.as_ref()?.value;
        Some(format!("  {name}: {value}{unit}"))
    };
    let lines = [
        number("message_size", &limits.message_size, ""),
        number("recipients", &limits.recipients, ""),
        number("connections", &limits.connections, ""),
        number("connections_per_client", &limits.connections_per_client, ""),
        number("connection_rate", &limits.connection_rate, "/min"),
    ];
    section(yaml, "limits", lines.into_iter().flatten());
}
