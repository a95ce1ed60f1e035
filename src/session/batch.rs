//! Steps 8 and 9 of the road for several letters at once: small messages share their syncs, and the
//! order of what happens to each never changes.

use super::Road;
use crate::delivery::{Delivery, Sealed};
use crate::error::{Reach, Result};
use crate::event::Event;
use crate::maildrop::Maildrop;
use crate::plan::Step;
use crate::seen::{Begun, Key};
use std::time::{Duration, Instant};

/// A batch is delivered when it has so many bytes (with a quarter of them, 96 messages of 1 MiB made
/// 55 entries in the journal of ext4, and 15 with these),
const BATCH_BYTES: u64 = 32 * 1024 * 1024;
/// or has been waiting so long.
const BATCH_AGE: Duration = Duration::from_secs(2);
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
    since: Instant,
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
    pub(super) fn deliver<'d>(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &'d dyn Delivery,
        mut batch: Batch<'d>,
    ) -> Result<()> {
        if batch.letters.is_empty() {
            return Ok(());
        }
        delivery.sync_sealed()?;
        let begun = batch.letters.iter_mut().map(|waiting| {
            let claim = waiting.sealed.claim()?;
            let begun = waiting.begun.clone();
            Ok(Begun { claim, ..begun })
        });
        let first = self.memory.claim(begun.collect::<Result<_>>()?)?;
        let (mut published, mut undone, mut ended) = (Vec::new(), Vec::new(), Ok(()));
        for (waiting, id) in batch.letters.into_iter().zip(first..) {
            let Waiting {
                step,
                begun,
                size,
                since,
                sealed,
            } = waiting;
            if ended.is_err() {
                undone.push(id);
                continue;
            }
            // If the line fails meanwhile it stays failed, and whoever uses it next is told.
            match sealed.publish(&mut || drop(maildrop.keep_alive())) {
                Ok(()) => published.push(Published {
                    id,
                    step,
                    key: begun.key,
                    size,
                    since,
                }),
                Err(error) => {
                    undone.push(id);
                    ended = match error.reach() {
                        Reach::Message => self.cannot_have(&step, error),
                        Reach::Account | Reach::Line => Err(error),
                    };
                }
            }
        }
        // What was taken back must be gone for good before its claim is.
        delivery.sync_published()?;
        let done: Vec<u64> = published.iter().map(|letter| letter.id).collect();
        self.memory.settle(&done, &undone)?;
        self.told(maildrop, delivery, published)?;
        ended
    }

    /// Counts and tells what was delivered and remembered, and settles it.
    fn told(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &dyn Delivery,
        published: Vec<Published>,
    ) -> Result<()> {
        for Published {
            step,
            key,
            size,
            since,
            ..
        } in published
        {
            *self.taken.entry(key.clone()).or_default() += 1;
            self.read.push(key.clone());
            self.tally.new += 1;
            self.tally.bytes += size;
            let (uid, destination) = (step.listing.uid.clone(), delivery.name());
            self.events.emit(Event::Message {
                uid,
                size,
                destination,
                took: since.elapsed(),
            });
            self.settle(maildrop, &step.listing, Some(key), step.afterwards)?;
        }
        Ok(())
    }
}
