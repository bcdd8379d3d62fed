//! The check of a recipient, and where accepted mail goes. Must not know clients' lists, nor facts.

use std::sync::Arc;

use super::checks::{Checks, clause, refuse, within};
use super::input::Class;
use super::local::{End, Rules};
use super::table::{self, Answer};
use crate::mta::lift::Use;
use crate::policy::{
    Accept, Authority, Clause, Field, Guard, Inside, NameState, Opaque, Outcome, Patterns, Reason,
    Rewrite,
};
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

/// Where domains of a class go by rules of `LOCAL_RULE_0`.
#[derive(Clone, Debug)]
pub struct Route {
    pub class: String,
    pub mailer: String,
    pub host: String,
    pub place: Option<Place>,
}

impl Checks<'_> {
    /// The domain of the recipient is in the class.
    fn in_class(&self, name: &str) -> Guard {
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

    /// What `Local_check_rcpt` does.
    pub fn local_rcpt(&self) -> Local {
        let mut rules = Rules::of(self.input, "Local_check_rcpt");
        let mut local = Local::default();
        let trusted = self.trusted();
        // Characters that part addresses: those that the session model calls routed.
        let operators = self.input.class("O", Use::Decides).words;
        let all_operators = operators.iter().map(String::as_str).eq(["!", "%", "@"]);
        // Whether the rules still look at the recipient.
        let mut looks = true;
        while !rules.is_done() && !local.is_final {
            let place = rules.place();
            let at = place.clone();
            let end = |rules: &Rules<'_>, back: usize, guard: Guard, reason| {
                self.ended(rules.end(back), guard, reason, at.clone())
            };
            let mut add = |clauses: Vec<Clause>| local.clauses.extend(clauses);
            if rules.take(&["$*", "#"]).is_some() {
                add(end(&rules, 1, Guard::Always, Reason::RelayingDenied));
                local.is_final = true;
            } else if rules.take(&["$*", "$@ ~"]).is_some() {
                return local;
            } else if rules.take(&["$*", "$: $&{auth_type}", "$+", "#"]).is_some() {
                looks = false;
                let any = Guard::Any(vec![Guard::Authenticated, Guard::Anonymous]);
                add(end(&rules, 1, any, Reason::Rule));
            } else if rules
                .take(&["$*", "$: $&{auth_type}", "$={TrustAuthMech}", "#"])
                .is_some()
            {
                looks = false;
                add(end(&rules, 1, self.trusted_login.clone(), Reason::Rule));
            } else if rules.take(&["$*", "$: $&{verify}", "OK", "#"]).is_some() {
                looks = false;
                add(end(&rules, 1, self.certified(), Reason::Rule));
            } else if let Some(trusted) = &trusted
                && rules.take(&["$*", "$: $>Trusted", "YES", "#"]).is_some()
            {
                looks = false;
                add(end(&rules, 1, trusted.clone(), Reason::RelayingDenied));
            } else if !looks {
                break;
            } else if rules.take(&["< $* >", "$1"]).is_some() {
            } else if rules.take(&["@ $*", "#"]).is_some() {
                add(end(
                    &rules,
                    1,
                    Guard::RecipientSourceRoute,
                    Reason::SourceRoute,
                ));
            } else if rules.take(&["postmaster", "#"]).is_some() {
                let guard = Guard::All(vec![Guard::RecipientBare, Guard::RecipientPostmaster]);
                add(end(&rules, 1, guard, Reason::BareRecipient));
            } else if rules.take(&LITERAL).is_some() {
                let mut own = vec![Guard::RecipientPostmaster];
                own.extend(self.own_literal());
                add(end(&rules, 2, Guard::All(own), Reason::LiteralRecipient));
                add(end(
                    &rules,
                    1,
                    Guard::RecipientLiteral,
                    Reason::LiteralRecipient,
                ));
            } else if rules.take(&BARE).is_some() {
                add(end(&rules, 1, Guard::RecipientBare, Reason::BareRecipient));
            } else if all_operators && let Some(class) = rules.take_one(&UNROUTED) {
                let guard = Guard::All(vec![self.in_class(&class), Guard::RecipientRouted]);
                add(end(&rules, 1, guard, Reason::UnknownRecipient));
            } else if all_operators
                && let Some(trusted) = &trusted
                && let Some(class) = rules.take_one(&ROUTED)
            {
                let routed = vec![self.in_class(&class), Guard::RecipientRouted];
                let mut by_trusted = routed.clone();
                by_trusted.push(trusted.clone());
                add(end(
                    &rules,
                    2,
                    Guard::All(by_trusted),
                    Reason::RoutedRecipient,
                ));
                add(end(&rules, 1, Guard::All(routed), Reason::RoutedRecipient));
            } else if let Some(found) = rules.take(&LISTED).filter(|found| found.len() == 2) {
                let domain = self.in_class(&found[0]);
                let known = Guard::All(vec![domain.clone(), Guard::RecipientKnown]);
                self.input.uses("map", &found[1], Use::Decides);
                add(end(&rules, 2, known, Reason::UnknownRecipient));
                add(end(&rules, 1, domain, Reason::UnknownRecipient));
                local.groups.push(Group {
                    class: found[0].clone(),
                    map: Some(found[1].clone()),
                    place,
                });
            } else if let Some(class) = rules.take_one(&["$+ @ $={~}", "#"]) {
                add(end(
                    &rules,
                    1,
                    self.in_class(&class),
                    Reason::RecipientRefused,
                ));
                if rules.end(1) == End::Pass {
                    let map = None;
                    local.groups.push(Group { class, map, place });
                }
            } else {
                break;
            }
        }
        local
            .clauses
            .extend(self.rest(&rules, "Local_check_rcpt", Reason::Rule));
        local
    }

    fn ended(&self, end: End, guard: Guard, reason: Reason, at: Option<Place>) -> Vec<Clause> {
        match end.outcome(reason, Outcome::Next) {
            Outcome::Next => self.pass(guard, at),
            outcome => vec![clause(guard, outcome, at)],
        }
    }

    /// The recipient is at the literal of an own address: class w holds those of the interfaces.
    fn own_literal(&self) -> Option<Guard> {
        let probes = self.input.value("DontProbeInterfaces", Use::Decides);
        let probes = !probes.is_some_and(|value| value.starts_with(['t', 'T', 'y', 'Y', '1']));
        probes.then_some(Guard::RecipientOwnLiteral)
    }

    /// The client has shown a certificate that one of the CAs signed.
    fn certified(&self) -> Guard {
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

    /// Stage `check_rcpt`: who is not passed is refused.
    pub fn rcpt(&self) -> Vec<Clause> {
        let local = self.local_rcpt();
        let mut clauses = local.clauses;
        if local.is_final {
            return clauses;
        }
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
        for (guard, origin) in self.recipients() {
            clauses.push(clause(self.rewritten(guard), Outcome::Next, origin));
        }
        clauses.push(clause(
            self.rewritten(Guard::RecipientBare),
            Outcome::Next,
            None,
        ));
        clauses.extend(self.clients());
        clauses
    }

    fn trust_place(&self) -> Option<Place> {
        self.input.class("TrustAuthMech", Use::Decides).place
    }

    /// Entries of the access map that refuse recipients.
    fn blocked(&self) -> Vec<Clause> {
        let [whole, locals] = self.table.mailboxes("to", true);
        let domains = self.table.names("to", true, false);
        let own = within(Field::RecipientDomain, self.own_names());
        let own = Guard::Any(vec![own, Guard::RecipientBare]);
        let mut clauses = Vec::new();
        for (field, entries) in [
            (Field::Recipient, whole),
            (Field::RecipientLocal, locals),
            (Field::RecipientDomain, domains),
        ] {
            for mut found in table::clauses(field, &entries, |answer| self.accept_outcome(answer)) {
                if field == Field::RecipientLocal {
                    found.guard = Guard::All(vec![own.clone(), found.guard]);
                }
                found.guard = self.rewritten(found.guard);
                // What is not refused is looked at further, and no entry behind is looked for.
                if found.outcome == Outcome::Next {
                    let mark = Outcome::Mark(CLEARED.into(), true);
                    clauses.push(clause(found.guard, mark, found.origin));
                } else {
                    found.guard = Guard::All(vec![!Guard::Marked(CLEARED.into()), found.guard]);
                    clauses.push(found);
                }
            }
        }
        if let Some(guard) = self.table.unknown("refuses the recipient", Some(false)) {
            clauses.push(refuse(guard, Reason::RecipientRefused, None));
        }
        clauses
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
            let ask = dns(
                "mxserved",
                "the recipient's domain has an MX record that names this host",
            );
            all.push((ask, feature.place.clone()));
        }
        if let Some(feature) = self.input.feature("bestmx_is_local") {
            let ask = dns(
                "bestmx",
                "the best MX of the recipient's domain is this host",
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
        for guard in self.relayed.unknown("the recipient's domain", None) {
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
        if let Some(guard) = self.table.unknown("relays to the recipient", None) {
            all.push((guard, None));
        }
        all
    }

    /// The guard over the recipient that the rules find inside: own names are always taken off
    /// (`Parse0`), relayed ones unless `loose_relay_check`.
    fn rewritten(&self, guard: Guard) -> Guard {
        let mut within = self.own_names();
        if self.input.feature("loose_relay_check").is_none() {
            within.extend(&relay_names(&self.relayed, self.hosts_only));
            let entries = self.table.names("to", true, self.hosts_only);
            let names = table::relayed(&entries).into_iter().map(|(name, _)| name);
            within.extend(&if self.hosts_only {
                Patterns::exact(names)
            } else {
                Patterns::with_below(names)
            });
        }
        Guard::Rewritten(Arc::new(self.rewrite(within)), Box::new(guard))
    }

    fn rewrite(&self, within: Patterns) -> Rewrite {
        let operators = self.input.class("O", Use::Decides).words;
        let signs = [
            ("@", Inside::At),
            ("!", Inside::Bang),
            ("%", Inside::Percent),
        ];
        Rewrite {
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
        for guard in self.relayed.unknown("the client", None) {
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
        if let Some(guard) = self.table.unknown("lets the client relay", None) {
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
        let own = within(Field::ClientName, self.own_names());
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

    /// Where rules of `LOCAL_RULE_0` send domains.
    pub fn routes(&self) -> Vec<Route> {
        let mut rules = Rules::of(self.input, "ParseLocal");
        let mut routes: Vec<Route> = Vec::new();
        while !rules.is_done() {
            let place = rules.place();
            let one = ["$+ < @ $={~} > $*", "$#~ $@ ~ $: $1 < @ $2 > $3"];
            let dotted = ["$+ < @ $={~} . > $*", "$#~ $@ ~ $: $1 < @ $2 . > $3"];
            let found = rules.take(&one).or_else(|| rules.take(&dotted));
            let Some([class, mailer, host]) = found.as_deref() else {
                let reason = "what rules of `LOCAL_RULE_0` do is not known";
                self.input.gap(place.as_ref(), reason);
                break;
            };
            self.input.uses("class", class, Use::States);
            if !routes.iter().any(|route| route.class == *class) {
                routes.push(Route {
                    class: class.clone(),
                    mailer: mailer.clone(),
                    host: host.clone(),
                    place,
                });
            }
        }
        routes
    }

    /// Whether a mailer speaks LMTP to a server of mailboxes (`F=z`).
    pub fn is_lmtp(&self, mailer: &str) -> bool {
        let flags = self.mailer(mailer, "F");
        flags.is_some_and(|flags| flags.contains('z'))
    }

    /// An equate of a mailer.
    pub fn mailer(&self, name: &str, field: &str) -> Option<&str> {
        let mailer = self
            .input
            .model
            .mailers
            .iter()
            .rev()
            .find(|m| m.name == name)?;
        let equate = mailer.equates.iter().find(|equate| equate.name == field)?;
        self.input
            .uses(&format!("mailer {name}"), field, Use::States);
        equate.value.as_deref()
    }

    /// The last stage: where what was passed goes.
    pub fn delivery(&self, everything: bool) -> Vec<Clause> {
        let is_rewritten = everything || !self.local_rcpt().is_final;
        let rewritten = |guard| {
            if is_rewritten {
                let rewrite = self.rewrite(self.own_names());
                Guard::Rewritten(Arc::new(rewrite), Box::new(guard))
            } else {
                guard
            }
        };
        let mut clauses = Vec::new();
        for route in self.routes() {
            let accept = if self.is_lmtp(&route.mailer) {
                Accept::Local
            } else {
                Accept::Relay
            };
            let guard = rewritten(self.in_class(&route.class));
            clauses.push(clause(guard, Outcome::Accept(accept), route.place));
        }
        let mut own = vec![
            within(Field::RecipientDomain, self.own_names()),
            Guard::RecipientBare,
        ];
        own.extend(self.own_literal());
        own.extend(self.own.unknown("the recipient's domain", Some(false)));
        let own = rewritten(Guard::Any(own));
        let origin = self.own.place.clone();
        let hub = self.set("H");
        let others = self.set("L");
        if let Some(hub) = hub {
            // The hub is asked about the mailbox later.
            clauses.push(clause(own, Outcome::Accept(Accept::Relay), hub));
        } else if self.is_checked() {
            let known = Guard::All(vec![own.clone(), Guard::RecipientKnown]);
            clauses.push(clause(
                known,
                Outcome::Accept(Accept::Local),
                origin.clone(),
            ));
            clauses.push(match others {
                Some(place) => clause(own, Outcome::Accept(Accept::Relay), place),
                None => refuse(own, Reason::UnknownRecipient, origin),
            });
        } else {
            clauses.push(clause(own, Outcome::Accept(Accept::Local), origin));
        }
        let hosted = self.input.class("VirtHost", Use::Decides);
        if !hosted.words.is_empty() {
            let guard = within(Field::RecipientDomain, Patterns::with_below(&hosted.words));
            let known = Guard::All(vec![rewritten(guard), Guard::RecipientKnown]);
            clauses.push(clause(known, Outcome::Accept(Accept::Local), hosted.place));
        }
        clauses.push(clause(Guard::Always, Outcome::Accept(Accept::Relay), None));
        clauses
    }

    /// Where a macro is set to something, if it is.
    fn set(&self, name: &str) -> Option<Option<Place>> {
        let line = self.input.macro_line(name, Use::Decides)?;
        let value = line.value.as_deref().unwrap_or_default();
        (!value.is_empty()).then(|| line.place.clone())
    }

    /// Whether the local mailer's recipients must be accounts (`F=w`).
    fn is_checked(&self) -> bool {
        self.mailer("local", "F")
            .is_none_or(|flags| flags.contains('w'))
    }
}

/// The mark of a recipient that the access map says nothing against.
const CLEARED: &str = "no blocked recipient";

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

/// The names of class R, which stand for what is below them too.
pub fn relay_names(class: &Class, exact: bool) -> Patterns {
    let names = class.words.iter();
    let names = names.filter(|word| super::addresses::network(word).is_none());
    let mut patterns = Patterns::default();
    for name in names {
        match name.strip_prefix('.') {
            Some(rest) => {
                if !exact {
                    patterns.below.insert(rest.to_owned());
                }
            }
            None => {
                patterns.exact.insert(name.clone());
                if !exact {
                    patterns.below.insert(name.clone());
                }
            }
        }
    }
    patterns
}

fn dns(name: &str, hit: &str) -> Guard {
    Guard::Opaque(Arc::new(Opaque {
        kind: "dns",
        name: name.into(),
        hit: hit.into(),
        reason: "it is asked over DNS".into(),
        usual: Some(false),
        origin: None,
    }))
}
