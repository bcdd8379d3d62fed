//! The macros that the library gives a sendmail.mc. Must not know what features and mailers do.

use super::super::catalogue;
use super::super::m4::{Act, Call, Machine, Meaning, NOWHERE, Text, string, text};
use super::{Asked, Library, effects};
use crate::findings::Severity;
use std::rc::Rc;

type M4<'w> = Machine<Library<'w>>;

/// Macros that add a word to a class, with the class. Each has a twin that names a file of words.
const CLASSES: &[(&str, &str)] = &[
    ("EXPOSED_USER", "{E}"),
    ("LOCAL_USER", "{L}"),
    ("MASQUERADE_DOMAIN", "{M}"),
    ("MASQUERADE_EXCEPTION", "{N}"),
    ("LOCAL_DOMAIN", "{w}"),
    ("CANONIFY_DOMAIN", "{Canonify}"),
    ("GENERICS_DOMAIN", "{G}"),
    ("LDAPROUTE_DOMAIN", "{LDAPRoute}"),
    ("LDAPROUTE_EQUIVALENT", "{LDAPRouteEquiv}"),
    ("VIRTUSER_DOMAIN", "{VirtHost}"),
    ("RELAY_DOMAIN", "{R}"),
    ("TRUST_AUTH_MECH", "{TrustAuthMech}"),
];

/// Macros that go on in another diversion, with its number and the lines that they begin it with.
const PARTS: &[(&str, i64, &str)] = &[
    ("LOCAL_NET_CONFIG", 1, ""),
    ("LOCAL_RULE_3", 2, ""),
    ("LOCAL_RULE_0", 3, ""),
    ("LOCAL_UUCP", 4, ""),
    ("LOCAL_CONFIG", 6, ""),
    ("MAILER_DEFINITIONS", 7, ""),
    ("LOCAL_DNSBL", 8, ""),
    ("LOCAL_RULE_1", 9, "\nSsender=1\n"),
    ("LOCAL_RULE_2", 9, "\nSrecipient=2\n"),
    ("LOCAL_RULESETS", 9, "\n\n"),
    ("LOCAL_SRV_FEATURES", 9, "\nSLocal_srv_features"),
    ("LOCAL_CLT_FEATURES", 9, "\nSLocal_clt_features"),
    ("LOCAL_TRY_TLS", 9, "\nSLocal_try_tls"),
    ("LOCAL_TLS_RCPT", 9, "\nSLocal_tls_rcpt"),
    ("LOCAL_TLS_CLIENT", 9, "\nSLocal_tls_client"),
    ("LOCAL_TLS_SERVER", 9, "\nSLocal_tls_server"),
];

/// The library is there from now on.
pub fn load(m: &mut M4<'_>) {
    if m.host.loaded {
        return;
    }
    m.host.loaded = true;
    m.divert(0);
    m.without_comments();
    m.undefine("format");
    m.undefine("hpux");
    for (name, _) in CLASSES {
        m.install(name, class, false);
        m.install(&format!("{name}_FILE"), class, false);
    }
    for (name, ..) in PARTS {
        m.install(name, part, false);
    }
    install(m);
    effects::install(m);
    m.define("CONCAT", "$1$2$3$4$5$6$7", NOWHERE);
    m.define("DOL", "`$'$1", NOWHERE);
    m.define("CF_LEVEL", "10", NOWHERE);
    m.define("UUCPSMTP", "R$* < @ $1 .UUCP > $*\t$1 < @ $2 > $2", NOWHERE);
    m.define("_DPO_", "", NOWHERE);
    m.define("_CPO_", "", NOWHERE);
    m.define("_QUEUE_GROUP_", "", NOWHERE);
    m.define("_MAIL_FILTERS_", "", NOWHERE);
    if !m.has("MAIL_SETTINGS_DIR") {
        m.define("MAIL_SETTINGS_DIR", "/etc/mail/", NOWHERE);
    }
    if m.host.version.is_at_least(&[8, 18]) {
        m.define("_SINCE_8_18_", "", NOWHERE);
    }
    for row in catalogue::macros().rows() {
        let preset = row.get("preset");
        if !preset.is_empty() {
            m.define(row.key(), preset, NOWHERE);
        }
    }
}

