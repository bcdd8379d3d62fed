//! The kinds of files that Postfix reads. Must not know what their settings mean.

use super::syntax;
use crate::findings::Finding;
use crate::mta::Server;
use crate::mta::dialect::Dialect;
use crate::mta::tree::Tree;

/// Every kind.
pub static ALL: [Dialect; 3] = [
    Dialect {
        name: "postfix-main",
        server: Server::Postfix,
        named: |name| {
            name == "main.cf" || name.ends_with("-main.cf") || name.ends_with("main.cf.tls")
        },
        marks: |text| count(text, is_setting),
        parse: syntax::parse_main,
        syntax: |_| Vec::new(),
        resolve: |_, _| crate::mta::config::Config::default(),
    },
    Dialect {
        name: "postfix-master",
        server: Server::Postfix,
        named: |name| name == "master.cf" || name.ends_with("-master.cf"),
        marks: |text| 2 * count(text, is_service),
        parse: syntax::parse_master,
        syntax: |_| Vec::new(),
        resolve: |_, _| crate::mta::config::Config::default(),
    },
    Dialect {
        name: "postfix-table",
        server: Server::Postfix,
        named: |_| false,
        marks: |_| 0,
        parse: syntax::parse_table,
        syntax: |_: &Tree| Vec::<Finding>::new(),
        resolve: |_, _| crate::mta::config::Config::default(),
    },
];

fn count(text: &str, is_one: fn(&str) -> bool) -> usize {
    text.lines().filter(|line| is_one(line)).count()
}

/// `name = value` flush left, with a name of main.cf's kind.
fn is_setting(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim_end();
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// Eight fields, the second of which is a type of service.
fn is_service(line: &str) -> bool {
    let mut fields = line.split_ascii_whitespace();
    !line.starts_with(['#', ' ', '\t'])
        && matches!(
            fields.nth(1),
            Some("inet" | "unix" | "fifo" | "pass" | "unix-dgram")
        )
        && fields.count() >= 6
}
