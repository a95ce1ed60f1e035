//! Remembering all that is there as seen, without having seen it.

use super::{now, Road};
use crate::error::{Error, Result};
use crate::event::Stage;
use crate::maildrop::Maildrop;
use crate::message::Uid;
use crate::plan::{Reason, Step};

impl Road<'_> {
    /// Remembers what is not known yet. What has no UID could only be known by its bytes.
    pub(super) fn mark(&mut self, maildrop: Box<dyn Maildrop + '_>, steps: &[Step]) -> Result<()> {
        let unknown = steps.iter().filter(|step| step.why != Reason::Seen);
        let known = steps.len() - unknown.clone().count();
        let named = |step: &Step| -> Option<(Uid, Option<u64>)> {
            Some((step.listing.uid.clone()?, step.listing.size))
        };
        let unknown: Option<Vec<_>> = unknown.map(named).collect();
        let marked = match unknown {
            Some(unknown) => self.memory.mark_seen(&unknown, now()),
            None => Err(Error::NoUids),
        };
        self.events.enter(Stage::Quitting);
        let quit = maildrop.quit().map(drop);
        self.tally.new = marked? as u64;
        self.tally.seen += known as u64;
        quit
    }
}
