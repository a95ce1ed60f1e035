//! One account out of its layers, with its rules. A mistake names the layer that it stands in.

use super::file::Keys;
use super::mistake::Source;
use super::units;
use crate::cli::Fetch;
use crate::delivery::{Filter, Trace};
use crate::error::{plain, Error, Result};
use crate::hooks::Hooks;
use crate::maildrop::Pipeline;
use crate::net::TlsMode;
use crate::plan::{Keep, Order, Policy};
use crate::secret::Turn;
use crate::seen::Place;
use crate::session::Account;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Each wait for the server, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long an account may fail in passing, if nothing else is said.
const COMPLAIN_AFTER: Duration = Duration::from_secs(2 * 3600);
/// Connecting again after a drop, if nothing else is said.
const RETRY: u32 = 2;

/// What was written about an account.
pub struct Layers<'f> {
    /// Where it was written.
    pub source: &'f Source,
    /// The account's name.
    pub name: &'f str,
    /// The path to its own keys.
    pub within: Vec<String>,
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
        self.well_named()?;
        let policy = self.policy()?;
        let servers = self.servers()?;
        let login = self.login(&servers)?;
        let routes = self.routes(servers)?;
        let (host, tls) = routes
            .first()
            .map_or(("", TlsMode::Off), |route| (&route.host, route.tls));
        let secret = self.secret(host, &login.user)?;
        let secret = self.fitting(secret, &login.methods, tls)?;
        let place = Place {
            directory: state.into(),
            account: self.name.into(),
        };
        let (destination, recipients) = self.destination()?;
        Ok(Account {
            name: self.name.into(),
            protocol: self.protocol(&routes, &login, &secret)?,
            folder: self.folder()?,
            sign_in: self.sign_in(&secret, &login, &routes, &place)?,
            routes,
            login,
            secret,
            policy,
            filter: self
                .pick(|keys| keys.header_filter.clone())
                .map(|command| Filter {
                    command,
                    account: self.name.into(),
                }),
            recipients,
            destination,
            trace: self.trace(),
            place,
            timeout: self
                .pick(|keys| keys.timeout)
                .map_or(TIMEOUT, |span| span.0),
            deadline: self.pick(|keys| keys.deadline).map(|span| span.0),
            complain_after: self.complain_after(),
            retry: self.pick(|keys| keys.retry).unwrap_or(RETRY),
            pipeline: self.pick(|keys| keys.pipeline).unwrap_or(Pipeline::Auto),
            envelopes: self.envelopes(),
            hooks: self.hooks(),
        })
    }

    fn trace(&self) -> Trace {
        Trace {
            received: self.pick(|keys| keys.received).unwrap_or(false),
            delivered_to: self.pick(|keys| keys.delivered_to.clone()),
        }
    }

    fn complain_after(&self) -> Duration {
        let set = self.pick(|keys| keys.complain_after);
        set.map_or(COMPLAIN_AFTER, |span| span.0)
    }

    /// What is wanted of its messages.
    fn policy(&self) -> Result<Policy> {
        let keep = match (self.flags.keep, self.flags.delete) {
            (true, _) => Some(Keep::Forever),
            (_, true) => Some(Keep::Not),
            _ => self.pick(|keys| keys.keep),
        };
        Ok(Policy {
            keep: keep.unwrap_or(Keep::Forever),
            all: self.flags.all || self.pick(|keys| keys.all).unwrap_or(false),
            limit: self.flags.limit.or_else(|| self.pick(|keys| keys.limit)),
            max_size: self.max_size()?,
            order: self.pick(|keys| keys.order).unwrap_or(Order::Oldest),
            accept_new_uids: self.flags.accept_new_uids,
            drain: self.pick(|keys| keys.drain).unwrap_or(false),
            commit_every: self.commit_every(),
            min_interval: self.pick(|keys| keys.min_interval).map(|span| span.0),
        })
    }

    fn hooks(&self) -> Hooks {
        Hooks {
            before: self.pick(|keys| keys.before.clone()),
            after: self.pick(|keys| keys.after.clone()),
        }
    }

    /// Fails if the account's name cannot be one.
    fn well_named(&self) -> Result<()> {
        let mistake = |what| Err(self.source.mistake(&["accounts", self.name], what));
        unfit_name(self.name).map_or(Ok(()), mistake)
    }

    /// The account's own value, or the one it starts from.
    pub(super) fn pick<T>(&self, value: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        value(self.own).or_else(|| value(self.base))
    }

    /// A mistake at a key, or one below it (`deliver.lock`), in the layer that has it.
    pub(super) fn wrong(&self, key: &str, own: bool, what: impl Into<String>) -> Error {
        self.wrong_at(&key.split('.').collect::<Vec<_>>(), own, what)
    }

    /// The same, given key by key; `[1]` is the second of a list.
    pub(super) fn wrong_at(&self, keys: &[&str], own: bool, what: impl Into<String>) -> Error {
        let within: Vec<&str> = self.within.iter().map(String::as_str).collect();
        let layer = match own {
            true => within.as_slice(),
            false => &["defaults"],
        };
        self.source.mistake(&[layer, keys].concat(), what)
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
            Some(text) => units::size(text).map(Some).ok_or_else(|| {
                Error::Usage(format!(
                    "--max-size {text}: this is not a size such as 25MB"
                ))
            }),
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
}

/// Why an account cannot have this name, if it cannot.
pub fn unfit_name(name: &str) -> Option<&'static str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    match name {
        name if name.len() > 200 => Some("an account's name has 200 letters at most"),
        name if name.is_empty() || !name.chars().all(letter) => {
            Some("an account's name is made of letters (a-z), digits and ._@+-")
        }
        name if name.chars().all(|c| c == '.') => {
            Some("an account's name is not made of dots alone: it names files")
        }
        _ => None,
    }
}
