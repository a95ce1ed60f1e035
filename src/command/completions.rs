//! `popget completions SHELL`: the completion script of a shell.

use crate::cli::Args;
use crate::error::ExitStatus;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// Prints the script.
pub fn run(shell: Shell) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "popget", &mut script);
    // A reader that went away is no trouble of ours.
    let _ = std::io::stdout().lock().write_all(&script);
    Ok(ExitStatus::Fine)
}
