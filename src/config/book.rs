//! The configuration file as something that accounts are added to. It is written whole and at once,
//! beside the old one and then in its place, with its mode and owner; a link stays a link.

use super::draft::{Draft, Entry, Setting};
use super::file::{File, Keys};
use super::insert::insert;
use super::mistake::Source;
use super::network::tls_word;
use super::places::Places;
use super::resolve::Layers;
use super::server;
use super::{find, parsed, safe, shallow, state_directory};
use crate::cli::Fetch;
use crate::error::{Error, Result};
use crate::folder;
use crate::net::TlsMode;
use crate::owner;
use crate::secret::Turn;
use crate::session::Account;
use rustix::fs::{access, fchown, Access, Gid, Uid};
use rustix::io::Errno;
use serde_yaml::Value;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A configuration file, there or not.
pub struct Book {
    /// Where it is.
    pub path: PathBuf,
    /// What stands in it.
    source: Source,
    /// The accounts in it, by their names.
    accounts: Vec<(String, Keys)>,
    /// What they start from, as it is written.
    defaults: Value,
}

impl Book {
    /// No file at all, without accounts.
    pub fn blank() -> Self {
        let source = Source {
            name: "the new account".into(),
            text: String::new(),
        };
        Self {
            path: PathBuf::new(),
            source,
            accounts: Vec::new(),
            defaults: Value::Null,
        }
    }

    /// The file that a run would read, or where one would be looked for first. Fails if what is
    /// there is wrong or unsafe.
    pub fn open(named: Option<&PathBuf>) -> Result<Self> {
        let places = Places::of(named).all;
        let there = places
            .iter()
            .find(|path| fs::symlink_metadata(path).is_ok());
        let path = there.or(places.first()).cloned().unwrap_or_default();
        Self::at(path, there.is_some())
    }

    fn at(path: PathBuf, there: bool) -> Result<Self> {
        if !there {
            return Ok(Self {
                path,
                ..Self::blank()
            });
        }
        if fs::metadata(&path).is_err_and(|why| folder::is_missing(&why)) {
            let source = Source {
                name: path.display().to_string(),
                text: String::new(),
            };
            return Err(source.unfit(None, "it is a link that leads nowhere"));
        }
        let (source, unsafe_because) = find(Some(&path))?;
        let file = accounts(&source)?;
        safe(&source, file.as_ref(), unsafe_because)?;
        let whole: Value = serde_yaml::from_str(&source.text).unwrap_or_default();
        Ok(Self {
            path,
            source,
            accounts: file.map(|file| file.accounts.0).unwrap_or_default(),
            defaults: whole.get("defaults").cloned().unwrap_or_default(),
        })
    }

    /// Whether there is an account of this name.
    pub fn has(&self, name: &str) -> bool {
        self.accounts.iter().any(|(known, _)| known == name)
    }

    /// What the file has every account start from at this key, in a line.
    pub fn usual(&self, key: &str) -> Option<String> {
        self.defaults.get(key).and_then(told)
    }

    /// How it has every account use TLS.
    pub fn usual_tls(&self) -> Option<TlsMode> {
        self.usual("tls").as_deref().and_then(tls_word)
    }

    /// The account without what it would start from anyhow.
    pub fn lean(&self, mut draft: Draft) -> Draft {
        let said = |key: &str, entry: &Entry| self.defaults.get(key) == Some(&entry.value());
        draft.keys.retain(|(key, entry)| !said(key, entry));
        draft
    }

    /// The account that visits the maildrop of one of these users at a server already, and the user.
    pub fn visitor(&self, server: &str, users: &[String]) -> Option<(&str, String)> {
        let wanted = server::read(server).ok()?;
        let usual = |key| self.defaults.get(key);
        self.accounts.iter().find_map(|(name, keys)| {
            let written = match &keys.server {
                Some(servers) => servers.clone(),
                None => vec![usual("server")?.as_str()?.to_string()],
            };
            let mut servers = written.iter().filter_map(|it| server::read(it).ok());
            let same = servers.find(|it| {
                let ports = (it.port.or(keys.port), wanted.port);
                let apart = matches!(ports, (Some(one), Some(other)) if one != other);
                it.host.eq_ignore_ascii_case(&wanted.host) && !apart
            })?;
            let default = || usual("user").and_then(|user| Some(user.as_str()?.to_string()));
            let user = same.user.or(keys.user.clone()).or_else(default)?;
            users.contains(&user).then_some((name.as_str(), user))
        })
    }

