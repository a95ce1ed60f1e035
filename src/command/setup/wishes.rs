//! What the person wants of the account: its name, where the secret comes from, and where mail goes.

use super::desk::Desk;
use super::found::Found;
use super::secret::Source;
use crate::config::{self, Book, Draft, Entry};
use crate::discover::Address;
use crate::error::{Error, Result};
use crate::net::TlsMode;
use crate::secret::Made;
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

    /// Whether somebody has to sign in before a login can show anything.
    pub fn need_a_sign_in(&self) -> bool {
        let entry = self.secret.as_ref().map(|(_, entry)| entry);
        matches!(entry, Some(Entry::Keys(keys)) if keys.iter().any(|(key, _)| *key == "client_id"))
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
pub fn whole_path(path: &Path) -> Result<String> {
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
