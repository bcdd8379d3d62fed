//! From pest's pairs to a [`Tree`]. Must not know any server's grammar.
//!
//! The grammars are flat: brackets are tokens, and what they enclose is put together here with a
//! stack of our own. So the depth of a text never becomes the depth of the program's stack.

use std::sync::Arc;

use pest::iterators::Pair;
use pest::{Parser, RuleType, Token};

use super::tree::{Builder, STRAY, Tree};
use crate::text::{Source, Span};

/// Brackets deeper than this stay tokens beside each other.
const DEEPEST: usize = 200;

/// Bytes that are parsed at once, at least: what pest notes for each is many times as long.
const PIECE: usize = 1 << 16;

/// The words for the rules of a grammar: their names in the grammar's file.
#[derive(Debug)]
pub struct Kinds(Vec<String>);

impl Kinds {
    /// The words for `rules`, by their numbers, which `number` tells.
    pub fn new<R: RuleType>(rules: &[R], number: fn(R) -> usize) -> Self {
        let mut words = Vec::new();
        for &rule in rules {
            let number = number(rule);
            // The end of the text is the rule that no list of rules has.
            words.resize(words.len().max(number + 1), "EOI".to_owned());
            words[number] = format!("{rule:?}");
        }
        Self(words)
    }

    /// The word for the rule with this number.
    pub fn word(&'static self, number: usize) -> &'static str {
        self.0.get(number).map_or(STRAY, String::as_str)
    }
}

/// A module for a grammar, with what parses a file by it. It takes the module's name, the grammar's
/// file, the kinds of items that nothing before them goes on into, and what a token of a kind does
/// to the nesting.
macro_rules! grammar {
    ($name:ident, $file:literal, [$($anew:ident)|*], $bracket:expr) => {
        mod $name {
            use std::sync::{Arc, LazyLock};

            use crate::mta::grammar::{Grammar, Kinds};
            use crate::mta::tree::Tree;
            use crate::text::Source;
            use pest_derive::Parser;

            #[derive(Parser)]
            #[grammar = $file]
            struct Rules;

            static KINDS: LazyLock<Kinds> =
                LazyLock::new(|| Kinds::new(Rule::all_rules(), |one| one as usize));

            const GRAMMAR: Grammar<Rule> = Grammar {
                file: Rule::file,
                anew: |one| matches!(one, $(Rule::$anew)|*),
                kind: |one| KINDS.word(one as usize),
                bracket: $bracket,
            };

            /// The tree of a file.
            pub fn parse(source: &Arc<Source>) -> Tree {
                GRAMMAR.parse::<Rules>(source)
            }
        }
    };
}
pub(super) use grammar;

/// What a token does to the nesting. The word is the kind of the node that it opens or closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// It opens a node.
    Open(&'static str),
    /// It closes the innermost open node of this kind, and those open within it.
    Close(&'static str),
}

/// A grammar as this file needs it.
#[derive(Debug)]
pub struct Grammar<R> {
    /// The rule for a whole file.
    pub file: R,
    /// Whether an item of this kind begins anew: nothing before it goes on into it.
    pub anew: fn(R) -> bool,
    /// The word for a rule.
    pub kind: fn(R) -> &'static str,
    /// What a token of this kind does to the nesting.
    pub bracket: fn(&str) -> Option<Bracket>,
}

/// A step through what a grammar found.
#[derive(Clone, Copy, Debug)]
pub enum Event<R> {
    /// Something that holds other things begins at this byte.
    Open(R, usize),
    /// Something that holds nothing.
    Leaf(R, Span),
    /// What was opened last ends at this byte.
    Close(usize),
}

impl<R: RuleType> Grammar<R> {
    /// The tree of `source` by the parser `P`. A text that does not fit at all, which a grammar
    /// with a rule for strays rules out, is one stray.
    pub fn parse<P: Parser<R>>(&self, source: &Arc<Source>) -> Tree {
        let mut tree = Builder::new(source, (self.kind)(self.file));
        let mut depths = Vec::new();
        let text = source.text();
        let read = walk::<P, R>(text, self.file, self.anew, |event| match event {
            Event::Open(rule, start) => {
                tree.open((self.kind)(rule), start);
                depths.push(tree.depth());
            }
            Event::Leaf(rule, span) => self.leaf((self.kind)(rule), span, &mut tree),
            Event::Close(end) => {
                let depth = depths.pop().unwrap_or_default();
                while tree.depth() > depth {
                    tree.close(0);
                }
                tree.close(end);
            }
        });
        if let Err(at) = read {
            tree.leaf(STRAY, Span::new(at, text.len()));
        }
        tree.finish()
    }

    fn leaf(&self, kind: &'static str, span: Span, tree: &mut Builder) {
        match (self.bracket)(kind) {
            _ if matches!(kind, "" | "EOI") => {}
            Some(Bracket::Open(group)) if tree.depth() < DEEPEST => {
                tree.open(group, span.start);
                tree.leaf(kind, span);
            }
            Some(Bracket::Close(group)) if tree.is_open(group) => {
                while tree.innermost() != group {
                    tree.close(0);
                }
                tree.leaf(kind, span);
                tree.close(span.end);
            }
            _ => tree.leaf(kind, span),
        }
    }
}

/// Walks through what the parser `P` finds in a text by the rule `file`. The text is parsed piece by
/// piece; a piece ends where an item of the file begins `anew`.
///
/// # Errors
/// The byte from which on the text does not fit.
pub fn walk<P: Parser<R>, R: RuleType>(
    text: &str,
    file: R,
    anew: fn(R) -> bool,
    mut see: impl FnMut(Event<R>),
) -> Result<(), usize> {
    let (mut at, mut size) = (0, PIECE);
    while at < text.len() {
        let bytes = text.as_bytes();
        let rest = bytes.get(at + size..).unwrap_or_default();
        let line = rest.iter().position(|&byte| byte == b'\n');
        let end = line.map_or(text.len(), |line| at + size + line + 1);
        let parsed = P::parse(file, &text[at..end]).map_err(|_| at)?;
        let mut cut = end - at;
        if end < text.len() {
            // Of what stands behind the last item that begins anew, the end may be cut off.
            let items = parsed.clone().flat_map(Pair::into_inner);
            let last = items.filter(|item| anew(item.as_rule())).last();
            cut = last.map_or(0, |item| item.as_span().start());
            if cut == 0 {
                size *= 2;
                continue;
            }
        }
        let mut tokens = parsed.tokens().skip(1).peekable();
        let mut depth = 0_usize;
        while let Some(token) = tokens.next() {
            match token {
                Token::Start { pos, .. } if depth == 0 && pos.pos() >= cut => break,
                Token::Start { rule, pos } => {
                    let start = at + pos.pos();
                    let ends = |next: &Token<'_, R>| matches!(next, Token::End { .. });
                    if let Some(Token::End { pos, .. }) = tokens.next_if(ends) {
                        see(Event::Leaf(rule, Span::new(start, at + pos.pos())));
                    } else {
                        depth += 1;
                        see(Event::Open(rule, start));
                    }
                }
                // That of the file itself.
                Token::End { .. } if depth == 0 => break,
                Token::End { pos, .. } => {
                    depth -= 1;
                    see(Event::Close(at + pos.pos()));
                }
            }
        }
        (at, size) = (at + cut, PIECE);
    }
    Ok(())
}
