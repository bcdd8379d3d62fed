//! Every configuration of a corpus, where `SMTPCONF_CORPUS` names one: none stops the lift, and
//! it is told how much of them is understood. Run it with `--nocapture` to see the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use smtpconf::mta::{Dialect, Lifted, Server, World};
use smtpconf::policy::{Environment, Guard, Space, Surroundings};
use smtpconf::text::{Snapshot, Source};

/// The folders of configurations, with the files of which server is read in each.
const FOLDERS: [(&str, Server); 5] = [
    ("postfix-main", Server::Postfix),
    ("exim", Server::Exim),
    ("distro", Server::Exim),
    ("sendmail-mc", Server::Sendmail),
    ("sendmail-cf", Server::Sendmail),
];

/// So many reasons are told of each server.
const TOLD: usize = 15;

/// How much of a server's configurations is understood.
#[derive(Default)]
struct Table {
    files: usize,
    clean: usize,
    opaque: usize,
    gaps: usize,
    dead: usize,
    /// In how many files something is not known, by its kind.
    reasons: BTreeMap<String, usize>,
}

#[test]
fn a_corpus_is_understood_as_far_as_it_goes() {
    let Some(corpus) = std::env::var_os("SMTPCONF_CORPUS").map(PathBuf::from) else {
        return;
    };
    let corpus = corpus.as_path();
    let tables = thread::scope(|scope| {
        let running =
            Server::ALL.map(|server| scope.spawn(move || (server, table(corpus, server))));
        running.map(|one| one.join().unwrap())
    });
    for (server, table) in tables {
        let Table {
            files,
            clean,
            opaque,
            gaps,
            dead,
            reasons,
        } = table;
        println!(
            "{}: {files} configurations: {clean} clean, {opaque} with opaque parts, {gaps} with gaps, {dead} that do not start",
            server.title()
        );
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (reason, count) in reasons.iter().take(TOLD) {
            println!("{count:5}  {reason}");
        }
    }
}

fn table(corpus: &Path, server: Server) -> Table {
    let mut table = Table::default();
    for (folder, _) in FOLDERS.iter().filter(|(_, of)| *of == server) {
        let Ok(entries) = fs::read_dir(corpus.join(folder)) else {
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let began = Instant::now();
            let Some(lifted) = lift(corpus, &path, server) else {
                continue;
            };
            let policy = &lifted.policy;
            let space = Space::of(&[policy]);
            let _ = policy.holes(&space, &Surroundings::default(), &Environment::usual());
            let took = began.elapsed();
            assert!(
                took < Duration::from_secs(60),
                "{}: {took:?}",
                path.display()
            );
            table.add(&lifted);
        }
    }
    table
}

/// The configuration at `path`, with what the corpus has beside it.
fn lift(corpus: &Path, path: &Path, server: Server) -> Option<Lifted> {
    let bytes = fs::read(path).ok()?;
    let name = path.file_name()?.to_str()?;
    let master = corpus
        .join("postfix-master")
        .join(name.replace("main.cf", "master.cf"));
    let master = fs::read(master).ok().filter(|_| server == Server::Postfix);
    let master = master.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let beside: Vec<(&str, &str)> = master
        .iter()
        .map(|text| ("main/master.cf", text.as_str()))
        .collect();
    let files = Snapshot::of(&beside);
    let world = World::new(&files, server.version_on("debian-12"));
    let (dialect, source) = if server == Server::Postfix {
        let source = Source::from_bytes("main/main.cf", bytes);
        (Dialect::by_word("postfix-main")?, source)
    } else {
        let source = Source::from_bytes(path.display().to_string(), bytes);
        (Dialect::of(&source).0, source)
    };
    dialect
        .policy(&source, &world)
        .filter(|_| dialect.server == server)
}

impl Table {
    fn add(&mut self, lifted: &Lifted) {
        let mut reasons: BTreeSet<String> = lifted
            .gaps
            .iter()
            .map(|gap| format!("gap: {}", unnamed(&gap.reason)))
            .collect();
        let mut is_opaque = false;
        for (_, clause) in lifted.policy.clauses() {
            clause.guard.walk(&mut |guard| {
                if let Guard::Opaque(one) = guard {
                    is_opaque = true;
                    reasons.insert(format!("{}: {}", one.kind, unnamed(&one.reason)));
                }
            });
        }
        self.files += 1;
        self.gaps += usize::from(!lifted.gaps.is_empty());
        self.opaque += usize::from(is_opaque);
        self.clean += usize::from(reasons.is_empty());
        self.dead += usize::from(lifted.policy.listeners.iter().any(|one| one.dead.is_some()));
        for reason in reasons {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

/// A reason without what it is about, so that like ones are counted together.
fn unnamed(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let parts = line.split('`').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 0 { part } else { "…" });
    parts.collect::<Vec<_>>().join("`")
}
