//! Restrictions that do not exist, stand in the wrong place, or lack what they need. Must not know
//! what a whole list decides.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::lists::{Item, List, known, list, meant};
use crate::mta::postfix::{Files, Service, Table, Word, written};

/// Each restriction of each list, asked one by one.
pub fn each(
    files: &Files<'_>,
    ask: impl Fn(&List, usize, &Item) -> Option<Finding>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in files.lists() {
        let found = list.items.iter().enumerate();
        // What a default says is not the administrator's mistake.
        let found = found.filter(|(_, item)| item.word.origin.is_some());
        findings.extend(found.filter_map(|(at, item)| ask(list, at, item)));
    }
    findings
}

pub fn tell(
    files: &Files<'_>,
    severity: Severity,
    rule: &'static str,
    word: &Word,
    message: String,
) -> Finding {
    files.finding(severity, rule, word.origin.clone(), message)
}

/// Names that this version does not know.
pub fn unknown(files: &Files<'_>) -> Vec<Finding> {
    const RULE: &str = "unknown-restriction";
    let version = files.dictionary.version;
    each(files, |list, _, item| {
        let (name, word) = (item.name.as_str(), &item.word);
        let classes = files.dictionary.classes(list.service(files));
        if name.contains(':') || classes.contains(&word.text) {
            return None;
        }
        let dies = "every mail that gets here is put off with `451 4.3.5 Server \
             configuration error`";
        let Some(row) = known(name) else {
            let message = format!("`{}` is no restriction: {dies}", word.text);
            let finding = tell(files, Severity::Error, RULE, word, message);
            return Some(match meant(name).filter(|near| *near != name) {
                Some(near) => finding
                    .help(format!("did you mean `{near}`?"))
                    .unsafe_fix(written(word, near)),
                _ => finding.help("correct the name, or name it in `smtpd_restriction_classes`"),
            });
        };
        if !version.has(row.get("introduced")) {
            let message = format!(
                "`{name}` came with Postfix {}, and {version} does not know it: {dies}",
                row.get("introduced")
            );
            return Some(tell(files, Severity::Error, RULE, word, message).help("take it out"));
        }
        let removed = row.get("removed");
        if removed.is_empty() {
            return None;
        }
        let (severity, message) = if version.has(removed) {
            (
                Severity::Error,
                format!("`{name}` was removed in Postfix {removed}: {dies}"),
            )
        } else {
            (
                Severity::Warning,
                format!("`{name}` is out of date, and Postfix {removed} removed it"),
            )
        };
        let told = tell(files, severity, RULE, word, message);
        Some(match row.get("instead") {
            "" => told.help("take it out"),
            instead => told
                .help(format!("use `{instead}`"))
                .unsafe_fix(written(word, instead)),
        })
    })
}

/// Arguments that are missing, or are none.
pub fn argument(files: &Files<'_>) -> Vec<Finding> {
    const RULE: &str = "restriction-without-argument";
    each(files, |_, _, item| {
        let name = item.name.as_str();
        let kind = known(name)?.get("argument");
        let (wanted, example) = match kind {
            "table" => ("a lookup table", "type:name"),
            "zone" => (
                "the domain of a DNS list",
                "zen.spamhaus.org=127.0.0.[2..11]",
            ),
            "service" => ("a policy service", "unix:private/policy"),
            _ => return None,
        };
        let given = item
            .argument
            .as_ref()
            .map_or("", |argument| argument.text.as_str());
        let is_good = match kind {
            "zone" => given.contains('.') || given.starts_with('$'),
            _ => given.contains(':') || given.starts_with('{'),
        };
        if is_good {
            return None;
        }
        let swallowed = if given.is_empty() {
            String::new()
        } else {
            format!(", and takes `{given}` for it")
        };
        let effect = if kind == "zone" {
            "it does nothing"
        } else {
            "every mail that gets here is put off"
        };
        let message = format!("`{name}` needs {wanted} behind it{swallowed}: {effect}");
        Some(
            tell(files, Severity::Error, RULE, &item.word, message)
                .help(format!("write `{name} {example}`")),
        )
    })
}

