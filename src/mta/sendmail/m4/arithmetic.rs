//! The sums of m4's `eval`: 32 bits, the operators of C. Must not know where they come from.

/// Operators of two sides, the loosest first, those of a row as tight as each other.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["**", "*", "/", "%"],
];

/// Parentheses and signs within each other.
const DEEPEST: usize = 100;

/// What the expression amounts to; `None` for what is none.
pub fn eval(text: &str) -> Option<i32> {
    let mut reader = Reader {
        rest: text.trim_start(),
        depth: 0,
    };
    let value = reader.level(0)?;
    reader.rest.is_empty().then_some(value)
}

/// A number in a radix, filled with zeros to a width.
pub fn written(value: i32, radix: i64, width: usize) -> String {
    let radix = u32::try_from(radix).unwrap_or(10).clamp(2, 36);
    let mut left = value.unsigned_abs();
    let mut digits = Vec::new();
    while left > 0 || digits.is_empty() {
        digits.extend(char::from_digit(left % radix, radix));
        left /= radix;
    }
    while digits.len() < width {
        digits.push('0');
    }
    let sign = if value < 0 { "-" } else { "" };
    sign.to_owned() + &digits.iter().rev().collect::<String>()
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.rest.strip_prefix(word);
        if let Some(rest) = found {
            self.rest = rest.trim_start();
        }
        found.is_some()
    }

    fn operator(&mut self, level: usize) -> Option<&'static str> {
        let longer = |op: &str| {
            // `<` is not the begin of `<<`, nor `|` that of `||`.
            LEVELS.iter().flat_map(|row| row.iter()).any(|other| {
                other.len() > op.len() && other.starts_with(op) && self.rest.starts_with(other)
            })
        };
        let op = LEVELS[level]
            .iter()
            .find(|op| self.rest.starts_with(**op) && !longer(op))?;
        self.take(op);
        Some(op)
    }

    fn level(&mut self, level: usize) -> Option<i32> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.level(level + 1)?;
        while let Some(op) = self.operator(level) {
            let right = self.level(level + 1)?;
            left = apply(op, left, right)?;
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<i32> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = if self.take("-") {
            self.unary()?.wrapping_neg()
        } else if self.take("+") {
            self.unary()?
        } else if self.take("!") {
            i32::from(self.unary()? == 0)
        } else if self.take("~") {
            !self.unary()?
        } else if self.take("(") {
            let value = self.level(0)?;
            if !self.take(")") {
                return None;
            }
            value
        } else {
            self.number()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn number(&mut self) -> Option<i32> {
        let len = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(len);
        let parsed = if let Some(hex) = digits.strip_prefix("0x") {
            i64::from_str_radix(hex, 16)
        } else if digits.len() > 1 && digits.starts_with('0') {
            i64::from_str_radix(digits, 8)
        } else {
            digits.parse()
        };
        self.rest = rest.trim_start();
        parsed.ok().map(wrapped)
    }
}

/// A number as m4 keeps it: its lower 32 bits.
pub fn wrapped(value: i64) -> i32 {
    let bytes = value.to_le_bytes();
    i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn apply(op: &str, a: i32, b: i32) -> Option<i32> {
    Some(match op {
        "||" => i32::from(a != 0 || b != 0),
        "&&" => i32::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i32::from(a == b),
        "!=" => i32::from(a != b),
        "<=" => i32::from(a <= b),
        ">=" => i32::from(a >= b),
        "<" => i32::from(a < b),
        ">" => i32::from(a > b),
        "<<" => a.wrapping_shl(b.cast_unsigned()),
        ">>" => a.wrapping_shr(b.cast_unsigned()),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "**" => a.wrapping_pow(u32::try_from(b).ok()?.min(1000)),
        "*" => a.wrapping_mul(b),
        "/" => a.checked_div(b)?,
        "%" => a.checked_rem(b)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_c() {
        for (sum, wanted) in [
            ("1 + 2 * 3", Some(7)),
            ("-(1 - 3) == 2 && 4 >= 3", Some(1)),
            ("0x10 | 010", Some(24)),
            ("1 << 4", Some(16)),
            ("528641 >= 527360", Some(1)),
            ("!0 + ~0", Some(0)),
            ("1 / 0", None),
            ("(1", None),
            ("", None),
            ("1 2", None),
        ] {
            assert_eq!(eval(sum), wanted, "{sum}");
        }
        assert_eq!(eval(&"(".repeat(10_000)), None);
        assert_eq!(written(-255, 16, 4), "-00ff");
    }
}
