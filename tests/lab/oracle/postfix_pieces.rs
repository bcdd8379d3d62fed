//! Postfix configurations put together at random from pieces that decide sessions.
//! `permit_inet_interfaces` is left out: it looks at the real connection, whatever XCLIENT said.

use std::fmt::Write as _;

use fastrand::Rng;

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(0..from.len())]
}

/// What all services of a Postfix share.
pub fn main(random: &mut Rng) -> String {
    let mut text = String::from("myhostname = mail.ours.example\n");
    let mut line = |name: &str, values: &[&str]| {
        let value = pick(random, values);
        if value != "-" {
            let _ = writeln!(text, "{name} = {value}");
        }
    };
    line("compatibility_level", &["2", "3.6", "3.6", "0"]);
    line(
        "mydestination",
        &[
            "$myhostname, localhost, ours.example",
            "$myhostname localhost ours.example",
            "!x.ours.example, inline:{ours.example=x, x.ours.example=x}, $myhostname",
            "regexp:{{/^(mail\\.)?ours\\.example/ x}}",
            "ours.example, .ours.example, *",
            "",
        ],
    );
    line(
        "relay_domains",
        &[
            "-",
            "-",
            "relayed.example",
            ".relayed.example",
            "!no.relayed.example, relayed.example",
            "com, relayed.example",
            "$mydestination",
            "inline:{relayed.example=x}",
            "inline:{.relayed.example=x}",
            "regexp:{{/relayed/ x}}",
        ],
    );
    line(
        "parent_domain_matches_subdomains",
        &[
            "-",
            "-",
            "",
            "smtpd_access_maps",
            "relay_domains, mynetworks",
        ],
    );
    line(
        "virtual_alias_domains",
        &["", "alias.example", "alias.example, x.alias.example"],
    );
    line("virtual_alias_maps", &["", "texthash:/etc/known"]);
    line(
        "virtual_mailbox_domains",
        &["-", "boxes.example", "inline:{boxes.example=x}"],
    );
    line("virtual_mailbox_maps", &["", "texthash:/etc/known"]);
    line(
        "local_recipient_maps",
        &["", "texthash:/etc/known", "texthash:/etc/known"],
    );
    line("relay_recipient_maps", &["", "texthash:/etc/known"]);
    line("allow_percent_hack", &["-", "yes", "no"]);
    line("swap_bangpath", &["-", "yes", "no"]);
    line("resolve_dequoted_address", &["-", "yes", "no"]);
    line("allow_untrusted_routing", &["-", "-", "-", "yes"]);
    line("append_dot_mydomain", &["no"]);
    line("recipient_delimiter", &["-", "+", "+-"]);
    line("myorigin", &["-", "$mydomain", "elsewhere.test"]);
    line("smtpd_sasl_auth_enable", &["yes", "yes", "no"]);
    line("unknown_address_reject_code", &["-", "550"]);
    line("unknown_client_reject_code", &["-", "550"]);
    line("relay_domains_reject_code", &["-", "-", "550"]);
    text
}

/// What one service sets for itself.
pub fn options(random: &mut Rng) -> Vec<(String, String)> {
    let mut options: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: String| options.push((name.to_owned(), value));
    set("mynetworks", networks(random));
    if random.u8(0..3) == 0 {
        set("smtpd_delay_reject", "no".into());
    }
    if random.u8(0..4) == 0 {
        set("smtpd_reject_unlisted_recipient", "no".into());
    }
    if random.u8(0..15) == 0 {
        set("soft_bounce", "yes".into());
    }
    if random.u8(0..3) == 0 {
        let value = pick(random, &["yes", "no"]);
        set("smtpd_relay_before_recipient_restrictions", value.into());
    }
    set("smtpd_restriction_classes", "first, second".into());
    // One without a word would keep the daemon from starting.
    for name in ["first", "second"] {
        let list = list(random, "recipient", 2, false);
        let is_empty = list.is_empty() && random.u8(0..20) > 0;
        set(
            name,
            if is_empty {
                "permit_mynetworks".into()
            } else {
                list
            },
        );
    }
    for name in ["client", "helo", "sender"] {
        if random.bool() {
            set(
                &format!("smtpd_{name}_restrictions"),
                list(random, name, 3, false),
            );
        }
    }
    if random.u8(0..5) == 0 {
        set("smtpd_data_restrictions", list(random, "data", 2, false));
    }
    // Most have a guard, so that they start.
    match random.u8(0..8) {
        0 => {
            set("smtpd_relay_restrictions", String::new());
            set(
                "smtpd_recipient_restrictions",
                list(random, "recipient", 4, true),
            );
        }
        1 => set(
            "smtpd_relay_restrictions",
            list(random, "recipient", 4, false),
        ),
        n => {
            set(
                "smtpd_relay_restrictions",
                list(random, "recipient", 4, true),
            );
            if n > 4 {
                set(
                    "smtpd_recipient_restrictions",
                    list(random, "recipient", 3, false),
                );
            }
        }
    }
    options
}