/// Tables without the restriction that says what is looked up.
pub fn bare_table(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        if !item.name.contains(':') {
            return None;
        }
        let asks = match list.name.as_str() {
            "smtpd_client_restrictions" => "check_client_access",
            "smtpd_helo_restrictions" => "check_helo_access",
            "smtpd_sender_restrictions" => "check_sender_access",
            "smtpd_relay_restrictions" | "smtpd_recipient_restrictions" => "check_recipient_access",
            "smtpd_etrn_restrictions" => "check_etrn_access",
            _ if list.is_own() => "",
            _ => return None,
        };
        let (severity, message) = if asks.is_empty() {
            let message = format!(
                "`{}` stands in a list that does not say what is looked up: every mail is \
             put off",
                item.word.text
            );
            (Severity::Error, message)
        } else {
            let message = format!(
                "nothing says what is looked up in `{}`: in this list it is what `{asks}` \
             asks",
                item.word.text
            );
            (Severity::Warning, message)
        };
        let asks = if asks.is_empty() {
            "check_client_access"
        } else {
            asks
        };
        let finding = tell(
            files,
            severity,
            "table-without-restriction",
            &item.word,
            message,
        )
        .help(format!(
            "write `{asks} {}`, or the restriction that is meant",
            item.word.text
        ));
        let text = format!("{asks} {}", item.word.text);
        Some(if severity == Severity::Warning {
            finding.safe_fix(written(&item.word, &text))
        } else {
            finding
        })
    })
}

/// `permit_mx_backup`: who is asked for decides.
pub fn mx_backup(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        if item.name != "permit_mx_backup" {
            return None;
        }
        let is_wide = files.is_empty("permit_mx_backup_networks", list.service(files));
        let message = if is_wide {
            "`permit_mx_backup` takes mail for every domain whose owner names this \
             host as an MX, and `permit_mx_backup_networks` does not say whose"
        } else {
            "`permit_mx_backup` takes mail for domains that only the DNS names; \
             Postfix 3.9 and later log a warning for it"
        };
        Some(
            tell(
                files,
                Severity::Warning,
                "permit-mx-backup",
                &item.word,
                message.to_owned(),
            )
            .help("list the domains in `relay_domains`"),
        )
    })
}

/// Checks of HELO that a client passes by not saying it.
pub fn optional_helo(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        let asks = item.name.contains("helo")
            || [
                "reject_invalid_hostname",
                "reject_unknown_hostname",
                "reject_non_fqdn_hostname",
            ]
            .contains(&item.name.as_str());
        let refuses = asks && item.name.starts_with("reject");
        if !refuses || !files.is("smtpd_helo_required", "no", list.service(files)) {
            return None;
        }
        let message = format!(
            "a client that does not say HELO is not asked: `{}` is passed by leaving \
             it out",
            item.name
        );
        Some(
            tell(
                files,
                Severity::Warning,
                "optional-helo",
                &item.word,
                message,
            )
            .help("set `smtpd_helo_required = yes`")
            .unsafe_fix(files.set_to("smtpd_helo_required", "yes", None)),
        )
    })
}

/// Checks that refuse much good mail, or trouble others.
pub fn harsh(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, at, item| {
        if item.is_warning {
            return None;
        }
        let why = match item.name.as_str() {
            "reject_unknown_client_hostname" | "reject_unknown_client" => {
                "it refuses good servers whose name does not lead back to their address; \
             `reject_unknown_reverse_client_hostname` is milder"
            }
            "reject_unknown_helo_hostname" | "reject_unknown_hostname" => {
                "it refuses good servers that greet with a name of their own network"
            }
            "reject_unverified_sender" => {
                "it calls the sender's server for every new address: others see that as \
             abuse, and mail waits"
            }
            _ => return None,
        };
        // Behind a table it is for those whom the table names.
        let is_for_all = list.is_own()
            && !list.items[..at]
                .iter()
                .any(|before| before.name == "reject");
        is_for_all.then(|| {
            tell(
                files,
                Severity::Note,
                "harsh-restriction",
                &item.word,
                format!("`{}`: {why}", item.name),
            )
            .help("put `warn_if_reject` before it and read the log first")
            .certainty(Certainty::Likely)
        })
    })
}

