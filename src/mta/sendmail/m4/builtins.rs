//! m4's own macros. Must not know any that a library defines. Those that run commands do nothing
//! but leave a gap.

use std::rc::Rc;

use super::arithmetic;
use super::input::HANDED_ON;
use super::replacing;
use super::{Act, Call, Char, Host, Machine, Meaning, Text, string};
use crate::findings::Severity;

/// Defines them.
pub fn install<H: Host>(machine: &mut Machine<H>) {
    let blind: &[(&str, Act<H>)] = &[
        ("define", define),
        ("pushdef", pushdef),
        ("popdef", popdef),
        ("undefine", undefine),
        ("defn", defn),
        ("ifdef", ifdef),
        ("ifelse", ifelse),
        ("index", index),
        ("substr", substr),
        ("translit", translit),
        ("len", |machine, call| {
            let len = call.arg(1).len().to_string();
            machine.give(call, &len);
        }),
        ("incr", |machine, call| step(machine, call, 1)),
        ("decr", |machine, call| step(machine, call, -1)),
        ("eval", eval),
        ("shift", |machine, call| {
            let rest = call.args.get(1..).unwrap_or_default();
            let text = machine.listed(rest, true);
            machine.push(text);
        }),
        ("include", |machine, call| {
            H::include(machine, &call.arg(1), call, true);
        }),
        ("sinclude", |machine, call| {
            H::include(machine, &call.arg(1), call, false);
        }),
        ("errprint", |_, _| {}),
        ("m4wrap", |machine, call| machine.wrap(call.text(1))),
        ("format", format),
        ("regexp", replacing::regexp),
        ("patsubst", replacing::patsubst),
        ("syscmd", command),
        ("esyscmd", command),
        ("maketemp", command),
        ("mkstemp", command),
        ("builtin", indirect),
        ("indir", indirect),
    ];
    for (name, act) in blind {
        machine.install(name, *act, true);
    }
    let bare: &[(&str, Act<H>)] = &[
        ("dnl", |machine, _| {
            while machine.input.next().is_some_and(|c| c.c != '\n') {}
        }),
        ("divert", |machine, call| {
            let number = call.arg(1);
            machine.divert(if number.is_empty() {
                0
            } else {
                number.trim().parse().unwrap_or(0)
            });
        }),
        ("undivert", undivert),
        ("divnum", |machine, call| {
            let number = machine.diversion().to_string();
            machine.give(call, &number);
        }),
        ("changequote", changequote),
        ("changecom", changecom),
        ("sysval", |machine, call| machine.give(call, "0")),
        ("m4exit", |machine, call| {
            machine.gap(call.at, "what follows `m4exit` is not read".to_owned());
            machine.stopped = true;
        }),
        ("__file__", |machine, call| {
            let name = machine
                .place(call.at)
                .map_or_else(String::new, |place| place.source.name().to_owned());
            machine.give(call, &format!("`{name}'"));
        }),
        ("__line__", |machine, call| {
            let line = machine
                .place(call.at)
                .map_or(0, |place| place.source.line_index(place.span.start) + 1);
            machine.give(call, &line.to_string());
        }),
        ("__program__", |machine, call| machine.give(call, "m4")),
        ("__unix__", |_, _| {}),
        ("__gnu__", |_, _| {}),
        ("dumpdef", |_, _| {}),
        ("traceon", |_, _| {}),
        ("traceoff", |_, _| {}),
        ("debugmode", |_, _| {}),
        ("debugfile", |_, _| {}),
    ];
    for (name, act) in bare {
        machine.install(name, *act, false);
    }
}

fn define<H: Host>(machine: &mut Machine<H>, call: &Call) {
    if call.args.len() > 2 {
        let shown = call.arg(1);
        let message = format!(
            "`define` takes a name and a value: what stands behind the second comma is dropped, so that `{shown}` is \
             cut short"
        );
        machine.say(
            Severity::Warning,
            "excess-arguments",
            call.at,
            message,
            "quote the value: `` `a, b' ``",
        );
    }
    enter(machine, call, false);
}

fn pushdef<H: Host>(machine: &mut Machine<H>, call: &Call) {
    enter(machine, call, true);
}