    /// Fails if the file could not be put in its place, before anything is asked for it.
    pub fn writable(&self) -> Result<()> {
        let real = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut above = folder::above(&real);
        while fs::symlink_metadata(above).is_err_and(|why| folder::is_missing(&why)) {
            above = folder::above(above);
        }
        let not_ours = |meta: Metadata| !owner::is_root() && !owner::is_own(&meta);
        let why = match access(above, Access::WRITE_OK | Access::EXEC_OK) {
            _ if !above.is_dir() => Errno::NOTDIR,
            Ok(()) if fs::metadata(&real).is_ok_and(not_ours) => Errno::PERM,
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        Err(self.unwritten(why.into()))
    }

    fn unwritten(&self, why: io::Error) -> Error {
        Error::Destination {
            path: self.path.clone(),
            doing: "write",
            why,
        }
    }

    /// The account that would come of it, beside the others. A mistake is told by the option that it
    /// came from.
    pub fn account(&self, draft: &Draft, flags: &Fetch) -> Result<Account> {
        let alone = || format!("accounts:\n{}", draft.block(Setting::USUAL));
        let source = Source {
            name: self.source.name.clone(),
            text: insert(&self.source.text, draft).unwrap_or_else(alone),
        };
        let file = parsed(&source)?;
        let own = file.accounts.0.iter().find(|(name, _)| *name == draft.name);
        let none = Keys::default();
        Layers {
            source: &Source::options(),
            name: &draft.name,
            within: vec!["accounts".into(), draft.name.clone()],
            own: own.map_or(&none, |(_, keys)| keys),
            base: &file.defaults,
            flags,
            turn: &Turn::default(),
        }
        .account(&state_directory(flags)?)
    }

    /// Adds the account to the file, as it is by now: somebody may have changed it meanwhile.
    pub fn add(&self, draft: &Draft) -> Result<()> {
        let there = fs::symlink_metadata(&self.path).is_ok();
        let book = Self::at(self.path.clone(), there)?;
        if book.has(&draft.name) {
            return Err(self.taken(&draft.name));
        }
        let text = insert(&book.source.text, draft);
        let text = text.ok_or_else(|| Error::NotInserted(self.path.clone()))?;
        let source = Source {
            name: book.source.name,
            text,
        };
        parsed(&source)?;
        self.write(&source.text)
    }

    /// The error that there is an account of this name.
    pub fn taken(&self, name: &str) -> Error {
        let file = self.path.display();
        Error::Usage(format!(
            "--name: there is an account {name} in {file} already; choose another name"
        ))
    }

    fn write(&self, text: &str) -> Result<()> {
        let failed = |why| self.unwritten(why);
        let old = match fs::metadata(&self.path) {
            Ok(meta) => Some(meta),
            Err(why) if folder::is_missing(&why) => None,
            Err(why) => return Err(failed(why)),
        };
        let real = match old {
            Some(_) => fs::canonicalize(&self.path).map_err(failed)?,
            None => self.path.clone(),
        };
        let above = folder::above(&real);
        folder::create(above).map_err(failed)?;
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        let fresh = above.join(format!(".{name}.{}", std::process::id()));
        folder::clear(&fresh).map_err(failed)?;
        let written = fill(&fresh, text, old.as_ref()).and_then(|()| fs::rename(&fresh, &real));
        if let Err(why) = written {
            let _ = folder::clear(&fresh); // nothing hangs on it
            return Err(failed(why));
        }
        folder::sync(above).map_err(failed)
    }
}

/// Makes a file with this text, which has the mode and owner of the old one.
fn fill(path: &Path, text: &str, old: Option<&Metadata>) -> io::Result<()> {
    let mut file = folder::fresh(path)?;
    file.write_all(text.as_bytes())?;
    if let Some(old) = old {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            let (user, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
            fchown(&file, Some(user), Some(group))?;
        }
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()
}

/// A value in a line: of keys the first, of a list nothing.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Mapping(keys) => {
            let (key, value) = keys.iter().next()?;
            Some(format!("{}: {}", key.as_str()?, told(value)?))
        }
        Value::Null => None,
        Value::Sequence(_) | Value::Tagged(_) => Some("as it is there".into()),
    }
}

/// What the file says; none if it has no accounts yet.
fn accounts(source: &Source) -> Result<Option<File>> {
    shallow(source)?;
    let read: Result<Value, _> = serde_yaml::from_str(&source.text);
    let value = read.map_err(|error| source.unreadable(&error))?;
    match value.get("accounts") {
        None | Some(Value::Null) if value.is_null() || value.is_mapping() => Ok(None),
        _ => parsed(source).map(Some),
    }
}
