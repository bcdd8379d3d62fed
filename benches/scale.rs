//! How time and memory grow with the size of a description: `cargo bench --bench scale`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]

mod common;

use std::fs;
use std::time::Instant;

use common::text;
use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{Server, Target};
use smtpconf::text::Source;

fn main() {
    println!(
        "domains and networks, server: input, output, time to read and to generate, peak memory"
    );
    for count in [1_000, 10_000, 100_000] {
        let text = text(count);
        for server in Server::ALL {
            let start = Instant::now();
            let (description, _) = description::read(&Source::new("bench", text.as_str()));
            let description = description.unwrap();
            let read = start.elapsed();
            let target = Target::parse(server.name(), "debian-12").unwrap();
            let start = Instant::now();
            let generated = generate(&description, target).unwrap();
            let generating = start.elapsed();
            let output: usize = generated.files.iter().map(|file| file.text.len()).sum();
            println!(
                "{count:>7} {:<9} {:>5} KiB {:>6} KiB {:>6.0} ms {:>6.0} ms {:>5} MiB",
                server.name(),
                text.len() / 1024,
                output / 1024,
                read.as_secs_f64() * 1e3,
                generating.as_secs_f64() * 1e3,
                peak() / 1024
            );
        }
    }
}

/// The most memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
