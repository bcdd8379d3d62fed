//! Access tables (access(5)): what is looked up in them, in which order, and what an answer means.
//! Must not know the restrictions around them.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::entries::{Below, address_tests, single, text_tests, within};
use super::logic::{both, either};
use super::table::{Entry, Table, Tests};
use crate::net::Network;
use crate::policy::{Field, Guard, NameState, Patterns, Reason, Rewrite};
use crate::text::Place;

/// So many entries of a table stay single, each with its own line; of more, those with the same
/// answer become one.
const SINGLE: usize = 200;

/// What is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The client's name, then its address.
    Client,
    /// The name that the client's PTR record gives, then its address.
    ReverseName,
    /// The argument of EHLO.
    Helo,
    /// The sender.
    Sender,
    /// The recipient.
    Recipient,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Ok,
    Dunno,
    Refuse,
    Defer,
    DeferIfPermit,
    DeferIfReject,
    Discard,
    /// Restrictions to be evaluated.
    List(String),
}

impl Answer {
    /// What the right side of an entry means.
    pub fn read(value: &str) -> Self {
        let word = value.split_ascii_whitespace().next().unwrap_or_default();
        let upper = word.to_ascii_uppercase();
        let code = |first: u8| {
            word.len() == 3
                && word.as_bytes()[0] == first
                && word.bytes().all(|b| b.is_ascii_digit())
        };
        let has_text = value.trim().len() > word.len();
        match upper.as_str() {
            "" | "OK" | "RELAY" => Self::Ok,
            "DUNNO" | "FILTER" | "HOLD" | "REDIRECT" | "BCC" | "PREPEND" | "INFO" | "WARN" => {
                Self::Dunno
            }
            "REJECT" => Self::Refuse,
            "DEFER" | "HANGUP" => Self::Defer,
            "DEFER_IF_PERMIT" => Self::DeferIfPermit,
            "DEFER_IF_REJECT" => Self::DeferIfReject,
            "DISCARD" => Self::Discard,
            _ if code(b'5') && has_text => Self::Refuse,
            _ if code(b'4') && has_text => Self::Defer,
            _ if word.bytes().all(|b| b.is_ascii_digit()) => Self::Ok,
            _ => Self::List(value.to_owned()),
        }
    }
}

/// How keys look.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// How names match what is below.
    pub below: Below,
    /// The key that stands for the sender `<>`.
    pub null: &'a str,
    /// What parts an extension from a local part, after which it is looked up without one.
    pub delimiter: &'a str,
}

/// An entry as a guard.
pub struct Hit {
    pub guard: Guard,
    pub value: String,
    pub origin: Option<Place>,
}

