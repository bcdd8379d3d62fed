//! Restriction lists (`SMTPD_ACCESS_README`) as clauses. Must not know which service they are of.

use std::sync::Arc;

use super::access::{Answer, Asked, Form};
use super::list::{Around, DEFERRED, HOPEFUL, List, Lists, Said};
use super::logic::{all, both};
use super::table::{Table, in_braces, open};
use super::values::{Word, tokens};
use crate::policy::{Accept, Clause, Guard, Outcome, Reason};

/// Lists within lists, as deep as the daemon follows them (`smtpd_check.c`).
const DEEPEST: usize = 100;

/// So many classes within classes are gone through for one service.
const MOST_NESTED: usize = 1000;

/// So many clauses one list may become; the rest of it is a gap.
const LONGEST: usize = 20_000;

impl<'a> Lists<'a> {
    /// The clauses of a list; `asked` is what a table alone in it is asked, and `goes_on` whether
    /// `defer_if_reject` of the list before it still counts.
    pub fn clauses(
        &'a self,
        name: &str,
        asked: Option<Asked>,
        said: Said,
        goes_on: bool,
    ) -> Vec<Clause> {
        let words = self.values.words(name, Some(self.service));
        let mut list = List {
            lists: self,
            asked,
            said,
            clauses: Vec::new(),
        };
        let was_hopeful = self.hopeful.get();
        self.hopeful.set(was_hopeful && goes_on);
        list.read(&words, &Around::new(None));
        if was_hopeful && !goes_on {
            let reset = Outcome::Mark(HOPEFUL.into(), false);
            let first = Clause {
                guard: Guard::Always,
                outcome: reset,
                origin: None,
            };
            list.clauses.insert(0, first);
        }
        list.clauses
    }
}

