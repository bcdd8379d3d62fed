//! Lists of domains, networks and clients: patterns that match nothing, stop the list, or match
//! more than was meant. Must not know who is trusted because of a list.

use crate::findings::{Finding, Severity};
use crate::mta::postfix::{Files, Service, Word};
use crate::net::Network;
use crate::text::{Edit, Place, Span};
use std::net::IpAddr;

/// How names in a list match those below them.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// Not at all.
    Exact,
    /// As `parent_domain_matches_subdomains` says.
    Domains,
    /// The same, and addresses too.
    Clients,
}

const LISTS: [(&str, Names); 18] = [
    ("mydestination", Names::Exact),
    ("virtual_alias_domains", Names::Exact),
    ("virtual_mailbox_domains", Names::Exact),
    ("relay_domains", Names::Domains),
    ("fast_flush_domains", Names::Domains),
    ("mynetworks", Names::Clients),
    ("permit_mx_backup_networks", Names::Clients),
    ("smtpd_authorized_xclient_hosts", Names::Clients),
    ("smtpd_authorized_xforward_hosts", Names::Clients),
    ("smtpd_authorized_verp_clients", Names::Clients),
    ("smtpd_client_event_limit_exceptions", Names::Clients),
    ("smtpd_sasl_exceptions_networks", Names::Clients),
    ("smtpd_forbid_bare_newline_exclusions", Names::Clients),
    ("qmqpd_authorized_clients", Names::Clients),
    ("debug_peer_list", Names::Clients),
    ("postscreen_forbid_bare_newline_exclusions", Names::Clients),
    ("postscreen_allowlist_interfaces", Names::Clients),
    ("smtpd_log_access_permit_actions", Names::Exact),
];

/// A pattern of a list.
pub struct Pattern<'a> {
    pub list: &'static str,
    names: Names,
    service: Option<&'a Service>,
    pub word: Word,
}

/// Every pattern that is written, of main.cf and of the services that have their own.
pub fn patterns<'a>(files: &'a Files<'_>) -> Vec<Vec<Pattern<'a>>> {
    let mut lists = Vec::new();
    for (list, names) in LISTS {
        let own = files
            .services()
            .into_iter()
            .filter(|service| service.own(list).is_some());
        for service in std::iter::once(None).chain(own.map(Some)) {
            let words = files.words(list, service).into_iter();
            lists.push(
                words
                    .filter(|word| word.origin.is_some())
                    .map(|word| Pattern {
                        list,
                        names,
                        service,
                        word,
                    })
                    .collect(),
            );
        }
    }
    lists
}

/// A pattern without the signs that turn it round.
fn plain(text: &str) -> &str {
    text.trim_start_matches('!')
}

/// Whether it is a file or a table.
pub fn is_elsewhere(text: &str) -> bool {
    text.starts_with('/')
        || text.contains(':') && !text.starts_with('[') && unbracketed(text).is_none()
}

/// The network of an IPv6 pattern without brackets.
fn unbracketed(text: &str) -> Option<Network> {
    let network = Network::parse(text).ok()?;
    (!network.is_ipv4()).then_some(network)
}

/// `10.0.0.1/8` and the like: the address, and its mask as written.
fn masked(text: &str) -> Option<(IpAddr, String)> {
    let text = text.replace(['[', ']'], "");
    let (address, mask) = text.split_once('/')?;
    Some((address.parse().ok()?, mask.to_owned()))
}

fn edit(word: &Word, old: &str, new: String) -> Option<Vec<Edit>> {
    let place = word.origin.clone()?;
    let written = place.source.slice(place.span);
    let at = written.find(old)?;
    let span = Span::new(place.span.start + at, place.span.start + at + old.len());
    let place = Place::new(&place.source, span);
    Some(vec![Edit { place, text: new }])
}

