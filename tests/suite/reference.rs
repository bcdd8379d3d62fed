//! docs/description.md is made from the schema: every key with its type, its default and its
//! meaning. Each section has an example, which is read here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use smtpconf::description;
use smtpconf::text::Source;

const HEAD: &str = "\
# The description

Every key of smtpconf.yaml. `smtpconf schema > description.schema.json` gives the same to editors. Keys that are marked as *required*
have to stand in their section; `hostname` may be missing in a file that holds `lint` alone. Names, networks and paths are
checked as they are read, and every fault is told at once, each at the characters that are wrong. What a server cannot do of it
is in [features.md](features.md), whole descriptions with the files that come of them are in [examples](examples).

The same on every server, whether written or not: `hostname` and `localhost` are local domains, a domain does not include its
subdomains, unknown users are refused during the session, a client's *name* gives no right, a sender whose domain does not exist
is refused on port 25, and so are recipients that hide a second address inside the first.
";

/// A description with something of everything.
const WHOLE: &str = r#"hostname: mail.example.com
domains:
  - example.com                                  # to system accounts and aliases
  - {name: shop.example, delivery: virtual, to: "lmtp:/run/dovecot/lmtp", recipients: {file: /etc/mail/shop.users}}
  - {name: partner.example, delivery: relay, to: "[10.0.0.9]:25", recipients: any}
aliases: {postmaster: root, abuse: root}
relay:
  networks: [192.0.2.0/24]
  smarthost: {preset: gmail, port: 587, credentials: /etc/mail/smarthost.secret}
listeners:                                       # in place of ports
  - {port: 25, role: mx}
  - {port: 587, role: submission, address: 192.0.2.25, tls: modern}
auth: {backend: dovecot, socket: /run/dovecot/auth-client}
tls: {certificate: /etc/ssl/certs/mail.pem, key: /etc/ssl/private/mail.key, profile: intermediate}
limits: {message_size: 20MiB, recipients: 100}
dnsbl: [{zone: zen.spamhaus.org, answers: [127.0.0.2, 127.0.0.3]}]
dkim: {domain: example.com, selector: s1, key: /etc/mail/dkim.pem, socket: "inet:127.0.0.1:8891"}
spam_filter: {rspamd: "inet:127.0.0.1:11332"}
surroundings: {platform: debian-12}
targets: [{server: postfix, into: postfix/}, {server: exim, version: 4.98.2, into: exim/}]
"#;

/// What each section looks like. Beside it stand the lines of `BESIDE` that it does not write itself.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "",
        "hostname: mail.example.com\ndomains: [example.com]\naliases: {postmaster: root, abuse: [anna, bert@example.org]}\nrelay: {networks: [192.0.2.0/24, \"2001:db8::/32\"]}\nauth: cyrus\nports: [25, 465, 587]\ntls: {certificate: /etc/ssl/certs/mail.pem, key: /etc/ssl/private/mail.key}\nmilters: [\"inet:127.0.0.1:8891\"]\n",
    ),
    (
        "auth",
        "auth: {backend: dovecot, socket: /run/dovecot/auth-client, mechanisms: [PLAIN, LOGIN]}\n",
    ),
    (
        "dkim",
        "dkim: {domain: example.com, selector: s1, key: /etc/mail/dkim.pem, socket: \"inet:127.0.0.1:8891\"}\n",
    ),
    (
        "dnsbl",
        "dnsbl: [{zone: zen.spamhaus.org, answers: [127.0.0.2, 127.0.0.3]}]\n",
    ),
    (
        "domains",
        "domains:\n  - example.com\n  - {name: shop.example, delivery: virtual, to: \"lmtp:/run/dovecot/lmtp\", recipients: {file: /etc/mail/shop.users}}\n  - {name: partner.example, delivery: relay, to: \"[10.0.0.9]:25\", recipients: any}\n",
    ),
    (
        "limits",
        "limits: {message_size: 50MiB, recipients: 100, connections: 200, connections_per_client: 20, connection_rate: 60/min}\n",
    ),
    (
        "lint",
        "lint:\n  pedantic: false\n  levels: {security: deny, unreached-clause: allow}\n  paths:\n    - {path: \"lab/\", levels: {open-relay: allow}}\n  ignore: [\"vendor/\", \"*.proto\"]\n",
    ),
    (
        "listeners",
        "listeners:\n  - {port: 25, role: mx}\n  - {port: 2526, role: mx, tls: none, address: 127.0.0.1}\n  - {port: 587, role: submission, address: [192.0.2.25, \"2001:db8::25\"], tls: modern}\n",
    ),
    (
        "relay.smarthost",
        "relay:\n  smarthost: {preset: gmail, port: 587, credentials: /etc/mail/smarthost.secret}\n",
    ),
    (
        "spam_filter",
        "spam_filter: {rspamd: \"inet:127.0.0.1:11332\"}\n",
    ),
    (
        "surroundings",
        "surroundings: {behind_nat: 172.17.0.1, platform: debian-12}\n",
    ),
    (
        "targets",
        "targets: [{server: postfix, into: postfix/}, {server: exim, version: 4.98.2, into: exim/}]\n",
    ),
    (
        "tls",
        "tls: {certificate: /etc/ssl/certs/mail.pem, key: /etc/ssl/private/mail.key, profile: modern}\n",
    ),
];

const BESIDE: &[(&str, &str)] = &[
    ("hostname", "hostname: mail.example.com"),
    ("ports", "ports: [25, 587]"),
    ("auth", "auth: cyrus"),
    ("tls", "tls: {certificate: /c.pem, key: /k.pem}"),
];

/// A schema with the definitions that its references lead to.
struct Schema {
    root: Value,
}

