//! What of a session is matched as text, and the patterns that it is matched with. Must not know
//! in which file or notation a pattern was written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use fancy_regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::text::Place;

/// So many steps back a regular expression may take on one text; one that needs more counts as
/// not matching.
const STEPS: usize = 100_000;

/// So many characters a text that is made up for a regular expression may have.
const LONGEST: usize = 200;

/// So many bytes a regular expression may have that is run: PCRE takes none whose program is longer.
const LONGEST_EXPRESSION: usize = 64 << 10;

/// A text of a session. All are compared without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The client's name, where its PTR record leads back to its address; else empty.
    ClientName,
    /// The name of the client's PTR record, forged or not; empty without one.
    ReverseName,
    /// The argument of EHLO.
    Helo,
    /// The sender as `local@domain`; empty for `<>`.
    Sender,
    /// The sender's domain; empty for `<>`.
    SenderDomain,
    /// The sender's local part; empty for `<>`.
    SenderLocal,
    /// The recipient as `local@domain`, `local@[address]` or `local`, without a source route.
    Recipient,
    /// The same with the local part in quotes where SMTP wants them.
    RecipientQuoted,
    /// The recipient's domain, `[address]` for a literal, empty for none.
    RecipientDomain,
    /// The recipient's local part.
    RecipientLocal,
    /// The recipient as it stands in RCPT, in angle brackets, with its source route.
    RecipientPath,
    /// The command that names the recipient, as in `RCPT TO:<local@domain>`.
    RecipientCommand,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Expression {
    compiled: Arc<Compiled>,
    /// Where it was written; none for one that stands for a server's own test.
    pub origin: Option<Place>,
}

/// A regular expression that is made ready when it is first asked: that takes longer than all else
/// that is done with a small configuration.
#[derive(Debug)]
struct Compiled {
    text: String,
    ignore_case: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Compiled {
    fn build(&self) -> Result<Regex, String> {
        RegexBuilder::new(&self.text)
            .case_insensitive(self.ignore_case)
            .backtrack_limit(STEPS)
            .build()
            .map_err(|error| error.to_string())
    }
}

impl Expression {
    /// The expression `text` (Perl's syntax), found anywhere in a text. One that is longer than
    /// 64 KiB is found in none: what is run on some texts only shows nothing closed in any case.
    ///
    /// # Errors
    /// In words, why it is none that can be run here.
    pub fn new(text: &str, ignore_case: bool, origin: Option<Place>) -> Result<Self, String> {
        let mut expression = Self::known(text, ignore_case);
        let regex = expression.compiled.build()?;
        // Nobody else has it yet.
        let _ = expression.compiled.regex.set(Some(regex));
        expression.origin = origin;
        Ok(expression)
    }

    /// An expression that is known to be right, for a server's own test; it was not written.
    pub fn known(text: &str, ignore_case: bool) -> Self {
        let is_run = text.len() <= LONGEST_EXPRESSION;
        let compiled = Compiled {
            text: if is_run { text } else { "$^x" }.to_owned(),
            ignore_case,
            regex: OnceLock::new(),
        };
        Self {
            compiled: Arc::new(compiled),
            origin: None,
        }
    }

    /// Whether it is found in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        let regex = self
            .compiled
            .regex
            .get_or_init(|| self.compiled.build().ok());
        let regex = regex.as_ref();
        regex.is_some_and(|regex| regex.is_match(text).unwrap_or_default())
    }

    /// A text that it is found in, made up from the expression; none where that is not possible.
    pub fn sample(&self) -> Option<String> {
        let mut text = String::new();
        write_sample(&regex_syntax::parse(&self.compiled.text).ok()?, &mut text);
        (text.len() <= LONGEST && self.is_in(&text)).then_some(text)
    }
}

/// Writes the shortest text that `hir` matches, with letters where there is a choice.
fn write_sample(hir: &Hir, text: &mut String) {
    if text.len() > LONGEST {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let holds = |c: char| {
                class
                    .ranges()
                    .iter()
                    .any(|r| (r.start()..=r.end()).contains(&c))
            };
            let usual = ['x', 'X', '1', '-', '.', '@', '%', '!', '/', '|'];
            let first = class
                .ranges()
                .first()
                .map(regex_syntax::hir::ClassUnicodeRange::start);
            text.extend(usual.into_iter().find(|&c| holds(c)).or(first));
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.extend(
                class
                    .ranges()
                    .first()
                    .map(|range| char::from(range.start())),
            );
        }
        HirKind::Repetition(repeated) => {
            for _ in 0..repeated.min.min(u32::try_from(LONGEST).unwrap_or(u32::MAX)) {
                write_sample(&repeated.sub, text);
            }
        }
        HirKind::Capture(capture) => write_sample(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_sample(part, text)),
        HirKind::Alternation(choices) => {
            if let Some(choice) = choices.first() {
                write_sample(choice, text);
            }
        }
    }
}

