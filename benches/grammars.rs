//! How fast each kind of file is read into its tree, beside a plain scan of its lines in the same
//! run: `cargo bench --bench grammars`. The best of five runs counts.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    reason = "a benchmark that cannot go on has failed"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{Dialect, Server, Target};
use smtpconf::text::Source;

/// Bytes of a text, at least.
const SIZE: usize = 4 << 20;

fn main() {
    println!(
        "{:<18} {:>10} {:>12} {:>7}",
        "kind", "MB/s", "line scan", "ratio"
    );
    for dialect in Dialect::all() {
        let piece = sample(dialect);
        let text = piece.repeat(SIZE / piece.len() + 1);
        let source = Source::new(dialect.name, text.as_str());
        let scan = best(|| black_box(text.as_bytes()).split(|&b| b == b'\n').count());
        let read = best(|| (dialect.parse)(black_box(&source)).leaves().count());
        let rate = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{:<18} {:>10.1} {:>12.1} {:>7.1}",
            dialect.name,
            rate(read),
            rate(scan),
            read.as_secs_f64() / scan.as_secs_f64()
        );
    }
}

fn best(run: impl Fn() -> usize) -> Duration {
    let once = || {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap_or_default()
}

/// A text of a kind: what the example's description gives for it, else a few lines.
fn sample(dialect: &Dialect) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/smtpconf.yaml");
    let text = std::fs::read_to_string(path).expect("the example is there");
    let description = description::read(&Source::new("example", text))
        .0
        .expect("it is right");
    for server in Server::ALL {
        let target = Target {
            server,
            version: server.version_on("debian-12"),
        };
        let files = generate(&description, target).expect("it can").files;
        let file = files
            .into_iter()
            .find(|file| Dialect::by_name(Path::new(&file.name)) == Some(dialect));
        if let Some(file) = file {
            return file.text;
        }
    }
    match dialect.name {
        "postfix-client" => "# who may\nhosts = 127.0.0.1\nuser = mail\nquery = SELECT goto FROM alias WHERE address = '%s'\n",
        name if name.ends_with("-cf") => {
            "# options\nO MaxMessageSize=10485760\nO PrivacyOptions=goaway\nScheck_x\nR$* @ $=w\t$@ $1\tours\nMlocal, P=/bin/x, F=lsDFM, A=x $u\n"
        }
        _ => "# a table\n192.0.2.1\tREJECT go away\nuser@example.com\tother@example.net, third@example.org\n",
    }
    .to_owned()
}
