//! m4's `regexp` and `patsubst`. Must not know how patterns match.

use super::patterns::{Match, Pattern};
use super::{Call, Char, Host, Machine, Text};

/// The pattern of a call; without one that is understood, what the call gives is unknown.
fn pattern<H: Host>(machine: &mut Machine<H>, call: &Call) -> Option<Pattern> {
    let found = Pattern::new(&call.arg(2));
    if found.is_none() {
        let reason = format!(
            "the pattern `{}` is not understood: what it gives is unknown",
            call.arg(2)
        );
        machine.gap(call.at, reason);
    }
    found
}

fn chars(text: &[Char]) -> Vec<char> {
    text.iter().map(|c| c.c).collect()
}

/// What stands in place of a match: `\&` is the match, `\1` a group of it.
fn replaced(victim: &[Char], with: &[Char], found: &Match, out: &mut Text) {
    let mut rest = with.iter();
    while let Some(c) = rest.next() {
        let next = if c.c == '\\' { rest.next() } else { None };
        let group = match next.map(|c| c.c) {
            Some('&') => Some(0),
            Some(c) => c.to_digit(10).map(|digit| digit as usize),
            None => None,
        };
        let part = group.and_then(|group| found[2 * group].zip(found[2 * group + 1]));
        match (part, group, next) {
            (Some((from, to)), ..) => out.extend(&victim[from..to]),
            (None, None, next) => out.push(*next.unwrap_or(c)),
            _ => {}
        }
    }
}

/// `regexp`.
pub fn regexp<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let Some(pattern) = pattern(machine, call) else {
        return;
    };
    let victim = call.text(1);
    let found = pattern.find(&chars(&victim), 0);
    if call.args.len() < 3 {
        let at = found.and_then(|found| found[0]);
        let shown = at.map_or_else(|| "-1".to_owned(), |at| at.to_string());
        machine.give(call, &shown);
    } else if let Some(found) = found {
        let mut out = Text::new();
        replaced(&victim, &call.text(3), &found, &mut out);
        machine.push(out);
    }
}

/// `patsubst`.
pub fn patsubst<H: Host>(machine: &mut Machine<H>, call: &Call) {
    let Some(pattern) = pattern(machine, call) else {
        return;
    };
    let (victim, with) = (call.text(1), call.text(3));
    let plain = chars(&victim);
    let mut out = Text::new();
    let mut at = 0;
    while at <= victim.len() {
        let found = pattern.find(&plain, at);
        let Some((found, (from, to))) = found.and_then(|found| {
            let whole = found[0].zip(found[1])?;
            Some((found, whole))
        }) else {
            out.extend(&victim[at..]);
            break;
        };
        out.extend(&victim[at..from]);
        replaced(&victim, &with, &found, &mut out);
        at = to;
        if from == to {
            out.extend(victim.get(at));
            at += 1;
        }
        // A short text can be replaced by a long one again and again.
        if out.len() > 1_000_000 {
            break;
        }
    }
    machine.push(out);
}
