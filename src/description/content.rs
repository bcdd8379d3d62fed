//! What is done with messages, and what is said of them: banner, aliases, DNS lists, signatures,
//! filters. Must not know who may send them.

use std::net::Ipv4Addr;

use super::endpoint::endpoint;
use super::model::{Listener, Spanned};
use super::path::FilePath;
use super::raw::{Many, Raw, RawDnsbl};
use super::validate::{Check, items};
use super::yaml::Node;
use crate::findings::Severity;
use crate::net::{Domain, Fault, shown};
use crate::policy::{Alias, Dkim, Dnsbl, Endpoint, Facts, Role, Stated};

/// The most octets of a banner: a reply line has 512 (RFC 5321 §4.5.3.1.5).
const BANNER: usize = 200;

impl Check<'_> {
    /// The banner's text.
    pub fn banner(&mut self, raw: &Raw) -> Option<Stated<String>> {
        let node = raw.banner.as_ref()?;
        let banner = self.parse(node, |text| {
            let bad = |part, message: String| Fault::new("bad-text", part, message);
            let safe = |c: char| c.is_ascii_alphanumeric() || " .-_/+@:()".contains(c);
            if let Some((at, c)) = text.char_indices().find(|(_, c)| !safe(*c)) {
                return Err(bad(
                    at..at + c.len_utf8(),
                    format!(
                        "`{}` has a meaning in some server's configuration",
                        shown(c)
                    ),
                )
                .help("letters, digits, blanks and . - _ / + @ : ( ) are safe"));
            }
            if text.is_empty()
                || text.starts_with(' ')
                || text.ends_with(' ')
                || text.contains("  ")
            {
                return Err(bad(
                    0..text.len(),
                    "a banner is words with one blank between them".into(),
                )
                .help("leave `banner` out for the server's name alone"));
            }
            if text.len() > BANNER {
                return Err(bad(
                    BANNER..text.len(),
                    format!("a banner has at most {BANNER} octets"),
                ));
            }
            Ok(text.to_owned())
        })?;
        Some(self.stated(banner.value, banner.span))
    }

    /// The aliases, by name, none twice.
    pub fn aliases(&mut self, raw: &Raw) -> Option<Stated<Vec<Alias>>> {
        let node = raw.aliases.as_ref()?;
        let mut aliases = Vec::new();
        for (name, targets) in &node.value.as_ref()?.0 {
            let span = targets.span;
            let name = self.parse(name, local_part);
            let texts = Many::texts(targets);
            if texts.is_empty() && targets.value.is_some() {
                self.error(
                    "missing-value",
                    span,
                    "the alias stands for nobody: its mail would be lost",
                    "name an account or an address",
                );
            }
            let parsed: Vec<String> = texts
                .iter()
                .filter_map(|text| self.parse(text, alias_target))
                .map(|target| target.value)
                .collect();
            if let Some(name) = name {
                aliases.push(Spanned {
                    value: Alias {
                        name: name.value,
                        targets: parsed,
                    },
                    span: name.span,
                });
            }
        }
        let unique = self.unique(
            aliases,
            |alias| alias.name.clone(),
            Severity::Error,
            "duplicate-entry",
            |alias| format!("alias `{}` stands twice: case does not count", alias.name),
        );
        let mut aliases: Vec<_> = unique.into_iter().map(|alias| alias.value).collect();
        aliases.sort_unstable();
        if !aliases.iter().any(|alias| alias.name == "postmaster") && raw.domains.is_some() {
            self.report(
                Severity::Warning,
                "no-postmaster",
                node.span,
                "`postmaster` is not among the aliases, and every mail server has to take its mail (RFC 5321 §4.5.1)",
                "add `postmaster: root`, unless there is an account of that name",
            );
        }
        Some(self.stated(aliases, node.span))
    }

    /// The DNS lists, in the order written.
    pub fn dnsbl(&mut self, raw: &Raw) -> Vec<Stated<Dnsbl>> {
        let lists: Vec<Spanned<Dnsbl>> = items(raw.dnsbl.as_ref())
            .filter_map(|node| self.dns_list(node))
            .collect();
        let unique = self.unique(
            lists,
            |list| list.zone.clone(),
            Severity::Error,
            "duplicate-entry",
            |list| format!("zone `{}` stands twice", list.zone),
        );
        unique
            .into_iter()
            .map(|list| self.stated(list.value, list.span))
            .collect()
    }

    fn dns_list(&mut self, node: &Node<RawDnsbl>) -> Option<Spanned<Dnsbl>> {
        let raw = node.value.as_ref()?;
        let example = "zone: zen.spamhaus.org";
        let zone = self.required(raw.zone.as_ref(), node.span, example, Domain::parse);
        let Some(list) = &raw.answers else {
            self.error(
                "missing-key",
                node.span,
                "`answers` is missing: a list also answers when it is asked too often, and taking that for \"listed\" refuses all mail",
                "add the answers that mean \"listed\", such as `answers: [127.0.0.2]`; the list's own pages say which",
            );
            return None;
        };
        let parsed: Vec<Spanned<Ipv4Addr>> = items(Some(list))
            .filter_map(|item| {
                self.parse(item, |text| match text.parse::<Ipv4Addr>() {
                    Ok(address) if address.octets()[..3] == [127, 255, 255] => Err(Fault::new(
                        "bad-text",
                        0..text.len(),
                        format!("`{text}` is how lists say that a query was wrong or one too many, not that a client is listed"),
                    )
                    .help("leave it out")),
                    Ok(address) if address.is_loopback() => Ok(address),
                    _ => Err(Fault::new(
                        "bad-text",
                        0..text.len(),
                        format!("`{}` is no answer of a DNS list: those lie in 127.0.0.0/8 (RFC 5782 §2.1)", text.escape_debug()),
                    )
                    .help("write `127.0.0.2`")),
                })
            })
            .collect();
        let unique = self.unique(
            parsed,
            |answer| *answer,
            Severity::Error,
            "duplicate-entry",
            |answer| format!("answer `{answer}` stands twice"),
        );
        if unique.is_empty() && list.value.as_ref().is_some_and(Vec::is_empty) {
            self.error(
                "missing-value",
                list.span,
                "no answer is named: nobody would ever be listed",
                "write `answers: [127.0.0.2]`",
            );
        }
        let mut answers: Vec<Ipv4Addr> = unique.into_iter().map(|answer| answer.value).collect();
        answers.sort_unstable();
        let zone = zone?;
        Some(Spanned {
            value: Dnsbl {
                zone: zone.value,
                answers,
            },
            span: zone.span,
        })
    }

    /// The signature.
    pub fn dkim(&mut self, raw: &Raw) -> Option<Stated<Dkim>> {
        let node = raw.dkim.as_ref()?;
        let raw = node.value.as_ref()?;
        let example = "domain: example.com";
        let domain = self.required(raw.domain.as_ref(), node.span, example, Domain::parse);
        let selector = self.required(raw.selector.as_ref(), node.span, "selector: s1", |text| {
            // A selector is labels of a domain name (RFC 6376 §3.1).
            Domain::parse(&format!("{text}.example"))
                .map(|_| text.to_ascii_lowercase())
                .map_err(|_| {
                    let shown = text.escape_debug();
                    let message =
                        format!("`{shown}` is no selector: it becomes a part of a name in DNS");
                    Fault::new("bad-text", 0..text.len(), message)
                        .help("letters, digits and hyphens, such as `s1`")
                })
        });
        let key = raw.key.as_ref().map(|key| self.parse(key, FilePath::parse));
        let socket = raw.socket.as_ref().map(|node| self.parse(node, endpoint));
        if raw.key.is_none() && raw.socket.is_none() {
            self.error(
                "missing-key",
                node.span,
                "`key` and `socket` are missing: nothing could sign",
                "add `key:` with the path of the private key, for Exim; `socket:` with the place of OpenDKIM, for Postfix and Sendmail",
            );
        }
        let dkim = Dkim {
            domain: domain?.value,
            selector: selector?.value,
            key: key.and_then(|key| key.map(|key| key.value.as_str().to_owned())),
            socket: socket.and_then(|socket| socket.map(|socket| socket.value)),
        };
        Some(self.stated(dkim, node.span))
    }

    /// Where Rspamd listens.
    pub fn spam_filter(&mut self, raw: &Raw) -> Option<Stated<Endpoint>> {
        let node = raw.spam_filter.as_ref()?;
        let Some(rspamd) = &node.value.as_ref()?.rspamd else {
            self.missing(node.span, "rspamd", "rspamd: \"inet:127.0.0.1:11332\"");
            return None;
        };
        let socket = self.parse(rspamd, endpoint)?;
        Some(self.stated(socket.value, socket.span))
    }

    /// The milters, in the order written.
    pub fn milters(&mut self, raw: &Raw) -> Vec<Stated<Endpoint>> {
        let parsed: Vec<Spanned<Endpoint>> = items(raw.milters.as_ref())
            .filter_map(|node| self.parse(node, endpoint))
            .collect();
        let unique = self.unique(
            parsed,
            Clone::clone,
            Severity::Error,
            "duplicate-entry",
            |_| "this milter stands twice".into(),
        );
        unique
            .into_iter()
            .map(|milter| self.stated(milter.value, milter.span))
            .collect()
    }

    /// What is of no use without something else, or against it.
    pub fn goes_together(&mut self, raw: &Raw, facts: &Facts, listeners: &[Spanned<Listener>]) {
        let mx = listeners
            .iter()
            .any(|listener| listener.value.role == Role::Mx);
        if let Some(list) = &raw.dnsbl
            && !mx
            && !self.findings.iter().any(|f| f.severity == Severity::Error)
        {
            self.report(
                Severity::Warning,
                "useless-key",
                list.span,
                "no port with role `mx` is served, and who logs in is not looked up",
                "leave `dnsbl` out",
            );
        }
        if facts.smarthost.is_some() {
            for domain in &facts.relay_domains {
                if domain.value.next_hop.is_none()
                    && let Some(place) = &domain.origin
                {
                    self.error(
                        "missing-key",
                        place.span,
                        &format!("`to` is missing: is mail for `{}` to go to its MX, or through the smarthost?", domain.value.name),
                        "add `to: \"[host]:25\"` with the server that has its mailboxes",
                    );
                }
            }
        }
    }
}

