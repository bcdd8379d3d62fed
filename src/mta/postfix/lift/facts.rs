//! What a configuration says beside its decisions. Must not know who may send.

use std::collections::BTreeMap;

use super::asking::{Asking, names};
use super::delivery;
use super::networks::networks;
use super::table::{Table, open};
use super::values::Values;
use crate::mta::lift::Use;
use crate::net::{Domain, Network};
use crate::policy::{
    Alias, Auth, AuthBackend, Certificate, Dnsbl, Endpoint, Facts, Limits, Mechanism, Stated,
    Tables,
};
use crate::text::Place;

/// The facts, those that cannot be told, and where they stand.
pub struct Found {
    pub facts: Facts,
    pub unknown: BTreeMap<&'static str, String>,
    pub stated: BTreeMap<&'static str, Place>,
}

/// The facts of a configuration.
pub fn of(values: &Values<'_>, hostname: &Domain, is_known: bool) -> Found {
    let mut asking = Asking {
        values,
        unknown: BTreeMap::new(),
        stated: BTreeMap::new(),
    };
    if !is_known {
        asking.untold(
            "hostname",
            "main.cf does not set `myhostname`: it is the host's own",
        );
    }
    asking.place("hostname", "myhostname");
    let facts = Facts {
        hostname: hostname.clone(),
        banner: banner(&mut asking),
        domains: domains(values, hostname),
        virtual_domains: delivery::virtual_domains(&mut asking),
        relay_domains: delivery::relay_domains(&mut asking),
        aliases: aliases(&mut asking),
        networks: own_networks(values),
        smarthost: delivery::smarthost(&mut asking),
        auth: auth(&mut asking),
        certificate: certificate(&mut asking),
        limits: limits(&mut asking),
        dnsbl: dnsbl(&mut asking),
        dkim: None,
        spam_filter: None,
        milters: milters(&mut asking),
        tables: tables(&mut asking),
    };
    Found {
        facts,
        unknown: asking.unknown,
        stated: asking.stated,
    }
}

fn banner(asking: &mut Asking<'_>) -> Option<Stated<String>> {
    let banner = asking.set("smtpd_banner")?;
    let hostname = asking.values.text("myhostname", None, Use::States);
    let Some(rest) = banner
        .value
        .strip_prefix(&hostname)
        .and_then(|rest| rest.strip_prefix(" ESMTP"))
    else {
        asking.untold("banner", "it does not begin with `$myhostname ESMTP`");
        return None;
    };
    Some(Stated {
        value: rest.trim().to_owned(),
        origin: banner.origin,
    })
}

fn domains(values: &Values<'_>, hostname: &Domain) -> Vec<Domain> {
    let mut domains: Vec<Domain> = names(values, "mydestination")
        .into_iter()
        .map(|name| name.value)
        .collect();
    domains.retain(|name| name != hostname && *name != Domain::localhost());
    domains
}

fn own_networks(values: &Values<'_>) -> Vec<Stated<Network>> {
    let origin = values.place("mynetworks", None);
    let mut found: Vec<Network> = networks(values, None).addresses;
    found.retain(|network| {
        !matches!(
            network.to_string().as_str(),
            "127.0.0.1" | "::1" | "127.0.0.1/32" | "::1/128"
        )
    });
    found.sort_unstable();
    found.dedup();
    let stated = |value| Stated {
        value,
        origin: origin.clone(),
    };
    found.into_iter().map(stated).collect()
}

fn aliases(asking: &mut Asking<'_>) -> Option<Stated<Vec<Alias>>> {
    let values = asking.values;
    let set = asking.set("alias_maps")?;
    let words = values.listed("alias_maps", None, Use::States);
    let is_the_hosts = |text: &str| text.ends_with(":/etc/aliases") || text.starts_with("nis:");
    if words.iter().all(|word| is_the_hosts(&word.text)) && !words.is_empty() {
        return None;
    }
    let mut aliases = Vec::new();
    for word in &words {
        let table = open(word, values);
        let Table::Keys(entries) = &*table else {
            asking.untold("aliases", format!("`{}` is not read", word.text));
            return None;
        };
        aliases.extend(entries.iter().map(|entry| {
            Alias {
                name: entry.key.clone(),
                targets: entry
                    .value
                    .split(',')
                    .map(|target| target.trim().to_owned())
                    .filter(|target| !target.is_empty())
                    .collect(),
            }
        }));
    }
    aliases.sort();
    Some(Stated {
        value: aliases,
        origin: set.origin,
    })
}

