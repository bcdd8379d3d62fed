//! The lines of sendmail.cf that the library writes when all was read, in their order, but for the
//! rules. Must not know how the macros came to be defined.

use super::super::catalogue;
use super::super::m4::{Machine, NOWHERE, Text, text};
use super::Library;
use crate::findings::Severity;

type M4<'w> = Machine<Library<'w>>;

/// What stands before the options, each line by the macro that must be defined for it, or `!` and
/// the macro that must not be.
const BEFORE: &[(&str, &str)] = &[
    ("confLDAP_CLUSTER", "D{sendmailMTACluster}confLDAP_CLUSTER"),
    ("", "Cwlocalhost"),
    ("USE_CW_FILE", "Fw`'confCW_FILE"),
    ("confDOMAIN_NAME", "Dj`'confDOMAIN_NAME"),
    ("", "CP."),
    ("UUCP_RELAY", "DY`'UUCP_RELAY"),
    ("UUCP_RELAY", "CPUUCP"),
    ("BITNET_RELAY", "DB`'BITNET_RELAY"),
    ("BITNET_RELAY", "CPBITNET"),
    ("DECNET_RELAY", "DC`'DECNET_RELAY"),
    ("DECNET_RELAY", "CPDECNET"),
    ("FAX_RELAY", "DF`'FAX_RELAY"),
    ("FAX_RELAY", "CPFAX"),
    ("", "DS`'_FIRST_(`SMART_HOST')"),
    ("LUSER_RELAY", "Kuser user -m -a<>"),
    ("LUSER_RELAY", "DL`'LUSER_RELAY"),
    (
        "",
        "CO @ ifdef(`_NO_PERCENTHACK_', `', `%') ifdef(`_NO_UUCP_', `', `!')",
    ),
    ("", "C.."),
    ("", "C[["),
    ("_ACCESS_TABLE_", "C{Accept}OK RELAY"),
    ("_SPAM_TAGS_", "C{SpamTag}SPAMFRIEND SPAMHATER"),
    (
        "!_ACCEPT_UNRESOLVABLE_DOMAINS_",
        "Kresolve host -a<OKR> -T<TEMP>",
    ),
    ("", "C{ResOk}OKR"),
    ("confCR_FILE", "FR`'confCR_FILE"),
    ("", "Karith arith"),
    ("_TLS_CHECK_", "Kmacro macro"),
    ("_TLS_CHECK_", "C{Tls}VERIFY ENCR"),
    ("_TLS_VERIFIED_", "C{TlsVerified}OK TRUSTED"),
    ("LOCAL_RELAY", "DR`'LOCAL_RELAY"),
    ("MAIL_HUB", "DH`'MAIL_HUB"),
    (
        "",
        "Kdequote dequote`'ifdef(`confDEQUOTE_OPTS', ` confDEQUOTE_OPTS')",
    ),
];

/// What follows the classes.
const MIDDLE: &[(&str, &str)] = &[
    ("_VIRTHOSTS_", "CR$={VirtHost}"),
    ("MASQUERADE_NAME", "DM`'MASQUERADE_NAME"),
    ("confMAILER_NAME", "Dn`'confMAILER_NAME"),
];

/// What follows the options.
const AFTER: &[(&str, &str)] = &[
    ("_NEED_SMTPOPMODES_", "C{SMTPOpModes} s d D"),
    ("", "_QUEUE_GROUP_"),
    ("", "Pfirst-class=0"),
    ("", "Pspecial-delivery=100"),
    ("", "Plist=-30"),
    ("", "Pbulk=-60"),
    ("", "Pjunk=-100"),
    (
        "_USE_CT_FILE_",
        "Ft`'ifdef(`confCT_FILE', `confCT_FILE', `MAIL_SETTINGS_DIR`'trusted-users')",
    ),
    ("", "Troot"),
    ("", "Tdaemon"),
    ("!_NO_UUCP_", "Tuucp"),
    ("confTRUSTED_USERS", "T`'confTRUSTED_USERS"),
    (
        "_ACCESS_TABLE_",
        "C{Src}E F D U ifdef(`_FFR_SRCHLIST_A', `A')",
    ),
];

