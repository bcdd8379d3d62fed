//! Lists of hosts, domains, local parts and addresses: decision lists, of which the first item that
//! matches decides (Exim's specification, chapter 10). Must not know who asks.

use std::path::Path;
use std::sync::Arc;

use super::expand::{Cases, Value, expand, variable};
use super::hosts;
use super::items;
use super::logic::{Answer, all, any, is_never, not};
use super::scene::{Phase, Scene, opaque};
use super::tables;
use crate::mta::Use;
use crate::mta::exim::values;
use crate::net::AddressSet;
use crate::policy::{Field, Guard, Patterns};

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Clients.
    Host,
    /// Domains.
    Domain,
    /// Local parts.
    LocalPart,
    /// Addresses.
    Address,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Host => "hostlist",
            Self::Domain => "domainlist",
            Self::LocalPart => "localpartlist",
            Self::Address => "addresslist",
        }
    }
}

/// What is known of an item.
pub struct Item {
    /// It matches.
    pub yes: Found,
    /// The client has no name, which ends the list.
    pub cut: Guard,
    /// It cannot be told for now.
    pub defer: Guard,
    /// One of these, where the list says to take that for a match: also of a negated item.
    pub included: Guard,
}

impl Item {
    /// Whether it matches or does not, and nothing else.
    fn is_plain(&self) -> bool {
        [&self.cut, &self.defer, &self.included]
            .into_iter()
            .all(is_never)
    }
}

/// When an item matches.
pub enum Found {
    /// Where this holds.
    When(Guard),
    /// Where the client's address is in one of the sets.
    Addresses(Vec<AddressSet>),
    /// Where the text is one of these.
    Patterns(Patterns),
    /// Where the text is a key of a table, which may be long and stays one.
    Table(Arc<Patterns>),
}

impl From<Guard> for Item {
    fn from(guard: Guard) -> Self {
        Self::from(Found::When(guard))
    }
}

impl From<Found> for Item {
    fn from(yes: Found) -> Self {
        Self {
            yes,
            cut: Guard::never(),
            defer: Guard::never(),
            included: Guard::never(),
        }
    }
}

/// The text that items are compared with, in each case.
pub type Compared = Cases;

/// Whether the session's value of this kind is in the list `text`, which is expanded first.
pub fn of_option(kind: Kind, text: &str, scene: &Scene<'_>) -> Answer {
    of_cases(kind, text, &compared(kind, scene), scene)
}

/// Whether the session's value of this kind is in the list `text`, which is expanded already.
pub fn of_text(kind: Kind, text: &str, scene: &Scene<'_>) -> Answer {
    of_items(kind, text, &compared(kind, scene), scene)
}

/// Whether `value` is in the list `text`, which is expanded already.
pub fn of_value(kind: Kind, text: &str, value: &Value, scene: &Scene<'_>) -> Answer {
    of_items(kind, text, &vec![(Guard::Always, value.clone())], scene)
}

/// Whether a text is in the list `text`, which is expanded first.
pub fn of_cases(kind: Kind, text: &str, compared: &Compared, scene: &Scene<'_>) -> Answer {
    let cases = expand(text, scene).into_iter();
    Answer::one_of(cases.map(|(guard, value)| {
        let inner = match value {
            Value::Text(list) => of_items(kind, &list, compared, scene),
            // "assume not in this list"
            Value::ForcedFail => Answer::of(false),
            Value::Fails => Answer::defer(),
            Value::Some | Value::Client | Value::Field(_) | Value::Literal | Value::Unknown => {
                Answer::when(unread(text, "it is made up when a client comes"))
            }
        };
        inner.where_holds(&guard)
    }))
}

/// Whether what is looked at is in a list that cannot be read here.
fn unread(list: &str, reason: &str) -> Guard {
    opaque(
        "list",
        list,
        format!("`{list}` holds it"),
        reason,
        None,
        None,
    )
}

fn compared(kind: Kind, scene: &Scene<'_>) -> Compared {
    match kind {
        Kind::Host => vec![(Guard::Always, Value::Client)],
        Kind::Domain => variable("domain", scene),
        Kind::LocalPart => variable("local_part", scene),
        Kind::Address if scene.phase < Phase::Mail => {
            vec![(Guard::Always, Value::Text(String::new()))]
        }
        Kind::Address => vec![(Guard::Always, Value::Field(Field::Sender))],
    }
}

/// How names that cannot be looked up are taken, as the items before say.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an item of its own")]
struct Lenience {
    ignore_unknown: bool,
    include_unknown: bool,
    ignore_defer: bool,
    include_defer: bool,
}

/// A run of items of one sign.
struct Step {
    negated: bool,
    item: Item,
}

fn of_items(kind: Kind, list: &str, compared: &Compared, scene: &Scene<'_>) -> Answer {
    let Some(scene) = scene.deeper() else {
        return Answer::defer();
    };
    let items = values::items(list, ':');
    let mut steps: Vec<Step> = Vec::new();
    let mut lenience = Lenience::default();
    for item in &items {
        add(
            kind,
            item,
            compared,
            &scene,
            &mut lenience,
            &mut steps,
            true,
        );
    }
    // At the end the answer is the opposite of the last item's sign.
    let at_end = steps.last().is_some_and(|step| step.negated);
    steps
        .into_iter()
        .rev()
        .fold(Answer::of(at_end), |rest, step| {
            decided(step, rest, compared, list)
        })
}

