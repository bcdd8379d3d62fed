//! Restrictions that ask who has logged in, or shown a certificate. Must not know how one logs in.

use super::restrictions::{each, tell};
use crate::findings::{Certainty, Finding, Severity};
use crate::mta::postfix::Files;
use crate::mta::postfix::lists::{self, Item, list};

/// Checks of the login where nobody can have logged in yet.
pub fn early(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        let is_early =
            ["smtpd_client_restrictions", "smtpd_helo_restrictions"].contains(&list.name.as_str());
        let needs_login =
            item.name == "permit_sasl_authenticated" || item.name.starts_with("permit_tls_");
        if !is_early || !needs_login || !files.is("smtpd_delay_reject", "no", list.service(files)) {
            return None;
        }
        let message = format!(
            "with `smtpd_delay_reject = no` this list is gone through before the \
             client can log in: `{}` lets nobody pass",
            item.name
        );
        let place = files.place("smtpd_delay_reject", list.service(files));
        let finding = tell(
            files,
            Severity::Error,
            "early-login-check",
            &item.word,
            message,
        )
        .help(
            "take `smtpd_delay_reject = no` out, or move the restriction to \
             `smtpd_recipient_restrictions`",
        );
        Some(match place {
            Some(place) => finding.and(place, "set here"),
            None => finding,
        })
    })
}

/// Senders that are held against logins without a table of who owns which.
pub fn mismatch_without_map(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        let needs = [
            "reject_sender_login_mismatch",
            "reject_authenticated_sender_login_mismatch",
        ];
        if !needs.contains(&item.name.as_str())
            || !files.is_empty("smtpd_sender_login_maps", list.service(files))
        {
            return None;
        }
        let message = format!(
            "`smtpd_sender_login_maps` is empty, so nobody owns any address: `{}` \
             refuses every client that has logged in",
            item.name
        );
        Some(
            tell(
                files,
                Severity::Error,
                "login-check-without-map",
                &item.word,
                message,
            )
            .help("set `smtpd_sender_login_maps`, or use `reject_known_sender_login_mismatch`"),
        )
    })
}

/// The same behind what lets everybody in who has logged in.
pub fn late_mismatch(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, at, item| {
        let needs_login =
            item.name.ends_with("sender_login_mismatch") && !item.name.contains("unauthenticated");
        let before = list.items[..at]
            .iter()
            .find(|before| before.name == "permit_sasl_authenticated")?;
        if !needs_login || before.is_warning {
            return None;
        }
        let message = format!(
            "who has logged in is let through by `permit_sasl_authenticated` before \
             `{}` is asked: users send as whom they like",
            item.name
        );
        let finding = tell(
            files,
            Severity::Warning,
            "late-login-check",
            &item.word,
            message,
        )
        .help(
            "put it before `permit_sasl_authenticated`, or into \
             `smtpd_sender_restrictions`",
        );
        Some(match &before.word.origin {
            Some(place) => finding.and(place.clone(), "let through here"),
            None => finding,
        })
    })
}

/// Checks of logins, on a service that has no AUTH.
pub fn without_auth(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, at, item| {
        if !files.is("smtpd_sasl_auth_enable", "no", list.service(files)) {
            return None;
        }
        let asks = item.name == "check_sasl_access"
            || item.name.ends_with("sender_login_mismatch")
                && !item.name.contains("unauthenticated");
        let ends = list
            .items
            .get(at + 1)
            .is_some_and(|next| next.name == "reject");
        let is_gate = item.name == "permit_sasl_authenticated" && ends && list.is_own() && at == 0;
        let message = if asks {
            format!(
                "`{}` is ignored: this service has no AUTH (`smtpd_sasl_auth_enable = no`)",
                item.name
            )
        } else if is_gate {
            "only who has logged in gets past this list, and nobody can: this service \
             has no AUTH (`smtpd_sasl_auth_enable = no`)"
                .to_owned()
        } else {
            return None;
        };
        let severity = if is_gate {
            Severity::Error
        } else {
            Severity::Warning
        };
        Some(
            tell(
                files,
                severity,
                "login-check-without-auth",
                &item.word,
                message,
            )
            .help("set `smtpd_sasl_auth_enable = yes` for this service"),
        )
    })
}

/// Certificates that nobody asks clients for.
pub fn unasked_certificate(files: &Files<'_>) -> Vec<Finding> {
    each(files, |list, _, item| {
        let needs = [
            "permit_tls_clientcerts",
            "permit_tls_all_clientcerts",
            "check_ccert_access",
        ];
        let asked = |name| files.is(name, "yes", list.service(files));
        let is_off = files.is("smtpd_tls_ask_ccert", "no", list.service(files))
            && !asked("smtpd_tls_req_ccert");
        if !needs.contains(&item.name.as_str()) || !is_off {
            return None;
        }
        let message = format!(
            "`{}` needs the client's certificate, and `smtpd_tls_ask_ccert = no` \
             never asks for one: it does nothing",
            item.name
        );
        Some(
            tell(
                files,
                Severity::Warning,
                "unasked-certificate",
                &item.word,
                message,
            )
            .help("set `smtpd_tls_ask_ccert = yes` for the services that need it"),
        )
    })
}

/// Users who have to pass what is meant for strangers.
pub fn mx_policy_for_users(files: &Files<'_>) -> Vec<Finding> {
    let hits = |item: &Item| {
        let name = item.name.as_str();
        name.contains("rbl_client")
            || name.starts_with("reject_unknown_")
                && (name.contains("client") || name.contains("helo"))
    };
    let mut findings = Vec::new();
    for service in files.running("smtpd") {
        let is_submission = files
            .endpoint(service)
            .is_some_and(|(port, _)| [465, 587, 2525].contains(&port));
        if !is_submission || !files.is("smtpd_sasl_auth_enable", "yes", Some(service)) {
            continue;
        }
        for name in &lists::LISTS[..5] {
            if service.own(name).is_some() {
                continue;
            }
            let list = list(files, name, Some(service));
            let end = list
                .position("permit_sasl_authenticated")
                .unwrap_or(list.items.len());
            let Some(item) = list.items[..end].iter().find(|item| hits(item)) else {
                continue;
            };
            let message = format!(
                "`{}` takes over `{name}` of main.cf: users at home or abroad, who log in \
             there, meet `{}` first",
                service.scope(),
                item.name
            );
            let mut finding = files
                .finding(
                    Severity::Warning,
                    "mx-policy-for-users",
                    files.field(service, 0),
                    message,
                )
                .certainty(Certainty::Likely)
                .help(format!(
                    "give the service its own list, as `-o \
             {name}=permit_sasl_authenticated,reject`"
                ));
            if let Some(place) = &item.word.origin {
                finding = finding.and(place.clone(), "this is for strangers");
            }
            findings.push(finding);
        }
    }
    findings
}
