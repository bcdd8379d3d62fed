//! Every kind of file is read without loss, whatever its bytes: random ones, hostile ones, and the
//! files below the folder that `SMTPCONF_CORPUS` names, where it is set.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;
use smtpconf::mta::Dialect;
use smtpconf::text::Source;

use crate::fuzz::reading::read;
use crate::seeded::inputs;

/// Pieces that mean something to one of the grammars.
pub const PIECES: &[&str] = &[
    "a",
    "name",
    "=",
    " = ",
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\n ",
    "\n\t",
    "\r\n",
    "\r",
    "#",
    "# x\n",
    "$",
    "$x",
    "$$",
    "${",
    "$(",
    "}",
    ")",
    "{",
    "(",
    "?",
    ":",
    "::",
    ",",
    ";",
    "\"",
    "'",
    "`",
    "\\",
    "\\\n",
    "\0",
    "é",
    "\u{feff}",
    "\u{0b}",
    "-o ",
    "-o a=b ",
    "smtp inet n - y - - smtpd\n",
    "hash:/x",
    "/x/",
    "/a/i ",
    "if /x/\n",
    "endif\n",
    "!",
    "@",
    "%",
    "begin acl\n",
    "begin routers\n",
    "acl:\n",
    "accept ",
    "deny hosts = ",
    "driver = x\n",
    ".ifdef ",
    ".endif\n",
    ".include ",
    "FOO = bar\n",
    "FOO",
    "\\N",
    "$h_x:",
    "${if ",
    "eq{",
    "hide ",
    "domainlist x = ",
    "+x",
    "<; ",
    "*",
    "dnl",
    "dnl\n",
    "define(",
    "`x'",
    "divert(-1)",
    "FEATURE(",
    "ifdef(",
    "include(",
    "OSTYPE(`linux')dnl\n",
    "MAILER(",
    "Scheck\n",
    "R$*\t$@ x\n",
    "O Foo=bar\n",
    "Mlocal, P=/x, A=y\n",
    "C{x}",
    "Dj",
    "Fw/x\n",
    "K",
    "V10/x\n",
    "H?x?y: z\n",
    "Connect:1.2.3\tRELAY\n",
    "E",
    "P",
    "X",
];

#[test]
fn random_text_is_read_without_loss() {
    for dialect in Dialect::all() {
        let mut random = Rng::with_seed(1);
        for _ in 0..inputs(3_000) {
            let mut bytes: Vec<u8> = (0..random.usize(0..40))
                .flat_map(|_| PIECES[random.usize(0..PIECES.len())].bytes())
                .collect();
            if random.u8(0..8) == 0 && !bytes.is_empty() {
                let at = random.usize(0..bytes.len());
                bytes[at] = random.u8(..);
            }
            read(dialect.name, &bytes);
        }
    }
}

#[test]
fn hostile_text_is_read_in_time() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let texts = [
        String::new(),
        "\n".into(),
        "\u{feff}".into(),
        deep("{", "}"),
        format!("a = {}", deep("${", "}")),
        format!("a = {}", deep("${a?{", "}}")),
        deep("`", "'"),
        format!("define(`a', {})", deep("f(", ")")),
        deep("(", ")"),
        "x".repeat(1 << 20),
        "a = \\\n".repeat(30_000),
        "a\n b\n".repeat(30_000),
        " \n#\n".repeat(30_000),
        "a=b\r\n".repeat(30_000),
        "\0".repeat(1 << 16),
        ".ifdef A\n".repeat(10_000),
    ];
    for dialect in Dialect::all() {
        for text in &texts {
            let start = Instant::now();
            read(dialect.name, text.as_bytes());
            let front: String = text.chars().take(20).collect();
            let time = start.elapsed();
            assert!(
                time < Duration::from_secs(10),
                "{}: {front:?} took {time:?}",
                dialect.name
            );
        }
    }
}

#[test]
fn every_file_of_the_corpus_is_read_without_loss_as_every_kind() {
    let Some(corpus) = std::env::var_os("SMTPCONF_CORPUS") else {
        return;
    };
    let mut count = 0;
    for path in paths(Path::new(&corpus)) {
        let bytes = fs::read(&path).unwrap();
        for dialect in Dialect::all() {
            read(dialect.name, &bytes);
            count += 1;
        }
    }
    assert!(count > 0);
    println!("{count} readings");
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(self::paths(&path));
        } else {
            paths.push(path);
        }
    }
    paths
}

#[test]
fn what_a_long_text_is_parsed_as_does_not_hang_on_where_its_pieces_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut kinds = BTreeSet::new();
    for path in paths(&folder) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let Some(dialect) = Dialect::by_name(&path) else {
            continue;
        };
        if text.len() < 500 || !text.ends_with('\n') || !kinds.insert((dialect.name, text.len())) {
            continue;
        }
        let copies = 300_000 / text.len() + 3;
        let source = Source::new("long", text.repeat(copies));
        let tree = (dialect.parse)(&source);
        let mut nodes = vec![Vec::new(); copies];
        for node in tree.branches().skip(1) {
            let span = node.span();
            let (copy, start) = (span.start / text.len(), span.start % text.len());
            nodes[copy.min(copies - 1)].push((node.kind(), start, span.end - span.start));
        }
        // Before the first stands nothing, and what the last opened ends with the text.
        for copy in &nodes[2..copies - 1] {
            assert!(*copy == nodes[1], "{}", path.display());
        }
    }
    assert!(kinds.len() > 5, "{kinds:?}");
}
