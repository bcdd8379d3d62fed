//! The floor of plain text: sources, places in them, and files on disk. Knows nothing of mail.

mod base;
mod files;
mod snapshot;
mod source;

pub use base::{Base, lexical};
pub use files::{ReadError, Scratch, WriteError, read, replace, write, write_all};
pub use snapshot::{Scope, Snapshot, Stat, Unread};
pub use source::{Edit, Encoding, Place, Position, Source, Span};