/// Names of clients are refused where none is looked up.
pub fn nameless(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        let asks = [
            "reject_unknown_client_hostname",
            "reject_unknown_reverse_client_hostname",
            "reject_unknown_client",
        ];
        if !asks.contains(&item.name.as_str())
            || !files.is("smtpd_peername_lookup", "no", list.service(files))
        {
            return None;
        }
        let message = format!(
            "with `smtpd_peername_lookup = no` every client is `unknown`: `{}` \
             refuses them all",
            item.name
        );
        Some(
            tell(
                files,
                Severity::Error,
                "nameless-clients",
                &item.word,
                message,
            )
            .help("take `smtpd_peername_lookup = no` out, or the restriction"),
        )
    })
}

/// The guard against relaying where it is none.
pub fn misplaced_guard(files: &Files<'_>) -> Vec<Finding> {
    const GUARDS: [&str; 2] = ["reject_unauth_destination", "defer_unauth_destination"];
    each(files, |list, _, item| {
        let is_early = [
            "smtpd_client_restrictions",
            "smtpd_helo_restrictions",
            "smtpd_sender_restrictions",
        ]
        .contains(&list.name.as_str());
        if !is_early || !GUARDS.contains(&item.name.as_str()) {
            return None;
        }
        let has = |name| {
            self::list(files, name, list.service(files))
                .items
                .iter()
                .any(|item| GUARDS.contains(&item.name.as_str()))
        };
        if has("smtpd_relay_restrictions") || has("smtpd_recipient_restrictions") {
            return None;
        }
        let message = format!(
            "`{}` does not count in `{}`: Postfix wants it in \
             `smtpd_relay_restrictions` or `smtpd_recipient_restrictions`",
            item.name, list.name
        );
        Some(
            tell(
                files,
                Severity::Warning,
                "misplaced-relay-guard",
                &item.word,
                message,
            )
            .help("move it to the end of `smtpd_relay_restrictions`"),
        )
    })
}

/// Policy services and other local sockets of master.cf that nobody serves.
pub fn missing_policy_service(files: &Files<'_>) -> Vec<Finding> {
    each(files, |_, _, item| {
        let argument = item
            .argument
            .as_ref()
            .filter(|_| item.name == "check_policy_service")?;
        let name = argument.text.strip_prefix("unix:private/")?;
        files.master.as_ref()?;
        let is_there = files
            .services()
            .iter()
            .any(|service: &&Service| service.name() == name && service.kind() == "unix");
        // Those of daemons that put their socket there themselves.
        let is_foreign = [
            "postgrey",
            "policyd-spf",
            "policy-spf",
            "auth",
            "dovecot",
            "quota-status",
        ]
        .iter()
        .any(|known| name.contains(known));
        (!is_there && !is_foreign).then(|| {
            let message = format!(
                "no service of master.cf is called `{name}`: if nobody else makes this \
             socket, every mail that gets here is put off"
            );
            tell(
                files,
                Severity::Warning,
                "missing-policy-service",
                argument,
                message,
            )
            .certainty(Certainty::Conditional)
            .help(format!(
                "add `{name} unix - n n - 0 spawn …` to master.cf, or correct the name"
            ))
        })
    })
}

/// Tables whose `OK` is a fault.
pub fn forbidden_ok(files: &Files<'_>) -> Vec<Finding> {
    each(files, |_, _, item| {
        let name = item.name.as_str();
        let is_strict = ["_mx_access", "_ns_access", "_a_access"]
            .iter()
            .any(|end| name.ends_with(end))
            || name == "check_reverse_client_hostname_access";
        let table = item.argument.as_ref().filter(|_| is_strict)?;
        let permits = |value: &str| {
            let first = value
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            ["ok", "relay", "permit"].contains(&first.as_str())
                || first.len() != 3
                    && !first.is_empty()
                    && first.bytes().all(|b| b.is_ascii_digit())
        };
        let place = match files.table(table) {
            Table::Static(value) => permits(&value).then(|| table.origin.clone())?,
            Table::Keys(entries) => {
                entries
                    .into_iter()
                    .find(|entry| permits(&entry.value))?
                    .origin
            }
            Table::Ordered(entries) => {
                entries
                    .into_iter()
                    .find(|entry| permits(&entry.value))?
                    .origin
            }
            _ => None?,
        };
        let message = format!(
            "`{name}` must not permit: whoever owns the name could let himself in, so \
             Postfix puts the mail off instead"
        );
        Some(
            files
                .finding(Severity::Error, "forbidden-ok", place, message)
                .help("write `DUNNO`"),
        )
    })
}
