//! The checks of a client and a sender, and the order of all checks (cf/README, "Anti-spam
//! configuration control"). Must not know listeners' sockets, nor facts.

use std::sync::Arc;

use super::input::{Class, Input};
use super::local::{End, Rules};
use super::table::{self, Answer, Table};
use crate::mta::lift::Use;
use crate::net::AddressSet;
use crate::policy::{
    Clause, Field, Guard, NameState, Opaque, Outcome, Patterns, Reason, Stage, Stated,
};
use crate::text::Place;

/// The mark of a session that `delay_checks` asks nothing more.
const PASSED: &str = "passed for good";

/// What the checks of all listeners share.
#[derive(Debug)]
pub struct Checks<'a> {
    pub input: &'a Input<'a>,
    pub table: Table,
    /// Class w: the server's own names.
    pub own: Class,
    /// Class R: clients and domains that are relayed for.
    pub relayed: Class,
    /// Whether domains of class R and the access map stand for themselves alone.
    pub hosts_only: bool,
    /// The client has logged in by a mechanism that is trusted.
    pub trusted_login: Guard,
    /// What standard rulesets may do that are not the library's.
    pub altered: Vec<(Arc<Opaque>, End)>,
    /// Whether what would be decided earlier is decided at RCPT.
    pub delayed: bool,
}

/// What the checks need to know of a listener.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Its name.
    pub name: String,
    /// The letters of its modifiers.
    pub modifiers: String,
    /// Whether it puts everything off, so that nothing is checked (`DeliveryMode=d`).
    pub defers: bool,
    /// Where it was written.
    pub place: Option<Place>,
}

pub fn clause(guard: Guard, outcome: Outcome, origin: Option<Place>) -> Clause {
    Clause {
        guard,
        outcome,
        origin,
    }
}

pub fn refuse(guard: Guard, reason: Reason, origin: Option<Place>) -> Clause {
    clause(guard, Outcome::Refuse(reason), origin)
}

/// Texts of `field` in this class.
pub fn within(field: Field, words: Patterns) -> Guard {
    Guard::Matches(field, Arc::new(words))
}

