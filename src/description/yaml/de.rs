//! A serde deserializer over the tree that reports every fault and goes on. Must not know the
//! YAML parser, nor the types that it fills.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::value::{BorrowedStrDeserializer, UsizeDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::scalar::{Plain, resolve};
use super::tree::{Kind, Tree};
use crate::findings::{Finding, Severity};
use crate::text::{Place, Source, Span};

/// A value with the place it was written at; without a value when it was faulty, which is
/// reported already.
#[derive(Clone, Debug)]
pub struct Node<T> {
    /// Where it was written.
    pub span: Span,
    /// The value.
    pub value: Option<T>,
}

/// The rule against passwords in a description.
pub const PASSWORD: &str = "password-in-description";

/// The struct name by which [`Node`] asks this deserializer for spans.
const NODE: &str = "$smtpconf::Node";
const NODE_FIELDS: &[&str] = &["start", "end", "value"];

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Node<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for NodeVisitor<T> {
            type Value = Node<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with a place")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<T>, A::Error> {
                let mut bound = || map.next_entry::<&str, usize>();
                let (start, end) = (bound()?, bound()?);
                let at = |entry: Option<(&str, usize)>| entry.map_or(0, |(_, at)| at);
                map.next_key::<&str>()?;
                Ok(Node {
                    span: Span::new(at(start), at(end)),
                    // The fault was reported by the map access below, which saw it first.
                    value: map.next_value().ok(),
                })
            }
        }
        deserializer.deserialize_struct(NODE, NODE_FIELDS, NodeVisitor(PhantomData))
    }
}

/// A value with a short form, one word, and a long one, a map of keys.
#[derive(Clone, Debug)]
pub enum Short<S, L> {
    /// The short form.
    Word(S),
    /// The long form.
    Keys(L),
}

/// The name by which [`Short`] asks this deserializer for the form that is written.
const SHORT: &str = "$smtpconf::Short";

impl<'de, S: Deserialize<'de>, L: Deserialize<'de>> Deserialize<'de> for Short<S, L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShortVisitor<S, L>(PhantomData<(S, L)>);
        impl<'de, S: Deserialize<'de>, L: Deserialize<'de>> Visitor<'de> for ShortVisitor<S, L> {
            type Value = Short<S, L>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a map of keys")
            }

            fn visit_some<D: Deserializer<'de>>(self, word: D) -> Result<Self::Value, D::Error> {
                S::deserialize(word).map(Short::Word)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                keys: D,
            ) -> Result<Self::Value, D::Error> {
                L::deserialize(keys).map(Short::Keys)
            }
        }
        deserializer.deserialize_newtype_struct(SHORT, ShortVisitor(PhantomData))
    }
}

/// A map whose keys are the user's own, in the order written, no key twice.
#[derive(Clone, Debug)]
pub struct Entries<V>(pub Vec<(Node<String>, Node<V>)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<V>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// Why a value could not be decoded.
#[derive(Debug)]
pub enum Fault {
    /// It is in the findings already.
    Reported,
    /// It is of another type: what is wrong, and what to write.
    WrongType(String, String),
    /// Another rule is broken.
    Rule(&'static str, String, String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported => f.write_str("reported already"),
            Self::WrongType(message, _) | Self::Rule(_, message, _) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::WrongType(message.to_string(), String::new())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = match did_you_mean(variant, expected) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", alternatives(expected)),
        };
        Self::Rule(
            "unknown-value",
            format!("`{variant}` is not known here"),
            help,
        )
    }
}

/// The word of `known` that `word` is a likely misspelling of.
fn did_you_mean<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .map(|(_, candidate)| candidate)
}

/// The beginning of a text that is too long for a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

struct Context<'a> {
    source: &'a Arc<Source>,
    findings: RefCell<Vec<Finding>>,
}

impl Context<'_> {
    fn report(&self, span: Span, fault: Fault) {
        let (rule, message, help) = match fault {
            Fault::Reported => return,
            Fault::WrongType(message, help) => ("wrong-type", message, help),
            Fault::Rule(rule, message, help) => (rule, message, help),
        };
        self.push(Finding::new(Severity::Error, rule, self.source, span, message).help(help));
    }

    fn push(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }
}

