//! The rules that are the same for every server, or for a description. Each is a row here and a
//! page; what finds it is a function beside it, or code that notices it on the way.

mod dead_dnsbl;
mod drift;
mod identity;
mod listeners;
mod open_relay;
mod provider;
mod reach;

use super::rule::{Finder, Group, Rule};
use super::{exim, postfix, sendmail};
use crate::findings::Severity;

/// The rows.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule::new("open-relay", Group::Relay, Severity::Error, include_str!("open_relay.md"))
        .by(&[Finder::Policy(open_relay::find)]),
    Rule::new("relay-too-wide", Group::Relay, Severity::Error, include_str!("relay_too_wide.md")),
    Rule::new("relay-not-shown-closed", Group::Relay, Severity::Note, include_str!("relay_not_shown_closed.md")),
    Rule::new("dead-dnsbl", Group::Access, Severity::Error, include_str!("dead_dnsbl.md"))
        .by(&[Finder::Policy(dead_dnsbl::find)]),
    Rule::new("refuses-everybody", Group::Access, Severity::Error, include_str!("refuses_everybody.md"))
        .by(&[Finder::Policy(reach::find)]),
    Rule::new("unreached-clause", Group::Access, Severity::Warning, include_str!("unreached_clause.md")),
    Rule::new("auth-without-tls", Group::Auth, Severity::Error, include_str!("auth_without_tls.md"))
        .by(&[Finder::Policy(listeners::find)]),
    Rule::new("submission-without-auth", Group::Auth, Severity::Error, include_str!("submission_without_auth.md"))
        .by(&[Finder::OnTheWay, Finder::Sendmail(super::sendmail::auth::no_password_login)]),
    Rule::new("no-implicit-tls", Group::Tls, Severity::Error, include_str!("no_implicit_tls.md")),
    Rule::new("dead-service", Group::Listener, Severity::Error, include_str!("dead_service.md")),
    Rule::new("access-drift", Group::Drift, Severity::Error, include_str!("access_drift.md"))
        .by(&[Finder::Policy(drift::find)]),
    Rule::new("fact-drift", Group::Drift, Severity::Error, include_str!("fact_drift.md")),
    Rule::new("not-compared", Group::Drift, Severity::Note, include_str!("not_compared.md")),
    Rule::new("not-understood", Group::Lint, Severity::Note, include_str!("not_understood.md")),
    Rule::new("not-utf8", Group::Syntax, Severity::Note, include_str!("not_utf8.md")),
    Rule::new("bad-address", Group::Description, Severity::Error, include_str!("bad_address.md")),
    Rule::new("host-bits", Group::Value, Severity::Error, include_str!("host_bits.md"))
        .by(&[Finder::Exim(exim::list_networks::host_bits)]),
    Rule::new("mapped-address", Group::Description, Severity::Error, include_str!("mapped_address.md")),
    Rule::new("bad-domain", Group::Description, Severity::Error, include_str!("bad_domain.md")),
    Rule::new("bad-number", Group::Description, Severity::Error, include_str!("bad_number.md")),
    Rule::new("bad-port", Group::Description, Severity::Error, include_str!("bad_port.md")),
    Rule::new("bad-text", Group::Description, Severity::Error, include_str!("bad_text.md")),
    Rule::new("unknown-value", Group::Description, Severity::Error, include_str!("unknown_value.md")),
    Rule::new("wrong-type", Group::Description, Severity::Error, include_str!("wrong_type.md")),
    Rule::new("unknown-key", Group::Description, Severity::Error, include_str!("unknown_key.md")),
    Rule::new("missing-key", Group::Description, Severity::Error, include_str!("missing_key.md")),
    Rule::new("missing-value", Group::Description, Severity::Error, include_str!("missing_value.md")),
    Rule::new("useless-key", Group::Description, Severity::Error, include_str!("useless_key.md")),
    Rule::new("duplicate-entry", Group::Description, Severity::Error, include_str!("duplicate_entry.md")),
    Rule::new("ports-and-listeners", Group::Description, Severity::Error, include_str!("ports_and_listeners.md")),
    Rule::new("unknown-port", Group::Description, Severity::Error, include_str!("unknown_port.md")),
    Rule::new("unusual-role", Group::Description, Severity::Warning, include_str!("unusual_role.md")),
    Rule::new("profile-on-mx", Group::Description, Severity::Error, include_str!("profile_on_mx.md")),
    Rule::new("no-starttls", Group::Description, Severity::Note, include_str!("no_starttls.md")),
    Rule::new("world-relay", Group::Description, Severity::Error, include_str!("world_relay.md")),
    Rule::new("wide-network", Group::Description, Severity::Warning, include_str!("wide_network.md")),
    Rule::new("one-client", Group::Description, Severity::Warning, include_str!("one_client.md")),
    Rule::new("host-is-local", Group::Description, Severity::Error, include_str!("host_is_local.md")),
    Rule::new("unknown-recipients", Group::Description, Severity::Error, include_str!("unknown_recipients.md")),
    Rule::new("unsafe-path", Group::Description, Severity::Error, include_str!("unsafe_path.md")),
    Rule::new("bad-alias", Group::Description, Severity::Error, include_str!("bad_alias.md")),
    Rule::new("few-recipients", Group::Description, Severity::Warning, include_str!("few_recipients.md")),
    Rule::new("password-in-description", Group::Description, Severity::Error, include_str!("password_in_description.md")),
    Rule::new("smarthost-password", Group::Description, Severity::Note, include_str!("smarthost_password.md")),
    Rule::new("unknown-target", Group::Description, Severity::Error, include_str!("unknown_target.md")),
    Rule::new("target-refuses", Group::Description, Severity::Error, include_str!("target_refuses.md")),
    Rule::new("empty-description", Group::Description, Severity::Error, include_str!("empty_description.md")),
    Rule::new("yaml-syntax", Group::Description, Severity::Error, include_str!("yaml_syntax.md")),
    Rule::new("yaml-trap", Group::Description, Severity::Error, include_str!("yaml_trap.md")),
    Rule::new("duplicate-key", Group::Value, Severity::Error, include_str!("duplicate_key.md")),
    Rule::new("unknown-rule", Group::Lint, Severity::Error, include_str!("unknown_rule.md")),
    Rule::new("bad-pattern", Group::Lint, Severity::Error, include_str!("bad_pattern.md")),
    Rule::new("bad-suppression", Group::Lint, Severity::Error, include_str!("bad_suppression.md")),
    Rule::new("unused-suppression", Group::Lint, Severity::Warning, include_str!("unused_suppression.md")),
    Rule::new("byte-order-mark", Group::Syntax, Severity::Error, include_str!("byte_order_mark.md")),
    Rule::new("stray-line", Group::Syntax, Severity::Error, include_str!("stray_line.md")),
    Rule::new("trailing-text", Group::Value, Severity::Error, include_str!("trailing_text.md")),
    Rule::new("unknown-option", Group::Name, Severity::Error, include_str!("unknown_option.md")),
    Rule::new("provider-mismatch", Group::Delivery, Severity::Error, include_str!("provider_mismatch.md"))
        .by(&[Finder::Policy(provider::find)]),
    Rule::new("beyond-provider", Group::Delivery, Severity::Note, include_str!("beyond_provider.md")),
    Rule::new("private-hostname", Group::Identity, Severity::Warning, include_str!("private_hostname.md"))
        .by(&[Finder::Policy(identity::private_name)]),
    Rule::new("unsigned-mail", Group::Delivery, Severity::Note, include_str!("unsigned_mail.md"))
        .by(&[Finder::Policy(identity::unsigned)])
        .pedantic(),
    Rule::new("undefined-name", Group::Reference, Severity::Error, include_str!("undefined_name.md"))
        .by(&[Finder::OnTheWay, Finder::Exim(exim::names::undefined_name), Finder::Postfix(postfix::delivery::transports), Finder::Sendmail(sendmail::routing::next_hop), Finder::Sendmail(sendmail::milters::missing_filter)]),
    Rule::new("smtp-smuggling", Group::Security, Severity::Error, include_str!("smtp_smuggling.md"))
        .by(&[Finder::Sendmail(sendmail::access::smuggling_allowed), Finder::Postfix(postfix::effects::smuggling), Finder::Exim(exim::holes::smtp_smuggling)]),
    Rule::new("readable-secret", Group::Security, Severity::Error, include_str!("readable_secret.md"))
        .by(&[Finder::Sendmail(sendmail::disk::read_by_others), Finder::OnTheWay, Finder::Exim(exim::hygiene::readable_secret)]),
    Rule::new("no-description", Group::Description, Severity::Error, include_str!("no_description.md")),
    Rule::new("login-not-demanded", Group::Auth, Severity::Warning, include_str!("login_not_demanded.md"))
        .by(&[Finder::Exim(exim::authentication::login_not_demanded), Finder::OnTheWay]),
    Rule::new("anonymous-login", Group::Auth, Severity::Warning, include_str!("anonymous_login.md"))
        .by(&[Finder::Postfix(postfix::sasl::mechanisms), Finder::Sendmail(sendmail::auth::anonymous_login)]),
    Rule::new("banner-with-version", Group::Identity, Severity::Note, include_str!("banner_with_version.md"))
        .by(&[Finder::Postfix(postfix::identity::version_in_banner), Finder::OnTheWay]).pedantic(),
    Rule::new("catch-all", Group::Delivery, Severity::Warning, include_str!("catch_all.md"))
        .by(&[Finder::Postfix(postfix::entries::catch_all), Finder::Exim(exim::routing::catch_all_router)]),
    Rule::new("debug-left", Group::Limits, Severity::Warning, include_str!("debug_left.md"))
        .by(&[Finder::Postfix(postfix::effects::debugging), Finder::Exim(exim::hygiene::debug_left)]),
    Rule::new("dnsbl-any-answer", Group::Access, Severity::Warning, include_str!("dnsbl_any_answer.md"))
        .by(&[Finder::Postfix(postfix::dnsbl::unfiltered), Finder::Exim(exim::dns_lists::any_answer), Finder::Sendmail(sendmail::dnsbl::answers)]),
    Rule::new("md5-fingerprint", Group::Tls, Severity::Warning, include_str!("md5_fingerprint.md"))
        .by(&[Finder::Postfix(postfix::outbound::fingerprints), Finder::OnTheWay]),
    Rule::new("old-tls", Group::Tls, Severity::Warning, include_str!("old_tls.md"))
        .by(&[Finder::Postfix(postfix::tls::old_protocols), Finder::Exim(exim::encryption::old_tls)]),
    Rule::new("smarthost-by-mx", Group::Delivery, Severity::Note, include_str!("smarthost_by_mx.md"))
        .by(&[Finder::Postfix(postfix::identity::relayhost_mx), Finder::OnTheWay]).pedantic(),
    Rule::new("smarthost-is-self", Group::Delivery, Severity::Error, include_str!("smarthost_is_self.md"))
        .by(&[Finder::Postfix(postfix::identity::relayhost), Finder::OnTheWay]),
    Rule::new("smarthost-without-auth", Group::Delivery, Severity::Warning, include_str!("smarthost_without_auth.md"))
        .by(&[Finder::Exim(exim::smarthosts::smarthost_without_auth), Finder::OnTheWay]),
    Rule::new("smarthost-without-implicit-tls", Group::Tls, Severity::Error, include_str!("smarthost_without_implicit_tls.md"))
        .by(&[Finder::OnTheWay, Finder::Sendmail(sendmail::routing::relay_arguments)]),
    Rule::new("stale-table", Group::Table, Severity::Warning, include_str!("stale_table.md"))
        .by(&[Finder::OnTheWay, Finder::Sendmail(sendmail::disk::stale_map)]),
    Rule::new("unqualified-hostname", Group::Identity, Severity::Error, include_str!("unqualified_hostname.md"))
        .by(&[Finder::Postfix(postfix::identity::hostname), Finder::Sendmail(sendmail::routing::unqualified_name)]),
    Rule::new("weak-ciphers", Group::Tls, Severity::Warning, include_str!("weak_ciphers.md"))
        .by(&[Finder::Postfix(postfix::tls::ciphers), Finder::Sendmail(sendmail::tls::ciphers)]),
    Rule::new("early-dnsbl", Group::Access, Severity::Warning, include_str!("early_dnsbl.md"))
        .by(&[Finder::Postfix(postfix::dnsbl::early), Finder::Exim(exim::dns_lists::early_dnsbl), Finder::Sendmail(sendmail::dnsbl::clients)]),
    Rule::new("known-hole", Group::Security, Severity::Warning, include_str!("known_hole.md"))
        .by(&[Finder::Exim(exim::holes::known_hole), Finder::Sendmail(sendmail::disk::vulnerable_release)]),
    Rule::new("no-limit", Group::Limits, Severity::Note, include_str!("no_limit.md"))
        .by(&[Finder::Exim(exim::hygiene::missing_limits), Finder::Sendmail(sendmail::limits::no_limit)]),
    Rule::new("no-postmaster", Group::Delivery, Severity::Warning, include_str!("no_postmaster.md"))
        .by(&[Finder::OnTheWay, Finder::Postfix(postfix::entries::postmaster), Finder::Sendmail(sendmail::disk::aliases_without_postmaster)]),
    Rule::new("writable-configuration", Group::Security, Severity::Error, include_str!("writable_configuration.md"))
        .by(&[Finder::Exim(exim::hygiene::writable_configuration), Finder::Sendmail(sendmail::disk::changed_by_others)]),
    Rule::new("port-conflict", Group::Listener, Severity::Error, include_str!("port_conflict.md"))
        .by(&[Finder::Postfix(postfix::services::ports), Finder::Sendmail(sendmail::listeners::duplicate_listener)]),
    Rule::new("filter-fails-open", Group::Security, Severity::Note, include_str!("filter_fails_open.md"))
        .by(&[Finder::Postfix(postfix::delivery::milter_action), Finder::OnTheWay]),
    Rule::new("unthrottled-auth", Group::Auth, Severity::Note, include_str!("unthrottled_auth.md"))
        .by(&[Finder::Postfix(postfix::limits::auth_rate), Finder::Exim(exim::authentication::unthrottled_auth)]),
    Rule::new("tells-of-users", Group::Security, Severity::Note, include_str!("tells_of_users.md"))
        .by(&[Finder::Postfix(postfix::identity::vrfy), Finder::Sendmail(sendmail::exposure::tells_too_much)]).pedantic(),
    Rule::new("unknown-table-type", Group::Table, Severity::Error, include_str!("unknown_table_type.md"))
        .by(&[Finder::OnTheWay, Finder::Exim(exim::list_items::unknown_lookup), Finder::Sendmail(sendmail::cf::maps)]),
    Rule::new("implicit-tls-on-wrong-port", Group::Tls, Severity::Error, include_str!("implicit_tls_on_wrong_port.md"))
        .by(&[Finder::Postfix(postfix::tls::wrapper), Finder::OnTheWay]),
    Rule::new("dane-without-dnssec", Group::Tls, Severity::Error, include_str!("dane_without_dnssec.md"))
        .by(&[Finder::Postfix(postfix::outbound::client_needs), Finder::OnTheWay]),
    Rule::new("unchecked-recipients", Group::Delivery, Severity::Warning, include_str!("unchecked_recipients.md"))
        .by(&[Finder::Postfix(postfix::delivery::recipients), Finder::Exim(exim::acl_order::unverified_recipients)]),
    Rule::new("too-new-parameter", Group::Name, Severity::Warning, include_str!("too_new_parameter.md")),
];
