//! Steps 8 and 9 of the road for several letters at once: small messages share their syncs, and the
//! order of what happens to each never changes.

use super::carry::Session;
use super::Road;
use crate::delivery::Sealed;
use crate::error::{Reach, Result};
use crate::event::Event;
use crate::plan::Step;
use crate::seen::{Begun, Ended, Key};
use std::time::{Duration, Instant};

/// A batch is delivered when it has so many bytes (with a quarter of them, 96 messages of 1 MiB made
/// 55 entries in the journal of ext4, and 15 with these),
const BATCH_BYTES: u64 = 32 * 1024 * 1024;
/// or has been waiting so long.
const BATCH_AGE: Duration = Duration::from_secs(2);
/// How often the server is shown that we are still here.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// A letter waiting to be delivered with others.
pub(super) struct Waiting<'d> {
    pub step: Step,
    pub begun: Begun,
    pub size: u64,
    pub since: Instant,
    pub sealed: Box<dyn Sealed + 'd>,
}

/// A letter that is in its destination and not yet remembered.
struct Published {
    id: u64,
    step: Step,
    key: Key,
    size: u64,
    took: Duration,
}

/// What became of letters and is not remembered yet.
#[derive(Default)]
pub(super) struct Unsettled {
    published: Vec<Published>,
    void: Vec<u64>,
}

impl Unsettled {
    fn ended(&self) -> Ended {
        Ended {
            done: self.published.iter().map(|letter| letter.id).collect(),
            void: self.void.clone(),
        }
    }
}

/// The letters that will share their syncs.
#[derive(Default)]
pub(super) struct Batch<'d> {
    pub letters: Vec<Waiting<'d>>,
    bytes: u64,
    since: Option<Instant>,
}

impl<'d> Batch<'d> {
    pub fn add(&mut self, waiting: Waiting<'d>) {
        self.bytes += waiting.size;
        self.since.get_or_insert_with(Instant::now);
        self.letters.push(waiting);
    }

    pub fn full(&self, together: usize) -> bool {
        let old = self.since.is_some_and(|since| since.elapsed() >= BATCH_AGE);
        self.letters.len() >= together || self.bytes >= BATCH_BYTES || old
    }
}

impl Road<'_> {
    /// Delivers a batch: durable, claimed, published, durable, remembered, settled. Claims of what
    /// failed half-way stay open, and the next run finds out what became of them.
    ///
    /// Where each letter is delivered by itself and takes its time, the next step is taken meanwhile;
    /// if that is a letter, one sync remembers this one and claims that one.
    pub(super) fn deliver<'d>(
        &mut self,
        session: &mut Session<'_, 'd>,
        mut batch: Batch<'d>,
        next: Option<&Step>,
    ) -> Result<()> {
        if batch.letters.is_empty() {
            return Ok(());
        }
        session.delivery.sync_sealed()?;
        let begun = batch.letters.iter_mut().map(|waiting| {
            let claim = waiting.sealed.claim()?;
            let begun = waiting.begun.clone();
            Ok(Begun { claim, ..begun })
        });
        let begun = begun.collect::<Result<_>>()?;
        let first = self.memory.claim(&self.unsettled.ended(), begun)?;
        self.told(session)?;
        let ended = self.publish(session, (first, batch), next);
        // What was taken back must be gone for good before its claim is.
        let published = std::mem::take(&mut self.unsettled);
        session.delivery.sync_published()?;
        self.unsettled = published;
        if !(session.alone() && session.has_next()) {
            self.settle_up(session)?;
        }
        ended
    }

    /// Publishes letters that are claimed, of which the first has this number.
    fn publish<'d>(
        &mut self,
        session: &mut Session<'_, 'd>,
        (first, batch): (u64, Batch<'d>),
        next: Option<&Step>,
    ) -> Result<()> {
        let (count, mut ended) = (batch.letters.len() as u64, Ok(()));
        let mut sign = Instant::now();
        for (waiting, id) in batch.letters.into_iter().zip(first..) {
            let Waiting {
                step,
                begun,
                size,
                since,
                sealed,
            } = waiting;
            if ended.is_err() {
                self.unsettled.void.push(id);
                continue;
            }
            let mut meanwhile = || match next {
                Some(next) if session.alone() && self.may_look_ahead(session, next) => {
                    session.ahead = Some(self.take(session, next, count));
                }
                _ if sign.elapsed() >= SIGN_OF_LIFE => {
                    sign = Instant::now();
                    // If the line fails meanwhile it stays failed, and whoever uses it next is told.
                    let _ = session.maildrop.keep_alive();
                }
                _ => {}
            };
            match sealed.publish(&mut meanwhile) {
                Ok(()) => self.unsettled.published.push(Published {
                    id,
                    step,
                    key: begun.key,
                    size,
                    took: since.elapsed(),
                }),
                Err(error) => {
                    self.unsettled.void.push(id);
                    ended = match error.reach() {
                        Reach::Message => self.cannot_have(&step, error),
                        Reach::Account | Reach::Line => Err(error),
                    };
                }
            }
        }
        ended
    }

    /// Whether a step may be taken while a letter is delivered.
    fn may_look_ahead(&self, session: &Session, step: &Step) -> bool {
        let idle = session.ahead.is_none() && self.patience.stop.signal().is_none();
        // The letter under way counts only if it is delivered.
        idle && (self.has_room(1) || !step.retrieve())
    }

    /// Remembers what became of letters.
    pub(super) fn settle_up(&mut self, session: &mut Session) -> Result<()> {
        let ended = self.unsettled.ended();
        self.memory.settle(&ended)?;
        self.told(session)
    }

    /// Counts and tells what was delivered and remembered, and settles it.
    fn told(&mut self, session: &mut Session) -> Result<()> {
        for letter in std::mem::take(&mut self.unsettled).published {
            let Published {
                step,
                key,
                size,
                took,
                ..
            } = letter;
            *self.taken.entry(key.clone()).or_default() += 1;
            self.read.push(key.clone());
            self.tally.new += 1;
            self.tally.bytes += size;
            let (uid, destination) = (step.listing.uid.clone(), session.delivery.name());
            self.events.emit(Event::Message {
                uid,
                size,
                destination,
                took,
            });
            self.settle(session.maildrop, &step.listing, Some(key), step.afterwards)?;
        }
        Ok(())
    }
}
