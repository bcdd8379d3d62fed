//! The tests that need neither root nor a daemon, one file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod armed;
mod behaviour;
mod bombs;
mod bread;
mod cli;
mod conditions;
mod configuration;
mod corpus;
mod decided;
mod description;
mod descriptions;
mod documents;
mod features;
mod first;
mod floors;
mod forges;
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;
mod gate;
mod hooks;
mod hostile;
mod killed;
mod lift_exim;
mod lift_exim_generated;
mod lift_postfix;
mod lift_sendmail;
mod lift_sendmail_generated;
mod linting;
mod lossless;
mod migrate;
mod noise;
mod package;
mod page;
mod pages;
mod policy;
mod program;
mod raise;
mod readme;
mod reference;
mod reported;
mod reports;
mod safety;
mod sandbox;
mod seeded;
mod terminal;
mod versions;
mod writing;
