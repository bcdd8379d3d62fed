//! `smtpconf init`: a first description, from answers or from a configuration that is there.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::import::Imported;
use super::print::Stream;
use super::questions::Asker;
use super::reading::{Reading, repository};
use super::subject::Subject;
use super::{Failure, Outcome, Reporting, print};
use crate::description::{self, Draft};
use crate::findings::{Finding, Severity};
use crate::lint::{self, DESCRIPTION, Found};
use crate::text::{self, Source};

const EXAMPLES: &str = "\
Examples:
  smtpconf init
      ask, and write smtpconf.yaml into this folder
  smtpconf init --hostname mail.example.com --ports 25 --targets exim
      ask nothing: a server that takes mail for example.com
  smtpconf init --from /etc/postfix --hook
      describe the server that is there, and let git check each commit";

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// The folder that gets smtpconf.yaml
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Describe the server whose main file or folder this is
    #[arg(long, value_name = "PATH", conflicts_with = "answers")]
    from: Option<PathBuf>,
    /// Write smtpconf.schema.json beside it, by which editors complete and check it
    #[arg(long)]
    schema: bool,
    /// Write .pre-commit-config.yaml at the repository's root: git then checks each commit
    #[arg(long)]
    hook: bool,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    answers: Answers,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    reading: Reading,
}

/// What would be asked. Lists have commas or blanks between their items.
#[derive(Debug, Args)]
#[group(id = "answers", multiple = true)]
#[command(next_help_heading = "Answers")]
struct Answers {
    /// The server's name in DNS; with it nothing is asked, and what is left out is as usual
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Domains whose mail it takes, or none [default: that of its name]
    #[arg(long, value_name = "NAMES")]
    domains: Option<String>,
    /// Networks that may send without a login [default: none]
    #[arg(long, value_name = "NETWORKS")]
    networks: Option<String>,
    /// Ports [default: 25,465,587]
    #[arg(long, value_name = "PORTS")]
    ports: Option<String>,
    /// What checks passwords: cyrus, dovecot or file [default: cyrus]
    #[arg(long, value_name = "BACKEND")]
    auth: Option<String>,
    /// The certificate with its chain, or none [default: below /etc/ssl/certs]
    #[arg(long, value_name = "FILE")]
    certificate: Option<String>,
    /// The certificate's key [default: below /etc/ssl/private]
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// Servers to generate for: postfix, exim, sendmail, or none [default: postfix]
    #[arg(long, value_name = "SERVERS")]
    targets: Option<String>,
}

/// What is asked about a draft that is right so far.
struct Question {
    words: &'static str,
    /// Whether the answers so far leave it open.
    is_due: fn(&Draft) -> bool,
    /// What stands in the draft.
    usual: fn(&Draft) -> Vec<String>,
    /// Puts the items of the answer into the draft.
    set: fn(&mut Draft, Vec<String>),
}

/// In the order of the fields of [`Answers`].
const QUESTIONS: [Question; 7] = [
    Question {
        words: "Domains whose mail it takes",
        is_due: |_| true,
        usual: |draft| draft.domains.clone(),
        set: |draft, items| draft.domains = items,
    },
    Question {
        words: "Networks that may send without a login, as 192.0.2.0/24",
        is_due: |_| true,
        usual: |draft| draft.networks.clone(),
        set: |draft, items| draft.networks = items,
    },
    Question {
        words: "Ports",
        is_due: |_| true,
        usual: |draft| draft.ports.clone(),
        set: |draft, items| {
            draft.ports = items;
            if !draft.has_submission() {
                (draft.auth, draft.tls) = (None, None);
            }
        },
    },
    Question {
        words: "What checks passwords: cyrus, dovecot or file",
        is_due: Draft::has_submission,
        usual: |draft| draft.auth.iter().cloned().collect(),
        set: |draft, items| draft.auth = items.into_iter().next(),
    },
    Question {
        words: "Certificate with its chain",
        is_due: |_| true,
        usual: |draft| draft.tls.iter().map(|[file, _]| file.clone()).collect(),
        set: |draft, items| {
            let usual = Draft::new(&draft.hostname).tls;
            let [_, key] = draft.tls.take().or(usual).unwrap_or_default();
            draft.tls = items.into_iter().next().map(|file| [file, key]);
        },
    },
    Question {
        words: "Its key",
        is_due: |draft| draft.tls.is_some(),
        usual: |draft| draft.tls.iter().map(|[_, key]| key.clone()).collect(),
        set: |draft, items| {
            if let (Some([_, key]), Some(file)) = (&mut draft.tls, items.into_iter().next()) {
                *key = file;
            }
        },
    },
    Question {
        words: "Servers to generate for: postfix, exim, sendmail",
        is_due: |_| true,
        usual: |draft| draft.servers.clone(),
        set: |draft, items| draft.servers = items,
    },
];

