//! The road: one account, from its lock to its tally. Everything that lasts is made to last on the
//! way, so a failure anywhere needs no cleaning up: what is owned is dropped, and the next visit
//! finds in the memory where this one stood.

mod account;
mod acquaintance;
mod again;
mod around;
mod batch;
mod bounded;
mod carry;
mod complaint;
mod known;
mod leave;
mod look;
mod mark;
mod pace;
mod piece;
mod portion;
mod prepare;
mod probe;
mod rehearse;
mod sift;
mod sign_in;
mod survey;

pub use account::Account;
pub use probe::{look, probe, Target};
pub use sign_in::sign_in;

use crate::delivery::{Delivery, Filter, Verdict};
use crate::error::{Reach, Result};
use crate::event::{Event, Events, Failure, Mode, Notice, Stage, Stop, Subject, Tally};
use crate::maildrop::{Maildrop, Part, Pipeline, Servers, Wanted};
use crate::message::{Listing, Time, Uid};
use crate::net::{Patience, Proof, Route};
use crate::plan::{Keep, Step};
use crate::secret::Credential;
use crate::seen::{Access, Key, Lock, Memory};
use again::Again;
use around::around;
use batch::Unsettled;
use piece::Piece;
use portion::Portion;
use prepare::{prepare, recall};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    complaint::weigh(account, mode, &mut tally);
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
        stop: _,
    } = errand;
    let access = match mode {
        Mode::Fetch | Mode::Mark | Mode::Settle => Access::Write,
        Mode::DryRun | Mode::Check | Mode::List | Mode::Probe => Access::Read,
    };
    tally.known = account.place.is_known();
    let _lock = Lock::take(&account.place, &account.maildrop(), access)?;
    let memory = recall(account, access, events)?;
    tally.known = memory.records().any();
    tally.too_soon = pace::too_soon(&errand, &memory);
    if tally.too_soon.is_some() {
        return Ok(());
    }
    around(&errand, tally, |tally| call(&errand, memory, tally))
}

/// What a visit is but for its lock, its memory, and what runs around it.
fn call(errand: &Errand, mut memory: Memory, tally: &mut Tally) -> Result<()> {
    let Errand {
        account,
        mode,
        events,
        stop,
    } = *errand;
    let delivery = match mode {
        Mode::Fetch => Some(prepare(account, &mut memory, events, stop)?),
        _ => None,
    };
    // What was claimed by a run that was killed shows that the account works, too.
    tally.known |= memory.records().any();
    account.filter.iter().try_for_each(Filter::check)?;
    let unproven = |route: &Route| route.trust.proof == Proof::Nothing;
    if account.routes.iter().any(unproven) {
        events.notice(Notice::Unverified);
    }
    events.enter(Stage::Password);
    if account.secret.may_ask() {
        events.emit(Event::Lent);
    }
    let patience = patience(account, stop);
    let credential = sign_in::credential(account, &patience)?;
    let mut road = Road {
        account,
        mode,
        events,
        memory,
        tally,
        credential,
        patience,
        last_login: None,
        slices: 0,
        portion: Portion::default(),
        lost: HashMap::new(),
        taken: HashMap::new(),
        judged: HashMap::new(),
        deleted: HashSet::new(),
        hidden: HashSet::new(),
        condemned: Vec::new(),
        read: Vec::new(),
        unsettled: Unsettled::default(),
        pipeline: account.pipeline,
        piece: Piece::default(),
        asks_first: false,
        servers: Servers::new(&account.routes),
    };
    let retries = match mode {
        Mode::Fetch | Mode::Check | Mode::Settle | Mode::Mark => account.retry,
        Mode::DryRun | Mode::List | Mode::Probe => 0, // what was said already would be said again
    };
    let ended = road.walk_to_the_end(delivery.as_deref(), retries);
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

/// What names a message from one connection of a run to the next: its UID and the how-manieth it
/// is of those that share it; else its number, which is better than nothing.
type Which = (Option<Uid>, u32);

/// What the steps of one visit share.
struct Road<'r> {
    account: &'r Account,
    mode: Mode,
    events: &'r Events,
    memory: Memory,
    tally: &'r mut Tally,
    credential: Credential,
    patience: Patience,
    /// When this run logged in last, and how far from that the server wants the next time.
    last_login: Option<(Instant, Duration)>,
    /// How many slices of the maildrop were taken in this run.
    slices: u32,
    portion: Portion,
    /// How often the line was lost over a message in this run; more than enough if it cannot be had.
    lost: HashMap<Which, u32>,
    /// How many messages with a UID this run has delivered.
    taken: HashMap<Key, u32>,
    /// What the header filter has said of messages in this run.
    judged: HashMap<Which, Verdict>,
    /// What this run has deleted, as the server confirmed.
    deleted: HashSet<Key>,
    /// What it has retrieved where nothing is shown again that was.
    hidden: HashSet<Key>,
    /// What this session is to delete, and by what it is remembered.
    condemned: Vec<(Listing, Option<Key>)>,
    /// What this session retrieved whole.
    read: Vec<Key>,
    /// What was delivered, or was not, and is not remembered yet.
    unsettled: Unsettled,
    /// How much may be asked for ahead.
    pipeline: Pipeline,
    /// The piece of a message that is under way.
    piece: Piece,
    /// What is remembered of the server is not relied on any more.
    asks_first: bool,
    /// The servers, and whose turn it is.
    servers: Servers<'r>,
}

