//! How time and memory grow with the size of a description: to validate it, to generate from it,
//! and to lint what was generated, against it: `cargo bench --bench scale`. Needs Linux. Each line
//! is a process of its own, so that its peak of memory is its own.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]

mod common;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{spent, text};
use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::lint;
use smtpconf::mta::{Dialect, Server, Target, World};
use smtpconf::text::{Snapshot, Source};

const COUNTS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, server, count] = arguments.as_slice() {
        return one(server, count.parse().unwrap());
    }
    println!(
        "domains and networks, server: description, files; processor's time to validate, to \
         generate, to lint; peak of memory; time and memory by those of a tenth"
    );
    for server in Server::ALL {
        let mut before: Option<(f64, f64)> = None;
        for count in COUNTS {
            let mut command = Command::new(env::current_exe().unwrap());
            let done = command.args([server.name(), &count.to_string()]).output();
            let line = String::from_utf8(done.unwrap().stdout).unwrap();
            let (shown, numbers) = line.trim_end().rsplit_once('|').unwrap();
            let (time, memory) = numbers.split_once(' ').unwrap();
            let now: (f64, f64) = (time.parse().unwrap(), memory.parse().unwrap());
            let growth = before.map_or(String::new(), |before| {
                format!("×{:.1} ×{:.1}", now.0 / before.0, now.1 / before.1)
            });
            println!("{shown} {growth}");
            before = Some(now);
        }
    }
}

/// One size for one server; behind a bar the whole time in seconds and the memory in MiB.
fn one(server: &str, count: u32) {
    let text = text(count);
    let target = Target::parse(server, "debian-12").unwrap();
    let start = spent();
    let source = Source::new("bench", text.as_str());
    let description = description::read(&source).0.unwrap();
    let read = spent();
    let files = generate(&description, target).unwrap().files;
    let generated = spent();
    let path = |name: &str| format!("{}/{name}", target.server.folder());
    let named: Vec<(String, &str)> = files
        .iter()
        .map(|file| (path(&file.name), file.text.as_str()))
        .collect();
    let pairs: Vec<(&str, &str)> = named.iter().map(|(name, text)| (&**name, *text)).collect();
    let files = Snapshot::of(&pairs);
    let world = World::new(&files, target.version);
    let (main, dialect) = pairs
        .iter()
        .filter_map(|(name, _)| Some((*name, Dialect::by_name(Path::new(name))?)))
        .find(|(_, dialect)| dialect.lift.is_some())
        .unwrap();
    let asking = lint::Asking {
        wanted: Some(lint::wanted(&source).unwrap().policy),
        ..lint::Asking::default()
    };
    let main = files.read(main, Path::new("")).unwrap();
    let found = lint::configuration(&main, dialect, &world, &asking);
    let drift = found.iter().find(|finding| finding.rule.contains("drift"));
    assert!(drift.is_none(), "{drift:?}");
    let linted = spent();
    let ms = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64() * 1e3;
    let output: usize = pairs.iter().map(|(_, text)| text.len()).sum();
    println!(
        "{count:>8} {server:<9} {:>6} KiB {:>6} KiB {:>6.0} ms {:>6.0} ms {:>6.0} ms {:>5} MiB|{} {}",
        text.len() / 1024,
        output / 1024,
        ms(start, read),
        ms(read, generated),
        ms(generated, linted),
        peak() / 1024,
        ms(start, linted),
        peak() / 1024,
    );
}

/// The most memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
