//! What a person changes in a memory, outside of any visit. Each change is whole or did not happen:
//! the file is written anew beside itself and takes the other's place.

use super::entries::Entries;
use super::{text, Entry, Key, Memory};
use crate::error::Result;
use crate::message::{Time, Uid};
use std::collections::{HashMap, HashSet};

/// What a name stands for in a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What is remembered under this key.
    Remembered(Key),
    /// A delivery that was begun and not finished.
    InDoubt,
    /// Nothing.
    Unknown,
}

impl Memory {
    /// What this name stands for: a UID, as it is or as the file has it, or the digest of a message
    /// without one.
    pub fn find(&self, name: &[u8]) -> Found {
        let coded = text::unescape(name).unwrap_or_default();
        let uids = [Uid::new(name), Uid::new(&coded)].into_iter().flatten();
        let digest = text::hex(name).map(Key::Digest);
        let mut keys = uids.map(Key::Uid).chain(digest);
        let begun = |key: &Key| self.records.begun.values().any(|begun| begun.key == *key);
        let known = |key: &Key| {
            self.records.entries.get(key).is_some() || self.records.failures.contains_key(key)
        };
        match keys.find(|key| begun(key) || known(key)) {
            Some(key) if begun(&key) => Found::InDoubt,
            Some(key) => Found::Remembered(key),
            None => Found::Unknown,
        }
    }

    /// Forgets what is remembered under these keys.
    pub fn forget(&mut self, keys: &HashSet<Key>) -> Result<()> {
        self.records.entries.retain(|key, _| !keys.contains(key));
        self.records.failures.retain(|key, _| !keys.contains(key));
        self.replace()
    }

    /// Remembers messages as stored now, of which nothing is known but UID and size; those that share
    /// a UID stand there as often. Gives how many those are that were not known.
    pub fn mark_seen(&mut self, messages: &[(Uid, Option<u64>)], now: Time) -> Result<usize> {
        let mut sizes: HashMap<&Uid, Vec<Option<u64>>> = HashMap::new();
        let mut order = Vec::new();
        for (uid, size) in messages {
            let sizes = sizes.entry(uid).or_default();
            if sizes.is_empty() {
                order.push(uid);
            }
            sizes.push(*size);
        }
        let mut new = 0;
        for uid in order {
            let sizes = sizes.remove(uid).unwrap_or_default();
            new += self.mark_one(uid, &sizes, now);
        }
        self.replace()?;
        Ok(new)
    }

    /// Remembers those that share a UID, and have these sizes.
    fn mark_one(&mut self, uid: &Uid, sizes: &[Option<u64>], now: Time) -> usize {
        let key = Key::Uid(uid.clone());
        self.records.failures.remove(&key);
        let entries = self.records.entries.of(key);
        let known: Vec<Entry> = entries.known().iter().collect();
        let ever = known.iter().map(|entry| entry.copies).max().unwrap_or(0);
        let copies = ever.max(u32::try_from(sizes.len()).unwrap_or(u32::MAX));
        let missing = (copies as usize).saturating_sub(known.len());
        let fits = |entry: &Entry| entry.size.is_none() || sizes.contains(&entry.size);
        let size = sizes.iter().copied().flatten().next();
        if missing == 0 && size.is_some() && !known.iter().any(fits) {
            // It is listed with another size now; the next run would look at it again.
            let digest = known.first().and_then(|entry| entry.digest);
            entries.change(digest, |entry| entry.size = size);
        }
        let sizes = sizes.iter().copied().chain(std::iter::repeat(None));
        for size in sizes.take(missing) {
            entries.push(Entry {
                size,
                stored: now,
                digest: None,
                copies,
                gone: None,
            });
        }
        missing
    }

    /// Writes down, durably, what the memory has become.
    pub(super) fn replace(&mut self) -> Result<()> {
        let entries = &self.records.entries;
        let keys = entries.iter().map(|(key, _)| key);
        let anonymous = keys.filter(|key| matches!(key, Key::Digest(_)));
        self.records.anonymous = anonymous.count();
        self.rewrite()?;
        self.root()
    }

    /// Puts these entries in the place of those under a key.
    pub(super) fn put(&mut self, key: Key, all: Vec<Entry>) {
        let mut entries = Entries::default();
        all.into_iter().for_each(|entry| entries.push(entry));
        *self.records.entries.of(key) = entries;
    }
}
