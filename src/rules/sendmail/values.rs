//! Values of options that the daemon reads as something else. Must not know what the options are
//! for.

use crate::findings::{Finding, Severity};
use crate::mta::sendmail;
use crate::text::Place;

use sendmail::{Files, catalogue, instead, part};

/// Options whose value is words with blanks between them, of which a comma becomes a part.
const WORDS: &[&str] = &["AuthMechanisms"];

/// Options whose value is single letters, of which only the first of each word is read.
const LETTERS: &[(&str, &str)] = &[("AuthOptions", "AacdfmpyMP"), ("TLSSrvOptions", "CRSV")];

/// Switches, numbers and times.
pub fn misread_value(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for named in files.resolved.model.named(files.world.version) {
        let Some(row) = catalogue::options().get(&named.name) else {
            continue;
        };
        let (Some(place), Some(value)) = (&named.line.place, &named.line.value) else {
            continue;
        };
        let value = value.trim();
        if value.is_empty() || value.contains('$') {
            continue;
        }
        let kind = row.get("kind");
        let told = match kind {
            "bool" => switch(&named.name, value),
            "int" => number(&named.name, value),
            _ => kind
                .strip_prefix("time in ")
                .and_then(|unit| time(&named.name, value, unit)),
        };
        let Some((message, right)) = told else {
            continue;
        };
        let finding = files.say(
            Severity::Warning,
            "misread-value",
            Some(&part(place, value)),
            message,
        );
        let edits = instead(place, value, &right);
        found.push(if right.is_empty() || edits.is_empty() {
            finding.help("write what is meant in the form that the daemon reads")
        } else {
            finding.help(format!("write `{right}`")).unsafe_fix(edits)
        });
    }
    found
}

type Told = Option<(String, String)>;

fn switch(name: &str, value: &str) -> Told {
    let first = value.chars().next()?;
    if "tTyYfFnN".contains(first) {
        return None;
    }
    let meant = matches!(
        value.to_ascii_lowercase().as_str(),
        "1" | "on" | "enable" | "enabled"
    );
    let right = if meant { "True" } else { "" };
    // What looks like "no" is read as it was meant.
    let is_off = matches!(
        value.to_ascii_lowercase().as_str(),
        "0" | "off" | "disable" | "disabled"
    );
    (!is_off).then(|| {
        (
            format!("`{value}` switches `{name}` off: only what begins with `t` or `y` is on"),
            right.to_owned(),
        )
    })
}

fn number(name: &str, value: &str) -> Told {
    let sign = value.strip_prefix(['-', '+']).unwrap_or(value);
    let digits: String = sign.chars().take_while(char::is_ascii_digit).collect();
    // Bases that strtol knows are read whole.
    if digits.len() == sign.len() || sign.starts_with("0x") {
        return None;
    }
    let read = if digits.is_empty() { "0" } else { &digits };
    let factor = match sign[digits.len()..].to_ascii_lowercase().as_str() {
        "k" | "kb" => 1024,
        "m" | "mb" => 1024 * 1024,
        "g" | "gb" => 1024 * 1024 * 1024,
        _ => 0_u64,
    };
    let right = digits
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor));
    let right = right.filter(|right| *right > 0);
    Some((
        format!("`{name}` is {read}: the daemon reads digits and stops at what is none"),
        right.map_or_else(String::new, |right| right.to_string()),
    ))
}

fn time(name: &str, value: &str, unit: &str) -> Told {
    // queuewarn and queuereturn have larger ones of their own.
    let unit = match name {
        _ if name.starts_with("Timeout.queuewarn") => "h",
        _ if name.starts_with("Timeout.queuereturn") => "d",
        _ => unit,
    };
    let (word, plain) = match unit {
        "s" => ("seconds", "s"),
        "h" => ("hours", "h"),
        "d" => ("days", "d"),
        _ => ("minutes", "m"),
    };
    let digits = value.chars().all(|c| c.is_ascii_digit());
    let number: u64 = value.parse().unwrap_or(0);
    if digits {
        // Small numbers are as they are meant; 300 of something other than seconds is not.
        let most = match plain {
            "s" => return None,
            "m" => 60,
            "h" => 72,
            _ => 14,
        };
        return (number > most).then(|| {
            (
                format!(
                    "`{name}` is {number} {word}: a number without a unit is not read as seconds"
                ),
                format!("{number}s"),
            )
        });
    }
    let is_whole = value
        .chars()
        .all(|c| c.is_ascii_digit() || "smhdw".contains(c.to_ascii_lowercase()))
        && value.starts_with(|c: char| c.is_ascii_digit());
    let is_word = ["now", "none", "infinite"].contains(&value) || value.contains('/');
    (!is_whole && !is_word).then(|| {
        (
            format!(
                "`{value}` is no time: the daemon reads numbers with `s`, `m`, `h`, `d` or `w`"
            ),
            String::new(),
        )
    })
}

