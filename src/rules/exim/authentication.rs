//! Authenticators: those that let everybody in, and those that nobody is offered. Must not know how
//! drivers are read.

use super::acl_lines::is_true;
use super::encryption::ports;
use super::tell::{error, note, place, warning, with_more};
use crate::findings::Finding;
use crate::mta::exim::parse::{Branch, Condition, Node, parse};
use crate::mta::exim::{Class, Driver, Files, Mapped, serves};

fn authenticators<'f>(files: &'f Files<'_>) -> impl Iterator<Item = &'f Driver> {
    files.drivers(Class::Authenticator)
}

/// Authenticators for clients without what makes them work.
pub fn idle_authenticator(files: &Files<'_>) -> Vec<Finding> {
    let found = authenticators(files).filter_map(|driver| {
        let needs = match driver.kind? {
            "plaintext" | "external" => "server_condition",
            "cram_md5" => "server_secret",
            "spa" => "server_password",
            "dovecot" => "server_socket",
            _ => return None,
        };
        let mut options = driver.options.iter();
        let set = options.find(|option| option.known.name().starts_with("server_"))?;
        (!serves(driver)).then(|| {
            warning(
                "idle-authenticator",
                &driver.place,
                format!(
                    "`{}` is never offered to clients: only with `{needs}` does it work for them",
                    driver.name
                ),
            )
            .and(set.place.clone(), "this is for clients")
            .help(format!("set `{needs}`"))
        })
    });
    found.collect()
}

/// Authenticators that believe everybody.
pub fn open_authenticator(files: &Files<'_>) -> Vec<Finding> {
    let found = authenticators(files).filter_map(|driver| {
        let condition = driver.option("server_condition")?;
        is_true(&parse(&condition.value)?).then(|| {
            error(
                "open-authenticator",
                &place(driver, "server_condition"),
                format!(
                    "`{}` lets everybody in, whatever the password is",
                    driver.name
                ),
            )
            .help("ask a file, a database, or `saslauthd`")
        })
    });
    found.collect()
}

/// Whether a text is a lookup that gives nothing for users it does not know.
fn may_be_empty(nodes: &[Node]) -> bool {
    match nodes {
        [Node::Lookup { no, .. }] => match no {
            Branch::Missing => true,
            Branch::Fail => false,
            Branch::Text(text) => text.is_empty(),
        },
        [Node::Operator(_, inner)] => may_be_empty(inner),
        _ => false,
    }
}

fn compares_with_nothing(condition: &Condition) -> bool {
    let is_secret = |nodes: &[Node]| matches!(nodes, [Node::Variable(name)] if name.starts_with("auth") || name.bytes().all(|b| b.is_ascii_digit()));
    match condition {
        Condition::And(all) => {
            all.iter().any(compares_with_nothing) && !all.iter().any(asks_for_text)
        }
        Condition::Or(all) => all.iter().any(compares_with_nothing),
        Condition::Test(name, arguments) if matches!(name.as_str(), "eq" | "eqi") => {
            matches!(arguments.as_slice(), [a, b] if is_secret(a) && may_be_empty(b) || is_secret(b) && may_be_empty(a))
        }
        _ => false,
    }
}

/// Whether a condition asks that something is not empty.
fn asks_for_text(condition: &Condition) -> bool {
    match condition {
        Condition::Def(_) => true,
        Condition::Not(inner) => {
            matches!(inner.as_ref(), Condition::Test(name, arguments) if name == "eq" && arguments.iter().any(Vec::is_empty))
        }
        _ => false,
    }
}

/// Passwords of users that there are not.
pub fn empty_secret(files: &Files<'_>) -> Vec<Finding> {
    let found = authenticators(files).filter_map(|driver| {
        let (option, is_open) = if driver.kind? == "cram_md5" {
            let secret = driver.option("server_secret")?;
            ("server_secret", may_be_empty(&parse(&secret.value)?))
        } else {
            let condition = driver.option("server_condition")?;
            let nodes = parse(&condition.value)?;
            let is_open = nodes.iter().any(|node| matches!(node, Node::If(condition, ..) if compares_with_nothing(condition)));
            ("server_condition", is_open)
        };
        is_open.then(|| {
            error(
                "empty-secret",
                &place(driver, option),
                "the lookup gives nothing for a user that is not there, and an empty password is equal to that: anybody can log in",
            )
            .help("end the lookup with `{$value}fail`, and ask `!eq{$auth3}{}` too")
        })
    });
    found.collect()
}

/// Conditions that tell clients what was looked up.
pub fn leaking_condition(files: &Files<'_>) -> Vec<Finding> {
    let found = authenticators(files).filter_map(|driver| {
        let condition = driver.option("server_condition")?;
        let nodes = parse(&condition.value)?;
        let [Node::Lookup { yes, .. }] = nodes.as_slice() else {
            return None;
        };
        let gives = match yes {
            Branch::Missing => true,
            Branch::Text(text) => text.iter().any(|node| matches!(node, Node::Variable(_))),
            Branch::Fail => false,
        };
        gives.then(|| {
            warning(
                "leaking-condition",
                &place(driver, "server_condition"),
                "what is looked up is neither true nor false, so the client gets 435 with this very text",
            )
            .help("compare it: `${if eq{$auth3}{${lookup …{$value}fail}}}`")
        })
    });
    found.collect()
}

