//! The check of a recipient by the standard rules. Must not know where its mail goes, nor facts.

use std::sync::{Arc, LazyLock};

use super::checks::{Checks, clause, refuse, within};
use super::input::Class;
use super::local::Rules;
use super::table::{self, Answer};
use crate::mta::lift::Use;
use crate::policy::{
    Accept, Clause, Expression, Field, Guard, Inside, NameState, Opaque, Outcome, Patterns, Reason,
    Rewrite,
};
use crate::text::Place;

impl Checks<'_> {
    /// Stage `check_rcpt`: who is not passed is refused.
    pub fn rcpt(&self, defers: bool) -> Vec<Clause> {
        let local = self.local_rcpt();
        let mut clauses = local.clauses;
        if local.is_final || defers {
            return clauses;
        }
        clauses.extend(self.asked(&self.altered, Reason::Rule));
        let feature = |name: &str| self.input.feature(name);
        let place = |name: &str| feature(name).and_then(|feature| feature.place.clone());
        if feature("blocklist_recipients")
            .or(feature("blacklist_recipients"))
            .is_some()
        {
            clauses.extend(self.blocked());
        }
        if feature("promiscuous_relay").is_some() {
            clauses.push(clause(
                Guard::Always,
                Outcome::Next,
                place("promiscuous_relay"),
            ));
            return clauses;
        }
        clauses.extend(self.certificates());
        let relay_auth = Rules::of(self.input, "Local_Relay_Auth");
        clauses.extend(self.rest(&relay_auth, "Local_Relay_Auth", Reason::Rule));
        clauses.extend(self.pass(self.trusted_login.clone(), self.trust_place()));
        let mut recipients = self.recipients();
        recipients.push((Guard::RecipientBare, None));
        for (guard, origin) in recipients {
            let mut guards = self.remote();
            guards.push(guard);
            let mut guards = vec![self.rewritten(Guard::All(guards))];
            guards.extend(self.uucp().map(|guard| !guard));
            clauses.push(clause(Guard::All(guards), Outcome::Next, origin));
        }
        clauses.extend(self.clients());
        clauses
    }

    /// `nouucp` and `nopercenthack` with `reject`: such recipients count as someone else's.
    fn remote(&self) -> Vec<Guard> {
        let signs = [("nouucp", "!"), ("nopercenthack", "%")];
        let rejected = signs.into_iter().filter(|(feature, _)| {
            let feature = self.input.feature(feature);
            let how = feature.and_then(|feature| feature.args.first());
            how.is_some_and(|how| how.starts_with('r'))
        });
        let expressions = rejected.map(|(_, sign)| Expression::known(sign, false));
        let patterns = Patterns {
            expressions: expressions.collect(),
            ..Patterns::default()
        };
        if patterns.is_empty() {
            return Vec::new();
        }
        vec![!within(Field::RecipientLocal, patterns)]
    }

    /// `host!user` with a host of one label is a recipient at `host.UUCP`, unless it is this one.
    pub fn uucp(&self) -> Option<Guard> {
        let mut rewrite = self.taken_off();
        let signs = rewrite.finds.len();
        rewrite.finds.retain(|inside| *inside != Inside::Bang);
        (rewrite.finds.len() < signs).then(|| {
            let expressions = vec![BANG.clone()];
            let patterns = Patterns {
                expressions,
                ..Patterns::default()
            };
            // What is at another's domain is not looked into.
            let mut at = vec![Guard::RecipientBare];
            at.push(Guard::Matches(
                Field::RecipientDomain,
                Arc::clone(&rewrite.within),
            ));
            at.extend(self.own_literal());
            let host = within(Field::RecipientLocal, patterns);
            let guard = Guard::All(vec![host, Guard::Any(at)]);
            Guard::Rewritten(Arc::new(rewrite), Box::new(guard))
        })
    }

    fn trust_place(&self) -> Option<Place> {
        self.input.class("TrustAuthMech", Use::Decides).place
    }

    /// Entries of the access map that refuse recipients.
    fn blocked(&self) -> Vec<Clause> {
        let [whole, locals] = self.table.mailboxes("to", true);
        let domains = self.table.names("to", true, false);
        let own = within(Field::RecipientDomain, self.own_names());
        let mut own = vec![own, Guard::RecipientBare];
        own.extend(self.own_literal());
        let own = Guard::Any(own);
        let mut clauses = Vec::new();
        if !(whole.is_empty() && locals.is_empty() && domains.is_empty()) {
            clauses.push(self.blocked_at_localhost());
        }
        for (field, entries) in [
            (Field::Recipient, whole),
            (Field::RecipientLocal, locals),
            (Field::RecipientDomain, domains),
        ] {
            let outcome = |answer| match answer {
                Answer::Held => HELD,
                answer => answer.outcome(Reason::RecipientRefused),
            };
            for mut found in table::clauses(field, &entries, outcome) {
                if field == Field::RecipientLocal {
                    found.guard = Guard::All(vec![own.clone(), found.guard]);
                }
                let mut guards = vec![self.rewritten(found.guard)];
                guards.extend(self.uucp().map(|guard| !guard));
                found.guard = Guard::All(guards);
                // What is not refused is looked at further, and no entry behind is looked for;
                // `QUARANTINE` ends the check as an error that takes the mail and holds it.
                let cleared = !Guard::Marked(CLEARED.into());
                if found.outcome == Outcome::Next {
                    let mark = Outcome::Mark(CLEARED.into(), true);
                    clauses.push(clause(found.guard, mark, found.origin));
                } else if found.outcome == HELD {
                    let guard = Guard::All(vec![cleared, found.guard]);
                    clauses.extend(self.pass(guard, found.origin));
                } else {
                    found.guard = Guard::All(vec![cleared, found.guard]);
                    clauses.push(found);
                }
            }
        }
        if let Some(guard) = self.table.unknown("refuses the recipient", Some(false)) {
            clauses.push(refuse(guard, Reason::RecipientRefused, None));
        }
        clauses
    }

    /// `localhost` becomes the host's own name before it is looked up: what an entry of that says of
    /// such recipients is not followed.
    fn blocked_at_localhost(&self) -> Clause {
        let opaque = Opaque {
            kind: "table",
            name: "localhost".into(),
            hit: "the access map refuses the host's own name".into(),
            reason: "`localhost` is looked up as that name".into(),
            usual: Some(false),
            origin: None,
        };
        let here = Patterns::exact(["localhost"]);
        let guards = vec![
            within(Field::RecipientDomain, here),
            Guard::Opaque(Arc::new(opaque)),
        ];
        let guard = self.rewritten(Guard::All(guards));
        refuse(guard, Reason::RecipientRefused, None)
    }

    /// Clients' certificates that the access map lets relay.
    fn certificates(&self) -> Vec<Clause> {
        let issuer = self.table.has("certissuer");
        let subject = self.table.has("certsubject");
        let Some(place) = issuer.or(subject).cloned() else {
            return Vec::new();
        };
        let opaque = Opaque {
            kind: "table",
            name: "CertIssuer".into(),
            hit: "the access map lets the client's certificate relay".into(),
            reason: "the names in the certificate are not known".into(),
            usual: None,
            origin: Some(place.clone()),
        };
        let guard = Guard::All(vec![self.certified(), Guard::Opaque(Arc::new(opaque))]);
        self.pass(guard, Some(place))
    }

    /// Class m, the domain part of the host's name, which the files do not say.
    fn host_domain(&self, what: &str) -> Guard {
        let opaque = Opaque {
            kind: "host",
            name: "$m".into(),
            hit: format!("{what} is in the domain of the system's host name"),
            reason: "no file says the system's host name".into(),
            usual: Some(false),
            origin: self
                .input
                .feature("relay_entire_domain")
                .and_then(|f| f.place.clone()),
        };
        Guard::Opaque(Arc::new(opaque))
    }

    /// Recipients that anyone may send to, each with where that is said.
    fn recipients(&self) -> Vec<(Guard, Option<Place>)> {
        let mut all = Vec::new();
        if let Some(feature) = self.input.feature("relay_entire_domain") {
            all.push((self.host_domain("the recipient"), feature.place.clone()));
        }
        let own = within(Field::RecipientDomain, self.own_names());
        all.push((own, self.own.place.clone()));
        all.extend(self.own_literal().map(|guard| (guard, None)));
        for guard in self.own.unknown("the recipient's domain", Some(false)) {
            all.push((guard, self.own.place.clone()));
        }
        all.extend(self.relayed_domains());
        if let Some(feature) = self.input.feature("relay_based_on_MX") {
            // Anyone can make such a record for a domain of his own.
            let ask = dns(
                "mxserved",
                "the recipient's domain has an MX record that names this host",
                None,
            );
            all.push((ask, feature.place.clone()));
        }
        if let Some(feature) = self.input.feature("bestmx_is_local") {
            let ask = dns(
                "bestmx",
                "the best MX of the recipient's domain is this host",
                Some(false),
            );
            all.push((ask, feature.place.clone()));
        }
        all
    }

    /// Recipients whose domains class R or the access map names.
    fn relayed_domains(&self) -> Vec<(Guard, Option<Place>)> {
        let mut all = Vec::new();
        let names = relay_names(&self.relayed, self.hosts_only);
        if !names.is_empty() {
            all.push((
                within(Field::RecipientDomain, names),
                self.relayed.place.clone(),
            ));
        }
        for guard in self.relayed.unknown("the recipient's domain", Some(false)) {
            all.push((guard, self.relayed.place.clone()));
        }
        let entries = self.table.names("to", true, self.hosts_only);
        let place = table::relayed(&entries)
            .first()
            .map(|(_, place)| (*place).clone());
        if let Some(guard) = table::says(Field::RecipientDomain, &entries, Answer::Relay) {
            all.push((guard, place));
        }
        if self
            .input
            .feature("relay_full_addr")
            .or(self.input.feature("relaytofulladdress"))
            .is_some()
        {
            let [whole, _] = self.table.mailboxes("to", true);
            all.extend(
                table::says(Field::Recipient, &whole, Answer::Relay).map(|guard| (guard, None)),
            );
        }
        if let Some(guard) = self.table.unknown("relays to the recipient", Some(false)) {
            all.push((guard, None));
        }
        all
    }

    /// The guard over the recipient that the rules find inside.
    fn rewritten(&self, guard: Guard) -> Guard {
        Guard::Rewritten(Arc::new(self.taken_off()), Box::new(guard))
    }

    /// Own names are always taken off (`Parse0`), relayed ones unless `loose_relay_check`.
    fn taken_off(&self) -> Rewrite {
        let mut within = self.own_names();
        if self.input.feature("loose_relay_check").is_none() {
            within.extend(&relay_names(&self.relayed, self.hosts_only));
            let entries = self.table.names("to", true, self.hosts_only);
            within.extend(&table::relayed_names(&entries));
        }
        self.rewrite(within)
    }

    /// What is found inside a recipient at one of these domains.
    pub fn rewrite(&self, within: Patterns) -> Rewrite {
        let operators = self.input.class("O", Use::Decides).words;
        let signs = [
            ("@", Inside::At),
            ("!", Inside::Bang),
            ("%", Inside::Percent),
        ];
        Rewrite {
            home: None,
            extension: String::new(),
            within: Arc::new(within),
            own_literal: self.own_literal().is_some(),
            bare: true,
            finds: signs
                .into_iter()
                .filter(|(sign, _)| operators.contains(*sign))
                .map(|(_, inside)| inside)
                .collect(),
        }
    }

    /// Clients that may send anywhere.
    fn clients(&self) -> Vec<Clause> {
        let passes = |guard, origin| clause(guard, Outcome::Next, origin);
        let mut clauses = vec![
            passes(Guard::ClientIsHost, None),
            passes(self.relayed_addresses(), self.relayed.place.clone()),
        ];
        for guard in self.relayed.unknown("the client", Some(false)) {
            clauses.push(passes(guard, self.relayed.place.clone()));
        }
        let addresses = self.table.addresses("connect", true);
        if let Some(guard) = table::says(Field::ClientName, &addresses, Answer::Relay) {
            let place = table::networks(&addresses)
                .into_iter()
                .map(|(_, place)| place)
                .next();
            clauses.push(passes(guard, place));
        }
        if let Some(guard) = self.table.unknown("lets the client relay", Some(false)) {
            clauses.push(passes(guard, None));
        }
        clauses.extend(self.forgeable());
        let denied = |state| refuse(Guard::ClientNameIs(state), Reason::RelayingDenied, None);
        let later = Outcome::TempFail(Reason::RelayingDenied);
        clauses.push(clause(
            Guard::ClientNameIs(NameState::Temporary),
            later,
            None,
        ));
        clauses.extend([denied(NameState::Forged), denied(NameState::None)]);
        if let Some(feature) = self.input.feature("relay_entire_domain") {
            clauses.push(passes(
                self.host_domain("the client"),
                feature.place.clone(),
            ));
        }
        let own = within(Field::ClientName, self.client_names());
        clauses.push(passes(own, self.own.place.clone()));
        let names = relay_names(&self.relayed, self.hosts_only);
        clauses.push(passes(
            within(Field::ClientName, names),
            self.relayed.place.clone(),
        ));
        let entries = self.table.names("connect", true, self.hosts_only);
        let place = table::relayed(&entries)
            .first()
            .map(|(_, place)| (*place).clone());
        if let Some(guard) = table::says(Field::ClientName, &entries, Answer::Relay) {
            clauses.push(passes(guard, place));
        }
        clauses.push(refuse(Guard::Always, Reason::RelayingDenied, None));
        clauses
    }

    /// Senders that may send anywhere, whoever names them.
    fn forgeable(&self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        if let Some(feature) = self.input.feature("relay_local_from") {
            let guard = within(Field::SenderDomain, self.own_names());
            clauses.push(clause(guard, Outcome::Next, feature.place.clone()));
        }
        if let Some(feature) = self.input.feature("relay_mail_from") {
            let [whole, _] = self.table.mailboxes("from", false);
            let mut guards = Vec::new();
            guards.extend(table::says(Field::Sender, &whole, Answer::Relay));
            if feature.args.first().is_some_and(|arg| !arg.is_empty()) {
                let names = self.table.names("from", false, self.hosts_only);
                let others = table::says(Field::SenderDomain, &names, Answer::Relay);
                guards.extend(others);
            }
            guards.extend(self.table.unknown("lets the sender relay", None));
            let place = feature.place.clone();
            clauses.push(clause(Guard::Any(guards), Outcome::Next, place));
        }
        clauses
    }
}

/// A host before `!`, but for `localhost`.
static BANG: LazyLock<Expression> =
    LazyLock::new(|| Expression::known("^(?!localhost!)[^.!@%]+!", true));

/// Stands for `QUARANTINE` among outcomes of the access map's entries.
const HELD: Outcome = Outcome::Accept(Accept::Relay);

/// The mark of a recipient that the access map says nothing against.
const CLEARED: &str = "no blocked recipient";

/// The names of class R, which stand for what is below them too.
pub fn relay_names(class: &Class, exact: bool) -> Patterns {
    let names = class.words.iter();
    let names = names.filter(|word| super::addresses::network(word).is_none());
    let mut patterns = Patterns::default();
    for name in names {
        let rest = name.strip_prefix('.');
        if rest.is_none() {
            patterns.exact.insert(name.clone());
        }
        if !exact {
            patterns.below.insert(rest.unwrap_or(name).to_owned());
        }
    }
    patterns
}

fn dns(name: &str, hit: &str, usual: Option<bool>) -> Guard {
    Guard::Opaque(Arc::new(Opaque {
        kind: "dns",
        name: name.into(),
        hit: hit.into(),
        reason: "it is asked over DNS".into(),
        usual,
        origin: None,
    }))
}
