//! What the person wants of the account: its name, where the secret comes from, and where mail goes.

use super::desk::Desk;
use super::found::Found;
use crate::config::{self, Book, Draft, Entry};
use crate::discover::Address;
use crate::error::{Error, Result};
use crate::net::TlsMode;
use crate::secret::{self, Made};
use std::path::{Path, PathBuf};

/// What is wanted.
pub struct Wishes {
    name: String,
    secret: Option<(&'static str, Entry)>,
    /// The file with the password, if it was made for this.
    made: Option<Made>,
    proxy: Option<String>,
    deliver: (&'static str, Entry),
    keep: bool,
}

/// The ways to come by a secret: the word for it, its option, and what it is.
const WAYS: [(&str, &str, &str); 5] = [
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

impl Wishes {
    /// Takes what was said, and asks for the rest.
    pub fn gather(address: &Address, found: &Found, book: &Book, desk: &Desk) -> Result<Self> {
        let wanted = desk.wanted;
        let name = name(address, book, desk)?;
        let (secret, made) = Source {
            name: &name,
            address,
            found,
            book,
            desk,
        }
        .gather()?;
        let deliver = deliver(&name, desk)?;
        let keep = match (wanted.keep, wanted.delete) {
            (false, false) => match desk.ask("Leave mail on the server", Some("yes"), "--keep")? {
                answer if matches!(answer.to_lowercase().as_str(), "y" | "yes") => true,
                _ => !desk.agreed(
                    "Is each message to be deleted there once it is delivered?",
                    "--delete",
                )?,
            },
            (_, delete) => !delete,
        };
        Ok(Self {
            name,
            secret,
            made,
            proxy: wanted.proxy.clone(),
            deliver,
            keep,
        })
    }

    /// The account as it is to be written, for this user.
    pub fn draft(&self, found: &Found, user: &str) -> Draft {
        let tls = found.tls.map(|tls| match tls {
            TlsMode::Implicit => "implicit",
            TlsMode::StartTls => "starttls",
            TlsMode::Off => "none",
        });
        let text = |text: &str| Entry::Text(text.into());
        let proxy = self.proxy.as_deref();
        let keys = [
            Some(("server", text(&found.server))),
            tls.map(|tls| ("tls", text(tls))),
            proxy.map(|proxy| ("proxy", text(proxy))),
            Some(("user", text(user))),
            self.secret.clone(),
            Some(("keep", Entry::Flag(self.keep))),
        ];
        let deliver = ("deliver", Entry::Keys(vec![self.deliver.clone()]));
        let keys = keys.into_iter().flatten();
        Draft {
            name: self.name.clone(),
            keys: keys.chain(found.keys.clone()).chain([deliver]).collect(),
        }
    }

    /// Lets what was made for the account stay.
    pub fn stay(self) {
        if let Some(made) = self.made {
            made.stays();
        }
    }
}

/// Fails if an account cannot be called this.
pub fn free(name: &str, book: &Book) -> Result<()> {
    match config::unfit_name(name) {
        Some(what) => Err(Error::Usage(format!("--name: {what}"))),
        None if book.has(name) => Err(book.taken(name)),
        None => Ok(()),
    }
}

/// What the account is called: as is said, or as the domain, or as the whole address.
fn name(address: &Address, book: &Book, desk: &Desk) -> Result<String> {
    if let Some(name) = &desk.wanted.name {
        return Ok(name.clone());
    }
    let label = address.domain.split('.').next().unwrap_or_default();
    let usual = match free(label, book) {
        Ok(()) => label.into(),
        Err(_) => address.whole(),
    };
    loop {
        let name = desk.ask("Name of the account", Some(&usual), "--name")?;
        match free(&name, book) {
            Err(error) if desk.asks() => desk.tell(&error.to_string()),
            fine => return fine.map(|()| name),
        }
    }
}

/// Where mail goes: a Maildir, if nothing else is said.
fn deliver(name: &str, desk: &Desk) -> Result<(&'static str, Entry)> {
    let wanted = desk.wanted;
    let path = |path: &PathBuf| whole_path(path).map(Entry::Text);
    Ok(
        match (&wanted.maildir, &wanted.mbox, &wanted.mda, &wanted.lmtp) {
            (Some(folder), ..) => ("maildir", path(folder)?),
            (_, Some(file), ..) if file.as_os_str() == "-" => ("mbox", Entry::Text("-".into())),
            (_, Some(file), ..) => ("mbox", path(file)?),
            (.., Some(command), _) => ("mda", Entry::Text(command.clone())),
            (.., Some(server)) => {
                let address = ("address", Entry::Text(server.clone()));
                ("lmtp", Entry::Keys(vec![address]))
            }
            _ => {
                let usual = format!("~/Mail/{name}");
                let folder = desk.ask("Maildir for its mail", Some(&usual), "--maildir")?;
                ("maildir", path(&PathBuf::from(folder))?)
            }
        },
    )
}

/// A path that means the same wherever popget is started.
fn whole_path(path: &Path) -> Result<String> {
    let text = path
        .to_str()
        .filter(|text| !text.contains(char::is_control));
    let wrong = |what: &str| Error::Usage(format!("{}: {what}", path.display()));
    let text =
        text.ok_or_else(|| wrong("a path in the file is UTF-8 without control characters"))?;
    if text.starts_with(['~', '$']) {
        return Ok(text.into());
    }
    let whole = std::path::absolute(path).map_err(|_| wrong("this is no path"))?;
    Ok(whole.to_string_lossy().into_owned())
}

/// What is known where the secret is asked for.
struct Source<'s> {
    name: &'s str,
    address: &'s Address,
    found: &'s Found,
    book: &'s Book,
    desk: &'s Desk<'s>,
}

/// A key with its value, and the file that was made for it.
type Secret = (Option<(&'static str, Entry)>, Option<Made>);

impl Source<'_> {
    fn gather(&self) -> Result<Secret> {
        let wanted = self.desk.wanted;
        if self.found.password.is_none() && wanted.names_password() {
            let server = &self.found.server;
            let what = format!("{server} takes no password, only OAuth 2.0; use --token-command");
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
        } else if wanted.ask_password {
            (None, None)
        } else {
            return self.chosen();
        })
    }

    /// Asks in which way the secret is to be had, and for what belongs to it.
    fn chosen(&self) -> Result<Secret> {
        let fits = |way: &str| match way {
            "token" => self.found.tokens,
            _ => self.found.password.is_some(),
        };
        let ways = || WAYS.iter().filter(|(word, ..)| fits(word));
        let options: Vec<&str> = ways().map(|(_, option, _)| *option).collect();
        let missing = format!("the password's source ({})", options.join(", "));
        let what = self.found.password.unwrap_or("access token");
        if self.desk.asks() {
            self.desk.show(&format!("Where does the {what} come from?"));
            ways().for_each(|(word, _, what)| self.desk.show(&format!("  {word:8} {what}")));
        }
        let words: Vec<&str> = ways().map(|(word, ..)| *word).collect();
        let words = format!("One of {}", words.join(", "));
        let usual = ways().next().map(|(word, ..)| *word);
        loop {
            // Where nobody is asked, nothing is usual.
            let usual = usual.filter(|_| self.desk.asks());
            let answer = self.desk.ask(&words, usual, &missing)?;
            let ask = |what: &str, usual: Option<&str>| self.desk.ask(what, usual, &missing);
            return Ok(match answer.as_str() {
                way if !ways().any(|(word, ..)| *word == way) => continue,
                "command" => {
                    let command = ask("Command that prints it", None)?;
                    (Some(("password_command", Entry::Text(command))), None)
                }
                "file" => {
                    let usual = self.beside();
                    let path = ask("File for it", Some(&usual))?;
                    self.file(&whole_path(Path::new(&path))?)?
                }
                "netrc" => (Some(("netrc", Entry::Flag(true))), None),
                "token" => token(&ask("Command that prints the token", None)?),
                _ => (None, None),
            });
        }
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
