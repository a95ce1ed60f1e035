//! Steps 7 to 10 of the road: retrieve each message as the plan says, have it delivered and
//! remembered (`batch`), and settle it.

use super::acquaintance::Acquaintance;
use super::batch::{Batch, Waiting};
use super::bounded::Bounded;
use super::piece::PIECE;
use super::{now, Road, Which};
use crate::delivery::{Delivery, Letter};
use crate::error::{Error, Reach, Result};
use crate::event::{Event, Failure, Stage, Subject};
use crate::maildrop::Maildrop;
use crate::message::{head_end, header, Digest, Envelope, Listing, MessageDigester};
use crate::plan::{Reason, Step};
use crate::seen::{Begun, Entry, Key};
use std::io::Read;
use std::time::Instant;

/// In how many runs a message that cannot be had is an alarm.
const ALARMS: u32 = 3;
/// The longest Message-ID that is told: as long as a line may be (RFC 5322, section 2.1.1).
const ID: usize = 998;
/// How often the line may be lost over one message before this run leaves it alone.
const LOSSES: u32 = 2;

/// What the steps of one session share.
pub(super) struct Session<'s, 'd> {
    pub maildrop: &'s mut dyn Maildrop,
    pub delivery: &'d dyn Delivery,
    acquaintance: Acquaintance,
    /// What came of the next step, if it was taken ahead.
    pub ahead: Option<Result<Option<Waiting<'d>>>>,
}

impl Session<'_, '_> {
    /// How many letters may be delivered together.
    pub fn together(&self) -> usize {
        self.delivery.together().min(self.maildrop.together())
    }

    /// Whether each letter is delivered by itself, and the next may come meanwhile.
    pub fn alone(&self) -> bool {
        self.delivery.together() == 1 && self.maildrop.together() > 1
    }

    /// Whether the next letter is here already.
    pub fn has_next(&self) -> bool {
        matches!(self.ahead, Some(Ok(Some(_))))
    }
}

