//! What of a text may be shown on a terminal. Must not know what the text is.

use std::borrow::Cow;
use std::path::Path;

/// Whether the character could steer a terminal, or hide text from a reader.
pub fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text with every character that could steer a terminal, or hide text from a reader,
/// replaced by as many `?` as it has bytes, so that places stay right. A carriage return lets what
/// follows stand over what went before, but for one at the end of a line.
pub fn visible(text: &str) -> Cow<'_, str> {
    // Most texts are plain, and that is seen faster by their bytes.
    let plain = |byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(plain) || !text.contains(|c| is_hidden(c) || c == '\r') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_line_end = c == '\r' && matches!(rest.peek(), None | Some('\n'));
        if is_hidden(c) || (c == '\r' && !is_line_end) {
            shown.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The same on one line, as names of files are shown: none can look like a line of its own.
pub fn one_line(text: &str) -> String {
    visible(text).replace(['\n', '\r', '\t'], " ")
}

/// A path on one line.
pub fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_replaced_and_places_stay() {
        let text = "a\x1b[31m\rb\r\n\u{202e}c\u{9b}\t";
        let shown = visible(text);
        assert_eq!(shown, "a?[31m?b\r\n???c??\t");
        assert_eq!(shown.len(), text.len());
        assert_eq!(one_line("a\nb\r\nc"), "a b  c");
    }
}
