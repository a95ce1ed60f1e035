//! The road: one account, from its lock to its tally. Everything that lasts is made to last on the
//! way, so a failure anywhere needs no cleaning up: what is owned is dropped, and the next visit
//! finds in the memory where this one stood.

mod account;
mod batch;
mod carry;
mod probe;
mod rehearse;
mod survey;

pub use account::Account;
pub use probe::{probe, Target};

use crate::delivery::{self, Delivery, Fate, Sender};
use crate::error::{Error, Reach, Result};
use crate::event::{Event, Events, Failure, Mode, Notice, Stage, Stop, Subject, Tally};
use crate::maildrop::{self, Maildrop, Visit};
use crate::message::{Disposition, Listing, MessageNumber, Time, Uid};
use crate::net::{Patience, Proof};
use crate::plan::{self, Keep, Reason, Step};
use crate::secret::Credential;
use crate::seen::{Access, Identity, Key, Lock, Memory};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long to wait before connecting again after a drop.
const BREATH: Duration = Duration::from_millis(500);

/// Walks the road for one account, as far as this mode goes, and tells what came of it.
pub fn run(account: &Account, mode: Mode, events: Rc<Events>, stop: &Stop) -> Tally {
    let since = Instant::now();
    let mut tally = Tally::default();
    events.emit(Event::Start(mode));
    let errand = Errand {
        account,
        mode,
        events: &events,
        stop,
    };
    if mode == Mode::List && !events.heard() {
        return tally; // a list that nobody reads any more
    }
    if let Err(error) = visit(errand, &mut tally) {
        let stage = events.stage();
        tally.failures.push(Failure {
            stage,
            subject: Subject::Visit,
            error,
            known: false,
        });
    }
    tally.took = since.elapsed();
    tally
}

/// What is to be visited, how, and who hears of it or may call it off.
struct Errand<'o> {
    account: &'o Account,
    mode: Mode,
    events: &'o Rc<Events>,
    stop: &'o Stop,
}

fn visit(errand: Errand, tally: &mut Tally) -> Result<()> {
    let Errand {
        account,
        mode,
        events,
        stop,
    } = errand;
    let access = match mode {
        Mode::Fetch => Access::Write,
        Mode::DryRun | Mode::Check | Mode::List | Mode::Probe => Access::Read,
    };
    let _lock = Lock::take(&account.place, access)?;
    let mut memory = recall(account, access, events)?;
    let delivery = match access {
        Access::Write => Some(prepare(account, &mut memory, events)?),
        Access::Read => None,
    };
    if account
        .routes
        .iter()
        .any(|route| route.trust.proof == Proof::Nothing)
    {
        events.notice(Notice::Unverified);
    }
    events.enter(Stage::Password);
    let called_off = || stop.signal().is_some();
    let credential = account.secret.obtain(&called_off)?;
    let mut road = Road {
        account,
        mode,
        events,
        memory,
        tally,
        patience: patience(account, stop),
        lost: HashMap::new(),
        taken: HashMap::new(),
        condemned: Vec::new(),
    };
    let retries = match mode {
        Mode::Fetch | Mode::Check => account.retry,
        Mode::DryRun | Mode::List | Mode::Probe => 0, // what was said already would be said again
    };
    let mut ended = road.walk_to_the_end(&credential, delivery.as_deref(), retries);
    if let Err(Error::TokenRefused(_)) = ended {
        // Tokens live for minutes; the next one may be better.
        if let Some(fresh) = account.secret.instead_of(&credential, &called_off)? {
            ended = road.walk_to_the_end(&fresh, delivery.as_deref(), retries);
        }
    }
    ended.and(road.memory.compact(now()))
}

/// How long this account may take, from now, and who may call it off.
fn patience(account: &Account, stop: &Stop) -> Patience {
    let until = |whole| (Instant::now() + whole, whole);
    Patience {
        timeout: account.timeout,
        deadline: account.deadline.map(until),
        stop: stop.clone(),
    }
}

