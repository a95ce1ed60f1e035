//! Why and how often the road is walked again in one run. There is one loop, and nothing is carried
//! from one walk to the next but counts: the memory makes each go on where the one before it stood.

use super::Road;
use crate::delivery::Delivery;
use crate::error::{Error, Result};
use crate::event::{Mode, Notice, Stage};
use crate::maildrop::{self, Pipeline};
use std::time::{Duration, Instant};

/// How long to wait before connecting again after a drop; longer with each that follows.
const BREATH: Duration = Duration::from_millis(500);
/// The longest such wait.
const LONG_BREATH: Duration = Duration::from_secs(30);
/// How many slices of a maildrop are taken in one run: each may bring more, without end.
const SLICES: u32 = 100;
/// How long to sleep before looking for a signal.
const NAP: Duration = Duration::from_millis(250);

/// Why the road is to be walked again.
pub(super) enum Again {
    /// The line was lost.
    Lost(Error),
    /// It was lost, perhaps to what was sent ahead, which is not done again.
    LockStep(Error),
    /// What was done so far was to last before more is done.
    Commit,
    /// Something new came, and the server may show more now.
    Slice,
}

/// How much a run has achieved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    new: u64,
    deleted: usize,
    hidden: usize,
}

impl Road<'_> {
    /// Walks until there is nothing left to walk for. A loss counts anew once a session has ended
    /// well: on a weak line with `commit_every` each portion has its own chances.
    pub(super) fn walk_to_the_end(
        &mut self,
        delivery: Option<&dyn Delivery>,
        retry: u32,
    ) -> Result<()> {
        let (mut losses, mut by_choice) = (0, false);
        loop {
            let walked = self.walk(delivery);
            if let Err(error) = &walked {
                self.ask_first(error);
            }
            let again = match walked {
                Ok(None) => return Ok(()),
                Ok(Some(again)) => {
                    losses = 0;
                    self.portion.ended(&again);
                    again
                }
                // It let us in before, and we came again by our own choice: nothing failed.
                Err(Error::LoginDelay { .. }) if by_choice => return self.put_off(Again::Slice),
                // What was garbled must not be left at that, or it would be the same in every run;
                // a line is also cut for other reasons.
                Err(Error::OutOfStep(error)) if self.may_fall_into_step(&error, losses < retry) => {
                    losses += 1;
                    self.pipeline = Pipeline::Lost;
                    Again::LockStep(*error)
                }
                Err(error) if losses < retry && self.worth_another_try(&error) => {
                    losses += 1;
                    if !matches!(error, Error::InUse(_)) {
                        self.servers.pass();
                    }
                    Again::Lost(error)
                }
                Err(Error::OffersMore) => continue,
                Err(Error::OutOfStep(error)) => return Err(*error),
                Err(error) => return Err(error),
            };
            let breath = self.breath(&again, losses);
            let Some(wait) = self.breather(breath) else {
                return self.put_off(again);
            };
            by_choice = matches!(again, Again::Commit | Again::Slice);
            self.events.notice(match again {
                Again::Lost(error) => Notice::Reconnecting(error),
                Again::LockStep(error) => Notice::LockStep(error),
                Again::Commit => Notice::Committed,
                Again::Slice => Notice::NextSlice,
            });
            if wait > breath {
                self.events.notice(Notice::Waiting(wait));
            }
            self.sleep(wait)?;
        }
    }

    /// Leaves what is left to the next run.
    fn put_off(&mut self, again: Again) -> Result<()> {
        match again {
            Again::Lost(error) | Again::LockStep(error) => Err(error),
            Again::Commit | Again::Slice => {
                self.tally.more = true;
                Ok(())
            }
        }
    }

    /// How much has been achieved so far.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            new: self.tally.new,
            deleted: self.deleted.len(),
            hidden: self.hidden.len(),
        }
    }

    /// Whether to come again for what the server did not show, given where the walk began. What
    /// brought nothing new would bring nothing new again.
    pub(super) fn next_slice(&mut self, before: Progress) -> Option<Again> {
        let policy = &self.account.policy;
        if !policy.drain || self.progress() == before {
            return None;
        }
        self.slices += 1;
        let full = policy.limit.is_some_and(|limit| self.tally.new >= limit);
        self.tally.more |= full || self.slices >= SLICES;
        (!self.tally.more).then_some(Again::Slice)
    }

    /// Whether to try again with each command waiting for its reply: not where what was said already
    /// would be said again.
    fn may_fall_into_step(&self, error: &Error, may_retry: bool) -> bool {
        let silent = matches!(self.mode, Mode::Fetch | Mode::Check | Mode::Settle);
        let unsaid = silent || self.events.stage() == Stage::Listing;
        let worth = may_retry || !matches!(error, Error::Cut { .. });
        let called_off = self.patience.stop.signal().is_some();
        let off = matches!(self.pipeline, Pipeline::Off | Pipeline::Lost);
        worth && unsaid && !off && !called_off
    }

    /// Whether connecting again may help: the line was lost, by nobody's decision, or the server has
    /// not let go yet of the session that this run had before.
    fn worth_another_try(&self, error: &Error) -> bool {
        let (stage, again) = (self.events.stage(), self.last_login.is_some());
        let lost = match error {
            Error::Cut { .. } | Error::Dismissed(_) | Error::LeftAmid => true,
            Error::InUse(_) => again,
            Error::TimedOut { .. } if stage >= Stage::LoggingIn => {
                stage == Stage::Retrieving || self.servers.others() > 0
            }
            // None could be reached, but this run was let in before.
            error => again && stage < Stage::LoggingIn && maildrop::is_away(error),
        };
        lost && self.patience.stop.signal().is_none()
    }

    /// How long to wait before this run logs in again, at least so long; `None` if that is for another
    /// run. `min_interval` is the user's word, and holds. What the server wants is waited for if it
    /// takes no longer than `timeout`; where it wants more it is asked all the same, since Gmail wants
    /// five minutes and shows its slices at once, and who means it says so.
    fn breather(&self, breath: Duration) -> Option<Duration> {
        let Some((at, delay)) = self.last_login else {
            return Some(breath);
        };
        let left = |apart: Duration| apart.saturating_sub(at.elapsed());
        let longest = self.patience.timeout;
        let own = left(self.account.policy.min_interval.unwrap_or_default());
        if own > longest {
            return None;
        }
        let theirs = Some(left(delay)).filter(|wait| *wait <= longest);
        let wait = breath.max(own).max(theirs.unwrap_or_default());
        let ends = self.patience.deadline.map(|(until, _)| until);
        let fits = ends.is_none_or(|until| Instant::now() + wait < until);
        fits.then_some(wait)
    }

    /// How long to let a server recover after so many losses in a row. Another one needs no rest: all
    /// of them are tried before any is waited for.
    fn breath(&self, again: &Again, losses: u32) -> Duration {
        let others = u32::try_from(self.servers.others()).unwrap_or(u32::MAX);
        let rounds = match again {
            Again::Lost(Error::InUse(_)) | Again::LockStep(_) => losses,
            Again::Lost(_) => losses.saturating_sub(others),
            Again::Commit | Again::Slice => 0,
        };
        (BREATH * rounds).min(LONG_BREATH)
    }

    /// Sleeps, unless a signal asks us to stop.
    fn sleep(&self, wait: Duration) -> Result<()> {
        let until = Instant::now() + wait;
        loop {
            if self.patience.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return Ok(()),
                left => std::thread::sleep(left.min(NAP)),
            }
        }
    }
}
