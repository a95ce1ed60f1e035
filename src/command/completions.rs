//! `popget completions SHELL`: the completion script of a shell.

use crate::cli::Args;
use crate::error::ExitStatus;
use crate::report;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script.
pub fn run(shell: Shell) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "popget", &mut script);
    report::pour(&script)?;
    Ok(ExitStatus::Fine)
}