impl Road<'_> {
    /// From the connection to the goodbye; tells whether to walk again, and why.
    fn walk(&mut self, delivery: Option<&dyn Delivery>) -> Result<Option<Again>> {
        let before = self.progress();
        let mut maildrop = self.open()?;
        self.begin_anew();
        let first = self.last_login.is_none();
        // Even if nothing comes of the look: the next run must know how soon it may log in.
        let looked = self.look(&mut *maildrop);
        let noted = self.note_login(maildrop.login_delay());
        let steps = match noted.and(looked) {
            Ok(steps) => steps,
            Err(error) if error.reach() == Reach::Line => return Err(error),
            Err(error) => {
                let _ = maildrop.quit(); // nothing hangs on it
                return Err(error);
            }
        };
        if first {
            self.warn_of_expiry(&*maildrop);
        }
        let Some(delivery) = delivery else {
            return self.tell(maildrop, &steps).map(|()| None);
        };
        let (steps, again) = self.portion(&steps);
        if steps.iter().any(|step| self.may_have(step)) {
            self.memory.root()?;
        }
        self.announce(&mut *maildrop, steps);
        match self.carry_out(&mut *maildrop, delivery, steps) {
            Err(error) if error.reach() == Reach::Line => Err(error),
            ended => {
                let stage = self.events.stage();
                let noted = self.note_offers(&*maildrop);
                let left = self.leave(maildrop);
                if ended.is_err() {
                    self.events.back_to(stage);
                }
                ended.and(left).and(noted)?;
                Ok(again.or_else(|| self.next_slice(before)))
            }
        }
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

    /// Tells the maildrop what will be retrieved.
    fn announce(&self, maildrop: &mut dyn Maildrop, steps: &[Step]) {
        self.planned(steps);
        let left = self
            .account
            .policy
            .limit
            .unwrap_or(u64::MAX)
            .saturating_sub(self.tally.new);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let wanted = steps.iter().filter(|step| self.may_have(step)).take(left);
        maildrop.announce(Part::Whole, &wanted.map(to_be_asked).collect::<Vec<_>>());
    }

    /// Tells the user what is wanted.
    fn planned(&self, steps: &[Step]) {
        let wanted = steps.iter().filter(|step| self.may_have(step));
        let bytes = wanted.clone().filter_map(|step| step.listing.size).sum();
        let messages = wanted.count() as u64;
        self.events.emit(Event::Planned { messages, bytes });
    }

    /// Forgets what a walk before this one counted or meant to delete, but for what it parted with.
    fn begin_anew(&mut self) {
        self.condemned.clear();
        self.read.clear();
        self.memory.begin_anew();
        let parted = self.deleted.union(&self.hidden);
        let known = parted.filter(|key| !self.taken.contains_key(key));
        self.tally.seen = known.count() as u64;
        (self.tally.skipped, self.tally.more) = (0, false);
    }
}

/// A step's message, as a maildrop is told of it.
fn to_be_asked(step: &Step) -> Wanted {
    (step.listing.number, step.listing.size)
}

/// The time of day.
pub fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
