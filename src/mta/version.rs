//! Versions of servers, and the range of them that each target knows. Must not know any setting.

use std::fmt;

/// A version: up to four numbers. What was not written counts as 0, the first release of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    parts: [u16; 4],
    written: usize,
}

impl Version {
    /// The version of these numbers, at most four.
    pub const fn new(numbers: &[u16]) -> Self {
        let mut parts = [0; 4];
        let mut index = 0;
        while index < numbers.len() && index < 4 {
            parts[index] = numbers[index];
            index += 1;
        }
        Self {
            parts,
            written: index,
        }
    }

    /// Reads two to four numbers with dots between them.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let numbers: Option<Vec<u16>> = text
            .split('.')
            .map(|part| Some(part).filter(plain)?.parse().ok())
            .collect();
        numbers
            .filter(|numbers| (2..=4).contains(&numbers.len()))
            .map(|numbers| Self::new(&numbers))
    }

    /// Whether this is `numbers` or newer.
    pub fn is_at_least(self, numbers: &[u16]) -> bool {
        self.parts >= Self::new(numbers).parts
    }

    /// Whether this version has what came in the first of these releases, written with commas
    /// between them; the others are the patch levels that brought it to an older series. An empty
    /// text is what always was.
    pub fn has(self, releases: &str) -> bool {
        let mut releases = releases.split(',').filter_map(Self::parse);
        let Some(first) = releases.next() else {
            return true;
        };
        self.parts >= first.parts
            || releases.any(|patch| patch.series() == self.series() && self.parts >= patch.parts)
    }

    /// The first two numbers: the series.
    pub fn series(self) -> (u16, u16) {
        (self.parts[0], self.parts[1])
    }

    /// The third number: the patch level.
    pub fn patch(self) -> u16 {
        self.parts[2]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.parts[..self.written]
            .iter()
            .map(ToString::to_string)
            .collect();
        f.write_str(&shown.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_with_dots() {
        let version = Version::parse("3.5.27").unwrap();
        assert_eq!(
            (version.series(), version.patch(), version.to_string()),
            ((3, 5), 27, "3.5.27".into())
        );
        assert!(version.is_at_least(&[3, 5, 24]) && !version.is_at_least(&[3, 6]));
        assert!(!Version::parse("3.5").unwrap().is_at_least(&[3, 5, 1]));
        assert_eq!(Version::parse("8.17.1.9").unwrap().to_string(), "8.17.1.9");
        for faulty in ["", "3", "3.", "3.x", "3.5.1.2.3", "+3.5", "3.99999"] {
            assert_eq!(Version::parse(faulty), None, "{faulty}");
        }
    }
}