fn enter<H: Host>(machine: &mut Machine<H>, call: &Call, push: bool) {
    let name = call.arg(1);
    let value = call.text(2);
    let handed = match value.as_slice() {
        [one] if one.c == HANDED_ON => machine.handed.get(one.at as usize).cloned(),
        _ => None,
    };
    let meaning = handed.unwrap_or_else(|| Meaning::Text(Rc::new(value)));
    if name.is_empty() {
        let message = "this defines a macro without a name, because what should be the name is empty once m4 has \
                       expanded it";
        machine.say(
            Severity::Warning,
            "define-without-name",
            call.at,
            message.to_owned(),
            "quote the name",
        );
        return;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // Quotes of the wrong kind are told from how the file is written.
    let odd = !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit());
    if odd && !name.starts_with(['\'', '"']) {
        let shown: String = name.chars().take(40).collect();
        let message = format!(
            "this defines a macro called `{shown}`, which nothing can call: the name was expanded first, or holds \
             what is no part of one"
        );
        let help = "quote the name: a backtick before and an apostrophe behind";
        machine.say(Severity::Warning, "define-odd-name", call.at, message, help);
    }
    if push {
        let order = machine.expansions;
        let stack = machine.macros.entry(Rc::from(name.as_str())).or_default();
        if stack.len() < 1000 {
            stack.push(super::Macro {
                meaning,
                at: call.at,
                order,
            });
        }
    } else {
        machine.set(&name, meaning, call.at);
    }
}

fn popdef<H: Host>(machine: &mut Machine<H>, call: &Call) {
    for arg in &call.args {
        let name = string(arg);
        if let Some(stack) = machine.macros.get_mut(name.as_str()) {
            stack.pop();
            if stack.is_empty() {
                machine.macros.remove(name.as_str());
            }
        }
    }
}

fn undefine<H: Host>(machine: &mut Machine<H>, call: &Call) {
    for arg in &call.args {
        machine.undefine(&string(arg));
    }
}

fn defn<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let mut out = Text::new();
    for arg in &call.args {
        let name = string(arg);
        match machine.get(&name).map(|found| found.meaning.clone()) {
            Some(Meaning::Text(body)) => out.extend(machine.listed(&[body.to_vec()], true)),
            Some(act) => {
                let at = u32::try_from(machine.handed.len()).unwrap_or(0);
                machine.handed.push(act);
                out.push(Char {
                    c: HANDED_ON,
                    at,
                    used: call.used,
                });
            }
            None => {}
        }
    }
    machine.push(out);
}

fn ifdef<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let branch = if machine.has(&call.arg(1)) { 2 } else { 3 };
    machine.push(call.text(branch));
}

fn ifelse<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let mut args: &[Text] = &call.args;
    while let [one, other, then, rest @ ..] = args {
        if string(one) == string(other) {
            return machine.push(then.clone());
        }
        match rest {
            [] => return,
            [otherwise] | [otherwise, _] => return machine.push(otherwise.clone()),
            more => args = more,
        }
    }
}

fn index<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let found = call.arg(1).find(&call.arg(2));
    let found = found.map_or_else(|| "-1".to_owned(), |at| at.to_string());
    machine.give(call, &found);
}

fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or(0)
}

fn substr<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let whole = call.text(1);
    let Ok(start) = usize::try_from(number(&call.arg(2))) else {
        return;
    };
    let len = match call.args.len() {
        0..3 => whole.len(),
        _ => usize::try_from(number(&call.arg(3))).unwrap_or(0),
    };
    let end = start.saturating_add(len).min(whole.len());
    if let Some(part) = whole.get(start..end) {
        machine.push(part.to_vec());
    }
}

fn translit<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let from = ranges(&call.arg(2));
    let to = ranges(&call.arg(3));
    let changed = |c: Char| match from.iter().position(|&f| f == c.c) {
        Some(index) => to.get(index).map(|&new| Char { c: new, ..c }),
        None => Some(c),
    };
    let out = call.text(1).into_iter().filter_map(changed).collect();
    machine.push(out);
}