/// Logins of which nothing is known afterwards.
pub fn authenticator_without_id(files: &Files<'_>) -> Vec<Finding> {
    let found = authenticators(files).filter(|driver| serves(driver)).filter_map(|driver| {
        if !matches!(driver.kind?, "plaintext" | "cram_md5" | "spa" | "dovecot" | "cyrus_sasl" | "external") {
            return None;
        }
        let public = driver.option("public_name").map(|option| option.value.to_ascii_uppercase());
        let is_plain = driver.kind == Some("plaintext") && public.as_deref() == Some("PLAIN");
        let (message, set) = match driver.option("server_set_id") {
            None => (
                "who logged in is kept nowhere: the log does not tell, and all users share one `$authenticated_id`".to_owned(),
                if is_plain { "server_set_id = $auth2" } else { "server_set_id = $auth1" },
            ),
            Some(id) if is_plain && matches!(id.value.as_str(), "$auth1" | "$1") => (
                format!("`{}` of PLAIN is whom the user wants to be, mostly nobody; the login is `$auth2`", id.value),
                "server_set_id = $auth2",
            ),
            Some(_) => return None,
        };
        let finding = warning("authenticator-without-id", &place(driver, "server_set_id"), message);
        let finding = finding.help(format!("set `{set}`"));
        Some(match driver.option("server_set_id") {
            None => with_more(finding, driver, &[set]),
            Some(id) => finding.instead_of(&id.value, "$auth2"),
        })
    });
    found.collect()
}

/// AUTH that may be tried without end.
pub fn unthrottled_auth(files: &Files<'_>) -> Vec<Finding> {
    let limits = files.parts().any(|(_, _, part)| part.name == "ratelimit");
    let server = authenticators(files).find(|driver| serves(driver));
    let found = server.filter(|_| !limits && files.is_whole && !files.is_debian()).map(|driver| {
        note(
            "unthrottled-auth",
            &driver.place,
            "nothing limits how many passwords a client may try, nor how much a stolen account may send",
        )
        .help("add `ratelimit` to the ACLs of AUTH and RCPT, such as `200 / 1h / strict / per_rcpt / $authenticated_id`")
    });
    found.into_iter().collect()
}

/// Users that are let in and cannot log in.
pub fn auth_never_offered(files: &Files<'_>) -> Vec<Finding> {
    let accepted = files.parts().find(|(_, statement, part)| {
        statement.verb == "accept" && part.name == "authenticated" && !part.negated
    });
    let Some((_, _, part)) = accepted.filter(|_| files.is_whole && !files.is_debian()) else {
        return Vec::new();
    };
    let is_never =
        |option: &crate::mta::exim::Opt| matches!(option.value.trim(), "" | "0" | "no" | "false");
    let mut servers = authenticators(files)
        .filter(|driver| serves(driver))
        .peekable();
    let message = if servers.peek().is_none() {
        "no authenticator works for clients, so nobody is ever authenticated"
    } else if files
        .set("auth_advertise_hosts")
        .is_some_and(|option| option.value.trim().is_empty())
        || servers.all(|driver| {
            driver
                .option("server_advertise_condition")
                .is_some_and(is_never)
        })
    {
        "AUTH is offered to nobody, so nobody is ever authenticated"
    } else {
        return Vec::new();
    };
    // Where none is written at all, the line waits for the day when there is one.
    let finding = match authenticators(files).next() {
        None => note("auth-never-offered", &part.place, message),
        Some(_) => warning("auth-never-offered", &part.place, message),
    };
    vec![
        finding.help("add an authenticator with `server_condition` and the like, or take this out"),
    ]
}

/// The text of an argument.
pub fn text(written: Option<&Mapped>) -> &str {
    written.map_or("", Mapped::text)
}

/// Ports for users on which strangers are heard too.
pub fn login_not_demanded(files: &Files<'_>) -> Vec<Finding> {
    let Some(port) = ports(files)
        .into_iter()
        .find(|port| matches!(port.as_str(), "465" | "587"))
    else {
        return Vec::new();
    };
    let Some(option) = files
        .set("daemon_smtp_ports")
        .or_else(|| files.set("local_interfaces"))
    else {
        return Vec::new();
    };
    // Whatever asks for the port may ask for a login there.
    let asks = files.texts().iter().any(|text| {
        let text = text.written.text();
        ["received_port", "interface_port"]
            .iter()
            .any(|name| text.contains(name))
    });
    let all = files.parts().any(|(_, statement, part)| {
        let demands = statement.verb == "require" && !part.negated;
        let refuses = matches!(statement.verb, "deny" | "drop") && part.negated;
        part.name == "authenticated" && (demands || refuses)
    });
    let open = files.statements().find(|(_, statement)| {
        let has = |name: &str| statement.parts.iter().any(|part| part.name == name);
        statement.verb == "accept" && has("domains") && !has("authenticated") && !has("hosts")
    });
    let Some((_, open)) = open.filter(|_| !asks && !all && files.is_whole && !files.is_debian())
    else {
        return Vec::new();
    };
    let message = format!(
        "port {port} is for users who log in, and strangers may send to this server's domains through it without"
    );
    let finding = warning("login-not-demanded", &option.place, message)
        .and(open.place.clone(), "this accepts them on every port");
    vec![
        finding.help(
            "refuse `!authenticated = *` in the ACL of MAIL where `$received_port` is this one",
        ),
    ]
}