impl Asked {
    /// Why a session is refused.
    pub fn reason(self) -> Reason {
        match self {
            Self::Client | Self::ReverseName => Reason::ClientRefused,
            Self::Helo => Reason::HeloRefused,
            Self::Sender => Reason::SenderRefused,
            Self::Recipient => Reason::RecipientRefused,
        }
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::ReverseName => "the client's reverse name",
            Self::Helo => "the name in EHLO",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
        }
    }

    /// The entries of a table in the order in which they count; nothing for one without entries.
    pub fn hits(self, table: &Table, form: Form<'_>) -> Vec<Hit> {
        match table {
            Table::Static(value) => vec![Hit {
                guard: Guard::Always,
                value: value.clone(),
                origin: None,
            }],
            Table::Keys(entries) => self.keys(entries, form),
            Table::Ordered(entries) => self.ordered(entries, form),
            Table::Elsewhere(..) | Table::Broken(_) => Vec::new(),
        }
    }

    /// What is looked up whole, in order: recipients with the quotes that they need, then without.
    fn whole(self) -> &'static [Field] {
        match self {
            Self::Client => &[Field::ClientName],
            Self::ReverseName => &[Field::ReverseName],
            Self::Helo => &[Field::Helo],
            Self::Sender => &[Field::Sender],
            Self::Recipient => &[Field::RecipientQuoted, Field::Recipient],
        }
    }

    /// Clients whose name is unknown are looked up as that.
    fn nameless(self) -> Guard {
        if self == Self::Client {
            !Guard::ClientNameIs(NameState::Verified)
        } else {
            Guard::Any(vec![
                Guard::ClientNameIs(NameState::None),
                Guard::ClientNameIs(NameState::Temporary),
            ])
        }
    }

    /// The guard over the recipient without its extension, which expressions are not asked about.
    /// Senders are not followed so far.
    fn bare(self, form: Form<'_>, guard: &Guard) -> Option<Guard> {
        let rewrite = Rewrite {
            extension: form.delimiter.to_owned(),
            ..Rewrite::default()
        };
        (self == Self::Recipient && !form.delimiter.is_empty())
            .then(|| Guard::Rewritten(Arc::new(rewrite), Box::new(guard.clone())))
    }

    fn ordered(self, entries: &[Entry<Tests>], form: Form<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let named = |text: &str, tests: &Tests| {
            tests.iter().all(|(test, wanted)| match test {
                super::table::Test::Found(expression) => expression.is_in(text) == *wanted,
                super::table::Test::Within(_) => false,
            })
        };
        let mut push = |guard: Guard, entry: &Entry<Tests>| {
            hits.push(Hit {
                guard,
                value: entry.value.clone(),
                origin: entry.origin.clone(),
            });
        };
        let fields = self.whole().iter();
        for (field, entry) in fields.flat_map(|field| entries.iter().map(move |one| (field, one))) {
            let Some(guard) = text_tests(*field, &entry.key) else {
                continue;
            };
            // Texts that stand for what has none.
            let (stand_in, stands_for) = match self {
                Self::Client | Self::ReverseName => ("unknown", Some(self.nameless())),
                Self::Sender => (form.null, Some(Guard::SenderNull)),
                Self::Helo | Self::Recipient => ("", None),
            };
            let guard = match stands_for {
                None => guard,
                Some(special) if named(stand_in, &entry.key) => either(special, guard),
                Some(special) => both(!special, guard),
            };
            push(guard, entry);
        }
        // The address is looked up when the name gave nothing.
        if matches!(self, Self::Client | Self::ReverseName) {
            for entry in entries {
                if let Some(guard) = address_tests(&entry.key) {
                    push(guard, entry);
                }
            }
        }
        hits
    }

    fn keys(self, entries: &[Entry<String>], form: Form<'_>) -> Vec<Hit> {
        // The rank of a key: the least counts first.
        let mut ranked: Vec<(usize, Guard, &Entry<String>)> = Vec::new();
        for entry in entries {
            self.key(entry, form, &mut ranked);
        }
        ranked.sort_by_key(|(rank, ..)| *rank);
        let mut hits: Vec<(usize, Hit)> = Vec::new();
        for (rank, guard, entry) in ranked {
            let known = hits
                .iter_mut()
                .rev()
                .take_while(|(known, _)| *known == rank && entries.len() > SINGLE)
                .find(|(_, hit)| {
                    hit.value == entry.value
                        && std::mem::discriminant(&hit.guard) == std::mem::discriminant(&guard)
                });
            match known {
                Some((_, hit)) => join(&mut hit.guard, &guard),
                None => hits.push((
                    rank,
                    Hit {
                        guard,
                        value: entry.value.clone(),
                        origin: entry.origin.clone(),
                    },
                )),
            }
        }
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    fn key<'a>(
        self,
        entry: &'a Entry<String>,
        form: Form<'_>,
        ranked: &mut Vec<(usize, Guard, &'a Entry<String>)>,
    ) {
        let key = entry.key.as_str();
        // Names: themselves, then what they are below of, the longest first.
        let mut name = |field: Field, first: usize| {
            let labels = key.matches('.').count().min(100);
            let patterns = match (form.below, key.strip_prefix('.')) {
                (Below::Parent, None) => Patterns::with_below([key]),
                (Below::Dot | Below::No, None) => Patterns::exact([key]),
                (Below::Dot, Some(rest)) => Patterns {
                    below: HashSet::from([rest.to_owned()]),
                    ..Patterns::default()
                },
                _ => return,
            };
            // A dot in front is longer than the name without it, and shorter than those below.
            let rank = first + 2 * (100 - labels) + usize::from(key.starts_with('.'));
            ranked.push((rank, Guard::Matches(field, Arc::new(patterns)), entry));
        };
        match self {
            Self::Client | Self::ReverseName => {
                let field = if self == Self::Client {
                    Field::ClientName
                } else {
                    Field::ReverseName
                };
                name(field, 0);
                if key == "unknown" {
                    ranked.push((0, self.nameless(), entry));
                }
                if let Some(network) = octets(key) {
                    let rank = 1000 - usize::from(network.prefix());
                    ranked.push((rank, within([network]), entry));
                }
            }
            Self::Helo => name(Field::Helo, 0),
            Self::Sender | Self::Recipient => {
                let (domain, local) = if self == Self::Sender {
                    (Field::SenderDomain, Field::SenderLocal)
                } else {
                    (Field::RecipientDomain, Field::RecipientLocal)
                };
                let matches =
                    |field, text: &str| Guard::Matches(field, Arc::new(Patterns::exact([text])));
                if self == Self::Sender && key == form.null {
                    ranked.push((0, Guard::SenderNull, entry));
                } else if let Some(user) = key.strip_suffix('@') {
                    let guard = matches(local, user);
                    let guard = if self == Self::Sender {
                        both(!Guard::SenderNull, guard)
                    } else {
                        guard
                    };
                    let bare = self.bare(form, &guard);
                    ranked.extend(bare.map(|bare| (1001, bare, entry)));
                    ranked.push((1000, guard, entry));
                } else if key.contains('@') {
                    for (rank, field) in self.whole().iter().enumerate() {
                        ranked.push((rank, matches(*field, key), entry));
                    }
                    let bare = self.bare(form, &matches(Field::Recipient, key));
                    ranked.extend(bare.map(|bare| (2, bare, entry)));
                } else {
                    name(domain, 3);
                }
            }
        }
    }
}

