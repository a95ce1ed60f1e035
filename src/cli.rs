//! The command line as data: what was written, nothing of what it means.

mod fitting;
mod misuse;
mod setup;
mod shard;

pub use misuse::{fault, helped};
pub use setup::Setup;
pub use shard::Shard;

use clap::error::ErrorKind;
use clap::{ArgAction, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// The arguments of popget.
#[derive(Parser)]
#[command(
    name = "popget",
    version,
    about = "Fetch new mail from POP servers and deliver it: nothing lost, nothing twice, not a byte changed",
    after_help = "Accounts are described in popget.yaml; see popget(1) and popget.yaml(5).",
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Args {
    /// What to do instead of fetching.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

impl Args {
    /// Reads what was written. Options that go with several commands may stand before or behind the
    /// command; before it, those of the fetch alone are a mistake, and so are those that mean nothing
    /// to the command in either place.
    pub fn read(written: &[OsString], color: When) -> Result<Self, clap::Error> {
        if let Ok(Alone { fetch }) = Alone::try_parse_from(written) {
            let command = None;
            return Ok(Self { command, fetch });
        }
        let color = match color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        let mut command = Self::command().color(color);
        let matches = match command.try_get_matches_from_mut(written) {
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {
                let mut shown = Self::fitting_command().color(color);
                return Err(shown
                    .try_get_matches_from_mut(written)
                    .err()
                    .unwrap_or(error));
            }
            read => read?,
        };
        match fitting::stray(&command, &matches) {
            None => Self::from_arg_matches(&matches),
            Some(what) => Err(command.error(ErrorKind::ArgumentConflict, what)),
        }
    }

    /// The command line with nothing at a command but what means something to it: for help, and for
    /// shells that complete it.
    pub fn fitting_command() -> clap::Command {
        fitting::pruned(Self::command())
    }
}

/// What popget does besides fetching.
#[derive(Subcommand)]
pub enum Command {
    /// Log in and say what is waiting; download and change nothing
    Check {
        /// Exit with 1 if all went well and there is nothing new
        #[arg(short, long)]
        exit_empty: bool,
    },
    /// Print a line for each message on the server; download and change nothing
    List,
    /// Say what a server offers, without logging in
    Probe {
        /// The server, or a POP URL; without it, those of the accounts are looked at
        #[arg(value_name = "HOST[:PORT]")]
        server: Option<String>,
        /// How to use TLS there
        #[arg(long, value_name = "MODE", value_enum)]
        tls: Option<Tls>,
    },
    /// Sign in to an account by OAuth 2.0, once
    Login {
        /// The account
        #[arg(value_name = "ACCOUNT")]
        account: String,
        /// Paste the address that the browser ends at, from wherever that runs
        #[arg(long)]
        paste: bool,
    },
    /// Find the server of an address, and set up an account that works
    Setup(Box<Setup>),
    /// Show what is remembered of messages, and change it
    State {
        /// What to do; show, if nothing is said
        #[command(subcommand)]
        what: Option<State>,
    },
    /// Check the configuration and print it, with every default and without secrets
    Config {
        /// Print the names of the accounts, whether enabled or not
        #[arg(long = "accounts", conflicts_with = "schema")]
        names: bool,
        /// Print the JSON Schema of popget.yaml
        #[arg(long)]
        schema: bool,
    },
    /// Take over the settings and the record of fetchmail, mpop, getmail or fdm
    Import(Import),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What is taken over from another program.
#[derive(clap::Args)]
pub struct Import {
    /// The program
    #[arg(long, value_name = "PROGRAM", value_parser = ["fetchmail", "mpop", "getmail", "fdm", "thunderbird"])]
    pub from: Option<String>,
    /// Its record of what was fetched, instead of the one that its settings name
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Log in to each account and say how much of what is there the record names
    #[arg(long, conflicts_with = "dry_run")]
    pub connect: bool,
    /// Write passwords that stand in its settings
    #[arg(long)]
    pub with_passwords: bool,
    /// Print the configuration, and take over no record
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Its settings, instead of those in the usual place
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What is done with the memory.
#[derive(Subcommand)]
pub enum State {
    /// Say what is remembered; without an account, of all
    Show {
        /// A line for each message as well
        #[arg(long)]
        uids: bool,
    },
    /// Forget messages, so that they are fetched again
    Forget {
        /// The messages; - reads them from standard input, one a line
        #[arg(value_name = "UID", required = true)]
        uids: Vec<String>,
    },
    /// Remember messages as seen, without fetching them
    Mark {
        /// All that are on the server now
        #[arg(long)]
        all: bool,
        /// Even if the account's keep has the next run delete them from the server
        #[arg(long)]
        may_delete: bool,
        /// The messages; - reads them from standard input, one a line
        #[arg(value_name = "UID", conflicts_with = "all")]
        uids: Vec<String>,
    },
    /// Print what is remembered, to be taken over on another machine
    Export,
    /// Take over what export printed, and keep what is remembered here
    Import {
        /// Say what would be taken over, and leave all as it is
        #[arg(short = 'n', long)]
        dry_run: bool,
        /// Even if it is of another user or server
        #[arg(long)]
        other_maildrop: bool,
        /// The file; without it, or if it is -, standard input
        file: Option<PathBuf>,
    },
}

/// The options of the fetch.
#[derive(Clone, clap::Args)]
pub struct Fetch {
    /// Only this account; repeat it or separate with commas for several
    #[arg(
        short,
        long = "account",
        value_name = "NAME",
        value_delimiter = ',',
        global = true
    )]
    pub accounts: Vec<String>,
    /// Read this file instead of the default one; - reads standard input
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Remember what was seen in this directory
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// Do everything but deliver, delete or remember; say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Take seen messages too
    #[arg(long)]
    pub all: bool,
    /// Leave messages on the server
    #[arg(long, conflicts_with = "delete")]
    pub keep: bool,
    /// Delete messages from the server once they are delivered
    #[arg(long)]
    pub delete: bool,
    /// At most so many messages an account
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// Leave larger messages on the server
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// Fetch so many accounts at the same time [default: 8]
    #[arg(short, long, value_name = "N", value_parser = jobs, allow_negative_numbers = true, global = true)]
    pub jobs: Option<u16>,
    /// Only the accounts that fall into the I-th of N parts by their names: for many machines
    #[arg(long, value_name = "I/N", global = true)]
    pub shard: Option<Shard>,
    /// Go on although every UID of a known maildrop is new
    #[arg(long, global = true)]
    pub accept_new_uids: bool,
    /// Exit with 1 if all went well and there was nothing new
    #[arg(short, long)]
    pub exit_empty: bool,
    /// How to tell of it.
    #[command(flatten)]
    pub telling: Telling,
    /// An account that stands in no file.
    #[command(flatten)]
    pub one_off: OneOff,
}

/// A command line without commands, as most are: what every command takes need not be set up for it,
/// which is most of what is to be done.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    fetch: Fetch,
}

/// How to tell what happens.
#[derive(clap::Args, Clone, Copy)]
pub struct Telling {
    /// Print what happens as one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Draw progress bars [default: auto, on a terminal]
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, hide_default_value = true, global = true)]
    pub progress: When,
    /// Say only errors; twice: nothing but the exit status
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose", global = true)]
    pub quiet: u8,
    /// Say more; twice: the dialogue with the server, secrets masked
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true)]
    pub color: When,
}

