//! `popget state`: what is remembered of messages, shown and changed by hand. Whoever asks needs no
//! configuration, unless the server is to be called: the memory of an account that is configured no
//! more can be looked at, and carried to another machine, as well.

mod carry;
mod show;

use super::fetch::{self, Ended};
use crate::cli::{Fetch, State};
use crate::config::{self, Maildrops};
use crate::error::{plain, Error, ExitStatus, Result};
use crate::event::Mode;
use crate::message::Uid;
use crate::plan::Keep;
use crate::report::{self, Facts, Level, Options};
use crate::seen::{self, Access, Found, Lock, Memory, Place};
use crate::session::{self, Account};
pub use carry::take_over;
use carry::Import;
use serde_json::json;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Does what is to be done with the memory.
pub fn run(flags: &Fetch, what: Option<&State>, options: Options) -> anyhow::Result<Ended> {
    let desk = Desk::new(flags, options)?;
    let status = match what.unwrap_or(&State::Show { uids: false }) {
        State::Show { uids } => desk.show(*uids || flags.telling.verbose > 0)?,
        State::Forget { uids } => desk.forget(&words(uids)?)?,
        State::Mark {
            all: true,
            may_delete,
            ..
        } => return desk.mark_all(*may_delete),
        State::Mark { uids, .. } if uids.is_empty() => {
            let what = "name the messages to mark by their UIDs, or all of them by --all; see \
                        popget state mark --help";
            return Err(Error::Usage(what.into()).into());
        }
        State::Mark {
            uids, may_delete, ..
        } => desk.mark(&words(uids)?, *may_delete)?,
        State::Export => desk.export()?,
        State::Import {
            dry_run,
            other_maildrop,
            file,
        } => {
            let source = read(file.as_deref())?;
            let way = Import {
                access: match dry_run {
                    true => Access::Read,
                    false => Access::Write,
                },
                other_maildrop: *other_maildrop,
                unconfigured: false,
            };
            desk.import(&source, &way)?
        }
    };
    Ok(Ended::With(status))
}

/// Where all this is done.
pub struct Desk<'d> {
    flags: &'d Fetch,
    options: Options,
    directory: PathBuf,
    configured: OnceCell<Maildrops>,
}

/// A text that was read, and what it is called.
struct Source {
    name: String,
    bytes: Vec<u8>,
}

impl<'d> Desk<'d> {
    /// Where the state directory is that the flags or the environment name.
    pub fn new(flags: &'d Fetch, options: Options) -> Result<Self> {
        Ok(Self {
            flags,
            options,
            directory: config::state_directory(flags)?,
            configured: OnceCell::new(),
        })
    }

    /// Whose maildrops the accounts of the configuration are, if there is one that can be read.
    pub fn configured(&self) -> &Maildrops {
        let read = || Maildrops::read(self.flags).unwrap_or_default();
        self.configured.get_or_init(read)
    }