/// Networks that are none: the list fails for whoever gets to them.
pub fn bad_network(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in patterns(files).into_iter().flatten() {
        let text = plain(&pattern.word.text);
        if pattern.names != Names::Clients || text.starts_with('/') {
            continue;
        }
        let fails = match pattern.list {
            "mynetworks" => "the list fails for every client that gets to it, with `451 4.3.0 \
             Temporary lookup failure`"
                .to_owned(),
            list => format!("look-ups in `{list}` fail"),
        };
        let told = |message: String| {
            files.finding(
                Severity::Error,
                "bad-network",
                pattern.word.origin.clone(),
                message,
            )
        };
        if unbracketed(text).is_some() {
            let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
            let good = if prefix.is_empty() {
                format!("[{address}]")
            } else {
                format!("[{address}]/{prefix}")
            };
            let message = format!("`{text}` is read as a lookup table, for its colons: {fails}");
            let finding = told(message).help(format!("write `{good}`"));
            findings.push(match edit(&pattern.word, text, good) {
                Some(edits) => finding.unsafe_fix(edits),
                None => finding,
            });
            continue;
        }
        let Some((address, mask)) = masked(text) else {
            continue;
        };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let shown = |prefix: u8| match Network::parse(&format!(
            "{}/{prefix}",
            network_address(address, prefix)
        )) {
            Ok(network) if network.is_ipv4() => network.to_string(),
            Ok(network) => format!("[{}]/{prefix}", network.first()),
            Err(_) => String::new(),
        };
        let (message, good) = match mask.parse::<u8>() {
            Ok(prefix) if prefix <= longest => {
                if network_address(address, prefix) == address {
                    continue;
                }
                (
                    format!("`{text}` has bits behind its mask: {fails}"),
                    shown(prefix),
                )
            }
            Ok(_) => (
                format!("the mask of `{text}` is longer than {longest} bits: {fails}"),
                String::new(),
            ),
            Err(_) => {
                let dotted = mask.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
                let dotted =
                    dotted.filter(|bits| bits.leading_ones() + bits.trailing_zeros() >= 32);
                let prefix = dotted.and_then(|bits| u8::try_from(bits.leading_ones()).ok());
                (
                    format!("the mask of `{text}` is no number of bits: {fails}"),
                    prefix.map_or(String::new(), shown),
                )
            }
        };
        let finding = told(message);
        findings.push(
            match edit(&pattern.word, text, good.clone()).filter(|_| !good.is_empty()) {
                Some(edits) => finding
                    .help(format!(
                        "write `{good}`, or the address alone if one host is meant"
                    ))
                    .unsafe_fix(edits),
                None => finding.help("write the number of bits: `/24` for 255.255.255.0"),
            },
        );
    }
    findings
}

/// The address with the bits behind the mask cleared.
fn network_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

/// Patterns that match nothing.
pub fn dead(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in patterns(files).into_iter().flatten() {
        let text = plain(&pattern.word.text);
        if text.is_empty() || is_elsewhere(text) || text.starts_with('#') {
            continue;
        }
        let parents = files.words("parent_domain_matches_subdomains", pattern.service);
        let is_parent = parents.iter().any(|word| word.text == pattern.list);
        let looks_numeric = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b".*-/x".contains(&b))
            && text.contains('.');
        let is_address = text
            .split('/')
            .next()
            .is_some_and(|front| front.parse::<IpAddr>().is_ok());
        let (why, help, meant) = if let Some((front, _)) = text.split_once('#') {
            (
                "`#` begins a comment only at the start of a line, so this is one word",
                "put the comment on a line of its own",
                Some(front.to_owned()),
            )
        } else if pattern.names == Names::Clients && looks_numeric && !is_address {
            let octets: Vec<&str> = text.trim_end_matches(['*', '.']).split('.').collect();
            let is_prefix = (1..4).contains(&octets.len())
                && octets.iter().all(|octet| octet.parse::<u8>().is_ok());
            let meant = is_prefix.then(|| {
                let zeros = vec!["0"; 4 - octets.len()];
                format!(
                    "{}/{}",
                    [octets.clone(), zeros].concat().join("."),
                    octets.len() * 8
                )
            });
            (
                "networks are written as `192.168.1.0/24`, and parts of addresses, ranges \
             and wildcards match nothing",
                "write the network with its number of bits",
                meant,
            )
        } else if text.contains('*') {
            (
                "`*` is an ordinary character here",
                "write the domains, or a table",
                None,
            )
        } else if text.starts_with('.') && pattern.names == Names::Exact {
            (
                "this list takes whole names alone, and no domain begins with a dot",
                "write each domain that is meant",
                None,
            )
        } else if text.starts_with('.') && is_parent {
            (
                "this list takes `x.y` for what is below it too \
             (`parent_domain_matches_subdomains`), and a name with a dot before it \
             matches nothing",
                "take the dot out",
                Some(text[1..].to_owned()),
            )
        } else {
            continue;
        };
        let message = format!("`{text}` in `{}` never matches: {why}", pattern.list);
        let finding = files
            .finding(
                Severity::Warning,
                "dead-pattern",
                pattern.word.origin.clone(),
                message,
            )
            .help(help);
        findings.push(
            match meant.and_then(|meant| edit(&pattern.word, text, meant)) {
                Some(edits) => finding.unsafe_fix(edits),
                None => finding,
            },
        );
    }
    findings
}

