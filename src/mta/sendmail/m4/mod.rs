//! m4 as GNU m4 reads it: characters that know where they were written, macros that are read again
//! once they are replaced, diversions. Must not know what the macros are about, and runs nothing.

mod arithmetic;
mod builtins;
mod input;
mod patterns;
mod reading;
mod replacing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::findings::{Finding, Severity};
use crate::mta::config::Gap;
use crate::text::{Place, Source, Span};

use input::Input;
pub use input::{Char, NOWHERE, Text, string, text};

/// Expansions before a text counts as one that never ends.
const EXPANSIONS: usize = 200_000;
/// Characters that may be put back to be read again, and characters that may be written.
const CHARACTERS: usize = 4_000_000;
/// Calls within each other's arguments.
const DEPTH: usize = 2_000;
/// Texts read within the reading of others.
const NESTED: usize = 40;

/// What uses the machine.
pub trait Host: Sized {
    /// A file is asked for; with `must`, it is wrong that there is none.
    fn include(machine: &mut Machine<Self>, path: &str, call: &Call, must: bool);
}

/// A call of a macro.
#[derive(Clone, Debug)]
pub struct Call {
    /// The macro's name.
    pub name: Rc<str>,
    /// Its arguments, unquoted and expanded.
    pub args: Vec<Text>,
    /// Whether it has parentheses.
    pub parens: bool,
    /// Where its name was written.
    pub at: u32,
    /// Behind the place of its closing parenthesis.
    pub end: u32,
    /// Where the outermost call stands that brought it here: itself where a file holds it.
    pub used: u32,
}

impl Call {
    /// The argument with this number, from 1, as a string; empty where there is none.
    pub fn arg(&self, number: usize) -> String {
        self.args
            .get(number.wrapping_sub(1))
            .map_or_else(String::new, |arg| string(arg))
    }

    /// The argument with this number, from 1.
    pub fn text(&self, number: usize) -> Text {
        self.args
            .get(number.wrapping_sub(1))
            .cloned()
            .unwrap_or_default()
    }
}

/// What happens when a macro is called.
pub type Act<H> = fn(&mut Machine<H>, &Call);

/// What a macro stands for.
pub enum Meaning<H: Host> {
    /// A text, read again with the arguments in it.
    Text(Rc<Text>),
    /// Something done here. A blind one is only called with parentheses.
    Act(Act<H>, bool),
}

impl<H: Host> Clone for Meaning<H> {
    fn clone(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(Rc::clone(text)),
            Self::Act(act, blind) => Self::Act(*act, *blind),
        }
    }
}

/// A macro.
pub struct Macro<H: Host> {
    /// What it stands for.
    pub meaning: Meaning<H>,
    /// Where it was defined.
    pub at: u32,
    /// The number of the expansion that defined it, which orders definitions.
    pub order: usize,
}

struct Frame<H: Host> {
    macro_: Meaning<H>,
    call: Call,
    current: Text,
    depth: usize,
    /// Nothing of the current argument but blanks was read yet.
    fresh: bool,
}

/// The machine.
pub struct Machine<H: Host> {
    /// Whom it works for.
    pub host: H,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
    sources: Vec<(u32, Arc<Source>)>,
    macros: HashMap<Rc<str>, Vec<Macro<H>>>,
    input: Input,
    frames: Vec<Frame<H>>,
    captured: Option<Text>,
    diversions: BTreeMap<i64, Text>,
    current: i64,
    wraps: Vec<Text>,
    quotes: (Vec<char>, Vec<char>),
    comments: Option<(Vec<char>, Vec<char>)>,
    expansions: usize,
    written: usize,
    nested: usize,
    stopped: bool,
    /// What `defn` gave away.
    handed: Vec<Meaning<H>>,
}

impl<H: Host> Machine<H> {
    /// Has the value of a call read next.
    fn give(&mut self, call: &Call, value: &str) {
        self.push(text(value, NOWHERE, call.used));
    }

    /// A machine with m4's own macros.
    pub fn new(host: H) -> Self {
        let mut machine = Self {
            host,
            findings: Vec::new(),
            gaps: Vec::new(),
            sources: Vec::new(),
            macros: HashMap::new(),
            input: Input::default(),
            frames: Vec::new(),
            captured: None,
            diversions: BTreeMap::new(),
            current: 0,
            wraps: Vec::new(),
            quotes: (vec!['`'], vec!['\'']),
            comments: Some((vec!['#'], vec!['\n'])),
            expansions: 0,
            written: 0,
            nested: 0,
            stopped: false,
            handed: Vec::new(),
        };
        builtins::install(&mut machine);
        machine
    }

    /// Gives a name to something done here.
    pub fn install(&mut self, name: &str, act: Act<H>, blind: bool) {
        self.set(name, Meaning::Act(act, blind), NOWHERE);
    }

    /// Defines a macro in place of what it was.
    pub fn set(&mut self, name: &str, meaning: Meaning<H>, at: u32) {
        let order = self.expansions;
        let defined = Macro { meaning, at, order };
        let stack = self.macros.entry(Rc::from(name)).or_default();
        stack.pop();
        stack.push(defined);
    }

    /// Defines a macro as a text that no file holds.
    pub fn define(&mut self, name: &str, value: &str, used: u32) {
        let value = text(value, NOWHERE, used);
        self.set(name, Meaning::Text(Rc::new(value)), used);
    }

    /// Takes a macro away.
    pub fn undefine(&mut self, name: &str) {
        self.macros.remove(name);
    }

