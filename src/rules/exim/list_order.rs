//! What the order and the signs of the items of a list make of it. Must not know how lists are read.

use super::list_networks::{holds, network};
use super::tell::{error, note, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Files, Item, Kind, List, Owner};

/// Whether a statement gives rights.
fn accepts(list: &List<'_>) -> bool {
    matches!(list.text.of, Owner::Acl(statement, part) if statement.verb == "accept" && !part.negated)
}

/// Signs that do not say what is meant.
pub fn misread_negation(files: &Files<'_>) -> Vec<Finding> {
    let found = files.lists().into_iter().filter_map(|list| {
        let items = &list.items;
        let last = items.last()?;
        let place = list.text.place(last.range.clone())?;
        let positive = items.iter().filter(|item| !item.negated && !item.is_made).count();
        if last.negated && positive > 0 {
            return Some(
                warning(
                    "misread-negation",
                    &place,
                    format!("the last item is negated, so everything that no item names is in the list: it holds the whole world but `{}`", last.text),
                )
                .help("put exceptions before what they are exceptions from"),
            );
        }
        let alone = last.negated
            && accepts(&list)
            && matches!(list.text.of, Owner::Acl(statement, _) if statement.parts.iter().all(|part| part.name != "authenticated"));
        if alone && list.kind == Kind::Host {
            return Some(
                warning(
                    "misread-negation",
                    &place,
                    "the list holds only what is not in it, so the rest of the world is accepted",
                )
                .help("name those that are to be accepted"),
            );
        }
        let refuses = matches!(list.text.of, Owner::Acl(statement, part)
            if matches!(statement.verb, "deny" | "drop" | "defer") && !part.negated);
        let named = items.iter().all(|item| item.named().is_some());
        let mixed = items.first()?.negated && items.iter().skip(1).all(|item| !item.negated);
        (refuses && named && mixed && items.len() > 1 && list.kind == Kind::Domain).then(|| {
            let meant: Vec<String> = items.iter().map(|item| format!("!{}", item.text)).collect();
            warning(
                "misread-negation",
                &place,
                format!("this refuses only what is in `{}` and not in `{}`; all other domains pass", last.text, items[0].text),
            )
            .certainty(Certainty::Likely)
            .help(format!("to refuse what is in none of them, write `{}`", meant.join(" : ")))
        })
    });
    found.collect()
}

/// Items that are never reached.
pub fn dead_item(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for list in files.lists() {
        for (index, item) in list.items.iter().enumerate() {
            if item.is_made || item.text.is_empty() {
                continue;
            }
            let Some(before) = list.items[..index]
                .iter()
                .find(|before| covers(before, item))
            else {
                continue;
            };
            let (Some(place), Some(first)) = (
                list.text.place(item.range.clone()),
                list.text.place(before.range.clone()),
            ) else {
                continue;
            };
            let message = format!("`{}` is decided by `{}` before it", item.text, before.text);
            let finding = if before.text == "*" || before.negated != item.negated {
                warning("dead-item", &place, message)
            } else {
                note("dead-item", &place, message)
            };
            found.push(
                finding
                    .and(first, "it stands here")
                    .help("take it out, or put it first"),
            );
        }
    }
    found
}

fn covers(before: &Item, item: &Item) -> bool {
    if before.is_made || before.text.is_empty() {
        return false;
    }
    before.text == "*"
        || before.text == item.text
        || network(&before.text)
            .zip(network(&item.text))
            .is_some_and(|(wide, narrow)| holds(wide, narrow))
}

/// Names before addresses.
pub fn name_before_address(files: &Files<'_>) -> Vec<Finding> {
    let found = files.lists().into_iter().filter_map(|list| {
        if list.kind != Kind::Host {
            return None;
        }
        let is_lenient = |item: &Item| {
            matches!(item.named(), Some("ignore_unknown" | "include_unknown"))
        };
        let is_name = |item: &Item| {
            let text = item.text.as_str();
            let letters = text.contains(|c: char| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit());
            !item.is_made
                && !text.starts_with(['+', '/', '@'])
                && !text.contains([':', '/'])
                && !text.starts_with("net")
                && text.contains('.')
                && (letters || text.starts_with(['^', '*']))
        };
        let at = list.items.iter().position(is_name)?;
        if list.items[..at].iter().any(is_lenient) {
            return None;
        }
        let lost = list.items[at + 1..].iter().find(|item| network(&item.text).is_some())?;
        let place = list.text.place(lost.range.clone())?;
        let name = &list.items[at].text;
        Some(
            warning(
                "name-before-address",
                &place,
                format!("a client without a name gets no further than `{name}`, so `{}` is not looked at for it", lost.text),
            )
            .help("put addresses first, or `+ignore_unknown` before the names"),
        )
    });
    found.collect()
}

/// Clients without a name are let in.
pub fn include_unknown(files: &Files<'_>) -> Vec<Finding> {
    let lists = files.lists();
    let is_used = |name: &str| {
        lists.iter().any(|list| {
            accepts(list)
                && list
                    .items
                    .iter()
                    .any(|item| item.named() == Some(name) && !item.negated)
        })
    };
    let found = lists.iter().filter_map(|list| {
        let gives = accepts(list)
            || matches!(list.text.of, Owner::List(named) if is_used(&named.name));
        let item = list.items.iter().find(|item| {
            matches!(item.named(), Some("include_unknown" | "include_defer"))
        })?;
        let place = list.text.place(item.range.clone())?;
        (gives && list.kind == Kind::Host).then(|| {
            error(
                "include-unknown",
                &place,
                format!("`{}` takes a client whose name cannot be looked up for one of the list, and this list lets clients in", item.text),
            )
            .help("write `+ignore_unknown`, or name addresses")
        })
    });
    found.collect()
}

/// Named lists that hold themselves.
pub fn list_loop(files: &Files<'_>) -> Vec<Finding> {
    let lists = files.lists();
    let next = |kind: Kind, name: &str| -> Vec<String> {
        let named = lists.iter().filter(|list| {
            list.kind == kind && matches!(list.text.of, Owner::List(named) if named.name == name)
        });
        let items = named.flat_map(|list| &list.items);
        items
            .filter_map(|item| item.named().map(str::to_owned))
            .collect()
    };
    let mut found = Vec::new();
    for list in &lists {
        let Owner::List(named) = list.text.of else {
            continue;
        };
        let mut open = next(list.kind, &named.name);
        let mut seen = Vec::new();
        while let Some(name) = open.pop() {
            if name == named.name {
                found.push(
                    error(
                        "list-loop",
                        &named.place,
                        format!("the {} `{name}` holds itself, and the process that looks at it crashes", named.kind),
                    )
                    .help("take one of the lists out of the other"),
                );
                break;
            }
            if !seen.contains(&name) {
                open.extend(next(list.kind, &name));
                seen.push(name);
            }
        }
    }
    found
}

/// More lists than Exim is built for.
pub fn too_many_lists(files: &Files<'_>) -> Vec<Finding> {
    const MOST: usize = 16;
    let kinds = [Kind::Host, Kind::Domain, Kind::LocalPart, Kind::Address];
    let found = kinds.into_iter().filter_map(|kind| {
        let mut lists = files.read.running.lists.iter();
        let word = kind.word();
        let first = lists.by_ref().filter(|list| list.kind == word).nth(MOST)?;
        Some(
            warning(
                "too-many-lists",
                &first.place,
                format!("this is the seventeenth {word}; an Exim that is built as its makers deliver it takes {MOST} and does not start, Debian's takes more"),
            )
            .help("merge lists, or write them where they are used"),
        )
    });
    found.collect()
}
