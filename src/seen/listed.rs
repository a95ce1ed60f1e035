//! What a listing says of what is remembered: who is gone, and who is back.

use super::text::Line;
use super::{Key, Records};
use crate::message::{Digest, Listing, Time};
use std::collections::HashMap;

impl Records {
    /// What changes when exactly these messages are listed: which are gone, which are back.
    pub(super) fn moved(&self, listings: &[Listing], now: Time) -> Vec<Line> {
        let mut listed = vec![false; self.entries.len()];
        let uids = listings.iter().filter_map(|listing| listing.uid.as_ref());
        for place in uids.filter_map(|uid| self.place(uid)) {
            listed[place] = true;
        }
        let mut lines = self.settled(listings);
        lines.extend(self.changes(now, |key, place| match key {
            Key::Uid(_) => Some(listed[place]),
            // Where nothing is listed nothing is there, whatever it is known by.
            Key::Digest(_) => listings.is_empty().then_some(false),
        }));
        lines
    }

    /// The same for messages without UIDs, when exactly these were met.
    pub(super) fn met(&self, met: &HashMap<Digest, usize>, now: Time) -> Vec<Line> {
        self.changes(now, |key, _| match key {
            Key::Uid(_) => None,
            Key::Digest(digest) => Some(met.contains_key(digest)),
        })
    }

    /// What changes when this tells who is here; `None` where it cannot tell.
    fn changes(&self, now: Time, here: impl Fn(&Key, usize) -> Option<bool>) -> Vec<Line> {
        let mut lines = Vec::new();
        for (place, (key, entries)) in self.entries.iter().enumerate() {
            let Some(here) = here(key, place) else {
                continue;
            };
            for entry in entries.known().iter() {
                match (here, entry.gone) {
                    (true, Some(_)) => lines.push(Line::Back(key.clone(), entry.digest)),
                    (false, None) => lines.push(Line::Gone(key.clone(), entry.digest, now)),
                    _ => {}
                }
            }
        }
        lines
    }
}
