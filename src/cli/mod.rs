//! The command line: arguments in, standard output and an exit code out.

mod asked;
mod baseline;
mod checking;
mod diff;
mod explain;
mod generate;
mod git;
mod import;
mod input;
mod lint;
mod parse;
mod print;
mod reading;
mod rules;
mod schema;
mod show;
mod subject;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::findings::{Finding, Severity};
use crate::report::{FORMATS, Format};

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
  smtpconf lint                                 check smtpconf.yaml here or above
  smtpconf lint /etc/postfix                    check a server's own configuration
  smtpconf lint --fix --diff /etc/postfix       show what can be mended without a change of behaviour
  smtpconf explain open-relay                   what a rule is about, and what to do
  smtpconf trace /etc/postfix --client 198.51.100.9 --from a@b.example --to user@example.com
                                                what happens to this session, line by line
  smtpconf diff --from-rev HEAD~1 postfix       which sessions the last change treats differently
  smtpconf show /etc/postfix mynetworks         what a setting comes to, and where it was set
  smtpconf generate --target postfix            print main.cf, master.cf and what else Postfix needs
  smtpconf generate --target all --out servers  write the files of all three servers
  smtpconf generate --target exim --out exim --check
                                                say whether exim/ is what the description gives

Exit codes: 0 done; 1 the answer is bad (findings, differences); 2 it could not be done.";

#[derive(Debug, Subcommand)]
enum Command {
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
    let cli = Cli::parse();
    let result = match cli.command {
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
