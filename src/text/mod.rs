//! The floor of plain text: sources, places in them, and files on disk. Knows nothing of mail.

mod files;
mod source;

pub use files::{ReadError, WriteError, read, write_all};
pub use source::{Place, Position, Source, Span};
