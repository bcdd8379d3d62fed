//! Why smtpd(8) does not start: its own guard against open relays (`smtpd_check.c`, `has_required`) and
//! arguments that it does not take. Must not know what the lists decide.

use std::collections::BTreeSet;

use super::list::Lists;
use super::values::Word;
use crate::mta::postfix::services::Service;
use crate::text::Place;

/// One of these must stand in a list before `permit`.
const REQUIRED: [&str; 6] = [
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject",
    "defer",
    "defer_if_permit",
    "check_relay_domains",
];

/// Why the daemon exits for its lists, if it does.
pub fn unguarded(lists: &Lists<'_>) -> Option<(String, Option<Place>)> {
    let names = ["smtpd_recipient_restrictions", "smtpd_relay_restrictions"];
    for name in names {
        let words = lists.values.words(name, Some(lists.service));
        match required(&words, lists, &mut BTreeSet::new(), 0) {
            Found::Required => return None,
            Found::Nothing => {}
            Found::NoEnd => {
                let reason = "restriction classes that call each other without end".to_owned();
                return Some((reason, lists.values.place(name, Some(lists.service))));
            }
        }
    }
    let origin = names
        .iter()
        .find_map(|name| lists.values.place(name, Some(lists.service)));
    let mut reason = format!(
        "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working instance of: {}",
        REQUIRED.join(", ")
    );
    if !lists
        .values
        .is_set("smtpd_relay_restrictions", Some(lists.service))
    {
        reason += "; the default is empty until `compatibility_level` is 1 or more";
    }
    Some((reason, origin))
}

/// What a walk through the words of a list comes to.
enum Found {
    /// A restriction that is required.
    Required,
    /// None, as far as it goes.
    Nothing,
    /// It never ends, and the daemon dies of it.
    NoEnd,
}

/// As the daemon goes through the words, whatever they mean; `known` are the classes that came to
/// nothing.
fn required<'l>(
    words: &[Word],
    lists: &'l Lists<'_>,
    known: &mut BTreeSet<&'l str>,
    depth: usize,
) -> Found {
    if depth >= 100 {
        return Found::NoEnd;
    }
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let lower = word.text.to_ascii_lowercase();
        match lower.as_str() {
            "warn_if_reject" => {
                words.next();
            }
            "permit" => return Found::Nothing,
            _ if REQUIRED.contains(&lower.as_str()) => return Found::Required,
            _ => {
                let Some((name, inner)) = lists.named.get_key_value(&word.text) else {
                    continue;
                };
                if known.contains(name.as_str()) {
                    continue;
                }
                match required(inner, lists, known, depth + 1) {
                    Found::Nothing => known.insert(name),
                    found => return found,
                };
            }
        }
    }
    Found::Nothing
}

/// What the daemon says of an argument that it does not take (getopt(3) stops at the first word
/// that is no option).
pub fn unread_argument(service: &Service) -> Option<String> {
    let mut arguments = service.fields[8..].iter();
    while let Some(argument) = arguments.next() {
        let text = argument.text.as_str();
        let Some(letters) = text.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            return Some(format!("unexpected command-line argument: {text}"));
        };
        let own = match letters.find('o') {
            None => continue,
            Some(at) if at + 1 == letters.len() => arguments.next()?.text.clone(),
            Some(at) => letters[at + 1..].to_owned(),
        };
        if !own.contains('=') {
            return Some(format!(
                "invalid \"-o {own}\" option value: missing '=' after attribute name"
            ));
        }
    }
    None
}
