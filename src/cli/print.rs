//! Writing to standard output and standard error. Must not know what is written.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};
use similar::TextDiff;
use terminal_size::terminal_size;

use super::{Color, Failure, Reporting};
use crate::findings::Finding;
use crate::report::{self, Help, Look, Report};
use crate::rules::{self, Rule};
use crate::text::{self, Base};

/// Writes bytes to standard output as they are. A reader that has gone away (`| head`) is no failure.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    done(io::stdout().lock().write_all(bytes), "standard output")
}

/// Writes what is a file to standard output: byte for byte, but on a terminal, which it could steer.
pub fn exactly(file: &[u8]) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return out(&String::from_utf8_lossy(file));
    }
    bytes(file)
}

/// A text without characters that could steer a terminal.
pub fn plain(text: &str) -> String {
    text::visible(text).into_owned()
}

/// What changes from one text to another, as `diff -u` shows it.
pub fn diff(before: &str, after: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(before, after)
        .to_string()
}

/// Prints what [`diff`] gives: where colours are used, what goes in red, and what comes in green.
pub fn changes(diff: &str, reporting: &Reporting) -> Result<(), Failure> {
    if !look(reporting, Stream::Out).color {
        return out(diff);
    }
    let text = plain(diff);
    let mut coloured = String::new();
    for line in text.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => AnsiColor::Green.on_default(),
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(coloured, "{style}{line}{style:#}");
    }
    bytes(coloured.as_bytes())
}

/// Writes to standard output what cannot steer a terminal. A reader that has gone away (`| head`)
/// is no failure.
pub fn out(text: &str) -> Result<(), Failure> {
    bytes(plain(text).as_bytes())
}

/// Writes to standard error what cannot steer a terminal.
pub fn err(text: &str) -> Result<(), Failure> {
    to_stderr(&plain(text))
}

fn to_stderr(text: &str) -> Result<(), Failure> {
    let written = io::stderr().lock().write_all(text.as_bytes());
    done(written, "standard error")
}

fn done(result: io::Result<()>, stream: &str) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("{stream}: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says what is wrong with the arguments, or what was asked of them (`--help`). Returns the exit
/// code.
pub fn usage(error: &clap::Error) -> u8 {
    match done(error.print(), "standard output") {
        Ok(()) => u8::try_from(error.exit_code()).unwrap_or(2),
        Err(Failure(message)) => {
            complain(&message);
            2
        }
    }
}

/// Says why the work could not be done. Where even that fails, the exit code has to do.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "smtpconf: {}", plain(message));
}

/// A stream that findings go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Where they are the answer.
    Out,
    /// Where the answer is something else.
    Err,
}

/// Reports findings as the user asked for it; `files` are the names of those that were looked at.
pub fn findings(
    findings: &[Finding],
    files: &[&str],
    reporting: &Reporting,
    stream: Stream,
) -> Result<(), Failure> {
    // Where the answer is something else, people are not told that nothing was found.
    let is_silent = stream == Stream::Err && findings.is_empty() && reporting.format.is_for_people;
    let here = std::env::current_dir().unwrap_or_default();
    let report = Report {
        findings,
        files,
        base: &Base::of_repository(&here),
        help: |name| rules::named(name).map(help),
        gate: reporting.gate(),
        look: look(reporting, stream),
    };
    let text = (reporting.format.print)(&report);
    match (&reporting.output, stream) {
        (Some(path), _) => {
            text::write(path, &text).map_err(|error| Failure(error.to_string()))?;
            let told = format!(
                "{}, written to {}",
                report::summary(&report),
                text::shown(path)
            );
            err(&(told + "\n"))
        }
        (None, _) if is_silent => Ok(()),
        // Its colours are its own; of what it shows, nothing steers a terminal.
        (None, Stream::Out) => bytes(text.as_bytes()),
        (None, Stream::Err) => to_stderr(&text),
    }
}

fn help(rule: &Rule) -> Help {
    Help {
        group: rule.group.name(),
        severity: rule.severity,
        summary: rule.summary(),
        page: rule.page,
    }
}

/// What the reader can show. `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are heeded; who sets
/// `COLUMNS` knows better than the terminal. A file and a pipe take everything.
fn look(reporting: &Reporting, stream: Stream) -> Look {
    let is_file = reporting.output.is_some();
    let (choice, unicode) = match stream {
        Stream::Out => (
            AutoStream::choice(&io::stdout()),
            supports_unicode::Stream::Stdout,
        ),
        Stream::Err => (
            AutoStream::choice(&io::stderr()),
            supports_unicode::Stream::Stderr,
        ),
    };
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size().map(|(width, _)| usize::from(width.0));
    Look {
        color: match reporting.color {
            Color::Auto => !is_file && choice != ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        },
        unicode: is_file || supports_unicode::on(unicode),
        width: columns
            .or_else(of_terminal)
            .unwrap_or(Look::PLAIN.width)
            .clamp(40, 160),
    }
}
