//! From a description to the Policy that it demands. Must not know any server.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{self, Description};
use crate::net::AddressSet;
use crate::policy::{
    Accept, Clause, Dnsbl, Field, Guard, InClear, Listener, ListenerTls, Opaque, Outcome, Patterns,
    Policy, Reason, Role, Stage,
};
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
        ours: Arc::new(Patterns::exact(description.local_domains())),
        virtual_domains: Arc::new(Patterns::exact(
            facts
                .virtual_domains
                .iter()
                .map(|domain| &domain.value.name),
        )),
        listed: Arc::new(Patterns::exact(names(false))),
        unlisted: Arc::new(Patterns::exact(names(true))),
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
    let mut demanded = facts.clone();
    // What checks passwords is nothing that a server does where nobody is asked for one.
    demanded.auth = demanded
        .auth
        .filter(|_| listeners.iter().any(|one| one.auth));
    let mut ours = Patterns::default();
    for domains in [
        &shared.ours,
        &shared.virtual_domains,
        &shared.listed,
        &shared.unlisted,
    ] {
        ours.extend(domains);
    }
    Policy {
        listeners,
        facts: demanded,
        unknown: BTreeMap::new(),
        stated: description
            .stated
            .iter()
            .map(|(name, span)| (*name, description.place(*span)))
            .collect(),
        ours: Arc::new(ours),
    }
}

/// What the clauses of several listeners share.
struct Shared<'a> {
    description: &'a Description,
    ours: Arc<Patterns>,
    virtual_domains: Arc<Patterns>,
    /// Relay domains with a file of their recipients.
    listed: Arc<Patterns>,
    /// Relay domains without one.
    unlisted: Arc<Patterns>,
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
            auth_in_clear: InClear::No,
            mechanisms: self
                .description
                .facts
                .auth
                .as_ref()
                .map_or_else(Vec::new, |auth| auth.value.mechanisms.clone()),
            stages: vec![Stage {
                name: role.name().into(),
                clauses: match role {
                    Role::Mx => self.mx(listener.auth),
                    Role::Submission | Role::Submissions => self.submission(origin.clone()),
                },
            }],
            dead: None,
            believed: None,
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
            Guard::All(vec![Guard::RecipientRouted, !trusted.clone()]),
            Reason::RoutedRecipient,
            None,
        ));
        for dnsbl in &self.description.facts.dnsbl {
            clauses.push(refuse(
                Guard::All(vec![
                    !trusted.clone(),
                    listed(&dnsbl.value, dnsbl.origin.as_ref()),
                ]),
                Reason::ClientRefused,
                dnsbl.origin.clone(),
            ));
        }
        clauses.extend(self.ours());
        clauses.push(Clause {
            guard: trusted,
            outcome: Outcome::Accept(Accept::Relay),
            origin: networks,
        });
        clauses
    }

    fn submission(&self, listener: Place) -> Vec<Clause> {
        let auth = self.description.facts.auth.as_ref();
        let mut clauses = vec![
            refuse(!Guard::Tls, Reason::NeedsTls, Some(listener.clone())),
            refuse(!Guard::Authenticated, Reason::NeedsAuth, Some(listener)),
        ];
        clauses.extend(Self::malformed());
        clauses.extend(self.ours());
        clauses.push(Clause {
            guard: Guard::Authenticated,
            outcome: Outcome::Accept(Accept::Relay),
            origin: auth.and_then(|auth| auth.origin.clone()),
        });
        clauses
    }

    /// Recipients that are refused to everybody for their form.
    fn malformed() -> [Clause; 3] {
        let not_postmaster = !Guard::RecipientPostmaster;
        let not_own_postmaster =
            !Guard::All(vec![Guard::RecipientOwnLiteral, Guard::RecipientPostmaster]);
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
            Guard::Matches(Field::RecipientDomain, Arc::clone(&self.ours)),
            Guard::RecipientBare,
            Guard::RecipientOwnLiteral,
        ]);
        let kinds = [
            (Some(local), Outcome::Accept(Accept::Local)),
            (
                within(&self.virtual_domains),
                Outcome::Accept(Accept::Local),
            ),
            (within(&self.listed), Outcome::Accept(Accept::Relay)),
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
            clauses.push(accept(guard, Outcome::Accept(Accept::Relay)));
        }
        clauses
    }
}

/// Recipients in these domains, if there are any.
fn within(domains: &Arc<Patterns>) -> Option<Guard> {
    (!domains.is_empty()).then(|| Guard::Matches(Field::RecipientDomain, Arc::clone(domains)))
}

/// The client stands in a DNS list.
fn listed(dnsbl: &Dnsbl, origin: Option<&Place>) -> Guard {
    Guard::Opaque(Arc::new(Opaque::listed(
        dnsbl.zone.as_str(),
        origin.cloned(),
    )))
}

fn refuse(guard: Guard, reason: Reason, origin: Option<Place>) -> Clause {
    Clause {
        guard,
        outcome: Outcome::Refuse(reason),
        origin,
    }
}
