//! Bodies over the wire: begun behind a line, read on, and read to their end by whoever speaks next.

use super::{Wire, UNWANTED};
use crate::error::{Error, Result};
use crate::net::body::{Body, Counted, Counter, Stuffed, Unstuffer};
use crate::net::patience::Pace;

impl<'e> Wire<'e> {
    /// Begins a body: what follows the line read last, up to the line that ends it.
    pub fn stuffed(&mut self) -> Stuffed<'_, 'e> {
        self.body = Some(Body::Stuffed(Unstuffer::new(self.bare_lf)));
        self.pace = Pace::default();
        Stuffed(self)
    }

    /// Begins a body of so many octets: those that follow the line read last.
    pub fn counted(&mut self, octets: u64) -> Counted<'_, 'e> {
        self.body = Some(Body::Counted(Counter::new(octets)));
        self.pace = Pace::default();
        Counted(self)
    }

    /// Gives the next bytes of the body under way; 0 when there is none or it has ended.
    pub(in crate::net) fn read_body(&mut self, output: &mut [u8]) -> Result<usize> {
        if output.is_empty() || !self.unfinished() {
            return Ok(0);
        }
        let Some(mut body) = self.body.take() else {
            return Ok(0);
        };
        let read = self.read_on(&mut body, output);
        self.failed |= read.is_err();
        if read.is_ok() {
            self.body = Some(body);
        }
        read
    }

    /// Whether a body is under way.
    fn unfinished(&self) -> bool {
        self.body.as_ref().is_some_and(|body| !body.ended())
    }

    fn read_on(&mut self, body: &mut Body, output: &mut [u8]) -> Result<usize> {
        loop {
            if self.unread.is_empty() {
                let patience = self.patience.clone();
                let waiting = patience.resume("the rest of a message", self.pace);
                waiting.check()?; // a deadline holds although bytes keep coming
                self.fill(|| waiting.check(), "a message")?;
                self.pace.took(&waiting, self.unread.len());
            }
            let taken = body.step(&self.buffer[self.unread.clone()], output);
            self.unread.start += taken.consumed;
            if body.ended() || taken.produced > 0 {
                return Ok(taken.produced);
            }
        }
    }

    /// How many bytes less than octets the last body has given so far.
    pub(in crate::net) fn shortened(&self) -> u64 {
        self.body.as_ref().map_or(0, Body::shortened)
    }

    /// Reads what is left of a body that nobody wants any more.
    pub fn drain(&mut self) -> Result<()> {
        if !self.unfinished() {
            return Ok(());
        }
        let mut waste = [0; 16 * 1024];
        let mut drained = 0;
        while self.unfinished() {
            drained += self.read_body(&mut waste)? as u64;
            if drained > UNWANTED {
                return Err(Error::LeftAmid);
            }
        }
        Ok(())
    }
}
