//! `Local_check_rcpt`: runs of its rules whose meaning is known, those of generated files among
//! them. Must not know the standard rules.

use super::checks::{Checks, clause, within};
use super::local::{End, Rules};
use crate::mta::lift::Use;
use crate::policy::{Authority, Clause, Field, Guard, Outcome, Patterns, Reason};
use crate::text::Place;

/// Domains that rules of `Local_check_rcpt` take.
#[derive(Clone, Debug)]
pub struct Group {
    /// The class that holds them.
    pub class: String,
    /// The map of their recipients.
    pub map: Option<String>,
    /// Where the rules are.
    pub place: Option<Place>,
}

/// What `Local_check_rcpt` does.
#[derive(Debug, Default)]
pub struct Local {
    pub clauses: Vec<Clause>,
    pub groups: Vec<Group>,
    /// Whether the standard rules are never asked.
    pub is_final: bool,
}

/// Characters that part addresses (class O), those that the session model calls routed.
const OPERATORS: [&str; 3] = ["!", "%", "@"];

const LITERAL: [&str; 8] = [
    "$* @ [ $*",
    "$: <LITERAL> $1 @ [ $2",
    "<LITERAL> postmaster @ $*",
    "$: <LITERAL> $1",
    "<LITERAL> $=w",
    "#",
    "<LITERAL> $*",
    "#",
];

const BARE: [&str; 6] = [
    "$*",
    "$: <BARE> $1",
    "<BARE> $+ @ $+",
    "$: $1 @ $2",
    "<BARE> $*",
    "#",
];

const UNROUTED: [&str; 4] = [
    "$- @ $={~}",
    "$: $(dequote $1 $) @ $2",
    "$* $=O $* @ $={~}",
    "#",
];

const ROUTED: [&str; 8] = [
    "$- @ $={~}",
    "$: $(dequote $1 $) @ $2",
    "$* $=O $* @ $={~}",
    "$: <ROUTED> $>Trusted",
    "<ROUTED> YES",
    "#",
    "<ROUTED> $*",
    "#",
];

const LISTED: [&str; 6] = [
    "$+ @ $={~}",
    "$: <LISTED> $(~ $1@$2 $: NO $)",
    "<LISTED> $* <YES>",
    "#",
    "<LISTED> $*",
    "#",
];

