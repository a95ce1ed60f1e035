//! The memory of one account: which messages were stored, and which deliveries are under way. A text
//! file that is only ever appended to, and now and then written anew beside itself; whoever holds
//! the account's lock owns it. What it says is decided elsewhere; this module keeps its word.

mod alter;
mod carry;
mod doubt;
mod entries;
mod file;
mod listed;
mod parts;
mod place;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod recall;
mod shelf;
mod show;
mod text;
mod trouble;

pub use alter::Found;
pub use carry::{carried, Carried, Gain};
pub use entries::Known;
pub use file::Memory;
pub use place::{Access, Lock, Place};
pub use show::{accounts, contents};
pub use trouble::Trouble;

use crate::message::{Digest, Listing, Time, Uid};
use doubt::Doubts;
use entries::Entries;
use parts::Parts;
use shelf::Shelf;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

/// Whose maildrop a memory belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's name.
    pub name: String,
    /// The user at the server.
    pub user: String,
    /// The host, as the settings name it.
    pub server: String,
}

/// By what a message is known again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The server's UID.
    Uid(Uid),
    /// Its bytes, where the server has no UIDs.
    Digest(Digest),
}

/// A message that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its size as the server listed it.
    pub size: Option<u64>,
    /// When it was first stored.
    pub stored: Time,
    /// The digest of its bytes; unknown for what was taken over from elsewhere.
    pub digest: Option<Digest>,
    /// How many messages with its UID were listed when it was stored.
    pub copies: u32,
    /// Since when the server lists it no longer.
    pub gone: Option<Time>,
}

/// A delivery begun: what is being stored, and how its destination finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The message.
    pub key: Key,
    /// What will be remembered of it.
    pub entry: Entry,
    /// The destination's own words.
    pub claim: Vec<u8>,
    /// The places that have it from before.
    pub had: Vec<Vec<u8>>,
    /// The places that have taken it since it was begun, as far as that is noted.
    pub took: Vec<Vec<u8>>,
}

/// Deliveries that have ended, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Those that are done.
    pub done: Vec<u64>,
    /// Those that came to nothing, or not to all that they should have.
    pub undone: Vec<Undone>,
}

/// A delivery that came to nothing, or not to all that it should have.
#[derive(Clone, Debug)]
pub struct Undone {
    /// Its number.
    pub id: u64,
    /// The places that have taken the message all the same.
    pub took: Vec<Vec<u8>>,
}

/// The last time we logged in, or were told that it was too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    /// When it was.
    pub at: Time,
    /// How many seconds the server wants until the next one.
    pub delay: u32,
}

/// What a server said it can do when it was last asked: that may be tried without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// When it was asked.
    pub at: Time,
    /// Which server, how it was reached, and for whom.
    pub door: String,
    /// What is to be known of it; nothing, if it is to be asked first.
    pub words: Vec<Vec<u8>>,
}

/// What is remembered, without the file that keeps it.
#[derive(Debug, Default)]
pub struct Records {
    entries: Shelf,
    /// Where a UID was found last. What is listed comes in the order in which it was stored, as a
    /// rule, and need not be searched for.
    found: Cell<usize>,
    failures: HashMap<Key, u32>,
    begun: BTreeMap<u64, Begun>,
    parts: Parts,
    doubts: Doubts,
    anonymous: usize,
    login: Option<Login>,
    offers: Option<Offers>,
}

impl Records {
    /// The last login, where it matters for the next one.
    pub fn login(&self) -> Option<Login> {
        self.login
    }

    /// What the server can do, if that is known.
    pub fn offers(&self) -> Option<&Offers> {
        self.offers.as_ref().filter(|known| !known.words.is_empty())
    }

