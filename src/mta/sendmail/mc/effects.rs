//! What OSTYPE, DOMAIN, FEATURE and MAILER do, by the table of effects. Must not know how they are
//! called.

use std::rc::Rc;

use super::super::catalogue;
use super::super::m4::{Call, Machine, Meaning, NOWHERE, Text, string, text};
use super::Library;
use crate::findings::Severity;

type M4<'w> = Machine<Library<'w>>;

/// Features within features.
const DEEPEST: usize = 10;

/// The macros that the table's texts use.
pub fn install(m: &mut M4<'_>) {
    m.install(
        "_OR_",
        |m, call| {
            let index: usize = call.arg(1).parse().unwrap_or(0);
            let given = m
                .host
                .arguments
                .get(index.wrapping_sub(1))
                .filter(|arg| !arg.is_empty());
            let value = given.cloned().unwrap_or_else(|| call.text(2));
            m.push(value);
        },
        true,
    );
    m.install(
        "_FIRST_",
        |m, call| {
            let name = call.arg(1);
            let value = if m.has(&name) {
                text(&name, NOWHERE, call.used)
            } else {
                call.text(2)
            };
            m.push(value);
        },
        true,
    );
    m.install(
        "_WITH_",
        |m, call| {
            let name = call.arg(1);
            if m.has(&name) {
                let mut value = call.text(2);
                value.extend(text(&name, NOWHERE, call.used));
                value.extend(if call.args.len() > 2 {
                    call.text(3)
                } else {
                    text(",", NOWHERE, call.used)
                });
                m.push(value);
            }
        },
        true,
    );
    m.install("_FLAGS_", flagged, true);
}

/// Whether the table knows what the name does.
pub fn are_known(kind: &str, name: &str) -> bool {
    catalogue::effects()
        .get(&format!("{kind} {name}"))
        .is_some()
        || kind == "OSTYPE" && name == "unknown"
}

/// Does what the table says.
pub fn apply(m: &mut M4<'_>, kind: &str, name: &str, call: &Call) {
    if m.host.depth >= DEEPEST {
        return m.gap(call.used, format!("`{kind}({name})` asks for itself"));
    }
    m.host.depth += 1;
    let used = call.used;
    if name.starts_with("debian") {
        build(m);
    }
    // The library's files say there which they are.
    if kind != "MAILER" {
        m.write(
            0,
            &text(&format!("\n#####  {kind} {name}  #####\n"), NOWHERE, used),
        );
    }
    for row in catalogue::effects().find(&format!("{kind} {name}")) {
        let target = row.get("macro");
        let value = text(row.get("text"), NOWHERE, used);
        match row.get("what") {
            "define" => set(m, target, value, call),
            "default" if !m.has(target) => set(m, target, value, call),
            "now" => {
                let value = m.expand(value);
                if !value.is_empty() {
                    set(m, target, value, call);
                }
            }
            "undefine" => m.undefine(target),
            "flags" => flags(m, target, value, call),
            "feature" if !there(m, target) => {}
            "feature" | "mailer" => {
                let arguments = std::mem::take(&mut m.host.arguments);
                let call = format!("{}(`{target}')", row.get("what").to_uppercase());
                m.expand(text(&call, NOWHERE, used));
                m.host.arguments = arguments;
            }
            "daemon" if m.body("_DPO_").is_empty() => {
                m.expand(text(&format!("DAEMON_OPTIONS(`{target}')"), NOWHERE, used));
            }
            "line" => line(m, target, value, used),
            "once" => {
                let done = format!("_ONCE {name}");
                if !m.has(&done) {
                    m.define(&done, "", NOWHERE);
                    line(m, target, value, used);
                }
            }
            "map" => map(m, target, row.get("text"), used),
            _ => {}
        }
    }
    if name == "access_db" && kind == "FEATURE" {
        access(m, call);
    }
    m.host.depth -= 1;
}

/// What the package's files say of its own build.
fn build(m: &mut M4<'_>) {
    let version = m.host.version;
    let (major, minor) = version.series();
    let number = (u32::from(major) << 16) + (u32::from(minor) << 8) + u32::from(version.patch());
    m.define("sm_version", &version.to_string(), NOWHERE);
    m.define("sm_version_math", &number.to_string(), NOWHERE);
    m.define("sm_auth_lib", "2", NOWHERE);
    m.define("sm_ffr", "-D_FFR_REJECT_NUL_BYTE", NOWHERE);
    for part in [
        "auth", "tls", "milter", "ipv6", "ldap", "regex", "newdb", "shm", "tcpd", "nis",
    ] {
        m.define(&format!("sm_enable_{part}"), "yes", NOWHERE);
    }
}

