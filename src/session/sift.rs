//! The header filter: what it says is settled before anything is fetched. Of a message with a UID of its
//! own it is asked but once in a run.

use super::batch::SIGN_OF_LIFE;
use super::carry::which;
use super::piece::PIECE;
use super::Road;
use crate::delivery::{Filter, Verdict};
use crate::error::{Error, Reach, Result};
use crate::maildrop::{Maildrop, Part};
use crate::message::{head_end, Disposition};
use crate::plan::{Reason, Step};
use std::time::Instant;

impl Road<'_> {
    /// Has the filter judge what would be fetched, as long as the limit leaves room for more.
    pub(super) fn sift(&mut self, maildrop: &mut dyn Maildrop, steps: &mut [Step]) -> Result<()> {
        let Some(filter) = &self.account.filter else {
            return Ok(());
        };
        let wanted = steps.iter().filter(|step| self.may_have(step));
        let wanted: Vec<_> = wanted.map(super::to_be_asked).collect();
        maildrop.announce(Part::Head, &wanted);
        let mut taken = 0;
        for step in steps {
            if !self.may_have(step) {
                continue;
            }
            if self.patience.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            if !self.has_room(taken) {
                (step.why, step.afterwards) = (Reason::Limit, Disposition::Keep);
                continue;
            }
            match self.judge(maildrop, filter, step) {
                Ok(Verdict::Take) => taken += 1,
                Ok(Verdict::Delete) => {
                    (step.why, step.afterwards) = (Reason::Unwanted, Disposition::Delete);
                }
                Ok(Verdict::Leave) => {
                    (step.why, step.afterwards) = (Reason::Left, Disposition::Keep);
                }
                Err(error) if error.reach() == Reach::Message => self.cannot_have(step, error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        maildrop: &mut dyn Maildrop,
        filter: &Filter,
        step: &Step,
    ) -> Result<Verdict> {
        // What shares its UID with others may be another one the next time.
        let same = step.listing.uid.is_some() && step.copies == 1;
        if let Some(verdict) = self.judged.get(&which(step)).filter(|_| same) {
            return Ok(*verdict);
        }
        let head = maildrop.head(step.listing.number)?.ok_or(Error::NoHead)?;
        if head.len() >= PIECE && head_end(&head).is_none() {
            return Err(Error::LongHead(PIECE));
        }
        let mut sign = Instant::now();
        let mut meanwhile = || {
            if sign.elapsed() >= SIGN_OF_LIFE {
                sign = Instant::now();
                // If the line fails meanwhile it stays failed, and whoever uses it next is told.
                let _ = maildrop.keep_alive();
            }
        };
        let verdict = filter.judge(&head, &step.listing, &mut meanwhile)?;
        if same {
            self.judged.insert(which(step), verdict);
        }
        Ok(verdict)
    }
}
