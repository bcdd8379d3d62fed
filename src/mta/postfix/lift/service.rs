//! A service of smtpd(8) as a listener: address, TLS, AUTH and its decision lists in the daemon's
//! order. Must not know what the lists say.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::access::Asked;
use super::classes::{Classes, below};
use super::entries::within;
use super::filter;
use super::guard;
use super::list::{DEFERRED, HOPEFUL, List, Lists, Said};
use super::logic::{all, both, is_never};
use super::matching::Reader;
use super::networks::networks;
use super::values::Values;
use crate::mta::lift::Use;
use crate::mta::postfix::services::Service;
use crate::net::AddressSet;
use crate::policy::{
    Clause, Guard, InClear, Listener, ListenerTls, Mechanism, Outcome, Reason, Role, Stage, Stated,
    TlsProfile,
};
use crate::text::Place;

/// The listener of a service; `gate` are the stages of what stands before it.
pub fn listener(
    values: &Values<'_>,
    endpoint: (u16, Vec<IpAddr>),
    service: &Service,
    classes: &Classes,
    mechanisms: &[Mechanism],
    gate: Vec<Stage>,
) -> Listener {
    values.faults();
    let flag = |name: &str| values.flag(name, Some(service));
    let tls = Tls::of(values, service);
    let auth = flag("smtpd_sasl_auth_enable");
    let allowed = |options: &str| {
        let words = values.words(options, Some(service));
        !words.iter().any(|word| word.text == "noplaintext")
    };
    let mut mechanisms = mechanisms.to_vec();
    let forbids_anonymous = values
        .words("smtpd_sasl_tls_security_options", Some(service))
        .iter()
        .any(|word| word.text == "noanonymous");
    mechanisms.retain(|used| *used != Mechanism::Anonymous || !forbids_anonymous);
    let in_clear = auth && !tls.enforced && !flag("smtpd_tls_auth_only");
    if in_clear
        && !values
            .words("smtpd_sasl_exceptions_networks", Some(service))
            .is_empty()
    {
        values.gap(
            values.place("smtpd_sasl_exceptions_networks", Some(service)),
            "`smtpd_sasl_exceptions_networks`: AUTH is taken to be offered to everybody",
        );
    }
    let lists = lists(values, service, classes, &tls);
    let mut stages = gate;
    stages.extend(stages_of(&lists, &tls));
    stages.retain(|stage| !stage.clauses.is_empty());
    let dead = guard::unread_argument(service)
        .map(|reason| {
            (
                reason,
                values
                    .master
                    .map(|m| Place::new(m, service.fields[7].place())),
            )
        })
        .or_else(|| values.faults().into_iter().next())
        .or_else(|| guard::unguarded(&lists));
    let (port, addresses) = endpoint;
    let mut listener = Listener {
        port,
        addresses,
        role: Role::Mx,
        tls: tls.how,
        profile: tls.profile.filter(|_| tls.enforced),
        auth: auth && tls.how != ListenerTls::No && allowed("smtpd_sasl_tls_security_options"),
        auth_in_clear: InClear::to_all(in_clear && allowed("smtpd_sasl_security_options")),
        mechanisms,
        stages,
        dead,
        believed: believed(values, service),
        origin: values
            .master
            .map(|master| Place::new(master, service.fields[0].place())),
    };
    listener.role = role(&listener);
    listener
}

/// What a service is for.
fn role(listener: &Listener) -> Role {
    let needs_log_in = |clause: &Clause| {
        matches!(clause.outcome, Outcome::Refuse(_) | Outcome::TempFail(_))
            && matches!(clause.guard, Guard::Always)
    };
    let only_logged_in = listener.stages.iter().any(|stage| {
        let end = stage.clauses.iter().position(needs_log_in);
        let before = end.map(|end| &stage.clauses[..end]);
        before.is_some_and(|before| {
            !before.is_empty()
                && before.iter().all(|clause| {
                    clause.outcome != Outcome::Next
                        || matches!(clause.guard, Guard::Authenticated)
                        || is_postmaster(&clause.guard)
                })
        })
    });
    match listener.port {
        _ if listener.tls == ListenerTls::Implicit => Role::Submissions,
        587 | 2525 => Role::Submission,
        _ if only_logged_in && (listener.offers_auth()) => Role::Submission,
        _ => Role::Mx,
    }
}

