//! The daemon's listeners and the stages of their sessions (Exim's specification, §13.3 and
//! chapter 43). Must not know what lists and conditions ask.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::acl;
use super::auth;
use super::checks;
use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{all, any, is_never, not};
use super::routes;
use super::scene::{Phase, Scene, Shared, Subject, Variables, opaque};
use crate::mta::exim::values;
use crate::net::AddressSet;
use crate::policy::{
    Accept, Authority, Clause, Expression, Field, Guard, Listener, ListenerTls, Outcome, Patterns,
    Reason, Rewrite, Role, Stage, Stated, TlsProfile,
};
use crate::text::Place;

/// Every listener, in the order of their ports.
pub fn listeners(shared: &Shared<'_>, dead: Option<&(String, Option<Place>)>) -> Vec<Listener> {
    let none = Variables::new();
    let origin = ["daemon_smtp_ports", "local_interfaces"]
        .iter()
        .find_map(|name| shared.decides(name))
        .map(|option| option.place.clone());
    let sockets = sockets(shared, &none);
    sockets
        .into_iter()
        .map(|(port, addresses)| {
            let plain = scene(shared, port, &addresses, &none);
            let variables = acl::variables(&plain);
            let scene = scene(shared, port, &addresses, &variables);
            let mut listener = listener(&scene, addresses);
            listener.dead = dead.cloned();
            listener.origin.clone_from(&origin);
            listener
        })
        .collect()
}

fn scene<'a>(
    shared: &'a Shared<'a>,
    port: u16,
    addresses: &[IpAddr],
    variables: &'a Variables,
) -> Scene<'a> {
    Scene {
        shared,
        port,
        address: match addresses {
            [one] if !one.is_unspecified() => Some(*one),
            _ => None,
        },
        tls: Guard::Tls,
        auth: Guard::Authenticated,
        certificate: Guard::never(),
        phase: Phase::Rcpt,
        subject: Subject::Recipient,
        known: None,
        literal: false,
        arguments: Vec::new(),
        variables,
        depth: 0,
    }
}

/// The value of an option of the main section, expanded, where it is one text.
fn text(name: &str, scene: &Scene<'_>) -> String {
    let value = scene.shared.value(name).unwrap_or_default();
    match expand(&value, scene).as_slice() {
        [(_, Value::Text(text))] => text.clone(),
        _ => String::new(),
    }
}

/// The ports with their addresses; none for all of the host's.
fn sockets(shared: &Shared<'_>, none: &Variables) -> BTreeMap<u16, Vec<IpAddr>> {
    let scene = scene(shared, 0, &[], none);
    let ports: Vec<u16> = values::items(&text("daemon_smtp_ports", &scene), ':')
        .iter()
        .filter_map(|name| port(name))
        .collect();
    let ports = if ports.is_empty() { vec![25] } else { ports };
    let interfaces = values::items(&text("local_interfaces", &scene), ':');
    let mut sockets: BTreeMap<u16, Vec<IpAddr>> = BTreeMap::new();
    if interfaces.is_empty() {
        return ports.into_iter().map(|port| (port, Vec::new())).collect();
    }
    for item in &interfaces {
        let Some((address, own)) = interface(item) else {
            continue;
        };
        let own: Vec<u16> = own.into_iter().collect();
        for &port in if own.is_empty() { &ports } else { &own } {
            sockets.entry(port).or_default().push(address);
        }
    }
    for addresses in sockets.values_mut() {
        addresses.sort_unstable();
        addresses.dedup();
        let everywhere: [(IpAddr, IpAddr); 2] = [
            (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
            (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()),
        ];
        if everywhere.iter().all(|(all, _)| addresses.contains(all)) {
            addresses.clear();
        }
        // All addresses of one family: loopback too.
        for (all, loopback) in everywhere {
            if addresses.contains(&all) && !addresses.contains(&loopback) {
                addresses.push(loopback);
            }
        }
    }
    sockets
}

/// The number of a port, by the names of services that mail has.
fn port(name: &str) -> Option<u16> {
    match name.trim() {
        "smtp" => Some(25),
        "smtps" | "ssmtp" | "submissions" | "urd" => Some(465),
        "submission" => Some(587),
        number => number.parse().ok(),
    }
}

/// An item of `local_interfaces`: an address, maybe with a port.
fn interface(item: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Some(rest) = item.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let own = rest.trim_start_matches([':', '.']);
        return Some((address.parse().ok()?, port(own)));
    }
    if let Ok(address) = item.parse() {
        return Some((address, None));
    }
    let (address, own) = item.rsplit_once('.')?;
    Some((address.parse().ok()?, Some(own.parse().ok()?)))
}

