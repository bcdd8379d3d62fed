//! The walk through the routers, as far as it decides: for `verify`, and for where an accepted
//! recipient goes (Exim's specification, chapters 15 to 22). Must not know who asks.

use super::expand::{Value, expand};
use super::lists::{self, Kind};
use super::logic::{Answer, all, any, constant, is_never, not};
use super::preconditions::{condition, preconditions};
use super::scene::{Scene, Subject, opaque};
use crate::mta::Use;
use crate::mta::exim::catalogue::Class;
use crate::mta::exim::running::{Driver, Running};
use crate::mta::exim::values;
use crate::policy::{Accept, Guard};

/// The routers in their order.
pub fn routers(running: &Running) -> Vec<&Driver> {
    let drivers = running.drivers.iter();
    drivers
        .filter(|driver| driver.class == Class::Router)
        .collect()
}

/// What a walk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// `verify = recipient` or `verify = sender`.
    Verify,
    /// Delivery.
    Delivery,
}

/// Whether the routers take the address of the scene.
pub fn verify(scene: &Scene<'_>) -> Answer {
    let routers = routers(scene.shared.running);
    let taken = walk(&routers, 0, For::Verify, scene);
    Answer {
        yes: any(taken.cases.into_iter().map(|(guard, ..)| guard)),
        defer: taken.defer,
        error: Guard::never(),
    }
}

/// Where an accepted recipient goes, in the order of the routers.
pub fn delivery<'a>(scene: &Scene<'a>) -> Vec<(Guard, Accept, &'a Driver)> {
    walk(&routers(scene.shared.running), 0, For::Delivery, scene).cases
}

/// The router that takes the address of the scene, where that is certain.
pub fn taker<'a>(scene: &Scene<'a>) -> Option<&'a Driver> {
    let cases = delivery(scene);
    let (_, _, router) = cases
        .iter()
        .find(|(guard, ..)| matches!(guard, Guard::Always))?;
    Some(router)
}

/// What becomes of addresses; no two guards hold at once.
#[derive(Debug)]
struct Taken<'a> {
    cases: Vec<(Guard, Accept, &'a Driver)>,
    defer: Guard,
}

impl Taken<'_> {
    fn none() -> Self {
        Self {
            cases: Vec::new(),
            defer: Guard::never(),
        }
    }

    fn at(mut self, guard: &Guard) -> Self {
        for (inner, ..) in &mut self.cases {
            *inner = all([guard.clone(), inner.clone()]);
        }
        self.cases.retain(|(inner, ..)| !is_never(inner));
        self.defer = all([guard.clone(), self.defer]);
        self
    }

    fn and(mut self, other: Self) -> Self {
        self.cases.extend(other.cases);
        self.defer = any([self.defer, other.defer]);
        self
    }
}

fn walk<'a>(routers: &[&'a Driver], from: usize, what: For, scene: &Scene<'_>) -> Taken<'a> {
    let Some((router, _)) = routers.get(from..).and_then(<[_]>::split_first) else {
        return Taken::none();
    };
    let version = scene.shared.world.version;
    let is = |name: &str| router.value(name, version) == Some("true");
    let sender = scene.subject == Subject::Sender;
    let skipped = match what {
        For::Verify => !is(if sender {
            "verify_sender"
        } else {
            "verify_recipient"
        }),
        For::Delivery => is("verify_only"),
    };
    let next = |place: usize| walk(routers, place, what, scene);
    if skipped {
        return next(from + 1);
    }
    let scope = format!("router {}", router.name);
    for option in &router.options {
        let name = option.known.name();
        if DECIDES.contains(&name) {
            scene.shared.note(&scope, name, Use::Decides);
        }
    }
    let (met, scene_inside) = preconditions(router, scene);
    if is_never(&met.yes) && is_never(&met.defer) && is_never(&met.error) {
        return next(from + 1);
    }
    let handled = handle(router, routers, what, &scene_inside);
    let declined = all([met.yes.clone(), handled.declines.clone()]);
    let mut taken = handled.taken.at(&met.yes);
    taken.defer = any([taken.defer, met.defer.clone(), met.error.clone()]);
    if is("unseen") && what == For::Delivery {
        return taken.and(next(from + 1));
    }
    let more = match router.option("more") {
        Some(more) if more.value == "false" => Guard::never(),
        Some(more) if more.value.contains('$') => condition(&more.value, &scene_inside),
        _ => Guard::Always,
    };
    let goes_on = any([met.no(), all([declined, more])]);
    if is_never(&goes_on) {
        return taken;
    }
    taken.and(next(from + 1).at(&goes_on))
}

