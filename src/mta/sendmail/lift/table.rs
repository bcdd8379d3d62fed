//! The access map as the standard rulesets look it up (cf/README, "Anti-spam configuration
//! control"). Must not know which look-up decides what.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::addresses::network;
use super::input::Input;
use crate::mta::lift::Use;
use crate::net::{AddressSet, Network};
use crate::policy::{Accept, Clause, Expression, Field, Guard, Opaque, Outcome, Patterns, Reason};
use crate::text::{Place, Span, Unread};

/// With more entries than this those with one answer share a clause.
const SINGLE: usize = 100;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// `RELAY`
    Relay,
    /// `OK`
    Ok,
    /// `SKIP`, where the feature knows it: the look-up ends as if there were no entry.
    Skip,
    /// `REJECT`, or a text with a reply code of 5.
    Reject,
    /// A text with a reply code of 4.
    Later,
    /// `DISCARD`
    Discard,
    /// `QUARANTINE`: taken, and held.
    Held,
    /// `FRIEND` of a `Spam:` entry.
    Friend,
    /// `HATER` of a `Spam:` entry.
    Hater,
}

impl Answer {
    /// Every answer that checks have.
    pub const ALL: [Self; 7] = [
        Self::Relay,
        Self::Ok,
        Self::Skip,
        Self::Reject,
        Self::Later,
        Self::Discard,
        Self::Held,
    ];

    fn of(value: &str) -> Self {
        let upper = value.to_ascii_uppercase();
        match upper.split(':').next().unwrap_or_default().trim() {
            "RELAY" => Self::Relay,
            "OK" => Self::Ok,
            "SKIP" => Self::Skip,
            "DISCARD" => Self::Discard,
            "QUARANTINE" => Self::Held,
            _ => {
                let code = upper.strip_prefix("ERROR:").unwrap_or(&upper);
                let code = code.trim_start_matches(|c: char| !c.is_ascii_digit());
                if code.starts_with('4') {
                    Self::Later
                } else {
                    // `REJECT`, or any other text.
                    Self::Reject
                }
            }
        }
    }

    /// The answer of a `Spam:` entry.
    fn of_spam(value: &str) -> Self {
        match value.to_ascii_uppercase().as_str() {
            "FRIEND" => Self::Friend,
            "HATER" => Self::Hater,
            _ => Self::Ok,
        }
    }

    /// What the check does that looks it up.
    pub fn outcome(self, reason: Reason) -> Outcome {
        match self {
            Self::Relay | Self::Ok | Self::Skip | Self::Held | Self::Friend | Self::Hater => {
                Outcome::Next
            }
            Self::Reject => Outcome::Refuse(reason),
            Self::Later => Outcome::TempFail(reason),
            Self::Discard => Outcome::Accept(Accept::Discard),
        }
    }
}

/// An entry that a look-up can find. Of those that it can, it finds the one of the highest rank.
#[derive(Clone, Debug)]
pub struct Entry {
    rank: usize,
    /// What it says.
    pub answer: Answer,
    key: Key,
    place: Place,
}

#[derive(Clone, Debug)]
enum Key {
    Name {
        name: String,
        itself: bool,
        below: bool,
    },
    Begin(Network),
}

/// Entries by the tag that was asked for, and whether those without one count too.
type Asked = BTreeMap<(String, bool), Rc<[Entry]>>;

/// The access map.
#[derive(Debug, Default)]
pub struct Table {
    /// What stands behind a tag and its colon, by the tag; without a tag under the empty one.
    entries: BTreeMap<String, BTreeMap<String, (Answer, Place)>>,
    /// The entries for addresses that were asked for.
    addresses: RefCell<Asked>,
    /// What the entries for TLS say, as written.
    texts: HashMap<String, (String, Place)>,
    name: String,
    /// Why it is not read.
    unread: Option<(String, Option<Place>)>,
    dotted: bool,
}

