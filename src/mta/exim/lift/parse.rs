//! String expansions as trees (Exim's specification, chapter 11). Must not know what a variable or
//! an item stands for.

use crate::mta::exim::macros::is_white;

/// Texts that are nested deeper are not looked at.
const DEEPEST: usize = 40;

/// A text of parts.
pub type Text = Vec<Node>;

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Node {
    /// Characters that stand for themselves.
    Plain(String),
    /// `$name`
    Variable(String),
    /// `${name:text}`
    Operator(String, Text),
    /// `${if condition {yes} {no}}`
    If(Box<Condition>, Branch, Branch),
    /// `${lookup {key} kind {file} {yes} {no}}`; a query has no key.
    Lookup {
        /// The key of a lookup that has one.
        key: Option<Text>,
        /// The type, as written.
        kind: String,
        /// The file or query.
        file: Text,
        /// What is put where something is found.
        yes: Branch,
        /// What is put elsewhere.
        no: Branch,
    },
    /// Any other item, with its arguments.
    Item(String, Vec<Text>),
}

/// What an item puts in one of two cases.
#[derive(Clone, Debug)]
pub enum Branch {
    /// Nothing is written.
    Missing,
    /// `fail`
    Fail,
    /// A text.
    Text(Text),
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `!`
    Not(Box<Condition>),
    /// `and`
    And(Vec<Condition>),
    /// `or`
    Or(Vec<Condition>),
    /// `def:name`
    Def(String),
    /// Any other, with its arguments.
    Test(String, Vec<Text>),
}

