//! How long each wait for the server may last, and the whole visit.

use crate::error::{Error, Result};
use crate::event::Stop;
use std::time::{Duration, Instant};

/// How many bytes of a body or a list must come within each `timeout`: less is as good as silence.
/// Any line that mail can be read over brings more in a second.
const TRICKLE: usize = 512;

/// How long the server may take, and who may call us off.
#[derive(Clone)]
pub struct Patience {
    /// For each wait.
    pub timeout: Duration,
    /// For everything: until when, and how long that was.
    pub deadline: Option<(Instant, Duration)>,
    /// The signal to stop.
    pub stop: Stop,
}

impl Patience {
    /// Begins a wait.
    pub fn start(&self, waiting_for: &'static str) -> Waiting<'_> {
        self.resume(waiting_for, Pace::default())
    }

    /// Goes on waiting for what comes piece by piece.
    pub fn resume(&self, waiting_for: &'static str, pace: Pace) -> Waiting<'_> {
        Waiting {
            patience: self,
            since: Instant::now(),
            before: pace.waited,
            waiting_for,
        }
    }
}

/// How something comes that comes piece by piece. Only waiting counts, not what is done meanwhile.
#[derive(Clone, Copy, Default)]
pub struct Pace {
    waited: Duration,
    came: usize,
}

impl Pace {
    /// So many bytes came after this wait.
    pub fn took(&mut self, waiting: &Waiting, bytes: usize) {
        self.waited = waiting.elapsed();
        self.had(bytes);
    }

    /// So many bytes were there without a wait.
    pub fn had(&mut self, bytes: usize) {
        self.came += bytes;
        if self.came >= TRICKLE {
            *self = Self::default();
        }
    }
}

/// A wait under way.
pub struct Waiting<'p> {
    patience: &'p Patience,
    since: Instant,
    before: Duration,
    waiting_for: &'static str,
}

impl Waiting<'_> {
    /// Fails when the time is up or the account's deadline has passed.
    pub fn check(&self) -> Result<()> {
        let now = Instant::now();
        match self.patience.deadline {
            Some((until, whole)) if now >= until => return Err(Error::Deadline(whole)),
            _ => {}
        }
        if self.elapsed() >= self.patience.timeout {
            let after = self.patience.timeout;
            return Err(Error::TimedOut {
                waiting_for: self.waiting_for,
                after,
            });
        }
        Ok(())
    }

    /// How long it has lasted, all in all.
    pub fn elapsed(&self) -> Duration {
        self.before + self.since.elapsed()
    }

    /// As `check`, and fails when a signal asks us to stop: for waits with nothing under way.
    pub fn check_or_stop(&self) -> Result<()> {
        match self.patience.stop.signal() {
            Some(_) => Err(Error::Interrupted),
            None => self.check(),
        }
    }
}
