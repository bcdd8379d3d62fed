//! Paths of files on the server, in characters that no server's configuration treats specially.
//! Must not know what the files hold.

use crate::net::{Fault, shown};

/// The longest path in octets that is taken; every server's line limits are far above it.
const LONGEST: usize = 512;

/// An absolute path that means the same in the configuration of every server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(String);

impl FilePath {
    /// Reads a path: absolute, of letters, digits and `/ . _ - + @ ~ =`.
    ///
    /// # Errors
    /// The first fault, under its characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = |part, message: String| Fault::new("unsafe-path", part, message);
        if !text.starts_with('/') {
            return Err(bad(
                0..text.len(),
                format!("`{}` is not an absolute path", text.escape_debug()),
            )
            .help("the server starts elsewhere: write the path from `/` on"));
        }
        if text.len() > LONGEST {
            return Err(bad(
                0..text.len(),
                format!(
                    "the path has {} octets, and {LONGEST} is the most",
                    text.len()
                ),
            ));
        }
        let safe = |c: char| c.is_ascii_alphanumeric() || "/._-+@~=".contains(c);
        if let Some((at, c)) = text.char_indices().find(|(_, c)| !safe(*c)) {
            let effect = match c {
                '\n' | '\r' => "would end the line in a server's configuration",
                '"' | '\'' | '`' => "would open or close a quote in a server's configuration",
                '$' | '{' | '}' | '\\' | '%' => {
                    "would open an expansion in a server's configuration"
                }
                ' ' | '\t' | ',' | ':' | ';' => "separates values in a server's configuration",
                '#' => "can start a comment in a server's configuration",
                _ => "is not safe in every server's configuration",
            };
            return Err(bad(
                at..at + c.len_utf8(),
                format!("`{}` in a path {effect}", shown(c)),
            )
            .help("letters, digits and / . _ - + @ ~ = are safe: use a link with such a name"));
        }
        if text.ends_with('/') {
            return Err(bad(
                text.len() - 1..text.len(),
                "a folder's path stands where a file's belongs".into(),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_absolute_paths_are_taken_and_nothing_else() {
        assert!(FilePath::parse("/etc/letsencrypt/live/mail.example.com/fullchain.pem").is_ok());
        for (text, part) in [
            ("etc/x", 0..5),
            ("/etc/a b", 6..7),
            ("/etc/$x", 5..6),
            ("/etc/x'", 6..7),
            ("/etc/x\n", 6..7),
            ("/etc/ü", 5..7),
            ("/etc/", 4..5),
        ] {
            assert_eq!(FilePath::parse(text).unwrap_err().part, part, "{text}");
        }
    }
}
