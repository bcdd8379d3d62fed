//! From a policy to Sendmail's macros and maps, decided; templates only lay them out.

use serde::Serialize;

use super::access;
use crate::findings::Finding;
use crate::mta::{Heading, Version, refusal};
use crate::net::Network;
use crate::policy::{Certificate, Facts, ListenerTls, Policy, Role, Stated};

/// Up to so many lines a text map is quick enough; a longer one is made into a hash by makemap.
const IN_TEXT_MAP: usize = 1000;

/// The settings.
#[derive(Serialize)]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    hostname: String,
    domains: Vec<String>,
    networks: Vec<Keys>,
    hash_map: bool,
    listeners: Vec<Daemon>,
    pub submission: bool,
    certificate: Option<Certificate>,
}

/// A network with its access keys.
#[derive(Serialize)]
struct Keys {
    network: String,
    keys: Vec<String>,
}

/// A daemon of `DAEMON_OPTIONS`.
#[derive(Serialize)]
struct Daemon {
    port: u16,
    /// The letters of `M=`.
    modifiers: &'static str,
}

/// The plan for a policy.
///
/// # Errors
/// One finding for each network that would need too many access keys.
pub fn plan(policy: &Policy, heading: &Heading, _version: Version) -> Result<Plan, Vec<Finding>> {
    let facts = &policy.facts;
    let networks = networks(facts)?;
    let lines: usize = networks.iter().map(|network| network.keys.len()).sum();
    let hash_map = lines > IN_TEXT_MAP;
    let submission = policy
        .listeners
        .iter()
        .any(|listener| listener.role != Role::Mx);
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(submission, hash_map, facts.certificate.as_ref()),
        hostname: facts.hostname.to_string(),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        networks,
        hash_map,
        listeners: policy
            .listeners
            .iter()
            .map(|listener| Daemon {
                port: listener.port,
                modifiers: match (listener.role, listener.tls) {
                    (Role::Mx, _) => "A",
                    (_, ListenerTls::Implicit) => "Eas",
                    _ => "Ea",
                },
            })
            .collect(),
        submission,
        certificate: facts.certificate.clone(),
    })
}

/// The access keys of the host itself and of every network, no key twice.
fn networks(facts: &Facts) -> Result<Vec<Keys>, Vec<Finding>> {
    let mut refusals = Vec::new();
    let mut all = vec![
        Keys {
            network: "127.0.0.1".into(),
            keys: vec!["127.0.0.1".into()],
        },
        Keys {
            network: "::1".into(),
            keys: vec!["IPv6:0:0:0:0:0:0:0:1".into()],
        },
    ];
    for stated in &facts.networks {
        match access::keys(&stated.value) {
            Ok(keys) => all.push(Keys {
                network: stated.value.to_string(),
                keys,
            }),
            Err(nearest) => refusals.extend(too_many_keys(stated, nearest)),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut seen = std::collections::HashSet::new();
    for network in &mut all {
        network.keys.retain(|key| seen.insert(key.clone()));
    }
    all.retain(|network| !network.keys.is_empty());
    Ok(all)
}

fn too_many_keys(stated: &Stated<Network>, nearest: u8) -> Option<Finding> {
    let network = stated.value;
    let below = network.prefix() / 16 * 16;
    refusal(
        stated.origin.as_ref(),
        format!(
            "Sendmail compares whole 16-bit groups of IPv6 addresses: `{network}` would need more than 4,096 lines in its access map"
        ),
        format!(
            "the nearest border above is /{below}; from /{nearest} on the lines are few enough"
        ),
    )
}

fn steps(submission: bool, hash_map: bool, certificate: Option<&Certificate>) -> Vec<String> {
    let mut steps = vec!["put the files into /etc/mail, owned by root".to_owned()];
    if submission {
        steps.push("put sasl2/Sendmail.conf into /etc/sasl2".into());
        steps.push("run saslauthd (START=yes in /etc/default/saslauthd)".into());
    }
    if let Some(tls) = certificate {
        steps.push(format!(
            "keep the key from all but root, else STARTTLS is not offered: `chown root {0} && chmod 600 {0}`",
            tls.key
        ));
    }
    steps.push(
        "build: `m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf`; not by `sendmailconfig`, which edits sendmail.mc".into(),
    );
    if hash_map {
        steps.push("make the map: `makemap hash /etc/mail/access.db < /etc/mail/access`".into());
    }
    steps.push("run `newaliases`".into());
    steps.push("check with `sendmail -bt < /dev/null`, then `systemctl restart sendmail`".into());
    steps
}
