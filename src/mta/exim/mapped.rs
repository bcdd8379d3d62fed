//! Text that knows where each of its bytes was written, also after macros have changed it. Must not
//! know what the text means.

use std::ops::Range;
use std::sync::Arc;

use crate::text::{Place, Source, Span};

/// Text with the places of its bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

/// Where a part of the text comes from, up to the next part.
#[derive(Clone, Debug)]
struct Piece {
    /// Where it begins in the text.
    start: usize,
    /// The file in which it stands.
    source: Arc<Source>,
    /// The bytes there.
    span: Span,
    /// Whether byte for byte; else the whole part was made from the whole span, as by a macro.
    exact: bool,
    /// Where the macro was defined that made it.
    definition: Option<Place>,
}

impl Mapped {
    /// The text at `span` of `source`.
    pub fn of(source: &Arc<Source>, span: Span) -> Self {
        Self {
            text: source.slice(span).to_owned(),
            pieces: vec![Piece {
                start: 0,
                source: Arc::clone(source),
                span,
                exact: true,
                definition: None,
            }],
        }
    }

    /// A text that was made from what stands at `place`.
    pub fn made(text: String, place: &Place) -> Self {
        Self {
            text,
            pieces: vec![Piece {
                start: 0,
                source: Arc::clone(&place.source),
                span: place.span,
                exact: false,
                definition: None,
            }],
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the part `range` of the text was written: in the file of its first byte.
    pub fn place(&self, range: Range<usize>) -> Option<Place> {
        let first = self.pieces.get(self.piece(range.start))?;
        let last = range.end.max(range.start + 1) - 1;
        let last = self
            .pieces
            .get(self.piece(last))
            .filter(|last| Arc::ptr_eq(&last.source, &first.source))
            .unwrap_or(first);
        let start = if first.exact {
            first.span.start + (range.start - first.start)
        } else {
            first.span.start
        };
        let end = if last.exact {
            last.span.start + range.end.saturating_sub(last.start)
        } else {
            last.span.end
        };
        let text = first.source.text();
        let mut start = start.min(first.span.end);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = end.clamp(start, last.span.end.max(start));
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Some(Place::new(&first.source, Span::new(start, end)))
    }

    /// Where the macro was defined that made the byte at `at`; `None` where none did.
    pub fn definition(&self, at: usize) -> Option<&Place> {
        self.pieces
            .get(self.piece(at))
            .and_then(|piece| piece.definition.as_ref())
    }

    fn piece(&self, at: usize) -> usize {
        self.pieces
            .partition_point(|piece| piece.start <= at)
            .saturating_sub(1)
    }

    /// Adds the part `range` of another text at the end.
    pub fn append(&mut self, other: &Self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let here = self.text.len();
        for index in other.piece(range.start)..other.pieces.len() {
            let piece = &other.pieces[index];
            if piece.start >= range.end {
                break;
            }
            let mut part = piece.clone();
            if piece.exact && piece.start < range.start {
                part.span.start += range.start - piece.start;
            }
            part.start = here + piece.start.max(range.start) - range.start;
            self.pieces.push(part);
        }
        self.text.push_str(&other.text[range]);
    }

    /// Adds what a macro makes of the part `used` of `other`.
    fn append_made(
        &mut self,
        text: &str,
        other: &Self,
        used: Range<usize>,
        defined: Option<Place>,
    ) {
        let (Some(place), false) = (other.place(used), text.is_empty()) else {
            return;
        };
        self.pieces.push(Piece {
            start: self.text.len(),
            source: place.source,
            span: place.span,
            exact: false,
            definition: defined,
        });
        self.text.push_str(text);
    }

    /// Cuts the text to `length`.
    pub fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        self.pieces.retain(|piece| piece.start < length.max(1));
    }

    /// The same text from `from` on, with each `name` replaced by `by`, left to right, once.
    /// `None` if there is none, or if the text would become longer than `longest`.
    pub fn replaced(
        &self,
        from: usize,
        name: &str,
        by: &str,
        defined: Option<&Place>,
        longest: usize,
    ) -> Option<Result<Self, ()>> {
        let tail = self.text.get(from..)?;
        let mut hits = tail.match_indices(name).peekable();
        hits.peek()?;
        let mut made = Self::default();
        let mut at = 0;
        for (hit, _) in hits {
            let hit = from + hit;
            made.append(self, at..hit);
            made.append_made(by, self, hit..hit + name.len(), defined.cloned());
            at = hit + name.len();
            if made.text.len() > longest {
                return Some(Err(()));
            }
        }
        made.append(self, at..self.text.len());
        if made.text.len() > longest {
            return Some(Err(()));
        }
        Some(Ok(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_knows_where_it_was_written() {
        let source = Source::new("f", "x AB y AB z");
        let text = Mapped::of(&source, Span::new(0, 11));
        let made = text.replaced(0, "AB", "longer", None, 99).unwrap().unwrap();
        assert_eq!(made.text(), "x longer y longer z");
        let at = |range: Range<usize>| {
            let place = made.place(range).unwrap();
            source.slice(place.span).to_owned()
        };
        assert_eq!(at(0..1), "x");
        assert_eq!(at(4..6), "AB");
        assert_eq!(at(9..10), "y");
        assert_eq!(at(9..19), "y AB z");
        assert_eq!(at(18..19), "z");
        assert!(text.replaced(3, "x", "y", None, 99).is_none());
        assert!(text.replaced(0, "AB", "longer", None, 9).unwrap().is_err());
    }
}
