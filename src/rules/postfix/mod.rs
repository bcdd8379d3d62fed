//! The rules that only Postfix has. Each is a row here, a page, and a function where it takes one.
//! A function may find what several rules are about; it stands in the row of the first.

pub(super) mod delivery;
pub(super) mod dnsbl;
pub(super) mod effects;
pub(super) mod entries;
pub(super) mod identity;
pub(super) mod limits;
mod logins;
pub(super) mod outbound;
mod patterns;
mod programs;
mod restrictions;
pub(super) mod sasl;
pub(super) mod services;
mod submission;
mod tables;
pub(super) mod tls;
mod trust;
mod values;

use super::rule::{Finder, Group, Rule};
use crate::findings::Severity;

const NOTE: Severity = Severity::Note;
const WARNING: Severity = Severity::Warning;
const ERROR: Severity = Severity::Error;

/// The rows.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule::new("backslash-at-line-end", Group::Syntax, WARNING, include_str!("backslash_at_line_end.md")),
    Rule::new("bad-override", Group::Syntax, ERROR, include_str!("bad_override.md")),
    Rule::new("bad-reference", Group::Reference, ERROR, include_str!("bad_reference.md")),
    Rule::new("bad-service-field", Group::Listener, ERROR, include_str!("bad_service_field.md")),
    Rule::new("deprecated-parameter", Group::Name, WARNING, include_str!("deprecated_parameter.md")),
    Rule::new("duplicate-service", Group::Listener, WARNING, include_str!("duplicate_service.md")),
    Rule::new("duplicate-setting", Group::Syntax, WARNING, include_str!("duplicate_setting.md")),
    Rule::new("inline-comment", Group::Syntax, WARNING, include_str!("inline_comment.md")),
    Rule::new("nul-byte", Group::Syntax, WARNING, include_str!("nul_byte.md")),
    Rule::new("glued-line", Group::Syntax, WARNING, include_str!("glued_line.md")),
    Rule::new("private-inet-service", Group::Listener, ERROR, include_str!("private_inet_service.md")),
    Rule::new("quoted-value", Group::Syntax, WARNING, include_str!("quoted_value.md")),
    Rule::new("read-only-parameter", Group::Name, WARNING, include_str!("read_only_parameter.md")),
    Rule::new("removed-parameter", Group::Name, WARNING, include_str!("removed_parameter.md")),
    Rule::new("stray-argument", Group::Syntax, ERROR, include_str!("stray_argument.md")),
    Rule::new("unknown-parameter", Group::Name, WARNING, include_str!("unknown_parameter.md")),
    Rule::new("bad-value", Group::Value, ERROR, include_str!("bad_value.md"))
        .by(&[Finder::Postfix(values::bad_value)]),
    Rule::new("misread-time", Group::Value, WARNING, include_str!("misread_time.md"))
        .by(&[Finder::Postfix(values::misread_time)]),
    Rule::new("unknown-restriction", Group::Access, ERROR, include_str!("unknown_restriction.md"))
        .by(&[Finder::Postfix(restrictions::unknown)]),
    Rule::new("restriction-without-argument", Group::Access, ERROR, include_str!("restriction_without_argument.md"))
        .by(&[Finder::Postfix(restrictions::argument)]),
    Rule::new("table-without-restriction", Group::Access, ERROR, include_str!("table_without_restriction.md"))
        .by(&[Finder::Postfix(restrictions::bare_table)]),
    Rule::new("permit-mx-backup", Group::Relay, WARNING, include_str!("permit_mx_backup.md"))
        .by(&[Finder::Postfix(restrictions::mx_backup)]),
    Rule::new("early-login-check", Group::Auth, ERROR, include_str!("early_login_check.md"))
        .by(&[Finder::Postfix(logins::early)]),
    Rule::new("login-check-without-map", Group::Auth, ERROR, include_str!("login_check_without_map.md"))
        .by(&[Finder::Postfix(logins::mismatch_without_map)]),
    Rule::new("late-login-check", Group::Auth, WARNING, include_str!("late_login_check.md"))
        .by(&[Finder::Postfix(logins::late_mismatch)]),
    Rule::new("login-check-without-auth", Group::Auth, ERROR, include_str!("login_check_without_auth.md"))
        .by(&[Finder::Postfix(logins::without_auth)]),
    Rule::new("optional-helo", Group::Access, WARNING, include_str!("optional_helo.md"))
        .by(&[Finder::Postfix(restrictions::optional_helo)]),
    Rule::new("harsh-restriction", Group::Access, NOTE, include_str!("harsh_restriction.md"))
        .by(&[Finder::Postfix(restrictions::harsh)]).pedantic(),
    Rule::new("nameless-clients", Group::Access, ERROR, include_str!("nameless_clients.md"))
        .by(&[Finder::Postfix(restrictions::nameless)]),
    Rule::new("unasked-certificate", Group::Tls, WARNING, include_str!("unasked_certificate.md"))
        .by(&[Finder::Postfix(logins::unasked_certificate)]),
    Rule::new("misplaced-relay-guard", Group::Relay, WARNING, include_str!("misplaced_relay_guard.md"))
        .by(&[Finder::Postfix(restrictions::misplaced_guard)]),
    Rule::new("mx-policy-for-users", Group::Access, WARNING, include_str!("mx_policy_for_users.md"))
        .by(&[Finder::Postfix(logins::mx_policy_for_users)]),
    Rule::new("missing-policy-service", Group::Reference, WARNING, include_str!("missing_policy_service.md"))
        .by(&[Finder::Postfix(restrictions::missing_policy_service)]),
    Rule::new("forbidden-ok", Group::Access, ERROR, include_str!("forbidden_ok.md"))
        .by(&[Finder::Postfix(restrictions::forbidden_ok)]),
    Rule::new("bad-network", Group::Value, ERROR, include_str!("bad_network.md"))
        .by(&[Finder::Postfix(patterns::bad_network)]),
    Rule::new("dead-pattern", Group::Value, WARNING, include_str!("dead_pattern.md"))
        .by(&[Finder::Postfix(patterns::dead)]),
    Rule::new("stray-exclusion", Group::Value, ERROR, include_str!("stray_exclusion.md"))
        .by(&[Finder::Postfix(patterns::exclusions)]),
    Rule::new("late-exclusion", Group::Value, ERROR, include_str!("late_exclusion.md")),
    Rule::new("domain-in-two-classes", Group::Delivery, WARNING, include_str!("domain_in_two_classes.md"))
        .by(&[Finder::Postfix(patterns::two_classes)]),
    Rule::new("trusted-name", Group::Relay, ERROR, include_str!("trusted_name.md"))
        .by(&[Finder::Postfix(trust::trusted_name)]),
    Rule::new("trusted-neighbours", Group::Relay, ERROR, include_str!("trusted_neighbours.md"))
        .by(&[Finder::Postfix(trust::neighbours)]),
    Rule::new("no-loopback", Group::Relay, WARNING, include_str!("no_loopback.md"))
        .by(&[Finder::Postfix(trust::no_loopback), Finder::Postfix(trust::wide)]),
    Rule::new("forged-log", Group::Security, WARNING, include_str!("forged_log.md"))
        .by(&[Finder::Postfix(trust::forged_log)]),
    Rule::new("table-without-type", Group::Table, ERROR, include_str!("table_without_type.md"))
        .by(&[Finder::Postfix(tables::types)]),
    Rule::new("berkeley-db", Group::Table, NOTE, include_str!("berkeley_db.md"))
        .by(&[Finder::Postfix(tables::berkeley)]),
    Rule::new("missing-table", Group::Table, ERROR, include_str!("missing_table.md"))
        .by(&[Finder::Postfix(tables::on_disk)]),
    Rule::new("needless-database", Group::Table, NOTE, include_str!("needless_database.md")),
    Rule::new("unapproved-table", Group::Table, ERROR, include_str!("unapproved_table.md"))
        .by(&[Finder::Postfix(tables::unapproved)]),
    Rule::new("alias-not-rebuilt", Group::Table, WARNING, include_str!("alias_not_rebuilt.md"))
        .by(&[Finder::Postfix(tables::not_rebuilt)]),
    Rule::new("missing-key-file", Group::Tls, ERROR, include_str!("missing_key_file.md"))
        .by(&[Finder::Postfix(tables::secrets)]),
    Rule::new("dead-key", Group::Table, WARNING, include_str!("dead_key.md"))
        .by(&[Finder::Postfix(entries::dead_keys), Finder::Postfix(entries::lines)]),
    Rule::new("bad-expression", Group::Table, WARNING, include_str!("bad_expression.md"))
        .by(&[Finder::Postfix(entries::expressions)]),
    Rule::new("bad-table-action", Group::Table, ERROR, include_str!("bad_table_action.md"))
        .by(&[Finder::Postfix(entries::results)]),
    Rule::new("tls-without-certificate", Group::Tls, ERROR, include_str!("tls_without_certificate.md"))
        .by(&[Finder::Postfix(tls::no_certificate)]),
    Rule::new("certificate-before-key", Group::Tls, WARNING, include_str!("certificate_before_key.md"))
        .by(&[Finder::Postfix(tls::chain_order)]),
    Rule::new("tls-required-on-mx", Group::Tls, ERROR, include_str!("tls_required_on_mx.md"))
        .by(&[Finder::Postfix(tls::required_on_mx)]),
    Rule::new("certificate-asked-on-mx", Group::Tls, NOTE, include_str!("certificate_asked_on_mx.md"))
        .by(&[Finder::Postfix(tls::asked_on_mx)]).pedantic(),
    Rule::new("no-outbound-tls", Group::Tls, WARNING, include_str!("no_outbound_tls.md"))
        .by(&[Finder::Postfix(outbound::outbound)]),
    Rule::new("strict-outbound-tls", Group::Tls, WARNING, include_str!("strict_outbound_tls.md")),
    Rule::new("no-trusted-authorities", Group::Tls, ERROR, include_str!("no_trusted_authorities.md")),
    Rule::new("wrapper-mode-without-tls", Group::Tls, ERROR, include_str!("wrapper_mode_without_tls.md")),
    Rule::new("auth-on-mx", Group::Auth, NOTE, include_str!("auth_on_mx.md"))
        .by(&[Finder::Postfix(sasl::on_mx)]).pedantic(),
    Rule::new("no-mechanism-left", Group::Auth, ERROR, include_str!("no_mechanism_left.md")),
    Rule::new("wrong-sasl-path", Group::Auth, ERROR, include_str!("wrong_sasl_path.md"))
        .by(&[Finder::Postfix(sasl::path)]),
    Rule::new("client-auth-without-passwords", Group::Auth, ERROR, include_str!("client_auth_without_passwords.md"))
        .by(&[Finder::Postfix(sasl::client)]),
    Rule::new("client-auth-without-plaintext", Group::Auth, ERROR, include_str!("client_auth_without_plaintext.md")),
    Rule::new("password-in-clear-text", Group::Auth, ERROR, include_str!("password_in_clear_text.md")),
    Rule::new("password-key-mismatch", Group::Auth, WARNING, include_str!("password_key_mismatch.md"))
        .by(&[Finder::Postfix(sasl::password_key)]),
    Rule::new("telling-header", Group::Security, NOTE, include_str!("telling_header.md"))
        .by(&[Finder::Postfix(sasl::headers)]).pedantic(),
    Rule::new("obsolete-workaround", Group::Auth, NOTE, include_str!("obsolete_workaround.md"))
        .by(&[Finder::Postfix(sasl::old_clients)]).pedantic(),
    Rule::new("wrong-process-limit", Group::Listener, ERROR, include_str!("wrong_process_limit.md"))
        .by(&[Finder::Postfix(services::fields)]),
    Rule::new("unprivileged-service", Group::Listener, ERROR, include_str!("unprivileged_service.md")),
    Rule::new("chrooted-service", Group::Listener, WARNING, include_str!("chrooted_service.md")),
    Rule::new("socket-outside-chroot", Group::Listener, ERROR, include_str!("socket_outside_chroot.md"))
        .by(&[Finder::Postfix(programs::chroot_sockets)]),
    Rule::new("bad-pipe", Group::Listener, ERROR, include_str!("bad_pipe.md"))
        .by(&[Finder::Postfix(programs::pipes)]),
    Rule::new("incomplete-postscreen", Group::Listener, ERROR, include_str!("incomplete_postscreen.md"))
        .by(&[Finder::Postfix(programs::postscreen)]),
    Rule::new("missing-service", Group::Listener, ERROR, include_str!("missing_service.md"))
        .by(&[Finder::Postfix(services::missing)]),
    Rule::new("unused-override", Group::Listener, WARNING, include_str!("unused_override.md"))
        .by(&[Finder::Postfix(services::unused_override)]),
    Rule::new("submission-without-tls", Group::Tls, ERROR, include_str!("submission_without_tls.md"))
        .by(&[Finder::Postfix(submission::submission)]),
    Rule::new("open-submission", Group::Access, WARNING, include_str!("open_submission.md")),
    Rule::new("submission-without-login", Group::Relay, NOTE, include_str!("submission_without_login.md")),
    Rule::new("filter-return", Group::Delivery, ERROR, include_str!("filter_return.md"))
        .by(&[Finder::Postfix(submission::filter_return)]),
    Rule::new("old-compatibility-level", Group::Value, WARNING, include_str!("old_compatibility_level.md"))
        .by(&[Finder::Postfix(identity::compatibility)]),
    Rule::new("shared-account", Group::Security, ERROR, include_str!("shared_account.md"))
        .by(&[Finder::Postfix(identity::owner)]),
    Rule::new("banner-without-name", Group::Identity, WARNING, include_str!("banner_without_name.md"))
        .by(&[Finder::Postfix(identity::banner)]),
    Rule::new("mailbox-limit-too-low", Group::Limits, ERROR, include_str!("mailbox_limit_too_low.md"))
        .by(&[Finder::Postfix(limits::mailbox_limit)]),
    Rule::new("low-queue-minfree", Group::Limits, WARNING, include_str!("low_queue_minfree.md"))
        .by(&[Finder::Postfix(limits::minfree)]),
    Rule::new("incomplete-virtual-mailboxes", Group::Delivery, ERROR, include_str!("incomplete_virtual_mailboxes.md"))
        .by(&[Finder::Postfix(delivery::virtual_agent)]),
    Rule::new("queue-lifetime", Group::Limits, WARNING, include_str!("queue_lifetime.md"))
        .by(&[Finder::Postfix(limits::lifetimes)]),
    Rule::new("low-recipient-limit", Group::Limits, WARNING, include_str!("low_recipient_limit.md"))
        .by(&[Finder::Postfix(limits::qmgr_recipients)]),
    Rule::new("limits-for-own-clients", Group::Limits, WARNING, include_str!("limits_for_own_clients.md"))
        .by(&[Finder::Postfix(limits::rates)]),
    Rule::new("noisy-notices", Group::Limits, WARNING, include_str!("noisy_notices.md"))
        .by(&[Finder::Postfix(limits::notices)]),
    Rule::new("biff", Group::Limits, NOTE, include_str!("biff.md"))
        .by(&[Finder::Postfix(limits::biff)]).pedantic(),
    Rule::new("repeated-tempfail", Group::Delivery, NOTE, include_str!("repeated_tempfail.md")),
    Rule::new("bad-milter", Group::Value, ERROR, include_str!("bad_milter.md"))
        .by(&[Finder::Postfix(delivery::milter_syntax)]),
    Rule::new("networks-without-ipv6", Group::Relay, NOTE, include_str!("networks_without_ipv6.md"))
        .by(&[Finder::Postfix(delivery::protocols)]),
    Rule::new("untrusted-routing", Group::Relay, ERROR, include_str!("untrusted_routing.md"))
        .by(&[Finder::Postfix(delivery::rewriting)]),
    Rule::new("rewritten-headers", Group::Delivery, WARNING, include_str!("rewritten_headers.md")),
    Rule::new("setting-without-effect", Group::Value, WARNING, include_str!("setting_without_effect.md"))
        .by(&[Finder::Postfix(effects::without_effect)]),
    Rule::new("unexpanded-reference", Group::Reference, NOTE, include_str!("unexpanded_reference.md"))
        .by(&[Finder::Postfix(effects::unexpanded)]),
];