/// The macros that act when they are called.
fn install(m: &mut M4<'_>) {
    let acts: &[(&str, Act<Library<'_>>)] = &[
        ("VERSIONID", |m, call| {
            let mut line = text("#####  ", NOWHERE, call.used);
            line.extend(call.text(1));
            line.extend(text("  #####", NOWHERE, call.used));
            m.put(&line);
        }),
        ("OSTYPE", ostype),
        ("DOMAIN", domain),
        ("FEATURE", feature),
        ("HACK", hack),
        ("MAILER", mailer),
        ("SITECONFIG", |m, call| {
            m.gap(
                call.at,
                "what `SITECONFIG` reads is not known here".to_owned(),
            );
        }),
        ("MODIFY_MAILER_FLAGS", |m, call| {
            effects::flags(m, &call.arg(1), call.text(2), call);
        }),
        ("MASQUERADE_AS", |m, call| {
            let name = m.expand(call.text(1));
            m.set("MASQUERADE_NAME", Meaning::Text(Rc::new(name)), call.at);
        }),
        ("DAEMON_OPTIONS", |m, call| {
            lines(m, call, "_DPO_", "O DaemonPortOptions=");
        }),
        ("CLIENT_OPTIONS", |m, call| {
            lines(m, call, "_CPO_", "O ClientPortOptions=");
        }),
        ("QUEUE_GROUP", |m, call| {
            lines(m, call, "_QUEUE_GROUP_", "Q");
        }),
        ("MAIL_FILTER", |m, call| {
            lines(m, call, "_MAIL_FILTERS_", "X");
        }),
        ("INPUT_MAIL_FILTER", |m, call| {
            lines(m, call, "_MAIL_FILTERS_", "X");
            let mut list = m.body("confINPUT_MAIL_FILTERS");
            if !list.is_empty() {
                list.extend(text(", ", NOWHERE, call.used));
            }
            list.extend(m.expand(call.text(1)));
            m.set(
                "confINPUT_MAIL_FILTERS",
                Meaning::Text(Rc::new(list)),
                call.at,
            );
        }),
        ("PUSHDIVERT", |m, call| {
            let now = m.diversion();
            m.host.diverted.push(now);
            m.divert(call.arg(1).trim().parse().unwrap_or(0));
        }),
        ("POPDIVERT", |m, _| {
            let last = m.host.diverted.pop().unwrap_or(0);
            m.divert(last);
        }),
        ("lower", |m, call| {
            let mut lower = call.text(1);
            for c in &mut lower {
                c.c = c.c.to_ascii_lowercase();
            }
            m.push(lower);
        }),
        ("strcasecmp", |m, call| {
            let same = call.arg(1).eq_ignore_ascii_case(&call.arg(2));
            m.push(text(if same { "1" } else { "0" }, NOWHERE, call.used));
        }),
        ("_DEFIFNOT", |m, call| {
            let name = call.arg(1);
            if !m.has(&name) {
                m.set(&name, Meaning::Text(Rc::new(call.text(2))), call.at);
            }
        }),
    ];
    for (name, act) in acts {
        m.install(name, *act, false);
    }
}

/// Lines that are kept in a macro until the end.
fn lines(m: &mut M4<'_>, call: &Call, kept: &str, begin: &str) {
    let mut lines = m.body(kept);
    lines.extend(text(&format!("\n{begin}"), NOWHERE, call.used));
    if matches!(begin, "X" | "Q") {
        lines.extend(m.expand(call.text(1)));
        lines.extend(text(", ", NOWHERE, call.used));
        lines.extend(call.text(2));
    } else {
        lines.extend(call.text(1));
    }
    let dropped = if matches!(begin, "X" | "Q") { 2 } else { 1 };
    excess(m, call, dropped);
    m.set(kept, Meaning::Text(Rc::new(lines)), NOWHERE);
}

/// Says that arguments are dropped.
fn excess(m: &mut M4<'_>, call: &Call, known: usize) {
    if call.args.len() > known {
        let message = format!(
            "`{}` reads {known} argument{}: what stands behind the comma is dropped without a word",
            call.name,
            if known == 1 { "" } else { "s" }
        );
        let help = "quote all of it as one argument: `` `a, b' ``, words of a class with blanks between them";
        m.say(
            Severity::Warning,
            "excess-arguments",
            call.at,
            message,
            help,
        );
    }
}

fn class(m: &mut M4<'_>, call: &Call) {
    let name = call.name.strip_suffix("_FILE");
    let plain = name.unwrap_or(&call.name);
    let class = CLASSES.iter().find(|(known, _)| *known == plain);
    let begin = if name.is_some() { "F" } else { "C" };
    let mut line = text(begin, NOWHERE, call.used);
    line.extend(text(
        class.map_or("", |(_, class)| class),
        NOWHERE,
        call.used,
    ));
    line.extend(call.text(1));
    let mut line = m.expand(line);
    line.extend(text("\n", NOWHERE, call.used));
    m.write(5, &line);
    excess(m, call, 1);
    match plain {
        "VIRTUSER_DOMAIN" => m.define("_VIRTHOSTS_", "", call.at),
        "TRUST_AUTH_MECH" if !m.has("_USE_AUTH_") => m.define("_USE_AUTH_", "1", call.at),
        _ => {}
    }
    // The library's macro ends in `dnl` and an empty quote, which keeps that apart from what follows.
    m.push(text("dnl`'", NOWHERE, call.used));
}

fn part(m: &mut M4<'_>, call: &Call) {
    if let Some((name, number, begin)) = PARTS.iter().find(|(name, ..)| *name == &*call.name) {
        m.divert(*number);
        let begin = text(begin, NOWHERE, call.used);
        m.write(*number, &begin);
        if *number == 1 || name.contains("_TLS") || name.contains("FEATURES") {
            m.define(&format!("_{name}_"), "1", call.at);
        }
        if *number == 1 {
            m.define("_LOCAL_RULES_", "1", call.at);
        }
    }
}

/// Notes that something is asked for; its arguments after the name are those of what it does.
fn ask(m: &mut M4<'_>, kind: &'static str, call: &Call) -> String {
    let name = call.arg(1);
    let rest: Vec<Text> = call.args.get(1..).unwrap_or_default().to_vec();
    let place = m.place_of_call(call);
    m.host.asked.push(Asked {
        kind,
        name: name.clone(),
        args: rest.iter().map(|arg| string(arg)).collect(),
        place,
        order: m.clock(),
    });
    let first = rest.first().cloned().unwrap_or_default();
    m.set("_ARG_", Meaning::Text(Rc::new(first)), NOWHERE);
    m.host.arguments = rest;
    name
}

fn unknown(m: &mut M4<'_>, call: &Call, rule: &'static str, kind: &str, near: Option<&str>) {
    let message = format!(
        "there is no {kind} `{}` in Sendmail {}: m4 finds no file for it and the sendmail.cf lacks it",
        call.arg(1),
        m.host.version
    );
    let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    m.say(Severity::Error, rule, call.used, message, &help);
}

fn ostype(m: &mut M4<'_>, call: &Call) {
    if m.has("__OSTYPE__") {
        let message =
            "there is an `OSTYPE` before this one: both take effect, one over the other".to_owned();
        m.say(
            Severity::Warning,
            "duplicate-ostype",
            call.used,
            message,
            "keep one",
        );
    }
    let name = ask(m, "OSTYPE", call);
    m.define("__OSTYPE__", &name, call.at);
    match catalogue::ostypes().get(&name) {
        Some(_) if effects::are_known("OSTYPE", &name) => effects::apply(m, "OSTYPE", &name, call),
        Some(_) => m.gap(
            call.used,
            format!("what `OSTYPE({name})` defines is not known here"),
        ),
        None => unknown(
            m,
            call,
            "unknown-ostype",
            "OSTYPE",
            catalogue::ostypes().nearest(&name),
        ),
    }
}

fn domain(m: &mut M4<'_>, call: &Call) {
    let name = ask(m, "DOMAIN", call);
    if effects::are_known("DOMAIN", &name) {
        effects::apply(m, "DOMAIN", &name, call);
    } else {
        m.gap(
            call.used,
            format!("what `DOMAIN({name})` sets is not known here: it is a file of the site's own"),
        );
    }
}

fn hack(m: &mut M4<'_>, call: &Call) {
    let name = ask(m, "HACK", call);
    m.gap(
        call.used,
        format!("what `HACK({name})` does is not known here"),
    );
}

fn feature(m: &mut M4<'_>, call: &Call) {
    if !call.parens {
        let message = "`FEATURE` without a parenthesis right behind it names no feature: m4 looks for a file without \
                       a name"
            .to_owned();
        return m.say(
            Severity::Error,
            "space-before-parenthesis",
            call.at,
            message,
            "write `FEATURE(` without a blank",
        );
    }
    let name = ask(m, "FEATURE", call);
    if m.has("_MAILER_DEFINED_") && call.at != NOWHERE {
        let message = format!(
            "`FEATURE({name})` stands after `MAILER`: the mailers are made without it, and m4 says so but goes on"
        );
        m.say(
            Severity::Warning,
            "feature-after-mailer",
            call.used,
            message,
            "move it before the first `MAILER`",
        );
    }
    let version = m.host.version;
    let Some(row) = catalogue::features()
        .get(&name)
        .filter(|row| catalogue::has(*row, version))
    else {
        let near = catalogue::features()
            .nearest(&name)
            .filter(|near| *near != name);
        return unknown(m, call, "unknown-feature", "FEATURE", near);
    };
    let given = call
        .args
        .iter()
        .skip(1)
        .filter(|arg| !arg.is_empty())
        .count();
    if row.get("least").parse().unwrap_or(0) > given {
        let message = format!(
            "`FEATURE({name})` needs an argument: {}",
            row.get("arguments")
        );
        m.say(Severity::Error, "feature-argument", call.used, message, "");
    }
    let needs = row.get("needs");
    if !needs.is_empty() && !m.has("_ACCESS_TABLE_") {
        let message =
            format!("`FEATURE({name})` does nothing unless `FEATURE({needs})` stands before it");
        m.say(Severity::Warning, "feature-order", call.used, message, "");
    }
    let before = row.get("before");
    if !before.is_empty() && m.has(&format!("_MAILER_{before}_")) {
        let message = format!(
            "`FEATURE({name})` must stand before `MAILER({before})`, which is made without it"
        );
        m.say(Severity::Warning, "feature-order", call.used, message, "");
    }
    effects::apply(m, "FEATURE", &name, call);
}

fn mailer(m: &mut M4<'_>, call: &Call) {
    let name = ask(m, "MAILER", call);
    m.define("_MAILER_DEFINED_", "1", call.at);
    let alias = if call.arg(2).is_empty() {
        name.clone()
    } else {
        call.arg(2)
    };
    let made = format!("_MAILER_{alias}_");
    if m.has(&made) {
        m.host.asked.pop();
        let message = format!("`MAILER({name})` was there before: this one is left out");
        return m.say(
            Severity::Warning,
            "duplicate-mailer",
            call.used,
            message,
            "remove it",
        );
    }
    m.define(&made, "", call.at);
    match catalogue::mailers().get(&name) {
        Some(_) if effects::are_known("MAILER", &name) => effects::apply(m, "MAILER", &name, call),
        Some(_) => m.gap(
            call.used,
            format!("the mailers of `MAILER({name})` are not known here"),
        ),
        None => unknown(
            m,
            call,
            "unknown-mailer",
            "MAILER",
            catalogue::mailers().nearest(&name),
        ),
    }
}