/// `!` with nothing behind it, and exclusions that come too late.
pub fn exclusions(files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in patterns(files) {
        for (at, pattern) in list.iter().enumerate() {
            let text = pattern.word.text.as_str();
            if plain(text).is_empty() {
                let message = format!(
                    "`!` stands apart from its pattern in `{}`: Postfix dies of it",
                    pattern.list
                );
                findings.push(
                    files
                        .finding(
                            Severity::Error,
                            "stray-exclusion",
                            pattern.word.origin.clone(),
                            message,
                        )
                        .help("write `!` right before the pattern"),
                );
                continue;
            }
            if !text.starts_with('!') || text.starts_with("!!") {
                continue;
            }
            let wider = list[..at]
                .iter()
                .find(|before| covers(&before.word.text, plain(text), pattern.names));
            if let Some(wider) = wider {
                let message = format!(
                    "the first pattern that matches decides, and `{}` comes first: `{text}` \
             takes nothing out",
                    wider.word.text
                );
                let mut finding = files
                    .finding(
                        Severity::Error,
                        "late-exclusion",
                        pattern.word.origin.clone(),
                        message,
                    )
                    .help(format!("put `{text}` before `{}`", wider.word.text));
                if let Some(place) = &wider.word.origin {
                    finding = finding.and(place.clone(), "this matches first");
                }
                findings.push(finding);
            }
        }
    }
    findings
}

/// Whether the wider pattern matches whatever the narrower one does.
fn covers(wider: &str, narrower: &str, names: Names) -> bool {
    let network = |text: &str| Network::parse(&text.replace(['[', ']'], "")).ok();
    if let (Some(wider), Some(narrower)) = (network(wider), network(narrower)) {
        return wider.first() <= narrower.first()
            && narrower.last() <= wider.last()
            && wider.is_ipv4() == narrower.is_ipv4();
    }
    let (wider, narrower) = (wider.to_lowercase(), narrower.to_lowercase());
    wider == narrower
        || names != Names::Exact
            && !is_elsewhere(&wider)
            && narrower.ends_with(&format!(".{wider}"))
}

/// Domains that stand in two classes of addresses.
pub fn two_classes(files: &Files<'_>) -> Vec<Finding> {
    const CLASSES: [&str; 4] = [
        "mydestination",
        "virtual_alias_domains",
        "virtual_mailbox_domains",
        "relay_domains",
    ];
    let lists: Vec<(&str, Vec<Word>)> = CLASSES
        .iter()
        .map(|list| (*list, files.words(list, None)))
        .filter(|(list, _)| files.is_set(list, None))
        .collect();
    let mut findings = Vec::new();
    for (at, (list, words)) in lists.iter().enumerate() {
        for word in words
            .iter()
            .filter(|word| !word.text.starts_with('!') && !is_elsewhere(&word.text))
        {
            let first = lists[..at].iter().find_map(|(other, words)| {
                // What one list takes over from the other was meant to be in both.
                let place = |word: &Word| {
                    word.origin
                        .as_ref()
                        .map(|place| (place.source.name().to_owned(), place.span))
                };
                let mut same = words
                    .iter()
                    .filter(|first| first.text.eq_ignore_ascii_case(&word.text))
                    .peekable();
                let first = *same.peek()?;
                let is_taken_over = same.any(|first| place(first) == place(word));
                (!is_taken_over).then_some((other, first))
            });
            let Some((other, same)) = first else { continue };
            let message = format!(
                "`{}` stands in `{other}` too, which counts: its mail never gets to what \
             `{list}` says",
                word.text
            );
            let mut finding = files
                .finding(
                    Severity::Warning,
                    "domain-in-two-classes",
                    word.origin.clone(),
                    message,
                )
                .help(
                    "keep each domain in one of mydestination, virtual_alias_domains, \
             virtual_mailbox_domains and relay_domains",
                );
            if let Some(place) = &same.origin {
                finding = finding.and(place.clone(), "here as well");
            }
            findings.push(finding);
        }
    }
    findings
}
