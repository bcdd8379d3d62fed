//! `smtpconf parse`: the lossless tree of a file.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::reading::Reading;
use super::{Failure, Outcome, print};
use crate::mta::{Branch, Told, Tree};
use crate::report;
use crate::text::{self, Encoding};

const EXAMPLES: &str = "\
Examples:
  smtpconf parse main.cf
      the tree, a node a line
  smtpconf parse --as sendmail-mc --format json site.m4
      a file whose name does not tell its kind, for programs";

/// Arguments of `parse`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Parse {
    /// A server's file, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How the tree is printed
    #[arg(long, value_enum, default_value_t = Shape::Tree, value_name = "FORMAT")]
    format: Shape,
    /// Print the leaves joined, which is the file byte for byte
    #[arg(long, conflicts_with = "format")]
    text: bool,
    #[command(flatten)]
    reading: Reading,
}

/// How a tree is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A node a line, indented, with its place; leaves with their text
    Tree,
    /// One JSON object
    Json,
}

impl Parse {
    /// Prints the tree. A file that can be read is never refused.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let source = self.reading.source(&self.file)?;
        let (dialect, told) = self.reading.dialect(&source);
        if told == Told::Guessed {
            print::err(&guess(source.name(), dialect.name))?;
        }
        let tree = (dialect.parse)(&source);
        if self.text {
            let text: String = tree.leaves().map(Branch::text).collect();
            print::exactly(&source.bytes(&text))?;
        } else if self.format == Shape::Tree {
            print::out(&lines(&tree))?;
        } else {
            print::out(&json(&tree, dialect.name))?;
        }
        Ok(Outcome::Good)
    }
}

/// What is said of a file whose kind is a guess.
pub fn guess(name: &str, kind: &str) -> String {
    let name = text::one_line(name);
    format!("smtpconf: {name}: read as {kind}, which is a guess; --as names the kind\n")
}

fn lines(tree: &Tree) -> String {
    let mut text = String::new();
    walk(tree.root(), 0, &mut |branch, depth, enters| {
        if !enters {
            return;
        }
        let at = tree.source().position(branch.span().start);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{:1$}{2} {3}:{4}",
            "",
            2 * depth,
            branch.kind(),
            at.line,
            at.column
        );
        if branch.is_leaf() {
            let _ = write!(text, " {}", quoted(branch.text()));
        }
        text.push('\n');
    });
    text
}

fn json(tree: &Tree, kind: &str) -> String {
    let source = tree.source();
    let encoding = match source.encoding() {
        Encoding::Utf8 => "utf-8",
        Encoding::Latin1 { .. } => "iso-8859-1",
    };
    let mut text = format!(
        "{{\"file\":{},\"kind\":{},\"encoding\":\"{encoding}\",\"tree\":",
        quoted(source.name()),
        quoted(kind)
    );
    walk(tree.root(), 0, &mut |branch, _, enters| {
        if !enters {
            text.push_str("]}");
            return;
        }
        if text.ends_with('}') {
            text.push(',');
        }
        let span = branch.span();
        let at = source.position(span.start);
        let _ = write!(
            text,
            "{{\"kind\":{},\"line\":{},\"column\":{},\"start\":{},\"end\":{}",
            quoted(branch.kind()),
            at.line,
            at.column,
            span.start,
            span.end
        );
        if branch.is_leaf() {
            let _ = write!(text, ",\"text\":{}}}", quoted(branch.text()));
        } else {
            text.push_str(",\"nodes\":[");
        }
    });
    text + "}\n"
}

/// Calls `visit` for every node, before those below it and, unless it is a leaf, again after them.
fn walk(branch: Branch<'_>, depth: usize, visit: &mut dyn FnMut(Branch<'_>, usize, bool)) {
    visit(branch, depth, true);
    if !branch.is_leaf() {
        for child in branch.children() {
            walk(child, depth + 1, visit);
        }
        visit(branch, depth, false);
    }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    report::escaped(&serde_json::Value::from(text).to_string())
}