/// The schema's file, as the description names it.
const SCHEMA: &str = "smtpconf.schema.json";

const HEAD: &str = "\
# What this mail server must do at the least. `smtpconf lint` checks it, and
# `smtpconf generate` makes the files of Postfix, Exim or Sendmail from it.

";

/// The file that tells pre-commit which hooks to run.
const HOOKS: &str = ".pre-commit-config.yaml";

/// An entry of its list: the program is here already, so that nothing is built.
const HOOK: &str = "\
- repo: local
  hooks:
  - id: smtpconf-lint
    name: smtpconf lint
    entry: smtpconf lint --as-found
    language: system
    require_serial: true
  - id: smtpconf-generate
    name: smtpconf generate --check
    entry: smtpconf generate --check .
    language: system
    always_run: true
    pass_filenames: false
";

impl Init {
    /// Asks, and writes the description.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let path = self.path();
        if path.exists() && !self.force {
            let path = text::shown(&path);
            return Err(Failure(format!(
                "{path}: is there already; `smtpconf lint {path}` checks it, and --force overwrites it"
            )));
        }
        let is_asking = self.answers.hostname.is_none() && self.from.is_none();
        let mut asker = is_asking.then(|| Asker::new(io::stdin().lock()));
        let from = match &mut asker {
            Some(asker) => self.found(asker)?,
            None => self.from.clone(),
        };
        let described = match &from {
            Some(from) => self.imported(from)?,
            None => self.drafted(asker.as_mut())?,
        };
        let Some(described) = described else {
            return Ok(Outcome::Bad);
        };
        let mut confirm = |is_said: bool, question: &str| match &mut asker {
            Some(asker) if !is_said => asker.confirm(question, false),
            _ => Ok(is_said),
        };
        let with_schema = confirm(self.schema, "Write its schema beside it, for your editor")?;
        let with_hook = confirm(self.hook, "Let git check each commit, by pre-commit")?;
        self.write(&described, with_schema)?;
        if with_hook {
            hook(&self.folder)?;
        }
        self.tell(from.as_deref(), with_hook)?;
        Ok(Outcome::Good)
    }

    /// The description's file, as a user would name it.
    fn path(&self) -> PathBuf {
        let path = self.folder.join(DESCRIPTION);
        path.strip_prefix(".")
            .map(Path::to_path_buf)
            .unwrap_or(path)
    }

    /// The main file of a configuration in the folder, if it is to be described.
    fn found(&self, asker: &mut Asker<impl io::BufRead>) -> Result<Option<PathBuf>, Failure> {
        let found = lint::discover(&self.folder);
        let is_whole =
            |one: &Found| matches!(one, Found::Configuration(_, kind) if kind.lift.is_some());
        if !found.iter().any(is_whole) {
            return Ok(None);
        }
        let source = self.reading.source(&self.folder)?;
        let is_meant = asker.confirm(&format!("Describe the server in {}", source.name()), true)?;
        Ok(is_meant.then(|| PathBuf::from(source.name())))
    }

    /// The description of what is there; nothing, with findings told, where none comes of it.
    fn imported(&self, from: &Path) -> Result<Option<String>, Failure> {
        let loaded = Subject::load_all(&[from], &self.reading, &self.reporting)?;
        let Some([subject]) = loaded.as_deref() else {
            return Ok(None);
        };
        let imported = Imported::of(subject);
        if !imported.is_complete {
            let from = text::shown(from);
            print::err(&format!(
                "smtpconf: {from} does not say enough for a description: `smtpconf import {from}` tells what is missing\n"
            ))?;
            return Ok(None);
        }
        Ok(Some(print::plain(&imported.text)))
    }

    /// The description that was asked for; nothing, with findings told, where what was said is
    /// faulty.
    fn drafted(
        &self,
        mut asker: Option<&mut Asker<impl io::BufRead>>,
    ) -> Result<Option<String>, Failure> {
        let Answers {
            hostname,
            domains,
            networks,
            ports,
            auth,
            certificate,
            key,
            targets,
        } = &self.answers;
        let mut draft = match (&mut asker, hostname) {
            (Some(asker), None) => asker.ask(
                "The server's name in DNS, as mail.example.com",
                "",
                |name| right(Draft::new(name)),
            )?,
            (_, hostname) => Draft::new(hostname.as_deref().unwrap_or_default()),
        };
        let said = [domains, networks, ports, auth, certificate, key, targets];
        for (question, said) in QUESTIONS.iter().zip(said) {
            if let Some(said) = said {
                (question.set)(&mut draft, items(said));
            }
        }
        if let (Some(asker), Ok(_)) = (asker, right(draft.clone())) {
            for (question, said) in QUESTIONS.iter().zip(said) {
                if said.is_some() || !(question.is_due)(&draft) {
                    continue;
                }
                let usual = match (question.usual)(&draft) {
                    none if none.is_empty() => "none".to_owned(),
                    items => items.join(", "),
                };
                draft = asker.ask(question.words, &usual, |answer| {
                    let mut next = draft.clone();
                    if answer != usual {
                        (question.set)(&mut next, items(answer));
                    }
                    right(next)
                })?;
            }
        }
        let findings = findings(&draft);
        print::findings(&findings, &[DESCRIPTION], &self.reporting, Stream::Err)?;
        Ok((!self.reporting.fails(&findings)).then(|| draft.text()))
    }

    fn write(&self, described: &str, with_schema: bool) -> Result<(), Failure> {
        let mut description = HEAD.to_owned() + described;
        let mut files = Vec::new();
        if with_schema {
            description.insert_str(0, &format!("# yaml-language-server: $schema={SCHEMA}\n"));
            files.push((SCHEMA, description::SCHEMA));
        }
        files.push((DESCRIPTION, &description));
        text::write_all(&self.folder, &files, self.force)
            .map_err(|error| Failure(format!("{error}\n--force overwrites")))
    }

    /// Says what was done and what comes next.
    fn tell(&self, from: Option<&Path>, with_hook: bool) -> Result<(), Failure> {
        let path = self.path();
        let (path, folder) = (text::shown(&path), text::shown(&self.folder));
        let mut steps = vec![match from {
            Some(from) => (
                format!("smtpconf lint {} --against {path}", text::shown(from)),
                "tells every difference between the two",
            ),
            None => (
                format!("smtpconf generate {folder}"),
                "writes the files of each server in `targets` into its folder",
            ),
        }];
        steps.push((
            format!("smtpconf lint {folder}"),
            "checks everything in this folder",
        ));
        if with_hook {
            steps.push(("pre-commit install".to_owned(), "lets git run the hook"));
        }
        let steps = steps
            .iter()
            .map(|(command, what)| format!("  {command}\n      {what}\n"));
        let steps: String = steps.collect();
        print::err(&format!("wrote {path}\n\nNext:\n{steps}"))
    }
}

