//! Texts of strangers where Exim wants none: names of files, commands, transports, and what is
//! expanded twice (Exim's specification, chapter 11, "Taint checking"). Must not know how drivers
//! are read.

use super::names::variables;
use super::routed_data::{leading, sets};
use super::tell::{error, warning};
use crate::findings::Finding;
use crate::mta::exim::parse::{Branch, Node, parse};
use crate::mta::exim::{Class, Files, Owner, Text};

/// Whether a stranger chooses what a variable holds.
pub fn is_tainted(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "domain",
        "local_part",
        "local_part_prefix",
        "local_part_suffix",
        "original_domain",
        "original_local_part",
        "parent_domain",
        "parent_local_part",
        "recipients",
        "reply_address",
        "sender_address",
        "sender_address_domain",
        "sender_address_local_part",
        "sender_helo_name",
        "sender_host_name",
        "sender_ident",
        "sender_rcvhost",
        "smtp_command",
        "smtp_command_argument",
        "tls_in_peerdn",
        "tls_in_sni",
        "mime_filename",
        "message_headers",
        "message_body",
    ];
    let is_header = name.starts_with("h_")
        || name.starts_with("header_")
        || name.starts_with("rh_")
        || name.starts_with("bh_");
    NAMES.contains(&name) || is_header
}

/// The first variable of strangers that becomes a part of what these make.
fn tainted(nodes: &[Node]) -> Option<String> {
    let branch = |branch: &Branch| match branch {
        Branch::Text(inner) => tainted(inner),
        _ => None,
    };
    nodes.iter().find_map(|node| match node {
        Node::Variable(name) => is_tainted(name).then(|| name.clone()),
        // What these make has no letter of what they are made of.
        Node::Operator(name, inner) => {
            let is_number = [
                "hash", "nhash", "md5", "sha", "strlen", "l", "length", "h", "nh", "eval", "hex",
                "base6",
            ]
            .iter()
            .any(|start| name.starts_with(start));
            if is_number && !name.starts_with("length") && name != "l" {
                None
            } else {
                tainted(inner)
            }
        }
        Node::If(_, yes, no) => branch(yes).or_else(|| branch(no)),
        // What is looked up is the administrator's; what stands for nothing found need not be.
        Node::Lookup { yes, no, .. } => branch(yes).or_else(|| branch(no)),
        Node::Item(name, arguments) => match name.as_str() {
            "run" | "readfile" | "readsocket" | "perl" | "dlfunc" | "env" | "certextract"
            | "extract" | "listextract" | "hash" | "nhash" | "hmac" | "length" => None,
            _ => arguments.iter().find_map(|argument| tainted(argument)),
        },
        Node::Plain(_) => None,
    })
}

/// Lookups whose file or query holds a variable of strangers: kind and variable.
fn lookups(nodes: &[Node], found: &mut Vec<(String, String)>) {
    let branch = |branch: &Branch, found: &mut Vec<(String, String)>| {
        if let Branch::Text(inner) = branch {
            lookups(inner, found);
        }
    };
    for node in nodes {
        match node {
            Node::Lookup {
                key,
                kind,
                file,
                yes,
                no,
            } => {
                if let Some(key) = key {
                    lookups(key, found);
                    found.extend(tainted(file).map(|name| (kind.clone(), name)));
                }
                lookups(file, found);
                branch(yes, found);
                branch(no, found);
            }
            Node::Operator(_, inner) => lookups(inner, found),
            Node::If(condition, yes, no) => {
                for text in texts(condition) {
                    lookups(text, found);
                }
                branch(yes, found);
                branch(no, found);
            }
            Node::Item(_, arguments) => {
                for argument in arguments {
                    lookups(argument, found);
                }
            }
            _ => {}
        }
    }
}

/// The texts in a condition.
fn texts(condition: &crate::mta::exim::parse::Condition) -> Vec<&Vec<Node>> {
    use crate::mta::exim::parse::Condition;
    match condition {
        Condition::Not(inner) => texts(inner),
        Condition::And(all) | Condition::Or(all) => all.iter().flat_map(texts).collect(),
        Condition::Def(_) => Vec::new(),
        Condition::Test(_, arguments) => arguments.iter().collect(),
    }
}

