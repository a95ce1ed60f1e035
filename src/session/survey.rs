//! A look at what is there: what is waiting, or what each message is. Nothing is downloaded, and
//! nothing is changed at the server.

use super::{to_be_asked, Road};
use crate::error::{Error, Result};
use crate::event::{Event, Listed, Mode, Stage, Standing};
use crate::maildrop::{Maildrop, Part};
use crate::message::{date, decoded, header};
use crate::plan::{Reason, Step};

impl Road<'_> {
    /// Says what this mode is to say of the plan.
    pub(super) fn tell(&mut self, maildrop: Box<dyn Maildrop + '_>, steps: &[Step]) -> Result<()> {
        match self.mode {
            Mode::Check | Mode::Settle | Mode::Probe => self.count(maildrop, steps),
            Mode::List => self.list(maildrop, steps),
            Mode::Mark => self.mark(maildrop, steps),
            Mode::Fetch | Mode::DryRun => self.rehearse(maildrop, steps),
        }
    }

    /// Counts what is waiting.
    fn count(&mut self, maildrop: Box<dyn Maildrop + '_>, steps: &[Step]) -> Result<()> {
        let tally = &mut self.tally;
        (tally.new, tally.bytes, tally.unsure) = (0, 0, 0); // of a walk over a line that was lost
        for step in steps {
            let size = step.listing.size.unwrap_or(0);
            match self.standing(step) {
                Standing::New => {
                    self.tally.new += 1;
                    self.tally.bytes += size;
                }
                Standing::Seen => self.tally.seen += 1,
                Standing::Unsure => self.tally.unsure += 1,
                Standing::Large => self.tally.skipped += 1,
            }
        }
        self.events.enter(Stage::Quitting);
        maildrop.quit().map(drop)
    }

    /// Tells of each message, as long as anybody listens.
    fn list(&mut self, mut maildrop: Box<dyn Maildrop + '_>, steps: &[Step]) -> Result<()> {
        self.events.enter(Stage::Retrieving);
        let mut steps: Vec<&Step> = steps.iter().collect();
        steps.sort_by_key(|step| step.listing.number);
        let wanted: Vec<_> = steps.iter().map(|step| to_be_asked(step)).collect();
        maildrop.announce(Part::Head, &wanted);
        let mut ended = Ok(());
        for step in steps {
            if self.patience.stop.signal().is_some() {
                ended = Err(Error::Interrupted);
                break;
            }
            let head = self.glance(&mut *maildrop, step)?.unwrap_or_default();
            let said = |name| header(&head, name);
            let shown = |name| said(name).map(|value| decoded(&value)).unwrap_or_default();
            self.events.emit(Event::Listed(Box::new(Listed {
                listing: step.listing.clone(),
                standing: self.standing(step),
                date: said("Date").and_then(|value| date(&value)),
                from: shown("From"),
                subject: shown("Subject"),
            })));
            if !self.events.heard() {
                break;
            }
        }
        self.vanish(maildrop)?;
        ended
    }

    /// What is known of a message without its bytes. Where nothing was ever stored, all is new.
    fn standing(&self, step: &Step) -> Standing {
        match step.why {
            Reason::New | Reason::Limit | Reason::Left | Reason::Unwanted => Standing::New,
            Reason::Compare if self.memory.records().is_blank() => Standing::New,
            Reason::Compare => Standing::Unsure,
            Reason::Seen => Standing::Seen,
            Reason::TooLarge => Standing::Large,
        }
    }
}
