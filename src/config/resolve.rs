//! One account out of its layers, with its rules. A mistake names the layer that it stands in.

use super::file::{Deliver, Keys};
use super::mistake::Source;
use super::relay::Server;
use super::units;
use crate::cli::Fetch;
use crate::delivery::{Destination, Format, Lock};
use crate::error::{plain, Error, Result};
use crate::maildrop::Pipeline;
use crate::net::TlsMode;
use crate::plan::{Keep, Order, Policy};
use crate::secret::Turn;
use crate::seen::Place;
use crate::session::Account;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each wait for the server, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long an MDA may take, if nothing else is said.
const MDA_TIMEOUT: Duration = Duration::from_secs(300);
/// Connecting again after a drop, if nothing else is said.
const RETRY: u32 = 2;

/// What was written about an account.
pub struct Layers<'f> {
    /// Where it was written.
    pub source: &'f Source,
    /// The account's name.
    pub name: &'f str,
    /// Where its own keys stand, if not with the account itself.
    pub within: Option<Vec<&'static str>>,
    /// Its own keys.
    pub own: &'f Keys,
    /// What it starts from.
    pub base: &'f Keys,
    /// What the command line says.
    pub flags: &'f Fetch,
    /// The turn that the commands of all accounts take.
    pub turn: &'f Turn,
}

