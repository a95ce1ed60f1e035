//! The record of what another program has fetched, taken over into the memories of the accounts.

use super::super::state;
use super::files::{self, Source};
use crate::cli::{Fetch, Import};
use crate::config::{self, Settings};
use crate::error::{Error, Result};
use crate::import::{self, Entry, Owner, RecordAt, Remark, Spot, Taken, Tool, Weight};
use crate::message::{Time, Uid};
use crate::report::{self, Level, Options};
use crate::secret;
use crate::seen::{Access, Carried, Identity};
use crate::session;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// An account that may have a record.
struct Heir {
    identity: Identity,
    record: RecordAt,
    /// Where it stands, and whether it keeps messages on the server.
    spot: Spot,
    keeps: bool,
}

/// Takes over the record of each account, or says what would be.
pub fn take_over(
    flags: &Fetch,
    what: &Import,
    options: Options,
    (tool, settings, taken, meant): (Tool, &[Source], &mut Taken, Option<Settings>),
) -> Result<()> {
    let heirs = match tool {
        Tool::Thunderbird => configured(flags)?,
        _ => imported(taken, meant),
    };
    let beside = settings.first().map(|source| source.path.as_path());
    let place = |heir: &Heir| match &what.state {
        Some(path) => Some(path.clone()),
        None => found(&heir.record, beside?),
    };
    let places: Vec<_> = heirs.iter().map(place).collect();
    let known: Vec<PathBuf> = places.iter().flatten().cloned().collect();
    let base = beside.unwrap_or(Path::new(""));
    let locks = taken.locks.iter();
    let locks: Vec<_> = locks.map(|said| files::placed(&said.bytes, base)).collect();
    files::idle(tool, &known, &locks)?;
    let desk = state::Desk::new(flags, options)?;
    let mut records = Records {
        tool,
        read: HashMap::new(),
        damaged: Vec::new(),
    };
    for (heir, path) in heirs.iter().zip(&places) {
        let entries = match path {
            Some(path) => records.of(heir, path)?,
            None => Some(Vec::new()),
        };
        let Some(entries) = entries else {
            continue; // it is told why
        };
        if entries.is_empty() {
            taken.remarks.extend(heir.bereft(path.as_deref()));
            continue;
        }
        let access = match what.dry_run {
            true => Access::Read,
            false => Access::Write,
        };
        let doubtful = entries.iter().filter(|entry| entry.doubtful);
        let doubtful = doubtful.filter_map(|entry| Uid::new(&entry.uid)).collect();
        let carried = Carried::of(heir.identity.clone(), remembered(&entries), doubtful);
        let gain = state::take_over(&desk, carried, access)?;
        let (name, count) = (&heir.identity.name, entries.len());
        let would = if what.dry_run { "would be " } else { "" };
        let known = gain.known + gain.earlier;
        let text = format!(
            "{name}: {count} messages {would}remembered as seen, {known} of them known before"
        );
        report::remark(Level::Info, &text, options);
    }
    taken.remarks.extend(records.left());
    taken.remarks.append(&mut records.damaged);
    Ok(())
}

/// The accounts that were just written.
fn imported(taken: &Taken, whole: Option<Settings>) -> Vec<Heir> {
    let heir = |(index, account): (usize, &import::Account)| {
        let word = |key: &str| account.keys.get(key)?.as_str().map(str::to_string);
        // All of them, in the same order.
        let meant = whole.as_ref().and_then(|whole| whole.accounts.get(index));
        let server = word("server").unwrap_or_default();
        let user = word("user").or_else(|| secret::user_in_netrc(&server).ok().flatten());
        let own = Identity {
            name: account.name.clone(),
            user: user.unwrap_or_default(),
            server,
        };
        Some(Heir {
            identity: meant.map_or(own, |meant| meant.identity()),
            record: account.record.clone()?,
            spot: account.spot.clone(),
            keeps: account
                .keys
                .get("keep")
                .is_none_or(|keep| keep.as_bool() != Some(false)),
        })
    };
    taken.accounts.iter().enumerate().filter_map(heir).collect()
}

/// The accounts of popget's own settings.
fn configured(flags: &Fetch) -> Result<Vec<Heir>> {
    let accounts = config::read(flags)?.accounts;
    let heir = |account: &session::Account| {
        let identity = account.identity();
        let record = RecordAt {
            paths: Vec::new(),
            server: identity.server.clone().into_bytes(),
            user: identity.user.clone().into_bytes(),
        };
        let spot = Spot::new(&"popget.yaml".into(), 1);
        Heir {
            identity,
            record,
            spot,
            keeps: true,
        }
    };
    Ok(accounts.iter().map(heir).collect())
}