fn set(m: &mut M4<'_>, name: &str, value: Text, call: &Call) {
    // The place of what only the library says is that of the call, which no definition has.
    let at = if call.at == NOWHERE {
        NOWHERE
    } else {
        call.used
    };
    m.set(name, Meaning::Text(Rc::new(value)), at);
}

/// Whether this version has the feature.
fn there(m: &M4<'_>, feature: &str) -> bool {
    let row = catalogue::features().get(feature);
    row.is_some_and(|row| catalogue::has(row, m.host.version))
}

fn line(m: &mut M4<'_>, diversion: &str, value: Text, used: u32) {
    let mut line = m.expand(value);
    if !line.is_empty() {
        line.extend(text("\n", NOWHERE, used));
        m.write(diversion.parse().unwrap_or(0), &line);
    }
}

fn map(m: &mut M4<'_>, name: &str, file: &str, used: u32) {
    let argument = m.host.arguments.first().cloned().unwrap_or_default();
    let access = name == "access";
    let value = match string(&argument).as_str() {
        "access" if name == "bcctable" => return,
        "" => {
            let class = if access {
                "DATABASE_MAP_TYPE -T<TMPF>"
            } else {
                "DATABASE_MAP_TYPE"
            };
            m.expand(text(
                &format!("{class} MAIL_SETTINGS_DIR`{file}'"),
                NOWHERE,
                used,
            ))
        }
        "LDAP" => {
            m.gap(
                used,
                format!("the map `{name}` lies in LDAP: what it holds is not known here"),
            );
            text("ldap", NOWHERE, used)
        }
        given => {
            let mut value = m.expand(argument);
            if access && !given.contains("-T<TMPF>") && !given.starts_with("sequence ") {
                // The library puts the flag behind the map's class.
                let at = value.iter().position(|c| c.c == ' ').unwrap_or(value.len());
                value.splice(at..at, text(" -T<TMPF>", NOWHERE, used));
            }
            value
        }
    };
    let mut whole = text(&format!("K{name} "), NOWHERE, used);
    whole.extend(value);
    whole.extend(text("\n", NOWHERE, used));
    m.write(6, &whole);
}

fn access(m: &mut M4<'_>, call: &Call) {
    if m.has("_GREET_PAUSE_") {
        let message = "`FEATURE(access_db)` stands after `FEATURE(greet_pause)`, which therefore does not look into it";
        m.say(
            Severity::Warning,
            "feature-order",
            call.used,
            message.to_owned(),
            "move it before",
        );
    }
    for index in 2..=4 {
        let macro_ = match call.arg(index + 1).to_lowercase().as_str() {
            "skip" => "_ACCESS_SKIP_",
            "lookupdotdomain" => "_LOOKUPDOTDOMAIN_",
            "relaytofulladdress" => "_RELAY_FULL_ADDR_",
            _ => continue,
        };
        m.define(macro_, "1", call.used);
    }
}

/// Changes the flags that a mailer will have.
pub fn flags(m: &mut M4<'_>, name: &str, change: Text, call: &Call) {
    let (head, tail) = match change.split_first() {
        Some((c, tail)) if matches!(c.c, '+' | '-') => (c.c, tail.to_vec()),
        _ => (' ', change),
    };
    let kept = |kind: &str| format!("{name}_MF_{kind}");
    match head {
        ' ' => {
            set(m, &kept(""), tail, call);
            m.define(&kept("A_"), "", NOWHERE);
            m.define(&kept("D_"), "", NOWHERE);
        }
        sign => {
            let kind = kept(if sign == '+' { "A_" } else { "D_" });
            let mut all = m.body(&kind);
            all.extend(tail);
            set(m, &kind, all, call);
        }
    }
}

/// A mailer's flags after those changes.
fn flagged(m: &mut M4<'_>, call: &Call) {
    let name = call.arg(1);
    let own = format!("{name}_MF_");
    let mut flags = if m.has(&own) {
        m.body(&own)
    } else {
        call.text(2)
    };
    if !m.has(&own) {
        for gone in m.body(&format!("{name}_MF_D_")) {
            if let Some(at) = flags.iter().position(|c| c.c == gone.c) {
                flags.remove(at);
            }
        }
        for new in m.body(&format!("{name}_MF_A_")) {
            if !flags.iter().any(|c| c.c == new.c) {
                flags.push(new);
            }
        }
    }
    m.push(flags);
}