/// The options of routers that bear on what is accepted.
const DECIDES: &[&str] = &[
    "check_local_user",
    "condition",
    "data",
    "domains",
    "driver",
    "fail_verify",
    "fail_verify_recipient",
    "fail_verify_sender",
    "file",
    "local_part_prefix",
    "local_part_suffix",
    "local_parts",
    "more",
    "require_files",
    "route_data",
    "route_list",
    "senders",
    "transport",
    "unseen",
    "verify",
    "verify_only",
    "verify_recipient",
    "verify_sender",
];

/// What a router does that is run.
struct Handled<'a> {
    taken: Taken<'a>,
    /// It declines.
    declines: Guard,
}

impl<'a> Handled<'a> {
    /// It takes the address where `guard` holds, and declines elsewhere.
    fn takes(guard: Guard, accept: Accept, by: &'a Driver) -> Self {
        let declines = not(guard.clone());
        Self {
            taken: Taken {
                cases: vec![(guard, accept, by)],
                defer: Guard::never(),
            },
            declines,
        }
    }

    fn declines() -> Self {
        Self {
            taken: Taken::none(),
            declines: Guard::Always,
        }
    }
}

fn handle<'a>(
    router: &'a Driver,
    routers: &[&'a Driver],
    what: For,
    scene: &Scene<'_>,
) -> Handled<'a> {
    let version = scene.shared.world.version;
    let fails = ["fail_verify", "fail_verify_recipient", "fail_verify_sender"]
        .iter()
        .any(|name| {
            let counts = match scene.subject {
                Subject::Sender => *name != "fail_verify_recipient",
                _ => *name != "fail_verify_sender",
            };
            counts && router.value(name, version) == Some("true")
        });
    let kind = kind_of(router, scene);
    let mut handled = match router.kind.unwrap_or_default() {
        "accept" => Handled::takes(Guard::Always, kind, router),
        "dnslookup" => Handled::takes(in_dns(scene), kind, router),
        "manualroute" => Handled::takes(routed(router, scene), kind, router),
        "ipliteral" => Handled::takes(at_literal(scene), kind, router),
        "redirect" => redirect(router, routers, what, scene),
        _ => {
            let name = format!("router {}", router.name);
            let hit = format!("`{name}` takes the address");
            let reason = "a program or another server answers";
            Handled::takes(
                opaque("program", name, hit, reason, None, Some(&router.place)),
                kind,
                router,
            )
        }
    };
    if fails && what == For::Verify {
        handled.taken = Taken::none();
    }
    handled
}

/// Whether DNS knows the domain; address literals are none.
fn in_dns(scene: &Scene<'_>) -> Guard {
    match &scene.subject {
        Subject::Sender => all([!Guard::SenderNull, !Guard::SenderDomainMissing]),
        Subject::Fixed(_, domain) => {
            constant(!domain.starts_with('[') && !domain.ends_with(".invalid"))
        }
        Subject::Recipient => all([!Guard::RecipientLiteral, !Guard::RecipientDomainMissing]),
    }
}

fn at_literal(scene: &Scene<'_>) -> Guard {
    match &scene.subject {
        Subject::Recipient => Guard::RecipientLiteral,
        Subject::Sender => Guard::never(),
        Subject::Fixed(_, domain) => constant(domain.starts_with('[')),
    }
}

