//! Lines and bodies over a transport: one buffered reader of bytes, the time-outs, and the dialogue
//! as it can be shown. It knows no commands.

mod bodies;
mod onward;

pub use onward::Meanwhile;

use super::body::Body;
use super::patience::{Pace, Patience};
use super::spoken::Spoken;
use super::veil::Veil;
use super::{tls, Binding, Proof, Secured, Security, Transport, Trust};
use crate::error::{Error, Result};
use crate::event::{Events, Side, Stage, Stop, Voice};
use memchr::memchr;
use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Room for the longest line that is ever accepted, and enough to keep a fast line busy.
const BUFFER: usize = 128 * 1024;
/// How long one read may block before we look at the clock and for a signal.
pub(super) const SLICE: Duration = Duration::from_millis(250);
/// How much that is not wanted is read to keep the line usable; beyond that it is cheaper dropped.
pub const UNWANTED: u64 = 4 * 1024 * 1024;

/// The line to the server.
pub struct Wire<'e> {
    transport: Box<dyn Transport>,
    pub(super) patience: Patience,
    pub(super) events: Voice<'e>,
    security: Security,
    secured: Option<Secured>,
    /// Made for the first read, which on a line that begins with TLS is none of ours.
    pub(super) buffer: Box<[u8]>,
    pub(super) unread: Range<usize>,
    /// Where the line that was read last stands, without its end.
    line: Range<usize>,
    /// The last line ended with a bare LF.
    bare_lf: bool,
    /// The body that was begun last, until another line is read.
    body: Option<Body>,
    /// When something was said last.
    pub(super) spoke: Instant,
    /// How the body or list under way comes.
    pace: Pace,
    /// An answer did not come: if it comes late, it must not be taken for that to another command.
    pub(super) failed: bool,
    /// What must not be shown, even if the server says it.
    secrets: Veil,
    room: usize,
    opened: Instant,
}

impl<'e> Wire<'e> {
    /// Takes a transport that is not yet secured.
    pub fn new(
        transport: Box<dyn Transport>,
        patience: Patience,
        events: impl Into<Voice<'e>>,
    ) -> Self {
        let mut transport = transport;
        // A transport that takes no time-out still works; it only cannot be interrupted.
        let _ = transport.set_timeout(SLICE.min(patience.timeout));
        let room = transport.room();
        Self {
            transport,
            patience,
            events: events.into(),
            security: Security::Clear,
            secured: None,
            buffer: Box::default(),
            unread: 0..0,
            line: 0..0,
            bare_lf: false,
            body: None,
            spoke: Instant::now(),
            pace: Pace::default(),
            failed: false,
            secrets: Veil::default(),
            room,
            opened: Instant::now(),
        }
    }

    /// Who may read what we send.
    pub fn security(&self) -> Security {
        self.security
    }

    /// What a login can be tied to: something only under TLS, and only where its library tells.
    pub fn binding(&self) -> Option<&Binding> {
        self.secured()?.binding.as_ref()
    }

    /// Whether there is TLS, and a library that tells more of it and was not asked yet.
    pub fn can_tell_more(&self) -> bool {
        tls::tells()
            && self
                .secured()
                .is_some_and(|secured| secured.version.is_none())
    }

    /// What was agreed on, if TLS was.
    pub fn secured(&self) -> Option<&Secured> {
        self.secured.as_ref()
    }

    /// The voice of the account.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Starts TLS. By value: nothing spoken before survives it. Text that is here already was sent
    /// in the clear to be taken for what the server says under TLS, so it ends the connection.
    pub fn secure(self, trust: &Trust) -> Result<Self> {
        self.events.enter(Stage::Securing);
        if !self.unread.is_empty() {
            return Err(Error::TextBehindStls);
        }
        let (transport, secured) = tls::secure(self.transport, trust, &self.patience)?;
        let mut wire = Self::new(transport, self.patience, self.events);
        wire.room = self.room; // it is the same line
        wire.secured = Some(secured);
        wire.security = match trust.proof {
            Proof::Chain(_) | Proof::Pins(_) => Security::Verified,
            Proof::Nothing => Security::Unverified,
        };
        Ok(wire)
    }

