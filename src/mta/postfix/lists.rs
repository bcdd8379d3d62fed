//! The restriction lists of smtpd(8), cut into restrictions with their arguments. Must not know
//! which of them is a mistake.

use super::files::Files;
use super::lift::Word;
use super::services::Service;
use crate::catalogue::{Row, Table};

static RESTRICTIONS: Table = Table::new(include_str!("../../../schemas/postfix/restrictions.tsv"));

/// The lists, in the order of a session.
pub const LISTS: [&str; 8] = [
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
    "smtpd_etrn_restrictions",
];

/// A restriction.
#[derive(Debug)]
pub struct Item {
    /// Its name in lower case.
    pub name: String,
    /// As it is written.
    pub word: Word,
    /// What it takes.
    pub argument: Option<Word>,
    /// Whether its refusals are only logged.
    pub is_warning: bool,
}

/// A list as a service has it, or a restriction class.
#[derive(Debug)]
pub struct List {
    /// The parameter.
    pub name: String,
    /// Whose it is, by its number.
    service: Option<usize>,
    /// Its restrictions.
    pub items: Vec<Item>,
}

impl List {
    /// Whose it is.
    pub fn service<'f>(&self, files: &'f Files<'_>) -> Option<&'f Service> {
        files.dictionary.services.as_ref()?.get(self.service?)
    }

    /// Whether it is one of smtpd's own.
    pub fn is_own(&self) -> bool {
        LISTS.contains(&self.name.as_str())
    }

    /// The first restriction of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|item| item.name == name)
    }
}

/// What is known of a restriction.
pub fn known(name: &str) -> Option<Row> {
    RESTRICTIONS.get(name)
}

/// The restriction that was likely meant.
pub fn meant(name: &str) -> Option<&'static str> {
    RESTRICTIONS.nearest(name)
}

/// Whether a word is one of a restriction that takes an argument.
fn takes(name: &str) -> bool {
    known(name).is_some_and(|row| !row.get("argument").is_empty())
}

/// The restrictions in these words.
pub fn items(words: Vec<Word>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut words = words.into_iter();
    let mut is_warning = false;
    while let Some(word) = words.next() {
        let name = word.text.to_ascii_lowercase();
        if name == "warn_if_reject" {
            is_warning = true;
            continue;
        }
        let argument = if takes(&name) { words.next() } else { None };
        items.push(Item {
            name,
            word,
            argument,
            is_warning,
        });
        is_warning = false;
    }
    items
}

/// A list of one service.
pub fn list(files: &Files<'_>, name: &str, service: Option<&Service>) -> List {
    let mut services = files.dictionary.services().iter();
    List {
        name: name.to_owned(),
        service: service.and_then(|own| services.position(|one| std::ptr::eq(one, own))),
        items: items(files.words(name, service)),
    }
}

/// The lists of every smtpd, with the classes that each of them sees.
pub fn all(files: &Files<'_>) -> Vec<List> {
    let mut all = Vec::new();
    for service in files.scopes("smtpd") {
        let classes = files.dictionary.classes(service);
        let names = LISTS.iter().map(|name| (*name).to_owned()).chain(classes);
        all.extend(names.map(|name| list(files, &name, service)));
    }
    all
}