/// Where a rule of `route_list`, or `route_data`, says where to.
fn routed(router: &Driver, scene: &Scene<'_>) -> Guard {
    if let Some(data) = router.option("route_data") {
        let cases = expand(&data.value, scene).into_iter();
        return any(cases.map(|(guard, value)| {
            let inner = match value {
                Value::Text(text) => constant(!text.trim().is_empty()),
                Value::ForcedFail | Value::Fails => Guard::never(),
                _ => Guard::Always,
            };
            all([guard, inner])
        }));
    }
    let Some(list) = router.option("route_list") else {
        return Guard::never();
    };
    let rules = values::items(&list.value, ';');
    any(rules.iter().map(|rule| {
        let pattern = rule.split_whitespace().next().unwrap_or_default();
        // A rule names one domain, or a list that is one item.
        let pattern = pattern.trim_matches('"').replace(':', "::");
        let answer = lists::of_option(Kind::Domain, &pattern, scene);
        answer.yes
    }))
}

/// What a transport's deliveries are.
fn kind_of(router: &Driver, scene: &Scene<'_>) -> Accept {
    let Some(name) = router.option("transport") else {
        return Accept::Relay;
    };
    let drivers = &scene.shared.running.drivers;
    let transport = drivers
        .iter()
        .find(|driver| driver.class == Class::Transport && driver.name == name.value);
    match transport {
        Some(transport) => {
            let version = scene.shared.world.version;
            let speaks = transport.value("protocol", version);
            match transport.kind.unwrap_or_default() {
                "smtp" if speaks != Some("lmtp") => Accept::Relay,
                _ => Accept::Local,
            }
        }
        // A name that is made up for each address.
        None if name.value.contains("smtp") => Accept::Relay,
        None => Accept::Local,
    }
}

/// What a redirection does: to an address of the administrator's, the walk begins anew.
fn redirect<'a>(
    router: &'a Driver,
    routers: &[&'a Driver],
    what: For,
    scene: &Scene<'_>,
) -> Handled<'a> {
    let Some(data) = router.option("data") else {
        // People's own forward files: an account without one goes on to the next router, which
        // takes it all the same.
        return Handled::declines();
    };
    let mut handled = Handled {
        taken: Taken::none(),
        declines: Guard::never(),
    };
    for (guard, value) in expand(&data.value, scene) {
        match value {
            Value::Text(text) => {
                let text = text.trim();
                if text.is_empty() {
                    handled.declines = any([handled.declines, guard]);
                } else if text.starts_with(":fail:") {
                } else if text.starts_with(":defer:") {
                    handled.taken.defer = any([handled.taken.defer, guard]);
                } else if let (false, Some(inner)) =
                    (text.starts_with([':', '/', '|', '#', '"']), scene.deeper())
                {
                    let new = one_address(text, &inner);
                    let mut again = match new {
                        Some(subject) => walk(routers, 0, what, &Scene { subject, ..inner }),
                        None => Handled::takes(Guard::Always, Accept::Local, router).taken,
                    };
                    // Addresses of aliases are the administrator's own: nobody is let in by them
                    // who was not before.
                    for (_, accept, _) in &mut again.cases {
                        *accept = Accept::Local;
                    }
                    handled.taken = handled.taken.and(again.at(&guard));
                } else {
                    handled.taken.cases.push((guard, Accept::Local, router));
                }
            }
            Value::ForcedFail => handled.declines = any([handled.declines, guard]),
            Value::Fails => handled.taken.defer = any([handled.taken.defer, guard]),
            Value::Some if scene.known.is_some() => {
                handled.taken.cases.push((guard, Accept::Local, router));
            }
            _ => {
                let name = format!("router {}", router.name);
                let hit = format!("`{name}` has another address for this one");
                let reason = "it is made up when it is asked for";
                let found = opaque("table", name, hit, reason, None, Some(&router.place));
                handled.taken.cases.push((
                    all([guard.clone(), found.clone()]),
                    Accept::Local,
                    router,
                ));
                handled.declines = any([handled.declines, all([guard, not(found)])]);
            }
        }
    }
    handled
}

/// The one address that a text is; none for several.
fn one_address(text: &str, scene: &Scene<'_>) -> Option<Subject> {
    if text.contains([',', '\n', ' ']) {
        return None;
    }
    let (local, domain) = match text.rsplit_once('@') {
        Some((local, domain)) => (local, domain.to_owned()),
        None => (text, super::expand::qualified(scene, "qualify_recipient")?),
    };
    Some(Subject::Fixed(
        local.to_ascii_lowercase(),
        domain.to_ascii_lowercase(),
    ))
}
