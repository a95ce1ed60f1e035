//! POP3 (RFC 1939, 2449) over a wire: from the login to QUIT. Deletions are only noted until QUIT is
//! near, since DELE has no effect before it anyway.
//!
//! Where the server offers it, requests are sent ahead of the replies to earlier ones. A server that
//! loses some of them answers the wrong ones, so what comes is held against its listed size; where
//! that differs, the message is asked for again, alone. If it comes as before it was the right one.

use super::ahead::{Ahead, Asked, Command};
use super::entry::seconds;
use super::greet;
use super::known::Known;
use super::login::plain_reply;
use super::syntax::{Code, Reply, REPLY_LIMIT};
use super::talk::Talk;
use super::{listing, sdps, Envelopes, Left, Maildrop, Part, Scan, Sizes, Wanted};
use crate::error::{Error, Result};
use crate::message::{head_end, Disposition, Envelope, Listing, MessageNumber, Time};
use crate::net::{Stuffed, UNWANTED};
use crate::seen::Offers;
use std::io::{self, Read};
use std::time::Duration;

/// How much of a head is worth keeping.
const HEAD_LIMIT: u64 = 64 * 1024;

/// How much is kept of why a message is not given, as much as RFC 1939 allows: a server may give
/// none of very many.
const REASON: usize = 512;
/// How many deletions are asked for together.
const DELETIONS: usize = 64;
/// Servers hang up after ten minutes in which they hear nothing (RFC 1939, section 3), even if it is
/// we who have not yet read what they sent.
const QUIET: Duration = Duration::from_secs(60);

/// An open POP3 session.
pub struct Pop3<'e> {
    pub(super) talk: Talk<'e>,
    known: Known,
    deletions: Vec<MessageNumber>,
    /// How many messages STAT counted.
    pub(super) count: u32,
    ahead: Ahead,
    /// The reply that is awaited or was read last.
    current: Option<Asked>,
    /// A command sent ahead was answered.
    proven: bool,
    pub(super) envelopes: Envelopes,
    /// The server has told an envelope.
    pub(super) tells_envelopes: bool,
}

impl<'e> Pop3<'e> {
    /// A session that is logged in already.
    pub fn over(talk: Talk<'e>, known: Known) -> Self {
        Self {
            ahead: Ahead::new(known.most(), talk.0.room()),
            talk,
            known,
            deletions: Vec::new(),
            count: 0,
            current: None,
            proven: false,
            envelopes: Envelopes::Heads,
            tells_envelopes: false,
        }
    }

    /// Sends commands ahead, if that may be; with them CAPA, where that was put off.
    pub(super) fn foretell(&mut self, commands: &[Command]) -> Result<()> {
        if self.ahead.most() < commands.len() {
            return Ok(());
        }
        self.catch_up()?;
        let due = self.known.is_due();
        let capa = Some(&Command::Capabilities).filter(|_| due);
        let all = capa.into_iter().chain(commands);
        let lines: Vec<_> = all.map(|command| self.ahead.ask(*command)).collect();
        self.talk.0.send(&lines)?;
        if due {
            let reply = self.ask(Command::Capabilities, greet::CAPA_REPLY)?;
            let lines = greet::capability_lines(&mut self.talk, reply);
            let lines = lines.map_err(|error| self.doubt(error))?;
            self.known.heard(&lines.unwrap_or_default())?;
            self.ahead.allow(self.known.most());
        }
        Ok(())
    }

    /// The first line of the reply to a command, which is sent now if it was not sent ahead. Replies
    /// that come before it are wanted no more.
    pub(super) fn ask(&mut self, command: Command, waiting_for: &'static str) -> Result<Reply> {
        if !self.ahead.holds(command) {
            self.catch_up()?;
            let line = self.ahead.ask(command);
            self.talk.0.send(&[line])?;
        }
        while self.ahead.next() != Some(command) {
            self.let_go()?;
        }
        self.reply(waiting_for)
    }

