//! What the daemon's readers swallow in silence or die of. Must not know settings beyond their
//! names.

pub mod cf;
pub mod mc;
pub mod mends;
pub mod table;
mod words;
