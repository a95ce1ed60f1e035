//! Steps 10 and 11 of the road: what is to be deleted is noted, and happens with the goodbye.

use super::{now, Road};
use crate::error::Result;
use crate::event::{Event, Notice, Stage};
use crate::maildrop::{Left, Maildrop};
use crate::message::{Disposition, Listing};
use crate::seen::Key;
use std::collections::HashSet;

impl Road<'_> {
    /// Notes that a message, remembered by this key, is to be deleted, if it is.
    pub(super) fn settle(
        &mut self,
        maildrop: &mut dyn Maildrop,
        listing: &Listing,
        key: Option<Key>,
        fate: Disposition,
    ) -> Result<()> {
        maildrop.settle(listing.number, fate)?;
        if fate == Disposition::Delete {
            self.condemned.push((listing.clone(), key));
        }
        Ok(())
    }

    /// Lets the deletions happen and says goodbye. What was retrieved is not expected to be listed
    /// again where the server says that it keeps nothing.
    pub(super) fn leave(&mut self, maildrop: Box<dyn Maildrop + '_>) -> Result<()> {
        self.events.enter(Stage::Quitting);
        let keeps_nothing = maildrop.expires_after() == Some(0) || self.account.policy.drain;
        if !self.condemned.is_empty() {
            // What an earlier run remembered may not have reached the disk before it was killed.
            self.memory.secure()?;
        }
        let Left { refused, spared } = maildrop.quit()?;
        if !refused.is_empty() {
            self.events.notice(Notice::NotDeleted(refused.len()));
        }
        let left: HashSet<_> = refused.into_iter().chain(spared).collect();
        let mut keys = Vec::new();
        for (listing, key) in std::mem::take(&mut self.condemned) {
            if !left.contains(&listing.number) {
                self.tally.deleted += 1;
                self.events.emit(Event::Delete { uid: listing.uid });
                keys.extend(key);
            }
        }
        self.deleted.extend(keys.iter().cloned());
        if keeps_nothing {
            self.hidden.extend(self.read.iter().cloned());
            keys.append(&mut self.read);
        }
        keys.sort_unstable();
        keys.dedup();
        self.memory.deleted(keys, now())
    }
}
