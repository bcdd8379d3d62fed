//! Values that are of another type than their parameter. Must not know what a value decides.

use crate::catalogue::nearest;
use crate::findings::{Finding, Severity};
use crate::mta::Version;
use crate::mta::postfix::{Files, Parameter, Set, is_white, program_of};
use crate::text::{Edit, Place};

/// What is wrong with a value: why, what to write, and the value that was most likely meant.
struct Fault {
    severity: Severity,
    why: String,
    help: String,
    meant: Option<String>,
}

impl Fault {
    fn new(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            why: why.into(),
            help: help.into(),
            meant: None,
        }
    }

    fn meant(mut self, text: Option<String>) -> Self {
        self.meant = text;
        self
    }
}

/// Values that kill the program that asks for them.
pub fn bad_value(files: &Files<'_>) -> Vec<Finding> {
    let sets = files.sets();
    sets.iter().filter_map(|set| judge(files, set)).collect()
}

fn judge(files: &Files<'_>, set: &Set<'_>) -> Option<Finding> {
    let known = files.dictionary.parameter(set.name)?;
    // A program that does not ask for it does not die of it.
    let by = known.used_by();
    let is_asked = !by.is_empty()
        && set.service.is_none_or(|service| {
            by.contains("ALL") || by.split(',').any(|program| program == program_of(service))
        });
    let text = files.text(set.name, set.service).filter(|_| is_asked)?;
    let fault = fault(known, &text, files.dictionary.version)?;
    if set.name == "smtpd_tls_security_level"
        && files.is("smtpd_tls_wrappermode", "yes", set.service)
    {
        return None;
    }
    let place = Place::new(
        set.source,
        if set.value.text.is_empty() {
            set.span
        } else {
            set.value.place()
        },
    );
    let told = format!("`{} = {text}`: {}", set.name, fault.why);
    let finding = files.finding(fault.severity, "bad-value", Some(place.clone()), told);
    let finding = finding.help(fault.help);
    Some(match fault.meant.filter(|_| set.value.text == text) {
        Some(text) => finding.unsafe_fix(vec![Edit { place, text }]),
        None => finding,
    })
}

fn fault(known: Parameter, text: &str, version: Version) -> Option<Fault> {
    if let Some(fault) = special(known.name(), text, version) {
        return Some(fault);
    }
    match known.kind() {
        "bool" | "nbool" => boolean(text),
        "int" | "nint" | "long" => number(known, text),
        "time" => time(known, text),
        // What is empty by itself is asked for by no program that is not otherwise set up for it.
        _ if text.is_empty()
            && known.least() >= Some(1)
            && known.facts(version).default.as_deref() != Some("") =>
        {
            Some(Fault::new(
                "it must not be empty: every program that asks for it dies",
                "write a value, or take the setting out",
            ))
        }
        _ if text.is_empty() => None,
        _ => words(known, text),
    }
}

fn boolean(text: &str) -> Option<Fault> {
    let lower = text.to_ascii_lowercase();
    let meant = match lower.as_str() {
        "yes" | "no" => return None,
        "true" | "on" | "1" | "y" | "enable" | "enabled" => Some("yes"),
        "false" | "off" | "0" | "n" | "disable" | "disabled" => Some("no"),
        _ => None,
    };
    let fault = Fault::new(
        "this is neither `yes` nor `no`, the only words here: every program that \
             asks for it dies",
        "write `yes` or `no`",
    );
    Some(fault.meant(meant.map(str::to_owned)))
}

