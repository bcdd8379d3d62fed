//! Domain names: letters, digits and hyphens in labels, internationalised ones as A-labels.
//! Must not know what a name is used for.

use std::fmt;

use serde::Serialize;

use super::{Fault, shown};

/// A domain name in lower case, internationalised labels as A-labels (RFC 5890), without a final
/// dot, of at most 253 octets with labels of at most 63 (RFC 1035 §2.3.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain name.
    ///
    /// # Errors
    /// The first fault of the name, under its characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let whole = 0..text.len();
        let bad = |part, message: String| Fault::new("bad-domain", part, message);
        if text.is_empty() {
            return Err(bad(whole, "a domain name is empty".into()));
        }
        if let Some(name) = text.strip_suffix('.') {
            let dot = name.len()..text.len();
            return Err(bad(dot, format!("`{text}` ends in a dot"))
                .help(format!("a mail domain is written without it: `{name}`")));
        }
        let mut start = 0;
        for label in text.split('.') {
            let part = start..start + label.len();
            start = part.end + 1;
            if label.is_empty() {
                // An empty label has no characters: point at the dots around it.
                let dots = part.start.saturating_sub(1)..(part.end + 1).min(text.len());
                return Err(bad(dots, format!("`{text}` has an empty label")));
            }
            if !label.is_ascii() {
                continue; // judged below, by IDNA's rules
            }
            if let Some((at, c)) = label
                .char_indices()
                .find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '-')
            {
                let at = part.start + at;
                let fault = bad(
                    at..at + c.len_utf8(),
                    format!("`{}` cannot stand in a domain name", shown(c)),
                );
                return Err(match c {
                    '@' => fault.help("write the domain alone, without the address before the `@`"),
                    '*' => fault.help("there are no wildcards: name each domain"),
                    '/' | ':' => fault.help("a network belongs under `relay: networks`"),
                    _ => fault.help("letters, digits and hyphens only, with dots between labels"),
                });
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(bad(
                    part,
                    format!("label `{label}` starts or ends with a hyphen"),
                ));
            }
            if label.len() > 63 {
                return Err(bad(
                    part,
                    format!("a label has {} octets, and 63 is the most", label.len()),
                ));
            }
        }
        // IDNA has nothing to say of plain names: a hyphen in the third and fourth place is what
        // marks a label as its own (RFC 5891 §4.2.3.1).
        let is_plain = |label: &str| label.is_ascii() && label.get(2..4) != Some("--");
        let ascii = if text.split('.').all(is_plain) {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii_strict(text).map_err(|_| {
                bad(
                    whole.clone(),
                    format!("`{text}` is no domain name by IDNA's rules"),
                )
            })?
        };
        if ascii.len() > 253 {
            return Err(bad(
                whole,
                format!("the name has {} octets, and 253 is the most", ascii.len()),
            ));
        }
        if ascii
            .rsplit('.')
            .next()
            .is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(bad(
                whole,
                format!("`{text}` looks like an address, not like a name"),
            )
            .help("a name's last label is never all digits"));
        }
        Ok(Self(ascii))
    }

    /// Reads a name that a host can go by in SMTP: a domain name with two labels or more.
    ///
    /// # Errors
    /// As [`Domain::parse`], and for a name without a dot or an address in place of a name.
    pub fn parse_host(text: &str) -> Result<Self, Fault> {
        let bad = |message: String| Fault::new("bad-domain", 0..text.len(), message);
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Err(bad(format!("`{text}` is an address, not a host name"))
                .help("write the name that its PTR record gives, such as `mail.example.com`"));
        }
        if !text.contains('.') && Self::parse(text).is_ok() {
            return Err(bad(format!(
                "`{text}` has no dot: other servers refuse such a name in EHLO"
            ))
            .help(format!("write the full name, such as `{text}.example.com`")));
        }
        Self::parse(text).map_err(|fault| Fault {
            rule: "bad-domain",
            ..fault
        })
    }

    /// The name that this host calls itself: `localhost` (RFC 6761 §6.3).
    pub fn localhost() -> Self {
        Self("localhost".into())
    }

    /// The name with one more label before it.
    #[must_use]
    pub fn child(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0))
    }

    /// A name that ends in the same characters and is no part of this domain.
    #[must_use]
    pub fn look_alike(&self) -> Self {
        Self(format!("not{}", self.0))
    }

    /// Whether the name is below `.invalid`, which no DNS ever answers (RFC 6761 §6.4).
    pub fn cannot_exist(&self) -> bool {
        self.0 == "invalid" || self.0.ends_with(".invalid")
    }

    /// Whether the name is a public suffix, so that others' names lie below. One label that is
    /// none, as `localdomain`, is no name of the DNS.
    pub fn is_suffix(&self) -> bool {
        psl::suffix(self.0.as_bytes())
            .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() == self.0.len())
    }

    /// Whether the name is one label, as that of a host among its neighbours.
    pub fn is_one_label(&self) -> bool {
        !self.0.contains('.')
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (usize, usize) {
        let fault = Domain::parse(text).unwrap_err();
        (fault.part.start, fault.part.end)
    }

    #[test]
    fn good_names_come_out_as_lower_case_a_labels() {
        for (text, name) in [
            ("Example.COM", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("a-b.c1", "a-b.c1"),
        ] {
            assert_eq!(Domain::parse(text).unwrap().as_str(), name);
        }
    }

    #[test]
    fn faults_stand_under_their_characters() {
        assert_eq!(fault("exa_mple.com"), (3, 4));
        assert_eq!(fault("a..b"), (1, 3));
        assert_eq!(fault("a.-b.c"), (2, 4));
        assert_eq!(fault("user@example.com"), (4, 5));
        assert_eq!(fault("example.com."), (11, 12));
        assert_eq!(fault(&format!("{}.com", "a".repeat(64))), (0, 64));
        assert_eq!(fault("192.0.2.1"), (0, 9));
        assert!(Domain::parse(&vec!["abcdefg"; 40].join(".")).is_err());
        assert!(Domain::parse("a\nb").is_err());
        assert!(Domain::parse("\u{202e}x.example").is_err());
    }

    #[test]
    fn a_host_name_needs_a_dot_and_is_no_address() {
        for text in ["mail", "192.0.2.1", "[2001:db8::1]", "2001:db8::1"] {
            assert_eq!(Domain::parse_host(text).unwrap_err().rule, "bad-domain");
        }
    }
}