/// Where `$name` stands in a text.
fn place(text: &Text<'_>, name: &str) -> Option<crate::text::Place> {
    let uses = variables(text.written).into_iter();
    let range = uses
        .filter(|(variable, _)| *variable == name)
        .map(|(_, range)| range)
        .next();
    range
        .and_then(|range| text.place(range))
        .or_else(|| text.whole())
}

fn nodes(text: &Text<'_>) -> Vec<Node> {
    let written = text.written.text();
    let plain = written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(written);
    parse(plain).unwrap_or_default()
}

/// The finding with what to write in place of a variable.
fn told(files: &Files<'_>, text: &Text<'_>, name: &str, finding: Finding) -> Finding {
    let finding = finding.help(instead(name));
    let data = format!("{name}_data");
    let is_set = matches!(name, "local_part" | "domain")
        && matches!(text.of, Owner::Driver(driver)
            if !leading(files, driver).is_empty() && leading(files, driver).iter().all(|router| sets(router, &data)));
    if is_set && !matches!(text.name, "domains" | "local_parts") {
        finding.instead_of(name, &data)
    } else {
        finding
    }
}

/// What to write in place of a variable.
fn instead(name: &str) -> String {
    match name {
        "local_part" | "domain" => format!(
            "take `${name}_data`, which is what a list or the password file matched (`check_local_user`, `local_parts`, `domains`)"
        ),
        "local_part_suffix" | "local_part_prefix" => format!("take `${name}_v` through a lookup"),
        _ => "look it up, and take what is found".to_owned(),
    }
}

/// Tainted texts where none may be.
pub fn tainted_value(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in files.texts() {
        let nodes = nodes(&text);
        if nodes.iter().all(|node| matches!(node, Node::Plain(_))) {
            continue;
        }
        let Some((what, then, since)) = wanted(&text) else {
            continue;
        };
        if !files.is_at_least(since) {
            continue;
        }
        let Some(name) = tainted(&nodes) else {
            continue;
        };
        let Some(place) = place(&text, &name) else {
            continue;
        };
        let message = format!(
            "strangers choose what `${name}` holds, and Exim takes no {what} from them: {then}"
        );
        found.push(told(
            files,
            &text,
            &name,
            error("tainted-value", &place, message),
        ));
    }
    found.extend(of_lookups(files));
    found.extend(expanded_twice(files));
    found
}

/// What a text is, where it may hold nothing of strangers; what happens; since when.
fn wanted(text: &Text<'_>) -> Option<(&'static str, &'static str, &'static [u16])> {
    const DEFERS: &str = "the message stays in the queue";
    match (text.of, text.name) {
        (Owner::Driver(driver), name) => match (driver.class, driver.kind?, name) {
            (Class::Transport, "appendfile", "file" | "directory")
            | (Class::Transport, "autoreply", "file" | "log" | "once")
            | (Class::Router, "redirect", "file") => Some(("name of a file", DEFERS, &[4, 94])),
            (_, _, "transport" | "interface" | "transport_filter_name") => {
                Some(("name of a transport or interface", DEFERS, &[4, 94]))
            }
            (_, "pipe" | "lmtp" | "queryprogram", "command") | (_, _, "transport_filter") => {
                Some(("command", DEFERS, &[4, 96]))
            }
            _ => None,
        },
        (Owner::Acl(..), "acl") => Some(("name of an ACL", "clients get 451", &[4, 95])),
        (Owner::Acl(..), "queue") => Some(("name of a queue", "clients get 451", &[4, 94])),
        _ => None,
    }
}

