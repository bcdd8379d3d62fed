//! YAML with every fault of a file in one run, each under its characters. Must not know what a
//! description is.
//!
//! [`tree`] turns the parser's events into nodes with byte spans, [`de`] decodes them into
//! ordinary serde types. A [`Node`] in such a type remembers its span and lets decoding go on
//! after a fault inside it.

mod de;
mod scalar;
mod tree;

pub use de::{Entries, Node, PASSWORD, Short};

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::findings::Finding;
use crate::text::Source;

/// Decodes the one document of `source`. What is faulty is in the findings and missing in the
/// value; the value is `None` where nothing could be decoded.
pub fn read<T: DeserializeOwned>(source: &Arc<Source>) -> (Option<T>, Vec<Finding>) {
    match tree::read(source) {
        (Some(root), findings) => de::decode(source, &root, findings),
        (None, findings) => (None, findings),
    }
}