/// How TLS is offered.
pub struct Tls {
    how: ListenerTls,
    enforced: bool,
    profile: Option<TlsProfile>,
    /// Whether clients are asked for certificates.
    asked: bool,
    /// Whether they must show one that is trusted.
    required: bool,
    origin: Option<Place>,
}

impl Tls {
    fn of(values: &Values<'_>, service: &Service) -> Self {
        let text = |name: &str| values.decides(name, Some(service));
        let flag = |name: &str| values.flag(name, Some(service));
        let level = text("smtpd_tls_security_level").to_ascii_lowercase();
        let wrapped = flag("smtpd_tls_wrappermode");
        let enforced = match level.as_str() {
            _ if wrapped => true,
            "" => flag("smtpd_enforce_tls"),
            "encrypt" | "verify" | "secure" | "fingerprint" => true,
            "may" | "none" => false,
            _ => {
                let reason = format!("Invalid TLS level \"{level}\"");
                values.fault(
                    reason,
                    values.place("smtpd_tls_security_level", Some(service)),
                );
                false
            }
        };
        let used = enforced || level == "may" || (level.is_empty() && flag("smtpd_use_tls"));
        let certificates = [
            "smtpd_tls_chain_files",
            "smtpd_tls_cert_file",
            "smtpd_tls_dcert_file",
            "smtpd_tls_eccert_file",
        ];
        let certified = certificates.iter().any(|name| {
            let value = text(name);
            !value.is_empty() && value != "none"
        });
        let protocols = text("smtpd_tls_mandatory_protocols").replace(' ', "");
        let profile = match protocols.as_str() {
            ">=TLSv1.3" | "TLSv1.3" => Some(TlsProfile::Modern),
            other
                if ["!SSLv2", "!SSLv3", "!TLSv1", "!TLSv1.1", "!TLSv1.2"]
                    .iter()
                    .all(|no| other.split([',', ':']).any(|word| word == *no)) =>
            {
                Some(TlsProfile::Modern)
            }
            ">=TLSv1.2" | "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1" => {
                let graded = text("smtpd_tls_mandatory_ciphers") == "high"
                    && text("tls_high_cipherlist") == "ECDHE+AESGCM:ECDHE+CHACHA20";
                graded.then_some(TlsProfile::Intermediate)
            }
            _ => None,
        };
        let required = enforced && flag("smtpd_tls_req_ccert");
        Self {
            how: match (wrapped, used && certified) {
                (true, _) => ListenerTls::Implicit,
                (false, true) => ListenerTls::StartTls,
                (false, false) => ListenerTls::No,
            },
            enforced,
            profile,
            asked: required || flag("smtpd_tls_ask_ccert"),
            required,
            origin: values
                .place("smtpd_tls_wrappermode", Some(service))
                .filter(|_| wrapped)
                .or_else(|| values.place("smtpd_tls_security_level", Some(service))),
        }
    }

    /// What is refused before any list.
    fn stage(&self) -> Stage {
        let mut clauses = Vec::new();
        let mut refuse = |guard| {
            clauses.push(Clause {
                guard,
                outcome: Outcome::Refuse(Reason::NeedsTls),
                origin: self.origin.clone(),
            });
        };
        if self.enforced {
            refuse(!Guard::Tls);
        }
        if self.required {
            use crate::policy::Authority;
            refuse(!Guard::Any(vec![
                Guard::Certificate(Authority::Private),
                Guard::Certificate(Authority::Public),
            ]));
        }
        Stage {
            name: "TLS".into(),
            clauses,
        }
    }
}

