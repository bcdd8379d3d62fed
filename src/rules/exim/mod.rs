//! The rules that only Exim has. Each is a row here, a page, and a function where it takes one.

mod acl_arguments;
mod acl_lines;
pub(super) mod acl_order;
pub(super) mod authentication;
mod continuation;
mod delivering;
pub(super) mod dns_lists;
pub(super) mod encryption;
pub(super) mod holes;
pub(super) mod hygiene;
pub(super) mod list_items;
pub(super) mod list_networks;
mod list_order;
mod macro_names;
pub(super) mod names;
mod queries;
mod routed_data;
pub(super) mod routing;
pub(super) mod smarthosts;
mod taint;
mod tell;

use super::rule::Finder::Exim;
use super::rule::{Group, Rule};
use crate::findings::Severity::{Error, Note, Warning};

/// The rows.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule::new("swallowed-conditional", Group::Syntax, Error, include_str!("swallowed_conditional.md")),
    Rule::new("unmatched-conditional", Group::Syntax, Error, include_str!("unmatched_conditional.md")),
    Rule::new("begin-with-tab", Group::Syntax, Error, include_str!("begin_with_tab.md")),
    Rule::new("faulty-macro", Group::Syntax, Error, include_str!("faulty_macro.md")),
    Rule::new("faulty-include", Group::Syntax, Error, include_str!("faulty_include.md")),
    Rule::new("repeated-name", Group::Syntax, Error, include_str!("repeated_name.md")),
    Rule::new("repeated-option", Group::Syntax, Error, include_str!("repeated_option.md")),
    Rule::new("unknown-section", Group::Syntax, Error, include_str!("unknown_section.md")),
    Rule::new("long-name", Group::Name, Error, include_str!("long_name.md")),
    Rule::new("line-without-owner", Group::Syntax, Error, include_str!("line_without_owner.md")),
    Rule::new("unknown-acl-word", Group::Name, Error, include_str!("unknown_acl_word.md")),
    Rule::new("stray-negation", Group::Value, Error, include_str!("stray_negation.md")),
    Rule::new("faulty-acl-line", Group::Syntax, Error, include_str!("faulty_acl_line.md")),
    Rule::new("missing-equals", Group::Syntax, Error, include_str!("missing_equals.md")),
    Rule::new("missing-quote", Group::Syntax, Error, include_str!("missing_quote.md")),
    Rule::new("missing-driver", Group::Reference, Error, include_str!("missing_driver.md")),
    Rule::new("unknown-driver", Group::Name, Error, include_str!("unknown_driver.md")),
    Rule::new("faulty-driver", Group::Value, Error, include_str!("faulty_driver.md")),
    Rule::new("contradictory-options", Group::Value, Error, include_str!("contradictory_options.md")),
    Rule::new("option-of-other-build", Group::Name, Error, include_str!("option_of_other_build.md")),
    Rule::new("faulty-value", Group::Value, Error, include_str!("faulty_value.md")),
    Rule::new("lost-items", Group::Value, Warning, include_str!("lost_items.md")),
    Rule::new("faulty-retry-rule", Group::Syntax, Error, include_str!("faulty_retry_rule.md")),
    Rule::new("faulty-rewrite-rule", Group::Syntax, Error, include_str!("faulty_rewrite_rule.md")),
    Rule::new("earlier-router", Group::Reference, Error, include_str!("earlier_router.md")),
    Rule::new("faulty-expansion", Group::Syntax, Error, include_str!("faulty_expansion.md")),
    Rule::new("unknown-expansion", Group::Name, Error, include_str!("unknown_expansion.md")),
    Rule::new("quoted-argument", Group::Syntax, Error, include_str!("quoted_argument.md")),
    Rule::new("second-condition", Group::Syntax, Error, include_str!("second_condition.md")),
    Rule::new("comma-in-list", Group::Syntax, Error, include_str!("comma_in_list.md")),
    Rule::new("late-separator", Group::Syntax, Error, include_str!("late_separator.md")),
    Rule::new("undoubled-colons", Group::Syntax, Error, include_str!("undoubled_colons.md")),
    Rule::new("text-after-acl-name", Group::Syntax, Error, include_str!("text_after_acl_name.md")),
    Rule::new("trailing-comment", Group::Syntax, Error, include_str!("trailing_comment.md")),
    Rule::new("unknown-directive", Group::Syntax, Error, include_str!("unknown_directive.md")),
    Rule::new("ignored-file", Group::Reference, Warning, include_str!("ignored_file.md")),
    Rule::new("broken-continuation", Group::Syntax, Error, include_str!("broken_continuation.md")).by(&[Exim(continuation::broken_continuation)]),
    Rule::new("joined-words", Group::Syntax, Warning, include_str!("joined_words.md")).by(&[Exim(continuation::joined_words)]),
    Rule::new("macro-in-word", Group::Name, Warning, include_str!("macro_in_word.md")).by(&[Exim(macro_names::macro_in_word)]),
    Rule::new("unused-macro", Group::Name, Note, include_str!("unused_macro.md")).by(&[Exim(macro_names::unused_macro)]),
    Rule::new("guard-of-shorter-name", Group::Name, Error, include_str!("guard_of_shorter_name.md")).by(&[Exim(macro_names::guard_of_shorter_name)]),
    Rule::new("undefined-macro", Group::Name, Warning, include_str!("undefined_macro.md")).by(&[Exim(macro_names::undefined_macro)]),
    Rule::new("unused-name", Group::Reference, Note, include_str!("unused_name.md")).by(&[Exim(names::unused_name)]),
    Rule::new("unset-acl-variable", Group::Reference, Warning, include_str!("unset_acl_variable.md")).by(&[Exim(names::unset_acl_variable)]),
    Rule::new("old-variable", Group::Name, Note, include_str!("old_variable.md")).by(&[Exim(names::old_variable)]),
    Rule::new("missing-plus", Group::Reference, Warning, include_str!("missing_plus.md")).by(&[Exim(list_items::missing_plus)]),
    Rule::new("suffix-without-dot", Group::Value, Warning, include_str!("suffix_without_dot.md")).by(&[Exim(list_items::suffix_without_dot)]),
    Rule::new("leading-dot", Group::Value, Error, include_str!("leading_dot.md")).by(&[Exim(list_items::leading_dot)]),
    Rule::new("faulty-address", Group::Value, Error, include_str!("faulty_address.md")).by(&[Exim(list_networks::faulty_address)]),
    Rule::new("unprotected-regex", Group::Value, Error, include_str!("unprotected_regex.md")).by(&[Exim(list_items::unprotected_regex)]),
    Rule::new("faulty-list-file", Group::Table, Error, include_str!("faulty_list_file.md")).by(&[Exim(list_items::faulty_list_file)]),
    Rule::new("mx-any-relay", Group::Relay, Warning, include_str!("mx_any_relay.md")).by(&[Exim(list_items::mx_any_relay)]),
    Rule::new("misread-negation", Group::Access, Warning, include_str!("misread_negation.md")).by(&[Exim(list_order::misread_negation)]),
    Rule::new("dead-item", Group::Access, Warning, include_str!("dead_item.md")).by(&[Exim(list_order::dead_item)]),
    Rule::new("name-before-address", Group::Access, Warning, include_str!("name_before_address.md")).by(&[Exim(list_order::name_before_address)]),
    Rule::new("include-unknown", Group::Relay, Error, include_str!("include_unknown.md")).by(&[Exim(list_order::include_unknown)]),
    Rule::new("list-loop", Group::Reference, Error, include_str!("list_loop.md")).by(&[Exim(list_order::list_loop)]),
    Rule::new("too-many-lists", Group::Limits, Warning, include_str!("too_many_lists.md")).by(&[Exim(list_order::too_many_lists)]),
    Rule::new("faulty-acl-argument", Group::Value, Error, include_str!("faulty_acl_argument.md")).by(&[Exim(acl_arguments::faulty_acl_argument)]),
    Rule::new("misplaced-condition", Group::Access, Error, include_str!("misplaced_condition.md")).by(&[Exim(acl_arguments::misplaced_condition)]),
    Rule::new("refusal-in-condition", Group::Access, Error, include_str!("refusal_in_condition.md")).by(&[Exim(acl_lines::refusal_in_condition)]),
    Rule::new("late-message", Group::Access, Warning, include_str!("late_message.md")).by(&[Exim(acl_lines::late_message)]),
    Rule::new("forced-failure", Group::Access, Error, include_str!("forced_failure.md")).by(&[Exim(acl_lines::forced_failure)]),
    Rule::new("non-boolean-condition", Group::Access, Error, include_str!("non_boolean_condition.md")).by(&[Exim(acl_lines::non_boolean_condition)]),
    Rule::new("authenticated-by-mechanism", Group::Auth, Error, include_str!("authenticated_by_mechanism.md")).by(&[Exim(acl_lines::authenticated_by_mechanism)]),
    Rule::new("warn-with-message", Group::Access, Note, include_str!("warn_with_message.md")).by(&[Exim(acl_lines::warn_with_message)]),
    Rule::new("certificate-never-verified", Group::Tls, Warning, include_str!("certificate_never_verified.md")).by(&[Exim(acl_lines::certificate_never_verified)]),
    Rule::new("empty-acl", Group::Access, Error, include_str!("empty_acl.md")).by(&[Exim(acl_order::empty_acl)]),
    Rule::new("acl-without-accept", Group::Access, Warning, include_str!("acl_without_accept.md")).by(&[Exim(acl_order::acl_without_accept)]),
    Rule::new("late-deny", Group::Access, Warning, include_str!("late_deny.md")).by(&[Exim(acl_order::late_deny)]),
    Rule::new("open-expn", Group::Access, Warning, include_str!("open_expn.md")).by(&[Exim(acl_order::open_expn)]),
    Rule::new("unguarded-local-parts", Group::Relay, Warning, include_str!("unguarded_local_parts.md")).by(&[Exim(acl_order::unguarded_local_parts)]),
    Rule::new("callout-for-all", Group::Access, Warning, include_str!("callout_for_all.md")).by(&[Exim(dns_lists::callout_for_all)]),
    Rule::new("idle-authenticator", Group::Auth, Warning, include_str!("idle_authenticator.md")).by(&[Exim(authentication::idle_authenticator)]),
    Rule::new("open-authenticator", Group::Auth, Error, include_str!("open_authenticator.md")).by(&[Exim(authentication::open_authenticator)]),
    Rule::new("empty-secret", Group::Auth, Error, include_str!("empty_secret.md")).by(&[Exim(authentication::empty_secret)]),
    Rule::new("leaking-condition", Group::Auth, Warning, include_str!("leaking_condition.md")).by(&[Exim(authentication::leaking_condition)]),
    Rule::new("authenticator-without-id", Group::Auth, Warning, include_str!("authenticator_without_id.md")).by(&[Exim(authentication::authenticator_without_id)]),
    Rule::new("auth-never-offered", Group::Auth, Warning, include_str!("auth_never_offered.md")).by(&[Exim(authentication::auth_never_offered)]),
    Rule::new("odd-tls-port", Group::Tls, Warning, include_str!("odd_tls_port.md")).by(&[Exim(encryption::odd_tls_port)]),
    Rule::new("self-made-certificate", Group::Tls, Warning, include_str!("self_made_certificate.md")).by(&[Exim(encryption::self_made_certificate)]),
    Rule::new("faulty-ciphers", Group::Tls, Warning, include_str!("faulty_ciphers.md")).by(&[Exim(encryption::faulty_ciphers)]),
    Rule::new("unverified-smarthost", Group::Tls, Warning, include_str!("unverified_smarthost.md")).by(&[Exim(encryption::unverified_smarthost)]),
    Rule::new("tls-required-everywhere", Group::Tls, Warning, include_str!("tls_required_everywhere.md")).by(&[Exim(encryption::tls_required_everywhere)]),
    Rule::new("dane-off", Group::Tls, Note, include_str!("dane_off.md")).by(&[Exim(encryption::dane_off)]),
    Rule::new("tainted-value", Group::Security, Error, include_str!("tainted_value.md")).by(&[Exim(taint::tainted_value)]),
    Rule::new("unset-data", Group::Security, Error, include_str!("unset_data.md")).by(&[Exim(routed_data::unset_data)]),
    Rule::new("unquoted-query", Group::Security, Error, include_str!("unquoted_query.md")).by(&[Exim(queries::unquoted_query)]),
    Rule::new("path-in-query", Group::Security, Error, include_str!("path_in_query.md")).by(&[Exim(queries::path_in_query)]),
    Rule::new("taint-switched-off", Group::Security, Warning, include_str!("taint_switched_off.md")).by(&[Exim(taint::taint_switched_off)]),
    Rule::new("tainted-list", Group::Security, Warning, include_str!("tainted_list.md")).by(&[Exim(taint::tainted_list)]),
    Rule::new("unreached-router", Group::Delivery, Warning, include_str!("unreached_router.md")).by(&[Exim(routing::unreached_router)]),
    Rule::new("unguarded-dnslookup", Group::Delivery, Warning, include_str!("unguarded_dnslookup.md")).by(&[Exim(routing::unguarded_dnslookup)]),
    Rule::new("unroutable-domains", Group::Delivery, Warning, include_str!("unroutable_domains.md")).by(&[Exim(routing::unroutable_domains)]),
    Rule::new("unsafe-redirect", Group::Security, Note, include_str!("unsafe_redirect.md")).by(&[Exim(routing::unsafe_redirect)]),
    Rule::new("unchecked-forward", Group::Delivery, Note, include_str!("unchecked_forward.md")).by(&[Exim(routing::unchecked_forward)]),
    Rule::new("colon-before-port", Group::Delivery, Error, include_str!("colon_before_port.md")).by(&[Exim(smarthosts::colon_before_port)]),
    Rule::new("loose-mode", Group::Security, Warning, include_str!("loose_mode.md")).by(&[Exim(delivering::loose_mode)]),
    Rule::new("shell-pipe", Group::Security, Error, include_str!("shell_pipe.md")).by(&[Exim(delivering::shell_pipe)]),
    Rule::new("root-delivery", Group::Security, Note, include_str!("root_delivery.md")).by(&[Exim(delivering::root_delivery)]),
    Rule::new("missing-retry", Group::Delivery, Warning, include_str!("missing_retry.md")).by(&[Exim(delivering::missing_retry)]),
    Rule::new("unreached-retry-rule", Group::Delivery, Warning, include_str!("unreached_retry_rule.md")).by(&[Exim(delivering::unreached_retry_rule)]),
    Rule::new("broad-rewrite", Group::Delivery, Warning, include_str!("broad_rewrite.md")).by(&[Exim(delivering::broad_rewrite)]),
    Rule::new("shown-secret", Group::Security, Warning, include_str!("shown_secret.md")).by(&[Exim(hygiene::shown_secret)]),
    Rule::new("unset-environment", Group::Security, Note, include_str!("unset_environment.md")).by(&[Exim(hygiene::unset_environment)]),
    Rule::new("wide-trust", Group::Security, Error, include_str!("wide_trust.md")).by(&[Exim(hygiene::wide_trust)]),
    Rule::new("not-a-server", Group::Listener, Error, include_str!("not_a_server.md")).by(&[Exim(hygiene::not_a_server)]),
    Rule::new("queue-only-left", Group::Delivery, Warning, include_str!("queue_only_left.md")).by(&[Exim(hygiene::queue_only_left)]),
    Rule::new("unread-answers", Group::Reference, Warning, include_str!("unread_answers.md")).by(&[Exim(hygiene::unread_answers)]),
];
