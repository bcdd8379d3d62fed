//! Retry and rewrite rules, as far as the daemon looks at them when it starts. Must not know where
//! they stand.

use super::macros::is_white;
use super::numbers::seconds;
use super::quoted::unquoted;

/// Looks at a rewrite rule. `headers`: it is one of a transport, which has no envelope.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the rule or option.
pub(crate) fn rewrite(rule: &str, headers: bool) -> Result<(), String> {
    let (pattern, rest, _) = unquoted(rule.trim_matches(is_white));
    let rest = rest.trim_start_matches(is_white);
    if rest.is_empty() {
        return Err("has no replacement behind its pattern".to_owned());
    }
    let (_, rest, _) = unquoted(rest);
    for flag in rest.chars().filter(|c| !is_white(*c)) {
        match flag {
            'E' | 'F' | 'T' | 'S' if headers => {
                return Err(format!(
                    "has the flag `{flag}`, but only headers are rewritten here"
                ));
            }
            'S' if !pattern.starts_with('^') => {
                return Err("has the flag `S`, but its pattern is no regular expression".to_owned());
            }
            'h' | 's' | 'f' | 't' | 'c' | 'b' | 'r' | 'E' | 'F' | 'T' | 'Q' | 'q' | 'R' | 'w'
            | 'S' => {}
            _ => {
                return Err(format!(
                    "has the flag `{flag}`, which does not exist; a replacement with blanks needs quotes around it"
                ));
            }
        }
    }
    Ok(())
}

/// Looks at a retry rule.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the rule.
pub(crate) fn retry(rule: &str) -> Result<(), String> {
    let (_, rest, _) = unquoted(rule);
    let rest = rest.trim_start_matches(is_white);
    let end = rest.find(is_white).unwrap_or(rest.len());
    let (error, rest) = rest.split_at(end);
    if error.is_empty() {
        return Err("names no error behind its pattern".to_owned());
    }
    if !is_error(error) {
        return Err(format!("names the error `{error}`, which does not exist"));
    }
    let mut rest = rest.trim_start_matches(is_white);
    if let Some(senders) = rest.strip_prefix("senders") {
        let Some(senders) = senders.trim_start_matches(is_white).strip_prefix('=') else {
            return Err("has no `=` behind `senders`".to_owned());
        };
        (_, rest, _) = unquoted(senders.trim_start_matches(is_white));
        rest = rest.trim_start_matches(is_white);
    }
    while !rest.is_empty() {
        let letter = rest.chars().next().map_or(' ', |c| c.to_ascii_uppercase());
        let arguments = match letter {
            'F' => 2,
            'G' | 'H' => 3,
            _ => {
                return Err(format!(
                    "has `{letter}` where `F`, `G` or `H` begins a step"
                ));
            }
        };
        rest = &rest[1..];
        for index in 0..arguments {
            let Some(argument) = rest.trim_start_matches(is_white).strip_prefix(',') else {
                return Err(format!("has too few numbers behind `{letter}`"));
            };
            let argument = argument.trim_start_matches(is_white);
            let length = argument
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || index == 2 && *b == b'.')
                .count();
            let (text, behind) = argument.split_at(length);
            let good = if index == 2 {
                text.parse::<f64>().is_ok_and(|factor| factor >= 1.0)
            } else {
                seconds(text).is_some_and(|seconds| seconds > 0)
            };
            if !good {
                return Err(format!(
                    "has `{text}` behind `{letter}`, which is no time there or too small"
                ));
            }
            rest = behind;
        }
        rest = rest.trim_start_matches(is_white);
        match rest.strip_prefix(';') {
            Some(behind) => rest = behind.trim_start_matches(is_white),
            None if rest.is_empty() => {}
            None => return Err(format!("has no `;` before `{rest}`")),
        }
    }
    Ok(())
}

fn is_error(word: &str) -> bool {
    if matches!(
        word,
        "*" | "auth_failed"
            | "lookup"
            | "lost_connection"
            | "quota"
            | "refused"
            | "refused_A"
            | "refused_MX"
            | "timeout"
            | "timeout_DNS"
            | "timeout_A"
            | "timeout_MX"
            | "timeout_connect"
            | "timeout_connect_A"
            | "timeout_connect_MX"
            | "tls_required"
    ) {
        return true;
    }
    if let Some(time) = word.strip_prefix("quota_") {
        return seconds(time).is_some();
    }
    ["mail_4", "rcpt_4", "data_4"]
        .iter()
        .find_map(|start| word.strip_prefix(start))
        .is_some_and(|digits| {
            digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'x')
        })
}

/// The pattern and the flags of a rewrite rule.
pub(crate) fn fields(rule: &str) -> (String, String) {
    let (pattern, rest, _) = unquoted(rule);
    let (_, rest, _) = unquoted(rest.trim_start_matches(is_white));
    (pattern, rest.trim_matches(is_white).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_looked_at_as_the_daemon_does() {
        for good in [
            "* * F,2h,15m; G,16h,1h,1.5; F,4d,6h",
            "x.example quota_7d",
            "\"a b\" rcpt_45x senders=: F,1h,5m",
            "* refused_MX F,1h,5m;",
        ] {
            assert_eq!(retry(good), Ok(()), "{good}");
        }
        for bad in [
            "*",
            "* = 1",
            "* * F,1h",
            "* * X,1h,1m",
            "* * F,1h,5",
            "* * F,1h,5m F,1h,5m",
            "* * G,1h,5m,0.5",
        ] {
            assert!(retry(bad).is_err(), "{bad}");
        }
        assert_eq!(rewrite("*@a.example $1@b.example frFs", false), Ok(()));
        assert_eq!(rewrite("*@a \"b c\" Eh", false), Ok(()));
        for bad in ["*@a", "*@a b Z", "*@a b S"] {
            assert!(rewrite(bad, false).is_err(), "{bad}");
        }
        assert!(rewrite("*@a b E", true).is_err());
    }
}
