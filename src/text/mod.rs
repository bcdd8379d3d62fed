//! The floor of plain text: sources, places in them, and files on disk. Knows nothing of mail.

mod base;
mod files;
mod shown;
mod snapshot;
mod source;

pub use base::{Base, lexical, repository};
pub use files::{
    ReadError, Scratch, WriteError, read, read_found, read_from, replace, write, write_all,
};
pub use shown::{is_hidden, one_line, shown, visible};
pub use snapshot::{Scope, Snapshot, Stat, Unread};
pub use source::{Edit, Encoding, Place, Position, Source, Span};