impl Table {
    /// Reads the map `access` of the configuration; empty without one.
    pub fn read(input: &Input<'_>) -> Self {
        let Some(line) = input.model.maps.iter().find(|map| map.name == "access") else {
            return Self::default();
        };
        input.uses("map", "access", Use::Decides);
        let value = line.value.as_deref().unwrap_or_default();
        let mut words = value.split_whitespace();
        let class = words.next().unwrap_or_default();
        let path = words.next_back().unwrap_or_default();
        // The text that makemap made the map from stands beside it.
        let path = path.strip_suffix(".db").unwrap_or(path);
        let mut table = Self {
            name: format!("{class}:{path}"),
            dotted: input.feature("lookupdotdomain").is_some(),
            ..Self::default()
        };
        let kept = ["text", "hash", "btree", "dbm", "cdb"];
        if !kept.contains(&class) || path.starts_with(['-', '@']) {
            table.unread = Some((
                format!("it is a map of class `{class}`"),
                line.place.clone(),
            ));
            return table;
        }
        let source = match input.file(path) {
            Ok(source) => source,
            Err(reason) => {
                let made = input.file(&format!("{path}.db"));
                let optional = value.split_whitespace().any(|word| word == "-o");
                if !(optional && reason == Unread::Missing && made.err() == Some(Unread::Missing)) {
                    table.unread = Some((reason.to_string(), line.place.clone()));
                }
                return table;
            }
        };
        let access = input.feature("access_db");
        let skips = access.is_some_and(|access| access.args.iter().any(|arg| arg == "skip"));
        let mut at = 0;
        for text in source.text().split_inclusive('\n') {
            let span = Span::new(at, at + text.trim_end().len());
            at += text.len();
            if text.starts_with(['#', ' ', '\t']) {
                continue;
            }
            let Some((key, value)) = text.trim_end().split_once([' ', '\t']) else {
                continue;
            };
            let is_spam = key.to_ascii_lowercase().starts_with("spam:");
            let read = if is_spam { Answer::of_spam } else { Answer::of };
            let found = (read(value.trim()), Place::new(&source, span));
            if key
                .get(..4)
                .is_some_and(|tag| tag.eq_ignore_ascii_case("tls_"))
            {
                let text = (value.trim().to_owned(), Place::new(&source, span));
                table.texts.entry(key.to_lowercase()).or_insert(text);
            }
            let mut found = found;
            if found.0 == Answer::Skip && !skips {
                found.0 = Answer::Reject;
            }
            // makemap keeps the first of two lines with one key.
            let key = key.to_lowercase();
            let (tag, rest) = match key.split_once(':') {
                Some((tag, rest)) if tag != "ipv6" => (tag, rest),
                _ => ("", key.as_str()),
            };
            let entries = table.entries.entry(tag.to_owned()).or_default();
            entries.entry(rest.to_owned()).or_insert(found);
        }
        table
    }

    /// The entries of `tag`, and those without a tag where those are looked up too, sorted.
    fn tagged(&self, tag: &str, untagged: bool) -> Vec<(&str, (Answer, &Place))> {
        let own = self.entries.get(tag);
        let others = self.entries.get("").filter(|_| untagged);
        let is_own = |key: &String| own.is_some_and(|own| own.contains_key(key));
        let others = others.into_iter().flatten().filter(|(key, _)| !is_own(key));
        let all = own.into_iter().flatten().chain(others);
        let mut all: Vec<_> = all
            .map(|(key, (answer, place))| (key.as_str(), (*answer, place)))
            .collect();
        all.sort_by_key(|(key, _)| *key);
        all
    }

    /// Entries for names, which are looked up with each of their parents; exactly alone where the
    /// rules do not look for parents.
    pub fn names(&self, tag: &str, untagged: bool, exact: bool) -> Vec<Entry> {
        let mut found = Vec::new();
        for (key, (answer, place)) in self.tagged(tag, untagged) {
            if key.is_empty() || key.contains(['@', ':', '[']) || network(key).is_some() {
                continue;
            }
            let dotted = key.strip_prefix('.');
            if dotted.is_some() && (exact || !self.dotted) {
                continue;
            }
            let name = dotted.unwrap_or(key);
            found.push(Entry {
                rank: 2 * name.split('.').count() + usize::from(dotted.is_some()),
                answer,
                key: Key::Name {
                    name: name.to_owned(),
                    itself: dotted.is_none(),
                    below: !exact,
                },
                place: place.clone(),
            });
        }
        sorted(found)
    }