/// The parts of `text`; none where its expansion fails or is nested too deeply.
pub fn parse(text: &str) -> Option<Text> {
    let mut parser = Parser {
        rest: text,
        depth: 0,
    };
    let parsed = parser.text(false)?;
    parser.rest.is_empty().then_some(parsed)
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_white);
    }

    fn takes(&mut self, c: char) -> bool {
        let taken = self.rest.strip_prefix(c);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    fn word(&mut self, also: &str) -> &'t str {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || also.contains(c)))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    /// A text to its end or to the brace that closes it.
    fn text(&mut self, inside: bool) -> Option<Text> {
        self.deeper()?;
        let mut parts = Vec::new();
        let mut plain = String::new();
        while let Some(c) = self.rest.chars().next() {
            if c == '}' && inside {
                break;
            }
            self.rest = &self.rest[c.len_utf8()..];
            match c {
                '\\' => {
                    let (made, rest) = escape(self.rest)?;
                    plain.push_str(&made);
                    self.rest = rest;
                }
                '$' => {
                    if !plain.is_empty() {
                        parts.push(Node::Plain(std::mem::take(&mut plain)));
                    }
                    parts.push(self.dollar()?);
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(Node::Plain(plain));
        }
        self.depth -= 1;
        Some(parts)
    }

    fn dollar(&mut self) -> Option<Node> {
        if self.takes('{') {
            return self.braced();
        }
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let end = self
                .rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(self.rest.len());
            let (digits, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(Node::Variable(digits.to_owned()));
        }
        let name = self.word("");
        if is_header(name) {
            self.header();
        }
        (!name.is_empty()).then(|| Node::Variable(name.to_owned()))
    }

    /// Passes over the rest of a header's name.
    fn header(&mut self) {
        let end = self
            .rest
            .find(|c: char| c == ':' || c == '}' || !c.is_ascii_graphic())
            .unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
        self.takes(':');
    }

    /// What follows `${`.
    fn braced(&mut self) -> Option<Node> {
        self.blanks();
        let name = self.word("-");
        if is_header(name) {
            self.header();
        } else if self.takes(':') {
            let inner = self.text(true)?;
            return self
                .takes('}')
                .then(|| Node::Operator(name.to_owned(), inner));
        }
        self.blanks();
        if self.takes('}') {
            return Some(Node::Variable(name.to_owned()));
        }
        let node = match name {
            "if" => Node::If(Box::new(self.condition()?), self.branch()?, self.branch()?),
            "lookup" => {
                let key = if self.rest.starts_with('{') {
                    Some(self.group()?)
                } else {
                    None
                };
                self.blanks();
                let end = self.rest.find('{')?;
                let kind = self.rest[..end].trim_matches(is_white).to_owned();
                self.rest = &self.rest[end..];
                Node::Lookup {
                    key,
                    kind,
                    file: self.group()?,
                    yes: self.branch()?,
                    no: self.branch()?,
                }
            }
            _ => {
                let mut arguments = Vec::new();
                loop {
                    self.blanks();
                    match self.rest.chars().next()? {
                        '}' => break,
                        // Some items take a condition here, which is not looked at.
                        '{' => arguments.push(self.group()?),
                        _ => self.rest = &self.rest[self.rest.find(['{', '}'])?..],
                    }
                }
                Node::Item(name.to_owned(), arguments)
            }
        };
        self.blanks();
        self.takes('}').then_some(node)
    }

    fn branch(&mut self) -> Option<Branch> {
        self.blanks();
        if self.rest.starts_with('{') {
            return self.group().map(Branch::Text);
        }
        if let Some(rest) = self.rest.strip_prefix("fail") {
            self.rest = rest;
            return Some(Branch::Fail);
        }
        self.rest.starts_with('}').then_some(Branch::Missing)
    }

    /// A text in braces.
    fn group(&mut self) -> Option<Text> {
        self.blanks();
        self.takes('{').then_some(())?;
        let text = self.text(true)?;
        self.takes('}').then_some(text)
    }

    /// Conditions or texts in braces, in braces.
    fn groups<T>(&mut self, one: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.blanks();
        self.takes('{').then_some(())?;
        let mut all = Vec::new();
        loop {
            self.blanks();
            if self.takes('}') {
                return Some(all);
            }
            all.push(one(self)?);
        }
    }

    fn condition_group(&mut self) -> Option<Condition> {
        self.takes('{').then_some(())?;
        let condition = self.condition()?;
        self.blanks();
        self.takes('}').then_some(condition)
    }

    fn condition(&mut self) -> Option<Condition> {
        self.deeper()?;
        self.blanks();
        if self.takes('!') {
            let inner = self.condition()?;
            self.depth -= 1;
            return Some(Condition::Not(Box::new(inner)));
        }
        let name = if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.word("")
        } else {
            let end = self.rest.find(|c| !"<=>".contains(c))?;
            let (sign, rest) = self.rest.split_at(end);
            self.rest = rest;
            sign
        };
        if name.is_empty() {
            return None;
        }
        let condition = match name {
            "def" if self.takes(':') => {
                let name = self.word("");
                if is_header(name) {
                    self.header();
                }
                Condition::Def(name.to_owned())
            }
            "and" => Condition::And(self.groups(Self::condition_group)?),
            "or" => Condition::Or(self.groups(Self::condition_group)?),
            "acl" | "saslauthd" => Condition::Test(name.to_owned(), self.groups(Self::group)?),
            "first_delivery" | "queue_running" => Condition::Test(name.to_owned(), Vec::new()),
            name if name.starts_with("for") => {
                let list = self.group()?;
                self.blanks();
                self.condition_group()?;
                Condition::Test(name.to_owned(), vec![list])
            }
            "bool" | "bool_lax" | "exists" | "isip" | "isip4" | "isip6" | "ldapauth" | "pam"
            | "pwcheck" | "radius" => Condition::Test(name.to_owned(), vec![self.group()?]),
            _ => Condition::Test(name.to_owned(), vec![self.group()?, self.group()?]),
        };
        self.depth -= 1;
        Some(condition)
    }
}

/// Whether a variable is a header of the message.
fn is_header(name: &str) -> bool {
    let bare = name.trim_start_matches(['r', 'b', 'l']);
    name.len() - bare.len() <= 1 && (bare.starts_with("h_") || bare.starts_with("header_"))
}

/// What stands behind a backslash, and the rest (§11.2).
fn escape(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    let rest = chars.as_str();
    Some(match c {
        'N' => {
            let (verbatim, rest) = rest.split_once("\\N").unwrap_or((rest, ""));
            (verbatim.to_owned(), rest)
        }
        'n' => ("\n".to_owned(), rest),
        'r' => ("\r".to_owned(), rest),
        't' => ("\t".to_owned(), rest),
        'x' => {
            let length = rest
                .bytes()
                .take(2)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            let code = u8::from_str_radix(&rest[..length], 16).unwrap_or_default();
            (char::from(code).to_string(), &rest[length..])
        }
        '0'..='7' => {
            let length = text
                .bytes()
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(b))
                .count();
            let code = u32::from_str_radix(&text[..length], 8).unwrap_or_default();
            let made = char::from_u32(code & 0xff).unwrap_or_default();
            (made.to_string(), &text[length..])
        }
        c => (c.to_string(), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        for good in [
            "a $b ${c} \\N${\\N ${lc:$x}",
            "${if and {{def:tls_in_cipher} {inlist {$received_port}{465:587}}} {*}}",
            "${if ! inlist {$received_port}{25}}",
            "${lookup {$local_part@$domain} lsearch {/x} {yes}{no}}",
            "${lookup mysql{select x from y}{$value}fail}",
            "${sg{a}{b}{c}} ${extract{1}{:}{a:b}{$value}}",
            "${if forany{a:b}{eq{$item}{a}}{yes}{no}}",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in ["${if eq{a}", "$", "a\\", "${", "${if eq{a}{b}{c}"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse(&"${lc:".repeat(100_000)).is_none());
    }
}