fn listener(scene: &Scene<'_>, addresses: Vec<IpAddr>) -> Listener {
    let shared = scene.shared;
    let implicit = values::items(
        &shared.value("tls_on_connect_ports").unwrap_or_default(),
        ':',
    )
    .iter()
    .any(|name| port(name) == Some(scene.port));
    let advertised = shared.value("tls_advertise_hosts").unwrap_or_default();
    let advertised = lists::of_option(Kind::Host, &advertised, scene);
    let offers = !is_never(&any([
        advertised.yes.clone(),
        advertised.defer,
        advertised.error,
    ]));
    let tls = match (implicit, offers) {
        (true, _) => ListenerTls::Implicit,
        (_, true) => ListenerTls::StartTls,
        _ => ListenerTls::No,
    };
    let inside = match tls {
        ListenerTls::Implicit => Guard::Always,
        ListenerTls::No => Guard::never(),
        ListenerTls::StartTls => all([Guard::Tls, advertised.yes]),
    };
    let mut scene = Scene {
        tls: inside,
        ..scene.clone()
    };
    scene.certificate = certificate(&scene);
    let offer = auth::offer(&scene);
    scene.auth = offer.guard.clone();
    let clear = Scene {
        tls: if implicit {
            Guard::Always
        } else {
            Guard::never()
        },
        auth: Guard::never(),
        ..scene.clone()
    };
    let role = match (implicit, scene.port) {
        (true, _) => Role::Submissions,
        (_, 587 | 2525) => Role::Submission,
        _ => Role::Mx,
    };
    Listener {
        port: scene.port,
        addresses,
        role,
        tls,
        profile: profile(&scene),
        auth: offer.inside,
        auth_in_clear: offer.in_clear && !implicit,
        mechanisms: offer.mechanisms,
        stages: stages(&scene, &clear),
        dead: None,
        believed: believed(&scene),
        origin: None,
    }
}

/// Which profile the ciphers of a port are, as they are generated.
fn profile(scene: &Scene<'_>) -> Option<TlsProfile> {
    let ciphers = text("tls_require_ciphers", scene);
    let options = text("openssl_options", scene);
    if options.contains("+no_tlsv1_2") || ciphers.starts_with("NORMAL:-VERS-ALL:+VERS-TLS1.3") {
        Some(TlsProfile::Modern)
    } else if ciphers.starts_with("NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE")
        || ciphers == "ECDHE+AESGCM:ECDHE+CHACHA20"
    {
        Some(TlsProfile::Intermediate)
    } else {
        None
    }
}

/// Where the client has shown a certificate that was found good.
fn certificate(scene: &Scene<'_>) -> Guard {
    let asked = ["tls_verify_hosts", "tls_try_verify_hosts"].map(|name| {
        let hosts = scene.shared.value(name).unwrap_or_default();
        lists::of_option(Kind::Host, &hosts, scene).yes
    });
    let asked = any(asked.into_iter().filter(|guard| !is_never(guard)));
    if is_never(&asked) {
        return asked;
    }
    let by = text("tls_verify_certificates", scene);
    let public = by.is_empty() || by == "system" || by.contains("/etc/ssl/certs");
    let mut authorities = vec![Guard::Certificate(Authority::Private)];
    if public {
        authorities.push(Guard::Certificate(Authority::Public));
    }
    all([scene.tls.clone(), asked, any(authorities)])
}

/// Who may say, by the PROXY protocol or XCLIENT, which client it is.
fn believed(scene: &Scene<'_>) -> Option<Stated<AddressSet>> {
    let mut sets = Vec::new();
    let mut origin = None;
    for name in ["hosts_proxy", "hosts_xclient"] {
        let Some(option) = scene.shared.decides(name) else {
            continue;
        };
        let answer = lists::of_option(Kind::Host, &option.value, scene);
        answer.yes.walk(&mut |guard| match guard {
            Guard::ClientIn(set) => sets.push(AddressSet::clone(set)),
            Guard::Always => sets.push(AddressSet::all()),
            _ => {}
        });
        origin = Some(option.place.clone());
    }
    let value = AddressSet::union(sets);
    (!value.is_empty()).then_some(Stated { value, origin })
}