impl List<'_> {
    fn read(&mut self, words: &[Word], around: &Around) {
        let mut words = words.iter().peekable();
        let mut warn = around.warn;
        while let Some(word) = words.next() {
            if self.clauses.len() > LONGEST {
                let reason = "a restriction list too long to be followed";
                self.lists.values.gap(word.origin.clone(), reason);
                return;
            }
            let at = Around {
                warn,
                origin: around.origin.clone().or_else(|| word.origin.clone()),
                ..around.clone()
            };
            let lower = word.text.to_ascii_lowercase();
            if lower == "warn_if_reject" {
                warn = true;
                continue;
            }
            warn = around.warn;
            let takes_one =
                lower.starts_with("check_") && lower != "check_relay_domains" || lower == "sleep";
            let may_take_one = lower.contains("_rbl_client")
                || lower.contains("_rhsbl_")
                || lower.contains("_rhswl_")
                || lower.contains("_dnswl_");
            let argument = (takes_one || may_take_one).then(|| words.next()).flatten();
            if takes_one && argument.is_none() {
                self.broken(&at, &format!("`{lower}` has no argument"));
                return;
            }
            self.one(&word.text, &lower, argument, &at);
        }
    }

    fn one(&mut self, word: &str, lower: &str, argument: Option<&Word>, at: &Around) {
        if let Some(words) = self.lists.named.get(word) {
            return self.nested(word, words, at);
        }
        if word.contains(':') {
            let table = Word {
                text: word.to_owned(),
                origin: at.origin.clone(),
            };
            return match self.asked {
                Some(asked) => self.table(asked, &table, at),
                None => self.broken(at, &format!("`{word}` is a table where none can be asked")),
            };
        }
        if Said::needed_by(lower) > self.said {
            return;
        }
        if let (Some(argument), Some(checked)) = (argument, lower.strip_prefix("check_")) {
            return self.check(checked, argument, at);
        }
        if lower.starts_with("permit") {
            return self.permits(lower, argument, at);
        }
        match lower {
            "reject" => self.refuse(Guard::Always, Reason::Rule, at),
            "defer" => self.defer(Guard::Always, Reason::Rule, at),
            "defer_if_permit" => {
                self.push(Guard::Always, Outcome::Mark(DEFERRED.into(), true), at);
            }
            "defer_if_reject" => {
                self.lists.hopeful.set(true);
                self.push(Guard::Always, Outcome::Mark(HOPEFUL.into(), true), at);
            }
            // One session does none of it, or nobody sees it.
            "sleep" | "reject_unauth_pipelining" | "reject_multi_recipient_bounce" => {}
            "reject_unauth_destination" | "defer_unauth_destination" => {
                self.failing(at);
                let less = if lower.starts_with("defer") { 100 } else { 0 };
                let guard = !self.lists.classes.authorized();
                self.coded(
                    guard,
                    "relay_domains_reject_code",
                    less,
                    Reason::RelayingDenied,
                    at,
                );
            }
            _ if lower.starts_with("reject_") => self.rejects(lower, argument, at),
            _ => self.broken(at, &format!("unknown smtpd restriction: `{word}`")),
        }
    }

    fn nested(&mut self, name: &str, words: &[Word], at: &Around) {
        if at.depth > DEEPEST {
            return self.broken(at, "restriction classes that call each other without end");
        }
        let nested = self.lists.nested.get() + usize::from(at.depth > 0);
        self.lists.nested.set(nested);
        if nested > MOST_NESTED {
            return self.unread(name, at);
        }
        let inner = Around {
            depth: at.depth + 1,
            origin: at
                .origin
                .clone()
                .filter(|_| words.iter().all(|w| w.origin.is_none())),
            ..at.clone()
        };
        self.read(words, &inner);
    }

    /// A class that is not gone through may refuse and may permit.
    fn unread(&mut self, name: &str, at: &Around) {
        let reason = "restriction classes call each other too often to be followed";
        self.lists.values.gap(at.origin.clone(), reason);
        let guard = |hit: String, usual| Self::opaque("class", name, hit, reason, usual, at);
        let refused = guard(
            format!("the class `{name}` refuses the session"),
            Some(false),
        );
        let permitted = guard(format!("the class `{name}` permits the session"), None);
        self.refuse(refused, Reason::Rule, at);
        self.permit(permitted, at);
    }

    fn check(&mut self, checked: &str, argument: &Word, at: &Around) {
        let name = in_braces(&argument.text)
            .and_then(|inner| tokens(inner).next().map(|range| inner[range].to_owned()))
            .unwrap_or_else(|| argument.text.clone());
        let argument = Word {
            text: name,
            origin: argument.origin.clone(),
        };
        let asked = match checked {
            "client_access" => Some(Asked::Client),
            "reverse_client_hostname_access" => Some(Asked::ReverseName),
            "helo_access" | "ehlo_access" => Some(Asked::Helo),
            "sender_access" => Some(Asked::Sender),
            "recipient_access" => Some(Asked::Recipient),
            _ => None,
        };
        if let Some(asked) = asked {
            if !argument.text.contains(':') {
                return self.broken(at, &format!("`{}` is no table", argument.text));
            }
            return self.table(asked, &argument, at);
        }
        let text = argument.text.as_str();
        let (kind, reason, may_permit) = match checked {
            "policy_service" if !text.contains(':') => {
                return self.broken(at, &format!("`{text}` is no policy service"));
            }
            "policy_service" => ("policy", "it is asked over a socket", true),
            "ccert_access" if !self.lists.certificates => return,
            "ccert_access" => ("table", "certificates are not read", true),
            "sasl_access" => ("table", "who logs in is not told", true),
            "etrn_access" => return,
            _ if checked.ends_with("_access") => ("dns", "it is asked over DNS", false),
            _ => return self.broken(at, &format!("unknown smtpd restriction: `check_{checked}`")),
        };
        let over = |guard: Guard| match checked {
            "ccert_access" => both(Guard::Tls, guard),
            "sasl_access" => both(Guard::Authenticated, guard),
            _ => guard,
        };
        let name = format!("check_{checked} {text}");
        let hit = format!("`{text}` refuses the session");
        let refused = Self::opaque(kind, &name, hit, reason, Some(false), at);
        self.refuse(over(refused), Reason::Rule, at);
        if may_permit {
            let hit = format!("`{text}` answers OK");
            let permitted = Self::opaque(kind, &name, hit, reason, None, at);
            self.permit(over(permitted), at);
        }
    }

    fn table(&mut self, asked: Asked, word: &Word, at: &Around) {
        let lists = self.lists;
        let table = open(word, lists.values);
        let at = &Around {
            no_permit: at.no_permit || asked == Asked::ReverseName,
            ..at.clone()
        };
        let on = |guard: Guard| match asked {
            Asked::Recipient => lists.classes.on(guard),
            _ => guard,
        };
        match &*table {
            Table::Broken(reason) => {
                return self.broken(at, &format!("`{}`: {reason}", word.text));
            }
            Table::Elsewhere(kind, reason) => {
                let name = format!("{} of {}", word.text, asked.words());
                let hit = format!("`{}` refuses {}", word.text, asked.words());
                let refused = Self::opaque(kind, &name, hit, reason, Some(false), at);
                self.refuse(refused, asked.reason(), at);
                let hit = format!("`{}` answers OK for {}", word.text, asked.words());
                let permitted = Self::opaque(kind, &name, hit, reason, None, at);
                return self.answer(&Answer::Ok, permitted, asked, at);
            }
            _ => {}
        }
        // Entries without a decision hide those behind them.
        let mut hidden: Vec<Guard> = Vec::new();
        let delimiter = lists
            .values
            .decides("recipient_delimiter", Some(lists.service));
        let form = Form {
            below: lists.below,
            null: &lists.null,
            delimiter: &delimiter,
        };
        for hit in asked.hits(&table, form) {
            let guard = on(hit.guard);
            let mut inner = at.clone();
            inner.origin = hit.origin.clone().or_else(|| at.origin.clone());
            let mut guards: Vec<Guard> = hidden.iter().map(|guard| !guard.clone()).collect();
            guards.push(guard.clone());
            let answer = Answer::read(&hit.value);
            self.answer(&answer, all(guards), asked, &inner);
            let decides = match answer {
                Answer::Ok => asked != Asked::Recipient,
                Answer::Refuse | Answer::Defer => true,
                Answer::Discard => self.said >= Said::Sender,
                _ => false,
            };
            if !decides || at.warn {
                hidden.push(guard);
            }
        }
    }

    fn answer(&mut self, answer: &Answer, guard: Guard, asked: Asked, at: &Around) {
        match answer {
            // To trust an address that holds another would let anyone through.
            Answer::Ok => match self.lists.classes.suspicious() {
                Some(routed) if asked == Asked::Recipient => self.permit(both(guard, !routed), at),
                _ => self.permit(guard, at),
            },
            Answer::Dunno => {}
            Answer::Refuse => self.refuse(guard, asked.reason(), at),
            Answer::Defer => self.defer(guard, asked.reason(), at),
            Answer::DeferIfPermit => self.push(guard, Outcome::Mark(DEFERRED.into(), true), at),
            Answer::DeferIfReject => {
                self.lists.hopeful.set(true);
                self.push(guard, Outcome::Mark(HOPEFUL.into(), true), at);
            }
            // Nothing of the message is known that could be thrown away.
            Answer::Discard if self.said < Said::Sender => {}
            Answer::Discard => {
                let deferred = both(Guard::Marked(DEFERRED.into()), guard.clone());
                self.push(deferred, Outcome::TempFail(Reason::Rule), at);
                self.push(guard, Outcome::Accept(Accept::Discard), at);
            }
            Answer::List(text) => {
                let words: Vec<Word> = tokens(text)
                    .map(|range| Word {
                        text: text[range].to_owned(),
                        origin: at.origin.clone(),
                    })
                    .collect();
                let mut inner = at.clone();
                inner.condition.push(guard);
                inner.depth += 1;
                // What permits in there says no more than `OK` of an address that holds another.
                if asked == Asked::Recipient && self.lists.classes.suspicious().is_some() {
                    let number = self.lists.left.get();
                    self.lists.left.set(number + 1);
                    let mark: Arc<str> = format!("entry {number} left").into();
                    inner.condition.push(!Guard::Marked(Arc::clone(&mark)));
                    inner.leaves = Some(mark);
                }
                if words
                    .iter()
                    .any(|word| word.text.contains(':') && !word.text.contains('{'))
                {
                    return self.broken(&inner, &format!("`{text}`: a table within a table"));
                }
                if inner.depth > DEEPEST {
                    return self.broken(&inner, "restrictions that call each other without end");
                }
                self.read(&words, &inner);
            }
        }
    }
}
