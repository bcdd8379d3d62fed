//! Macros: what the user defines, what the program predefines, and the replacing of both. Must not
//! know where lines come from.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::catalogue;
use super::mapped::Mapped;
use crate::mta::Version;
use crate::text::Place;

/// A line never grows longer than this.
pub(crate) const LONGEST: usize = 1 << 20;

/// The longest name of a macro, a driver or an ACL.
pub(crate) const LONGEST_NAME: usize = 63;

#[derive(Clone, Debug)]
struct Macro {
    name: String,
    value: String,
    place: Option<Place>,
    letters: u64,
}

/// The macros known at a point of the configuration.
#[derive(Debug)]
pub(crate) struct Macros {
    version: Version,
    user: Vec<Macro>,
    predefined: OnceCell<Arc<[Macro]>>,
    uses: RefCell<BTreeMap<String, Use>>,
}

/// What became of a macro of the user's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Use {
    /// How often it was replaced.
    pub count: usize,
    /// Where it was a part of a longer word.
    pub in_words: Vec<Place>,
}

/// What became of a line.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// The line.
    pub text: Mapped,
    /// Whether there was any macro in it.
    pub found: bool,
    /// The macros that were.
    pub by: Vec<String>,
    /// Whether it would have grown too long; then it stands as it was at that point.
    pub too_long: bool,
}

/// What the names of the macros that the program defines itself begin with.
const BEGINS: [&str; 9] = [
    "_ACL_", "_CRYPTO_", "_DKIM_", "_DRIVER_", "_EXP_", "_HAVE_", "_LOG_", "_OPT_", "_RESUME_",
];

/// The macros that the program defines itself. They are made once a version: it takes longer than
/// to read a small configuration, and each is read by the resolver, the rules and the lift.
fn predefined(version: Version) -> Arc<[Macro]> {
    static MADE: Mutex<Vec<(Version, Arc<[Macro]>)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = made.iter().find(|(of, _)| *of == version) {
        return Arc::clone(known);
    }
    let all = catalogue::predefined(version).into_iter();
    let all = all.map(|(name, value)| Macro {
        letters: letters(&name),
        name,
        value,
        place: None,
    });
    let all: Arc<[Macro]> = all.collect();
    made.push((version, Arc::clone(&all)));
    all
}

impl Macros {
    /// None but the predefined ones of this version.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            user: Vec::new(),
            predefined: OnceCell::new(),
            uses: RefCell::default(),
        }
    }

    /// The predefined ones, where `text` may have the name of one in it.
    fn predefined(&self, text: &str) -> &[Macro] {
        if BEGINS.iter().any(|begin| text.contains(begin)) {
            self.predefined.get_or_init(|| predefined(self.version))
        } else {
            &[]
        }
    }

    /// Replaces macros in a physical line. `first`: it begins a logical line, so that the name in a
    /// definition at its start is left alone.
    pub fn replace(&self, mut text: Mapped, first: bool) -> Replaced {
        let line = text.text();
        let mut from = line.len() - line.trim_start_matches(is_white).len();
        if first {
            from += definition(&line[from..]).unwrap_or(0);
        }
        let rest = &line[from..];
        let mut replaced = Replaced {
            text: Mapped::default(),
            found: false,
            by: Vec::new(),
            too_long: false,
        };
        let Some(start) = candidate(rest) else {
            replaced.text = text;
            return replaced;
        };
        // The first candidate decides which macros are tried: `_X` means the predefined ones, too.
        let predefined: &[Macro] = if rest[start..].starts_with('_') {
            self.predefined(rest)
        } else {
            &[]
        };
        let from = from + start;
        let mut there = letters(&text.text()[from..]);
        for known in predefined.iter().chain(&self.user) {
            if known.letters & !there != 0 {
                continue;
            }
            if known.place.is_some() {
                self.note(known, &text, from);
            }
            match text.replaced(
                from,
                &known.name,
                &known.value,
                known.place.as_ref(),
                LONGEST,
            ) {
                None => {}
                Some(Ok(made)) => {
                    replaced.found = true;
                    replaced.by.push(known.name.clone());
                    text = made;
                    there = letters(text.text().get(from..).unwrap_or_default());
                }
                Some(Err(())) => {
                    replaced.found = true;
                    replaced.too_long = true;
                    break;
                }
            }
        }
        replaced.text = text;
        replaced
    }

    /// Notes where a macro stands in a line.
    fn note(&self, known: &Macro, text: &Mapped, from: usize) {
        let line = text.text();
        let of_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        for (at, _) in line[from..].match_indices(&known.name) {
            let (start, end) = (from + at, from + at + known.name.len());
            let mut uses = self.uses.borrow_mut();
            let noted = uses.entry(known.name.clone()).or_default();
            noted.count += 1;
            let bytes = line.as_bytes();
            let before = start.checked_sub(1).map(|at| bytes[at]);
            if before.is_some_and(of_word) || bytes.get(end).copied().is_some_and(of_word) {
                noted.in_words.extend(text.place(start..end));
            }
        }
    }

    /// The macros that were defined, each with its value, its place and what became of it.
    pub fn defined(&self) -> Vec<(String, String, Place, Use)> {
        let uses = self.uses.borrow();
        let defined = self.user.iter().filter_map(|known| {
            let place = known.place.clone()?;
            let became = uses.get(&known.name).cloned().unwrap_or_default();
            Some((known.name.clone(), known.value.clone(), place, became))
        });
        defined.collect()
    }

    /// Takes a definition, a logical line that begins with an upper-case letter.
    ///
    /// # Errors
    /// Why the daemon refuses it.
    pub fn define(&mut self, line: &str, place: Option<Place>) -> Result<(), String> {
        let length = line
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let (name, rest) = line.split_at(length);
        if length > LONGEST_NAME {
            return Err(format!(
                "the macro name `{name}` is longer than {LONGEST_NAME} characters"
            ));
        }
        let Some(rest) = rest.trim_start_matches(is_white).strip_prefix('=') else {
            return Err(format!(
                "`{line}` begins like the definition of a macro, but no `=` follows the name"
            ));
        };
        let (again, value) = match rest.strip_prefix('=') {
            Some(value) => (true, value),
            None => (false, rest),
        };
        let value = value.trim_start_matches(is_white);
        let known = self.user.iter().position(|known| known.name == name);
        let predefined = self.predefined(name);
        let before = self.user.iter().take(known.unwrap_or(self.user.len()));
        if let Some(part) = predefined
            .iter()
            .chain(before)
            .find(|before| before.name.len() < name.len() && name.contains(&before.name))
        {
            return Err(format!(
                "`{name}` cannot be a macro, since the name of the macro `{}`, defined before it, is a part of it",
                part.name
            ));
        }
        match known {
            Some(_) if !again => Err(format!(
                "the macro `{name}` is already defined; only `==` defines it anew"
            )),
            None if again => Err(format!(
                "the macro `{name}` is not defined, so `==` cannot define it anew"
            )),
            Some(index) => {
                value.clone_into(&mut self.user[index].value);
                self.user[index].place = place;
                Ok(())
            }
            None => {
                self.user.push(Macro {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    place,
                    letters: letters(name),
                });
                Ok(())
            }
        }
    }
}

