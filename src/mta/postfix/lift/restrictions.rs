//! Restriction lists (`SMTPD_ACCESS_README`) as clauses. Must not know which service they are of.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Answer, Asked, Form};
use super::classes::{Classes, below};
use super::matching::{Below, Matched, Reader, all, both, is_never};
use super::table::{Table, in_braces, open};
use super::values::{Values, Word, tokens};
use crate::mta::postfix::services::Service;
use crate::policy::{Accept, Clause, Field, Guard, NameState, Opaque, Outcome, Reason};
use crate::text::Place;

/// Lists within lists, as deep as the daemon follows them (`smtpd_check.c`).
const DEEPEST: usize = 100;

/// So many clauses one list may become; the rest of it is a gap.
const LONGEST: usize = 20_000;

/// The mark of `defer_if_permit`.
pub const DEFERRED: &str = "defer_if_permit";

/// The mark of `defer_if_reject`.
pub const HOPEFUL: &str = "defer_if_reject";

/// What the lists of one service share.
pub struct Lists<'a> {
    pub values: &'a Values<'a>,
    pub service: &'a Service,
    pub classes: &'a Classes,
    /// The restriction classes with their words.
    pub named: BTreeMap<String, Vec<Word>>,
    pub networks: Matched,
    /// The server's own addresses, as `inet_interfaces` selects them.
    pub interfaces: Guard,
    /// Whether every refusal is one for now.
    pub soft: bool,
    /// How names in access tables match what is below.
    pub below: Below,
    /// The key of the sender `<>`.
    pub null: String,
    /// Whether clients are asked for certificates.
    pub certificates: bool,
    /// Whether a list has `defer_if_reject`.
    pub hopeful: Cell<bool>,
    /// How many entries of tables can be left without a decision.
    pub left: Cell<usize>,
}

/// What the client has said when a list is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    Nothing,
    Helo,
    Sender,
    Recipient,
}

impl Said {
    /// What a restriction asks for; without it, it does nothing.
    fn needed_by(restriction: &str) -> Self {
        let has = |word: &str| restriction.contains(word);
        if has("recipient") || has("auth_destination") || has("mx_backup") {
            Self::Recipient
        } else if has("sender") || has("_address") {
            Self::Sender
        } else if has("helo") || (has("hostname") && !has("client")) {
            Self::Helo
        } else {
            Self::Nothing
        }
    }
}

/// What lies around a restriction.
#[derive(Clone)]
struct Around {
    /// What must hold to get here.
    condition: Vec<Guard>,
    /// Refusals are only logged.
    warn: bool,
    /// To permit is a fault: names that anybody can have would let in whom they want.
    no_permit: bool,
    /// The mark of recipients whom a permission only leads out of the entry of a table.
    leaves: Option<Arc<str>>,
    depth: usize,
    origin: Option<Place>,
}