fn of_lookups(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in files
        .texts()
        .into_iter()
        .filter(|_| files.is_at_least(&[4, 94]))
    {
        let mut all = Vec::new();
        lookups(&nodes(&text), &mut all);
        // A list's items are lookups without braces.
        for item in crate::mta::exim::items(text.written) {
            if let Some((kind, file)) = item
                .text
                .split_once(';')
                .filter(|_| !item.text.contains('{'))
            {
                let name = parse(file).and_then(|nodes| tainted(&nodes));
                all.extend(name.map(|name| (kind.to_owned(), name)));
            }
        }
        for (kind, name) in all {
            let is_file = [
                "lsearch",
                "wildlsearch",
                "nwildlsearch",
                "iplsearch",
                "cdb",
                "dbm",
                "dbmnz",
                "dbmjz",
                "dsearch",
            ]
            .iter()
            .any(|known| {
                kind.split(',')
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(['*', '@'])
                    .ends_with(known)
            });
            let Some(place) = place(&text, &name).filter(|_| is_file) else {
                continue;
            };
            let message = format!(
                "strangers choose what `${name}` holds, and Exim takes no name of a file from them: this lookup fails"
            );
            found.push(told(
                files,
                &text,
                &name,
                error("tainted-value", &place, message),
            ));
        }
    }
    found
}

fn expanded_twice(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in files.texts() {
        let mut all = Vec::new();
        twice(&nodes(&text), &mut all);
        for name in all {
            let Some(place) = place(&text, &name) else {
                continue;
            };
            let then = if files.is_at_least(&[4, 93]) {
                "Exim refuses that"
            } else {
                "they can run commands on this server"
            };
            let message = format!(
                "strangers choose what `${name}` holds, and here it is expanded once more: {then}"
            );
            found.push(error("tainted-value", &place, message).help("leave `${expand:…}` out"));
        }
    }
    found
}

fn twice(nodes: &[Node], found: &mut Vec<String>) {
    for node in nodes {
        match node {
            Node::Operator(name, inner) => {
                if name == "expand" {
                    found.extend(tainted(inner));
                }
                twice(inner, found);
            }
            Node::If(condition, yes, no) => {
                for text in texts(condition) {
                    twice(text, found);
                }
                for branch in [yes, no] {
                    if let Branch::Text(inner) = branch {
                        twice(inner, found);
                    }
                }
            }
            Node::Item(_, arguments) => {
                for argument in arguments {
                    twice(argument, found);
                }
            }
            _ => {}
        }
    }
}

/// What switches the checks off.
pub fn taint_switched_off(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(option) = files
        .set("allow_insecure_tainted_data")
        .filter(|option| option.value == "true")
    {
        let message = "Exim only logs where strangers choose names of files and commands; 4.96 does not know this option any more";
        found.push(
            warning("taint-switched-off", &option.place, message)
                .help("mend what the log names, and take this out"),
        );
    }
    for text in files.texts() {
        let written = text.written.text();
        let blesses = [
            "lsearch*,ret=key",
            "lsearch*@,ret=key",
            "wildlsearch,ret=key",
        ];
        if let Some(found_at) = blesses.iter().find_map(|word| written.find(word)) {
            let place = text.place(found_at..found_at + 7);
            found.extend(place.map(|place| {
                warning("taint-switched-off", &place, "with a default entry this takes whatever strangers write for a name that was looked up")
                    .help("list the names, or ask for files with `dsearch`")
            }));
        }
    }
    found
}

/// Separators and names of lists that strangers choose.
pub fn tainted_list(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for list in files.lists() {
        let nodes = nodes(&list.text);
        let odd = nodes.iter().any(|node| match node {
            Node::If(_, Branch::Text(yes), _) => {
                matches!(yes.first(), Some(Node::Plain(text)) if text.trim_start().starts_with(['<', '+'])) && tainted(yes).is_some()
            }
            _ => false,
        });
        if let (true, true, Some(place)) = (odd, files.is_at_least(&[4, 99]), list.text.whole()) {
            found.push(
                warning(
                    "tainted-list",
                    &place,
                    "the separator or the name of the list is made together with a text of strangers, and Exim 4.99 complains of it",
                )
                .help("write the separator at the start of the list itself"),
            );
        }
    }
    found
}