fn networks(random: &mut Rng) -> String {
    let mut words: Vec<&str> = (0..random.usize(0..4))
        .map(|_| {
            pick(
                random,
                &[
                    "127.0.0.1",
                    "[::1]",
                    "10.0.0.0/8",
                    "192.0.2.0/24",
                    "!192.0.2.7",
                    "[2001:db8:1::]/48",
                    "[2001:db8::7]",
                    "203.0.113",
                    "trusted.example",
                    ".trusted.example",
                    "unknown",
                    "cidr:{{192.0.2.128/25 x}}",
                    "inline:{192.0.2.9=x, named.example=x}",
                    "regexp:{{/^10\\.1\\./ x}}",
                    "!10.1.0.0/16",
                    "10.0.0.1/8",
                    "[::ffff:10.0.0.0]/104",
                ],
            )
        })
        .collect();
    // Addresses as expressions see them are not followed.
    words.retain(|word| !word.starts_with("regexp"));
    words.join(", ")
}

/// A list of restrictions; with a guard at the end, or somewhere.
fn list(random: &mut Rng, of: &str, longest: usize, guarded: bool) -> String {
    let mut items: Vec<String> = (0..random.usize(0..=longest))
        .map(|_| item(random, of))
        .collect();
    if guarded {
        let guard = pick(
            random,
            &[
                "reject_unauth_destination",
                "reject_unauth_destination",
                "defer_unauth_destination",
                "reject",
                "defer",
            ],
        );
        let at = if random.bool() {
            items.len()
        } else {
            random.usize(0..=items.len())
        };
        items.insert(at, guard.to_owned());
    }
    items.join(pick(random, &[", ", " "]))
}

