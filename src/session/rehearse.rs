//! The dry run: says what a fetch would do, and leaves everything as it was.

use super::carry::read_head;
use super::{now, Road};
use crate::error::{Reach, Result};
use crate::event::{Event, Left, Stage};
use crate::maildrop::Maildrop;
use crate::message::{header, Disposition, Listing};
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
            let Listing {
                number,
                size,
                ref uid,
            } = step.listing;
            let (mut new, mut fate) = (step.why == Reason::New, step.afterwards);
            if step.why == Reason::Compare {
                let mut reader = maildrop.retrieve(number)?;
                let head = read_head(&mut *reader)?;
                let (digest, _) = self.pour(&head, &mut *reader, None)?;
                match acquaintance.meet(digest) {
                    Some(stored) => fate = self.account.policy.afterwards(stored, now()),
                    None => new = true,
                }
            }
            match step.why {
                Reason::New | Reason::Compare | Reason::Seen => {}
                Reason::TooLarge => {
                    self.tally.skipped += 1;
                    self.events.emit(Event::Skip {
                        uid: uid.clone(),
                        size,
                        why: Left::TooLarge,
                    });
                    continue;
                }
                Reason::Limit => {
                    self.tally.more = true;
                    continue;
                }
            }
            if new {
                let head = if glance {
                    self.glance(&mut *maildrop, step)?
                } else {
                    None
                };
                let subject = head
                    .and_then(|head| header(&head, "Subject"))
                    .unwrap_or_default();
                self.tally.new += 1;
                self.tally.bytes += size.unwrap_or(0);
                self.events.emit(Event::WouldDeliver {
                    uid: uid.clone(),
                    size,
                    subject,
                });
            } else {
                self.tally.seen += 1;
            }
            if fate == Disposition::Delete {
                self.tally.deleted += 1;
                self.events.emit(Event::WouldDelete { uid: uid.clone() });
            }
        }
        self.events.enter(Stage::Quitting);
        // Some servers mark what was looked at; this session has not happened.
        maildrop.reset()?;
        maildrop.quit().map(drop)
    }

    /// The head of a message; a server that will not show it is no reason to stop.
    fn glance(&self, maildrop: &mut dyn Maildrop, step: &Step) -> Result<Option<Vec<u8>>> {
        match maildrop.head(step.listing.number) {
            Err(error) if error.reach() != Reach::Line => Ok(None),
            head => head,
        }
    }
}
