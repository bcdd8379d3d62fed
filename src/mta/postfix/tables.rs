//! Tables, and how hosts are written: what several rooms of this house say alike. Must not know
//! what stands in any table.

use crate::policy::{Facts, Host, Tables};

/// Up to so many networks or domains stand in main.cf itself; more go into a table of their own.
pub const IN_MAIN_CF: usize = 50;

/// The type of generated tables. Text needs no postmap, and is read when a daemon starts.
pub fn table(facts: &Facts) -> &'static str {
    match facts.tables.as_ref().map(|tables| tables.value) {
        None | Some(Tables::Text) => "texthash",
        Some(Tables::Hash) => "hash",
        Some(Tables::Lmdb) => "lmdb",
    }
}

/// A host before a colon: an IPv6 address in brackets.
pub fn in_brackets_if_ipv6(host: &Host) -> String {
    match host {
        Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
        host => host.to_string(),
    }
}
