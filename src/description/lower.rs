//! From a description to the Policy that it demands. Must not know any server.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::{self, Description};
use crate::net::{AddressSet, Domain};
use crate::policy::{Clause, Guard, Listener, ListenerTls, Outcome, Policy, Reason, Role};
use crate::text::Place;

/// The Policy of a description: what every server that is generated from it does.
pub fn lower(description: &Description) -> Policy {
    let facts = &description.facts;
    let names = |unlisted: bool| {
        let relay = facts.relay_domains.iter().map(|domain| &domain.value);
        relay
            .filter(move |domain| domain.recipients.is_none() == unlisted)
            .map(|domain| domain.name.clone())
    };
    let shared = Shared {
        description,
        ours: Arc::new(description.local_domains().collect()),
        virtual_domains: Arc::new(
            facts
                .virtual_domains
                .iter()
                .map(|domain| domain.value.name.clone())
                .collect(),
        ),
        listed: Arc::new(names(false).collect()),
        unlisted: Arc::new(names(true).collect()),
        trusted: Arc::new(AddressSet::new(
            facts.networks.iter().map(|network| network.value),
        )),
    };
    let mut listeners: Vec<Listener> = description
        .listeners
        .iter()
        .map(|spanned| shared.listener(&spanned.value, description.place(spanned.span)))
        .collect();
    listeners.sort_by_key(|listener| listener.port);
    Policy {
        listeners,
        facts: facts.clone(),
    }
}

/// What the clauses of several listeners share.
struct Shared<'a> {
    description: &'a Description,
    ours: Arc<HashSet<Domain>>,
    virtual_domains: Arc<HashSet<Domain>>,
    /// Relay domains with a file of their recipients.
    listed: Arc<HashSet<Domain>>,
    /// Relay domains without one.
    unlisted: Arc<HashSet<Domain>>,
    trusted: Arc<AddressSet>,
}

impl Shared<'_> {
    fn listener(&self, listener: &model::Listener, origin: Place) -> Listener {
        let role = listener.role;
        Listener {
            port: listener.port,
            addresses: listener.addresses.clone(),
            role,
            tls: match role {
                _ if !listener.tls => ListenerTls::No,
                Role::Submissions => ListenerTls::Implicit,
                Role::Mx | Role::Submission => ListenerTls::StartTls,
            },
            profile: listener.profile,
            auth: listener.auth,
            clauses: match role {
                Role::Mx => self.mx(listener.auth),
                Role::Submission | Role::Submissions => self.submission(origin.clone()),
            },
            origin: Some(origin),
        }
    }

    fn mx(&self, auth: bool) -> Vec<Clause> {
        let networks = self
            .description
            .networks_span
            .map(|span| self.description.place(span));
        let mut trusted = vec![
            Guard::ClientIsHost,
            Guard::ClientIn(Arc::clone(&self.trusted)),
        ];
        if auth {
            trusted.push(Guard::Authenticated);
        }
        let trusted = Guard::Any(trusted);
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
        clauses.extend(self.ours());
        clauses.push(Clause {
            guard: trusted,
            outcome: Outcome::AcceptRelay,
            origin: networks,
        });
        clauses
    }

    fn submission(&self, listener: Place) -> Vec<Clause> {
        let not = |guard| Guard::Not(Box::new(guard));
        let auth = self.description.facts.auth.as_ref();
        let mut clauses = vec![
            refuse(not(Guard::Tls), Reason::NeedsTls, Some(listener.clone())),
            refuse(not(Guard::Authenticated), Reason::NeedsAuth, Some(listener)),
        ];
        clauses.extend(Self::malformed());
        clauses.extend(self.ours());
        clauses.push(Clause {
            guard: Guard::Authenticated,
            outcome: Outcome::AcceptRelay,
            origin: auth.and_then(|auth| auth.origin.clone()),
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

    /// Recipients in our domains, those that exist and those that do not.
    fn ours(&self) -> Vec<Clause> {
        let origin = self
            .description
            .domains_span
            .map(|span| self.description.place(span));
        let accept = |guard, outcome| Clause {
            guard,
            outcome,
            origin: origin.clone(),
        };
        // After `malformed`, a bare or literal recipient is `postmaster` here.
        let local = Guard::Any(vec![
            Guard::RecipientIn(Arc::clone(&self.ours)),
            Guard::RecipientBare,
            Guard::RecipientOwnLiteral,
        ]);
        let kinds = [
            (Some(local), Outcome::AcceptLocal),
            (within(&self.virtual_domains), Outcome::AcceptLocal),
            (within(&self.listed), Outcome::AcceptRelay),
        ];
        let mut clauses = Vec::new();
        for (guard, outcome) in kinds {
            let Some(guard) = guard else { continue };
            clauses.push(accept(
                Guard::All(vec![guard.clone(), Guard::RecipientKnown]),
                outcome,
            ));
            clauses.push(refuse(guard, Reason::UnknownRecipient, origin.clone()));
        }
        if let Some(guard) = within(&self.unlisted) {
            clauses.push(accept(guard, Outcome::AcceptRelay));
        }
        clauses
    }
}

/// Recipients in these domains, if there are any.
fn within(domains: &Arc<HashSet<Domain>>) -> Option<Guard> {
    (!domains.is_empty()).then(|| Guard::RecipientIn(Arc::clone(domains)))
}

fn refuse(guard: Guard, reason: Reason, origin: Option<Place>) -> Clause {
    Clause {
        guard,
        outcome: Outcome::Refuse(reason),
        origin,
    }
}
