//! From files to the logical lines that the daemon works with: macros, conditionals and includes
//! are done here. Must not know what a line means.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::macros::{LONGEST, Macros, Replaced, is_white};
use super::mapped::Mapped;
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::config::{Gap, World};
use crate::text::{Place, Source, Span, Unread};

/// Conditionals deeper than this are refused.
const DEEPEST_CONDITION: usize = 10;

/// Includes deeper than this are taken for a loop.
const DEEPEST_INCLUDE: usize = 20;

/// No more files than this are included.
const MOST_INCLUDES: usize = 200;

/// All lines together never make more than this.
const MOST: usize = 64 << 20;

/// A logical line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its text, from its first character that is no blank to its last.
    pub text: Mapped,
    /// Its last physical line: the one that the daemon names.
    pub last: Place,
}

impl Line {
    /// Where the part of it was written.
    pub fn place(&self, range: std::ops::Range<usize>) -> Place {
        self.text.place(range).unwrap_or_else(|| self.last.clone())
    }

    /// Where it was written.
    pub fn whole(&self) -> Place {
        self.place(0..self.text.text().len())
    }
}

/// A run of physical lines.
#[derive(Debug)]
pub(crate) enum Segment {
    /// The lines of a part of a file.
    File(Arc<Source>, Span),
    /// Lines that were made from what stands at a place.
    Made(Vec<(String, Place)>),
}

#[derive(Debug)]
struct Open {
    segments: VecDeque<Segment>,
    /// The byte of the first segment at which its next line begins; the line's number in made ones.
    at: usize,
    folder: PathBuf,
}

/// What a conditional does with the lines behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They count.
    Active,
    /// They do not, but those behind an `.elifdef` or `.else` may.
    Waiting,
    /// None up to `.endif` do.
    Done,
}

impl Segment {
    /// All lines of a file.
    pub fn file(source: &Arc<Source>) -> Self {
        Self::File(Arc::clone(source), Span::new(0, source.text().len()))
    }
}

/// A conditional that asks for macros.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Its physical line.
    pub place: Place,
    /// The macros for which it holds, or for `.ifndef` does not.
    pub by: Vec<String>,
}

/// Reads logical lines.
#[derive(Debug)]
pub(crate) struct Reader<'w> {
    world: &'w World<'w>,
    /// The macros defined so far.
    pub macros: Macros,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// The conditionals that ask for macros.
    pub asked: Vec<Asked>,
    open: Vec<Open>,
    outer: Vec<(State, Place)>,
    state: State,
    made: usize,
    build_was_asked: bool,
    includes: usize,
}

impl<'w> Reader<'w> {
    /// A reader of what these segments hold, one after another; relative includes are from `folder`.
    pub fn new(segments: VecDeque<Segment>, folder: &Path, world: &'w World<'w>) -> Self {
        Self {
            world,
            macros: Macros::new(world.version),
            findings: Vec::new(),
            gaps: Vec::new(),
            asked: Vec::new(),
            open: vec![Open {
                segments,
                at: 0,
                folder: folder.to_path_buf(),
            }],
            outer: Vec::new(),
            state: State::Active,
            made: 0,
            build_was_asked: false,
            includes: 0,
        }
    }

    /// Adds an error at a place.
    pub fn refuse(&mut self, rule: &'static str, place: &Place, message: impl Into<String>) {
        self.findings.push(Finding::new(
            Severity::Error,
            rule,
            &place.source,
            place.span,
            message,
        ));
    }

    /// The version that reads.
    pub fn version(&self) -> Version {
        self.world.version
    }

    /// The next physical line, its line end included, and whether it is the first of its file.
    fn physical(&mut self) -> Option<(Mapped, Place, bool)> {
        loop {
            let open = self.open.last_mut()?;
            match open.segments.front() {
                Some(Segment::File(source, part)) if part.start + open.at < part.end => {
                    let start = part.start + open.at;
                    let rest = source.slice(Span::new(start, part.end));
                    let end = start + rest.find('\n').map_or(rest.len(), |end| end + 1);
                    open.at = end - part.start;
                    let span = Span::new(start, end);
                    let line = source.line_span(source.line_index(start));
                    let place = Place::new(source, line);
                    return Some((Mapped::of(source, span), place, start == 0));
                }
                Some(Segment::Made(lines)) if open.at < lines.len() => {
                    let (text, place) = &lines[open.at];
                    open.at += 1;
                    return Some((Mapped::made(text.clone(), place), place.clone(), false));
                }
                Some(_) => {
                    open.segments.pop_front();
                    open.at = 0;
                }
                None => {
                    self.open.pop();
                }
            }
        }
    }

