//! What visits came to, and how they are added up.

use super::Stage;
use crate::error::{Error, ExitStatus};
use crate::message::Uid;
use std::time::Duration;

/// What a failure was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The whole visit.
    Visit,
    /// One message, by its UID if it has one.
    Message(Option<Uid>),
}

/// A failure with the stage at which it came.
#[derive(Debug)]
pub struct Failure {
    /// Where the visit was.
    pub stage: Stage,
    /// What it was about.
    pub subject: Subject,
    /// What failed.
    pub error: Error,
    /// Known from several runs before: named, but no alarm.
    pub known: bool,
}

impl Failure {
    /// Whether somebody called the visit off.
    pub fn called_off(&self) -> bool {
        matches!(self.error, Error::Interrupted)
    }

    /// Whether it may be passed over for a while in an account that has worked before. What the
    /// server will not give has a rule of its own.
    pub fn passes(&self) -> bool {
        let refused = self.subject != Subject::Visit && !self.error.is_ours();
        self.error.status().is_passing() && !refused
    }
}

/// What a visit came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages delivered.
    pub new: u64,
    /// Messages that were known already.
    pub seen: u64,
    /// Messages deleted, as the server confirmed.
    pub deleted: u64,
    /// Messages left on the server because of their size.
    pub skipped: u64,
    /// Bytes delivered.
    pub bytes: u64,
    /// New messages are, or may be, left for the next run.
    pub more: bool,
    /// Nothing was done, since the next login has to wait so long.
    pub too_soon: Option<Duration>,
    /// Messages of which only their bytes could tell whether they are new; none in a fetch, which
    /// looks.
    pub unsure: u64,
    /// All that the server lists: how many messages,
    pub total: u64,
    /// and of how many bytes, as far as it says.
    pub total_bytes: u64,
    /// How long the visit took.
    pub took: Duration,
    /// The memory knew messages of it before: it has worked.
    pub known: bool,
    /// For how long it has been failing, if it has worked before.
    pub failing_for: Option<Duration>,
    /// That is not to be said yet, or not again.
    pub hushed: bool,
    /// What failed.
    pub failures: Vec<Failure>,
}

impl Tally {
    /// The exit status that this visit stands for.
    pub fn status(&self) -> ExitStatus {
        let alarming = self.failures.iter().filter(|failure| !failure.known);
        alarming
            .map(|failure| failure.error.status())
            .min()
            .unwrap_or(ExitStatus::Fine)
    }

    /// Whether anything is known of what is there: the visit came that far.
    pub fn looked(&self) -> bool {
        let whole = |failure: &Failure| failure.subject == Subject::Visit;
        self.too_soon.is_none() && (self.new > 0 || !self.failures.iter().any(whole))
    }

    /// Whether anything failed; that somebody stopped it is no failure.
    fn is_troubled(&self) -> bool {
        let failed = |failure: &Failure| !failure.known && !failure.called_off();
        self.failures.iter().any(failed)
    }

    /// How many messages could not be had, or not delivered.
    pub fn failed(&self) -> u64 {
        let failures = self.failures.iter();
        failures
            .filter(|failure| failure.subject != Subject::Visit)
            .count() as u64
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The gravest status of its accounts.
    pub status: ExitStatus,
    /// How many accounts.
    pub accounts: u64,
    /// Of which so many failed, wholly or in part.
    pub troubled: u64,
    /// Of so many it is known what is there.
    pub looked: u64,
    /// New messages are, or may be, left for the next run.
    pub more: bool,
    /// Somebody called it off.
    pub stopped: bool,
    /// Their tallies together.
    pub new: u64,
    /// Of which only their bytes could tell whether they are new.
    pub unsure: u64,
    /// Known already.
    pub seen: u64,
    /// Deleted.
    pub deleted: u64,
    /// Too large.
    pub skipped: u64,
    /// That could not be had, or not delivered.
    pub failed: u64,
    /// The bytes of the new ones.
    pub bytes: u64,
}

impl Summary {
    /// Of one account.
    pub fn of(tally: &Tally) -> Self {
        Self {
            status: tally.status(),
            accounts: 1,
            troubled: u64::from(tally.is_troubled()),
            looked: u64::from(tally.looked()),
            more: tally.more,
            stopped: false,
            new: tally.new,
            unsure: tally.unsure,
            seen: tally.seen,
            deleted: tally.deleted,
            skipped: tally.skipped,
            failed: tally.failed(),
            bytes: tally.bytes,
        }
    }

    /// Of nothing but a status: nobody was visited.
    pub fn bare(status: ExitStatus) -> Self {
        let accounts = 1;
        Self {
            status,
            accounts,
            troubled: u64::from(status != ExitStatus::Fine),
            looked: 0,
            ..Self::of(&Tally::default())
        }
    }

    /// Of this and another: the gravest status wins.
    pub fn and(self, other: Self) -> Self {
        Self {
            status: self.status.min(other.status),
            accounts: self.accounts + other.accounts,
            troubled: self.troubled + other.troubled,
            looked: self.looked + other.looked,
            more: self.more || other.more,
            stopped: self.stopped || other.stopped,
            new: self.new + other.new,
            unsure: self.unsure + other.unsure,
            seen: self.seen + other.seen,
            deleted: self.deleted + other.deleted,
            skipped: self.skipped + other.skipped,
            failed: self.failed + other.failed,
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}
