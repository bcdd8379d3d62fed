//! `Spam:` entries of the access map, by which recipients tell whether they want the checks that
//! `delay_checks` left for later (cf/README, "Delay all checks"). Must not know those checks.

use std::sync::Arc;

use super::checks::{Checks, within};
use super::table::{self, Answer};
use crate::policy::{Clause, Field, Guard, Opaque, Rewrite};

impl Checks<'_> {
    /// The clauses by which recipients are passed for good; none where all are checked.
    pub fn spam(&self) -> Vec<Clause> {
        let delays = self.input.features("delay_checks").iter();
        let mut told = delays.filter_map(|one| Some((one.args.first()?.chars().next()?, one)));
        let Some((letter, delay)) = told.next() else {
            return Vec::new();
        };
        let friends = letter.eq_ignore_ascii_case(&'f');
        let (wanted, hit) = if friends {
            (Answer::Friend, "says FRIEND of the recipient")
        } else {
            (Answer::Hater, "says HATER of the recipient")
        };
        let [whole, locals] = self.table.mailboxes("spam", false);
        let domains = self.table.names("spam", false, false);
        // The first entry that is found counts: of the address, its domain, its local part.
        let mut guard = Guard::never();
        for (field, entries) in [
            (Field::RecipientLocal, locals),
            (Field::RecipientDomain, domains),
            (Field::Recipient, whole),
        ] {
            let Some(any) = table::any(field, &entries) else {
                continue;
            };
            let says = table::says(field, &entries, wanted).unwrap_or_else(Guard::never);
            guard = if field == Field::RecipientLocal {
                Guard::All(vec![within(Field::RecipientDomain, self.own_names()), says])
            } else {
                Guard::Any(vec![says, Guard::All(vec![!any, guard])])
            };
        }
        // Recipients without a domain are looked up with the host's name.
        let rewrite = Rewrite {
            home: self.input.hostname().map(|(name, _)| name),
            ..self.rewrite(self.own_names())
        };
        let mut guards = vec![Guard::Rewritten(Arc::new(rewrite), Box::new(guard))];
        guards.extend(self.uucp().map(|guard| !guard));
        let mut passed = vec![Guard::All(guards)];
        passed.extend(self.table.unknown(hit, Some(false)));
        // How the rules write a literal or an address with another inside is not followed: either
        // may be what an entry names.
        let odd = Guard::Any(vec![Guard::RecipientRouted, Guard::RecipientLiteral]);
        let asked = Opaque {
            kind: "table",
            name: "Spam".into(),
            hit: format!("the access map {hit}"),
            reason: "how the rules write such a recipient is not followed".into(),
            usual: None,
            origin: delay.place.clone(),
        };
        let passed = vec![
            Guard::All(vec![!odd.clone(), Guard::Any(passed)]),
            Guard::All(vec![odd, Guard::Opaque(Arc::new(asked))]),
        ];
        let passed = Guard::Any(passed);
        let passed = if friends { passed } else { !passed };
        self.pass(passed, delay.place.clone())
    }
}
