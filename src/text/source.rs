//! A text with a name, and places in it. Must not know where the text came from or what it means.

use std::borrow::Cow;
use std::sync::Arc;

/// A range of bytes in one [`Source`]; `end` is the first byte after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// First byte after the range.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The part `part` of this span, given relative to its start and cut at its end.
    #[must_use]
    pub fn part(self, part: std::ops::Range<usize>) -> Self {
        let at = |offset: usize| (self.start + offset).min(self.end);
        Self::new(at(part.start), at(part.end))
    }
}

/// How the bytes of a file became characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are UTF-8.
    Utf8,
    /// They are not, so each byte is the character of its number (ISO 8859-1): no byte is lost.
    Latin1 {
        /// The first byte that is no UTF-8, as an offset in the text.
        first: usize,
    },
}

/// A text as it was read, with the name it is called by in reports.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    encoding: Encoding,
    line_starts: Vec<usize>,
}

/// A line and column as people count them: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Source {
    /// Takes a text and the name that reports show for it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::with(name.into(), text.into(), Encoding::Utf8)
    }

    /// Takes any bytes: as UTF-8 where they are, else as ISO 8859-1.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Arc<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(name, text),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.as_bytes();
                let latin1 = |bytes: &[u8]| bytes.iter().map(|&b| char::from(b)).collect();
                let before: String = latin1(&bytes[..valid]);
                let first = before.len();
                let text = before + &latin1(&bytes[valid..]);
                Self::with(name.into(), text, Encoding::Latin1 { first })
            }
        }
    }

    fn with(name: String, text: String, encoding: Encoding) -> Arc<Self> {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self {
            name,
            text,
            encoding,
            line_starts,
        })
    }

    /// The same file with another text, in the same encoding where that can hold it.
    pub fn with_text(&self, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let fits = text.chars().all(|c| u32::from(c) <= 0xff);
        let encoding = if fits { self.encoding } else { Encoding::Utf8 };
        Self::with(self.name.clone(), text, encoding)
    }

    /// The name shown in reports: a path as the user gave it, or `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How the bytes became characters.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The bytes that `text`, a part of this source, had in the file.
    pub fn bytes<'a>(&self, text: &'a str) -> Cow<'a, [u8]> {
        match self.encoding {
            Encoding::Utf8 => Cow::Borrowed(text.as_bytes()),
            // No character of such a text is above U+00FF.
            Encoding::Latin1 { .. } => text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect(),
        }
    }

    /// Where in the file the byte at `offset` of the text is.
    pub fn byte(&self, offset: usize) -> usize {
        match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Latin1 { .. } => self
                .text
                .get(..offset)
                .map_or(offset, |text| text.chars().count()),
        }
    }

    /// The characters at `span`; empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Line (from 0) that holds the byte at `offset`.
    pub fn line_index(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1)
    }

    /// The bytes of line `index` (from 0) without its line end; empty past the last line.
    pub fn line_span(&self, index: usize) -> Span {
        let Some(&start) = self.line_starts.get(index) else {
            return Span::new(self.text.len(), self.text.len());
        };
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |&next| next - 1);
        let line = &self.text[start..end];
        Span::new(start, start + line.strip_suffix('\r').unwrap_or(line).len())
    }

    /// Line and column of the byte at `offset`.
    pub fn position(&self, offset: usize) -> Position {
        let index = self.line_index(offset);
        let start = self.line_starts.get(index).copied().unwrap_or_default();
        let before = self.text.get(start..offset.min(self.text.len()));
        Position {
            line: index + 1,
            column: before.map_or(1, |text| text.chars().count() + 1),
        }
    }
}

/// A span of one source: where a fact was written.
#[derive(Clone, Debug)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The bytes in it.
    pub span: Span,
}

impl Place {
    /// The span `span` of `source`.
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self {
            source: Arc::clone(source),
            span,
        }
    }
}

/// A change of one source: the bytes of a place, and what stands there instead.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is replaced; an empty span puts the text in.
    pub place: Place,
    /// What comes there; empty to take out.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_lost() {
        for bytes in [
            &b"caf\xe9 \xc3\xa9\0"[..],
            b"\xff\xfe",
            "é\u{feff}".as_bytes(),
        ] {
            let source = Source::from_bytes("t", bytes.to_vec());
            assert_eq!(&*source.bytes(source.text()), bytes);
        }
        let source = Source::from_bytes("t", b"caf\xe9".to_vec());
        assert_eq!(source.encoding(), Encoding::Latin1 { first: 3 });
        assert_eq!((source.text().len(), source.byte(5)), (5, 4));
    }

    #[test]
    fn positions_count_characters_and_survive_crlf() {
        let source = Source::new("t", "aé b\r\nc\n");
        assert_eq!(source.position(4), Position { line: 1, column: 4 });
        assert_eq!(source.position(7), Position { line: 2, column: 1 });
        assert_eq!(source.slice(source.line_span(0)), "aé b");
        assert_eq!(source.slice(source.line_span(1)), "c");
        assert_eq!(source.slice(source.line_span(2)), "");
        assert_eq!(source.slice(source.line_span(9)), "");
    }
}
