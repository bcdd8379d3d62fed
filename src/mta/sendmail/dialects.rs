//! The kinds of files that Sendmail reads. Must not know what their settings mean.

use super::{lift, resolve, syntax, traps};
use crate::mta::Server;
use crate::mta::dialect::Dialect;

/// Every kind.
pub static ALL: [Dialect; 4] = [
    Dialect {
        name: "sendmail-mc",
        server: Server::Sendmail,
        remark: "dnl",
        named: |name| {
            std::path::Path::new(name)
                .extension()
                .is_some_and(|end| end == "mc")
        },
        marks: |text| 4 * count(text, is_call),
        parse: syntax::parse_mc,
        syntax: traps::mc::syntax,
        resolve: resolve::config_of_mc,
        judged_with: |_| None,
        lift: Some(lift::of_mc),
    },
    Dialect {
        name: "sendmail-cf",
        server: Server::Sendmail,
        remark: "#",
        named: |name| name.ends_with("sendmail.cf") || name.ends_with("submit.cf"),
        marks: |text| 2 * count(text, is_line),
        parse: syntax::parse_cf,
        syntax: traps::cf::syntax,
        resolve: resolve::config_of_cf,
        judged_with: |_| None,
        lift: Some(lift::of_cf),
    },
    Dialect {
        name: "sendmail-table",
        server: Server::Sendmail,
        remark: "#",
        named: |name| TABLES.contains(&name),
        marks: |text| 2 * count(text, is_entry),
        parse: syntax::parse_table,
        syntax: traps::table::syntax,
        resolve: resolve::config_of_table,
        judged_with: |_| None,
        lift: None,
    },
    Dialect {
        name: "sendmail-class",
        server: Server::Sendmail,
        remark: "#",
        named: |name| CLASSES.contains(&name),
        marks: |_| 0,
        parse: syntax::parse_class,
        syntax: traps::table::class,
        resolve: resolve::config_of_class,
        judged_with: |_| None,
        lift: None,
    },
];

/// Maps whose names no other server's files have.
const TABLES: &[&str] = &[
    "mailertable",
    "virtusertable",
    "genericstable",
    "domaintable",
    "bitdomain",
    "uudomain",
    "authinfo",
];

/// Files of a class's words whose names no other server's files have.
const CLASSES: &[&str] = &[
    "local-host-names",
    "relay-domains",
    "trusted-users",
    "generics-domains",
    "virtuser-domains",
    "virt-domains",
    "sendmail.cw",
    "sendmail.ct",
];

/// Tags of the access map.
const TAGS: &[&str] = &[
    "Connect:",
    "From:",
    "To:",
    "Spam:",
    "TLS_Srv:",
    "TLS_Clt:",
    "TLS_Rcpt:",
    "Try_TLS:",
    "Srv_Features:",
    "Clt_Features:",
    "AuthInfo:",
    "ClientRate:",
    "ClientConn:",
    "GreetPause:",
    "CertIssuer:",
    "CertSubject:",
];

fn count(text: &str, is_one: fn(&str) -> bool) -> usize {
    text.lines().filter(|line| is_one(line)).count()
}

/// A call that only a sendmail.mc holds, also one that is commented out.
fn is_call(line: &str) -> bool {
    let line = line
        .strip_prefix("dnl ")
        .unwrap_or(line)
        .trim_start_matches([' ', '#']);
    [
        "FEATURE(",
        "MAILER(",
        "OSTYPE(",
        "DOMAIN(",
        "VERSIONID(",
        "DAEMON_OPTIONS(",
        "MASQUERADE_AS(",
        "LOCAL_DOMAIN(",
        "EXPOSED_USER(",
        "define(`conf",
        "define(`SMART_HOST'",
        "TRUST_AUTH_MECH(",
        "INPUT_MAIL_FILTER(",
        "divert(-1)",
        "MODIFY_MAILER_FLAGS(",
    ]
    .iter()
    .any(|begin| line.starts_with(begin))
}

/// A line that only a sendmail.cf holds.
fn is_line(line: &str) -> bool {
    let name = |rest: &str| {
        let name = rest.split('=').next().unwrap_or_default();
        !name.is_empty()
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    };
    if let Some(rest) = line.strip_prefix("O ") {
        return name(rest);
    }
    match line.as_bytes() {
        [b'V', b'0'..=b'9', ..] => line.contains("/Berkeley"),
        [b'R', b'$' | b'<' | b'@', ..] => line.contains('\t'),
        [b'C' | b'D' | b'F', b'{', ..] => line.contains('}'),
        [b'H', b'?', ..] => line[2..].contains('?'),
        [b'M', ..] => line.contains(", ") && line.contains("P="),
        _ => false,
    }
}

/// An entry of the access map: with a tag, or one that relays.
fn is_entry(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let (Some(key), Some(value), rest) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let tagged = TAGS.iter().any(|tag| {
        key.len() >= tag.len()
            && key.is_char_boundary(tag.len())
            && key[..tag.len()].eq_ignore_ascii_case(tag)
    });
    (tagged && !line.starts_with('#') && key.len() > 4 && !key.ends_with(':'))
        || (value == "RELAY" && rest.is_none() && !key.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use crate::mta::dialect::{Dialect, Told};
    use crate::text::Source;

    #[test]
    fn a_file_is_told_by_its_name_or_by_what_it_holds() {
        for (name, text, wanted) in [
            ("/etc/mail/sendmail.mc", "", "sendmail-mc"),
            ("/etc/mail/submit.mc.in", "", "sendmail-mc"),
            ("/etc/mail/sendmail.cf", "", "sendmail-cf"),
            ("/etc/mail/mailertable", "", "sendmail-table"),
            ("/etc/mail/local-host-names", "", "sendmail-class"),
            ("x", "dnl hi\nFEATURE(`access_db')dnl\n", "sendmail-mc"),
            ("x", "V10/Berkeley\nO LogLevel=9\nCwa\n", "sendmail-cf"),
            (
                "x",
                "Connect:192.0.2 RELAY\nTo:a@b REJECT\n",
                "sendmail-table",
            ),
        ] {
            let (dialect, told) = Dialect::of(&Source::new(name, text));
            assert_eq!(dialect.name, wanted, "{name} {text}");
            assert_eq!(told == Told::ByContent, name == "x");
        }
        for foreign in [
            "myhostname = a\nmydestination = b\n",
            "example.com REJECT\nexample.org OK\n",
        ] {
            let (dialect, _) = Dialect::of(&Source::new("x", foreign));
            assert!(!dialect.name.starts_with("sendmail"), "{foreign}");
        }
    }
}