/// Joins what guards of one kind match.
fn join(guard: &mut Guard, more: &Guard) {
    match (guard, more) {
        (Guard::Matches(_, set), Guard::Matches(_, more)) => Arc::make_mut(set).extend(more),
        (Guard::ClientIn(set), Guard::ClientIn(more)) => {
            *set = Arc::new(crate::net::AddressSet::union([
                (**set).clone(),
                (**more).clone(),
            ]));
        }
        (Guard::Rewritten(_, guard), Guard::Rewritten(_, more)) => join(guard, more),
        (guard, more) => {
            *guard = either(std::mem::replace(guard, Guard::Always), more.clone());
        }
    }
}

/// An address, or the octets or groups that it begins with.
fn octets(key: &str) -> Option<Network> {
    if let Some(network) = single(key) {
        return Some(network);
    }
    if key.contains(':') {
        let groups: Option<Vec<u16>> = key
            .split(':')
            .map(|group| u16::from_str_radix(group, 16).ok())
            .collect();
        let groups = groups.filter(|groups| groups.len() < 8)?;
        let mut full = [0; 8];
        full[..groups.len()].copy_from_slice(&groups);
        return Network::parse(&format!("{}/{}", Ipv6Addr::from(full), groups.len() * 16)).ok();
    }
    let parts: Option<Vec<u8>> = key.split('.').map(|part| part.parse().ok()).collect();
    let parts = parts.filter(|parts| parts.len() < 4)?;
    let mut full = [0; 4];
    full[..parts.len()].copy_from_slice(&parts);
    Network::parse(&format!("{}/{}", Ipv4Addr::from(full), parts.len() * 8)).ok()
}
