//! Routers: those that nothing reaches, and those that do more than is meant. Must not know how
//! drivers are read.

use super::tell::{note, place, warning, with_more};
use crate::findings::Finding;
use crate::mta::exim::{Class, Driver, Files, Kind, Owner};

fn routers<'f>(files: &'f Files<'_>) -> Vec<&'f Driver> {
    files.drivers(Class::Router).collect()
}

fn is_on(driver: &Driver, name: &str) -> bool {
    driver
        .option(name)
        .is_some_and(|option| option.value == "true")
}

fn is_off(driver: &Driver, name: &str) -> bool {
    driver
        .option(name)
        .is_some_and(|option| option.value == "false")
}

/// Keeps mail from going where no MX record may lead.
const IGNORED: &str = "ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1";

/// Whether a router asks something of an address before it takes it.
fn is_narrow(router: &Driver) -> bool {
    const ASKS: &[&str] = &[
        "address_test",
        "check_local_user",
        "condition",
        "domains",
        "dnssec_request_domains",
        "expn",
        "local_part_prefix",
        "local_part_suffix",
        "local_parts",
        "require_files",
        "senders",
        "verify",
        "verify_only",
        "verify_recipient",
        "verify_sender",
        "router_home_directory",
        "address_data",
    ];
    router
        .options
        .iter()
        .any(|option| ASKS.contains(&option.known.name()))
}

/// Whether a router takes every address that comes to it.
fn takes_all(router: &Driver) -> bool {
    if is_narrow(router) || router.option("unseen").is_some() {
        return false;
    }
    match router.kind {
        Some("accept") => true,
        Some("dnslookup") => is_off(router, "more"),
        Some("manualroute") => router
            .option("route_list")
            .is_some_and(|list| list.value.trim().starts_with("* ")),
        _ => false,
    }
}

/// Routers behind one that takes everything.
pub fn unreached_router(files: &Files<'_>) -> Vec<Finding> {
    let routers = routers(files);
    let Some(at) = routers.iter().position(|router| takes_all(router)) else {
        return Vec::new();
    };
    // `redirect_router` and the like may still lead there.
    let is_named = |name: &str| {
        routers.iter().any(|router| {
            ["redirect_router", "pass_router"].iter().any(|option| {
                router
                    .option(option)
                    .is_some_and(|named| named.value == name)
            })
        })
    };
    let next = routers[at + 1..]
        .iter()
        .find(|router| !is_named(&router.name));
    let found = next.map(|router| {
        let message = format!(
            "no address gets as far as `{}`: the router `{}` takes every one",
            router.name, routers[at].name
        );
        warning("unreached-router", &router.place, message)
            .and(routers[at].place.clone(), "this one asks nothing")
            .help("put it last, or say for which domains it is")
    });
    found.into_iter().collect()
}

/// Mail for domains of this server that is looked up in the DNS.
pub fn unguarded_dnslookup(files: &Files<'_>) -> Vec<Finding> {
    let routers = routers(files);
    let mut found = Vec::new();
    for (at, router) in routers
        .iter()
        .enumerate()
        .filter(|(_, router)| router.kind == Some("dnslookup"))
    {
        let is_local = |router: &&Driver| {
            matches!(router.kind, Some("accept" | "redirect")) && !is_on(router, "verify_only")
        };
        let later = routers[at + 1..].iter().find(|router| is_local(router));
        if let Some(later) = later.filter(|_| !is_narrow(router)) {
            let message = format!(
                "`{}` also looks up this server's own domains, whose mail then finds this server itself and is frozen",
                router.name
            );
            found.push(
                warning("unguarded-dnslookup", &router.place, message)
                    .and(later.place.clone(), "they were to come here")
                    .help("add `domains = !+local_domains` and `no_more`"),
            );
        } else if router.option("ignore_target_hosts").is_none() && !is_on(router, "verify_only") {
            let message = format!(
                "domains whose MX record points to 127.0.0.1 or 0.0.0.0 are sent to this server itself by `{}`",
                router.name
            );
            let finding = note("unguarded-dnslookup", &router.place, message);
            let finding = finding.help(format!("add `{IGNORED}`"));
            found.push(with_more(finding, router, &[IGNORED]));
        }
    }
    found
}

