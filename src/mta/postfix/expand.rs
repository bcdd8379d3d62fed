//! `$name`, `${name?…}` and their like in values (postconf(5), "GENERAL SYNTAX"). Must not know
//! where the values come from.

use crate::mta::version::Version;

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Range;

use super::syntax::is_white;

/// Values within values, as deep as the daemon follows them.
const DEEPEST: usize = 100;

/// Brackets within brackets, as deep as they are looked into: the daemon has no bound but that on
/// values, and each level is looked through anew.
const DEEPEST_BRACKETS: usize = 100 * DEEPEST;

/// The longest value that is made, in bytes. The daemon has no bound; such a value is no honest one.
const LONGEST: usize = 1 << 20;

/// What all values of one configuration may cost together, in bytes.
pub const BUDGET: usize = 1 << 24;

/// The functions of 3.11.
const FUNCTIONS: [&str; 2] = ["domain_to_ascii", "domain_to_utf8"];

/// What a reference costs beside the bytes that it brings.
const REFERENCE: usize = 64;

/// What is wrong with a value, in the daemon's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The sentence.
    pub message: String,
    /// The characters of the value that are wrong.
    pub at: Range<usize>,
}

impl Fault {
    fn shifted(self, by: usize) -> Self {
        Self {
            at: self.at.start + by..self.at.end + by,
            ..self
        }
    }
}

/// A value with its references replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text. A name whose value is not known stands in it as `$name`.
    pub text: String,
    /// Whether every name's value was known.
    pub known: bool,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This text, to be expanded in its turn.
    Text(String),
    /// This text as it is.
    Raw(String),
    /// Nothing: no such parameter. The daemon takes the empty text.
    Undefined,
    /// Something that cannot be known here.
    Unknown,
}

/// Replaces the references in `value`, each name by what `meaning` says. What that costs is taken
/// from `budget`, so that many values that double each other end as one does.
///
/// # Errors
/// The first fault; the program that asks for the value dies with it.
pub fn expand(
    value: &str,
    version: Version,
    meaning: &dyn Fn(&str) -> Meaning,
    budget: &Cell<usize>,
) -> Result<Expanded, Fault> {
    let mut expansion = Expansion {
        version,
        meaning: Some(meaning),
        names: Vec::new(),
        spent: 0,
        bound: LONGEST.min(budget.get()),
    };
    let expanded = expansion.text(value, 0);
    budget.set(budget.get().saturating_sub(expansion.spent));
    expanded
}

/// The names that `value` refers to, also in branches that are not taken, with their places.
///
/// # Errors
/// The first fault.
pub fn references(value: &str, version: Version) -> Result<Vec<(String, Range<usize>)>, Fault> {
    let mut expansion = Expansion {
        version,
        meaning: None,
        names: Vec::new(),
        spent: 0,
        bound: usize::MAX,
    };
    expansion.text(value, 0)?;
    Ok(expansion.names)
}

struct Expansion<'a> {
    version: Version,
    /// None: names are collected, and every branch is walked.
    meaning: Option<&'a dyn Fn(&str) -> Meaning>,
    names: Vec<(String, Range<usize>)>,
    spent: usize,
    /// What may be spent.
    bound: usize,
}

