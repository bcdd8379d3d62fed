//! `smtpconf man`: the manual page of the program or of a command.

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use super::{Cli, Failure, Outcome, print};

const EXAMPLES: &str = "\
Examples:
  smtpconf man lint | man -l -
      read the page of a command
  smtpconf man > /usr/local/share/man/man1/smtpconf.1
      install the page of the program";

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Man {
    /// The command [default: the program itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Man {
    /// Prints the page, for man(1).
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut program = Cli::command();
        program.build();
        let command = match &self.command {
            None => &program,
            Some(name) => program.find_subcommand(name).ok_or_else(|| {
                let names: Vec<&str> = program
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .collect();
                Failure(format!(
                    "`{}` is no command: {}",
                    crate::text::one_line(name),
                    names.join(", ")
                ))
            })?,
        };
        let mut page = Vec::new();
        Page::new(command.clone())
            .source(concat!("smtpconf ", env!("CARGO_PKG_VERSION")))
            .render(&mut page)
            .map_err(|error| Failure(error.to_string()))?;
        // What stands below the help has a name of its own, and its lines as they are.
        let page =
            String::from_utf8_lossy(&page).replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n.nf\n");
        print::out(&page)?;
        Ok(Outcome::Good)
    }
}