/// Domains that are accepted and that no router takes.
pub fn unroutable_domains(files: &Files<'_>) -> Vec<Finding> {
    let lists = files.lists();
    let positive = |list: &&crate::mta::exim::List<'_>| -> Vec<String> {
        let items = list.items.iter().filter(|item| !item.negated);
        items
            .filter_map(|item| item.named().map(str::to_owned))
            .collect()
    };
    let accepted = lists.iter().filter(|list| {
        list.kind == Kind::Domain
            && matches!(list.text.of, Owner::Acl(statement, part)
                if part.name == "domains" && !part.negated && matches!(statement.verb, "accept" | "require"))
    });
    let accepted: Vec<String> = accepted.flat_map(|list| positive(&list)).collect();
    let of_routers: Vec<_> = lists
        .iter()
        .filter(|list| {
            list.text.name == "domains"
                && matches!(list.text.of, Owner::Driver(driver) if driver.class == Class::Router)
        })
        .collect();
    let all = routers(files);
    let mut found = Vec::new();
    if all.iter().any(|router| router.option("domains").is_none()) || all.is_empty() {
        return found;
    }
    for name in accepted {
        let is_taken = of_routers.iter().any(|list| {
            let says = list.items.iter().find(|item| item.named() == Some(&name));
            match says {
                Some(item) => !item.negated,
                // Whatever is not named is taken where the last item is negated.
                None => {
                    list.items
                        .iter()
                        .any(|item| item.is_made || item.named().is_none() && !item.negated)
                        || list.items.last().is_some_and(|item| item.negated)
                }
            }
        });
        let refuses = of_routers.iter().find_map(|list| {
            let item = list
                .items
                .iter()
                .find(|item| item.named() == Some(&name) && item.negated)?;
            list.text.place(item.range.clone())
        });
        if let (false, Some(place)) = (is_taken, refuses) {
            found.push(
                warning(
                    "unroutable-domains",
                    &place,
                    format!("mail for `+{name}` is let in, and no router takes it: it bounces, or is refused where recipients are verified"),
                )
                .help("take it out here, or add a router for these domains"),
            );
        }
    }
    found.dedup_by(|a, b| crate::findings::same(a, b));
    found
}

/// Aliases and filters that run programs.
pub fn unsafe_redirect(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for router in routers(files)
        .into_iter()
        .filter(|router| router.kind == Some("redirect"))
    {
        let forbids = |name: &str| is_on(router, name);
        let mut lacks = vec![
            "forbid_filter_run",
            "forbid_filter_perl",
            "forbid_filter_readfile",
        ];
        lacks.retain(|name| !forbids(name));
        if is_on(router, "allow_filter") && !lacks.is_empty() {
            if !forbids("forbid_filter_lookup") {
                lacks.push("forbid_filter_lookup");
            }
            let finding = note(
                "unsafe-redirect",
                &place(router, "allow_filter"),
                "users may run programs and read files in their filters with all that Exim can expand",
            );
            let finding = finding.help(format!("add `{}`", lacks.join("`, `")));
            found.push(with_more(finding, router, &lacks));
        }
        let as_exim = router.has("pipe_transport")
            && !forbids("forbid_pipe")
            && !router.has("user")
            && router.option("check_local_user").is_none();
        let transport = router
            .option("pipe_transport")
            .and_then(|option| files.transport(&option.value));
        if as_exim && transport.is_none_or(|transport| !transport.has("user")) && !files.is_debian()
        {
            found.push(
                note(
                    "unsafe-redirect",
                    &place(router, "pipe_transport"),
                    "programs that an alias names run as Exim's own user, who may read every message",
                )
                .help("set a `user` here or in the transport, or `forbid_pipe`"),
            );
        }
    }
    found
}

/// `.forward` files that may go round in circles.
pub fn unchecked_forward(files: &Files<'_>) -> Vec<Finding> {
    let routers = routers(files).into_iter();
    let found = routers.filter_map(|router| {
        let file = router
            .option("file")
            .filter(|option| option.value.contains(".forward"))?;
        let lacks: Vec<&str> = ["check_ancestor", "no_verify"]
            .into_iter()
            .filter(|name| match *name {
                "no_verify" => !is_off(router, "verify") && !is_off(router, "verify_recipient"),
                name => !is_on(router, name),
            })
            .collect();
        let first = lacks.first()?;
        let why = match *first {
            "check_ancestor" => "a user who forwards to an alias of their own makes a loop",
            _ => "Exim reads users' files only to verify an address, and may have no right to",
        };
        let finding = note("unchecked-forward", &file.place, why);
        let finding = finding.help(format!("add `{}`", lacks.join("` and `")));
        Some(with_more(finding, router, &lacks))
    });
    found.collect()
}

/// Routers that take every local part.
pub fn catch_all_router(files: &Files<'_>) -> Vec<Finding> {
    let routers = routers(files).into_iter();
    let found = routers.filter_map(|router| {
        let asks = router.options.iter().any(|option| {
            matches!(option.known.name(), "check_local_user" | "condition" | "local_parts" | "require_files" | "verify_only" | "senders" | "address_data")
                || matches!(option.known.name(), "local_part_prefix" | "local_part_suffix")
        });
        let transport = files.transport(&router.option("transport")?.value)?;
        let is_local = matches!(transport.kind, Some("appendfile" | "pipe" | "autoreply"));
        let domains = router.option("domains").is_some_and(|option| !option.value.trim().starts_with('!'));
        (router.kind == Some("accept") && !asks && is_local && domains).then(|| {
            note(
                "catch-all",
                &router.place,
                format!("`{}` takes every local part, so each recipient counts as there and spam for made-up ones is kept", router.name),
            )
            .help("ask with `check_local_user`, `local_parts` or a lookup in `condition`")
        })
    });
    found.collect()
}
