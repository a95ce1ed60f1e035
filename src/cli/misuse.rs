//! What is told to those who use the command line wrongly, and `popget help`.

use super::Args;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use std::ffi::OsString;

/// `popget help check` is another way to write `popget check --help`.
pub fn helped(mut written: Vec<OsString>) -> Vec<OsString> {
    if written.get(1).is_some_and(|word| word == "help") {
        written.remove(1);
        written.push("--help".into());
    }
    written
}

/// What is wrong with what was written, in one line, and which command says what is right.
pub fn fault(error: &clap::Error, written: &[OsString]) -> String {
    let meant = match error.context().next() {
        Some(_) => meant(written),
        None => "popget".into(), // what we found ourselves, before any command
    };
    let told = match error.kind() {
        ErrorKind::InvalidSubcommand => no_command(error, &meant),
        _ => in_one_line(error),
    };
    format!("{told}; see {meant} --help")
}

/// The command that was meant, as far as there is one: `popget state mark`.
fn meant(written: &[OsString]) -> String {
    let mut root = Args::command();
    root.build();
    let (mut command, mut meant) = (&root, String::from("popget"));
    let mut words = written.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            if takes_next(command, word) {
                words.next();
            }
            continue;
        }
        let Some(within) = command.find_subcommand(word) else {
            break;
        };
        meant += &format!(" {}", within.get_name());
        command = within;
    }
    meant
}

/// Whether this option takes the next word for its value.
fn takes_next(command: &Command, word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let short = match letters.as_slice() {
        ['-', letter] => Some(*letter),
        _ => None,
    };
    let long = word.strip_prefix("--");
    let mut options = command.get_arguments().filter(|option| {
        (long.is_some() && option.get_long() == long)
            || (short.is_some() && option.get_short() == short)
    });
    options.any(|option| option.get_action().takes_values())
}

/// That there is no such command, and what comes near to it.
fn no_command(error: &clap::Error, within: &str) -> String {
    let word = text(error.get(ContextKind::InvalidSubcommand));
    let near = text(error.get(ContextKind::SuggestedSubcommand));
    let none = format!("there is no command '{word}'");
    match (within, word.as_str(), near.as_str()) {
        ("popget", "fetch", _) => format!("{none}: popget fetches when no command is named"),
        ("popget", _, "") => format!("{none}; an account is named by --account"),
        ("popget", _, near) => format!("{none}; a similar one is '{near}'"),
        (within, _, "") => format!("{none} of {within}"),
        (within, _, near) => format!("{none} of {within}; a similar one is '{near}'"),
    }
}

/// What stands in a context, the first of several.
fn text(value: Option<&ContextValue>) -> String {
    match value {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// What the parser says, without its usage and its remark on values that begin with a dash.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let ends = |line: &str| line.starts_with("Usage:") || line.starts_with("For more information");
    let told = text.lines().map(str::trim).take_while(|line| !ends(line));
    let told = told.filter(|line| !line.is_empty() && !line.starts_with("tip: to pass "));
    let told = told.collect::<Vec<_>>().join(" ");
    told.strip_prefix("error: ")
        .unwrap_or(&told)
        .replace("...'", "'")
        .replace(" tip: ", "; ")
}
