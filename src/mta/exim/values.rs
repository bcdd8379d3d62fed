//! Reading the value of an option by its type, and printing it as the daemon's own tool does. Must
//! not know where options stand.

use std::fmt::Write;

use super::macros::is_white;
use super::numbers::{
    Fault, fixed, integer, kilobytes, not_a_time, octal, scaled, seconds, time, times,
};
use super::quoted::unquoted;
use super::rules::rewrite;

/// Whether an option of this type takes `no_` before its name.
pub(crate) fn is_boolean(kind: &str) -> bool {
    matches!(kind, "bool" | "bool_verify" | "expand_bool")
}

/// The value of an option of the type `kind`, from what stands behind its name.
///
/// # Errors
/// Why the daemon refuses it.
pub(crate) fn read(kind: &str, negated: bool, rest: &str) -> Result<String, Fault> {
    let faulty = |message: String| Err(("faulty-value", message));
    if is_boolean(kind) {
        if rest.is_empty() {
            return Ok((!negated).to_string());
        }
    } else {
        if negated {
            return Err((
                "stray-negation",
                "is no boolean option, so `no_` cannot stand before it".to_owned(),
            ));
        }
        if rest.is_empty() {
            return Err(("missing-value", "has no value".to_owned()));
        }
    }
    let value = match rest.strip_prefix('=') {
        Some(value) if !(negated && is_boolean(kind)) => value.trim_start_matches(is_white),
        _ if is_boolean(kind) => {
            return Err((
                "trailing-text",
                format!("is a boolean option, and `{rest}` stands behind it"),
            ));
        }
        _ => {
            return Err((
                "missing-equals",
                format!("has no `=` behind its name, but `{rest}`"),
            ));
        }
    };
    match kind {
        "bool" | "bool_verify" | "expand_bool" => boolean(value, kind == "expand_bool"),
        "int" => integer(value).map(|number| number.to_string()),
        "mkint" => integer(value).map(|number| scaled(number, &["K", "M"])),
        "Kint" => kilobytes(value),
        "octint" => octal(value),
        "fixed" => fixed(value),
        "func" if value.contains('$') => string(value),
        "time" | "func" => match seconds(value) {
            Some(seconds) => Ok(time(seconds)),
            None => faulty(not_a_time(value)),
        },
        "timelist" => times(value),
        "uidlist" | "gidlist" => {
            let value = string(value)?;
            // The daemon makes room for one item more than there are colons, whatever separates
            // the items; what does not fit is lost.
            let room = value.matches(':').count() + 1;
            let mut items = items(&value, ':');
            items.truncate(room);
            Ok(items.join(":"))
        }
        "uid" | "gid" | "expand_uid" | "expand_gid" => {
            let value = string(value)?;
            if value.is_empty() {
                return faulty("names nobody".to_owned());
            }
            Ok(value)
        }
        "rewrite" => {
            let value = string(value)?;
            for rule in items(&value, ':') {
                rewrite(&rule, true).map_err(|message| ("faulty-value", message))?;
            }
            Ok(value)
        }
        _ => string(value),
    }
}

fn boolean(value: &str, expands: bool) -> Result<String, Fault> {
    let length = value
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let (word, rest) = value.split_at(length);
    let known = match word.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some("true"),
        "false" | "no" => Some("false"),
        _ => None,
    };
    let rest = rest.trim_start_matches(is_white);
    match known {
        Some(known) if rest.is_empty() => Ok(known.to_owned()),
        Some(_) => Err((
            "trailing-text",
            format!("is a boolean option, and `{rest}` stands behind its value"),
        )),
        None if expands && value.contains('$') => string(value),
        None => Err((
            "faulty-value",
            format!("is boolean: `true`, `yes`, `false` or `no`, not `{value}`"),
        )),
    }
}

/// A string: to the end of the line, or between quotes.
pub(crate) fn string(value: &str) -> Result<String, Fault> {
    if !value.starts_with('"') {
        return Ok(value.to_owned());
    }
    let (text, rest, closed) = unquoted(value);
    if !closed {
        return Err((
            "missing-quote",
            "begins with a quote that nothing closes".to_owned(),
        ));
    }
    if !rest.is_empty() {
        return Err((
            "trailing-text",
            format!("ends at its second quote, and `{rest}` stands behind that"),
        ));
    }
    Ok(text)
}

