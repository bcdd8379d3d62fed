//! Numbers and times as the daemon reads and prints them. Must not know which option they are for.

use std::fmt::Write;

use super::macros::is_white;

/// What is wrong with a value: a rule's name, and the end of a sentence that begins with the option.
pub(crate) type Fault = (&'static str, String);

/// What is said of a text that is no time.
pub(crate) fn not_a_time(value: &str) -> String {
    format!(
        "takes a time such as `5m` or `1h30m`, each number with its unit, and `{value}` is none"
    )
}

/// A number as strtol(3) reads it, with a letter behind it that multiplies; and what is left.
fn number(text: &str, radix: Option<u32>) -> Option<(i128, &str)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, skip) = match radix {
        Some(radix) => (radix, 0),
        None if lower.starts_with("0x")
            && digits[2..].starts_with(|c: char| c.is_ascii_hexdigit()) =>
        {
            (16, 2)
        }
        None if lower.starts_with('0') => (8, 0),
        None => (10, 0),
    };
    let digits = &digits[skip..];
    let length = digits.chars().take_while(|c| c.is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let mut value: i128 = 0;
    for digit in digits[..length].chars() {
        let digit = i128::from(digit.to_digit(radix).unwrap_or(0));
        value = value
            .saturating_mul(i128::from(radix))
            .saturating_add(digit);
        value = value.min(i128::from(u64::MAX));
    }
    Some((if negative { -value } else { value }, &digits[length..]))
}

fn power(rest: &str, letters: &str) -> Option<(u32, usize)> {
    let letter = rest.chars().next()?.to_ascii_uppercase();
    let at = letters.find(letter)?;
    Some((u32::try_from(at).ok()? + 1, 1))
}

/// A whole number, with a letter that multiplies.
pub(crate) fn integer(value: &str) -> Result<i64, Fault> {
    let faulty = || {
        (
            "faulty-value",
            format!("takes a whole number, and `{value}` is none"),
        )
    };
    let (mut number, mut rest) = number(value, None).ok_or_else(faulty)?;
    if let Some((power, length)) = power(rest, "KMGT") {
        number = number.saturating_mul(1024_i128.pow(power));
        rest = &rest[length..];
    }
    if i32::try_from(number).is_err() {
        return Err((
            "faulty-value",
            format!("takes no number as large as `{value}`"),
        ));
    }
    if !rest.trim_start_matches(is_white).is_empty() {
        return Err((
            "trailing-text",
            format!("takes a whole number, and `{rest}` stands behind it"),
        ));
    }
    i64::try_from(number).map_err(|_| faulty())
}

/// A number with the largest of these letters that divides it.
pub(crate) fn scaled(mut number: i64, letters: &[&str]) -> String {
    let mut suffix = "";
    for letter in letters {
        if number == 0 || number % 1024 != 0 {
            break;
        }
        number /= 1024;
        suffix = letter;
    }
    format!("{number}{suffix}")
}

/// A size that is held in kilobytes.
pub(crate) fn kilobytes(value: &str) -> Result<String, Fault> {
    let faulty = || {
        (
            "faulty-value",
            format!("takes a size such as `10M`, and `{value}` is none"),
        )
    };
    let (mut number, mut rest) = number(value, None).ok_or_else(faulty)?;
    if let Some((power, length)) = power(rest, "KMGTPEZ") {
        number = number.saturating_mul(1024_i128.pow(power - 1));
        rest = &rest[length..];
    }
    if !rest.trim_start_matches(is_white).is_empty() {
        return Err(faulty());
    }
    let number = i64::try_from(number).map_err(|_| faulty())?;
    Ok(match number {
        0 => "0".to_owned(),
        n if n % (1 << 20) == 0 => format!("{}G", n >> 20),
        n if n % (1 << 10) == 0 => format!("{}M", n >> 10),
        n => format!("{n}K"),
    })
}

/// An octal number.
pub(crate) fn octal(value: &str) -> Result<String, Fault> {
    match number(value, Some(8)) {
        Some((number, rest)) if rest.trim_start_matches(is_white).is_empty() && number >= 0 => {
            Ok(if number == 0 {
                "0".to_owned()
            } else {
                format!("0{number:o}")
            })
        }
        _ => Err((
            "faulty-value",
            format!("takes an octal number such as `0660`, and `{value}` is none"),
        )),
    }
}

/// A number with up to three digits behind its point.
pub(crate) fn fixed(value: &str) -> Result<String, Fault> {
    let faulty = (
        "faulty-value",
        format!("takes a number such as `5` or `5.25`, and `{value}` is none"),
    );
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(faulty);
    }
    let Ok(whole) = whole.parse::<u32>() else {
        return Err(faulty);
    };
    // What is behind the third digit does not count.
    let part = part[..part.len().min(3)].trim_end_matches('0');
    Ok(format!(
        "{whole}.{}",
        if part.is_empty() { "0" } else { part }
    ))
}

/// A time in seconds: numbers, each with its unit.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..length)?.parse().ok()?;
        let unit = match rest.as_bytes().get(length)? {
            b'w' => 604_800,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[length + 1..];
    }
    Some(total)
}

/// A time as the daemon prints it.
pub(crate) fn time(mut seconds: u64) -> String {
    let mut text = String::new();
    for (unit, letter) in [
        (604_800, 'w'),
        (86_400, 'd'),
        (3_600, 'h'),
        (60, 'm'),
        (1, 's'),
    ] {
        if seconds >= unit {
            let _ = write!(text, "{}{letter}", seconds / unit);
            seconds %= unit;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Times that grow.
pub(crate) fn times(value: &str) -> Result<String, Fault> {
    if value.is_empty() {
        return Ok(String::new());
    }
    let mut found = Vec::new();
    for item in value.split(':') {
        let item = item.trim_matches(is_white);
        match seconds(item) {
            Some(seconds) if found.last().is_none_or(|last| seconds > *last) => found.push(seconds),
            Some(_) => {
                return Err((
                    "faulty-value",
                    format!(
                        "takes times that grow, and `{item}` is not longer than the one before it"
                    ),
                ));
            }
            None => return Err(("faulty-value", not_a_time(item))),
        }
    }
    if found.len() > 10 {
        return Err(("faulty-value", "takes at most ten times".to_owned()));
    }
    let printed: Vec<String> = found.into_iter().map(time).collect();
    Ok(printed.join(":"))
}
/// Whether a text is a time as the daemon writes them.
pub(crate) fn is_time(text: &str) -> bool {
    seconds(text).is_some()
}
