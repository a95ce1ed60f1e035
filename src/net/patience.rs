//! How long each wait for the server may last, and the whole visit.

use crate::error::{Error, Result};
use crate::event::Stop;
use std::time::{Duration, Instant};

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
        Waiting {
            patience: self,
            since: Instant::now(),
            waiting_for,
        }
    }
}

/// A wait under way.
pub struct Waiting<'p> {
    patience: &'p Patience,
    since: Instant,
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
        if now - self.since >= self.patience.timeout {
            let after = self.patience.timeout;
            return Err(Error::TimedOut {
                waiting_for: self.waiting_for,
                after,
            });
        }
        Ok(())
    }

    /// How long it has lasted.
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// As `check`, and fails when a signal asks us to stop: for waits with nothing under way.
    pub fn check_or_stop(&self) -> Result<()> {
        match self.patience.stop.signal() {
            Some(_) => Err(Error::Interrupted),
            None => self.check(),
        }
    }
}
