//! The command line: arguments in, standard output and an exit code out.

mod asked;
mod baseline;
mod checking;
mod completions;
mod diff;
mod explain;
mod generate;
mod git;
mod import;
mod init;
mod input;
mod lint;
mod man;
mod parse;
mod print;
mod questions;
mod reading;
mod rules;
mod schema;
mod show;
mod subject;
mod trace;

// What these commands print, for who runs them on many texts.
pub use show::{human as setting, object as setting_object};
pub use trace::{human as walk, object as walk_object};

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::findings::{Finding, Severity};
use crate::report::{FORMATS, Format};
use crate::text;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

/// One description of an SMTP server, for Postfix, Exim and Sendmail.
#[derive(Debug, Parser)]
#[command(name = "smtpconf", version, styles = STYLES, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  smtpconf init                    write a first smtpconf.yaml
  smtpconf lint .                  check everything in this folder
  smtpconf lint /etc/postfix       check a server's own configuration
  smtpconf explain open-relay      what a rule is about, and what to do
  smtpconf generate --target exim  print the files that Exim needs
`smtpconf COMMAND --help` has more for each command.

Exit codes: 0 done; 1 the answer is bad (findings, differences);
2 it could not be done.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first description, from answers or from a configuration that is there
    Init(Box<init::Init>),
    /// Check descriptions and servers' configurations, and report every fault at once
    Lint(lint::Lint),
    /// Write down what there is to report now, so that `lint --baseline` tells only what is new
    Baseline(baseline::Baseline),
    /// Generate the files of a server from a description
    Generate(generate::Generate),
    /// Say what happens to one SMTP session, and which lines decide it
    Trace(Box<trace::Trace>),
    /// Say which sessions two configurations treat differently
    Diff(diff::Diff),
    /// Write the description that a server's files implement
    Import(import::Import),
    /// Show a server's configuration as its daemon sees it
    Show(show::Show),
    /// Print the tree of a server's file, in which every byte has its place
    Parse(parse::Parse),
    /// Print the manual page of a rule
    Explain(explain::Explain),
    /// List the rules
    Rules(rules::Rules),
    /// Print the JSON schema of a description, for editors, or of a report
    Schema(schema::Schema),
    /// Print a script by which a shell completes what is typed
    Completions(completions::Completions),
    /// Print a manual page for man(1)
    Man(man::Man),
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set; anywhere if `CLICOLOR_FORCE` is
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The lowest severity that makes the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gate {
    Error,
    Warning,
    Note,
}

/// How findings are reported.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
struct Reporting {
    /// How findings are printed
    #[arg(long, value_parser = format(), default_value = FORMATS[0].name, value_name = "FORMAT")]
    format: &'static Format,
    /// Write the report into this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When colours are used
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = Gate::Error, value_name = "SEVERITY")]
    fail_on: Gate,
}

impl Reporting {
    /// The lowest severity that makes the exit code 1.
    fn gate(&self) -> Severity {
        match self.fail_on {
            Gate::Error => Severity::Error,
            Gate::Warning => Severity::Warning,
            Gate::Note => Severity::Note,
        }
    }

    /// Whether a finding is at or above the gate.
    fn fails(&self, findings: &[Finding]) -> bool {
        let gate = self.gate();
        findings.iter().any(|finding| finding.severity >= gate)
    }

    /// Whether a program reads what is printed, so that nothing else may stand there.
    fn is_for_programs(&self) -> bool {
        self.output.is_none() && !self.format.is_for_people
    }
}

/// Reads the name of a format, and lists them all in the help.
fn format() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(names).try_map(|name| {
        let mut known = FORMATS.iter();
        known
            .find(|format| format.name == name)
            .ok_or("not a format")
    })
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done; the answer is good.
    Good,
    /// Done; the answer is bad.
    Bad,
}

/// Why the work could not be done, in words for the user.
#[derive(Debug)]
struct Failure(String);

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // What is wrong is told with the arguments as they can be shown.
            let shown = std::env::args_os().map(|one| text::one_line(&one.to_string_lossy()));
            let error = Cli::try_parse_from(shown).err().unwrap_or(error);
            return ExitCode::from(print::usage(&error));
        }
    };
    let result = match cli.command {
        Command::Init(init) => init.run(),
        Command::Lint(lint) => lint.run(),
        Command::Baseline(baseline) => baseline.run(),
        Command::Generate(generate) => generate.run(),
        Command::Trace(trace) => trace.run(),
        Command::Diff(diff) => diff.run(),
        Command::Import(import) => import.run(),
        Command::Show(show) => show.run(),
        Command::Parse(parse) => parse.run(),
        Command::Explain(explain) => explain.run(),
        Command::Rules(rules) => rules.run(),
        Command::Schema(schema) => schema.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    match result {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Err(Failure(message)) => {
            print::complain(&message);
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every command, by its name; the program itself too.
    fn commands() -> Vec<clap::Command> {
        let mut whole = Cli::command();
        whole.build();
        let commands = whole.get_subcommands().cloned().collect::<Vec<_>>();
        let commands = commands.into_iter().filter(|one| one.get_name() != "help");
        commands.chain([whole]).collect()
    }

    #[test]
    fn the_arguments_make_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_and_its_examples_are_taken() {
        for command in commands() {
            let name = command.get_name().to_owned();
            let help = command
                .clone()
                .term_width(80)
                .render_long_help()
                .to_string();
            // clap does not break the line of usage.
            for line in help.lines().filter(|line| !line.starts_with("Usage:")) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
            let (_, examples) = help
                .split_once("Examples:\n")
                .unwrap_or_else(|| panic!("{name}: no examples"));
            // Manual pages of 80 columns have a margin of seven.
            assert!(examples.lines().all(|line| line.len() <= 73), "{examples}");
            let mut count = 0;
            for example in examples.replace(" \\\n     ", "").lines() {
                let Some(example) = example.strip_prefix("  smtpconf") else {
                    continue;
                };
                // In two columns the second one says what it is for.
                let example = example.trim_start().split("  ").next().unwrap_or_default();
                let example = example.split(['|', '>']).next().unwrap_or_default();
                let words = example.split_whitespace();
                let taken = Cli::try_parse_from(["smtpconf"].into_iter().chain(words));
                assert!(taken.is_ok(), "{name}: {example}: {}", taken.unwrap_err());
                count += 1;
            }
            assert!(count > 0, "{name}");
        }
    }
}
