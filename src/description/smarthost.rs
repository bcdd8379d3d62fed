//! The smarthost, checked. Must not know any server's settings.

use super::endpoint;
use super::path::FilePath;
use super::provider::{Provider, Providers, client, named, providers};
use super::raw::{RawMechanism, RawSmarthost, RawSmarthostTls};
use super::validate::Check;
use super::yaml::Node;
use crate::findings::Severity;
use crate::net::Fault;
use crate::policy::{ClientMechanism, Host, Limits, Smarthost, SmarthostTls, Stated};
use crate::text::Span;

impl Check<'_> {
    /// The smarthost as it is written, with what its preset adds.
    pub fn smarthost(&mut self, node: &Node<RawSmarthost>) -> Option<Stated<Smarthost>> {
        let raw = node.value.as_ref()?;
        let data = providers();
        let provider = match &raw.preset {
            None => None,
            Some(preset) => Some(self.provider(data, preset)?),
        };
        let host = self.smarthost_host(node.span, raw, provider);
        let port = match &raw.port {
            Some(port) => self.port(port).map(|number| (number, port.span)),
            None => Some((
                provider
                    .and_then(|provider| provider.ports.first())
                    .map_or(587, |service| service.port),
                node.span,
            )),
        };
        let (port, port_span) = port?;
        let tls = self.smarthost_tls(raw, port, port_span, provider, &data.as_of);
        let mechanism = self.mechanism(raw, provider);
        let credentials = match &raw.credentials {
            Some(path) => Some(self.parse(path, FilePath::parse)?),
            None => None,
        };
        self.login(node.span, raw, provider, tls);
        let smarthost = Smarthost {
            host: host?,
            port,
            tls: tls?,
            credentials: match credentials {
                Some(path) => Some((path.value.as_str().to_owned(), mechanism?)),
                None => None,
            },
        };
        Some(self.stated(smarthost, node.span))
    }

    fn provider(
        &mut self,
        data: &'static Providers,
        preset: &Node<String>,
    ) -> Option<&'static Provider> {
        let name = preset.value.as_ref()?;
        let found = named(name);
        if found.is_none() {
            let names: Vec<&str> = data.providers.iter().map(|p| p.name.as_str()).collect();
            self.error(
                "unknown-value",
                preset.span,
                &format!("`{}` is not a preset", name.escape_debug()),
                &format!(
                    "the presets are {}; for another provider write `host:`",
                    names.join(", ")
                ),
            );
        }
        found
    }

    fn smarthost_host(
        &mut self,
        span: Span,
        raw: &RawSmarthost,
        provider: Option<&Provider>,
    ) -> Option<Host> {
        match (&raw.host, provider) {
            (None, None) => {
                self.error(
                    "missing-key",
                    span,
                    "`host` is missing: which server should take the mail?",
                    "add `host: smtp.provider.example`, or `preset:` with a provider's name",
                );
                None
            }
            (None, Some(provider)) => {
                if let Some(host) = &provider.host {
                    return endpoint::host(host).ok();
                }
                let below = provider.below.as_deref().unwrap_or_default();
                self.error(
                    "missing-key",
                    span,
                    &format!(
                        "`host` is missing: {} has a host for each customer",
                        provider.title
                    ),
                    &format!("add `host:` with its name, which ends in `.{below}`"),
                );
                None
            }
            (Some(host), None) => Some(self.parse(host, endpoint::host)?.value),
            (Some(host), Some(provider)) => Some(
                self.parse(host, |text| {
                    let given = endpoint::host(text)?;
                    let fits = match (&provider.host, &provider.below) {
                        (Some(own), _) => text == own,
                        (None, Some(below)) => text.ends_with(&format!(".{below}")),
                        (None, None) => true,
                    };
                    if fits {
                        return Ok(given);
                    }
                    let own = provider.host.clone().unwrap_or_else(|| {
                        format!("*.{}", provider.below.as_deref().unwrap_or_default())
                    });
                    Err(Fault::new(
                        "provider-mismatch",
                        0..text.len(),
                        format!(
                            "`{text}` is not a host of {}, which is `{own}`",
                            provider.title
                        ),
                    )
                    .help("leave `preset` out to send through another host"))
                })?
                .value,
            ),
        }
    }

    fn smarthost_tls(
        &mut self,
        raw: &RawSmarthost,
        port: u16,
        port_span: Span,
        provider: Option<&Provider>,
        as_of: &str,
    ) -> Option<SmarthostTls> {
        let usual = if port == 465 {
            RawSmarthostTls::Wrapped
        } else {
            RawSmarthostTls::Required
        };
        let served = match provider {
            None => usual,
            Some(provider) => {
                let Some(service) = provider.ports.iter().find(|service| service.port == port)
                else {
                    self.error(
                        "provider-mismatch",
                        port_span,
                        &format!(
                            "{} does not serve port {port}: it serves {} (as of {as_of})",
                            provider.title,
                            provider.ports()
                        ),
                        &format!(
                            "write `port: {}`",
                            provider.ports.first().map_or(587, |s| s.port)
                        ),
                    );
                    return None;
                };
                service.tls
            }
        };
        let Some(written) = &raw.tls else {
            return Some(tls_of(served));
        };
        let tls = written.value?;
        if provider.is_some() && tls != served {
            self.error(
                "provider-mismatch",
                written.span,
                &format!(
                    "port {port} of {} is spoken to with `tls: {}` (as of {as_of})",
                    provider.map_or("", |provider| provider.title.as_str()),
                    tls_word(served)
                ),
                "leave `tls` out",
            );
            return None;
        }
        if port == 465 && tls != RawSmarthostTls::Wrapped
            || port == 587 && tls == RawSmarthostTls::Wrapped
        {
            self.report(
                Severity::Warning,
                "unusual-role",
                written.span,
                &format!(
                    "port {port} is usually spoken to with `tls: {}`: the connection would hang",
                    tls_word(usual)
                ),
                "leave `tls` out, unless the provider says so",
            );
        }
        Some(tls_of(tls))
    }

    fn mechanism(
        &mut self,
        raw: &RawSmarthost,
        provider: Option<&Provider>,
    ) -> Option<ClientMechanism> {
        let Some(written) = &raw.mechanism else {
            return Some(match provider {
                // Where no password is taken any more, `login` below says so.
                Some(provider) => provider
                    .mechanisms
                    .first()
                    .map_or(ClientMechanism::Plain, |first| client(*first)),
                None => ClientMechanism::Plain,
            });
        };
        let mechanism = written.value?;
        if let Some(provider) = provider
            && !provider.mechanisms.contains(&mechanism)
            && !provider.mechanisms.is_empty()
        {
            let names: Vec<&str> = provider
                .mechanisms
                .iter()
                .map(|m| client(*m).name())
                .collect();
            let since = match &provider.passwords_until {
                Some(day) => format!(", and no password since {day}"),
                None => String::new(),
            };
            self.error(
                "provider-mismatch",
                written.span,
                &format!(
                    "{} does not take {}: it takes {}{since}",
                    provider.title,
                    client(mechanism).name(),
                    names.join(", ")
                ),
                &format!("write `mechanism: {}`", names[0].to_lowercase()),
            );
            return None;
        }
        Some(client(mechanism))
    }

    /// Whether credentials, mechanism, TLS and provider go together.
    fn login(
        &mut self,
        span: Span,
        raw: &RawSmarthost,
        provider: Option<&Provider>,
        tls: Option<SmarthostTls>,
    ) {
        if let (Some(credentials), Some(SmarthostTls::None)) = (&raw.credentials, tls) {
            self.error(
                "auth-without-tls",
                credentials.span,
                "the password would cross the network in clear: `credentials` needs TLS",
                "write `tls: required`",
            );
        }
        if let (None, Some(mechanism)) = (&raw.credentials, &raw.mechanism) {
            self.error(
                "missing-key",
                mechanism.span,
                "`credentials` is missing: a mechanism without them is of no use",
                "add `credentials:` with the path of the file on the server",
            );
        }
        let Some(provider) = provider else { return };
        match &raw.credentials {
            None if !provider.without_login => self.error(
                "missing-key",
                span,
                &format!("`credentials` is missing: {} asks for a log-in", provider.title),
                "add `credentials:` with the path of a file on the server that holds name and password",
            ),
            Some(credentials) if provider.mechanisms.is_empty() => self.error(
                "provider-mismatch",
                credentials.span,
                &format!("{} offers no AUTH: it knows its customer by address or certificate", provider.title),
                "leave `credentials` out",
            ),
            Some(_) => {
                if let (Some(day), None) = (&provider.passwords_until, &raw.mechanism) {
                    let preset = raw.preset.as_ref().map_or(span, |preset| preset.span);
                    self.error(
                        "provider-mismatch",
                        preset,
                        &format!("{} takes no passwords since {day}, only OAuth2", provider.title),
                        "say so with `mechanism: xoauth2`, for a token in place of the password",
                    );
                } else if let Some(password) = &provider.password
                    && raw.mechanism.as_ref().and_then(|m| m.value) != Some(RawMechanism::Xoauth2)
                    && let Some(credentials) = &raw.credentials
                {
                    self.report(
                        Severity::Note,
                        "smarthost-password",
                        credentials.span,
                        &format!("what {} takes for a password: {password}", provider.title),
                        "",
                    );
                }
            }
            None => {}
        }
    }

    /// Messages that this server would take and the provider would not.
    pub fn beyond_provider(&mut self, node: &Node<RawSmarthost>, limits: &Limits) {
        let Some(preset) = node.value.as_ref().and_then(|raw| raw.preset.as_ref()) else {
            return;
        };
        let provider = preset.value.as_ref().and_then(|name| named(name));
        let Some(provider) = provider else { return };
        for (limit, most, what) in [
            (
                &limits.message_size,
                provider.message_size,
                "octets in a message",
            ),
            (
                &limits.recipients,
                provider.recipients,
                "recipients of a message",
            ),
        ] {
            if let (Some(limit), Some(most)) = (limit, most)
                && limit.value > most
                && let Some(place) = &limit.origin
            {
                self.report(
                    Severity::Note,
                    "beyond-provider",
                    place.span,
                    &format!(
                        "{} takes up to {most} {what}: what this server takes beyond that comes back",
                        provider.title
                    ),
                    &format!("write at most {most}"),
                );
            }
        }
    }
}

fn tls_of(tls: RawSmarthostTls) -> SmarthostTls {
    match tls {
        RawSmarthostTls::Required => SmarthostTls::Required,
        RawSmarthostTls::Wrapped => SmarthostTls::Wrapped,
        RawSmarthostTls::None => SmarthostTls::None,
    }
}

fn tls_word(tls: RawSmarthostTls) -> &'static str {
    match tls {
        RawSmarthostTls::Required => "required",
        RawSmarthostTls::Wrapped => "wrapped",
        RawSmarthostTls::None => "none",
    }
}