/// The rulesets that the lines of a diversion end up in.
const SETS: &[(i64, &str)] = &[
    (1, "Parse1"),
    (2, "Canonify2"),
    (3, "ParseLocal"),
    (4, "Parse1"),
    (8, "Basic_check_relay"),
];

/// All lines.
pub fn finish(m: &mut M4<'_>) -> Text {
    if !m.host.loaded || m.is_stopped() {
        return m.take(0);
    }
    m.host.makes_mailers = m.host.asked.iter().any(|asked| asked.kind == "MAILER");
    if !m.has("_MAILER_local_") {
        m.expand(text("MAILER(`local')", NOWHERE, NOWHERE));
    }
    if m.host.makes_mailers && !m.has("__OSTYPE__") {
        let message =
            "there is no `OSTYPE`: m4 says so but goes on, with paths that few systems have";
        m.say(
            Severity::Warning,
            "no-ostype",
            1,
            message.to_owned(),
            "name the system: `` OSTYPE(`linux') ``",
        );
    }
    derived(m);
    let mut out = m.take(0);
    out.extend(text("\nV10/Berkeley\n", NOWHERE, NOWHERE));
    options(m, &mut out, &["DontBlameSendmail", "LDAPDefaultSpec"]);
    fixed(m, &mut out, BEFORE);
    let part = m.take(5);
    out.extend(part);
    fixed(m, &mut out, MIDDLE);
    let part = m.take(6);
    out.extend(part);
    let version = m.host.version.to_string();
    put(
        m,
        &mut out,
        &format!("DZ{version}`'ifdef(`confCF_VERSION', `/confCF_VERSION')"),
    );
    if m.host.version.is_at_least(&[8, 18]) {
        put(
            m,
            &mut out,
            "EOPENSSL_CONF=_FIRST_(`confOPENSSL_CNF', `/etc/mail/sendmail.ossl')",
        );
    }
    options(m, &mut out, &[]);
    fixed(m, &mut out, AFTER);
    let own: Vec<i64> = m
        .diverted()
        .into_iter()
        .filter(|&number| number != 7)
        .collect();
    for number in own.into_iter().chain([7]) {
        let set = SETS.iter().find(|(of, _)| *of == number);
        let begin = set.map_or_else(|| "\n".to_owned(), |(_, name)| format!("S{name}\n"));
        out.extend(text(&begin, NOWHERE, NOWHERE));
        let part = m.take(number);
        out.extend(part);
    }
    out
}

/// What follows from other macros.
fn derived(m: &mut M4<'_>) {
    let access = m.has("_ACCESS_TABLE_");
    if access || m.has("_MTA_STS_") {
        m.define("_TLS_CHECK_", "", NOWHERE);
        if m.host.version.is_at_least(&[8, 16]) {
            m.define("_TLS_VERIFIED_", "", NOWHERE);
        }
    }
    if access && m.has("_DELAY_COMPAT_8_10_") && m.has("_BLOCKLIST_RCPT_") {
        m.define("_SPAM_TAGS_", "", NOWHERE);
    }
    if m.has("confMESSAGE_TIMEOUT") {
        let whole = m.value("confMESSAGE_TIMEOUT");
        let (last, warn) = whole
            .split_once('/')
            .map_or((whole.as_str(), None), |(a, b)| (a, Some(b)));
        m.define("confTO_QUEUERETURN", last, NOWHERE);
        if let Some(warn) = warn {
            m.define("confTO_QUEUEWARN", warn, NOWHERE);
        }
    }
}

fn put(m: &mut M4<'_>, out: &mut Text, source: &str) {
    let line = m.expand(text(source, NOWHERE, NOWHERE));
    if !m.is_stopped() {
        out.extend(line);
        out.extend(text("\n", NOWHERE, NOWHERE));
    }
}