/// Commas in lists of words.
pub fn comma_in_words(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |place: &Place, value: &str, message: String| {
        let words: Vec<&str> = value
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .collect();
        let right = words.join(" ");
        found.push(
            files
                .say(
                    Severity::Error,
                    "comma-in-words",
                    Some(&part(place, value)),
                    message,
                )
                .help(format!("write `{right}`"))
                .unsafe_fix(instead(place, value, &right)),
        );
    };
    for name in WORDS {
        if let Some(line) = files.option(name)
            && let (Some(place), Some(value)) = (&line.place, &line.value)
            && value.contains(',')
        {
            let left: Vec<&str> = value
                .split_whitespace()
                .filter(|word| !word.contains(','))
                .collect();
            let rest = if left.is_empty() {
                "none of them is offered and nobody can log in".to_owned()
            } else {
                format!("only `{}` is offered", left.join(" "))
            };
            say(
                place,
                value,
                format!(
                    "the words of `{name}` stand with blanks between them; with the comma {rest}"
                ),
            );
        }
    }
    let classes = files.resolved.model.classes.iter();
    for line in classes.filter(|line| line.name == "TrustAuthMech") {
        if let (Some(place), Some(value)) = (&line.place, &line.value)
            && value.contains(',')
        {
            let message =
                "the comma becomes part of the word: who logs in by that mechanism may not relay";
            say(place, value, message.to_owned());
        }
    }
    found
}

/// Several letters in a word of which one is read.
pub fn run_of_letters(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, letters) in LETTERS {
        let Some(line) = files.option(name) else {
            continue;
        };
        let (Some(place), Some(value)) = (&line.place, &line.value) else {
            continue;
        };
        for word in value.split([' ', ',']).filter(|word| word.len() > 1) {
            if !word.chars().all(|c| letters.contains(c)) {
                continue;
            }
            let right: Vec<String> = word.chars().map(String::from).collect();
            let right = right.join(" ");
            let message = format!(
                "of `{word}` the daemon reads `{}` alone: each letter of `{name}` is a word of its own",
                &word[..1]
            );
            found.push(
                files
                    .say(
                        Severity::Error,
                        "run-of-letters",
                        Some(&part(place, word)),
                        message,
                    )
                    .help(format!("write `{right}`"))
                    .unsafe_fix(instead(place, word, &right)),
            );
        }
    }
    for entry in files.table("access").unwrap_or_default() {
        if entry.tagged().0 != "srv_features" {
            continue;
        }
        let is_run = |word: &&str| {
            word.len() > 1
                && word.chars().all(|c| c.is_ascii_alphabetic())
                && !word.eq_ignore_ascii_case("temp")
        };
        if let Some(word) = entry.value.split_whitespace().find(is_run) {
            let right: Vec<String> = word.chars().map(String::from).collect();
            let right = right.join(" ");
            let read = if files.world.version.is_at_least(&[8, 18]) {
                "nothing of"
            } else {
                "only the first letter of"
            };
            let message =
                format!("the daemon reads {read} `{word}`: each letter is a word of its own");
            found.push(
                files
                    .say(
                        Severity::Error,
                        "run-of-letters",
                        Some(&part(&entry.value_place, word)),
                        message,
                    )
                    .help(format!("write `{right}`"))
                    .unsafe_fix(instead(&entry.value_place, word, &right)),
            );
        }
    }
    found
}

/// A `#` in a value, which begins a remark in sendmail.cf.
pub fn hash_in_value(files: &Files<'_>) -> Vec<Finding> {
    let Some(reading) = &files.resolved.reading else {
        return Vec::new();
    };
    let conf = reading.defined.iter().filter(|(name, _)| {
        let row = catalogue::macros().get(name);
        row.is_some_and(|row| !row.get("option").is_empty())
    });
    let found = conf.filter_map(|(name, defined)| {
        let at = defined.value.find(" #")?;
        let rest = &defined.value[at + 1..];
        // `$#` and the like are m4's, not the remark's.
        let message = format!("`#` begins a remark in sendmail.cf: `{name}` ends before it");
        Some(
            files
                .say(
                    Severity::Warning,
                    "hash-in-value",
                    Some(&part(&defined.place, rest)),
                    message,
                )
                .help("write `\\#`, or do without"),
        )
    });
    found.collect()
}