/// Decodes `root`, adding to `findings`.
pub fn decode<T: DeserializeOwned>(
    source: &Arc<Source>,
    root: &Tree,
    findings: Vec<Finding>,
) -> (Option<T>, Vec<Finding>) {
    let context = Context {
        source,
        findings: RefCell::new(findings),
    };
    let value = match T::deserialize(De::new(root, &context)) {
        Ok(value) => Some(value),
        Err(fault) => {
            context.report(root.span, fault);
            None
        }
    };
    (value, context.findings.into_inner())
}

fn trap(text: &str, read_as: &str) -> Fault {
    let plain = text.trim_start_matches('0');
    let help = match read_as {
        "an octal number" if !plain.is_empty() => format!("write `{plain}`"),
        "a boolean" => format!("put it in quotes, `\"{text}\"`, if it is a name"),
        _ => "write a plain number".into(),
    };
    Fault::Rule(
        "yaml-trap",
        format!("`{text}` is {read_as} to YAML 1.1, so that programs disagree about it"),
        help,
    )
}

#[derive(Clone, Copy)]
struct De<'a> {
    node: &'a Tree,
    context: &'a Context<'a>,
}

impl<'a> De<'a> {
    fn new(node: &'a Tree, context: &'a Context<'a>) -> Self {
        Self { node, context }
    }

    fn wrong(self, wanted: &str, help: &str) -> Fault {
        let found = match &self.node.kind {
            Kind::Refused => return Fault::Reported,
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map of keys".to_owned(),
            Kind::Scalar { text, plain: true } if matches!(resolve(text), Plain::Null) => {
                return Fault::Rule(
                    "missing-value",
                    format!("nothing is written here, and {wanted} belongs here"),
                    help.into(),
                );
            }
            Kind::Scalar { text, .. } => format!("`{}`", shortened(text).escape_debug()),
        };
        Fault::WrongType(
            format!("{found} stands where {wanted} belongs"),
            help.into(),
        )
    }

    /// The text of a scalar that is taken as it is written.
    fn text(self) -> Result<&'a str, Fault> {
        match &self.node.kind {
            Kind::Scalar { text, plain: false } => Ok(text),
            Kind::Scalar { text, plain: true } => match resolve(text) {
                Plain::Trap(read_as) if read_as == "a boolean" => Err(trap(text, read_as)),
                Plain::Null | Plain::Bool(_) => Err(self.wrong("a text", "")),
                _ => Ok(text),
            },
            _ => Err(self.wrong("a text", "write one value")),
        }
    }
}

