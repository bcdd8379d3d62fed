//! Where accepted mail goes. Must not know who may send it.

use std::collections::HashMap;

use super::asking::{Asking, names};
use super::table::{Table, open};
use super::values::{Values, Word};
use crate::mta::lift::{Through, Use};
use crate::mta::postfix::services::Service;
use crate::net::Domain;
use crate::policy::{
    ClientMechanism, Endpoint, Host, RelayDomain, Smarthost, SmarthostTls, Stated, Store,
    VirtualDomain,
};

/// A host by name or address, brackets left out.
fn host(text: &str) -> Option<Host> {
    let plain = text.trim_matches(['[', ']']);
    let bare = plain
        .get(..5)
        .filter(|front| front.eq_ignore_ascii_case("ipv6:"))
        .map_or(plain, |_| &plain[5..]);
    match bare.parse() {
        Ok(address) => Some(Host::Address(address)),
        Err(_) => Domain::parse(plain).ok().map(Host::Name),
    }
}

/// `host:port`, the port being `usual` where none is written.
fn host_and_port(text: &str, usual: u16) -> Option<(Host, u16)> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => {
            let named = match port {
                "smtp" => Some(25),
                "submission" => Some(587),
                "smtps" | "submissions" => Some(465),
                port => port.parse().ok(),
            };
            (name, named?)
        }
        _ => (text, usual),
    };
    Some((host(name)?, port))
}

/// `unix:path` or `inet:host:port`.
pub fn socket(text: &str) -> Option<Endpoint> {
    match text.split_once(':')? {
        ("unix", path) => Some(Endpoint::Unix(path.to_owned())),
        ("inet", rest) => host_and_port(rest, 24).map(|(host, port)| Endpoint::Tcp(host, port)),
        _ => None,
    }
}

/// The files of recipients among `type:path` words, in order: those that are not here, and those
/// that hold more than whole domains.
fn files(asking: &Asking<'_>, parameter: &str) -> Vec<String> {
    let words = asking.values.listed(parameter, None, Use::States);
    let lists = |word: &&Word| match &*open(word, asking.values) {
        Table::Keys(entries) => entries.iter().any(|entry| !entry.key.starts_with('@')),
        _ => true,
    };
    words
        .iter()
        .filter(lists)
        .filter_map(|word| word.text.split_once(':').map(|(_, path)| path.to_owned()))
        .collect()
}

/// Of several files of recipients the one for a domain: Postfix looks into all of them, so it is
/// told by the name alone, and not known.
fn listing(
    asking: &mut Asking<'_>,
    fact: &'static str,
    files: &[String],
    domain: &Domain,
) -> Option<String> {
    if files.len() > 1 {
        asking.untold(
            fact,
            "which file lists which domain's recipients is not told",
        );
    }
    let named = files.iter().find(|file| file.contains(domain.as_str()));
    let label = domain.as_str().split('.').next().unwrap_or_default();
    let like = || files.iter().find(|file| file.contains(label));
    named.or_else(like).or(files.first()).cloned()
}

/// The transport of each domain that the transport table names; nothing if it is not read.
fn transports(asking: &Asking<'_>) -> Option<HashMap<String, String>> {
    let words = asking.values.listed("transport_maps", None, Use::States);
    let mut found = HashMap::new();
    for word in &words {
        let table = open(word, asking.values);
        let Table::Keys(entries) = &*table else {
            return None;
        };
        for entry in entries {
            let transport = || entry.value.clone();
            found.entry(entry.key.clone()).or_insert_with(transport);
        }
    }
    Some(found)
}

