//! The language of string expansions, as far as a text alone shows that it fails: the daemon looks
//! at it only when it needs the value. Must not know where a text stands.

use std::ops::Range;

use super::catalogue;
use super::macros::is_white;
use crate::mta::Version;

/// Texts that are nested deeper are not looked at.
const DEEPEST: usize = 60;

/// Why an expansion fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The rule's name.
    pub rule: &'static str,
    /// Where in the text.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The word that was likely meant.
    pub near: Option<&'static str>,
}

/// The first thing for which the expansion of `text` fails.
pub(crate) fn check(text: &str, version: Version) -> Option<Fault> {
    let mut scanner = Scanner {
        text,
        at: 0,
        depth: 0,
        version,
    };
    match scanner.string(false) {
        Ok(()) | Err(None) => None,
        Err(Some(fault)) => Some(fault),
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    version: Version,
}

/// `Err(None)`: it cannot be said.
type Scan = Result<(), Option<Fault>>;

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_white).len();
    }

    fn takes(&mut self, c: char) -> bool {
        let taken = self.rest().starts_with(c);
        if taken {
            self.at += c.len_utf8();
        }
        taken
    }

    fn word(&mut self, also: &str) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || also.contains(c)))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn fault(&self, rule: &'static str, start: usize, message: String) -> Fault {
        let end = self.at.clamp(start, self.text.len());
        Fault {
            rule,
            range: start..end,
            message,
            near: None,
        }
    }

    fn unknown(&self, kind: &'static str, start: usize, name: &str) -> Fault {
        let version = self.version;
        let message =
            format!("Exim {version} has no expansion {kind} `{name}`, so this expansion fails");
        let mut fault = self.fault("unknown-expansion", start, message);
        fault.near = catalogue::nearest_word(kind, name).filter(|near| *near != name);
        fault
    }

    fn unclosed(&self, start: usize) -> Fault {
        let mut fault = self.fault(
            "faulty-expansion",
            start,
            "nothing closes this brace, so this expansion fails".to_owned(),
        );
        fault.range = start..start + 1;
        fault
    }

    /// A string, to its end or to the brace that closes it.
    fn string(&mut self, inside: bool) -> Scan {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(None);
        }
        loop {
            let rest = self.rest();
            let Some(special) = rest.find(['\\', '$', '}']) else {
                self.at = self.text.len();
                break;
            };
            self.at += special;
            let rest = &rest[special..];
            if let Some(verbatim) = rest.strip_prefix("\\N") {
                self.at += 2 + verbatim.find("\\N").map_or(verbatim.len(), |end| end + 2);
            } else if let Some(escaped) = rest.strip_prefix('\\') {
                let Some(c) = escaped.chars().next() else {
                    let start = self.at;
                    return Err(Some(self.fault(
                        "faulty-expansion",
                        start,
                        "a backslash ends this text, so its expansion fails".to_owned(),
                    )));
                };
                self.at += 1 + c.len_utf8();
            } else if rest.starts_with('}') {
                if inside {
                    break;
                }
                self.at += 1;
            } else {
                self.dollar()?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn dollar(&mut self) -> Scan {
        let start = self.at;
        self.at += 1;
        match self.rest().chars().next() {
            Some('{') => {
                self.at += 1;
                self.braced(start)
            }
            Some(c) if c.is_ascii_digit() => {
                self.word("");
                // Only digits belong to it.
                let digits = self.text[start + 1..]
                    .bytes()
                    .take_while(u8::is_ascii_digit)
                    .count();
                self.at = start + 1 + digits;
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() => {
                if self.header() {
                    return Ok(());
                }
                let name = self.word("");
                self.variable(start, name)
            }
            _ => Err(Some(self.fault(
                "faulty-expansion",
                start,
                "no letter, digit or `{` follows this `$`, so the expansion fails".to_owned(),
            ))),
        }
    }

    /// Passes over `h_name:` and the like.
    fn header(&mut self) -> bool {
        let rest = self.rest();
        let bare = rest.trim_start_matches(['r', 'b', 'l']);
        let prefix = ["h_", "header_"]
            .iter()
            .find(|word| bare.starts_with(**word) && rest.len() - bare.len() <= 1);
        let Some(prefix) = prefix else { return false };
        let name = &bare[prefix.len()..];
        let end = name
            .find(|c: char| c == ':' || !c.is_ascii_graphic())
            .unwrap_or(name.len());
        self.at += rest.len() - name.len() + end;
        self.takes(':');
        true
    }

    fn variable(&self, start: usize, name: &str) -> Scan {
        let numbered = |prefix: &str| {
            name.strip_prefix(prefix).is_some_and(|digits| {
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
            })
        };
        let acl = name
            .strip_prefix("acl_c")
            .or_else(|| name.strip_prefix("acl_m"))
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '_'));
        let free = acl
            || name.starts_with("r_") && self.version.is_at_least(&[4, 93])
            || numbered("auth")
            || numbered("acl_arg")
            || numbered("regex");
        if free || catalogue::word("variable", name, self.version) {
            return Ok(());
        }
        Err(Some(self.unknown("variable", start, name)))
    }

    /// What stands behind `${`.
    fn braced(&mut self, start: usize) -> Scan {
        let brace = self.at - 1;
        self.blanks();
        if self.header() {
            self.blanks();
            return self.close(brace);
        }
        let begin = self.at;
        let name = self.word("-");
        if name.is_empty() {
            return Err(Some(self.fault(
                "faulty-expansion",
                start,
                "no name follows this `${`, so the expansion fails".to_owned(),
            )));
        }
        if self.rest().starts_with(':') {
            let known = catalogue::word("operator", name, self.version)
                || name.split_once('_').is_some_and(|(plain, _)| {
                    plain == "quote" || catalogue::word("operator", plain, self.version)
                });
            if !known {
                return Err(Some(self.unknown("operator", begin, name)));
            }
            self.at += 1;
            self.string(true)?;
            return self.close(brace);
        }
        self.blanks();
        if self.rest().starts_with('}') {
            if name.bytes().all(|b| b.is_ascii_digit()) {
                self.at += 1;
                return Ok(());
            }
            if !catalogue::word("item", name, self.version) {
                self.variable(begin, name)?;
            }
            self.at += 1;
            return Ok(());
        }
        if self.rest().is_empty() {
            return Err(Some(self.unclosed(brace)));
        }
        if !catalogue::word("item", name, self.version) {
            return Err(Some(self.unknown("item", begin, name)));
        }
        if name == "if" {
            self.condition()?;
        }
        let mut groups = 0;
        loop {
            self.blanks();
            match self.rest().chars().next() {
                None => return Err(Some(self.unclosed(brace))),
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('{') => {
                    groups += 1;
                    let open = self.at;
                    self.at += 1;
                    if name == "filter" && groups == 2 {
                        self.condition()?;
                        self.blanks();
                    } else {
                        self.string(true)?;
                    }
                    self.close(open)?;
                }
                // A word, such as `fail` or the type of a lookup.
                Some(_) => {
                    let (start, rest) = (self.at, self.rest());
                    let end = rest.find(['{', '}']).unwrap_or(rest.len());
                    self.at += end;
                    if name == "if" && rest[..end].trim_matches(is_white) != "fail" {
                        return Err(Some(self.fault(
                            "faulty-expansion",
                            start,
                            "`{` or `fail` is expected here, so this expansion fails".to_owned(),
                        )));
                    }
                }
            }
        }
    }

    fn close(&mut self, open: usize) -> Scan {
        if self.takes('}') {
            return Ok(());
        }
        if self.rest().is_empty() {
            return Err(Some(self.unclosed(open)));
        }
        let start = self.at;
        let next = self.rest().chars().next().map_or(1, char::len_utf8);
        self.at += next;
        let fault = self.fault(
            "faulty-expansion",
            start,
            "`}` is expected here, so this expansion fails".to_owned(),
        );
        Err(Some(fault))
    }

    /// A group in braces.
    fn group(&mut self, scan: fn(&mut Self) -> Scan) -> Scan {
        self.blanks();
        let open = self.at;
        if !self.takes('{') {
            return Err(Some(self.fault(
                "faulty-expansion",
                open,
                "`{` is expected here, so this expansion fails".to_owned(),
            )));
        }
        scan(self)?;
        self.blanks();
        self.close(open)
    }

    fn text_group(&mut self) -> Scan {
        self.group(|scanner| scanner.string(true))
    }

    /// Groups in a group.
    fn groups(&mut self, scan: fn(&mut Self) -> Scan) -> Scan {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(None);
        }
        loop {
            self.blanks();
            if !self.rest().starts_with('{') {
                self.depth -= 1;
                return Ok(());
            }
            self.group(scan)?;
        }
    }

    fn condition(&mut self) -> Scan {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(None);
        }
        loop {
            self.blanks();
            if !self.takes('!') {
                break;
            }
        }
        let start = self.at;
        let name = if self.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.word("")
        } else {
            let rest = self.rest();
            let end = rest.find(|c| !"<=>".contains(c)).unwrap_or(rest.len());
            self.at += end.min(2);
            &rest[..end.min(2)]
        };
        if name == "def" && self.takes(':') {
            let begin = self.at;
            if !self.header() {
                let name = self.word("");
                self.variable(begin, name)?;
            }
            self.depth -= 1;
            return Ok(());
        }
        if !catalogue::word("condition", name, self.version) {
            return Err(Some(self.unknown("condition", start, name)));
        }
        match name {
            "first_delivery" | "queue_running" => {}
            "and" | "or" => self.group(|scanner| scanner.groups(Self::condition))?,
            "acl" | "saslauthd" => {
                self.group(|scanner| scanner.groups(|scanner| scanner.string(true)))?;
            }
            "forany" | "forall" | "forany_json" | "forany_jsons" | "forall_json"
            | "forall_jsons" => {
                self.text_group()?;
                self.group(Self::condition)?;
            }
            "bool" | "bool_lax" | "exists" | "isip" | "isip4" | "isip6" | "ldapauth" | "pam"
            | "pwcheck" | "radius" => self.text_group()?,
            _ => {
                self.text_group()?;
                self.text_group()?;
            }
        }
        self.depth -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Option<&'static str> {
        check(text, Version::new(&[4, 96])).map(|fault| fault.rule)
    }

    #[test]
    fn what_expands_is_left_alone() {
        for good in [
            "plain } text \\N$ ${\\N \\$",
            "$local_part@$domain ${local_part} $1 ${1} $acl_m_x $auth1",
            "$h_subject: ${h_from:} $rheader_to: $bh_x",
            "${lc:${domain:$sender_address}} ${hash_3_5:x} ${quote_mysql:$domain} ${substr_-1_2:x}",
            "${if eq{a}{b} {c} {d}} ${if def:h_x {a}{b}} ${if !def:acl_c0{a}fail}",
            "${if and{{>{1}{2}}{!or{{match{a}{\\N^a$\\N}}{bool{true}}}}}{a}}",
            "${if forany{a:b}{eq{$item}{a}}}",
            "${lookup{$domain}partial-lsearch*@{/etc/x}{$value}fail}",
            "${lookup mysql{select x from y}{$value}}",
            "${filter{a:b}{!eq{$item}{a}}} ${map{a}{$item}} ${reduce{a}{0}{$item}}",
            "${run{/bin/true}{a}{b}} ${extract{1}{:}{a:b}} ${if isip{$sender_host_address}}",
            "${if acl{{name}{arg}}} ${if first_delivery{a}{b}}",
        ] {
            assert_eq!(check(good, Version::new(&[4, 96])), None, "{good}");
        }
    }

    #[test]
    fn what_fails_is_named() {
        for (bad, wanted) in [
            ("a$", "faulty-expansion"),
            ("a $ b", "faulty-expansion"),
            ("${}", "faulty-expansion"),
            ("a\\", "faulty-expansion"),
            ("$nonsense", "unknown-expansion"),
            ("${nonsense}", "unknown-expansion"),
            ("${nonsense:a}", "unknown-expansion"),
            ("${nonsense{a}}", "unknown-expansion"),
            ("${if nonsense{a}{b}}", "unknown-expansion"),
            ("${if eq{a}{b}{c}", "faulty-expansion"),
            ("${lc:a", "faulty-expansion"),
            ("${if eq{a} {c}", "faulty-expansion"),
            ("${if eq a}", "faulty-expansion"),
            ("${xtextd:a}", "unknown-expansion"),
            ("$acl_mx", "unknown-expansion"),
            ("${if eq{a}{b}{1}0}", "faulty-expansion"),
        ] {
            assert_eq!(rule(bad), Some(wanted), "{bad}");
        }
        assert_eq!(rule(&"${lc:".repeat(100_000)), None);
    }
}
