//! Writing to standard output and standard error. Must not know what is written.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use similar::TextDiff;

use super::{Color, Failure, Format, Reporting};
use crate::findings::Finding;
use crate::report;

/// Writes bytes to standard output as they are.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    done(io::stdout().lock().write_all(bytes), "standard output")
}

/// A text without characters that could steer a terminal.
pub fn plain(text: &str) -> String {
    report::visible(text).into_owned()
}

/// What changes from one text to another, as `diff -u` shows it.
pub fn diff(before: &str, after: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(before, after)
        .to_string()
}

/// JSON with every control character but line ends escaped: nothing in it reaches a terminal raw.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() && c != '\n' {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
pub fn out(text: &str) -> Result<(), Failure> {
    done(
        io::stdout().lock().write_all(text.as_bytes()),
        "standard output",
    )
}

/// Writes to standard error.
pub fn err(text: &str) -> Result<(), Failure> {
    done(
        io::stderr().lock().write_all(text.as_bytes()),
        "standard error",
    )
}

fn done(result: io::Result<()>, stream: &str) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("{stream}: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says why the work could not be done. Where even that fails, the exit code has to do.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "smtpconf: {message}");
}

/// A stream that findings go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Where they are the answer.
    Out,
    /// Where the answer is something else.
    Err,
}

/// Prints findings in the format that the user asked for.
pub fn findings(
    findings: &[Finding],
    reporting: &Reporting,
    stream: Stream,
) -> Result<(), Failure> {
    let terminal = match stream {
        Stream::Out => io::stdout().is_terminal(),
        Stream::Err => io::stderr().is_terminal(),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match reporting.color {
        Color::Auto => terminal && !no_color,
        Color::Always => true,
        Color::Never => false,
    };
    let text = match reporting.format {
        Format::Human => report::human(findings, color, width()),
        Format::Concise => report::concise(findings),
    };
    match stream {
        Stream::Out => out(&text),
        Stream::Err => err(&text),
    }
}

/// The width of pictures in columns: `COLUMNS` where it is set, else 100.
fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .map_or(100, |columns: usize| columns.clamp(40, 160))
}
