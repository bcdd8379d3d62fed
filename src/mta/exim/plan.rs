//! From a policy to Exim's options, decided; templates only lay them out.

use serde::Serialize;

use crate::findings::Finding;
use crate::mta::{Heading, Version};
use crate::policy::{Certificate, ListenerTls, Policy, Role};

/// Up to so many networks or domains stand in exim.conf itself; more go into a file of their own.
const IN_EXIM_CONF: usize = 50;

/// The options.
#[derive(Serialize)]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    hostname: String,
    domains: Vec<String>,
    pub domains_in_file: bool,
    networks: Vec<String>,
    pub networks_in_file: bool,
    ports: Vec<u16>,
    mx_ports: Vec<u16>,
    mx_port_list: String,
    implicit_tls_ports: Vec<u16>,
    pub submission: bool,
    certificate: Option<Certificate>,
}

/// The plan for a policy.
///
/// # Errors
/// What this version cannot do.
pub fn plan(policy: &Policy, heading: &Heading, _version: Version) -> Result<Plan, Vec<Finding>> {
    let facts = &policy.facts;
    let listeners = &policy.listeners;
    let ports = |wanted: &dyn Fn(&crate::policy::Listener) -> bool| -> Vec<u16> {
        let kept = listeners.iter().filter(|listener| wanted(listener));
        kept.map(|listener| listener.port).collect()
    };
    let submission = listeners.iter().any(|listener| listener.role != Role::Mx);
    let mx_ports = ports(&|listener| listener.role == Role::Mx);
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(submission, facts.certificate.as_ref()),
        hostname: facts.hostname.to_string(),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        domains_in_file: facts.domains.len() > IN_EXIM_CONF,
        networks: facts
            .networks
            .iter()
            .map(|network| network.value.to_string())
            .collect(),
        networks_in_file: facts.networks.len() > IN_EXIM_CONF,
        ports: ports(&|_| true),
        mx_port_list: mx_ports
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(":"),
        mx_ports,
        implicit_tls_ports: ports(&|listener| listener.tls == ListenerTls::Implicit),
        submission,
        certificate: facts.certificate.clone(),
    })
}

fn steps(submission: bool, certificate: Option<&Certificate>) -> Vec<String> {
    let mut steps = vec![
        "put exim.conf into /etc/exim4/exim4.conf (elsewhere where `exim -bP configure_file` says), and other files beside it, owned by root".to_owned(),
    ];
    if submission {
        steps.push("put sasl2/exim.conf into /etc/sasl2".into());
        steps.push("run saslauthd (START=yes in /etc/default/saslauthd), and let Exim reach it: `adduser Debian-exim sasl`".into());
    }
    if let Some(tls) = certificate {
        steps.push(format!(
            "let Exim read its key, which it does as its own user: `chgrp Debian-exim {0} && chmod 640 {0}`",
            tls.key
        ));
    }
    steps.push("check with `exim4 -bV`, then `systemctl restart exim4`".into());
    steps
}
