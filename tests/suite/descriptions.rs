//! The descriptions that are tried on every server.

use std::fs;
use std::path::Path;

use fastrand::Rng;

use crate::fuzz::random;

/// Those of the examples and the lab, by their paths.
pub fn written() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["examples", "tests/lab/descriptions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            texts.push((
                path.display().to_string(),
                fs::read_to_string(path).unwrap(),
            ));
        }
    }
    texts.sort();
    texts
}

/// Those that are written, and random ones.
pub fn all() -> Vec<(String, String)> {
    let mut texts = written();
    for seed in 0..20 {
        let mut random = Rng::with_seed(seed);
        texts.push((format!("short {seed}"), random::description(&mut random)));
        texts.push((
            format!("long {seed}"),
            random::long_description(&mut random),
        ));
    }
    texts
}
