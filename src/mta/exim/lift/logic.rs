//! Guards put together, what is constant folded; and answers of conditions, which may also fail.
//! Must not know what is asked.

use crate::policy::Guard;

/// Both or more hold.
pub fn all(guards: impl IntoIterator<Item = Guard>) -> Guard {
    let mut kept = Vec::new();
    for guard in guards {
        match guard {
            Guard::Always => {}
            guard if is_never(&guard) => return Guard::never(),
            Guard::All(inner) => kept.extend(inner),
            guard => kept.push(guard),
        }
    }
    match kept.len() {
        0 => Guard::Always,
        1 => kept.remove(0),
        _ => Guard::All(kept),
    }
}

/// One of them holds.
pub fn any(guards: impl IntoIterator<Item = Guard>) -> Guard {
    let mut kept = Vec::new();
    for guard in guards {
        match guard {
            Guard::Always => return Guard::Always,
            Guard::Any(inner) => kept.extend(inner),
            guard => kept.push(guard),
        }
    }
    if kept.len() == 1 {
        kept.remove(0)
    } else {
        Guard::Any(kept)
    }
}

/// It does not hold.
pub fn not(guard: Guard) -> Guard {
    match guard {
        Guard::Always => Guard::never(),
        guard if is_never(&guard) => Guard::Always,
        guard => !guard,
    }
}

/// Whether it never holds, by its form.
pub fn is_never(guard: &Guard) -> bool {
    matches!(guard, Guard::Any(none) if none.is_empty())
}

/// A constant.
pub fn constant(holds: bool) -> Guard {
    if holds { Guard::Always } else { Guard::never() }
}

/// What a condition answers: where none of these holds, it is not met (Exim's OK, DEFER, ERROR and
/// FAIL). At most one holds.
#[derive(Clone, Debug)]
pub struct Answer {
    /// It is met.
    pub yes: Guard,
    /// It cannot be told for now.
    pub defer: Guard,
    /// Asking fails.
    pub error: Guard,
}

impl Answer {
    /// Met where `guard` holds.
    pub fn when(guard: Guard) -> Self {
        Self {
            yes: guard,
            defer: Guard::never(),
            error: Guard::never(),
        }
    }

    /// Always the same.
    pub fn of(met: bool) -> Self {
        Self::when(constant(met))
    }

    /// It cannot be told.
    pub fn defer() -> Self {
        Self {
            defer: Guard::Always,
            ..Self::of(false)
        }
    }

    /// Asking fails.
    pub fn error() -> Self {
        Self {
            error: Guard::Always,
            ..Self::of(false)
        }
    }

    /// Where it is not met.
    pub fn no(&self) -> Guard {
        all([self.yes.clone(), self.defer.clone(), self.error.clone()].map(not))
    }

    /// The opposite; what fails, fails all the same.
    #[must_use]
    pub fn not(self) -> Self {
        Self {
            yes: self.no(),
            ..self
        }
    }

    /// This answer where `guard` holds, and none elsewhere.
    #[must_use]
    pub fn where_holds(self, guard: &Guard) -> Self {
        let narrow = |inner| all([guard.clone(), inner]);
        Self {
            yes: narrow(self.yes),
            defer: narrow(self.defer),
            error: narrow(self.error),
        }
    }

    /// One of several answers, of which at most one is given.
    pub fn one_of(answers: impl IntoIterator<Item = Self>) -> Self {
        let (mut yes, mut defer, mut error) = (Vec::new(), Vec::new(), Vec::new());
        for answer in answers {
            yes.push(answer.yes);
            defer.push(answer.defer);
            error.push(answer.error);
        }
        let any = |guards: Vec<Guard>| any(guards.into_iter().filter(|guard| !is_never(guard)));
        Self {
            yes: any(yes),
            defer: any(defer),
            error: any(error),
        }
    }

    /// Where this one is met, the next one is asked.
    #[must_use]
    pub fn and_then(self, next: Self) -> Self {
        let met = self.yes.clone();
        let stopped = Self {
            yes: Guard::never(),
            ..self
        };
        Self::one_of([stopped, next.where_holds(&met)])
    }

    /// Where this one is not met, the next one is asked.
    #[must_use]
    pub fn or_else(self, next: Self) -> Self {
        let failed = self.no();
        Self::one_of([self, next.where_holds(&failed)])
    }
}
