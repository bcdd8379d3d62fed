//! Classes of recipients as trivial-rewrite(8) tells them (`ADDRESS_CLASS_README`). Must not know who
//! may send to them.

use std::sync::Arc;

use super::entries::Below;
use super::logic::{all, both, either};
use super::matching::{Matched, Reader};
use super::table::{Table, open};
use super::values::Values;
use crate::mta::postfix::services::Service;
use crate::net::Domain;
use crate::policy::{
    Accept, Clause, Field, Guard, Inside, Outcome, Patterns, Reason, Rewrite, Stage,
};
use crate::text::Place;

/// A class of domains.
struct Class {
    parameter: &'static str,
    matched: Matched,
    /// The names that the list holds.
    names: Arc<Patterns>,
    accept: Accept,
    /// Whether recipients are looked up at all, whether nobody can be found, and the domains that
    /// all are taken for.
    listed: bool,
    nobody: bool,
    any: Patterns,
    origin: Option<Place>,
}

/// The classes, the first that matches counts.
pub struct Classes {
    all: Vec<Class>,
    rewrite: Arc<Rewrite>,
    routing: bool,
    /// The domains that are the server's own.
    pub ours: Patterns,
    /// What some list fails for.
    fault: Guard,
}

impl Classes {
    pub fn of(values: &Values<'_>, hostname: &Domain) -> Self {
        // trivial-rewrite(8) sees its own service's `-o`, and none of smtpd's.
        let services = values.services();
        let own = services
            .iter()
            .find(|service| service.name() == "rewrite" && service.kind() != "inet");
        let read =
            |parameter, accept, maps: &[&str]| Class::of(values, own, parameter, accept, maps);
        let classes = vec![
            read("mydestination", Accept::Local, &["local_recipient_maps"]),
            read(
                "virtual_alias_domains",
                Accept::Local,
                &["virtual_alias_maps"],
            ),
            read(
                "virtual_mailbox_domains",
                Accept::Local,
                &["virtual_mailbox_maps"],
            ),
            read("relay_domains", Accept::Relay, &["relay_recipient_maps"]),
        ];
        let mut finds = Vec::new();
        for (parameter, inside) in [
            ("resolve_dequoted_address", Inside::At),
            ("swap_bangpath", Inside::Bang),
            ("allow_percent_hack", Inside::Percent),
        ] {
            if values.flag(parameter, own) {
                finds.push(inside);
            }
        }
        let home = Domain::parse(&values.decides("myorigin", own)).ok();
        let rewrite = Rewrite {
            within: Arc::clone(&classes[0].names),
            own_literal: true,
            bare: true,
            finds,
            home: home.filter(|_| values.flag("append_at_myorigin", own)),
            extension: String::new(),
        };
        let mut ours = Patterns::default();
        for class in &classes {
            ours.extend(&class.names);
        }
        let is_own = |name: &String| {
            name == hostname.as_str()
                || name == "localhost"
                || Domain::parse(name).is_ok_and(|name| !name.is_suffix())
        };
        ours.exact.retain(is_own);
        ours.below.retain(is_own);
        ours.expressions.clear();
        let fault = classes.iter().fold(Guard::never(), |fault, class| {
            either(class.matched.fault.clone(), fault)
        });
        let classes = Self {
            all: classes,
            rewrite: Arc::new(rewrite),
            routing: values.flag("allow_untrusted_routing", own),
            ours,
            fault,
        };
        Self {
            fault: classes.on(classes.fault.clone()),
            ..classes
        }
    }

    /// The guard put to the recipient as trivial-rewrite(8) makes it.
    pub fn on(&self, guard: Guard) -> Guard {
        match guard {
            Guard::Always => Guard::Always,
            Guard::Any(none) if none.is_empty() => Guard::never(),
            guard => Guard::Rewritten(Arc::clone(&self.rewrite), Box::new(guard)),
        }
    }

    /// Where some domain list fails.
    pub fn fault(&self) -> Guard {
        self.fault.clone()
    }

    fn within(&self, class: &Class) -> Guard {
        let hit = class.matched.hit.clone();
        let hit = if class.parameter == "mydestination" {
            either(Guard::RecipientOwnLiteral, hit)
        } else {
            hit
        };
        self.on(hit)
    }