fn lists<'a>(
    values: &'a Values<'_>,
    service: &'a Service,
    classes: &'a Classes,
    tls: &Tls,
) -> Lists<'a> {
    let mut named = BTreeMap::new();
    for word in values.words("smtpd_restriction_classes", Some(service)) {
        let words = values.words(&word.text, Some(service));
        // One that is set to nothing does not count as defined either (smtpd_check.c).
        if words.is_empty() {
            let reason = format!("restriction class `{}` needs a definition", word.text);
            values.fault(reason, word.origin.clone());
        }
        named.insert(word.text, words);
    }
    Lists {
        values,
        service,
        classes,
        named,
        networks: networks(values, Some(service)),
        interfaces: interfaces(values, service),
        soft: values.flag("soft_bounce", Some(service)),
        below: below(values, Some(service), "smtpd_access_maps"),
        null: values.decides("smtpd_null_access_lookup_key", Some(service)),
        certificates: tls.asked,
        hopeful: Cell::new(false),
        left: Cell::new(0),
        nested: Cell::new(0),
    }
}

/// The addresses that `permit_inet_interfaces` lets in.
fn interfaces(values: &Values<'_>, service: &Service) -> Guard {
    let words = values.words("inet_interfaces", Some(service));
    match addresses(
        &words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>(),
    ) {
        Some(some) if !some.is_empty() => {
            let networks = some
                .iter()
                .filter_map(|address| crate::net::Network::parse(&address.to_string()).ok());
            Guard::Any(vec![within(networks), own(&some)])
        }
        _ => Guard::ClientIsHost,
    }
}

/// Clients that call an address that is not loopback are known by calling it.
fn own(addresses: &[IpAddr]) -> Guard {
    if addresses.iter().any(|address| !address.is_loopback()) {
        Guard::ClientIsOwn
    } else {
        Guard::never()
    }
}