    /// Entries for addresses with all their octets or groups, and without the last ones.
    pub fn addresses(&self, tag: &str, untagged: bool) -> Rc<[Entry]> {
        let asked = (tag.to_owned(), untagged);
        if let Some(known) = self.addresses.borrow().get(&asked) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        for (key, (answer, place)) in self.tagged(tag, untagged) {
            if let Some(network) = network(key).filter(|_| !key.ends_with(['.', ':'])) {
                found.push(Entry {
                    rank: network.prefix().into(),
                    answer,
                    key: Key::Begin(network),
                    place: place.clone(),
                });
            }
        }
        let found: Rc<[Entry]> = sorted(found).into();
        let mut known = self.addresses.borrow_mut();
        known.insert(asked, Rc::clone(&found));
        found
    }

    /// Entries for whole addresses, then for local parts as `user@`.
    pub fn mailboxes(&self, tag: &str, untagged: bool) -> [Vec<Entry>; 2] {
        let mut found = [Vec::new(), Vec::new()];
        for (key, (answer, place)) in self.tagged(tag, untagged) {
            let Some((local, domain)) = key.split_once('@') else {
                continue;
            };
            let whole = !domain.is_empty();
            found[usize::from(!whole)].push(Entry {
                rank: 0,
                answer,
                key: Key::Name {
                    name: if whole { key } else { local }.to_owned(),
                    itself: true,
                    below: false,
                },
                place: place.clone(),
            });
        }
        found
    }

    /// An entry for TLS by its whole key.
    pub fn entry(&self, key: &str) -> Option<&(String, Place)> {
        self.texts.get(key)
    }

    /// Where an entry of a tag stands, if there is one.
    pub fn has(&self, tag: &str) -> Option<&Place> {
        let found = self.tagged(tag, false);
        found.into_iter().map(|(_, (_, place))| place).next()
    }

    /// The question whether a map that is not here answers so that `hit`.
    pub fn unknown(&self, hit: &str, usual: Option<bool>) -> Option<Guard> {
        let (reason, origin) = self.unread.as_ref()?;
        Some(Guard::Opaque(Arc::new(Opaque {
            kind: "table",
            name: self.name.clone(),
            hit: format!("`{}` {hit}", self.name),
            reason: reason.clone(),
            usual,
            origin: origin.clone(),
        })))
    }
}

/// The highest rank first.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.rank));
    entries
}

impl Key {
    fn add(&self, patterns: &mut Patterns, networks: &mut Vec<Network>) {
        match self {
            Self::Begin(network) => networks.push(*network),
            Self::Name {
                name,
                itself,
                below,
            } => {
                if *itself {
                    patterns.exact.insert(name.clone());
                }
                if *below {
                    patterns.below.insert(name.clone());
                }
            }
        }
    }
}

/// One of the entries is found, whatever it says.
fn found<'e>(field: Field, entries: impl Iterator<Item = &'e Entry>) -> Guard {
    let (mut patterns, mut networks) = (Patterns::default(), Vec::new());
    entries.for_each(|entry| entry.key.add(&mut patterns, &mut networks));
    if networks.is_empty() {
        Guard::Matches(field, Arc::new(patterns))
    } else {
        Guard::ClientIn(Arc::new(AddressSet::new(networks)))
    }
}

/// The look-up of `field` in `entries` finds one; none without entries.
pub fn any(field: Field, entries: &[Entry]) -> Option<Guard> {
    (!entries.is_empty()).then(|| found(field, entries.iter()))
}

/// The look-up of `field` in `entries` finds `wanted`; addresses look at the client's.
pub fn says(field: Field, entries: &[Entry], wanted: Answer) -> Option<Guard> {
    entries.iter().find(|entry| entry.answer == wanted)?;
    if entries.iter().all(|entry| entry.answer == wanted) {
        return Some(found(field, entries.iter()));
    }
    let mut guard = Guard::never();
    for level in entries.chunk_by(|one, next| one.rank == next.rank).rev() {
        let other = found(field, level.iter().filter(|entry| entry.answer != wanted));
        let same = found(field, level.iter().filter(|entry| entry.answer == wanted));
        guard = Guard::Any(vec![same, Guard::All(vec![!other, guard])]);
    }
    Some(guard)
}