/// The characters that `a-z` and the like stand for.
fn ranges(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if let Some(&['-', last]) = chars.get(at + 1..at + 3) {
            let (first, last) = (chars[at] as u32, last as u32);
            let all: Vec<char> = (first.min(last)..=first.max(last))
                .take(512)
                .filter_map(char::from_u32)
                .collect();
            if first <= last {
                out.extend(all);
            } else {
                out.extend(all.iter().rev());
            }
            at += 3;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

fn step<H: Host>(machine: &mut Machine<H>, call: &Call, by: i32) {
    let value = arithmetic::wrapped(number(&call.arg(1)));
    machine.give(call, &value.wrapping_add(by).to_string());
}

fn eval<H: Host>(machine: &mut Machine<H>, call: &Call) {
    if let Some(value) = arithmetic::eval(&call.arg(1)) {
        let radix = if call.args.len() > 1 {
            number(&call.arg(2))
        } else {
            10
        };
        let width = usize::try_from(number(&call.arg(3))).unwrap_or(0).min(200);
        machine.give(call, &arithmetic::written(value, radix, width));
    } else {
        let message = format!(
            "`{}` is no sum that m4 can do, so that nothing comes of it",
            call.arg(1)
        );
        machine.say(Severity::Warning, "bad-expression", call.at, message, "");
    }
}

fn undivert<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let wanted: Vec<i64> = if call.args.is_empty() {
        machine.diverted()
    } else {
        call.args.iter().map(|arg| number(&string(arg))).collect()
    };
    for number in wanted {
        // What went to 0 was written already.
        if number > 0 && number != machine.diversion() {
            let text = machine.take(number);
            machine.put(&text);
        }
    }
}

fn changequote<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let chars = |number: usize, default: char| -> Vec<char> {
        let given = call.arg(number);
        if given.is_empty() {
            vec![default]
        } else {
            given.chars().collect()
        }
    };
    machine.quotes = match call.args.len() {
        0 => (vec!['`'], vec!['\'']),
        _ if call.arg(1).is_empty() => (Vec::new(), Vec::new()),
        _ => (chars(1, '`'), chars(2, '\'')),
    };
}

fn changecom<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let begin: Vec<char> = call.arg(1).chars().collect();
    let end: Vec<char> = call.arg(2).chars().collect();
    let end = if end.is_empty() { vec!['\n'] } else { end };
    machine.comments = (!begin.is_empty()).then_some((begin, end));
}

/// `%s`, `%d` and the like with a width; more than those are left as they are.
fn format<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let mut args = call.args.iter().skip(1).map(|arg| string(arg));
    let mut out = String::new();
    let pattern = call.arg(1);
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = rest.next_if(|c| c.is_ascii_digit() || "-+ #.".contains(*c)) {
            spec.push(c);
        }
        let left = spec.starts_with('-');
        let zero = spec.starts_with('0');
        let width: usize = spec
            .trim_start_matches('-')
            .split('.')
            .next()
            .and_then(|w| w.parse().ok())
            .unwrap_or(0);
        let width = width.min(1000);
        let shown = match rest.next() {
            Some('%') => "%".to_owned(),
            Some('s') => args.next().unwrap_or_default(),
            Some('d' | 'i' | 'u') => number(&args.next().unwrap_or_default()).to_string(),
            Some('x') => format!("{:x}", number(&args.next().unwrap_or_default())),
            Some('o') => format!("{:o}", number(&args.next().unwrap_or_default())),
            Some('c') => args.next().unwrap_or_default().chars().take(1).collect(),
            _ => String::new(),
        };
        let padded = match (left, zero) {
            (true, _) => format!("{shown:<width$}"),
            (_, true) => format!("{shown:0>width$}"),
            _ => format!("{shown:>width$}"),
        };
        out.push_str(&padded);
    }
    machine.give(call, &out);
}

fn command<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let message = format!(
        "`{}` runs a command whenever m4 reads this file; it is not run here, and what depends on it is unknown",
        call.name
    );
    machine.gap(call.at, message.clone());
    machine.say(Severity::Warning, "m4-runs-command", call.at, message, "");
}

fn indirect<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let name = call.arg(1);
    let Some(meaning) = machine.get(&name).map(|found| found.meaning.clone()) else {
        return;
    };
    let inner = Call {
        name: Rc::from(name.as_str()),
        args: call.args.get(1..).unwrap_or_default().to_vec(),
        ..call.clone()
    };
    machine.act(&meaning, &inner);
}
