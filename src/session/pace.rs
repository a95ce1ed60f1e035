//! How often we log in: no more often than `min_interval` and the server's LOGIN-DELAY allow
//! (RFC 2449, section 6.5), as far as the memory tells when it was last.

use super::{now, sign_in, Errand, Road};
use crate::error::{Error, Reach, Result};
use crate::event::{Event, Mode, Stage};
use crate::maildrop::{self, Maildrop, Visit};
use crate::plan::{self, Keep};
use crate::seen::{Login, Memory, Offers};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long to stay away from a server that refused us as too early, without saying what it wants.
const UNTOLD: Duration = Duration::from_secs(5 * 60);
/// The longest that a server may keep us away: it may be wrong about itself.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// For how many seconds what a server said it can do is relied on: it may come to offer better ways
/// to log in.
const FRESH: Range<i64> = 0..24 * 3600;
/// So little is waited for at once: no timer is quite exact.
const MOMENT: Duration = Duration::from_secs(5);

/// How much longer this account must be left alone, if it must. Who looks at a server was sent by a
/// person, and is not held back.
pub(super) fn too_soon(errand: &Errand, memory: &Memory) -> Option<Duration> {
    if !matches!(errand.mode, Mode::Fetch | Mode::DryRun) {
        return None;
    }
    let interval = errand.account.policy.min_interval;
    let left = || plan::early(memory.records().login(), interval, now());
    let begun = Instant::now();
    while left().is_some_and(|left| left <= MOMENT) && begun.elapsed() <= MOMENT {
        if errand.stop.signal().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    left()
}

impl<'r> Road<'r> {
    /// Connects and logs in; with another token, if the server refuses this one.
    pub(super) fn open(&mut self) -> Result<Box<dyn Maildrop + 'r>> {
        let opened = match self.knock() {
            Err(Error::TokenRefused(words)) => {
                // Tokens live for minutes; the next one may be better.
                self.events.emit(Event::Lent);
                let refused = (self.account, &self.credential);
                let Some(fresh) = sign_in::instead_of(refused, &self.patience)? else {
                    return Err(Error::TokenRefused(words));
                };
                self.credential = fresh;
                self.knock()
            }
            opened => opened,
        };
        match &opened {
            Err(Error::LoginDelay { wait, .. }) => {
                self.note_login(Some(wait.unwrap_or(UNTOLD)))?;
            }
            // OVH says it by cutting the line: whoever set `min_interval` means this as well.
            Err(Error::Cut { .. }) if self.events.stage() == Stage::LoggingIn => {
                self.note_login(None)?;
            }
            Ok(_) | Err(_) => {}
        }
        opened
    }

    /// Where what comes is kept aside: with the memory, unless nothing may be written there.
    fn spool(&self) -> PathBuf {
        match self.mode {
            Mode::Fetch => self.account.spool(),
            _ => {
                let name = format!("popget-{}-{}", std::process::id(), self.account.name);
                std::env::temp_dir().join(name)
            }
        }
    }

    fn knock(&mut self) -> Result<Box<dyn Maildrop + 'r>> {
        let account = self.account;
        let visit = Visit {
            patience: self.patience.clone(),
            events: self.events,
            pipeline: self.pipeline,
            recalled: self.recalled(),
            envelopes: account.envelopes,
            protocol: account.protocol,
            folder: account.folder.as_deref(),
            deletes: self.mode == Mode::Fetch && account.policy.keep != Keep::Forever,
            spool: self.spool(),
        };
        maildrop::open(&mut self.servers, &account.login, &self.credential, visit)
    }

    /// What is remembered of the server, if that is to be relied on.
    fn recalled(&self) -> Option<Offers> {
        let since = |known: &&Offers| now().0.saturating_sub(known.at.0);
        let known = self.memory.records().offers();
        let fresh = known.filter(|known| !self.asks_first && FRESH.contains(&since(known)));
        fresh.cloned()
    }

    /// Notes what is to be remembered of the server.
    pub(super) fn note_offers(&mut self, maildrop: &dyn Maildrop) -> Result<()> {
        match maildrop.learned(now()) {
            Some(offers) => self.memory.offered(offers),
            None => Ok(()),
        }
    }

    /// From now on the server is asked what it can do: something went wrong at the login or with the
    /// line, perhaps with what is remembered.
    pub(super) fn ask_first(&mut self, error: &Error) {
        let login = self.events.stage() == Stage::LoggingIn;
        let doubted = login || error.reach() == Reach::Line || matches!(error, Error::OffersMore);
        let Some(known) = self.memory.records().offers().filter(|_| doubted).cloned() else {
            return;
        };
        self.asks_first = true;
        let words = Vec::new();
        // That the memory cannot be written is told where it matters.
        let _ = self.memory.offered(Offers { words, ..known });
    }

    /// Notes when we logged in, if it matters for the next time, and what the server wants until
    /// then.
    pub(super) fn note_login(&mut self, delay: Option<Duration>) -> Result<()> {
        let delay = delay.unwrap_or_default().min(LONGEST);
        self.last_login = Some((Instant::now(), delay));
        if delay.is_zero() && self.account.policy.min_interval.is_none() {
            return Ok(());
        }
        self.memory.logged_in(Login {
            at: now(),
            delay: u32::try_from(delay.as_secs()).unwrap_or(u32::MAX),
        })
    }
}
