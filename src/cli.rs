//! The command line as data: what was written, nothing of what it means.

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The arguments of popget.
#[derive(Parser)]
#[command(
    name = "popget",
    version,
    about = "Fetch new mail from POP servers and deliver it: nothing lost, nothing twice, not a byte changed",
    after_help = "Accounts are described in popget.yaml; see popget(1) and popget.yaml(5).",
    max_term_width = 100,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
pub struct Args {
    /// What to do instead of fetching.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// What popget does besides fetching.
#[derive(Subcommand)]
pub enum Command {
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The options of the fetch.
#[derive(clap::Args)]
pub struct Fetch {
    /// Only this account; repeat it or separate with commas for several
    #[arg(short, long = "account", value_name = "NAME", value_delimiter = ',')]
    pub accounts: Vec<String>,
    /// Read this file instead of the default one; - reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Remember what was seen in this directory
    #[arg(long, value_name = "DIR")]
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
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Leave larger messages on the server
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// Fetch so many accounts at the same time [default: 8]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub jobs: Option<u16>,
    /// Go on although every UID of a known maildrop is new
    #[arg(long)]
    pub accept_new_uids: bool,
    /// Exit with 1 if all went well and there was nothing new
    #[arg(short, long)]
    pub exit_empty: bool,
    /// An account that stands in no file.
    #[command(flatten)]
    pub one_off: OneOff,
    /// Say only errors; twice: nothing but the exit status
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Say more; twice: the dialogue with the server, secrets masked
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub color: When,
}

/// An account given on the command line instead of in a file.
#[derive(clap::Args)]
pub struct OneOff {
    /// Visit this server, without a configuration file: host, host:port, or a POP URL
    #[arg(long, value_name = "SERVER", conflicts_with_all = ["accounts", "config"])]
    pub server: Option<String>,
    /// Log in as this user, if no URL names one
    #[arg(long, value_name = "NAME", requires = "server")]
    pub user: Option<String>,
    /// Use TLS like this (implicit, starttls or none), if no URL says it
    #[arg(long, value_name = "MODE", requires = "server")]
    pub tls: Option<String>,
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
}

/// Whether to do something that depends on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    // Without doc comments, which would stretch the help over three times as many lines.
    Auto,
    Always,
    Never,
}