/// Writes the list of hooks for the repository that holds `folder`, or says what to add to it.
fn hook(folder: &Path) -> Result<(), Failure> {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let root = repository(&absolute);
    let path = root.join(HOOKS);
    if path.exists() {
        let path = text::shown(&path);
        return print::err(&format!(
            "{path} is there already; put this below its `repos:`:\n\n{HOOK}\n"
        ));
    }
    let list = format!("repos:\n{HOOK}");
    text::write_all(&root, &[(HOOKS, &list)], false).map_err(|error| Failure(error.to_string()))
}

/// The items of a list as it was said.
fn items(said: &str) -> Vec<String> {
    let items = said.split([' ', ',']).filter(|item| !item.is_empty());
    items
        .filter(|item| *item != "none")
        .map(str::to_owned)
        .collect()
}

fn findings(draft: &Draft) -> Vec<Finding> {
    lint::description(&Source::new(DESCRIPTION, draft.text()))
}

/// The draft, if it has no error.
fn right(draft: Draft) -> Result<Draft, String> {
    let findings = findings(&draft);
    let errors = findings
        .iter()
        .filter(|one| one.severity == Severity::Error);
    let words = errors.map(|one| match one.help.as_str() {
        "" => one.message.clone(),
        help => format!("{}\n{help}", one.message),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        Ok(draft)
    } else {
        Err(words.join("\n"))
    }
}