pub fn virtual_domains(asking: &mut Asking<'_>) -> Vec<Stated<VirtualDomain>> {
    let domains = names(asking.values, "virtual_mailbox_domains");
    let is_set = asking.values.is_set("virtual_mailbox_domains", None);
    let fact = "virtual domains";
    let words = asking
        .values
        .listed("virtual_mailbox_domains", None, Use::States);
    if is_set && domains.is_empty() && !words.is_empty() {
        asking.untold(fact, "the list of domains is not read");
    }
    if domains.is_empty() {
        return Vec::new();
    }
    let files = files(asking, "virtual_mailbox_maps");
    if files.is_empty() {
        asking.untold(fact, "no file lists the recipients");
        return Vec::new();
    }
    let Some(transports) = transports(asking) else {
        asking.untold(fact, "the transport table is not read");
        return Vec::new();
    };
    let usual = asking.values.text("virtual_transport", None, Use::States);
    let mut found = Vec::new();
    for domain in domains {
        let own = transports.get(domain.value.as_str());
        let transport = own.map_or(usual.as_str(), String::as_str);
        let Some(store) = store(asking, transport) else {
            asking.untold(
                fact,
                format!("where `{transport}` delivers to has no word here"),
            );
            return Vec::new();
        };
        let Some(recipients) = listing(asking, fact, &files, &domain.value) else {
            continue;
        };
        found.push(Stated {
            value: VirtualDomain {
                name: domain.value,
                store,
                recipients,
            },
            origin: domain.origin,
        });
    }
    found
}

fn store(asking: &Asking<'_>, transport: &str) -> Option<Store> {
    let (name, next) = transport.split_once(':').unwrap_or((transport, ""));
    let services = asking.values.services();
    let service = services
        .iter()
        .find(|service| service.kind() == "unix" && service.name() == name)?;
    let of = |parameter: &str| asking.values.text(parameter, Some(service), Use::States);
    match service.command() {
        "lmtp" => socket(next).map(Store::Lmtp),
        "virtual" => {
            let (users, groups) = (of("virtual_uid_maps"), of("virtual_gid_maps"));
            let owner = users.strip_prefix("static:")?.parse().ok()?;
            (users == groups).then(|| Store::Maildir {
                folder: of("virtual_mailbox_base"),
                owner,
            })
        }
        _ => None,
    }
}

pub fn relay_domains(asking: &mut Asking<'_>) -> Vec<Stated<RelayDomain>> {
    let fact = "relay domains";
    if !asking.values.is_set("relay_domains", None) {
        return Vec::new();
    }
    let domains = names(asking.values, "relay_domains");
    let words = asking.values.listed("relay_domains", None, Use::States);
    if domains.is_empty() {
        if !words.is_empty() {
            asking.untold(fact, "the list of domains is not read");
        }
        return Vec::new();
    }
    let files = files(asking, "relay_recipient_maps");
    let listed = asking
        .values
        .listed("relay_recipient_maps", None, Use::States);
    let mut any: Vec<String> = Vec::new();
    for word in &listed {
        if let Table::Keys(entries) = &*open(word, asking.values) {
            any.extend(
                entries
                    .iter()
                    .filter_map(|e| e.key.strip_prefix('@').map(str::to_owned)),
            );
        }
    }
    let Some(transports) = transports(asking) else {
        asking.untold(fact, "the transport table is not read");
        return Vec::new();
    };
    let mut found = Vec::new();
    for domain in domains {
        let next_hop = match transports.get(domain.value.as_str()) {
            None => None,
            Some(to) => {
                let (_, next) = to.split_once(':').unwrap_or(("", to));
                let Some(hop) = host_and_port(next, 25).filter(|_| next.starts_with('[')) else {
                    asking.untold(fact, format!("where `{to}` leads has no word here"));
                    return Vec::new();
                };
                Some(hop)
            }
        };
        let recipients =
            if listed.is_empty() || any.iter().any(|name| name == domain.value.as_str()) {
                None
            } else {
                listing(asking, fact, &files, &domain.value)
            };
        found.push(Stated {
            value: RelayDomain {
                name: domain.value,
                next_hop,
                recipients,
            },
            origin: domain.origin,
        });
    }
    found
}