impl<'de> Deserializer<'de> for De<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Refused => Err(Fault::Reported),
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
            Kind::Scalar { text, plain: false } => visitor.visit_str(text),
            Kind::Scalar { text, plain: true } => match resolve(text) {
                Plain::Null => Err(self.wrong("a value", "")),
                Plain::Bool(value) => visitor.visit_bool(value),
                Plain::Number(number) => visitor.visit_u64(number),
                Plain::Trap(read_as) => Err(trap(text, read_as)),
                Plain::Text => visitor.visit_str(text),
            },
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // A key with nothing behind it is a fault, not a key left out.
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.node.kind {
            Kind::Scalar { .. } if name == SHORT => visitor.visit_some(self),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Kind::List(items) = &self.node.kind else {
            let written = self.context.source.slice(self.node.span);
            let help = match self.node.kind {
                Kind::Scalar { .. } if !written.is_empty() => format!("write `[{written}]`"),
                _ => "write one `- item` a line".into(),
            };
            return Err(self.wrong("a list", &help));
        };
        visitor.visit_seq(Items {
            items: items.iter(),
            context: self.context,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Kind::Map(pairs) = &self.node.kind else {
            return Err(self.wrong("a map of keys", "write `key: value`, one a line"));
        };
        visitor.visit_map(Fields::new(pairs, None, self.context))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == NODE {
            return visitor.visit_map(NodeAccess { de: self, next: 0 });
        }
        let Kind::Map(pairs) = &self.node.kind else {
            let help = format!("write keys with their values: {}", alternatives(fields));
            return Err(self.wrong("a map of keys", &help));
        };
        visitor.visit_map(Fields::new(pairs, Some(fields), self.context))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Scalar { .. } => visitor.visit_enum(self.text()?.into_deserializer()),
            _ => Err(self.wrong("a word", &format!("it takes {}", alternatives(variants)))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Tree>,
    context: &'a Context<'a>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.items
            .next()
            .map(|item| seed.deserialize(De::new(item, self.context)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// Hands out the fields of a struct, and reports what is not one of them; of a free map all.
struct Fields<'a> {
    pairs: std::slice::Iter<'a, (Tree, Tree)>,
    known: Option<&'static [&'static str]>,
    seen: HashMap<&'a str, Span>,
    value: Option<&'a Tree>,
    context: &'a Context<'a>,
}

impl<'a> Fields<'a> {
    fn new(
        pairs: &'a [(Tree, Tree)],
        known: Option<&'static [&'static str]>,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            pairs: pairs.iter(),
            known,
            seen: HashMap::new(),
            value: None,
            context,
        }
    }

    fn unknown(&self, known: &[&str], key: &str, span: Span, value: Span) {
        let secret = key.to_ascii_lowercase();
        if ["password", "passwd", "pass", "secret", "token"]
            .iter()
            .any(|word| secret.contains(word))
        {
            let finding = Finding::new(
                Severity::Error,
                PASSWORD,
                self.context.source,
                value,
                "a password stands in the description, where everybody who reads the repository sees it",
            )
            .help("take it out here, change it on the server, and keep it in a file there that only the server reads");
            return self.context.push(finding);
        }
        let help = match did_you_mean(key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys here are {}", alternatives(known)),
        };
        let message = format!("key `{}` is not known here", shortened(key).escape_debug());
        self.context
            .report(span, Fault::Rule("unknown-key", message, help));
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        while let Some((key, value)) = self.pairs.next() {
            let Kind::Scalar { text, .. } = &key.kind else {
                if !matches!(key.kind, Kind::Refused) {
                    self.context
                        .report(key.span, De::new(key, self.context).wrong("a key", ""));
                }
                continue;
            };
            if let Some(first) = self.seen.get(text.as_str()) {
                let finding = Finding::new(
                    Severity::Error,
                    "duplicate-key",
                    self.context.source,
                    key.span,
                    format!(
                        "key `{}` stands twice, and only one of them could count",
                        text.escape_debug()
                    ),
                )
                .and(Place::new(self.context.source, *first), "the first one")
                .help("join the two");
                self.context.push(finding);
                continue;
            }
            self.seen.insert(text, key.span);
            let Some(known) = self.known else {
                self.value = Some(value);
                return seed.deserialize(De::new(key, self.context)).map(Some);
            };
            let Some(field) = known.iter().find(|field| *field == text) else {
                self.unknown(known, text, key.span, value.span);
                continue;
            };
            self.value = Some(value);
            return seed
                .deserialize(BorrowedStrDeserializer::new(field))
                .map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = self.value.take().ok_or(Fault::Reported)?;
        seed.deserialize(De::new(value, self.context))
    }
}

/// Hands out a node as the fields of [`Node`], and reports the fault of its value.
struct NodeAccess<'a> {
    de: De<'a>,
    next: usize,
}

impl<'de> MapAccess<'de> for NodeAccess<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let field = NODE_FIELDS.get(self.next);
        self.next += 1;
        field
            .map(|field| seed.deserialize(BorrowedStrDeserializer::new(field)))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let span = self.de.node.span;
        match self.next {
            1 => seed.deserialize(UsizeDeserializer::new(span.start)),
            2 => seed.deserialize(UsizeDeserializer::new(span.end)),
            _ => seed.deserialize(self.de).map_err(|fault| {
                self.de.context.report(span, fault);
                Fault::Reported
            }),
        }
    }
}