/// White space as isspace(3) has it in the C locale.
pub(crate) fn is_white(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{0b}'
}

/// How long the name and what is before its `=` are, if a definition begins here.
fn definition(line: &str) -> Option<usize> {
    if !line.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let name = line
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let blanks = line[name..].len() - line[name..].trim_start_matches(is_white).len();
    line[name + blanks..]
        .starts_with('=')
        .then_some(name + blanks)
}

/// Where a macro's name could begin first.
fn candidate(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| {
        bytes[at].is_ascii_uppercase()
            || bytes[at] == b'_' && bytes.get(at + 1).is_some_and(u8::is_ascii_uppercase)
    })
}

/// The characters of a name that a text has, as bits: a quick test for what cannot be in it.
fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |seen, b| {
        seen | match b {
            b'A'..=b'Z' => 1 << (b - b'A'),
            b'a'..=b'z' => 1 << (b - b'a' + 26),
            b'0'..=b'9' => 1 << (b - b'0' + 52),
            b'_' => 1 << 62,
            _ => 0,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, Span};

    fn replaced(macros: &Macros, text: &str) -> (String, bool) {
        let source = Source::new("f", text);
        let made = macros.replace(Mapped::of(&source, Span::new(0, text.len())), true);
        (made.text.text().to_owned(), made.found)
    }

    #[test]
    fn the_beginnings_of_predefined_names_are_all_known() {
        for series in 92..=99 {
            for (name, _) in catalogue::predefined(Version::new(&[4, series])) {
                assert!(BEGINS.iter().any(|begin| name.starts_with(begin)), "{name}");
            }
        }
    }

    #[test]
    fn macros_are_replaced_as_parts_of_words_and_in_their_order() {
        let mut macros = Macros::new(Version::new(&[4, 96]));
        macros.define("A = BB x", None).unwrap();
        macros.define("BB = A y", None).unwrap();
        assert_eq!(replaced(&macros, "aAb"), ("aA y xb".into(), true));
        assert_eq!(replaced(&macros, "A = A"), ("A = A y x".into(), true));
        assert_eq!(replaced(&macros, " a = b"), (" a = b".into(), false));
        assert!(macros.define("AX = 1", None).is_err());
        assert!(macros.define("A = 1", None).is_err());
        assert!(macros.define("C == 1", None).is_err());
        assert!(macros.define("BB == z", None).is_ok());
        assert_eq!(replaced(&macros, "BB").0, "z");
    }

    #[test]
    fn the_first_candidate_decides_what_is_tried() {
        let mut macros = Macros::new(Version::new(&[4, 96]));
        macros.define("FOO = 1", None).unwrap();
        assert!(replaced(&macros, ".ifdef _HAVE_TLS XYZ").1);
        assert!(!replaced(&macros, ".ifdef XYZ _HAVE_TLS").1);
        assert!(replaced(&macros, ".ifdef _NOPE FOO").1);
        assert!(replaced(&macros, ".ifdef _HAVE_TLS_NONSENSE").1);
        assert!(replaced(&macros, ".ifdef _ACL_COND_SEEN").1);
        let old = Macros::new(Version::new(&[4, 94, 2]));
        assert!(!replaced(&old, ".ifdef _ACL_COND_SEEN").1);
    }

    #[test]
    fn a_bomb_is_stopped() {
        let mut macros = Macros::new(Version::new(&[4, 96]));
        let names: Vec<String> = ('A'..='Z').map(|c| format!("{c}Q")).collect();
        for pair in names.windows(2) {
            let value = pair[1].repeat(40);
            macros
                .define(&format!("{} = {value}", pair[0]), None)
                .unwrap();
        }
        let source = Source::new("f", "AQ");
        let made = macros.replace(Mapped::of(&source, Span::new(0, 2)), true);
        assert!(made.too_long && made.text.text().len() <= LONGEST);
    }
}
