//! Mail that goes to named hosts: their ports, and what they expect. Must not know how drivers are
//! read.

use super::tell::{error, warning, with_more};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Class, Driver, Files, asks};
use crate::text::Edit;

/// `* smtp.isp.example:587`
pub fn colon_before_port(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for router in files
        .drivers(Class::Router)
        .filter(|router| router.kind == Some("manualroute"))
    {
        for name in ["route_list", "route_data"] {
            let Some(option) = router.option(name) else {
                continue;
            };
            let text = option.written.text();
            if text.contains('<') || text.contains("${") {
                continue;
            }
            for (at, _) in text.match_indices(':') {
                let before = text[..at].chars().next_back();
                let digits = text[at + 1..]
                    .bytes()
                    .take_while(u8::is_ascii_digit)
                    .count();
                let behind = text[at + 1 + digits..].chars().next();
                let is_port = (1..=5).contains(&digits)
                    && before.is_some_and(|c| c.is_ascii_alphanumeric())
                    && behind.is_none_or(|c| c.is_ascii_whitespace() || c == ';' || c == '"');
                let Some(place) = option
                    .written
                    .place(at..at + 1 + digits)
                    .filter(|_| is_port)
                else {
                    continue;
                };
                let port = &text[at + 1..at + 1 + digits];
                let mut colon = place.clone();
                colon.span.end = colon.span.start + 1;
                let is_here = colon.source.slice(colon.span) == ":";
                let finding = error(
                    "colon-before-port",
                    &place,
                    format!("a colon separates hosts here, so `{port}` is a host of its own and not a port"),
                )
                .help(format!("write `::{port}`"));
                found.push(if is_here {
                    finding.unsafe_fix(vec![Edit {
                        place: colon,
                        text: "::".to_owned(),
                    }])
                } else {
                    finding
                });
            }
        }
    }
    found
}

/// Smarthosts that expect a login, or TLS from the first byte.
pub fn smarthost_without_auth(files: &Files<'_>) -> Vec<Finding> {
    let has_client = files.drivers(Class::Authenticator).any(asks);
    let mut found = Vec::new();
    for transport in files
        .drivers(Class::Transport)
        .filter(|one| one.kind == Some("smtp"))
    {
        let is_used = files.drivers(Class::Router).any(|router| {
            let option = router.option("transport");
            option.is_some_and(|option| option.value == transport.name)
        });
        let demands = transport
            .option("hosts_require_auth")
            .filter(|option| !option.value.trim().is_empty());
        if let (Some(option), false, true) = (demands, has_client, is_used) {
            let message = "this transport must log in, and no authenticator has what it could log in with: all mail stays in the queue";
            found.push(
                warning("smarthost-without-auth", &option.place, message)
                    .help("add an authenticator with `client_send`"),
            );
        }
        let used: Vec<&Driver> = files
            .drivers(Class::Router)
            .filter(|router| {
                router.kind == Some("manualroute")
                    && router
                        .option("transport")
                        .is_some_and(|option| option.value == transport.name)
            })
            .collect();
        let port = transport.option("port").map(|option| option.value.clone());
        let to_port = |number: &str| {
            port.as_deref() == Some(number)
                || used.iter().any(|router| {
                    router.option("route_list").is_some_and(|list| {
                        list.value
                            .split([' ', ';'])
                            .any(|word| word.ends_with(&format!("::{number}")))
                    })
                })
        };
        let protocol = transport
            .option("protocol")
            .map_or("smtp", |option| option.value.as_str());
        if to_port("465") && !matches!(protocol, "smtps" | "submissions") {
            let message =
                "port 465 speaks TLS from the first byte, and this transport waits for a greeting";
            let finding = warning("smarthost-without-auth", &transport.place, message);
            let finding = finding.help("set `protocol = smtps`");
            found.push(if transport.has("protocol") {
                finding
            } else {
                with_more(finding, transport, &["protocol = smtps"])
            });
        }
        let logs_in = transport.has("hosts_require_auth") || transport.has("hosts_try_auth");
        if to_port("587") && !logs_in && !has_client {
            let message = "port 587 is for users who log in, and this transport does not";
            found.push(
                warning("smarthost-without-auth", &transport.place, message)
                    .certainty(Certainty::Likely)
                    .help(
                        "set `hosts_require_auth = *` and add an authenticator with `client_send`",
                    ),
            );
        }
    }
    found
}
