//! The record of what another program has fetched, taken over into the memories of the accounts.

use super::super::state;
use super::files::{self, Source};
use crate::cli::{Fetch, Import};
use crate::config;
use crate::error::Result;
use crate::import::{self, Entry, RecordAt, Remark, Spot, Taken, Tool, Weight};
use crate::message::{Time, Uid};
use crate::report::{self, Level, Options};
use crate::secret;
use crate::seen::{Access, Carried, Identity};
use crate::session;
use std::collections::HashMap;
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
    (tool, settings, taken): (Tool, &[Source], &mut Taken),
) -> Result<()> {
    let heirs = match tool {
        Tool::Thunderbird => configured(flags)?,
        _ => imported(flags, taken),
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
        read: Vec::new(),
        damaged: Vec::new(),
    };
    for (heir, path) in heirs.iter().zip(&places) {
        let entries = match path {
            Some(path) => records.of(heir, path)?,
            None => Vec::new(),
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
fn imported(flags: &Fetch, taken: &Taken) -> Vec<Heir> {
    let text = import::written(&taken.accounts, import::Passwords::LeftOut);
    let whole = config::of_text("what was imported", text, flags).ok();
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

/// The first of the files that is there.
fn found(record: &RecordAt, beside: &Path) -> Option<PathBuf> {
    let places = record
        .paths
        .iter()
        .map(|said| files::placed(&said.bytes, beside));
    places.into_iter().find(|path| path.is_file())
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
    read: Vec<(PathBuf, Vec<(Entry, bool)>)>,
    /// What is said of the damaged lines in them.
    damaged: Vec<Remark>,
}

impl Records {
    /// The entries of an account in a file.
    fn of(&mut self, heir: &Heir, path: &Path) -> Result<Vec<Entry>> {
        if !self.read.iter().any(|(known, _)| known == path) {
            let source = Source::read(path)?;
            let record = self.tool.record(&source.name(), &source.bytes);
            let record = record.map_err(super::mistake)?;
            self.damaged.extend(record.damaged());
            let entries = record.entries.into_iter().map(|entry| (entry, false));
            self.read.push((path.to_path_buf(), entries.collect()));
        }
        let mut own = Vec::new();
        for (_, entries) in self.read.iter_mut().filter(|(known, _)| known == path) {
            for (entry, claimed) in entries {
                if heir.record.has(entry) {
                    *claimed = true;
                    own.push(entry.clone());
                }
            }
        }
        Ok(own)
    }

    /// What is said of entries that belong to no account.
    fn left(&self) -> Vec<Remark> {
        let left = |(path, entries): &(PathBuf, Vec<(Entry, bool)>)| {
            let count = entries.iter().filter(|(_, claimed)| !claimed).count();
            let path = path.display().to_string();
            let spot = Spot::new(&path.as_str().into(), 1);
            let why = format!("{count} entries belong to none of the accounts; they are left");
            let remark = Remark::new(&spot, "record", &why, Weight::Told);
            (count > 0).then_some(remark)
        };
        self.read.iter().filter_map(left).collect()
    }
}
