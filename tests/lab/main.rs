//! The lab: generated files in the real Postfix, Exim and Sendmail, every session spoken and
//! compared with what the policy decides.
//!
//! ```text
//! cargo test --test lab -- [--all] [--random N] [--seed N] [--only NAME] [--target SERVER]
//!     [--release debian-11,debian-13] [--parity] [--truth]
//!     [--oracle [--configurations N] [--sessions N]]
//! ```
//!
//! `--all` speaks every session of the partition, also of a large one; `--random` sets how many
//! random descriptions of each form are tried beside those in `descriptions/` (one short and 2 long ones); `--release` takes the servers of other
//! Debian releases than 12, as many as are named; `--parity` does nothing but compare with the servers'
//! own tools what we read of configurations; `--truth` does nothing but try what the pages of rules say
//! that these tools print, what the guides have root type, and that the packages' own configurations have no error; `--oracle` does nothing but compare with the servers what
//! policies lifted from configurations made at random decide. Each case prints a line;
//! of what differs, the session, the clause that decided, and the transcript.
//!
//! The program starts itself again inside the namespaces: as `world`, `beside`, `speak` and `syslog`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod case;
mod extras;
mod filters;
mod guides;
mod hostile;
mod limits;
mod oracle;
#[allow(dead_code, reason = "the suite uses the rest")]
#[path = "../suite/page.rs"]
mod page;
mod parity;
mod probe;
mod random;
mod roots;
mod serve;
mod services;
mod sessions;
mod sink;
mod smtp;
mod stock;
mod tls;
mod truth;
mod world;

use std::collections::HashMap;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fastrand::Rng;
use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::{Server, Target};
use smtpconf::text::Source;

use probe::Probe;
use smtp::Answer;

/// A part of the work that can be done alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    Parity,
    Truth,
    Oracle,
}

/// What the arguments ask for.
struct Options {
    all: bool,
    random: usize,
    random_long: usize,
    seed: u64,
    only: Option<String>,
    /// What alone is done, where not everything is.
    alone: Option<Job>,
    configurations: Option<usize>,
    sessions: Option<usize>,
    targets: Vec<Target>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["world", work] => world::serve(Path::new(work)),
        ["beside", work, root] => services::serve_inside(Path::new(work), Path::new(root)),
        ["speak", work, side] => speak(Path::new(work), side),
        ["names", folder] => oracle::names(Path::new(folder)),
        ["ask", folder] => oracle::ask(Path::new(folder)),
        ["syslog", socket, file] => syslog(socket, file),
        // What `cargo test` hands to every test program, such as a name to filter by.
        _ => return run(&options(&words)),
    }
    ExitCode::SUCCESS
}

fn options(words: &[&str]) -> Options {
    let value = |name: &str| {
        words
            .iter()
            .position(|word| *word == name)
            .and_then(|at| words.get(at + 1).copied())
    };
    let number = |name: &str| value(name).and_then(|text| text.parse().ok());
    Options {
        all: words.contains(&"--all"),
        random: number("--random").unwrap_or(1),
        random_long: number("--random").unwrap_or(2),
        seed: number("--seed").map_or(1, |seed| seed as u64),
        alone: [
            ("--parity", Job::Parity),
            ("--truth", Job::Truth),
            ("--oracle", Job::Oracle),
        ]
        .into_iter()
        .find_map(|(word, job)| words.contains(&word).then_some(job)),
        configurations: number("--configurations"),
        sessions: number("--sessions"),
        only: value("--only").map(str::to_owned),
        targets: targets(value("--release"), value("--target")),
    }
}

/// The servers of the releases, or one of them alone.
fn targets(releases: Option<&str>, only: Option<&str>) -> Vec<Target> {
    let releases = releases.unwrap_or(roots::HOST).split(',');
    releases
        .inspect(|name| assert!(roots::knows(name), "`{name}` is no release of the lab"))
        .flat_map(|release| Server::ALL.map(|server| (server, server.version_on(release))))
        .filter(|(server, _)| only.is_none_or(|name| name == server.name()))
        .map(|(server, version)| Target { server, version })
        .collect()
}

