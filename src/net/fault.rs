//! What is wrong with one written name or address. Must not know who asked.

use std::ops::Range;

/// A character as it is shown in a message: as itself, or escaped where it cannot be seen.
pub fn shown(c: char) -> String {
    if c.is_ascii_graphic() || c.is_alphanumeric() {
        c.to_string()
    } else {
        c.escape_default().to_string()
    }
}

/// A fault in a short text, with the bytes of that text that are wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule that is broken, in kebab-case.
    pub rule: &'static str,
    /// The wrong bytes, relative to the text.
    pub part: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty when there is nothing better to say.
    pub help: String,
}

impl Fault {
    /// A fault at `part` of the text.
    pub fn new(rule: &'static str, part: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            rule,
            part,
            message: message.into(),
            help: String::new(),
        }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
