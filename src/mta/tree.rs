//! The tree of a file: every byte stands in exactly one leaf. Must not know any grammar.

use std::sync::Arc;

use crate::text::{Source, Span};

/// The kind of a leaf that a grammar names only by its letters, such as a bracket.
pub const MARK: &str = "mark";

/// The kind of what fits nothing.
pub const STRAY: &str = "stray";

/// One node. Its descendants are the nodes behind it, up to `next`. There are several for each word
/// of a text, so that their size decides how much memory it takes to read one.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The number of the grammar's word for it.
    kind: u16,
    /// Where its bytes begin.
    start: u32,
    /// Where they end.
    end: u32,
    /// The index of the first node that is not below it.
    next: u32,
}

/// The nodes of a file in the order of its text, each before those below it.
#[derive(Clone, Debug)]
pub struct Tree {
    source: Arc<Source>,
    kinds: Vec<&'static str>,
    nodes: Vec<Node>,
}

/// A place or a number of nodes: no text that is read has more than fits.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A node with the tree around it.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'t> {
    tree: &'t Tree,
    index: usize,
}

impl Tree {
    /// The text.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The node of the whole file.
    pub fn root(&self) -> Branch<'_> {
        Branch {
            tree: self,
            index: 0,
        }
    }

    /// Every node, each before those below it.
    pub fn branches(&self) -> impl Iterator<Item = Branch<'_>> {
        (0..self.nodes.len()).map(|index| Branch { tree: self, index })
    }

    /// The leaves in the order of the text: joined they are the text.
    pub fn leaves(&self) -> impl Iterator<Item = Branch<'_>> {
        self.branches().filter(|branch| branch.is_leaf())
    }

    /// What fits nothing.
    pub fn strays(&self) -> impl Iterator<Item = Branch<'_>> {
        self.branches().filter(|branch| branch.kind() == STRAY)
    }
}

impl<'t> Branch<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.index]
    }

    /// The index of the first node that is not below it.
    fn next(self) -> usize {
        self.node().next as usize
    }

    /// The grammar's word for this node.
    pub fn kind(self) -> &'static str {
        self.tree.kinds[usize::from(self.node().kind)]
    }

    /// Its bytes.
    pub fn span(self) -> Span {
        Span::new(self.node().start as usize, self.node().end as usize)
    }

    /// Its text.
    pub fn text(self) -> &'t str {
        self.tree.source.slice(self.span())
    }

    /// Whether nothing is below it.
    pub fn is_leaf(self) -> bool {
        self.next() == self.index + 1
    }

    /// The nodes right below it.
    pub fn children(self) -> impl Iterator<Item = Branch<'t>> {
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            (next < self.next()).then(|| {
                let child = Branch {
                    tree: self.tree,
                    index: next,
                };
                next = child.next();
                child
            })
        })
    }

    /// The first node right below it of this kind.
    pub fn child(self, kind: &str) -> Option<Branch<'t>> {
        self.children().find(|child| child.kind() == kind)
    }

    /// This node and every node below it, each before those below that.
    pub fn all(self) -> impl Iterator<Item = Branch<'t>> {
        std::iter::once(self).chain(self.below())
    }

    /// Every node below it, each before those below that.
    pub fn below(self) -> impl Iterator<Item = Branch<'t>> {
        (self.index + 1..self.next()).map(move |index| Branch {
            tree: self.tree,
            index,
        })
    }
}

/// Puts a tree together, from the front of the text to its end. What is passed over becomes a
/// leaf of the kind [`MARK`], so that no byte is lost.
#[derive(Debug)]
pub struct Builder {
    source: Arc<Source>,
    kinds: Vec<&'static str>,
    nodes: Vec<Node>,
    open: Vec<usize>,
    /// Up to here every byte stands in a leaf.
    at: usize,
}

impl Builder {
    /// A tree whose root has this kind.
    pub fn new(source: &Arc<Source>, root: &'static str) -> Self {
        let mut builder = Self {
            source: Arc::clone(source),
            kinds: Vec::new(),
            nodes: Vec::new(),
            open: Vec::new(),
            at: 0,
        };
        builder.open(root, 0);
        builder
    }

    /// How many nodes are open, the root counted.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The kind of the innermost open node.
    pub fn innermost(&self) -> &'static str {
        self.open.last().map_or(STRAY, |&index| self.kind(index))
    }

    /// Whether a node of this kind is open.
    pub fn is_open(&self, kind: &str) -> bool {
        self.open.iter().any(|&index| self.kind(index) == kind)
    }

    fn kind(&self, index: usize) -> &'static str {
        self.kinds[usize::from(self.nodes[index].kind)]
    }

    /// Opens a node at `start`.
    pub fn open(&mut self, kind: &'static str, start: usize) {
        self.fill(start);
        self.open.push(self.nodes.len());
        self.push(kind, self.at, 0);
    }

    /// Adds a leaf. An empty one says that something is there without text.
    pub fn leaf(&mut self, kind: &'static str, span: Span) {
        self.fill(span.start);
        self.push(kind, span.end.max(self.at), self.nodes.len() + 1);
        self.at = self.at.max(span.end);
    }

    /// Adds a node that begins where all bytes before it stand in leaves.
    fn push(&mut self, kind: &'static str, end: usize, next: usize) {
        let known = self.kinds.iter().position(|word| std::ptr::eq(*word, kind));
        let known = known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        self.nodes.push(Node {
            // A grammar has some dozens of kinds.
            kind: u16::try_from(known).unwrap_or(u16::MAX),
            start: small(self.at),
            end: small(end),
            next: small(next),
        });
    }

    /// Closes the innermost open node at `end`. The root stays open.
    pub fn close(&mut self, end: usize) {
        if self.open.len() > 1 {
            self.close_any(end);
        }
    }

    /// Closes every open node; the tree is whole.
    pub fn finish(mut self) -> Tree {
        let end = self.source.text().len();
        while !self.open.is_empty() {
            self.close_any(end);
        }
        Tree {
            source: self.source,
            kinds: self.kinds,
            nodes: self.nodes,
        }
    }

    fn close_any(&mut self, end: usize) {
        let Some(index) = self.open.pop() else { return };
        let end = end.max(self.at);
        // A node that holds nothing yet is a leaf itself.
        if self.nodes.len() > index + 1 {
            self.fill(end);
        }
        self.at = end;
        self.nodes[index].end = small(end);
        self.nodes[index].next = small(self.nodes.len());
    }

    fn fill(&mut self, to: usize) {
        if to > self.at && !self.open.is_empty() {
            self.push(MARK, to, self.nodes.len() + 1);
            self.at = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_a_leaf_too() {
        let source = Source::new("t", "a = (b)\n");
        let mut builder = Builder::new(&source, "file");
        builder.open("setting", 0);
        builder.leaf("name", Span::new(0, 1));
        builder.open("group", 4);
        builder.leaf("word", Span::new(5, 6));
        builder.close(7);
        builder.close(8);
        let tree = builder.finish();
        let joined: String = tree.leaves().map(Branch::text).collect();
        assert_eq!(joined, source.text());
        let kinds: Vec<_> = tree.branches().map(Branch::kind).collect();
        assert_eq!(
            kinds,
            [
                "file", "setting", "name", "mark", "group", "mark", "word", "mark", "mark"
            ]
        );
        let group = tree
            .root()
            .child("setting")
            .unwrap()
            .child("group")
            .unwrap();
        assert_eq!((group.text(), group.children().count()), ("(b)", 3));
    }
}
