//! What is settled without being delivered: what is known, too large, or not wanted.

use super::carry::key;
use super::{now, Road};
use crate::error::Result;
use crate::event::{Event, Skipped};
use crate::maildrop::Maildrop;
use crate::message::{Digest, Listing, Time};
use crate::plan::{Reason, Step};
use crate::seen::{Entry, Key};

impl Road<'_> {
    /// Settles a message that is not retrieved.
    pub(super) fn settle_unread(&mut self, maildrop: &mut dyn Maildrop, step: &Step) -> Result<()> {
        let Listing { uid, size, .. } = step.listing.clone();
        match step.why {
            Reason::Seen => {
                let counted = self.took(step) || self.has_parted(step);
                self.tally.seen += u64::from(!counted);
                return self.settle(maildrop, &step.listing, key(&step.listing), step.afterwards);
            }
            Reason::TooLarge => {
                self.tally.skipped += 1;
                let why = Skipped::TooLarge;
                self.events.emit(Event::Skip { uid, size, why });
            }
            Reason::Left => {
                self.tally.skipped += 1;
                let why = Skipped::Filtered;
                self.events.emit(Event::Skip { uid, size, why });
            }
            // It is nothing that was stored.
            Reason::Unwanted => {
                return self.settle(maildrop, &step.listing, None, step.afterwards);
            }
            // The tally says that more is waiting, or what failed.
            Reason::Limit | Reason::Compare | Reason::New => {}
        }
        Ok(())
    }

    /// A message turned out to be known by its bytes: nothing is delivered, but it is known by its
    /// UID and size of today from now on.
    pub(super) fn recognised(
        &mut self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
        digest: Digest,
        stored: Time,
    ) -> Result<()> {
        let Listing { uid, size, .. } = step.listing.clone();
        let by = uid.clone().map_or(Key::Digest(digest), Key::Uid);
        let counted = self.took(step) || self.has_parted_with(&by);
        self.tally.seen += u64::from(!counted);
        if let Some(uid) = uid {
            let known = self
                .memory
                .records()
                .of(&uid)
                .iter()
                .any(|entry| entry.digest == Some(digest));
            let key = Key::Uid(uid);
            match size {
                Some(size) if known => self.memory.resize(key, digest, size)?,
                _ if known => {}
                _ => {
                    let (digest, copies) = (Some(digest), step.copies);
                    let entry = Entry {
                        size,
                        stored,
                        digest,
                        copies,
                        gone: None,
                    };
                    self.memory.remember(key, entry)?;
                }
            }
        }
        let fate = self.account.policy.afterwards(stored, now());
        self.read.push(by.clone());
        self.settle(maildrop, &step.listing, Some(by), fate)
    }
}