impl Expansion<'_> {
    fn text(&mut self, text: &str, depth: usize) -> Result<Expanded, Fault> {
        if depth > DEEPEST {
            return Err(fault("unreasonable macro call nesting", 0..text.len()));
        }
        if text.len() > DEEPEST_BRACKETS && nested(text) > DEEPEST_BRACKETS {
            return Err(fault("unreasonable macro call nesting", 0..text.len()));
        }
        let mut result = Expanded {
            text: String::new(),
            known: true,
        };
        let mut at = 0;
        while let Some(dollar) = text[at..].find('$').map(|found| found + at) {
            result.text += &text[at..dollar];
            let after = &text[dollar + 1..];
            let (part, end) = match after.chars().next() {
                Some('$') => (known("$"), dollar + 2),
                Some(open @ ('{' | '(')) => {
                    let inner = balanced(after, open).ok_or_else(|| {
                        fault(
                            format!("truncated macro reference: \"{text}\""),
                            dollar..text.len(),
                        )
                    })?;
                    let end = dollar + inner.len() + 3;
                    let names = self.names.len();
                    let part = self
                        .expression(inner, depth)
                        .map_err(|fault| fault.shifted(dollar + 2))?;
                    self.shift(names, dollar + 2);
                    (part, end)
                }
                _ => {
                    let name = leading_name(after);
                    if name.is_empty() {
                        return Err(fault(
                            format!("empty macro name: \"{text}\""),
                            dollar..dollar + 1,
                        ));
                    }
                    let at = dollar + 1..dollar + 1 + name.len();
                    let end = at.end;
                    (self.name(name, at, depth)?, end)
                }
            };
            result.text += &part.text;
            result.known &= part.known;
            at = end;
            self.spent += part.text.len() + REFERENCE;
            if self.spent > self.bound {
                return Err(fault("the value grows without end", dollar..end));
            }
        }
        result.text += &text[at..];
        Ok(result)
    }

    /// What a name stands for, expanded; `at` is where it is written.
    fn name(&mut self, name: &str, at: Range<usize>, depth: usize) -> Result<Expanded, Fault> {
        let Some(meaning) = self.meaning else {
            self.names.push((name.to_owned(), at));
            return Ok(known(""));
        };
        match meaning(name) {
            Meaning::Text(text) => self
                .text(&text, depth + 1)
                .map_err(|fault| Fault { at, ..fault }),
            Meaning::Raw(text) => Ok(known(&text)),
            Meaning::Undefined => Ok(known("")),
            Meaning::Unknown => Ok(Expanded {
                text: format!("${name}"),
                known: false,
            }),
        }
    }

    /// What stands between `${` and `}`.
    fn expression(&mut self, inner: &str, depth: usize) -> Result<Expanded, Fault> {
        if inner.is_empty() {
            return Err(fault("empty macro name: \"${}\"", 0..0));
        }
        let (condition, rest) = if inner.trim_start_matches(is_white).starts_with('{') {
            self.relation(inner, depth)?
        } else {
            let name = leading_name(inner);
            let rest = inner[name.len()..].trim_start_matches(is_white);
            let at = inner.len() - rest.len();
            let is_function = FUNCTIONS.contains(&name)
                && rest.starts_with('{')
                && self.version.is_at_least(&[3, 11]);
            if is_function {
                self.function(name, inner, depth)?
            } else if name.is_empty()
                || (at == name.len() && !rest.is_empty() && !rest.starts_with(['?', ':']))
            {
                let end = inner[name.len()..].chars().next().map_or(0, char::len_utf8);
                return Err(fault(
                    format!(
                        "attribute name syntax error at: \"...{name}>>>{}\"",
                        &inner[name.len()..]
                    ),
                    name.len()..name.len() + end,
                ));
            } else {
                (self.name(name, 0..name.len(), depth)?, at)
            }
        };
        let tail = &inner[rest..];
        let (mut yes, mut no) = (None, None);
        let mut at = rest;
        match tail.chars().next() {
            None => return Ok(condition),
            Some('?') => {
                at += 1;
                let (text, end) = payload(inner, at)?;
                yes = Some(text);
                at = end;
                let more = inner[at..].trim_start_matches(is_white);
                if more.starts_with(':') {
                    let (text, end) = payload(inner, inner.len() - more.len() + 1)?;
                    no = Some(text);
                    at = end;
                } else if !more.is_empty() {
                    let place = inner.len() - more.len();
                    return Err(fault(
                        format!("\":\" expected at: \"...>>>{more}\""),
                        place..inner.len(),
                    ));
                }
            }
            Some(':') => {
                let (text, end) = payload(inner, at + 1)?;
                no = Some(text);
                at = end;
            }
            Some(_) => {
                return Err(fault(
                    format!("unexpected input at: \"...>>>{tail}\""),
                    rest..inner.len(),
                ));
            }
        }
        let more = inner[at..].trim_start_matches(is_white);
        if !more.is_empty() {
            let place = inner.len() - more.len();
            return Err(fault(
                format!("unexpected input at: \"...>>>{more}\""),
                place..inner.len(),
            ));
        }
        if self.meaning.is_none() {
            for part in [yes, no].into_iter().flatten() {
                self.part(inner, part, depth)?;
            }
            return Ok(known(""));
        }
        if !condition.known {
            return Ok(unknown(inner));
        }
        let taken = if condition.text.is_empty() { no } else { yes };
        match taken {
            Some(part) => self.part(inner, part, depth),
            None => Ok(known("")),
        }
    }

    /// `{a} OP {b}` at the front of `inner`: `true` or nothing, and where it ends.
    fn relation(&mut self, inner: &str, depth: usize) -> Result<(Expanded, usize), Fault> {
        let (left, at) = braced(inner, 0)?;
        let operator_at = inner.len() - inner[at..].trim_start_matches(is_white).len();
        let symbols = inner[operator_at..]
            .find(|c: char| !"<>!=?+-*/~&|%".contains(c))
            .map_or(inner.len(), |end| end + operator_at);
        let word = leading_name(&inner[symbols..]);
        let operator = &inner[operator_at..symbols];
        if !["==", "!=", "<", "<=", ">", ">="].contains(&operator) {
            return Err(fault(
                format!(
                    "relational expression: unknown operator at: \"...>>>{}\"",
                    &inner[operator_at..]
                ),
                operator_at..inner.len(),
            ));
        }
        let is_level = match word {
            "" => false,
            "level" if self.version.is_at_least(&[3, 6]) => true,
            _ => {
                return Err(fault(
                    format!("bad operator suffix at: \"...>>>{}\"", &inner[symbols..]),
                    symbols..symbols + word.len(),
                ));
            }
        };
        let (right, end) = braced(inner, symbols + word.len())?;
        let left = self.part(inner, left, depth)?;
        let right = self.part(inner, right, depth)?;
        let rest = inner.len() - inner[end..].trim_start_matches(is_white).len();
        if self.meaning.is_none() {
            return Ok((known(""), rest));
        }
        if !(left.known && right.known) {
            return Ok((unknown(inner), rest));
        }
        let order = if is_level {
            let level = |text: &str| {
                level(text).ok_or_else(|| {
                    fault(
                        format!("malformed compatibility level syntax: \"{text}\""),
                        0..end,
                    )
                })
            };
            level(&left.text)?.cmp(&level(&right.text)?)
        } else {
            compare(&left.text, &right.text)
        };
        let holds = match operator {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        };
        Ok((known(if holds { "true" } else { "" }), rest))
    }

    /// `{text}` behind the name of a function at the front of `inner`: the domain in its other
    /// form where that is the same, and where it ends.
    fn function(
        &mut self,
        name: &str,
        inner: &str,
        depth: usize,
    ) -> Result<(Expanded, usize), Fault> {
        let (argument, end) = braced(inner, name.len())?;
        let domain = self.part(inner, argument, depth)?;
        let rest = inner.len() - inner[end..].trim_start_matches(is_white).len();
        let is_same = if name == "domain_to_ascii" {
            domain.text.is_ascii()
        } else {
            let lower = domain.text.to_ascii_lowercase();
            !domain.text.is_ascii() || (lower == domain.text && !lower.contains("xn--"))
        };
        if domain.known && is_same {
            return Ok((domain, rest));
        }
        Ok((unknown(inner), rest))
    }

    /// A part of `inner`, expanded.
    fn part(&mut self, inner: &str, part: Range<usize>, depth: usize) -> Result<Expanded, Fault> {
        let names = self.names.len();
        let expanded = self
            .text(&inner[part.clone()], depth + 1)
            .map_err(|fault| fault.shifted(part.start))?;
        self.shift(names, part.start);
        Ok(expanded)
    }

    fn shift(&mut self, from: usize, by: usize) {
        for (_, at) in &mut self.names[from..] {
            *at = at.start + by..at.end + by;
        }
    }
}

