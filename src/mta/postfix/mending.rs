//! Edits of main.cf and master.cf that mend something. Must not know what is wrong.

use std::sync::Arc;

use super::dictionary::Dictionary;
use super::files::Files;
use super::lift::Word;
use super::parameters::Parameter;
use super::services::{Service, options};
use super::syntax::{Joined, is_white};
use super::warnings::Set;
use crate::findings::Finding;
use crate::text::{Edit, Place, Source, Span};

/// Takes a setting out, with the lines that it stands on; nothing where a comment would go with it.
pub fn without(source: &Arc<Source>, name: Span, value: &Joined) -> Vec<Edit> {
    let text = source.text();
    let end = value.place().end.max(name.end);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |next| at + next);
    let start = text[..name.start].rfind('\n').map_or(0, |at| at + 1);
    let front = text[start..name.start].trim_end_matches(is_white);
    let span = if start == name.start {
        Span::new(start, (line_end(end) + 1).min(text.len()))
    } else if let Some(before) = front.strip_suffix("-o") {
        // An option of a service: its line, or the words alone where it shares one.
        let is_alone = before.trim_matches(is_white).is_empty()
            && start > 0
            && text[end..line_end(end)].trim_matches(is_white).is_empty();
        if is_alone {
            Span::new(start - 1, line_end(end))
        } else {
            let from = start + before.trim_end_matches(is_white).len();
            Span::new(from, end.max(name.end + 1))
        }
    } else {
        return Vec::new();
    };
    let has_comment = text[span.start..span.end]
        .lines()
        .any(|line| line.trim_start_matches(is_white).starts_with('#'));
    if has_comment {
        return Vec::new();
    }
    vec![Edit {
        place: Place::new(source, span),
        text: String::new(),
    }]
}

/// Takes the characters of `span` out.
pub fn cut(source: &Arc<Source>, span: Span) -> Vec<Edit> {
    vec![Edit {
        place: Place::new(source, span),
        text: String::new(),
    }]
}

/// Puts `text` in at the start of `place`.
pub fn before(place: &Place, text: &str) -> Vec<Edit> {
    vec![Edit {
        place: Place::new(&place.source, Span::new(place.span.start, place.span.start)),
        text: text.to_owned(),
    }]
}

/// Puts `text` in the place of a word; nothing where the word is what a reference comes to.
pub fn written(word: &Word, text: &str) -> Vec<Edit> {
    let place = word.origin.iter();
    let place = place.filter(|place| place.source.slice(place.span) == word.text);
    place
        .map(|place| Edit {
            place: place.clone(),
            text: text.to_owned(),
        })
        .collect()
}

/// Writes another value; nothing where a comment stands in the midst of the old one.
fn rewritten(source: &Arc<Source>, value: &Joined, text: &str) -> Vec<Edit> {
    let place = value.place();
    if source.slice(place).contains("\n#") {
        return Vec::new();
    }
    let is_close = place.start == place.end && source.text()[..place.start].ends_with('=');
    let blank = if is_close { " " } else { "" };
    vec![Edit {
        place: Place::new(source, place),
        text: format!("{blank}{text}"),
    }]
}

impl Files<'_> {
    /// Gives a parameter this value, for a service or in main.cf: in the place of the old value, or on
    /// a line of its own.
    pub fn set_to(&self, name: &str, value: &str, service: Option<&Service>) -> Vec<Edit> {
        if let Some(service) = service {
            let Some(master) = &self.master else {
                return Vec::new();
            };
            if let Some(own) = service.own(name) {
                return rewritten(master, &own.value, value);
            }
            // Behind the first argument that is no option there are none.
            let behind = options(service.fields.get(8..).unwrap_or_default()).1.len();
            let fields = &service.fields[..service.fields.len() - behind];
            let mut fields = fields.iter().rev();
            let Some(last) = fields.find(|field| !matches!(field.text.as_str(), "-o" | "--"))
            else {
                return Vec::new();
            };
            let end = last.place().end;
            return vec![Edit {
                place: Place::new(master, Span::new(end, end)),
                text: format!("\n  -o {name}={value}"),
            }];
        }
        let Some(main) = &self.main else {
            return Vec::new();
        };
        if let Some(set) = self.dictionary.set(name) {
            return rewritten(main, &set.value, value);
        }
        let end = main.text().len();
        let line_end = if main.text().is_empty() || main.text().ends_with('\n') {
            ""
        } else {
            "\n"
        };
        vec![Edit {
            place: Place::new(main, Span::new(end, end)),
            text: format!("{line_end}{name} = {value}\n"),
        }]
    }
}

/// What puts a new name in the place of an old one, and whether nothing changes by it.
pub fn renewed(finding: Finding, set: &Set<'_>, instead: &str, dictionary: &Dictionary) -> Finding {
    let version = dictionary.version;
    let default = |name: &str| Parameter::named(name)?.facts(version).default;
    let out = || without(set.source, set.span, set.value);
    if set.service.is_none() && default(set.name).as_deref() == Some(set.value.text.as_str()) {
        return finding.safe_fix(out());
    }
    if instead.is_empty() {
        return finding.unsafe_fix(out());
    }
    let mut services = dictionary.services().iter();
    let is_elsewhere = services.any(|service| {
        let own = |name: &str| service.own(name).is_some();
        own(instead) || own(set.name)
    });
    if is_elsewhere || set.service.is_some() {
        return finding;
    }
    let renamed = |value: Option<&str>| {
        let mut edits = vec![Edit {
            place: Place::new(set.source, set.span),
            text: instead.to_owned(),
        }];
        edits.extend(
            value
                .into_iter()
                .flat_map(|value| rewritten(set.source, set.value, value)),
        );
        edits
    };
    let level = dictionary
        .set(instead)
        .map(|level| level.value.text.as_str());
    if let Some(side) = set.name.strip_suffix("_use_tls")
        && instead.ends_with("_tls_security_level")
    {
        // A level takes the place of both old names (postconf(5)).
        let enforces = dictionary.set(&format!("{side}_enforce_tls")).is_some();
        return match (level, set.value.text.to_ascii_lowercase().as_str()) {
            (Some(level), _) if !level.is_empty() => finding.safe_fix(out()),
            (None, "yes") if !enforces => finding.safe_fix(renamed(Some("may"))),
            (None, "no") if !enforces => finding.safe_fix(renamed(Some("none"))),
            _ => finding,
        };
    }
    if set.name.ends_with("_enforce_tls") && instead.ends_with("_tls_security_level") {
        return match level {
            Some(level) if !level.is_empty() => finding.safe_fix(out()),
            _ => finding,
        };
    }
    // By default the new name has the value of the old one.
    let follows = default(instead).is_some_and(|text| text.contains(set.name));
    match level {
        None if follows => finding.safe_fix(renamed(None)),
        _ => finding,
    }
}
