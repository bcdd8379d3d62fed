//! `smtpconf diff`: which sessions two configurations treat differently.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::git::{Repository, revision};
use super::reading::Reading;
use super::subject::{Subject, at};
use super::{Failure, Outcome, Reporting, print};
use crate::policy::{Clause, Difference, Drift, compare};
use crate::text;

const EXAMPLES: &str = "\
Examples:
  smtpconf diff --from-rev HEAD~1 postfix
      which sessions the last commit treats differently
  smtpconf diff postfix exim
      the same of two servers, of different make too
  smtpconf diff --from-rev main --deny-new-access postfix
      a gate: exit code 1 only if something is accepted that was not";

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Diff {
    /// The old and the new configuration or description; with --from-rev the new one alone
    #[arg(value_name = "PATH", num_args = 1..=2, required = true)]
    paths: Vec<PathBuf>,
    /// Compare PATH as it was in this git revision with PATH as it is
    #[arg(long, value_name = "REV")]
    from_rev: Option<String>,
    /// Let the exit code be 1 only if something is accepted that was not
    #[arg(long)]
    deny_new_access: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

impl Diff {
    /// Prints the differences, the most dangerous first.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut was = None;
        let (old, new) = match (&self.from_rev, self.paths.as_slice()) {
            (None, [old, new]) => (old.clone(), new),
            (Some(rev), [new]) => {
                let checked_out = was.insert(Revision::check_out(rev, new)?);
                (checked_out.path.clone(), new)
            }
            (None, _) => {
                return Err(Failure(
                    "two configurations are compared: name the old and the new one, or the new \
                     one with --from-rev"
                        .into(),
                ));
            }
            (Some(_), _) => {
                return Err(Failure("with --from-rev one path is named".into()));
            }
        };
        let loaded = Subject::load_all(&[&old, new], &self.reading, &self.reporting)?;
        let Some([old, new]) = loaded.as_deref() else {
            return Ok(Outcome::Bad);
        };
        let drift = compare(&old.lifted.policy, &new.lifted.policy);
        let mut text = if self.json {
            format!("{:#}\n", object(old, new, &drift))
        } else {
            human(old, new, &drift)
        };
        if let Some(revision) = &was {
            text = revision.named(&text);
        }
        print::out(&text)?;
        let is_bad = if self.deny_new_access {
            drift.sessions.iter().any(Difference::is_new_access)
        } else {
            !drift.is_empty()
        };
        Ok(if is_bad { Outcome::Bad } else { Outcome::Good })
    }
}

/// A repository as it was in a revision, in a folder of its own.
struct Revision {
    name: String,
    /// The path that was asked for, in that folder.
    path: PathBuf,
    /// The folder; it goes away with this.
    folder: text::Scratch,
}

impl Revision {
    /// Lets git write down what it has of `rev`; the repository itself stays as it is.
    fn check_out(rev: &str, path: &Path) -> Result<Self, Failure> {
        let broken = |error: std::io::Error| Failure(format!("git: {error}"));
        let real = std::fs::canonicalize(path)
            .map_err(|error| Failure(format!("{}: {error}", text::shown(path))))?;
        let folder = if real.is_dir() {
            &real
        } else {
            real.parent().unwrap_or(&real)
        };
        let repository = Repository::of(folder)?;
        let below = real.strip_prefix(&repository.top).unwrap_or(Path::new(""));
        let scratch = text::Scratch::new().map_err(broken)?;
        let index = scratch.path().join("index");
        let tree = scratch.path().join("tree/");
        repository.ask(["read-tree", revision(rev)?], Some(&index))?;
        let mut prefix = OsString::from("--prefix=");
        prefix.push(&tree);
        let everything = [
            "checkout-index".as_ref(),
            "--all".as_ref(),
            prefix.as_os_str(),
        ];
        repository.ask(everything, Some(&index))?;
        // What is read beside a file lies in the same repository.
        std::fs::create_dir_all(tree.join(".git")).map_err(broken)?;
        Ok(Self {
            name: rev.to_owned(),
            path: tree.join(below),
            folder: scratch,
        })
    }

    /// The text with the revision's name in place of the folder that it was written to.
    fn named(&self, text: &str) -> String {
        let tree = self.folder.path().join("tree/");
        text.replace(&tree.display().to_string(), &format!("{}:", self.name))
    }
}