/// The addresses of `inet_interfaces`: none for all; nothing where some are known by name alone.
pub fn addresses(words: &[&str]) -> Option<Vec<IpAddr>> {
    let mut found = Vec::new();
    for word in words {
        match *word {
            "all" => return Some(Vec::new()),
            "loopback-only" | "localhost" => {
                found.push(Ipv4Addr::LOCALHOST.into());
                found.push(Ipv6Addr::LOCALHOST.into());
            }
            word => found.push(word.trim_matches(['[', ']']).parse().ok()?),
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// A list that is passed where the recipient is `postmaster` without a domain (`smtpd_check.c`: RFC
/// 2821 wants it to be accepted).
fn is_postmaster(guard: &Guard) -> bool {
    matches!(guard, Guard::All(both) if matches!(both[..], [Guard::RecipientBare, Guard::RecipientPostmaster]))
}

fn postmaster() -> Clause {
    Clause {
        guard: Guard::All(vec![Guard::RecipientBare, Guard::RecipientPostmaster]),
        outcome: Outcome::Next,
        origin: None,
    }
}

fn stages_of(lists: &Lists<'_>, tls: &Tls) -> Vec<Stage> {
    let (values, service) = (lists.values, Some(lists.service));
    let delayed = values.flag("smtpd_delay_reject", service);
    let relay_first = values.dictionary.version.is_at_least(&[3, 6])
        && values.flag("smtpd_relay_before_recipient_restrictions", service);
    let mut order = vec![
        ("smtpd_client_restrictions", Asked::Client, Said::Nothing),
        ("smtpd_helo_restrictions", Asked::Helo, Said::Helo),
        ("smtpd_sender_restrictions", Asked::Sender, Said::Sender),
        (
            "smtpd_recipient_restrictions",
            Asked::Recipient,
            Said::Recipient,
        ),
        (
            "smtpd_relay_restrictions",
            Asked::Recipient,
            Said::Recipient,
        ),
    ];
    if relay_first {
        order.swap(3, 4);
    }
    let mut stages = vec![filter::stage(values, lists.service), tls.stage()];
    for (at, (name, asked, said)) in order.into_iter().enumerate() {
        let said = if delayed { Said::Recipient } else { said };
        let at_rcpt = said == Said::Recipient;
        let mut clauses = lists.clauses(name, Some(asked), said, at == 4);
        if name == "smtpd_sender_restrictions"
            && values.flag("smtpd_reject_unlisted_sender", service)
        {
            let origin = values.place("smtpd_reject_unlisted_sender", service);
            clauses.push(Clause {
                guard: List::unlisted_sender_of(lists, origin.clone()),
                outcome: Outcome::Refuse(Reason::SenderRefused),
                origin,
            });
        }
        if at_rcpt && !clauses.is_empty() {
            clauses.insert(0, postmaster());
        }
        stages.push(Stage {
            name: name.into(),
            clauses,
        });
    }
    stages.extend(deferred(&stages, !postmaster().guard));
    let options = values.words("receive_override_options", service);
    let is_off = options
        .iter()
        .any(|word| word.text == "no_unknown_recipient_checks");
    if values.flag("smtpd_reject_unlisted_recipient", service) && !is_off {
        // A `postmaster` without an account gets no mail either: it comes back.
        let mut clauses = lists.classes.unlisted();
        if lists.hopeful.get() {
            let deferred = clauses.iter().map(|clause| Clause {
                guard: both(Guard::Marked(HOPEFUL.into()), clause.guard.clone()),
                outcome: Outcome::TempFail(Reason::UnknownRecipient),
                origin: clause.origin.clone(),
            });
            clauses = deferred.chain(clauses.clone()).collect();
        }
        if lists.soft {
            for clause in &mut clauses {
                clause.outcome = Outcome::TempFail(Reason::UnknownRecipient);
            }
        }
        stages.push(Stage {
            name: "smtpd_reject_unlisted_recipient".into(),
            clauses,
        });
    }
    let at_data = stages.len();
    for name in ["smtpd_data_restrictions", "smtpd_end_of_data_restrictions"] {
        stages.push(Stage {
            name: name.into(),
            clauses: lists.clauses(name, None, Said::Recipient, false),
        });
    }
    stages.extend(deferred(&stages[at_data..], Guard::Always));
    stages.push(lists.classes.stage());
    stages
}

/// Who was to be deferred if nothing refuses, after these stages.
fn deferred(stages: &[Stage], of: Guard) -> Option<Stage> {
    let marks = |clause: &Clause| matches!(&clause.outcome, Outcome::Mark(name, true) if &**name == DEFERRED);
    let clause = stages
        .iter()
        .flat_map(|stage| &stage.clauses)
        .find(|clause| marks(clause))?;
    Some(Stage {
        name: "defer_if_permit".into(),
        clauses: vec![Clause {
            guard: both(of, Guard::Marked(DEFERRED.into())),
            outcome: Outcome::TempFail(Reason::Rule),
            origin: clause.origin.clone(),
        }],
    })
}

/// Who may name another client (`XCLIENT_README`; postconf(5), `smtpd_upstream_proxy_protocol`).
fn believed(values: &Values<'_>, service: &Service) -> Option<Stated<AddressSet>> {
    let proxy = "smtpd_upstream_proxy_protocol";
    if !values.text(proxy, Some(service), Use::Decides).is_empty() {
        return Some(Stated {
            value: AddressSet::all(),
            origin: values.place(proxy, Some(service)),
        });
    }
    let name = "smtpd_authorized_xclient_hosts";
    let words = values.words(name, Some(service));
    let mut reader = Reader::new(
        values,
        crate::policy::Field::ClientName,
        below(values, Some(service), name),
    );
    reader.of_clients = true;
    let matched = reader.read(&words);
    if is_never(&matched.hit) {
        return None;
    }
    let value = if matches!(all(vec![matched.hit.clone()]), Guard::Always) {
        AddressSet::all()
    } else {
        AddressSet::new(matched.addresses)
    };
    Some(Stated {
        value,
        origin: values.place(name, Some(service)),
    })
}