    /// Reads all replies that are still to come. If the server says more, one may have been taken for
    /// another.
    fn catch_up(&mut self) -> Result<()> {
        while self.ahead.next().is_some() {
            self.let_go()?;
        }
        let in_step = self.talk.in_step();
        in_step.map_err(|error| self.doubt(error))
    }

    /// Reads a reply that nobody wants any more.
    fn let_go(&mut self) -> Result<()> {
        let reply = self.reply("a reply that is wanted no more")?;
        let refused = matches!(reply, Reply::Err(..));
        if !refused && self.current.is_some_and(|asked| asked.command.has_body()) {
            self.talk.body();
        }
        Ok(())
    }

    /// The first line of the reply that comes next.
    fn reply(&mut self, waiting_for: &'static str) -> Result<Reply> {
        let drained = self.talk.0.drain();
        drained.map_err(|error| self.doubt(error))?;
        self.current = self.ahead.take();
        let reply = self.talk.reply(REPLY_LIMIT, waiting_for);
        let reply = reply.and_then(plain_reply).map_err(|e| self.doubt(e))?;
        self.proven |= self.current.is_some_and(|asked| asked.ahead);
        Ok(reply)
    }

    /// What went wrong with a reply may be the fault of commands that were sent ahead.
    pub(super) fn doubt(&self, error: Error) -> Error {
        let ahead = self.current.is_some_and(|asked| asked.ahead);
        let others = ahead || self.ahead.next().is_some();
        let doubtful = match error {
            Error::Nonsense { .. } | Error::LineTooLong(_) => others,
            Error::TimedOut { .. } => ahead || self.ahead.doubts(),
            // Weak lines are common, and servers that hang up on what is sent ahead do so at once.
            Error::Cut { .. } => others && !self.proven || self.ahead.doubts(),
            Error::LeftAmid => self.ahead.doubts(),
            _ => false,
        };
        match doubtful {
            true => Error::OutOfStep(Box::new(error)),
            false => error,
        }
    }

    /// Asks for a part of a message, and for those announced behind it.
    pub(super) fn ask_for(&mut self, part: Part, number: MessageNumber) -> Result<Reply> {
        let command = Command::about(part, number);
        // From here on a message may be under way, and a signal waits until it is done.
        self.talk.0.see_it_through();
        if !self.ahead.holds(command) {
            self.catch_up()?;
        }
        let requests = self.ahead.request(command, self.talk.0.lasted());
        if !requests.is_empty() {
            self.talk.0.send(&requests)?;
        } else if self.talk.0.quiet() > QUIET {
            self.keep_alive()?;
        }
        self.ask(command, "a message")
    }

    /// As much of the lines behind a reply as a head may be long.
    pub(super) fn beginning(&mut self) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        let read = self.talk.body().take(HEAD_LIMIT).read_to_end(&mut lines);
        read.map(|_| lines).map_err(Error::from_reader)
    }
}