/// The first of the files that is there, whatever it is.
fn found(record: &RecordAt, beside: &Path) -> Option<PathBuf> {
    let places = record
        .paths
        .iter()
        .map(|said| files::placed(&said.bytes, beside));
    places.into_iter().find(|path| files::is_there(path))
}

/// What the memory is to know of these messages: each once, since when it is known.
fn remembered(entries: &[Entry]) -> Vec<(Uid, Time)> {
    let now = session::now();
    let mut at = HashMap::new();
    let mut all: Vec<(Uid, Time)> = Vec::new();
    for entry in entries {
        let Some(uid) = Uid::new(&entry.uid) else {
            continue; // no server sends such a UID
        };
        let first = entry.first.map_or(now, |first| Time(first.min(now.0)));
        let place = *at.entry(uid.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, known)) => *known = first.min(*known),
            None => all.push((uid, first)),
        }
    }
    all
}

impl Heir {
    /// What to say when there is nothing to take over.
    fn bereft(&self, path: Option<&Path>) -> Option<Remark> {
        if !self.keeps {
            return None; // what is deleted needs no record
        }
        let why = match path {
            Some(path) => format!("{} has no entry of this account", path.display()),
            None => "no record of what was fetched was found; name it with --state".into(),
        };
        let name = &self.identity.name;
        let why = format!("{why}; or run popget state mark --account {name} --all once");
        Some(Remark::new(&self.spot, name, &why, Weight::Lost))
    }
}

/// Records that were read, and which of their entries were claimed.
struct Records {
    tool: Tool,
    /// None stands for one that cannot be read.
    read: HashMap<PathBuf, Option<Sheaf>>,
    /// What is said of what could not be read of them.
    damaged: Vec<Remark>,
}

/// The entries of a record, by their owners.
#[derive(Default)]
struct Sheaf {
    entries: HashMap<Owner, Vec<Entry>>,
    claimed: HashSet<Owner>,
}

impl Records {
    /// The entries of an account in a file; none if it cannot be read.
    fn of(&mut self, heir: &Heir, path: &Path) -> Result<Option<Vec<Entry>>> {
        if !self.read.contains_key(path) {
            let sheaf = self.sheaf(heir, path)?;
            self.read.insert(path.to_path_buf(), sheaf);
        }
        let sheaf = self.read.get_mut(path).and_then(Option::as_mut);
        Ok(sheaf.map(|sheaf| sheaf.of(&heir.record.owners())))
    }

    fn sheaf(&mut self, heir: &Heir, path: &Path) -> Result<Option<Sheaf>> {
        let source = match Source::read(path) {
            Err(Error::Settings(mistake)) => {
                let word = format!("record {}", mistake.file);
                let remark = Remark::new(&heir.spot, &word, &mistake.what, Weight::Lost);
                self.damaged.push(remark);
                return Ok(None);
            }
            source => source?,
        };
        let record = self.tool.record(&source.name(), &source.bytes);
        self.damaged.extend(record.damaged());
        let mut sheaf = Sheaf::default();
        for entry in record.entries {
            sheaf.entries.entry(entry.owner()).or_default().push(entry);
        }
        Ok(Some(sheaf))
    }

    /// What is said of entries that belong to no account, file by file.
    fn left(&self) -> Vec<Remark> {
        let left = |(path, sheaf): (&PathBuf, &Option<Sheaf>)| {
            let sheaf = sheaf.as_ref()?;
            let entries = sheaf.entries.iter();
            let left = entries.filter(|(owner, _)| !sheaf.claimed.contains(owner));
            let count: usize = left.map(|(_, entries)| entries.len()).sum();
            let path = path.display().to_string();
            let spot = Spot::new(&path.as_str().into(), 1);
            let why = format!("{count} entries belong to none of the accounts; they are left");
            let remark = Remark::new(&spot, "record", &why, Weight::Told);
            (count > 0).then_some(remark)
        };
        let mut all: Vec<Remark> = self.read.iter().filter_map(left).collect();
        all.sort_by(|one, other| one.spot.file.cmp(&other.spot.file));
        all
    }
}

impl Sheaf {
    /// The entries of these owners, which are claimed.
    fn of(&mut self, owners: &[Owner]) -> Vec<Entry> {
        let mut own = Vec::new();
        for owner in owners {
            if let Some(entries) = self.entries.get(owner) {
                own.extend(entries.iter().cloned());
                self.claimed.insert(owner.clone());
            }
        }
        own
    }
}
