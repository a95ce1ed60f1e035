//! Where the password or token comes from.

use super::desk::Desk;
use super::found::Found;
use super::wishes::whole_path;
use crate::config::{self, Book, Entry};
use crate::discover::Address;
use crate::error::{Error, Result};
use crate::secret::{self, Made};
use std::path::Path;

/// The ways to come by a secret: the word for it, its option, and what it is.
const WAYS: [(&str, &str, &str); 6] = [
    (
        "login",
        "--client-id",
        "popget login signs in by OAuth 2.0; see popget.yaml(5) for the client id that it needs",
    ),
    (
        "command",
        "--password-command",
        "a command prints it, such as: pass show mail/work",
    ),
    (
        "file",
        "--password-file",
        "a file that is made now, for you alone",
    ),
    ("netrc", "--netrc", "it stands in ~/.netrc"),
    (
        "token",
        "--token-command",
        "a command prints an access token of OAuth 2.0",
    ),
    ("ask", "--ask-password", "you are asked in every run"),
];

/// What is known where the secret is asked for.
pub struct Source<'s> {
    /// What the account is called.
    pub name: &'s str,
    /// The address.
    pub address: &'s Address,
    /// The server.
    pub found: &'s Found,
    /// Where the account goes.
    pub book: &'s Book,
    /// Who is asked.
    pub desk: &'s Desk<'s>,
}

/// A key with its value, and the file that was made for it.
pub type Secret = (Option<(&'static str, Entry)>, Option<Made>);

impl Source<'_> {
    /// Takes what was said, or asks.
    pub fn gather(&self) -> Result<Secret> {
        let wanted = self.desk.wanted;
        if self.found.password.is_none() && wanted.names_password() {
            let server = &self.found.server;
            let what = format!(
                "{server} takes no password, only OAuth 2.0; use --client-id or --token-command"
            );
            return Err(Error::Usage(what));
        }
        let text = |key, text: &String| (Some((key, Entry::Text(text.clone()))), None);
        Ok(if let Some(command) = &wanted.password_command {
            text("password_command", command)
        } else if let Some(file) = &wanted.password_file {
            self.file(&whole_path(file)?)?
        } else if wanted.netrc {
            (Some(("netrc", Entry::Flag(true))), None)
        } else if let Some(command) = &wanted.token_command {
            token(command)
        } else if let Some(client) = &wanted.client_id {
            self.sign_in(client, wanted.client_secret_command.as_ref())?
        } else if wanted.ask_password {
            (None, None)
        } else {
            return self.chosen();
        })
    }

    /// Asks in which way the secret is to be had, and for what belongs to it.
    pub fn chosen(&self) -> Result<Secret> {
        let options: Vec<&str> = self.ways().map(|(_, option, _)| *option).collect();
        let missing = format!("the password's source ({})", options.join(", "));
        if self.desk.asks() {
            let what = self.found.password.unwrap_or("access token");
            self.desk.show(&format!("Where does the {what} come from?"));
            for (word, _, what) in self.ways() {
                self.desk.show(&format!("  {word:8} {what}"));
            }
        }
        let words: Vec<&str> = self.ways().map(|(word, ..)| *word).collect();
        let question = format!("One of {}", words.join(", "));
        // Where nobody is asked, nothing is usual.
        let usual = words.first().copied().filter(|_| self.desk.asks());
        loop {
            let way = self.desk.ask(&question, usual, &missing)?;
            if words.contains(&way.as_str()) {
                return self.by(&way, &missing);
            }
        }
    }

    /// The ways that this server leaves.
    fn ways(&self) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
        let Found {
            tokens,
            oauth,
            password,
            ..
        } = self.found;
        let (tokens, signs_in, passwords) = (*tokens, oauth.is_some(), password.is_some());
        WAYS.iter().filter(move |(word, ..)| match *word {
            "token" => tokens,
            "login" => signs_in,
            _ => passwords,
        })
    }

    /// Asks for what one of the ways needs.
    fn by(&self, way: &str, missing: &str) -> Result<Secret> {
        let ask = |what: &str, usual: Option<&str>| self.desk.ask(what, usual, missing);
        Ok(match way {
            "command" => {
                let command = ask("Command that prints it", None)?;
                (Some(("password_command", Entry::Text(command))), None)
            }
            "file" => {
                let path = ask("File for it", Some(&self.beside()))?;
                self.file(&whole_path(Path::new(&path))?)?
            }
            "netrc" => (Some(("netrc", Entry::Flag(true))), None),
            "login" => {
                let client = ask("Client id", None)?;
                let secret = "Command that prints the client secret, or no";
                let secret = ask(secret, Some("no"))?;
                self.sign_in(&client, Some(&secret).filter(|secret| *secret != "no"))?
            }
            "token" => token(&ask("Command that prints the token", None)?),
            _ => (None, None),
        })
    }

    /// The client by which somebody signs in, with the command that prints its secret, if it has one.
    fn sign_in(&self, client: &str, secret: Option<&String>) -> Result<Secret> {
        let Some(provider) = self.found.oauth else {
            let what =
                "popget does not know how one signs in at this server; see oauth in popget.yaml(5)";
            return Err(Error::Usage(format!("--client-id: {what}")));
        };
        let text = |text: &str| Entry::Text(text.into());
        let secret = secret.map(|command| ("client_secret_command", text(command)));
        let keys = [("provider", text(provider)), ("client_id", text(client))];
        let keys = keys.into_iter().chain(secret).collect();
        Ok((Some(("oauth", Entry::Keys(keys))), None))
    }

    /// A file for the password, beside the configuration.
    fn beside(&self) -> String {
        let file = format!("{}.password", self.name);
        match self.book.path.as_os_str().is_empty() {
            true => format!("~/.config/popget/{file}"),
            false => self.book.path.with_file_name(file).display().to_string(),
        }
    }

    /// A file with the password, which is asked for and put into it if the file is not there.
    fn file(&self, text: &str) -> Result<Secret> {
        let wrong = |what| Error::Usage(format!("--password-file: {what}"));
        let path = config::expanded(text).map_err(wrong)?;
        let entry = Some(("password_file", Entry::Text(text.into())));
        if path.exists() {
            return Ok((entry, None));
        }
        if self.desk.wanted.print {
            return Err(wrong(format!(
                "{text} is not there, and --print makes no file"
            )));
        }
        if !self.desk.asks() {
            return Err(wrong(format!(
                "{text} is not there, and nobody can be asked for the password"
            )));
        }
        let whose = format!(
            "password for {} ({} at {})",
            self.name,
            self.address.whole(),
            self.found.server
        );
        let typed = secret::ask(&whose, || self.desk.stop.signal().is_some())?;
        let made = Made::new(&path, &typed)?;
        Ok((entry, Some(made)))
    }
}

fn token(command: &str) -> Secret {
    let command = ("token_command", Entry::Text(command.into()));
    (Some(("oauth", Entry::Keys(vec![command]))), None)
}
