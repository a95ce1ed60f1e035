//! The record of what another program has fetched, taken over into the memories of the accounts.

use super::super::state::{self, Desk};
use super::files::{self, Source};
use super::heir::{Heir, Place};
use super::sheaf::Records;
use crate::cli::Import;
use crate::error::{Error, ExitStatus, Result};
use crate::import::{Account, Entry, Owner, RecordAt, Remark, Taken, Tool, Weight};
use crate::message::{Time, Uid};
use crate::plan::Keep;
use crate::report::{self, Level, Options};
use crate::seen::{Access, Carried};
use crate::session;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

/// What came of taking over.
pub struct Outcome {
    /// The gravest status of what failed.
    pub status: ExitStatus,
    /// What is said of records that are there, or not.
    pub remarks: Vec<Remark>,
    /// What is said of those that could not be taken over, whose status counts.
    pub denied: Vec<Remark>,
}

/// The accounts of a program, and where the record of each is.
pub struct Estate {
    tool: Tool,
    heirs: Vec<(Heir, Place)>,
    /// The places of records, with those who are named there in the same way though they are others.
    confused: HashSet<(PathBuf, Owner)>,
    /// From where the program's settings name files.
    beside: PathBuf,
    records: Records,
}

impl Estate {
    /// Finds the records; of so many accounts there are, not all may have one. Fails over one for several
    /// accounts that does not say whose it is: what is of one of them would be taken for seen by the
    /// others, and deleted unread.
    pub fn of(
        (tool, count): (Tool, usize),
        heirs: Vec<Heir>,
        what: &Import,
        settings: &[Source],
    ) -> Result<Self> {
        let beside = settings.first().map(|source| source.path.as_path());
        if is_anonymous(tool) && what.state.is_some() && count > 1 {
            return Err(Error::Usage(format!(
                "--state names one record for {count} accounts, and a record of {} does not say whose \
                 it is; name a file of settings with just the account whose record it is",
                tool.name()
            )));
        }
        let placed = |heir: Heir| {
            let named = what.state.clone();
            let own = settings.iter().find(|one| one.name() == *heir.spot.file);
            let beside = own.map(|own| own.path.as_path()).or(beside);
            let place = named.map_or_else(|| found(tool, &heir.record, beside), Ok);
            (heir, place)
        };
        let heirs: Vec<_> = heirs.into_iter().map(placed).collect();
        Ok(Self {
            tool,
            confused: confused(tool, &heirs),
            heirs,
            beside: beside.map_or_else(PathBuf::new, Path::to_path_buf),
            records: Records::new(tool),
        })
    }

    /// Keeps on the server what the program left there, though it deletes what it fetches: popget deletes
    /// what it knows as well. Of what the other programs know, they do so themselves.
    pub fn spare(&mut self, accounts: &mut [Account]) -> Vec<Remark> {
        if !matches!(self.tool, Tool::Fetchmail | Tool::Fdm) {
            return Vec::new();
        }
        let mut known = HashMap::new();
        for (heir, place) in &self.heirs {
            let entries = entries(&mut self.records, heir, place).ok().flatten();
            let count = entries.map_or(0, |entries| entries.len());
            if heir.keep == Keep::Not && count > 0 {
                known.insert(heir.identity.name.clone(), count);
            }
        }
        let spared = accounts.iter_mut().filter_map(|account| {
            let count = known.get(&account.name)?;
            account.keys.insert("keep".into(), true.into());
            let why = format!(
                "{} knows {count} messages and deletes none of them, but new ones, which popget does \
                 not tell apart: it is written as true; change it to false when all may go",
                self.tool.name()
            );
            Some(Remark::new(&account.spot, "keep", &why, Weight::Lost))
        });
        spared.collect()
    }

    /// Fails if the program is at work.
    pub fn idle(&self, taken: &Taken) -> Result<()> {
        let places = self
            .heirs
            .iter()
            .filter_map(|(_, place)| place.clone().ok());
        let places: Vec<PathBuf> = places.collect();
        let locks = taken.locks.iter();
        let locks: Vec<_> = locks
            .map(|said| files::placed(&said.bytes, &self.beside))
            .collect();
        files::idle(self.tool, &places, &locks)
    }

    /// Takes over the record of each account, or says what would be. One that fails is told, and the
    /// next follows.
    pub fn take_over(mut self, desk: &Desk, what: &Import, options: Options) -> Outcome {
        let mut outcome = Outcome {
            status: ExitStatus::Fine,
            remarks: Vec::new(),
            denied: Vec::new(),
        };
        let mut bereft = Vec::new();
        for (heir, place) in &self.heirs {
            if let Some(named) = named(self.tool, heir, place) {
                if self.confused.contains(&named) {
                    outcome.remarks.push(heir.confused(&named.0));
                    continue;
                }
            }
            let taken = match entries(&mut self.records, heir, place) {
                Ok(None) => continue, // it is told why
                Ok(Some(entries)) if entries.is_empty() => {
                    bereft.push((heir, place));
                    continue;
                }
                Ok(Some(entries)) => bequeath(desk, heir, &entries, what),
                Err(error) => Err(error),
            };
            outcome.remarks.extend(renamed(desk, heir));
            match taken {
                Ok(text) => report::remark(Level::Info, &text, options),
                Err(error) => {
                    outcome.status = outcome.status.min(error.status());
                    outcome.denied.push(denied(heir, &error));
                }
            }
        }
        outcome.remarks.extend(self.without(&bereft));
        outcome.remarks.extend(self.records.told());
        outcome
    }