fn stages(scene: &Scene<'_>, clear: &Scene<'_>) -> Vec<Stage> {
    let mut rcpt = by_acl("acl_smtp_rcpt", &at(scene, Phase::Rcpt)).unwrap_or_else(|| {
        // Without an ACL nobody may send anything anywhere.
        vec![refuse(Guard::Always, Reason::Rule, None)]
    });
    let mut routers = delivery(scene);
    if let Some(rewrite) = percent_hack(scene) {
        for clause in rcpt.iter_mut().chain(&mut routers) {
            let inner = std::mem::replace(&mut clause.guard, Guard::Always);
            clause.guard = Guard::Rewritten(Arc::clone(&rewrite), Box::new(inner));
        }
    }
    let mut stages = vec![
        stage(
            "host_reject_connection",
            rejected(&at(clear, Phase::Connect)),
        ),
        stage(
            "acl_smtp_connect",
            by_acl("acl_smtp_connect", &at(clear, Phase::Connect)).unwrap_or_default(),
        ),
        stage("tls_verify_hosts", uncertified(scene)),
        stage("EHLO", helo(&at(clear, Phase::Helo))),
        stage(
            "acl_smtp_helo",
            by_acl(
                "acl_smtp_helo",
                &Scene {
                    auth: Guard::never(),
                    ..at(scene, Phase::Helo)
                },
            )
            .unwrap_or_default(),
        ),
        stage(
            "acl_smtp_mail",
            by_acl("acl_smtp_mail", &at(scene, Phase::Mail)).unwrap_or_default(),
        ),
        stage("RCPT", recipient(&at(scene, Phase::Rcpt))),
        stage("acl_smtp_rcpt", rcpt),
    ];
    stages.retain(|stage| !stage.clauses.is_empty());
    stages.push(stage("routers", routers));
    stages
}

fn at<'a>(scene: &Scene<'a>, phase: Phase) -> Scene<'a> {
    Scene {
        phase,
        ..scene.clone()
    }
}

fn stage(name: &'static str, clauses: Vec<Clause>) -> Stage {
    Stage {
        name: Cow::Borrowed(name),
        clauses,
    }
}

fn refuse(guard: Guard, reason: Reason, origin: Option<&Place>) -> Clause {
    Clause {
        guard,
        outcome: Outcome::Refuse(reason),
        origin: origin.cloned(),
    }
}

/// The clauses of the ACL that an option names; none where it is not set.
fn by_acl(name: &str, scene: &Scene<'_>) -> Option<Vec<Clause>> {
    let option = scene.shared.decides(name)?;
    let place = Some(&option.place);
    let mut clauses = Vec::new();
    for (case, value) in expand(&option.value, scene) {
        let inner = match value {
            Value::Text(text) => match acl::named(scene.shared.running, text.trim()) {
                Some(acl) => acl::clauses(acl, &Outcome::Next, scene),
                None => match checks::inline(&text) {
                    Some(true) => vec![accept(place)],
                    Some(false) => vec![refuse(Guard::Always, Reason::Rule, place)],
                    None if text.contains(['=', '/', '\n']) => unread(&text, place),
                    // A name that is no ACL's.
                    None => vec![fails(place)],
                },
            },
            Value::ForcedFail => vec![accept(place)],
            Value::Fails => vec![fails(place)],
            _ => unread(&option.value, place),
        };
        clauses.extend(inner.into_iter().map(|clause| Clause {
            guard: all([case.clone(), clause.guard]),
            ..clause
        }));
    }
    Some(clauses)
}

fn accept(place: Option<&Place>) -> Clause {
    Clause {
        guard: Guard::Always,
        outcome: Outcome::Next,
        origin: place.cloned(),
    }
}

fn fails(place: Option<&Place>) -> Clause {
    Clause {
        guard: Guard::Always,
        outcome: Outcome::TempFail(Reason::Configuration),
        origin: place.cloned(),
    }
}

/// An ACL that is not read here may accept and may refuse.
fn unread(text: &str, place: Option<&Place>) -> Vec<Clause> {
    let hit = format!("the ACL `{text}` accepts");
    let guard = opaque("expansion", text, hit, "it is not read here", None, place);
    vec![
        refuse(not(guard.clone()), Reason::Rule, place),
        Clause {
            guard,
            ..accept(place)
        },
    ]
}

fn rejected(scene: &Scene<'_>) -> Vec<Clause> {
    let Some(option) = scene.shared.decides("host_reject_connection") else {
        return Vec::new();
    };
    // What cannot be told rejects nobody.
    let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
    let clause = refuse(hosts, Reason::ClientRefused, Some(&option.place));
    kept(vec![clause])
}

