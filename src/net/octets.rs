//! Octets over a wire that are no lines: what is said before POP is spoken.

use super::Wire;
use crate::error::Result;
use crate::event::Side;
use std::time::Instant;

impl Wire<'_> {
    /// Says octets that are no line, and are shown as `shown`.
    pub fn say(&mut self, octets: &[u8], shown: &str) -> Result<()> {
        self.events.dialogue(Side::Client, || shown.into());
        let written = self.write(octets);
        self.failed |= written.is_err();
        self.spoke = Instant::now();
        written
    }

    /// Reads so many octets that are no line, fewer than there is room for.
    pub fn octets(&mut self, count: usize, waiting_for: &'static str) -> Result<Vec<u8>> {
        let patience = self.patience.clone();
        let waiting = patience.start(waiting_for);
        while self.unread.len() < count {
            waiting.check()?; // a server that sends byte by byte must not get round it
            self.fill(|| waiting.check_or_stop(), waiting_for)?;
        }
        let octets = self.buffer[self.unread.start..self.unread.start + count].to_vec();
        self.unread.start += count;
        Ok(octets)
    }
}