/// Reads the local part of an address, in lower case.
fn local_part(text: &str) -> Result<String, Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let bad = |part, message: String| Fault::new("bad-alias", part, message);
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !plain(*c)) {
        let help = match c {
            '@' => {
                "an alias is the part before the `@`; a domain's own addresses belong into `recipients` of the domain"
            }
            _ => "letters, digits and . _ + - are taken here",
        };
        return Err(bad(
            at..at + c.len_utf8(),
            format!(
                "`{}` cannot stand in the name of an account or alias",
                shown(c)
            ),
        )
        .help(help));
    }
    let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    if text.is_empty() || text.len() > 64 || dots || text.starts_with(['-', '+']) {
        return Err(bad(
            0..text.len(),
            format!("`{text}` is no local part of an address (RFC 5321 §4.1.2)"),
        ));
    }
    Ok(text.to_ascii_lowercase())
}

/// Reads what an alias stands for: an account or an address.
fn alias_target(text: &str) -> Result<String, Fault> {
    if text.starts_with(['|', '/', ':']) {
        return Err(Fault::new(
            "bad-alias",
            0..text.len(),
            format!("`{}` is a program, a file or a list, and whoever writes to the alias would use it with the server's rights", text.escape_debug()),
        )
        .help("name an account or an address"));
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return local_part(text);
    };
    let local = local_part(local)?;
    let domain =
        Domain::parse(domain).map_err(|fault| super::endpoint::shifted(fault, local.len() + 1))?;
    Ok(format!("{local}@{domain}"))
}