/// What the check does that looks `field` up, a clause for each entry.
pub fn clauses(
    field: Field,
    entries: &[Entry],
    outcome: impl Fn(Answer) -> Outcome,
) -> Vec<Clause> {
    let clause = |entries: &[&Entry]| {
        let first = entries.first()?;
        Some(Clause {
            guard: found(field, entries.iter().copied()),
            outcome: outcome(first.answer),
            origin: Some(first.place.clone()),
        })
    };
    if entries.iter().any(|entry| entry.answer == Answer::Skip) {
        // Whom it ends the look-up for is not looked up further, nor passed.
        let mut answers: Vec<Answer> = entries.iter().map(|entry| entry.answer).collect();
        answers.sort_unstable();
        answers.dedup();
        let answers = answers.into_iter().filter(|answer| *answer != Answer::Skip);
        let clause = |answer| {
            let first = entries.iter().find(|entry| entry.answer == answer)?;
            Some(Clause {
                guard: says(field, entries, answer)?,
                outcome: outcome(answer),
                origin: Some(first.place.clone()),
            })
        };
        return answers.filter_map(clause).collect();
    }
    if entries.len() <= SINGLE {
        return entries
            .iter()
            .filter_map(|entry| clause(&[entry]))
            .collect();
    }
    let mut kinds: BTreeMap<(std::cmp::Reverse<usize>, Answer), Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        let kind = (std::cmp::Reverse(entry.rank), entry.answer);
        kinds.entry(kind).or_default().push(entry);
    }
    kinds
        .values()
        .filter_map(|entries| clause(entries))
        .collect()
}

/// The networks that entries for addresses let relay.
pub fn networks(entries: &[Entry]) -> Vec<(Network, Place)> {
    let relayed = entries.iter().filter(|entry| entry.answer == Answer::Relay);
    relayed
        .filter_map(|entry| match entry.key {
            Key::Begin(network) => Some((network, entry.place.clone())),
            Key::Name { .. } => None,
        })
        .collect()
}

/// The names that entries relay to, without those that a longer entry says otherwise of.
pub fn relayed_names(entries: &[Entry]) -> Patterns {
    let mut patterns = Patterns::default();
    for (entry, name, itself, below) in entries.iter().filter_map(|entry| match &entry.key {
        Key::Name {
            name,
            itself,
            below,
        } if entry.answer == Answer::Relay => Some((entry, name, *itself, *below)),
        _ => None,
    }) {
        if itself {
            patterns.exact.insert(name.clone());
        }
        if !below {
            continue;
        }
        let end = format!(".{name}");
        let others = entries.iter().filter_map(|other| match &other.key {
            Key::Name { name, .. } if other.answer != entry.answer && name.ends_with(&end) => {
                Some(escaped(name))
            }
            _ => None,
        });
        let others: Vec<String> = others.collect();
        if others.is_empty() {
            patterns.below.insert(name.clone());
            continue;
        }
        let (others, name) = (others.join("|"), escaped(name));
        let text = format!(r"^(?!(?:.*\.)?(?:{others})$).*\.{name}$");
        let expression = Expression::new(&text, true, Some(entry.place.clone()));
        patterns.expressions.extend(expression);
    }
    patterns
}

/// A name inside an expression.
fn escaped(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let escape = |c: char| {
        if plain(c) {
            c.to_string()
        } else {
            format!("\\{c}")
        }
    };
    name.chars().map(escape).collect()
}

/// The names of entries that relay.
pub fn relayed(entries: &[Entry]) -> Vec<(&str, &Place)> {
    let relayed = entries.iter().filter(|entry| entry.answer == Answer::Relay);
    relayed
        .filter_map(|entry| match &entry.key {
            Key::Name { name, .. } => Some((name.as_str(), &entry.place)),
            Key::Begin(_) => None,
        })
        .collect()
}