/// The groups of differences in the order in which they are told, by [`Difference::danger`].
const GROUPS: [&str; 6] = [
    "newly relayed",
    "newly accepted",
    "accepted for something else",
    "no longer relayed",
    "no longer accepted",
    "refused in another way",
];

fn by(clause: Option<&Clause>) -> Option<String> {
    clause.and_then(|clause| clause.origin.as_ref()).map(at)
}

fn human(old: &Subject, new: &Subject, drift: &Drift<'_>) -> String {
    let mut text = String::new();
    let names = [old.source.name(), new.source.name()];
    // Writing to a String cannot fail.
    let mut group = None;
    for one in &drift.sessions {
        if group.replace(one.danger()) != Some(one.danger()) {
            let _ = writeln!(text, "{}", GROUPS[usize::from(one.danger())]);
        }
        let _ = writeln!(text, "  {}", one.session);
        let others = one.ports.iter().filter(|port| **port != one.session.port);
        let others: Vec<String> = others.map(ToString::to_string).collect();
        if !others.is_empty() {
            let _ = writeln!(text, "    also on port {}", others.join(", "));
        }
        for (opaque, hit) in &one.answers {
            let _ = writeln!(
                text,
                "    if {}{}",
                if *hit { "" } else { "not: " },
                opaque.hit
            );
        }
        let sides = [one.first, one.second];
        for ((name, clause), decision) in names.iter().zip(one.by).zip(sides) {
            let place = by(clause).unwrap_or_else(|| (*name).to_owned());
            let _ = writeln!(text, "    {place}: {decision}");
        }
    }
    if !drift.facts.is_empty() {
        text += "facts\n";
    }
    for one in &drift.facts {
        let _ = writeln!(text, "  {}", one.first.name);
        for (name, fact) in names.iter().zip([&one.first, &one.second]) {
            let place = fact.origin.as_ref().map_or_else(|| (*name).to_owned(), at);
            let _ = writeln!(text, "    {place}: {}", fact.value);
        }
    }
    for (name, reason) in &drift.unknown {
        let _ = writeln!(text, "not compared: {name}: {reason}");
    }
    for subject in [old, new] {
        for gap in &subject.lifted.gaps {
            let place = gap
                .place
                .as_ref()
                .map_or_else(|| subject.source.name().into(), at);
            let _ = writeln!(text, "not understood: {place}: {}", gap.reason);
        }
    }
    let count = drift.sessions.len();
    let facts = match drift.facts.len() {
        1 => "1 fact differs".to_owned(),
        facts => format!("{facts} facts differ"),
    };
    let _ = match (count, drift.facts.len()) {
        (0, 0) => writeln!(
            text,
            "equal: every session that can be told apart is treated alike, and the facts are the same"
        ),
        (0, _) => writeln!(text, "every session is treated alike; {facts}"),
        (1, _) => writeln!(text, "1 kind of session is treated differently; {facts}"),
        (sessions, _) => writeln!(
            text,
            "{sessions} kinds of sessions are treated differently; {facts}"
        ),
    };
    text
}

fn object(old: &Subject, new: &Subject, drift: &Drift<'_>) -> Value {
    let sessions = drift.sessions.iter().map(|one| {
        json!({
            "kind": GROUPS[usize::from(one.danger())],
            "new_access": one.is_new_access(),
            "session": one.session.to_string(),
            "ports": one.ports,
            "dialogue": one.session.dialogue(),
            "if": one.answers.iter().map(|(opaque, hit)| json!({
                "question": opaque.hit,
                "answer": hit,
            })).collect::<Vec<_>>(),
            "old": {"decision": one.first.to_string(), "at": by(one.by[0])},
            "new": {"decision": one.second.to_string(), "at": by(one.by[1])},
        })
    });
    let facts = drift.facts.iter().map(|one| {
        json!({
            "fact": one.first.name,
            "old": {"value": one.first.value, "at": one.first.origin.as_ref().map(at)},
            "new": {"value": one.second.value, "at": one.second.origin.as_ref().map(at)},
        })
    });
    json!({
        "version": 1,
        "old": old.source.name(),
        "new": new.source.name(),
        "equal": drift.is_empty(),
        "sessions": sessions.collect::<Vec<_>>(),
        "facts": facts.collect::<Vec<_>>(),
        "not_compared": drift.unknown.iter().map(|(name, reason)| json!({
            "fact": name,
            "reason": reason,
        })).collect::<Vec<_>>(),
    })
}
