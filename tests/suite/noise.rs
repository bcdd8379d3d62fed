//! How often each rule fires on the real configurations below `SMTPCONF_CORPUS`; nothing without it.
//! `SMTPCONF_RULE=name` shows the findings of a rule, to be read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use smtpconf::findings::Finding;
use smtpconf::lint::{self, Asking, Found, Levels};
use smtpconf::mta::{Dialect, World};
use smtpconf::report;
use smtpconf::text::{self, Scope, Snapshot, Source};

fn findings(path: &Path, dialect: &'static Dialect) -> Vec<Finding> {
    let bytes = text::read(path).unwrap();
    let source = Source::from_bytes(path.display().to_string(), bytes);
    let here = path.parent().unwrap();
    let files = Snapshot::new(Scope::Below(here.to_path_buf()));
    let files = files.with_home(Path::new(dialect.server.folder()), here);
    let world = World::new(&files, dialect.server.newest());
    let found = lint::configuration(&source, dialect, &world, &Asking::default());
    let levels = Levels::default();
    found
        .into_iter()
        .filter_map(|finding| levels.apply(finding))
        .collect()
}

/// For each rule and severity: findings, and files that have one.
type Firings = BTreeMap<(&'static str, &'static str), (usize, usize)>;

#[test]
fn rules_on_a_corpus() {
    let Some(corpus) = std::env::var_os("SMTPCONF_CORPUS") else {
        return;
    };
    let shown = std::env::var("SMTPCONF_RULE").unwrap_or_default();
    let files: Vec<_> = lint::discover(Path::new(&corpus))
        .into_iter()
        .filter_map(|found| match found {
            Found::Configuration(path, dialect) => Some((path, dialect)),
            Found::Description(_) | Found::Closed(..) => None,
        })
        .collect();
    assert!(!files.is_empty());
    let table: Mutex<Firings> = Mutex::default();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((path, dialect)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut here: BTreeMap<(&str, &str), usize> = BTreeMap::new();
                    for finding in findings(path, dialect) {
                        *here
                            .entry((finding.rule, finding.severity.word()))
                            .or_default() += 1;
                        if finding.rule == shown {
                            print!("{}", report::concise(&[finding]));
                        }
                    }
                    let mut table = table.lock().unwrap();
                    for (rule, count) in here {
                        let entry = table.entry(rule).or_default();
                        entry.0 += count;
                        entry.1 += 1;
                    }
                }
            });
        }
    });
    let mut rows: Vec<_> = table.into_inner().unwrap().into_iter().collect();
    rows.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    println!("{} files", files.len());
    for ((rule, severity), (count, files)) in rows {
        println!("{count:>6} in {files:>4} files  {severity:<8} {rule}");
    }
}
