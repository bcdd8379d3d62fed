//! From a description to the Policy that it demands. Must not know any server.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::{Auth, Description};
use crate::net::{AddressSet, Domain, Network};
use crate::policy::{
    AuthBackend, Certificate, Clause, Facts, Guard, Listener, ListenerTls, Outcome, Policy, Reason,
    Role, Stated,
};
use crate::text::Place;

/// The Policy of a description: what every server that is generated from it does.
pub fn lower(description: &Description) -> Policy {
    let facts = facts(description);
    let ours: HashSet<Domain> = facts
        .domains
        .iter()
        .cloned()
        .chain([facts.hostname.clone(), Domain::localhost()])
        .collect();
    let shared = Shared {
        description,
        ours: Arc::new(ours),
        trusted: Arc::new(AddressSet::new(
            facts.networks.iter().map(|network| network.value),
        )),
    };
    let mut listeners: Vec<Listener> = description
        .listeners
        .iter()
        .map(|listener| {
            let role = listener.value.role;
            Listener {
                port: listener.value.port,
                role,
                tls: match role {
                    _ if facts.certificate.is_none() => ListenerTls::No,
                    Role::Submissions => ListenerTls::Implicit,
                    Role::Mx | Role::Submission => ListenerTls::StartTls,
                },
                auth: role != Role::Mx,
                clauses: match role {
                    Role::Mx => shared.mx(),
                    Role::Submission | Role::Submissions => {
                        shared.submission(description.place(listener.span))
                    }
                },
                origin: Some(description.place(listener.span)),
            }
        })
        .collect();
    listeners.sort_by_key(|listener| listener.port);
    Policy { listeners, facts }
}

fn facts(description: &Description) -> Facts {
    let hostname = description.hostname.value.clone();
    let mut domains: Vec<Domain> = description
        .domains
        .iter()
        .map(|domain| domain.value.clone())
        .filter(|domain| *domain != hostname && *domain != Domain::localhost())
        .collect();
    domains.sort_unstable();
    let mut networks: Vec<Stated<Network>> = description
        .networks
        .iter()
        .map(|network| Stated {
            value: network.value,
            origin: Some(description.place(network.span)),
        })
        .collect();
    networks.sort_unstable_by_key(|network| network.value);
    Facts {
        hostname,
        domains,
        networks,
        auth: description.auth.as_ref().map(|auth| match auth.value {
            Auth::Cyrus => AuthBackend::CyrusSaslauthd,
        }),
        certificate: description.tls.as_ref().map(|tls| Certificate {
            certificate: tls.certificate.as_str().to_owned(),
            key: tls.key.as_str().to_owned(),
        }),
    }
}

/// What the clauses of several listeners share.
struct Shared<'a> {
    description: &'a Description,
    ours: Arc<HashSet<Domain>>,
    trusted: Arc<AddressSet>,
}

impl Shared<'_> {
    fn mx(&self) -> Vec<Clause> {
        let networks = self
            .description
            .networks_span
            .map(|span| self.description.place(span));
        let trusted = Guard::Any(vec![
            Guard::ClientIsHost,
            Guard::ClientIn(Arc::clone(&self.trusted)),
        ]);
        let mut clauses = Self::malformed().to_vec();
        clauses.push(refuse(
            Guard::SenderDomainMissing,
            Reason::SenderDomainMissing,
            None,
        ));
        clauses.push(refuse(
            Guard::All(vec![
                Guard::RecipientRouted,
                Guard::Not(Box::new(trusted.clone())),
            ]),
            Reason::RoutedRecipient,
            None,
        ));
        clauses.extend(self.local());
        clauses.push(Clause {
            guard: trusted,
            outcome: Outcome::AcceptRelay,
            origin: networks,
        });
        clauses
    }

    fn submission(&self, listener: Place) -> Vec<Clause> {
        let not = |guard| Guard::Not(Box::new(guard));
        let auth = self
            .description
            .auth
            .as_ref()
            .map(|auth| self.description.place(auth.span));
        let mut clauses = vec![
            refuse(not(Guard::Tls), Reason::NeedsTls, Some(listener.clone())),
            refuse(not(Guard::Authenticated), Reason::NeedsAuth, Some(listener)),
        ];
        clauses.extend(Self::malformed());
        clauses.extend(self.local());
        clauses.push(Clause {
            guard: Guard::Authenticated,
            outcome: Outcome::AcceptRelay,
            origin: auth,
        });
        clauses
    }

    /// Recipients that are refused to everybody for their form.
    fn malformed() -> [Clause; 3] {
        let not_postmaster = Guard::Not(Box::new(Guard::RecipientPostmaster));
        let not_own_postmaster = Guard::Not(Box::new(Guard::All(vec![
            Guard::RecipientOwnLiteral,
            Guard::RecipientPostmaster,
        ])));
        [
            refuse(Guard::RecipientSourceRoute, Reason::SourceRoute, None),
            refuse(
                Guard::All(vec![Guard::RecipientBare, not_postmaster]),
                Reason::BareRecipient,
                None,
            ),
            refuse(
                Guard::All(vec![Guard::RecipientLiteral, not_own_postmaster]),
                Reason::LiteralRecipient,
                None,
            ),
        ]
    }

    /// Recipients on this server, those that exist and those that do not.
    fn local(&self) -> [Clause; 2] {
        let origin = self
            .description
            .domains_span
            .map(|span| self.description.place(span));
        // After `malformed`, a bare or literal recipient is `postmaster` here.
        let ours = Guard::Any(vec![
            Guard::RecipientIn(Arc::clone(&self.ours)),
            Guard::RecipientBare,
            Guard::RecipientOwnLiteral,
        ]);
        [
            Clause {
                guard: Guard::All(vec![ours.clone(), Guard::RecipientKnown]),
                outcome: Outcome::AcceptLocal,
                origin: origin.clone(),
            },
            refuse(ours, Reason::UnknownRecipient, origin),
        ]
    }
}

fn refuse(guard: Guard, reason: Reason, origin: Option<Place>) -> Clause {
    Clause {
        guard,
        outcome: Outcome::Refuse(reason),
        origin,
    }
}
