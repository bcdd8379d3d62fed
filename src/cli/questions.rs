//! Questions to the user, a line each. Must not know what is asked.

use std::io::BufRead;

use super::{Failure, print};

/// Who is asked.
#[derive(Debug)]
pub struct Asker<R>(R);

impl<R: BufRead> Asker<R> {
    /// Reads the answers from `input`; questions go to standard error.
    pub fn new(input: R) -> Self {
        Self(input)
    }

    /// What `read` makes of the answer, or, where it is empty, of `usual` (which may be empty too).
    /// Asks again, with the reason, until `read` takes it.
    ///
    /// # Errors
    /// When there are no more answers.
    pub fn ask<T>(
        &mut self,
        question: &str,
        usual: &str,
        mut read: impl FnMut(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let shown = match usual {
            "" => String::new(),
            usual => format!(" [{usual}]"),
        };
        loop {
            print::err(&format!("{question}{shown}: "))?;
            let answer = self.line()?;
            match read(if answer.is_empty() { usual } else { &answer }) {
                Ok(answer) => return Ok(answer),
                Err(reason) => print::err(&format!("  {}\n", reason.replace('\n', "\n  ")))?,
            }
        }
    }

    /// Whether the answer is yes; an empty one is `usual`.
    ///
    /// # Errors
    /// When there are no more answers.
    pub fn confirm(&mut self, question: &str, usual: bool) -> Result<bool, Failure> {
        let usual = if usual { "yes" } else { "no" };
        self.ask(&format!("{question}?"), usual, |answer| {
            match answer.to_ascii_lowercase().as_str() {
                "y" | "yes" => Ok(true),
                "n" | "no" => Ok(false),
                _ => Err("yes or no?".to_owned()),
            }
        })
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        match read.map_err(|error| error.to_string()) {
            Ok(0) => {
                Err("it ended before the last answer; options answer too, see --help".to_owned())
            }
            Ok(_) => Ok(line.trim().to_owned()),
            Err(reason) => Err(reason),
        }
        .map_err(|reason| Failure(format!("standard input: {reason}")))
    }
}
