//! The dry run: says what a fetch would do, and leaves everything as it was.

use super::carry::{read_head, Acquaintance};
use super::{now, Road};
use crate::error::{Reach, Result};
use crate::event::{Event, Stage};
use crate::maildrop::Maildrop;
use crate::message::{header, Disposition};
use crate::plan::{Reason, Step};

/// At so many messages a look at each head is worth its round trips.
const GLANCES: usize = 100;

impl Road<'_> {
    /// Says for each step what it would come to. Where only its bytes can tell, a message is
    /// retrieved and let go.
    pub(super) fn rehearse(
        &mut self,
        mut maildrop: Box<dyn Maildrop + '_>,
        steps: &[Step],
    ) -> Result<()> {
        self.events.enter(Stage::Retrieving);
        let mut acquaintance = self.acquaintance(steps);
        let glance = steps.iter().filter(|step| step.retrieve()).count() <= GLANCES;
        for step in steps {
            let uid = step.listing.uid.clone();
            let (new, fate) = match step.why {
                Reason::New => (true, step.afterwards),
                Reason::Seen => (false, step.afterwards),
                Reason::Compare => self.compare(&mut *maildrop, step, &mut acquaintance)?,
                Reason::TooLarge => {
                    self.tally.skipped += 1;
                    let size = step.listing.size;
                    self.events.emit(Event::Skip { uid, size });
                    continue;
                }
                Reason::Limit => {
                    self.tally.more = true;
                    continue;
                }
            };
            match (new, glance) {
                (false, _) => self.tally.seen += 1,
                (true, false) => self.would_deliver(step, None),
                (true, true) => {
                    let head = self.glance(&mut *maildrop, step)?;
                    self.would_deliver(step, head);
                }
            }
            if fate == Disposition::Delete {
                self.tally.deleted += 1;
                self.events.emit(Event::WouldDelete { uid });
            }
        }
        self.events.enter(Stage::Quitting);
        // Some servers mark what was looked at; this session has not happened.
        maildrop.reset()?;
        maildrop.quit().map(drop)
    }

    /// Retrieves a message to see whether it is new, and what would become of it.
    fn compare(
        &mut self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
        acquaintance: &mut Acquaintance,
    ) -> Result<(bool, Disposition)> {
        let mut reader = maildrop.retrieve(step.listing.number)?;
        let head = read_head(&mut *reader)?;
        let (digest, _) = self.pour(&head, &mut *reader, None)?;
        Ok(match acquaintance.meet(digest) {
            Some(stored) => (false, self.account.policy.afterwards(stored, now())),
            None => (true, step.afterwards),
        })
    }

    fn would_deliver(&mut self, step: &Step, head: Option<Vec<u8>>) {
        let subject = head
            .and_then(|head| header(&head, "Subject"))
            .unwrap_or_default();
        let (uid, size) = (step.listing.uid.clone(), step.listing.size);
        self.tally.new += 1;
        self.tally.bytes += size.unwrap_or(0);
        self.events.emit(Event::WouldDeliver { uid, size, subject });
    }

    /// The head of a message; a server that will not show it is no reason to stop.
    fn glance(&self, maildrop: &mut dyn Maildrop, step: &Step) -> Result<Option<Vec<u8>>> {
        match maildrop.head(step.listing.number) {
            Err(error) if error.reach() != Reach::Line => Ok(None),
            head => head,
        }
    }
}