    /// Sends lines, in one piece.
    pub fn send(&mut self, lines: &[Spoken]) -> Result<()> {
        if self.failed {
            return Err(Error::Cut {
                during: "an earlier command",
                why: None,
            });
        }
        self.drain()?;
        let octets = lines.iter().map(Spoken::len).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(octets));
        for spoken in lines {
            self.events.dialogue(Side::Client, || match &spoken.shown {
                Some(shown) => shown.clone().into_bytes(),
                None => spoken.line.to_vec(),
            });
            if spoken.shown.is_some() {
                let mut words = spoken.line.rsplit(|b| *b == b' ');
                self.hide(words.next().unwrap_or_default());
            }
            bytes.extend_from_slice(&spoken.line);
            bytes.extend_from_slice(b"\r\n");
        }
        let written = self.write(&bytes);
        self.failed |= written.is_err();
        self.spoke = Instant::now();
        written
    }

    /// How many octets can be sent without waiting until the server reads.
    pub fn room(&self) -> usize {
        self.room
    }

    /// How long it has been open.
    pub fn lasted(&self) -> Duration {
        self.opened.elapsed()
    }

    /// How long nothing has been said.
    pub fn quiet(&self) -> Duration {
        self.spoke.elapsed()
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let waiting = self.patience.start("the server to read");
        while !bytes.is_empty() {
            match self.transport.write(bytes) {
                Ok(0) => {
                    return Err(Error::Cut {
                        during: "sending",
                        why: None,
                    })
                }
                Ok(n) => bytes = &bytes[n..],
                Err(why) if again(&why) => waiting.check()?,
                Err(why) => return Err(Error::from_transport(why, "sending")),
            }
        }
        let lost = |why| Error::from_transport(why, "sending");
        self.transport.flush().map_err(lost)
    }

    /// Reads one line, without its end, of at most `limit` bytes. The whole line must come within
    /// the time-out, however slowly its bytes do.
    pub fn line(&mut self, limit: usize, waiting_for: &'static str) -> Result<&[u8]> {
        self.pace = Pace::default();
        self.next_line(limit, waiting_for)?;
        Ok(self.last_line())
    }

    /// The line that was read last, until more is read.
    pub fn last_line(&self) -> &[u8] {
        &self.buffer[self.line.clone()]
    }

    /// Reads one line as `line`, where many make one answer, which must not trickle.
    pub fn next_line(&mut self, limit: usize, waiting_for: &'static str) -> Result<()> {
        let length = self.await_line(limit, waiting_for);
        // Called off, nothing went wrong with the line.
        self.failed |= !matches!(length, Ok(_) | Err(Error::Interrupted));
        let length = length?;
        let start = self.unread.start;
        self.unread.start += length + 1;
        self.bare_lf = !self.buffer[start..start + length].ends_with(b"\r");
        self.line = start..start + length - usize::from(!self.bare_lf);
        match self.line.len() > limit {
            true => Err(Error::LineTooLong(limit)),
            false => Ok(()),
        }
    }

    /// Waits until a whole line is here; gives its length without the LF.
    fn await_line(&mut self, limit: usize, waiting_for: &'static str) -> Result<usize> {
        if let Some(end) = memchr(b'\n', self.unread()) {
            self.pace.had(end);
            return Ok(end);
        }
        let patience = self.patience.clone();
        let waiting = patience.resume(waiting_for, self.pace);
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.unread.clone()];
            match memchr(b'\n', &unread[searched..]) {
                Some(end) => {
                    self.pace.took(&waiting, searched + end);
                    return Ok(searched + end);
                }
                None => searched = unread.len(),
            }
            // The last of them may be the CR of a line end that is not here yet.
            if searched > limit + 1 {
                return Err(Error::LineTooLong(limit));
            }
            waiting.check()?; // a server that sends byte by byte must not get round it
            self.fill(|| waiting.check_or_stop(), waiting_for)?;
        }
    }

    /// From now on a signal to stop is left to those who know where stopping is safe.
    pub fn see_it_through(&mut self) {
        self.patience.stop = Stop::default();
    }

    /// Shows a line of the server's in the dialogue.
    pub fn show(&self, line: &[u8]) {
        self.events.dialogue(Side::Server, || self.veil(line));
    }

    /// From now on does not show this, even if the server says it.
    pub fn hide(&mut self, secret: &[u8]) {
        self.secrets.hide(secret);
    }

    /// What the server said without the secrets that it repeated.
    pub fn veil(&self, said: &[u8]) -> Vec<u8> {
        self.secrets.over(said)
    }

    /// What the server says next, as soon as so many bytes of it are here; it is still to be read.
    pub fn peek(&mut self, count: usize, waiting_for: &'static str) -> Result<&[u8]> {
        let patience = self.patience.clone();
        let waiting = patience.start(waiting_for);
        while self.unread.len() < count {
            let came = waiting
                .check()
                .and_then(|()| self.fill(|| waiting.check_or_stop(), waiting_for));
            self.failed |= came.is_err();
            came?;
        }
        Ok(&self.unread()[..count])
    }

    /// Whether the server has said something that nobody asked for yet.
    pub fn chatty(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What the server has said so far and nobody has read.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.clone()]
    }

    /// Waits for more bytes, at most one read of them. `check` is asked between slices of waiting.
    pub fn fill(
        &mut self,
        mut check: impl FnMut() -> Result<()>,
        during: &'static str,
    ) -> Result<()> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER].into_boxed_slice();
        }
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.start > 0 {
            // The beginning of a line: little to move, and room for much to come.
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.unread.end == self.buffer.len() {
            return Err(Error::LineTooLong(BUFFER));
        }
        loop {
            match self.transport.read(&mut self.buffer[self.unread.end..]) {
                Ok(0) => return Err(Error::Cut { during, why: None }),
                Ok(n) => {
                    self.unread.end += n;
                    return Ok(());
                }
                Err(why) if again(&why) => check()?,
                Err(why) => return Err(Error::from_transport(why, during)),
            }
        }
    }
}

