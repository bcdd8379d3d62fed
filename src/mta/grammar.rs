//! From pest's pairs to a [`Tree`]. Must not know any server's grammar.
//!
//! The grammars are flat: brackets are tokens, and what they enclose is put together here with a
//! stack of our own. So the depth of a text never becomes the depth of the program's stack.

use std::sync::Arc;

use pest::iterators::Pair;
use pest::{Parser, RuleType};

use super::tree::{Builder, STRAY, Tree};
use crate::text::{Source, Span};

/// Brackets deeper than this stay tokens beside each other.
const DEEPEST: usize = 200;

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
/// file, and what a token of a kind does to the nesting.
macro_rules! grammar {
    ($name:ident, $file:literal, $bracket:expr) => {
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
    /// The word for a rule.
    pub kind: fn(R) -> &'static str,
    /// What a token of this kind does to the nesting.
    pub bracket: fn(&str) -> Option<Bracket>,
}

impl<R: RuleType> Grammar<R> {
    /// The tree of `source` by the parser `P`. A text that does not fit at all, which a grammar
    /// with a rule for strays rules out, is one stray.
    pub fn parse<P: Parser<R>>(&self, source: &Arc<Source>) -> Tree {
        let mut tree = Builder::new(source, (self.kind)(self.file));
        match P::parse(self.file, source.text()) {
            Ok(pairs) => pairs
                .flat_map(Pair::into_inner)
                .for_each(|pair| self.put(pair, &mut tree)),
            Err(_) => tree.leaf(STRAY, Span::new(0, source.text().len())),
        }
        tree.finish()
    }

    fn put(&self, pair: Pair<'_, R>, tree: &mut Builder) {
        let span = Span::new(pair.as_span().start(), pair.as_span().end());
        let kind = (self.kind)(pair.as_rule());
        let mut inner = pair.into_inner().peekable();
        if inner.peek().is_some() {
            tree.open(kind, span.start);
            let depth = tree.depth();
            inner.for_each(|pair| self.put(pair, tree));
            while tree.depth() > depth {
                tree.close(0);
            }
            tree.close(span.end);
        } else if !matches!(kind, "" | "EOI") {
            match (self.bracket)(kind) {
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
}
