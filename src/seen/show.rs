//! What there is to tell of a memory.

use super::{Access, Entry, Identity, Key, Known, Memory, Place};
use crate::error::Result;
use crate::folder;
use crate::message::Time;
use std::fs;
use std::io;
use std::path::Path;

/// A memory in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// How many messages are known by a UID.
    pub uids: usize,
    /// How many by their bytes alone.
    pub digests: usize,
    /// How many of both the server lists no longer.
    pub gone: usize,
    /// When the first was stored,
    pub oldest: Option<Time>,
    /// and the last.
    pub newest: Option<Time>,
    /// How many deliveries were begun and not finished.
    pub in_doubt: usize,
    /// How many messages could not be had.
    pub failing: usize,
}

impl Key {
    /// It as a word: a UID as the file has it, or the digits of a digest.
    pub fn word(&self) -> String {
        match self {
            Self::Uid(uid) => super::text::escaped(uid.bytes()),
            Self::Digest(digest) => super::text::in_digits(*digest),
        }
    }
}

impl Memory {
    /// The memory of an account that is there already, whosever it is; none if there is none.
    pub fn existing(place: &Place, access: Access) -> Result<Option<(Self, bool)>> {
        if !place.is_remembered()? {
            return Ok(None);
        }
        let nobody = Identity {
            name: place.account.clone(),
            user: String::new(),
            server: String::new(),
        };
        Self::recall(place, &nobody, access).map(Some)
    }

    /// It in numbers.
    pub fn overview(&self) -> Overview {
        let mut told = Overview {
            in_doubt: self.records.begun.len(),
            failing: self.records.failures.len(),
            ..Overview::default()
        };
        for (key, entry) in self.entries() {
            match key {
                Key::Uid(_) => told.uids += 1,
                Key::Digest(_) => told.digests += 1,
            }
            told.gone += usize::from(entry.gone.is_some());
            let stored = Some(entry.stored);
            told.oldest = told.oldest.into_iter().chain(stored).min();
            told.newest = told.newest.into_iter().chain(stored).max();
        }
        told
    }

    /// Everything that is remembered as stored, in the order in which it came.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, Entry)> {
        let all = self.records.entries.iter();
        all.flat_map(|(key, entries)| Known::iter(entries.known()).map(move |entry| (key, entry)))
    }
}

impl Place {
    /// Whether there is a memory of the account.
    pub fn is_remembered(&self) -> Result<bool> {
        let path = self.file("seen");
        match fs::symlink_metadata(&path) {
            Err(why) if folder::is_missing(&why) => Ok(false),
            Err(why) => Err(super::place::failed(&path, "open")(why)),
            Ok(_) => Ok(true),
        }
    }
}

/// What a file holds that a person names.
pub fn contents(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// The names of the accounts that are remembered in a state directory, sorted.
pub fn accounts(directory: &Path) -> Result<Vec<String>> {
    let failed = |why| super::place::failed(directory, "list")(why);
    let files = match fs::read_dir(directory) {
        Err(why) if folder::is_missing(&why) => return Ok(Vec::new()),
        files => files.map_err(failed)?,
    };
    let mut names = Vec::new();
    for file in files {
        let name = file.map_err(failed)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".seen"));
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
