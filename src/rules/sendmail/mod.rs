//! The rules that only Sendmail has. Each is a row here, a page, and a function where it takes one;
//! a function may find what several rows are about.

pub(super) mod access;
mod answers;
pub(super) mod auth;
pub(super) mod cf;
mod daemon_lines;
pub(super) mod disk;
pub(super) mod dnsbl;
pub(super) mod exposure;
mod keys;
mod library;
pub(super) mod limits;
pub(super) mod listeners;
mod maps;
pub(super) mod milters;
mod networks;
mod relay;
pub(super) mod routing;
mod tables;
pub(super) mod tls;
mod values;
mod written;

use super::rule::Finder::Sendmail;
use super::rule::{Group, Rule};
use crate::findings::Severity::{Error, Note, Warning};

/// The rows.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule::new("live-remark", Group::Syntax, Warning, include_str!("live_remark.md")),
    Rule::new("hash-dnl", Group::Syntax, Warning, include_str!("hash_dnl.md")),
    Rule::new("straight-quotes", Group::Syntax, Error, include_str!("straight_quotes.md")),
    Rule::new("typographic-character", Group::Syntax, Warning, include_str!("typographic_character.md")),
    Rule::new("unterminated-quote", Group::Syntax, Error, include_str!("unterminated_quote.md")),
    Rule::new("unterminated-call", Group::Syntax, Error, include_str!("unterminated_call.md")),
    Rule::new("space-before-parenthesis", Group::Syntax, Error, include_str!("space_before_parenthesis.md")),
    Rule::new("define-odd-name", Group::Syntax, Error, include_str!("define_odd_name.md")),
    Rule::new("define-without-name", Group::Syntax, Error, include_str!("define_without_name.md")),
    Rule::new("excess-arguments", Group::Syntax, Error, include_str!("excess_arguments.md")),
    Rule::new("blank-before-dnl", Group::Syntax, Warning, include_str!("blank_before_dnl.md")),
    Rule::new("continues-nothing", Group::Syntax, Error, include_str!("continues_nothing.md")),
    Rule::new("m4-runaway", Group::Syntax, Error, include_str!("m4_runaway.md")),
    Rule::new("m4-runs-command", Group::Syntax, Warning, include_str!("m4_runs_command.md")),
    Rule::new("missing-include", Group::Reference, Error, include_str!("missing_include.md")),
    Rule::new("no-ostype", Group::Name, Warning, include_str!("no_ostype.md")),
    Rule::new("duplicate-ostype", Group::Name, Warning, include_str!("duplicate_ostype.md")),
    Rule::new("duplicate-mailer", Group::Name, Warning, include_str!("duplicate_mailer.md")),
    Rule::new("feature-after-mailer", Group::Name, Warning, include_str!("feature_after_mailer.md")),
    Rule::new("define-too-late", Group::Name, Warning, include_str!("define_too_late.md")),
    Rule::new("feature-order", Group::Name, Warning, include_str!("feature_order.md")).by(&[Sendmail(library::feature_order)]),
    Rule::new("no-smtp-mailer", Group::Reference, Warning, include_str!("no_smtp_mailer.md")),
    Rule::new("unknown-feature", Group::Name, Error, include_str!("unknown_feature.md")),
    Rule::new("unknown-mailer", Group::Name, Error, include_str!("unknown_mailer.md")),
    Rule::new("unknown-ostype", Group::Name, Error, include_str!("unknown_ostype.md")),
    Rule::new("unknown-macro", Group::Name, Warning, include_str!("unknown_macro.md")),
    Rule::new("obsolete-macro", Group::Name, Warning, include_str!("obsolete_macro.md")),
    Rule::new("feature-argument", Group::Value, Error, include_str!("feature_argument.md")).by(&[Sendmail(library::feature_argument)]),
    Rule::new("rule-without-tab", Group::Syntax, Error, include_str!("rule_without_tab.md")),
    Rule::new("rule-without-ruleset", Group::Syntax, Error, include_str!("rule_without_ruleset.md")),
    Rule::new("rule-position", Group::Syntax, Error, include_str!("rule_position.md")),
    Rule::new("mailer-without-arguments", Group::Syntax, Error, include_str!("mailer_without_arguments.md")),
    Rule::new("abbreviated-option", Group::Name, Note, include_str!("abbreviated_option.md")),
    Rule::new("indented-line", Group::Table, Warning, include_str!("indented_line.md")).by(&[Sendmail(tables::access_text)]),
    Rule::new("key-without-value", Group::Table, Warning, include_str!("key_without_value.md")),
    Rule::new("carriage-return", Group::Table, Warning, include_str!("carriage_return.md")),
    Rule::new("hash-in-value", Group::Table, Warning, include_str!("hash_in_value.md")).by(&[Sendmail(values::hash_in_value)]),
    Rule::new("indented-hash", Group::Table, Warning, include_str!("indented_hash.md")),
    Rule::new("second-word", Group::Table, Warning, include_str!("second_word.md")),
    Rule::new("defined-call", Group::Syntax, Error, include_str!("defined_call.md")).by(&[Sendmail(written::defined_call)]),
    Rule::new("conflicting-define", Group::Name, Warning, include_str!("conflicting_define.md")).by(&[Sendmail(written::conflicting_define)]),
    Rule::new("missing-dnl", Group::Syntax, Note, include_str!("missing_dnl.md")).pedantic().by(&[Sendmail(written::missing_dnl)]),
    Rule::new("no-final-newline", Group::Syntax, Note, include_str!("no_final_newline.md")).by(&[Sendmail(written::no_final_newline)]),
    Rule::new("dollar-in-define", Group::Syntax, Warning, include_str!("dollar_in_define.md")).by(&[Sendmail(written::dollar_in_define)]),
    Rule::new("apostrophe-in-text", Group::Syntax, Warning, include_str!("apostrophe_in_text.md")).by(&[Sendmail(written::apostrophe_in_text)]),
    Rule::new("overwritten-option", Group::Name, Warning, include_str!("overwritten_option.md")).by(&[Sendmail(written::overwritten_option)]),
    Rule::new("swallowed-line", Group::Syntax, Warning, include_str!("swallowed_line.md")).by(&[Sendmail(written::swallowed_line)]),
    Rule::new("divert-open", Group::Syntax, Warning, include_str!("divert_open.md")).by(&[Sendmail(written::divert_open)]),
    Rule::new("live-word", Group::Syntax, Warning, include_str!("live_word.md")).by(&[Sendmail(written::live_word)]),
    Rule::new("deprecated-feature", Group::Name, Warning, include_str!("deprecated_feature.md")).by(&[Sendmail(library::deprecated_feature)]),
    Rule::new("misspelt-file", Group::Name, Warning, include_str!("misspelt_file.md")).by(&[Sendmail(library::misspelt_file)]),
    Rule::new("nullclient-with-more", Group::Name, Warning, include_str!("nullclient_with_more.md")).by(&[Sendmail(library::nullclient_with_more)]),
    Rule::new("misread-value", Group::Value, Warning, include_str!("misread_value.md")).by(&[Sendmail(values::misread_value)]),
    Rule::new("comma-in-words", Group::Value, Error, include_str!("comma_in_words.md")).by(&[Sendmail(values::comma_in_words)]),
    Rule::new("run-of-letters", Group::Value, Error, include_str!("run_of_letters.md")).by(&[Sendmail(values::run_of_letters)]),
    Rule::new("unknown-answer", Group::Table, Error, include_str!("unknown_answer.md")).by(&[Sendmail(answers::unknown_answer)]),
    Rule::new("key-never-matches", Group::Table, Warning, include_str!("key_never_matches.md")).by(&[Sendmail(keys::key_never_matches)]),
    Rule::new("inert-entry", Group::Table, Warning, include_str!("inert_entry.md")).by(&[Sendmail(access::inert_entry)]),
    Rule::new("untagged-key", Group::Table, Note, include_str!("untagged_key.md")).by(&[Sendmail(access::untagged_key)]),
    Rule::new("relay-by-name", Group::Relay, Note, include_str!("relay_by_name.md")).by(&[Sendmail(access::relay_by_name)]),
    Rule::new("discards-mail", Group::Table, Note, include_str!("discards_mail.md")).by(&[Sendmail(access::discards_mail)]),
    Rule::new("sender-passes-checks", Group::Access, Warning, include_str!("sender_passes_checks.md")).by(&[Sendmail(access::sender_passes_checks)]),
    Rule::new("tls-demand-by-host", Group::Tls, Note, include_str!("tls_demand_by_host.md")).by(&[Sendmail(access::tls_demand_by_host)]),
    Rule::new("mailertable-value", Group::Table, Error, include_str!("mailertable_value.md")).by(&[Sendmail(tables::mailertable_value)]),
    Rule::new("port-behind-host", Group::Delivery, Error, include_str!("port_behind_host.md")),
    Rule::new("own-domain-in-mailertable", Group::Table, Warning, include_str!("own_domain_in_mailertable.md")).by(&[Sendmail(tables::mailertable_key)]),
    Rule::new("route-without-relay", Group::Relay, Note, include_str!("route_without_relay.md")),
    Rule::new("mailertable-loop", Group::Delivery, Error, include_str!("mailertable_loop.md")),
    Rule::new("virtuser-of-other-domain", Group::Table, Warning, include_str!("virtuser_of_other_domain.md")).by(&[Sendmail(tables::virtuser)]),
    Rule::new("virtuser-loop", Group::Delivery, Error, include_str!("virtuser_loop.md")),
    Rule::new("forwards-everything", Group::Delivery, Note, include_str!("forwards_everything.md")),
    Rule::new("faulty-authinfo", Group::Table, Error, include_str!("faulty_authinfo.md")).by(&[Sendmail(tables::faulty_authinfo)]),
    Rule::new("optional-policy-map", Group::Table, Note, include_str!("optional_policy_map.md")).by(&[Sendmail(maps::optional_policy_map)]),
    Rule::new("map-without-tempfail", Group::Table, Warning, include_str!("map_without_tempfail.md")),
    Rule::new("unused-map", Group::Table, Warning, include_str!("unused_map.md")).by(&[Sendmail(maps::unused_map)]),
    Rule::new("generics-without-domain", Group::Table, Warning, include_str!("generics_without_domain.md")).by(&[Sendmail(maps::generics_without_domain)]),
    Rule::new("ignored-item", Group::Listener, Error, include_str!("ignored_item.md")).by(&[Sendmail(daemon_lines::ignored_item)]),
    Rule::new("unknown-daemon-key", Group::Listener, Error, include_str!("unknown_daemon_key.md")),
    Rule::new("unknown-modifier", Group::Listener, Warning, include_str!("unknown_modifier.md")),
    Rule::new("misread-daemon-key", Group::Listener, Warning, include_str!("misread_daemon_key.md")),
    Rule::new("duplicate-listener-name", Group::Listener, Note, include_str!("duplicate_listener_name.md")),
    Rule::new("implied-submission", Group::Listener, Warning, include_str!("implied_submission.md")).by(&[Sendmail(listeners::implied_submission)]),
    Rule::new("login-never-offered", Group::Auth, Error, include_str!("login_never_offered.md")).by(&[Sendmail(listeners::modifiers)]),
    Rule::new("login-demanded-on-25", Group::Auth, Warning, include_str!("login_demanded_on_25.md")),
    Rule::new("must-have-ipv6", Group::Listener, Note, include_str!("must_have_ipv6.md")).pedantic(),
    Rule::new("no-port-25", Group::Listener, Warning, include_str!("no_port_25.md")).pedantic().by(&[Sendmail(listeners::number_of_listeners)]),
    Rule::new("too-many-listeners", Group::Listener, Error, include_str!("too_many_listeners.md")),
    Rule::new("submission-needs-login", Group::Auth, Warning, include_str!("submission_needs_login.md")).by(&[Sendmail(listeners::submission_needs_login)]),
    Rule::new("untrusted-mechanism", Group::Auth, Warning, include_str!("untrusted_mechanism.md")).by(&[Sendmail(auth::untrusted_mechanism)]),
    Rule::new("weak-mechanism", Group::Auth, Note, include_str!("weak_mechanism.md")).by(&[Sendmail(auth::weak_mechanism)]),
    Rule::new("incomplete-tls", Group::Tls, Error, include_str!("incomplete_tls.md")).by(&[Sendmail(tls::incomplete_tls)]),
    Rule::new("no-tls", Group::Tls, Note, include_str!("no_tls.md")).by(&[Sendmail(tls::no_tls)]),
    Rule::new("unknown-ssl-option", Group::Tls, Error, include_str!("unknown_ssl_option.md")).by(&[Sendmail(tls::ssl_options)]),
    Rule::new("tls13-suite-in-list", Group::Tls, Warning, include_str!("tls13_suite_in_list.md")),
    Rule::new("weak-dh-parameters", Group::Tls, Warning, include_str!("weak_dh_parameters.md")).by(&[Sendmail(tls::weak_tls_setting)]),
    Rule::new("no-server-certificate", Group::Tls, Warning, include_str!("no_server_certificate.md")),
    Rule::new("falls-back-to-clear", Group::Tls, Warning, include_str!("falls_back_to_clear.md")),
    Rule::new("ca-list-sent-to-clients", Group::Tls, Note, include_str!("ca_list_sent_to_clients.md")),
    Rule::new("own-openssl-conf", Group::Tls, Note, include_str!("own_openssl_conf.md")).pedantic().by(&[Sendmail(tls::openssl_conf)]),
    Rule::new("loose-relay", Group::Relay, Error, include_str!("loose_relay.md")).by(&[Sendmail(relay::loose_relay)]),
    Rule::new("percent-hack-to-hub", Group::Relay, Warning, include_str!("percent_hack_to_hub.md")).by(&[Sendmail(relay::percent_hack_to_hub)]),
    Rule::new("virtuser-domain-relays", Group::Relay, Note, include_str!("virtuser_domain_relays.md")).by(&[Sendmail(relay::virtuser_domain_relays)]),
    Rule::new("dnsbl-answer-without-dot", Group::Access, Error, include_str!("dnsbl_answer_without_dot.md")),
    Rule::new("dnsbl-puts-off", Group::Access, Note, include_str!("dnsbl_puts_off.md")),
    Rule::new("dnsbl-without-ipv6", Group::Access, Note, include_str!("dnsbl_without_ipv6.md")),
    Rule::new("dnsbl-for-own-clients", Group::Access, Note, include_str!("dnsbl_for_own_clients.md")),
    Rule::new("strict-names", Group::Access, Note, include_str!("strict_names.md")).by(&[Sendmail(dnsbl::strict_names)]),
    Rule::new("passes-unknown-users-on", Group::Delivery, Warning, include_str!("passes_unknown_users_on.md")),
    Rule::new("port-for-all-relays", Group::Delivery, Note, include_str!("port_for_all_relays.md")),
    Rule::new("masquerade-without-domain", Group::Identity, Warning, include_str!("masquerade_without_domain.md")).by(&[Sendmail(routing::masquerade)]),
    Rule::new("masquerade-of-headers-alone", Group::Identity, Note, include_str!("masquerade_of_headers_alone.md")),
    Rule::new("masquerades-root", Group::Identity, Note, include_str!("masquerades_root.md")),
    Rule::new("masquerades-recipients", Group::Identity, Note, include_str!("masquerades_recipients.md")).by(&[Sendmail(routing::rewriting)]),
    Rule::new("rewrites-foreign-headers", Group::Identity, Note, include_str!("rewrites_foreign_headers.md")),
    Rule::new("odd-time", Group::Limits, Note, include_str!("odd_time.md")).by(&[Sendmail(limits::odd_time)]),
    Rule::new("asks-ident", Group::Limits, Note, include_str!("asks_ident.md")),
    Rule::new("throttles-everybody", Group::Limits, Note, include_str!("throttles_everybody.md")),
    Rule::new("lost-authwarnings", Group::Security, Note, include_str!("lost_authwarnings.md")).pedantic(),
    Rule::new("accepts-bad-senders", Group::Access, Note, include_str!("accepts_bad_senders.md")).by(&[Sendmail(exposure::accepts_bad_senders)]),
    Rule::new("unsafe-queue", Group::Delivery, Warning, include_str!("unsafe_queue.md")).by(&[Sendmail(limits::risky_option)]),
    Rule::new("trusts-writable-files", Group::Security, Note, include_str!("trusts_writable_files.md")),
    Rule::new("odd-log-level", Group::Limits, Note, include_str!("odd_log_level.md")),
    Rule::new("drops-double-bounces", Group::Delivery, Note, include_str!("drops_double_bounces.md")),
    Rule::new("local-mail-without-root", Group::Delivery, Note, include_str!("local_mail_without_root.md")),
    Rule::new("unrestricted-shell", Group::Security, Note, include_str!("unrestricted_shell.md")).pedantic().by(&[Sendmail(exposure::unrestricted_shell)]),
    Rule::new("faulty-filter", Group::Value, Error, include_str!("faulty_filter.md")).by(&[Sendmail(milters::filter_fields)]),
    Rule::new("lost-filter", Group::Reference, Warning, include_str!("lost_filter.md")).by(&[Sendmail(milters::lost_filter)]),
    Rule::new("duplicate-ruleset", Group::Syntax, Warning, include_str!("duplicate_ruleset.md")).by(&[Sendmail(cf::duplicate_ruleset)]),
    Rule::new("option-needs-build", Group::Name, Note, include_str!("option_needs_build.md")).by(&[Sendmail(cf::option_needs_build)]),
    Rule::new("missing-class-file", Group::Reference, Warning, include_str!("missing_class_file.md")).by(&[Sendmail(cf::missing_class_file)]),
    Rule::new("newer-level", Group::Name, Warning, include_str!("newer_level.md")).by(&[Sendmail(cf::newer_level)]),
    Rule::new("stale-cf", Group::Drift, Warning, include_str!("stale_cf.md")).by(&[Sendmail(cf::stale_cf)]),
    Rule::new("trusts-web-server", Group::Security, Note, include_str!("trusts_web_server.md")).by(&[Sendmail(disk::trusts_web_server)]),
    Rule::new("counted-late", Group::Access, Note, include_str!("counted_late.md")).by(&[Sendmail(disk::counted_late)]),
    Rule::new("broad-network", Group::Relay, Error, include_str!("broad_network.md")).by(&[Sendmail(networks::broad_network)]),
    Rule::new("public-certificate", Group::Relay, Warning, include_str!("public_certificate.md")).by(&[Sendmail(networks::public_certificate)]),
];