impl Schema {
    /// What a value leads to, by a reference and past `null`; the members of a choice each.
    fn choices<'a>(&'a self, value: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = value["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            return self.choices(&self.root["definitions"][name]);
        }
        match value["anyOf"].as_array() {
            Some(choices) => choices.iter().flat_map(|one| self.choices(one)).collect(),
            None if value["type"] == "null" => Vec::new(),
            None => vec![value],
        }
    }

    /// The type of the value at a path of keys, in words.
    fn kind(&self, path: &str, value: &Value) -> String {
        let kinds: Vec<String> = self
            .choices(value)
            .iter()
            .map(|one| self.one(path, one))
            .collect();
        kinds.join(" or ")
    }

    fn one(&self, path: &str, value: &Value) -> String {
        let words = |words: Vec<String>| words.join(", ");
        if let Some(values) = value["oneOf"].as_array() {
            return words(
                values
                    .iter()
                    .map(|one| format!("`{}`", text(&one["const"])))
                    .collect(),
            );
        }
        if let Some(values) = value["enum"].as_array() {
            return words(values.iter().map(|one| format!("`{one}`")).collect());
        }
        let kind = match &value["type"] {
            Value::Array(kinds) => text(&kinds[0]),
            kind => text(kind),
        };
        match kind {
            "array" => format!("list of {}", self.kind(path, &value["items"])),
            "object" if value["additionalProperties"].is_object() => {
                format!(
                    "for each name {}",
                    self.kind(path, &value["additionalProperties"])
                )
            }
            // A page's anchors have no dots.
            "object" => format!("[section](#{})", path.replace('.', "")),
            "integer" | "number" => "number".to_owned(),
            "boolean" => "`true`, `false`".to_owned(),
            "string" => "text".to_owned(),
            other => panic!("a type without a word: {other} in {value}"),
        }
    }

    /// What the words that a value may have mean.
    fn words(&self, value: &Value) -> String {
        let choices = self.choices(value);
        let all = choices
            .iter()
            .filter_map(|one| one["oneOf"].as_array())
            .flatten();
        let told = all.filter_map(|one| {
            let about = one["description"].as_str()?;
            Some(format!(" `{}`: {}", text(&one["const"]), about))
        });
        told.collect()
    }

    /// The sections below a value, each by the path of its keys.
    fn sections<'a>(
        &'a self,
        path: &str,
        value: &'a Value,
        found: &mut BTreeMap<String, &'a Value>,
    ) {
        for one in self.choices(value) {
            if let Some(keys) = one["properties"].as_object() {
                found.insert(path.to_owned(), one);
                for (key, value) in keys {
                    self.sections(&below(path, key), value, found);
                }
            } else if one["items"].is_object() {
                self.sections(path, &one["items"], found);
            }
        }
    }

    fn table(&self, path: &str, section: &Value) -> String {
        let mut table = "| key | type | default | meaning |\n|---|---|---|---|\n".to_owned();
        let required = section["required"].as_array();
        for (key, value) in section["properties"].as_object().unwrap() {
            let about = text(&value["description"]).replace('\n', " ");
            let (about, mut default) = without_default(&about);
            if required.is_some_and(|all| all.iter().any(|one| one == key)) {
                assert_eq!(default, "", "{key} is required and has a default");
                default.push_str("*required*");
            }
            let _ = writeln!(
                table,
                "| `{key}` | {} | {default} | {about}{} |",
                self.kind(&below(path, key), value),
                self.words(value)
            );
        }
        table
    }
}

/// The path of a key in the section at `path`.
fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What is said of a key, and what counts if it is left out.
fn without_default(about: &str) -> (String, String) {
    for mark in ["; left out, ", " Left out, "] {
        if let Some((before, rest)) = about.split_once(mark) {
            let (default, after) = rest
                .split_once(". ")
                .unwrap_or((rest.trim_end_matches('.'), ""));
            let end = if before.ends_with('.') { "" } else { "." };
            let after = if after.is_empty() {
                String::new()
            } else {
                format!(" {after}")
            };
            return (format!("{before}{end}{after}"), default.to_owned());
        }
    }
    (about.to_owned(), String::new())
}

/// With `UPDATE=1` docs/description.md is written anew.
#[test]
fn the_reference_of_the_description_is_fresh() {
    let schema = Schema {
        root: serde_json::from_str(description::SCHEMA).unwrap(),
    };
    let mut sections = BTreeMap::new();
    schema.sections("", &schema.root, &mut sections);
    is_read(WHOLE);
    let mut page = format!("{HEAD}\n```yaml\n{WHOLE}```\n\n## The keys\n");
    for (path, section) in &sections {
        if !path.is_empty() {
            let about = text(&section["description"]);
            let _ = write!(page, "\n## {path}\n\n{}\n", about.replace('\n', " "));
        }
        let _ = write!(page, "\n{}", schema.table(path, section));
        if let Some((_, example)) = EXAMPLES.iter().find(|(of, _)| of == path) {
            let _ = write!(page, "\n```yaml\n{example}```\n");
        }
    }
    for (of, example) in EXAMPLES {
        assert!(sections.contains_key(*of), "`{of}` is no section");
        is_read(example);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/description.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page);
}

/// An example, with what it needs beside it, is a description without a fault.
fn is_read(example: &str) {
    let writes = |key: &str| {
        example
            .lines()
            .any(|line| line.starts_with(&format!("{key}:")))
    };
    let mut whole = example.to_owned();
    for (key, line) in BESIDE {
        if !writes(key) && (*key != "ports" || !writes("listeners")) {
            let _ = writeln!(whole, "{line}");
        }
    }
    let (read, findings) = description::read(&Source::new("smtpconf.yaml", whole.as_str()));
    assert!(read.is_some(), "{whole}\n{findings:#?}");
}