    /// What to say of accounts that have no entries. Of popget's own some may never have been another
    /// program's, if others were.
    fn without(&self, bereft: &[(&Heir, &Place)]) -> Vec<Remark> {
        let weight = match self.tool {
            Tool::Thunderbird if bereft.len() < self.heirs.len() => Weight::Told,
            _ => Weight::Lost,
        };
        let told = |(heir, place): &(&Heir, &Place)| heir.bereft(place, weight);
        bereft.iter().filter_map(told).collect()
    }
}

/// Whether the records of a program do not say whose they are.
fn is_anonymous(tool: Tool) -> bool {
    matches!(tool, Tool::Getmail | Tool::Fdm)
}

/// The place of an account's record, with whom that means by it: nobody, where it does not say whose
/// it is.
fn named(tool: Tool, heir: &Heir, place: &Place) -> Option<(PathBuf, Owner)> {
    let [full, .., nobody] = heir.record.owners(tool);
    let owner = match is_anonymous(tool) {
        true => nobody,
        false => full,
    };
    Some((place.as_ref().ok()?.clone(), owner))
}

/// The places of records, with those who are named there in the same way though they are others.
fn confused(tool: Tool, heirs: &[(Heir, Place)]) -> HashSet<(PathBuf, Owner)> {
    let mut first = HashMap::new();
    let others = heirs.iter().filter_map(|(heir, place)| {
        let named = named(tool, heir, place)?;
        let known = first.entry(named.clone()).or_insert(&heir.maildrop);
        (*known != &heir.maildrop).then_some(named)
    });
    others.collect()
}

/// What to say of an account that has another name in popget's settings, by which its memory is not
/// found there.
fn renamed(desk: &Desk, heir: &Heir) -> Option<Remark> {
    let (name, known) = (&heir.identity.name, desk.configured());
    let other = known.name_of(&heir.maildrop)?;
    let why = format!(
        "popget's settings call this account {other}: run popget state export -a {name} | popget \
         state import -a {other}"
    );
    let remark = Remark::new(&heir.spot, name, &why, Weight::Told);
    known.of(name).is_none().then_some(remark)
}

/// The entries of an account; none if its record cannot be read.
fn entries<'r>(
    records: &'r mut Records,
    heir: &Heir,
    place: &Place,
) -> Result<Option<Vec<&'r Entry>>> {
    match place {
        Ok(path) => records.of(heir, path),
        Err(_) => Ok(Some(Vec::new())),
    }
}

/// Takes over the entries of an account, or sees how that would go. Says what came of it.
fn bequeath(desk: &Desk, heir: &Heir, entries: &[&Entry], what: &Import) -> Result<String> {
    let (access, would) = match what.dry_run {
        true => (Access::Read, "would be "),
        false => (Access::Write, ""),
    };
    let doubtful = entries.iter().filter(|entry| entry.doubtful);
    let doubtful = doubtful.map(|entry| entry.uid.clone()).collect();
    let messages = remembered(entries);
    let count = messages.len();
    let carried = Carried::of(heir.identity.clone(), messages, doubtful);
    let gain = state::take_over(desk, carried, access)?;
    let (name, known) = (&heir.identity.name, gain.known + gain.earlier);
    Ok(format!(
        "{name}: {count} messages {would}remembered as seen, {known} of them known before"
    ))
}

/// What to say of a record that was not taken over.
fn denied(heir: &Heir, error: &Error) -> Remark {
    let mend = match error {
        Error::State { why, .. } => match why.kind() {
            io::ErrorKind::StorageFull => "make room on the disk",
            io::ErrorKind::QuotaExceeded => "make room in the quota",
            _ => "",
        },
        Error::ImportForeign { .. } => "",
        error => error.advice(),
    };
    let what = match error {
        Error::ImportForeign { .. } => {
            "another account has this name here; import with another --state-dir, and bring it from \
             there under a name of its own with popget state export and popget state import"
        }
        _ => "run popget import again before popget, which fetches all anew else",
    };
    let mend = if mend.is_empty() {
        ""
    } else {
        &format!("; {mend}")
    };
    let why = format!("its record was not taken over: {what}: {error}{mend}");
    Remark::new(&heir.spot, &heir.identity.name, &why, Weight::Lost)
}

/// The first of the files that is there, whatever it is.
fn found(tool: Tool, record: &RecordAt, beside: Option<&Path>) -> Place {
    let own = files::of_getmail().map(|folder| folder.join("getmailrc"));
    let own = own.filter(|_| tool == Tool::Getmail);
    let mut places: Vec<PathBuf> = Vec::new();
    for settings in beside.map(Path::to_path_buf).into_iter().chain(own) {
        let said = record.paths.iter();
        for place in said.map(|said| files::placed(&said.bytes, &settings)) {
            if files::is_there(&place) {
                return Ok(place);
            }
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    Err(places)
}

/// What the memory is to know of these messages: each once, since when it is known.
fn remembered(entries: &[&Entry]) -> Vec<(Uid, Time)> {
    let now = session::now();
    let mut at = HashMap::new();
    let mut all: Vec<(Uid, Time)> = Vec::new();
    for entry in entries {
        let first = entry.first.map_or(now, |first| Time(first.min(now.0)));
        let place = *at.entry(&entry.uid).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, known)) => *known = first.min(*known),
            None => all.push((entry.uid.clone(), first)),
        }
    }
    all
}