fn number(known: Parameter, text: &str) -> Option<Fault> {
    let Ok(number) = text.parse::<i64>() else {
        let help = "write the digits alone, without a unit";
        let why = "this is no number: every program that asks for it dies";
        let unit = text.trim_end_matches(['b', 'B', 'i']);
        let factor = match unit.chars().last() {
            Some('k' | 'K') => 1 << 10,
            Some('m' | 'M') => 1 << 20,
            Some('g' | 'G') => 1_u64 << 30,
            _ => 0,
        };
        let front = unit.get(..unit.len().saturating_sub(1)).unwrap_or_default();
        let front = front.trim_end().parse::<u64>().ok();
        let meant = front.and_then(|number| number.checked_mul(factor));
        let meant = meant.filter(|_| factor > 0);
        return Some(Fault::new(why, help).meant(meant.map(|number| number.to_string())));
    };
    let outside = |bound: Option<i64>, is_out: fn(i64, i64) -> bool| {
        bound.filter(|bound| is_out(number, *bound))
    };
    let (word, bound) = outside(known.least(), |number, least| number < least)
        .map(|least| ("less", least))
        .or_else(|| {
            outside(known.most(), |number, most| number > most).map(|most| ("more", most))
        })?;
    let why = format!("this is {word} than {bound}: every program that asks for it dies");
    Some(Fault::new(
        why,
        format!("write {bound}, or take the setting out"),
    ))
}

/// The seconds of a time, and what stands behind its unit, as `conv_time.c` reads it.
fn seconds<'t>(text: &'t str, unit: &str) -> Option<(i64, &'t str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let unit = if rest.is_empty() {
        unit
    } else {
        rest.get(..1)?
    };
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some((
        number.checked_mul(factor)?,
        rest.get(1..).unwrap_or_default(),
    ))
}

fn time(known: Parameter, text: &str) -> Option<Fault> {
    let help = "write digits and one of the letters s, m, h, d and w, as in `90s`";
    let Some((seconds, _)) = seconds(text, known.unit()) else {
        let squeezed: String = text.split_whitespace().collect::<String>().to_lowercase();
        let is_time =
            self::seconds(&squeezed, known.unit()).is_some_and(|(_, rest)| rest.is_empty());
        let why = "this is no time: every program that asks for it dies";
        return Some(Fault::new(why, help).meant(is_time.then_some(squeezed)));
    };
    let least = known.least().filter(|least| seconds < *least)?;
    let why = format!("this is less than {least}s: every program that asks for it dies");
    Some(Fault::new(why, help))
}

fn words(known: Parameter, text: &str) -> Option<Fault> {
    let words: Vec<&str> = known.words().collect();
    if words.is_empty() {
        return None;
    }
    let has = |text: &str| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let splits = |c: char| is_white(c) || c == ',' && known.is_many();
    let wrong = if known.is_many() {
        text.split(splits)
            .find(|word| !word.is_empty() && !has(word) && !word.starts_with("0x"))
    } else {
        Some(text).filter(|text| !has(text))
    }?;
    let stays = ["verify", "secure", "fingerprint"].contains(&wrong);
    if known.name().ends_with("tls_security_level") && stays {
        let why = format!("`{wrong}` is for clients: smtpd logs a warning and takes `encrypt`");
        let mut fault = Fault::new(
            why,
            "write `encrypt`, and `smtpd_tls_req_ccert = yes` if clients must show \
             certificates",
        );
        fault.severity = Severity::Warning;
        return Some(fault);
    }
    let meant = nearest(&wrong.to_ascii_lowercase(), words.iter().copied());
    let why = format!(
        "`{wrong}` is none of its words, and the program that asks for it dies or \
             does not do it"
    );
    let help = format!(
        "write {}of {}",
        if known.is_many() { "some " } else { "one " },
        words.join(", ")
    );
    Some(Fault::new(why, help).meant(meant.filter(|_| wrong == text).map(str::to_owned)))
}

