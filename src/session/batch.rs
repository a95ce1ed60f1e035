//! Steps 8 and 9 of the road for several letters at once: small messages share their syncs, and the
//! order of what happens to each never changes.

use super::carry::Session;
use super::Road;
use crate::delivery::{self, Delivery, Sealed, Witness};
use crate::error::{Reach, Result};
use crate::event::Event;
use crate::plan::Step;
use crate::seen::{Begun, Ended, Key, Undone};
use std::time::{Duration, Instant};

/// A batch is delivered when it has so many bytes (with a quarter of them, 96 messages of 1 MiB made
/// 55 entries in the journal of ext4, and 15 with these),
const BATCH_BYTES: u64 = 32 * 1024 * 1024;
/// or has been waiting so long.
const BATCH_AGE: Duration = Duration::from_secs(2);
/// How often the server is shown that we are still here.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// A letter waiting to be delivered with others.
pub(super) struct Waiting<'d> {
    pub step: Step,
    pub begun: Begun,
    pub size: u64,
    pub since: Instant,
    /// Its Message-ID, if that is to be told.
    pub id: Option<Vec<u8>>,
    /// How to name to people where it goes, once it is claimed, if anybody wants to know.
    pub destination: String,
    pub sealed: Box<dyn Sealed + 'd>,
}

/// A letter that is in its destination and not yet remembered.
struct Published {
    id: u64,
    step: Step,
    key: Key,
    message_id: Option<Vec<u8>>,
    destination: String,
    size: u64,
    took: Duration,
}

/// What became of letters and is not remembered yet.
#[derive(Default)]
pub(super) struct Unsettled {
    published: Vec<Published>,
    undone: Vec<Undone>,
}

impl Unsettled {
    fn ended(&self) -> Ended {
        Ended {
            done: self.published.iter().map(|letter| letter.id).collect(),
            undone: self.undone.clone(),
        }
    }

    fn undone(&mut self, id: u64, took: Vec<Vec<u8>>) {
        self.undone.push(Undone { id, took });
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
            if self.events.listens_closely() {
                waiting.destination = named(&claim, session.delivery);
            }
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
        for (waiting, id) in batch.letters.into_iter().zip(first..) {
            let Waiting {
                step,
                begun,
                size,
                since,
                id: message_id,
                destination,
                sealed,
            } = waiting;
            if ended.is_err() {
                self.unsettled.undone(id, Vec::new());
                continue;
            }
            let mut sight = Sight {
                road: self,
                session,
                ahead: next.map(|next| (next, count)),
                id,
                took: Vec::new(),
                sign: Instant::now(),
            };
            match sealed.publish(&mut sight) {
                Ok(()) => self.unsettled.published.push(Published {
                    id,
                    step,
                    message_id,
                    destination,
                    key: begun.key,
                    size,
                    took: since.elapsed(),
                }),
                Err(error) => {
                    let took = sight.took;
                    self.unsettled.undone(id, took);
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
                message_id: id,
                destination,
                size,
                took,
                ..
            } = letter;
            *self.taken.entry(key.clone()).or_default() += 1;
            self.read.push(key.clone());
            self.tally.new += 1;
            self.tally.bytes += size;
            self.events.emit(Event::Message {
                uid: step.listing.uid.clone(),
                size,
                id,
                destination,
                took,
            });
            self.settle(session.maildrop, &step.listing, Some(key), step.afterwards)?;
        }
        Ok(())
    }
}

/// What is seen, and done meanwhile, while a letter is published.
struct Sight<'s, 'r, 'm, 'd> {
    road: &'s mut Road<'r>,
    session: &'s mut Session<'m, 'd>,
    /// The step that may be taken meanwhile, with so many letters before it.
    ahead: Option<(&'s Step, u64)>,
    /// The number of its claim.
    id: u64,
    /// The places that have taken it, and of which that is not noted yet.
    took: Vec<Vec<u8>>,
    /// When the server was shown last that we are still here.
    sign: Instant,
}

impl Witness for Sight<'_, '_, '_, '_> {
    fn meanwhile(&mut self) {
        let (road, session) = (&mut *self.road, &mut *self.session);
        match self.ahead {
            Some((next, count)) if session.alone() && road.may_look_ahead(session, next) => {
                session.ahead = Some(road.take(session, next, count));
            }
            _ if self.sign.elapsed() >= SIGN_OF_LIFE => {
                self.sign = Instant::now();
                // If the line fails meanwhile it stays failed, and whoever uses it next is told.
                let _ = session.maildrop.keep_alive();
            }
            _ => {}
        }
    }

    fn stands(&mut self, place: Vec<u8>) {
        self.took.push(place);
    }

    fn taken(&mut self, place: Vec<u8>) -> Result<()> {
        self.road.memory.took(self.id, place)
    }
}

/// How to name to people where a letter went: not all may have lacked it.
fn named(claim: &[u8], delivery: &dyn Delivery) -> String {
    let name = delivery::claimed_for(claim);
    match name.is_empty() {
        true => delivery.name(),
        false => name,
    }
}