/// The items of a list that is split when the file is read, with this separator where the list
/// does not name its own.
pub(crate) fn items(list: &str, separator: char) -> Vec<String> {
    let mut rest = list.trim_start_matches(is_white);
    let mut separator = separator;
    if let Some(change) = rest.strip_prefix('<')
        && let Some(c) = change.chars().next()
        && (c.is_ascii_punctuation() || c.is_ascii_control())
    {
        separator = c;
        rest = change[c.len_utf8()..].trim_start_matches(|c| is_white(c) && c != separator);
    }
    let doubles = !separator.is_ascii_control();
    let mut items = Vec::new();
    while !rest.is_empty() {
        rest = rest.trim_start_matches(|c| is_white(c) && c != separator);
        let mut item = String::new();
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            if c == separator {
                if doubles && chars.peek().is_some_and(|(_, next)| *next == separator) {
                    chars.next();
                } else {
                    end = at + c.len_utf8();
                    break;
                }
            }
            item.push(c);
        }
        rest = &rest[end..];
        items.push(item.trim_end_matches(is_white).to_owned());
    }
    items
}

/// A value of an option that may be set more than once, after one more `value`.
pub(crate) fn added(name: &str, before: Option<&str>, value: &str) -> String {
    let separator = match name {
        "condition" => {
            return match before {
                None => value.to_owned(),
                Some(before) => {
                    format!("${{if and{{{{bool_lax{{{before}}}}}{{bool_lax{{{value}}}}}}}}}")
                }
            };
        }
        "headers_add" => '\n',
        "set" => ';',
        _ => ':',
    };
    let mut list = before.unwrap_or_default().to_owned();
    for item in items(value, separator) {
        if !list.is_empty() {
            list.push(separator);
        }
        let doubled = format!("{separator}{separator}");
        list.push_str(&item.replace(separator, &doubled));
    }
    list
}

/// A value in one line: control characters as escapes.
pub(crate) fn printed(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{b}' => text.push_str("\\v"),
            '\u{c}' => text.push_str("\\f"),
            c if c.is_ascii_control() => {
                let _ = write!(text, "\\{:03o}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_the_daemon_prints_them() {
        for (kind, rest, wanted) in [
            ("bool", "", "true"),
            ("bool", "= No", "false"),
            ("expand_bool", "= ${x}", "${x}"),
            ("int", "= 010", "8"),
            ("int", "= 0x10", "16"),
            ("int", "= 2K", "2048"),
            ("mkint", "= 3000", "3000"),
            ("mkint", "=50M", "50M"),
            ("mkint", "=2048", "2K"),
            ("Kint", "= 2048", "2M"),
            ("Kint", "= 1G", "1G"),
            ("octint", "= 660", "0660"),
            ("octint", "= 0", "0"),
            ("fixed", "= 5.250", "5.25"),
            ("fixed", "= 5", "5.0"),
            ("time", "= 90061s", "1d1h1m1s"),
            ("time", "= 0s", "0s"),
            ("timelist", "= 1h : 2h", "1h:2h"),
            ("uidlist", "= root : mail", "root:mail"),
            ("uidlist", "= <; root ; mail", "root"),
            ("stringptr", "= a b # c", "a b # c"),
            ("stringptr", "= \"a\\tb\\x41\\101\"", "a\tbAA"),
            ("stringptr", "=", ""),
        ] {
            assert_eq!(
                read(kind, false, rest).as_deref(),
                Ok(wanted),
                "{kind} {rest}"
            );
        }
        for (kind, negated, rest) in [
            ("bool", true, "= yes"),
            ("bool", false, "= on"),
            ("bool", false, "# yes"),
            ("int", false, "= ten"),
            ("int", false, "= 1x"),
            ("int", false, "= 9999999999"),
            ("int", true, ""),
            ("octint", false, "= 900"),
            ("time", false, "= 300"),
            ("time", false, "= 1h 2m"),
            ("timelist", false, "= 2h:1h"),
            ("stringptr", false, ""),
            ("stringptr", false, "x"),
            ("stringptr", false, "= \"a"),
            ("stringptr", false, "= \"a\" b"),
        ] {
            assert!(read(kind, negated, rest).is_err(), "{kind} {rest}");
        }
    }

    #[test]
    fn lists_are_split_and_joined() {
        assert_eq!(items("<; a ; b;; c;", ':'), ["a", "b; c"]);
        assert_eq!(items("a : : b::c", ':'), ["a", "", "b:c"]);
        assert_eq!(added("headers_remove", Some("a:b"), "c : d"), "a:b:c:d");
        assert_eq!(added("headers_add", None, "X: y"), "X: y");
        assert_eq!(
            added("condition", Some("1"), "2"),
            "${if and{{bool_lax{1}}{bool_lax{2}}}}"
        );
    }
}