/// Whether an error only says that nothing happened yet.
pub(super) fn again(why: &io::Error) -> bool {
    use io::ErrorKind as K;
    // With ETIMEDOUT the system itself has given the connection up.
    let lost = why.kind() == K::TimedOut && why.raw_os_error().is_some();
    !lost && matches!(why.kind(), K::WouldBlock | K::TimedOut | K::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Attention;
    use std::collections::VecDeque;
    use std::io::{Read, Write};
    use std::sync::mpsc;

    /// Lines as they travel and as they come out, with a trap at every byte.
    const LINES: [(&[u8], &[u8]); 5] = [
        (b"..\r\n", b".\n"),
        (b"..x\r\n", b".x\n"),
        (b"\r\n", b"\n"),
        (b"a\r\r\n", b"a\r\n"),
        (b"b\n.\r\n", b"b\n.\n"),
    ];
    /// How long those are together as they travel.
    const ROUND: usize = 20;

    /// A server that has said it all already; one read gives so many bytes of it at most.
    struct Said {
        bytes: VecDeque<u8>,
        at_once: usize,
    }

    impl Read for Said {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let room = buffer.len().min(self.at_once);
            self.bytes.read(&mut buffer[..room])
        }
    }

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Said {
        fn set_timeout(&mut self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    /// Such lines, of this length or a little more as they travel: how they do, and what they are.
    fn body(length: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut travelling, mut plain) = (Vec::new(), Vec::new());
        for (line, text) in LINES.iter().cycle() {
            if travelling.len() >= length {
                break;
            }
            travelling.extend_from_slice(line);
            plain.extend_from_slice(text);
        }
        (travelling, plain)
    }

    /// A body comes out whole behind a reply of this length, and what follows it is left alone.
    fn comes_out(reply: usize, length: usize, at_once: usize, room: usize) {
        let (travelling, plain) = body(length);
        let reply = [&b"+".repeat(reply - 2)[..], b"\r\n"].concat();
        let bytes = [&reply[..], &travelling, b".\r\n+OK next\r\n"].concat();
        let (sender, _receiver) = mpsc::channel();
        let attention = Attention {
            dialogue: false,
            fine: false,
        };
        let events = Events::new(0, sender, attention);
        let patience = Patience {
            timeout: Duration::from_secs(60),
            deadline: None,
            stop: Stop::default(),
        };
        let bytes = bytes.into();
        let mut wire = Wire::new(Box::new(Said { bytes, at_once }), patience, &events);
        wire.line(512, "a reply").unwrap();
        let (mut got, mut piece) = (Vec::new(), vec![0; room]);
        let mut stuffed = wire.stuffed();
        loop {
            match stuffed.read(&mut piece).unwrap() {
                0 => break,
                n => got.extend_from_slice(&piece[..n]),
            }
        }
        let case = format!("{length} behind {reply:?} by {at_once} into {room}");
        assert!(got == plain, "{case}");
        assert_eq!(wire.line(512, "a reply").unwrap(), b"+OK next", "{case}");
    }

    #[test]
    fn every_byte_of_a_trap_falls_on_the_edge_of_every_buffer() {
        for reply in 5..5 + ROUND {
            comes_out(reply, 2 * BUFFER + 100, BUFFER, 64 * 1024);
            comes_out(reply, 40_000, 16 * 1024, 64 * 1024);
            comes_out(reply, 10_000, 1460, 4096);
            comes_out(reply, 1000, BUFFER, 1);
        }
    }

    #[test]
    fn the_end_of_a_body_falls_on_the_edge_of_every_buffer() {
        for reply in 5..5 + ROUND {
            comes_out(reply, BUFFER - ROUND, BUFFER, 64 * 1024);
            comes_out(reply, 16 * 1024 - ROUND, 16 * 1024, 16 * 1024);
            // The end of what comes out on that of the room for it.
            comes_out(reply, 4096, BUFFER, body(4096).1.len());
            comes_out(reply, 4096, BUFFER, body(4096).1.len() - 1);
        }
    }
}