fn fixed(m: &mut M4<'_>, out: &mut Text, lines: &[(&str, &str)]) {
    for (condition, line) in lines {
        let is_there = match condition.strip_prefix('!') {
            Some(name) => !m.has(name),
            None => condition.is_empty() || m.has(condition),
        };
        if is_there {
            put(m, out, line);
        }
    }
}

/// The options that macros set, in order: the named ones alone, or all but those that stand first.
fn options(m: &mut M4<'_>, out: &mut Text, only: &[&str]) {
    let mut rows: Vec<(usize, &str, &str)> = catalogue::macros()
        .rows()
        .filter(|row| {
            let option = catalogue::options().get(row.get("option"));
            option.is_some_and(|option| catalogue::has(option, m.host.version))
        })
        .filter_map(|row| Some((row.get("order").parse().ok()?, row.key(), row.get("option"))))
        .collect();
    rows.sort_unstable();
    for (order, name, option) in rows {
        if only.contains(&option) == only.is_empty() || (only.is_empty() && order < 3) {
            continue;
        }
        // Lines that are no option of a macro stand between them.
        match option {
            "IgnoreDots" => put(
                m,
                out,
                "O HelpFile=_FIRST_(`HELP_FILE', MAIL_SETTINGS_DIR`'helpfile)",
            ),
            "DirectSubmissionModifiers" => listeners(m, out),
            "SharedMemoryKey" => put(
                m,
                out,
                "O QueueDirectory=_FIRST_(`QUEUE_DIR', `/var/spool/mqueue')",
            ),
            "DefaultUser" => time_zone(m, out),
            _ => {}
        }
        if option == "InputMailFilters" {
            let filters = m.expand(text("_MAIL_FILTERS_", NOWHERE, NOWHERE));
            write_option(m, out, name, option);
            out.extend(filters);
            out.extend(text("\n", NOWHERE, NOWHERE));
        } else if !option.starts_with("Milter.") || !m.body("_MAIL_FILTERS_").is_empty() {
            write_option(m, out, name, option);
        }
    }
}

fn write_option(m: &mut M4<'_>, out: &mut Text, name: &str, option: &str) {
    if !m.has(name) {
        return;
    }
    let value = m.expand(text(name, NOWHERE, NOWHERE));
    if m.is_stopped() {
        return;
    }
    out.extend(text(&format!("O {option}"), NOWHERE, NOWHERE));
    if !m.body(name).is_empty() {
        out.extend(text("=", NOWHERE, NOWHERE));
        out.extend(value);
    }
    out.extend(text("\n", NOWHERE, NOWHERE));
}

fn listeners(m: &mut M4<'_>, out: &mut Text) {
    for (old, call) in [
        ("confDAEMON_OPTIONS", "DAEMON_OPTIONS"),
        ("confCLIENT_OPTIONS", "CLIENT_OPTIONS"),
    ] {
        if !m.body(old).is_empty() {
            m.expand(text(&format!("{call}(`{old}')"), NOWHERE, NOWHERE));
        }
    }
    if !m.body("_DPO_").is_empty() {
        put(m, out, "_DPO_");
    } else if m.has("_NETINET6_") {
        put(m, out, "O DaemonPortOptions=Name=MTA-v4, Family=inet");
        put(m, out, "O DaemonPortOptions=Name=MTA-v6, Family=inet6");
    } else {
        put(m, out, "O DaemonPortOptions=Name=MTA");
    }
    if !m.has("_NO_MSA_") {
        put(m, out, "O DaemonPortOptions=Port=587, Name=MSA, M=E");
    }
    if !m.body("_CPO_").is_empty() {
        put(m, out, "_CPO_");
    }
}

fn time_zone(m: &mut M4<'_>, out: &mut Text) {
    match m.value("confTIME_ZONE").as_str() {
        "USE_SYSTEM" => {}
        "USE_TZ" => put(m, out, "O TimeZoneSpec="),
        _ => put(m, out, "O TimeZoneSpec=confTIME_ZONE"),
    }
}
