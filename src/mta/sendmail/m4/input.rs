//! Characters with where they come from, and what is still to be read of them. Must not know what
//! they say.

/// The number of no place: of what no file holds.
pub const NOWHERE: u32 = 0;

/// What stands for something done here, where `defn` gives it away; its place is a number of that.
pub const HANDED_ON: char = '\u{10ffff}';

/// A character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Char {
    /// It itself.
    pub c: char,
    /// Where it was written.
    pub at: u32,
    /// Where the call stands that brought it here; [`NOWHERE`] if it was read where it stands.
    pub used: u32,
}

/// Characters.
pub type Text = Vec<Char>;

/// The characters as a string.
pub fn string(text: &[Char]) -> String {
    text.iter().map(|c| c.c).collect()
}

/// A string as characters that were all written at `at`.
pub fn text(source: &str, at: u32, used: u32) -> Text {
    source.chars().map(|c| Char { c, at, used }).collect()
}

/// What is still to be read: the last text first.
#[derive(Debug, Default)]
pub struct Input {
    /// The texts, each turned around.
    texts: Vec<Text>,
    pushed: usize,
}

impl Input {
    /// Has a text read next; `false` once more than `bound` characters were given.
    pub fn push(&mut self, mut text: Text, bound: usize) -> bool {
        self.pushed += text.len();
        text.reverse();
        if !text.is_empty() {
            self.texts.push(text);
        }
        self.pushed <= bound
    }

    /// The character that is `ahead` characters away.
    pub fn peek(&self, mut ahead: usize) -> Option<Char> {
        for text in self.texts.iter().rev() {
            if ahead < text.len() {
                return Some(text[text.len() - 1 - ahead]);
            }
            ahead -= text.len();
        }
        None
    }

    /// The next character.
    pub fn next(&mut self) -> Option<Char> {
        let text = self.texts.last_mut()?;
        let c = text.pop();
        if text.is_empty() {
            self.texts.pop();
        }
        c
    }

    /// Whether these characters come next.
    pub fn starts_with(&self, wanted: &[char]) -> bool {
        wanted
            .iter()
            .enumerate()
            .all(|(ahead, &c)| self.peek(ahead).is_some_and(|next| next.c == c))
    }

    /// The next characters, this many.
    pub fn take(&mut self, count: usize) -> Text {
        (0..count).map_while(|_| self.next()).collect()
    }

    /// A place near what is read next.
    pub fn near(&self) -> u32 {
        self.peek(0)
            .map_or(NOWHERE, |c| if c.used == NOWHERE { c.at } else { c.used })
    }
}
