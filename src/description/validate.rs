//! From what is written to a description, or to every fault of it. Must not know YAML's syntax.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use super::model::{Description, Listener, Spanned};
use super::path::FilePath;
use super::raw::{Raw, RawTls, Scalar};
use super::yaml::Node;
use crate::findings::{Finding, Severity};
use crate::net::{AddressSet, Domain, Fault, Network};
use crate::policy::{Certificate, Facts, Role, Stated};
use crate::text::{Place, Source, Span};

/// Checks what is written. Adds every fault to `findings`; gives a description when no error is
/// among all of them.
pub fn validate(
    source: &Arc<Source>,
    root: &Node<Raw>,
    findings: &mut Vec<Finding>,
) -> Option<Description> {
    let raw = root.value.as_ref()?;
    let mut check = Check { source, findings };
    let hostname = check.hostname(root.span, raw);
    let domains = check.domains(raw, hostname.as_ref().map(|name| &name.value));
    let relay = raw.relay.as_ref().and_then(|relay| relay.value.as_ref());
    let networks_node = relay.and_then(|relay| relay.networks.as_ref());
    let networks = networks_node.map_or_else(Vec::new, |node| check.networks(node));
    let auth = raw.auth.as_ref().and_then(|auth| check.auth(auth));
    let listeners = check.listeners(root.span, raw);
    let certificate = raw.tls.as_ref().and_then(|tls| check.tls(tls));
    let smarthost_node = relay.and_then(|relay| relay.smarthost.as_ref());
    let smarthost = smarthost_node.and_then(|node| check.smarthost(node));
    let limits = check.limits(raw);
    if let Some(node) = smarthost_node {
        check.beyond_provider(node, &limits);
    }
    let surroundings = check.surroundings(raw, &networks);
    let outputs = check.outputs(raw);
    let facts = Facts {
        // What stands in for a name that is missing never leaves this function.
        hostname: hostname.map_or_else(Domain::localhost, |name| name.value),
        banner: check.banner(raw),
        domains: domains.local,
        virtual_domains: domains.virtuals,
        relay_domains: domains.relay,
        aliases: check.aliases(raw),
        networks,
        smarthost,
        auth,
        certificate,
        limits,
        dnsbl: check.dnsbl(raw),
        dkim: check.dkim(raw),
        spam_filter: check.spam_filter(raw),
        milters: check.milters(raw),
        tables: surroundings.tables,
    };
    check.needs(raw, &listeners);
    check.goes_together(raw, &facts, &listeners);
    if check.findings.iter().any(|f| f.severity == Severity::Error) {
        return None;
    }
    Some(Description {
        source: Arc::clone(source),
        facts,
        listeners,
        domains_span: raw.domains.as_ref().map(|node| node.span),
        networks_span: networks_node.map(|node| node.span),
        stated: [
            ("hostname", raw.hostname.as_ref().map(|node| node.span)),
            ("certificate", raw.tls.as_ref().map(|node| node.span)),
            ("key", raw.tls.as_ref().map(|node| node.span)),
        ]
        .into_iter()
        .filter_map(|(name, span)| Some((name, span?)))
        .collect(),
        platform: surroundings.platform,
        behind_nat: surroundings.behind_nat,
        outputs,
    })
}

