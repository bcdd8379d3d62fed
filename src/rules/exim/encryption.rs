//! TLS: certificates, versions, ciphers, and what is asked of other servers. Must not know how
//! options are read.

use super::tell::{note, place, warning};
use crate::findings::Finding;
use crate::mta::exim::{Class, Driver, Files, Opt, asks};
use crate::text::Place;

/// Where a value stands.
fn value_place(option: &Opt) -> Place {
    let written = &option.written;
    let place = written.place(0..written.text().len());
    place
        .filter(|_| !written.text().is_empty())
        .unwrap_or_else(|| option.place.clone())
}

/// The ports that the daemon listens on, as written.
pub fn ports(files: &Files<'_>) -> Vec<String> {
    let number = |name: &str| match name {
        "smtp" => "25".to_owned(),
        "submission" => "587".to_owned(),
        "smtps" | "submissions" | "ssmtp" => "465".to_owned(),
        other => other.to_owned(),
    };
    let plain = files.value("daemon_smtp_ports").unwrap_or("smtp");
    let mut ports: Vec<String> = words(plain).into_iter().map(number).collect();
    let interfaces = files.value("local_interfaces").unwrap_or_default();
    for item in interfaces.split([' ', ';', '\t']) {
        let last = item.rsplit(['.', ':']).next().unwrap_or_default();
        if item.matches('.').count() == 4 || item.contains("]:") {
            ports.push(last.to_owned());
        }
    }
    ports
}

fn words(list: &str) -> Vec<&str> {
    let split = list.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    split.filter(|word| !word.is_empty()).collect()
}

/// `tls_on_connect_ports` that the daemon does not serve, or not so.
pub fn odd_tls_port(files: &Files<'_>) -> Vec<Finding> {
    let Some(option) = files.set("tls_on_connect_ports") else {
        return Vec::new();
    };
    let open = ports(files);
    let mut found = Vec::new();
    for word in words(&option.value) {
        let number = match word {
            "smtps" | "submissions" | "ssmtp" => "465",
            "submission" => "587",
            "smtp" => "25",
            other => other,
        };
        let place = value_place(option);
        if matches!(number, "25" | "587") {
            let message = format!(
                "clients of port {number} begin without TLS, and here they are awaited with it: no session comes about"
            );
            found.push(
                warning("implicit-tls-on-wrong-port", &place, message)
                    .help("name only ports such as 465"),
            );
        } else if !open.iter().any(|port| port == number) && !files.is_debian() {
            let message =
                format!("the daemon does not listen on port {number}, so this does nothing");
            found.push(
                warning("odd-tls-port", &place, message)
                    .help(format!("add {number} to `daemon_smtp_ports`")),
            );
        }
    }
    found
}

/// STARTTLS with a certificate that Exim makes up.
pub fn self_made_certificate(files: &Files<'_>) -> Vec<Finding> {
    let has = |name: &str| {
        files
            .set(name)
            .is_some_and(|option| !option.value.trim().is_empty())
    };
    let offered = [
        "tls_advertise_hosts",
        "tls_on_connect_ports",
        "tls_privatekey",
    ]
    .into_iter()
    .find(|name| has(name))
    .and_then(|name| files.set(name));
    let Some(option) = offered.filter(|_| !has("tls_certificate")) else {
        return Vec::new();
    };
    let finding = warning(
        "self-made-certificate",
        &option.place,
        "TLS is offered without `tls_certificate`: Exim makes up a certificate that no client can verify",
    );
    vec![finding.help("set `tls_certificate` and `tls_privatekey`")]
}

/// Texts that choose protocols and ciphers.
fn choices<'f>(files: &'f Files<'_>) -> Vec<&'f Opt> {
    let names = [
        "gnutls_require_protocols",
        "openssl_options",
        "tls_require_ciphers",
    ];
    let drivers = files
        .read
        .running
        .drivers
        .iter()
        .flat_map(|driver| &driver.options);
    let all = files.read.running.main.iter().chain(drivers);
    all.filter(|option| names.contains(&option.known.name()))
        .collect()
}

/// Versions of TLS that are not to be spoken any more.
pub fn old_tls(files: &Files<'_>) -> Vec<Finding> {
    const OLD: &[&str] = &[
        "+vers-ssl3.0",
        "+vers-tls1.0",
        "+vers-tls1.1",
        "+vers-all",
        "+vers-tls-all",
        "-no_sslv2",
        "-no_sslv3",
        "-no_tlsv1",
        "-no_tlsv1_1",
    ];
    let mut found = Vec::new();
    for option in choices(files) {
        let text = option.value.to_ascii_lowercase();
        let word = text.split([':', ' ']).find(|word| OLD.contains(word));
        // What is switched on and taken back later does not count.
        let is_back = word.is_some_and(|word| {
            word.strip_prefix('+').is_some_and(|name| {
                text.rsplit([':', ' '])
                    .take_while(|other| *other != word)
                    .any(|other| other.strip_prefix('-') == Some(name))
            })
        });
        if let Some(word) = word.filter(|_| !is_back) {
            found.push(
                warning(
                    "old-tls",
                    &value_place(option),
                    format!("`{word}` switches on a version of SSL or TLS that is broken and given up"),
                )
                .help("allow TLS 1.2 and 1.3: `NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2`, with OpenSSL `+no_sslv3 +no_tlsv1 +no_tlsv1_1`"),
            );
        }
    }
    found
}

