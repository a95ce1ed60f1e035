//! A POP3 dialogue in step: a command, its reply, the lines behind it. Which commands, and what the
//! answers mean, is known to its users.

use super::syntax::{Reply, REPLY_LIMIT};
use crate::error::{Error, Result};
use crate::net::{Spoken, Stuffed, Wire};

/// How a challenge appears in the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Whole,
    /// As stars.
    Masked,
}

/// A wire on which POP3 is spoken.
pub struct Talk<'e>(pub Wire<'e>);

impl<'e> Talk<'e> {
    /// Says something and reads the first line of the reply.
    pub fn ask(&mut self, spoken: &Spoken, waiting_for: &'static str) -> Result<Reply> {
        self.say(std::slice::from_ref(spoken))?;
        self.reply(REPLY_LIMIT, waiting_for)
    }

    /// Says something while nothing is left to be answered; the replies come one behind the other.
    pub fn say(&mut self, lines: &[Spoken]) -> Result<()> {
        self.in_step()?;
        self.0.send(lines)
    }

    /// Fails if the server spoke out of turn: no reply can be matched to its command any more.
    pub fn in_step(&mut self) -> Result<()> {
        self.0.drain()?;
        if !self.0.chatty() {
            return Ok(());
        }
        let line = self.0.line(REPLY_LIMIT, "nothing");
        let got = line.map(<[u8]>::to_vec).unwrap_or_default();
        Err(self.veiled(Error::Nonsense {
            expected: "silence until asked",
            got,
        }))
    }

    /// Reads the first line of a reply.
    pub fn reply(&mut self, limit: usize, waiting_for: &'static str) -> Result<Reply> {
        self.reply_shown(limit, waiting_for, Shown::Whole)
    }

    /// As `reply`, where a challenge is not to be seen by everybody.
    pub fn reply_shown(
        &mut self,
        limit: usize,
        waiting_for: &'static str,
        shown: Shown,
    ) -> Result<Reply> {
        let reply = Reply::parse(self.0.line(limit, waiting_for)?);
        self.0.show(match (&reply, shown) {
            (Ok(Reply::Challenge(_)), Shown::Masked) => b"+ ***",
            _ => self.0.last_line(),
        });
        // What may be told to the user; a server may repeat what it was told.
        match reply {
            Ok(Reply::Err(code, text)) => Ok(Reply::Err(code, self.0.veil(&text))),
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.veiled(error)),
        }
    }

    /// The error without the secrets that the server repeated.
    pub fn veiled(&self, error: Error) -> Error {
        match error {
            Error::Nonsense { expected, got } => {
                let got = self.0.veil(&got);
                Error::Nonsense { expected, got }
            }
            Error::LoginRefused(words) => Error::LoginRefused(self.0.veil(&words)),
            Error::TokenRefused(words) => Error::TokenRefused(self.0.veil(&words)),
            Error::OtherChannel(words) => Error::OtherChannel(self.0.veil(&words)),
            error => error,
        }
    }

    /// Reads the lines behind a reply up to the one that ends them, at most `most`.
    pub fn lines(&mut self, most: u32, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut left = most;
        loop {
            self.0.next_line(REPLY_LIMIT, "the rest of a list")?;
            let line = self.0.last_line();
            if line == b"." {
                self.0.show(line);
                return Ok(());
            }
            if left == 0 {
                let got = line.to_vec();
                return Err(self.veiled(Error::Nonsense {
                    expected: "the end of a list",
                    got,
                }));
            }
            left -= 1;
            let line = line.strip_prefix(b".").unwrap_or(line);
            take(line).map_err(|error| self.veiled(error))?;
            self.0.show(line);
        }
    }

    /// The body behind a reply.
    pub fn body(&mut self) -> Stuffed<'_, 'e> {
        self.0.stuffed()
    }
}
