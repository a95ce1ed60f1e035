//! Which of the options that go with several commands mean something to which: what does not is not
//! shown at a command, and not taken.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// Whether an option, by its id, means something to a command, by its name or names.
fn fits(command: &str, option: &str) -> bool {
    let visits = matches!(command, "check" | "list" | "probe");
    let state = command.starts_with("state");
    match option {
        "color" => true,
        "config" | "quiet" | "verbose" => command != "completions",
        "json" => !matches!(command, "completions" | "import" | "setup"),
        "state_dir" => !matches!(command, "completions" | "config"),
        "accounts" => visits || state || command == "config",
        "jobs" | "shard" => visits,
        "accept_new_uids" => matches!(command, "check" | "list" | "state mark"),
        "progress" => visits || command == "state mark",
        _ => false,
    }
}

/// An option that was written and that the command does not take, with the reason.
pub fn stray(command: &Command, matches: &ArgMatches) -> Option<String> {
    let path = path(matches)?;
    let written = command.get_arguments().filter(|option| {
        let id = option.get_id().as_str();
        matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    let mut strays =
        written.filter(|option| !option.is_global_set() || !fits(&path, option.get_id().as_str()));
    let stray = strays.next()?;
    let long = stray.get_long()?;
    Some(match stray.is_global_set() {
        true => format!("--{long} means nothing to {path}"),
        false => format!("--{long} before {path} is an option of the fetch"),
    })
}

/// The names of the command that was written and of those below it.
fn path(matches: &ArgMatches) -> Option<String> {
    let (name, below) = matches.subcommand()?;
    Some(match path(below) {
        Some(further) => format!("{name} {further}"),
        None => name.into(),
    })
}

/// A command line on which each command has the options that mean something to it, behind its name.
pub fn pruned(whole: Command) -> Command {
    let shared = whole
        .get_arguments()
        .filter(|option| option.is_global_set());
    let shared: Vec<clap::Arg> = shared.cloned().map(|option| option.global(false)).collect();
    whole
        .mut_args(|option| option.global(false))
        .mut_subcommands(|command| with_fitting(command, &[], &shared))
}

/// The command, and those below it, with those of the shared options that mean something to it.
fn with_fitting(command: Command, above: &[&str], shared: &[clap::Arg]) -> Command {
    let name = command.get_name().to_owned();
    let path = [above, &[name.as_str()]].concat();
    let whole = path.join(" ");
    let fitting = shared
        .iter()
        .filter(|option| fits(&whole, option.get_id().as_str()));
    command
        .args(fitting.cloned())
        .mut_subcommands(|below| with_fitting(below, &path, shared))
}
