//! How the processor's time grows with the size of a configuration: for reading its policy, for
//! looking for strangers who may relay, and for comparing it with its description:
//! `cargo bench --bench proof`. Needs Linux.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]

mod common;

use std::time::Duration;

use common::{spent, text};
use smtpconf::description;
use smtpconf::generate::read_back;
use smtpconf::mta::{Server, Target};
use smtpconf::policy::{Environment, Space, Surroundings, compare};
use smtpconf::text::Source;

fn main() {
    println!("domains and networks, server: to lift, for open relays, for drift; the sum, ×before");
    for server in Server::ALL {
        let mut before: Option<Duration> = None;
        for count in [1_000, 10_000, 100_000] {
            let times = times(count, server);
            let sum: Duration = times.iter().sum();
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            let [lift, holes, drift] = times.map(ms);
            let growth = before.map_or(String::new(), |before| {
                format!("×{:.1}", sum.as_secs_f64() / before.as_secs_f64())
            });
            println!(
                "{count:>7} {:<9} {lift:>7.1} {holes:>7.1} {drift:>7.1} ms {:>8.1} ms {growth}",
                server.name(),
                ms(sum)
            );
            before = Some(sum);
        }
    }
}

/// The times for a configuration of so many domains and networks, as it is generated for `server`.
fn times(count: u32, server: Server) -> [Duration; 3] {
    let (description, _) = description::read(&Source::new("bench", text(count)));
    let description = description.unwrap();
    let wanted = description::lower(&description);
    let target = Target::parse(server.name(), "debian-12").unwrap();
    let files = target
        .generate(&wanted, "0", description.hash())
        .unwrap()
        .files;

    let start = spent();
    let found = read_back(target, &files).unwrap().policy;
    let lift = spent().saturating_sub(start);

    let start = spent();
    let space = Space::of(&[&found]);
    let holes = found.holes(&space, &Surroundings::default(), &Environment::default());
    let proof = spent().saturating_sub(start);
    assert!(holes.is_empty(), "strangers may relay");

    let start = spent();
    let drift = compare(&wanted, &found);
    let comparing = spent().saturating_sub(start);
    assert!(drift.is_empty(), "the configuration has drifted");
    [lift, proof, comparing]
}