fn known(text: &str) -> Expanded {
    Expanded {
        text: text.to_owned(),
        known: true,
    }
}

/// An expression that cannot be evaluated here, as it is written.
fn unknown(inner: &str) -> Expanded {
    Expanded {
        text: format!("${{{inner}}}"),
        known: false,
    }
}

fn fault(message: impl Into<String>, at: Range<usize>) -> Fault {
    Fault {
        message: message.into(),
        at,
    }
}

/// Letters, digits and `_` at the front of a text.
fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// What stands between the bracket that `text` begins with and the one that closes it.
fn balanced(text: &str, open: char) -> Option<&str> {
    let close = if open == '{' { '}' } else { ')' };
    let (open, close) = (open as u8, close as u8);
    let mut level = 0_usize;
    // Bytes of other characters are none of these.
    for (at, byte) in text.bytes().enumerate() {
        if byte == open {
            level += 1;
        } else if byte == close {
            level -= 1;
            if level == 0 {
                return Some(&text[1..at]);
            }
        }
    }
    None
}

/// How deep brackets are nested in a text, whatever they enclose.
fn nested(text: &str) -> usize {
    let (mut level, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'(' => level += 1,
            b'}' | b')' => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// The characters within the braces at `at`, blanks before them left out, and where they end.
fn braced(text: &str, at: usize) -> Result<(Range<usize>, usize), Fault> {
    let rest = text[at..].trim_start_matches(is_white);
    let open = text.len() - rest.len();
    if !rest.starts_with('{') {
        return Err(fault(
            format!("\"{{expression}}\" expected at: \"...>>>{rest}\""),
            open..text.len(),
        ));
    }
    let inner = balanced(rest, '{').ok_or_else(|| {
        fault(
            format!("unbalanced {{}} in attribute expression: \"{text}\""),
            open..text.len(),
        )
    })?;
    Ok((open + 1..open + 1 + inner.len(), open + inner.len() + 2))
}

/// What stands behind `?` or `:`: a text in braces, else all the rest.
fn payload(text: &str, at: usize) -> Result<(Range<usize>, usize), Fault> {
    if text[at..].trim_start_matches(is_white).starts_with('{') {
        return braced(text, at);
    }
    Ok((at..text.len(), text.len()))
}

/// As numbers where both are such, else by bytes.
fn compare(left: &str, right: &str) -> Ordering {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(left) && digits(right) {
        let plain = |text: &str| text.trim_start_matches('0').to_owned();
        let (left, right) = (plain(left), plain(right));
        return left.len().cmp(&right.len()).then(left.cmp(&right));
    }
    left.cmp(right)
}

/// A compatibility level: `major[.minor[.patch]]`.
pub fn level(text: &str) -> Option<[u32; 3]> {
    let mut level = [0; 3];
    let mut parts = text.split('.');
    for part in &mut level {
        match parts.next() {
            Some(number) => *part = number.parse().ok()?,
            None => break,
        }
    }
    parts.next().is_none().then_some(level)
}

#[cfg(test)]
mod tests;
