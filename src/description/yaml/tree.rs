//! From the parser's events to a tree of nodes with byte spans. The only file that knows the YAML
//! parser; must not know what the nodes are decoded into.

use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError};

use crate::findings::{Finding, Severity};
use crate::text::{Place, Source, Span};

/// How deep lists and maps may be nested. A description needs five levels.
const DEEPEST: usize = 32;

/// A node of the document. The span of one that covers several lines ends with its first line.
#[derive(Debug)]
pub struct Tree {
    pub span: Span,
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// A scalar; `plain` when it has no quotes.
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Tree>),
    /// A mapping, in the order written.
    Map(Vec<(Tree, Tree)>),
    /// Something that was refused, with its finding already given.
    Refused,
}

/// A collection that is still open.
struct Open {
    span: Span,
    items: Vec<Tree>,
    is_map: bool,
}

impl Open {
    fn close(self) -> Tree {
        let kind = if self.is_map {
            let mut pairs = Vec::with_capacity(self.items.len() / 2);
            let mut items = self.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            Kind::Map(pairs)
        } else {
            Kind::List(self.items)
        };
        Tree {
            span: self.span,
            kind,
        }
    }
}

/// Reads the one document of `source`.
pub fn read(source: &Arc<Source>) -> (Option<Tree>, Vec<Finding>) {
    let mut reader = Reader {
        source,
        findings: Vec::new(),
        anchors: Vec::new(),
    };
    reader.refuse_tabs();
    if !reader.findings.is_empty() {
        // A tab makes the parser stumble over the lines behind it, which are not at fault.
        return (None, reader.findings);
    }
    let tree = reader.document();
    (tree, reader.findings)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    findings: Vec<Finding>,
    /// Anchors by id, and whether an alias used them.
    anchors: Vec<(usize, Span, bool)>,
}

impl Reader<'_> {
    fn error(&mut self, rule: &'static str, span: Span, message: &str, help: &str) {
        let span = self.clamp(span);
        self.findings
            .push(Finding::new(Severity::Error, rule, self.source, span, message).help(help));
    }

    /// Tabs before the first character of a line: YAML forbids them (YAML 1.2.2 §6.1).
    fn refuse_tabs(&mut self) {
        let text = self.source.text();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
            let rest = line.get(blank..).unwrap_or_default();
            if let Some(at) = line.get(..blank).and_then(|lead| lead.find('\t'))
                && !rest.trim().is_empty()
                && !rest.starts_with('#')
            {
                let span = Span::new(start + at, start + blank);
                self.error(
                    "yaml-syntax",
                    span,
                    "a tab indents this line, and YAML takes blanks only",
                    "indent with blanks",
                );
            }
            start += line.len();
        }
    }

    /// The span, cut at the end of its first line and without blanks at its end.
    fn clamp(&self, span: Span) -> Span {
        let line = self.source.line_span(self.source.line_index(span.start));
        let cut = Span::new(span.start, span.end.min(line.end).max(span.start));
        let kept = self.source.slice(cut).trim_end().len();
        Span::new(cut.start, cut.start + kept)
    }

    fn document(&mut self) -> Option<Tree> {
        let mut options = Options::default();
        options.emit_anchor_events = true;
        options.emit_unresolved_aliases = true;
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.source.text(), options) {
            let (event, span) = match event {
                Ok((event, span)) => (event, self.span(&span)),
                Err(error) => {
                    self.refuse_syntax(&error);
                    return None;
                }
            };
            let done = match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents == 2 {
                        self.error(
                            "yaml-syntax",
                            span,
                            "a second YAML document starts here",
                            "write one description a file",
                        );
                        break;
                    }
                    continue;
                }
                Event::Scalar(text, style, _, tag) => Tree {
                    span: self.clamp(span),
                    kind: if tag.is_some() {
                        self.refuse_tag(span)
                    } else {
                        Kind::Scalar {
                            plain: style == ScalarStyle::Plain,
                            text: text.into_owned(),
                        }
                    },
                },
                Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag)
                    if tag.is_some() =>
                {
                    self.refuse_tag(span);
                    return None;
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    if open.len() == DEEPEST {
                        self.error(
                            "yaml-syntax",
                            span,
                            &format!("more than {DEEPEST} levels of lists and maps"),
                            "a description needs five",
                        );
                        return None;
                    }
                    open.push(Open {
                        span: self.clamp(span),
                        items: Vec::new(),
                        is_map: matches!(event, Event::MappingStart(..)),
                    });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                    Some(collection) => collection.close(),
                    None => continue,
                },
                Event::Anchor(id, _) => {
                    self.anchors.push((id, span, false));
                    continue;
                }
                Event::Alias(_) | Event::UnresolvedAlias(_) => Tree {
                    span,
                    kind: self.refuse_alias(span, &event),
                },
                _ => continue,
            };
            match open.last_mut() {
                Some(collection) => collection.items.push(done),
                None => root = Some(done),
            }
        }
        self.refuse_unused_anchors();
        if root.is_none() && self.findings.is_empty() {
            self.error(
                "empty-description",
                Span::default(),
                "the file describes nothing",
                "start with `hostname: mail.example.com`, `domains: [example.com]` and `ports: [25]`",
            );
        }
        root
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        let end = range.end.min(self.source.text().len());
        Span::new(range.start.min(end), end)
    }

    /// The character at `at`, or the last one that can be seen before it.
    fn visible(&self, at: usize) -> Span {
        let text = self.source.text();
        let at = at.min(text.len());
        match text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) if !c.is_whitespace() => Span::new(at, at + c.len_utf8()),
            _ => {
                let seen = text.get(..at).unwrap_or_default().trim_end();
                let start = seen.char_indices().next_back().map_or(0, |(at, _)| at);
                Span::new(start, seen.len())
            }
        }
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or_default();
        let span = self.visible(at);
        self.error(
            "yaml-syntax",
            span,
            &format!("this is no YAML: {}", error.kind()),
            "look at the quotes, colons and indentation just before this place",
        );
    }

    fn refuse_tag(&mut self, span: Span) -> Kind {
        self.error(
            "yaml-syntax",
            span,
            "a tag stands before this value",
            "leave the tag out: the key says what the value is",
        );
        Kind::Refused
    }

    fn refuse_alias(&mut self, span: Span, alias: &Event) -> Kind {
        let id = match alias {
            Event::Alias(id) => Some(*id),
            _ => None,
        };
        let span = self.clamp(span);
        let mut finding = Finding::new(
            Severity::Error,
            "yaml-syntax",
            self.source,
            span,
            "an alias repeats what stands elsewhere, so that a reader cannot see what this server does",
        )
        .help("write the value out");
        if let Some((_, anchor, used)) = self.anchors.iter_mut().rfind(|(of, ..)| Some(*of) == id) {
            *used = true;
            finding = finding.and(Place::new(self.source, *anchor), "the anchor");
        }
        self.findings.push(finding);
        Kind::Refused
    }

    fn refuse_unused_anchors(&mut self) {
        for (_, span, used) in std::mem::take(&mut self.anchors) {
            if !used {
                self.error(
                    "yaml-syntax",
                    span,
                    "an anchor that nothing refers to",
                    "leave it out",
                );
            }
        }
    }
}
