//! The hosts that routers and transports name. Must not know for whom mail goes there.

use std::collections::HashMap;

use super::asking::{constant, host};
use super::ours::domains_of;
use super::scene::Scene;
use crate::mta::exim::running::Driver;
use crate::mta::exim::values;
use crate::net::Domain;
use crate::policy::{Host, Patterns};

/// `hosts` and `port` of a transport.
pub fn hop(transport: &Driver, scene: &Scene<'_>) -> Option<(Host, u16)> {
    let hosts = constant(&transport.option("hosts")?.value, scene)?;
    let hosts = values::items(&hosts, ':');
    let [one] = hosts.as_slice() else { return None };
    Some((host(one)?, port(transport)?))
}

fn port(transport: &Driver) -> Option<u16> {
    match transport.option("port").map(|port| port.value.as_str()) {
        None if transport
            .option("protocol")
            .is_some_and(|p| p.value == "smtps") =>
        {
            Some(465)
        }
        None | Some("smtp") => Some(25),
        Some("submission") => Some(587),
        Some("smtps" | "submissions") => Some(465),
        Some(number) => number.parse().ok(),
    }
}

/// The rules of a router's `route_list`, read once for all domains: both can be many.
pub struct Routes {
    rules: Vec<String>,
    /// The first rule that names a domain.
    by_name: HashMap<String, usize>,
    /// Those that are for more than names: for patterns, or for all.
    wide: Vec<(usize, Option<Patterns>)>,
}

impl Routes {
    /// Reads them.
    pub fn of(router: &Driver, scene: &Scene<'_>) -> Self {
        let list = router.option("route_list");
        let rules = list.map_or_else(Vec::new, |list| values::items(&list.value, ';'));
        let (mut by_name, mut wide) = (HashMap::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let pattern = rule.split_whitespace().next().unwrap_or_default();
            if pattern == "*" {
                wide.push((at, None));
                break;
            }
            let mut domains = domains_of(pattern, scene);
            for name in std::mem::take(&mut domains.exact) {
                by_name.entry(name).or_insert(at);
            }
            if !domains.is_empty() {
                wide.push((at, Some(domains)));
            }
        }
        Self {
            rules,
            by_name,
            wide,
        }
    }

    /// The host that is named for a domain, with its port.
    pub fn host(
        &self,
        name: &Domain,
        transport: &Driver,
        scene: &Scene<'_>,
    ) -> Option<(Host, u16)> {
        let named = self.by_name.get(name.as_str()).copied();
        let mut wide = self.wide.iter();
        let wide = wide.find(|(_, of)| of.as_ref().is_none_or(|of| of.holds(name.as_str())));
        let first = named.into_iter().chain(wide.map(|(at, _)| *at)).min()?;
        let mut words = self.rules[first].split_whitespace().skip(1);
        let text = constant(words.next()?, scene)?;
        let own = port(transport);
        if let Some((name, number)) = text.split_once("::") {
            return Some((host(name)?, number.parse().ok()?));
        }
        Some((host(&text)?, own?))
    }
}
