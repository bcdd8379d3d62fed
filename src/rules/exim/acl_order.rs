//! What stands in an ACL before what, and what is missing in it. Must not know how ACLs are read.

use super::acl_lines::asks;
use super::tell::{error, warning};
use crate::findings::{Certainty, Finding};
use crate::mta::exim::{Acl, Files, Mapped, Part, Statement};

fn text(part: &Part) -> &str {
    part.argument.as_ref().map_or("", Mapped::text)
}

fn has(statement: &Statement, name: &str) -> bool {
    statement.parts.iter().any(|part| part.name == name)
}

/// The ACLs that an option of this name leads to.
fn of<'f>(files: &'f Files<'_>, phase: &'static str) -> Vec<&'f Acl> {
    let phases = files.phases();
    let acls = files.read.running.acls.iter();
    acls.filter(|acl| {
        phases
            .get(acl.name.as_str())
            .is_some_and(|reached| reached.contains(phase))
    })
    .collect()
}

/// The ACL that an option names, and nothing else.
fn direct<'f>(files: &'f Files<'_>, option: &str) -> Option<&'f Acl> {
    let value = files.set(option)?.value.trim();
    files.read.running.acls.iter().find(|acl| acl.name == value)
}

/// Options that accept where there is no ACL, and refuse with one that is empty.
const OPEN: &[&str] = &[
    "acl_smtp_auth",
    "acl_smtp_connect",
    "acl_smtp_data",
    "acl_smtp_helo",
    "acl_smtp_mail",
    "acl_smtp_predata",
    "acl_smtp_starttls",
    "acl_smtp_dkim",
    "acl_smtp_mime",
    "acl_not_smtp",
];

/// ACLs of nothing.
pub fn empty_acl(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in OPEN {
        let Some(option) = files.set(name) else {
            continue;
        };
        if option.value.trim().is_empty() {
            let message = format!(
                "`{name}` is set to nothing, which refuses everything; only where it is not set at all is everything accepted"
            );
            found.push(error("empty-acl", &option.place, message).help("take the line out"));
        } else if let Some(acl) = direct(files, name).filter(|acl| acl.statements.is_empty()) {
            let message = format!(
                "the ACL `{}` of `{name}` has no statement, so it refuses everything",
                acl.name
            );
            found.push(error("empty-acl", &acl.place, message).help("end it with `accept`"));
        }
    }
    found
}

/// ACLs that refuse at their end what they were not to refuse.
pub fn acl_without_accept(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in OPEN {
        let Some(acl) = direct(files, name) else {
            continue;
        };
        let Some(last) = acl.statements.last() else {
            continue;
        };
        let ends = match last.verb {
            "accept" | "discard" => true,
            "deny" | "drop" | "defer" => !last.parts.iter().any(asks),
            _ => false,
        };
        if !ends {
            let message = format!(
                "behind its last statement the ACL `{}` refuses whatever comes so far, since it does not end with `accept`",
                acl.name
            );
            found.push(
                warning("acl-without-accept", &last.place, message)
                    .help("end it with a line `accept`"),
            );
        }
    }
    found
}

/// What refuses some clients, behind what accepts everybody who sends here.
pub fn late_deny(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for acl in of(files, "acl_smtp_rcpt") {
        let is_wide = |statement: &&Statement| {
            statement.verb == "accept"
                && has(statement, "domains")
                && statement
                    .parts
                    .iter()
                    .filter(|part| asks(part))
                    .all(|part| {
                        !part.negated
                            && matches!(part.name.as_str(), "domains" | "recipients" | "verify")
                    })
        };
        let Some(at) = acl.statements.iter().position(|one| is_wide(&one)) else {
            continue;
        };
        let wide = &acl.statements[at];
        let late = acl.statements[at + 1..].iter().find(|statement| {
            let filters = [
                "dnslists",
                "hosts",
                "local_parts",
                "senders",
                "sender_domains",
            ];
            matches!(statement.verb, "deny" | "drop" | "defer")
                && statement
                    .parts
                    .iter()
                    .any(|part| filters.contains(&part.name.as_str()) && !part.negated)
        });
        if let Some(late) = late {
            found.push(
                warning(
                    "late-deny",
                    &late.place,
                    "mail to the domains that were accepted before does not get this far, so this filters none of it",
                )
                .and(wide.place.clone(), "this accepts it")
                .help("put it before"),
            );
        }
    }
    found
}

