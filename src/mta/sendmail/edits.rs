//! Parts of what is written, and edits of them. Must not know what they mean.

use crate::mta::tree::{Branch, Tree};
use crate::text::{Edit, Place, Source, Span};

/// The calls of a sendmail.mc outside of every other call and quote. What one without an end takes
/// in, nobody can know: it is left out.
pub fn calls(tree: &Tree) -> impl Iterator<Item = Branch<'_>> {
    let calls = tree.root().children().filter(|node| node.kind() == "call");
    calls.filter(|call| !call.text().contains('(') || call.text().ends_with(')'))
}

/// The part of a place that holds `text`; the whole place where it does not hold it.
pub fn part(place: &Place, text: &str) -> Place {
    let whole = place.source.slice(place.span);
    match whole.find(text) {
        Some(at) if !text.is_empty() => {
            Place::new(&place.source, place.span.part(at..at + text.len()))
        }
        _ => place.clone(),
    }
}

/// The edit that puts `new` in the place of `old`, where that is written there.
pub fn instead<'p>(place: impl Into<Option<&'p Place>>, old: &str, new: &str) -> Vec<Edit> {
    let Some(place) = place.into() else {
        return Vec::new();
    };
    let place = part(place, old);
    if place.source.slice(place.span) != old {
        return Vec::new();
    }
    vec![Edit {
        place,
        text: new.to_owned(),
    }]
}

/// A call in a sendmail.mc with the `dnl` behind it and the end of its line.
pub fn with_dnl(source: &Source, call: Span) -> Span {
    let rest = &source.text()[call.end..];
    let length = match rest.find('\n') {
        Some(end) if rest.starts_with("dnl") || end == 0 => end + 1,
        None if rest.starts_with("dnl") => rest.len(),
        _ => 0,
    };
    Span::new(call.start, call.end + length)
}