impl Telling {
    /// What can be made of a command line before it is read, and of one that is wrong.
    pub fn guess(written: &[OsString]) -> Self {
        let words = written.iter().map(|word| word.to_str().unwrap_or_default());
        let words: Vec<&str> = words.take_while(|word| *word != "--").collect();
        let joined = words.iter().map(|word| word.strip_prefix("--color="));
        let apart = words.windows(2).map(|pair| match pair {
            ["--color", when] => Some(*when),
            _ => None,
        });
        let color = joined.chain(apart).flatten();
        let mut color = color.filter_map(|when| When::from_str(when, false).ok());
        Self {
            json: words.contains(&"--json"),
            progress: When::Never,
            quiet: 0,
            verbose: 0,
            color: color.next_back().unwrap_or(When::Auto),
        }
    }
}

/// How many messages.
fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "this is not a number from 0 up")
}

/// How many accounts at the same time.
fn jobs(text: &str) -> Result<u16, &'static str> {
    let number = text.parse().ok().filter(|jobs| (1..=1000).contains(jobs));
    number.ok_or("this is not a number from 1 to 1000")
}

/// An account given on the command line instead of in a file.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "An account without a configuration file")]
pub struct OneOff {
    /// Visit this server, without a configuration file: host, host:port, or a POP URL
    #[arg(long, value_name = "SERVER", conflicts_with_all = ["accounts", "config"])]
    pub server: Option<String>,
    /// Log in as this user, if no URL names one
    #[arg(long, value_name = "NAME", requires = "server")]
    pub user: Option<String>,
    /// Use TLS like this, if no URL says it
    #[arg(long, value_name = "MODE", value_enum, requires = "server")]
    pub tls: Option<Tls>,
    /// Take the first line that this command prints for the password
    #[arg(long, value_name = "COMMAND", requires = "server")]
    pub password_command: Option<String>,
    /// Deliver to this Maildir
    #[arg(long, value_name = "DIR", requires = "server", group = "destination")]
    pub maildir: Option<PathBuf>,
    /// Deliver to this mbox; - is standard output
    #[arg(long, value_name = "FILE", requires = "server", group = "destination")]
    pub mbox: Option<PathBuf>,
    /// Deliver by this command
    #[arg(
        long,
        value_name = "COMMAND",
        requires = "server",
        group = "destination"
    )]
    pub mda: Option<String>,
    /// Hand mail on to this server by LMTP: host, host:port, or the path of its socket
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "server",
        group = "destination"
    )]
    pub lmtp: Option<String>,
}

/// Whether and how to use TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    // Without doc comments, as below.
    Implicit,
    Starttls,
    None,
}

/// Whether to do something that depends on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    // Without doc comments, which would stretch the help over three times as many lines.
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_is_read_alone_and_with_all_commands_as_the_same() {
        let lines = [
            "",
            "-a work,home --account list -vvn",
            "--limit 3 --keep --no-such-option",
            "--keep --delete",
            "--limit x",
            "-j 4 --jobs 5",
            "--account",
            "--",
            "-- list",
            "-qe list",
            "check -a work",
            "help",
            "-h",
            "--version",
            "--color never --max-size 3k --server pop.example.org",
        ];
        for line in lines {
            let words = std::iter::once("popget").chain(line.split_whitespace());
            let words: Vec<OsString> = words.map(OsString::from).collect();
            let all = Args::command().try_get_matches_from(&words);
            let all = all.and_then(|matches| Args::from_arg_matches(&matches));
            let fetch = all.ok().filter(|all| all.command.is_none());
            let some = |it: Fetch| {
                let flags = (it.keep, it.exit_empty, it.telling.verbose);
                (it.accounts, it.limit, it.max_size, it.jobs, flags)
            };
            let fetch = fetch.map(|all| some(all.fetch));
            let alone = Alone::try_parse_from(&words).ok();
            assert_eq!(alone.map(|alone| some(alone.fetch)), fetch, "{line}");
        }
    }
}
