//! The answers of Debian's update-exim4.conf.conf, and the macros that they become. Must not know
//! the parts of the configuration.

use std::path::Path;
use std::sync::Arc;

use crate::mta::config::{Gap, World};
use crate::text::{Place, Source, Span};

/// The answers: what the shell would assign.
#[derive(Debug, Default)]
pub(crate) struct Answers(Vec<(String, String, Place)>);

impl Answers {
    /// Reads the file.
    pub fn read(source: &Arc<Source>, gaps: &mut Vec<Gap>) -> Self {
        let mut answers = Self::default();
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let place = Place::new(source, Span::new(start, start + line.trim_end().len()));
            start += line.len();
            let Some((name, value)) = line.trim().split_once('=') else {
                continue;
            };
            let is_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_name {
                continue;
            }
            match unquoted(value) {
                Some(value) => answers.0.push((name.to_owned(), value, place)),
                None => gaps.push(Gap {
                    place: Some(place),
                    reason: format!("What the shell makes of `{name}` is not known here."),
                }),
            }
        }
        answers
    }

    fn found(&self, name: &str) -> Option<&(String, String, Place)> {
        self.0.iter().rev().find(|(known, _, _)| known == name)
    }

    /// The answer of this name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.found(name).map_or("", |(_, value, _)| value)
    }

    /// A list, with its separator named where it is no colon.
    fn list(&self, name: &str) -> String {
        let list = self.get(name).to_lowercase();
        if list.contains(';') && !list.starts_with('<') {
            format!("<; {list}")
        } else {
            list
        }
    }

    fn networks(&self) -> String {
        let networks = self.list("dc_relay_nets");
        if networks.starts_with("<;") {
            format!("{networks} ; 127.0.0.1 ; ::1")
        } else {
            format!("{networks} : 127.0.0.1 : ::::1")
        }
    }

    fn domains(&self) -> String {
        let names = self.get("dc_other_hostnames").to_lowercase();
        let domains = format!("@:localhost:{}", words(&names));
        domains.trim_end_matches([';', ':', ' ']).replace(';', ":")
    }

    /// The lines that define the macros, each at the answer that it comes from.
    pub fn macros(&self, world: &World<'_>, gaps: &mut Vec<Gap>) -> Vec<(String, Place)> {
        let lower = |name: &str| self.get(name).to_lowercase();
        let kind = lower("dc_eximconfig_configtype");
        if !["satellite", "smarthost", "local", "internet"].contains(&kind.as_str()) {
            return Vec::new();
        }
        let hides = lower("dc_hide_mailname") == "true"
            && !self.get("dc_readhost").is_empty()
            && ["satellite", "smarthost"].contains(&kind.as_str());
        let mut made: Vec<(&str, String, &str)> = Vec::new();
        if !self.get("dc_local_interfaces").is_empty() {
            made.push((
                "MAIN_LOCAL_INTERFACES",
                self.list("dc_local_interfaces"),
                "dc_local_interfaces",
            ));
        }
        if self.get("dc_minimaldns") == "true" {
            made.push(("DC_minimaldns", "1".to_owned(), "dc_minimaldns"));
            let place = self
                .found("dc_minimaldns")
                .map(|(_, _, place)| place.clone());
            gaps.push(Gap {
                place,
                reason: "The host's own name is taken from the machine.".to_owned(),
            });
        }
        if hides {
            made.push(("HIDE_MAILNAME", "1".to_owned(), "dc_hide_mailname"));
        }
        made.push((
            "MAIN_PACKAGE_VERSION",
            world.version.to_string(),
            "dc_eximconfig_configtype",
        ));
        made.push(("MAIN_LOCAL_DOMAINS", self.domains(), "dc_other_hostnames"));
        made.push((
            "MAIN_RELAY_TO_DOMAINS",
            self.list("dc_relay_domains"),
            "dc_relay_domains",
        ));
        match world.files.read("/etc/mailname", Path::new("/")) {
            Ok(name) => {
                let name = name.text().lines().next().unwrap_or_default();
                let good = |c: &char| c.is_ascii_alphanumeric() || "-@.".contains(*c);
                let name: String = name.chars().take_while(good).collect();
                made.push(("ETC_MAILNAME", name.to_lowercase(), "dc_eximconfig_configtype"));
            }
            Err(reason) => gaps.push(Gap { place: None, reason: format!("`/etc/mailname` was not read: {reason}; `ETC_MAILNAME` stands for what it holds.") }),
        }
        made.push((
            "LOCAL_DELIVERY",
            Some(lower("dc_localdelivery"))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "mail_spool".to_owned()),
            "dc_localdelivery",
        ));
        made.push(("MAIN_RELAY_NETS", self.networks(), "dc_relay_nets"));
        made.push(("DCreadhost", lower("dc_readhost"), "dc_readhost"));
        made.push((
            "DCsmarthost",
            lower("dc_smarthost").replace(';', ":"),
            "dc_smarthost",
        ));
        made.push((
            "DC_eximconfig_configtype",
            kind.clone(),
            "dc_eximconfig_configtype",
        ));
        let marker = format!("DCconfig_{kind}");
        made.push((&marker, "1".to_owned(), "dc_eximconfig_configtype"));
        let own = self.0.iter().filter(|(name, _, _)| {
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name != "CFILEMODE"
        });
        for (name, value, _) in own {
            made.push((name, value.to_lowercase(), name));
        }
        let somewhere = self.0.first().map(|(_, _, place)| place.clone());
        let mut lines = Vec::new();
        for (name, value, answer) in made {
            let place = self.found(answer).map(|(_, _, place)| place.clone());
            let Some(place) = place.or_else(|| somewhere.clone()) else {
                continue;
            };
            lines.push((format!(".ifndef {name}\n"), place.clone()));
            lines.push((format!("{name}={}\n", words(&value)), place.clone()));
            lines.push((".endif\n".to_owned(), place));
        }
        lines
    }
}

/// Words with one blank between them, as the shell's `echo` prints them.
fn words(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the shell makes of the text behind `=`; `None` where it would run or look up something.
fn unquoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => value.push(c),
            (_, '$' | '`') => return None,
            (Some(_), '\\') => match chars.next() {
                Some(c @ ('$' | '`' | '"' | '\\')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => return None,
            },
            (None, '\'' | '"') => quote = Some(c),
            (None, '\\') => value.push(chars.next()?),
            (None, c) if c.is_ascii_whitespace() || c == ';' => break,
            (_, c) => value.push(c),
        }
    }
    quote.is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_read_as_far_as_it_is_plain() {
        for (text, wanted) in [
            ("'a b'", Some("a b")),
            ("\"a\\\"b\"'c'd # e", Some("a\"bcd")),
            ("", Some("")),
            ("$(x)", None),
            ("'a", None),
        ] {
            assert_eq!(unquoted(text).as_deref(), wanted, "{text}");
        }
    }
}
