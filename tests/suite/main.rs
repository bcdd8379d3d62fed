//! The tests that need neither root nor a daemon, one file a subject.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cli;
mod configuration;
mod description;
mod features;
mod floors;
mod lift_exim;
mod lossless;
mod policy;
mod readme;
mod versions;
