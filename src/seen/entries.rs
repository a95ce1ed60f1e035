//! What is remembered under one key, in little room: hardly any has more than one entry, and there are
//! very many keys.

use super::Entry;
use crate::message::{Digest, Time};

/// The entries of a key, in the order in which they came.
#[derive(Debug)]
pub(super) enum Entries {
    One(Kept),
    Many(Vec<Kept>),
}

/// An entry, where what is not known takes no room of its own: no size and no time is that large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    size: u64,
    stored: i64,
    gone: i64,
    copies: u32,
    digest: Option<Digest>,
}

/// What stands for a size that is not known.
const UNSIZED: u64 = u64::MAX;
/// What stands for the time since when something is gone, of what is there.
const THERE: i64 = i64::MAX;

impl From<Entry> for Kept {
    fn from(entry: Entry) -> Self {
        Self {
            size: entry.size.unwrap_or(UNSIZED),
            stored: entry.stored.0,
            gone: entry.gone.map_or(THERE, |since| since.0),
            copies: entry.copies,
            digest: entry.digest,
        }
    }
}

impl Kept {
    fn entry(&self) -> Entry {
        Entry {
            size: Some(self.size).filter(|size| *size != UNSIZED),
            stored: Time(self.stored),
            digest: self.digest,
            copies: self.copies,
            gone: Some(Time(self.gone)).filter(|since| since.0 != THERE),
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Entries {
    pub fn one(entry: Entry) -> Self {
        Self::One(entry.into())
    }

    pub fn known(&self) -> Known<'_> {
        Known(match self {
            Self::One(kept) => std::slice::from_ref(kept),
            Self::Many(all) => all,
        })
    }

    pub fn push(&mut self, entry: Entry) {
        *self = match std::mem::take(self) {
            Self::Many(all) if all.is_empty() => Self::one(entry),
            Self::One(first) => Self::Many(vec![first, entry.into()]),
            Self::Many(mut all) => {
                all.push(entry.into());
                Self::Many(all)
            }
        };
    }

    /// Changes those with this digest.
    pub fn change(&mut self, digest: Option<Digest>, change: impl Fn(&mut Entry)) {
        let all = match self {
            Self::One(kept) => std::slice::from_mut(kept),
            Self::Many(all) => all,
        };
        for kept in all.iter_mut().filter(|kept| kept.digest == digest) {
            let mut entry = kept.entry();
            change(&mut entry);
            *kept = entry.into();
        }
    }

    /// Makes an entry of which the bytes are not known this one, if there is one; it keeps its time.
    pub fn fill(&mut self, entry: &Entry) -> bool {
        let all = match self {
            Self::One(kept) => std::slice::from_mut(kept),
            Self::Many(all) => all,
        };
        let vague = all.iter_mut().find(|kept| kept.digest.is_none());
        let Some(kept) = vague.filter(|_| entry.digest.is_some()) else {
            return false;
        };
        let stored = kept.stored;
        *kept = Kept {
            stored,
            ..entry.clone().into()
        };
        true
    }

    pub fn retain(&mut self, stays: impl Fn(&Entry) -> bool) {
        match self {
            Self::One(kept) if !stays(&kept.entry()) => *self = Self::default(),
            Self::One(_) => {}
            Self::Many(all) => all.retain(|kept| stays(&kept.entry())),
        }
    }
}

/// What is known under a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'r>(&'r [Kept]);

impl<'r> Known<'r> {
    /// Whether nothing is.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// How many entries there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// The entries.
    pub fn iter(self) -> impl Iterator<Item = Entry> + 'r {
        self.0.iter().map(Kept::entry)
    }

    /// The entry, if there is just one.
    pub fn only(self) -> Option<Entry> {
        match self.0 {
            [kept] => Some(kept.entry()),
            _ => None,
        }
    }
}