    /// Whether the recipient is one that mail may be sent to by anybody (postconf(5),
    /// `reject_unauth_destination`).
    pub fn authorized(&self) -> Guard {
        let any = Guard::Any(self.all.iter().map(|class| self.within(class)).collect());
        if self.routing {
            return any;
        }
        both(!self.on(Guard::RecipientRouted), any)
    }

    /// Recipients of a local part that holds another address, who are no reason to accept.
    pub fn suspicious(&self) -> Option<Guard> {
        (!self.routing).then(|| self.on(Guard::RecipientRouted))
    }

    /// Recipients in a domain that ends here: its existence in DNS is not asked for.
    pub fn is_final(&self) -> Guard {
        let end_here = self
            .all
            .iter()
            .filter(|class| class.accept == Accept::Local);
        Guard::Any(end_here.map(|class| self.within(class)).collect())
    }

    /// The same of the sender's domain.
    pub fn sender_is_final(&self) -> Guard {
        let end_here = self
            .all
            .iter()
            .filter(|class| class.accept == Accept::Local);
        let names =
            end_here.map(|class| Guard::Matches(Field::SenderDomain, Arc::clone(&class.names)));
        Guard::Any(names.collect())
    }

    /// Senders in a class whose addresses are listed.
    pub fn sender_is_listed(&self) -> Guard {
        let listed = self.all.iter().filter(|class| class.listed);
        let names =
            listed.map(|class| Guard::Matches(Field::SenderDomain, Arc::clone(&class.names)));
        Guard::Any(names.collect())
    }

    /// Recipients who are in none of the tables of their class.
    pub fn unlisted(&self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        let mut before: Vec<Guard> = Vec::new();
        for class in &self.all {
            let within = self.within(class);
            if class.listed {
                let mut guards = before.clone();
                guards.push(within.clone());
                if !class.nobody {
                    guards.push(!Guard::RecipientKnown);
                }
                if !class.any.is_empty() {
                    let any = Arc::new(class.any.clone());
                    guards.push(!self.on(Guard::Matches(Field::RecipientDomain, any)));
                }
                clauses.push(Clause {
                    guard: all(guards),
                    outcome: Outcome::Refuse(Reason::UnknownRecipient),
                    origin: class.origin.clone(),
                });
            }
            before.push(!within);
        }
        clauses
    }

    /// What the class makes of who was not refused.
    pub fn stage(&self) -> Stage {
        let mut clauses: Vec<Clause> = self
            .all
            .iter()
            .map(|class| Clause {
                guard: self.within(class),
                outcome: Outcome::Accept(class.accept),
                origin: class.origin.clone(),
            })
            .collect();
        clauses.push(Clause {
            guard: Guard::Always,
            outcome: Outcome::Accept(Accept::Relay),
            origin: None,
        });
        Stage {
            name: "address class".into(),
            clauses,
        }
    }
}

impl Class {
    fn of(
        values: &Values<'_>,
        own: Option<&Service>,
        parameter: &'static str,
        accept: Accept,
        maps: &[&str],
    ) -> Self {
        let below = match parameter {
            "relay_domains" => below(values, own, parameter),
            _ => Below::No,
        };
        let words = values.words(parameter, own);
        let mut matched = Reader::new(values, Field::RecipientDomain, below).read(&words);
        let maps: Vec<_> = maps
            .iter()
            .flat_map(|maps| values.words(maps, None))
            .collect();
        let mut any = Patterns::default();
        for word in &maps {
            // `@domain`: every recipient of it (virtual(5)).
            match &*open(word, values) {
                Table::Keys(entries) => {
                    let all = entries
                        .iter()
                        .filter_map(|entry| entry.key.strip_prefix('@'));
                    any.exact.extend(all.map(str::to_owned));
                }
                Table::Static(_) => any.below.extend([String::new()]),
                _ => {}
            }
        }
        Self {
            parameter,
            names: Arc::new(std::mem::take(&mut matched.names)),
            matched,
            accept,
            listed: !maps.is_empty() || parameter == "virtual_alias_domains",
            nobody: maps.is_empty(),
            any,
            origin: values.place(parameter, own),
        }
    }
}

/// How names of a list match those below them (postconf(5), `parent_domain_matches_subdomains`).
pub fn below(values: &Values<'_>, service: Option<&Service>, list: &str) -> Below {
    let words = values.words("parent_domain_matches_subdomains", service);
    if words.iter().any(|word| word.text == list) {
        Below::Parent
    } else {
        Below::Dot
    }
}