#[allow(clippy::too_many_lines, reason = "it is a table")]
fn item(random: &mut Rng, of: &str) -> String {
    match random.u8(0..24) {
        0..=3 => pick(
            random,
            &[
                "permit_mynetworks",
                "permit_mynetworks",
                "permit_sasl_authenticated",
            ],
        )
        .into(),
        4 => pick(
            random,
            &[
                "permit",
                "reject",
                "defer",
                "defer_if_permit",
                "defer_if_reject",
                "REJECT",
            ],
        )
        .into(),
        5 => format!(
            "warn_if_reject {}",
            pick(
                random,
                &[
                    "reject",
                    "reject_unauth_destination",
                    "permit_mynetworks",
                    "reject_unknown_sender_domain"
                ]
            )
        ),
        6 => pick(
            random,
            &[
                "reject_unauth_destination",
                "permit_auth_destination",
                "defer_unauth_destination",
            ],
        )
        .into(),
        7 => pick(
            random,
            &[
                "reject_unknown_sender_domain",
                "reject_unknown_recipient_domain",
            ],
        )
        .into(),
        8 => pick(
            random,
            &[
                "reject_non_fqdn_helo_hostname",
                "reject_invalid_helo_hostname",
            ],
        )
        .into(),
        9 => pick(
            random,
            &["reject_non_fqdn_sender", "reject_non_fqdn_recipient"],
        )
        .into(),
        10 => pick(
            random,
            &[
                "reject_unknown_client_hostname",
                "reject_unknown_reverse_client_hostname",
            ],
        )
        .into(),
        11 => pick(
            random,
            &[
                "reject_unlisted_recipient",
                "reject_plaintext_session",
                "reject_unauth_pipelining",
                "sleep 0",
            ],
        )
        .into(),
        12 => pick(
            random,
            &[
                "reject_rbl_client bl.lists.example",
                "reject_rbl_client bl.lists.example=127.0.0.2",
                "reject_rhsbl_sender bl.lists.example",
                "permit_dnswl_client wl.lists.example",
            ],
        )
        .into(),
        13 if of == "recipient" => pick(random, &["first", "second"]).into(),
        14 => match random.u8(0..6) {
            0 => "no_such_restriction".into(),
            1 => "check_client_access fail:x".into(),
            2 => "check_client_access texthash:/etc/unseen".into(),
            3 => "check_sender_access texthash:/etc/unseen".into(),
            _ => "permit_mynetworks".into(),
        },
        15 | 16 => format!("check_client_access {}", client_table(random)),
        17 => format!(
            "check_reverse_client_hostname_access {}",
            table(random, &["trusted.example", "unknown", "x.trusted.example"])
        ),
        18 => format!(
            "check_helo_access {}",
            table(random, &["trusted.example", "x.trusted.example", "example"])
        ),
        19 | 20 => format!(
            "check_sender_access {}",
            table(
                random,
                &[
                    "elsewhere.test",
                    ".elsewhere.test",
                    "user@elsewhere.test",
                    "someone@",
                    "<>",
                    "ours.example"
                ]
            )
        ),
        21 | 22 => format!(
            "check_recipient_access {}",
            table(
                random,
                &[
                    "elsewhere.test",
                    "x.elsewhere.test",
                    "user@elsewhere.test",
                    "user@ours.example",
                    "user+x@ours.example",
                    "user@",
                    "postmaster@",
                    "ours.example",
                    "relayed.example"
                ]
            )
        ),
        _ if of != "data" => table(
            random,
            &["elsewhere.test", "ours.example", "trusted.example"],
        ),
        _ => "permit_mynetworks".into(),
    }
}

fn client_table(random: &mut Rng) -> String {
    match random.u8(0..4) {
        0 => format!(
            "cidr:{{{{192.0.2.0/25 {}}}, {{0.0.0.0/1 {}}}, {{2001:db8::/32 {}}}}}",
            answer(random),
            answer(random),
            answer(random)
        ),
        _ => table(
            random,
            &[
                "trusted.example",
                "unknown",
                "192.0.2.7",
                "192.0.2",
                "10",
                "2001:db8",
                "named.example",
            ],
        ),
    }
}

fn table(random: &mut Rng, keys: &[&str]) -> String {
    match random.u8(0..8) {
        0 => format!(
            "static:{}",
            pick(random, &["OK", "REJECT", "DUNNO", "DEFER"])
        ),
        1 => {
            let kind = "regexp";
            let tests = [
                "/elsewhere/",
                "/^user@/",
                "/ours\\\\.example$$/",
                "!/example/",
                "/trusted/i",
            ];
            format!(
                "{kind}:{{{{{} {}}}, {{{} {}}}}}",
                pick(random, &tests),
                answer(random),
                pick(random, &tests),
                answer(random)
            )
            .replace("\\\\", "\\")
        }
        _ => {
            let mut chosen: Vec<&str> = (0..random.usize(1..4))
                .map(|_| pick(random, keys))
                .collect();
            chosen.sort_unstable();
            chosen.dedup();
            let entries: Vec<String> = chosen
                .iter()
                .map(|key| format!("{{{key}={}}}", answer(random)))
                .collect();
            format!("inline:{{{}}}", entries.join(", "))
        }
    }
}

fn answer(random: &mut Rng) -> &'static str {
    pick(
        random,
        &[
            "OK",
            "OK",
            "REJECT",
            "REJECT no",
            "DUNNO",
            "DEFER",
            "450 4.7.1 later",
            "550 5.7.1 no",
            "123",
            "relay",
            "DISCARD",
            "DEFER_IF_PERMIT",
            "DEFER_IF_REJECT",
            "WARN seen",
            "PREPEND X-Y: z",
            "permit_mynetworks, reject",
            "reject_unauth_destination",
            "permit_auth_destination, defer",
            "no_such",
        ],
    )
}