impl Checks<'_> {
    /// The stages of a listener.
    pub fn stages(&self, daemon: &Daemon) -> Vec<Stage> {
        let stage = |name: &'static str, clauses| Stage {
            name: name.into(),
            clauses,
        };
        let mut stages = Vec::new();
        if daemon.modifiers.contains('a') {
            let logged_in = Guard::Any(vec![Guard::Authenticated, Guard::Anonymous]);
            let clause = refuse(!logged_in, Reason::NeedsAuth, daemon.place.clone());
            stages.push(stage("MAIL", vec![clause]));
        }
        let relay = stage("check_relay", self.relay(daemon.defers));
        let mail = stage("check_mail", self.mail(daemon));
        let rcpt = stage("check_rcpt", self.rcpt(daemon.defers));
        if self.delayed {
            stages.push(rcpt);
            let spam = self.spam();
            stages.extend((!spam.is_empty()).then(|| stage("Spam:", spam)));
            stages.extend([mail, relay]);
        } else {
            stages.extend([relay, mail, rcpt]);
        }
        stages.push(stage("delivery", self.delivery(daemon.defers)));
        stages
    }

    /// Clauses for sessions that pass by `$#`: with `delay_checks` they pass all checks behind.
    pub fn pass(&self, guard: Guard, origin: Option<Place>) -> Vec<Clause> {
        let mut clauses = Vec::new();
        if self.delayed {
            let mark = Outcome::Mark(PASSED.into(), true);
            clauses.push(clause(guard.clone(), mark, origin.clone()));
        }
        clauses.push(clause(guard, Outcome::Next, origin));
        clauses
    }

    /// With `delay_checks`: nothing more is asked of whom an earlier check passed for good.
    pub fn unless_passed(&self) -> Vec<Clause> {
        let passed = clause(Guard::Marked(PASSED.into()), Outcome::Next, None);
        self.delayed.then_some(passed).into_iter().collect()
    }

    /// The rules of a ruleset that are not understood.
    pub fn rest(&self, rules: &Rules<'_>, name: &str, reason: Reason) -> Vec<Clause> {
        self.asked(&rules.rest(name), reason)
    }

    /// What rules may do, as clauses.
    pub fn asked(&self, questions: &[(Arc<Opaque>, End)], reason: Reason) -> Vec<Clause> {
        let mut clauses = Vec::new();
        for (opaque, end) in questions {
            let opaque = Arc::clone(opaque);
            let origin = opaque.origin.clone();
            let guard = Guard::Opaque(opaque);
            match end {
                End::Pass => clauses.extend(self.pass(guard, origin)),
                _ => clauses.push(refuse(guard, reason, origin)),
            }
        }
        clauses
    }

    /// The client may send anywhere, by the ruleset `Trusted` of generated files.
    pub fn trusted(&self) -> Option<Guard> {
        let mut rules = Rules::of(self.input, "Trusted");
        let mut trusted = Vec::new();
        if rules
            .take(&["$*", "$: $&{auth_type}", "$={TrustAuthMech}", "$@ YES"])
            .is_some()
        {
            trusted.push(self.trusted_login.clone());
        }
        let asked = [
            "$*",
            "$: $>A <$&{client_addr}> <NO> <! Connect> <>",
            "<RELAY> $*",
            "$@ YES",
            "$*",
            "$: $(same $&{client_addr}@$&{if_addr} $: NO $)",
            "NO",
            "$@ NO",
            "$*",
            "$@ YES",
        ];
        rules.take(&asked)?;
        let same = self
            .input
            .model
            .maps
            .iter()
            .find(|map| map.name == "same")?;
        if !rules.is_done() || same.value.as_deref() != Some(r"regex -m -b ^\(.*\)@\1$$") {
            return None;
        }
        self.input.uses("map", "same", Use::Decides);
        let entries = self.table.addresses("connect", false);
        trusted.extend(table::says(Field::ClientName, &entries, Answer::Relay));
        trusted.extend(self.table.unknown("lets the client relay", Some(false)));
        trusted.push(Guard::ClientIsOwn);
        Some(Guard::Any(trusted))
    }

    fn relay(&self, defers: bool) -> Vec<Clause> {
        let mut clauses = self.unless_passed();
        let mut rules = Rules::of(self.input, "Local_check_relay");
        // Numbers of connections are no matter of a session alone; the facts have them.
        self.count(&mut rules);
        clauses.extend(self.rest(&rules, "Local_check_relay", Reason::ClientRefused));

        if defers {
            return clauses;
        }
        let outcome = |answer: Answer| answer.outcome(Reason::ClientRefused);
        let names = self.table.names("connect", true, false);
        clauses.extend(table::clauses(Field::ClientName, &names, outcome));
        let addresses = self.table.addresses("connect", true);
        clauses.extend(table::clauses(Field::ClientName, &addresses, outcome));
        if let Some(guard) = self
            .table
            .unknown("lets the client past the lists", Some(false))
        {
            clauses.push(clause(guard, Outcome::Next, None));
        }
        if let Some(guard) = self.table.unknown("refuses the client", Some(false)) {
            clauses.push(refuse(guard, Reason::ClientRefused, None));
        }
        for name in ["dnsbl", "enhdnsbl"] {
            for feature in self.input.features(name) {
                let zone = feature.args.first().map_or("", |zone| zone.trim());
                let listed = Opaque::listed(zone, feature.place.clone());
                let guard = Guard::Opaque(Arc::new(listed));
                clauses.push(refuse(guard, Reason::ClientRefused, feature.place.clone()));
            }
        }
        if let Some(feature) = self.input.feature("require_rdns") {
            let origin = feature.place.clone();
            let relayed = self.relayed_addresses();
            let name = |state| Guard::ClientNameIs(state);
            let forged = Guard::Any(vec![name(NameState::Forged), name(NameState::Temporary)]);
            clauses.push(clause(relayed, Outcome::Next, origin.clone()));
            let later = Outcome::TempFail(Reason::ClientRefused);
            clauses.push(refuse(
                name(NameState::None),
                Reason::ClientRefused,
                origin.clone(),
            ));
            clauses.push(clause(forged, later, origin));
        }
        clauses
    }

    /// Takes the rules of generated files on connections of one client: how many, and in a minute.
    fn count(&self, rules: &mut Rules<'_>) -> [Option<Stated<u64>>; 2] {
        let trusts = ["$*", "$: $1 $| $>Trusted", "$* $| YES", "$@ $1"];
        if self.trusted().is_none() || rules.take(&trusts).is_none() {
            return [None, None];
        }
        let counted = ["$&{client_connections}", "$&{client_rate}"].map(|counted| {
            let origin = rules.place();
            let asked = format!("$: $1 $| $(limit l $@ ~ $@ {counted} $)");
            let most = rules.take_one(&["$* $| $*", &asked, "$* $| TRUE", "#"])?;
            let value = most.parse().ok()?;
            Some(Stated { value, origin })
        });
        rules.take(&["$* $| $*", "$@ $1"]);
        counted
    }

    /// The limits on connections of one client: how many, and in a minute.
    pub fn counted(&self) -> [Option<Stated<u64>>; 2] {
        self.count(&mut Rules::of(self.input, "Local_check_relay"))
    }

    /// The client's address begins with a word of class R.
    pub fn relayed_addresses(&self) -> Guard {
        let words = self.relayed.words.iter();
        let networks = words.filter_map(|word| super::addresses::network(word));
        Guard::ClientIn(Arc::new(AddressSet::new(networks)))
    }

    /// The DNS lists that the ruleset `Listed` of generated files asks, with the answers that
    /// count; none where it is another.
    pub fn zones(&self) -> Option<Vec<(String, Vec<String>)>> {
        let mut rules = Rules::of(self.input, "Listed");
        let digits: Vec<String> = (1..=8)
            .rev()
            .map(|n| format!("$(nibbles 0.0.0.${n} $)"))
            .collect();
        let turned = format!("$: <6> {}", digits.join("."));
        let begin = [
            "$*",
            "$: $&{client_addr}",
            "IPv6:$-:$-:$-:$-:$-:$-:$-:$-",
            &turned,
            "$-.$-.$-.$-",
            "$: <4> $4.$3.$2.$1",
            "<$-> $*",
            "$: $2",
        ];
        rules.take(&begin)?;
        let mut zones = Vec::new();
        while let Some(asked) = rules.take(&["$*", "$: <$(~ $1.~ $: NONE $)> $1"]) {
            let [map, zone] = asked.as_slice() else {
                return None;
            };
            self.input.uses("map", map, Use::Decides);
            let mut answers = Vec::new();
            while let Some(answer) = rules.take_one(&["<$*~$*> $*", "$@ YES"]) {
                answers.push(answer);
            }
            rules.take(&["<$*> $*", "$: $2"])?;
            zones.push((zone.trim_end_matches('.').to_owned(), answers));
        }
        rules.take(&["$*", "$@ NO"])?;
        rules.is_done().then_some(zones)
    }

    /// The own names that a client can have. `localhost` leads back to loopback alone, which is
    /// let in by its address.
    pub fn client_names(&self) -> Patterns {
        let mut names = self.own_names();
        names.exact.remove("localhost");
        names
    }

    /// The own names as patterns.
    pub fn own_names(&self) -> Patterns {
        let names = self.own.words.iter().filter(|word| !word.starts_with('['));
        Patterns::exact(names)
    }
}
