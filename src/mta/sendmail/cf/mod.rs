//! A sendmail.cf as the daemon reads its lines. Must not know how the lines came to be.

pub mod settings;

use crate::mta::tree::{Branch, Tree};
use crate::text::{Place, Span};

/// A name with a value and where that is set.
#[derive(Clone, Debug)]
pub struct Line {
    /// The name; for a macro or class without its braces.
    pub name: String,
    /// What is set; `None` where the line has no `=`.
    pub value: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// The bytes of the line in the text that was read.
    pub span: Span,
}

/// A mailer, filter or queue group.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its equates: the field, the value, where.
    pub equates: Vec<Line>,
    /// Where.
    pub place: Option<Place>,
}

/// A rule of a ruleset.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The left side.
    pub left: String,
    /// The right side.
    pub right: String,
    /// Where.
    pub place: Option<Place>,
}

/// A ruleset.
#[derive(Clone, Debug)]
pub struct Ruleset {
    /// Its name.
    pub name: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// A sendmail.cf.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The options, by the names as they are written, a one-letter name as one letter.
    pub options: Vec<Line>,
    /// D lines.
    pub macros: Vec<Line>,
    /// C and T lines: the words of classes.
    pub classes: Vec<Line>,
    /// F lines: the files of classes.
    pub class_files: Vec<Line>,
    /// K lines, the value being the class and what follows it.
    pub maps: Vec<Line>,
    /// H lines.
    pub headers: Vec<Line>,
    /// P lines.
    pub priorities: Vec<Line>,
    /// E lines.
    pub environment: Vec<Line>,
    /// M lines.
    pub mailers: Vec<Entry>,
    /// X lines.
    pub filters: Vec<Entry>,
    /// Q lines.
    pub queues: Vec<Entry>,
    /// The rulesets, each piece on its own.
    pub rulesets: Vec<Ruleset>,
    /// The level, as of V.
    pub level: Option<u32>,
    /// The files of the library of m4 macros that remarks name, as `$Id: NAME.m4,v …`.
    pub library: Vec<(String, Option<Place>)>,
}

/// The lines of a sendmail.cf; `place` tells where the bytes of the tree's text were written.
pub fn read(tree: &Tree, place: &dyn Fn(Span) -> Option<Place>) -> Model {
    let mut model = Model::default();
    for node in tree.root().children() {
        let line = |name: &str, value: Option<&str>| Line {
            name: plain(name),
            value: value.map(unfolded),
            place: place(node.child("value").map_or(node.span(), Branch::span))
                .or_else(|| place(node.span())),
            span: node.span(),
        };
        let text = |kind: &str| node.child(kind).map_or("", Branch::text);
        match node.kind() {
            "option" => {
                let name = node.child("option_name").or_else(|| node.child("letter"));
                let long = node.child("equals").is_some() || node.child("letter").is_some();
                let value = node.child("value").map_or("", Branch::text);
                let name = name.map_or("", Branch::text);
                model.options.push(line(name, long.then_some(value)));
            }
            "macro" => model.macros.push(line(&name_of(node), Some(text("value")))),
            "class" | "trusted" => {
                let name = if node.kind() == "class" {
                    name_of(node)
                } else {
                    "t".to_owned()
                };
                let words: Vec<&str> = node
                    .children()
                    .filter(|n| matches!(n.kind(), "member" | "in_class" | "current" | "reference"))
                    .map(Branch::text)
                    .collect();
                let start = node.child("member").map_or(node.span(), Branch::span);
                model.classes.push(Line {
                    place: place(start).or_else(|| place(node.span())),
                    ..line(&name, Some(&words.join(" ")))
                });
            }
            "class_file" => model
                .class_files
                .push(line(&name_of(node), Some(text("value")))),
            "map" => {
                let value = format!("{}{}", text("map_class"), text("value"));
                model.maps.push(line(text("map_name"), Some(&value)));
            }
            "header" => model
                .headers
                .push(line(text("header_name"), Some(text("value")))),
            "priority" => model
                .priorities
                .push(line(text("entry_name_eq"), Some(text("value")))),
            "environment" => {
                model.environment.push(line(
                    text("entry_name_eq"),
                    node.child("value").map(Branch::text),
                ));
            }
            "mailer" => model.mailers.push(entry(node, place)),
            "filter" => model.filters.push(entry(node, place)),
            "queue_group" => model.queues.push(entry(node, place)),
            "version" => model.level = text("level").parse().ok(),
            "ruleset" => model.rulesets.push(Ruleset {
                name: text("set_name").to_owned(),
                rules: Vec::new(),
                place: place(node.span()),
            }),
            "rule" => {
                if let Some(set) = model.rulesets.last_mut() {
                    set.rules.push(Rule {
                        left: text("left").to_owned(),
                        right: text("right").to_owned(),
                        place: place(node.span()),
                    });
                }
            }
            "comment" => {
                let named = node.text().split_once("$Id: ").and_then(|(_, rest)| {
                    let (name, rest) = rest.split_once(".m4")?;
                    (rest.starts_with([',', ' ']) && !name.contains(' ')).then(|| name.to_owned())
                });
                model
                    .library
                    .extend(named.map(|name| (name, place(node.span()))));
            }
            _ => {}
        }
    }
    model
}

/// The name of a macro or class, with its braces.
fn name_of(node: Branch<'_>) -> String {
    let name = node.child("long_name").or_else(|| node.child("short_name"));
    name.map_or_else(String::new, |name| name.text().to_owned())
}

/// A name without its braces.
fn plain(name: &str) -> String {
    let inner = name
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    inner.unwrap_or(name).to_owned()
}

/// A value with its lines joined, without the blanks around it.
pub fn unfolded(value: &str) -> String {
    let joined: String = value.replace("\r\n", "\n").replace('\n', "");
    joined.trim_matches([' ', '\t']).to_owned()
}

fn entry(node: Branch<'_>, place: &dyn Fn(Span) -> Option<Place>) -> Entry {
    let equates = node.children().filter(|child| child.kind() == "equate");
    Entry {
        name: node.child("entry_name").map_or("", Branch::text).to_owned(),
        equates: equates
            .map(|equate| Line {
                name: equate
                    .child("field")
                    .map_or("", Branch::text)
                    .trim()
                    .to_owned(),
                value: Some(unfolded(equate.child("setting").map_or("", Branch::text))),
                place: place(equate.child("setting").map_or(equate.span(), Branch::span)),
                span: equate.span(),
            })
            .collect(),
        place: place(node.span()),
    }
}
