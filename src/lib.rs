//! smtpconf: one description of an SMTP server, rendered for Postfix, Exim and Sendmail, and a
//! model of what each SMTP session does.
//!
//! The floors, from the ground up. A floor uses only floors named before it in its own row:
//!
//! | floor | may use | holds |
//! |---|---|---|
//! | [`text`] | – | sources, places, files |
//! | [`net`] | – | domains, networks, sets of addresses |
//! | [`findings`] | text | what is said to the user |
//! | [`catalogue`] | – | rows of facts, compiled in |
//! | [`policy`] | text, net | what a server does with a session; names no server |
//! | [`description`] | policy, findings, text, net | the YAML that the user writes |
//! | [`mta`] | catalogue, policy, findings, text, net | Postfix, Exim and Sendmail |
//! | [`rules`] | mta, description, catalogue, policy, findings, text, net | what is looked for, with a page each |
//! | [`generate`] | mta, description, policy, findings, text | from a description to files |
//! | [`lint`] | rules, generate and what they may use | what is wrong with a file |
//! | [`report`] | findings, text | how findings are printed |
//! | [`cli`] | everything | arguments, standard output, exit codes |
//!
//! The test `floors` holds this table.

// What the grammars' parsers are written with.
extern crate alloc;

pub mod catalogue;
pub mod cli;
pub mod description;
pub mod findings;
pub mod generate;
pub mod lint;
pub mod mta;
pub mod net;
pub mod policy;
pub mod report;
pub mod rules;
pub mod text;
