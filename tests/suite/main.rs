//! The tests that need neither root nor a daemon, one file a subject.

mod cli;
mod description;
mod floors;
mod policy;