impl Checks<'_> {
    /// What `Local_check_rcpt` does.
    pub fn local_rcpt(&self) -> Local {
        let mut rules = Rules::of(self.input, "Local_check_rcpt");
        let mut local = Local::default();
        let trusted = self.trusted();
        // Whether the rules look at the recipient without its brackets; after rules about the
        // client they look at what was asked instead.
        let mut looks = false;
        while !rules.is_done() && !local.is_final {
            if rules.take(&["$*", "$@ ~"]).is_some() {
                return local;
            }
            if !looks && local.clauses.is_empty() && rules.take(&["< $* >", "$1"]).is_some() {
                looks = true;
                continue;
            }
            if let Some((clauses, is_final)) = self.client_rules(&mut rules, trusted.as_ref()) {
                local.clauses.extend(clauses);
                local.is_final = is_final;
                looks = false;
            } else if !looks || !self.recipient_rules(&mut rules, trusted.as_ref(), &mut local) {
                break;
            }
        }
        let rest = self.rest(&rules, "Local_check_rcpt", Reason::Rule);
        local.clauses.extend(rest);
        local
    }

    /// Takes rules about the client, after which the recipient is no longer looked at; whether
    /// they decide all that is left.
    fn client_rules(
        &self,
        rules: &mut Rules<'_>,
        trusted: Option<&Guard>,
    ) -> Option<(Vec<Clause>, bool)> {
        let place = rules.place();
        let (guard, reason) = if rules.take(&["$*", "#"]).is_some() {
            (Guard::Always, Reason::RelayingDenied)
        } else if rules.take(&["$*", "$: $&{auth_type}", "$+", "#"]).is_some() {
            let any = Guard::Any(vec![Guard::Authenticated, Guard::Anonymous]);
            (any, Reason::Rule)
        } else if rules
            .take(&["$*", "$: $&{auth_type}", "$={TrustAuthMech}", "#"])
            .is_some()
        {
            (self.trusted_login.clone(), Reason::Rule)
        } else if rules.take(&["$*", "$: $&{verify}", "OK", "#"]).is_some() {
            (self.certified(), Reason::Rule)
        } else {
            let asked = ["$*", "$: $>Trusted", "YES", "#"];
            let trusted = trusted.filter(|_| rules.take(&asked).is_some())?;
            (trusted.clone(), Reason::RelayingDenied)
        };
        let is_final = matches!(guard, Guard::Always);
        Some((self.ended(rules.end(1), guard, reason, place), is_final))
    }

    /// Takes rules about the recipient, if they are known.
    fn recipient_rules(
        &self,
        rules: &mut Rules<'_>,
        trusted: Option<&Guard>,
        local: &mut Local,
    ) -> bool {
        let place = rules.place();
        let operators = self.input.class("O", Use::Decides).words;
        let all_operators = operators.iter().map(String::as_str).eq(OPERATORS);
        let end = |rules: &Rules<'_>, back: usize, guard: Guard, reason| {
            self.ended(rules.end(back), guard, reason, place.clone())
        };
        let mut add = |clauses: Vec<Clause>| local.clauses.extend(clauses);
        if rules.take(&["@ $*", "#"]).is_some() {
            let guard = Guard::RecipientSourceRoute;
            add(end(rules, 1, guard, Reason::SourceRoute));
        } else if rules.take(&["postmaster", "#"]).is_some() {
            let guard = Guard::All(vec![Guard::RecipientBare, Guard::RecipientPostmaster]);
            add(end(rules, 1, guard, Reason::BareRecipient));
        } else if rules.take(&LITERAL).is_some() {
            let own = self.own_literal().unwrap_or_else(Guard::never);
            let guard = Guard::All(vec![Guard::RecipientPostmaster, own]);
            add(end(rules, 2, guard, Reason::LiteralRecipient));
            let guard = Guard::RecipientLiteral;
            add(end(rules, 1, guard, Reason::LiteralRecipient));
        } else if rules.take(&BARE).is_some() {
            add(end(rules, 1, Guard::RecipientBare, Reason::BareRecipient));
        } else if all_operators && let Some(class) = rules.take_one(&UNROUTED) {
            let guard = Guard::All(vec![self.in_class(&class), Guard::RecipientRouted]);
            add(end(rules, 1, guard, Reason::UnknownRecipient));
        } else if all_operators
            && let Some(trusted) = trusted
            && let Some(class) = rules.take_one(&ROUTED)
        {
            let routed = vec![self.in_class(&class), Guard::RecipientRouted];
            let mut by_trusted = routed.clone();
            by_trusted.push(trusted.clone());
            let guard = Guard::All(by_trusted);
            add(end(rules, 2, guard, Reason::RoutedRecipient));
            let guard = Guard::All(routed);
            add(end(rules, 1, guard, Reason::RoutedRecipient));
        } else if let Some([class, map]) = rules.take(&LISTED).as_deref() {
            let domain = self.in_class(class);
            let known = Guard::All(vec![domain.clone(), Guard::RecipientKnown]);
            self.input.uses("map", map, Use::Decides);
            add(end(rules, 2, known, Reason::UnknownRecipient));
            add(end(rules, 1, domain, Reason::UnknownRecipient));
            local.groups.push(Group {
                class: class.clone(),
                map: Some(map.clone()),
                place,
            });
        } else if let Some(class) = rules.take_one(&["$+ @ $={~}", "#"]) {
            let guard = self.in_class(&class);
            add(end(rules, 1, guard, Reason::RecipientRefused));
            if rules.end(1) == End::Pass {
                let map = None;
                local.groups.push(Group { class, map, place });
            }
        } else {
            return false;
        }
        true
    }

    fn ended(&self, end: End, guard: Guard, reason: Reason, at: Option<Place>) -> Vec<Clause> {
        match end.outcome(reason, Outcome::Next) {
            Outcome::Next => self.pass(guard, at),
            outcome => vec![clause(guard, outcome, at)],
        }
    }

    /// The domain of the recipient is in the class.
    pub fn in_class(&self, name: &str) -> Guard {
        let class = self.input.class(name, Use::Decides);
        let mut guards = class.unknown("the recipient's domain", Some(false));
        guards.push(within(
            Field::RecipientDomain,
            Patterns::exact(&class.words),
        ));
        if guards.len() == 1 {
            guards.remove(0)
        } else {
            Guard::Any(guards)
        }
    }

    /// The recipient is at the literal of an own address: class w holds those of the interfaces.
    pub fn own_literal(&self) -> Option<Guard> {
        let probes = self.input.value("DontProbeInterfaces", Use::Decides);
        let probes = !probes.is_some_and(|value| value.starts_with(['t', 'T', 'y', 'Y', '1']));
        probes.then_some(Guard::RecipientOwnLiteral)
    }

    /// The client has shown a certificate that one of the CAs signed.
    pub fn certified(&self) -> Guard {
        let options = self.input.value("TLSSrvOptions", Use::Decides);
        if options.is_some_and(|options| options.contains('V')) {
            return Guard::never();
        }
        let mut authorities = vec![Guard::Certificate(Authority::Private)];
        let files = ["CACertFile", "CACertPath"];
        let public = |name: &&str| {
            let path = self.input.value(name, Use::Decides).unwrap_or_default();
            path.contains("ca-certificates")
                || path.contains("ca-bundle")
                || path == "/etc/ssl/certs"
        };
        if files.iter().any(public) {
            authorities.push(Guard::Certificate(Authority::Public));
        }
        Guard::Any(authorities)
    }
}
