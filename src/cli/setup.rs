//! What may be said of an account that is set up.

use super::Tls;
use clap::builder::NonEmptyStringValueParser as NonEmpty;
use std::path::PathBuf;

/// What a new account is to be; what is not said is found out, or asked for.
#[derive(clap::Args)]
#[command(next_help_heading = "The new account")]
pub struct Setup {
    /// The address whose mail is to be fetched
    #[arg(value_name = "ADDRESS", help_heading = Option::<&str>::None)]
    pub address: String,
    /// Call the account this
    #[arg(long, value_name = "NAME", value_parser = NonEmpty::new())]
    pub name: Option<String>,
    /// Take this server instead of looking for one: host, host:port, or a POP URL
    #[arg(long, value_name = "SERVER", value_parser = NonEmpty::new())]
    pub server: Option<String>,
    /// Use TLS like this at the server
    #[arg(long, value_name = "MODE", value_enum, requires = "server")]
    pub tls: Option<Tls>,
    /// Trust the issuers in this file, in PEM, instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "tls_fingerprint")]
    pub tls_ca_file: Option<PathBuf>,
    /// Trust the certificate with this SHA-256, whoever issued it
    #[arg(long, value_name = "SHA256", value_parser = NonEmpty::new(), requires = "server")]
    pub tls_fingerprint: Option<String>,
    /// Connect through this proxy: socks5://host:port
    #[arg(long, value_name = "URL", value_parser = NonEmpty::new())]
    pub proxy: Option<String>,
    /// Log in as this user
    #[arg(long, value_name = "NAME", value_parser = NonEmpty::new())]
    pub user: Option<String>,
    /// The password is the first line that this command prints
    #[arg(long, value_name = "COMMAND", value_parser = NonEmpty::new(), group = "secret")]
    pub password_command: Option<String>,
    /// The password is the first line of this file, which is made if it is not there
    #[arg(long, value_name = "FILE", group = "secret")]
    pub password_file: Option<PathBuf>,
    /// The password stands in the file of ftp(1)
    #[arg(long, group = "secret")]
    pub netrc: bool,
    /// This command prints an access token of OAuth 2.0
    #[arg(long, value_name = "COMMAND", value_parser = NonEmpty::new(), group = "secret")]
    pub token_command: Option<String>,
    /// Sign in by OAuth 2.0, by popget login and this client id
    #[arg(long, value_name = "ID", value_parser = NonEmpty::new(), group = "secret")]
    pub client_id: Option<String>,
    /// This command prints the secret of the client
    #[arg(long, value_name = "COMMAND", value_parser = NonEmpty::new(), requires = "client_id")]
    pub client_secret_command: Option<String>,
    /// The password is asked for in every run
    #[arg(long, group = "secret")]
    pub ask_password: bool,
    /// Deliver to this Maildir
    #[arg(long, value_name = "DIR", group = "destination")]
    pub maildir: Option<PathBuf>,
    /// Deliver to this mbox
    #[arg(long, value_name = "FILE", group = "destination")]
    pub mbox: Option<PathBuf>,
    /// Deliver by this command
    #[arg(long, value_name = "COMMAND", value_parser = NonEmpty::new(), group = "destination")]
    pub mda: Option<String>,
    /// Hand mail on to this server by LMTP: host, host:port, or the path of its socket
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmpty::new(), group = "destination")]
    pub lmtp: Option<String>,
    /// Leave messages on the server
    #[arg(long, conflicts_with = "delete")]
    pub keep: bool,
    /// Delete messages from the server once they are delivered
    #[arg(long)]
    pub delete: bool,
    /// Ask nothing: take what is usual, and yes for an answer
    #[arg(short, long)]
    pub yes: bool,
    /// Do not log in to see whether it works
    #[arg(long)]
    pub no_test: bool,
    /// Print the account, and touch no file
    #[arg(long)]
    pub print: bool,
}

impl Setup {
    /// Whether it is said where a password comes from.
    pub fn names_password(&self) -> bool {
        let named = self.password_command.is_some() || self.password_file.is_some();
        named || self.netrc || self.ask_password
    }
}