fn run(options: &Options) -> ExitCode {
    if let Some(obstacle) = roots::obstacle() {
        println!("lab: skipped, no session was spoken: {obstacle}");
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        return if in_ci {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    if let Err(fault) = roots::prepare(&options.targets) {
        println!("lab: {fault}");
        return ExitCode::FAILURE;
    }
    if let Some(job) = options.alone {
        let failed = match job {
            Job::Oracle => ask_oracle(options, 400, 40),
            Job::Parity => compare(options, parity::run),
            Job::Truth => {
                compare(options, truth::run)
                    + compare(options, stock::run)
                    + compare(options, guides::run)
            }
        };
        return if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let (cases, refusals) = cases(options);
    let next = AtomicUsize::new(0);
    let totals: Mutex<HashMap<Target, (usize, usize)>> = Mutex::default();
    let failed = AtomicUsize::new(0);
    thread::scope(|scope| {
        // More than there are processors: Sendmail's mailer sleeps for seconds on locked mailboxes.
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((name, description, target)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let work = roots::folder().join("cases").join(format!("{name}-{}", roots::name(*target)));
                    let outcome = case::run(name, description, *target, options.all, options.seed, &work);
                    let mut totals = totals.lock().unwrap();
                    let total = totals.entry(*target).or_default();
                    total.0 += outcome.sessions;
                    total.1 += outcome.ipv6;
                    println!(
                        "lab: {name:<28} {:<17} {:>5} sessions, {:>4} of them IPv6, {} differences, {:.1} s",
                        target.to_string(),
                        outcome.sessions,
                        outcome.ipv6,
                        outcome.differences,
                        outcome.time.as_secs_f64()
                    );
                    if outcome.differences > 0 {
                        failed.fetch_add(1, Ordering::Relaxed);
                        println!("{}", outcome.faults);
                    }
                }
            });
        }
    });
    let totals = totals.into_inner().unwrap();
    for (target, reasons) in &refusals {
        let share = reasons.len() * 100 / descriptions(options).len();
        println!(
            "lab: {target} refuses {} descriptions ({share} %):",
            reasons.len()
        );
        for (name, reason) in reasons {
            println!("lab:   {name}: {reason}");
        }
    }
    for target in &options.targets {
        let (sessions, ipv6) = totals.get(target).copied().unwrap_or_default();
        println!("lab: {sessions} sessions were spoken to {target}, {ipv6} of them over IPv6");
    }
    thread::scope(|scope| {
        for &target in &options.targets {
            let failed = &failed;
            scope.spawn(move || match hostile::run(target, options.seed) {
                Ok(summary) => println!("lab: {target}: {summary}"),
                Err(fault) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    println!("lab: {target}: a hostile value came out as something else: {fault}");
                }
            });
        }
    });
    let failed = failed.into_inner()
        + compare(options, parity::run)
        + compare(options, truth::brief)
        + compare(options, stock::run)
        + compare(options, guides::run)
        + ask_oracle(options, 10, 30);
    let tried = cases.len() + 6 * options.targets.len();
    println!("{} passed, {failed} failed", tried - failed);
    if failed == 0 && !cases.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Holds what we say of sessions, of configurations made at random, against the servers; how many
/// servers differ.
fn ask_oracle(options: &Options, configurations: usize, sessions: usize) -> usize {
    let extent = oracle::Extent {
        configurations: options.configurations.unwrap_or(configurations),
        sessions: options.sessions.unwrap_or(sessions),
        seed: options.seed,
    };
    let mut failed = 0;
    for &target in &options.targets {
        match oracle::run(target, extent) {
            Ok(said) => println!("lab: {target}: {said}"),
            Err(said) => {
                failed += 1;
                println!("lab: {target}: {said}");
            }
        }
    }
    failed
}