impl Road<'_> {
    /// Does what the plan says. A failure of one message is noted and the next one follows; any
    /// other ends the walk, but what was retrieved whole before it is still delivered.
    pub(super) fn carry_out(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &dyn Delivery,
        steps: &[Step],
    ) -> Result<()> {
        self.events.enter(Stage::Retrieving);
        let mut session = Session {
            maildrop,
            delivery,
            acquaintance: self.acquaintance(steps),
            ahead: None,
        };
        let ended = self.take_all(&mut session, steps);
        let settled = self.settle_up(&mut session);
        ended.and(settled)?;
        let met = session.acquaintance.all(steps);
        self.memory.met(met.filter(|_| !self.portion.leaves), now())
    }

    fn take_all<'d>(&mut self, session: &mut Session<'_, 'd>, steps: &[Step]) -> Result<()> {
        let mut batch = Batch::default();
        let mut ended = Ok(());
        for (at, step) in steps.iter().enumerate() {
            // What is here whole is delivered; it may be what the server will not show again.
            if self.patience.stop.signal().is_some() && !session.has_next() {
                ended = Err(Error::Interrupted);
                break;
            }
            let pending = batch.letters.len() as u64;
            let ahead = session.ahead.take();
            match ahead.unwrap_or_else(|| self.take(session, step, pending)) {
                Ok(Some(waiting)) => batch.add(waiting),
                Ok(None) => {}
                Err(error) if error.reach() == Reach::Message => self.cannot_have(step, error)?,
                Err(error) => {
                    ended = Err(self.lost_over(step, error)?);
                    break;
                }
            }
            if batch.full(session.together()) {
                self.deliver(session, std::mem::take(&mut batch), steps.get(at + 1))?;
            }
        }
        match ended {
            // What came may be other messages than were asked for; they are asked for again.
            Err(ref error) if error.is_garbled() => drop(batch),
            _ => self.deliver(session, batch, None)?,
        }
        ended
    }

    /// Takes a step: gives a letter, if it is to be delivered. So many before it are not counted yet.
    pub(super) fn take<'d>(
        &mut self,
        session: &mut Session<'_, 'd>,
        step: &Step,
        pending: u64,
    ) -> Result<Option<Waiting<'d>>> {
        if !self.passes(step, pending) {
            return self.settle_unread(session.maildrop, step).map(|()| None);
        }
        match self.retrieve(session, step) {
            // From now on the reply can only be this message's.
            Err(Error::NotAsListed) => self.retrieve(session, step),
            taken => taken,
        }
    }

    /// Whether this run has delivered the message already, over a line that was lost.
    pub(super) fn took(&self, step: &Step) -> bool {
        let taken = key(&step.listing).and_then(|key| self.taken.get(&key));
        taken.is_some_and(|taken| *taken >= step.copies)
    }

    /// Whether this run has parted with the message already, though the server lists it.
    pub(super) fn has_parted(&self, step: &Step) -> bool {
        key(&step.listing).is_some_and(|key| self.has_parted_with(&key))
    }

    pub(super) fn has_parted_with(&self, key: &Key) -> bool {
        self.deleted.contains(key) || self.hidden.contains(key)
    }

    /// Whether a step is to be retrieved now.
    pub(super) fn passes(&mut self, step: &Step, pending: u64) -> bool {
        // The plan knows nothing of what an earlier connection of this run took.
        let spent = step.retrieve() && !self.has_room(pending);
        self.tally.more |= step.why == Reason::Limit || spent;
        self.may_have(step) && !spent
    }

    /// Whether the limit leaves room for one more, if so many are not counted yet.
    pub(super) fn has_room(&self, pending: u64) -> bool {
        let limit = self.account.policy.limit.unwrap_or(u64::MAX);
        self.tally.new + pending < limit
    }

    /// Whether a step is to be retrieved, and was not tried often enough in this run.
    pub(super) fn may_have(&self, step: &Step) -> bool {
        let losses = || self.lost.get(&which(step)).copied().unwrap_or(0);
        step.retrieve() && (self.lost.is_empty() || losses() < LOSSES)
    }

    /// Retrieves one message into a sealed letter; `None` if its bytes are known already.
    fn retrieve<'d>(
        &mut self,
        session: &mut Session<'_, 'd>,
        step: &Step,
    ) -> Result<Option<Waiting<'d>>> {
        let since = Instant::now();
        let Session {
            maildrop,
            delivery,
            acquaintance,
            ..
        } = session;
        let told = maildrop.envelope(step.listing.number)?;
        let mut reader = Bounded::open(*maildrop, step)?;
        self.piece.begin(&mut reader)?;
        let envelope = self.envelope(told)?;
        let id = self.message_id();
        let mut letter = delivery.begin(&envelope, step.listing.uid.as_ref())?;
        let (digest, size) = self.pour(&mut reader, Some(&mut *letter))?;
        drop(reader);
        let mut copies = step.copies;
        if step.why == Reason::Compare || step.listing.uid.is_none() {
            let known = acquaintance.meet(digest);
            copies = copies.max(acquaintance.copies(digest));
            // Even if all is wanted: this run has delivered it, over a line that was lost.
            let taken = self.taken.get(&Key::Digest(digest)).copied().unwrap_or(0);
            let again = step.listing.uid.is_none() && taken >= copies;
            match known.or(again.then(now)) {
                Some(stored) if again || step.why == Reason::Compare => {
                    self.recognised(*maildrop, step, digest, stored)?;
                    return Ok(None);
                }
                _ => {}
            }
        }
        let key = key(&step.listing).unwrap_or(Key::Digest(digest));
        let entry = entry(step, digest, copies);
        let begun = Begun {
            had: self.memory.meet(&key, digest),
            took: Vec::new(),
            claim: Vec::new(),
            key,
            entry,
        };
        letter.spare(&begun.had);
        let sealed = letter.seal()?;
        Ok(Some(Waiting {
            step: step.clone(),
            begun,
            size,
            since,
            id,
            destination: String::new(),
            sealed,
        }))
    }

    /// The Message-ID of the message that was begun, if anybody wants to hear it.
    fn message_id(&self) -> Option<Vec<u8>> {
        let listens = self.events.listens_closely();
        let id = listens.then(|| header(self.piece.bytes(), "Message-ID"));
        let mut id = id.flatten()?;
        id.truncate(ID);
        Some(id).filter(|id| !id.is_empty())
    }

    /// Who sent the message that was begun and to whom, as the server told it or its head has it.
    fn envelope(&self, told: Option<Envelope>) -> Result<Envelope> {
        let head = self.piece.bytes();
        if let Some(address) = self.account.trace.found_in(head) {
            return Err(Error::Loop(address.into()));
        }
        let envelope = told.unwrap_or_else(|| Envelope::from_head(head));
        match &self.account.recipients {
            None => Ok(envelope),
            // What is not whole may name others.
            Some(_) if self.piece.is_full() && head_end(head).is_none() => {
                Err(Error::LongHead(PIECE))
            }
            Some(field) => Ok(envelope.with_field(head, field)),
        }
    }

    /// Pours a message that was begun into a letter, if there is one, and takes its digest and size.
    pub(super) fn pour(
        &mut self,
        reader: &mut dyn Read,
        mut letter: Option<&mut dyn Letter<'_>>,
    ) -> Result<(Digest, u64)> {
        let (mut digester, mut size) = (MessageDigester::default(), 0);
        loop {
            self.piece.fill(reader)?;
            let bytes = self.piece.bytes();
            digester.update(bytes);
            if let Some(letter) = &mut letter {
                letter.write(bytes)?;
            }
            size += bytes.len() as u64;
            let whole = !self.piece.is_full();
            let bytes = bytes.len() as u64;
            self.events.emit(Event::Progress { bytes, whole });
            if whole {
                return Ok((digester.finish(), size));
            }
            self.piece.clear();
        }
    }

    /// Notes that a message cannot be had: the server does not give it, or its destination does not
    /// take it. The server's refusals stop being an alarm after some runs.
    pub(super) fn cannot_have(&mut self, step: &Step, error: Error) -> Result<()> {
        let failures = key(&step.listing)
            .map(|key| self.memory.failed(key))
            .transpose()?;
        let given = !error.is_ours();
        let known = given && failures.is_some_and(|failures| failures > ALARMS);
        // Once is enough: if the line is lost later, this run does not ask for it again.
        self.lost.insert(which(step), LOSSES);
        let subject = Subject::Message(step.listing.uid.clone());
        self.tally.failures.push(Failure {
            stage: Stage::Retrieving,
            subject,
            error,
            known,
        });
        Ok(())
    }

    /// Notes over which message the line was lost. If that happens again and again, it is the
    /// message's fault: this run goes on without it.
    fn lost_over(&mut self, step: &Step, error: Error) -> Result<Error> {
        if error.reach() != Reach::Line || error.is_garbled() {
            return Ok(error);
        }
        if let Error::TooLong(_) = error {
            self.cannot_have(step, error)?;
            return Ok(Error::LeftAmid); // reading on to its end would take for ever
        }
        let losses = self.lost.entry(which(step)).or_default();
        *losses += 1;
        match (*losses, key(&step.listing)) {
            (1, Some(key)) => drop(self.memory.failed(key)?),
            (LOSSES, _) => {
                let uid = step.listing.uid.clone();
                let known = self.memory.records().failures(uid.as_ref()) > ALARMS;
                let (stage, subject) = (Stage::Retrieving, Subject::Message(uid));
                let error = Error::MessageRefused(Vec::new());
                self.tally.failures.push(Failure {
                    stage,
                    subject,
                    error,
                    known,
                });
            }
            _ => {}
        }
        Ok(error)
    }
}

/// What is to be remembered of a message that is stored now.
fn entry(step: &Step, digest: Digest, copies: u32) -> Entry {
    Entry {
        size: step.listing.size,
        stored: now(),
        digest: Some(digest),
        copies,
        gone: None,
    }
}

/// Which message this is, as far as that can be told from one session to the next. Numbers are valid
/// for one only, but those that follow each other within a run hardly differ.
pub(super) fn which(step: &Step) -> Which {
    match &step.listing.uid {
        Some(uid) => (Some(uid.clone()), step.nth),
        None => (None, step.listing.number.0),
    }
}

/// By what a message is known before it is read.
pub(super) fn key(listing: &Listing) -> Option<Key> {
    listing.uid.clone().map(Key::Uid)
}