    /// Forgets these messages of an account.
    fn forget(&self, names: &[String]) -> Result<ExitStatus> {
        let account = self.only()?;
        let opened = self.open(account, Access::Write);
        let (_lock, mut memory) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(self.tell(error, account)),
        };
        let (mut keys, mut worst) = (HashSet::new(), ExitStatus::Fine);
        for name in names {
            let shown = report::escape(name.as_bytes());
            let error = match memory.find(name.as_bytes()) {
                Found::Remembered(key) => {
                    keys.insert(key);
                    continue;
                }
                Found::InDoubt => Error::DeliveryInDoubt(shown),
                Found::Unknown => Error::NotRemembered(format!("no message {shown} is remembered")),
            };
            worst = worst.min(self.tell(error, account));
        }
        if !keys.is_empty() {
            memory.forget(&keys)?;
        }
        let facts = vec![("forgotten", json!(keys.len()))];
        self.changed(account, facts, &format!("{} forgotten", keys.len()))?;
        Ok(worst)
    }

    /// Remembers these messages of an account as seen.
    fn mark(&self, names: &[String], may_delete: bool) -> Result<ExitStatus> {
        let account = self.only()?;
        let place = self.place(account)?;
        let configured = config::account(self.flags, account);
        if let Ok(account) = &configured {
            spares(account, may_delete)?;
        }
        let read = |name: &String| {
            let wrong = || Error::Usage(format!("{} is no UID", report::escape(name.as_bytes())));
            let uid = Uid::new(name.as_bytes()).ok_or_else(wrong)?;
            Ok((uid, None))
        };
        let uids = names.iter().map(read).collect::<Result<Vec<_>>>()?;
        let _lock = Lock::account(&place, Access::Write)?;
        let mut memory = match Memory::existing(&place, Access::Write)? {
            Some((memory, _)) => memory,
            // Whose maildrop it is must be known.
            None => Memory::recall(&place, &configured?.identity(), Access::Write)?.0,
        };
        let marked = memory.mark_seen(&uids, session::now())?;
        let known = uids.len().saturating_sub(marked);
        let text = format!("{marked} marked as seen, {known} seen before");
        let facts = vec![("marked", json!(marked)), ("seen", json!(known))];
        self.changed(account, facts, &text)?;
        Ok(ExitStatus::Fine)
    }

    /// Remembers all that is on an account's server as seen.
    fn mark_all(&self, may_delete: bool) -> anyhow::Result<Ended> {
        self.only()?;
        let settings = fetch::settings(self.flags)?;
        for account in &settings.accounts {
            spares(account, may_delete)?;
        }
        let options = Options {
            mode: Mode::Mark,
            ..self.options
        };
        fetch::go(settings, ExitStatus::Fine, options)
    }

    /// The accounts that are meant: those named, or all that are remembered.
    fn names(&self) -> Result<Vec<String>> {
        if !self.flags.accounts.is_empty() {
            return Ok(self.flags.accounts.clone());
        }
        let mut names = seen::accounts(&self.directory)?;
        names.retain(|name| config::unfit_name(name).is_none());
        Ok(names)
    }

    /// The lock and the memory of an account that is remembered.
    fn open(&self, name: &str, access: Access) -> Result<(Lock, Memory)> {
        let place = self.place(name)?;
        let nothing = || {
            let directory = self.directory.display();
            Error::NotRemembered(format!("nothing is remembered of it in {directory}"))
        };
        if !place.is_remembered()? {
            return Err(nothing());
        }
        let lock = Lock::account(&place, access)?;
        let (memory, _) = Memory::existing(&place, access)?.ok_or_else(nothing)?;
        Ok((lock, memory))
    }

    fn place(&self, name: &str) -> Result<Place> {
        match config::unfit_name(name) {
            Some(fault) => Err(Error::Usage(fault.into())),
            None => Ok(Place {
                directory: self.directory.clone(),
                account: name.into(),
            }),
        }
    }

    /// The account that is named; there must be just one.
    fn only(&self) -> Result<&str> {
        match self.flags.accounts.as_slice() {
            [only] => Ok(only),
            _ => Err(Error::Usage(
                "name the one account that is meant with --account".into(),
            )),
        }
    }

    /// Tells of a failure that ends nothing but what was done for this account.
    fn tell(&self, error: Error, name: &str) -> ExitStatus {
        let status = error.status();
        report::fatal(&about(error, name), self.options);
        status
    }

    /// Says what was changed.
    fn changed(&self, account: &str, mut facts: Facts, text: &str) -> Result<()> {
        facts.insert(0, ("account", json!(account)));
        self.print(&match self.options.json {
            true => report::object("changed", None, facts),
            false => format!("{account}: {text}"),
        })
    }

    fn print(&self, line: &str) -> Result<()> {
        if self.options.level.is_some_and(|least| least > Level::Error) || self.options.json {
            return report::pour(format!("{line}\n").as_bytes());
        }
        Ok(())
    }
}

/// A failure with the account that it is about.
fn about(error: Error, name: &str) -> anyhow::Error {
    let name = report::escape(name.as_bytes());
    anyhow::Error::new(error).context(format!("account {name}"))
}

/// Fails if the next run would delete what is marked and was never fetched.
fn spares(account: &Account, may_delete: bool) -> Result<()> {
    if may_delete || account.policy.keep == Keep::Forever {
        return Ok(());
    }
    let what = format!(
        "keep of {} has what is marked deleted from the server, though it was never fetched; set \
         keep: true first, or add --may-delete",
        account.name
    );
    Err(Error::Usage(what))
}

/// The names that are given, or stand on standard input.
fn words(given: &[String]) -> Result<Vec<String>> {
    if given != ["-"] {
        return Ok(given.to_vec());
    }
    let Source { bytes, .. } = read(None)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.lines().map(str::trim_end);
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Reads a file, or standard input.
fn read(file: Option<&Path>) -> Result<Source> {
    let named = file.filter(|path| path.as_os_str() != "-");
    let name = named.map_or("standard input".into(), |path| path.display().to_string());
    let bytes = match named {
        Some(path) => seen::contents(path),
        None => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    match bytes {
        Ok(bytes) => Ok(Source { name, bytes }),
        Err(why) => {
            let unread = |why: io::Error| Error::Import {
                name: name.clone(),
                line: 0,
                why: format!("cannot be read: {}", plain(&why)),
            };
            Err(Error::unread(why, "read a file", unread))
        }
    }
}
