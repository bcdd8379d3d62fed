//! Finding and reading the description that a command works on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use crate::findings::{Finding, Severity};
use crate::lint::DESCRIPTION;
use crate::text::{self, Source, Span};

/// The description at `path`: a file, a folder that holds `smtpconf.yaml`, `-` for standard input,
/// or, without a path, `smtpconf.yaml` in this folder or the nearest one above.
///
/// # Errors
/// When there is none or it cannot be read. Bytes that are no UTF-8 are a finding.
pub fn description(path: Option<&Path>) -> Result<Result<Arc<Source>, Finding>, Failure> {
    let (name, bytes) = match path {
        Some(path) if path == Path::new("-") => {
            let bytes = text::read_from(io::stdin().lock())
                .map_err(|error| Failure(format!("standard input: {error}")))?;
            ("<stdin>".to_owned(), bytes)
        }
        path => {
            let (path, bytes) = match path {
                Some(path) if !path.is_dir() => (path.to_path_buf(), text::read(path)),
                path => {
                    let path = match path {
                        Some(folder) => folder.join(DESCRIPTION),
                        None => nearest()?,
                    };
                    let bytes = text::read_found(&path);
                    (path, bytes)
                }
            };
            let bytes =
                bytes.map_err(|error| Failure(format!("{}: {error}", text::shown(&path))))?;
            (text::lexical(&path).display().to_string(), bytes)
        }
    };
    Ok(decode(name, bytes))
}

fn nearest() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().map_err(|error| Failure(format!("this folder: {error}")))?;
    let found = here
        .ancestors()
        .map(|folder| folder.join(DESCRIPTION))
        .find(|path| path.is_file());
    let path = found.ok_or_else(|| {
        Failure(format!(
            "no {DESCRIPTION} in this folder or above it; name a description, or `-` for standard input"
        ))
    })?;
    Ok(path
        .strip_prefix(&here)
        .map(Path::to_path_buf)
        .unwrap_or(path))
}

/// The folder of the description with this name, which its `targets` are relative to.
pub fn folder(name: &str) -> PathBuf {
    match Path::new(name).parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn decode(name: String, bytes: Vec<u8>) -> Result<Arc<Source>, Finding> {
    String::from_utf8(bytes)
        .map(|text| Source::new(name.clone(), text))
        .map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let source = Source::new(name, String::from_utf8_lossy(error.as_bytes()));
            // Before the bad byte nothing was replaced, so the place is right in the shown text.
            let span = Span::new(at, at + '\u{fffd}'.len_utf8());
            Finding::new(
                Severity::Error,
                "not-utf8",
                &source,
                span,
                "this byte is no UTF-8, and YAML is",
            )
            .help("save the file as UTF-8")
        })
}