/// Parameters with a syntax of their own.
fn special(name: &str, text: &str, version: Version) -> Option<Fault> {
    let words: Vec<&str> = text
        .split(|c: char| is_white(c) || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    match name {
        "myorigin" if words.len() > 1 => Some(Fault::new(
            "it takes one domain: Postfix dies of several",
            "keep the domain that local senders belong to",
        )),
        "inet_interfaces" => {
            let whole = |word: &&str| {
                let lower = word.to_ascii_lowercase();
                lower == "all" || lower == "loopback-only"
            };
            let word = words.iter().copied().find(whole)?;
            let why = "these words stand alone and in lower case: Postfix looks them up as the \
             name of a host, and dies";
            (words.len() > 1 || word != word.to_ascii_lowercase()).then(|| {
                Fault::new(why, "write `all`, `loopback-only`, or addresses alone")
                    .meant(Some(word.to_ascii_lowercase()))
            })
        }
        "compatibility_level" => {
            let most = if version.is_at_least(&[3, 6]) { 3 } else { 1 };
            let numbers = text.split('.');
            let is_good = numbers.clone().count() <= most
                && numbers
                    .clone()
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
            let help = if most == 1 {
                "write `2`: versions came with Postfix 3.6"
            } else {
                "write a version of Postfix, as `3.6`"
            };
            (!is_good).then(|| {
                Fault::new("this is no compatibility level: every program dies", help)
                    .meant((most == 1 && text.starts_with("3.")).then(|| "2".to_owned()))
            })
        }
        _ if name.ends_with("_protocols") && name.contains("tls_") => protocols(text, version),
        _ => None,
    }
}

fn protocols(text: &str, version: Version) -> Option<Fault> {
    const NAMES: [&str; 6] = ["sslv2", "sslv3", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"];
    let bounds = version.is_at_least(&[3, 6]);
    let words = text
        .split(|c: char| is_white(c) || ",:".contains(c))
        .filter(|word| !word.is_empty());
    for word in words {
        let bound = word.strip_prefix(">=").or_else(|| word.strip_prefix("<="));
        let name = bound
            .unwrap_or_else(|| word.strip_prefix('!').unwrap_or(word))
            .to_ascii_lowercase();
        if bound.is_some() && !bounds {
            let why =
                format!("`{word}`: bounds came with Postfix 3.6, and {version} turns TLS off");
            return Some(
                Fault::new(
                    why,
                    "write what is left out, as `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`",
                )
                .meant(
                    (word == ">=TLSv1.2" && word == text)
                        .then(|| "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1".to_owned()),
                ),
            );
        }
        // A bound may be a number of OpenSSL's as well.
        let is_number = bound.is_some() && name.starts_with("0x");
        if !NAMES.contains(&name.as_str()) && !is_number {
            let why = format!("`{word}` is no protocol, and Postfix turns TLS off");
            return Some(Fault::new(
                why,
                "the names are SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3",
            ));
        }
    }
    None
}

/// Times of which only the first letter of the unit counts, and means something else.
pub fn misread_time(files: &Files<'_>) -> Vec<Finding> {
    const FULL: [&str; 20] = [
        "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h",
        "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week",
    ];
    let mut findings = Vec::new();
    for set in files.sets() {
        let Some(known) = files
            .dictionary
            .parameter(set.name)
            .filter(|known| known.kind() == "time")
        else {
            continue;
        };
        let Some(text) = files.text(set.name, set.service) else {
            continue;
        };
        let Some((number, rest)) =
            seconds(&text, known.unit()).filter(|(_, rest)| !rest.is_empty())
        else {
            continue;
        };
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        if FULL.contains(&unit.to_ascii_lowercase().as_str()) || unit.eq_ignore_ascii_case("weeks")
        {
            continue;
        }
        let read = &text[..text.len() - rest.len()];
        let message = format!(
            "`{} = {text}`: only the first letter of the unit counts, so this is \
             `{read}`, {number} seconds",
            set.name
        );
        let place = Place::new(set.source, set.value.place());
        findings.push(
            files
                .finding(Severity::Warning, "misread-time", Some(place), message)
                .help("the units are s, m (minutes), h, d and w, one letter each"),
        );
    }
    findings
}
