//! `popget completions SHELL`: the completion script of a shell. To what is made of the command line,
//! those of bash, zsh and fish get the names of accounts, which popget itself tells them.

use crate::cli::Args;
use crate::error::ExitStatus;
use crate::report;
use clap_complete::Shell;

/// Finds out the names and offers them. They are read off the line itself: bash divides words at
/// `@`, `:` and `=`, and puts what is offered in the place of what stands behind the last of these.
const BASH: &str = include_str!("completions/accounts.bash");
/// The same; a sequence is a list with commas.
const ZSH: &str = include_str!("completions/accounts.zsh");
const FISH: &str = include_str!("completions/accounts.fish");

/// Prints the script.
pub fn run(shell: Shell) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::fitting_command(), "popget", &mut script);
    let script = String::from_utf8(script)?;
    report::pour(with_accounts(shell, &script).as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// The script with the names of accounts.
fn with_accounts(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => {
            let begin = "    COMPREPLY=()\n";
            let asked = format!("{begin}    _popget_accounts \"$1\" && return 0\n");
            format!("{BASH}\n{}", script.replacen(begin, &asked, 1))
        }
        Shell::Zsh => {
            let begin = "\n_popget() {\n";
            let named = |line: &str| match line {
                line if line.starts_with("'*-a+[") || line.starts_with("'*--account=[") => {
                    line.replace(":NAME:_default'", ":NAME:_popget_accounts'")
                }
                line if line.starts_with("':account -- ") => {
                    line.replace(":_default'", ":_popget_account'")
                }
                line => line.into(),
            };
            let lines: Vec<String> = script.split('\n').map(named).collect();
            let script = lines.join("\n");
            script.replacen(begin, &format!("\n{ZSH}{begin}"), 1)
        }
        // Its own conditions fail on an option that lacks its value, so this has none.
        Shell::Fish => format!("{script}\n{FISH}"),
        _ => script.into(),
    }
}