    /// The next logical line.
    pub fn next(&mut self) -> Option<Line> {
        let mut line = Mapped::default();
        let mut last = None;
        let mut goes_on = false;
        while let Some((mut physical, place, first)) = self.physical() {
            // What is behind a NUL does not exist for the daemon.
            if let Some(nul) = physical.text().find('\0') {
                physical.truncate(nul);
            }
            if first && physical.text().starts_with('\u{feff}') {
                self.refuse(
                    "byte-order-mark",
                    &place,
                    "the file begins with a byte order mark, at which Exim stops",
                );
                let mut rest = Mapped::default();
                rest.append(&physical, 3..physical.text().len());
                physical = rest;
            }
            let replaced = self.macros.replace(physical, !goes_on);
            self.made += replaced.text.text().len();
            if replaced.too_long || self.made > MOST {
                self.stop(&place);
                return None;
            }
            if self.is_taken(&replaced, &place) {
                continue;
            }
            let text = replaced.text;
            let start = text.text().len() - text.text().trim_start_matches(is_white).len();
            line.append(&text, start..text.text().len());
            if line.text().len() > LONGEST {
                self.stop(&place);
                return None;
            }
            line.truncate(line.text().trim_end_matches(is_white).len());
            last = Some(place);
            goes_on = line.text().ends_with('\\');
            if goes_on {
                line.truncate(line.text().len() - 1);
                // A backslash alone counts only behind blanks.
                goes_on = start > 0 || !line.text().is_empty();
            } else if !line.text().is_empty() {
                break;
            }
        }
        if self.open.is_empty()
            && let Some((_, place)) = self.outer.first()
        {
            let place = place.clone();
            self.refuse(
                "unmatched-conditional",
                &place,
                "no `.endif` ends this conditional, so Exim does not start",
            );
            self.outer.clear();
        }
        let last = last?;
        (goes_on || !line.text().is_empty()).then_some(Line { text: line, last })
    }

    fn stop(&mut self, place: &Place) {
        self.refuse(
            "faulty-macro",
            place,
            "the macros make so much text of this that it is not read any further here",
        );
        self.gaps.push(Gap {
            place: Some(place.clone()),
            reason: "Macros make more text than is read here; all behind this line is unknown."
                .to_owned(),
        });
        self.open.clear();
        self.outer.clear();
    }

    /// Whether the physical line is a comment, a conditional, an include, or left out by one.
    fn is_taken(&mut self, line: &Replaced, place: &Place) -> bool {
        let text = line.text.text().trim_start_matches(is_white);
        if text.starts_with('#') {
            return true;
        }
        if let Some(rest) = text.strip_prefix('.')
            && let Some(word) = CONDITIONALS.iter().find(|word| rest.starts_with(**word))
        {
            if word.contains("def") {
                self.asked.push(Asked {
                    place: place.clone(),
                    by: line.by.clone(),
                });
            }
            self.conditional(word, &rest[word.len()..], line.found, place);
            return true;
        }
        if self.state != State::Active {
            return true;
        }
        for word in [".include_if_exists", ".include"] {
            if let Some(path) = text.strip_prefix(word)
                && path.starts_with(is_white)
            {
                let path = path.trim_matches(is_white).to_owned();
                self.include(&path, word == ".include", place);
                return true;
            }
        }
        false
    }

    fn conditional(&mut self, word: &str, rest: &str, found: bool, place: &Place) {
        // The daemon tests for the letter `t` where it means a tab, and not for a carriage return.
        // What stands behind any other character is passed over.
        if !rest.is_empty() && !rest.starts_with([' ', 't', '\n']) {
            return;
        }
        let holds = match word {
            "ifdef" | "elifdef" => found,
            "ifndef" | "elifndef" => !found,
            _ => true,
        };
        self.ask_about_build(word, place);
        match word {
            "ifdef" | "ifndef" => {
                if self.outer.len() >= DEEPEST_CONDITION {
                    self.refuse(
                        "unmatched-conditional",
                        place,
                        format!("conditionals are nested deeper than {DEEPEST_CONDITION} here"),
                    );
                }
                self.outer.push((self.state, place.clone()));
                self.state = match self.state {
                    State::Active if holds => State::Active,
                    State::Active => State::Waiting,
                    _ => State::Done,
                };
            }
            "endif" => match self.outer.pop() {
                Some((outer, _)) => self.state = outer,
                None => self.unmatched(word, place),
            },
            _ if self.outer.is_empty() => self.unmatched(word, place),
            _ => {
                self.state = match self.state {
                    State::Waiting if holds => State::Active,
                    State::Waiting => State::Waiting,
                    _ => State::Done,
                };
            }
        }
    }

