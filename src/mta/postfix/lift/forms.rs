//! The restrictions that ask for the form of a name or address, and for what DNS says of the
//! client. Must not know where they stand in a list.

use std::sync::Arc;

use crate::policy::{Expression, Field, Guard, NameState, Patterns, Reason};

/// A name as hosts have it (`valid_hostname` of Postfix): labels of letters, digits, `-` and `_`,
/// not digits and dots alone.
const NAME: &str =
    r"(?![0-9.]+$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*";

/// An address literal.
const LITERAL: &str = r"\[([0-9]{1,3}(\.[0-9]{1,3}){3}|ipv6:[0-9a-f:.]+)\]";

/// When a restriction without an argument refuses; nothing for one of another kind.
pub fn of_form(restriction: &str) -> Option<Guard> {
    Some(match restriction {
        "reject_invalid_helo_hostname" | "reject_invalid_hostname" => {
            !matches(Field::Helo, &format!(r"^({LITERAL}|{NAME}\.?)$"))
        }
        "reject_non_fqdn_helo_hostname" | "reject_non_fqdn_hostname" => !matches(
            Field::Helo,
            &format!(r"^({LITERAL}|(?=.*\.[^.]){NAME}\.?)$"),
        ),
        "reject_non_fqdn_sender" => Guard::All(vec![
            !Guard::SenderNull,
            !matches(Field::SenderDomain, r"\."),
        ]),
        // Of a recipient that is quoted as a whole, what is behind its own `@` counts.
        "reject_non_fqdn_recipient" => Guard::Any(vec![
            Guard::All(vec![
                Guard::RecipientBare,
                !matches(Field::RecipientLocal, r"@[^@]*\."),
            ]),
            Guard::All(vec![
                !Guard::RecipientBare,
                matches(Field::RecipientDomain, r"^[^.\[]*$"),
            ]),
        ]),
        "reject_unknown_client_hostname" | "reject_unknown_client" => {
            !Guard::ClientNameIs(NameState::Verified)
        }
        "reject_unknown_reverse_client_hostname" => Guard::Any(vec![
            Guard::ClientNameIs(NameState::None),
            Guard::ClientNameIs(NameState::Temporary),
        ]),
        _ => return None,
    })
}

/// The parameter that says with which code such a restriction refuses, and the reason.
pub fn code(restriction: &str) -> (&'static str, Reason) {
    match restriction {
        "reject_invalid_helo_hostname" | "reject_invalid_hostname" => {
            ("invalid_hostname_reject_code", Reason::HeloRefused)
        }
        "reject_non_fqdn_helo_hostname" | "reject_non_fqdn_hostname" => {
            ("non_fqdn_reject_code", Reason::HeloRefused)
        }
        "reject_non_fqdn_sender" => ("non_fqdn_reject_code", Reason::SenderRefused),
        "reject_non_fqdn_recipient" => ("non_fqdn_reject_code", Reason::RecipientRefused),
        _ => ("unknown_client_reject_code", Reason::ClientRefused),
    }
}

fn matches(field: Field, expression: &str) -> Guard {
    Guard::Matches(
        field,
        Arc::new(Patterns {
            expressions: vec![Expression::known(expression, true)],
            ..Patterns::default()
        }),
    )
}
