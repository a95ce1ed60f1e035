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

/// The answer that leaves something to the defaults of the file.
const DEFAULTS: &str = "defaults";

/// What is wanted. What is none is left to the defaults.
pub struct Wishes {
    name: String,
    secret: Option<Key>,
    /// The file with the password, if it was made for this.
    made: Option<Made>,
    proxy: Option<String>,
    /// What the server has to prove.
    trust: Option<Key>,
    /// Whether the password may be sent in the clear.
    clear: bool,
    deliver: Option<Key>,
    keep: Option<bool>,
}

/// A key with its value.
type Key = (&'static str, Entry);

impl Wishes {
    /// Takes what was said, and asks for the rest.
    pub fn gather(address: &Address, found: &Found, book: &Book, desk: &Desk) -> Result<Self> {
        let name = name(address, book, desk)?;
        let (secret, made) = Source {
            name: &name,
            address,
            found,
            book,
            desk,
        }
        .gather()?;
        let mut wishes = Self {
            deliver: deliver(&name, book, desk)?,
            keep: keep(book, desk)?,
            trust: trust(desk)?,
            name,
            secret,
            made,
            proxy: desk.wanted.proxy.clone(),
            clear: false,
        };
        let tried = !desk.wanted.no_test && !wishes.need_a_sign_in();
        if wishes.trust.is_none() && tried && found.tls != Some(TlsMode::Off) {
            wishes.trust = of_environment(book, desk)?;
        }
        Ok(wishes)
    }

    /// Asks once more where the secret comes from, since this one will not do.
    pub fn ask_again(
        &mut self,
        source: (&Address, &Found),
        book: &Book,
        desk: &Desk,
    ) -> Result<()> {
        self.made = None; // another may be made in its place
        let (address, found) = source;
        let source = Source {
            name: &self.name,
            address,
            found,
            book,
            desk,
        };
        (self.secret, self.made) = source.chosen()?;
        Ok(())
    }

    /// Whether there is a password that could be sent in the clear, and that was not agreed on yet.
    pub fn may_show(&self) -> bool {
        !self.clear && !matches!(self.secret, Some(("oauth", _)))
    }

    /// Lets the password be sent in the clear.
    pub fn show(&mut self) {
        self.clear = true;
    }

    /// The account as it is to be written, for this user.
    pub fn draft(&self, found: &Found, user: &str) -> Draft {
        let tls = found.tls.map(TlsMode::name);
        let text = |text: &str| Entry::Text(text.into());
        let proxy = self.proxy.as_deref();
        let keys = [
            Some(("server", text(&found.server))),
            tls.map(|tls| ("tls", text(tls))),
            proxy.map(|proxy| ("proxy", text(proxy))),
            Some(("user", text(user))),
            self.secret.clone(),
            self.trust.clone(),
            self.clear.then(|| ("auth", text("user-pass"))),
            self.keep.map(|keep| ("keep", Entry::Flag(keep))),
        ];
        let deliver = self.deliver.clone();
        let deliver = deliver.map(|deliver| ("deliver", Entry::Keys(vec![deliver])));
        let keys = keys.into_iter().flatten().chain(found.keys.clone());
        Draft {
            name: self.name.clone(),
            keys: keys.chain(deliver).collect(),
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

/// Whether mail stays on the server.
fn keep(book: &Book, desk: &Desk) -> Result<Option<bool>> {
    let wanted = desk.wanted;
    if wanted.keep || wanted.delete {
        return Ok(Some(wanted.keep));
    }
    let what = "Leave mail on the server";
    let stays = match book.usual("keep") {
        None => desk.decided(what, Some("yes"), "--keep")?,
        Some(keep) => {
            let what = format!("{what}: yes, no, or as the defaults say ({keep})");
            desk.decided(&what, Some(DEFAULTS), "--keep")?
        }
    };
    let sure = "Is each message to be deleted there once it is delivered?";
    match stays {
        Some(false) => Ok(Some(!desk.agreed(sure, "--delete")?)),
        stays => Ok(stays),
    }
}

/// What the server has to prove, if that is said.
fn trust(desk: &Desk) -> Result<Option<Key>> {
    let pin = desk.wanted.tls_fingerprint.clone();
    Ok(match &desk.wanted.tls_ca_file {
        Some(file) => Some(("tls_ca_file", Entry::Text(whole_path(file)?))),
        None => pin.map(|pin| ("tls_fingerprint", Entry::Text(pin))),
    })
}

/// The issuers that the environment names in place of the system's: where popget runs by itself, the
/// variable may not be set.
fn of_environment(book: &Book, desk: &Desk) -> Result<Option<Key>> {
    let keys = ["tls_ca_file", "tls_fingerprint", "tls_verify"];
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let named = named.filter(|path| path.is_file());
    let Some(path) = named.filter(|_| keys.iter().all(|key| book.usual(key).is_none())) else {
        return Ok(None);
    };
    desk.tell("SSL_CERT_FILE may not be set where popget runs: the account gets it as tls_ca_file");
    Ok(Some(("tls_ca_file", Entry::Text(whole_path(&path)?))))
}

/// Where mail goes: a Maildir, if nothing else is said.
fn deliver(name: &str, book: &Book, desk: &Desk) -> Result<Option<Key>> {
    let wanted = desk.wanted;
    let path = |path: &PathBuf| whole_path(path).map(Entry::Text);
    Ok(Some(
        match (&wanted.maildir, &wanted.mbox, &wanted.mda, &wanted.lmtp) {
            (Some(folder), ..) => ("maildir", path(folder)?),
            (_, Some(file), ..) if file.as_os_str() == "-" => ("mbox", Entry::Text("-".into())),
            (_, Some(file), ..) => ("mbox", path(file)?),
            (.., Some(command), _) => ("mda", Entry::Text(command.clone())),
            (.., Some(server)) => {
                let address = ("address", Entry::Text(server.clone()));
                ("lmtp", Entry::Keys(vec![address]))
            }
            _ => return maildir(name, book, desk),
        },
    ))
}

/// The Maildir that is asked for.
fn maildir(name: &str, book: &Book, desk: &Desk) -> Result<Option<Key>> {
    let what = "Maildir for its mail";
    let folder = match book.usual("deliver") {
        None => desk.ask(what, Some(&format!("~/Mail/{name}")), "--maildir")?,
        Some(deliver) => {
            let what = format!("{what}, or as the defaults say ({deliver})");
            match desk.ask(&what, Some(DEFAULTS), "--maildir")? {
                answer if answer == DEFAULTS => return Ok(None),
                folder => folder,
            }
        }
    };
    let folder = whole_path(Path::new(&folder))?;
    Ok(Some(("maildir", Entry::Text(folder))))
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