    /// The macro of this name.
    pub fn get(&self, name: &str) -> Option<&Macro<H>> {
        self.macros.get(name).and_then(|stack| stack.last())
    }

    /// Whether there is such a macro.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names of all macros.
    pub fn names(&self) -> impl Iterator<Item = &Rc<str>> {
        self.macros.keys()
    }

    /// The text of a macro as it was defined.
    pub fn body(&self, name: &str) -> Text {
        match self.get(name).map(|found| &found.meaning) {
            Some(Meaning::Text(text)) => text.to_vec(),
            _ => Text::new(),
        }
    }

    /// How many expansions there were.
    pub fn clock(&self) -> usize {
        self.expansions
    }

    /// Whether it gave up, so that nothing is expanded any more.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// `#` begins a remark no more.
    pub fn without_comments(&mut self) {
        self.comments = None;
    }

    /// The current diversion.
    pub fn diversion(&self) -> i64 {
        self.current
    }

    /// Goes on writing to another diversion.
    pub fn divert(&mut self, number: i64) {
        self.current = number;
    }

    /// Takes what was written to a diversion.
    pub fn take(&mut self, number: i64) -> Text {
        self.diversions.remove(&number).unwrap_or_default()
    }

    /// The numbers of the diversions that hold something.
    pub fn diverted(&self) -> Vec<i64> {
        self.diversions.keys().copied().collect()
    }

    /// Writes to a diversion; what goes to a negative one is lost.
    pub fn write(&mut self, number: i64, text: &[Char]) {
        self.written += text.len();
        if self.written > CHARACTERS {
            self.run_away(text.first().map_or(NOWHERE, |c| c.used));
        } else if number >= 0 {
            self.diversions.entry(number).or_default().extend(text);
        }
    }

    /// Has a text read next.
    pub fn push(&mut self, text: Text) {
        if !self.input.push(text, CHARACTERS) {
            self.run_away(NOWHERE);
        }
    }

    /// Has a source read next.
    pub fn push_source(&mut self, source: &Arc<Source>, used: u32) {
        let base = self.sources.last().map_or(1, |(base, last)| {
            base + u32::try_from(last.text().len()).unwrap_or(0) + 1
        });
        self.sources.push((base, Arc::clone(source)));
        let chars = source
            .text()
            .char_indices()
            .map(|(at, c)| Char {
                c,
                at: base + u32::try_from(at).unwrap_or(0),
                used,
            })
            .collect();
        self.push(chars);
    }

    /// The text is read when all else was.
    pub fn wrap(&mut self, text: Text) {
        self.wraps.push(text);
    }

    /// The place of a character's number.
    pub fn place(&self, at: u32) -> Option<Place> {
        let index = self.sources.partition_point(|(base, _)| *base <= at);
        let (base, source) = self.sources.get(index.checked_sub(1)?)?;
        let start = (at - base) as usize;
        let width = |c: char| c.is_alphanumeric() || c == '_';
        let word = source.text().get(start..)?;
        let len = word.find(|c| !width(c)).unwrap_or(word.len());
        let len = len.max(word.chars().next().map_or(0, char::len_utf8));
        Some(Place::new(source, Span::new(start, start + len)))
    }

    /// The place of a call with its arguments, where they stand together in a file; else that of the
    /// outermost call that brought it here.
    pub fn place_of_call(&self, call: &Call) -> Option<Place> {
        let mut place = self.place(call.used)?;
        let end = place.span.start + call.end.saturating_sub(call.at) as usize;
        if call.at == call.used && place.source.text().get(..end).is_some() {
            place.span.end = place.span.end.max(end);
        }
        Some(place)
    }

    /// The place of a text: of its first part that stands together in a file, else of the call
    /// that brought it here.
    pub fn place_of(&self, text: &[Char]) -> Option<Place> {
        let written = |c: &Char| c.at != NOWHERE;
        let Some(first) = text
            .iter()
            .position(|c| written(c) && !c.c.is_whitespace())
            .or_else(|| text.iter().position(written))
        else {
            return self.place(text.first()?.used);
        };
        let start = text[first].at;
        let index = self.sources.partition_point(|(base, _)| *base <= start);
        let (base, source) = self.sources.get(index.checked_sub(1)?)?;
        let mut end = start;
        for c in &text[first..] {
            if c.at < end || c.at > end + 4 {
                break;
            }
            end = c.at + u32::try_from(c.c.len_utf8()).unwrap_or(1);
        }
        let at = |number: u32| (number - base) as usize;
        Some(Place::new(source, Span::new(at(start), at(end))))
    }

    /// Says that something is wrong at a place, where there is one.
    pub fn say(
        &mut self,
        severity: Severity,
        rule: &'static str,
        at: u32,
        message: String,
        help: &str,
    ) {
        if let Some(Place { source, span }) = self.place(at) {
            let finding = Finding::new(severity, rule, &source, span, message);
            self.findings.push(Finding {
                help: help.to_owned(),
                ..finding
            });
        }
    }

    /// Says that something was not understood.
    pub fn gap(&mut self, at: u32, reason: String) {
        let place = self.place(at);
        self.gaps.push(Gap { place, reason });
    }

    fn run_away(&mut self, at: u32) {
        if !self.stopped {
            self.stopped = true;
            let at = if at == NOWHERE { self.input.near() } else { at };
            let message =
                "this expands without end, or to more than is read here; what follows is not read"
                    .to_owned();
            self.gap(at, message.clone());
            self.say(Severity::Error, "m4-runaway", at, message, "");
        }
    }
}
