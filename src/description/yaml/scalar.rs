//! What a scalar without quotes means, and to whom. Must not know what it is decoded into.

/// What a plain scalar is by YAML's core schema, or by that of YAML 1.1, which many tools still
/// follow.
pub enum Plain {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number in plain decimal digits.
    Number(u64),
    /// Differently read by YAML 1.1 and 1.2: as what.
    Trap(&'static str),
    /// Any other text.
    Text,
}

/// What `text`, written without quotes, is.
pub fn resolve(text: &str) -> Plain {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => return Plain::Null,
        "true" => return Plain::Bool(true),
        "false" => return Plain::Bool(false),
        "y" | "yes" | "on" | "n" | "no" | "off" => return Plain::Trap("a boolean"),
        _ => {}
    }
    if digits(text) {
        if text.len() > 1 && text.starts_with('0') {
            return Plain::Trap("an octal number");
        }
        return text.parse().map_or(Plain::Text, Plain::Number);
    }
    if text.split(':').all(digits) && text.contains(':') {
        return Plain::Trap("a number of base 60");
    }
    Plain::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_on_which_yaml_1_1_and_1_2_disagree_are_traps() {
        for text in ["no", "Yes", "ON", "y", "012", "00", "25:00", "1:2:3"] {
            assert!(matches!(resolve(text), Plain::Trap(_)), "{text}");
        }
        for text in ["0", "25", "18446744073709551615"] {
            assert!(matches!(resolve(text), Plain::Number(_)), "{text}");
        }
        for text in [
            "nowhere",
            "1.5",
            "::1",
            "2001:db8::1",
            "18446744073709551616",
            "0x19",
            "-1",
        ] {
            assert!(matches!(resolve(text), Plain::Text), "{text}");
        }
        assert!(
            matches!(resolve("~"), Plain::Null) && matches!(resolve("True"), Plain::Bool(true))
        );
    }
}