    /// What is remembered under a UID.
    pub fn of(&self, uid: &Uid) -> Known<'_> {
        let entries = self.place(uid).and_then(|at| self.entries.at(at));
        entries.map_or(Known::default(), |(_, entries)| entries.known())
    }

    /// Where the entries of a UID stand, if it has any.
    fn place(&self, uid: &Uid) -> Option<usize> {
        let next = self.found.get().wrapping_add(1);
        let at = match self.entries.at(next) {
            Some((Key::Uid(known), _)) if known == uid => next,
            _ => {
                let own = self.entries.place(&Key::Uid(uid.clone()));
                own.or_else(|| self.entries.place(&Key::Uid(self.doubts.form(uid)?)))?
            }
        };
        self.found.set(at);
        Some(at)
    }

    /// Gives the listed messages the sizes that are remembered, if all of them are known and make up
    /// so many octets together; tells whether that is so.
    pub fn weigh(&self, listings: &mut [Listing], octets: Option<u64>) -> bool {
        let known = |listing: &Listing| {
            let entry = self.of(listing.uid.as_ref()?).only()?;
            entry.size.filter(|_| entry.copies == 1)
        };
        if octets.is_none() {
            return false;
        }
        let mut left = octets;
        for listing in listings.iter_mut() {
            listing.size = known(listing);
            left = left
                .zip(listing.size)
                .and_then(|(left, size)| left.checked_sub(size));
            if left.is_none() {
                break;
            }
        }
        if left != Some(0) {
            listings.iter_mut().for_each(|listing| listing.size = None);
        }
        left == Some(0)
    }

    /// Whether any message is remembered by its bytes alone.
    pub fn has_anonymous(&self) -> bool {
        self.anonymous > 0
    }

    /// How many runs in a row this message could not be had.
    pub fn failures(&self, uid: Option<&Uid>) -> u32 {
        uid.and_then(|uid| self.failures.get(&Key::Uid(uid.clone())))
            .copied()
            .unwrap_or(0)
    }

    /// The entries with a UID that were there when last looked.
    pub fn expected(&self) -> impl Iterator<Item = Entry> + '_ {
        let known = self
            .entries
            .iter()
            .filter(|(key, _)| matches!(key, Key::Uid(_)));
        known
            .flat_map(|(_, entries)| entries.known().iter())
            .filter(|entry| entry.gone.is_none())
    }

    /// When messages were first stored, by the digests of their bytes.
    pub fn by_digest(&self) -> HashMap<Digest, Vec<Time>> {
        let mut stored: HashMap<Digest, Vec<Time>> = HashMap::new();
        let known = self.entries.iter().map(|(_, entries)| entries.known());
        for entry in known.flat_map(Known::iter) {
            if let Some(digest) = entry.digest {
                stored.entry(digest).or_default().push(entry.stored);
            }
        }
        stored
    }

    /// Remembers a message, without a file.
    #[cfg(test)]
    pub fn know(&mut self, uid: Option<Uid>, entry: Entry) {
        let digest = entry.digest.unwrap_or(Digest([0; 16]));
        self.insert(uid.map_or(Key::Digest(digest), Key::Uid), entry);
    }

    /// Takes what a line of the file says.
    fn take(&mut self, line: text::Line) -> Result<(), &'static str> {
        use text::Line as L;
        match line {
            L::Account(..) => return Err("a second account"),
            L::Seen(key, entry) => {
                if let Key::Uid(uid) = &key {
                    self.doubts.settle(uid);
                }
                self.insert(key, entry);
            }
            L::Doubt(uid) => self.doubts.add(&uid),
            L::Claim(id, begun) => drop(self.begun.insert(id, begun)),
            L::Done(first, last) => {
                for id in first..=last.min(first.saturating_add(1 << 20)) {
                    let begun = self
                        .begun
                        .remove(&id)
                        .ok_or("a delivery done that never began")?;
                    self.failures.remove(&begun.key);
                    if let Some(digest) = begun.entry.digest {
                        let message = (begun.key.clone(), digest);
                        self.parts.complete(&message, &begun.had);
                    }
                    self.insert(begun.key, begun.entry);
                }
            }
            L::Void(id) => {
                let begun = self.begun.remove(&id);
                let begun = begun.ok_or("a delivery undone that never began")?;
                if let Some(digest) = begun.entry.digest {
                    let (message, tried) = ((begun.key, digest), begun.entry.stored);
                    self.parts.keep(&message, &begun.had, tried);
                    let took = begun.took.into_iter();
                    took.for_each(|place| self.parts.add(&message, tried, place));
                }
            }
            L::Took(id, place) => {
                let begun = self.begun.get_mut(&id);
                let begun = begun.ok_or("a delivery taken that never began")?;
                begun.took.push(place);
            }
            L::Part(key, digest, time, place) => self.parts.add(&(key, digest), time, place),
            L::Gone(key, digest, since) => {
                self.change(&key, digest, |entry| entry.gone = Some(since))
            }
            L::Back(key, digest) => self.back(&key, digest),
            L::Size(key, digest, size) => {
                self.change(&key, digest, |entry| entry.size = Some(size));
            }
            L::Fail(key, count) => {
                self.failures.insert(key, count);
            }
            L::Login(login) => self.login = Some(login),
            L::Offers(offers) => self.offers = Some(offers),
        }
        Ok(())
    }

    /// Remembers a message, unless as many as were listed with its UID are remembered already: then
    /// it was only stored again because that was asked for, or is one of which nothing but the UID
    /// was known.
    fn insert(&mut self, key: Key, entry: Entry) {
        self.anonymous += usize::from(matches!(key, Key::Digest(_)));
        let Some(entries) = self.entries.get_mut(&key) else {
            return self.entries.push(key, Entries::one(entry));
        };
        let known = entries.known().iter();
        let alike = known.filter(|known| known.digest == entry.digest);
        if alike.count() < entry.copies as usize {
            let full = entries.known().len() >= entry.copies as usize;
            if !full || !entries.fill(&entry) {
                entries.push(entry);
            }
            return;
        }
        entries.change(entry.digest, |known| {
            (known.gone, known.size) = (entry.gone, entry.size);
        });
    }

    fn change(&mut self, key: &Key, digest: Option<Digest>, change: impl Fn(&mut Entry)) {
        if let Some(entries) = self.entries.get_mut(key) {
            entries.change(digest, change);
        }
    }

    /// A message is listed, as it is remembered.
    fn back(&mut self, key: &Key, digest: Option<Digest>) {
        if let Key::Uid(uid) = key {
            self.doubts.settle_as_it_is(uid);
        }
        self.change(key, digest, |entry| entry.gone = None);
    }

    /// Forgets by which UIDs messages were known: another maildrop may use the same for others. Their
    /// bytes still tell them.
    fn rename(&mut self) {
        self.failures.clear();
        self.parts.rename();
        (self.login, self.offers) = (None, None);
        for (key, entries) in std::mem::take(&mut self.entries).iter() {
            for entry in entries.known().iter() {
                let digest = match key {
                    Key::Digest(digest) => Some(*digest),
                    Key::Uid(_) => entry.digest,
                };
                let Some(key) = digest.map(Key::Digest) else {
                    continue;
                };
                match self.entries.get_mut(&key) {
                    Some(same) => same.push(entry),
                    None => self.entries.push(key, Entries::one(entry)),
                }
            }
        }
        self.anonymous = self.entries.len();
    }

    /// Forgets what has been gone since before this moment.
    fn forget(&mut self, before: Time) {
        self.parts.forget(before);
        self.entries.retain(|_, entries| {
            entries.retain(|entry| entry.gone.is_none_or(|since| since >= before));
            !entries.known().is_empty()
        });
        let keys = self.entries.iter().map(|(key, _)| key);
        self.anonymous = keys.filter(|key| matches!(key, Key::Digest(_))).count();
    }

    /// Whether any message was stored.
    pub fn any(&self) -> bool {
        self.entries.len() > 0
    }

    /// Whether no message is remembered at all.
    pub fn is_blank(&self) -> bool {
        self.entries.len() == 0 && self.failures.is_empty() && self.begun.is_empty()
    }

    /// How many lines would say all this.
    fn lines(&self) -> usize {
        let entries = self.entries.iter();
        let entries = entries.map(|(_, entries)| entries.known().len());
        entries.sum::<usize>() + self.failures.len() + self.begun.len() + self.parts.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(name: &str) -> Uid {
        Uid::new(name.as_bytes()).unwrap()
    }

    fn records(lines: &[&str]) -> Records {
        let mut records = Records::default();
        for line in lines {
            records.take(text::parse(line.as_bytes()).unwrap()).unwrap();
        }
        records
    }

    #[test]
    fn a_claim_counts_only_when_it_is_done() {
        let digest = "000102030405060708090a0b0c0d0e0f";
        let claim = |id: u32, uid: &str| format!("claim {id} {uid} 5 9 {digest} 1 - maildir");
        let (one, two) = (claim(1, "a"), claim(2, "b"));
        let open = records(&[&one, &two]);
        assert!(open.of(&uid("a")).is_empty());
        assert_eq!(open.begun.len(), 2);
        let done = records(&[&one, &two, "done 1 2"]);
        assert_eq!(done.of(&uid("a")).len(), 1);
        assert!(done.begun.is_empty());
        assert!(records(&[&one, "void 1"]).of(&uid("a")).is_empty());
    }

    #[test]
    fn what_is_stored_again_is_remembered_once() {
        let again = records(&["seen a 5 9 - 1", "seen a 5 10 - 1"]);
        assert_eq!(again.of(&uid("a")).len(), 1);
        assert_eq!(again.of(&uid("a")).only().unwrap().stored, Time(9));
        let twins = records(&["seen a 5 9 - 2", "seen a 5 9 - 2"]);
        assert_eq!(twins.of(&uid("a")).len(), 2);
    }

    #[test]
    fn what_was_marked_and_is_stored_is_one() {
        let one = "000102030405060708090a0b0c0d0e0f";
        let other = "ff0102030405060708090a0b0c0d0e0f";
        let seen = |digest: &str, copies| format!("seen a 5 10 {digest} {copies}");
        let (stored, again) = (seen(one, 1), seen(other, 1));
        let marked = records(&["seen a - 9 - 1", &stored]);
        let known = marked.of(&uid("a")).only().unwrap();
        assert_eq!((known.stored, known.size), (Time(9), Some(5)));
        assert!(known.digest.is_some());
        // A second message with this UID is another one.
        let two = records(&["seen a - 9 - 1", &stored, &again]);
        assert_eq!(two.of(&uid("a")).len(), 2);
        // One of two was marked: there is room for the other.
        let twin = records(&["seen a - 9 - 1", &seen(one, 2)]);
        assert_eq!(twin.of(&uid("a")).len(), 2);
    }

    #[test]
    fn what_is_looked_for_is_found_in_whatever_order() {
        let records = records(&["seen a 1 9 - 1", "seen b 2 9 - 1", "seen c 3 9 - 1"]);
        let size = |name: &str| records.of(&uid(name)).only().and_then(|entry| entry.size);
        for order in ["abcabc", "cbacba", "ccaabb", "axbycz", "bacxbac", "xyz"] {
            for (at, name) in order.char_indices() {
                let known = ["a", "b", "c"].into_iter().zip(1..);
                let known = known
                    .into_iter()
                    .find(|(known, _)| name.to_string() == *known);
                let found = size(&name.to_string());
                assert_eq!(found, known.map(|(_, size)| size), "{order} at {at}");
            }
        }
    }

    #[test]
    fn gone_messages_are_told_from_those_that_are_back() {
        let mut records = records(&["seen a 5 9 - 1", "seen b 5 9 - 1", "gone b - 10"]);
        let listed = [Listing {
            number: crate::message::MessageNumber(1),
            size: None,
            uid: Some(uid("b")),
        }];
        let mut lines = records.moved(&listed, Time(20));
        lines.sort_by_key(|line| format!("{line:?}"));
        assert_eq!(lines.len(), 2);
        for line in lines {
            records.take(line).unwrap();
        }
        assert_eq!(records.of(&uid("a")).only().unwrap().gone, Some(Time(20)));
        assert_eq!(records.of(&uid("b")).only().unwrap().gone, None);
        records.forget(Time(21));
        assert!(records.of(&uid("a")).is_empty());
        assert_eq!(records.of(&uid("b")).len(), 1);
    }
}
