//! What a configuration does comes out of any files, and so do all findings about them.

use smtpconf::cli;
use smtpconf::policy::{Environment, Looked, Space};

use super::folder::{cut, each, linted, point_inside};

/// So many sessions of each configuration are traced.
const SESSIONS: usize = 4;

/// Lints each file of the input, of which the first is called `first`, and traces sessions.
///
/// # Panics
/// When a finding points past its text, or anything else goes wrong.
pub fn lift(first: &str, bytes: &[u8]) {
    each(&cut(first, bytes), |dialect, source, world| {
        point_inside(&linted(dialect, source, world));
        let Some(lifted) = dialect.policy(source, world) else {
            return;
        };
        let space = Space::of(&[&lifted.policy]);
        let sizes = space.sizes();
        for number in 0..SESSIONS {
            let mut places = [0; Looked::COUNT];
            for (bit, place) in places.iter_mut().enumerate() {
                *place = number * (bit + 1) % sizes[bit].max(1);
            }
            // Where nothing listens there is none.
            if let Some(session) = space.session(&places) {
                let usual = Environment::usual();
                let verdict = lifted.policy.decide_in(&session, &usual, true);
                cli::walk(&lifted, &session, &verdict);
                cli::walk_object(&lifted, &session, &verdict);
            }
        }
    });
}
