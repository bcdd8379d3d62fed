//! Where accepted mail goes. Must not know who may send it, nor facts.

use std::sync::Arc;

use super::super::cf::Line;
use super::checks::{Checks, clause, refuse, within};
use super::local::Rules;
use crate::mta::lift::Use;
use crate::policy::{Accept, Clause, Field, Guard, Outcome, Patterns, Reason};
use crate::text::Place;

/// Where domains of a class go by rules of `LOCAL_RULE_0`.
#[derive(Clone, Debug)]
pub struct Route {
    pub class: String,
    pub mailer: String,
    pub host: String,
    pub place: Option<Place>,
}

impl Checks<'_> {
    /// Where rules of `LOCAL_RULE_0` send domains.
    pub fn routes(&self) -> Vec<Route> {
        let mut rules = Rules::of(self.input, "ParseLocal");
        let mut routes: Vec<Route> = Vec::new();
        // `redirect` answers for addresses at `host.REDIRECT`, which no session is for.
        rules.take(&[
            "$* < @ $+ .REDIRECT. >",
            "$: $1 < @ $2 . REDIRECT . > < ${opMode} >",
            "$* < @ $+ .REDIRECT. > <i>",
            "$: $1 < @ $2 . REDIRECT. >",
            "$* < @ $+ .REDIRECT. > < $- >",
            "#",
        ]);
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
            clauses.push(clause(
                own,
                Outcome::Accept(Accept::Relay),
                hub.place.clone(),
            ));
        } else if self.is_checked() {
            let known = Guard::All(vec![own.clone(), Guard::RecipientKnown]);
            clauses.push(clause(
                known,
                Outcome::Accept(Accept::Local),
                origin.clone(),
            ));
            clauses.push(match others {
                Some(line) => clause(own, Outcome::Accept(Accept::Relay), line.place.clone()),
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

    /// The line of a macro that is set to something.
    fn set(&self, name: &str) -> Option<&Line> {
        let line = self.input.macro_line(name, Use::Decides)?;
        line.value
            .as_deref()
            .is_some_and(|value| !value.is_empty())
            .then_some(line)
    }

    /// Whether the local mailer's recipients must be accounts (`F=w`).
    fn is_checked(&self) -> bool {
        self.mailer("local", "F")
            .is_none_or(|flags| flags.contains('w'))
    }
}