/// Patterns of which one has to match.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Whole texts, in lower case.
    pub exact: HashSet<String>,
    /// Domains, in lower case, of which everything below matches, and they themselves do not: of
    /// an address what is below in its domain, of an empty name everything with a dot.
    pub below: HashSet<String>,
    /// Expressions.
    pub expressions: Vec<Expression>,
}

impl Patterns {
    /// Patterns of whole texts.
    pub fn exact(texts: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        Self {
            exact: lower(texts),
            ..Self::default()
        }
    }

    /// Patterns of domains with everything below them.
    pub fn with_below(texts: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        let exact = lower(texts);
        Self {
            below: exact.clone(),
            exact,
            ..Self::default()
        }
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty() && self.expressions.is_empty()
    }

    /// Whether both name the same texts, and no expressions, which cannot be compared.
    pub fn is_same(&self, other: &Self) -> bool {
        let has_expressions = !self.expressions.is_empty() || !other.expressions.is_empty();
        !has_expressions && self.exact == other.exact && self.below == other.below
    }

    /// Adds the patterns of another.
    pub fn extend(&mut self, other: &Self) {
        self.exact.extend(other.exact.iter().cloned());
        self.below.extend(other.below.iter().cloned());
        self.expressions.extend(other.expressions.iter().cloned());
    }

    /// Whether somebody wrote one of the expressions.
    pub fn has_written_expressions(&self) -> bool {
        let is_written = |expression: &Expression| expression.origin.is_some();
        self.expressions.iter().any(is_written)
    }

    /// Whether it takes a regular expression that somebody wrote to say if `text` matches.
    pub fn is_doubtful(&self, text: &str) -> bool {
        self.has_written_expressions() && !self.names(&folded(text))
    }

    /// Whether one of them matches.
    pub fn holds(&self, text: &str) -> bool {
        let text = folded(text);
        let is_in = |expression: &Expression| expression.is_in(&text);
        self.names(&text) || self.expressions.iter().any(is_in)
    }

    /// Whether a pattern other than an expression matches; `text` is in lower case.
    fn names(&self, text: &str) -> bool {
        if self.exact.contains(text) {
            return true;
        }
        if !self.below.is_empty() {
            let mut rest = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
            if rest.contains('.') && self.below.contains("") {
                return true;
            }
            while let Some((_, parent)) = rest.split_once('.') {
                if self.below.contains(parent) {
                    return true;
                }
                rest = parent;
            }
        }
        false
    }
}

/// The text in lower case.
fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

fn lower(texts: impl IntoIterator<Item = impl fmt::Display>) -> HashSet<String> {
    let lowered = texts
        .into_iter()
        .map(|text| text.to_string().to_ascii_lowercase());
    lowered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_match_by_whole_labels() {
        let patterns = Patterns {
            exact: HashSet::from(["a.example".into()]),
            below: HashSet::from(["b.example".into()]),
            expressions: Vec::new(),
        };
        for (text, holds) in [
            ("A.example", true),
            ("x.a.example", false),
            ("b.example", false),
            ("x.b.example", true),
            ("x.y.b.example", true),
            ("notb.example", false),
            ("u@x.b.example", true),
            ("u.x@b.example", false),
        ] {
            assert_eq!(patterns.holds(text), holds, "{text}");
        }
        let every = Patterns {
            below: HashSet::from([String::new()]),
            ..Patterns::default()
        };
        assert!(every.holds("u@c.example") && !every.holds("u@c"));
    }

    #[test]
    fn samples_match() {
        for (text, sample) in [
            (r"^[.]", "."),
            (r"@(foo|bar)\.example$", "@foo.example"),
            (r"^.*[@%!/|]", "@"),
            (r"^\d{1,3}-x+", "1-x"),
            ("", ""),
        ] {
            let expression = Expression::new(text, true, None).unwrap();
            assert_eq!(expression.sample().as_deref(), Some(sample), "{text}");
        }
        assert!(
            Expression::new("(?!x)y", true, None)
                .unwrap()
                .sample()
                .is_none()
        );
        assert!(Expression::new("(", true, None).is_err());
    }
}