pub fn smarthost(asking: &mut Asking<'_>) -> Option<Stated<Smarthost>> {
    let values = asking.values;
    let relay = asking
        .set("relayhost")
        .filter(|set| !set.value.trim().is_empty())?;
    let text = relay.value.trim();
    if !text.starts_with('[') {
        asking.untold(
            "smarthost",
            format!("`{text}` is a domain whose MX records are asked for"),
        );
        return None;
    }
    let Some((host, port)) = host_and_port(text, 25) else {
        asking.untold("smarthost", format!("`{text}` is no host"));
        return None;
    };
    let transport = values.text("default_transport", None, Use::States);
    let name = transport.split(':').next().unwrap_or_default();
    let services = values.services();
    let service: Option<&Service> = services
        .iter()
        .find(|service| service.kind() == "unix" && service.name() == name);
    let of = |parameter: &str| values.text(parameter, service, Use::States);
    let level = of("smtp_tls_security_level");
    let checked = matches!(
        level.as_str(),
        "secure" | "verify" | "fingerprint" | "dane-only"
    );
    let wrapped = of("smtp_tls_wrappermode").eq_ignore_ascii_case("yes");
    let tls = match (level.as_str(), wrapped, checked) {
        (_, true, true) => SmarthostTls::Wrapped,
        (_, false, true) => SmarthostTls::Required,
        ("none" | "", false, _) => SmarthostTls::None,
        _ => {
            asking.untold(
                "smarthost",
                "TLS to it is used without a check of its certificate",
            );
            SmarthostTls::None
        }
    };
    let credentials = of("smtp_sasl_auth_enable")
        .eq_ignore_ascii_case("yes")
        .then(|| {
            let maps = of("smtp_sasl_password_maps");
            let file = maps.split_once(':').map_or("", |(_, file)| file).to_owned();
            let filter = of("smtp_sasl_mechanism_filter").to_ascii_lowercase();
            let mechanism = match filter.as_str() {
                "login" => ClientMechanism::Login,
                "xoauth2" => ClientMechanism::Xoauth2,
                _ => ClientMechanism::Plain,
            };
            (file, mechanism)
        });
    Some(Stated {
        value: Smarthost {
            host,
            port,
            tls,
            credentials,
        },
        origin: relay.origin,
    })
}

/// The server that mail goes through, with what is known of it.
pub fn through(values: &Values<'_>) -> Option<Through> {
    let of = |parameter: &str, service: Option<&Service>| {
        let expanded = values.dictionary.value(&format!("${parameter}"), service);
        expanded
            .ok()
            .filter(|value| value.known)
            .map(|value| value.text)
    };
    let relay = of("relayhost", None)?;
    // The first of several is asked first.
    let first = relay
        .split([',', ' ', '\t', '\n'])
        .find(|word| !word.is_empty())?;
    let (host, port) = host_and_port(first, 25)?;
    let transport = of("default_transport", None)?;
    let name = transport.split(':').next().unwrap_or_default();
    let services = values.dictionary.services();
    let mut services = services.iter().filter(|service| service.kind() == "unix");
    let service = services.find(|service| service.name() == name);
    let level = of("smtp_tls_security_level", service);
    let asks = |parameter: &str| {
        of(parameter, service).is_some_and(|value| value.eq_ignore_ascii_case("yes"))
    };
    let policies = of("smtp_tls_policy_maps", service).is_none_or(|maps| !maps.is_empty());
    let old_ways = asks("smtp_use_tls") || asks("smtp_enforce_tls");
    let filter = of("smtp_sasl_mechanism_filter", service).unwrap_or_default();
    Some(Through {
        host: host.to_string(),
        port,
        in_clear: level.is_some_and(|level| level.is_empty() || level == "none")
            && !policies
            && !old_ways,
        logs_in: of("smtp_sasl_auth_enable", service)
            .map(|value| value.eq_ignore_ascii_case("yes")),
        mechanisms: filter
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect(),
        origin: values.place("relayhost", None),
    })
}