fn kept(mut clauses: Vec<Clause>) -> Vec<Clause> {
    clauses.retain(|clause| !is_never(&clause.guard));
    clauses
}

/// Clients that have to show a certificate and do not.
fn uncertified(scene: &Scene<'_>) -> Vec<Clause> {
    let Some(option) = scene.shared.decides("tls_verify_hosts") else {
        return Vec::new();
    };
    let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
    let guard = all([scene.tls.clone(), hosts, not(scene.certificate.clone())]);
    kept(vec![refuse(guard, Reason::Rule, Some(&option.place))])
}

/// What is asked of EHLO before its ACL.
fn helo(scene: &Scene<'_>) -> Vec<Clause> {
    let shared = scene.shared;
    let mut clauses = Vec::new();
    let allowed = shared.value("helo_allow_chars").unwrap_or_default();
    if !allowed.contains('_') {
        let junk = shared.value("helo_accept_junk_hosts").unwrap_or_default();
        let junk = lists::of_option(Kind::Host, &junk, scene).yes;
        let expressions = Expression::new("_", true, None).into_iter().collect();
        let patterns = Patterns {
            expressions,
            ..Patterns::default()
        };
        let guard = Guard::Matches(Field::Helo, Arc::new(patterns));
        clauses.push(refuse(all([guard, not(junk)]), Reason::HeloRefused, None));
    }
    if let Some(option) = shared.decides("helo_verify_hosts") {
        let hosts = lists::of_option(Kind::Host, &option.value, scene).yes;
        let verified = opaque(
            "dns",
            "verify = helo",
            "`verify = helo` is met",
            "it is asked over DNS",
            Some(true),
            Some(&option.place),
        );
        let guard = all([hosts, not(verified)]);
        clauses.push(refuse(guard, Reason::HeloRefused, Some(&option.place)));
    }
    kept(clauses)
}

/// What is asked of a recipient before its ACL.
fn recipient(scene: &Scene<'_>) -> Vec<Clause> {
    let shared = scene.shared;
    let mut clauses = Vec::new();
    if shared.value("allow_domain_literals").as_deref() != Some("true") {
        clauses.push(refuse(
            Guard::RecipientLiteral,
            Reason::LiteralRecipient,
            None,
        ));
    }
    let allowed = shared
        .value("recipient_unqualified_hosts")
        .unwrap_or_default();
    let allowed = lists::of_option(Kind::Host, &allowed, scene).yes;
    // A source route leads to a domain.
    let guard = all([Guard::RecipientSourceRoute, Guard::RecipientBare]);
    clauses.push(refuse(guard, Reason::BareRecipient, None));
    let guard = all([
        Guard::RecipientBare,
        !Guard::RecipientPostmaster,
        not(allowed),
    ]);
    clauses.push(refuse(guard, Reason::BareRecipient, None));
    kept(clauses)
}

/// `percent_hack_domains`: `user%host` at these domains is `user@host`.
fn percent_hack(scene: &Scene<'_>) -> Option<Arc<Rewrite>> {
    let option = scene.shared.decides("percent_hack_domains")?;
    let mut within = Patterns::default();
    let answer = lists::of_option(Kind::Domain, &option.value, scene);
    let mut bare = false;
    answer.yes.walk(&mut |guard| match guard {
        Guard::Matches(Field::RecipientDomain, patterns) => within.extend(patterns),
        Guard::RecipientBare => bare = true,
        Guard::Always => {
            let every = Expression::new("", true, None);
            within.expressions.extend(every);
        }
        _ => {}
    });
    (!within.is_empty()).then(|| {
        Arc::new(Rewrite {
            within: Arc::new(within),
            own_literal: false,
            home: None,
            bare,
            finds: vec![crate::policy::Inside::Percent],
        })
    })
}

/// Where accepted recipients go: whether a mailbox exists is asked after the session. Who is taken
/// by no router is accepted all the same.
fn delivery(scene: &Scene<'_>) -> Vec<Clause> {
    let scene = Scene {
        known: Some(Guard::Always),
        phase: Phase::Rcpt,
        ..scene.clone()
    };
    let mut clauses: Vec<Clause> = routes::delivery(&scene)
        .into_iter()
        .map(|(guard, accept, router)| Clause {
            guard,
            outcome: Outcome::Accept(accept),
            origin: Some(router.place.clone()),
        })
        .collect();
    clauses.push(Clause {
        guard: Guard::Always,
        outcome: Outcome::Accept(Accept::Relay),
        origin: None,
    });
    clauses
}
