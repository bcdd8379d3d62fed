//! The restrictions that refuse what they find (postconf(5), `reject_…`).

use std::sync::Arc;

use super::forms;
use super::list::{Around, List, Lists};
use super::logic::both;
use super::values::Word;
use crate::policy::{Guard, NameState, Opaque, Reason};
use crate::text::Place;

impl List<'_> {
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

    /// Takes down a restriction that refuses what it finds.
    pub fn rejects(&mut self, lower: &str, argument: Option<&Word>, at: &Around) {
        let lists = self.lists;
        if let Some(guard) = forms::of_form(lower) {
            let (code, reason) = forms::code(lower);
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
        let at = Around::new(origin);
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
}