/// A list that is being read.
pub struct List<'a> {
    lists: &'a Lists<'a>,
    /// What a table without a restriction before it is asked.
    asked: Option<Asked>,
    said: Said,
    pub clauses: Vec<Clause>,
}

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
        let around = Around {
            condition: Vec::new(),
            warn: false,
            no_permit: false,
            leaves: None,
            depth: 0,
            origin: None,
        };
        list.read(&words, &around);
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

    fn number(&self, name: &str) -> u32 {
        let text = self.values.decides(name, Some(self.service));
        text.parse().unwrap_or_else(|_| {
            let reason = format!("bad numerical configuration: {name} = {text}");
            self.values
                .fault(reason, self.values.place(name, Some(self.service)));
            0
        })
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

    /// Takes a clause down.
    fn push(&mut self, guard: Guard, outcome: Outcome, at: &Around) {
        if is_never(&guard) {
            return;
        }
        let mut guards = at.condition.clone();
        guards.push(guard);
        self.clauses.push(Clause {
            guard: all(guards),
            outcome,
            origin: at.origin.clone(),
        });
    }

    fn permit(&mut self, guard: Guard, at: &Around) {
        if at.no_permit {
            return self.push(guard, Outcome::TempFail(Reason::Configuration), at);
        }
        if let (Some(mark), Some(routed)) = (&at.leaves, self.lists.classes.suspicious()) {
            let left = Outcome::Mark(Arc::clone(mark), true);
            self.push(both(guard.clone(), routed), left, at);
        }
        self.push(guard, Outcome::Next, at);
    }

    fn refuse(&mut self, guard: Guard, reason: Reason, at: &Around) {
        if at.warn {
            return;
        }
        if self.lists.soft {
            return self.push(guard, Outcome::TempFail(reason), at);
        }
        if self.lists.hopeful.get() {
            let deferred = both(Guard::Marked(HOPEFUL.into()), guard.clone());
            self.push(deferred, Outcome::TempFail(reason), at);
        }
        self.push(guard, Outcome::Refuse(reason), at);
    }

    fn defer(&mut self, guard: Guard, reason: Reason, at: &Around) {
        if !at.warn {
            self.push(guard, Outcome::TempFail(reason), at);
        }
    }

    /// Refused with the code that a parameter sets.
    fn coded(&mut self, guard: Guard, code: &str, less: u32, reason: Reason, at: &Around) {
        let code = self.lists.number(code) - less.min(100);
        if code >= 500 {
            self.refuse(guard, reason, at);
        } else {
            self.defer(guard, reason, at);
        }
    }

    /// A fault of the configuration: nothing gets past it.
    fn broken(&mut self, at: &Around, reason: &str) {
        self.lists.values.gap(at.origin.clone(), reason);
        self.push(Guard::Always, Outcome::TempFail(Reason::Configuration), at);
    }

    fn opaque(
        kind: &'static str,
        name: &str,
        hit: String,
        reason: &str,
        usual: Option<bool>,
        at: &Around,
    ) -> Guard {
        Guard::Opaque(Arc::new(Opaque {
            kind,
            name: name.to_owned(),
            hit,
            reason: reason.to_owned(),
            usual,
            origin: at.origin.clone(),
        }))
    }

    fn one(&mut self, word: &str, lower: &str, argument: Option<&Word>, at: &Around) {
        if let Some(words) = self.lists.named.get(word) {
            return self.nested(&words.clone(), at);
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

    /// Where the lists of domains fail.
    fn failing(&mut self, at: &Around) {
        let fault = self.lists.classes.fault();
        self.push(fault, Outcome::TempFail(Reason::Configuration), at);
    }

    fn nested(&mut self, words: &[Word], at: &Around) {
        if at.depth > DEEPEST {
            return self.broken(at, "restriction classes that call each other without end");
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

    fn permits(&mut self, lower: &str, argument: Option<&Word>, at: &Around) {
        let lists = self.lists;
        let zone = argument.map_or("", |argument| argument.text.as_str());
        match lower {
            "permit" => self.permit(Guard::Always, at),
            "permit_mynetworks" => {
                let fault = lists.networks.fault.clone();
                self.push(fault, Outcome::TempFail(Reason::Configuration), at);
                self.permit(lists.networks.hit.clone(), at);
            }
            "permit_inet_interfaces" => self.permit(lists.interfaces.clone(), at),
            "permit_sasl_authenticated" => self.permit(Guard::Authenticated, at),
            "permit_auth_destination" => {
                self.failing(at);
                self.permit(lists.classes.authorized(), at);
            }
            "permit_tls_clientcerts" => {
                let maps = lists.values.words("relay_clientcerts", Some(lists.service));
                if lists.certificates && !maps.is_empty() {
                    self.permit(Guard::Certificate(crate::policy::Authority::Private), at);
                }
            }
            "permit_tls_all_clientcerts" if lists.certificates => {
                let guard = self.any_certificate(at);
                self.permit(guard, at);
            }
            "permit_tls_all_clientcerts" => {}
            "permit_mx_backup" => {
                let hit = "the recipient's domain names this server as a lesser MX".to_owned();
                let guard = Self::opaque(
                    "dns",
                    "permit_mx_backup",
                    hit,
                    "it is asked over DNS",
                    None,
                    at,
                );
                let guard = Guard::Any(vec![lists.classes.authorized(), guard]);
                self.permit(guard, at);
            }
            "permit_dnswl_client" | "permit_rhswl_client" => {
                let guard = Self::opaque(
                    "dnswl",
                    zone,
                    format!("`{zone}` lists the client"),
                    "it is asked over DNS",
                    Some(false),
                    at,
                );
                self.permit(both(lists.classes.authorized(), guard), at);
            }
            "permit_naked_ip_address" if !lists.values.dictionary.version.is_at_least(&[3, 9]) => {
                let naked = crate::policy::Expression::new(r"^[0-9.]+$", true, None).ok();
                let patterns = crate::policy::Patterns {
                    expressions: naked.into_iter().collect(),
                    ..crate::policy::Patterns::default()
                };
                self.permit(Guard::Matches(Field::Helo, Arc::new(patterns)), at);
            }
            _ => self.broken(at, &format!("unknown smtpd restriction: `{lower}`")),
        }
    }

    /// Clients with a certificate of an authority that is trusted here.
    fn any_certificate(&self, at: &Around) -> Guard {
        use crate::policy::Authority;
        let values = self.lists.values;
        let of = |name: &str| values.decides(name, Some(self.lists.service));
        let (file, folder) = (of("smtpd_tls_CAfile"), of("smtpd_tls_CApath"));
        let is_bundle = |path: &str| {
            [
                "ca-certificates",
                "ca-bundle",
                "/etc/ssl/certs",
                "/etc/pki/tls",
                "cert.pem",
            ]
            .iter()
            .any(|known| path.contains(known))
        };
        let public = Guard::Certificate(Authority::Public);
        let private = Guard::Certificate(Authority::Private);
        if values.flag("tls_append_default_CA", Some(self.lists.service))
            || is_bundle(&file)
            || is_bundle(&folder)
        {
            return Guard::Any(vec![private, public]);
        }
        let name = if file.is_empty() { folder } else { file };
        if name.is_empty() {
            return private;
        }
        let hit = format!("`{name}` holds a public authority");
        let opaque = Self::opaque("certificate", &name, hit, "it is not read", None, at);
        Guard::Any(vec![private, both(public, opaque)])
    }

    /// Who or what a DNS list has.
    fn listed(&mut self, lower: &str, argument: &Word, at: &Around) {
        let (zone, _) = argument
            .text
            .split_once('=')
            .unwrap_or((&argument.text, ""));
        if lower == "reject_rbl_client" {
            let listed = Arc::new(Opaque::listed(zone, at.origin.clone()));
            return self.coded(
                Guard::Opaque(listed),
                "maps_rbl_reject_code",
                0,
                Reason::ClientRefused,
                at,
            );
        }
        let whose = match lower.rsplit('_').next() {
            Some("helo") => "the name in EHLO",
            Some("sender") => "the sender's domain",
            Some("recipient") => "the recipient's domain",
            _ => "the client's name",
        };
        let hit = format!("`{zone}` lists {whose}");
        let guard = Self::opaque("rbl", zone, hit, "it is asked over DNS", Some(false), at);
        self.coded(guard, "maps_rbl_reject_code", 0, Reason::Rule, at);
    }

    fn rejects(&mut self, lower: &str, argument: Option<&Word>, at: &Around) {
        let lists = self.lists;
        if let Some(guard) = super::forms::of_form(lower) {
            let (code, reason) = super::forms::code(lower);
            if reason == Reason::ClientRefused {
                self.defer(Guard::ClientNameIs(NameState::Temporary), reason, at);
            }
            return self.coded(guard, code, 0, reason, at);
        }
        if let Some(argument) = argument {
            return self.listed(lower, argument, at);
        }
        let dns = |hit: &str| {
            Self::opaque(
                "dns",
                lower,
                hit.to_owned(),
                "it is asked over DNS",
                Some(false),
                at,
            )
        };
        let address = "unknown_address_reject_code";
        match lower {
            "reject_unknown_sender_domain" | "reject_unknown_address" => {
                let guard = both(Guard::SenderDomainMissing, !lists.classes.sender_is_final());
                self.coded(guard, address, 0, Reason::SenderDomainMissing, at);
            }
            "reject_unknown_recipient_domain" => {
                let missing = lists.classes.on(Guard::RecipientDomainMissing);
                let guard = both(missing, !lists.classes.is_final());
                self.coded(guard, address, 0, Reason::RecipientRefused, at);
            }
            "reject_unknown_helo_hostname" | "reject_unknown_hostname" => {
                let guard = dns("the name in EHLO does not exist");
                self.coded(
                    guard,
                    "unknown_hostname_reject_code",
                    0,
                    Reason::HeloRefused,
                    at,
                );
            }
            "reject_unlisted_recipient" | "check_recipient_maps" => {
                for clause in lists.classes.unlisted() {
                    let at = Around {
                        origin: at.origin.clone().or(clause.origin),
                        ..at.clone()
                    };
                    self.refuse(clause.guard, Reason::UnknownRecipient, &at);
                }
            }
            "reject_unlisted_sender" => {
                let guard = self.unlisted_sender(at);
                self.refuse(guard, Reason::SenderRefused, at);
            }
            "reject_unverified_sender" | "reject_unverified_recipient" => {
                let whose = lower.rsplit('_').next().unwrap_or_default();
                let hit = format!("the {whose}'s server does not take mail for that address");
                let reason = "another server is asked";
                let guard = Self::opaque("probe", lower, hit, reason, Some(false), at);
                let code = format!("unverified_{whose}_reject_code");
                self.coded(guard, &code, 0, Reason::Rule, at);
            }
            "reject_plaintext_session" => {
                self.coded(
                    !Guard::Tls,
                    "plaintext_reject_code",
                    0,
                    Reason::NeedsTls,
                    at,
                );
            }
            "reject_maps_rbl" => {
                for zone in lists.values.words("maps_rbl_domains", Some(lists.service)) {
                    let listed = Arc::new(Opaque::listed(&zone.text, at.origin.clone()));
                    let code = "maps_rbl_reject_code";
                    self.coded(Guard::Opaque(listed), code, 0, Reason::ClientRefused, at);
                }
            }
            _ if lower.ends_with("sender_login_mismatch") => self.login_mismatch(lower, at),
            _ => self.broken(at, &format!("unknown smtpd restriction: `{lower}`")),
        }
    }

    /// Senders of a class with a table that does not have them.
    pub fn unlisted_sender_of(lists: &Lists<'_>, origin: Option<Place>) -> Guard {
        let at = Around {
            condition: Vec::new(),
            warn: false,
            no_permit: false,
            leaves: None,
            depth: 0,
            origin,
        };
        let hit = "the sender is an address of ours that does not exist".to_owned();
        let reason = "who sends is not known to exist";
        let opaque = Self::opaque("table", "sender", hit, reason, Some(false), &at);
        both(lists.classes.sender_is_listed(), opaque)
    }

    fn unlisted_sender(&self, at: &Around) -> Guard {
        Self::unlisted_sender_of(self.lists, at.origin.clone())
    }

    fn login_mismatch(&mut self, lower: &str, at: &Around) {
        let lists = self.lists;
        let maps = lists
            .values
            .words("smtpd_sender_login_maps", Some(lists.service));
        let other = |hit: &str| {
            let reason = "who owns which address is not read";
            Self::opaque(
                "table",
                "smtpd_sender_login_maps",
                hit.to_owned(),
                reason,
                Some(false),
                at,
            )
        };
        let authenticated = matches!(
            lower,
            "reject_sender_login_mismatch" | "reject_authenticated_sender_login_mismatch"
        );
        if authenticated {
            let owned = if maps.is_empty() {
                Guard::Always
            } else {
                other("the sender is not an address of who logged in")
            };
            self.refuse(both(Guard::Authenticated, owned), Reason::SenderRefused, at);
        }
        if !maps.is_empty() && lower == "reject_known_sender_login_mismatch" {
            let owned = other("the sender is another's address");
            self.refuse(both(Guard::Authenticated, owned), Reason::SenderRefused, at);
        }
        if !maps.is_empty()
            && matches!(
                lower,
                "reject_sender_login_mismatch" | "reject_unauthenticated_sender_login_mismatch"
            )
        {
            let owned = other("the sender is the address of someone who logs in");
            self.refuse(
                both(!Guard::Authenticated, owned),
                Reason::SenderRefused,
                at,
            );
        }
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
        match &table {
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
            if !matches!(
                answer,
                Answer::Ok | Answer::Refuse | Answer::Defer | Answer::Discard
            ) || at.warn
                || (answer == Answer::Ok && asked == Asked::Recipient)
            {
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

/// `mynetworks`, of which the default is worked out from `mynetworks_style`.
pub fn networks(values: &Values<'_>, service: Option<&Service>) -> Matched {
    let mut reader = Reader::new(
        values,
        Field::ClientName,
        below(values, service, "mynetworks"),
    );
    reader.of_clients = true;
    if values.is_set("mynetworks", service) {
        return reader.read(&values.words("mynetworks", service));
    }
    let mut matched = reader.read(&[]);
    let style = values
        .decides("mynetworks_style", service)
        .to_ascii_lowercase();
    let mut guards = vec![Guard::ClientIsHost];
    if style != "host" {
        guards.push(super::matching::within(
            crate::net::Network::parse("127.0.0.0/8").ok(),
        ));
        guards.push(Guard::Opaque(Arc::new(Opaque {
            kind: "network",
            name: format!("mynetworks_style {style}"),
            hit: "the client is in a network of this host".into(),
            reason: "the host's networks are not known".into(),
            usual: Some(false),
            origin: values.place("mynetworks_style", service),
        })));
    }
    matched.hit = Guard::Any(guards);
    matched
}