/// The findings of a description, as they are made.
pub struct Check<'a> {
    pub source: &'a Arc<Source>,
    pub findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    pub fn report(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Span,
        message: &str,
        help: &str,
    ) {
        let finding = Finding::new(severity, rule, self.source, span, message).help(help);
        self.findings.push(finding);
    }

    pub fn error(&mut self, rule: &'static str, span: Span, message: &str, help: &str) {
        self.report(Severity::Error, rule, span, message, help);
    }

    /// `value` with its place, for the policy.
    pub fn stated<T>(&self, value: T, span: Span) -> Stated<T> {
        Stated {
            value,
            origin: Some(Place::new(self.source, span)),
        }
    }

    /// Reports that `key` is missing in `span`, with an example of it.
    pub fn missing(&mut self, span: Span, key: &str, example: &str) {
        self.error(
            "missing-key",
            span,
            &format!("`{key}` is missing"),
            &format!("add `{example}`"),
        );
    }

    /// Reads the text of a key that has to be there; `example` is what to write in `span`
    /// where it is not.
    pub fn required<T>(
        &mut self,
        node: Option<&Node<String>>,
        span: Span,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Spanned<T>> {
        if node.is_none() {
            let key = example.split(':').next().unwrap_or(example);
            self.missing(span, key, example);
        }
        self.parse(node?, read)
    }

    /// Reports a key that says nothing here.
    pub fn useless<T>(&mut self, node: Option<&Node<T>>, key: &str, why: &str) {
        if let Some(node) = node {
            self.error(
                "useless-key",
                node.span,
                &format!("`{key}` says nothing here: {why}"),
                &format!("leave `{key}` out"),
            );
        }
    }

    /// A number between `least` and `most`.
    pub fn number(
        &mut self,
        node: &Node<Scalar>,
        least: u64,
        most: u64,
        what: &str,
    ) -> Option<u64> {
        let (number, shown) = match node.value.as_ref()? {
            Scalar::Number(number) => (Some(*number), number.to_string()),
            Scalar::Text(text) => (None, text.escape_debug().to_string()),
        };
        let fits = number.filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            self.error(
                "bad-number",
                node.span,
                &format!("`{shown}` is no {what}: it goes from {least} to {most}"),
                "",
            );
        }
        fits
    }

    /// Reads a text with a strict reader, and reports its fault under the faulty characters.
    pub fn parse<T>(
        &mut self,
        node: &Node<String>,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Spanned<T>> {
        let text = node.value.as_ref()?;
        match read(text) {
            Ok(value) => Some(Spanned {
                value,
                span: node.span,
            }),
            Err(Fault {
                rule,
                part,
                message,
                help,
            }) => {
                self.error(rule, self.written(node.span, text, part), &message, &help);
                None
            }
        }
    }

    /// Where the bytes `part` of `text` were written within `span`: past an opening quote, or the
    /// whole span where escapes make the two differ.
    pub fn written(&self, span: Span, text: &str, part: std::ops::Range<usize>) -> Span {
        match self.source.slice(span).find(text) {
            Some(offset) if !text.is_empty() => span.part(part.start + offset..part.end + offset),
            _ => span,
        }
    }

    fn hostname(&mut self, root: Span, raw: &Raw) -> Option<Spanned<Domain>> {
        let Some(node) = &raw.hostname else {
            self.error(
                "missing-key",
                root,
                "`hostname` is missing: the server needs a name for its banner and for EHLO",
                "add `hostname: mail.example.com`, with the name that the PTR record gives",
            );
            return None;
        };
        self.parse(node, Domain::parse_host)
    }

    /// Reports every value whose key was there before, and leaves it out.
    pub fn unique<T, K: Hash + Eq>(
        &mut self,
        values: Vec<Spanned<T>>,
        key: impl Fn(&T) -> K,
        severity: Severity,
        rule: &'static str,
        message: impl Fn(&T) -> String,
    ) -> Vec<Spanned<T>> {
        let mut first: HashMap<K, Span> = HashMap::with_capacity(values.len());
        let mut kept = Vec::with_capacity(values.len());
        for value in values {
            if let Some(before) = first.get(&key(&value.value)) {
                let finding = Finding::new(
                    severity,
                    rule,
                    self.source,
                    value.span,
                    message(&value.value),
                )
                .and(Place::new(self.source, *before), "the first one")
                .help("leave one of them out");
                self.findings.push(finding);
            } else {
                first.insert(key(&value.value), value.span);
                kept.push(value);
            }
        }
        kept
    }

    fn networks(&mut self, node: &Node<Vec<Node<String>>>) -> Vec<Stated<Network>> {
        let parsed: Vec<Spanned<Network>> = items(Some(node))
            .filter_map(|node| self.parse(node, Network::parse))
            .collect();
        let mut whole_family = [false, false];
        for network in &parsed {
            let (prefix, is_ipv4) = (network.value.prefix(), network.value.is_ipv4());
            let shown = network.value;
            if prefix == 0 {
                whole_family[usize::from(is_ipv4)] = true;
                self.error(
                    "world-relay",
                    network.span,
                    &format!("`{shown}` is every address there is: the whole world could send spam through this server"),
                    "name your own networks; whoever is elsewhere logs in on port 587",
                );
            } else if prefix < if is_ipv4 { 8 } else { 32 } {
                let at_least = if is_ipv4 { "/8" } else { "/32" };
                self.report(
                    Severity::Warning,
                    "wide-network",
                    network.span,
                    &format!("`{shown}` is wider than {at_least}: no site owns that many addresses, and all of them may relay"),
                    "name the networks that are yours",
                );
            }
        }
        self.world_in_parts(node.span, &parsed, whole_family);
        let unique = self.unique(
            parsed,
            |network| *network,
            Severity::Warning,
            "duplicate-entry",
            |network| format!("network `{network}` stands twice"),
        );
        let mut networks: Vec<Stated<Network>> = unique
            .into_iter()
            .map(|network| self.stated(network.value, network.span))
            .collect();
        networks.sort_unstable_by_key(|network| network.value);
        networks
    }

    /// Networks that are the whole world together, though none is alone.
    fn world_in_parts(&mut self, span: Span, networks: &[Spanned<Network>], told: [bool; 2]) {
        let set = AddressSet::new(networks.iter().map(|network| network.value));
        for (first, last) in set.ranges() {
            let is_whole = match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    first.to_bits() == 0 && last.to_bits() == u32::MAX
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    first.to_bits() == 0 && last.to_bits() == u128::MAX
                }
                _ => false,
            };
            if is_whole && !told[usize::from(first.is_ipv4())] {
                self.error(
                    "world-relay",
                    span,
                    "these networks together are every address there is: the whole world could send spam through this server",
                    "name your own networks",
                );
            }
        }
    }

    fn tls(&mut self, section: &Node<RawTls>) -> Option<Certificate> {
        let RawTls {
            certificate, key, ..
        } = section.value.as_ref()?;
        let certificate_path = certificate
            .as_ref()
            .and_then(|node| self.parse(node, FilePath::parse));
        let key_path = key
            .as_ref()
            .and_then(|node| self.parse(node, FilePath::parse));
        for (there, missing, name) in [(certificate, key, "key"), (key, certificate, "certificate")]
        {
            if let (Some(there), None) = (there, missing) {
                self.error(
                    "missing-key",
                    there.span,
                    &format!("`{name}` is missing: one is of no use without the other"),
                    &format!("add `{name}:` with the path of its PEM file"),
                );
            }
        }
        if certificate.is_none() && key.is_none() {
            self.error(
                "missing-key",
                section.span,
                "`certificate` and `key` are missing",
                "add the paths of both PEM files",
            );
        }
        Some(Certificate {
            certificate: certificate_path?.value.as_str().to_owned(),
            key: key_path?.value.as_str().to_owned(),
        })
    }

    /// What one key demands of another, shown at the one that demands.
    fn needs(&mut self, raw: &Raw, listeners: &[Spanned<Listener>]) {
        let submission = |listener: &&Spanned<Listener>| listener.value.role != Role::Mx;
        if raw.auth.is_none() {
            for listener in listeners.iter().filter(submission) {
                let and_tls = if raw.tls.is_none() {
                    ", and `tls:` with certificate and key"
                } else {
                    ""
                };
                self.error(
                    "submission-without-auth",
                    listener.span,
                    &format!(
                        "port {} takes mail only from people who log in, and `auth` is missing",
                        listener.value.port
                    ),
                    &format!(
                        "add `auth: cyrus`{and_tls}; whoever sends without a password uses a port with role `mx`, such as 25"
                    ),
                );
            }
        }
        if let Some(auth) = &raw.auth {
            if raw.tls.is_none() {
                self.error(
                    "auth-without-tls",
                    auth.span,
                    "passwords would cross the network in clear: `auth` needs `tls`",
                    "add `tls:` with `certificate` and `key`",
                );
            }
            if !listeners.is_empty() && !listeners.iter().any(|listener| listener.value.auth) {
                self.report(
                    Severity::Warning,
                    "useless-key",
                    auth.span,
                    "nothing asks for passwords: ports with role `mx` do not offer AUTH unless told to",
                    "add 587 or 465 to `ports`, or leave `auth` out",
                );
            }
        }
        if raw.tls.is_none()
            && let Some(mx) = listeners
                .iter()
                .find(|listener| listener.value.role == Role::Mx)
        {
            self.report(
                Severity::Note,
                "no-starttls",
                mx.span,
                &format!(
                    "port {} is served without STARTTLS, so that mail to this server crosses the network in clear",
                    mx.value.port
                ),
                "add `tls:` with `certificate` and `key`",
            );
        }
    }
}

/// The items of a list that may be missing.
pub fn items<T>(list: Option<&Node<Vec<Node<T>>>>) -> impl Iterator<Item = &Node<T>> {
    list.and_then(|node| node.value.as_ref())
        .into_iter()
        .flatten()
}
