//! Steps 7 to 10 of the road: retrieve, deliver, remember, settle. Small messages share their syncs
//! in a batch; the order of what happens to each never changes.

use super::{now, Road};
use crate::delivery::{Delivery, Letter, Sealed};
use crate::error::{Error, Reach, Result};
use crate::event::{Event, Failure, Left, Stage};
use crate::maildrop::Maildrop;
use crate::message::{head_end, Digest, Digester, Envelope, Listing, MessageNumber, Time, Uid};
use crate::plan::{Reason, Step};
use crate::seen::{Begun, Entry, Key};
use std::collections::HashMap;
use std::io::{self, Read};
use std::time::{Duration, Instant};

/// How much of a message is read to find its head.
const HEAD: usize = 64 * 1024;
/// How much is read at a time.
const PIECE: usize = 64 * 1024;
/// A batch is delivered when it has so many bytes,
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// or has been waiting so long.
const BATCH_AGE: Duration = Duration::from_secs(2);
/// In how many runs a message that cannot be had is an alarm.
const ALARMS: u32 = 3;
/// How often the line may be lost over one message before this run leaves it alone.
const LOSSES: u32 = 2;

/// A letter waiting to be delivered with others.
struct Waiting<'d> {
    step: Step,
    begun: Begun,
    size: u64,
    sealed: Box<dyn Sealed + 'd>,
}

/// The letters that will share their syncs.
#[derive(Default)]
struct Batch<'d> {
    letters: Vec<Waiting<'d>>,
    bytes: u64,
    since: Option<Instant>,
}

impl<'d> Batch<'d> {
    fn add(&mut self, waiting: Waiting<'d>) {
        self.bytes += waiting.size;
        self.since.get_or_insert_with(Instant::now);
        self.letters.push(waiting);
    }

    fn full(&self, together: usize) -> bool {
        let old = self.since.is_some_and(|since| since.elapsed() >= BATCH_AGE);
        self.letters.len() >= together || self.bytes >= BATCH_BYTES || old
    }
}

/// Tells messages apart by their bytes, where nothing else does: what is known, and how often each
/// was met in this session.
pub(super) struct Acquaintance {
    known: HashMap<Digest, Vec<Time>>,
    met: HashMap<Digest, usize>,
}

impl Acquaintance {
    /// When a message with these bytes was stored, if one was that was not met before.
    pub(super) fn meet(&mut self, digest: Digest) -> Option<Time> {
        let met = self.met.entry(digest).or_default();
        *met += 1;
        let known = self.known.get(&digest)?;
        if *met > known.len() {
            return None;
        }
        known.iter().copied().max()
    }

    /// How often these bytes were met.
    fn copies(&self, digest: Digest) -> u32 {
        self.met
            .get(&digest)
            .map_or(1, |met| u32::try_from(*met).unwrap_or(u32::MAX))
    }
}