/// Holds what we say of files against the servers' own tools, all servers at a time; how many differ.
fn compare(options: &Options, with: fn(Target) -> Result<String, String>) -> usize {
    let failed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for &target in &options.targets {
            let failed = &failed;
            scope.spawn(move || match with(target) {
                Ok(summary) => println!("lab: {target}: {summary}"),
                Err(fault) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    println!("lab: {target}: {fault}");
                }
            });
        }
    });
    failed.into_inner()
}

type Case = (String, Description, Target);
type Refusals = Vec<(Target, Vec<(String, String)>)>;

/// Every description on every server that does not refuse it, and the refusals with their reasons.
fn cases(options: &Options) -> (Vec<Case>, Refusals) {
    let mut cases = Vec::new();
    let mut refusals: Refusals = Vec::new();
    for target in &options.targets {
        let mut refused = Vec::new();
        for (name, description) in descriptions(options) {
            match generate(&description, *target) {
                Ok(_) => cases.push((name, description, *target)),
                Err(reasons) => {
                    let reasons: Vec<String> = reasons.into_iter().map(|r| r.message).collect();
                    refused.push((name, reasons.join("; ")));
                }
            }
        }
        refusals.push((*target, refused));
    }
    // The servers take turns, since they wait for different things.
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    (cases, refusals)
}

/// The descriptions in the folder, those of examples/, and random ones.
fn descriptions(options: &Options) -> Vec<(String, Description)> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for (prefix, folder) in [
        ("example-", manifest.join("examples")),
        ("", roots::script("descriptions")),
    ] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            texts.push((format!("{prefix}{name}"), text));
        }
    }
    texts.sort();
    for number in 0..options.random {
        let mut random = Rng::with_seed(options.seed.wrapping_mul(1000) + number as u64);
        texts.push((
            format!("random-{}-{number}", options.seed),
            random::description(&mut random),
        ));
    }
    for number in 0..options.random_long {
        let mut random = Rng::with_seed(options.seed.wrapping_mul(1000) + 500 + number as u64);
        texts.push((
            format!("random-long-{}-{number}", options.seed),
            random::long_description(&mut random),
        ));
    }
    texts.retain(|(name, _)| options.only.as_ref().is_none_or(|only| name.contains(only)));
    texts
        .into_iter()
        .map(|(name, text)| {
            let (description, findings) =
                description::read(&Source::new(name.as_str(), text.as_str()));
            (
                name,
                description.unwrap_or_else(|| panic!("{text}\n{findings:?}")),
            )
        })
        .collect()
}

/// Speaks the probes of one side, several at a time.
fn speak(work: &Path, side: &str) {
    let probes: Vec<Probe> =
        serde_json::from_str(&fs::read_to_string(work.join("probes.json")).unwrap()).unwrap();
    let parallel: usize = fs::read_to_string(work.join("parallel"))
        .unwrap()
        .parse()
        .unwrap();
    smtp::trust(&fs::read(work.join("certificate.pem")).unwrap());
    let next = AtomicUsize::new(0);
    let answers: Mutex<HashMap<usize, Answer>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(probe) = probes.get(index) else {
                        break;
                    };
                    if probe.inside == (side == "inside") {
                        let answer = smtp::speak(probe);
                        answers.lock().unwrap().insert(index, answer);
                    }
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    fs::write(
        work.join(format!("answers-{side}.json")),
        serde_json::to_string(&answers).unwrap(),
    )
    .unwrap();
    if side == "outside" {
        limits::try_all(work);
        tls::shake(work);
    }
}

/// Writes what daemons log into a file.
fn syslog(socket: &str, file: &str) {
    use std::io::Write;
    let socket_path = Path::new(socket);
    let socket = UnixDatagram::bind(socket_path).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(socket_path, open).unwrap();
    let mut log = fs::File::create(file).unwrap();
    let mut buffer = [0; 8192];
    while let Ok(count) = socket.recv(&mut buffer) {
        let _ = writeln!(
            log,
            "{}",
            String::from_utf8_lossy(&buffer[..count]).trim_end()
        );
    }
}