/// Ciphers that are weak, or in the other library's language.
pub fn faulty_ciphers(files: &Files<'_>) -> Vec<Finding> {
    const WEAK: &[&str] = &[
        "3DES", "ANULL", "EXP", "EXPORT", "LOW", "MD5", "NULL", "RC4", "ANON", "ARCFOUR",
    ];
    const STARTS: &[&str] = &[
        "NORMAL",
        "SECURE",
        "PERFORMANCE",
        "PFS",
        "SUITEB",
        "LEGACY",
        "NONE",
        "SYSTEM",
        "%",
        "@",
        "$",
    ];
    let mut found = Vec::new();
    for option in choices(files)
        .into_iter()
        .filter(|option| option.known.name() == "tls_require_ciphers")
    {
        let text = option.value.trim();
        if text.is_empty() {
            continue;
        }
        // No compression is no weakness.
        let weak = text
            .split([':', ',', ' '])
            .filter(|word| !word.contains("COMP-"))
            .find(|word| {
                let name = word.trim_start_matches('+').to_ascii_uppercase();
                WEAK.contains(&name.as_str())
                    || name.split(['-', '+']).any(|part| WEAK.contains(&part))
                        && !word.starts_with(['-', '!'])
            });
        let is_gnutls = STARTS.iter().any(|start| text.starts_with(start));
        if let Some(weak) = weak {
            let message = format!("`{weak}` lets in ciphers that are broken");
            found
                .push(warning("faulty-ciphers", &value_place(option), message).help("take it out"));
        } else if !is_gnutls {
            found.push(
                warning(
                    "faulty-ciphers",
                    &value_place(option),
                    "this is a list of ciphers for OpenSSL, and an Exim that is built with GnuTLS, as Debian's is, offers no TLS with it",
                )
                .help("put it between `.ifdef _HAVE_OPENSSL` and `.endif`, and one such as `NORMAL` between `.ifdef _HAVE_GNUTLS` and `.endif`"),
            );
        }
    }
    found
}

/// The routers that use a transport.
fn routers<'f>(files: &'f Files<'_>, transport: &Driver) -> Vec<&'f Driver> {
    let routers = files.drivers(Class::Router);
    routers
        .filter(|router| {
            router
                .option("transport")
                .is_some_and(|option| option.value == transport.name)
        })
        .collect()
}

fn is_all(driver: &Driver, name: &str) -> bool {
    driver
        .option(name)
        .is_some_and(|option| option.value.trim() == "*")
}

/// Passwords for a smarthost that is not asked who it is.
pub fn unverified_smarthost(files: &Files<'_>) -> Vec<Finding> {
    let has_client = files.drivers(Class::Authenticator).any(asks);
    let mut found = Vec::new();
    for transport in files
        .drivers(Class::Transport)
        .filter(|one| one.kind == Some("smtp"))
    {
        let to_smarthost = routers(files, transport).iter().any(|router| {
            let list = router
                .option("route_list")
                .map_or("", |option| option.value.trim());
            router.kind == Some("manualroute") && list.starts_with('*')
        });
        let sends = transport.has("hosts_require_auth") || transport.has("hosts_try_auth");
        if !(has_client && sends && to_smarthost) {
            continue;
        }
        let has_tls = transport.has("hosts_require_tls")
            || transport
                .option("protocol")
                .is_some_and(|option| option.value.contains('s') && option.value != "smtp");
        let is_verified = transport.has("tls_verify_hosts");
        let message = match (has_tls, is_verified) {
            (true, true) => continue,
            (false, _) => {
                "the password is sent without TLS where none comes about: somebody in between only has to hide STARTTLS"
            }
            (true, false) => {
                "the smarthost's certificate is not verified, so the password goes to whoever answers"
            }
        };
        found.push(
            warning("unverified-smarthost", &transport.place, message)
                .help("set `hosts_require_tls = *` and `tls_verify_hosts = *`"),
        );
    }
    found
}

/// TLS of everybody, where many have none.
pub fn tls_required_everywhere(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for transport in files
        .drivers(Class::Transport)
        .filter(|one| is_all(one, "hosts_require_tls"))
    {
        let to_world = routers(files, transport)
            .iter()
            .any(|router| router.kind == Some("dnslookup"));
        if to_world {
            found.push(
                warning(
                    "tls-required-everywhere",
                    &place(transport, "hosts_require_tls"),
                    "mail for servers without TLS stays in the queue and bounces after days",
                )
                .help("name the hosts that must have it; DANE and the default ask for TLS wherever it is offered"),
            );
        }
    }
    found
}

/// DANE that is switched off.
pub fn dane_off(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(option) = files
        .set("dns_dnssec_ok")
        .filter(|option| option.value == "0")
    {
        let message = "without DNSSEC no record for DANE is believed, and TLS to other servers can be taken away on the way";
        found.push(
            note("dane-off", &option.place, message)
                .help("set `dns_dnssec_ok = 1`, or leave it out"),
        );
    }
    for transport in files.drivers(Class::Transport) {
        if let Some(option) = transport
            .option("hosts_try_dane")
            .filter(|option| option.value.trim().is_empty())
        {
            let message = "DANE is switched off for this transport, so TLS to other servers can be taken away on the way";
            found.push(note("dane-off", &option.place, message).help("leave it out"));
        }
    }
    found
}