impl Road<'_> {
    /// What can be told apart by its bytes; nothing, if no step asks for it.
    pub(super) fn acquaintance(&self, steps: &[Step]) -> Acquaintance {
        let compares = steps.iter().any(|step| step.why == Reason::Compare);
        let known = if compares {
            self.memory.records().by_digest()
        } else {
            HashMap::new()
        };
        Acquaintance {
            known,
            met: HashMap::new(),
        }
    }

    /// Does what the plan says. A failure of one message is noted and the next one follows; any
    /// other ends the walk, but what was retrieved whole before it is still delivered.
    pub(super) fn carry_out(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &dyn Delivery,
        steps: &[Step],
    ) -> Result<()> {
        self.events.enter(Stage::Retrieving);
        let mut acquaintance = self.acquaintance(steps);
        let mut batch = Batch::default();
        let mut ended = Ok(());
        for step in steps {
            if self.patience.stop.signal().is_some() {
                ended = Err(Error::Interrupted);
                break;
            }
            let pending = batch.letters.len() as u64;
            let taken = match self.passes(step, pending) {
                true => self.retrieve(maildrop, delivery, step, &mut acquaintance),
                false => self.settle_unread(maildrop, step).map(|()| None),
            };
            match taken {
                Ok(Some(waiting)) => batch.add(waiting),
                Ok(None) => {}
                Err(error) if error.reach() == Reach::Message => self.cannot_have(step, error)?,
                Err(error) => {
                    ended = self.lost_over(step, error);
                    break;
                }
            }
            if batch.full(delivery.together()) {
                self.deliver(maildrop, delivery, std::mem::take(&mut batch))?;
            }
        }
        self.deliver(maildrop, delivery, batch)?;
        ended
    }

    /// Whether this run has delivered the message already, over a line that was lost.
    pub(super) fn took(&self, step: &Step) -> bool {
        let taken = key(&step.listing).and_then(|key| self.taken.get(&key));
        taken.is_some_and(|taken| *taken >= step.copies)
    }

    /// Whether a step is to be retrieved now.
    fn passes(&mut self, step: &Step, pending: u64) -> bool {
        let limit = self.account.policy.limit.unwrap_or(u64::MAX);
        // The plan knows nothing of what an earlier connection of this run took.
        let spent = step.retrieve() && self.tally.new + pending >= limit;
        self.tally.more |= step.why == Reason::Limit || spent;
        let losses = self.lost.get(&handle(&step.listing)).copied();
        step.retrieve() && !spent && (losses.unwrap_or(0) < LOSSES || step.copies > 1)
    }

    /// Settles a message that is not retrieved.
    fn settle_unread(&mut self, maildrop: &mut dyn Maildrop, step: &Step) -> Result<()> {
        let Listing { uid, size, .. } = step.listing.clone();
        match step.why {
            Reason::Seen => {
                self.tally.seen += u64::from(!self.took(step));
                return self.settle(maildrop, &step.listing, step.afterwards);
            }
            Reason::TooLarge => {
                self.tally.skipped += 1;
                self.events.emit(Event::Skip {
                    uid,
                    size,
                    why: Left::TooLarge,
                });
            }
            Reason::Limit | Reason::Compare | Reason::New => {
                self.events.emit(Event::Skip {
                    uid,
                    size,
                    why: Left::Limit,
                });
            }
        }
        Ok(())
    }

    /// Retrieves one message into a sealed letter; `None` if its bytes are known already.
    fn retrieve<'d>(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &'d dyn Delivery,
        step: &Step,
        acquaintance: &mut Acquaintance,
    ) -> Result<Option<Waiting<'d>>> {
        let mut reader = maildrop.retrieve(step.listing.number)?;
        let head = read_head(&mut *reader)?;
        let mut letter = delivery.begin(&Envelope::from_head(&head), step.listing.uid.as_ref())?;
        let (digest, size) = self.pour(&head, &mut *reader, Some(&mut *letter))?;
        drop(reader);
        let mut copies = step.copies;
        if step.why == Reason::Compare {
            if let Some(stored) = acquaintance.meet(digest) {
                self.recognised(maildrop, step, digest, stored)?;
                return Ok(None);
            }
            copies = copies.max(acquaintance.copies(digest));
        }
        let key = step
            .listing
            .uid
            .clone()
            .map_or(Key::Digest(digest), Key::Uid);
        let digest = Some(digest);
        let entry = Entry {
            size: step.listing.size,
            stored: now(),
            digest,
            copies,
            gone: None,
        };
        let sealed = letter.seal()?;
        let begun = Begun {
            key,
            entry,
            claim: Vec::new(),
        };
        Ok(Some(Waiting {
            step: step.clone(),
            begun,
            size,
            sealed,
        }))
    }

    /// Pours a message into a letter, if there is one, and takes its digest and size.
    pub(super) fn pour(
        &self,
        head: &[u8],
        reader: &mut dyn Read,
        mut letter: Option<&mut dyn Letter<'_>>,
    ) -> Result<(Digest, u64)> {
        let mut digester = Digester::default();
        let mut size = 0;
        let mut take = |bytes: &[u8]| {
            digester.update(bytes);
            size += bytes.len() as u64;
            self.events.emit(Event::Progress(bytes.len() as u64));
            letter.as_mut().map_or(Ok(()), |letter| letter.write(bytes))
        };
        take(head)?;
        let mut piece = vec![0; PIECE];
        loop {
            match read(reader, &mut piece)? {
                0 => break,
                n => take(&piece[..n])?,
            }
        }
        Ok((digester.finish(), size))
    }

    /// A message turned out to be known by its bytes: nothing is delivered, but it is known by its
    /// UID and size of today from now on.
    fn recognised(
        &mut self,
        maildrop: &mut dyn Maildrop,
        step: &Step,
        digest: Digest,
        stored: Time,
    ) -> Result<()> {
        self.tally.seen += 1;
        let Listing { uid, size, .. } = step.listing.clone();
        if let Some(uid) = uid {
            let known = self
                .memory
                .records()
                .of(&uid)
                .iter()
                .any(|entry| entry.digest == Some(digest));
            let key = Key::Uid(uid);
            match size {
                Some(size) if known => self.memory.resize(key, digest, size)?,
                _ if known => {}
                _ => {
                    let (digest, copies) = (Some(digest), step.copies);
                    let entry = Entry {
                        size,
                        stored,
                        digest,
                        copies,
                        gone: None,
                    };
                    self.memory.remember(key, entry)?;
                }
            }
        }
        let fate = self.account.policy.afterwards(stored, now());
        self.settle(maildrop, &step.listing, fate)
    }

    /// Delivers a batch: durable, claimed, published, durable, remembered, settled. Claims of what
    /// failed half-way stay open, and the next run finds out what became of them.
    fn deliver<'d>(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &'d dyn Delivery,
        mut batch: Batch<'d>,
    ) -> Result<()> {
        if batch.letters.is_empty() {
            return Ok(());
        }
        delivery.sync()?;
        for waiting in &mut batch.letters {
            waiting.begun.claim = waiting.sealed.claim()?;
        }
        let begun = batch
            .letters
            .iter()
            .map(|waiting| waiting.begun.clone())
            .collect();
        let first = self.memory.claim(begun)?;
        let (mut published, mut ended) = (Vec::new(), Ok(()));
        for (
            Waiting {
                step, size, sealed, ..
            },
            id,
        ) in batch.letters.into_iter().zip(first..)
        {
            if ended.is_err() {
                self.memory.void(id)?;
                continue;
            }
            // If the line dies meanwhile, whoever uses it next will notice.
            match sealed.publish(&mut || drop(maildrop.keep_alive())) {
                Ok(()) => published.push((id, step, size)),
                Err(error) => {
                    self.memory.void(id)?;
                    ended = match error.reach() {
                        Reach::Message => self.cannot_have(&step, error),
                        Reach::Account | Reach::Line => Err(error),
                    };
                }
            }
        }
        delivery.sync()?;
        self.remember(maildrop, delivery, published)?;
        ended
    }

    /// Remembers what was published, and settles it.
    fn remember(
        &mut self,
        maildrop: &mut dyn Maildrop,
        delivery: &dyn Delivery,
        published: Vec<(u64, Step, u64)>,
    ) -> Result<()> {
        for row in published.chunk_by(|one, next| one.0 + 1 == next.0) {
            if let (Some(first), Some(last)) = (row.first(), row.last()) {
                self.memory.done(first.0, last.0)?;
            }
        }
        for (_, step, size) in published {
            if let Some(key) = key(&step.listing) {
                *self.taken.entry(key).or_default() += 1;
            }
            self.tally.new += 1;
            self.tally.bytes += size;
            let (uid, destination) = (step.listing.uid.clone(), delivery.name());
            self.events.emit(Event::Message {
                uid,
                size,
                destination,
            });
            self.settle(maildrop, &step.listing, step.afterwards)?;
        }
        Ok(())
    }

    /// Notes that a message cannot be had: the server does not give it, or its destination does not
    /// take it. The server's refusals stop being an alarm after some runs.
    fn cannot_have(&mut self, step: &Step, error: Error) -> Result<()> {
        let known = match (&error, key(&step.listing)) {
            (Error::MdaLater { .. } | Error::MdaRefused { .. }, _) | (_, None) => false,
            (_, Some(key)) => self.memory.failed(key)? > ALARMS,
        };
        // Once is enough: if the line is lost later, this run does not ask for it again.
        self.lost.insert(handle(&step.listing), LOSSES);
        let uid = step.listing.uid.clone();
        self.tally.failures.push(Failure {
            stage: Stage::Retrieving,
            uid,
            error,
            known,
        });
        Ok(())
    }

    /// Notes over which message the line was lost. If that happens again and again, it is the
    /// message's fault: this run goes on without it.
    fn lost_over(&mut self, step: &Step, error: Error) -> Result<()> {
        if let Error::Cut { .. } | Error::TimedOut { .. } = &error {
            let losses = self.lost.entry(handle(&step.listing)).or_default();
            *losses += 1;
            match (*losses, key(&step.listing)) {
                (1, Some(key)) => drop(self.memory.failed(key)?),
                (LOSSES, _) => {
                    let known = self.memory.records().failures(step.listing.uid.as_ref()) > ALARMS;
                    let (uid, error) =
                        (step.listing.uid.clone(), Error::MessageRefused(Vec::new()));
                    self.tally.failures.push(Failure {
                        stage: Stage::Retrieving,
                        uid,
                        error,
                        known,
                    });
                }
                _ => {}
            }
        }
        Err(error)
    }
}

/// By what a message is known in one run: its UID or, without one, its number, which holds for as
/// long as nothing is deleted.
fn handle(listing: &Listing) -> Result<Uid, MessageNumber> {
    listing.uid.clone().ok_or(listing.number)
}

/// By what a message is known before it is read.
fn key(listing: &Listing) -> Option<Key> {
    listing.uid.clone().map(Key::Uid)
}

/// Reads until the head is whole, or as much as it may be long.
pub(super) fn read_head(reader: &mut dyn Read) -> Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let mut filled = 0;
    while filled < HEAD && head_end(&head[..filled]).is_none() {
        match read(reader, &mut head[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    head.truncate(filled);
    Ok(head)
}

fn read(reader: &mut dyn Read, piece: &mut [u8]) -> Result<usize> {
    loop {
        match reader.read(piece) {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            read => return read.map_err(Error::from_reader),
        }
    }
}