/// What a list answers that begins with this item.
fn decided(step: Step, rest: Answer, compared: &Compared, list: &str) -> Answer {
    let is_plain = step.item.is_plain();
    let yes = match step.item.yes {
        Found::When(guard) => guard,
        Found::Addresses(sets) => match AddressSet::union(sets) {
            set if set.is_empty() => Guard::never(),
            set => Guard::ClientIn(Arc::new(set)),
        },
        Found::Patterns(patterns) => is_one_of(&Arc::new(patterns), compared, list),
        Found::Table(keys) => is_one_of(&keys, compared, list),
    };
    let Item {
        cut,
        defer,
        included,
        ..
    } = step.item;
    if is_plain && !step.negated {
        // The shortest form of the most frequent case.
        return Answer {
            defer: all([not(yes.clone()), rest.defer]),
            error: all([not(yes.clone()), rest.error]),
            yes: any([yes, rest.yes]),
        };
    }
    let stopped = any([cut, defer.clone(), included.clone()]);
    let goes_on = not(any([yes.clone(), stopped.clone()]));
    let met = if step.negated { Guard::never() } else { yes };
    let here = Answer {
        yes: any([all([met, not(stopped)]), included]),
        defer,
        error: Guard::never(),
    };
    Answer::one_of([here, rest.where_holds(&goes_on)])
}

/// Whether what is compared is one of these.
fn is_one_of(patterns: &Arc<Patterns>, compared: &Compared, list: &str) -> Guard {
    any(compared.iter().map(|(guard, value)| {
        let inner = super::expand::matches(value, patterns)
            .unwrap_or_else(|| unread(list, "what is compared is not known here"));
        all([guard.clone(), inner])
    }))
}

/// Adds an item, which stands in the list itself or in a file of it.
fn add(
    kind: Kind,
    item: &str,
    compared: &Compared,
    scene: &Scene<'_>,
    lenience: &mut Lenience,
    steps: &mut Vec<Step>,
    in_list: bool,
) {
    let (negated, item) = match item.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, item),
    };
    let known = *lenience;
    let mut push = |item: Item| push_to(steps, negated, item, known);
    if in_list && let Some(name) = item.strip_prefix('+') {
        match (kind, name) {
            (Kind::Host, "ignore_unknown") => lenience.ignore_unknown = true,
            (Kind::Host, "include_unknown") => lenience.include_unknown = true,
            (Kind::Host, "ignore_defer") => lenience.ignore_defer = true,
            (Kind::Host, "include_defer") => lenience.include_defer = true,
            (_, "caseful") => {}
            // A list that is not there is no name that cannot be looked up.
            (_, name) => {
                let item = named(kind, name, compared, scene);
                push_to(steps, negated, item, Lenience::default());
            }
        }
        return;
    }
    if item.starts_with('/') {
        match scene.shared.world.files.read(item, Path::new("/")) {
            Ok(source) => {
                let text = source.text().to_owned();
                for line in tables::lines(&text) {
                    let line = if negated {
                        match line.strip_prefix('!') {
                            Some(rest) => rest.trim_start().to_owned(),
                            None => format!("!{line}"),
                        }
                    } else {
                        line.to_owned()
                    };
                    add(kind, &line, compared, scene, lenience, steps, false);
                }
            }
            Err(reason) => push(unread(item, &reason.to_string()).into()),
        }
        return;
    }
    match kind {
        Kind::Host => push(hosts::item(item, scene)),
        Kind::Address => push(items::address(item, compared, scene)),
        Kind::Domain | Kind::LocalPart => push(items::text(kind, item, compared, scene)),
    }
}

/// Adds an item to those of the same sign before it, where that is possible.
fn push_to(steps: &mut Vec<Step>, negated: bool, mut item: Item, lenience: Lenience) {
    let mut take = |guard: &mut Guard, ignored: bool, included: bool| {
        if ignored || included {
            let taken = std::mem::replace(guard, Guard::never());
            if included && !ignored {
                item.included = any([std::mem::replace(&mut item.included, Guard::never()), taken]);
            }
        }
    };
    take(
        &mut item.cut,
        lenience.ignore_unknown,
        lenience.include_unknown,
    );
    take(
        &mut item.defer,
        lenience.ignore_defer,
        lenience.include_defer,
    );
    if let Some(last) = steps.last_mut()
        && item.is_plain()
        && last.negated == negated
        && last.item.is_plain()
    {
        match (&mut last.item.yes, &item.yes) {
            (Found::Addresses(known), Found::Addresses(more)) => {
                known.extend(more.iter().cloned());
                return;
            }
            (Found::Patterns(known), Found::Patterns(more)) => {
                known.extend(more);
                return;
            }
            _ => {}
        }
    }
    steps.push(Step { negated, item });
}

/// A named list as an item.
fn named(kind: Kind, name: &str, compared: &Compared, scene: &Scene<'_>) -> Item {
    let lists = &scene.shared.running.lists;
    let found = lists
        .iter()
        .find(|list| list.kind == kind.word() && list.name == name);
    let Some(list) = found else {
        return Item {
            yes: Found::When(Guard::never()),
            cut: Guard::never(),
            defer: Guard::Always,
            included: Guard::never(),
        };
    };
    let setting = format!("{} {}", list.kind, list.name);
    scene.shared.note("", &setting, Use::Decides);
    let answer = match scene.deeper() {
        Some(scene) => scene.shared.called("list", name, || {
            of_cases(kind, &list.value, compared, &scene)
        }),
        None => Answer::defer(),
    };
    Item {
        yes: Found::When(answer.yes),
        cut: Guard::never(),
        defer: any([answer.defer, answer.error]),
        included: Guard::never(),
    }
}
