//! The kinds of files that Postfix reads. Must not know what their settings mean.

use super::{lift, resolve, syntax, traps};
use crate::mta::Server;
use crate::mta::dialect::Dialect;

/// Every kind.
pub static ALL: [Dialect; 4] = [
    Dialect {
        name: "postfix-main",
        server: Server::Postfix,
        remark: "#",
        named: |name| name == "main.cf" || name.ends_with("-main.cf") || name == "main.cf.tls",
        marks: |text| count(text, is_setting),
        parse: syntax::parse_main,
        syntax: traps::main,
        resolve: resolve::main,
        judged_with: |_| None,
        lift: Some(|source, world| Some(lift::main(source, world))),
    },
    Dialect {
        name: "postfix-master",
        server: Server::Postfix,
        remark: "#",
        named: |name| name == "master.cf" || name.ends_with("-master.cf"),
        marks: |text| 3 * count(text, is_service),
        parse: syntax::parse_master,
        syntax: traps::master,
        resolve: resolve::master,
        judged_with: |name| {
            name.contains("master.cf")
                .then(|| name.replace("master.cf", "main.cf"))
        },
        lift: Some(lift::master),
    },
    Dialect {
        name: "postfix-table",
        server: Server::Postfix,
        remark: "#",
        named: is_table,
        marks: |_| 0,
        parse: syntax::parse_table,
        syntax: traps::table,
        resolve: resolve::table,
        judged_with: |_| None,
        lift: None,
    },
    Dialect {
        name: "postfix-client",
        server: Server::Postfix,
        remark: "#",
        named: |name| {
            let kinds = ["mysql", "pgsql", "ldap", "sqlite", "memcache", "mongodb"];
            let stem = name.strip_suffix(".cf");
            stem.is_some_and(|stem| kinds.iter().any(|kind| stem.starts_with(kind)))
        },
        // All of its lines look like those of main.cf; with two of these names it is none.
        marks: |text| match count(text, is_client_setting) {
            0 | 1 => 0,
            _ => count(text, is_setting) + 1,
        },
        parse: syntax::parse_main,
        syntax: traps::main,
        resolve: resolve::client,
        judged_with: |_| None,
        lift: None,
    },
];

/// The usual names of lookup tables.
fn is_table(name: &str) -> bool {
    let usual = [
        "header_checks",
        "body_checks",
        "mime_header_checks",
        "canonical",
        "relocated",
        "transport",
        "virtual",
        "generic",
        "sasl_passwd",
        "helo_access",
        "client_access",
        "sender_access",
        "recipient_access",
        "tls_policy",
        "dynamicmaps.cf",
    ];
    let patterns = [".pcre", ".regexp", ".cidr"];
    usual.contains(&name) || patterns.iter().any(|end| name.ends_with(end))
}

/// `name = value` with a name that only a client's file has (`mysql_table(5)` …).
fn is_client_setting(line: &str) -> bool {
    let names = [
        "hosts",
        "dbname",
        "query",
        "server_host",
        "search_base",
        "query_filter",
        "dbpath",
        "result_attribute",
        "bind_dn",
        "select_field",
        "where_field",
    ];
    line.split_once('=')
        .is_some_and(|(name, _)| names.contains(&name.trim_end()))
}

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
