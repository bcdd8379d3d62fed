//! Guards put together, kept short where that is free. Must not know what they are of.

use crate::policy::Guard;

/// All of these.
pub fn all(mut guards: Vec<Guard>) -> Guard {
    guards.retain(|guard| !matches!(guard, Guard::Always));
    match guards.len() {
        0 => Guard::Always,
        1 => guards.remove(0),
        _ => Guard::All(guards),
    }
}

/// Both of these.
pub fn both(one: Guard, other: Guard) -> Guard {
    match (one, other) {
        (Guard::Any(none), _) | (_, Guard::Any(none)) if none.is_empty() => Guard::never(),
        (Guard::Always, guard) | (guard, Guard::Always) => guard,
        (one, Guard::All(mut more)) => {
            more.insert(0, one);
            Guard::All(more)
        }
        (one, other) => Guard::All(vec![one, other]),
    }
}

/// One of these or both.
pub fn either(one: Guard, other: Guard) -> Guard {
    match (one, other) {
        (Guard::Always, _) | (_, Guard::Always) => Guard::Always,
        (one, Guard::Any(mut more)) => {
            more.insert(0, one);
            if more.len() == 1 {
                more.remove(0)
            } else {
                Guard::Any(more)
            }
        }
        (Guard::Any(none), guard) if none.is_empty() => guard,
        (one, other) => Guard::Any(vec![one, other]),
    }
}

/// Whether it holds for nobody.
pub fn is_never(guard: &Guard) -> bool {
    matches!(guard, Guard::Any(none) if none.is_empty())
}