/// Domains that are accepted without asking whether there is such a recipient.
pub fn unverified_recipients(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let verifies = |statement: &Statement| {
        statement
            .parts
            .iter()
            .any(|part| part.name == "verify" && text(part).starts_with("recipient"))
    };
    let calls = |statement: &Statement| has(statement, "acl");
    for acl in of(files, "acl_smtp_rcpt") {
        for (at, statement) in acl.statements.iter().enumerate() {
            let gives = statement.verb == "accept"
                && statement
                    .parts
                    .iter()
                    .any(|part| part.name == "domains" && !part.negated)
                && ![
                    "authenticated",
                    "condition",
                    "hosts",
                    "local_parts",
                    "recipients",
                    "senders",
                ]
                .iter()
                .any(|name| has(statement, name));
            let known = acl.statements[..=at]
                .iter()
                .any(|one| verifies(one) || calls(one));
            if gives && !known {
                found.push(
                    warning(
                        "unchecked-recipients",
                        &statement.place,
                        "this accepts mail for recipients that do not exist; it then bounces to senders who are mostly forged",
                    )
                    .help("add `verify = recipient`, with `/callout` for domains of other servers"),
                );
            }
        }
    }
    found
}

/// EXPN and ETRN for everybody.
pub fn open_expn(files: &Files<'_>) -> Vec<Finding> {
    let options = ["acl_smtp_expn", "acl_smtp_etrn"].into_iter();
    let found = options.filter_map(|name| {
        let option = files.set(name)?;
        let accepts = option.value.trim() == "accept"
            || direct(files, name)
                .and_then(|acl| acl.statements.first())
                .is_some_and(|first| first.verb == "accept" && !first.parts.iter().any(asks));
        accepts.then(|| {
            let what = if name.ends_with("expn") {
                "learn who stands behind an alias"
            } else {
                "start deliveries"
            };
            let message = format!("everybody can {what}");
            warning("open-expn", &option.place, message)
                .help("leave it out, or accept only hosts of your own")
        })
    });
    found.collect()
}

/// Local parts that carry a second address.
pub fn unguarded_local_parts(files: &Files<'_>) -> Vec<Finding> {
    if let Some(hack) = files
        .set("percent_hack_domains")
        .filter(|hack| !hack.value.is_empty())
    {
        return vec![
            warning(
                "unguarded-local-parts",
                &hack.place,
                "`user%other.example@` these domains is sent on to `user@other.example`; where a server trusts this one, that makes an open relay of both",
            )
            .help("take it out"),
        ];
    }
    let guarded = files.parts().any(|(_, _, part)| {
        matches!(part.name.as_str(), "local_parts" | "recipients")
            || part.name == "condition" && text(part).contains("local_part")
    });
    let forwards = files
        .drivers(crate::mta::exim::Class::Router)
        .find(|router| {
            router.kind == Some("manualroute")
                && router
                    .option("domains")
                    .is_some_and(|option| !option.value.starts_with('!'))
        });
    let acl = direct(files, "acl_smtp_rcpt");
    match (forwards, acl) {
        (Some(router), Some(acl)) if !guarded && files.is_whole => vec![
            warning(
                "unguarded-local-parts",
                &acl.place,
                "no condition looks at the local part, and addresses such as `user%other.example` go on to another server, which may send them anywhere",
            )
            .certainty(Certainty::Likely)
            .and(router.place.clone(), "this router sends them on")
            .help("add `deny local_parts = ^[./|] : ^.*[@%!`#&?]`"),
        ],
        _ => Vec::new(),
    }
}