    fn unmatched(&mut self, word: &str, place: &Place) {
        self.refuse(
            "unmatched-conditional",
            place,
            format!("no `.ifdef` is open for this `.{word}`"),
        );
    }

    /// Says once that what Exim was built with is assumed.
    fn ask_about_build(&mut self, word: &str, place: &Place) {
        let text = place.source.slice(place.span);
        let asks = word.contains("def")
            && ["_HAVE_", "_DRIVER_", "_CRYPTO_"]
                .iter()
                .any(|part| text.split_whitespace().any(|word| word.starts_with(part)));
        if asks && !self.build_was_asked {
            self.build_was_asked = true;
            self.gaps.push(Gap {
                place: Some(place.clone()),
                reason: "What this asks for depends on how Exim was built; it is taken to be Debian's exim4-daemon-heavy."
                    .to_owned(),
            });
        }
    }

    fn include(&mut self, path: &str, must_exist: bool, place: &Place) {
        let path = path
            .strip_prefix('"')
            .and_then(|path| path.strip_suffix('"'))
            .unwrap_or(path);
        if !must_exist && !path.starts_with('/') {
            self.refuse(
                "faulty-include",
                place,
                format!("`.include_if_exists` takes an absolute path, and `{path}` is none"),
            );
            return;
        }
        self.includes += 1;
        if self.open.len() > DEEPEST_INCLUDE || self.includes > MOST_INCLUDES {
            self.refuse(
                "faulty-include",
                place,
                "files include each other without end here".to_owned(),
            );
            // What is included would come to it again.
            self.open.truncate(1);
            return;
        }
        let folder = self
            .open
            .last()
            .map_or_else(PathBuf::new, |open| open.folder.clone());
        match self.world.files.read(path, &folder) {
            Ok(source) => {
                let folder = folder.join(path);
                self.open.push(Open {
                    segments: VecDeque::from([Segment::file(&source)]),
                    at: 0,
                    folder: folder.parent().map_or_else(PathBuf::new, Path::to_path_buf),
                });
            }
            Err(Unread::Missing) if !must_exist => {}
            Err(reason) => self.gaps.push(Gap {
                place: Some(place.clone()),
                reason: format!("The included file `{path}` was not read: {reason}."),
            }),
        }
    }
}

const CONDITIONALS: &[&str] = &["ifdef", "ifndef", "elifdef", "elifndef", "else", "endif"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Snapshot;

    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<&'static str>) {
        let snapshot = Snapshot::of(files);
        let world = World::new(&snapshot, Version::new(&[4, 96]));
        let top = Source::new(files[0].0, files[0].1);
        let mut reader = Reader::new([Segment::file(&top)].into(), Path::new("/e"), &world);
        let mut lines = Vec::new();
        while let Some(line) = reader.next() {
            if line
                .text
                .text()
                .starts_with(|c: char| c.is_ascii_uppercase())
            {
                reader.macros.define(line.text.text(), None).unwrap();
            } else {
                lines.push(line.text.text().to_owned());
            }
        }
        let rules = reader.findings.iter().map(|finding| finding.rule).collect();
        (lines, rules)
    }

    #[test]
    fn lines_are_joined_as_the_daemon_does() {
        let text = "a\\\n   b \\\n # x \\\n   c\n\nd \\\n\n e\n#f\\\ng \\ \t\r\n h\r\n";
        let (lines, rules) = read(&[("/e/exim.conf", text)]);
        assert_eq!(lines, ["ab c", "d", "e", "g h"]);
        assert!(rules.is_empty());
    }

    #[test]
    fn conditionals_and_includes() {
        let text = "X = 1\n.ifdef X\na\n.else\nb\n.endif\n.ifndef X\nc\n.ifdef X\nd\n.endif\n.elifdef X\ne \\\n.include /e/sub/f\n.endif\ni\n.ifdef\tX\n.endif\n.ifdef Y\n";
        let (lines, rules) = read(&[
            ("/e/exim.conf", text),
            ("/e/sub/f", "f\n.include g\n"),
            ("/e/sub/g", "g\n.include f\n"),
        ]);
        assert_eq!(lines[..4], ["a", "e f", "g", "f"]);
        assert_eq!(
            rules,
            [
                "faulty-include",
                "unmatched-conditional",
                "unmatched-conditional"
            ]
        );
    }

    #[test]
    fn carriage_returns_break_else_and_endif() {
        let (lines, rules) = read(&[("/e/exim.conf", "a = b\r\n.ifdef X\r\n.endif\r\nc\r\n")]);
        assert_eq!(
            (lines, rules),
            (vec!["a = b".to_owned()], vec!["unmatched-conditional"])
        );
    }
}