impl Layers<'_> {
    /// What is meant.
    pub fn account(&self, state: &Path) -> Result<Account> {
        let letter = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let what = match self.name {
            name if name.len() > 200 => Some("an account's name has 200 letters at most"),
            name if name.is_empty() || !name.chars().all(letter) => {
                Some("an account's name is made of letters (a-z), digits and ._@+-")
            }
            name if name.chars().all(|c| c == '.') => {
                Some("an account's name is not made of dots alone: it names files")
            }
            _ => None,
        };
        if let Some(what) = what {
            return Err(self.source.mistake(&["accounts", self.name], what));
        }
        let keep = match (self.flags.keep, self.flags.delete) {
            (true, _) => Some(Keep::Forever),
            (_, true) => Some(Keep::Not),
            _ => self.pick(|keys| keys.keep),
        };
        let policy = Policy {
            keep: keep.unwrap_or(Keep::Forever),
            all: self.flags.all || self.pick(|keys| keys.all).unwrap_or(false),
            limit: self.flags.limit.or_else(|| self.pick(|keys| keys.limit)),
            max_size: self.max_size()?,
            order: self.pick(|keys| keys.order).unwrap_or(Order::Oldest),
            accept_new_uids: self.flags.accept_new_uids,
            drain: self.pick(|keys| keys.drain).unwrap_or(false),
            commit_every: self.pick(|keys| keys.commit_every),
            min_interval: self.pick(|keys| keys.min_interval).map(|span| span.0),
        };
        let servers = self.servers()?;
        let login = self.login(&servers)?;
        let routes = self.routes(servers)?;
        let (host, tls) = routes
            .first()
            .map_or(("", TlsMode::Off), |route| (&route.host, route.tls));
        let secret = self.secret(host, &login.user)?;
        let secret = self.fitting(secret, &login.methods, tls)?;
        let destination = self.destination(&login.user)?;
        Ok(Account {
            name: self.name.into(),
            routes,
            login,
            secret,
            policy,
            destination,
            place: Place {
                directory: state.into(),
                account: self.name.into(),
            },
            timeout: self
                .pick(|keys| keys.timeout)
                .map_or(TIMEOUT, |span| span.0),
            deadline: self.pick(|keys| keys.deadline).map(|span| span.0),
            retry: self.pick(|keys| keys.retry).unwrap_or(RETRY),
            pipeline: self.pick(|keys| keys.pipeline).unwrap_or(Pipeline::Auto),
        })
    }

    /// The account's own value, or the one it starts from.
    pub(super) fn pick<T>(&self, value: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        value(self.own).or_else(|| value(self.base))
    }

    /// A mistake at a key, or one below it (`deliver.lock`), in the layer that has it.
    pub(super) fn wrong(&self, key: &str, own: bool, what: impl Into<String>) -> Error {
        let mut path = match (own, &self.within) {
            (true, None) => vec!["accounts", self.name],
            (false, _) => vec!["defaults"],
            (true, Some(within)) if within.first() == Some(&"defaults") => within.clone(),
            (true, Some(within)) => [&["accounts", self.name], within.as_slice()].concat(),
        };
        path.extend(key.split('.').filter(|key| !key.is_empty()));
        self.source.mistake(&path, what)
    }

    /// A key that must be there and is not.
    pub(super) fn missing(&self, key: &str, example: &str) -> Error {
        if self.flags.one_off.server.is_some() {
            let what = "--server goes with --maildir, --mbox, --mda or --lmtp";
            return Error::Usage(what.into());
        }
        let what = format!("the key {key} is missing (for example {key}: {example})");
        self.source.mistake(&["accounts", self.name], what)
    }

    fn max_size(&self) -> Result<Option<u64>> {
        match &self.flags.max_size {
            None => Ok(self.pick(|keys| keys.max_size).map(|size| size.0)),
            Some(text) => units::size(text)
                .map(Some)
                .ok_or_else(|| Error::Usage(format!("--max-size {text}: not a size such as 25MB"))),
        }
    }

    /// Fails if a file that the settings name cannot be read.
    pub(super) fn readable(&self, key: &str, own: bool, path: &Path) -> Result<()> {
        let wrong = |why: &str| {
            let what = format!("{} cannot be read: {why}", path.display());
            self.wrong(key, own, what)
        };
        match File::open(path).and_then(|file| file.metadata()) {
            Ok(meta) if meta.is_dir() => Err(wrong("it is a directory")),
            Ok(_) => Ok(()),
            Err(why) => Err(Error::unread(why, "read the configuration", |why| {
                wrong(&plain(&why))
            })),
        }
    }

    fn destination(&self, user: &str) -> Result<Destination> {
        let own = self.own.deliver.is_some();
        let deliver = self.pick(|keys| keys.deliver.clone());
        let deliver = deliver.ok_or_else(|| self.missing("deliver", "{maildir: ~/Mail}"))?;
        self.belonging(&deliver, own)?;
        let Deliver { format, lock, .. } = deliver;
        let timeout = deliver.timeout.map(|span| span.0);
        let wrong = |what: &str| Err(self.wrong("deliver", own, what));
        let server = Server { own, user, timeout };
        let files = (deliver.maildir, deliver.mbox);
        match (files, deliver.mda, deliver.lmtp, deliver.smtp) {
            ((Some(path), None), None, None, None) => Ok(Destination::Maildir(path.0)),
            ((None, Some(path)), None, None, None) if path == "-" => {
                Ok(Destination::Output(format.unwrap_or_default()))
            }
            ((None, Some(path)), None, None, None) => {
                let path =
                    units::path(&path).map_err(|what| self.wrong("deliver.mbox", own, what))?;
                Ok(mbox_at(path, format, lock))
            }
            ((None, None), Some(command), None, None) => {
                let timeout = timeout.unwrap_or(MDA_TIMEOUT);
                Ok(Destination::Mda { command, timeout })
            }
            ((None, None), None, Some(keys), None) => self.lmtp(keys, &server),
            ((None, None), None, None, Some(keys)) => self.smtp(keys, &server),
            ((None, None), None, None, None) => wrong("name maildir, mbox, mda, lmtp or smtp"),
            _ => wrong("name only one of maildir, mbox, mda, lmtp and smtp"),
        }
    }

    /// Fails if a key stands beside a destination that it does not go with.
    fn belonging(&self, deliver: &Deliver, own: bool) -> Result<()> {
        let Deliver { mbox, lock, .. } = deliver;
        let wrong = |key: &str, what: &str| Err(self.wrong(key, own, what));
        if mbox.is_none() && deliver.format.is_some() {
            return wrong("deliver.format", "it goes with mbox only");
        }
        if lock.as_ref().is_some_and(Vec::is_empty) {
            let what = "the list is empty; name fcntl, dotlock or both";
            return wrong("deliver.lock", what);
        }
        if mbox.as_ref().is_none_or(|path| path == "-") && lock.is_some() {
            return wrong("deliver.lock", "it goes with the file of an mbox only");
        }
        let answers = deliver.mda.is_some() || deliver.lmtp.is_some() || deliver.smtp.is_some();
        if !answers && deliver.timeout.is_some() {
            let what = "it goes with mda, lmtp and smtp only";
            return wrong("deliver.timeout", what);
        }
        Ok(())
    }
}

fn mbox_at(path: PathBuf, format: Option<Format>, locks: Option<Vec<Lock>>) -> Destination {
    let locks = locks.unwrap_or_else(|| Lock::ALL.to_vec());
    Destination::Mbox {
        path,
        format: format.unwrap_or_default(),
        locks,
    }
}
