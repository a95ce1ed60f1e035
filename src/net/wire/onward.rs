//! What a wire can do besides, for those who hand mail on over it: messages go out, and the answer to
//! one may take long.

use super::Wire;
use crate::error::Result;
use std::time::{Duration, Instant};

/// How often others are let do something while it takes a time.
const MEANWHILE: Duration = Duration::from_secs(1);

/// What others do now and then while something takes long.
pub struct Meanwhile<'m> {
    since: Instant,
    act: &'m mut dyn FnMut(),
}

impl<'m> Meanwhile<'m> {
    /// Begins something that may take long.
    pub fn of(act: &'m mut dyn FnMut()) -> Self {
        let since = Instant::now();
        Self { since, act }
    }

    /// Lets them do it if it is time; tells whether it was.
    fn pass(&mut self) -> bool {
        let due = self.since.elapsed() >= MEANWHILE;
        if due {
            (self.act)();
            self.since = Instant::now();
        }
        due
    }
}

impl Wire<'_> {
    /// Sends bytes as they are.
    pub fn pour(&mut self, bytes: &[u8], meanwhile: &mut Meanwhile) -> Result<()> {
        let written = self.write(bytes);
        self.failed |= written.is_err();
        self.spoke = Instant::now();
        meanwhile.pass();
        written
    }

    /// Waits until the server says something.
    pub fn await_word(
        &mut self,
        waiting_for: &'static str,
        meanwhile: &mut Meanwhile,
    ) -> Result<()> {
        if self.chatty() {
            return Ok(());
        }
        let patience = self.patience.clone();
        let waiting = patience.start(waiting_for);
        let check = || {
            // Meanwhile it may have been said, however long that took.
            match meanwhile.pass() {
                true => Ok(()),
                false => waiting.check_or_stop(),
            }
        };
        let word = self.fill(check, waiting_for);
        self.failed |= word.is_err();
        word
    }

    /// From now on no wait lasts longer than this.
    pub fn hurry(&mut self, timeout: Duration) {
        self.patience.timeout = self.patience.timeout.min(timeout);
    }
}
