//! The dry run: says what a fetch would do, and leaves everything as it was.

use super::acquaintance::Acquaintance;
use super::bounded::Bounded;
use super::{now, Road};
use crate::error::{Error, Reach, Result};
use crate::event::{Event, Skipped, Stage};
use crate::maildrop::Maildrop;
use crate::message::{decoded, header, Disposition};
use crate::plan::{Reason, Step};

/// At so many messages a look at each head is worth its round trips.
const GLANCES: usize = 100;

/// By what a rehearsal knows messages.
struct Known {
    acquaintance: Acquaintance,
    /// Whether a look at each head is wanted.
    glance: bool,
}

impl Road<'_> {
    /// Says for each step what it would come to. Where only its bytes can tell, a message is
    /// retrieved and let go.
    pub(super) fn rehearse(
        &mut self,
        mut maildrop: Box<dyn Maildrop + '_>,
        steps: &[Step],
    ) -> Result<()> {
        self.planned(steps);
        self.events.enter(Stage::Retrieving);
        let mut known = Known {
            acquaintance: self.acquaintance(steps),
            glance: steps.iter().filter(|step| step.retrieve()).count() <= GLANCES,
        };
        let mut ended = Ok(());
        for step in steps {
            if self.patience.stop.signal().is_some() {
                ended = Err(Error::Interrupted);
                break;
            }
            match self.foresee(&mut *maildrop, step, &mut known) {
                Err(error) if error.reach() == Reach::Message => self.cannot_have(step, error)?,
                told => told?,
            }
        }
        self.vanish(maildrop)?;
        ended
    }

    /// Takes back whatever this session did, and says goodbye. Some servers mark what was looked at;
    /// this session has not happened.
    pub(super) fn vanish(&mut self, mut maildrop: Box<dyn Maildrop + '_>) -> Result<()> {
        self.events.enter(Stage::Quitting);
        maildrop.reset()?;
        maildrop.quit().map(drop)
    }

    /// Says what one step would come to.
    fn foresee(
        &mut self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
        known: &mut Known,
    ) -> Result<()> {
        let passes = self.passes(step, 0);
        let uid = step.listing.uid.clone();
        let (new, fate) = match step.why {
            Reason::Seen => (false, step.afterwards),
            Reason::New if passes => (true, step.afterwards),
            Reason::Compare if passes => self.compare(maildrop, step, &mut known.acquaintance)?,
            Reason::TooLarge => {
                self.tally.skipped += 1;
                let (size, why) = (step.listing.size, Skipped::TooLarge);
                self.events.emit(Event::Skip { uid, size, why });
                return Ok(());
            }
            Reason::Left => {
                self.tally.skipped += 1;
                let (size, why) = (step.listing.size, Skipped::Filtered);
                self.events.emit(Event::Skip { uid, size, why });
                return Ok(());
            }
            Reason::Unwanted => {
                self.tally.deleted += 1;
                self.events.emit(Event::WouldDelete { uid });
                return Ok(());
            }
            Reason::New | Reason::Compare | Reason::Limit => return Ok(()),
        };
        match (new, known.glance) {
            (false, _) => self.tally.seen += 1,
            (true, false) => self.would_deliver(step, None),
            (true, true) => {
                let head = self.glance(maildrop, step)?;
                self.would_deliver(step, head);
            }
        }
        if fate == Disposition::Delete {
            self.tally.deleted += 1;
            self.events.emit(Event::WouldDelete { uid });
        }
        Ok(())
    }

    /// Retrieves a message to see whether it is new, and what would become of it.
    fn compare(
        &mut self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
        acquaintance: &mut Acquaintance,
    ) -> Result<(bool, Disposition)> {
        let mut reader = Bounded::open(maildrop, step)?;
        self.piece.begin(&mut reader)?;
        let (digest, _) = self.pour(&mut reader, None)?;
        Ok(match acquaintance.meet(digest) {
            Some(stored) => (false, self.account.policy.afterwards(stored, now())),
            None => (true, step.afterwards),
        })
    }

    fn would_deliver(&mut self, step: &Step, head: Option<Vec<u8>>) {
        let subject = head
            .and_then(|head| header(&head, "Subject"))
            .map(|subject| decoded(&subject))
            .unwrap_or_default();
        let (uid, size) = (step.listing.uid.clone(), step.listing.size);
        self.tally.new += 1;
        self.tally.bytes += size.unwrap_or(0);
        self.events.emit(Event::WouldDeliver { uid, size, subject });
    }

    /// The head of a message; a server that will not show it is no reason to stop.
    pub(super) fn glance(
        &self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
    ) -> Result<Option<Vec<u8>>> {
        match maildrop.head(step.listing.number) {
            Err(error) if error.reach() != Reach::Line => Ok(None),
            head => head,
        }
    }
}