impl Maildrop for Pop3<'_> {
    fn scan(&mut self, sizes: Sizes) -> Result<Scan> {
        listing::scan(self, sizes)
    }

    fn weigh(&mut self, scan: Scan) -> Result<Vec<Listing>> {
        listing::weigh(self, scan)
    }

    fn announce(&mut self, part: Part, wanted: &[Wanted]) {
        match (self.envelopes, part) {
            (Envelopes::Sdps, Part::Whole) => {
                let parts = [Part::Envelope, Part::Whole];
                self.ahead.announce(&parts, wanted);
            }
            _ => self.ahead.announce(&[part], wanted),
        }
    }

    fn expires_after(&self) -> Option<u32> {
        self.known.capabilities.expire
    }

    fn login_delay(&self) -> Option<Duration> {
        self.known.capabilities.login_delay.map(seconds)
    }

    fn learned(&self, now: Time) -> Option<Offers> {
        match self.ahead.loses() {
            true => self.known.lock_step(now),
            false => self.known.learned(now),
        }
    }

    fn envelope(&mut self, number: MessageNumber) -> Result<Option<Envelope>> {
        match self.envelopes {
            Envelopes::Heads => Ok(None),
            Envelopes::Sdps => sdps::envelope(self, number).map(Some),
        }
    }

    fn head(&mut self, number: MessageNumber) -> Result<Option<Vec<u8>>> {
        let offered = &self.known.capabilities;
        if offered.known && !offered.top {
            return Ok(None);
        }
        match self.ask_for(Part::Head, number)? {
            Reply::Err(..) => Ok(None),
            Reply::Ok(_) | Reply::Challenge(_) => {
                let mut head = self.beginning()?;
                head.truncate(head_end(&head).unwrap_or(head.len()));
                Ok(Some(head))
            }
        }
    }

    fn retrieve(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>> {
        match self.ask_for(Part::Whole, number)? {
            Reply::Ok(_) | Reply::Challenge(_) => Ok(Box::new(Body {
                alone: !self.current.is_some_and(|asked| asked.ahead)
                    && self.ahead.next().is_none(),
                listed: self.current.and_then(|asked| asked.size),
                body: self.talk.body(),
                ahead: &mut self.ahead,
                given: 0,
            })),
            Reply::Err(Some(Code::OutSync), text) => Err(Error::OutOfSync(text)),
            Reply::Err(_, text) => Err(Error::MessageRefused(
                text[..text.len().min(REASON)].to_vec(),
            )),
        }
    }

    fn settle(&mut self, number: MessageNumber, disposition: Disposition) -> Result<()> {
        if disposition == Disposition::Delete {
            self.deletions.push(number);
        }
        Ok(())
    }

    fn keep_alive(&mut self) -> Result<()> {
        if self.ahead.next().is_none() {
            return self.ask(Command::Noop, "the answer to NOOP").map(drop);
        }
        if self.ahead.has_room(Command::Noop) {
            let line = self.ahead.ask(Command::Noop);
            self.talk.0.send(&[line])?;
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        self.deletions.clear();
        self.ask(Command::Reset, "the answer to RSET").map(drop)
    }

    /// The noted deletions with their replies, then QUIT alone (RFC 1939, section 6).
    fn quit(mut self: Box<Self>) -> Result<Left> {
        if self.ahead.promised() > UNWANTED {
            let during = "messages that are wanted no more";
            return Err(Error::Cut { during, why: None });
        }
        let deletions = std::mem::take(&mut self.deletions);
        let mut refused = Vec::new();
        for together in deletions.chunks(DELETIONS.min(self.ahead.most())) {
            let commands: Vec<_> = together.iter().copied().map(Command::Delete).collect();
            self.foretell(&commands)?;
            for number in together {
                let deletion = Command::Delete(*number);
                if let Reply::Err(..) = self.ask(deletion, "the answer to DELE")? {
                    refused.push(*number);
                }
            }
        }
        let in_doubt = deletions.len() > refused.len();
        self.catch_up()?;
        match self.ask(Command::Quit, "the goodbye") {
            Ok(Reply::Err(_, text)) if in_doubt => Err(Error::QuitRefused(text)),
            Err(error) if in_doubt => Err(error),
            // Without deletions nothing hangs on how the server says goodbye.
            _ => Ok(Left {
                refused,
                ..Left::default()
            }),
        }
    }
}

/// The message that comes, held against its listed size while replies may be out of step.
struct Body<'m, 'e> {
    body: Stuffed<'m, 'e>,
    ahead: &'m mut Ahead,
    /// With nothing else under way it can be no other message.
    alone: bool,
    listed: Option<u64>,
    given: u64,
}

impl Body<'_, '_> {
    /// Whether it is to be believed that this is the message that was asked for.
    fn is_believed(&mut self) -> bool {
        // Some count a line end as one octet, do not count one that they add, or forget to double a
        // dot.
        let lengths = [self.given, self.given + self.body.shortened()];
        let near = |listed: u64| lengths.iter().any(|length| length.abs_diff(listed) <= 2);
        let as_listed = self.alone || self.listed.is_some_and(near);
        self.ahead.judge(as_listed, self.given)
    }
}

impl Read for Body<'_, '_> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(output)?;
        self.given += read as u64;
        if read == 0 && !output.is_empty() && !self.is_believed() {
            return Err(io::Error::other(Error::NotAsListed));
        }
        Ok(read)
    }
}