/// Loads the memory and sees that it is this maildrop's.
fn recall(account: &Account, access: Access, events: &Events) -> Result<Memory> {
    let identity = Identity {
        name: account.name.clone(),
        user: account.login.user.clone(),
        server: account
            .routes
            .first()
            .map_or(String::new(), |first| first.host.to_ascii_lowercase()),
    };
    let (mut memory, torn) = Memory::recall(&account.place, &identity, access)?;
    if torn {
        events.notice(Notice::TornState);
    }
    let owner = memory.owner();
    if (&owner.user, &owner.server) != (&identity.user, &identity.server) {
        // Nothing can be mixed up where nothing is remembered: perhaps a first try had a typing error.
        if !account.policy.accept_new_uids && !memory.records().is_blank() {
            return Err(memory.foreign());
        }
        if access == Access::Write {
            memory.adopt(&identity)?;
        }
    }
    Ok(memory)
}

/// Settles what an earlier run began and could not finish, and opens the destination. In this order:
/// opening makes what is missing, and a Maildir that was just made tells nothing of old deliveries.
fn prepare(
    account: &Account,
    memory: &mut Memory,
    events: &Rc<Events>,
) -> Result<Box<dyn Delivery>> {
    resume(memory, events)?;
    let voice = Rc::clone(events);
    let sender = Sender {
        account: account.name.clone(),
        user: account.login.user.clone(),
        mark: memory.mark().into(),
        spool: account
            .place
            .directory
            .join(format!("{}.spool", account.name)),
        notice: Box::new(move |notice| voice.notice(notice)),
    };
    let delivery = delivery::open(&account.destination, sender)?;
    delivery.sweep()?;
    Ok(delivery)
}

/// Finds out what became of the deliveries that are claimed and not remembered. The last one first:
/// in an mbox they stand one behind the other, and a torn tail can only be cut off from its end.
fn resume(memory: &mut Memory, events: &Events) -> Result<()> {
    for (id, begun) in memory.begun().into_iter().rev() {
        match delivery::resume(&begun.claim, begun.entry.stored, now(), memory.mark())? {
            Fate::Delivered => {
                memory.done(id, id)?;
                events.notice(Notice::Finished);
            }
            Fate::Undone => memory.void(id)?,
            Fate::Unknown => {
                memory.void(id)?;
                let uid = match begun.key {
                    Key::Uid(uid) => Some(uid),
                    Key::Digest(_) => None,
                };
                events.notice(Notice::InDoubt {
                    destination: delivery::claimed_for(&begun.claim),
                    uid,
                });
            }
        }
    }
    Ok(())
}

/// What names a message from one connection of a run to the next.
type Which = (Option<Uid>, MessageNumber);

/// What the steps of one visit share.
struct Road<'r> {
    account: &'r Account,
    mode: Mode,
    events: &'r Events,
    memory: Memory,
    tally: &'r mut Tally,
    patience: Patience,
    /// How often the line was lost over a message in this run; more than enough if it cannot be had.
    lost: HashMap<Which, u32>,
    /// How many messages with a UID this run has delivered.
    taken: HashMap<Key, u32>,
    /// What this session is to delete, and by what it is remembered.
    condemned: Vec<(Listing, Option<Key>)>,
}

