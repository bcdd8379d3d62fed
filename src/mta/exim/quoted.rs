//! Quoted strings and their escapes. Must not know what a string is for.

use super::macros::is_white;

/// A word, or what stands between quotes with its escapes resolved; what is left behind it; and
/// whether the quote was closed.
pub(crate) fn unquoted(text: &str) -> (String, &str, bool) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(is_white).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..], true);
    };
    let mut made = String::new();
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return (made, rest, true),
            '\\' => rest = escape(rest, &mut made),
            c => made.push(c),
        }
    }
    // The daemon looks only whether the last character is a quote, even if it is an escaped one.
    (made, rest, text.len() > 1 && text.ends_with('"'))
}

/// Resolves the escape behind a backslash; returns what is left.
fn escape<'t>(rest: &'t str, made: &mut String) -> &'t str {
    let Some(c) = rest.chars().next() else {
        made.push('\\');
        return rest;
    };
    let digits = |text: &str, radix: u32, most: usize| {
        let length = text
            .chars()
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .count();
        let number = u32::from_str_radix(&text[..length], radix).unwrap_or(0);
        (char::from_u32(number & 0xff).unwrap_or('\0'), length)
    };
    match c {
        '0'..='7' => {
            let (made_char, length) = digits(rest, 8, 3);
            made.push(made_char);
            &rest[length..]
        }
        'x' => {
            let (made_char, length) = digits(&rest[1..], 16, 2);
            made.push(made_char);
            &rest[1 + length..]
        }
        c => {
            made.push(match c {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                c => c,
            });
            &rest[c.len_utf8()..]
        }
    }
}
