//! The check of a sender. Must not know recipients, nor facts.

use std::sync::Arc;

use super::checks::{Checks, Daemon, clause, refuse, within};
use super::local::Rules;
use super::table::{self, Answer, Entry};
use crate::mta::lift::Use;
use crate::policy::{Authority, Clause, Field, Guard, Opaque, Outcome, Patterns, Reason};

impl Checks<'_> {
    /// The stage `check_mail`.
    pub fn mail(&self, daemon: &Daemon) -> Vec<Clause> {
        let mut clauses = self.unless_passed();
        clauses.extend(self.local_mail(daemon));
        if daemon.defers {
            return clauses;
        }
        if self.table.has("tls_clt").is_some() {
            clauses.extend(self.tls_required());
        }
        clauses.push(clause(Guard::SenderNull, Outcome::Next, None));
        let (mailboxes, domains) = self.senders();
        let mut resolved = Vec::new();
        // What an entry says of a sender counts more than what DNS does.
        for answer in Answer::ALL
            .into_iter()
            .filter(|answer| *answer != Answer::Skip)
        {
            for entries in &mailboxes {
                resolved.extend(table::says(entries.0, &entries.1, answer));
            }
            resolved.extend(table::says(Field::SenderDomain, &domains, answer));
        }
        // Only there does it matter: others' rules ask for no sender's domain.
        let counts = self.input.feature("relay_local_from").is_some()
            || self.input.feature("relay_mail_from").is_some()
            || !domains.is_empty();
        if counts && self.input.feature("accept_unqualified_senders").is_none() {
            let host = within(Field::SenderDomain, Patterns::exact(["localhost"]));
            let local = within(Field::ClientName, self.client_names());
            let foreign = Guard::All(vec![host, !local]);
            if !daemon.modifiers.contains('u') {
                clauses.push(refuse(foreign, Reason::SenderRefused, None));
            }
        }
        if self.input.feature("accept_unresolvable_domains").is_none() {
            let mut guards = vec![Guard::SenderDomainMissing];
            guards.extend(resolved.iter().map(|guard| !guard.clone()));
            clauses.push(refuse(
                Guard::All(guards),
                Reason::SenderDomainMissing,
                None,
            ));
        }
        for entries in &mailboxes {
            clauses.extend(self.sender_clauses(entries.0, &entries.1));
        }
        clauses.extend(self.sender_clauses(Field::SenderDomain, &domains));
        if let Some(guard) = self.table.unknown("refuses the sender", Some(false)) {
            clauses.push(refuse(guard, Reason::SenderRefused, None));
        }
        if self.delayed
            && let Some(guard) = self
                .table
                .unknown("lets the sender past the lists", Some(false))
        {
            clauses.extend(self.pass(guard, None));
        }
        if let Some(feature) = self.input.feature("badmx") {
            let opaque = Opaque {
                kind: "dns",
                name: "badmx".into(),
                hit: "an MX of the sender's domain is refused".into(),
                reason: "it is asked over DNS".into(),
                usual: Some(false),
                origin: feature.place.clone(),
            };
            let guard = Guard::Opaque(Arc::new(opaque));
            clauses.push(refuse(guard, Reason::SenderRefused, feature.place.clone()));
        }
        clauses
    }

    fn senders(&self) -> ([(Field, Vec<Entry>); 2], Vec<Entry>) {
        let [whole, local] = self.table.mailboxes("from", true);
        let domains = self.table.names("from", true, false);
        (
            [(Field::Sender, whole), (Field::SenderLocal, local)],
            domains,
        )
    }

    /// What entries for senders do; `OK` passes by `$#`.
    fn sender_clauses(&self, field: Field, entries: &[Entry]) -> Vec<Clause> {
        let found = table::clauses(field, entries, |answer| {
            answer.outcome(Reason::SenderRefused)
        });
        let mut clauses = Vec::new();
        for found in found {
            if found.outcome == Outcome::Next {
                clauses.extend(self.pass(found.guard, found.origin));
            } else {
                clauses.push(found);
            }
        }
        clauses
    }

    fn local_mail(&self, daemon: &Daemon) -> Vec<Clause> {
        let mut clauses = Vec::new();
        let mut rules = Rules::of(self.input, "Local_check_mail");
        let by_daemon = [
            "$*",
            "$: $&{auth_type} $| $&{daemon_name} $| $1",
            "$={TrustAuthMech} $| $={~} $| $*",
            "#",
        ];
        if let Some(class) = rules.take_one(&by_daemon) {
            let place = rules.place();
            let names = self.input.class(&class, Use::Decides);
            if names.words.contains(&daemon.name.to_lowercase()) {
                clauses.extend(self.pass(self.trusted_login.clone(), place));
            }
        }
        if let (Some(trusted), Some(zones)) = (self.trusted(), self.zones()) {
            let place = rules.place();
            let asked = [
                "$*",
                "$: $>Trusted",
                "YES",
                "$@ NO",
                "$*",
                "$: $>Listed",
                "YES",
                "#",
            ];
            if rules.take(&asked).is_some() {
                let end = rules.end(1).outcome(Reason::ClientRefused, Outcome::Next);
                for (zone, _) in zones {
                    let listed = Guard::Opaque(Arc::new(Opaque::listed(&zone, place.clone())));
                    let guard = Guard::All(vec![!trusted.clone(), listed]);
                    clauses.push(clause(guard, end.clone(), place.clone()));
                }
            }
        }
        clauses.extend(self.rest(&rules, "Local_check_mail", Reason::SenderRefused));
        clauses
    }

    /// `TLS_Clt:` entries of the access map: the one for all clients is read, others are asked.
    fn tls_required(&self) -> Vec<Clause> {
        let Some((value, place)) = self.table.entry("tls_clt:") else {
            let opaque = Opaque {
                kind: "table",
                name: "TLS_Clt".into(),
                hit: "`TLS_Clt` in the access map asks more of the client's TLS".into(),
                reason: "it depends on the client's name".into(),
                usual: Some(false),
                origin: self.table.has("tls_clt").cloned(),
            };
            let origin = opaque.origin.clone();
            let guard = Guard::Opaque(Arc::new(opaque));
            return vec![refuse(guard, Reason::NeedsTls, origin)];
        };
        let upper = value.to_ascii_uppercase();
        let has = if upper.contains("VERIFY") {
            Guard::Any(vec![
                Guard::Certificate(Authority::Private),
                Guard::Certificate(Authority::Public),
            ])
        } else {
            Guard::Tls
        };
        let outcome = if upper.starts_with("TEMP") {
            Outcome::TempFail(Reason::NeedsTls)
        } else {
            Outcome::Refuse(Reason::NeedsTls)
        };
        vec![clause(!has, outcome, Some(place.clone()))]
    }
}
