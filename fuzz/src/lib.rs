//! What holds for any input, said once for the fuzz targets, which look for inputs for which it
//! does not, and for the suite, which tries some.
//!
//! A property is a function from bytes that panics where it does not hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what cannot go on has failed"
)]

pub mod describing;
pub mod folder;
pub mod generating;
pub mod lifting;
pub mod mending;
#[path = "../../tests/lab/random.rs"]
pub mod random;
pub mod readers;
pub mod reading;
pub mod reporting;
