//! `smtpconf completions`: a script by which a shell completes commands, options and names of rules.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, Outcome, print};

const EXAMPLES: &str = "\
Examples:
  smtpconf completions bash > /etc/bash_completion.d/smtpconf
      for everybody's bash
  smtpconf completions zsh > ~/.zfunc/_smtpconf
      for your own zsh, with ~/.zfunc in its $fpath
  smtpconf completions fish > ~/.config/fish/completions/smtpconf.fish
      for your own fish";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "smtpconf", &mut script);
        print::bytes(&script)?;
        Ok(Outcome::Good)
    }
}
