//! Values that go on in the next line, or were meant to. Must not know what a value means.

use super::tell::{error, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Files, VERBS, is_option};
use crate::text::{Edit, Place, Source, Span};
use std::sync::Arc;

/// A physical line that is no comment.
struct Line<'s> {
    text: &'s str,
    span: Span,
}

fn lines(source: &Arc<Source>) -> Vec<Line<'_>> {
    let count = source.text().lines().count();
    let spans = (0..count).map(|index| source.line_span(index));
    let lines = spans.map(|span| Line {
        text: source.slice(span).trim_end(),
        span,
    });
    lines
        .filter(|line| !line.text.trim_start().starts_with('#'))
        .collect()
}

/// Whether a line cannot begin anything.
fn goes_on(text: &str) -> bool {
    let bare = text.trim_start();
    let first = bare
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    let behind = bare[first.len()..].trim_start();
    let begins = bare.starts_with(['.', '!'])
        || behind.starts_with('=')
        || behind == ":"
        || first == "begin"
        || VERBS.contains(&first);
    bare.len() < text.len()
        && !begins
        && (bare.contains([':', '.', '+', '/']) || behind.is_empty() && !is_option(first))
}

/// A value that ends where it was meant to go on.
pub fn broken_continuation(files: &Files<'_>) -> Vec<Finding> {
    let source = &files.source;
    let lines = lines(source);
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let place = |start: usize, end: usize| Place::new(source, Span::new(start, end));
        let Some(next) = lines[index + 1..].iter().find(|next| !next.text.is_empty()) else {
            break;
        };
        let is_blank = lines
            .get(index + 1)
            .is_some_and(|next| next.text.is_empty());
        let end = line.span.start + line.text.len();
        if line.text.ends_with('\\') && is_blank && goes_on(next.text) {
            let empty = place(end, next.span.start);
            found.push(
                error(
                    "broken-continuation",
                    &place(end - 1, end),
                    "an empty line follows, which ends the value: what comes after it is taken for an option",
                )
                .certainty(Certainty::Likely)
                .and(place(next.span.start, next.span.end), "this was to belong to it")
                .help("take the empty line out")
                .unsafe_fix(vec![Edit { place: empty, text: "\n".to_owned() }]),
            );
        }
        let is_list = line.text.contains('=') && line.text.ends_with([':', ';', ',']);
        if is_list
            && !is_blank
            && line
                .text
                .trim_end_matches([':', ';', ','])
                .ends_with(char::is_whitespace)
            && goes_on(next.text)
        {
            found.push(
                error(
                    "broken-continuation",
                    &place(end - 1, end),
                    "the list ends here, since no backslash stands at the end of the line",
                )
                .certainty(Certainty::Likely)
                .and(
                    place(next.span.start, next.span.end),
                    "this was to belong to it",
                )
                .help("end the line with a backslash")
                .unsafe_fix(vec![Edit {
                    place: place(end, end),
                    text: " \\".to_owned(),
                }]),
            );
        }
    }
    found
}

/// Words of two lines that become one.
pub fn joined_words(files: &Files<'_>) -> Vec<Finding> {
    const TEXTS: &[&str] = &[
        "message",
        "log_message",
        "smtp_banner",
        "cannot_route_message",
        "add_header",
        "headers_add",
        "logwrite",
        "bounce_message_text",
    ];
    let source = &files.source;
    let lines = lines(source);
    let mut found = Vec::new();
    let mut is_text = false;
    for pair in lines.windows(2) {
        let (line, next) = (&pair[0], &pair[1]);
        if let Some((head, _)) = line.text.split_once('=') {
            let name = head.split_whitespace().next_back().unwrap_or_default();
            is_text = TEXTS.contains(&name);
        }
        let Some(front) = line.text.strip_suffix('\\') else {
            is_text = false;
            continue;
        };
        let word = |c: char| c.is_ascii_alphanumeric();
        let is_escape = ["\\n", "\\t", "\\r"]
            .iter()
            .any(|escape| front.ends_with(escape));
        if is_text
            && !is_escape
            && front.ends_with(word)
            && next.text.trim_start().starts_with(word)
        {
            let last = front.rsplit(char::is_whitespace).next().unwrap_or_default();
            let first = next.text.split_whitespace().next().unwrap_or_default();
            let first = first.trim_end_matches('\\');
            let at = line.span.start + front.len();
            let place = Place::new(source, Span::new(at - last.len(), at + 1));
            found.push(
                warning(
                    "joined-words",
                    &place,
                    format!("blanks at the start of the next line are dropped, so the text says `{last}{first}`"),
                )
                .certainty(Certainty::Likely)
                .help("put a blank before the backslash")
                .unsafe_fix(vec![Edit { place: Place::new(source, Span::new(at, at)), text: " ".to_owned() }]),
            );
        }
    }
    found
}
