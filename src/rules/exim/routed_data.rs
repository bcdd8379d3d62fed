//! What `$local_part_data` and `$domain_data` hold, which routers set. Must not know what may be
//! tainted.

use super::names::variables;
use super::tell::error;
use crate::findings::Finding;
use crate::mta::exim::{Class, Driver, Files, Owner};

/// `$local_part_data` where nothing sets it.
pub fn unset_data(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in files.texts() {
        let Owner::Driver(driver) = text.of else {
            continue;
        };
        for (name, range) in variables(text.written) {
            if !matches!(name, "local_part_data" | "domain_data") {
                continue;
            }
            let routers = leading(files, driver);
            // The options by which it is set are read before it.
            let is_later = !matches!(text.name, "domains" | "local_parts");
            let Some(router) = routers
                .iter()
                .find(|router| !sets(router, name))
                .filter(|_| is_later)
            else {
                continue;
            };
            let Some(place) = text.place(range) else {
                continue;
            };
            let by = if name == "domain_data" {
                "`domains`"
            } else {
                "`check_local_user` or `local_parts`"
            };
            found.push(
                error(
                    "unset-data",
                    &place,
                    format!(
                        "`${name}` is empty: the router `{}` has no {by} that would set it",
                        router.name
                    ),
                )
                .and(router.place.clone(), "this router leads here")
                .help(format!("add {by} to the router")),
            );
        }
    }
    found
}

/// The routers that work with a driver: itself, or those that lead to a transport.
pub fn leading<'f>(files: &'f Files<'_>, driver: &'f Driver) -> Vec<&'f Driver> {
    let leads = |router: &&Driver| {
        let transport = router.option("transport");
        transport.is_some_and(|option| option.value == driver.name)
    };
    match driver.class {
        Class::Router => vec![driver],
        Class::Transport => files.drivers(Class::Router).filter(leads).collect(),
        Class::Authenticator => Vec::new(),
    }
}

/// Whether a router sets what `$local_part_data` or `$domain_data` holds.
pub fn sets(router: &Driver, name: &str) -> bool {
    match name {
        "local_part_data" => {
            router.has("local_parts") || router.option("check_local_user").is_some()
        }
        _ => router.has("domains"),
    }
}
