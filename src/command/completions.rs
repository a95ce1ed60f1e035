//! `popget completions SHELL`: the completion script of a shell. To what is made of the command line,
//! those of bash, zsh and fish get the names of accounts, which popget itself tells them.

use crate::cli::Args;
use crate::error::ExitStatus;
use crate::report;
use clap::Arg;
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

/// For fish, the words of which one may stand behind a command, for those that have such.
fn words() -> String {
    let command = Args::fitting_command();
    let commands = command.get_subcommands();
    let told = commands.map(|command| {
        let words = command.get_positionals().flat_map(Arg::get_possible_values);
        let words: Vec<_> = words.map(|word| word.get_name().to_owned()).collect();
        let name = command.get_name();
        let words = words.join(" ");
        match words.as_str() {
            "" => String::new(),
            words => format!(
                "complete -c popget -n '__fish_popget_using_subcommand {name}' -f -a '{words}'\n"
            ),
        }
    });
    told.collect()
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
        Shell::Fish => {
            let begin = "-- $cmd 2>/dev/null\n    or return\n";
            let specs = "argparse -s (__fish_popget_global_optspecs)";
            // It is wrong about an option that lacks its value still.
            let lacking = format!(
                "-- $cmd 2>/dev/null\n    or begin\n        set -e cmd[-1]\n        \
                 {specs} -- $cmd 2>/dev/null\n    end\n    or return\n"
            );
            format!("{}{}\n{FISH}", script.replacen(begin, &lacking, 1), words())
        }
        _ => script.into(),
    }
}