impl Road<'_> {
    /// Walks until the goodbye is said, and again from the start, at most so often, where the line
    /// was lost: the memory makes it go on where it stood.
    fn walk_to_the_end(
        &mut self,
        credential: &Credential,
        delivery: Option<&dyn Delivery>,
        mut retries: u32,
    ) -> Result<()> {
        loop {
            match self.walk(credential, delivery) {
                Err(error) if retries > 0 && self.worth_another_try(&error) => {
                    retries -= 1;
                    self.events.notice(Notice::Reconnecting(error));
                    std::thread::sleep(BREATH);
                }
                ended => return ended,
            }
        }
    }

    /// From the connection to the goodbye.
    fn walk(&mut self, credential: &Credential, delivery: Option<&dyn Delivery>) -> Result<()> {
        let Account { routes, login, .. } = self.account;
        let visit = Visit {
            patience: self.patience.clone(),
            events: self.events,
        };
        let mut maildrop = maildrop::open(routes, login, credential, visit)?;
        self.begin_anew();
        self.warn_of_expiry(&*maildrop);
        let steps = match self.look(&mut *maildrop) {
            Ok(steps) => steps,
            Err(error) if error.reach() == Reach::Line => return Err(error),
            Err(error) => {
                let _ = maildrop.quit(); // nothing hangs on it
                return Err(error);
            }
        };
        let Some(delivery) = delivery else {
            return self.tell(maildrop, &steps);
        };
        self.announce(&mut *maildrop, &steps)?;
        match self.carry_out(&mut *maildrop, delivery, &steps) {
            Err(error) if error.reach() == Reach::Line => Err(error),
            ended => {
                let stage = self.events.stage();
                let left = self.leave(maildrop);
                if ended.is_err() {
                    self.events.back_to(stage);
                }
                ended.and(left)
            }
        }
    }

    /// Sees what is there and decides what to do with it.
    fn look(&mut self, maildrop: &mut dyn Maildrop) -> Result<Vec<Step>> {
        self.events.enter(Stage::Listing);
        let listings = maildrop.scan()?;
        let policy = match self.mode {
            Mode::Fetch | Mode::DryRun => self.account.policy.clone(),
            Mode::Check | Mode::List | Mode::Probe => self.account.policy.looking(),
        };
        let mut steps = plan::choose(&listings, self.memory.records(), &policy, now())?;
        self.tally.total = listings.len() as u64;
        self.tally.total_bytes = listings.iter().filter_map(|listing| listing.size).sum();
        for step in &mut steps {
            if self.took(step) {
                step.why = Reason::Seen; // even if all is wanted
            }
        }
        // A listing without any UID tells of none that it is gone.
        if listings.is_empty() || listings.iter().any(|listing| listing.uid.is_some()) {
            self.memory.compare(&listings, now())?;
        }
        Ok(steps)
    }

    /// Warns if the server does not keep mail as long as it is to be kept.
    fn warn_of_expiry(&self, maildrop: &dyn Maildrop) {
        let days = |seconds: i64| u32::try_from(seconds / 86400).unwrap_or(u32::MAX);
        let wanted = match self.account.policy.keep {
            Keep::Forever => u32::MAX,
            Keep::For(seconds) => days(seconds),
            Keep::Not => 0,
        };
        if let Some(expires) = maildrop.expires_after().filter(|days| *days < wanted) {
            self.events.notice(Notice::Expires(expires));
        }
    }

    /// Tells the maildrop and the user what is about to be retrieved.
    fn announce(&self, maildrop: &mut dyn Maildrop, steps: &[Step]) -> Result<()> {
        let wanted: Vec<&Step> = steps.iter().filter(|step| step.retrieve()).collect();
        let bytes = wanted.iter().filter_map(|step| step.listing.size).sum();
        self.events.emit(Event::Planned {
            messages: wanted.len() as u64,
            bytes,
        });
        let numbers: Vec<MessageNumber> = wanted.iter().map(|step| step.listing.number).collect();
        maildrop.announce(&numbers)
    }

    /// Forgets what a walk before this one, over a line that was lost, counted or meant to delete.
    fn begin_anew(&mut self) {
        self.condemned.clear();
        (self.tally.seen, self.tally.skipped, self.tally.more) = (0, 0, false);
    }

    /// Notes that a message, remembered by this key, is to be deleted, if it is.
    fn settle(
        &mut self,
        maildrop: &mut dyn Maildrop,
        listing: &Listing,
        key: Option<Key>,
        fate: Disposition,
    ) -> Result<()> {
        maildrop.settle(listing.number, fate)?;
        if fate == Disposition::Delete {
            self.condemned.push((listing.clone(), key));
        }
        Ok(())
    }

    /// Lets the deletions happen and says goodbye.
    fn leave(&mut self, maildrop: Box<dyn Maildrop + '_>) -> Result<()> {
        self.events.enter(Stage::Quitting);
        let refused = maildrop.quit()?;
        if !refused.is_empty() {
            self.events.notice(Notice::NotDeleted(refused.len()));
        }
        let condemned = std::mem::take(&mut self.condemned);
        let mut keys = Vec::new();
        for (listing, key) in condemned {
            if !refused.contains(&listing.number) {
                self.tally.deleted += 1;
                self.events.emit(Event::Delete { uid: listing.uid });
                keys.extend(key);
            }
        }
        self.memory.deleted(keys, now())
    }

    /// Whether connecting again may help: the line was lost, by nobody's decision.
    fn worth_another_try(&self, error: &Error) -> bool {
        let lost = match error {
            Error::Cut { .. } => true,
            Error::TimedOut { .. } => self.events.stage() == Stage::Retrieving,
            _ => false,
        };
        lost && self.patience.stop.signal().is_none()
    }
}

/// The time of day.
fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
