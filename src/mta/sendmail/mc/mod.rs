//! A sendmail.mc as m4 and its library read it, up to the lines of sendmail.cf that it asks for.
//! Must not know what those lines mean.

mod effects;
mod finish;
mod vocabulary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::m4::{Call, Char, Host, Machine, NOWHERE, Text, string};
use super::syntax::loads_later;
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::config::{Gap, World};
use crate::text::{Place, Snapshot, Source, Span, Unread};

/// Something that the file asks the library for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The macro: `FEATURE`, `MAILER`, `OSTYPE`, `DOMAIN` or `HACK`.
    pub kind: &'static str,
    /// Its first argument.
    pub name: String,
    /// The others.
    pub args: Vec<String>,
    /// Where the file that was read asks for it.
    pub place: Option<Place>,
    /// When, counted in expansions.
    pub order: usize,
}

/// A macro that a file defines.
#[derive(Clone, Debug)]
pub struct Defined {
    /// Its value at the end, not expanded.
    pub value: String,
    /// Where it was defined.
    pub place: Place,
    /// When, counted in expansions.
    pub order: usize,
}

/// A sendmail.mc, read.
#[derive(Debug)]
pub struct Reading {
    /// The lines of sendmail.cf that it asks for, without the rules that it always has.
    pub source: Arc<Source>,
    /// From where in those lines on each place counts.
    places: Vec<(usize, Option<Place>)>,
    /// What it asks for, in order.
    pub asked: Vec<Asked>,
    /// The macros that its files define, by their names.
    pub defined: BTreeMap<String, Defined>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
    /// Whether it makes mailers: a file without any is one that others include.
    pub makes_mailers: bool,
    /// Whether a file that it includes is not here.
    pub lacks_files: bool,
}

impl Reading {
    /// Where the files say what the lines hold at `span`.
    pub fn place(&self, span: Span) -> Option<Place> {
        let end = self.places.partition_point(|(at, _)| *at < span.end);
        let begin = self.places.partition_point(|(at, _)| *at <= span.start);
        let around = self.places.get(begin.saturating_sub(1)..end)?;
        around.iter().find_map(|(_, place)| place.clone())
    }
}

/// The library of m4 macros, and what it was asked for.
pub struct Library<'w> {
    files: &'w Snapshot,
    folder: PathBuf,
    version: Version,
    loaded: bool,
    asked: Vec<Asked>,
    diverted: Vec<i64>,
    /// Features within features.
    depth: usize,
    arguments: Vec<Text>,
    wholes: usize,
    makes_mailers: bool,
    lacks_files: bool,
}

/// Files that the package of Debian fills, for modems and for the mail server of a provider: what
/// the server itself offers does not stand there.
const ASIDE: [&str; 2] = ["dialup.m4", "provider.m4"];

impl Host for Library<'_> {
    fn include(machine: &mut Machine<Self>, path: &str, call: &Call, must: bool) {
        let path = path.trim();
        if path.ends_with("m4/cf.m4") {
            vocabulary::load(machine);
            return;
        }
        machine.host.wholes += 1;
        if machine.host.wholes > 1000 {
            return machine.gap(call.at, format!("`{path}` is not read: too many files are"));
        }
        let read = machine.host.files.read(path, &machine.host.folder.clone());
        if read.is_err() && !ASIDE.iter().any(|aside| path.ends_with(aside)) {
            machine.host.lacks_files |= must || read.as_ref().err() != Some(&Unread::Missing);
        }
        match read {
            Ok(source) => machine.push_source(&source, NOWHERE),
            Err(Unread::Missing) if must => {
                let message = format!(
                    "`{path}` is not there: m4 stops with an error and what it holds is not set"
                );
                let help = "create it, or write `sinclude`, which a missing file does not stop";
                machine.say(Severity::Error, "missing-include", call.at, message, help);
            }
            Err(Unread::Missing) => {}
            Err(reason) => machine.gap(call.at, format!("`{path}` is not read: {reason}")),
        }
    }
}

/// Reads a sendmail.mc.
pub fn read(source: &Arc<Source>, world: &World<'_>) -> Reading {
    let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
    let mut machine = Machine::new(Library {
        files: world.files,
        folder: folder.to_path_buf(),
        version: world.version,
        loaded: false,
        asked: Vec::new(),
        diverted: Vec::new(),
        depth: 0,
        arguments: Vec::new(),
        wholes: 0,
        makes_mailers: false,
        lacks_files: false,
    });
    if !loads_later(source.text()) {
        vocabulary::load(&mut machine);
    }
    machine.push_source(source, NOWHERE);
    machine.run();
    let defined = defined(&machine);
    let text = finish::finish(&mut machine);
    let mut places = Vec::new();
    let mut offset = 0;
    let mut last = (u32::MAX, u32::MAX);
    for (index, c) in text.iter().enumerate() {
        // A run of characters that stand together in a file has one place.
        let goes_on = c.at != NOWHERE && c.at == last.0 && c.used == last.1;
        if !goes_on {
            let run: Vec<Char> = run(&text[index..]);
            places.push((offset, machine.place_of(&run)));
        }
        let width = u32::try_from(c.c.len_utf8()).unwrap_or(1);
        last = (
            if c.at == NOWHERE || c.c == '\n' {
                NOWHERE
            } else {
                c.at + width
            },
            c.used,
        );
        offset += c.c.len_utf8();
    }
    places.dedup_by(|next, last| same(next.1.as_ref(), last.1.as_ref()));
    Reading {
        source: Source::new(source.name(), string(&text)),
        places,
        asked: std::mem::take(&mut machine.host.asked),
        defined,
        findings: std::mem::take(&mut machine.findings),
        gaps: std::mem::take(&mut machine.gaps),
        makes_mailers: machine.host.makes_mailers,
        lacks_files: machine.host.lacks_files,
    }
}

/// The characters at the begin that stand together in a file.
fn run(text: &[Char]) -> Text {
    let mut end = 1;
    while end < text.len()
        && text[end - 1].at != NOWHERE
        && text[end].at == text[end - 1].at + u32::try_from(text[end - 1].c.len_utf8()).unwrap_or(1)
        && text[end].c != '\n'
    {
        end += 1;
    }
    text[..end].to_vec()
}

fn same(one: Option<&Place>, other: Option<&Place>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.span == other.span && Arc::ptr_eq(&one.source, &other.source)
        }
        (None, None) => true,
        _ => false,
    }
}

fn defined(machine: &Machine<Library<'_>>) -> BTreeMap<String, Defined> {
    let mut found = BTreeMap::new();
    for name in machine.names() {
        let place = machine
            .get(name)
            .and_then(|found| Some((machine.place(found.at)?, found.order)));
        if let Some((place, order)) = place {
            let value = string(&machine.body(name));
            found.insert(
                name.to_string(),
                Defined {
                    value,
                    place,
                    order,
                },
            );
        }
    }
    found
}