fn auth(asking: &mut Asking<'_>) -> Option<Stated<Auth>> {
    let values = asking.values;
    let services = values.services();
    let enabling = services
        .iter()
        .find(|service| service.own("smtpd_sasl_auth_enable").is_some());
    let of = |name: &str| values.text(name, None, Use::States);
    let origin = values
        .place("smtpd_sasl_type", None)
        .or_else(|| values.place("cyrus_sasl_config_path", None))
        .or_else(|| values.place("smtpd_sasl_auth_enable", enabling));
    let usual = vec![Mechanism::Plain, Mechanism::Login];
    if of("smtpd_sasl_type") == "dovecot" {
        let filter = values.listed("smtpd_sasl_mechanism_filter", None, Use::Decides);
        let named: Vec<&str> = filter.iter().map(|word| word.text.as_str()).collect();
        let mechanisms = mechanisms(&named);
        return Some(Stated {
            value: Auth {
                backend: AuthBackend::Dovecot(of("smtpd_sasl_path")),
                mechanisms: if mechanisms.is_empty() {
                    usual
                } else {
                    mechanisms
                },
            },
            origin,
        });
    }
    let folder = of("cyrus_sasl_config_path");
    let folders = if folder.is_empty() {
        vec![
            "/etc/postfix/sasl".to_owned(),
            "/usr/lib/sasl2".into(),
            "/etc/sasl2".into(),
        ]
    } else {
        vec![folder]
    };
    let file = folders.iter().find_map(|folder| {
        values
            .file(&format!("{folder}/{}.conf", of("smtpd_sasl_path")))
            .ok()
    });
    let Some(file) = file else {
        asking.untold("auth", "the configuration of Cyrus SASL is not here");
        return None;
    };
    let line = |name: &str| {
        let mut lines = file.text().lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(known, _)| known.trim() == name)
            .map_or("", |(_, value)| value.trim())
    };
    let listed: Vec<&str> = line("mech_list").split_ascii_whitespace().collect();
    let mechanisms = mechanisms(&listed);
    let backend = match (line("pwcheck_method"), line("auxprop_plugin")) {
        ("saslauthd", _) => AuthBackend::CyrusSaslauthd,
        ("auxprop" | "", "sasldb" | "") => AuthBackend::CyrusSasldb,
        (method, _) => {
            asking.untold("auth", format!("passwords are checked by `{method}`"));
            AuthBackend::CyrusSasldb
        }
    };
    Some(Stated {
        value: Auth {
            backend,
            mechanisms: if mechanisms.is_empty() {
                usual
            } else {
                mechanisms
            },
        },
        origin,
    })
}

fn mechanisms(names: &[&str]) -> Vec<Mechanism> {
    let known = [Mechanism::Plain, Mechanism::Login, Mechanism::Anonymous];
    names
        .iter()
        .filter_map(|name| {
            known
                .into_iter()
                .find(|k| k.name().eq_ignore_ascii_case(name))
        })
        .collect()
}

fn certificate(asking: &mut Asking<'_>) -> Option<Certificate> {
    let values = asking.values;
    let of = |name: &str| values.text(name, None, Use::States);
    let chain = values.listed("smtpd_tls_chain_files", None, Use::States);
    let files: Vec<&str> = chain.iter().map(|word| word.text.as_str()).collect();
    let (certificate, key) = match files[..] {
        [] => (of("smtpd_tls_cert_file"), of("smtpd_tls_key_file")),
        [both] => (both.to_owned(), both.to_owned()),
        [key, certificate] => (certificate.to_owned(), key.to_owned()),
        _ => {
            let reason = "there is more than one certificate";
            asking.untold("certificate", reason);
            asking.untold("key", reason);
            return None;
        }
    };
    for parameter in ["smtpd_tls_cert_file", "smtpd_tls_chain_files"] {
        asking.place("certificate", parameter);
    }
    for parameter in ["smtpd_tls_key_file", "smtpd_tls_chain_files"] {
        asking.place("key", parameter);
    }
    (!certificate.is_empty() && certificate != "none").then_some(Certificate { certificate, key })
}

