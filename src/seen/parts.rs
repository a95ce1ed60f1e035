//! What some of several destinations have and others still lack: for each message the places that have
//! it, until all have. Of messages that are the same, each place may have some and lack others.

use super::text::Line;
use super::Key;
use crate::message::{Digest, Time};
use std::collections::BTreeMap;

/// A message, by its bytes, too: its UID may come to mean another.
type Message = (Key, Digest);

/// The places that have messages which are not remembered yet.
#[derive(Debug, Default)]
pub struct Parts(BTreeMap<Message, BTreeMap<Vec<u8>, Copies>>);

/// The copies of a message that a place has.
#[derive(Debug)]
struct Copies {
    count: u32,
    /// So many of them are those of letters under way.
    met: u32,
    /// When the rest of one was tried last.
    tried: Time,
}

impl Parts {
    /// How a message is known here: if the maildrop moved, by its bytes alone.
    fn message(&self, key: &Key, digest: Digest) -> Message {
        let message = (key.clone(), digest);
        let moved = (Key::Digest(digest), digest);
        match !self.0.contains_key(&message) && self.0.contains_key(&moved) {
            true => moved,
            false => message,
        }
    }

    /// The places that have a message which is to be delivered now: for one more that is the same it
    /// takes one more copy.
    pub fn meet(&mut self, key: &Key, digest: Digest) -> Vec<Vec<u8>> {
        let message = self.message(key, digest);
        let places = self.0.get_mut(&message);
        let mut met = Vec::new();
        for (place, copies) in places.into_iter().flatten() {
            if copies.met < copies.count {
                copies.met += 1;
                met.push(place.clone());
            }
        }
        met
    }

    /// No letter is under way any more.
    pub fn part(&mut self) {
        let all = self.0.values_mut().flat_map(BTreeMap::values_mut);
        all.for_each(|copies| copies.met = 0);
    }

    /// How many copies there are.
    pub fn count(&self) -> usize {
        let all = self.0.values().flat_map(BTreeMap::values);
        all.map(|copies| copies.count as usize).sum()
    }

    /// The lines that say all this.
    pub fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        self.0.iter().flat_map(|((key, digest), places)| {
            places.iter().flat_map(|(place, copies)| {
                let line = Line::Part(key.clone(), *digest, copies.tried, place.clone());
                std::iter::repeat_n(line, copies.count as usize)
            })
        })
    }

    /// This place has a copy of this message.
    pub(super) fn add(&mut self, (key, digest): &Message, tried: Time, place: Vec<u8>) {
        let message = self.message(key, *digest);
        let places = self.0.entry(message).or_default();
        let (count, met) = (0, 0);
        let copies = places.entry(place).or_insert(Copies { count, met, tried });
        (copies.count, copies.tried) = (copies.count.saturating_add(1), tried);
    }

    /// All have a message that these places had before.
    pub(super) fn complete(&mut self, (key, digest): &Message, had: &[Vec<u8>]) {
        let message = self.message(key, *digest);
        let Some(places) = self.0.get_mut(&message) else {
            return;
        };
        for place in had {
            if let Some(copies) = places.get_mut(place) {
                copies.count = copies.count.saturating_sub(1);
                copies.met = copies.met.saturating_sub(1);
            }
        }
        self.0.retain(|_, places| {
            places.retain(|_, copies| copies.count > 0);
            !places.is_empty()
        });
    }

    /// Some still lack a message that these places had before.
    pub(super) fn keep(&mut self, (key, digest): &Message, had: &[Vec<u8>], tried: Time) {
        let message = self.message(key, *digest);
        let Some(places) = self.0.get_mut(&message) else {
            return;
        };
        for place in had {
            if let Some(copies) = places.get_mut(place) {
                (copies.met, copies.tried) = (copies.met.saturating_sub(1), tried);
            }
        }
    }

    /// UIDs mean other messages from now on; bytes still tell.
    pub(super) fn rename(&mut self) {
        for ((_, digest), places) in std::mem::take(&mut self.0) {
            let message = (Key::Digest(digest), digest);
            for (place, copies) in places {
                let each = 0..copies.count;
                each.for_each(|_| self.add(&message, copies.tried, place.clone()));
            }
        }
    }

    /// Forgets what nobody has tried to complete since this moment.
    pub(super) fn forget(&mut self, before: Time) {
        for places in self.0.values_mut() {
            places.retain(|_, copies| copies.tried >= before);
        }
        self.0.retain(|_, places| !places.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Uid;

    const DIGEST: Digest = Digest([1; 16]);

    fn uid(name: &str) -> Key {
        Key::Uid(Uid::new(name.as_bytes()).unwrap())
    }

    fn message() -> Message {
        (uid("a"), DIGEST)
    }

    fn places(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    fn with(names: &[&str]) -> Parts {
        let mut parts = Parts::default();
        let each = places(names).into_iter();
        each.for_each(|place| parts.add(&message(), Time(5), place));
        parts
    }

    #[test]
    fn of_messages_that_are_the_same_each_meets_what_no_other_has_met() {
        let mut parts = with(&["one", "one", "two"]);
        assert_eq!(parts.meet(&uid("a"), DIGEST), places(&["one", "two"]));
        assert_eq!(parts.meet(&uid("a"), DIGEST), places(&["one"]));
        assert_eq!(parts.meet(&uid("a"), DIGEST), places(&[]));
        // The first is complete, the second is not, and neither is one more.
        parts.complete(&message(), &places(&["one", "two"]));
        parts.keep(&message(), &places(&["one"]), Time(6));
        parts.keep(&message(), &[], Time(6));
        assert_eq!(parts.meet(&uid("a"), DIGEST), places(&["one"]));
        parts.complete(&message(), &places(&["one"]));
        assert_eq!(parts.count(), 0);
    }

    #[test]
    fn another_session_meets_all_again() {
        let mut parts = with(&["one"]);
        assert_eq!(parts.meet(&uid("a"), DIGEST).len(), 1);
        assert_eq!(parts.meet(&uid("a"), DIGEST).len(), 0);
        parts.part();
        assert_eq!(parts.meet(&uid("a"), DIGEST).len(), 1);
    }

    #[test]
    fn neither_another_uid_nor_other_bytes_are_the_same_unless_the_maildrop_moved() {
        let mut parts = with(&["one"]);
        assert_eq!(parts.meet(&uid("b"), DIGEST).len(), 0);
        assert_eq!(parts.meet(&uid("a"), Digest([2; 16])).len(), 0);
        parts.rename();
        assert_eq!(parts.meet(&uid("b"), DIGEST).len(), 1);
        parts.complete(&(uid("b"), DIGEST), &places(&["one"]));
        assert_eq!(parts.count(), 0);
    }

    #[test]
    fn what_nobody_tries_to_complete_is_forgotten_and_no_sooner() {
        let mut parts = with(&["one", "two"]);
        parts.keep(&message(), &places(&["one"]), Time(9));
        parts.forget(Time(5));
        assert_eq!(parts.count(), 2);
        parts.forget(Time(9));
        assert_eq!(parts.meet(&uid("a"), DIGEST), places(&["one"]));
        parts.forget(Time(10));
        assert_eq!(parts.count(), 0);
    }
}
