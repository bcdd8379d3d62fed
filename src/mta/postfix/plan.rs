//! From a policy to Postfix's settings, decided; templates only lay them out.

use serde::Serialize;

use crate::findings::Finding;
use crate::mta::{Heading, Version};
use crate::net::Network;
use crate::policy::{Certificate, Listener, ListenerTls, Policy, Role};

/// Up to so many networks or domains stand in main.cf itself; more go into a table of their own.
const IN_MAIN_CF: usize = 50;

/// The settings.
#[derive(Serialize)]
pub struct Plan {
    #[serde(flatten)]
    heading: Heading,
    pub steps: Vec<String>,
    hostname: String,
    domains: Vec<String>,
    pub domains_in_table: bool,
    networks: Vec<String>,
    pub networks_in_table: bool,
    certificate: Option<Certificate>,
    mx: Vec<u16>,
    pub submission: Vec<Submission>,
}

#[derive(Serialize)]
pub struct Submission {
    port: u16,
    implicit_tls: bool,
}

impl Plan {
    /// The parameters that carry values of the description, each with the items it must have.
    pub fn expected(&self) -> Vec<(&'static str, Vec<&str>)> {
        fn or_table<'a>(items: &'a [String], in_table: bool, table: &'a str) -> Vec<&'a str> {
            if in_table {
                vec![table]
            } else {
                items.iter().map(String::as_str).collect()
            }
        }
        let domains = or_table(
            &self.domains,
            self.domains_in_table,
            "texthash:$config_directory/mydestination",
        );
        let networks = or_table(
            &self.networks,
            self.networks_in_table,
            "cidr:$config_directory/mynetworks.cidr",
        );
        let mut expected = vec![
            ("myhostname", vec![self.hostname.as_str()]),
            (
                "mydestination",
                [&["$myhostname", "localhost"][..], &domains].concat(),
            ),
            (
                "mynetworks",
                [&["127.0.0.1", "[::1]"][..], &networks].concat(),
            ),
        ];
        if let Some(tls) = &self.certificate {
            expected.push(("smtpd_tls_chain_files", vec![&tls.key, &tls.certificate]));
        }
        expected
    }
}

/// The plan for a policy.
///
/// # Errors
/// What this version cannot do.
pub fn plan(policy: &Policy, heading: &Heading, _version: Version) -> Result<Plan, Vec<Finding>> {
    let facts = &policy.facts;
    let domains_in_table = facts.domains.len() > IN_MAIN_CF;
    let networks_in_table = facts.networks.len() > IN_MAIN_CF;
    let of_role = |wanted: fn(Role) -> bool| {
        policy
            .listeners
            .iter()
            .filter(move |listener| wanted(listener.role))
    };
    let submission: Vec<Submission> = of_role(|role| role != Role::Mx)
        .map(submission_of)
        .collect();
    Ok(Plan {
        heading: heading.clone(),
        steps: steps(!submission.is_empty()),
        hostname: facts.hostname.to_string(),
        domains: facts.domains.iter().map(ToString::to_string).collect(),
        domains_in_table,
        networks: facts
            .networks
            .iter()
            .map(|network| {
                if networks_in_table {
                    network.value.to_string()
                } else {
                    bracketed(&network.value)
                }
            })
            .collect(),
        networks_in_table,
        certificate: facts.certificate.clone(),
        mx: of_role(|role| role == Role::Mx)
            .map(|listener| listener.port)
            .collect(),
        submission,
    })
}

fn submission_of(listener: &Listener) -> Submission {
    Submission {
        port: listener.port,
        implicit_tls: listener.tls == ListenerTls::Implicit,
    }
}

/// As mynetworks takes it: an IPv6 address in brackets (postconf(5), mynetworks).
fn bracketed(network: &Network) -> String {
    if network.is_ipv4() {
        network.to_string()
    } else {
        format!("[{}]/{}", network.first(), network.prefix())
    }
}

fn steps(submission: bool) -> Vec<String> {
    let mut steps =
        vec!["put the files into /etc/postfix, owned by root, and run `newaliases`".to_owned()];
    if submission {
        steps.push("run saslauthd (START=yes in /etc/default/saslauthd), and let Postfix reach it: `adduser postfix sasl`".into());
    }
    steps.push("check with `postfix check`, then `systemctl restart postfix`".into());
    steps
}