fn limits(asking: &mut Asking<'_>) -> Limits {
    let number = |asking: &Asking<'_>, name: &str| {
        let set = asking.set(name)?;
        Some(Stated {
            value: set.value.parse().ok()?,
            origin: set.origin,
        })
    };
    let services = asking.values.services();
    let listeners = || {
        services
            .iter()
            .filter(|s| s.kind() == "inet" && s.command() == "smtpd")
    };
    let shares: Option<Vec<u64>> = listeners().map(|s| s.fields[6].text.parse().ok()).collect();
    let connections = shares
        .filter(|shares| !shares.is_empty() && !shares.contains(&0))
        .map(|shares| Stated {
            value: shares.iter().sum(),
            origin: listeners()
                .next()
                .zip(asking.values.master)
                .map(|(s, master)| Place::new(master, s.fields[6].place())),
        });
    let unit = asking
        .values
        .text("anvil_rate_time_unit", None, Use::States);
    let rate = number(asking, "smtpd_client_connection_rate_limit");
    let is_minute = matches!(unit.as_str(), "60" | "60s" | "1m");
    if rate.is_some() && !is_minute {
        asking.untold("connection rate", format!("it is counted over {unit}"));
    }
    Limits {
        message_size: number(asking, "message_size_limit"),
        recipients: number(asking, "smtpd_recipient_limit"),
        connections,
        connections_per_client: number(asking, "smtpd_client_connection_count_limit"),
        connection_rate: rate.filter(|_| is_minute),
    }
}

fn dnsbl(asking: &mut Asking<'_>) -> Vec<Stated<Dnsbl>> {
    let mut found: Vec<Stated<Dnsbl>> = Vec::new();
    let lists = ["client", "helo", "sender", "relay", "recipient"];
    for list in lists {
        let parameter = format!("smtpd_{list}_restrictions");
        let words = asking.values.listed(&parameter, None, Use::Decides);
        for pair in words.windows(2) {
            let [restriction, argument] = pair else {
                continue;
            };
            if !restriction.text.eq_ignore_ascii_case("reject_rbl_client") {
                continue;
            }
            let (zone, answer) = argument
                .text
                .split_once('=')
                .unwrap_or((&argument.text, ""));
            let (Ok(zone), Ok(answer)) = (Domain::parse(zone), answer.parse()) else {
                let reason = format!(
                    "which answers of `{}` count is not one by one",
                    argument.text
                );
                asking.untold("dnsbl", reason);
                continue;
            };
            match found.iter_mut().find(|known| known.value.zone == zone) {
                Some(known) => known.value.answers.push(answer),
                None => found.push(Stated {
                    value: Dnsbl {
                        zone,
                        answers: vec![answer],
                    },
                    origin: restriction.origin.clone(),
                }),
            }
        }
    }
    for list in &mut found {
        list.value.answers.sort_unstable();
        list.value.answers.dedup();
    }
    found
}

fn milters(asking: &mut Asking<'_>) -> Vec<Stated<Endpoint>> {
    let words = asking.values.listed("smtpd_milters", None, Use::States);
    if !words.is_empty() {
        let reason = "which program listens at a milter's socket is not in the files";
        for fact in ["dkim", "dkim socket", "spam filter", "milters"] {
            asking.untold(fact, reason);
        }
    }
    words
        .into_iter()
        .filter_map(|word| {
            Some(Stated {
                value: delivery::socket(&word.text)?,
                origin: word.origin,
            })
        })
        .collect()
}

/// How tables are kept, told by those that this server reads.
fn tables(asking: &mut Asking<'_>) -> Option<Stated<Tables>> {
    let mut found = None;
    for parameter in [
        "mydestination",
        "relay_domains",
        "transport_maps",
        "alias_maps",
        "relay_recipient_maps",
    ] {
        if !asking.values.is_set(parameter, None) {
            continue;
        }
        for word in asking.values.listed(parameter, None, Use::States) {
            let value = match word.text.split_once(':') {
                Some((_, "/etc/aliases")) if !word.text.starts_with("lmdb:") => continue,
                Some(("texthash", _)) => Tables::Text,
                Some(("hash", _)) => Tables::Hash,
                Some(("lmdb", _)) => Tables::Lmdb,
                _ => continue,
            };
            found.get_or_insert(Stated {
                value,
                origin: word.origin,
            });
        }
    }
    let is_told = matches!(&found, Some(tables) if tables.value != Tables::Text);
    if !is_told {
        asking.untold(
            "tables",
            "text is what the server uses when nothing is asked for, too",
        );
    }
    found.filter(|_| is_told)
}
